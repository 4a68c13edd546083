"""What all tests share: fresh real databases, the app on them, and browsers on a running server.

Every test that touches a database runs twice, on SQLite and on PostgreSQL, each time on a fresh copy of a
template that the migrations made once: copying is cheap, and no test sees what another one left.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext, ViewportSize
from pytest_playwright.pytest_playwright import CreateContextCallback
from sqlalchemy import Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from citizen_app import serve
from citizen_app.app import all_tables, create_app
from citizen_app.config import Settings
from citizen_app.db import make_engine, migrate, writing_session
from citizen_app.reminders.actions import listen
from tests.cast import Cast, make_cast
from tests.plan import Plan
from tests.postgres import running_postgres
from tests.push_service import make_vapid_pem

SECRET_KEY = "a key for tests, long enough to be accepted"
VAPID_KEY = make_vapid_pem()
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # A microphone that beeps, and nobody who has to allow it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
_numbers = itertools.count(1)

listen(Session)  # as each process of the app does, so that no test's order decides about it


# --- Databases ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{file}")
    leftover = file.with_name(file.name + "-wal")
    assert not leftover.exists(), "the migration left its connection open, so a copy would be incomplete"
    return file


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server's first database."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_admin(postgres: str) -> Iterator[Engine]:
    """A connection that may create and drop databases."""
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_admin: Engine) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database, to be copied."""
    name = f"citizen_app_test_{os.getpid()}"
    _run(postgres_admin, f"CREATE DATABASE {name}")
    migrate(_named(postgres_admin, name))
    yield name
    _run(postgres_admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_database(postgres_admin: Engine, postgres_template: str) -> Iterator[str]:
    """The address of one migrated database; emptying it between tests is much cheaper than making another."""
    name = f"{postgres_template}_work"
    _run(postgres_admin, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield _named(postgres_admin, name)
    _run(postgres_admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated, empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        file = tmp_path / "citizen_app.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    url = request.getfixturevalue("postgres_database")
    admin = request.getfixturevalue("postgres_admin")
    try:
        _empty(admin, url)
    except ProgrammingError:  # the test before has dropped a table, to see what the app says to that
        name = make_url(url).database
        _run(admin, f"DROP DATABASE {name} WITH (FORCE)")
        _run(admin, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own, for tests that change its tables."""
    if request.param == "sqlite":
        file = tmp_path / "citizen_app.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    template = request.getfixturevalue("postgres_template")
    admin = request.getfixturevalue("postgres_admin")
    name = f"{template}_{next(_numbers)}"
    _run(admin, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _named(admin, name)
    _run(admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session that may write; commit before a client reads or writes the same database."""
    with writing_session(engine) as session:
        yield session


# --- The app ------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_key=SECRET_KEY,
        password_cost=1,
        check_templates=True,
        vapid_private_key=VAPID_KEY,
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def cast(session: Session) -> Cast:
    """The people of tests/cast.py in this test's database."""
    return make_cast(session)


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    return Plan(session, cast)


@pytest.fixture
def client_of(app: Flask, plan: Plan) -> Callable[[str], FlaskClient]:
    return lambda name: plan.client(app, name)


@pytest.fixture
def selam(plan: Plan, client_of: Callable[[str], FlaskClient]) -> FlaskClient:
    """Selam's phone, in English, so that the tests can be read."""
    plan.speak("selam", "en")
    return client_of("selam")


@pytest.fixture
def mette(plan: Plan, client_of: Callable[[str], FlaskClient]) -> FlaskClient:
    """Mette's computer, in English too; she still writes Danish."""
    plan.speak("mette", "en")
    return client_of("mette")


# --- Browsers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LiveServer:
    url: str
    database_url: str


@pytest.fixture(scope="session")
def live_server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The app as people run it, on a free port, with an empty SQLite database of its own."""
    with running_app(sqlite_template, tmp_path_factory.mktemp("live")) as server:
        yield server


@contextmanager
def running_app(template: Path, folder: Path) -> Iterator[LiveServer]:
    """Run the real web server on a copy of a database until the block ends."""
    shutil.copyfile(template, folder / "citizen_app.db")
    database_url = f"sqlite:///{folder / 'citizen_app.db'}"
    keys = {"SECRET_KEY": SECRET_KEY, "VAPID_PRIVATE_KEY": VAPID_KEY}
    environment = {**os.environ, "DATABASE_URL": database_url, **keys}
    address = serve.Address(host="127.0.0.1", port=_free_port(), web_workers=1)
    with (folder / "log").open("wb") as log:
        server = serve.start(serve.web_command(address), environment, stdout=log, stderr=log)
        try:
            serve.wait_until_healthy(address, {"web server": server})
            yield LiveServer(url=address.url, database_url=database_url)
        finally:
            serve.stop({"web server": server})


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the machine's own Chromium; Playwright's download is not wanted."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((path for name in names if (path := shutil.which(name))), None)
    assert chromium, "The browser tests need Chromium. On Debian: apt-get install chromium"
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_ARGUMENTS}


@pytest.fixture
def phone(new_context: CreateContextCallback, live_server: LiveServer) -> BrowserContext:
    """A small cheap phone."""
    return new_context(
        base_url=live_server.url,
        viewport=ViewportSize(width=360, height=740),
        screen=ViewportSize(width=360, height=740),
        has_touch=True,
        is_mobile=True,
    )


@pytest.fixture
def desk(new_context: CreateContextCallback, live_server: LiveServer) -> BrowserContext:
    """A case worker's computer."""
    return new_context(base_url=live_server.url, viewport=ViewportSize(width=1280, height=800))


def pytest_configure() -> None:
    """Let SIGTERM (a time limit) end the tests as Ctrl-C does, so that no server outlives them."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a browser, and run it last: cheap tests answer first."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


# --- Small things -------------------------------------------------------------------------------------------


def _run(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.execute(text(statement))


def _empty(admin: Engine, url: str) -> None:
    """Empty all tables of a database and set their numbers back; whoever still holds a connection loses it."""
    database = make_url(url).database
    _run(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    engine = create_engine(url, poolclass=NullPool)
    names = ", ".join(all_tables().tables)
    try:
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    finally:
        engine.dispose()


def _named(engine: Engine, database: str) -> str:
    """The address of another database on the same server."""
    return make_url(engine.url).set(database=database).render_as_string(hide_password=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
