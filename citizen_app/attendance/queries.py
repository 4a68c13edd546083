"""Days with what was said of them: for the mentor's page, the citizen's hours and the staff's ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from citizen_app.attendance import rules
from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.attendance.rules import COUNTING, Excuse, Record, RecordState, Said, Statement, opens_at
from citizen_app.db import AnyRow, rows_of
from citizen_app.meetings.models import Meeting
from citizen_app.people.models import Person
from citizen_app.people.queries import is_citizen_of_worker
from citizen_app.placements.models import Placement, PlannedDay, Workplace
from citizen_app.placements.rules import LINK_KEPT, Side, minutes_between
from citizen_app.policy import Actor, NotFound

_DAY_COLUMNS = (
    PlannedDay.id,
    PlannedDay.placement_id,
    PlannedDay.citizen_id,
    PlannedDay.day,
    PlannedDay.begins_at,
    PlannedDay.ends_at,
    PlannedDay.cancelled_at,
    DayRecord.state,
    DayRecord.said,
    DayRecord.minutes,
    DayRecord.excuse,
    DayRecord.mentor_statement,
    func.coalesce(DayRecord.language_minutes, 0).label("language_minutes"),
)
with_record = and_(DayRecord.day_id == PlannedDay.id, DayRecord.municipality_id == PlannedDay.municipality_id)
_DAYS: Select[*tuple[Any, ...]] = (
    select(*_DAY_COLUMNS)
    .outerjoin(DayRecord, with_record)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.placement_id.in_(bindparam("placement_ids", expanding=True)),
        PlannedDay.day >= bindparam("first"),
        PlannedDay.day <= bindparam("last"),
    )
    .order_by(PlannedDay.day, PlannedDay.id)
)


def days_of(
    session: Session, municipality_id: int, placement_ids: Collection[int], first: date, last: date
) -> Sequence[AnyRow]:
    """Return the planned days of placements, both ends included, each with what stands of it."""
    if not placement_ids:
        return ()
    values = {
        "municipality_id": municipality_id,
        "placement_ids": list(placement_ids),
        "first": first,
        "last": last,
    }
    return rows_of(session, _DAYS, values).all()


_ONE_DAY: Select[*tuple[Any, ...]] = (
    select(*_DAY_COLUMNS)
    .outerjoin(DayRecord, with_record)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.placement_id == bindparam("placement_id"),
        PlannedDay.id == bindparam("day_id"),
    )
)


def day_of(session: Session, municipality_id: int, placement_id: int, day_id: int) -> AnyRow | None:
    """Return one planned day of a placement with what stands of it."""
    values = {"municipality_id": municipality_id, "placement_id": placement_id, "day_id": day_id}
    return rows_of(session, _ONE_DAY, values).first()


_TO_CONFIRM: Select[*tuple[Any, ...]] = (
    select(*_DAY_COLUMNS)
    .join(DayRecord, with_record)
    .where(
        DayRecord.municipality_id == bindparam("municipality_id"),
        DayRecord.citizen_id == bindparam("citizen_id"),
        DayRecord.state == RecordState.CITIZEN_NEXT.value,
        PlannedDay.cancelled_at.is_(None),
    )
    .order_by(PlannedDay.day, PlannedDay.id)
    .limit(bindparam("size"))
)


def days_to_confirm(session: Session, municipality_id: int, citizen_id: int, size: int = 31) -> Sequence[AnyRow]:
    """Return the days a mentor has spoken of and the citizen has not yet, the oldest first."""
    values = {"municipality_id": municipality_id, "citizen_id": citizen_id, "size": size}
    return rows_of(session, _TO_CONFIRM, values).all()


OLDEST_QUESTION: Select[*tuple[Any, ...]] = (
    select(
        PlannedDay.id.label("day_id"),
        PlannedDay.day,
        PlannedDay.begins_at.label("day_begins_at"),
        PlannedDay.ends_at.label("day_ends_at"),
        DayStatement.by_name,
        DayStatement.said,
        DayStatement.minutes,
        DayStatement.began_at,
        DayStatement.ended_at,
    )
    .join(DayRecord, with_record)
    .join(DayStatement, and_(DayStatement.day_id == DayRecord.day_id, DayStatement.id == DayRecord.mentor_statement))
    .where(
        DayRecord.municipality_id == bindparam("municipality_id"),
        DayRecord.citizen_id == bindparam("person_id"),
        DayRecord.state == RecordState.CITIZEN_NEXT.value,
        PlannedDay.cancelled_at.is_(None),
    )
    .order_by(PlannedDay.day, PlannedDay.id)
    .limit(1)
)
"""The oldest day that waits for the citizen's word; the start page asks it together with other things."""


