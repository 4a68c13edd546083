"""The background worker: the only module that knows the job engine, DBOS.

The engine's own tables stand beside the app's: in a second SQLite file, or in the schema `dbos` of the same
PostgreSQL database. What is due is always seen from the app's tables, so a run that is lost or done twice
does no harm, and any number of workers may run at once: a tick each second sees whether reminders are due, and puts
as many drains into a queue as there are workers to do them.
"""

from __future__ import annotations

import fcntl
import itertools
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowTimeout
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from citizen_app.config import PROJECT_ROOT, Settings
from citizen_app.db import make_engine, reading_session, writing_session
from citizen_app.meetings.queries import kind_name
from citizen_app.people.jobs import forget_expired
from citizen_app.reminders import queries
from citizen_app.reminders.actions import listen, municipalities, plan_hours, plan_nudges, plan_words
from citizen_app.reminders.delivery import Post
from citizen_app.reminders.jobs import LEASED_AT_ONCE, Desk, beat, drain, forget_old
from citizen_app.reminders.rules import Speech
from citizen_app.web import locale
from citizen_app.web.replay import forget_handled_requests

EVERY_SECOND = "* * * * * *"
EVERY_TEN_MINUTES = "*/10 * * * *"
TICKS, DRAINS = "ticks", "drains"
"""Queues of the engine."""
POLL_SECONDS = 0.25
DRAIN_TIMEOUT = 45
"""Seconds after which the engine gives a drain up; it ends by itself before."""
BEAT_SECONDS = 10
ALIVE = timedelta(seconds=30)
HANDLED_REQUESTS_KEPT = timedelta(days=30)
FINISHED_RUNS_KEPT = timedelta(days=7)
TICKS_KEPT = timedelta(minutes=10)
STUCK_AFTER = timedelta(hours=1)
FINISHED_RUNS_AT_ONCE = 1000
TIDY_SECONDS = 300
STOP_SECONDS = 5
JOBS_VERSION = "2"
"""Raise it when a job changes so that a run begun by the old code cannot be ended by the new."""

SPEECH = Speech(day=locale.long_day, clock=locale.clock, direction=locale.direction, kind_name=kind_name)

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT comes; what is due is looked at each second, the rest is done by the clock."""
    _log_lines()
    stopped = _stop_signal()
    engine = make_engine(settings.database_url)
    listen(Session)
    with own_name(settings) as name, Post(settings) as post:
        desk = Desk(engine, settings, post, SPEECH, now=_now, is_stopped=stopped.is_set)
        schedules = _register(desk)
        DBOS(config=_engine_config(settings, name))
        try:
            DBOS.launch()
            DBOS.register_queue(TICKS, polling_interval_sec=POLL_SECONDS)
            # One drain at a time in each worker: its loop and its database have no use for two.
            DBOS.register_queue(DRAINS, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
            _leave_sign_of_life(engine, name, _now())
            DBOS.apply_schedules(schedules)
            DBOS.trigger_schedule("forget")
            DBOS.trigger_schedule("days")
            _live(engine, name, stopped)
        finally:
            DBOS.destroy(workflow_completion_timeout_sec=STOP_SECONDS)
            engine.dispose()


def forget(engine: Engine, now: datetime) -> dict[str, int]:
    """Delete what holds no longer from all tables, in one transaction."""
    with writing_session(engine) as session, session.begin():
        counts = forget_expired(session, now)
        counts["handled_requests"] = forget_handled_requests(session, now - HANDLED_REQUESTS_KEPT)
        counts |= forget_old(session, now)
    return counts


def plan_days(engine: Engine, now: datetime) -> int:
    """Plan what asks mentors and citizens about days; returns how many reminders that made."""
    return _plan_each(engine, (plan_nudges, plan_hours), now)


def _plan_each(engine: Engine, planners: Sequence[Callable[[Session, int, str, datetime], int]], now: datetime) -> int:
    """Plan each municipality in its own transaction: no job holds one's row while it waits for another's."""
    with reading_session(engine) as session:
        places = municipalities(session)
    made = 0
    for number, timezone in places:
        with writing_session(engine) as session, session.begin():
            made += sum(plan(session, number, timezone, now) for plan in planners)
    return made


def engine_tables_url(database_url: str) -> str:
    """Return where the job engine keeps its own tables."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        url = url.set(database=str(file.with_name(f"{file.stem}-jobs{file.suffix}")))
    return url.render_as_string(hide_password=False)


