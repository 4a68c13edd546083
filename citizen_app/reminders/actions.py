"""What makes, keeps and takes back reminders.

One listener on all sessions sees every changed meeting, participant, goal and day, whatever code changed it: while
rows are written it notes which, and just before the transaction commits it plans them once, from how they stand by
then. So the reminders change in the meeting's own transaction, and nobody has to remember to call. What asks about
days is planned by the clock, and only taken back here. What waits and still holds is left untouched; what no longer
holds is cancelled and loses its lease, so that a drain that has it in hand cannot record it as sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, event, insert, inspect, select, update
from sqlalchemy.orm import Session

from citizen_app.attendance.models import DayRecord
from citizen_app.db import AnyRow, insert_new
from citizen_app.goals.models import Goal
from citizen_app.meetings.actions import MeetingHasMoved, MeetingIsCancelled, MeetingIsOver, answer_meeting
from citizen_app.meetings.models import Meeting, MeetingEvent, Participant
from citizen_app.meetings.rules import Answer, Reply
from citizen_app.people.models import Municipality, Person
from citizen_app.people.queries import own_subject
from citizen_app.placements.models import Placement, PlannedDay
from citizen_app.policy import Actor, NotFound, Permission, Role, Subject, check
from citizen_app.push.actions import note_shown
from citizen_app.reminders import queries, rules
from citizen_app.reminders.models import Delivery, Reminder, ReminderPause, ReminderRule, ReminderWish
from citizen_app.reminders.queries import ToPlan
from citizen_app.reminders.rules import Channel, Known, Planned, ReminderKind, ReminderState, Rule, UnsaidDay, Wishes

# --- The listener -------------------------------------------------------------------------------------------

_NOTED = "reminders.noted"
_WATCHED: Mapping[type[Any], tuple[str, ...]] = {
    Meeting: ("starts_at", "leave_home_at", "cancelled_at", "asked_version", "settled_at"),
    Participant: ("person_id", "part", "starts_at", "answer", "outcome"),
    Goal: ("status", "citizen_agreed_at", "staff_agreed_at", "wants_to_talk_at"),
    DayRecord: ("state", "mentor_statement"),
    PlannedDay: ("day", "ends_at", "cancelled_at"),
    Placement: ("last_day",),
}
"""What reminders follow from; a change of anything else plans nothing.

