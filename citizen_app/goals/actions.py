"""What citizen and staff do with goals and small steps.

Both sides do the same verbs. Every change goes through `_happened`, which counts the goal's version up and writes
the history, so no change can be left out of either. A yes always holds for the words that were read: new words take
the other side's yes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizen_app.goals import rules
from citizen_app.goals.models import Goal, GoalEvent, SmallStep, WritingTogether
from citizen_app.goals.rules import GoalStatus, Happening, Side, StepStatus, side_of
from citizen_app.people.models import Person
from citizen_app.policy import Actor, NotFound, Permission, Refusal, Subject, check
from citizen_app.texts import actions as texts
from citizen_app.texts.models import Text
from citizen_app.texts.queries import phrase_bank, text_to_change


class TooManyGoals(Refusal):
    """Three goals are open already."""


class TooManySteps(Refusal):
    """The goal has as many open steps as a small plan can hold."""


class WordsChanged(Refusal):
    """The words are no longer those that were read; a yes would be a yes to something else."""


class StepChanged(Refusal):
    """The other side has changed the step meanwhile."""


class GoalClosed(Refusal):
    """The goal is reached or put aside."""


@dataclass(frozen=True)
class Wording:
    """What somebody wrote, or the phrase she picked."""

    body: str
    language: str
    phrase_key: str | None = None


@dataclass(frozen=True)
class StepPlan:
    """When, where and with whom a step is done."""

    day: date | None = None
    at: time | None = None
    place: str = ""
    helper_id: int | None = None


# --- Goals --------------------------------------------------------------------------------------------------


def start_goal(
    session: Session,
    actor: Actor,
    subject: Subject,
    track: str,
    picture: str,
    wording: Wording,
    *,
    now: datetime,
) -> Goal:
    """Begin a draft; raises TooManyGoals when three goals are open."""
    check(actor, Permission.WRITE_GOALS, subject)
    _refuse_fourth_goal(session, subject)
    text = _text(session, actor, wording, now)
    goal = Goal(
        municipality_id=subject.municipality_id,
        citizen_id=subject.citizen_id,
        track=track,
        picture=picture,
        text_id=text.id,
        status=GoalStatus.DRAFT,
        started_by=side_of(actor),
        started_by_name=actor.given_name,
        version=0,
        started_at=now,
        changed_at=now,
    )
    session.add(goal)
    session.flush()
    _happened(session, actor, goal, Happening.STARTED, now, words=wording.body, words_language=wording.language)
    return goal


def propose(session: Session, actor: Actor, subject: Subject, goal: Goal, *, now: datetime) -> None:
    """Show a draft to the other side and say yes to it oneself."""
    _refuse_unless_open(actor, subject, goal)
    if goal.status != GoalStatus.DRAFT:
        return
    _say_yes_to_all(session, actor, goal, now)
    _happened(session, actor, goal, Happening.PROPOSED, now)


def agree(session: Session, actor: Actor, subject: Subject, goal: Goal, *, seen_version: int, now: datetime) -> None:
    """Say yes to the goal and its steps, as they were read.

    Raises WordsChanged when anything in the goal has changed since: a yes to unread steps would be none.
    """
    _refuse_unless_open(actor, subject, goal)
    if _has_said_yes(actor, goal):
        return
    if goal.version != seen_version:
        raise WordsChanged
    goal.wants_to_talk_at = None
    _say_yes_to_all(session, actor, goal, now)
    _happened(session, actor, goal, Happening.AGREED, now)


def want_to_talk(session: Session, actor: Actor, subject: Subject, goal: Goal, *, now: datetime) -> None:
    """Not yet: the citizen wants to talk about the goal first. Whoever has said yes has nothing to put off."""
    _refuse_unless_open(actor, subject, goal)
    if goal.wants_to_talk_at is None and not _has_said_yes(actor, goal):
        goal.wants_to_talk_at = now
        _happened(session, actor, goal, Happening.WANTS_TO_TALK, now)


def change_words(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    field: str,
    wording: Wording,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Write the goal (`text`) or its reason (`why`) anew. Raises StaleText with both wordings when it moved on."""
    _refuse_unless_open(actor, subject, goal)
    before = ""
    if field == "why" and goal.why_text_id is None:
        if seen_version:
            raise NotFound
        goal.why_text_id = texts.new_text(session, actor, wording.language, wording.body, now).id
    else:
        text = text_to_change(session, goal.municipality_id, _text_id(goal, field))
        before = texts.original_words(session, text)
        if not texts.write_anew(
            session, actor, text, wording.language, wording.body, seen_version=seen_version, now=now
        ):
            return
    if field == "text":
        goal.wants_to_talk_at = None  # new words are a new question
        _take_yes_back(actor, goal, now)
    event = _event_still_written(session, actor, goal, before, now)
    if event is None:
        _happened(session, actor, goal, Happening.CHANGED, now, words=wording.body, words_language=wording.language)
        return
    goal.version += 1
    goal.changed_at = now
    event.goal_version, event.at, event.words, event.words_language = goal.version, now, wording.body, wording.language


