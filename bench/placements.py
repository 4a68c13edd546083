"""Placements: a citizen's ledger of a year, the mentor's link, and the staff's list where 5,000 placements run.

All are pages, opened by somebody who is signed in, or by the link, and rendered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from statistics import median
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import (
    Column,
    Connection,
    Date,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from bench.figures import Figure
from bench.growth import fresh_database
from bench.servers import SECRET_KEY
from bench.stage import Stage, say
from bench.town import cookie
from citizen_app.app import create_app
from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.config import Settings
from citizen_app.db import UtcDateTime, make_engine, migrate
from citizen_app.ledger.models import AgreedHours, WeekWord
from citizen_app.people.actions import start_sign_in
from citizen_app.people.models import Municipality, Person, Relation
from citizen_app.people.rules import fingerprint
from citizen_app.placements.models import MentorLink, Placement, PlacementMentor, PlacementTime, PlannedDay, Workplace
from citizen_app.policy import Role
from tests.postgres import running_postgres

CASELOAD = 50
WORKPLACES = 200
PAGE = 50
WEEKS = 26
"""So long every placement has run, and so long it still lasts: three days a week of it are a year's ledger."""
WEEKDAYS = (0, 2, 4)
MOST_MILLISECONDS = 200
LEDGER_STATEMENTS = 6
LIST_STATEMENTS = 5
"""Who asks, the placements, their days, what they come to, and silent mentors."""
LINK_STATEMENTS = 4
_LARGE = frozenset({"people", "relations", "placements", "planned_days", "day_records", "day_statements"})
"""No statement may read one of these from end to end."""
_scaffold = MetaData()
_days = Table(
    "bench_placement_days",
    _scaffold,
    Column("day", Date, primary_key=True),
    Column("begins_at", UtcDateTime()),
    Column("ends_at", UtcDateTime()),
    Column("weekday", Integer),
)


@dataclass(frozen=True)
class Filled:
    engine: Engine
    today: date
    placements: int

    @property
    def mentor(self) -> int:
        return self.placements + 1

    @property
    def everybodys(self) -> int:
        """The number of a consultant who works with every citizen of the municipality."""
        return self.placements + 2

    @property
    def worker(self) -> int:
        """The number of a case worker in the middle, with a caseload of her own."""
        return self.placements + 3 + self.placements // CASELOAD // 2


def measure(stage: Stage) -> Iterator[Figure]:
    placements = 5_000 if stage.sizes.rounds > 2 else 500
    yield from _on(stage, "SQLite", f"sqlite:///{stage.folder}/placements.db", placements)
    with running_postgres() as address, fresh_database(address, "citizen_app_bench_placements") as url:
        yield from _on(stage, "PostgreSQL", url, placements)


def _on(stage: Stage, name: str, url: str, placements: int) -> Iterator[Figure]:
    filled = _filled(url, placements)
    rounds = 4 * stage.sizes.rounds + 1
    citizen = placements // 2
    app = create_app(Settings(database_url=url, secret_key=SECRET_KEY))
    whole = [_page(app, filled, person, "/staff/placements") for person in (filled.worker, filled.everybodys)]
    year = _page(app, filled, _with_lessons(filled, citizen), "/ledger?weeks=52")
    link = _link(app, filled)
    ledger = f"{2 * WEEKS * len(WEEKDAYS)} days of one citizen"
    acts: dict[str, tuple[Callable[[], Any], int, str]] = {
        "a ledger of a year": (year, LEDGER_STATEMENTS, ledger),
        f"the page with {PAGE} of her own": (whole[0], LIST_STATEMENTS, f"a worker among {placements:,} placements"),
        f"the page with {PAGE} of all": (whole[1], LIST_STATEMENTS, f"somebody who works with all {placements:,}"),
        "a mentor's link": (link, LINK_STATEMENTS, f"{len(link()):,} bytes, packed"),
    }
    for what, (act, most, note) in acts.items():
        act()  # fills caches
        sent = _sent([filled.engine, app.extensions["engine"]], act)
        yield Figure(f"{name}, statements of {what}", len(sent), most=most, note=note)
        unled = _unled(filled.engine, sent)
        yield Figure(f"{name}, {what}: read without index", len(unled), most=0, note=" | ".join(unled)[:160])
        spent = median(_milliseconds(act) for _round in range(rounds))
        yield Figure(f"{name}, ms of {what}", spent, most=MOST_MILLISECONDS, note=note)
    app.extensions["engine"].dispose()
    filled.engine.dispose()


# --- What the pages ask -------------------------------------------------------------------------------------


