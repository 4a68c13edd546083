"""Who is who: the sign-in behind a key, a citizen's people, a worker's citizens.

Everything hot is selected as columns by statements built once at import.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from citizen_app.db import AnyRow, one_of, room_for, rows_of, spread
from citizen_app.people.models import ConnectCode, FailedSignIn, Municipality, Person, Photo, Relation, SignIn
from citizen_app.people.rules import THROTTLE_WINDOW, fingerprint
from citizen_app.policy import STAFF, Actor, NotFound, Role, Subject

ACTOR_COLUMNS = (
    Person.id.label("person_id"),
    Person.municipality_id,
    Person.role,
    Person.given_name,
    Person.language,
    Person.second_language,
    Municipality.timezone,
    Person.easy_reading,
    Person.text_size,
    Municipality.product_name,
)
"""What an `Actor` is made of, but for the sign-in; who selects them joins `Municipality` to `Person`."""

_SIGNED_IN = (
    select(*ACTOR_COLUMNS, SignIn.id.label("sign_in_id"))
    .join(Person, Person.id == SignIn.person_id)
    .join(Municipality, Municipality.id == Person.municipality_id)
    .where(
        SignIn.key_hash == bindparam("key_hash"),
        SignIn.expires_at > bindparam("now"),
        or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
    )
)


def signed_in_fields(session: Session, key: str, now: datetime) -> dict[str, Any] | None:
    """Return the fields of `Actor` for a session key that still holds."""
    row = rows_of(session, _SIGNED_IN, {"key_hash": fingerprint(key), "now": now, "today": now.date()}).first()
    return dict(row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy documents this name


_HOLDS = and_(
    Relation.started_on <= bindparam("today"),
    or_(Relation.ended_on.is_(None), Relation.ended_on > bindparam("today")),
)

_PEOPLE_AROUND = (
    select(
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.phone,
        Person.email,
        Person.spoken_languages,
        Person.working_hours,
        Person.has_photo,
        Relation.role,
        Relation.is_contact,
        Relation.started_on,
    )
    .join(Person, Person.id == Relation.person_id)
    .where(
        Relation.municipality_id == bindparam("municipality_id"),
        Relation.citizen_id == bindparam("citizen_id"),
        _HOLDS,
    )
    .order_by(Relation.is_contact.desc(), Relation.started_on, Relation.id)
)


def people_around(session: Session, municipality_id: int, citizen_id: int, today: date) -> Sequence[AnyRow]:
    """Return the people around a citizen today, the contact person first."""
    return session.execute(
        _PEOPLE_AROUND, {"municipality_id": municipality_id, "citizen_id": citizen_id, "today": today}
    ).all()


_CONTACT = _PEOPLE_AROUND.limit(1)


def contact_person(session: Session, municipality_id: int, citizen_id: int, today: date) -> AnyRow | None:
    """Return the contact person, or who has been there longest when nobody is named."""
    values = {"municipality_id": municipality_id, "citizen_id": citizen_id, "today": today}
    return rows_of(session, _CONTACT, values).first()


_CITIZEN = select(
    Person.id,
    Person.municipality_id,
    Person.given_name,
    Person.family_name,
    Person.language,
    Person.second_language,
    Person.needs_interpreter,
    Person.easy_reading,
    Person.phone,
    Person.email,
    Person.has_photo,
).where(
    Person.municipality_id == bindparam("municipality_id"),
    Person.id == bindparam("citizen_id"),
    Person.role == Role.CITIZEN,
)

_WORKERS = select(Relation.person_id).where(
    Relation.municipality_id == bindparam("municipality_id"),
    Relation.citizen_id == bindparam("citizen_id"),
    _HOLDS,
)


def is_citizen_of_worker(citizen_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return the condition that a worker works with a citizen today.

    It wants the parameters `municipality_id`, `person_id` and `today`. An IN, because SQLite would try an EXISTS
    on every row of the municipality.
    """
    return citizen_id.in_(
        select(Relation.citizen_id).where(
            Relation.municipality_id == bindparam("municipality_id"),
            Relation.person_id == bindparam("person_id"),
            _HOLDS,
        )
    )


class KnownCitizen(NamedTuple):
    row: AnyRow
    subject: Subject


