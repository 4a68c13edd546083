"""A placement of Selam's with Jens as her mentor, made through the same verbs as the pages use.

It has a day on every date around today, holidays included, from midnight to six in the morning: so today's day has
always begun, whenever the tests run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from citizen_app.attendance import actions as attendance
from citizen_app.attendance.actions import Given
from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.attendance.rules import Excuse, Record, Said
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions
from citizen_app.placements.actions import PlacementFacts, WorkplaceFacts
from citizen_app.placements.models import Placement, PlannedDay, Workplace
from citizen_app.placements.rules import PlacementKind, Side, WeeklyTime, shift_on
from tests.conftest import SECRET_KEY
from tests.plan import Plan

HERE = ZoneInfo("Europe/Copenhagen")
BEGINS, ENDS = time(0, 0), time(6, 0)
make_link = partial(actions.make_link, secret_key=SECRET_KEY)
EVERY_DAY = tuple(WeeklyTime(weekday, BEGINS, ENDS) for weekday in range(7))


@dataclass
class Placed:
    plan: Plan
    workplace: Workplace
    placement: Placement

    @property
    def today(self) -> date:
        return self.plan.now.astimezone(HERE).date()

    def day(self, number: int = 0) -> PlannedDay:
        """Return the planned day so many days from today."""
        wanted = {"placement_id": self.placement.id, "day": self.today + timedelta(days=number)}
        found = self.plan.session.scalars(select(PlannedDay).filter_by(**wanted)).one()
        self.plan.session.commit()
        return found

    def given(self, said: str, *, minutes: int | None = None, excuse: str | None = None, **more: Any) -> Given:
        more.setdefault("id", uuid4().hex)
        return Given(said=Said(said), minutes=minutes, excuse=Excuse(excuse) if excuse else None, **more)

    def says(self, name: str, said: str, number: int = 0, **more: Any) -> Record:
        """Let the mentor `jens` or the citizen `selam` speak of a day; `now` may be given."""
        now: datetime = more.pop("now", self.plan.now)
        side = Side.CITIZEN if name == "selam" else Side.MENTOR
        given = self.given(said, **more)
        about = (self.placement.id, self.day(number).id, side, given)
        record: Record = self.plan.do(name, attendance.say, *about, now=now)
        return record

    def settles(self, said: str, number: int = 0, *, seen: int, **more: Any) -> Record:
        given = self.given(said, **more)
        about = (self.placement.id, self.day(number).id, given)
        record: Record = self.plan.do("mette", attendance.settle, *about, seen=seen)
        return record

    def record(self, number: int = 0) -> DayRecord | None:
        """Return what is kept of a day now."""
        day = self.day(number)
        self.plan.session.expire_all()
        found = self.plan.session.get(DayRecord, day.id)
        self.plan.session.commit()
        return found

    def statements(self, number: int = 0) -> list[DayStatement]:
        day = self.day(number)
        wanted = select(DayStatement).filter_by(day_id=day.id).order_by(DayStatement.said_at, DayStatement.id)
        found = list(self.plan.session.scalars(wanted))
        self.plan.session.commit()
        return found

    def second_mentor(self, name: str = "Ole", language: str = "da") -> int:
        """Let another mentor help from today and return who."""
        plan, facts = self.plan, actions.MentorFacts(name, language=language)
        about = (plan.session, plan.actor("mette"), plan.subject, self.placement.id, facts)
        person = actions.add_mentor(*about, MentorKind.WORKPLACE_MENTOR, today=self.today)
        plan.session.commit()
        return person

    def link(self, name: str = "jens") -> str:
        """Make a mentor's link and return its token."""
        return self.link_of(getattr(self.plan.cast, name))

    def link_of(self, person: int) -> str:
        token: str = self.plan.do("mette", make_link, self.placement.id, person)
        return token


@pytest.fixture
def placed(plan: Plan) -> Placed:
    session, cast = plan.session, plan.cast
    mette, today = plan.actor("mette"), plan.now.astimezone(HERE).date()
    workplace = actions.add_workplace(session, mette, WorkplaceFacts("Cafe Solsikken", "kitchen", "Torvet 1"))
    facts = PlacementFacts(
        workplace.id, PlacementKind.PLACEMENT, today - timedelta(days=14), today + timedelta(days=28), EVERY_DAY
    )
    made = actions.make_placement(session, mette, plan.subject, facts, zone=HERE, now=plan.now)
    _add_holidays(plan, made)
    kind = MentorKind.WORKPLACE_MENTOR
    actions.add_mentor(session, mette, plan.subject, made.id, cast.jens, kind, today=today - timedelta(days=14))
    session.commit()
    return Placed(plan, workplace, made)


def _add_holidays(plan: Plan, placement: Placement) -> None:
    there = set(plan.session.scalars(select(PlannedDay.day).filter_by(placement_id=placement.id)))
    length = (placement.last_day - placement.starts_on).days
    dates = [placement.starts_on + timedelta(days=number) for number in range(length + 1)]
    about = {
        "municipality_id": placement.municipality_id,
        "placement_id": placement.id,
        "citizen_id": placement.citizen_id,
    }
    for day in dates:
        if day not in there:
            plan.session.add(PlannedDay(**about, **vars(shift_on(day, BEGINS, ENDS, HERE))))
