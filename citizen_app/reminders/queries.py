"""Reminders as the engine, the planner, the citizen's page and the staff's pages read them.

A statement of the engine answers for a whole group of reminders, whichever municipalities they belong to: it starts
from their own rows and goes by each row's municipality.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, exists, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.attendance.queries import is_without_mentor, with_record
from citizen_app.attendance.rules import RecordState
from citizen_app.config import LANGUAGES
from citizen_app.db import AnyRow, one_of, room_for, rows_of, spread
from citizen_app.goals import rules as goals
from citizen_app.goals.models import Goal
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.rules import Attended, Outcome, Part
from citizen_app.people.models import Municipality, Person, Relation, SignIn
from citizen_app.people.queries import ACTOR_COLUMNS, is_citizen_of_worker
from citizen_app.placements.models import MentorLink, Placement, PlacementMentor, PlannedDay
from citizen_app.placements.rules import LINK_KEPT
from citizen_app.policy import Actor, NotFound, Role
from citizen_app.practice.models import WordCard
from citizen_app.push.models import Device
from citizen_app.push.queries import reach_of
from citizen_app.push.rules import Light, Reach, reach
from citizen_app.reminders.models import Delivery, Reminder, ReminderPause, ReminderRule, ReminderWish, WorkerBeat
from citizen_app.reminders.rules import (
    RULED,
    SILENT_AFTER,
    STAGES,
    Channel,
    Known,
    MeetingToPlan,
    Note,
    ReminderKind,
    ReminderState,
    Rule,
    Rules,
    Texts,
    UnsaidDay,
    Wishes,
)

TEXTS = Path(__file__).parent / "data" / "texts.csv"
SILENT_SINCE = timedelta(days=60)
"""How far back it is looked whether messages were shown."""
MOST_COUNTED = 10_000
SILENT_WORKER = timedelta(seconds=60)
"""A worker that has given no sign of life for so long is taken for dead."""

# --- Sending ------------------------------------------------------------------------------------------------


def is_due() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition by which a waiting row may be taken in hand; needs the parameter `now`."""
    return Reminder.state == ReminderState.WAITING, Reminder.next_try_at <= bindparam("now")


_DUE = select(func.count()).select_from(select(Reminder.id).where(*is_due()).limit(MOST_COUNTED).subquery())
_OLDEST = select(Reminder.next_try_at).where(*is_due()).order_by(Reminder.next_try_at).limit(1)
_BEAT = select(func.max(WorkerBeat.at))
_ALIVE = select(func.count()).where(WorkerBeat.at > bindparam("since"))

_host = aliased(Person)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)

_IN_HAND: Select[*tuple[Any, ...]] = (
    select(
        Reminder.id,
        Reminder.municipality_id,
        Reminder.person_id,
        Reminder.kind,
        Reminder.meeting_id,
        Reminder.goal_id,
        Reminder.placement_id,
        Reminder.about_day,
        Reminder.about_version,
        Reminder.due_at,
        Reminder.useless_at,
        Reminder.tries,
        Person.language,
        Person.second_language,
        Person.phone,
        Person.email,
        Person.ended_on,
        Municipality.timezone,
        ReminderWish.quiet_from,
        ReminderWish.quiet_to,
        ReminderWish.tells_more,
        Meeting.starts_at,
        Meeting.leave_home_at,
        Meeting.cancelled_at,
        Meeting.place,
        Meeting.kind.label("meeting_kind"),
        and_(Meeting.id.is_not(None), Meeting.settled_at.is_(None)).label("is_offer"),
        _host.given_name.label("host_name"),
    )
    .join(Person, Person.id == Reminder.person_id)
    .join(Municipality, Municipality.id == Reminder.municipality_id)
    .outerjoin(ReminderWish, ReminderWish.person_id == Reminder.person_id)
    .outerjoin(Meeting, and_(Meeting.id == Reminder.meeting_id, Meeting.municipality_id == Reminder.municipality_id))
    .outerjoin(_host, _host.id == Meeting.host_id)
    .where(Reminder.id.in_(_IDS), Reminder.lease == bindparam("lease"), Reminder.state == ReminderState.WAITING)
    .order_by(Reminder.id)
)

_PHONES: Select[*tuple[Any, ...]] = (
    select(
        Reminder.id.label("reminder_id"),
        Device.id.label("device_id"),
        Device.endpoint,
        Device.p256dh,
        Device.auth,
        Delivery.verdict,
    )
    .join(Device, and_(Device.person_id == Reminder.person_id, Device.municipality_id == Reminder.municipality_id))
    .outerjoin(
        Delivery,
        and_(
            Delivery.reminder_id == Reminder.id,
            Delivery.channel == Channel.PUSH,
            Delivery.device_id == Device.id,
        ),
    )
    .where(Reminder.id.in_(_IDS), Device.endpoint.is_not(None))
)

_past = aliased(Reminder)
_looked_back = (
    select(
        Reminder.id,
        _past.shown_at,
        func.row_number().over(partition_by=Reminder.id, order_by=_past.due_at.desc()).label("place"),
    )
    .join(_past, and_(_past.municipality_id == Reminder.municipality_id, _past.person_id == Reminder.person_id))
    .where(
        Reminder.id.in_(_IDS),
        _past.due_at > bindparam("since"),
        # A young one may still be shown; one that was shown speaks for the phone at once.
        or_(
            and_(_past.channel == Channel.PUSH, _past.sent_at <= bindparam("before")),
            _past.shown_at.is_not(None),
        ),
    )
    .subquery()
)
_SILENT = (
    select(_looked_back.c.id)
    .where(_looked_back.c.place <= 2)
    .group_by(_looked_back.c.id)
    .having(func.count() == 2, func.count(_looked_back.c.shown_at) == 0)
)

_TOLD = select(Delivery.reminder_id, Delivery.channel).where(
    Delivery.reminder_id.in_(_IDS), Delivery.channel != Channel.PUSH, Delivery.verdict.in_(("sent", "dead"))
)