def citizen_of_worker(session: Session, actor: Actor, citizen_id: int, today: date) -> KnownCitizen:
    """Return a citizen this worker works with today; raises NotFound for a stranger."""
    where = {"municipality_id": actor.municipality_id, "citizen_id": citizen_id}
    row = session.execute(_CITIZEN, where).first()
    workers = frozenset(session.scalars(_WORKERS, {**where, "today": today}))
    if row is None or actor.person_id not in workers:
        raise NotFound
    return KnownCitizen(row, Subject(actor.municipality_id, citizen_id, workers))


@lru_cache
def _workers_of(size: int) -> Select[*tuple[Any, ...]]:
    return select(Relation.citizen_id, Relation.person_id).where(
        Relation.municipality_id == bindparam("municipality_id"),
        one_of(Relation.citizen_id, "citizen", size),
        _HOLDS,
    )


def subjects_of_worker(session: Session, actor: Actor, citizen_ids: Sequence[int], today: date) -> list[Subject]:
    """Return the subjects of several citizens this worker works with, in one SELECT; raises NotFound for a stranger."""
    if not citizen_ids:
        return []
    workers: dict[int, set[int]] = {citizen_id: set() for citizen_id in citizen_ids}
    size = room_for(len(workers))
    values = {"municipality_id": actor.municipality_id, "today": today, **spread("citizen", list(workers), size)}
    for citizen_id, person_id in rows_of(session, _workers_of(size), values):
        workers[citizen_id].add(person_id)
    if any(actor.person_id not in known for known in workers.values()):
        raise NotFound
    return [Subject(actor.municipality_id, citizen_id, frozenset(known)) for citizen_id, known in workers.items()]


_COLLEAGUES = (
    select(Person.id, Person.given_name, Person.family_name)
    .join(Relation, Relation.person_id == Person.id)
    .where(
        Relation.municipality_id == bindparam("municipality_id"),
        is_citizen_of_worker(Relation.citizen_id),
        _HOLDS,
        Person.role.in_([literal(role.value) for role in sorted(STAFF)]),
        Person.id != bindparam("person_id"),
        or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
    )
    .distinct()
    .order_by(Person.given_name, Person.id)
)


def colleagues_of(session: Session, actor: Actor, today: date) -> Sequence[AnyRow]:
    """Return the members of staff who share at least one citizen with a worker today."""
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
    return rows_of(session, _COLLEAGUES, values).all()


def own_subject(actor: Actor) -> Subject:
    """Return the citizen herself as the subject of what she does."""
    return Subject(actor.municipality_id, actor.person_id)


def subject_for(session: Session, actor: Actor, citizen_id: int, today: date) -> Subject:
    """Return the subject of a citizen whom the actor is or works with; raises NotFound for a stranger."""
    if actor.person_id == citizen_id:
        return own_subject(actor)
    return citizen_of_worker(session, actor, citizen_id, today).subject


_CASELOAD = (
    select(
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.language,
        Person.needs_interpreter,
        Person.phone,
        Person.has_photo,
        func.max(Relation.role).label("relation_role"),
    )
    .join(Relation, Relation.citizen_id == Person.id)
    .where(
        Relation.municipality_id == bindparam("municipality_id"),
        Relation.person_id == bindparam("person_id"),
        _HOLDS,
        tuple_(Person.given_name, Person.id) > tuple_(bindparam("after_name"), bindparam("after_id")),
    )
    .group_by(
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.language,
        Person.needs_interpreter,
        Person.phone,
        Person.has_photo,
    )
    .order_by(Person.given_name, Person.id)
    .limit(bindparam("size"))
)


def citizens_of(
    session: Session, actor: Actor, today: date, *, after: tuple[str, int] = ("", 0), size: int = 50
) -> Sequence[AnyRow]:
    """Return a page of the citizens a worker works with, by first name, after the last one of the page before."""
    return session.execute(
        _CASELOAD,
        {
            "municipality_id": actor.municipality_id,
            "person_id": actor.person_id,
            "today": today,
            "after_name": after[0],
            "after_id": after[1],
            "size": size,
        },
    ).all()


