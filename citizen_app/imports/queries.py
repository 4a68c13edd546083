"""What a municipality has already, so that a sheet can be checked against it and new told from changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from citizen_app.imports.rules import Known, KnownPerson, KnownRelation, Sheet
from citizen_app.people.models import Municipality, Person, Relation

IMPORTED = (
    Person.role,
    Person.given_name,
    Person.family_name,
    Person.language,
    Person.second_language,
    Person.needs_interpreter,
    Person.easy_reading,
    Person.phone,
    Person.email,
    Person.username,
    Person.spoken_languages,
    Person.working_hours,
    Person.ended_on,
)
AT_ONCE = 500
"""User names asked for in one statement."""

_PEOPLE = select(Person.external_id, Person.id, *IMPORTED)
_Citizen = aliased(Person)
_Other = aliased(Person)
_RELATIONS = (
    select(
        Relation.id,
        _Citizen.external_id,
        _Other.external_id,
        Relation.role,
        Relation.started_on,
        Relation.ended_on,
        Relation.is_contact,
    )
    .join(_Citizen, _Citizen.id == Relation.citizen_id)
    .join(_Other, _Other.id == Relation.person_id)
)


def known_in(session: Session, municipality_id: int, sheet: Sheet) -> Known:
    """Return what the municipality has, and which user names of the sheet are taken elsewhere."""
    people = session.execute(_PEOPLE.where(Person.municipality_id == municipality_id))
    relations = session.execute(_RELATIONS.where(Relation.municipality_id == municipality_id))
    usernames = [str(row.values["username"]) for row in sheet.people if row.values.get("username")]
    names = [column.key for column in IMPORTED]
    return Known(
        people={key: KnownPerson(number, dict(zip(names, values, strict=True))) for key, number, *values in people},
        relations=[KnownRelation(*row) for row in relations],
        foreign_usernames=_usernames_elsewhere(session, municipality_id, usernames),
    )


def person_ids(session: Session, municipality_id: int) -> dict[str, int]:
    """Return the numbers of all people of the municipality by their keys."""
    found = session.execute(select(Person.external_id, Person.id).where(Person.municipality_id == municipality_id))
    return {row.external_id: row.id for row in found}


def municipality_with_key(session: Session, key: str) -> Municipality | None:
    return session.scalar(select(Municipality).filter_by(key=key))


def _usernames_elsewhere(session: Session, municipality_id: int, usernames: Sequence[str]) -> frozenset[str]:
    taken: set[str] = set()
    for start in range(0, len(usernames), AT_ONCE):
        elsewhere = select(Person.username).where(
            Person.username.in_(usernames[start : start + AT_ONCE]), Person.municipality_id != municipality_id
        )
        taken.update(name for name in session.scalars(elsewhere) if name)
    return frozenset(taken)