# A mentor can still answer: he helps there, knows her, and has an account or a link that opens and can be sent again.
# Wants the parameters `today` and `since`, the first last day whose placement's links still open.
_helps = (
    PlacementMentor.ended_at.is_(None),
    Placement.last_day >= bindparam("since"),
    or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
    exists().where(
        Relation.municipality_id == Placement.municipality_id,
        Relation.person_id == PlacementMentor.person_id,
        Relation.citizen_id == Placement.citizen_id,
        Relation.started_on <= bindparam("today"),
        or_(Relation.ended_on.is_(None), Relation.ended_on > bindparam("today")),
    ),
)
_open_link = and_(
    MentorLink.municipality_id == PlacementMentor.municipality_id,
    MentorLink.placement_id == PlacementMentor.placement_id,
    MentorLink.person_id == PlacementMentor.person_id,
    MentorLink.revoked_at.is_(None),
    MentorLink.expires_on > bindparam("today"),
    MentorLink.nonce != "",
)
_is_unsaid = and_(PlannedDay.cancelled_at.is_(None), is_without_mentor)
_citizen = aliased(Person)
_citizen_is_there = or_(_citizen.ended_on.is_(None), _citizen.ended_on > bindparam("today"))

_NUDGES_IN_HAND: Select[*tuple[Any, ...]] = (
    select(
        Reminder.id,
        Person.username,
        MentorLink.nonce,
        MentorLink.token_hash,
        PlannedDay.day,
        PlannedDay.ends_at,
    )
    .join(Person, Person.id == Reminder.person_id)
    .join(Placement, Placement.id == Reminder.placement_id)
    .join(_citizen, _citizen.id == Placement.citizen_id)
    .join(
        PlacementMentor,
        and_(PlacementMentor.placement_id == Placement.id, PlacementMentor.person_id == Reminder.person_id),
    )
    .join(
        PlannedDay,
        and_(
            PlannedDay.municipality_id == Reminder.municipality_id,
            PlannedDay.placement_id == Reminder.placement_id,
            PlannedDay.day <= Reminder.about_day,
            PlannedDay.day >= bindparam("first"),
        ),
    )
    .outerjoin(DayRecord, with_record)
    .outerjoin(MentorLink, _open_link)
    .where(
        Reminder.id.in_(_IDS),
        _is_unsaid,
        *_helps,
        _citizen_is_there,
        or_(Person.username.is_not(None), MentorLink.nonce.is_not(None)),
    )
    .order_by(Reminder.id, MentorLink.made_at)
)

_HOURS_IN_HAND = select(Reminder.id).where(
    Reminder.id.in_(_IDS),
    exists()
    .where(
        DayRecord.municipality_id == Reminder.municipality_id,
        DayRecord.citizen_id == Reminder.person_id,
        DayRecord.state == RecordState.CITIZEN_NEXT.value,
        PlannedDay.id == DayRecord.day_id,
        PlannedDay.cancelled_at.is_(None),
    )
    .correlate(Reminder),
)


def due_count(session: Session, now: datetime) -> int:
    """Return how many reminders are due, counted up to `MOST_COUNTED`."""
    return int(rows_of(session, _DUE, {"now": now}).scalar_one())


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """Return since when the oldest reminder is due that nobody has in hand."""
    moment: datetime | None = rows_of(session, _OLDEST, {"now": now}).scalar()
    return moment


def last_beat(session: Session) -> datetime | None:
    """Return when a worker last gave a sign of life."""
    moment: datetime | None = rows_of(session, _BEAT, {}).scalar()
    return moment


def workers_alive(session: Session, since: datetime) -> int:
    return int(rows_of(session, _ALIVE, {"since": since}).scalar_one())


def in_hand(session: Session, lease: str, ids: Collection[int]) -> Sequence[AnyRow]:
    """Return the reminders that this lease still holds, each with its person and meeting, in one SELECT."""
    return rows_of(session, _IN_HAND, {"ids": ids, "lease": lease}).all()


@dataclass(frozen=True)
class NudgeInHand:
    """What of a nudge still holds: the days without a word, and how its mentor can answer."""

    has_account: bool
    nonce: str | None
    """Of the link that opens, if one does."""
    token_hash: str | None
    """By which the same link is known."""
    unsaid: Collection[UnsaidDay]


def nudges_in_hand(session: Session, rows: Collection[AnyRow], now: datetime) -> Mapping[int, NudgeInHand]:
    """Return those of the nudges whose mentors can still answer something, by number."""
    if not rows:
        return {}
    values = {
        "ids": [row.id for row in rows],
        "first": min(row.about_day for row in rows) - timedelta(days=max(STAGES)),
        "today": now.date(),
        "since": now.date() - LINK_KEPT,
    }
    found: dict[int, NudgeInHand] = {}
    unsaid: dict[int, set[UnsaidDay]] = defaultdict(set)
    for row in rows_of(session, _NUDGES_IN_HAND, values):
        unsaid[row.id].add(UnsaidDay(row.day, row.ends_at))
        found[row.id] = NudgeInHand(row.username is not None, row.nonce, row.token_hash, unsaid[row.id])
    return found


def hours_in_hand(session: Session, ids: Collection[int]) -> frozenset[int]:
    """Return those of the reminders of hours whose citizens still have something to say."""
    return frozenset(rows_of(session, _HOURS_IN_HAND, {"ids": ids}).scalars()) if ids else frozenset()


def phones_for(session: Session, ids: Collection[int]) -> Sequence[AnyRow]:
    """Return the phones of each reminder's person, and what each of them has said to this reminder before."""
    return rows_of(session, _PHONES, {"ids": ids}).all()


def silent(session: Session, ids: Collection[int], now: datetime) -> frozenset[int]:
    """Return the reminders of people whose last two messages were taken half a day ago and never shown."""
    values = {"ids": ids, "since": now - SILENT_SINCE, "before": now - SILENT_AFTER}
    return frozenset(rows_of(session, _SILENT, values).scalars())


def told_otherwise(session: Session, ids: Collection[int]) -> frozenset[tuple[int, str]]:
    """Return which other channels are done with, as reminder and channel: each is used once."""
    return frozenset((row.reminder_id, row.channel) for row in rows_of(session, _TOLD, {"ids": ids}))


