"""Who can sign in to try the app."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.demo.rules import Account
from citizen_app.people.models import Municipality, Person
from citizen_app.policy import Role


def has_municipality(session: Session) -> bool:
    """Say whether anybody, demo or not, uses this database already."""
    return session.scalar(select(Municipality.id).limit(1)) is not None


def accounts(session: Session, key: str) -> list[Account]:
    """Return those who sign in with a password in the municipality of this key, in the order they came in."""
    rows = session.execute(
        select(Person.role, Person.given_name, Person.family_name, Person.language, Person.username)
        .join(Municipality, Municipality.id == Person.municipality_id)
        .where(Municipality.key == key, Person.password_hash.is_not(None))
        .order_by(Person.id)
    )
    return [
        Account(Role(role), f"{given} {family}", language, username)
        for role, given, family, language, username in rows
        if username is not None
    ]
