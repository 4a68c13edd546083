"""Meetings as citizens and staff read them.

Lists select columns by statements built once at import. Since no meeting spans more than `rules.OFFER_SPAN`, "not
ended" is also "did not begin long ago", which the indexes by start can answer. A person's list is led by her own
participant rows; the citizens of a page of meetings are then read together.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import holidays
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from citizen_app.config import LANGUAGES
from citizen_app.db import AnyRow, UtcDateTime, one_of, room_for, rows_of, spread
from citizen_app.meetings import rules
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
    FREE_DAYS,
    LONGEST,
    OFFER_SPAN,
    WAITED_FOR,
    Answer,
    Happening,
    Interpreter,
    Kind,
    MeetingFacts,
    Part,
    Position,
    Slot,
    Way,
    Window,
    local_day,
)
from citizen_app.people.models import Person
from citizen_app.people.queries import is_citizen_of_worker
from citizen_app.policy import STAFF, Actor, NotFound, Subject
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import Reading

AGREED_LATELY = timedelta(days=90)
"""How long what was agreed at a meeting stands on the list of meetings."""
KINDS = Path(__file__).parent / "data" / "kinds.csv"
_KIND_COLUMNS = ("key", "picture", "minutes", "is_group", *LANGUAGES)
_KEY_LENGTH = 20
"""As long as the column of a meeting's kind."""


class BadKind(Exception):
    """A row of the kinds is wrong; the message names file, line and field."""


@lru_cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds of meeting by key, in the order in which staff choose from them."""
    return read_kinds(KINDS)


def read_kinds(path: Path) -> Mapping[str, Kind]:
    """Read a file of kinds; raises BadKind naming file, line and field."""
    found: dict[str, Kind] = {}
    try:
        lines = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError as error:
        raise BadKind(f"{path.name}, line 1: the file must be UTF-8") from error
    _check_columns(lines.fieldnames or (), f"{path.name}, line 1")
    for row in lines:
        where = f"{path.name}, line {lines.line_num}"
        _check_kind(row, where)
        if row["key"] in found:
            raise BadKind(f"{where}: key {row['key']} is there twice")
        names = {language: row[language] for language in LANGUAGES}
        found[row["key"]] = Kind(row["key"], row["picture"], int(row["minutes"]), row["is_group"] == "yes", names)
    return found


def _check_columns(columns: Sequence[str], where: str) -> None:
    for name in _KIND_COLUMNS:
        if name not in columns:
            raise BadKind(f"{where}: column {name} is missing")
    for place, name in enumerate(columns):
        if name not in _KIND_COLUMNS:
            raise BadKind(f"{where}: column {name!r} is not known")
        if name in columns[:place]:
            raise BadKind(f"{where}: column {name} is there twice")


def _check_kind(row: Mapping[str | None, Any], where: str) -> None:
    if None in row:
        raise BadKind(f"{where}: there is more than the columns hold")
    for name in _KIND_COLUMNS:
        if not (row[name] or "").strip():
            raise BadKind(f"{where}: {name} is empty")
    if len(row["key"]) > _KEY_LENGTH:
        raise BadKind(f"{where}: key has more than {_KEY_LENGTH} signs")
    longest = LONGEST // timedelta(minutes=1)
    if not row["minutes"].isdecimal() or not 1 <= int(row["minutes"]) <= longest:
        raise BadKind(f"{where}: minutes must be a number from 1 to {longest}")
    if row["is_group"] not in {"yes", "no"}:
        raise BadKind(f"{where}: is_group must be yes or no")


def kind_name(key: str, language: str) -> str:
    """Return what a kind of meeting is called."""
    return kinds()[key].names[language]


_Host = aliased(Person)
_Me = aliased(Participant)

_BASE = (
    Meeting.id,
    Meeting.kind,
    Meeting.is_group,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.way,
    Meeting.place,
    Meeting.how_to_find,
    Meeting.link,
    Meeting.leave_home_at,
    Meeting.language,
    Meeting.interpreter,
    Meeting.interpreter_name,
    Meeting.bring,
    Meeting.cancelled_at,
    Meeting.cancel_reason,
    Meeting.version,
    Meeting.asked_version,
    Meeting.moved_from,
    Meeting.settled_at,
    Meeting.was_chosen,
    Meeting.made_at,
    Meeting.host_id,
    _Host.given_name.label("host_given_name"),
    _Host.family_name.label("host_family_name"),
    _Host.role.label("host_role"),
    _Host.has_photo.label("host_has_photo"),
    _Host.phone.label("host_phone"),
)
_OWN = (
    _Me.part,
    _Me.answer,
    _Me.answered_at,
    _Me.answer_reason,
    _Me.answer_note,
    _Me.answer_note_language,
    _Me.outcome,
)
_HAS_NOT_ENDED = and_(_Me.starts_at > bindparam("since"), Meeting.ends_at > bindparam("now"))
_COMING = (_Me.starts_at, _Me.meeting_id)

_OF_PERSON: Select[*tuple[Any, ...]] = (
    select(*_BASE, *_OWN)
    .select_from(_Me)
    .join(Meeting, Meeting.id == _Me.meeting_id)
    .join(_Host, _Host.id == Meeting.host_id)
    .where(_Me.municipality_id == bindparam("municipality_id"), _Me.person_id == bindparam("person_id"))
)
_UPCOMING = _OF_PERSON.where(_HAS_NOT_ENDED).order_by(*_COMING).limit(50)
NEXT = _OF_PERSON.where(_HAS_NOT_ENDED, Meeting.cancelled_at.is_(None)).order_by(*_COMING).limit(1)
"""The next meeting that takes place, for the values of `coming`; the start page asks it together with other things."""
_ONE = _OF_PERSON.where(_Me.meeting_id == bindparam("meeting_id"))


def upcoming_meetings(session: Session, municipality_id: int, citizen_id: int, now: datetime) -> Sequence[AnyRow]:
    """Return the meetings that have not ended, soonest first; cancelled ones too, so that nobody sets out."""
    return session.execute(_UPCOMING, coming(municipality_id, now, person_id=citizen_id)).all()


def next_meeting(session: Session, municipality_id: int, citizen_id: int, now: datetime) -> AnyRow | None:
    """Return the next meeting that takes place."""
    return rows_of(session, NEXT, coming(municipality_id, now, person_id=citizen_id)).first()


def meeting_of_citizen(session: Session, municipality_id: int, citizen_id: int, meeting_id: int) -> AnyRow:
    """Return one meeting as a person in it sees it; raises NotFound for anybody else's."""
    where = {"municipality_id": municipality_id, "person_id": citizen_id, "meeting_id": meeting_id}
    row = session.execute(_ONE, where).first()
    if row is None:
        raise NotFound
    return row