def say_in_language(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    text_id: int,
    wording: Wording,
    *,
    now: datetime,
) -> None:
    """Say a text of the goal in another language and vouch for it; takes no yes back, for it says the same."""
    _refuse_unless_open(actor, subject, goal)
    _refuse_foreign_text(session, goal, text_id)
    text = text_to_change(session, goal.municipality_id, text_id)
    if texts.say_in(session, actor, text, wording.language, wording.body, now):
        _happened(
            session,
            actor,
            goal,
            Happening.TRANSLATED,
            now,
            words=wording.body,
            words_language=wording.language,
        )


def vouch_for(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    text_id: int,
    language: str,
    *,
    now: datetime,
) -> None:
    """Declare that the older words in a language still say the same."""
    _refuse_unless_open(actor, subject, goal)
    _refuse_foreign_text(session, goal, text_id)
    text = text_to_change(session, goal.municipality_id, text_id)
    if texts.vouch(session, actor, text, language, now):
        _happened(session, actor, goal, Happening.TRANSLATED, now)


def reach(session: Session, actor: Actor, subject: Subject, goal: Goal, *, now: datetime) -> None:
    _close(session, actor, subject, goal, GoalStatus.REACHED, Happening.REACHED, now)


def put_aside(session: Session, actor: Actor, subject: Subject, goal: Goal, *, now: datetime) -> None:
    _close(session, actor, subject, goal, GoalStatus.PUT_ASIDE, Happening.PUT_ASIDE, now)


def open_again(session: Session, actor: Actor, subject: Subject, goal: Goal, *, now: datetime) -> None:
    """Undo reaching or putting aside; the yeses that were given still hold."""
    check(actor, Permission.WRITE_GOALS, subject)
    if goal.status in rules.OPEN:
        return
    _refuse_fourth_goal(session, subject)
    goal.status = rules.status_after_agreement(goal)
    if goal.citizen_agreed_at is None and goal.staff_agreed_at is None:
        goal.status = GoalStatus.DRAFT
    _happened(session, actor, goal, Happening.OPENED_AGAIN, now)


# --- Small steps --------------------------------------------------------------------------------------------


def add_step(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    picture: str,
    wording: Wording,
    plan: StepPlan,
    *,
    now: datetime,
) -> SmallStep:
    """Add a step at the end. In a draft both say yes with the goal; later the step waits for the other side."""
    _refuse_unless_open(actor, subject, goal)
    _refuse_unknown_helper(session, goal, plan)
    if len(_open_steps(session, goal)) >= rules.STEPS_LIMIT:
        raise TooManySteps
    step = _new_step(session, actor, goal, _last_position(session, goal) + 1, picture, wording, plan, now)
    _happened(
        session,
        actor,
        goal,
        Happening.STEP_ADDED,
        now,
        step,
        words=wording.body,
        words_language=wording.language,
    )
    return step


def agree_step(session: Session, actor: Actor, subject: Subject, goal: Goal, step: SmallStep, *, now: datetime) -> None:
    _refuse_unless_open(actor, subject, goal)
    _refuse_unless_ready(step)
    if not _has_said_yes(actor, step):
        _say_yes(actor, step, now)
        step.version += 1
        _happened(session, actor, goal, Happening.STEP_AGREED, now, step)