A placement's days are also changed past the ORM, and always with its last day.
"""
_MOMENTS: Mapping[type[Any], tuple[str, ...]] = {
    Meeting: ("made_at", "settled_at", "cancelled_at"),
    Participant: ("answered_at", "outcome_at"),
    Goal: ("changed_at",),
    MeetingEvent: ("at",),
    DayRecord: ("changed_at",),
    PlannedDay: ("cancelled_at",),
    Placement: (),
}


@dataclass
class _Noted:
    """What a transaction has changed so far, by municipality."""

    meetings: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    goals: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    days: dict[int, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))
    """Whose days: (placement, citizen)."""
    asked: set[tuple[int, int | None]] = field(default_factory=set)
    """Who is being called to a meeting or asked anew: (meeting, person), or None for everybody in it."""
    moment: datetime | None = None
    """The latest of the moments that the changed rows tell."""


def listen(sessions: type[Session]) -> None:
    """Plan reminders in all sessions of a class from now on; called once by each process, twice does no harm."""
    listeners: tuple[tuple[str, Callable[..., None]], ...] = (
        ("before_flush", _note),
        ("before_commit", _plan_noted),
        ("after_rollback", _forget),
    )
    for name, listener in listeners:
        if not event.contains(sessions, name, listener):
            event.listen(sessions, name, listener)


def _note(session: Session, _context: Any, _instances: Any) -> None:
    for row in [*session.new, *session.dirty, *session.deleted]:
        if type(row) in _MOMENTS:
            _note_row(session, row)


def _note_row(session: Session, row: Any) -> None:
    noted: _Noted = session.info.setdefault(_NOTED, _Noted())
    for name in _MOMENTS[type(row)]:
        moment = getattr(row, name)
        if moment is not None and _has_changed(row, name) and (noted.moment is None or moment > noted.moment):
            noted.moment = moment
    if row in session.deleted and type(row) in _COLUMNS:
        session.connection().execute(delete(Reminder).where(_COLUMNS[type(row)] == row.id))
    elif row in session.deleted or any(_has_changed(row, name) for name in _WATCHED.get(type(row), ())):
        _note_change(noted, row, is_new=row in session.new)


_COLUMNS: Mapping[type[Any], Any] = {
    Meeting: Reminder.meeting_id,
    Goal: Reminder.goal_id,
    Placement: Reminder.placement_id,
}
"""What a reminder is about, and goes away with."""


def _note_change(noted: _Noted, row: Any, *, is_new: bool) -> None:
    if isinstance(row, Participant):
        noted.meetings[row.municipality_id].add(row.meeting_id)
        if is_new:
            noted.asked.add((row.meeting_id, row.person_id))
    elif isinstance(row, Meeting) and not is_new:  # a new one is planned with its participants
        noted.meetings[row.municipality_id].add(row.id)
        if _has_changed(row, "asked_version"):
            noted.asked.add((row.id, None))
    elif isinstance(row, Goal) and not is_new:  # a new one is a draft that nobody else sees
        noted.goals[row.municipality_id].add(row.id)
    elif isinstance(row, DayRecord) or (isinstance(row, PlannedDay) and not is_new):
        noted.days[row.municipality_id].add((row.placement_id, row.citizen_id))
    elif isinstance(row, Placement) and not is_new:
        noted.days[row.municipality_id].add((row.id, row.citizen_id))


def _has_changed(row: Any, name: str) -> bool:
    return bool(inspect(row).attrs[name].history.has_changes())


def _plan_noted(session: Session) -> None:
    """Plan what the transaction has changed; it happens when the request began, or when the rows themselves say."""
    if session.info.get("only_reads"):
        return
    session.flush()
    noted: _Noted | None = session.info.pop(_NOTED, None)
    if noted is None:
        return
    now = session.info.get("now") or noted.moment or datetime.now(UTC)
    for municipality_id in sorted({*noted.meetings, *noted.goals}):
        meetings, goals = noted.meetings[municipality_id], noted.goals[municipality_id]
        plan(session, municipality_id, now, meetings=meetings, goals=goals, asked=noted.asked)
    for municipality_id, days in sorted(noted.days.items()):
        cancel_answered(session, municipality_id, days)


def _forget(session: Session) -> None:
    session.info.pop(_NOTED, None)


# --- Planning -----------------------------------------------------------------------------------------------


def plan(
    session: Session,
    municipality_id: int,
    now: datetime,
    *,
    meetings: Collection[int] = (),
    goals: Collection[int] = (),
    asked: Collection[tuple[int, int | None]] = (),
    person_id: int | None = None,
) -> None:
    """Bring the waiting reminders of meetings and goals in line with how they stand; of one person only, if named."""
    own = queries.rules_of(session, municipality_id)
    wanted = queries.meetings_to_plan(session, municipality_id, meetings, asked)
    known = dict(queries.known_of_meetings(session, municipality_id, meetings))
    if goals:
        wanted_goals = queries.goals_to_plan(session, municipality_id, goals)
        known |= queries.known_of_goals(session, municipality_id, wanted_goals)
        wanted += wanted_goals
    by_key = {_key(one): one for one in wanted}
    new: list[dict[str, Any]] = []
    gone: list[int] = []
    for key in sorted({*by_key, *known}, key=repr):
        if person_id in {None, key[0]}:
            one, there = by_key.get(key), known.get(key, [])
            kept, fresh = _compare(one, _planned(one, own, there, now), there)
            gone += [row.id for row in there if row.is_waiting and row.id not in kept]
            new += [_row(municipality_id, key, one, planned, now) for planned in fresh]
    _cancel(session, gone)
    if new:
        session.connection().execute(insert(Reminder), new)


def _key(one: ToPlan) -> queries.About:
    return one.person_id, one.meeting.meeting_id if one.meeting else None, one.goal_id


def _planned(one: ToPlan | None, own: rules.Rules, known: Sequence[Known], now: datetime) -> list[Planned]:
    """Return what is to wait; nothing for somebody who is no longer in the meeting, or whose reminders are off."""
    if one is None or one.is_paused:
        return []
    if one.meeting is not None:
        return rules.planned_for_meeting(one.meeting, own, one.wishes, known, now, one.timezone)
    assert one.goal_id is not None
    found = rules.planned_for_goal(
        one.person_id, one.goal_id, one.waits_since, own[ReminderKind.GOAL], one.wishes, known, now, one.timezone
    )
    return [] if found is None else [found]


def _compare(one: ToPlan | None, planned: Iterable[Planned], known: Iterable[Known]) -> tuple[set[int], list[Planned]]:
    """Return which rows are kept as they are, and what has to be added."""
    version = _version(one)
    waiting = {(row.kind, row.due_at): row for row in known if row.is_waiting and row.version == version}
    kept, fresh = set(), []
    for wanted in planned:
        row = waiting.get((wanted.kind, wanted.due_at))
        if row is not None and row.useless_at == wanted.useless_at:
            kept.add(row.id)
        else:
            fresh.append(wanted)
    return kept, fresh


def _version(one: ToPlan | None) -> int:
    return one.meeting.version if one is not None and one.meeting is not None else 0


def _row(
    municipality_id: int, key: queries.About, one: ToPlan | None, planned: Planned, now: datetime
) -> dict[str, Any]:
    person_id, meeting_id, goal_id = key
    return {
        "municipality_id": municipality_id,
        "person_id": person_id,
        "kind": planned.kind.value,
        "meeting_id": meeting_id,
        "goal_id": goal_id,
        "about_version": _version(one),
        "due_at": planned.due_at,
        "useless_at": planned.useless_at,
        "state": ReminderState.WAITING.value,
        "next_try_at": planned.due_at,
        "lease": None,
        "tries": 0,
        "made_at": now,
    }


_CANCEL = (
    update(Reminder)
    .where(Reminder.id == bindparam("reminder_id"), Reminder.state == ReminderState.WAITING)
    .values(state=ReminderState.CANCELLED.value, lease=None)
)


def _cancel(session: Session, numbers: Collection[int]) -> None:
    if numbers:
        session.connection().execute(_CANCEL, [{"reminder_id": number} for number in sorted(numbers)])


def plan_person(session: Session, municipality_id: int, person_id: int, now: datetime) -> None:
    """Plan one person's reminders anew, after a change of her wishes or of a pause."""
    session.flush()
    meetings, goals = queries.things_of(session, municipality_id, person_id, now)
    plan(session, municipality_id, now, meetings=meetings, goals=goals, person_id=person_id)