class MeetingList(NamedTuple):
    rows: Sequence[AnyRow]
    next: Position | None
    """Where the next page begins, if there is one."""


_PAST = (
    _OF_PERSON.where(
        Meeting.ends_at <= bindparam("now"),
        tuple_(_Me.starts_at, _Me.meeting_id) < tuple_(bindparam("at", type_=UtcDateTime()), bindparam("id")),
    )
    .order_by(_Me.starts_at.desc(), _Me.meeting_id.desc())
    .limit(bindparam("size"))
)


def past_meetings(
    session: Session,
    municipality_id: int,
    citizen_id: int,
    now: datetime,
    *,
    before: Position | None = None,
    size: int = 20,
) -> MeetingList:
    """Return a page of the meetings that have ended, the latest first."""
    start = before or Position(now, 0)
    where = {"municipality_id": municipality_id, "person_id": citizen_id, "now": now}
    return _page(session.execute(_PAST, {**where, **_behind(start), "size": size + 1}).all(), size)


def meetings_of_citizen(session: Session, municipality_id: int, citizen_id: int, now: datetime) -> Sequence[AnyRow]:
    """Return what staff see on a citizen's page: all that is coming and the last five that have been."""
    past = past_meetings(session, municipality_id, citizen_id, now, size=5).rows
    return [*upcoming_meetings(session, municipality_id, citizen_id, now), *past]


# --- A worker's meetings ------------------------------------------------------------------------------------


def _has_known_citizen(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a citizen of a meeting is one the worker works with today."""
    other = aliased(Participant)
    return exists(
        select(other.id).where(
            other.meeting_id == Meeting.id,
            other.part == Part.CITIZEN.value,
            is_citizen_of_worker(other.person_id),
            *(condition for condition in conditions),
        )
    )


_OF_WORKER = _OF_PERSON.where(or_(Meeting.is_group, _has_known_citizen()))
_COMING_OF_WORKER = _OF_WORKER.where(_HAS_NOT_ENDED).order_by(*_COMING).limit(bindparam("size"))
_WORKER_PAGE = _COMING_OF_WORKER.where(
    tuple_(_Me.starts_at, _Me.meeting_id) > tuple_(bindparam("at", type_=UtcDateTime()), bindparam("id"))
)


class Listed(NamedTuple):
    """A meeting in a list of staff's, with the citizens the reader works with."""

    meeting: AnyRow
    citizens: Sequence[AnyRow]


class WorkerList(NamedTuple):
    listed: Sequence[Listed]
    next: Position | None


def meetings_of_worker(
    session: Session, actor: Actor, now: datetime, *, after: Position | None = None, size: int = 50
) -> WorkerList:
    """Return a page of the coming meetings a worker takes part in with citizens she works with, soonest first.

    Why somebody cannot come is not among the columns: it is read on the meeting's own page, which is logged.
    """
    start = after or Position(now - OFFER_SPAN, 0)
    values = {**_worker(actor, now), **_behind(start), "size": size + 1}
    rows, following = _page(session.execute(_WORKER_PAGE, values).all(), size)
    return WorkerList(with_citizens(session, actor, rows, now), following)


@lru_cache
def _citizens_of(size: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Participant.meeting_id,
            Person.id,
            Person.given_name,
            Person.family_name,
            Person.has_photo,
            Person.phone,
            Participant.answer,
            Participant.outcome,
        )
        .join(Person, Person.id == Participant.person_id)
        .where(
            # The sums keep SQLite to the meetings' own rows; else it reads all that the municipality ever had.
            Participant.municipality_id + 0 == bindparam("municipality_id"),
            one_of(Participant.meeting_id, "meeting", size),
            Participant.part == Part.CITIZEN.value,
            is_citizen_of_worker(Participant.person_id + 0),
        )
        .order_by(Person.given_name, Person.id)
    )


