"""What citizen, mentor and staff do with a work agreement.

Every verb holds the placement, so that two at once go one after the other, and ends by working out whose yes is
missing. Facts of the placement change in other rooms; whoever changes one there calls `look_again`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from citizen_app.agreements import queries, rules
from citizen_app.agreements.models import (
    AgreementLine,
    AgreementTalk,
    AgreementVersion,
    AgreementYes,
    WorkAgreement,
)
from citizen_app.agreements.queries import Standing
from citizen_app.agreements.rules import Question
from citizen_app.goals.actions import Wording
from citizen_app.placements.models import Placement
from citizen_app.placements.queries import placement_to_change, placement_to_speak_of, side_of
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, Forbidden, NotFound, Permission, Refusal, Subject, check
from citizen_app.texts import actions as texts
from citizen_app.texts.models import Text
from citizen_app.texts.queries import phrase_bank, text_to_change


class TooManyLines(Refusal):
    """The question has as many answers as an agreement can hold."""


class AgreementIncomplete(Refusal):
    """It lacks a purpose or a task, so there is nothing to agree to."""


class NotShown(Refusal):
    """Staff have not shown it yet, so nobody else can have read it."""


class AgreementChanged(Refusal):
    """What this side reads is no longer what was read; a yes would be a yes to something else."""


@dataclass(frozen=True)
class Held:
    """A placement that is held until the transaction ends, with its agreement."""

    placement: Placement
    agreement: WorkAgreement
    side: Side


# --- Lines --------------------------------------------------------------------------------------------------


def add_line(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    question: Question,
    wording: Wording,
    *,
    picture: str = "",
    word_key: str | None = None,
    now: datetime,
) -> AgreementLine:
    """Answer a question. What she needs stays between her and staff until she says otherwise.

    Raises TooManyLines, and NotFound for a phrase of another question.
    """
    held = _hold_to_write(session, actor, subject, placement_id, question, now)
    count = select(func.count()).select_from(AgreementLine)
    about = {"municipality_id": subject.municipality_id, "placement_id": placement_id}
    if (session.scalar(count.filter_by(**about, question=question.value, removed_at=None)) or 0) >= rules.MOST_LINES:
        raise TooManyLines
    line = AgreementLine(
        **about,
        citizen_id=subject.citizen_id,
        question=question.value,
        text_id=_text(session, actor, question, wording, now).id,
        picture=picture,
        word_key=word_key if question is Question.TASK else None,
        is_shared=question is not Question.SUPPORT,
        added_by_side=held.side.value,
        added_by_name=actor.given_name,
        added_at=now,
    )
    session.add(line)
    _changed(session, held, now)
    return line


def change_line(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    line_id: int,
    wording: Wording,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Write a line anew; raises StaleText with both wordings when it has moved on.

    Other people's new words for what she needs are not what she has shared: they stay with staff until she says so.
    """
    held, line = _hold_line(session, actor, subject, placement_id, line_id, now)
    text = text_to_change(session, subject.municipality_id, line.text_id)
    if not texts.write_anew(session, actor, text, wording.language, wording.body, seen_version=seen_version, now=now):
        return
    if line.question == Question.SUPPORT and held.side is not Side.CITIZEN:
        line.is_shared = False
    _changed(session, held, now)


