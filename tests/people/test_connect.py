"""Connecting a phone by code: it works once, for ten minutes, and only when somebody presses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from citizen_app.people.actions import show_connect_code
from citizen_app.people.models import ConnectCode, FailedSignIn, Person, SignIn
from citizen_app.people.rules import ADDRESS_LIMIT, fingerprint
from citizen_app.policy import Subject
from tests.cast import Cast, actor_for
from tests.plan import ON_SQLITE

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def code(app: Flask, session: Session, cast: Cast) -> str:
    """A code that Mette shows Selam."""
    app.config["WTF_CSRF_ENABLED"] = False
    subject = Subject(cast.solby, cast.selam, frozenset({cast.mette}))
    code = show_connect_code(session, actor_for(session, cast.mette), subject, now=datetime.now(UTC))
    session.commit()
    return code


def use(client: FlaskClient, code: str) -> Any:
    return client.post("/connect", data={"code": code}, headers=ENGLISH)


def count(session: Session, table: Any) -> int:
    found = session.scalar(select(func.count()).select_from(table))
    session.commit()
    return found or 0


def test_a_code_signs_its_person_in(client: FlaskClient, code: str) -> None:
    assert use(client, code).location == "/"
    assert "Selam" in client.get("/").text


def test_opening_the_scanned_address_uses_nothing_up(client: FlaskClient, session: Session, code: str) -> None:
    for _ in range(3):
        page = client.get(f"/connect/{code}")
        assert page.status_code == 200
        assert f'name="code" value="{code}"' in page.text
    assert client.get("/").location == "/sign-in"
    assert (count(session, SignIn), count(session, FailedSignIn)) == (0, 0)
    assert use(client, code).status_code == 303


def test_a_code_may_be_typed_in_small_letters_with_spaces(client: FlaskClient, code: str) -> None:
    assert use(client, f" {code[:4].lower()} - {code[4:].lower()}\u200f ").status_code == 303


def test_a_used_code_says_so_and_who_can_make_a_new_one(app: Flask, session: Session, code: str) -> None:
    assert use(app.test_client(), code).status_code == 303
    second = use(app.test_client(), code)
    assert second.status_code == 410
    assert "This code has been used. Ask your contact person for a new one." in second.text
    assert count(session, SignIn) == 1


def test_an_old_code_says_so(client: FlaskClient, session: Session, code: str) -> None:
    session.execute(update(ConnectCode).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    session.commit()
    answer = use(client, code)
    assert answer.status_code == 410
    assert "This code is too old." in answer.text
    assert count(session, SignIn) == 0


def test_an_unknown_code_is_counted_and_kept_on_the_page(client: FlaskClient, session: Session, code: str) -> None:
    wrong = ("B" if code[0] == "A" else "A") + code[1:]
    answer = use(client, wrong)
    assert answer.status_code == 422
    assert "We do not know this code." in answer.text
    assert f'value="{wrong}"' in answer.text
    assert count(session, FailedSignIn) == 1


@ON_SQLITE
@pytest.mark.parametrize("typed", ["", "ABC", "ABCDEFGHJ", "😀" * 8, "\x00", "<script>", "\u200f" * 8])
def test_what_cannot_be_a_code_is_told_beside_the_field(client: FlaskClient, code: str, typed: str) -> None:
    answer = use(client, typed)
    assert answer.status_code == 422
    assert 'id="code-error"' in answer.text
    assert "<script>" not in answer.text.split("<main")[1]
    assert use(client, code).status_code == 303


@ON_SQLITE
@pytest.mark.parametrize("address", ["ABC", "ABCDEFGHJ", "%00", "😀😀😀😀😀😀😀😀"])
def test_an_address_that_holds_no_code_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(f"/connect/{address}").status_code == 404


def test_guessing_is_stopped(client: FlaskClient, session: Session, code: str) -> None:
    now = datetime.now(UTC)
    session.add_all(FailedSignIn(tried=fingerprint("code:127.0.0.1"), at=now) for _ in range(ADDRESS_LIMIT))
    session.commit()
    assert use(client, code).status_code == 429
    assert count(session, SignIn) == 0


def test_a_code_of_somebody_who_has_ended_opens_nothing(
    client: FlaskClient, session: Session, cast: Cast, code: str
) -> None:
    session.get_one(Person, cast.selam).ended_on = date(2025, 1, 1)
    session.commit()
    assert use(client, code).status_code == 422
    assert count(session, SignIn) == 0


def test_of_two_phones_at_once_one_wins_and_the_other_is_told(app: Flask, session: Session, code: str) -> None:
    together = Barrier(2)

    def press(phone: FlaskClient) -> int:
        together.wait(timeout=20)
        return int(use(phone, code).status_code)

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(press, [app.test_client() for _ in range(2)]))
    assert statuses == [303, 410]
    assert count(session, SignIn) == 1