def change_step(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    step: SmallStep,
    picture: str,
    wording: Wording | None,
    plan: StepPlan,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Change a step; no wording leaves its words. New words take the other side's yes back, a new day does not.

    Raises StepChanged when the other side has changed it since `seen_version`.
    """
    _refuse_unless_open(actor, subject, goal)
    _refuse_unless_ready(step)
    _refuse_unknown_helper(session, goal, plan)
    text = text_to_change(session, goal.municipality_id, step.text_id)
    new = (picture, plan.day, plan.at, plan.place, plan.helper_id)
    old = (step.picture, step.day, step.at, step.place, step.helper_id)
    if step.version != seen_version:
        if old == new and (wording is None or texts.says(session, text, wording.language, wording.body)):
            return
        raise StepChanged
    has_new_words = wording is not None and texts.write_anew(
        session, actor, text, wording.language, wording.body, seen_version=text.version, now=now
    )
    if old == new and not has_new_words:
        return
    step.picture, step.day, step.at, step.place, step.helper_id = new
    step.version += 1
    if has_new_words:
        _take_yes_back(actor, step, now)
    _happened(
        session,
        actor,
        goal,
        Happening.STEP_CHANGED,
        now,
        step,
        words=wording.body if wording else "",
        words_language=wording.language if wording else "",
    )


def finish_step(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    step: SmallStep,
    *,
    face: int | None,
    words: str,
    now: datetime,
) -> None:
    """Mark a step done, with how it was; pressing again changes only the face and the words."""
    _refuse_unless_open(actor, subject, goal)
    if step.status == StepStatus.PUT_ASIDE:
        raise StepChanged
    if step.status == StepStatus.DONE and step.face == face and not words:
        return
    step.status, step.face, step.too_big_at = StepStatus.DONE, face, None
    step.done_at = step.done_at or now
    step.version += 1
    _happened(
        session,
        actor,
        goal,
        Happening.STEP_DONE,
        now,
        step,
        face=face,
        words=words,
        words_language=actor.language if words else "",
    )


def not_today(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    step: SmallStep,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Write down that today is not the day, with a neutral reason; nothing else changes."""
    _refuse_unless_open(actor, subject, goal)
    _refuse_unless_ready(step)
    _happened(session, actor, goal, Happening.STEP_NOT_TODAY, now, step, reason=reason)


def too_big(session: Session, actor: Actor, subject: Subject, goal: Goal, step: SmallStep, *, now: datetime) -> None:
    """Ask for the step to be split into smaller ones."""
    _refuse_unless_open(actor, subject, goal)
    _refuse_unless_ready(step)
    if step.too_big_at is None:
        step.too_big_at = now
        step.version += 1
        _happened(session, actor, goal, Happening.STEP_TOO_BIG, now, step)


def split_step(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    step: SmallStep,
    wordings: list[Wording],
    *,
    now: datetime,
) -> list[SmallStep]:
    """Put smaller steps in the place of one; the old one is put aside, not lost."""
    _refuse_unless_open(actor, subject, goal)
    _refuse_unless_ready(step)
    open_steps = _open_steps(session, goal)
    if len(open_steps) + len(wordings) - 1 > rules.STEPS_LIMIT:
        raise TooManySteps
    for later in open_steps:
        if later.position > step.position:
            later.position += len(wordings) - 1
    plan = StepPlan(step.day, step.at, step.place, step.helper_id)
    made = [
        _new_step(session, actor, goal, step.position + place, step.picture, wording, plan, now)
        for place, wording in enumerate(wordings)
    ]
    step.status, step.too_big_at = StepStatus.PUT_ASIDE, None
    step.version += 1
    words = " · ".join(wording.body for wording in wordings)
    _happened(
        session,
        actor,
        goal,
        Happening.STEP_SPLIT,
        now,
        step,
        words=words[:600],
        words_language=wordings[0].language,
    )
    return made


def take_step_again(
    session: Session, actor: Actor, subject: Subject, goal: Goal, step: SmallStep, *, now: datetime
) -> None:
    """Take a step back: it is ready once more. Also the way to undo a press."""
    _refuse_unless_open(actor, subject, goal)
    if step.status == StepStatus.READY:
        return
    step.status, step.done_at, step.face = StepStatus.READY, None, None
    step.version += 1
    _happened(session, actor, goal, Happening.STEP_AGAIN, now, step)


def put_step_aside(
    session: Session, actor: Actor, subject: Subject, goal: Goal, step: SmallStep, *, now: datetime
) -> None:
    _refuse_unless_open(actor, subject, goal)
    if step.status != StepStatus.PUT_ASIDE:
        step.status, step.too_big_at = StepStatus.PUT_ASIDE, None
        step.version += 1
        _happened(session, actor, goal, Happening.STEP_PUT_ASIDE, now, step)


# --- Writing together ---------------------------------------------------------------------------------------


def open_together(session: Session, actor: Actor, subject: Subject, goal: Goal, *, now: datetime) -> None:
    """Share a draft with the citizen, side by side, from now on for as long as a meeting lasts."""
    _refuse_unless_open(actor, subject, goal)
    together = session.get(WritingTogether, goal.id)
    if together is not None:
        together.opened_by_id, together.opened_at = actor.person_id, now
    else:
        session.add(
            WritingTogether(
                municipality_id=goal.municipality_id,
                goal_id=goal.id,
                opened_by_id=actor.person_id,
                opened_at=now,
            )
        )


def citizen_is_here(session: Session, goal: Goal, *, now: datetime) -> None:
    """Remember that the citizen's phone has just asked for the draft."""
    together = session.get(WritingTogether, goal.id)
    if together is not None:
        together.citizen_seen_at = now


# --- Shared by the verbs ------------------------------------------------------------------------------------


def _happened(
    session: Session,
    actor: Actor,
    goal: Goal,
    what: Happening,
    now: datetime,
    step: SmallStep | None = None,
    **more: Any,
) -> None:
    goal.version += 1
    goal.changed_at = now
    session.add(
        GoalEvent(
            municipality_id=goal.municipality_id,
            goal_id=goal.id,
            step_id=step.id if step else None,
            goal_version=goal.version,
            what=what,
            by_id=actor.person_id,
            by_name=actor.given_name,
            by_side=side_of(actor),
            at=now,
            **more,
        )
    )
    session.flush()


def _event_still_written(session: Session, actor: Actor, goal: Goal, before: str, now: datetime) -> GoalEvent | None:
    """Return the line of history that somebody is still writing, so that each pause while typing adds no other."""
    last = session.scalar(
        select(GoalEvent)
        .filter_by(municipality_id=goal.municipality_id, goal_id=goal.id)
        .order_by(GoalEvent.id.desc())
        .limit(1)
    )
    if last is None or (last.what, last.by_id, last.words) != (Happening.CHANGED, actor.person_id, before):
        return None
    return last if rules.is_still_writing(last.at, now) else None


def _refuse_unless_open(actor: Actor, subject: Subject, goal: Goal) -> None:
    check(actor, Permission.WRITE_GOALS, subject)
    if goal.status not in rules.OPEN:
        raise GoalClosed


def _refuse_unless_ready(step: SmallStep) -> None:
    if step.status != StepStatus.READY:
        raise StepChanged


def _refuse_fourth_goal(session: Session, subject: Subject) -> None:
    # The citizen's row is held, so that two new goals at once cannot both be the third.
    session.execute(select(Person.id).where(Person.id == subject.citizen_id).with_for_update())
    open_goals = session.scalar(
        select(func.count())
        .select_from(Goal)
        .where(
            Goal.municipality_id == subject.municipality_id,
            Goal.citizen_id == subject.citizen_id,
            Goal.status.in_(rules.OPEN),
        )
    )
    if not rules.may_open_goal(open_goals or 0):
        raise TooManyGoals


def _refuse_unknown_helper(session: Session, goal: Goal, plan: StepPlan) -> None:
    if plan.helper_id is not None:
        known = select(Person.id).filter_by(id=plan.helper_id, municipality_id=goal.municipality_id)
        if session.scalar(known) is None:
            raise NotFound


def _refuse_foreign_text(session: Session, goal: Goal, text_id: int) -> None:
    of_steps = select(SmallStep.text_id).filter_by(goal_id=goal.id, municipality_id=goal.municipality_id)
    if text_id not in {goal.text_id, goal.why_text_id, *session.scalars(of_steps)}:
        raise NotFound


def _close(
    session: Session,
    actor: Actor,
    subject: Subject,
    goal: Goal,
    status: GoalStatus,
    happening: Happening,
    now: datetime,
) -> None:
    check(actor, Permission.WRITE_GOALS, subject)
    if goal.status == status:
        return
    if goal.status not in rules.OPEN:
        raise GoalClosed
    goal.status = status
    _happened(session, actor, goal, happening, now)


def _text(session: Session, actor: Actor, wording: Wording, now: datetime) -> Text:
    phrase = phrase_bank().get(wording.phrase_key or "")
    if phrase is not None and phrase.bodies.get(wording.language) == wording.body:
        return texts.text_from_phrase(session, actor, phrase, now)
    return texts.new_text(session, actor, wording.language, wording.body, now)


def _text_id(goal: Goal, field: str) -> int:
    text_id = {"text": goal.text_id, "why": goal.why_text_id}.get(field)
    if text_id is None:
        raise NotFound
    return text_id


def _new_step(
    session: Session,
    actor: Actor,
    goal: Goal,
    position: int,
    picture: str,
    wording: Wording,
    plan: StepPlan,
    now: datetime,
) -> SmallStep:
    step = SmallStep(
        municipality_id=goal.municipality_id,
        citizen_id=goal.citizen_id,
        goal_id=goal.id,
        position=position,
        text_id=_text(session, actor, wording, now).id,
        picture=picture,
        day=plan.day,
        at=plan.at,
        place=plan.place,
        helper_id=plan.helper_id,
        status=StepStatus.READY,
        proposed_by=side_of(actor),
        proposed_by_name=actor.given_name,
    )
    _say_yes(actor, step, now)
    session.add(step)
    session.flush()
    return step


def _open_steps(session: Session, goal: Goal) -> list[SmallStep]:
    return list(
        session.scalars(
            select(SmallStep)
            .filter_by(municipality_id=goal.municipality_id, goal_id=goal.id, status=StepStatus.READY)
            .order_by(SmallStep.position)
        )
    )


def _last_position(session: Session, goal: Goal) -> int:
    last = select(func.max(SmallStep.position)).filter_by(municipality_id=goal.municipality_id, goal_id=goal.id)
    return session.scalar(last) or 0


def _say_yes(actor: Actor, thing: Goal | SmallStep, now: datetime) -> None:
    if side_of(actor) is Side.CITIZEN:
        thing.citizen_agreed_at = thing.citizen_agreed_at or now
    else:
        thing.staff_agreed_at = thing.staff_agreed_at or now
        if isinstance(thing, Goal):
            thing.staff_agreed_name = thing.staff_agreed_name or actor.given_name


def _say_yes_to_all(session: Session, actor: Actor, goal: Goal, now: datetime) -> None:
    _say_yes(actor, goal, now)
    goal.status = rules.status_after_agreement(goal)
    for step in _open_steps(session, goal):
        _say_yes(actor, step, now)


def _has_said_yes(actor: Actor, thing: Goal | SmallStep) -> bool:
    said = thing.citizen_agreed_at if side_of(actor) is Side.CITIZEN else thing.staff_agreed_at
    return said is not None


def _take_yes_back(actor: Actor, thing: Goal | SmallStep, now: datetime) -> None:
    """New words: the other side has to read them first; the one who wrote them has said yes by writing."""
    if isinstance(thing, Goal) and thing.status == GoalStatus.DRAFT:
        return
    thing.citizen_agreed_at = thing.staff_agreed_at = None
    if isinstance(thing, Goal):
        thing.staff_agreed_name = ""
    _say_yes(actor, thing, now)
    if isinstance(thing, Goal):
        thing.status = rules.status_after_agreement(thing)
