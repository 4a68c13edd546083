"""What happens to meetings: staff make, move and cancel them, the citizen answers.

Staff's saves carry the version they saw; the citizen's answer carries the version she was asked about, so an
answer to an old time never counts for a new one. Every change writes an event.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from citizen_app.meetings import queries, rules
from citizen_app.meetings.models import Meeting, MeetingEvent
from citizen_app.meetings.rules import Answer, Fault, Happening, MeetingFacts, Reply
from citizen_app.people.queries import own_subject
from citizen_app.policy import Actor, Permission, Refusal, Subject, check


class BadMeeting(Refusal):
    """The facts cannot be right; `faults` name the fields."""

    status = 422

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


class StaleMeeting(Refusal):
    """Somebody else has changed the meeting since it was read. Nothing is overwritten; both sides stand."""

    def __init__(self, theirs: MeetingFacts, version: int, mine: MeetingFacts | str) -> None:
        super().__init__()
        self.theirs = theirs
        self.version = version
        self.mine = mine
        """The facts, or the reason for cancelling, that were to be saved."""


class MeetingHasMoved(Refusal):
    """The meeting got a new time or place after the citizen opened the page."""


class MeetingIsCancelled(Refusal):
    """The meeting does not take place."""


class MeetingIsOver(Refusal):
    """The meeting has ended."""


def make_meeting(session: Session, actor: Actor, subject: Subject, facts: MeetingFacts, now: datetime) -> Meeting:
    """Call the citizen to a meeting that the actor holds."""
    check(actor, Permission.HOLD_MEETINGS, subject)
    _refuse(rules.faults_in(facts, now))
    meeting = Meeting(
        municipality_id=actor.municipality_id,
        citizen_id=subject.citizen_id,
        host_id=actor.person_id,
        made_by_id=actor.person_id,
        made_at=now,
        answer_note="",
        cancel_reason="",
        version=1,
        asked_version=1,
        **asdict(facts),
    )
    session.add(meeting)
    session.flush()
    _happened(session, actor, meeting, Happening.MADE, {}, rules.as_told(facts), now)
    return meeting


def move_meeting(
    session: Session,
    actor: Actor,
    subject: Subject,
    meeting_id: int,
    facts: MeetingFacts,
    *,
    seen_version: int,
    now: datetime,
) -> bool:
    """Give a meeting other facts; returns whether anything changed.

    A new time or place asks the citizen again, see `rules.asks_again`.
    """
    check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = queries.meeting_to_change(session, actor.municipality_id, subject.citizen_id, meeting_id)
    _refuse_unless_open(meeting, now)
    before = queries.facts_of(meeting)
    if facts == before:
        return False
    _refuse(rules.faults_in(facts, now, before))
    if seen_version != meeting.version:
        raise StaleMeeting(before, meeting.version, facts)
    told_before = rules.as_told(before)
    meeting.version += 1
    if rules.asks_again(before, facts):
        told_before |= _told_answer(meeting)
        _ask_again(meeting, moved_from=before.starts_at if before.starts_at != facts.starts_at else None)
    for name, value in asdict(facts).items():
        setattr(meeting, name, value)
    what = Happening.MOVED if rules.asks_again(before, facts) else Happening.CHANGED
    _happened(session, actor, meeting, what, told_before, rules.as_told(facts), now)
    return True


def cancel_meeting(
    session: Session,
    actor: Actor,
    subject: Subject,
    meeting_id: int,
    reason: str,
    *,
    seen_version: int,
    now: datetime,
) -> bool:
    """Call a meeting off, with a reason the citizen reads. Returns whether it still stood."""
    check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = queries.meeting_to_change(session, actor.municipality_id, subject.citizen_id, meeting_id)
    if meeting.cancelled_at is not None:
        return False
    _refuse_unless_open(meeting, now)
    _refuse(rules.faults_in_text(reason, "reason"))
    if seen_version != meeting.version:
        raise StaleMeeting(queries.facts_of(meeting), meeting.version, reason)
    meeting.version += 1
    meeting.cancelled_at = now
    meeting.cancel_reason = reason
    _happened(session, actor, meeting, Happening.CANCELLED, {}, {"reason": reason}, now)
    return True


def answer_meeting(
    session: Session, actor: Actor, meeting_id: int, reply: Reply, *, seen_version: int, now: datetime
) -> bool:
    """Take the citizen's answer, which she may change until the end; returns whether anything changed."""
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    meeting = queries.meeting_to_change(session, actor.municipality_id, actor.person_id, meeting_id)
    _refuse_unless_open(meeting, now)
    if seen_version < meeting.asked_version:
        raise MeetingHasMoved
    _refuse(rules.faults_in_reply(reply))
    reply = reply if reply.note else replace(reply, note_language=None)
    before = _told_answer(meeting)
    after = rules.as_told(reply)
    if before == after:
        return False
    meeting.answer = reply.answer.value
    meeting.answer_reason = reply.reason
    meeting.answer_note = reply.note
    meeting.answer_note_language = reply.note_language
    meeting.answered_at = now
    _happened(session, actor, meeting, Happening.ANSWERED, before, after, now)
    return True


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise BadMeeting(faults)


def _refuse_unless_open(meeting: Meeting, now: datetime) -> None:
    if meeting.cancelled_at is not None:
        raise MeetingIsCancelled
    if not rules.can_answer(meeting.ends_at, meeting.cancelled_at, now):
        raise MeetingIsOver


def _ask_again(meeting: Meeting, moved_from: datetime | None) -> None:
    meeting.asked_version = meeting.version
    meeting.moved_from = moved_from or meeting.moved_from
    meeting.answer = meeting.answer_reason = meeting.answer_note_language = meeting.answered_at = None
    meeting.answer_note = ""


def _told_answer(meeting: Meeting) -> dict[str, Any]:
    """Return the answer that stands, in the form of history; nothing when there is none."""
    if meeting.answer is None:
        return {}
    answer = Answer(meeting.answer)
    return rules.as_told(Reply(answer, meeting.answer_reason, meeting.answer_note, meeting.answer_note_language))


def _happened(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    what: Happening,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    session.add(
        MeetingEvent(
            municipality_id=meeting.municipality_id,
            meeting_id=meeting.id,
            what=what.value,
            by_id=actor.person_id,
            by_name=actor.given_name,
            at=now,
            before=before,
            after=after,
        )
    )
    session.flush()
