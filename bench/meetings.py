"""Meetings: what booking one with ten people asks the database, and a worker's full week on small and large tables.

Both sizes of table stand side by side and are asked in turns, so that a busy machine slows both. The weeks that are
opened are the same in both: only what lies around them grows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from itertools import cycle, islice
from statistics import median
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, func, insert, select

from bench.crowd import fill
from bench.crowd_rows import CASELOAD, MEETING, MUNICIPALITIES, UNIT, monday
from bench.crowd_sample import key_of, sample_workers
from bench.figures import Figure
from bench.growth import fresh_database
from bench.servers import SECRET_KEY
from bench.stage import Stage, say
from bench.town import cookie, make_town
from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.db import make_engine, migrate, writing_session
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.rules import Part
from citizen_app.people.models import Person, Relation, SignIn
from citizen_app.people.rules import fingerprint
from citizen_app.policy import Role
from tests.postgres import running_postgres

MEETINGS_A_WEEK = 200
PEOPLE = 10
"""In the meeting that is booked."""
PAGES_A_ROUND = 2 * MUNICIPALITIES


@dataclass(frozen=True)
class Weeks:
    """A database whose workers' weeks are opened."""

    app: Flask
    visits: Sequence[tuple[FlaskClient, str]]

    def milliseconds(self) -> float:
        """Open each week of a round; returns what the median page took."""
        return median(_milliseconds(client, path) for client, path in islice(cycle(self.visits), PAGES_A_ROUND))


def measure(stage: Stage) -> Iterator[Figure]:
    sizes = _sizes(stage)
    folder = f"sqlite:///{stage.folder}"
    yield from _booking("SQLite", f"{folder}/booking.db")
    yield from _weeks(stage, "SQLite", {citizens: f"{folder}/weeks-{citizens}.db" for citizens in sizes})
    with running_postgres() as address, ExitStack() as databases:
        yield from _booking("PostgreSQL", databases.enter_context(fresh_database(address, "citizen_app_bench_booking")))
        urls = {
            citizens: databases.enter_context(fresh_database(address, f"citizen_app_bench_weeks_{citizens}"))
            for citizens in sizes
        }
        yield from _weeks(stage, "PostgreSQL", urls)


def _sizes(stage: Stage) -> tuple[int, int]:
    """Return how many citizens the small and the large database have; each has two meetings of two people."""
    return 2 * UNIT, 500 * UNIT if stage.sizes.rounds > 2 else 20 * UNIT


# --- Booking ------------------------------------------------------------------------------------------------


def _booking(name: str, url: str) -> Iterator[Figure]:
    town = make_town(url)
    citizen, colleagues, group = _more_people(url)
    app = _app(url)
    client = _signed_in(app, town.worker.cookie)
    wanted = {
        "day": (datetime.now(UTC).date() + timedelta(days=14)).isoformat(),
        "start": "10:00",
        "end": "11:00",
        "way": "place",
        "place": "Indgang B, 2. sal",
        "language": "da",
        "interpreter": "none_needed",
        "anyway": "y",
    }
    talk = {**wanted, "kind": "network", "people": colleagues, "request_id": "a talk"}
    yield _booked(app, f"{name}, statements to book a meeting of {PEOPLE}", client, _talk_address(citizen), talk)
    many = {**wanted, "kind": "group", "citizens": group, "start": "12:00", "end": "13:00", "request_id": "a group"}
    yield _booked(app, f"{name}, statements to book a group of {PEOPLE}", client, "/staff/meetings/group", many)
    app.extensions["engine"].dispose()


def _booked(app: Flask, name: str, client: FlaskClient, address: str, fields: dict[str, Any]) -> Figure:
    def book() -> None:
        response = client.post(address, data=fields)
        assert response.status_code == 303, response.text

    return Figure(name, _statements(app, book), most=15, note="the whole request, with sign-in and replay")


def _talk_address(citizen: int) -> str:
    return f"/staff/citizens/{citizen}/meetings/new"


def _more_people(url: str) -> tuple[int, list[int], list[int]]:
    """Return a citizen of the town, eight colleagues around her, and nine citizens of the same worker."""
    engine = make_engine(url)
    with writing_session(engine) as session, session.begin():
        worker = session.scalars(select(Person).filter_by(role=Role.CASE_WORKER)).one()
        group = list(session.scalars(select(Relation.citizen_id).filter_by(person_id=worker.id).limit(PEOPLE - 1)))
        colleagues = []
        for number in range(PEOPLE - 2):
            who = {"external_id": f"c{number}", "role": Role.JOB_CONSULTANT, "given_name": f"Kollega {number}"}
            person = Person(municipality_id=worker.municipality_id, family_name="Havby", language="da", **who)
            session.add(person)
            session.flush()
            relation = {"citizen_id": group[0], "person_id": person.id, "role": "job_consultant", "is_contact": False}
            session.add(Relation(municipality_id=worker.municipality_id, started_on=date(2024, 1, 1), **relation))
            colleagues.append(person.id)
    engine.dispose()
    return group[0], colleagues, group


# --- A full week --------------------------------------------------------------------------------------------


