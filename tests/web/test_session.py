"""One transaction per request: kept when the answer is good, taken back when it is not."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from citizen_app.people.models import FailedSignIn
from citizen_app.web.access import public
from citizen_app.web.session import begin_writing, db, keep_although_refused, now


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The app with a page that writes one row and answers as it is told."""
    app.config["WTF_CSRF_ENABLED"] = False

    @app.route("/write/<int:status>", methods=["GET", "POST"])
    @public
    def write(status: int) -> Any:
        session = db()
        session.add(FailedSignIn(tried="x", at=now()))
        session.flush()
        if status == 599:
            raise RuntimeError("broken")
        if status == 419:
            keep_although_refused()
        return "", status

    @app.get("/begin")
    @public
    def begin() -> Any:
        db().execute(select(func.count()).select_from(FailedSignIn))
        begin_writing().add(FailedSignIn(tried="x", at=now()))
        assert now() is now()
        return ""

    return app.test_client()


def rows(session: Session) -> int:
    found = session.scalar(select(func.count()).select_from(FailedSignIn))
    session.commit()
    return found or 0


@pytest.mark.parametrize(("status", "kept"), [(200, 1), (303, 1), (400, 0), (404, 0), (409, 0), (419, 1), (599, 0)])
def test_what_was_written_is_kept_only_with_a_good_answer(
    client: FlaskClient, session: Session, status: int, kept: int
) -> None:
    answer = client.post(f"/write/{status}")
    assert answer.status_code == (500 if status == 599 else status)
    assert rows(session) == kept


def test_a_reading_request_can_turn_into_a_writing_one(client: FlaskClient, session: Session) -> None:
    assert client.get("/begin").status_code == 200
    assert rows(session) == 1


def test_a_commit_that_fails_is_a_clean_error(app: Flask, client: FlaskClient, session: Session) -> None:
    def break_down(_connection: Any) -> None:
        raise RuntimeError("the disk is full")

    event.listen(app.extensions["engine"], "commit", break_down, once=True)
    answer = client.post("/write/200", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "Nothing was saved." in answer.text
    assert rows(session) == 0


def test_no_connection_is_left_behind(app: Flask, client: FlaskClient) -> None:
    for status in (200, 404, 599):
        client.post(f"/write/{status}")
    client.get("/begin")
    client.get("/nowhere")
    assert app.extensions["engine"].pool.checkedout() == 0
