"""What happens to meetings: staff make, move and cancel them, the citizen chooses a time and answers.

Staff's saves carry the version they saw; the citizen's answer carries the version she was asked about, so an
answer to an old time never counts for a new one. Every change writes an event.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from citizen_app.db import insert_new
from citizen_app.meetings import queries, rules
from citizen_app.meetings.models import CalendarFeed, Meeting, MeetingEvent, OfferedTime, Participant
from citizen_app.meetings.rules import Answer, Fault, FeedWish, Happening, MeetingFacts, Outcome, Part, Reply, Slot
from citizen_app.people.queries import own_subject
from citizen_app.policy import Actor, NotFound, Permission, Refusal, Subject, check


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


class MeetingIsAhead(Refusal):
    """The meeting has not begun, so nobody knows how it went."""


class TimeIsTaken(Refusal):
    """The time is not to be had any more; nothing has changed."""


@dataclass(frozen=True)
class Guest:
    """Somebody who is asked to come along: a person with an account, or only a name."""

    part: Part
    person_id: int | None = None
    name: str = ""


def make_meeting(
    session: Session,
    actor: Actor,
    subject: Subject,
    facts: MeetingFacts,
    now: datetime,
    *,
    guests: Sequence[Guest] = (),
    offered: Sequence[Slot] = (),
) -> Meeting:
    """Call a citizen to a meeting that the actor holds.

    With several times `offered` the citizen chooses one; until then the meeting spans them all.
    """
    check(actor, Permission.HOLD_MEETINGS, subject)
    _refuse([*rules.faults_in(facts, now), *rules.faults_in_offer(offered, now)])
    if offered:
        facts = rules.moved_to(facts, min(offered))
    meeting = _new_meeting(session, actor, facts, now, is_settled=not offered)
    if offered:
        meeting.ends_at = max(offered).ends_at
        session.add_all(_offered(meeting, slot) for slot in offered)
    citizen = Guest(Part.CITIZEN, subject.citizen_id)
    session.add_all(_participant(meeting, guest) for guest in (citizen, Guest(Part.HOST, actor.person_id), *guests))
    _happened(session, actor, meeting, Happening.MADE, {}, rules.as_told(facts), now)
    return meeting


def make_group_meeting(
    session: Session, actor: Actor, subjects: Sequence[Subject], facts: MeetingFacts, now: datetime
) -> Meeting:
    """Call several citizens to one meeting; each is told of herself only."""
    for subject in subjects:
        check(actor, Permission.HOLD_MEETINGS, subject)
    _refuse(rules.faults_in(facts, now))
    meeting = _new_meeting(session, actor, facts, now, is_group=True)
    guests = [Guest(Part.HOST, actor.person_id), *(Guest(Part.CITIZEN, subject.citizen_id) for subject in subjects)]
    session.add_all(_participant(meeting, guest) for guest in guests)
    _happened(session, actor, meeting, Happening.MADE, {}, rules.as_told(facts), now)
    return meeting


def invite(session: Session, actor: Actor, meeting: Meeting, subject: Subject, now: datetime) -> bool:
    """Call one more citizen to a group; returns whether she was not in it yet."""
    check(actor, Permission.HOLD_MEETINGS, subject)
    _refuse_unless_open(meeting, now)
    if any(one.person_id == subject.citizen_id for one in queries.participants_of(session, meeting)):
        return False
    session.add(_participant(meeting, Guest(Part.CITIZEN, subject.citizen_id)))
    session.flush()
    return True


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

    A new time or place asks everybody again, see `rules.asks_again`.
    """
    check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = queries.meeting_to_change(session, subject, meeting_id)
    _refuse_unless_open(meeting, now)
    before = queries.facts_of(meeting)
    if facts == before:
        return False
    _refuse(rules.faults_in(facts, now, before))
    if seen_version != meeting.version:
        raise StaleMeeting(before, meeting.version, facts)
    _take_facts(session, actor, meeting, facts, now)
    if meeting.settled_at is None:  # staff have fixed a time themselves
        _end_offer(session, meeting, now)
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
    meeting = queries.meeting_to_change(session, subject, meeting_id)
    if meeting.cancelled_at is not None:
        return False
    _refuse_unless_open(meeting, now)
    _refuse(rules.faults_in_text(reason, "reason"))
    if seen_version != meeting.version:
        raise StaleMeeting(queries.facts_of(meeting), meeting.version, reason)
    meeting.version += 1
    meeting.cancelled_at = now
    meeting.cancel_reason = reason
    for one in queries.participants_of(session, meeting):
        if one.part == Part.CITIZEN:
            one.outcome, one.outcome_at = Outcome.CANCELLED_BY_US.value, now
    _happened(session, actor, meeting, Happening.CANCELLED, {}, {"reason": reason}, now)
    return True