def plan_municipality(session: Session, municipality_id: int, now: datetime) -> None:
    """Plan all that is ahead anew, some hundreds at a time, after a change of the municipality's rules."""
    session.flush()
    for meetings in _pages(lambda after: queries.waiting_things(session, municipality_id, now, after=after)):
        plan(session, municipality_id, now, meetings=meetings)
    for goals in _pages(lambda after: queries.goals_waiting(session, municipality_id, after=after)):
        plan(session, municipality_id, now, goals=goals)


def _pages(page_after: Callable[[int], list[int]]) -> Iterator[list[int]]:
    page = page_after(0)
    while page:
        yield page
        page = page_after(page[-1])


# --- What is not about a meeting or a goal ------------------------------------------------------------------


def plan_words(session: Session, municipality_id: int, timezone: str, now: datetime) -> int:
    """Make the day's reminders of words for whom the clock has come; returns how many. Doing it twice does no harm."""
    if not queries.rules_of(session, municipality_id)[ReminderKind.WORDS].is_on:
        return 0
    _take_turns(session, municipality_id)
    local = now.astimezone(ZoneInfo(timezone))
    midnight, next_midnight = rules.end_of_day(now, -1, timezone), rules.end_of_day(now, 0, timezone)
    learners = queries.learners_to_tell(session, municipality_id, local.time(), local.date(), midnight, next_midnight)
    new = []
    for person_id, wishes in learners:
        assert wishes.words_at is not None
        moments = rules.words_moment(wishes.words_at, wishes, person_id, now, timezone)
        if moments is not None:
            planned = Planned(ReminderKind.WORDS, *moments)
            new.append(_row(municipality_id, (person_id, None, None), None, planned, now))
    if new:
        session.connection().execute(insert(Reminder), new)
    return len(new)


