"""What mentor, citizen and staff do with focus points, ready steps and closing words.

Each verb holds the placement, so that two who press at once go one after the other. A press that comes twice finds
that it has been done and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizen_app.db import insert_new
from citizen_app.goals.actions import Wording
from citizen_app.learning import rules
from citizen_app.learning.models import ClosingWord, FocusPoint, FocusWord, ReadyStep
from citizen_app.learning.rules import CLOSING_OF, MOVES, Closing, StepState, StepVerb
from citizen_app.placements.models import Placement
from citizen_app.placements.queries import placement_to_speak_of, side_of
from citizen_app.policy import Actor, Forbidden, NotFound, Permission, Refusal, Subject, check
from citizen_app.texts import actions as texts
from citizen_app.texts.actions import StaleText
from citizen_app.texts.models import Rendering, Text
from citizen_app.texts.queries import phrase_bank, text_to_change

_Table = TypeVar("_Table", FocusPoint, ReadyStep)


class PlacementOver(Refusal):
    """The placement was over too long ago: what was said stays as it is."""


class NotBegun(Refusal):
    """Nobody can tell yet how a day at the workplace went."""


class TooManyPoints(Refusal):
    """Three focus points are open already."""


class TooManyReady(Refusal):
    """As many steps lie ready as can be looked over."""


class PointEnded(Refusal):
    """The focus point was put aside meanwhile."""


class StepMoved(Refusal):
    """Somebody else has moved the step meanwhile."""


class NotClosing(Refusal):
    """It is too early for closing words."""


@dataclass(frozen=True)
class Face:
    """How a focus point went; `id` is made with the form, so that it counts once."""

    id: str
    face: int
    words: str | None = None
    """None says nothing about the line of the day: one's own stays. An empty one takes it away."""


# --- Focus points -------------------------------------------------------------------------------------------


def add_focus(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    picture: str,
    wording: Wording,
    *,
    now: datetime,
) -> FocusPoint:
    """Choose a focus point; the same words again give the one that is open. Raises TooManyPoints."""
    kept = _open_placement(session, actor, subject, placement_id, now)
    points = session.scalars(select(FocusPoint).filter_by(**_about(kept), ended_at=None)).all()
    known = _saying(session, points, wording)
    if known is not None:
        return known
    if len(points) >= rules.MOST_POINTS:
        raise TooManyPoints
    made = FocusPoint(**_made(session, actor, kept, picture, wording, now))
    session.add(made)
    session.flush()
    return made


def end_focus(
    session: Session, actor: Actor, subject: Subject, placement_id: int, focus_id: int, *, now: datetime
) -> None:
    """Put a focus point aside; what was said of it is kept."""
    kept = _open_placement(session, actor, subject, placement_id, now)
    point = _own(session, FocusPoint, kept, focus_id)
    point.ended_at = point.ended_at or now
    session.flush()


def say_focus(
    session: Session, actor: Actor, subject: Subject, placement_id: int, focus_id: int, given: Face, *, now: datetime
) -> None:
    """Say how a focus point went today. Only mentor and citizen can; an id that is known changes nothing."""
    kept = _open_placement(session, actor, subject, placement_id, now)
    side = side_of(actor)
    if side not in rules.FACE_SIDES:
        raise Forbidden
    point = _own(session, FocusPoint, kept, focus_id)
    is_known = session.get(FocusWord, (point.id, given.id)) is not None
    if is_known:
        return
    if point.ended_at is not None:
        raise PointEnded
    day = _today(actor, now)
    if day < kept.starts_on:
        raise NotBegun
    of_day = {"focus_id": point.id, "side": side.value, "by_id": actor.person_id, "day": day}
    words, language = _line(session, of_day) if given.words is None else (given.words, actor.writing_language)
    row = {
        **_about(kept),
        **of_day,
        "id": given.id,
        "face": given.face,
        "by_name": actor.given_name,
        "words": words,
        "words_language": language if words else "",
        "said_at": now,
    }
    insert_new(session, FocusWord, [row], FocusWord.id)


def _line(session: Session, of_day: dict[str, Any]) -> tuple[str, str]:
    """Return the line that stands of somebody's day, and its language."""
    newest = select(FocusWord).filter_by(**of_day).order_by(FocusWord.said_at.desc(), FocusWord.id.desc()).limit(1)
    word = session.scalar(newest)
    return (word.words, word.words_language) if word else ("", "")


