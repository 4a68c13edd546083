"""Signing in with a password and out again, and choosing a language before anybody knows who one is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from citizen_app.config import LANGUAGES
from citizen_app.people.models import FailedSignIn, Person, SignIn
from citizen_app.people.rules import ADDRESS_LIMIT, THROTTLE_LIMIT, fingerprint
from tests.cast import PASSWORD, Cast, sign_in
from tests.plan import ON_SQLITE

ENGLISH = {"Accept-Language": "en"}


pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture(autouse=True)
def _without_tokens(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False


def enter(client: FlaskClient, username: str = "mette", password: str = PASSWORD) -> Any:
    return client.post("/sign-in", data={"username": username, "password": password}, headers=ENGLISH)


@pytest.mark.parametrize(
    ("username", "start"),
    [("mette", "/staff"), (" METTE ", "/staff"), ("jens", "/mentor"), ("bodil", "/staff/accounts")],
)
def test_the_right_password_leads_to_ones_own_first_page(client: FlaskClient, username: str, start: str) -> None:
    answer = enter(client, username)
    assert (answer.status_code, answer.location) == (303, start)
    assert client.get(start).status_code == 200
    assert client.get("/sign-in").location == start
    assert client.get("/").location == start


@pytest.mark.parametrize(("username", "password"), [("mette", "wrong"), ("nobody", PASSWORD), ("selam", PASSWORD)])
def test_a_wrong_name_or_password_says_the_same_and_keeps_the_name(
    client: FlaskClient, username: str, password: str
) -> None:
    answer = enter(client, username, password)
    assert answer.status_code == 422
    assert "The user name or the password is not right. Try again." in answer.text
    assert f'value="{username}"' in answer.text
    assert password not in answer.text
    assert client.get("/staff").location == "/sign-in"


@ON_SQLITE
@pytest.mark.parametrize(
    ("username", "password", "message"),
    [
        ("", "x", "Write your user name."),
        ("\u200f", "x", "Write your user name."),
        ("mette", "", "Write your password."),
        ("x" * 61, "x", "This is too long. Use at most 60 letters."),
        ("mette", "x" * 201, "This is too long. Use at most 200 letters."),
    ],
)
def test_what_is_missing_or_too_long_is_told(
    client: FlaskClient, session: Session, username: str, password: str, message: str
) -> None:
    answer = enter(client, username, password)
    assert answer.status_code == 422
    assert message in answer.text
    assert session.scalar(select(func.count()).select_from(FailedSignIn)) == 0


def fail(session: Session, tried: str, times: int) -> None:
    now = datetime.now(UTC)
    session.add_all(FailedSignIn(tried=fingerprint(tried), at=now - timedelta(minutes=1)) for _ in range(times))
    session.commit()


def test_after_eight_wrong_tries_one_has_to_wait_even_with_the_right_password(
    client: FlaskClient, session: Session
) -> None:
    fail(session, "name:mette", THROTTLE_LIMIT - 1)
    assert enter(client, password="wrong").status_code == 422
    refused = enter(client, "Mette")
    assert refused.status_code == 429
    assert "Wait 15 minutes and try again." in refused.text
    assert enter(client, "karen").status_code == 303
    session.execute(update(FailedSignIn).values(at=datetime.now(UTC) - timedelta(minutes=16)))
    session.commit()
    assert enter(client.application.test_client()).status_code == 303


def test_an_office_that_shares_an_address_waits_only_after_many_tries(client: FlaskClient, session: Session) -> None:
    fail(session, "address:127.0.0.1", ADDRESS_LIMIT - 1)
    assert enter(client, password="wrong").status_code == 422
    assert enter(client, "karen").status_code == 429


def test_a_person_who_has_ended_cannot_sign_in(client: FlaskClient, session: Session, cast: Cast) -> None:
    session.get_one(Person, cast.mette).ended_on = date(2025, 1, 1)
    session.commit()
    assert enter(client).status_code == 422


def test_deleting_the_row_signs_out(client: FlaskClient, session: Session) -> None:
    enter(client)
    assert client.get("/staff").status_code == 200
    session.execute(delete(SignIn))
    session.commit()
    assert client.get("/staff").location == "/sign-in"


def test_signing_out_ends_the_row_and_keeps_the_language(client: FlaskClient, session: Session, cast: Cast) -> None:
    session.get_one(Person, cast.selam).language = "so"
    sign_in(client, session, cast.selam)
    answer = client.post("/sign-out")
    assert answer.location == "/sign-in"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert session.scalar(select(func.count()).select_from(SignIn)) == 0
    session.commit()
    assert '<html lang="so"' in client.get("/sign-in").text
    assert client.get("/goals").location == "/sign-in"


def test_a_cookie_of_somebody_who_signed_out_opens_nothing(client: FlaskClient) -> None:
    enter(client)
    cookie = client.get_cookie("session")
    assert cookie is not None
    client.post("/sign-out")
    client.set_cookie("session", cookie.value)
    assert client.get("/staff").location == "/sign-in"


def test_signing_in_leaves_nothing_of_who_was_there_before(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.selam)
    with client.session_transaction() as cookie:
        cookie["notice"] = "Selam's secret"
    enter(client)
    assert "Selam&#39;s secret" not in client.get("/staff").text
    assert client.get("/goals").status_code == 403


@ON_SQLITE
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_chosen_before_signing_in_and_stays(client: FlaskClient, language: str) -> None:
    page = client.get("/language").text
    assert all(f">{name}</bdi>" in page for name in LANGUAGES.values())
    answer = client.post("/language", data={"language": language, "next": "/sign-in"})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert f'<html lang="{language}"' in client.get("/sign-in").text


def test_a_chosen_language_follows_the_person(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.selam)
    client.post("/language", data={"language": "pl"})
    other = client.application.test_client()
    sign_in(other, session, cast.selam)
    assert '<html lang="pl"' in other.get("/").text


@ON_SQLITE
@pytest.mark.parametrize("language", ["", "xx", "da\x00", "DA"])
def test_an_unknown_language_is_refused(client: FlaskClient, language: str) -> None:
    assert client.post("/language", data={"language": language}).status_code == 422


@ON_SQLITE
@pytest.mark.parametrize("wished", ["https://elsewhere.example", "//elsewhere.example", "/\t/elsewhere.example", "\\x"])
def test_choosing_a_language_leads_nowhere_else(client: FlaskClient, wished: str) -> None:
    assert client.post("/language", data={"language": "da", "next": wished}).location == "/"
