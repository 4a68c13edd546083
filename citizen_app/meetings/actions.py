"""What happens to meetings: staff make, move and cancel them, the citizen chooses a time and answers.

Staff's saves carry the version they saw; the citizen's answer carries the version she was asked about, so an
answer to an old time never counts for a new one. Every change writes an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from citizen_app.db import insert_new
from citizen_app.meetings import queries, rules
from citizen_app.meetings.models import (
    AgendaPoint,
    Door,
    Meeting,
    MeetingEvent,
    MinutesLine,
    OfferedTime,
    OpenHours,
    Participant,
)
from citizen_app.meetings.rules import (
    Answer,
    Fault,
    Happening,
    MeetingFacts,
    Outcome,
    Part,
    Reply,
    Slot,
    Topic,
    Way,
    Window,
)
from citizen_app.people.models import Person
from citizen_app.people.queries import own_subject
from citizen_app.policy import Actor, NotFound, Permission, Refusal, Subject, check
from citizen_app.texts import actions as texts
from citizen_app.texts.queries import text_to_change
from citizen_app.web.photos import small_jpeg


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


class AgendaIsFull(Refusal):
    """There are as many points as one meeting can hold."""


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
    facts = _with_directions(session, actor, facts)
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
    facts = _with_directions(session, actor, facts)
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
    if facts == before and meeting.settled_at is not None:
        return False
    _refuse(rules.faults_in(facts, now, before))
    if facts.place != before.place or not before.how_to_find:
        facts = _with_directions(session, actor, facts)
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
    meeting = _meeting_to_time(session, actor, meeting_id, now)
    slots = {row.id: Slot(row.starts_at, row.ends_at) for row in queries.offered_times(session, meeting)}
    if meeting.settled_at is not None or offered_id not in slots or slots[offered_id].starts_at <= now:
        raise TimeIsTaken
    _settle(session, actor, meeting, slots[offered_id], now)


def choose_free_time(session: Session, actor: Actor, meeting_id: int, starts_at: datetime, *, now: datetime) -> None:
    """Let the citizen move her meeting to one of the host's free times; raises TimeIsTaken when it is not free."""
    meeting = _meeting_to_time(session, actor, meeting_id, now)
    queries.hold_calendars(session, meeting.municipality_id, [meeting.host_id, actor.person_id])
    free = queries.free_times(session, actor, meeting, now)
    slot = next((slot for slot in free if slot.starts_at == starts_at), None)
    if slot is None:
        raise TimeIsTaken
    _settle(session, actor, meeting, slot, now)


def _meeting_to_time(session: Session, actor: Actor, meeting_id: int, now: datetime) -> Meeting:
    """Return a meeting that was made for the actor, held; who only comes along does not choose when it is."""
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    meeting = queries.meeting_to_change(session, own_subject(actor), meeting_id)
    if queries.participant_of(session, meeting, actor.person_id).part != Part.CITIZEN:
        raise NotFound
    _refuse_unless_open(meeting, now)
    return meeting


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
    asks_again = what is not None or meeting.settled_at is None or rules.asks_again(before, facts)
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


# --- Calendar -----------------------------------------------------------------------------------------------


def open_hours(session: Session, actor: Actor, windows: Sequence[Window]) -> None:
    """Say when citizens may choose a time with the actor by themselves; takes the place of what was said before."""
    own = {"municipality_id": actor.municipality_id, "person_id": actor.person_id}
    check(actor, Permission.HOLD_MEETINGS, Subject(actor.municipality_id, 0, frozenset({actor.person_id})))
    _refuse(rules.faults_in_hours(windows))
    queries.hold_calendars(session, actor.municipality_id, [actor.person_id])
    session.execute(delete(OpenHours).filter_by(**own))
    if windows:
        session.execute(insert(OpenHours), [{**own, **window._asdict()} for window in windows])


# --- Agenda and minutes -------------------------------------------------------------------------------------