@lru_cache
def texts(path: Path = TEXTS) -> Texts:
    """Return the table of texts; a cell that nobody has translated yet is not there."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["key"]: {code: row[code] for code in LANGUAGES if row[code]} for row in rows}


def missing_texts() -> Mapping[str, int]:
    """Return for each language how many texts have no translation."""
    table = texts()
    return {code: sum(code not in said for said in table.values()) for code in LANGUAGES}


def outbox(folder: Path, most: int = 50) -> list[Note]:
    """Return the newest SMS and mails that were written to a folder instead of being sent, the newest first."""
    files = sorted(folder.glob("*.txt"), reverse=True)[:most] if folder.is_dir() else []
    return [Note.read(file.read_text(encoding="utf-8")) for file in files]


_LINK = re.compile(r"/m/[\w-]+")


def own_outbox(session: Session, municipality_id: int, folder: Path) -> list[Note]:
    """Return those of the newest notes in the folder that are about a municipality's own reminders.

    A mentor's link is his alone: it is left out of what others read.
    """
    notes = outbox(folder)
    ids = [note.reminder_id for note in notes]
    own = set(
        session.scalars(select(Reminder.id).filter_by(municipality_id=municipality_id).where(Reminder.id.in_(ids)))
    )
    return [replace(note, text=_LINK.sub("/m/…", note.text)) for note in notes if note.reminder_id in own]


# --- Watching -----------------------------------------------------------------------------------------------

# Found by the index of state and next try, however many years of reminders there are.
_RECENT = (Reminder.state.in_([state.value for state in ReminderState]), Reminder.next_try_at > bindparam("day"))
_BY_STATE = select(Reminder.state, func.count()).where(*_RECENT).group_by(Reminder.state)
_told_lately = Delivery.reminder_id.in_(select(Reminder.id).where(*_RECENT))
_BY_VERDICT = (
    select(Delivery.channel, Delivery.verdict, func.count())
    .where(_told_lately, Delivery.at > bindparam("hour"))
    .group_by(Delivery.channel, Delivery.verdict)
)
_SHOWN = select(func.count()).where(_told_lately, Delivery.shown_at > bindparam("hour"))
_BEATS = select(WorkerBeat.name, WorkerBeat.at)
_BY_CONSENT = select(Device.consent, func.count()).group_by(Device.consent)


@dataclass(frozen=True)
class Watched:
    """Figures for those who watch: reminders of the last day and ahead, deliveries of the last hour."""

    states: Mapping[str, int]
    verdicts: Mapping[tuple[str, str], int]
    """By channel and verdict."""
    shown: int
    beats: Mapping[str, datetime]
    """When each worker last gave a sign of life."""
    consents: Mapping[str, int]


class Pulse(NamedTuple):
    """Whether reminders go out in time."""

    due: int
    late: timedelta
    """How long the oldest one has been due that nobody has in hand."""
    has_worker: bool


def pulse(session: Session, now: datetime) -> Pulse:
    oldest, beat = oldest_due(session, now), last_beat(session)
    late = max(now - oldest, timedelta()) if oldest else timedelta()
    return Pulse(due_count(session, now), late, beat is not None and now - beat < SILENT_WORKER)


def watched(session: Session, now: datetime) -> Watched:
    since = {"day": now - timedelta(days=1), "hour": now - timedelta(hours=1)}
    return Watched(
        states=_counts(session, _BY_STATE, since),
        verdicts={(channel, verdict): count for channel, verdict, count in rows_of(session, _BY_VERDICT, since)},
        shown=int(rows_of(session, _SHOWN, since).scalar_one()),
        beats={row.name: row.at for row in rows_of(session, _BEATS, {})},
        consents=_counts(session, _BY_CONSENT, {}),
    )


def _counts(session: Session, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> Mapping[str, int]:
    return {name: count for name, count in rows_of(session, statement, values)}  # noqa: C416 - typed


# --- Planning -----------------------------------------------------------------------------------------------

DEFAULT_RULES = Path(__file__).parent / "data" / "rules.toml"


@lru_cache
def default_rules() -> Rules:
    """Return the rules that hold where a municipality has none of its own."""
    with DEFAULT_RULES.open("rb") as file:
        read = tomllib.load(file)
    return MappingProxyType({kind: Rule(**read[kind.value]) for kind in RULED})


_RULES = select(
    ReminderRule.kind, ReminderRule.is_on, ReminderRule.days_before, ReminderRule.at, ReminderRule.minutes_before
).where(ReminderRule.municipality_id == bindparam("municipality_id"))


def own_rules(session: Session, municipality_id: int) -> Rules:
    """Return the rules that a municipality has made itself."""
    rows = rows_of(session, _RULES, {"municipality_id": municipality_id})
    return {ReminderKind(kind): Rule(is_on, days, at, minutes) for kind, is_on, days, at, minutes in rows}


def rules_of(session: Session, municipality_id: int) -> Rules:
    """Return a municipality's rules, the defaults where it has none."""
    return {**default_rules(), **own_rules(session, municipality_id)}


class ToPlan(NamedTuple):
    """A meeting or a goal to plan for one person, with what she wishes and what is there already."""

    person_id: int
    meeting: MeetingToPlan | None
    goal_id: int | None
    waits_since: datetime | None
    """Of a goal: since when it waits for her yes, if it does."""
    wishes: Wishes
    is_paused: bool
    timezone: str


