"""The days of own people for a mentor with an account, and what no mentor's page may ever hold."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from citizen_app.attendance.models import DayStatement
from citizen_app.people.models import AccessLogEntry, Person, Relation
from citizen_app.people.rules import fingerprint
from citizen_app.placements import actions
from citizen_app.placements.models import MentorLink
from citizen_app.policy import Role
from tests.cast import sign_in
from tests.placed import Placed, placed
from tests.plan import HTMX, ON_SQLITE
from tests.town import make_town

__all__ = ["placed"]


@pytest.fixture
def jens(app: Flask, placed: Placed) -> FlaskClient:
    placed.plan.speak("jens", "en")
    return placed.plan.client(app, "jens")


def form(said: str, **more: str) -> dict[str, str]:
    return {"id": uuid4().hex, "said": said, **more}


def test_own_people_stand_with_todays_hours_and_the_same_answers(jens: FlaskClient, placed: Placed) -> None:
    page = jens.get("/mentor").text
    assert "<bdi>Selam</bdi>" in page
    assert '<bdi dir="ltr">00:00–06:00</bdi>' in page
    shown = [int(number) for number in re.findall(r'data-day="(\d+)">', page)]
    assert shown == [placed.day(-number).id for number in range(8)]
    assert page.count('name="csrf_token"') == page.count('action="/mentor/days/') > 20


def test_one_press_is_kept_and_leads_back(jens: FlaskClient, placed: Placed) -> None:
    day = placed.day().id
    answer = jens.post(f"/mentor/days/{day}", data=form("came"))
    assert (answer.status_code, answer.location) == (303, "/mentor")
    (kept,) = placed.statements()
    assert (kept.side, kept.by_id, kept.said) == ("mentor", placed.plan.cast.jens, "came")
    assert "<strong>Came</strong>" in jens.get("/mentor").text


def test_the_same_form_sent_twice_counts_once(jens: FlaskClient, placed: Placed) -> None:
    fields = form("late", minutes="5", request_id="once")
    for _ in range(2):
        assert jens.post(f"/mentor/days/{placed.day().id}", data=fields).status_code == 303
    assert len(placed.statements()) == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (form("late", minutes="2000"), "Choose fewer minutes than the day has."),
        ({}, "We did not understand this. Please try again."),
    ],
)
def test_what_cannot_be_is_told_on_the_page(
    jens: FlaskClient, placed: Placed, fields: dict[str, str], sentence: str
) -> None:
    answer = jens.post(f"/mentor/days/{placed.day().id}", data=fields)
    assert answer.status_code == 422
    assert f'<p class="grow">{sentence}</p>' in answer.text
    assert "<bdi>Selam</bdi>" in answer.text
    assert placed.statements() == []


def test_a_correction_after_a_day_is_refused_kindly(jens: FlaskClient, placed: Placed) -> None:
    placed.says("jens", "came", -2, now=placed.plan.now - timedelta(hours=25))
    answer = jens.post(f"/mentor/days/{placed.day(-2).id}", data=form("missed", excuse="sick"))
    assert (answer.status_code, "Ask the municipality to change it." in answer.text) == (409, True)
    assert len(placed.statements(-2)) == 1


def test_the_look_is_logged_once_a_day(jens: FlaskClient, placed: Placed) -> None:
    for _ in range(2):
        jens.get("/mentor")
    what = select(AccessLogEntry.what).filter_by(reader_id=placed.plan.cast.jens).order_by(AccessLogEntry.what)
    assert placed.plan.all(what) == [("hours",), ("name",), ("name",)]


def test_a_mentor_elsewhere_finds_no_such_day(jens: FlaskClient, placed: Placed) -> None:
    plan = placed.plan
    day = placed.day().id
    plan.do("mette", actions.end_mentor, placed.placement.id, plan.cast.jens, today=placed.today)
    assert jens.post(f"/mentor/days/{day}", data=form("came")).status_code == 404
    assert f"/mentor/days/{day}" not in jens.get("/mentor").text
    assert placed.statements() == []


def test_without_the_relation_a_placement_shows_and_takes_nothing(jens: FlaskClient, placed: Placed) -> None:
    plan = placed.plan
    day = placed.day().id
    plan.session.execute(
        update(Relation).filter_by(person_id=plan.cast.jens).values(ended_on=placed.today - timedelta(days=1))
    )
    plan.session.commit()
    assert jens.post(f"/mentor/days/{day}", data=form("came")).status_code == 404
    page = jens.get("/mentor").text
    assert "Selam" not in page
    assert "/mentor/days/" not in page
    assert plan.all(select(DayStatement.id)) == []


def test_the_page_asks_for_nothing_that_a_mentor_may_not_have(app: Flask, jens: FlaskClient, placed: Placed) -> None:
    sent: list[str] = []
    event.listen(app.extensions["engine"], "before_cursor_execute", lambda _c, _cu, text, *_: sent.append(text))
    jens.get("/mentor")
    jens.post(f"/mentor/days/{placed.day().id}", data=form("came"))
    assert len(sent) > 5
    assert not [text for text in sent if re.search(r"family_name|phone|email|external_id|goals|has_photo", text)]


def test_no_page_of_a_mentor_holds_more_than_a_first_name_and_words(app: Flask, session: Session) -> None:
    """Everything else in a town carries its mark: family names, phones, goals, meetings, places, other people."""
    town = make_town(session, "Ørby")
    citizen, mentor = town.people[Role.CITIZEN], town.people[Role.MENTOR]
    session.execute(update(Person).filter_by(id=citizen).values(given_name="Anna"))
    session.execute(update(Person).filter_by(id=mentor).values(given_name="Bo"))
    session.execute(update(MentorLink).values(token_hash=fingerprint("a-token-of-a-test")))
    session.commit()
    app.config["WTF_CSRF_ENABLED"] = False
    by_link, signed_in = app.test_client(), app.test_client()
    sign_in(signed_in, session, mentor)
    day = town.numbers["day_id"]
    answers = [
        answer
        for headers in ({}, HTMX)
        for answer in (
            by_link.get("/m/a-token-of-a-test", headers=headers),
            by_link.post(f"/m/a-token-of-a-test/days/{day}", data=form("late", minutes="5"), headers=headers),
            by_link.post(f"/m/a-token-of-a-test/days/{day}", data=form("late", minutes="2000"), headers=headers),
            by_link.post(
                "/m/a-token-of-a-test/said",
                json={"statements": [{**form("came"), "day": day}, {**form("wrong"), "day": day}]},
            ),
            signed_in.get("/mentor", headers=headers),
            signed_in.post(f"/mentor/days/{day}", data=form("late", minutes="2000"), headers=headers),
            signed_in.get(f"/mentor/people/{citizen}/words", headers=headers),
        )
    ]
    assert {answer.status_code for answer in answers} <= {200, 303, 422}
    assert sum("Anna" in answer.text for answer in answers) >= 10
    own_words = ("Ørby-ord", "Ørby слово")
    for answer in answers:
        text = answer.text
        for word in own_words:
            text = text.replace(word, "")
        assert "Ørby" not in text
        assert "70 00 00" not in text


@ON_SQLITE
def test_strangers_and_other_roles_say_nothing_here(app: Flask, placed: Placed) -> None:
    day = placed.day().id
    for name in ("selam", "mette", "karen", "bodil"):
        client = placed.plan.client(app, name)
        assert client.post(f"/mentor/days/{day}", data=form("came")).status_code in {403, 404}
    assert placed.statements() == []
