"""Reminders that are due, with their people, meetings and phones, as rows: for tests of the engine and for the bench.

They are put into the tables past the planner, since what is tried is the sending.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from citizen_app.config import LANGUAGES
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.people.models import Municipality, Person, SignIn
from citizen_app.policy import Role
from citizen_app.push.models import Device
from citizen_app.reminders.models import Delivery, Reminder


class Reachable(Protocol):
    """What a push service knows of a phone."""

    @property
    def endpoint(self) -> str: ...
    @property
    def p256dh(self) -> str: ...
    @property
    def auth(self) -> str: ...


@dataclass(frozen=True)
class Home:
    """Where everybody of a crowd lives, and who hosts their meetings."""

    municipality_id: int
    host_id: int


def make_home(session: Session) -> Home:
    municipality = Municipality(key="due", name="Ventby Kommune")
    session.add(municipality)
    session.flush()
    host = Person(
        municipality_id=municipality.id, external_id="host", role=Role.CASE_WORKER, given_name="Ida", language="da"
    )
    session.add(host)
    session.flush()
    return Home(municipality.id, host.id)


def meeting_row(home: Home, starts_at: datetime, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "municipality_id": home.municipality_id,
        "host_id": home.host_id,
        "kind": "talk",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "way": "place",
        "place": "Indgang B",
        "leave_home_at": starts_at - timedelta(minutes=30),
        "language": "da",
        "interpreter": "none_needed",
        "made_by_id": home.host_id,
        "made_at": now,
        "settled_at": now,
        **more,
    }


def device_row(
    municipality_id: int, person_id: int, sign_in_id: int, phone: Reachable, now: datetime
) -> dict[str, Any]:
    return {
        "municipality_id": municipality_id,
        "person_id": person_id,
        "sign_in_id": sign_in_id,
        "consent": "granted",
        "seen_on": now.date(),
        "endpoint": phone.endpoint,
        "endpoint_hash": hashlib.sha256(phone.endpoint.encode()).hexdigest(),
        "p256dh": phone.p256dh,
        "auth": phone.auth,
        "subscribed_at": now,
    }


def reminder_row(municipality_id: int, person_id: int, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "municipality_id": municipality_id,
        "person_id": person_id,
        "kind": "evening",
        "due_at": now,
        "useless_at": now + timedelta(hours=12),
        "state": "waiting",
        "next_try_at": now,
        "made_at": now,
        **more,
    }


def fill(session: Session, phones: Sequence[Reachable], now: datetime, **more: Any) -> list[int]:
    """Make a citizen with a meeting tomorrow and one due reminder for each phone; returns the reminders' numbers."""
    home = make_home(session)
    connection = session.connection()
    numbers = range(len(phones))
    languages = list(LANGUAGES)

    def add(table: Any, rows: Iterable[Mapping[str, Any]]) -> list[int]:
        before: int = session.scalar(select(func.coalesce(func.max(table.id), 0))) or 0
        connection.execute(insert(table), list(rows))
        return list(session.scalars(select(table.id).where(table.id > before).order_by(table.id)))

    people = add(
        Person,
        (
            {
                "municipality_id": home.municipality_id,
                "external_id": f"c-{number}",
                "role": Role.CITIZEN,
                "given_name": f"B{number}",
                "language": languages[number % len(languages)],
            }
            for number in numbers
        ),
    )
    sign_ins = add(
        SignIn,
        (
            {
                "municipality_id": home.municipality_id,
                "person_id": person,
                "key_hash": f"due-{person}",
                "started_at": now,
                "expires_at": now + timedelta(days=180),
            }
            for person in people
        ),
    )
    meetings = add(Meeting, (meeting_row(home, now + timedelta(days=1), now) for _person in people))
    add(
        Participant,
        (
            {
                "municipality_id": home.municipality_id,
                "meeting_id": meeting,
                "person_id": person,
                "part": "citizen",
                "starts_at": now + timedelta(days=1),
            }
            for person, meeting in zip(people, meetings, strict=True)
        ),
    )
    add(
        Device,
        (
            device_row(home.municipality_id, person, sign_in, phone, now)
            for person, sign_in, phone in zip(people, sign_ins, phones, strict=True)
        ),
    )
    return add(
        Reminder,
        (
            reminder_row(home.municipality_id, person, now, meeting_id=meeting, **more)
            for person, meeting in zip(people, meetings, strict=True)
        ),
    )


def by_state(session: Session) -> dict[str, int]:
    """Count the reminders by state."""
    rows = session.execute(select(Reminder.state, func.count()).group_by(Reminder.state))
    return {state: count for state, count in rows}  # noqa: C416 - typed


def deliveries(session: Session) -> list[tuple[int, str, int, str]]:
    """Return all deliveries: reminder, channel, phone, verdict."""
    columns = (Delivery.reminder_id, Delivery.channel, Delivery.device_id, Delivery.verdict)
    return [
        (number, channel, phone, verdict)
        for number, channel, phone, verdict in session.execute(select(*columns).order_by(Delivery.id))
    ]
