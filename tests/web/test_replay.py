"""A press that comes twice or late is answered as the first one, and changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizen_app.people.models import FailedSignIn
from citizen_app.policy import Permission
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, leads_to
from citizen_app.web.replay import HandledRequest, forget_handled_requests
from citizen_app.web.session import db, now
from tests.cast import Cast, sign_in
from tests.plan import HTMX


@pytest.fixture
def client(app: Flask, session: Session, cast: Cast) -> FlaskClient:
    """Selam's phone, on an app where a press on /count writes one row."""
    app.config["WTF_CSRF_ENABLED"] = False

    @app.post("/count")
    @app.post("/other")
    @requires(Permission.USE_ACCOUNT)
    def press() -> Any:
        db().add(FailedSignIn(tried="x", at=now()))
        if "refuse" in request.form:
            return "", 422
        if "stay" in request.form:
            leads_to("/people")
            return "here"
        return go("/goals")

    client = app.test_client()
    sign_in(client, session, cast.selam)
    return client


def rows(session: Session, table: Any = FailedSignIn) -> int:
    found = session.scalar(select(func.count()).select_from(table))
    session.commit()
    return found or 0


def test_a_repeated_press_is_led_to_the_same_place(client: FlaskClient, session: Session) -> None:
    answers = [client.post("/count", data={"request_id": "a"}) for _ in range(3)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/goals")}
    assert rows(session) == 1


def test_a_repeated_press_that_stayed_on_its_page_is_led_to_where_it_can_be_read(client: FlaskClient) -> None:
    first, second = (client.post("/count", data={"request_id": "a", "stay": "yes"}) for _ in range(2))
    assert (first.text, second.location) == ("here", "/people")


def test_htmx_is_led_there_too(client: FlaskClient, session: Session) -> None:
    answers = [client.post("/count", data={"request_id": "a"}, headers=HTMX) for _ in range(2)]
    assert {(answer.status_code, answer.headers["HX-Redirect"]) for answer in answers} == {(204, "/goals")}
    assert rows(session) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"data": {"request_id": "b"}},
        {"data": {"request_id": "a", "body": "more words"}},
        {"data": {"request_id": "a"}, "path": "/other"},
    ],
)
def test_another_id_other_words_or_another_address_is_another_press(
    client: FlaskClient, session: Session, other: dict[str, Any]
) -> None:
    client.post("/count", data={"request_id": "a"})
    client.post(**{"path": "/count", **other})
    assert rows(session) == 2


def test_a_new_token_makes_no_new_press(client: FlaskClient, session: Session) -> None:
    for token in ("one", "two"):
        client.post("/count", data={"request_id": "a", "csrf_token": token})
    assert rows(session) == 1


def test_the_same_id_of_another_person_is_another_press(
    app: Flask, client: FlaskClient, session: Session, cast: Cast
) -> None:
    client.post("/count", data={"request_id": "a"})
    other = app.test_client()
    sign_in(other, session, cast.yusuf)
    assert other.post("/count", data={"request_id": "a"}).status_code == 303
    assert rows(session) == 2


def test_a_press_that_was_refused_may_be_tried_again(client: FlaskClient, session: Session) -> None:
    for _ in range(2):
        assert client.post("/count", data={"request_id": "a", "refuse": "yes"}).status_code == 422
    assert (rows(session), rows(session, HandledRequest)) == (0, 0)


@pytest.mark.parametrize("request_id", ["", "\x00", "😀", "x" * 10000, "<script>"])
def test_a_strange_id_does_no_harm(client: FlaskClient, session: Session, request_id: str) -> None:
    answers = [client.post("/count", data={"request_id": request_id}) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert rows(session) == (1 if request_id else 2)


def test_two_copies_at_the_same_moment_change_once(
    app: Flask, client: FlaskClient, session: Session, cast: Cast
) -> None:
    second = app.test_client()
    sign_in(second, session, cast.selam)
    together = Barrier(2)

    def press(phone: FlaskClient) -> tuple[int, str | None]:
        together.wait(timeout=20)
        answer = phone.post("/count", data={"request_id": "a"})
        return answer.status_code, answer.location

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, [client, second]))
    assert answers == [(303, "/goals")] * 2
    assert rows(session) == 1


def test_old_presses_are_forgotten(client: FlaskClient, session: Session) -> None:
    client.post("/count", data={"request_id": "a"})
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert forget_handled_requests(session, later - timedelta(days=1)) == 0
    assert forget_handled_requests(session, later) == 1
    session.commit()