def answer_meeting(
    session: Session, actor: Actor, meeting_id: int, reply: Reply, *, seen_version: int, now: datetime
) -> bool:
    """Take the citizen's answer, which she may change until the end; returns whether anything changed."""
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    meeting = queries.meeting_to_change(session, own_subject(actor), meeting_id)
    return _take_answer(session, actor, meeting, actor.person_id, reply, seen_version=seen_version, now=now)


def note_answer(
    session: Session, actor: Actor, subject: Subject, meeting_id: int, citizen_id: int, reply: Reply, now: datetime
) -> bool:
    """Write down what a citizen said on the phone; returns whether anything changed."""
    check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = queries.meeting_to_change(session, subject, meeting_id)
    return _take_answer(session, actor, meeting, citizen_id, reply, seen_version=meeting.version, now=now)


def record_outcome(
    session: Session, actor: Actor, subject: Subject, meeting_id: int, citizen_id: int, outcome: Outcome, now: datetime
) -> bool:
    """Say how it went for one citizen, once the meeting has begun; returns whether anything changed."""
    check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = queries.meeting_to_change(session, subject, meeting_id)
    if meeting.cancelled_at is not None:
        raise MeetingIsCancelled
    if meeting.starts_at > now:
        raise MeetingIsAhead
    one = queries.participant_of(session, meeting, citizen_id)
    if one.part != Part.CITIZEN:
        raise NotFound
    if one.outcome == outcome:
        return False
    before = {"outcome": one.outcome} if one.outcome else {}
    one.outcome, one.outcome_at = outcome.value, now
    _happened(session, actor, meeting, Happening.HELD, before, {"outcome": outcome.value}, now, citizen_id)
    return True


def choose_time(session: Session, actor: Actor, meeting_id: int, offered_id: int, *, now: datetime) -> None:
    """Let the citizen choose one of the times she was offered; the choice is her yes."""
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    meeting = queries.meeting_to_change(session, own_subject(actor), meeting_id)
    _refuse_unless_open(meeting, now)
    slots = {row.id: Slot(row.starts_at, row.ends_at) for row in queries.offered_times(session, meeting)}
    if meeting.settled_at is not None or offered_id not in slots or slots[offered_id].starts_at <= now:
        raise TimeIsTaken
    _settle(session, actor, meeting, slots[offered_id], now)


def choose_free_time(session: Session, actor: Actor, meeting_id: int, starts_at: datetime, *, now: datetime) -> None:
    """Let the citizen move her meeting to one of the host's free times; raises TimeIsTaken when it is not free."""
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    meeting = queries.meeting_to_change(session, own_subject(actor), meeting_id)
    _refuse_unless_open(meeting, now)
    queries.hold_calendar(session, meeting.municipality_id, meeting.host_id)
    free = queries.free_times(session, actor, meeting, now)
    slot = next((slot for slot in free if slot.starts_at == starts_at), None)
    if slot is None:
        raise TimeIsTaken
    _settle(session, actor, meeting, slot, now)


def _settle(session: Session, actor: Actor, meeting: Meeting, slot: Slot, now: datetime) -> None:
    """Give the meeting the time its citizen has chosen, and take the choice as her yes."""
    facts = rules.moved_to(queries.facts_of(meeting), slot)
    _take_facts(session, actor, meeting, facts, now, what=Happening.CHOSEN)
    _end_offer(session, meeting, now)
    meeting.was_chosen = True
    one = queries.participant_of(session, meeting, actor.person_id)
    one.answer, one.answered_at = Answer.COMING.value, now
    session.flush()


def _end_offer(session: Session, meeting: Meeting, now: datetime) -> None:
    meeting.settled_at = now
    session.execute(delete(OfferedTime).filter_by(meeting_id=meeting.id))


def _take_facts(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    facts: MeetingFacts,
    now: datetime,
    *,
    what: Happening | None = None,
) -> None:
    before = queries.facts_of(meeting)
    told_before = rules.as_told(before)
    meeting.version += 1
    asks_again = what is not None or rules.asks_again(before, facts)
    if asks_again:
        told_before |= _ask_again(session, meeting, facts.starts_at)
        meeting.moved_from = before.starts_at if before.starts_at != facts.starts_at else meeting.moved_from
    if meeting.settled_at is None:
        meeting.moved_from = None
    for name, value in asdict(facts).items():
        setattr(meeting, name, value)
    told = what or (Happening.MOVED if asks_again else Happening.CHANGED)
    _happened(session, actor, meeting, told, told_before, rules.as_told(facts), now)