def with_citizens(session: Session, actor: Actor, rows: Sequence[AnyRow], now: datetime) -> list[Listed]:
    """Put those citizens beside each meeting whom the worker works with today, in one SELECT."""
    if not rows:
        return []
    found: dict[int, list[AnyRow]] = defaultdict(list)
    size = room_for(len(rows))
    values = {**_worker(actor, now), **spread("meeting", [row.id for row in rows], size)}
    for citizen in rows_of(session, _citizens_of(size), values):
        found[citizen.meeting_id].append(citizen)
    return [Listed(row, found[row.id]) for row in rows]


_Asked = aliased(Participant)
_Citizen = aliased(Person)
_NEEDING_STAFF = (
    select(
        *_BASE,
        _Asked.answer,
        _Citizen.id.label("citizen_id"),
        _Citizen.given_name.label("citizen_given_name"),
        _Citizen.family_name.label("citizen_family_name"),
        _Citizen.has_photo.label("citizen_has_photo"),
        _Citizen.phone.label("citizen_phone"),
    )
    .select_from(_Me)
    .join(Meeting, Meeting.id == _Me.meeting_id)
    .join(_Host, _Host.id == Meeting.host_id)
    .join(_Asked, and_(_Asked.meeting_id == _Me.meeting_id, _Asked.part == Part.CITIZEN.value))
    .join(_Citizen, _Citizen.id == _Asked.person_id)
    .where(
        _Me.municipality_id == bindparam("municipality_id"),
        _Me.person_id == bindparam("person_id"),
        _Me.part == Part.HOST.value,
        _HAS_NOT_ENDED,
        Meeting.cancelled_at.is_(None),
        is_citizen_of_worker(_Asked.person_id),
        or_(
            _Asked.answer.in_((Answer.CANNOT.value, Answer.LATE.value)),
            and_(
                _Asked.answer.is_(None),
                _Me.starts_at > bindparam("now"),
                _Me.starts_at <= bindparam("soon"),
            ),
        ),
    )
    .order_by(*_COMING, _Citizen.given_name)
    .limit(bindparam("size"))
)


def meetings_needing_staff(session: Session, actor: Actor, now: datetime, *, size: int = 50) -> Sequence[AnyRow]:
    """Return a host's meetings of the next days without an answer, and all that got "cannot" or "late".

    One row for each citizen who has to be asked or helped.
    """
    return session.execute(_NEEDING_STAFF, {**_worker(actor, now), "soon": now + WAITED_FOR, "size": size}).all()


# --- One meeting, and who is in it --------------------------------------------------------------------------

_HEAD = (
    select(*_BASE)
    .join(_Host, _Host.id == Meeting.host_id)
    .where(Meeting.municipality_id == bindparam("municipality_id"), Meeting.id == bindparam("meeting_id"))
)
_EVERYBODY = (
    select(
        Participant.id.label("participant_id"),
        Participant.person_id,
        Participant.part,
        Participant.name,
        Participant.answer,
        Participant.answer_reason,
        Participant.answer_note,
        Participant.answer_note_language,
        Participant.answered_at,
        Participant.outcome,
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.has_photo,
        Person.phone,
        Person.language,
        Person.role,
        or_(
            Participant.part != Part.CITIZEN.value,
            is_citizen_of_worker(Participant.person_id),
        ).label("is_known"),
    )
    .outerjoin(Person, Person.id == Participant.person_id)
    .where(
        Participant.municipality_id == bindparam("municipality_id"), Participant.meeting_id == bindparam("meeting_id")
    )
    .order_by(Participant.id)
)


class KnownMeeting(NamedTuple):
    """A meeting as one worker may see it."""

    row: AnyRow
    citizens: Sequence[AnyRow]
    """Those she works with today."""
    others: Sequence[AnyRow]
    """Colleagues, mentors, guests."""
    unknown_count: int
    """How many citizens of a group she does not work with; she learns no more of them."""
    subject: Subject
    """Who decides about the meeting: the one citizen it is with, or the hosts of a group."""

    @property
    def citizen(self) -> AnyRow | None:
        """The one citizen; of a group nobody."""
        return None if self.row.is_group else self.citizens[0]


