"""What the browser journeys share: the cast in the running server's database, sign-in by cookie, and axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import Engine

from citizen_app.config import PROJECT_ROOT
from citizen_app.db import make_engine, writing_session
from citizen_app.people.actions import start_sign_in
from citizen_app.people.models import Person, Relation
from citizen_app.policy import Role
from tests.cast import SINCE, Cast, make_cast
from tests.conftest import SECRET_KEY, LiveServer

NewCitizen = Callable[[str, str], int]

AXE = PROJECT_ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def live_engine(live_server: LiveServer) -> Iterator[Engine]:
    engine = make_engine(live_server.database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def live_cast(live_engine: Engine) -> Cast:
    """The people of tests/cast.py, on the running server; all journeys share them."""
    with writing_session(live_engine) as session:
        return make_cast(session)


@pytest.fixture
def enter(live_server: LiveServer, live_engine: Engine) -> Callable[..., None]:
    """Sign a browser in as a person, with a real row behind it; `language` changes hers."""

    def enter(context: BrowserContext, person_id: int, language: str | None = None) -> None:
        with writing_session(live_engine) as session:
            person = session.get_one(Person, person_id)
            person.language = language or person.language
            key = start_sign_in(session, person, device="Android", now=datetime.now(UTC)).key
            session.commit()
        app = Flask(__name__)
        app.secret_key = SECRET_KEY
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        value = signer.dumps({"_user_id": key, "_fresh": True, "_permanent": True})
        assert isinstance(value, str)
        context.add_cookies([{"name": "session", "value": value, "url": live_server.url}])

    return enter


@pytest.fixture
def new_citizen(live_engine: Engine, live_cast: Cast) -> NewCitizen:
    """Give Mette one more citizen with an empty plan, so that no journey stands in another's way."""

    def new_citizen(name: str, language: str) -> int:
        with writing_session(live_engine) as session:
            key = f"{name}-{datetime.now(UTC).timestamp()}"
            person = Person(
                municipality_id=live_cast.solby,
                external_id=key,
                role=Role.CITIZEN,
                given_name=name,
                family_name="Saleh",
                language=language,
            )
            session.add(person)
            session.flush()
            session.add(
                Relation(
                    municipality_id=live_cast.solby,
                    citizen_id=person.id,
                    person_id=live_cast.mette,
                    role="case_worker",
                    is_contact=True,
                    started_on=SINCE,
                )
            )
            session.commit()
            return person.id

    return new_citizen


@pytest.fixture(scope="session")
def axe_findings() -> Callable[[Page], list[Any]]:
    """Return what axe has to say about a page, in short; by some of its rules only if they are named."""
    source = AXE.read_text(encoding="utf-8")

    def axe_findings(page: Page, *only: str) -> list[Any]:
        page.evaluate(source)
        found = page.evaluate("only => axe.run(only.length ? {runOnly: only} : {})", list(only))
        return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]

    return axe_findings
