"""Every page of every kind of person, in Danish, Arabic and the dark: nothing for axe to say, nothing cut off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page
from pytest_playwright.pytest_playwright import CreateContextCallback
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from citizen_app.agreements.models import AgreementLine, AgreementVersion
from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.db import make_engine, writing_session
from citizen_app.demo.actions import load
from citizen_app.demo.forms import read_story
from citizen_app.goals.models import Goal, SmallStep
from citizen_app.meetings.models import MinutesLine, Participant
from citizen_app.people.models import Person
from citizen_app.placements.models import Placement, PlannedDay, Workplace
from citizen_app.words.models import OwnWord
from tests.conftest import SECRET_KEY, LiveServer, running_app

Look = Literal["light", "dark"]
PHONE, DESK = (360, 740), (1280, 800)
NO_PAGES = tuple(".webmanifest .js /photo /live /healthz /metrics /pack /push/key .csv /anki .jpg .ics :kind>".split())
"""How addresses end that people do not read."""


@pytest.fixture(scope="module")
def demo_server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of its own with the made-up municipality, whose people have the same names as the cast's."""
    with running_app(sqlite_template, tmp_path_factory.mktemp("demo")) as server:
        yield server


@pytest.fixture(scope="module")
def demo_engine(demo_server: LiveServer) -> Iterator[Engine]:
    engine = make_engine(demo_server.database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def demo(demo_engine: Engine) -> dict[str, int]:
    """The made-up municipality on the running server; returns people by user name."""
    with writing_session(demo_engine) as session:
        now = datetime.now(UTC)
        load(session, read_story(now), password_cost=1)
        session.commit()
        found = session.execute(select(Person.username, Person.id).where(Person.username.is_not(None)))
        return {username: person_id for username, person_id in found if username}


def enter(page: Page, engine: Engine, username: str, language: str) -> None:
    """Sign in on the real page, as somebody who reads this language."""
    with writing_session(engine) as session:
        session.execute(update(Person).where(Person.username == username).values(language=language))
        session.commit()
    page.goto("/sign-in")
    page.locator("#username").fill(username)
    page.locator("#password").fill("sammen-2026")
    page.locator("form[action='/sign-in'] button").click()
    page.wait_for_url(re.compile(r"/(staff|mentor|staff/accounts)?$"))


def pages_of(session: Session, app: Flask, username: str, person_id: int) -> list[str]:
    """Return the addresses of every page this person can open, one of each kind and state."""
    own: dict[str, Any] = {}
    citizen = person_id if username == "amina" else _citizen_of_mette(session)
    own["goal_id"] = session.scalars(select(Goal.id).filter_by(citizen_id=citizen).order_by(Goal.id)).all()
    own["step_id"] = session.scalars(select(SmallStep.id).filter_by(citizen_id=citizen).order_by(SmallStep.id)).all()[
        :3
    ]
    own["meeting_id"] = session.scalars(
        select(Participant.meeting_id).filter_by(person_id=citizen).order_by(Participant.id)
    ).all()
    own["line_id"] = session.scalars(select(MinutesLine.id).order_by(MinutesLine.id)).all()[:2]
    own["placement_id"] = session.scalars(select(Placement.id).filter_by(citizen_id=citizen)).all()[:2]
    days = select(PlannedDay.id).filter_by(citizen_id=citizen).order_by(PlannedDay.day.desc())
    own["day_id"] = session.scalars(days).all()[:2]
    own["workplace_id"] = session.scalars(select(Workplace.id).order_by(Workplace.id)).all()[:1]
    own["citizen_id"] = [citizen]
    own["person_id"] = [citizen]
    own["key"] = ["spand", "i_dag"]
    own["deck"] = ["core", "kitchen"]
    own["language"] = ["ar"]
    own["layout"] = ["cards", "list"]
    own["word_id"] = session.scalars(select(OwnWord.id).filter_by(citizen_id=citizen, status="suggested")).all()
    own["field"] = ["text", "why"]
    own["code"] = ["ABCDEFGH"]
    own["token"] = ["ABCDEFGH"]
    lines = select(AgreementLine.id).filter_by(citizen_id=citizen).order_by(AgreementLine.id)
    own["item_id"] = session.scalars(lines).all()[:3]
    own["version_id"] = session.scalars(select(AgreementVersion.id).order_by(AgreementVersion.id)).all()[:1]
    own["question"] = ["support", "milestone"]
    own["value"] = ["late", "cannot"]
    staff_only = {
        "mette": ("/staff",),
        "ole": ("/staff/accounts", "/staff/words", "/staff/workplaces"),
        "jens": ("/mentor",),
    }
    addresses = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.endswith(NO_PAGES):
            continue
        is_staff_page = rule.rule.startswith(("/staff", "/mentor"))
        if is_staff_page and not rule.rule.startswith(staff_only.get(username, ("-",))):
            continue
        addresses.extend(_fill(rule.rule, own))
    return addresses


def _citizen_of_mette(session: Session) -> int:
    found = session.scalar(select(Person.id).filter_by(username="amina"))
    assert found is not None
    return found


def _fill(rule: str, values: dict[str, Any]) -> list[str]:
    """Fill each placeholder of a route with every value it can have, one at a time."""
    placeholder = re.search(r"<[^>]*?(\w+)>", rule)
    if placeholder is None:
        return [rule]
    return [
        address
        for value in values[placeholder[1]]
        for address in _fill(rule.replace(placeholder[0], str(value), 1), values)
    ]


@pytest.mark.parametrize(
    ("username", "language", "look", "size", "rules"),
    [
        ("amina", "da", "light", PHONE, ()),
        ("amina", "ar", "light", PHONE, ()),
        ("amina", "ti", "light", PHONE, None),
        ("amina", "ar", "dark", PHONE, ("color-contrast",)),
        ("mette", "da", "light", DESK, ()),
        ("mette", "da", "dark", DESK, ("color-contrast",)),
        ("mette", "en", "light", PHONE, None),
        ("ole", "da", "light", DESK, ()),
        ("jens", "pl", "light", PHONE, ()),
    ],
)
def test_axe_finds_nothing_and_nothing_is_cut_off(
    username: str,
    language: str,
    look: Look,
    size: tuple[int, int],
    rules: tuple[str, ...] | None,
    new_context: CreateContextCallback,
    demo_server: LiveServer,
    demo_engine: Engine,
    demo: dict[str, int],
    axe_findings: Callable[..., list[Any]],
) -> None:
    context: BrowserContext = new_context(
        base_url=demo_server.url, viewport={"width": size[0], "height": size[1]}, color_scheme=look
    )
    page = context.new_page()
    enter(page, demo_engine, username, language)
    app = create_app(Settings(database_url=demo_server.database_url, secret_key=SECRET_KEY))
    with writing_session(demo_engine) as session:
        addresses = pages_of(session, app, username, demo[username])
    app.extensions["engine"].dispose()
    faults: list[Any] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    opened = 0
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        if answer.status in {403, 404}:
            faults.clear()
            continue
        assert answer.status == 200, address
        opened += 1
        cut_off = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        # Tigrinya and English pages are the Danish ones with other words, dark ones have other colours: that is tried.
        found = axe_findings(page, *rules) if rules is not None else []
        assert (address, found, cut_off, faults) == (address, [], 0, [])
    assert opened >= 5