def _with_lessons(filled: Filled, citizen: int) -> int:
    """Give a citizen two kinds of agreed hours besides, with a word of hers about every week; returns who."""
    monday = filled.today - timedelta(days=filled.today.weekday())
    shared = {"municipality_id": 1, "citizen_id": citizen}
    made = {"made_by_id": filled.everybodys, "made_by_name": "Navn", "made_at": _at(_first(filled.today), 8)}
    dates = {"starts_on": monday - timedelta(weeks=51), "last_day": monday + timedelta(days=6)}
    with Session(filled.engine) as session, session.begin():
        for kind in ("danish", "job_search"):
            hours = AgreedHours(kind=kind, weekly_minutes=600, **dates, **shared, **made)
            session.add(hours)
            session.flush()
            session.add_all(
                WeekWord(
                    hours_id=hours.id,
                    id=f"w{number}",
                    monday=monday - timedelta(weeks=number),
                    side="citizen",
                    by_id=citizen,
                    by_name="Navn",
                    minutes=600,
                    said_at=_at(filled.today, 8),
                    **shared,
                )
                for number in range(52)
            )
    return citizen


def _page(app: Flask, filled: Filled, person_id: int, path: str) -> Callable[[], bytes]:
    """Return what opens a page as somebody who is signed in."""
    with Session(filled.engine) as session, session.begin():
        person = session.get_one(Person, person_id)
        key = start_sign_in(session, person, device="Windows", now=datetime.now(UTC)).key
    visitor = app.test_client()
    visitor.set_cookie("session", cookie(key))
    return lambda: _opened(visitor, path)


def _link(app: Flask, filled: Filled) -> Callable[[], bytes]:
    """Return what opens a mentor's link."""
    token, now, citizen = "a-token-of-thirty-two-letters-and-more", datetime.now(UTC), filled.placements // 2
    shared = {"municipality_id": 1, "person_id": filled.mentor}
    made = {"made_by_id": filled.everybodys, "made_at": now, "expires_on": filled.today + timedelta(days=30)}
    with Session(filled.engine) as session, session.begin():
        session.add(MentorLink(token_hash=fingerprint(token), placement_id=citizen, **shared, **made))
        session.add(Relation(citizen_id=citizen, role="workplace_mentor", started_on=filled.today, **shared))
    return lambda: _opened(app.test_client(), f"/m/{token}", {"Accept-Encoding": "gzip"})


def _opened(visitor: FlaskClient, path: str, headers: dict[str, str] | None = None) -> bytes:
    response = visitor.get(path, headers=headers)
    assert response.status_code == 200, response.status
    return bytes(response.data)


# --- How they are asked -------------------------------------------------------------------------------------


def _milliseconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def _sent(engines: Collection[Engine], act: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Return the statements that an act sends, with their values."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            sent.append((statement, values))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    act()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    return sent


def _unled(engine: Engine, sent: list[tuple[str, Any]]) -> list[str]:
    """Return the steps by which a database would read a large table from end to end."""
    sqlite = engine.dialect.name == "sqlite"
    found: list[str] = []
    with engine.connect() as connection:
        for statement, values in sent:
            plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}", values)
            steps = [str(row[-1]).strip(" ->") for row in plan]
            scans = [step for step in steps if step.startswith("SCAN " if sqlite else "Seq Scan on ")]
            found += [step for step in scans if _LARGE & set(step.split())]
            found += [step for step in steps if step.endswith("(municipality_id=?)")]
    return found


# --- Filling ------------------------------------------------------------------------------------------------


def _filled(url: str, placements: int) -> Filled:
    began = time.monotonic()
    migrate(url)
    engine = make_engine(url)
    filled = Filled(engine, datetime.now(UTC).date(), placements)
    filling = create_engine(url)  # without our own, which checks every key
    with filling.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        _add_people(connection, filled)
        _add_placements(connection, filled)
        _add_days(connection, filled)
    filling.dispose()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "PRAGMA user_version"))
    with Session(engine) as session:
        days, said = (session.scalar(select(func.count()).select_from(table)) for table in (PlannedDay, DayStatement))
    say(f"  {days:,} days and {said:,} statements filled in within {time.monotonic() - began:.0f} s")
    return filled


