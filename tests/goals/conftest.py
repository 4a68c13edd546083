"""A plan of Selam's, and clients for those who look at it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.plan import Plan


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