def add_point(
    session: Session, actor: Actor, subject: Subject, meeting_id: int, topic: Topic, words: str, now: datetime
) -> bool:
    """Put on the agenda what the actor wants to talk about, until the meeting ends; returns whether it is new.

    The words are in the actor's writing language. A picture alone stands there once for each person.
    """
    meeting = _meeting_between_two(session, actor, subject, meeting_id)
    _refuse_unless_open(meeting, now)
    _refuse(rules.faults_in_text(words, "words", rules.POINT_LENGTH))
    points = queries.agenda_of(session, meeting.municipality_id, meeting.id, ())
    if not words and any((point.by_id, point.topic, point.text) == (actor.person_id, topic, None) for point in points):
        return False
    if len(points) >= rules.AGENDA_LIMIT:
        raise AgendaIsFull
    text = texts.new_text(session, actor, actor.writing_language, words, now) if words else None
    session.add(
        AgendaPoint(
            municipality_id=meeting.municipality_id,
            meeting_id=meeting.id,
            topic=topic.value,
            text_id=text.id if text else None,
            by_id=actor.person_id,
            by_name=actor.given_name,
            at=now,
        )
    )
    session.flush()
    return True


def remove_point(
    session: Session, actor: Actor, subject: Subject, meeting_id: int, point_id: int, now: datetime
) -> None:
    """Take one's own point away again, until the meeting ends."""
    meeting = _meeting_between_two(session, actor, subject, meeting_id)
    _refuse_unless_open(meeting, now)
    point = queries.point_to_remove(session, meeting, actor.person_id, point_id)
    _remove_with_text(session, point)


def write_line(
    session: Session, actor: Actor, subject: Subject, meeting_id: int, words: str, doer: int | None, now: datetime
) -> MinutesLine:
    """Write a sentence of the minutes in Danish; `doer` is the participant who is to do it, if it was agreed."""
    check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = _meeting_between_two(session, actor, subject, meeting_id)
    _refuse_unless_begun(meeting, now)
    _refuse(rules.faults_in_text(words, "body", rules.LINE_LENGTH))
    line = MinutesLine(
        municipality_id=meeting.municipality_id,
        meeting_id=meeting.id,
        text_id=texts.new_text(session, actor, actor.writing_language, words, now).id,
        at=now,
    )
    _give_to(session, meeting, line, doer)
    session.add(line)
    session.flush()
    return line


