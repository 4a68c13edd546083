"""A meeting in ten days between Selam and Mette, and the few things the tests of reminders need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizen_app.db import AnyRow
from citizen_app.meetings import actions as meetings
from citizen_app.meetings import queries as meeting_queries
from citizen_app.meetings.models import Meeting
from citizen_app.meetings.rules import Answer, Interpreter, MeetingFacts, Reply, Slot
from citizen_app.people.models import SignIn
from citizen_app.policy import Subject
from citizen_app.push.models import Device
from citizen_app.reminders.models import Reminder
from citizen_app.reminders.rules import notification_key
from tests.cast import Cast, actor_for
from tests.conftest import SECRET_KEY
from tests.plan import Plan

HERE = ZoneInfo("Europe/Copenhagen")


@dataclass
class Stage:
    session: Session
    cast: Cast
    now: datetime
    """Noon of a day, so that nothing is quiet."""

    @property
    def subject(self) -> Subject:
        return Subject(self.cast.solby, self.cast.selam, frozenset({self.cast.mette, self.cast.karen}))

    def facts(self, **other: Any) -> MeetingFacts:
        start = self.now + timedelta(days=10)
        usual: dict[str, Any] = {
            "kind": "job_talk",
            "starts_at": start,
            "ends_at": start + timedelta(minutes=45),
            "place": "Indgang B",
            "language": "ti",
            "interpreter": Interpreter.BOOKED,
            "leave_home_at": start - timedelta(minutes=40),
        }
        if "starts_at" in other:
            usual |= {"ends_at": other["starts_at"] + timedelta(minutes=45), "leave_home_at": None}
        return MeetingFacts(**{**usual, **other})

    def meeting(self, *, offered: Sequence[Slot] = (), **other: Any) -> Meeting:
        mette = actor_for(self.session, self.cast.mette)
        facts = self.facts(**other)
        made = meetings.make_meeting(self.session, mette, self.subject, facts, self.now, offered=offered)
        self.session.commit()
        return made

    def move(self, meeting: Meeting, *, after: timedelta = timedelta(), **other: Any) -> None:
        now = self.now + after
        facts = meeting_queries.facts_of(meeting)
        changed = MeetingFacts(**{**facts.__dict__, **other})
        mette = actor_for(self.session, self.cast.mette)
        seen = meeting.version
        meetings.move_meeting(self.session, mette, self.subject, meeting.id, changed, seen_version=seen, now=now)
        self.session.commit()

    def cancel(self, meeting: Meeting, *, after: timedelta = timedelta()) -> None:
        mette = actor_for(self.session, self.cast.mette)
        meetings.cancel_meeting(
            self.session, mette, self.subject, meeting.id, "Syg", seen_version=meeting.version, now=self.now + after
        )
        self.session.commit()

    def answer(self, meeting: Meeting, value: str) -> None:
        selam = actor_for(self.session, self.cast.selam)
        meetings.answer_meeting(
            self.session, selam, meeting.id, Reply(Answer(value)), seen_version=meeting.version, now=self.now
        )
        self.session.commit()

    def rows(self, *states: str) -> list[AnyRow]:
        """Return the reminders in some state, by default those that wait."""
        self.session.expire_all()
        found = self.session.execute(
            select(Reminder.id, Reminder.kind, Reminder.due_at, Reminder.about_version, Reminder.state, Reminder.lease)
            .where(Reminder.state.in_(states or ["waiting"]))
            .order_by(Reminder.due_at, Reminder.id)
        ).all()
        self.session.commit()
        return list(found)

    def kinds(self, *states: str) -> list[str]:
        return [row.kind for row in self.rows(*states)]

    def send(self, *kinds: str) -> None:
        """Let reminders of these kinds have gone out."""
        values = {"state": "sent", "sent_at": self.now, "channel": "push", "language": "ti"}
        statement = update(Reminder).where(Reminder.state == "waiting", Reminder.kind.in_(kinds))
        self.session.execute(statement.values(**values))
        self.session.commit()

    def phone(self, person_id: int | None = None) -> int:
        """Give a person's last sign-in a phone that can be written to; returns its number."""
        person_id = person_id or self.cast.selam
        sign_in = self.session.scalars(select(SignIn).filter_by(person_id=person_id).order_by(SignIn.id.desc())).first()
        assert sign_in is not None
        device = Device(
            municipality_id=sign_in.municipality_id,
            sign_in_id=sign_in.id,
            person_id=person_id,
            consent="granted",
            seen_on=self.now.date(),
            endpoint=f"https://push.example/{sign_in.id}",
        )
        self.session.add(device)
        self.session.commit()
        return device.id


def told(reminder_id: int, device_id: int, **more: Any) -> dict[str, Any]:
    """What a phone sends about a message that it got."""
    return {
        "reminder": reminder_id,
        "device": device_id,
        "key": notification_key(SECRET_KEY, reminder_id, device_id),
        **more,
    }


@pytest.fixture
def stage(plan: Plan) -> Stage:
    noon = datetime.now(HERE).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Stage(plan.session, plan.cast, noon.astimezone(UTC))