def plan_nudges(session: Session, municipality_id: int, timezone: str, now: datetime) -> int:
    """Make the nudges whose moment comes now; returns how many. Doing it twice, or at once, does no harm."""
    rule = queries.rules_of(session, municipality_id)[ReminderKind.NUDGE]
    if not rule.is_on:
        return 0
    _take_turns(session, municipality_id)
    today, midnight = now.astimezone(ZoneInfo(timezone)).date(), rules.end_of_day(now, -2, timezone)
    new, mentors = [], set()
    for one in queries.silent_mentors(session, municipality_id, today, midnight):
        about = (one.person_id, one.placement_id)
        found = rules.nudge_to_plan(*about, one.unsaid, one.asked, rule, one.wishes, now, timezone)
        if found is not None:
            day = {"placement_id": one.placement_id, "about_day": found.about_day, "about_version": found.stage}
            new.append(_row(municipality_id, (one.person_id, None, None), None, found.planned, now) | day)
            mentors.add(about)
    if new:
        waiting = queries.waiting_of_days(session, municipality_id, {placement for _mentor, placement in mentors}, ())
        _cancel(session, [row.id for row in waiting if (row.person_id, row.placement_id) in mentors])
        session.connection().execute(insert(Reminder), new)
    return len(new)


def plan_hours(session: Session, municipality_id: int, timezone: str, now: datetime) -> int:
    """Make the evening's reminders of hours that wait for citizens; returns how many. Doing it twice does no harm."""
    rule = queries.rules_of(session, municipality_id)[ReminderKind.HOURS]
    if not rule.is_on or rules.hours_to_plan(0, rule, Wishes(), (), now, timezone) is None:
        return 0
    _take_turns(session, municipality_id)
    zone = ZoneInfo(timezone)
    new = []
    for one in queries.hours_to_confirm(session, municipality_id, now.astimezone(zone).date()):
        last_days = {one.last_due.astimezone(zone).date()} if one.last_due else set()
        planned = rules.hours_to_plan(one.citizen_id, rule, one.wishes, last_days, now, timezone)
        if planned is not None:
            day = {"placement_id": one.placement_id, "about_day": one.day}
            new.append(_row(municipality_id, (one.citizen_id, None, None), None, planned, now) | day)
    if new:
        session.connection().execute(insert(Reminder), new)
    return len(new)


def municipalities(session: Session) -> Sequence[tuple[int, str]]:
    """Return whose reminders are planned, each with its time zone, in the order in which everybody takes them."""
    found = session.execute(select(Municipality.id, Municipality.timezone).order_by(Municipality.id))
    return [(number, timezone) for number, timezone in found]


def _take_turns(session: Session, municipality_id: int) -> None:
    """Two workers at once: the second waits here, and then sees the rows of the first."""
    session.execute(select(Municipality.id).filter_by(id=municipality_id).with_for_update(key_share=True))


