"""The days a mentor can speak of: today's, and those of the last two weeks that still want a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from citizen_app.attendance.queries import as_statement, can_speak_of, days_of, statements_of
from citizen_app.attendance.rules import (
    CORRECTION,
    LANGUAGE_CHOICES,
    PRESENCE,
    RecordState,
    Said,
    Statement,
    late_choices,
    opens_at,
)
from citizen_app.db import AnyRow, rows_of
from citizen_app.people.models import Person
from citizen_app.people.queries import is_citizen_of_worker
from citizen_app.placements.models import Placement, PlacementMentor
from citizen_app.placements.rules import LINK_KEPT, Side, minutes_between
from citizen_app.policy import Actor, NotFound

LOOK_BACK = timedelta(days=14)
KEPT_AHEAD = timedelta(days=7)
"""A phone without network can be spoken on so long."""
LOOK_AHEAD = timedelta(days=14)
"""So far ahead a mentor is told when somebody comes next."""
MOST_EARLIER = 7


@dataclass(frozen=True)
class MentorDay:
    """One planned day, as a mentor may see it: hours, and what mentors have said."""

    id: int
    day: date
    begins_at: datetime
    ends_at: datetime
    is_today: bool
    has_begun: bool
    said: Statement | None
    """The mentors' word that stands."""
    by_name: str
    """Who said it, when it was another mentor."""
    is_settled: bool
    """Staff have decided; what is said now changes nothing."""
    can_change: bool
    language_minutes: int | None
    """How long this mentor has said that they talked Danish."""

    @property
    def is_wanted(self) -> bool:
        return self.said is None and not self.is_settled

    @property
    def late_choices(self) -> Sequence[int]:
        return late_choices(minutes_between(self.begins_at, self.ends_at))

    @property
    def opens_at(self) -> datetime:
        """From when on it can be spoken of."""
        return opens_at(self.begins_at)

    @property
    def language_choices(self) -> Sequence[int]:
        planned = minutes_between(self.begins_at, self.ends_at)
        return [minutes for minutes in LANGUAGE_CHOICES if minutes <= planned]


@dataclass(frozen=True)
class MentorDays:
    """What one placement has for its mentor."""

    planned: Sequence[AnyRow]
    """Today's hours, begun or not."""
    days: Sequence[MentorDay]
    """Those that have begun: today first, then earlier ones, the newest first."""
    ahead: Sequence[MentorDay]
    """Those of the next week that have not."""
    next: AnyRow | None
    """The next day that has not begun."""


def mentor_days(
    session: Session, actor: Actor, placement_ids: Collection[int], today: date, now: datetime
) -> Mapping[int, MentorDays]:
    """Return for each placement what its mentor can speak of now, in two SELECTs."""
    rows = days_of(session, actor.municipality_id, placement_ids, today - LOOK_BACK, today + LOOK_AHEAD)
    rows = [row for row in rows if row.cancelled_at is None]
    begun = [row for row in rows if can_speak_of(row, now)]
    spoken = [row.id for row in begun if row.state is not None or row.language_minutes or row.day == today]
    said = statements_of(session, actor.municipality_id, spoken)
    shown = [row for row in rows if row.begins_at <= now + KEPT_AHEAD]
    days = [_mentor_day(row, said.get(row.id, ()), actor, today, now) for row in shown]
    return {
        placement_id: _of_placement(
            [row for row in rows if row.placement_id == placement_id],
            [day for row, day in zip(shown, days, strict=True) if row.placement_id == placement_id],
            today,
            now,
        )
        for placement_id in placement_ids
    }


def _of_placement(rows: Sequence[AnyRow], days: Sequence[MentorDay], today: date, now: datetime) -> MentorDays:
    begun = [day for day in days if day.has_begun]
    earlier = [day for day in reversed(begun) if not day.is_today and (day.is_wanted or day.can_change)]
    return MentorDays(
        planned=[row for row in rows if row.day == today],
        days=[*(day for day in begun if day.is_today), *earlier[:MOST_EARLIER]],
        ahead=[day for day in days if not day.has_begun],
        next=next((row for row in rows if not can_speak_of(row, now)), None),
    )


def _mentor_day(row: AnyRow, said: Sequence[AnyRow], actor: Actor, today: date, now: datetime) -> MentorDay:
    mentors = [one for one in said if one.side == Side.MENTOR]
    presence = [one for one in mentors if one.said in PRESENCE]
    standing = next((one for one in presence if one.id == row.mentor_statement), None)
    own = [one.minutes for one in mentors if one.said == Said.LANGUAGE and one.by_id == actor.person_id]
    is_settled = row.state == RecordState.SETTLED
    return MentorDay(
        id=row.id,
        day=row.day,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        is_today=row.day == today,
        has_begun=can_speak_of(row, now),
        said=as_statement(standing) if standing else None,
        by_name=standing.by_name if standing and standing.by_id != actor.person_id else "",
        is_settled=is_settled,
        can_change=bool(presence) and not is_settled and now <= presence[0].said_at + CORRECTION,
        language_minutes=own[-1] if own else None,
    )


_MENTORED: Select[*tuple[Any, ...]] = (
    select(Placement.id, Placement.citizen_id, Person.given_name)
    .join(PlacementMentor, PlacementMentor.placement_id == Placement.id)
    .join(Person, Person.id == Placement.citizen_id)
    .where(
        Placement.municipality_id == bindparam("municipality_id"),
        Placement.id == bindparam("placement_id"),
        Placement.last_day >= bindparam("since"),
        PlacementMentor.person_id == bindparam("person_id"),
        PlacementMentor.ended_at.is_(None),
        is_citizen_of_worker(Placement.citizen_id),
    )
)


def placement_of_mentor(session: Session, actor: Actor, placement_id: int, today: date) -> AnyRow:
    """Return a placement that a mentor helps at, for as long as a link would open; raises NotFound for any other."""
    values = {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "placement_id": placement_id,
        "today": today,
        "since": today - LINK_KEPT,
    }
    row = rows_of(session, _MENTORED, values).first()
    if row is None:
        raise NotFound
    return row
