"""A database full of citizens, by the million, made by a few large statements that both databases understand.

Every case worker has fifty citizens, and every fifty are alike whatever the size, so that a page of the large
database shows just what it shows of the small one. They are spread over the whole table, as years would do.
Days are counted from this week's Monday, so that two databases of one week are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    case,
    cast,
    create_engine,
    event,
    insert,
    literal,
    null,
    select,
    text,
    update,
)
from sqlalchemy.exc import ProgrammingError

from citizen_app.app import all_tables
from citizen_app.db import UtcDateTime
from citizen_app.goals.models import Goal, GoalEvent, SmallStep
from citizen_app.meetings.models import Meeting
from citizen_app.people.models import Municipality, Person, Relation, SignIn
from citizen_app.people.rules import fingerprint
from citizen_app.policy import Role
from citizen_app.texts.models import Rendering, Text

MUNICIPALITIES = 20
CASELOAD = 50
UNIT = MUNICIPALITIES * CASELOAD
"""The number of citizens must be a multiple of this."""
SAMPLE = 100
"""Citizens who are signed in and have three goals; in each municipality one worker is signed in too."""

_scaffold = MetaData()
_numbers = Table("bench_numbers", _scaffold, Column("i", Integer, primary_key=True))
_days = Table(
    "bench_days",
    _scaffold,
    Column("k", Integer, primary_key=True),
    *(Column(name, UtcDateTime()) for name in ("coming", "coming_end", "past", "past_end", "touched")),
    Column("day", Date),
)
_i = _numbers.c.i


def monday() -> date:
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


def key_of(person_id: int) -> str:
    """Return the key that a person of the sample is signed in with."""
    return f"bench-{person_id}"


def sample_citizens(citizens: int) -> list[int]:
    return [1 + s * (citizens // SAMPLE) + s % MUNICIPALITIES for s in range(SAMPLE)]


def sample_workers(citizens: int) -> list[int]:
    middle = citizens // UNIT // 2
    return [citizens + 1 + middle * MUNICIPALITIES + m for m in range(MUNICIPALITIES)]


def fill(database_url: str, citizens: int) -> None:
    """Fill a migrated, empty database. Indexes are made last, and nothing checks keys meanwhile: they are right."""
    engine = create_engine(database_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry_sqlite)
    with engine.begin() as connection:
        _hurry_postgresql(connection)
        with _without_indexes(connection):
            _scaffold.create_all(connection)
            _fill_scaffold(connection, citizens)
            for statement in _statements(citizens):
                connection.execute(statement)
            _add_sample(connection, citizens)
            _scaffold.drop_all(connection)
    _settle(engine)
    engine.dispose()


def _municipality() -> ColumnElement[int]:
    return (_i - 1) % MUNICIPALITIES + 1


def _statements(citizens: int) -> Iterator[Any]:
    per_municipality = citizens // UNIT
    place = (_i - 1) // MUNICIPALITIES
    worker = citizens + 1 + place % per_municipality * MUNICIPALITIES + (_i - 1) % MUNICIPALITIES
    former = citizens + 1 + (place + 1) % per_municipality * MUNICIPALITIES + (_i - 1) % MUNICIPALITIES
    k = place // per_municipality
    everybody = _numbers.join(_days, _days.c.k == k)
    started, touched, long_ago = monday() - timedelta(days=400), _days.c.touched, monday() - timedelta(days=900)
    expires = datetime.combine(monday(), time(), UTC) + timedelta(days=180)
    is_proposed, is_done = k % 4 == 0, k % 5 == 1
    agreed = case((is_proposed, null()), else_=touched)

    def rows(model: Any, source: Any, where: Any = None, **fields: Any) -> Any:
        made = [
            value.label(name) if isinstance(value, ColumnElement) else literal(value).label(name)
            for name, value in fields.items()
        ]
        chosen = select(*made).select_from(source).order_by(_i)
        return insert(model).from_select(list(fields), chosen if where is None else chosen.where(where))

    person = {"family_name": "Havby", "phone": "+45 70 00 00 01"}
    text_number = cast(_i, String)
    yield rows(
        Municipality,
        _numbers,
        _i <= MUNICIPALITIES,
        id=_i,
        key="by" + text_number,
        name="By " + text_number,
    )
    yield rows(
        Person,
        everybody,
        id=_i,
        municipality_id=_municipality(),
        external_id="b-" + text_number,
        role=Role.CITIZEN.value,
        given_name="Borger " + cast(k, String),
        language="ar",
        second_language="en",
        **person,
    )
    yield rows(
        Person,
        _numbers,
        _i <= citizens // CASELOAD,
        id=_i + citizens,
        municipality_id=_municipality(),
        external_id="m-" + text_number,
        role=Role.CASE_WORKER.value,
        given_name="Medarbejder",
        language="da",
        **person,
    )
    around = {"municipality_id": _municipality(), "citizen_id": _i, "role": "case_worker"}
    yield rows(Relation, _numbers, **around, person_id=worker, is_contact=True, started_on=started)
    yield rows(
        Relation,
        _numbers,
        **around,
        person_id=former,
        is_contact=False,
        started_on=long_ago,
        ended_on=started,
    )
    yield rows(
        SignIn,
        everybody,
        municipality_id=_municipality(),
        person_id=_i,
        key_hash="x" + text_number,
        device="Android",
        started_at=_days.c.past,
        expires_at=expires,
    )
    for offset in (0, 1):
        yield rows(Text, _numbers, id=2 * _i + offset, municipality_id=_municipality(), original_language="da")
    author = {"author_id": worker, "author_name": "Medarbejder", "made_at": touched, "text_version": 1}
    for offset, words in ((0, _GOAL_WORDS), (1, _STEP_WORDS)):
        for language, mark in (("da", "own_words"), ("ar", "checked")):
            yield rows(
                Rendering,
                everybody,
                text_id=2 * _i + offset,
                municipality_id=_municipality(),
                language=language,
                body=words[language],
                mark=mark,
                **author,
            )
    yield rows(
        Goal,
        everybody,
        id=_i,
        municipality_id=_municipality(),
        citizen_id=_i,
        text_id=2 * _i,
        status=case((is_proposed, "proposed"), else_="agreed"),
        citizen_agreed_at=agreed,
        staff_agreed_at=touched,
        started_at=_days.c.past,
        changed_at=touched,
        **_GOAL,
    )
    yield rows(
        SmallStep,
        everybody,
        id=_i,
        municipality_id=_municipality(),
        citizen_id=_i,
        goal_id=_i,
        text_id=2 * _i + 1,
        helper_id=worker,
        status=case((is_done, "done"), else_="ready"),
        day=_days.c.day,
        citizen_agreed_at=agreed,
        staff_agreed_at=touched,
        position=1,
        **_STEP,
    )
    yield rows(
        GoalEvent,
        everybody,
        municipality_id=_municipality(),
        goal_id=_i,
        goal_version=1,
        what="proposed",
        by_id=worker,
        by_name="Medarbejder",
        by_side="staff",
        at=touched,
    )
    for when, answer in (("past", "coming"), ("coming", None)):
        yield rows(
            Meeting,
            everybody,
            municipality_id=_municipality(),
            citizen_id=_i,
            host_id=worker,
            made_by_id=worker,
            starts_at=_days.c[when],
            ends_at=_days.c[f"{when}_end"],
            made_at=_days.c.past,
            answer=literal(answer, String),
            **_MEETING,
        )


_GOAL_WORDS = {"da": "Jeg vil arbejde i et køkken", "ar": "أريد أن أعمل في مطبخ"}
_STEP_WORDS = {"da": "Jeg møder til tiden i morgen", "ar": "أصل غداً في الموعد"}
_GOAL = {"track": "job", "picture": "1F373", "started_by": "staff", "started_by_name": "Medarbejder"}
_STEP = {"picture": "231A", "proposed_by": "staff", "proposed_by_name": "Medarbejder", "place": "Jobcenter"}
_MEETING = {"kind": "job_talk", "place": "Indgang B, 2. sal", "language": "ar", "interpreter": "booked", "bring": "CV"}


def _fill_scaffold(connection: Connection, citizens: int) -> None:
    counted = select(literal(1).label("i")).cte("counted", recursive=True)
    counted = counted.union_all(select(counted.c.i + 1).where(counted.c.i < citizens))
    connection.execute(insert(_numbers).from_select(["i"], select(counted.c.i)))
    ten = datetime.combine(monday(), time(10), UTC)
    days = timedelta(days=1)
    for k in range(CASELOAD):
        coming, past = ten + (k + 7) * days, ten - (k + 7) * days
        connection.execute(
            insert(_days).values(
                k=k,
                coming=coming,
                coming_end=coming + timedelta(hours=1),
                past=past,
                past_end=past + timedelta(hours=1),
                touched=ten - k // 3 * days,
                day=coming.date(),
            )
        )


def _add_sample(connection: Connection, citizens: int) -> None:
    """Give the sample two more goals with two steps each, and keys that are known."""
    goal, step, texts = citizens, citizens, 2 * citizens + 1
    at = datetime.combine(monday(), time(10), UTC)
    yes = {"citizen_agreed_at": at, "staff_agreed_at": at}
    made: dict[Any, list[dict[str, Any]]] = {Text: [], Rendering: [], Goal: [], SmallStep: []}

    def new_text(municipality: int, words: dict[str, str]) -> int:
        nonlocal texts
        texts += 1
        made[Text].append({"id": texts, "municipality_id": municipality, "original_language": "da"})
        for language, mark in (("da", "own_words"), ("ar", "checked")):
            about = {"text_id": texts, "municipality_id": municipality, "text_version": 1, "made_at": at}
            author = {"author_id": citizens + 1, "author_name": "Medarbejder"}
            made[Rendering].append({"language": language, "body": words[language], "mark": mark, **about, **author})
        return texts

    for citizen in sample_citizens(citizens):
        about = {"municipality_id": (citizen - 1) % MUNICIPALITIES + 1, "citizen_id": citizen}
        for _more in range(2):
            goal += 1
            words = {"text_id": new_text(about["municipality_id"], _GOAL_WORDS), "status": "agreed"}
            made[Goal].append({"id": goal, **about, **words, **yes, "started_at": at, "changed_at": at, **_GOAL})
            for position in (1, 2):
                step += 1
                words = {"text_id": new_text(about["municipality_id"], _STEP_WORDS), "status": "ready"}
                where = {"goal_id": goal, "position": position}
                made[SmallStep].append({"id": step, **about, **words, **yes, **where, **_STEP})
        signed_in = update(SignIn).where(SignIn.person_id == citizen, SignIn.key_hash == f"x{citizen}")
        connection.execute(signed_in.values(key_hash=fingerprint(key_of(citizen))))
    for model, rows in made.items():
        connection.execute(insert(model), rows)
    worker = {"device": "PC", "started_at": at, "expires_at": at + timedelta(days=180)}
    for number, person in enumerate(sample_workers(citizens)):
        key_hash = fingerprint(key_of(person))
        whose = {"municipality_id": number + 1, "person_id": person, "key_hash": key_hash}
        connection.execute(insert(SignIn).values(**whose, **worker))


def _hurry_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _hurry_postgresql(connection: Connection) -> None:
    """Leave foreign keys unchecked where the role may say so; elsewhere filling takes some times longer."""
    if connection.dialect.name == "postgresql":
        try:
            with connection.begin_nested():
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        except ProgrammingError:
            return


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    indexes = [index for table in all_tables().sorted_tables for index in table.indexes]
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _settle(engine: Engine) -> None:
    """Do for PostgreSQL what its own clean-up does within minutes; SQLite has nothing of the kind."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