# --- Ready steps --------------------------------------------------------------------------------------------


def add_step(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    picture: str,
    wording: Wording,
    *,
    now: datetime,
) -> ReadyStep:
    """Lay a step ready; the same words again give the one that lies there or is tried. Raises TooManyReady."""
    kept = _open_placement(session, actor, subject, placement_id, now)
    if side_of(actor) not in rules.ADD_SIDES:
        raise Forbidden
    open_states = (StepState.READY.value, StepState.NOW.value)
    steps = session.scalars(select(ReadyStep).filter_by(**_about(kept)).where(ReadyStep.state.in_(open_states))).all()
    known = _saying(session, steps, wording)
    if known is not None:
        return known
    _refuse_too_many(session, kept)
    made = ReadyStep(**_made(session, actor, kept, picture, wording, now), state=StepState.READY.value)
    session.add(made)
    session.flush()
    return made


def start_step(
    session: Session, actor: Actor, subject: Subject, placement_id: int, step_id: int, *, now: datetime
) -> None:
    """She tries it now."""
    kept = _open_placement(session, actor, subject, placement_id, now)
    step = _own(session, ReadyStep, kept, step_id)
    if _moves(actor, step, StepVerb.START):
        step.began_at = now
        session.flush()


def finish_step(
    session: Session, actor: Actor, subject: Subject, placement_id: int, step_id: int, *, now: datetime
) -> None:
    """She has done it; a step that nobody has started counts as started now."""
    kept = _open_placement(session, actor, subject, placement_id, now)
    step = _own(session, ReadyStep, kept, step_id)
    if _moves(actor, step, StepVerb.FINISH):
        step.began_at = step.began_at or now
        step.ended_at, step.ended_by_name = now, actor.given_name
        session.flush()


def take_back(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    step_id: int,
    learnt: str = "",
    *,
    now: datetime,
) -> None:
    """Take a step back for later, with what that has taught; from the citizen it says: too much for me now.

    Raises StepMoved when somebody else has taken it back with other words: theirs stay.
    """
    kept = _open_placement(session, actor, subject, placement_id, now)
    step = _own(session, ReadyStep, kept, step_id)
    was_there = not _moves(actor, step, StepVerb.TAKE_BACK)
    if was_there and learnt not in {"", step.learnt} and step.learnt:
        raise StepMoved
    if learnt:  # without new words, what an earlier time has taught stays
        step.learnt, step.learnt_language = learnt, actor.writing_language
    if not was_there:
        step.ended_at, step.ended_by_name = now, actor.given_name
    session.flush()


def make_ready_again(
    session: Session, actor: Actor, subject: Subject, placement_id: int, step_id: int, *, now: datetime
) -> None:
    """Lay a step that was taken back ready once more; what was learnt stays with it. Raises TooManyReady."""
    kept = _open_placement(session, actor, subject, placement_id, now)
    step = _own(session, ReadyStep, kept, step_id)
    if step.state == StepState.TAKEN_BACK:
        _refuse_too_many(session, kept)
    if _moves(actor, step, StepVerb.AGAIN):
        step.began_at, step.ended_at, step.ended_by_name = None, None, ""
        session.flush()


def _moves(actor: Actor, step: ReadyStep, verb: StepVerb) -> bool:
    """Move a step; returns whether it was not there already. Raises StepMoved."""
    if step.state == MOVES[verb].to:
        return False
    if not rules.can_move(verb, side_of(actor), StepState(step.state)):
        raise StepMoved
    step.state = MOVES[verb].to.value
    return True


def _refuse_too_many(session: Session, placement: Placement) -> None:
    ready = select(func.count()).select_from(ReadyStep).filter_by(**_about(placement), state=StepState.READY.value)
    if (session.scalar(ready) or 0) >= rules.MOST_READY:
        raise TooManyReady


# --- Closing ------------------------------------------------------------------------------------------------