def _is_paused(person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(
        ReminderPause.municipality_id == bindparam("municipality_id"),
        ReminderPause.person_id == person_id,
        ReminderPause.ended_at.is_(None),
    )


_WISHES = (ReminderWish.quiet_from, ReminderWish.quiet_to, ReminderWish.tells_more, ReminderWish.words_at)
_MEETING_COLUMNS = (
    Participant.person_id,
    Participant.meeting_id,
    Participant.answer,
    Participant.outcome,
    Participant.outcome_at,
    Meeting.starts_at,
    Meeting.leave_home_at,
    Meeting.cancelled_at,
    Meeting.asked_version,
    Meeting.settled_at,
    Municipality.timezone,
    *_WISHES,
    _is_paused(Participant.__table__.c.person_id).label("is_paused"),
)
_TO_PLAN: Select[*tuple[Any, ...]] = (
    select(*_MEETING_COLUMNS)
    .join(Meeting, Meeting.id == Participant.meeting_id)
    .join(Municipality, Municipality.id == Participant.municipality_id)
    .outerjoin(ReminderWish, ReminderWish.person_id == Participant.person_id)
    .where(
        Participant.municipality_id == bindparam("municipality_id"),
        Participant.part == Part.CITIZEN.value,
        Participant.person_id.is_not(None),
    )
)


@lru_cache
def _meetings_to_plan(size: int) -> Select[*tuple[Any, ...]]:
    return _TO_PLAN.where(one_of(Participant.meeting_id, "meeting", size))


def meetings_to_plan(
    session: Session, municipality_id: int, meeting_ids: Collection[int], asked: Collection[tuple[int, int | None]] = ()
) -> list[ToPlan]:
    """Return each citizen of these meetings; `asked` are (meeting, person) called just now, None for everybody."""
    if not meeting_ids:
        return []
    size = room_for(len(meeting_ids))
    values = {"municipality_id": municipality_id, **spread("meeting", sorted(meeting_ids), size)}
    return [_meeting_to_plan(row, asked) for row in rows_of(session, _meetings_to_plan(size), values)]


def _meeting_to_plan(row: AnyRow, asked: Collection[tuple[int, int | None]]) -> ToPlan:
    meeting = MeetingToPlan(
        person_id=row.person_id,
        meeting_id=row.meeting_id,
        version=row.asked_version,
        starts_at=row.starts_at,
        leave_home_at=row.leave_home_at,
        is_settled=row.settled_at is not None,
        is_cancelled=row.cancelled_at is not None,
        answer=row.answer,
        has_missed=row.outcome == Outcome.MISSED,
        outcome_at=row.outcome_at,
        is_asked_now=(row.meeting_id, None) in asked or (row.meeting_id, row.person_id) in asked,
    )
    return ToPlan(row.person_id, meeting, None, None, _wishes_in(row), bool(row.is_paused), row.timezone)


@lru_cache
def _goals_to_plan(size: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Goal.id,
            Goal.citizen_id,
            Goal.status,
            Goal.citizen_agreed_at,
            Goal.staff_agreed_at,
            Goal.wants_to_talk_at,
            Municipality.timezone,
            *_WISHES,
            _is_paused(Goal.__table__.c.citizen_id).label("is_paused"),
        )
        .join(Municipality, Municipality.id == Goal.municipality_id)
        .outerjoin(ReminderWish, ReminderWish.person_id == Goal.citizen_id)
        .where(Goal.municipality_id == bindparam("municipality_id"), one_of(Goal.id, "goal", size))
    )


def goals_to_plan(session: Session, municipality_id: int, goal_ids: Collection[int]) -> list[ToPlan]:
    """Return these goals, each with the moment since when it waits for the citizen's yes."""
    if not goal_ids:
        return []
    size = room_for(len(goal_ids))
    values = {"municipality_id": municipality_id, **spread("goal", sorted(goal_ids), size)}
    rows = rows_of(session, _goals_to_plan(size), values)
    return [
        ToPlan(row.citizen_id, None, row.id, _waits_since(row), _wishes_in(row), bool(row.is_paused), row.timezone)
        for row in rows
    ]


def _waits_since(goal: AnyRow) -> datetime | None:
    """Return since when a goal waits for the citizen; one who wants to talk first has answered."""
    is_open = goal.status in {goals.GoalStatus.PROPOSED, goals.GoalStatus.AGREED}
    waits = is_open and goal.wants_to_talk_at is None and goals.waits_for(goal) is goals.Side.CITIZEN
    since: datetime | None = goal.staff_agreed_at
    return since if waits else None


def _wishes_in(row: AnyRow) -> Wishes:
    if row.quiet_from is None:
        return Wishes()
    return Wishes(row.quiet_from, row.quiet_to, bool(row.tells_more), row.words_at)


_KNOWN_COLUMNS = (
    Reminder.id,
    Reminder.person_id,
    Reminder.meeting_id,
    Reminder.goal_id,
    Reminder.kind,
    Reminder.about_version,
    Reminder.due_at,
    Reminder.useless_at,
    Reminder.state,
    Reminder.lease,
)


@lru_cache
def _known_of_meetings(size: int) -> Select[*tuple[Any, ...]]:
    return select(*_KNOWN_COLUMNS).where(
        Reminder.municipality_id == bindparam("municipality_id"), one_of(Reminder.meeting_id, "meeting", size)
    )


@lru_cache
def _known_of_goals(people: int, size: int) -> Select[*tuple[Any, ...]]:
    return select(*_KNOWN_COLUMNS).where(
        Reminder.municipality_id == bindparam("municipality_id"),
        one_of(Reminder.person_id, "person", people),
        one_of(Reminder.goal_id, "goal", size),
    )


About = tuple[int, int | None, int | None]
"""Whom a reminder is to, and about which meeting or goal."""


def known_of_meetings(
    session: Session, municipality_id: int, meeting_ids: Collection[int]
) -> Mapping[About, list[Known]]:
    """Return all reminders of these meetings, whatever became of them."""
    if not meeting_ids:
        return {}
    size = room_for(len(meeting_ids))
    values = {"municipality_id": municipality_id, **spread("meeting", sorted(meeting_ids), size)}
    return _known(rows_of(session, _known_of_meetings(size), values))


def known_of_goals(session: Session, municipality_id: int, wanted: Sequence[ToPlan]) -> Mapping[About, list[Known]]:
    """Return all reminders of these goals, whatever became of them."""
    if not wanted:
        return {}
    people, goal_ids = sorted({one.person_id for one in wanted}), [one.goal_id for one in wanted]
    sizes = room_for(len(people)), room_for(len(goal_ids))
    values = {
        "municipality_id": municipality_id,
        **spread("person", people, sizes[0]),
        **spread("goal", goal_ids, sizes[1]),
    }
    return _known(rows_of(session, _known_of_goals(*sizes), values))


def _known(rows: Iterable[AnyRow]) -> Mapping[About, list[Known]]:
    """A leased row may be on its way this moment, so it counts as told."""
    known: dict[About, list[Known]] = defaultdict(list)
    told = {ReminderState.SENT, ReminderState.CALL}
    for row in rows:
        is_waiting = row.state == ReminderState.WAITING
        is_told = row.state in told or (is_waiting and row.lease is not None)
        one = Known(row.id, ReminderKind(row.kind), row.about_version, row.due_at, row.useless_at, is_waiting, is_told)
        known[row.person_id, row.meeting_id, row.goal_id].append(one)
    return known


_MEETINGS_AHEAD = (
    select(Participant.meeting_id)
    .where(
        Participant.municipality_id == bindparam("municipality_id"),
        Participant.person_id == bindparam("person_id"),
        Participant.part == Part.CITIZEN.value,
        Participant.starts_at > bindparam("since"),
    )
    .order_by(Participant.starts_at)
)
_GOALS_OPEN = select(Goal.id).where(
    Goal.municipality_id == bindparam("municipality_id"),
    Goal.citizen_id == bindparam("person_id"),
    Goal.status.in_([goals.GoalStatus.PROPOSED, goals.GoalStatus.AGREED]),
)
MISSED_LATELY = timedelta(days=14)