def say_in(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    line_id: int,
    wording: Wording,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Say a line in another language and vouch for it; takes no yes back, for it says the same.

    Raises StaleText when the line has moved on: nobody vouches for words that were not read.
    """
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _held, line = _hold_line(session, actor, subject, placement_id, line_id, now)
    text = text_to_change(session, subject.municipality_id, line.text_id)
    texts.say_in(session, actor, text, wording.language, wording.body, now, seen_version=seen_version)


def vouch_for(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    line_id: int,
    language: str,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Declare that the older words in a language still say the same; raises StaleText as `say_in` does."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _held, line = _hold_line(session, actor, subject, placement_id, line_id, now)
    text = text_to_change(session, subject.municipality_id, line.text_id)
    texts.vouch(session, actor, text, language, now, seen_version=seen_version)


def remove_line(
    session: Session, actor: Actor, subject: Subject, placement_id: int, line_id: int, *, now: datetime
) -> None:
    """Take a line out. Raises AgreementIncomplete for the last purpose or task of an agreement that has been shown."""
    held, line = _hold_line(session, actor, subject, placement_id, line_id, now)
    line.removed_at = now
    session.flush()
    if held.agreement.shown_at is not None and not _standing(session, held).content.is_complete:
        raise AgreementIncomplete
    _changed(session, held, now)


def set_shared(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    line_id: int,
    *,
    is_shared: bool,
    seen_version: int,
    now: datetime,
) -> None:
    """Let the mentor read one thing she needs, or no longer. Only she herself can say so.

    Raises AgreementChanged when she would share other words than she has read.
    """
    held, line = _hold_line(session, actor, subject, placement_id, line_id, now)
    if held.side is not Side.CITIZEN or line.question != Question.SUPPORT:
        raise Forbidden
    if line.is_shared == is_shared:
        return
    if is_shared and text_to_change(session, subject.municipality_id, line.text_id).version != seen_version:
        raise AgreementChanged
    line.is_shared = is_shared
    _changed(session, held, now)


# --- Agreeing -----------------------------------------------------------------------------------------------


def show_agreement(
    session: Session, actor: Actor, subject: Subject, placement_id: int, *, seen: str, now: datetime
) -> None:
    """Show it to citizen and mentor; whoever shows it has said yes for staff.

    Raises AgreementIncomplete, and AgreementChanged as a yes does.
    """
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    held = _hold(session, actor, subject, placement_id, now)
    found = _standing(session, held)
    if not found.content.is_complete:
        raise AgreementIncomplete
    _refuse_unread(held, found, seen)
    if held.agreement.shown_at is None:
        held.agreement.shown_at = held.agreement.changed_at = now
    _yes(session, actor, held, seen, now)


def say_yes(session: Session, actor: Actor, subject: Subject, placement_id: int, *, seen: str, now: datetime) -> None:
    """Say yes for one's side; `seen` is the digest of what was read.

    Raises NotShown, and AgreementChanged when what this side reads has changed since.
    """
    held = _hold(session, actor, subject, placement_id, now)
    _refuse_unshown(held)
    _yes(session, actor, held, seen, now)


def _yes(session: Session, actor: Actor, held: Held, seen: str, now: datetime) -> None:
    found = _standing(session, held)
    _refuse_unread(held, found, seen)
    if not _holds(held, found):
        version = _version(session, held, found, now)
        session.add(
            AgreementYes(
                municipality_id=held.placement.municipality_id,
                version_id=version.id,
                placement_id=held.placement.id,
                side=held.side.value,
                digest=seen,
                by_id=actor.person_id,
                by_name=actor.given_name,
                said_at=now,
            )
        )
        _settle(session, held, now, by_id=actor.person_id)
    _work_out(session, held)


def _holds(held: Held, found: Standing) -> bool:
    return rules.holds(held.side, found.content, _digests(found))


def _refuse_unread(held: Held, found: Standing, seen: str) -> None:
    """Refuse a yes to what was not read; one that is there already is said again without harm."""
    if not _holds(held, found) and seen != rules.digest_for(held.side, found.content):
        raise AgreementChanged


def _version(session: Session, held: Held, found: Standing, now: datetime) -> AgreementVersion:
    """Return the version of this content: the newest one if nothing has changed since, else a new one."""
    about = {"municipality_id": held.placement.municipality_id, "placement_id": held.placement.id}
    newest = queries.newest_version(session, **about)
    digest = rules.digest(found.content)
    if newest is not None and newest.digest == digest:
        return newest
    number = newest.number + 1 if newest else 1
    made = AgreementVersion(**about, number=number, digest=digest, content=queries.record(session, found), made_at=now)
    session.add(made)
    session.flush()
    return made


# --- Talking first ------------------------------------------------------------------------------------------


def want_to_talk(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    talk_id: str,
    words: str,
    *,
    now: datetime,
) -> None:
    """Ask to talk before saying yes, as citizen or mentor. `talk_id` was made with the form: a repeated press is one.

    Raises NotShown.
    """
    held = _hold(session, actor, subject, placement_id, now)
    if held.side is Side.STAFF:
        raise Forbidden
    _refuse_unshown(held)
    known = session.get(AgreementTalk, talk_id)
    if known is not None:
        if (known.placement_id, known.by_id) != (placement_id, actor.person_id):
            raise NotFound
        return
    session.add(
        AgreementTalk(
            id=talk_id,
            municipality_id=subject.municipality_id,
            placement_id=placement_id,
            side=held.side.value,
            by_id=actor.person_id,
            by_name=actor.given_name,
            words=words,
            words_language=actor.writing_language if words else "",
            said_at=now,
        )
    )
    session.flush()


def settle_talk(
    session: Session, actor: Actor, subject: Subject, placement_id: int, talk_id: str, *, now: datetime
) -> None:
    """Write down that staff have talked with whoever wished it."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    held = _hold(session, actor, subject, placement_id, now)
    about = {"id": talk_id, "municipality_id": subject.municipality_id, "placement_id": placement_id}
    if session.scalar(select(AgreementTalk.id).filter_by(**about)) is None:
        raise NotFound
    _settle(session, held, now, id=talk_id)


# --- When something else has changed ------------------------------------------------------------------------


def look_again(session: Session, municipality_id: int, placement_ids: Iterable[int], now: datetime) -> None:
    """Work out anew whose yes is missing, after a placement's days, mentors or workplace have changed.

    An agreement of a placement that is over stays as it was agreed.
    """
    about = {"municipality_id": municipality_id}
    wanted = (
        select(WorkAgreement.placement_id)
        .filter_by(**about)
        .where(WorkAgreement.placement_id.in_(sorted(placement_ids)), WorkAgreement.shown_at.is_not(None))
    )
    for placement_id in session.scalars(wanted.order_by(WorkAgreement.placement_id)).all():
        placement = placement_to_change(session, municipality_id, placement_id)
        if rules.is_over(placement.last_day, now.date()):
            continue
        held = Held(placement, session.get_one(WorkAgreement, placement_id, populate_existing=True), Side.STAFF)
        before = set(rules.sides_in(held.agreement.waits_for))
        _work_out(session, held)
        if set(rules.sides_in(held.agreement.waits_for)) - before:
            held.agreement.changed_at = now


# --- Pieces -------------------------------------------------------------------------------------------------


def _hold(session: Session, actor: Actor, subject: Subject, placement_id: int, now: datetime) -> Held:
    check(actor, Permission.SPEAK_OF_WORK, subject)
    placement = placement_to_speak_of(session, actor, subject, placement_id)
    kept = session.get(WorkAgreement, placement_id, populate_existing=True)
    if kept is None:
        kept = WorkAgreement(
            municipality_id=subject.municipality_id,
            placement_id=placement_id,
            citizen_id=subject.citizen_id,
            changed_at=now,
            waits_for="",
        )
        session.add(kept)
        session.flush()
    return Held(placement, kept, side_of(actor))


def _hold_to_write(
    session: Session, actor: Actor, subject: Subject, placement_id: int, question: Question, now: datetime
) -> Held:
    """Hold a placement to answer one of the questions; raises Forbidden for one that is not this side's."""
    held = _hold(session, actor, subject, placement_id, now)
    if held.side is Side.STAFF:
        check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    elif held.side is Side.MENTOR or question not in rules.HERS:
        raise Forbidden
    else:
        _refuse_unshown(held)
    return held


def _hold_line(
    session: Session, actor: Actor, subject: Subject, placement_id: int, line_id: int, now: datetime
) -> tuple[Held, AgreementLine]:
    """Hold a placement to write one of its lines; a mentor learns nothing of the lines from being refused."""
    check(actor, Permission.SPEAK_OF_WORK, subject)
    if side_of(actor) is Side.MENTOR:
        raise Forbidden
    placement_to_speak_of(session, actor, subject, placement_id)
    line = queries.line_of(session, subject.municipality_id, placement_id, line_id)
    return _hold_to_write(session, actor, subject, placement_id, Question(line.question), now), line


def _refuse_unshown(held: Held) -> None:
    if held.agreement.shown_at is None:
        raise NotShown


def _text(session: Session, actor: Actor, question: Question, wording: Wording, now: datetime) -> Text:
    if wording.phrase_key is None:
        return texts.new_text(session, actor, wording.language, wording.body, now)
    phrase = phrase_bank().get(wording.phrase_key)
    if phrase is None or phrase.kind != question:
        raise NotFound
    return texts.text_from_phrase(session, actor, phrase, now)


def _standing(session: Session, held: Held) -> Standing:
    session.flush()
    return queries.content_of(session, held.placement.municipality_id, held.placement.id)


def _digests(found: Standing) -> dict[Side, str]:
    return {side: yes.digest for side, yes in found.yeses.items()}


def _changed(session: Session, held: Held, now: datetime) -> None:
    held.agreement.changed_at = now
    _work_out(session, held)


def _work_out(session: Session, held: Held) -> None:
    """Keep whose yes is missing; before it is shown nobody's is."""
    found = _standing(session, held)
    waiting = rules.waiting_sides(found.content, _digests(found)) if held.agreement.shown_at is not None else []
    held.agreement.waits_for = rules.written(waiting)
    session.flush()


def _settle(session: Session, held: Held, now: datetime, **which: str | int) -> None:
    session.execute(
        update(AgreementTalk)
        .filter_by(municipality_id=held.placement.municipality_id, placement_id=held.placement.id, **which)
        .where(AgreementTalk.settled_at.is_(None))
        .values(settled_at=now)
    )