_OF_CITIZEN: Select[*tuple[Any, ...]] = (
    select(*_DAY_COLUMNS)
    .outerjoin(DayRecord, with_record)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.citizen_id == bindparam("citizen_id"),
        PlannedDay.day >= bindparam("first"),
        PlannedDay.day <= bindparam("last"),
    )
    .order_by(PlannedDay.day.desc(), PlannedDay.begins_at.desc())
)
_ONE_OF_CITIZEN: Select[*tuple[Any, ...]] = (
    select(*_DAY_COLUMNS)
    .outerjoin(DayRecord, with_record)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.citizen_id == bindparam("citizen_id"),
        PlannedDay.id == bindparam("day_id"),
    )
)


def days_of_citizen(
    session: Session, municipality_id: int, citizen_id: int, first: date, last: date
) -> Sequence[AnyRow]:
    """Return a citizen's planned days at all her placements, both ends included, the newest first."""
    values = {"municipality_id": municipality_id, "citizen_id": citizen_id, "first": first, "last": last}
    return rows_of(session, _OF_CITIZEN, values).all()


def day_of_citizen(session: Session, municipality_id: int, citizen_id: int, day_id: int) -> AnyRow:
    """Return one planned day with what stands of it; raises NotFound for anybody else's."""
    values = {"municipality_id": municipality_id, "citizen_id": citizen_id, "day_id": day_id}
    row = rows_of(session, _ONE_OF_CITIZEN, values).first()
    if row is None:
        raise NotFound
    return row


_TOTALS: Select[*tuple[Any, ...]] = (
    select(
        DayRecord.placement_id,
        func.sum(DayRecord.language_minutes).label("language_minutes"),
        func.sum(case((DayRecord.state == RecordState.DISPUTED.value, 1), else_=0)).label("disputed"),
    )
    .where(
        DayRecord.municipality_id == bindparam("municipality_id"),
        DayRecord.placement_id.in_(bindparam("placement_ids", expanding=True)),
    )
    .group_by(DayRecord.placement_id)
)


def totals_of(session: Session, municipality_id: int, placement_ids: Collection[int]) -> Mapping[int, AnyRow]:
    """Return for each placement with a record its minutes of Danish, and how many days are told differently."""
    if not placement_ids:
        return {}
    values = {"municipality_id": municipality_id, "placement_ids": list(placement_ids)}
    return {row.placement_id: row for row in rows_of(session, _TOTALS, values)}


def language_minutes_of(session: Session, municipality_id: int, placement_ids: Collection[int]) -> Mapping[int, int]:
    """Return for each placement how many minutes a language mentor has talked with her."""
    totals = totals_of(session, municipality_id, placement_ids)
    return {placement_id: int(row.language_minutes) for placement_id, row in totals.items()}


_STATEMENT_COLUMNS = (
    DayStatement.day_id,
    DayStatement.id,
    DayStatement.side,
    DayStatement.by_id,
    DayStatement.by_name,
    DayStatement.said,
    DayStatement.said_at,
    DayStatement.arrived_at,
    DayStatement.minutes,
    DayStatement.excuse,
    DayStatement.began_at,
    DayStatement.ended_at,
    DayStatement.about,
    DayStatement.words,
    DayStatement.words_language,
)
_DAY_IDS: BindParameter[Any] = bindparam("day_ids", expanding=True)
_STATEMENTS: Select[*tuple[Any, ...]] = (
    select(*_STATEMENT_COLUMNS)
    .where(
        # + 0, or SQLite reads all that was said in the municipality instead of these days
        DayStatement.municipality_id + 0 == bindparam("municipality_id"),
        DayStatement.day_id.in_(_DAY_IDS),
    )
    .order_by(DayStatement.said_at, DayStatement.id)
)


def statements_of(session: Session, municipality_id: int, day_ids: Collection[int]) -> Mapping[int, Sequence[AnyRow]]:
    """Return everything that was said of each day, in the order in which it was said."""
    found: dict[int, list[AnyRow]] = defaultdict(list)
    if day_ids:
        values = {"municipality_id": municipality_id, "day_ids": list(day_ids)}
        for row in rows_of(session, _STATEMENTS, values):
            found[row.day_id].append(row)
    return found


