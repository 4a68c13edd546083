"""Whatever goes wrong, the reader gets one kind sentence in her language, as a page or as a notice on hers."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from citizen_app.people.models import Person, Relation
from citizen_app.policy import Forbidden, NotFound, Refusal
from citizen_app.web import errors
from citizen_app.web.access import public
from citizen_app.web.session import db
from tests.cast import Cast, sign_in
from tests.plan import HTMX

WRONG = "Something went wrong on our side. Nothing was saved. Please try again."


class Busy(Refusal):
    status = 423


@pytest.fixture
def client(app: Flask, session: Session, cast: Cast) -> FlaskClient:
    """Selam's phone, on an app with pages that fail in different ways."""
    session.get_one(Person, cast.selam).language = "en"
    failures: dict[str, Any] = {"forbidden": Forbidden, "refusal": Refusal, "busy": Busy, "missing": NotFound}

    def fail(how: str) -> Any:
        if how in failures:
            raise failures[how]
        if how == "database":
            db().execute(text("SELECT 1 FROM nowhere"))
        if how == "half":
            db().execute(delete(Relation))
            raise Refusal
        raise RuntimeError("a secret of ours")

    view: Any = public(fail)
    view.writes = True
    app.add_url_rule("/fail/<how>", view_func=view)
    client = app.test_client()
    sign_in(client, session, cast.selam)
    return client


SENTENCES = [
    ("forbidden", 403, "You can read this, but you cannot change it."),
    ("refusal", 409, "This cannot be done just now. Nothing was changed."),
    ("busy", 423, "This cannot be done just now. Nothing was changed."),
    ("missing", 404, "We cannot find this page. It may have been moved or removed."),
    ("crash", 500, WRONG),
    ("database", 500, WRONG),
]


@pytest.mark.parametrize(("how", "status", "sentence"), SENTENCES)
def test_a_failure_is_a_page_with_one_sentence_and_a_way_on(
    client: FlaskClient, how: str, status: int, sentence: str
) -> None:
    answer = client.get(f"/fail/{how}")
    assert answer.status_code == status
    assert sentence in answer.text
    assert 'role="alert"' in answer.text
    assert "Go to the start page" in answer.text
    assert "Mette" in answer.text  # the contact person stands here too
    assert "secret" not in answer.text
    assert client.get("/goals").status_code == 200


@pytest.mark.parametrize(("how", "status", "sentence"), SENTENCES)
def test_htmx_shows_the_sentence_on_the_page_one_is_on(
    client: FlaskClient, how: str, status: int, sentence: str
) -> None:
    answer = client.get(f"/fail/{how}", headers=HTMX)
    assert answer.status_code == status
    assert answer.text.lstrip().startswith('<div id="notice"')
    assert sentence in answer.text
    assert "<html" not in answer.text
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#notice", "outerHTML")


@pytest.mark.parametrize(("address", "status"), [("/nowhere", 404), ("/sign-out", 405), ("/goals/99999999999", 404)])
def test_addresses_that_are_not_there_are_told_kindly(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert "Go to the start page" in answer.text


def test_a_form_from_elsewhere_or_from_long_ago_is_refused(client: FlaskClient) -> None:
    for token in ("", "wrong"):
        answer = client.post("/goals/new", data={"body": "x", "track": "job", "csrf_token": token})
        assert answer.status_code == 400
        assert "This page was open for too long or in another window. Please try once more." in answer.text
    page = client.get("/goals/new").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post("/goals/new", data={"body": "x", "track": "job", "csrf_token": token})
    assert answer.status_code == 303
    by_header = client.post(answer.location + "/put-aside", headers={**HTMX, "X-CSRFToken": token})
    assert by_header.status_code == 200


def test_the_page_of_a_refusal_shows_nothing_half_done(client: FlaskClient, session: Session) -> None:
    answer = client.get("/fail/half")
    assert answer.status_code == 409
    assert "Mette" in answer.text
    assert session.scalars(select(Relation.id)).first() is not None
    session.commit()


def test_what_a_view_promised_before_it_failed_is_not_told(client: FlaskClient) -> None:
    with client.session_transaction() as cookie:
        cookie["notice"] = "Saved."
    assert "Saved." not in client.get("/fail/refusal", headers=HTMX).text
    assert "Saved." not in client.get("/goals").text


def test_a_database_that_is_gone_is_a_kind_page_too(client: FlaskClient, session: Session) -> None:
    session.execute(text("ALTER TABLE sign_ins RENAME TO gone"))
    session.commit()
    for headers in ({"Accept-Language": "en"}, {"Accept-Language": "en", **HTMX}):
        answer = client.get("/goals", headers=headers)
        assert answer.status_code == 500
        assert WRONG in answer.text


def test_a_rooms_own_refusal_has_the_rooms_own_sentence() -> None:
    class Closed(Refusal):
        pass

    class ForLunch(Closed):
        pass

    errors.explain(Closed, "We are closed.")
    assert errors.sentence_for(ForLunch()) == "We are closed."
    assert str(errors.sentence_for(Busy())).startswith("This cannot be done")
