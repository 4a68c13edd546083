"""The mentor's page: first names and languages of own people, and not a word more."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizen_app.people.models import AccessLogEntry, Relation
from tests.cast import Cast, sign_in


def test_a_mentor_sees_first_names_and_languages_only(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.jens)
    response = client.get("/mentor")
    assert response.status_code == 200
    assert "Selam" in response.text
    assert "ትግርኛ" in response.text
    for hidden in ("Tesfay", "+45", "Yusuf", "Olena"):
        assert hidden not in response.text


def test_a_mentors_look_is_logged(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.jens)
    client.get("/mentor")
    logged = session.execute(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged.all() == [(cast.selam, cast.jens, "name")]


def test_a_person_stands_once_however_many_kinds_of_mentor_one_is(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    keys = {"municipality_id": cast.solby, "citizen_id": cast.selam, "person_id": cast.jens}
    session.add(Relation(**keys, role="workplace_mentor", started_on=date(2025, 1, 1)))
    sign_in(client, session, cast.jens)
    assert client.get("/mentor").text.count("Selam") == 1


def test_somebody_whose_mentoring_has_ended_is_not_shown(client: FlaskClient, session: Session, cast: Cast) -> None:
    session.execute(update(Relation).filter_by(person_id=cast.jens).values(ended_on=date(2025, 1, 1)))
    sign_in(client, session, cast.jens)
    response = client.get("/mentor")
    assert response.status_code == 200
    assert "Selam" not in response.text


@pytest.mark.parametrize("name", ["selam", "mette", "karen", "bodil"])
def test_only_mentors_have_this_page(client: FlaskClient, session: Session, cast: Cast, name: str) -> None:
    sign_in(client, session, getattr(cast, name))
    assert client.get("/mentor").status_code == 403