def things_of(session: Session, municipality_id: int, person_id: int, now: datetime) -> tuple[list[int], list[int]]:
    """Return the meetings and the goals that a person's reminders can be about."""
    values = {"municipality_id": municipality_id, "person_id": person_id}
    meetings = rows_of(session, _MEETINGS_AHEAD, {**values, "since": now - MISSED_LATELY}).scalars().all()
    return list(meetings), list(rows_of(session, _GOALS_OPEN, values).scalars().all())


def waiting_things(
    session: Session, municipality_id: int, now: datetime, *, after: int = 0, size: int = 500
) -> list[int]:
    """Return a page of the municipality's meetings ahead, by number."""
    statement = (
        select(Participant.meeting_id)
        .distinct()
        .where(
            Participant.municipality_id == municipality_id,
            Participant.starts_at > now,
            Participant.part == Part.CITIZEN.value,
            Participant.meeting_id > after,
        )
        .order_by(Participant.meeting_id)
        .limit(size)
    )
    return list(session.scalars(statement))


def goals_waiting(session: Session, municipality_id: int, *, after: int = 0, size: int = 500) -> list[int]:
    """Return a page of the municipality's goals that wait for a citizen, by number."""
    statement = (
        select(Goal.id)
        .where(
            Goal.municipality_id == municipality_id,
            Goal.status.in_([goals.GoalStatus.PROPOSED, goals.GoalStatus.AGREED]),
            Goal.citizen_agreed_at.is_(None),
            Goal.id > after,
        )
        .order_by(Goal.id)
        .limit(size)
    )
    return list(session.scalars(statement))


class Learner(NamedTuple):
    person_id: int
    wishes: Wishes


_LEARNERS_TO_TELL = (
    select(ReminderWish.person_id, *_WISHES)
    .join(Person, Person.id == ReminderWish.person_id)
    .where(
        ReminderWish.municipality_id == bindparam("municipality_id"),
        ReminderWish.words_at.is_not(None),
        ReminderWish.words_at <= bindparam("clock"),
        or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
        ~_is_paused(ReminderWish.__table__.c.person_id),
        exists().where(WordCard.person_id == ReminderWish.person_id, WordCard.due_at < bindparam("midnight_after")),
        ~exists().where(WordCard.person_id == ReminderWish.person_id, WordCard.answered_at >= bindparam("midnight")),
        ~exists().where(
            Reminder.municipality_id == bindparam("municipality_id"),
            Reminder.person_id == ReminderWish.person_id,
            Reminder.due_at >= bindparam("midnight"),
            Reminder.kind == ReminderKind.WORDS.value,
        ),
    )
    .order_by(ReminderWish.person_id)
)


def learners_to_tell(
    session: Session, municipality_id: int, clock: time, today: date, midnight: datetime, midnight_after: datetime
) -> list[Learner]:
    """Return who wants to be told of words by now, has some that are due, and has neither practised nor been told."""
    values = {
        "municipality_id": municipality_id,
        "clock": clock,
        "today": today,
        "midnight": midnight,
        "midnight_after": midnight_after,
    }
    return [Learner(row.person_id, _wishes_in(row)) for row in rows_of(session, _LEARNERS_TO_TELL, values)]


# --- Days that nobody has spoken of -------------------------------------------------------------------------

_UNSAID_BY_MENTOR: Select[*tuple[Any, ...]] = (
    select(
        PlacementMentor.person_id,
        PlannedDay.placement_id,
        PlannedDay.day,
        PlannedDay.ends_at,
        *_WISHES,
        Reminder.about_day,
        Reminder.about_version,
    )
    .select_from(Placement)
    .join(PlacementMentor, PlacementMentor.placement_id == Placement.id)
    .join(Person, Person.id == PlacementMentor.person_id)
    .join(_citizen, _citizen.id == Placement.citizen_id)
    .join(
        PlannedDay,
        and_(PlannedDay.municipality_id == Placement.municipality_id, PlannedDay.placement_id == Placement.id),
    )
    .outerjoin(DayRecord, with_record)
    .outerjoin(ReminderWish, ReminderWish.person_id == PlacementMentor.person_id)
    .outerjoin(
        Reminder,
        and_(
            Reminder.municipality_id == PlacementMentor.municipality_id,
            Reminder.person_id == PlacementMentor.person_id,
            Reminder.due_at >= bindparam("midnight"),
            Reminder.placement_id == PlacementMentor.placement_id,
            Reminder.kind == ReminderKind.NUDGE.value,
            Reminder.state != ReminderState.CANCELLED.value,
        ),
    )
    .where(
        Placement.municipality_id == bindparam("municipality_id"),
        Placement.starts_on <= bindparam("today"),
        PlannedDay.day >= bindparam("first"),
        PlannedDay.day <= bindparam("today"),
        _is_unsaid,
        *_helps,
        _citizen_is_there,
        or_(
            Person.username.is_not(None),
            exists().where(_open_link).correlate(PlacementMentor),
        ),
    )
)


class SilentMentor(NamedTuple):
    """A mentor of a placement of which nothing has been said lately."""

    person_id: int
    placement_id: int
    wishes: Wishes
    unsaid: Collection[UnsaidDay]
    """Today's too, although it may not be over."""
    asked: Collection[date]
    """The evenings, since yesterday, that he has been asked on, or is being."""


def silent_mentors(session: Session, municipality_id: int, today: date, midnight: datetime) -> list[SilentMentor]:
    """Return the mentors who can answer for a day without a word; `midnight` is that before yesterday."""
    values = {
        "municipality_id": municipality_id,
        "today": today,
        "since": today - LINK_KEPT,
        "first": today - timedelta(days=max(STAGES) + 1),
        "midnight": midnight,
    }
    found: dict[tuple[int, int], SilentMentor] = {}
    unsaid: dict[tuple[int, int], set[UnsaidDay]] = defaultdict(set)
    asked: dict[tuple[int, int], set[date]] = defaultdict(set)
    for row in rows_of(session, _UNSAID_BY_MENTOR, values):
        key = row.person_id, row.placement_id
        unsaid[key].add(UnsaidDay(row.day, row.ends_at))
        if row.about_day is not None:
            asked[key].add(row.about_day + timedelta(days=row.about_version))
        if key not in found:
            found[key] = SilentMentor(*key, _wishes_in(row), unsaid[key], asked[key])
    return [found[key] for key in sorted(found)]


