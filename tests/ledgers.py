"""Danish lessons agreed with Selam: ten hours a week since ten weeks, made through the same verbs as the pages use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from citizen_app.ledger import actions, queries
from citizen_app.ledger.actions import Given, HoursFacts
from citizen_app.ledger.models import AgreedHours, WeekWord
from citizen_app.ledger.rules import WEEK, HoursKind, WeekStand, monday_of
from tests.placed import HERE
from tests.plan import Plan


@dataclass
class Ledger:
    plan: Plan
    hours: AgreedHours

    @property
    def today(self) -> date:
        return self.plan.now.astimezone(HERE).date()

    def monday(self, number: int = 0) -> date:
        """Return the Monday so many weeks from this one."""
        return monday_of(self.today) + number * WEEK

    def agree(self, kind: str = "danish", weekly: int = 600, **more: Any) -> AgreedHours:
        more.setdefault("starts_on", self.monday(-10))
        more.setdefault("last_day", self.monday(10) + timedelta(days=6))
        made: AgreedHours = self.plan.do("mette", actions.agree, HoursFacts(HoursKind(kind), weekly, **more))
        return made

    def says(self, minutes: int, number: int = 0, *, words: str = "", name: str = "selam", **more: Any) -> WeekStand:
        given = Given(more.pop("id", uuid4().hex), self.monday(number), minutes, words)
        hours = more.pop("hours", self.hours.id)
        stand: WeekStand = self.plan.do(name, actions.say, hours, given, today=self.today, **more)
        return stand

    def confirms(self, minutes: int, number: int = 0, *, seen: str | None = None, **more: Any) -> WeekStand:
        """Let Mette speak, having seen what was said last."""
        given = Given(more.pop("id", uuid4().hex), self.monday(number), minutes, more.pop("words", ""))
        ids = [one.id for one in self.words(number)]
        known = seen if seen is not None else ids[-1] if ids else ""
        name, hours = more.pop("name", "mette"), more.pop("hours", self.hours.id)
        stand: WeekStand = self.plan.do(name, actions.confirm, hours, given, seen=known, today=self.today, **more)
        return stand

    def words(self, number: int = 0) -> list[WeekWord]:
        self.plan.session.expire_all()
        wanted = select(WeekWord).filter_by(hours_id=self.hours.id, monday=self.monday(number))
        found = list(self.plan.session.scalars(wanted.order_by(WeekWord.said_at, WeekWord.id)))
        self.plan.session.commit()
        return found

    def weeks(self, first: int = 0, last: int = 0) -> queries.Weeks:
        cast = self.plan.cast
        found = queries.weeks_of(self.plan.session, cast.solby, cast.selam, self.monday(first), self.monday(last))
        self.plan.session.commit()
        return found


@pytest.fixture
def ledger(plan: Plan) -> Ledger:
    made = Ledger(plan, AgreedHours())
    made.hours = made.agree(place="Sprogskolen")
    return made