def _weeks(stage: Stage, name: str, urls: dict[int, str]) -> Iterator[Figure]:
    weeks = {citizens: _filled(citizens, url) for citizens, url in urls.items()}
    for one in weeks.values():
        one.milliseconds()  # fills caches
    rounds = range(2 * stage.sizes.rounds + 1)
    found = [{citizens: one.milliseconds() for citizens, one in weeks.items()} for _round in rounds]
    small, large = weeks
    client, path = weeks[large].visits[0]
    statements = _statements(weeks[large].app, lambda: _open(client, path))
    full = f"{MEETINGS_A_WEEK} meetings in the week, a colleague beside them"
    yield Figure(f"{name}, statements of a week", statements, most=8, note=full)
    yield Figure(f"{name}, ms of a week", median(turn[small] for turn in found), note=f"{2 * small:,} in the table")
    told = " : ".join(f"{median(turn[citizens] for turn in found):.1f}" for citizens in (large, small))
    note = f"{told} ms for {2 * large:,} : {2 * small:,} meetings, {4 * large:,} : {4 * small:,} participants"
    yield Figure(
        f"{name}, a week on a large table", median(turn[large] / turn[small] for turn in found), 1.3, note=note
    )
    for one in weeks.values():
        one.app.extensions["engine"].dispose()


def _filled(citizens: int, url: str) -> Weeks:
    began = time.monotonic()
    migrate(url)
    fill(url, citizens, more=lambda connection: _add_weeks(connection, citizens))
    say(f"  {2 * citizens:,} meetings filled in within {time.monotonic() - began:.0f} s")
    app = _app(url)
    visits = [
        (
            _signed_in(app, cookie(key_of(worker))),
            f"/staff/meetings/week?day={monday()}&with={worker - MUNICIPALITIES}",
        )
        for worker in sample_workers(citizens)
    ]
    return Weeks(app, visits)


def _add_weeks(connection: Connection, citizens: int) -> None:
    """Give one worker of each municipality this week's meetings, a colleague and a sign-in."""
    meetings: list[dict[str, Any]] = []
    participants: list[dict[str, Any]] = []
    first = (connection.scalar(select(func.max(Meeting.id))) or 0) + 1
    for number, worker in enumerate(sample_workers(citizens)):
        home = {"municipality_id": number + 1}
        known = _caseload(citizens, number)
        for place, starts_at in enumerate(_starts()):
            meeting = first + len(meetings)
            times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=45)}
            made = {"host_id": worker, "made_by_id": worker, "made_at": starts_at, "settled_at": starts_at}
            meetings.append({"id": meeting, **home, **times, **made, **MEETING})
            answer = ("coming", None, "late", "cannot")[place % 4]
            about = {**home, "meeting_id": meeting, "starts_at": starts_at}
            citizen = known[place % CASELOAD]
            participants.append({**about, "person_id": citizen, "part": Part.CITIZEN.value, "answer": answer})
            participants.append({**about, "person_id": worker, "part": Part.HOST.value, "answer": None})
        shared = {"citizen_id": known[0], "person_id": worker - MUNICIPALITIES, "role": "job_consultant"}
        connection.execute(insert(Relation).values(**home, **shared, is_contact=False, started_on=monday()))
        _sign_in(connection, home, worker)
    connection.execute(insert(Meeting), meetings)
    connection.execute(insert(Participant), participants)


def _sign_in(connection: Connection, home: dict[str, int], worker: int) -> None:
    at = datetime.combine(monday(), clock(), UTC)
    period = {"device": "PC", "started_at": at, "expires_at": at + timedelta(days=180)}
    whose = {"person_id": worker, "key_hash": fingerprint(key_of(worker))}
    connection.execute(insert(SignIn).values(**home, **whose, **period))


def _caseload(citizens: int, number: int) -> list[int]:
    """Return the citizens of a municipality's sample worker, as `crowd_rows` gives them to her."""
    workers = citizens // UNIT
    return [1 + (workers // 2 + k * workers) * MUNICIPALITIES + number for k in range(CASELOAD)]


def _starts() -> Iterator[datetime]:
    """The same number of meetings on each of five days, twelve minutes apart."""
    for day in range(5):
        for place in range(MEETINGS_A_WEEK // 5):
            yield datetime.combine(monday() + timedelta(days=day), clock(7), UTC) + timedelta(minutes=12 * place)


# --- Small things -------------------------------------------------------------------------------------------


def _app(url: str) -> Flask:
    app = create_app(Settings(database_url=url, secret_key=SECRET_KEY))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def _signed_in(app: Flask, key: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("session", key)
    return client


def _open(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.status
    return response.text


def _milliseconds(client: FlaskClient, path: str) -> float:
    began = time.perf_counter()
    page = _open(client, path)
    spent = 1000 * (time.perf_counter() - began)
    assert page.count('class="entry"') == MEETINGS_A_WEEK
    return spent


def _statements(app: Flask, run: Callable[[], Any]) -> int:
    engine: Engine = app.extensions["engine"]
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    run()
    event.remove(engine, "before_cursor_execute", note)
    return sum(not statement.upper().startswith(("BEGIN", "COMMIT")) for statement in sent)