_LAST_SPOKEN: Select[*tuple[Any, ...]] = (
    select(func.max(PlannedDay.day))
    .join(DayStatement, DayStatement.day_id == PlannedDay.id)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.placement_id == bindparam("placement_id"),
        PlannedDay.day > bindparam("after"),
    )
)


def last_spoken_after(session: Session, municipality_id: int, placement_id: int, after: date) -> date | None:
    """Return the last day of a placement after this one of which somebody has spoken."""
    values = {"municipality_id": municipality_id, "placement_id": placement_id, "after": after}
    found: date | None = rows_of(session, _LAST_SPOKEN, values).scalar_one()
    return found


def as_statement(row: AnyRow) -> Statement:
    """Return a row as the rules want it."""
    return Statement(
        id=row.id,
        side=Side(row.side),
        by_id=row.by_id,
        said=Said(row.said),
        said_at=row.said_at,
        minutes=row.minutes,
        excuse=Excuse(row.excuse) if row.excuse else None,
        began_at=row.began_at,
        ended_at=row.ended_at,
        about=row.about,
        words=row.words,
    )


_DISPUTED: Select[*tuple[Any, ...]] = (
    select(
        *_DAY_COLUMNS,
        Person.given_name,
        Person.family_name,
        Person.has_photo,
        Workplace.name.label("workplace"),
    )
    .join(DayRecord, with_record)
    .join(Person, Person.id == PlannedDay.citizen_id)
    .join(Placement, Placement.id == PlannedDay.placement_id)
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .where(
        DayRecord.municipality_id == bindparam("municipality_id"),
        DayRecord.state == RecordState.DISPUTED.value,
        is_citizen_of_worker(DayRecord.citizen_id),
    )
    .order_by(DayRecord.day)
    .limit(bindparam("size"))
)


def disputed_days(session: Session, actor: Actor, today: date, size: int = 50) -> Sequence[AnyRow]:
    """Return the days of a worker's citizens that the two sides tell differently, the oldest first."""
    values = {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "today": today,
        "size": size,
    }
    return rows_of(session, _DISPUTED, values).all()


is_without_mentor = and_(
    DayRecord.mentor_statement.is_(None),
    or_(DayRecord.state.is_(None), DayRecord.state != RecordState.SETTLED.value),
)
"""Of a planned day: its mentors have said nothing, and staff have not settled it without them."""
_UNSAID: Select[*tuple[Any, ...]] = (
    select(PlannedDay.placement_id, func.min(PlannedDay.day).label("since"), func.count().label("days"))
    .outerjoin(DayRecord, with_record)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.placement_id.in_(bindparam("placement_ids", expanding=True)),
        PlannedDay.day >= bindparam("first"),
        PlannedDay.ends_at < bindparam("before"),
        PlannedDay.cancelled_at.is_(None),
        is_without_mentor,
    )
    .group_by(PlannedDay.placement_id)
)


def unsaid_days(
    session: Session, municipality_id: int, placement_ids: Collection[int], first: date, before: datetime
) -> Mapping[int, AnyRow]:
    """Return for each placement how many days its mentors have said nothing of, and `since` when; not the settled."""
    if not placement_ids:
        return {}
    values = {
        "municipality_id": municipality_id,
        "placement_ids": list(placement_ids),
        "first": first,
        "before": before,
    }
    return {row.placement_id: row for row in rows_of(session, _UNSAID, values)}


SILENCE = timedelta(days=3)
"""A mentor who has said nothing of a day for so long is silent."""
TALKED_LATELY = timedelta(days=7)
_silent_since = (
    select(func.min(PlannedDay.day))
    .outerjoin(DayRecord, with_record)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.placement_id == Placement.id,
        PlannedDay.ends_at < bindparam("before"),
        PlannedDay.cancelled_at.is_(None),
        is_without_mentor,
    )
    .correlate(Placement)
    .scalar_subquery()
)
_talked = (
    select(func.coalesce(func.sum(DayRecord.language_minutes), 0))
    .where(DayRecord.municipality_id == bindparam("municipality_id"), DayRecord.placement_id == Placement.id)
    .correlate(Placement)
    .scalar_subquery()
)
_has_talked_lately = exists().where(
    DayRecord.municipality_id == bindparam("municipality_id"),
    DayRecord.placement_id == Placement.id,
    DayRecord.day > bindparam("lately"),
    DayRecord.language_minutes > 0,
)
_has_follow_up = exists().where(
    Meeting.id == Placement.follow_up_meeting_id,
    Meeting.municipality_id == bindparam("municipality_id"),
    Meeting.cancelled_at.is_(None),
)
_NEEDING_STAFF: Select[*tuple[Any, ...]] = (
    select(
        Placement.id,
        Placement.citizen_id,
        Placement.starts_on,
        Placement.last_day,
        Placement.language_minutes,
        Placement.follow_up_day,
        _has_follow_up.label("has_follow_up"),
        Person.given_name,
        Person.family_name,
        Workplace.name.label("workplace"),
        _silent_since.label("silent_since"),
        _talked.label("language_used"),
        _has_talked_lately.label("has_talked_lately"),
    )
    .join(Person, Person.id == Placement.citizen_id)
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .where(
        Placement.municipality_id == bindparam("municipality_id"),
        Placement.starts_on <= bindparam("today"),
        Placement.last_day >= bindparam("since"),
        is_citizen_of_worker(Placement.citizen_id),
    )
    .order_by(Placement.last_day, Placement.id)
    .limit(200)
)


