"""What is promised of reminders: none is lost and none rings twice without need, whoever is killed meanwhile.

Two workers as people run them, a push service of ours that opens what it gets, and 2,000 reminders that are due.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select, text, update
from sqlalchemy.orm import Session

from citizen_app import serve
from citizen_app.db import make_engine, writing_session
from citizen_app.reminders.jobs import LEASED_AT_ONCE
from citizen_app.reminders.models import Reminder, WorkerBeat
from tests.conftest import SECRET_KEY, VAPID_KEY
from tests.due import by_state, fill
from tests.push_service import Phone, PushService, running

pytestmark = pytest.mark.slow

DUE = 2_000
TAKEN_BACK = 50
"""So many of them are cancelled while the rest goes out."""
LEASE_SECONDS = 6
PATIENCE = 240


@pytest.fixture
def service() -> Iterator[PushService]:
    with running(PushService()) as service:
        yield service


class Crew:
    """Workers on a database, each in a process of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DATABASE_URL": url,
            "SECRET_KEY": SECRET_KEY,
            "VAPID_PRIVATE_KEY": VAPID_KEY,
            "LEASE_SECONDS": str(LEASE_SECONDS),
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = {**self.environment, "WORKER_NAME": name}
            worker = serve.start((*serve.FLASK, "worker"), environment, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        serve.stop({str(number): worker for number, worker in enumerate(self.workers)})


@contextmanager
def crew(url: str, folder: Path) -> Iterator[Crew]:
    found = Crew(url, folder)
    try:
        yield found
    finally:
        found.stop()


def kill(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def wait_for(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def get_ready(engine: Engine, service: PushService) -> tuple[list[Phone], list[int]]:
    """Make all reminders, due in an hour."""
    phones = [service.phone() for _number in range(DUE)]
    now = datetime.now(UTC)
    with writing_session(engine) as session, session.begin():
        return phones, fill(session, phones, now, next_try_at=now + timedelta(hours=1))


def fall_due(engine: Engine, taken_back: list[int]) -> None:
    with writing_session(engine) as session, session.begin():
        session.execute(update(Reminder).where(Reminder.id.in_(taken_back)).values(state="cancelled", lease=None))
        session.execute(update(Reminder).values(next_try_at=Reminder.due_at))


def workers_up(engine: Engine, names: set[str]) -> Callable[[], bool]:
    def are_up() -> bool:
        with Session(engine) as session:
            return names <= set(session.scalars(select(WorkerBeat.name)))

    return are_up


def nothing_waits(engine: Engine) -> bool:
    with Session(engine) as session:
        return "waiting" not in by_state(session)


def check_the_promise(engine: Engine, service: PushService, phones: list[Phone], *, hands: int) -> None:
    """No phone is left out, nobody hears of what was taken back, and only what was in `hands` may come twice."""
    heard = Counter(received.endpoint for received in service.received)
    left_out = [phone for phone in phones[TAKEN_BACK:] if not heard[phone.endpoint]]
    assert not left_out
    assert not [phone for phone in phones[:TAKEN_BACK] if heard[phone.endpoint]]
    assert max(heard.values()) <= 2
    assert sum(count - 1 for count in heard.values()) <= hands * LEASED_AT_ONCE
    assert not service.refused
    with Session(engine) as session:
        assert by_state(session) == {"sent": DUE - TAKEN_BACK, "cancelled": TAKEN_BACK}


@pytest.mark.parametrize("killed", [1, 2], ids=["one-killed", "both-killed"])
def test_nothing_is_lost_when_workers_are_killed(
    own_database_url: str, service: PushService, tmp_path: Path, killed: int
) -> None:
    engine = make_engine(own_database_url)
    phones, reminders = get_ready(engine, service)
    with crew(own_database_url, tmp_path) as workers:
        pair = [workers.start("first"), workers.start("second")]
        wait_for(workers_up(engine, {"first", "second"}), "both workers")
        fall_due(engine, reminders[:TAKEN_BACK])
        wait_for(lambda: len(service.received) >= DUE // 4, "the first quarter")
        for worker in pair[:killed]:
            kill(worker)
        if killed == len(pair):
            workers.start("first")
            workers.start("second")
        wait_for(lambda: nothing_waits(engine), "the rest")
    check_the_promise(engine, service, phones, hands=killed)
    engine.dispose()


def test_workers_go_on_by_themselves_after_the_database_was_away(
    own_database_url: str, service: PushService, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine = make_engine(own_database_url)
    phones, reminders = get_ready(engine, service)
    with crew(own_database_url, tmp_path) as workers:
        workers.start("first")
        workers.start("second")
        wait_for(workers_up(engine, {"first", "second"}), "both workers")
        fall_due(engine, reminders[:TAKEN_BACK])
        wait_for(lambda: len(service.received) >= DUE // 4, "the first quarter")
        engine.dispose()
        take_away(own_database_url, request)
        wait_for(lambda: nothing_waits(engine), "the rest")
    check_the_promise(engine, service, phones, hands=2)
    engine.dispose()


def take_away(url: str, request: pytest.FixtureRequest) -> None:
    """Keep everybody from the database for longer than they wait for it."""
    if url.startswith("sqlite"):
        file = make_url(url).database
        assert file is not None
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as blocker:
            blocker.execute("BEGIN IMMEDIATE")
            time.sleep(12)
            blocker.execute("ROLLBACK")
        return
    name = make_url(url).database
    admin: Engine = request.getfixturevalue("postgres_admin")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
        time.sleep(5)
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