_last_hours = (
    Reminder.municipality_id == DayRecord.municipality_id,
    Reminder.person_id == DayRecord.citizen_id,
    Reminder.kind == ReminderKind.HOURS.value,
)
_reminded_at = (
    select(func.max(func.coalesce(Reminder.sent_at, Reminder.made_at)))
    .where(*_last_hours, Reminder.state != ReminderState.CANCELLED)
    .correlate(DayRecord)
    .scalar_subquery()
)
_last_due = select(func.max(Reminder.due_at)).where(*_last_hours).correlate(DayRecord).scalar_subquery()
_WAITING_FOR_CITIZENS: Select[*tuple[Any, ...]] = (
    select(
        DayRecord.citizen_id,
        DayRecord.placement_id,
        DayRecord.day,
        DayStatement.arrived_at,
        *_WISHES,
        _reminded_at.label("reminded_at"),
        _last_due.label("last_due"),
    )
    .join(PlannedDay, with_record)
    .join(
        DayStatement,
        and_(DayStatement.day_id == DayRecord.day_id, DayStatement.id == DayRecord.mentor_statement),
    )
    .join(Person, Person.id == DayRecord.citizen_id)
    .outerjoin(ReminderWish, ReminderWish.person_id == DayRecord.citizen_id)
    .where(
        DayRecord.municipality_id == bindparam("municipality_id"),
        DayRecord.state == RecordState.CITIZEN_NEXT.value,
        PlannedDay.cancelled_at.is_(None),
        or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
        ~_is_paused(DayRecord.__table__.c.citizen_id),
    )
    .order_by(DayRecord.citizen_id, DayRecord.day)
)


class HoursToConfirm(NamedTuple):
    """A citizen whose word is waited for, with something new since she was last reminded of it."""

    citizen_id: int
    placement_id: int
    day: date
    """The latest that waits."""
    wishes: Wishes
    last_due: datetime | None
    """When she was reminded of hours before."""


def hours_to_confirm(session: Session, municipality_id: int, today: date) -> list[HoursToConfirm]:
    found: dict[int, HoursToConfirm] = {}
    fresh: set[int] = set()
    for row in rows_of(session, _WAITING_FOR_CITIZENS, {"municipality_id": municipality_id, "today": today}):
        found[row.citizen_id] = HoursToConfirm(row.citizen_id, row.placement_id, row.day, _wishes_in(row), row.last_due)
        if row.reminded_at is None or row.arrived_at > row.reminded_at:
            fresh.add(row.citizen_id)
    return [one for citizen_id, one in found.items() if citizen_id in fresh]


_day_waiting = select(
    Reminder.id,
    Reminder.kind,
    Reminder.person_id,
    Reminder.placement_id,
    Reminder.about_day,
    Reminder.about_version,
    Reminder.due_at,
).where(Reminder.municipality_id == bindparam("municipality_id"), Reminder.state == ReminderState.WAITING)
# Two halves, each with an index of its own: with an OR SQLite reads all reminders of the municipality.
_OF_DAYS_WAITING = union_all(
    _day_waiting.where(
        Reminder.placement_id.in_(bindparam("placements", expanding=True)), Reminder.kind == ReminderKind.NUDGE.value
    ),
    _day_waiting.where(
        Reminder.person_id.in_(bindparam("citizens", expanding=True)), Reminder.kind == ReminderKind.HOURS.value
    ),
).order_by("id")


def waiting_of_days(
    session: Session, municipality_id: int, placement_ids: Collection[int], citizen_ids: Collection[int]
) -> Sequence[AnyRow]:
    """Return the nudges about these placements and the reminders of hours to these citizens that wait."""
    values = {"municipality_id": municipality_id, "placements": list(placement_ids), "citizens": list(citizen_ids)}
    return rows_of(session, _OF_DAYS_WAITING, values).all()


_OPEN_DAYS = (
    select(
        PlannedDay.placement_id,
        PlannedDay.citizen_id,
        PlannedDay.day,
        PlannedDay.ends_at,
        is_without_mentor.label("is_unsaid"),
    )
    .outerjoin(DayRecord, with_record)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.citizen_id.in_(bindparam("citizens", expanding=True)),
        PlannedDay.cancelled_at.is_(None),
        or_(
            and_(is_without_mentor, PlannedDay.day >= bindparam("first"), PlannedDay.day <= bindparam("last")),
            DayRecord.state == RecordState.CITIZEN_NEXT.value,
        ),
    )
)


def open_days(
    session: Session, municipality_id: int, citizen_ids: Collection[int], first: date, last: date
) -> tuple[Mapping[int, Collection[UnsaidDay]], frozenset[int]]:
    """Return by placement the days without a mentor's word between two dates, and the citizens who are waited for."""
    values = {"municipality_id": municipality_id, "citizens": list(citizen_ids), "first": first, "last": last}
    unsaid: dict[int, list[UnsaidDay]] = defaultdict(list)
    waited_for = set()
    for row in rows_of(session, _OPEN_DAYS, values):
        if row.is_unsaid:
            unsaid[row.placement_id].append(UnsaidDay(row.day, row.ends_at))
        else:
            waited_for.add(row.citizen_id)
    return unsaid, frozenset(waited_for)


_LAST_NUDGES = (
    select(Reminder.person_id, Reminder.sent_at, Reminder.channel)
    .where(
        Reminder.municipality_id == bindparam("municipality_id"),
        Reminder.placement_id == bindparam("placement_id"),
        Reminder.kind == ReminderKind.NUDGE.value,
        Reminder.state == ReminderState.SENT,
    )
    .order_by(Reminder.sent_at.desc(), Reminder.id.desc())
    .limit(200)
)


def last_nudges(session: Session, municipality_id: int, placement_id: int) -> Mapping[int, AnyRow]:
    """Return for each mentor of a placement when and by what he was last asked about a day."""
    found: dict[int, AnyRow] = {}
    for row in rows_of(session, _LAST_NUDGES, {"municipality_id": municipality_id, "placement_id": placement_id}):
        found.setdefault(row.person_id, row)
    return found


# --- What a person wishes and gets --------------------------------------------------------------------------


def wishes_of(session: Session, municipality_id: int, person_id: int) -> Wishes:
    """Return how somebody wants to be reminded, or the usual."""
    row = session.execute(
        select(*_WISHES).where(ReminderWish.municipality_id == municipality_id, ReminderWish.person_id == person_id)
    ).first()
    return _wishes_in(row) if row else Wishes()


