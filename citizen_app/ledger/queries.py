"""Weeks with all their hours: at workplaces as the days have it, and the others as they were agreed and told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from citizen_app.attendance.queries import days_of_citizen
from citizen_app.attendance.rules import COUNTING
from citizen_app.db import AnyRow, rows_of
from citizen_app.ledger.models import AgreedHours, WeekWord
from citizen_app.ledger.rules import WEEK, WeekStand, Word, monday_of, planned_minutes, week_of
from citizen_app.placements.queries import held, placements_of_citizen
from citizen_app.placements.rules import Side, minutes_between
from citizen_app.policy import NotFound


@dataclass(frozen=True)
class PlaceHours:
    """The hours at one workplace in one week, of all placements there."""

    workplace: str
    branch: str
    placement_id: int
    """One of them, for a link."""
    planned: int
    confirmed: int


@dataclass(frozen=True)
class KindHours:
    """What was agreed besides, in one week, and what stands of it."""

    row: AnyRow
    """The agreed hours."""
    planned: int
    stand: WeekStand

    @property
    def confirmed(self) -> int:
        return self.stand.confirmed


@dataclass(frozen=True)
class Week:
    """Monday to Sunday."""

    monday: date
    places: Sequence[PlaceHours]
    kinds: Sequence[KindHours]

    @property
    def planned(self) -> int:
        return sum(one.planned for one in self.places) + sum(one.planned for one in self.kinds)

    @property
    def confirmed(self) -> int:
        return sum(one.confirmed for one in self.places) + sum(one.confirmed for one in self.kinds)

    @property
    def is_empty(self) -> bool:
        return not self.places and not self.kinds


@dataclass(frozen=True)
class Weeks:
    weeks: Sequence[Week]
    """Every week that was asked for, the newest first; some may be empty."""
    hours: Sequence[AnyRow]
    """All hours that were ever agreed, the newest first."""
    since: date | None
    """The first day of anything, so that earlier weeks can be offered."""


_HOURS: Select[*tuple[Any, ...]] = (
    select(
        AgreedHours.id,
        AgreedHours.kind,
        AgreedHours.weekly_minutes,
        AgreedHours.starts_on,
        AgreedHours.last_day,
        AgreedHours.place,
    )
    .where(
        AgreedHours.municipality_id == bindparam("municipality_id"), AgreedHours.citizen_id == bindparam("citizen_id")
    )
    .order_by(AgreedHours.starts_on.desc(), AgreedHours.id.desc())
)
_WORDS: Select[*tuple[Any, ...]] = (
    select(
        WeekWord.hours_id,
        WeekWord.monday,
        WeekWord.id,
        WeekWord.side,
        WeekWord.minutes,
        WeekWord.said_at,
        WeekWord.by_name,
        WeekWord.words,
        WeekWord.words_language,
    )
    .where(
        WeekWord.municipality_id == bindparam("municipality_id"),
        WeekWord.citizen_id == bindparam("citizen_id"),
        WeekWord.monday >= bindparam("first"),
        WeekWord.monday <= bindparam("last"),
    )
    .order_by(WeekWord.said_at, WeekWord.id)
)


def weeks_of(session: Session, municipality_id: int, citizen_id: int, first_monday: date, last_monday: date) -> Weeks:
    """Return a citizen's weeks from one Monday to another, both included, in four SELECTs however many they are."""
    about = (session, municipality_id, citizen_id)
    placements = placements_of_citizen(*about)
    days = days_of_citizen(*about, first_monday, last_monday + timedelta(days=6))
    whose = {"municipality_id": municipality_id, "citizen_id": citizen_id}
    hours = rows_of(session, _HOURS, whose).all()
    said = _words_by_week(rows_of(session, _WORDS, {**whose, "first": first_monday, "last": last_monday}))
    places = _places_by_week(days, {one.id: one for one in placements})
    count = (last_monday - first_monday) // WEEK + 1
    mondays = [last_monday - number * WEEK for number in range(max(count, 0))]
    starts = [one.starts_on for one in (*placements, *hours)]
    return Weeks(
        [Week(monday, places.get(monday, ()), _kinds_in(monday, hours, said)) for monday in mondays],
        hours,
        min(starts, default=None),
    )


def _words_by_week(rows: Iterable[AnyRow]) -> Mapping[tuple[int, date], Sequence[Word]]:
    found: dict[tuple[int, date], list[Word]] = defaultdict(list)
    for row in rows:
        found[row.hours_id, row.monday].append(as_word(row))
    return found


def as_word(row: AnyRow | WeekWord) -> Word:
    """Return a row as the rules want it."""
    return Word(row.id, Side(row.side), row.minutes, row.said_at, row.by_name, row.words, row.words_language)


def _kinds_in(
    monday: date, hours: Sequence[AnyRow], said: Mapping[tuple[int, date], Sequence[Word]]
) -> Sequence[KindHours]:
    inside = [one for one in reversed(hours) if one.starts_on < monday + WEEK and one.last_day >= monday]
    return [
        KindHours(
            one,
            planned_minutes(one.weekly_minutes, one.starts_on, one.last_day, monday),
            week_of(said.get((one.id, monday), ())),
        )
        for one in inside
    ]


def _places_by_week(days: Iterable[AnyRow], placements: Mapping[int, AnyRow]) -> Mapping[date, Sequence[PlaceHours]]:
    by_place: dict[tuple[date, int], list[AnyRow]] = defaultdict(list)
    for day in days:
        if day.cancelled_at is None and day.placement_id in placements:
            by_place[monday_of(day.day), placements[day.placement_id].workplace_id].append(day)
    weeks: dict[date, list[PlaceHours]] = defaultdict(list)
    for (monday, _workplace), found in sorted(by_place.items(), key=lambda one: one[0]):
        placement = placements[found[0].placement_id]
        planned = sum(minutes_between(day.begins_at, day.ends_at) for day in found)
        confirmed = sum(day.minutes or 0 for day in found if day.state in COUNTING)
        weeks[monday].append(PlaceHours(placement.workplace, placement.branch, placement.id, planned, confirmed))
    return weeks


# --- To change ----------------------------------------------------------------------------------------------


def hours_to_change(session: Session, municipality_id: int, citizen_id: int, hours_id: int) -> AgreedHours:
    """Return a citizen's agreed hours, held until the transaction ends; raises NotFound for anybody else's."""
    wanted = select(AgreedHours).filter_by(id=hours_id, municipality_id=municipality_id, citizen_id=citizen_id)
    found = session.scalar(held(wanted))
    if found is None:
        raise NotFound
    return found


def words_of(session: Session, hours: AgreedHours, monday: date | None = None) -> list[WeekWord]:
    """Return what was said of agreed hours, of one week or of all, in the order in which it was said."""
    wanted = select(WeekWord).filter_by(municipality_id=hours.municipality_id, hours_id=hours.id)
    if monday is not None:
        wanted = wanted.filter_by(monday=monday)
    return list(session.scalars(wanted.order_by(WeekWord.said_at, WeekWord.id)))


def last_monday_spoken(session: Session, hours: AgreedHours) -> date | None:
    """Return the last week of which somebody has spoken."""
    return max((word.monday for word in words_of(session, hours)), default=None)