def placements_needing_staff(session: Session, actor: Actor, today: date, now: datetime) -> Sequence[AnyRow]:
    """Return the placements that run or ended lately, with how long mentors are silent and how much Danish was talked.

    In one SELECT, for the morning list; most of them need nobody.
    """
    values = {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "today": today,
        "since": today - LINK_KEPT,
        "before": now - SILENCE,
        "lately": today - TALKED_LATELY,
    }
    return rows_of(session, _NEEDING_STAFF, values).all()


def can_speak_of(day: AnyRow, now: datetime) -> bool:
    """Say whether a planned day is here, so that somebody can say that she came."""
    begins_at: datetime = day.begins_at
    return day.cancelled_at is None and opens_at(begins_at) <= now


# --- Days as the citizen reads them -------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnDay:
    """A planned day with all that was said of it."""

    row: AnyRow
    record: Record
    names: Mapping[str, str]
    """Who made a statement, by its id."""
    words_languages: Mapping[str, str]

    @property
    def planned(self) -> int:
        """The planned minutes; none for a day that was taken out of the plan."""
        return 0 if self.row.cancelled_at else minutes_between(self.row.begins_at, self.row.ends_at)

    @property
    def late_choices(self) -> Sequence[int]:
        """How many minutes late she can have come."""
        return rules.late_choices(self.planned)

    @property
    def confirmed(self) -> int:
        """The minutes that both sides or staff stand by."""
        return self.row.minutes or 0 if self.row.state in COUNTING else 0

    @property
    def waits_for_her(self) -> bool:
        return self.row.cancelled_at is None and self.row.state == RecordState.CITIZEN_NEXT

    @property
    def opens_at(self) -> datetime:
        return opens_at(self.row.begins_at)

    def name_of(self, said: Statement) -> str:
        return self.names[said.id]

    def may_speak_first(self, now: datetime, today: date) -> bool:
        """Say whether she can say herself how it was: the day is here, and no mentor has spoken of it."""
        is_near = self.row.day >= today - rules.SPEAKS_FIRST
        is_open = self.row.state in {None, RecordState.MENTOR_NEXT}
        return is_near and is_open and can_speak_of(self.row, now)


def own_days(session: Session, municipality_id: int, days: Collection[AnyRow]) -> list[OwnDay]:
    """Return days, in their order, with all that was said of each: one SELECT for all."""
    said = statements_of(session, municipality_id, {day.id for day in days})
    return [
        OwnDay(
            day,
            rules.record_of(as_statement(row) for row in said.get(day.id, ())),
            {row.id: row.by_name for row in said.get(day.id, ())},
            {row.id: row.words_language for row in said.get(day.id, ())},
        )
        for day in days
    ]


@dataclass(frozen=True)
class Week:
    """Monday to Sunday."""

    monday: date
    days: Sequence[OwnDay]

    @property
    def planned(self) -> int:
        return sum(day.planned for day in self.days)

    @property
    def confirmed(self) -> int:
        return sum(day.confirmed for day in self.days)


def in_weeks(days: Collection[OwnDay]) -> list[Week]:
    """Return days in their weeks, the newest week first and in each its days in order."""
    weeks: dict[date, list[OwnDay]] = defaultdict(list)
    for day in sorted(days, key=lambda one: one.row.begins_at):
        weeks[day.row.day - timedelta(days=day.row.day.weekday())].append(day)
    return [Week(monday, weeks[monday]) for monday in sorted(weeks, reverse=True)]
