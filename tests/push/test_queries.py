"""Phones to write to, and what is known of them, in one statement for many people."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from citizen_app.people.actions import start_sign_in
from citizen_app.people.models import Person, SignIn
from citizen_app.push.models import Device
from citizen_app.push.queries import devices_of, endpoint_hash, reach_of
from citizen_app.push.rules import PhoneFacts
from tests.cast import Cast

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.fixture
def phones(session: Session, cast: Cast) -> dict[str, Device]:
    """Selam has two phones, one of them without an address; Yusuf and Olena have one each."""
    return {
        "selam": add_phone(session, cast.selam, "https://push.example.com/1"),
        "selam's old": add_phone(session, cast.selam, None),
        "yusuf": add_phone(session, cast.yusuf, "https://push.example.com/2"),
        "olena": add_phone(session, cast.olena, "https://push.example.com/3"),
    }


def add_phone(session: Session, person_id: int, endpoint: str | None) -> Device:
    person = session.get_one(Person, person_id)
    start_sign_in(session, person, device="Android", now=NOW)
    session.flush()
    sign_in = session.query(SignIn).filter_by(person_id=person_id).order_by(SignIn.id.desc()).first()
    assert sign_in is not None
    device = Device(
        municipality_id=person.municipality_id,
        person_id=person_id,
        sign_in_id=sign_in.id,
        consent="granted",
        seen_on=date(2026, 11, 20),
        endpoint=endpoint,
        endpoint_hash=endpoint_hash(endpoint) if endpoint else None,
        lost_at=None if endpoint else NOW,
        shown_at=NOW if endpoint else None,
    )
    session.add(device)
    session.flush()
    return device


def test_only_phones_with_an_address_of_the_asked_people_are_given(
    session: Session, cast: Cast, phones: dict[str, Device]
) -> None:
    found = devices_of(session, cast.solby, [cast.selam, cast.yusuf, cast.olena])
    assert [(row.id, row.person_id, row.endpoint) for row in found] == [
        (phones["selam"].id, cast.selam, "https://push.example.com/1"),
        (phones["yusuf"].id, cast.yusuf, "https://push.example.com/2"),
    ]
    assert devices_of(session, cast.solby, []) == ()
    assert devices_of(session, cast.vandby, [cast.selam]) == []


def test_many_people_are_one_statement(session: Session, cast: Cast, phones: dict[str, Device]) -> None:
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *call: statements.append(call[2]))
    found = devices_of(session, cast.solby, range(1, 201))
    assert len(found) == len(phones) - 2
    assert len(statements) == 1


def test_facts_are_given_for_everybody_asked_about(session: Session, cast: Cast, phones: dict[str, Device]) -> None:
    seen = date(2026, 11, 20)
    assert reach_of(session, cast.solby, [cast.selam, cast.mette]) == {
        cast.selam: [
            PhoneFacts(phones["selam"].id, True, "granted", seen, NOW.date()),
            PhoneFacts(phones["selam's old"].id, False, "granted", seen, None, NOW),
        ],
        cast.mette: [],
    }
    assert reach_of(session, cast.solby, []) == {}
