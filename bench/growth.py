"""A hundred times as many citizens: CPU per request of three pages on a large database against a small one.

CPU is the web process's and, with PostgreSQL, that of the server processes working for it. SQLite files are kept
in var/bench/ for the week, by a name that changes with the tables and with how they are filled.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, create_engine, make_url, text

from bench.crowd import fill
from bench.crowd_rows import monday
from bench.crowd_sample import key_of, sample_citizens, sample_workers
from bench.figures import Figure
from bench.load import Visit, load
from bench.servers import OUR_APP, Server, cpu_seconds, running, settled
from bench.stage import CONNECTIONS, Stage, say
from bench.town import cookie
from citizen_app.config import PROJECT_ROOT
from citizen_app.db import MIGRATIONS, migrate
from tests.postgres import running_postgres

KEPT = PROJECT_ROOT / "var" / "bench"
PAGES = {"Today": "/", "the morning list": "/staff", "my citizens": "/staff/citizens"}
_BACKENDS = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")


@dataclass(frozen=True)
class Town:
    """A crowd's server with the visits to make there."""

    server: Server
    visits: dict[str, list[Visit]]
    database_cpu: Callable[[], float]

    def cpu_per_request(self, page: str, count: int) -> float:
        """Return milliseconds of CPU for one request."""
        before = self.server.cpu_seconds() + self.database_cpu()
        answered = load(self.server.port, self.visits[page], connections=CONNECTIONS, count=count)
        return 1000 * (self.server.cpu_seconds() + self.database_cpu() - before) / answered.requests


def measure_sqlite(stage: Stage) -> Iterator[Figure]:
    KEPT.mkdir(parents=True, exist_ok=True)
    urls = {citizens: f"sqlite:///{_kept_file(citizens)}" for citizens in stage.sizes.crowds}
    yield from _compare(stage, "SQLite", urls, most=1.25)


def measure_postgresql(stage: Stage) -> Iterator[Figure]:
    with running_postgres() as address, ExitStack() as databases:
        urls = {}
        for citizens in stage.sizes.crowds:
            urls[citizens] = databases.enter_context(fresh_database(address, f"citizen_app_bench_{citizens}"))
            _fill(urls[citizens], citizens)
        yield from _compare(stage, "PostgreSQL", urls, most=1.4)


def _compare(stage: Stage, name: str, urls: dict[int, str], most: float) -> Iterator[Figure]:
    count = stage.sizes.crowd_requests
    found: dict[str, list[dict[int, float]]] = {page: [] for page in PAGES}
    with ExitStack() as open_towns:
        towns = {n: open_towns.enter_context(_town(stage, n, url)) for n, url in urls.items()}
        for page in PAGES:
            for town in towns.values():
                town.cpu_per_request(page, 2 * len(town.visits[page]))  # fills caches
            for _round in range(stage.sizes.rounds):
                found[page].append({n: town.cpu_per_request(page, count) for n, town in towns.items()})
    small, large = urls
    for page, rounds in found.items():
        ratio = median(turn[large] / turn[small] for turn in rounds)
        told = " : ".join(f"{median(turn[n] for turn in rounds):.2f}" for n in (large, small))
        note = f"{told} ms for {large:,} : {small:,} citizens"
        yield Figure(f"{name}, CPU of {page}", ratio, most=most, note=note)


@contextmanager
def _town(stage: Stage, citizens: int, url: str) -> Iterator[Town]:
    log = stage.folder / f"crowd-{citizens}.log"
    with running(OUR_APP, log, {"DATABASE_URL": url}, workers=1) as server, ExitStack() as closing:
        people = {
            "Today": sample_citizens(citizens),
            "the morning list": sample_workers(citizens),
            "my citizens": sample_workers(citizens),
        }
        visits = {
            page: [settled(server, Visit(PAGES[page], cookie(key_of(person)))) for person in persons]
            for page, persons in people.items()
        }
        engine = create_engine(url)
        closing.callback(engine.dispose)
        yield Town(server, visits, lambda: _backends_cpu(engine))


def _backends_cpu(engine: Engine) -> float:
    """Return the CPU seconds of PostgreSQL's processes that work for the app, if they run on this machine."""
    if engine.dialect.name == "sqlite":
        return 0.0
    with engine.connect() as connection:
        processes = [number for number in connection.scalars(_BACKENDS) if Path(f"/proc/{number}/stat").exists()]
    return cpu_seconds(processes)


# --- Databases ----------------------------------------------------------------------------------------------


def _kept_file(citizens: int) -> Path:
    """Return this week's file with a crowd, made anew when the tables or the crowd have changed."""
    recipe = hashlib.sha256(str(monday()).encode())
    for source in (*sorted(Path(__file__).parent.glob("crowd*.py")), *sorted(MIGRATIONS.glob("versions/*.py"))):
        recipe.update(source.read_bytes())
    file = KEPT / f"crowd-{citizens}-{recipe.hexdigest()[:12]}.db"
    if not file.exists():
        for old in KEPT.glob(f"crowd-{citizens}-*"):
            old.unlink()
        half_made = file.with_suffix(".half")
        half_made.unlink(missing_ok=True)
        _fill(f"sqlite:///{half_made}", citizens)
        half_made.rename(file)
    return file


def _fill(url: str, citizens: int) -> None:
    began = time.monotonic()
    migrate(url)
    fill(url, citizens)
    say(f"  {citizens:,} citizens filled in within {time.monotonic() - began:.0f} s")


@contextmanager
def fresh_database(address: str, name: str) -> Iterator[str]:
    """Give a database of this name that goes away afterwards."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(address).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        engine.dispose()