def cancel_answered(session: Session, municipality_id: int, days: Collection[tuple[int, int]]) -> None:
    """Take back what waits about days, as (placement, citizen), of which nothing is left to ask."""
    citizens = {citizen_id for _placement_id, citizen_id in days}
    waiting = queries.waiting_of_days(session, municipality_id, {placement_id for placement_id, _ in days}, citizens)
    if not waiting:
        return
    asked = [row.about_day for row in waiting if row.kind == ReminderKind.NUDGE]
    first, last = min(asked, default=date.max) - timedelta(days=max(rules.STAGES)), max(asked, default=date.min)
    unsaid, waited_for = queries.open_days(session, municipality_id, citizens, first, last)
    _cancel(session, [row.id for row in waiting if not _is_open(row, unsaid, waited_for)])


def _is_open(row: AnyRow, unsaid: Mapping[int, Collection[UnsaidDay]], waited_for: Collection[int]) -> bool:
    if row.kind == ReminderKind.HOURS:
        return row.person_id in waited_for
    left = unsaid.get(row.placement_id, ())
    return rules.still_asked(row.about_day, row.about_version, row.due_at, left) is not None


def make_test(session: Session, actor: Actor, now: datetime) -> None:
    """Let the actor's phones ring now; a trial that still waits is enough."""
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    last = queries.last_test(session, actor.municipality_id, actor.person_id, now - rules.TEST_USEFUL)
    if last is not None and last.state == ReminderState.WAITING and last.useless_at > now:
        return
    planned = Planned(ReminderKind.TEST, now, now + rules.TEST_USEFUL)
    row = _row(actor.municipality_id, (actor.person_id, None, None), None, planned, now)
    session.connection().execute(insert(Reminder), [row])


# --- Wishes, pauses and the municipality's rules ------------------------------------------------------------


def set_wishes(session: Session, actor: Actor, wishes: Wishes, now: datetime) -> None:
    """Keep how the citizen wants to be reminded, and plan what waits anew."""
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    session.merge(ReminderWish(municipality_id=actor.municipality_id, person_id=actor.person_id, **asdict(wishes)))
    if wishes.words_at is None:
        _cancel_kind(session, actor.municipality_id, actor.person_id, ReminderKind.WORDS)
    plan_person(session, actor.municipality_id, actor.person_id, now)


def pause(session: Session, actor: Actor, subject: Subject, reason: str, now: datetime) -> None:
    """Switch a citizen's reminders off, with a reason that she reads; all that waits for her is taken back."""
    check(actor, Permission.PAUSE_REMINDERS, subject)
    _hold_person(session, subject)
    if queries.pause_of(session, subject.municipality_id, subject.citizen_id) is not None:
        return
    session.add(
        ReminderPause(
            municipality_id=subject.municipality_id,
            person_id=subject.citizen_id,
            reason=reason,
            by_id=actor.person_id,
            by_name=actor.given_name,
            began_at=now,
        )
    )
    session.flush()
    waiting = update(Reminder).where(
        Reminder.municipality_id == subject.municipality_id,
        Reminder.person_id == subject.citizen_id,
        Reminder.state == ReminderState.WAITING,
        Reminder.kind != ReminderKind.TEST,
    )
    session.execute(waiting.values(state=ReminderState.CANCELLED.value, lease=None))


def resume(session: Session, actor: Actor, subject: Subject, now: datetime) -> None:
    """Switch a citizen's reminders on again and plan what is ahead of her."""
    check(actor, Permission.PAUSE_REMINDERS, subject)
    _hold_person(session, subject)
    ended = update(ReminderPause).where(
        ReminderPause.municipality_id == subject.municipality_id,
        ReminderPause.person_id == subject.citizen_id,
        ReminderPause.ended_at.is_(None),
    )
    session.execute(ended.values(ended_at=now))
    plan_person(session, subject.municipality_id, subject.citizen_id, now)