@contextmanager
def own_name(settings: Settings) -> Iterator[str]:
    """Give the worker a name that no other one has, and that it gets again when it starts anew.

    It is the machine's, with a number from the second worker on; who holds which number, a locked file says. The lock
    goes away with the process, however that ends.
    """
    if settings.worker_name:
        yield settings.worker_name
        return
    folder = PROJECT_ROOT / "var"
    folder.mkdir(exist_ok=True)
    for number in itertools.count(1):
        with (folder / f"worker-{number}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield socket.gethostname() if number == 1 else f"{socket.gethostname()}-{number}"
            return


def drains_to_add(due: int, workers: int, running: int) -> int:
    """Return how many drains to put into the queue: one for each worker, as far as there is something for each."""
    wanted = min(-(-due // LEASED_AT_ONCE), max(1, workers))
    return max(0, wanted - running)


def _register(desk: Desk) -> list[Any]:
    """Make the engine know the jobs; returns their schedules."""

    @DBOS.workflow(name="drain")
    def drain_queued(_number: int) -> None:
        drain(desk)

    @DBOS.workflow(name="tick")
    def tick(_scheduled_at: datetime, _context: Any) -> None:
        with reading_session(desk.engine) as session:
            due = queries.due_count(session, _now())
            workers = queries.workers_alive(session, _now() - ALIVE) if due else 0
        if not due:
            return
        for number in range(drains_to_add(due, workers, _running_drains())):
            with SetWorkflowTimeout(DRAIN_TIMEOUT):
                DBOS.enqueue_workflow(DRAINS, drain_queued, number)

    @DBOS.workflow(name="words")
    def words(_scheduled_at: datetime, _context: Any) -> None:
        _plan_each(desk.engine, (plan_words,), _now())

    @DBOS.workflow(name="days")
    def days(_scheduled_at: datetime, _context: Any) -> None:
        plan_days(desk.engine, _now())

    @DBOS.workflow(name="forget")
    def forget_by_the_clock(_scheduled_at: datetime, _context: Any) -> None:
        counts = forget(desk.engine, _now())
        log.info("Forgotten: %s", ", ".join(f"{number} {name}" for name, number in counts.items()))

    return [
        {"schedule_name": "tick", "workflow_fn": tick, "schedule": EVERY_SECOND, "queue_name": TICKS},
        {"schedule_name": "words", "workflow_fn": words, "schedule": EVERY_TEN_MINUTES},
        {"schedule_name": "days", "workflow_fn": days, "schedule": EVERY_TEN_MINUTES},
        {"schedule_name": "forget", "workflow_fn": forget_by_the_clock, "schedule": EVERY_TEN_MINUTES},
    ]


def _running_drains() -> int:
    """Count the drains that wait or run; one begun by a worker that died counts no longer than a drain may take."""
    since = (_now() - timedelta(seconds=DRAIN_TIMEOUT)).isoformat()
    found = DBOS.list_workflows(
        name="drain", status=["ENQUEUED", "PENDING"], start_time=since, load_input=False, load_output=False
    )
    return len(found)


def _engine_config(settings: Settings, name: str) -> DBOSConfig:
    return {
        "name": "citizen_app",
        "system_database_url": engine_tables_url(settings.database_url),
        "application_version": JOBS_VERSION,
        # Stays the same when the worker starts again, so that it finds the runs it was in the middle of.
        "executor_id": name,
        "log_level": "ERROR",
        "run_migrations": True,
    }


# --- Staying alive ------------------------------------------------------------------------------------------


def _live(engine: Engine, name: str, stopped: threading.Event) -> None:
    """Leave signs of life until it is time to stop, and tidy up now and then; a database that is away is waited for."""
    started_at = tidied_at = _now()
    while not stopped.wait(BEAT_SECONDS):
        try:
            _leave_sign_of_life(engine, name, started_at)
            if _now() - tidied_at >= timedelta(seconds=TIDY_SECONDS):
                tidied_at = _now()
                _forget_finished_runs(tidied_at)
        except SQLAlchemyError as error:
            log.warning("The database does not answer: %s", type(error).__name__)


def _leave_sign_of_life(engine: Engine, name: str, started_at: datetime) -> None:
    with writing_session(engine) as session, session.begin():
        beat(session, name, started_at, _now())


def _forget_finished_runs(now: datetime) -> None:
    """The engine keeps its runs for ever; delete the old ones, and give up drains of workers that never came back."""
    stuck = DBOS.list_workflows(
        name="drain", status="PENDING", end_time=(now - STUCK_AFTER).isoformat(), limit=FINISHED_RUNS_AT_ONCE
    )
    if stuck:
        DBOS.cancel_workflows([one.workflow_id for one in stuck])
    _delete_runs(now - TICKS_KEPT, name=["tick", "drain"])
    _delete_runs(now - FINISHED_RUNS_KEPT)


def _delete_runs(before: datetime, **which: Any) -> None:
    finished = DBOS.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED"],
        end_time=before.isoformat(),
        limit=FINISHED_RUNS_AT_ONCE,
        load_input=False,
        load_output=False,
        **which,
    )
    if finished:
        DBOS.delete_workflows([one.workflow_id for one in finished])


def _now() -> datetime:
    return datetime.now(UTC)


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
    ours = logging.getLogger("citizen_app")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False
