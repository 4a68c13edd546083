"""What happens to accounts: sign in and out, connect a phone, settings, and the log of who has looked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, exists, insert, literal, select, update
from sqlalchemy.orm import Session

from citizen_app.people import queries, rules
from citizen_app.people.models import AccessLogEntry, ConnectCode, FailedSignIn, Person, Photo, SignIn
from citizen_app.policy import Actor, Permission, Refusal, Subject, check
from citizen_app.web.photos import small_jpeg

PHOTO_SIDE = 256


class WrongPassword(Refusal):
    """The name and the password do not belong together."""

    status = 422


class TooManyAttempts(Refusal):
    """So many wrong attempts that one has to wait a quarter of an hour."""

    status = 429


class UnknownCode(Refusal):
    """No such code was ever shown."""

    status = 422


class UsedCode(Refusal):
    """Somebody has used the code already."""

    status = 410


class ExpiredCode(Refusal):
    """The code is more than ten minutes old."""

    status = 410


@dataclass(frozen=True)
class StartedSignIn:
    key: str
    """The secret for the cookie; stored only as a hash."""
    person: Person
    next_path: str | None = None


def sign_in_with_password(
    session: Session, username: str, password: str, *, address: str, device: str, now: datetime
) -> StartedSignIn:
    """Check a password and start a sign-in; wrong ones are counted by name and by address."""
    tried = {f"name:{username.lower()}": rules.THROTTLE_LIMIT, f"address:{address}": rules.ADDRESS_LIMIT}
    _refuse_if_throttled(session, tried, now)
    person = queries.person_with_username(session, username)
    if person is None or person.password_hash is None or not _is_active(person, now):
        _hash_anyway(password)
        _count_failure(session, tried, now)
        raise WrongPassword
    if not is_password(person, password):
        _count_failure(session, tried, now)
        raise WrongPassword
    return start_sign_in(session, person, device=device, now=now)


def start_sign_in(
    session: Session, person: Person, *, device: str, now: datetime, next_path: str | None = None
) -> StartedSignIn:
    key = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            municipality_id=person.municipality_id,
            person_id=person.id,
            key_hash=rules.fingerprint(key),
            device=device,
            started_at=now,
            expires_at=now + rules.sign_in_lifetime(person.role),
        )
    )
    return StartedSignIn(key, person, next_path)


def end_sign_in(session: Session, actor: Actor, person_id: int, sign_in_id: int) -> bool:
    """Sign one device of a person out; returns whether it was signed in."""
    ended = session.execute(
        delete(SignIn).where(
            SignIn.id == sign_in_id,
            SignIn.person_id == person_id,
            SignIn.municipality_id == actor.municipality_id,
        )
    )
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def show_connect_code(
    session: Session, actor: Actor, subject: Subject, *, now: datetime, next_path: str | None = None
) -> str:
    """Make a code that signs the subject's phone in once within ten minutes; returns the code itself."""
    check(actor, Permission.CONNECT_PHONE, subject)
    code = rules.new_code()
    session.add(
        ConnectCode(
            municipality_id=subject.municipality_id,
            code_hash=rules.fingerprint(code),
            person_id=subject.citizen_id,
            made_by_id=actor.person_id,
            next_path=next_path,
            made_at=now,
            expires_at=now + rules.CODE_LIFETIME,
        )
    )
    return code


def connect_phone(session: Session, typed: str, *, address: str, device: str, now: datetime) -> StartedSignIn:
    """Use a code up and sign its person in. Of two phones at once, one wins and the other hears it was used."""
    tried = {f"code:{address}": rules.ADDRESS_LIMIT}
    _refuse_if_throttled(session, tried, now)
    code = queries.connect_code(session, rules.clean_code(typed))
    if code is None:
        _count_failure(session, tried, now)
        raise UnknownCode
    if code.expires_at <= now:
        raise ExpiredCode
    claimed = session.execute(
        update(ConnectCode)
        .where(ConnectCode.code_hash == code.code_hash, ConnectCode.used_at.is_(None))
        .values(used_at=now)
    )
    if not claimed.rowcount:  # type: ignore[attr-defined]
        raise UsedCode
    person = session.get_one(Person, code.person_id)
    if not _is_active(person, now):
        raise UnknownCode
    return start_sign_in(session, person, device=device, now=now, next_path=code.next_path)


def set_password(person: Person, password: str, *, cost: int) -> None:
    """Store a password as an argon2id hash; `cost` is the number of rounds."""
    person.password_hash = PasswordHasher(time_cost=cost).hash(password)


def is_password(person: Person, password: str) -> bool:
    try:
        return PasswordHasher().verify(person.password_hash or "", password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def set_language(session: Session, actor: Actor, language: str) -> None:
    session.execute(
        update(Person)
        .where(Person.id == actor.person_id, Person.municipality_id == actor.municipality_id)
        .values(language=language)
    )


def save_photo(session: Session, actor: Actor, upload: bytes, now: datetime) -> None:
    """Keep a person's own photo, made anew as a small square JPEG; raises NotAPhoto for anything unreadable."""
    jpeg = small_jpeg(upload, PHOTO_SIDE, square=True)
    session.merge(Photo(municipality_id=actor.municipality_id, person_id=actor.person_id, jpeg=jpeg, updated_at=now))
    session.execute(update(Person).where(Person.id == actor.person_id).values(has_photo=True))


def log_access(session: Session, actor: Actor, citizen_id: int, what: str, now: datetime) -> None:
    """Write down that somebody other than the citizen has looked at her data."""
    if actor.person_id != citizen_id:
        session.add(
            AccessLogEntry(
                municipality_id=actor.municipality_id,
                citizen_id=citizen_id,
                reader_id=actor.person_id,
                reader_role=actor.role,
                what=what,
                at=now,
            )
        )


def log_access_daily(
    session: Session, actor: Actor, citizen_id: int, what: str, *, midnight: datetime, now: datetime
) -> None:
    """Write a look down once a day, for a page that is opened again with each press."""
    row = {
        "municipality_id": actor.municipality_id,
        "citizen_id": citizen_id,
        "reader_id": actor.person_id,
        "reader_role": actor.role,
        "what": what,
    }
    table = AccessLogEntry.__table__
    is_known = exists().where(*(table.c[name] == value for name, value in row.items()), table.c.at >= midnight)
    entry = row | {"at": now}
    values = select(*(literal(value, table.c[name].type) for name, value in entry.items())).where(~is_known)
    session.execute(insert(AccessLogEntry).from_select(list(entry), values))


def _is_active(person: Person, now: datetime) -> bool:
    return person.ended_on is None or person.ended_on > now.date()


def _hash_anyway(password: str) -> None:
    """Spend the time of a real check, so that the answer's delay does not tell whether the name exists."""
    PasswordHasher().hash(password[:200])


def _refuse_if_throttled(session: Session, tried: Mapping[str, int], now: datetime) -> None:
    for key, limit in tried.items():
        if rules.is_throttled(queries.failed_attempts(session, key, now), now, limit):
            raise TooManyAttempts


def _count_failure(session: Session, tried: Iterable[str], now: datetime) -> None:
    for key in tried:
        session.add(FailedSignIn(tried=rules.fingerprint(key), at=now))
