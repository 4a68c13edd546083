"""The background worker: the only module that knows the job engine, DBOS.

The engine's own tables stand beside the app's: in a second SQLite file, or in the schema `dbos` of the same
PostgreSQL database. What is due is always seen from the app's tables, so a run that is lost or done twice
does no harm, and several workers may run at once.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from citizen_app.config import Settings
from citizen_app.db import make_engine, writing_session
from citizen_app.people.jobs import forget_expired
from citizen_app.reminders.actions import listen
from citizen_app.web.replay import forget_handled_requests

EVERY_TEN_MINUTES = "*/10 * * * *"
HANDLED_REQUESTS_KEPT = timedelta(days=30)
FINISHED_RUNS_KEPT = timedelta(days=7)
FINISHED_RUNS_AT_ONCE = 1000
TIDY_SECONDS = 3600
STOP_SECONDS = 5
JOBS_VERSION = "1"
"""Raise it when a job changes so that a run begun by the old code cannot be ended by the new."""

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT comes; the first run is at once, the next ones by the clock."""
    _log_lines()
    stopped = _stop_signal()
    engine = make_engine(settings.database_url)
    listen(Session)
    forget = _register(engine)
    DBOS(config=_engine_config(settings))
    try:
        DBOS.launch()
        DBOS.apply_schedules([{"schedule_name": "forget", "workflow_fn": forget, "schedule": EVERY_TEN_MINUTES}])
        DBOS.trigger_schedule("forget")
        while not stopped.wait(TIDY_SECONDS):
            _forget_finished_runs(datetime.now(UTC))
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=STOP_SECONDS)
        engine.dispose()


def forget(engine: Engine, now: datetime) -> dict[str, int]:
    """Delete what holds no longer from all tables, in one transaction."""
    with writing_session(engine) as session, session.begin():
        counts = forget_expired(session, now)
        counts["handled_requests"] = forget_handled_requests(session, now - HANDLED_REQUESTS_KEPT)
    return counts


def engine_tables_url(database_url: str) -> str:
    """Return where the job engine keeps its own tables."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        url = url.set(database=str(file.with_name(f"{file.stem}-jobs{file.suffix}")))
    return url.render_as_string(hide_password=False)


def _register(engine: Engine) -> Callable[[datetime, Any], None]:
    @DBOS.workflow(name="forget")
    def forget_by_the_clock(_scheduled_at: datetime, _context: Any) -> None:
        counts = forget(engine, datetime.now(UTC))
        log.info("Forgotten: %s", ", ".join(f"{number} {name}" for name, number in counts.items()))

    return forget_by_the_clock


def _engine_config(settings: Settings) -> DBOSConfig:
    return {
        "name": "citizen_app",
        "system_database_url": engine_tables_url(settings.database_url),
        "application_version": JOBS_VERSION,
        # Stays the same when the worker starts again, so that it finds the runs it was in the middle of.
        "executor_id": socket.gethostname(),
        "log_level": "ERROR",
        "run_migrations": True,
    }


def _forget_finished_runs(now: datetime) -> None:
    """The engine keeps its runs for ever; delete the old ones."""
    before = (now - FINISHED_RUNS_KEPT).isoformat()
    finished = DBOS.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED"], end_time=before, limit=FINISHED_RUNS_AT_ONCE
    )
    if finished:
        DBOS.delete_workflows([one.workflow_id for one in finished])


def _stop_signal() -> threading.Event:
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopped


def _log_lines() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s worker: %(message)s", "%Y-%m-%d %H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