def change_line(
    session: Session,
    actor: Actor,
    subject: Subject,
    meeting_id: int,
    line_id: int,
    words: str,
    doer: int | None,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Write a sentence of the minutes anew; raises StaleText with both wordings when it has moved on."""
    meeting, line = _line_to_change(session, actor, subject, meeting_id, line_id, now)
    _refuse(rules.faults_in_text(words, "body", rules.LINE_LENGTH))
    text = text_to_change(session, meeting.municipality_id, line.text_id)
    texts.write_anew(session, actor, text, actor.writing_language, words, seen_version=seen_version, now=now)
    _give_to(session, meeting, line, doer)


def remove_line(session: Session, actor: Actor, subject: Subject, meeting_id: int, line_id: int, now: datetime) -> None:
    _meeting, line = _line_to_change(session, actor, subject, meeting_id, line_id, now)
    _remove_with_text(session, line)


def say_in_language(
    session: Session,
    actor: Actor,
    subject: Subject,
    meeting_id: int,
    text_id: int,
    language: str,
    words: str,
    now: datetime,
) -> None:
    """Say a text of the agenda or the minutes in another language, and vouch for it."""
    meeting = _meeting_between_two(session, actor, subject, meeting_id)
    if text_id not in queries.text_ids_of(session, meeting):
        raise NotFound
    texts.say_in(session, actor, text_to_change(session, meeting.municipality_id, text_id), language, words, now)


def _meeting_between_two(session: Session, actor: Actor, subject: Subject, meeting_id: int) -> Meeting:
    """Return a meeting with one citizen, held; she herself may write on its agenda, and those who hold meetings."""
    if not actor.is_staff:
        check(actor, Permission.SEE_OWN_PAGES, subject)
    else:
        check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = queries.meeting_to_change(session, subject, meeting_id)
    if meeting.is_group or queries.participant_of(session, meeting, subject.citizen_id).part != Part.CITIZEN:
        raise NotFound
    return meeting


def _line_to_change(
    session: Session, actor: Actor, subject: Subject, meeting_id: int, line_id: int, now: datetime
) -> tuple[Meeting, MinutesLine]:
    """Return a meeting and a line of its minutes; one that is not there is refused before what may not be done yet."""
    check(actor, Permission.HOLD_MEETINGS, subject)
    meeting = _meeting_between_two(session, actor, subject, meeting_id)
    line = queries.line_to_change(session, meeting, line_id)
    _refuse_unless_begun(meeting, now)
    return meeting, line


def _refuse_unless_begun(meeting: Meeting, now: datetime) -> None:
    if meeting.cancelled_at is not None:
        raise MeetingIsCancelled
    if meeting.starts_at > now:
        raise MeetingIsAhead


def _give_to(session: Session, meeting: Meeting, line: MinutesLine, doer: int | None) -> None:
    """Say who does it; raises NotFound for somebody who was not asked to the meeting."""
    line.is_agreed = doer is not None
    if doer is None:
        line.doer_id, line.doer_name = None, ""
        return
    one = next((one for one in queries.participants_of(session, meeting) if one.id == doer), None)
    if one is None:
        raise NotFound
    line.doer_id = one.person_id
    line.doer_name = session.get_one(Person, one.person_id).given_name if one.person_id else one.name


def _remove_with_text(session: Session, row: AgendaPoint | MinutesLine) -> None:
    municipality_id, text_id = row.municipality_id, row.text_id
    session.delete(row)
    session.flush()
    if text_id is not None:
        texts.remove_text(session, text_to_change(session, municipality_id, text_id))


# --- Doors --------------------------------------------------------------------------------------------------

DOOR_SIDE = 800
"""Pixels of a photo's longer side."""


def keep_place(
    session: Session, actor: Actor, place: str, how_to_find: str, upload: bytes | None, now: datetime
) -> Door:
    """Keep how a place is found and what its door looks like; no upload leaves the photo. Raises NotAPhoto."""
    check(actor, Permission.HOLD_MEETINGS, _any_meeting(actor))
    _refuse(
        [
            *rules.faults_in_text(place, "place", rules.PLACE_LENGTH),
            *rules.faults_in_text(how_to_find, "how_to_find"),
        ]
    )
    jpeg = small_jpeg(upload, DOOR_SIDE) if upload is not None else None
    values = {"municipality_id": actor.municipality_id, "place": place, "how_to_find": how_to_find, "updated_at": now}
    insert_new(session, Door, [values], Door.id)
    door = queries.door_to_change(session, actor.municipality_id, place)
    door.how_to_find = how_to_find
    if jpeg is not None:
        door.jpeg, door.updated_at = jpeg, now
    session.flush()
    return door


def remove_door_photo(session: Session, actor: Actor, place: str, now: datetime) -> None:
    """Take the photo of a door away; the words stay."""
    check(actor, Permission.HOLD_MEETINGS, _any_meeting(actor))
    door = queries.door_to_change(session, actor.municipality_id, place)
    door.jpeg, door.updated_at = None, now
    session.flush()


def _any_meeting(actor: Actor) -> Subject:
    """Return the subject of what belongs to no one meeting, but to all who hold meetings here."""
    return Subject(actor.municipality_id, 0, frozenset({actor.person_id}))


def _with_directions(session: Session, actor: Actor, facts: MeetingFacts) -> MeetingFacts:
    """Fill in how a known place is found where nothing was written about it."""
    if facts.how_to_find or not facts.place or facts.way is not Way.PLACE:
        return facts
    door = queries.door_at(session, actor.municipality_id, facts.place)
    return replace(facts, how_to_find=door.how_to_find) if door is not None else facts