def _add_people(connection: Connection, filled: Filled) -> None:
    """Citizen i is on a placement; each worker has fifty of them, and one consultant has all."""
    count = filled.placements
    connection.execute(insert(Municipality).values(id=1, key="havby", name="Havby Kommune"))
    roles = [Role.CITIZEN] * count + [Role.MENTOR, Role.COMPANY_CONSULTANT] + [Role.CASE_WORKER] * (count // CASELOAD)
    people = [
        {
            "id": number,
            "municipality_id": 1,
            "external_id": f"x{number}",
            "role": role.value,
            "given_name": f"P{number}",
        }
        for number, role in enumerate(roles, start=1)
    ]
    connection.execute(insert(Person), people)
    shared = {"municipality_id": 1, "started_on": filled.today - timedelta(days=400), "is_contact": False}
    relations = [
        {"citizen_id": citizen, "person_id": person, "role": role, **shared}
        for citizen in range(1, count + 1)
        for person, role in (
            (count + 3 + (citizen - 1) % (count // CASELOAD), "case_worker"),
            (filled.everybodys, "company_consultant"),
        )
    ]
    connection.execute(insert(Relation), relations)


def _add_placements(connection: Connection, filled: Filled) -> None:
    workplaces = [
        {
            "id": number,
            "municipality_id": 1,
            "name": f"Sted {number}",
            "search_key": f"sted {number}",
            "branch": "kitchen",
        }
        for number in range(1, WORKPLACES + 1)
    ]
    connection.execute(insert(Workplace), workplaces)
    first, last = _first(filled.today), _first(filled.today) + timedelta(weeks=2 * WEEKS) - timedelta(days=1)
    shared = {"municipality_id": 1, "starts_on": first, "last_day": last, "kind": "placement"}
    made = {"language_minutes": 600, "follow_up_day": 21, "made_by_id": filled.everybodys, "made_at": _at(first, 8)}
    numbers = range(1, filled.placements + 1)
    placements = [
        {"id": number, "citizen_id": number, "workplace_id": number % WORKPLACES + 1, **shared, **made}
        for number in numbers
    ]
    connection.execute(insert(Placement), placements)
    home = {"municipality_id": 1}
    times = [
        {"placement_id": number, "weekday": weekday, "begins": clock(8), "ends": clock(12), **home}
        for number in numbers
        for weekday in WEEKDAYS
    ]
    connection.execute(insert(PlacementTime), times)
    mentor = {"person_id": filled.mentor, "kind": "workplace_mentor", **home}
    connection.execute(insert(PlacementMentor), [{"placement_id": number, **mentor} for number in numbers])


def _add_days(connection: Connection, filled: Filled) -> None:
    """Half of each placement's days have been; of the last two weeks but one Friday nobody has a record."""
    first = _first(filled.today)
    dates = [first + timedelta(days=number) for number in range(14 * WEEKS)]
    rows = [
        {"day": day, "begins_at": _at(day, 8), "ends_at": _at(day, 12), "weekday": day.weekday()}
        for day in dates
        if day.weekday() in WEEKDAYS
    ]
    with _table(connection):
        connection.execute(insert(_days), rows)
        planned = select(Placement.municipality_id, Placement.id, Placement.citizen_id, *list(_days.c)[:3])
        planned = planned.select_from(Placement).join(_days, true()).order_by(_days.c.day, Placement.id)
        names = ["municipality_id", "placement_id", "citizen_id", "day", "begins_at", "ends_at"]
        connection.execute(insert(PlannedDay).from_select(names, planned))
        _add_words(connection, filled)


def _add_words(connection: Connection, filled: Filled) -> None:
    monday = filled.today - timedelta(days=filled.today.weekday())
    past = PlannedDay.day < monday
    disputed = monday - timedelta(days=3)
    about = {
        "municipality_id": PlannedDay.municipality_id,
        "placement_id": PlannedDay.placement_id,
        "day_id": PlannedDay.id,
    }
    values = {"said_at": PlannedDay.ends_at, "arrived_at": PlannedDay.ends_at, "words": "", "words_language": ""}
    for side, said, by, about_id in (("mentor", "came", filled.mentor, None), ("citizen", "right", 1, "mentor")):
        fixed = {"id": side, "side": side, "by_id": by, "by_name": "Navn", "said": said, "about": about_id}
        _fill(connection, DayStatement, {**about, **values, **fixed}, past)
    record = {
        **about,
        "citizen_id": PlannedDay.citizen_id,
        "day": PlannedDay.day,
        "changed_at": PlannedDay.ends_at,
        "said": "came",
        "minutes": 240,
        "language_minutes": 10,
    }
    agreed = {**record, "state": "agreed", "mentor_statement": "mentor"}
    _fill(connection, DayRecord, agreed, PlannedDay.day < monday - timedelta(days=14))
    _fill(
        connection, DayRecord, {**record, "state": "disputed", "mentor_statement": "mentor"}, PlannedDay.day == disputed
    )


def _fill(connection: Connection, model: Any, fields: dict[str, Any], *where: Any) -> None:
    columns = [(value if hasattr(value, "label") else literal(value)).label(name) for name, value in fields.items()]
    connection.execute(insert(model).from_select(list(fields), select(*columns).where(*where)))


@contextmanager
def _table(connection: Connection) -> Iterator[None]:
    _scaffold.create_all(connection)
    yield
    _scaffold.drop_all(connection)


def _first(today: date) -> date:
    """Return the Monday half a year ago."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, clock(hour), UTC)