def _take_answer(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    person_id: int,
    reply: Reply,
    *,
    seen_version: int,
    now: datetime,
) -> bool:
    _refuse_unless_open(meeting, now)
    if seen_version < meeting.asked_version or meeting.settled_at is None:
        raise MeetingHasMoved
    _refuse(rules.faults_in_reply(reply))
    one = queries.participant_of(session, meeting, person_id)
    reply = reply if reply.note else replace(reply, note_language=None)
    before, after = _told_answer(one), rules.as_told(reply)
    if before == after:
        return False
    one.answer = reply.answer.value
    one.answer_reason = reply.reason
    one.answer_note = reply.note
    one.answer_note_language = reply.note_language
    one.answered_at = now
    _happened(session, actor, meeting, Happening.ANSWERED, before, after, now, person_id)
    return True


def _new_meeting(
    session: Session,
    actor: Actor,
    facts: MeetingFacts,
    now: datetime,
    *,
    is_settled: bool = True,
    is_group: bool = False,
) -> Meeting:
    meeting = Meeting(
        municipality_id=actor.municipality_id,
        host_id=actor.person_id,
        is_group=is_group,
        made_by_id=actor.person_id,
        made_at=now,
        settled_at=now if is_settled else None,
        was_chosen=False,
        cancel_reason="",
        version=1,
        asked_version=1,
        **asdict(facts),
    )
    session.add(meeting)
    session.flush()
    return meeting


def _participant(meeting: Meeting, guest: Guest) -> Participant:
    return Participant(
        municipality_id=meeting.municipality_id,
        meeting_id=meeting.id,
        person_id=guest.person_id,
        name=guest.name,
        part=guest.part.value,
        starts_at=meeting.starts_at,
        answer_note="",
    )


def _offered(meeting: Meeting, slot: Slot) -> OfferedTime:
    return OfferedTime(
        municipality_id=meeting.municipality_id, meeting_id=meeting.id, starts_at=slot.starts_at, ends_at=slot.ends_at
    )


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise BadMeeting(faults)


def _refuse_unless_open(meeting: Meeting, now: datetime) -> None:
    if meeting.cancelled_at is not None:
        raise MeetingIsCancelled
    if not rules.can_answer(meeting.ends_at, meeting.cancelled_at, now):
        raise MeetingIsOver


def _ask_again(session: Session, meeting: Meeting, starts_at: datetime) -> dict[str, Any]:
    """Take all answers back and return them in the form of history, by person."""
    meeting.asked_version = meeting.version
    answers = {}
    for one in queries.participants_of(session, meeting):
        one.starts_at = starts_at
        if told := _told_answer(one):
            answers[str(one.person_id)] = told
        one.answer = one.answer_reason = one.answer_note_language = one.answered_at = None
        one.answer_note = ""
    return {"answers": answers} if answers else {}


def _told_answer(one: Participant) -> dict[str, Any]:
    """Return the answer that stands, in the form of history; nothing when there is none."""
    if one.answer is None:
        return {}
    return rules.as_told(Reply(Answer(one.answer), one.answer_reason, one.answer_note, one.answer_note_language))


def _happened(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    what: Happening,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
    person_id: int | None = None,
) -> None:
    session.add(
        MeetingEvent(
            municipality_id=meeting.municipality_id,
            meeting_id=meeting.id,
            what=what.value,
            person_id=person_id,
            by_id=actor.person_id,
            by_name=actor.given_name,
            at=now,
            before=before,
            after=after,
        )
    )
    session.flush()


# --- Calendar feeds -----------------------------------------------------------------------------------------


def change_feed(session: Session, actor: Actor, wish: FeedWish, now: datetime) -> None:
    """Make, renew or stop the secret address of the actor's own calendar, or choose what stands in it."""
    check(actor, Permission.USE_ACCOUNT, own_subject(actor))
    own = {"municipality_id": actor.municipality_id, "person_id": actor.person_id}
    fresh = {"nonce": secrets.token_hex(16), "made_at": now}
    if wish is FeedWish.MAKE:
        insert_new(session, CalendarFeed, [{**own, **fresh, "tells_more": False}], CalendarFeed.person_id)
    elif wish is FeedWish.STOP:
        session.execute(delete(CalendarFeed).filter_by(**own))
    else:
        values = fresh if wish is FeedWish.RENEW else {"tells_more": wish is FeedWish.SAY_MORE}
        session.execute(update(CalendarFeed).filter_by(**own).values(values))
