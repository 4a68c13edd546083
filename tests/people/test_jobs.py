"""What the clock forgets about people, and that the worker really does it by itself, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from citizen_app.config import PROJECT_ROOT
from citizen_app.db import reading_session
from citizen_app.people.jobs import forget_expired
from citizen_app.people.models import ConnectCode, FailedSignIn, SignIn
from citizen_app.people.rules import THROTTLE_WINDOW
from citizen_app.web.replay import HandledRequest
from citizen_app.worker import engine_tables_url, forget
from tests.cast import Cast

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WORKER_SECONDS = 60


def add_rows(session: Session, cast: Cast, end: datetime, name: str) -> None:
    """One code, one sign-in and one wrong attempt that are over at this moment."""
    person = {"municipality_id": cast.solby, "person_id": cast.selam}
    code = {"made_by_id": cast.mette, "made_at": end - 10 * MINUTE}
    session.add(ConnectCode(**person, **code, code_hash=name, expires_at=end))
    session.add(SignIn(**person, key_hash=name, started_at=end - 60 * MINUTE, expires_at=end))
    session.add(FailedSignIn(tried=name, at=end - THROTTLE_WINDOW))
    session.commit()


def names_left(session: Session) -> set[str]:
    columns = (ConnectCode.code_hash, SignIn.key_hash, FailedSignIn.tried)
    return {name for column in columns for name in session.scalars(select(column))}


def test_what_is_over_is_forgotten_and_counted(session: Session, cast: Cast) -> None:
    add_rows(session, cast, NOW, "over")
    counts = forget_expired(session, NOW)
    assert counts == {"connect_codes": 1, "sign_ins": 1, "failed_sign_ins": 1}
    assert names_left(session) == set()


def test_what_still_holds_is_kept(session: Session, cast: Cast) -> None:
    add_rows(session, cast, NOW + MINUTE, "holds")
    assert set(forget_expired(session, NOW).values()) == {0}
    assert names_left(session) == {"holds"}


@pytest.mark.parametrize(("days", "left"), [(29, 1), (31, 0)])
def test_handled_requests_are_kept_for_a_month(
    engine: Engine, session: Session, cast: Cast, days: int, left: int
) -> None:
    handled = {"municipality_id": cast.solby, "person_id": cast.selam, "request_id": "r"}
    session.add(HandledRequest(**handled, handled_at=NOW - timedelta(days=days)))
    session.commit()
    assert forget(engine, NOW)["handled_requests"] == 1 - left
    assert session.scalar(select(func.count()).select_from(HandledRequest)) == left


def test_the_engines_tables_stand_in_a_second_file_or_in_the_same_server() -> None:
    assert engine_tables_url("sqlite:////srv/app/people.db") == "sqlite:////srv/app/people-jobs.db"
    address = "postgresql+psycopg://me:secret@host/app"
    assert engine_tables_url(address) == address


def test_the_worker_forgets_by_itself_and_stops_when_asked(
    engine: Engine, session: Session, cast: Cast, database_url: str, tmp_path: Path
) -> None:
    add_rows(session, cast, datetime.now(UTC) - MINUTE, "over")
    add_rows(session, cast, datetime.now(UTC) + 60 * MINUTE, "holds")
    output = tmp_path / "worker.log"
    with running_worker(database_url, output) as worker:
        wait_until_gone(engine, worker)
    assert worker.returncode == 0
    assert names_left(session) == {"holds"}
    lines = output.read_text().splitlines()
    assert len(lines) == 1
    assert "1 connect_codes, 1 sign_ins, 1 failed_sign_ins" in lines[0]


@contextmanager
def running_worker(database_url: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The worker as people start it; asked to stop at the end."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "SECRET_KEY": "long enough to be accepted, I hope",
    }
    command = [sys.executable, "-m", "flask", "--app", "citizen_app.app:create_app", "worker"]
    with output.open("wb") as log:
        worker = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield worker
        worker.terminate()
        worker.wait(WORKER_SECONDS)
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()


def wait_until_gone(engine: Engine, worker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WORKER_SECONDS
    while time.monotonic() < deadline:
        with reading_session(engine) as session:
            if "over" not in names_left(session):
                return
        assert worker.poll() is None, "the worker ended by itself"
        time.sleep(0.1)  # between two looks at another process
    pytest.fail("the worker did not forget in time")
