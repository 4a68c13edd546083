"""The people whom the tests are about: a handful with one-sentence lives, and two strangers next door.

Selam, Yusuf, Mette, Karen and Jens live and work in Solby, where Bodil keeps the accounts. Anders and Olena
belong to Vandby, the municipality next door, and must never see or be seen by anybody in Solby.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from citizen_app.people.actions import start_sign_in
from citizen_app.people.models import Municipality, Person, Relation
from citizen_app.policy import Actor, Role

PASSWORD = "a sentence is a good password"
"""Everybody with a user name signs in with it; the user name is the first name in small letters."""
SINCE = date(2024, 1, 1)
"""The day on which all relations began, long before any test runs."""


@dataclass(frozen=True)
class Cast:
    """The numbers of the people and of their two municipalities."""

    solby: int
    vandby: int
    selam: int
    """Citizen, 34, reads Tigrinya and some English, wants to work in a kitchen and drives no car."""
    yusuf: int
    """Citizen, 51, reads Arabic, once a tailor; only Karen knows him, so to Mette he is a stranger."""
    mette: int
    """Case worker, Selam's contact person, who has fifty citizens and two minutes between two talks."""
    karen: int
    """Danish teacher of Selam and Yusuf: she may read their plans, but not write in them."""
    jens: int
    """Mentor: a cook who speaks Danish with Selam at work, ten seconds at a time and with wet hands."""
    bodil: int
    """Administrator of Solby: she knows all accounts and no plan."""
    anders: int
    """Case worker in Vandby, a stranger to everybody in Solby."""
    olena: int
    """Citizen in Vandby, reads Ukrainian; Anders is her contact person."""


def make_cast(session: Session) -> Cast:
    """Put everybody into the database and commit."""
    solby = _add(session, Municipality(key="solby", name="Solby Kommune", phone="70 00 00 00"))
    vandby = _add(session, Municipality(key="vandby", name="Vandby Kommune"))
    english = {"second_language": "en", "needs_interpreter": True}
    cast = Cast(
        solby=solby,
        vandby=vandby,
        selam=_person(session, solby, "Selam", "Tesfay", Role.CITIZEN, "ti", phone="+45 70 00 00 01", **english),
        yusuf=_person(session, solby, "Yusuf", "Haddad", Role.CITIZEN, "ar", easy_reading=True),
        mette=_worker(session, solby, "Mette", "Lund", Role.CASE_WORKER, spoken_languages="da en"),
        karen=_worker(session, solby, "Karen", "Holm", Role.DANISH_TEACHER, spoken_languages="da"),
        jens=_worker(session, solby, "Jens", "Krog", Role.MENTOR, spoken_languages="da"),
        bodil=_worker(session, solby, "Bodil", "Friis", Role.ADMINISTRATOR),
        anders=_worker(session, vandby, "Anders", "Bak", Role.CASE_WORKER),
        olena=_person(session, vandby, "Olena", "Marchuk", Role.CITIZEN, "uk"),
    )
    _relate(session, solby, cast.selam, cast.mette, "case_worker", is_contact=True)
    _relate(session, solby, cast.selam, cast.karen, "danish_teacher")
    _relate(session, solby, cast.selam, cast.jens, "language_mentor")
    _relate(session, solby, cast.yusuf, cast.karen, "danish_teacher", is_contact=True)
    _relate(session, vandby, cast.olena, cast.anders, "case_worker", is_contact=True)
    session.commit()
    return cast


def sign_in(client: FlaskClient, session: Session, person_id: int) -> None:
    """Sign the client in as this person, with a real row behind it, instead of whoever was signed in."""
    person = session.get_one(Person, person_id)
    started = start_sign_in(session, person, device="Android", now=datetime.now(UTC))
    session.commit()
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie.permanent = True
        cookie["_user_id"] = started.key
        cookie["_fresh"] = True


def actor_for(session: Session, person_id: int) -> Actor:
    """Return the person as she asks below the view."""
    person = session.get_one(Person, person_id)
    municipality = session.get_one(Municipality, person.municipality_id)
    return Actor(
        person_id=person.id,
        municipality_id=person.municipality_id,
        role=Role(person.role),
        given_name=person.given_name,
        language=person.language,
        second_language=person.second_language,
        timezone=municipality.timezone,
        easy_reading=person.easy_reading,
        text_size=person.text_size,
        product_name=municipality.product_name,
        sign_in_id=0,
    )


@lru_cache
def _hashed_password() -> str:
    return PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)


def _person(
    session: Session, municipality: int, given: str, family: str, role: Role, language: str, **more: Any
) -> int:
    key = given.lower()
    fields = {"given_name": given, "family_name": family, "role": role, "language": language, **more}
    return _add(session, Person(municipality_id=municipality, external_id=f"x-{key}", **fields))


def _worker(session: Session, municipality: int, given: str, family: str, role: Role, **more: Any) -> int:
    account = {"username": given.lower(), "password_hash": _hashed_password(), "phone": "+45 70 00 00 10"}
    return _person(session, municipality, given, family, role, "da", **account, **more)


def _relate(
    session: Session, municipality: int, citizen: int, person: int, role: str, *, is_contact: bool = False
) -> None:
    keys = {"municipality_id": municipality, "citizen_id": citizen, "person_id": person}
    _add(session, Relation(**keys, role=role, is_contact=is_contact, started_on=SINCE))


def _add(session: Session, row: Any) -> int:
    session.add(row)
    session.flush()
    number: int = row.id
    return number