def pause_of(session: Session, municipality_id: int, person_id: int) -> ReminderPause | None:
    """Return the pause that staff have made for a person, if one holds."""
    return session.scalars(
        select(ReminderPause)
        .filter_by(municipality_id=municipality_id, person_id=person_id, ended_at=None)
        .order_by(ReminderPause.id)
        .limit(1)
    ).first()


_GONE_OUT = (
    select(
        Reminder.id,
        Reminder.kind,
        Reminder.meeting_id,
        Reminder.goal_id,
        Reminder.due_at,
        Reminder.state,
        Reminder.sent_at,
        Reminder.shown_at,
        Reminder.channel,
        Reminder.language,
        Meeting.starts_at,
    )
    .outerjoin(Meeting, Meeting.id == Reminder.meeting_id)
    .where(
        Reminder.municipality_id == bindparam("municipality_id"),
        Reminder.person_id == bindparam("person_id"),
        or_(
            Reminder.state.in_([ReminderState.SENT, ReminderState.CALL, ReminderState.EXPIRED]),
            and_(Reminder.state == ReminderState.WAITING, Reminder.kind == ReminderKind.TEST),
        ),
    )
    .order_by(Reminder.due_at.desc(), Reminder.id.desc())
    .limit(bindparam("size"))
)


def gone_out(session: Session, municipality_id: int, person_id: int, size: int = 10) -> Sequence[AnyRow]:
    """Return the last reminders to a person that went out or came too late, the newest first."""
    return rows_of(session, _GONE_OUT, {"municipality_id": municipality_id, "person_id": person_id, "size": size}).all()


_OF_MEETING = (
    select(
        Reminder.id,
        Reminder.person_id,
        Reminder.kind,
        Reminder.due_at,
        Reminder.state,
        Reminder.sent_at,
        Reminder.shown_at,
        Reminder.channel,
        Reminder.language,
    )
    .where(
        Reminder.municipality_id == bindparam("municipality_id"),
        Reminder.meeting_id == bindparam("meeting_id"),
        Reminder.state != ReminderState.CANCELLED,
    )
    .order_by(Reminder.due_at, Reminder.id)
)


def reminders_of_meeting(session: Session, municipality_id: int, meeting_id: int) -> Mapping[int, Sequence[AnyRow]]:
    """Return by person what has gone out about a meeting and what is to come, the earliest first."""
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for row in rows_of(session, _OF_MEETING, {"municipality_id": municipality_id, "meeting_id": meeting_id}):
        found[row.person_id].append(row)
    return found


_WAITING = (
    select(Reminder.id, Reminder.kind, Reminder.due_at, Reminder.meeting_id)
    .where(
        Reminder.municipality_id == bindparam("municipality_id"),
        Reminder.person_id == bindparam("person_id"),
        Reminder.state == ReminderState.WAITING,
        Reminder.kind != ReminderKind.TEST,
    )
    .order_by(Reminder.due_at, Reminder.id)
    .limit(bindparam("size"))
)


def waiting(session: Session, municipality_id: int, person_id: int, size: int = 20) -> Sequence[AnyRow]:
    """Return the reminders that are to come, the soonest first."""
    return rows_of(session, _WAITING, {"municipality_id": municipality_id, "person_id": person_id, "size": size}).all()


def last_test(session: Session, municipality_id: int, person_id: int, since: datetime) -> Reminder | None:
    """Return the last trial of a person's phones since a moment."""
    return session.scalars(
        select(Reminder)
        .where(
            Reminder.municipality_id == municipality_id,
            Reminder.person_id == person_id,
            Reminder.kind == ReminderKind.TEST,
            Reminder.due_at >= since,
        )
        .order_by(Reminder.id.desc())
        .limit(1)
    ).first()


class Phone(NamedTuple):
    """A reminder, and the phone that says something about it; the phone is missing once it is signed out."""

    reminder: Reminder
    sign_in_id: int | None
    fields: dict[str, Any]
    """The fields of an `Actor` for the person, if that phone's sign-in still holds."""


def phone_of_reminder(session: Session, reminder_id: int, device_id: int, now: datetime) -> Phone:
    """Return what a phone's message is about; raises NotFound when that phone did not get it or is another's."""
    reminder = session.get(Reminder, reminder_id)
    if reminder is None:
        raise NotFound
    row = session.execute(
        select(*ACTOR_COLUMNS, SignIn.id.label("sign_in_id"))
        .select_from(Device)
        .join(SignIn, SignIn.id == Device.sign_in_id)
        .join(Person, Person.id == SignIn.person_id)
        .join(Municipality, Municipality.id == Person.municipality_id)
        .where(
            Device.id == device_id,
            Device.person_id == reminder.person_id,
            SignIn.person_id == reminder.person_id,
            SignIn.expires_at > now,
            or_(Person.ended_on.is_(None), Person.ended_on > now.date()),
        )
    ).first()
    if row is None:
        return Phone(reminder, None, {})
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy documents this name
    return Phone(reminder, row.sign_in_id, fields)


def answered_at(session: Session, reminder: Reminder) -> datetime | None:
    """Return when the person of a reminder last answered its meeting."""
    return session.scalar(
        select(Participant.answered_at).filter_by(
            municipality_id=reminder.municipality_id, meeting_id=reminder.meeting_id, person_id=reminder.person_id
        )
    )


# --- For staff ----------------------------------------------------------------------------------------------


def _unshown_statement(size: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Delivery.device_id, func.count().label("times"))
        .join(Reminder, Reminder.id == Delivery.reminder_id)
        .join(Device, Device.id == Delivery.device_id)
        .where(
            Reminder.municipality_id == bindparam("municipality_id"),
            one_of(Reminder.person_id, "person", size),
            Reminder.due_at > bindparam("since"),
            Delivery.channel == Channel.PUSH.value,
            Delivery.verdict == "sent",
            Delivery.shown_at.is_(None),
            or_(Device.shown_at.is_(None), Delivery.at > Device.shown_at),
        )
        .group_by(Delivery.device_id)
    )


_unshown = lru_cache(_unshown_statement)
UNSHOWN_SINCE = timedelta(days=60)


def unshown_of(session: Session, municipality_id: int, person_ids: Collection[int], now: datetime) -> Mapping[int, int]:
    """Return for each phone how many messages its service took since it last showed one."""
    if not person_ids:
        return {}
    size = room_for(len(person_ids))
    values = {
        "municipality_id": municipality_id,
        "since": now - UNSHOWN_SINCE,
        **spread("person", sorted(person_ids), size),
    }
    return {row.device_id: row.times for row in rows_of(session, _unshown(size), values)}