_MENTEES = (
    select(Person.id, Person.given_name, Person.language, Person.second_language)
    .join(Relation, Relation.citizen_id == Person.id)
    .where(
        Relation.municipality_id == bindparam("municipality_id"),
        Relation.person_id == bindparam("person_id"),
        _HOLDS,
    )
    .group_by(Person.id, Person.given_name, Person.language, Person.second_language)
    .order_by(Person.given_name, Person.id)
    .limit(100)
)


def mentees_of(session: Session, actor: Actor, today: date) -> Sequence[AnyRow]:
    """Return the people an actor is a mentor for today, with no more of them than a mentor may see."""
    where = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
    return session.execute(_MENTEES, where).all()


_ACCOUNTS = (
    select(Person.id, Person.role, Person.given_name, Person.family_name, Person.language, Person.username)
    .where(
        Person.municipality_id == bindparam("municipality_id"),
        tuple_(Person.role, Person.given_name, Person.id)
        > tuple_(bindparam("after_role"), bindparam("after_name"), bindparam("after_id")),
    )
    .order_by(Person.role, Person.given_name, Person.id)
    .limit(bindparam("size"))
)


def accounts(
    session: Session, actor: Actor, *, after: tuple[str, str, int] = ("", "", 0), size: int = 50
) -> Sequence[AnyRow]:
    """Return a page of all accounts of the actor's municipality, by role and first name."""
    values = {"after_role": after[0], "after_name": after[1], "after_id": after[2], "size": size}
    return session.execute(_ACCOUNTS, {"municipality_id": actor.municipality_id, **values}).all()


_MUNICIPALITY = select(Municipality.name, Municipality.phone, Municipality.email, Municipality.accessibility_url).limit(
    2
)


def municipality(session: Session, municipality_id: int | None) -> AnyRow | None:
    """Return how to reach a municipality; of nobody in particular, the only one there is, if there is just one."""
    if municipality_id is None:
        found = session.execute(_MUNICIPALITY).all()
        return found[0] if len(found) == 1 else None
    return session.execute(_MUNICIPALITY.where(Municipality.id == municipality_id)).first()


def person_of_municipality(session: Session, actor: Actor, person_id: int) -> Person:
    """Return a person of the actor's own municipality; raises NotFound for anybody else."""
    person = session.scalar(select(Person).filter_by(id=person_id, municipality_id=actor.municipality_id))
    if person is None:
        raise NotFound
    return person


def sign_ins_of(session: Session, actor: Actor, person_id: int, now: datetime) -> Sequence[AnyRow]:
    """Return the phones and computers a person is signed in on, newest first."""
    return session.execute(
        select(SignIn.id, SignIn.device, SignIn.started_at)
        .where(
            SignIn.municipality_id == actor.municipality_id,
            SignIn.person_id == person_id,
            SignIn.expires_at > now,
        )
        .order_by(SignIn.started_at.desc())
    ).all()


def photo_of(session: Session, actor: Actor, person_id: int, today: date) -> bytes | None:
    """Return the picture of a person the actor knows: herself, or somebody she shares a relation with."""
    shares_relation = (
        select(Relation.id)
        .where(
            Relation.municipality_id == actor.municipality_id,
            or_(
                and_(Relation.citizen_id == person_id, Relation.person_id == actor.person_id),
                and_(Relation.person_id == person_id, Relation.citizen_id == actor.person_id),
            ),
            _HOLDS,
        )
        .limit(1)
    )
    if person_id != actor.person_id and session.scalar(shares_relation, {"today": today}) is None:
        return None
    return session.scalar(
        select(Photo.jpeg).where(Photo.municipality_id == actor.municipality_id, Photo.person_id == person_id)
    )


def connect_code(session: Session, code: str) -> ConnectCode | None:
    """Return the row of a typed or scanned code, whatever its state."""
    return session.get(ConnectCode, fingerprint(code))


def failed_attempts(session: Session, tried: str, now: datetime) -> Sequence[datetime]:
    """Return the moments of recent wrong attempts under a name or from an address."""
    return session.scalars(
        select(FailedSignIn.at).where(FailedSignIn.tried == fingerprint(tried), FailedSignIn.at > now - THROTTLE_WINDOW)
    ).all()


def person_with_username(session: Session, username: str) -> Person | None:
    return session.scalar(select(Person).filter_by(username=username.strip().lower()))