def set_rule(session: Session, actor: Actor, kind: ReminderKind, rule: Rule) -> None:
    """Give the actor's municipality its own rule for a kind; one that is the default is kept as none."""
    check(actor, Permission.SET_REMINDERS, Subject(actor.municipality_id, actor.person_id))
    keys = {"municipality_id": actor.municipality_id, "kind": kind.value}
    session.execute(delete(ReminderRule).filter_by(**keys))
    if rule != queries.default_rules()[kind]:
        session.add(ReminderRule(**keys, **asdict(rule)))
    if kind in {ReminderKind.NUDGE, ReminderKind.HOURS}:  # the planner makes them anew, at the new clock
        waiting = {"state": ReminderState.WAITING.value, "lease": None}
        session.execute(delete(Reminder).filter_by(**keys, **waiting))
    session.flush()


def _hold_person(session: Session, subject: Subject) -> None:
    """Let two presses at once follow each other."""
    session.execute(select(Person.id).filter_by(id=subject.citizen_id).with_for_update(key_share=True))


def _cancel_kind(session: Session, municipality_id: int, person_id: int, kind: ReminderKind) -> None:
    waiting = update(Reminder).where(
        Reminder.municipality_id == municipality_id,
        Reminder.person_id == person_id,
        Reminder.kind == kind.value,
        Reminder.state == ReminderState.WAITING,
    )
    session.execute(waiting.values(state=ReminderState.CANCELLED.value, lease=None))


# --- What a phone tells of a message ------------------------------------------------------------------------


def note_message_shown(session: Session, reminder_id: int, device_id: int, now: datetime) -> None:
    """Keep that a message was on a phone's screen; the first time counts."""
    phone = queries.phone_of_reminder(session, reminder_id, device_id, now)
    delivery = update(Delivery).where(
        Delivery.reminder_id == reminder_id,
        Delivery.channel == Channel.PUSH.value,
        Delivery.device_id == device_id,
        Delivery.shown_at.is_(None),
    )
    session.execute(delivery.values(shown_at=now))
    if phone.reminder.shown_at is None:
        phone.reminder.shown_at = now
    if phone.sign_in_id is not None:
        note_shown(session, device_id, now)
    session.flush()


def answer_message(
    session: Session, reminder_id: int, device_id: int, answer: Answer, *, pressed_at: datetime | None, now: datetime
) -> str:
    """Take an answer from a phone's screen as the person's own; returns `saved`, or why it does not count.

    One that was pressed before her last answer and came late takes that one's place no more. Raises NotFound when that
    phone is signed out, or the message is about no meeting.
    """
    phone = queries.phone_of_reminder(session, reminder_id, device_id, now)
    reminder = phone.reminder
    if phone.sign_in_id is None or reminder.meeting_id is None:
        raise NotFound
    last = queries.answered_at(session, reminder)
    if pressed_at is not None and last is not None and now - rules.OLDEST_PRESS <= pressed_at < last:
        return "saved"
    actor = Actor(**phone.fields | {"role": Role(phone.fields["role"])})
    try:
        answer_meeting(session, actor, reminder.meeting_id, Reply(answer), seen_version=reminder.about_version, now=now)
    except MeetingHasMoved:
        return "moved"
    except MeetingIsCancelled:
        return "cancelled"
    except MeetingIsOver:
        return "over"
    return "saved"


# --- Calls --------------------------------------------------------------------------------------------------


def mark_called(session: Session, reminder: Reminder, now: datetime) -> None:
    """Keep that a worker has called instead; it then counts as told. Saying it twice is saying it once."""
    row = {
        "municipality_id": reminder.municipality_id,
        "reminder_id": reminder.id,
        "channel": Channel.CALL.value,
        "device_id": 0,
        "verdict": "sent",
        "detail": "",
        "at": now,
    }
    insert_new(session, Delivery, [row], Delivery.id)
    if reminder.state == ReminderState.CALL:
        reminder.state, reminder.channel, reminder.sent_at = ReminderState.SENT.value, Channel.CALL.value, now
        session.flush()