def write_closing(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    body: str,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Write or write anew the closing words of one's own side: what I learnt, what we saw, what comes next.

    `seen_version` is the text's, 0 where there was none. Raises NotClosing, and StaleText with both wordings when
    it has moved on.
    """
    kept = _open_placement(session, actor, subject, placement_id, now)
    if not rules.is_closing(kept.last_day, _today(actor, now)):
        raise NotClosing
    side, language = side_of(actor), actor.writing_language
    about = _about(kept) | {"question": CLOSING_OF[side].value}
    if CLOSING_OF[side] is not Closing.NEXT:  # staff write one text together, whoever of them began it
        about["by_id"] = actor.person_id
    word = session.scalar(select(ClosingWord).filter_by(**about).execution_options(populate_existing=True))
    if word is None:
        text = texts.new_text(session, actor, language, body, now)
        about |= {"by_id": actor.person_id, "by_name": actor.given_name, "side": side.value}
        session.add(ClosingWord(**about, text_id=text.id, said_at=now))
    else:
        text = text_to_change(session, kept.municipality_id, word.text_id)
        if texts.write_anew(session, actor, text, language, body, seen_version=seen_version, now=now):
            word.by_id, word.by_name, word.said_at = actor.person_id, actor.given_name, now
    session.flush()


def say_closing_in(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    text_id: int,
    language: str,
    body: str,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Let staff say a text of the placement in another language and vouch for it, with an interpreter.

    Not only closing words: whatever was written there in somebody's own words, at any time. Raises StaleText when
    the text has moved on since `seen_version`: nobody vouches for what was not read.
    """
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    kept = placement_to_speak_of(session, actor, subject, placement_id)
    tables = (FocusPoint, ReadyStep, ClosingWord)
    if not any(
        session.scalar(select(table.id).filter_by(**_about(kept), text_id=text_id).limit(1)) for table in tables
    ):
        raise NotFound
    text = text_to_change(session, kept.municipality_id, text_id)
    if seen_version != text.version and not texts.says(session, text, language, body):
        original = select(Rendering).filter_by(text_id=text.id, language=text.original_language)
        raise StaleText(session.scalars(original).one(), body)
    texts.say_in(session, actor, text, language, body, now)


# --- Pieces -------------------------------------------------------------------------------------------------


def _open_placement(session: Session, actor: Actor, subject: Subject, placement_id: int, now: datetime) -> Placement:
    check(actor, Permission.SPEAK_OF_WORK, subject)
    kept = placement_to_speak_of(session, actor, subject, placement_id)
    if not rules.is_open(kept.last_day, _today(actor, now)):
        raise PlacementOver
    return kept


def _today(actor: Actor, now: datetime) -> date:
    return now.astimezone(ZoneInfo(actor.timezone)).date()


def _about(placement: Placement) -> dict[str, int | str]:
    return {"municipality_id": placement.municipality_id, "placement_id": placement.id}


def _own(session: Session, table: type[_Table], placement: Placement, number: int) -> _Table:
    """Return a row of the placement as it stands now."""
    wanted = select(table).filter_by(**_about(placement), id=number).execution_options(populate_existing=True)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def _saying(session: Session, rows: Sequence[_Table], wording: Wording) -> _Table | None:
    """Return the first of some rows whose text, as it stands now, says just this."""
    same = (
        select(Text.id)
        .join(Rendering, Rendering.text_id == Text.id)
        .where(
            Text.id.in_([row.text_id for row in rows]),
            Rendering.language == wording.language,
            Rendering.body == wording.body,
            Rendering.text_version == Text.version,
        )
    )
    known = frozenset(session.scalars(same))
    return next((row for row in rows if row.text_id in known), None)


def _made(
    session: Session, actor: Actor, placement: Placement, picture: str, wording: Wording, now: datetime
) -> dict[str, Any]:
    """Return what a new focus point and a new step have in common."""
    return _about(placement) | {
        "citizen_id": placement.citizen_id,
        "text_id": _text(session, actor, wording, now).id,
        "picture": picture,
        "made_by_side": side_of(actor).value,
        "made_by_name": actor.given_name,
        "made_at": now,
    }


def _text(session: Session, actor: Actor, wording: Wording, now: datetime) -> Text:
    phrase = phrase_bank().get(wording.phrase_key or "")
    if phrase is not None:
        return texts.text_from_phrase(session, actor, phrase, now)
    return texts.new_text(session, actor, wording.language, wording.body, now)