def meeting_of_worker(session: Session, actor: Actor, meeting_id: int, now: datetime) -> KnownMeeting:
    """Return a meeting this worker may see; raises NotFound for a stranger's.

    She sees a meeting with a citizen she works with today, and a group that she is part of or has a citizen in.
    """
    where = {"municipality_id": actor.municipality_id, "meeting_id": meeting_id}
    row = session.execute(_HEAD, where).first()
    if row is None:
        raise NotFound
    everybody = session.execute(_EVERYBODY, {**where, **_worker(actor, now)}).all()
    citizens = [one for one in everybody if one.part == Part.CITIZEN and one.is_known]
    others = [one for one in everybody if one.part != Part.CITIZEN]
    is_part = any(one.person_id == actor.person_id for one in others)
    if not citizens and not (row.is_group and is_part):
        raise NotFound
    workers = frozenset(one.person_id for one in others if one.part in {Part.HOST, Part.CHAIR})
    if not row.is_group:
        workers = frozenset({actor.person_id})
    subject = Subject(actor.municipality_id, 0 if row.is_group else citizens[0].id, workers)
    return KnownMeeting(row, citizens, others, len(everybody) - len(citizens) - len(others), subject)


def meeting_to_change(session: Session, subject: Subject, meeting_id: int) -> Meeting:
    """Return a meeting's row, held until the transaction ends; raises NotFound for anybody else's.

    The subject is a citizen who is in it, or of a group the hosts, see `KnownMeeting.subject`.
    """
    meeting = session.scalar(
        select(Meeting)
        .filter_by(id=meeting_id, municipality_id=subject.municipality_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if meeting is None:
        raise NotFound
    if subject.citizen_id == 0:
        if meeting.is_group and meeting.host_id in subject.worker_ids:
            return meeting
        raise NotFound
    participant_of(session, meeting, subject.citizen_id)
    return meeting


def participant_of(session: Session, meeting: Meeting, person_id: int) -> Participant:
    """Return a person's row in a meeting; raises NotFound when she is not in it."""
    found = session.scalar(
        select(Participant)
        .filter_by(municipality_id=meeting.municipality_id, meeting_id=meeting.id, person_id=person_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def participants_of(session: Session, meeting: Meeting) -> Sequence[Participant]:
    """Return everybody's rows in a meeting, to change them."""
    return session.scalars(
        select(Participant)
        .filter_by(municipality_id=meeting.municipality_id, meeting_id=meeting.id)
        .order_by(Participant.id)
        .execution_options(populate_existing=True)
    ).all()


# --- Times to choose from -----------------------------------------------------------------------------------


def offered_times(session: Session, meeting: Meeting | AnyRow) -> Sequence[AnyRow]:
    """Return the times the citizen may choose from, soonest first."""
    return session.execute(
        select(OfferedTime.id, OfferedTime.starts_at, OfferedTime.ends_at)
        .where(OfferedTime.meeting_id == meeting.id)
        .order_by(OfferedTime.starts_at)
    ).all()


def open_hours(session: Session, municipality_id: int, person_id: int) -> list[Window]:
    """Return when citizens may choose a time with a member of staff by themselves."""
    rows = session.execute(
        select(OpenHours.weekday, OpenHours.begins, OpenHours.ends)
        .where(OpenHours.municipality_id == municipality_id, OpenHours.person_id == person_id)
        .order_by(OpenHours.weekday, OpenHours.begins)
    )
    return [Window(*row) for row in rows]


def hold_calendars(session: Session, municipality_id: int, person_ids: Sequence[int]) -> None:
    """Let no other time be chosen with any of these people until the transaction ends."""
    session.execute(
        select(Person.id)
        .where(Person.municipality_id == municipality_id, Person.id.in_(person_ids))
        .order_by(Person.id)  # two who hold the same people wait, and do not wait for each other
        .with_for_update()
    ).all()


_TAKES_TIME = (
    _Me.starts_at > bindparam("since"),
    _Me.starts_at < bindparam("until"),
    Meeting.cancelled_at.is_(None),
    or_(_Me.answer.is_(None), _Me.answer != Answer.CANNOT.value),
)
_BUSY = (
    select(
        _Me.meeting_id,
        func.coalesce(OfferedTime.starts_at, Meeting.starts_at, type_=UtcDateTime()),
        func.coalesce(OfferedTime.ends_at, Meeting.ends_at, type_=UtcDateTime()),
    )
    .join(Meeting, Meeting.id == _Me.meeting_id)
    .outerjoin(OfferedTime, OfferedTime.meeting_id == _Me.meeting_id)
    .where(
        _Me.municipality_id == bindparam("municipality_id"),
        _Me.person_id == bindparam("person_id"),
        *_TAKES_TIME,
    )
)


def busy_times(
    session: Session, municipality_id: int, person_id: int, begins: datetime, ends: datetime, *, but: int = 0
) -> list[Slot]:
    """Return when a person is in meetings between two moments, offered times too; one meeting may be left out."""
    values = {
        "municipality_id": municipality_id,
        "person_id": person_id,
        "since": begins - OFFER_SPAN,
        "until": ends,
    }
    slots = {Slot(start, end) for meeting_id, start, end in session.execute(_BUSY, values) if meeting_id != but}
    return sorted(slot for slot in slots if slot.starts_at < ends and begins < slot.ends_at)


def free_times(session: Session, actor: Actor, meeting: Meeting | AnyRow, now: datetime) -> list[Slot]:
    """Return times at which both the host and the citizen could meet instead; none in a group or with guests.

    Only hours that the host has opened for it, and no public holidays.
    """
    people = select(Participant.part).filter_by(municipality_id=actor.municipality_id, meeting_id=meeting.id)
    if sorted(session.scalars(people)) != [Part.CITIZEN, Part.HOST]:
        return []
    windows = open_hours(session, actor.municipality_id, meeting.host_id)
    if not windows:
        return []
    until = now + timedelta(days=FREE_DAYS + 2)
    busy = [
        slot
        for person_id in (meeting.host_id, actor.person_id)
        for slot in busy_times(session, actor.municipality_id, person_id, now, until, but=meeting.id)
    ]
    length = meeting.ends_at - meeting.starts_at
    days = [local_day(now, actor.timezone) + timedelta(days=ahead) for ahead in range(FREE_DAYS + 1)]
    closed = {day for day in days if holiday(day)}
    return rules.free_times(
        windows, [*busy, Slot(meeting.starts_at, meeting.ends_at)], closed, length, now, actor.timezone
    )


@lru_cache
def _danish_holidays(language: str) -> Mapping[date, str]:
    days: Mapping[date, str] = holidays.country_holidays("DK", language=language, categories=("public", "optional"))
    return days


def holiday(day: date, language: str = "da") -> str:
    """Return the name of the Danish holiday on a day, or nothing; days on which most offices close count, too."""
    return _danish_holidays("en_US" if language == "en" else "da").get(day, "")


# --- Calendar -----------------------------------------------------------------------------------------------


class DayEntry(NamedTuple):
    """A time at which a worker is in a meeting, or in which she has offered one."""

    slot: Slot
    listed: Listed | None
    """Empty when it is with somebody she does not work with today: then she sees only that the time is taken."""
    is_offered: bool
    clashes: bool
    """Whether it overlaps another of her own."""


_CALENDAR = (Meeting.id, Meeting.kind, Meeting.is_group, Meeting.place, Meeting.cancelled_at, Meeting.settled_at)
_MINE = (
    select(*_CALENDAR, Meeting.starts_at, Meeting.ends_at)
    .select_from(_Me)
    .join(Meeting, Meeting.id == _Me.meeting_id)
    .where(
        _Me.municipality_id == bindparam("municipality_id"),
        _Me.person_id == bindparam("person_id"),
        _Me.starts_at >= bindparam("begins"),
        _Me.starts_at < bindparam("ends"),
        Meeting.settled_at.is_not(None),
    )
)
_MINE_OFFERED = (
    select(*_CALENDAR, OfferedTime.starts_at, OfferedTime.ends_at)
    .select_from(_Me)
    .join(Meeting, Meeting.id == _Me.meeting_id)
    .join(OfferedTime, OfferedTime.meeting_id == _Me.meeting_id)
    .where(
        _Me.municipality_id == bindparam("municipality_id"),
        _Me.person_id == bindparam("person_id"),
        _Me.starts_at > bindparam("since"),
        _Me.starts_at < bindparam("ends"),
        Meeting.settled_at.is_(None),
        Meeting.cancelled_at.is_(None),
        OfferedTime.starts_at >= bindparam("begins"),
        OfferedTime.starts_at < bindparam("ends"),
    )
)


def calendar_of(session: Session, actor: Actor, span: Slot, now: datetime) -> list[DayEntry]:
    """Return a worker's own meetings and offered times that begin within a span, in order; in three SELECTs."""
    begins, ends = span
    values = {**_worker(actor, now), "begins": begins, "ends": ends, "since": begins - OFFER_SPAN}
    rows = [*rows_of(session, _MINE, values), *rows_of(session, _MINE_OFFERED, values)]
    rows.sort(key=lambda row: (row.starts_at, row.ends_at, row.id))
    standing = [place for place, row in enumerate(rows) if row.cancelled_at is None]
    clashing = rules.clashing([Slot(rows[place].starts_at, rows[place].ends_at) for place in standing])
    ill = {standing[place] for place in clashing}
    return [
        DayEntry(
            Slot(listed.meeting.starts_at, listed.meeting.ends_at),
            listed if listed.citizens or listed.meeting.is_group else None,
            is_offered=listed.meeting.settled_at is None,
            clashes=place in ill,
        )
        for place, listed in enumerate(with_citizens(session, actor, rows, now))
        if listed.citizens or listed.meeting.is_group or listed.meeting.cancelled_at is None
    ]


@lru_cache
def _busy_of(size: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            _Me.person_id,
            func.coalesce(OfferedTime.starts_at, Meeting.starts_at, type_=UtcDateTime()),
            func.coalesce(OfferedTime.ends_at, Meeting.ends_at, type_=UtcDateTime()),
        )
        .join(Meeting, Meeting.id == _Me.meeting_id)
        .outerjoin(OfferedTime, OfferedTime.meeting_id == _Me.meeting_id)
        .where(
            _Me.municipality_id == bindparam("municipality_id"),
            one_of(_Me.person_id, "person", size),
            *_TAKES_TIME,
            _Me.meeting_id != bindparam("but"),
        )
    )


def busy_times_of(
    session: Session, municipality_id: int, person_ids: Sequence[int], span: Slot, *, but: int = 0
) -> Mapping[int, list[Slot]]:
    """Return when each of several people is in meetings, as `busy_times` does for one; in one SELECT."""
    size = room_for(len(person_ids))
    values = {
        "municipality_id": municipality_id,
        "since": span.starts_at - OFFER_SPAN,
        "until": span.ends_at,
        "but": but,
        **spread("person", person_ids, size),
    }
    found: dict[int, list[Slot]] = {person_id: [] for person_id in person_ids}
    for person_id, starts_at, ends_at in rows_of(session, _busy_of(size), values):
        found[person_id].append(Slot(starts_at, ends_at))
    return found


# --- What has happened --------------------------------------------------------------------------------------


class Past(NamedTuple):
    """One thing that happened to a meeting."""

    what: Happening
    person_id: int | None
    by_id: int
    by_name: str
    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]


_HISTORY = (
    select(
        MeetingEvent.what,
        MeetingEvent.person_id,
        MeetingEvent.by_id,
        MeetingEvent.by_name,
        MeetingEvent.at,
        MeetingEvent.before,
        MeetingEvent.after,
    )
    .where(
        MeetingEvent.municipality_id == bindparam("municipality_id"),
        MeetingEvent.meeting_id == bindparam("meeting_id"),
    )
    .order_by(MeetingEvent.id)
)


def history_of(session: Session, municipality_id: int, meeting_id: int) -> list[Past]:
    """Return all that happened to a meeting, oldest first, with moments as moments again."""
    rows = session.execute(_HISTORY, {"municipality_id": municipality_id, "meeting_id": meeting_id})
    return [
        Past(Happening(what), person_id, by_id, by_name, at, _with_moments(before), _with_moments(after))
        for what, person_id, by_id, by_name, at, before, after in rows
    ]


def facts_of(meeting: Meeting | AnyRow) -> MeetingFacts:
    return MeetingFacts(
        kind=meeting.kind,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        place=meeting.place,
        language=meeting.language,
        interpreter=Interpreter(meeting.interpreter),
        interpreter_name=meeting.interpreter_name,
        way=Way(meeting.way),
        link=meeting.link,
        how_to_find=meeting.how_to_find,
        leave_home_at=meeting.leave_home_at,
        bring=meeting.bring,
    )


def coming(municipality_id: int, now: datetime, **more: Any) -> dict[str, Any]:
    """Return the values for the statements about meetings that have not ended."""
    return {"municipality_id": municipality_id, "now": now, "since": now - OFFER_SPAN, **more}


def _worker(actor: Actor, now: datetime) -> dict[str, Any]:
    today = local_day(now, actor.timezone)
    return coming(actor.municipality_id, now, person_id=actor.person_id, today=today)


def _behind(position: Position) -> dict[str, Any]:
    return {"at": position.starts_at, "id": position.meeting_id}


def _page(rows: Sequence[AnyRow], size: int) -> MeetingList:
    """Cut off the one row too many that tells whether there is more."""
    shown = rows[:size]
    return MeetingList(shown, Position(shown[-1].starts_at, shown[-1].id) if len(rows) > size else None)


def _with_moments(told: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") and value else value for name, value in told.items()
    }


# --- For calendars -------------------------------------------------------------------------------------------

_SINCE_CHANGE = select(func.max(MeetingEvent.at)).where(
    MeetingEvent.municipality_id == Meeting.municipality_id, MeetingEvent.meeting_id == Meeting.id
)
_CHANGED_FOR_ME = _SINCE_CHANGE.where(
    or_(MeetingEvent.person_id.is_(None), MeetingEvent.person_id == bindparam("person_id"))
).scalar_subquery()
_CHANGED_FOR_WORKER = _SINCE_CHANGE.where(
    or_(MeetingEvent.person_id.is_(None), Meeting.is_group.is_(False))
).scalar_subquery()
"""What one of a group answers changes nobody's calendar but hers."""

_IN_FEED = and_(
    _Me.starts_at > bindparam("since"),
    _Me.starts_at < bindparam("until"),
    or_(Meeting.cancelled_at.is_(None), Meeting.cancelled_at > bindparam("since")),
)
_IN_OWN_CALENDAR = _OF_PERSON.add_columns(_CHANGED_FOR_ME.label("changed_at")).where(Meeting.settled_at.is_not(None))
_ONE_IN_OWN_CALENDAR = _IN_OWN_CALENDAR.where(_Me.meeting_id == bindparam("meeting_id"))
_OWN_CALENDAR = _IN_OWN_CALENDAR.where(_IN_FEED).order_by(*_COMING)
_IN_WORKERS_CALENDAR = (
    select(
        *_BASE,
        _Asked.answer,
        _Citizen.id.label("citizen_id"),
        _Citizen.given_name.label("citizen_given_name"),
        _CHANGED_FOR_WORKER.label("changed_at"),
    )
    .select_from(_Me)
    .join(Meeting, Meeting.id == _Me.meeting_id)
    .join(_Host, _Host.id == Meeting.host_id)
    .outerjoin(
        _Asked,
        and_(
            _Asked.meeting_id == _Me.meeting_id,
            _Asked.part == Part.CITIZEN.value,
            Meeting.is_group.is_(False),
        ),
    )
    .outerjoin(_Citizen, _Citizen.id == _Asked.person_id)
    .where(
        _Me.municipality_id == bindparam("municipality_id"),
        _Me.person_id == bindparam("person_id"),
        Meeting.settled_at.is_not(None),
        or_(Meeting.is_group, is_citizen_of_worker(_Asked.person_id)),
    )
)
_ONE_IN_WORKERS_CALENDAR = _IN_WORKERS_CALENDAR.where(_Me.meeting_id == bindparam("meeting_id"))
_WORKERS_CALENDAR = _IN_WORKERS_CALENDAR.where(_IN_FEED).order_by(*_COMING)


def meeting_for_calendar(session: Session, actor: Actor, meeting_id: int) -> AnyRow:
    """Return one of the actor's own meetings with `changed_at`; raises NotFound while its time is not settled."""
    where = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "meeting_id": meeting_id}
    return _found(rows_of(session, _ONE_IN_OWN_CALENDAR, where).first())


def meeting_for_workers_calendar(session: Session, actor: Actor, meeting_id: int, now: datetime) -> AnyRow:
    """Return a meeting a worker takes part in, with its one citizen; raises NotFound for any other."""
    where = {**_worker(actor, now), "meeting_id": meeting_id}
    return _found(rows_of(session, _ONE_IN_WORKERS_CALENDAR, where).first())


def meetings_in_feed(session: Session, feed: AnyRow, since: datetime, until: datetime, today: date) -> Sequence[AnyRow]:
    """Return what stands in a person's calendar, soonest first; a worker's meetings with the one citizen of each.

    `feed` says whose; a meeting that was cancelled stays until it was so before `since`.
    """
    values = {
        "municipality_id": feed.municipality_id,
        "person_id": feed.person_id,
        "since": since,
        "until": until,
        "today": today,
    }
    statement = _WORKERS_CALENDAR if feed.role in STAFF else _OWN_CALENDAR
    return rows_of(session, statement, values).all()


def _found(row: AnyRow | None) -> AnyRow:
    if row is None:
        raise NotFound
    return row


# --- Agenda and minutes -------------------------------------------------------------------------------------


class Point(NamedTuple):
    """What somebody wants to talk about, as one reader sees it."""

    id: int
    topic: str
    by_id: int
    by_name: str
    text: Reading | None


class Line(NamedTuple):
    """A sentence of the minutes, as one reader sees it."""

    id: int
    meeting_id: int
    is_agreed: bool
    doer_id: int | None
    doer_name: str
    text: Reading


_POINTS = (
    select(AgendaPoint.id, AgendaPoint.topic, AgendaPoint.by_id, AgendaPoint.by_name, AgendaPoint.text_id)
    .where(
        AgendaPoint.municipality_id == bindparam("municipality_id"), AgendaPoint.meeting_id == bindparam("meeting_id")
    )
    .order_by(AgendaPoint.id)
)
_LINE = (
    MinutesLine.id,
    MinutesLine.meeting_id,
    MinutesLine.is_agreed,
    MinutesLine.doer_id,
    MinutesLine.doer_name,
    MinutesLine.text_id,
)
_LINES = (
    select(*_LINE)
    .where(
        MinutesLine.municipality_id == bindparam("municipality_id"), MinutesLine.meeting_id == bindparam("meeting_id")
    )
    .order_by(MinutesLine.id)
)
_AGREED = (
    select(*_LINE)
    .select_from(_Me)
    .join(Meeting, Meeting.id == _Me.meeting_id)
    .join(MinutesLine, MinutesLine.meeting_id == _Me.meeting_id)
    .where(
        _Me.municipality_id == bindparam("municipality_id"),
        _Me.person_id == bindparam("person_id"),
        _Me.part == Part.CITIZEN.value,
        _Me.starts_at > bindparam("since"),
        _Me.starts_at <= bindparam("now"),
        Meeting.is_group.is_(False),
        Meeting.cancelled_at.is_(None),
        MinutesLine.municipality_id == bindparam("municipality_id"),
        MinutesLine.is_agreed,
    )
    .order_by(_Me.starts_at.desc(), MinutesLine.id)
    .limit(20)
)


def agenda_of(session: Session, municipality_id: int, meeting_id: int, languages: Sequence[str]) -> list[Point]:
    """Return what people want to talk about at a meeting, the earliest wish first."""
    rows = session.execute(_POINTS, {"municipality_id": municipality_id, "meeting_id": meeting_id}).all()
    texts = readings(session, municipality_id, (row.text_id for row in rows), languages)
    return [Point(row.id, row.topic, row.by_id, row.by_name, texts.get(row.text_id)) for row in rows]


def minutes_of(session: Session, municipality_id: int, meeting_id: int, languages: Sequence[str]) -> list[Line]:
    """Return the minutes of a meeting in the order in which they were written."""
    rows = session.execute(_LINES, {"municipality_id": municipality_id, "meeting_id": meeting_id}).all()
    return _lines(session, municipality_id, rows, languages)


def agreed_lately(session: Session, actor: Actor, now: datetime, *, size: int = 5) -> list[Line]:
    """Return what was agreed with a citizen at her last meetings, what she does herself first."""
    where = {"municipality_id": actor.municipality_id, "person_id": actor.person_id}
    rows = session.execute(_AGREED, {**where, "now": now, "since": now - AGREED_LATELY}).all()
    own_first = sorted(rows, key=lambda row: bool(row.doer_id != actor.person_id))
    return _lines(session, actor.municipality_id, own_first[:size], actor.reading_languages)


def point_to_remove(session: Session, meeting: Meeting, person_id: int, point_id: int) -> AgendaPoint:
    """Return a person's own point; raises NotFound for anybody else's."""
    point = session.scalar(select(AgendaPoint).filter_by(id=point_id, meeting_id=meeting.id, by_id=person_id))
    if point is None:
        raise NotFound
    return point


def line_to_change(session: Session, meeting: Meeting, line_id: int) -> MinutesLine:
    line = session.scalar(select(MinutesLine).filter_by(id=line_id, meeting_id=meeting.id))
    if line is None:
        raise NotFound
    return line


def text_ids_of(session: Session, meeting: Meeting) -> set[int]:
    """Return the texts that belong to a meeting: of its agenda and of its minutes."""
    points = select(AgendaPoint.text_id).where(AgendaPoint.meeting_id == meeting.id, AgendaPoint.text_id.is_not(None))
    lines = select(MinutesLine.text_id).where(MinutesLine.meeting_id == meeting.id)
    return {text_id for text_id in session.scalars(points.union_all(lines)) if text_id}


def _lines(session: Session, municipality_id: int, rows: Sequence[AnyRow], languages: Sequence[str]) -> list[Line]:
    texts = readings(session, municipality_id, (row.text_id for row in rows), languages)
    return [Line(row.id, row.meeting_id, row.is_agreed, row.doer_id, row.doer_name, texts[row.text_id]) for row in rows]


# --- Doors --------------------------------------------------------------------------------------------------

_DOOR = select(Door.id, Door.place, Door.how_to_find, Door.jpeg.is_not(None).label("has_photo"), Door.updated_at).where(
    Door.municipality_id == bindparam("municipality_id")
)
_DOOR_AT = _DOOR.where(Door.place == bindparam("place"))
_DOORS = _DOOR.order_by(Door.place).limit(500)
_PHOTO = select(Door.jpeg).where(Door.municipality_id == bindparam("municipality_id"), Door.id == bindparam("door_id"))
_OWN_PLACES = (
    select(Meeting.place)
    .where(
        Meeting.municipality_id == bindparam("municipality_id"),
        Meeting.host_id == bindparam("person_id"),
        Meeting.starts_at > bindparam("since"),
        Meeting.way == Way.PLACE.value,
        Meeting.place != "",
    )
    .distinct()
    .limit(100)
)


class KnownPlace(NamedTuple):
    place: str
    door: AnyRow | None
    """What is kept of it; nothing of a place that was only typed."""


def door_at(session: Session, municipality_id: int, place: str) -> AnyRow | None:
    """Return what is kept of a place."""
    return session.execute(_DOOR_AT, {"municipality_id": municipality_id, "place": place}).first()


def door_to_change(session: Session, municipality_id: int, place: str) -> Door:
    """Return a place's row, held until the transaction ends; raises NotFound for one that is not kept."""
    door = session.scalar(
        select(Door)
        .filter_by(municipality_id=municipality_id, place=place)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if door is None:
        raise NotFound
    return door


def door_of(session: Session, meeting: AnyRow, municipality_id: int) -> AnyRow | None:
    """Return the door to look for on the way to a meeting, if there is a photo of it."""
    if meeting.way != Way.PLACE or not meeting.place or meeting.cancelled_at is not None:
        return None
    door = door_at(session, municipality_id, meeting.place)
    return door if door is not None and door.has_photo else None


def door_photo(session: Session, municipality_id: int, door_id: int) -> bytes:
    """Return the photo of a door of one's own municipality; raises NotFound for any other."""
    jpeg: bytes | None = session.scalar(_PHOTO, {"municipality_id": municipality_id, "door_id": door_id})
    if jpeg is None:
        raise NotFound
    return jpeg


def known_places(session: Session, actor: Actor, now: datetime) -> list[KnownPlace]:
    """Return the municipality's places, and where the actor's own meetings of the last year are.

    What a colleague has typed is not shown to others: it may be where a citizen lives.
    """
    doors = {row.place: row for row in session.execute(_DOORS, {"municipality_id": actor.municipality_id})}
    where = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "since": now - timedelta(days=365)}
    places = sorted({*doors, *session.scalars(_OWN_PLACES, where)}, key=str.casefold)
    return [KnownPlace(place, doors.get(place)) for place in places]