def reaches(
    session: Session, municipality_id: int, person_ids: Collection[int], now: datetime, today: date
) -> Mapping[int, Reach]:
    """Return how surely each person is reached by push."""
    phones = reach_of(session, municipality_id, person_ids)
    unshown = unshown_of(session, municipality_id, person_ids, now)
    return {person_id: reach(phones[person_id], unshown, today) for person_id in person_ids}


_CALLS = (
    select(
        Reminder.id,
        Reminder.kind,
        Reminder.due_at,
        Reminder.meeting_id,
        Meeting.starts_at,
        Meeting.place,
        Meeting.cancelled_at,
        Person.id.label("citizen_id"),
        Person.given_name,
        Person.family_name,
        Person.phone,
        Person.has_photo,
        Person.language,
        Person.needs_interpreter,
    )
    .join(Person, Person.id == Reminder.person_id)
    .join(Meeting, Meeting.id == Reminder.meeting_id)
    .where(
        Reminder.municipality_id == bindparam("municipality_id"),
        Reminder.state == ReminderState.CALL,
        is_citizen_of_worker(Reminder.person_id),
        or_(Meeting.starts_at > bindparam("now"), Reminder.useless_at > bindparam("now")),
    )
    .order_by(Meeting.starts_at, Person.given_name, Reminder.id)
    .limit(bindparam("size"))
)


def calls_to_make(session: Session, actor: Actor, now: datetime, today: date, size: int = 100) -> Sequence[AnyRow]:
    """Return the reminders by which nothing could reach the worker's citizens, the soonest meeting first."""
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
    return rows_of(session, _CALLS, {**values, "now": now, "size": size}).all()


def call_to_end(session: Session, actor: Actor, reminder_id: int, today: date) -> Reminder:
    """Return a reminder that the worker is to call about; raises NotFound for a stranger's."""
    reminder = session.scalars(
        select(Reminder)
        .where(
            Reminder.municipality_id == actor.municipality_id,
            Reminder.id == reminder_id,
            Reminder.state.in_([ReminderState.CALL, ReminderState.SENT]),
            is_citizen_of_worker(Reminder.__table__.c.person_id),
        )
        .with_for_update(),
        {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today},
    ).first()
    if reminder is None:
        raise NotFound
    return reminder


class Unsure(NamedTuple):
    """A citizen who is not surely reached."""

    row: AnyRow
    reach: Reach


_OWN_CITIZENS = (
    select(Person.id, Person.given_name, Person.family_name, Person.phone, Person.has_photo)
    .where(
        Person.municipality_id == bindparam("municipality_id"),
        Person.role == Role.CITIZEN.value,
        or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
        is_citizen_of_worker(Person.__table__.c.id),
    )
    .order_by(Person.given_name, Person.id)
    .limit(bindparam("size"))
)

_SOON = timedelta(days=3)
_OWN_CITIZENS_WITH_MEETING_SOON = _OWN_CITIZENS.where(
    Person.id.in_(
        select(Participant.person_id)
        .join(Meeting, Meeting.id == Participant.meeting_id)
        .where(
            Participant.municipality_id == bindparam("municipality_id"),
            Participant.part == Part.CITIZEN.value,
            Participant.starts_at > bindparam("after"),
            Participant.starts_at < bindparam("before"),
            Meeting.cancelled_at.is_(None),
        )
    )
)


def unsure_citizens(session: Session, actor: Actor, now: datetime, today: date, size: int = 200) -> list[Unsure]:
    """Return those of a worker's citizens whom push does not surely reach, those without any way first."""
    return _unsure(session, actor, _OWN_CITIZENS, now, today, size=size)


def unreachable_before_meeting(session: Session, actor: Actor, now: datetime, today: date) -> list[Unsure]:
    """Return those of a worker's citizens whom push cannot reach and who have a meeting within three days."""
    soon = now + _SOON
    unsure = _unsure(session, actor, _OWN_CITIZENS_WITH_MEETING_SOON, now, today, size=200, after=now, before=soon)
    return [one for one in unsure if one.reach.light is Light.NONE]


def _unsure(
    session: Session, actor: Actor, citizens: Select[*tuple[Any, ...]], now: datetime, today: date, **values: Any
) -> list[Unsure]:
    own = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
    rows = rows_of(session, citizens, own | values).all()
    found = reaches(session, actor.municipality_id, [row.id for row in rows], now, today)
    unsure = [Unsure(row, found[row.id]) for row in rows if found[row.id].light is not Light.OK]
    return sorted(unsure, key=lambda one: one.reach.light is not Light.NONE)


# --- Figures ------------------------------------------------------------------------------------------------

_LAST_CHANNEL = (
    select(Reminder.channel)
    .where(
        Reminder.municipality_id == bindparam("municipality_id"),
        Reminder.meeting_id == Participant.meeting_id,
        Reminder.person_id == Participant.person_id,
        Reminder.state == ReminderState.SENT.value,
    )
    .order_by(Reminder.sent_at.desc())
    .limit(1)
    .correlate(Participant)
    .scalar_subquery()
)
_ATTENDED = (
    select(
        Participant.person_id,
        Meeting.was_chosen,
        Participant.answered_at.is_not(None).label("has_answered"),
        Person.language,
        func.coalesce(_LAST_CHANNEL, "").label("channel"),
        Participant.outcome,
        func.count().label("count"),
    )
    .join(Meeting, Meeting.id == Participant.meeting_id)
    .join(Person, Person.id == Participant.person_id)
    .where(
        Participant.municipality_id == bindparam("municipality_id"),
        Participant.starts_at >= bindparam("begins"),
        Participant.starts_at < bindparam("ends"),
        Participant.part == Part.CITIZEN.value,
        Participant.outcome.in_([Outcome.CAME.value, Outcome.EXCUSED.value, Outcome.MISSED.value]),
    )
    .group_by(
        Participant.person_id,
        Meeting.was_chosen,
        Participant.answered_at.is_not(None),
        Person.language,
        "channel",
        Participant.outcome,
    )
)


def attended(session: Session, municipality_id: int, begins: datetime, ends: datetime) -> list[Attended]:
    """Return how the meetings of a municipality went between two moments, for figures without names."""
    values = {"municipality_id": municipality_id, "begins": begins, "ends": ends}
    return [Attended(*row) for row in session.execute(_ATTENDED, values)]
