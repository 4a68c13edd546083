"""Learning at work for a mentor, by link and by account: one press says a face, and nothing private is on the page."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from citizen_app.goals.actions import Wording
from citizen_app.learning import actions
from citizen_app.learning.models import ClosingWord, FocusPoint, FocusWord, ReadyStep
from citizen_app.people.models import AccessLogEntry, Person, Relation
from citizen_app.people.rules import fingerprint
from citizen_app.placements import actions as placements
from citizen_app.placements.models import MentorLink, Placement
from citizen_app.policy import Role
from citizen_app.web.assets import STATIC
from tests.cast import sign_in
from tests.placed import Placed, placed
from tests.plan import HTMX, ON_SQLITE
from tests.town import make_town

__all__ = ["placed"]

MOST_STATEMENTS = 8
MOST_BYTES = 30_000


@dataclass
class Door:
    """One of the two ways in to the same page."""

    client: FlaskClient
    address: str
    placed: Placed

    def page(self) -> str:
        answer = self.client.get(self.address)
        assert answer.status_code == 200
        return answer.text

    def press(self, verb: str, **fields: Any) -> TestResponse:
        return self.client.post(f"{self.address}/{verb}", data=fields)

    def face(self, point: int, number: int, **more: Any) -> TestResponse:
        return self.press("face", **{"id": uuid4().hex, "about_id": point, "face": number, **more})


@pytest.fixture(params=["link", "account"])
def door(request: pytest.FixtureRequest, app: Flask, placed: Placed) -> Door:
    placed.plan.speak("jens", "en")
    if request.param == "link":
        return Door(app.test_client(), f"/m/{placed.link()}/learning", placed)
    return Door(placed.plan.client(app, "jens"), f"/mentor/placements/{placed.placement.id}/learning", placed)


@pytest.fixture
def point(placed: Placed) -> int:
    wording = Wording("Jeg spørger", "da")
    return int(placed.plan.do("mette", actions.add_focus, placed.placement.id, "1F3AF", wording).id)


@pytest.fixture
def step(placed: Placed) -> int:
    wording = Wording("Jeg laver kaffe", "da")
    return int(placed.plan.do("mette", actions.add_step, placed.placement.id, "1F331", wording).id)


def ends_in(placed: Placed, days: int) -> None:
    placed.plan.session.execute(update(Placement).values(last_day=placed.today + timedelta(days=days)))
    placed.plan.session.commit()


def said(placed: Placed) -> list[Any]:
    columns = (FocusWord.side, FocusWord.face, FocusWord.words, FocusWord.words_language)
    return placed.plan.all(select(*columns).order_by(FocusWord.said_at))


def state(placed: Placed) -> Any:
    return placed.plan.all(select(ReadyStep.state, ReadyStep.learnt))


# --- What it shows and takes --------------------------------------------------------------------------------


def test_the_days_lead_here_and_back(door: Door) -> None:
    days = "/mentor" if door.address.startswith("/mentor") else door.address.removesuffix("/learning")
    assert f'href="{door.address}"' in door.client.get(days).text
    assert f'href="{days}"' in door.page()


def test_faces_come_first_then_steps_then_new_ones(door: Door, point: int, step: int) -> None:
    page = door.page()
    places = [f'id="point-{point}"', f'id="step-{step}"', 'value="try_a_new_task"', 'value="focus_ask"']
    found = [page.index(place) for place in places]
    assert found == sorted(found)
    assert re.findall(r'name="face" value="(\d)"', page) == ["3", "2", "1"]
    assert "Your words about Selam" not in page


def test_one_press_says_a_face_and_one_line_can_follow(door: Door, point: int) -> None:
    assert "Write one line" not in door.page()
    answer = door.face(point, 3)
    assert (answer.status_code, answer.location) == (303, f"{door.address}#point-{point}")
    page = door.page()
    assert 'name="face" value="3" aria-pressed="true"' in page
    assert "The face is enough. Please write nothing about health." in page
    door.face(point, 3, words="She asked twice")
    assert said(door.placed) == [("mentor", 3, "", ""), ("mentor", 3, "She asked twice", "en")]
    assert "She asked twice" in door.page()


def line_of(page: str, point: int) -> str:
    found = re.search(rf'id="words-{point}" name="words"[^>]* value="([^"]*)"', page)
    assert found
    return found[1]


def test_ones_own_line_of_the_day_stays_with_another_face_until_it_is_written_anew(door: Door, point: int) -> None:
    door.face(point, 1, words="She asked twice")
    door.face(point, 3)
    page = door.page()
    assert 'name="face" value="3" aria-pressed="true"' in page
    assert "She asked twice</bdi>" in page
    assert line_of(page, point) == "She asked twice"
    door.face(point, 3, words="")
    page = door.page()
    assert "She asked twice" not in page
    assert line_of(page, point) == ""
    assert len(said(door.placed)) == 3


def test_a_colleague_has_his_own_face_and_line(app: Flask, door: Door, point: int) -> None:
    door.face(point, 1, words="My line")
    ole = door.placed.second_mentor("Ole", "en")
    others = Door(app.test_client(), f"/m/{door.placed.link_of(ole)}/learning", door.placed)
    page = others.page()
    assert "My line</bdi>" in page
    assert 'aria-pressed="true"' not in page
    assert 'id="words-' not in page
    others.face(point, 3)
    page = others.page()
    assert 'name="face" value="3" aria-pressed="true"' in page
    assert line_of(page, point) == ""
    page = door.page()
    assert "My line</bdi>" in page
    assert 'name="face" value="1" aria-pressed="true"' in page
    assert line_of(page, point) == "My line"


def test_a_face_that_comes_twice_counts_once(door: Door, point: int) -> None:
    for number in (2, 2, 1):
        assert door.face(point, number, id="made-with-the-form").status_code == 303
    assert said(door.placed) == [("mentor", 2, "", "")]


def test_a_step_goes_all_ways_with_single_presses(door: Door, step: int) -> None:
    for verb, after in (("start", "now"), ("start", "now"), ("finish", "done"), ("finish", "done")):
        answer = door.press(verb, about_id=step)
        assert (answer.status_code, answer.location) == (303, f"{door.address}#steps")
        assert state(door.placed) == [(after, "")]
    door.press("take-back", about_id=step, words="Two at a time is enough")
    assert state(door.placed) == [("taken_back", "Two at a time is enough")]
    page = door.page()
    assert "We try this later" in page
    assert "No next step lies ready. Choose one that fits." in page
    door.press("again", about_id=step)
    assert "No next step lies ready." not in door.page()
    assert state(door.placed) == [("ready", "Two at a time is enough")]


def test_new_ones_come_from_pictures_or_own_words_and_once(door: Door) -> None:
    for _ in range(2):
        door.press("add-step", phrase="try_a_new_task")
        door.press("add-step", body="She opens the kitchen")
        door.press("add-focus", phrase="focus_ask")
    assert door.placed.plan.all(select(ReadyStep.picture, ReadyStep.made_by_side).order_by(ReadyStep.id)) == [
        ("1F9F0", "mentor"),
        ("1F331", "mentor"),
    ]
    assert len(door.placed.plan.all(select(FocusPoint.id))) == 1
    page = door.page()
    assert "She opens the kitchen" in page
    assert 'value="try_a_new_task"' not in page


def test_what_was_seen_is_written_at_the_end_and_both_wordings_are_kept(door: Door) -> None:
    early = door.press("closing", body="Well done", seen_version=0)
    assert (early.status_code, "It is too early for this." in early.text) == (409, True)
    ends_in(door.placed, 2)
    assert "Your words about Selam" in door.page()
    assert door.press("closing", body="Well done", seen_version=0).location == f"{door.address}#closing"
    stale = door.press("closing", body="Very well done", seen_version=0)
    assert stale.status_code == 409
    assert '<bdi dir="ltr">Well done</bdi>' in stale.text
    assert ">Very well done</textarea>" in stale.text
    door.press("closing", body="Very well done", seen_version=1)
    assert ">Very well done</textarea>" in door.page()


# --- What cannot be -----------------------------------------------------------------------------------------


def quoted(page: str) -> list[str]:
    """Return what stands on top as typed, beside the reason why it was refused."""
    (notice,) = re.findall(r'<div class="notice notice-warm" role="alert">.*?</div></div>', page, re.DOTALL)
    return re.findall(r'<p class="quote" lang="en"><bdi dir="ltr">([^<]*)</bdi></p>', notice)


def test_what_was_typed_is_quoted_when_its_form_has_gone(door: Door, point: int) -> None:
    plan, placement = door.placed.plan, door.placed.placement.id
    for number in range(2):
        door.press("add-focus", body=f"Point {number}")
    answer = door.press("add-focus", body="She greets everybody")
    assert (answer.status_code, quoted(answer.text)) == (409, ["She greets everybody"])
    plan.do("mette", actions.end_focus, placement, point)
    answer = door.face(point, 3, words="She asked twice")
    assert (answer.status_code, quoted(answer.text)) == (409, ["She asked twice"])
    assert "Somebody has just put this aside. Nothing was lost." in answer.text
    answer = door.press("closing", body="She can do a lot", seen_version=0)
    assert (answer.status_code, quoted(answer.text)) == (409, ["She can do a lot"])


def test_what_was_typed_stands_once_while_its_form_is_there(door: Door, point: int, step: int) -> None:
    ends_in(door.placed, 0)
    number = "010190-1234"
    for verb, fields in (
        ("add-focus", {"body": number}),
        ("add-step", {"body": number}),
        ("face", {"id": uuid4().hex, "about_id": point, "face": 3, "words": number}),
        ("take-back", {"about_id": step, "words": number}),
        ("closing", {"body": number, "seen_version": 0}),
    ):
        answer = door.press(verb, **fields)
        assert (answer.status_code, quoted(answer.text), answer.text.count(number)) == (422, [], 1), verb


@ON_SQLITE
@pytest.mark.parametrize(
    ("verb", "fields", "sentence"),
    [
        ("face", {"face": "4"}, "We did not understand this answer."),
        ("face", {"face": "3", "id": "x" * 36 + "\n"}, "We did not understand this answer."),
        ("face", {"face": "3", "id": "x"}, "We did not understand this answer."),
        ("face", {"face": "3", "words": "x" * 201}, "This is too long. Use at most 200 letters."),
        ("face", {"face": "3", "words": "010190-1234"}, "Please do not write a CPR number here."),
        ("add-step", {"body": "x" * 201}, "This is too long. Use at most 200 letters."),
        ("add-step", {"body": "010190 1234"}, "Please do not write a CPR number here."),
        ("add-step", {"phrase": "focus_ask"}, "Write a few words."),
        ("take-back", {"words": "x" * 201}, "This is too long. Use at most 200 letters."),
        ("start", {"about_id": "none"}, "We did not understand this answer."),
    ],
)
def test_bad_input_is_told_kindly_and_what_was_typed_stays(
    door: Door, point: int, step: int, verb: str, fields: dict[str, str], sentence: str
) -> None:
    about = {"id": uuid4().hex, "about_id": point if verb == "face" else step}
    answer = door.press(verb, **{**about, **fields})
    assert (answer.status_code, sentence in answer.text) == (422, True)
    for typed in ("words", "body"):
        assert fields.get(typed, "") in answer.text
    assert said(door.placed) == []
    assert state(door.placed) == [("ready", "")]


def test_a_fourth_point_and_an_eleventh_step_wait(door: Door) -> None:
    for number in range(3):
        door.press("add-focus", body=f"Point {number}")
    for number in range(10):
        door.press("add-step", body=f"Step {number}")
    for verb, sentence in (("add-focus", "There are three already."), ("add-step", "Ten steps lie ready already.")):
        answer = door.press(verb, body="One more")
        assert (answer.status_code, sentence in answer.text) == (409, True)
    assert "One more</textarea>" in door.press("add-step", body="One more").text
    assert len(state(door.placed)) == 10


def test_a_step_of_another_placement_is_not_found(door: Door, step: int) -> None:
    plan = door.placed.plan
    kept = plan.session.get_one(Placement, door.placed.placement.id)
    fields = {column.key: getattr(kept, column.key) for column in Placement.__table__.columns if column.key != "id"}
    other = Placement(**fields)
    plan.session.add(other)
    plan.session.flush()
    plan.session.execute(update(ReadyStep).values(placement_id=other.id))
    plan.session.commit()
    assert door.press("start", about_id=step).status_code == 404
    assert state(door.placed) == [("ready", "")]
    assert door.client.get(f"/mentor/placements/{other.id}/learning").status_code in {303, 404}


def end_mentor(placed: Placed) -> None:
    placed.plan.do("mette", placements.end_mentor, placed.placement.id, placed.plan.cast.jens, today=placed.today)


def end_relation(placed: Placed) -> None:
    placed.plan.session.execute(update(Relation).values(ended_on=placed.today - timedelta(days=1)))
    placed.plan.session.commit()


def end_long_ago(placed: Placed) -> None:
    ends_in(placed, -15)
    placed.plan.session.execute(update(MentorLink).values(expires_on=placed.today))
    placed.plan.session.commit()


@pytest.mark.parametrize("ends", [end_mentor, end_relation, end_long_ago])
def test_who_helps_no_more_is_shut_out(door: Door, point: int, ends: Callable[[Placed], None]) -> None:
    ends(door.placed)
    assert door.client.get(door.address).status_code == 404
    assert door.face(point, 3).status_code == 404
    assert said(door.placed) == []


def test_a_link_that_was_taken_back_opens_nothing(app: Flask, placed: Placed, point: int) -> None:
    door = Door(app.test_client(), f"/m/{placed.link()}/learning", placed)
    placed.plan.do("mette", placements.revoke_links, placed.placement.id, placed.plan.cast.jens)
    for answer in (door.client.get(door.address), door.face(point, 3), door.client.get("/m/unknown/learning")):
        assert answer.status_code == 404
        assert "Selam" not in answer.text
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert said(placed) == []


@ON_SQLITE
@pytest.mark.parametrize(("name", "status"), [("selam", 403), ("mette", 403), ("bodil", 403), ("anders", 403)])
def test_other_roles_have_no_part_in_it(app: Flask, placed: Placed, point: int, name: str, status: int) -> None:
    client = placed.plan.client(app, name)
    door = Door(client, f"/mentor/placements/{placed.placement.id}/learning", placed)
    assert client.get(door.address).status_code == status
    assert door.face(point, 3).status_code == status
    assert said(placed) == []


# --- What it costs and who looked ---------------------------------------------------------------------------


def test_the_page_costs_eight_statements_however_much_there_is(app: Flask, door: Door) -> None:
    for number in range(3):
        door.press("add-focus", body=f"Point {number}")
        door.press("add-step", body=f"Step {number}")
        door.face(door.placed.plan.all(select(FocusPoint.id).order_by(FocusPoint.id.desc()))[0][0], 3, words="Fine")
    ends_in(door.placed, 0)
    door.press("closing", body="Well done", seen_version=0)
    sent: list[str] = []
    event.listen(app.extensions["engine"], "before_cursor_execute", lambda _c, _cu, text, *_: sent.append(text))
    door.page()
    asked = [text for text in sent if not text.startswith("BEGIN")]
    assert 7 <= len(asked) <= MOST_STATEMENTS, asked
    private = r"family_name|phone|email|external_id|goals|has_photo|needs_interpreter|support|benefit"
    assert not [text for text in asked if re.search(private, text)]


@ON_SQLITE
@pytest.mark.parametrize("language", ["da", "ar"])
def test_the_page_is_light(app: Flask, placed: Placed, point: int, step: int, language: str) -> None:
    placed.plan.speak("jens", language)
    ends_in(placed, 0)
    door = Door(app.test_client(), f"/m/{placed.link()}/learning", placed)
    for number in range(2):
        door.press("add-focus", body=f"Punkt {number}")
        door.press("add-step", body=f"Trin {number}")
    door.face(point, 3)
    door.press("start", about_id=step)
    response = door.client.get(door.address, headers={"Accept-Encoding": "gzip"})
    page = gzip.decompress(response.data).decode()
    fetched = re.findall(r'<(?:link rel="stylesheet" href|script[^>]* src)="/static/[^/]+/([^"]+)"', page)
    assert fetched == ["css/app.css"]
    files = [*fetched, "img/icons.svg"]
    assert len(response.data) + sum(len(gzip.compress((STATIC / file).read_bytes())) for file in files) <= MOST_BYTES


def test_the_look_is_logged_once_a_day(door: Door, point: int) -> None:
    for _ in range(2):
        door.page()
    door.face(point, 3)
    door.page()
    looks = select(AccessLogEntry.citizen_id, AccessLogEntry.what).filter_by(reader_id=door.placed.plan.cast.jens)
    assert door.placed.plan.all(looks) == [(door.placed.plan.cast.selam, "learning")]


# --- What is on no page -------------------------------------------------------------------------------------


def test_no_page_of_a_mentor_holds_more_than_a_first_name_and_what_is_learnt(app: Flask, session: Session) -> None:
    """The town's own marks are everywhere: in names, goals, plans, and in the closing words of the other sides."""
    town = make_town(session, "Ørby")
    citizen, mentor = town.people[Role.CITIZEN], town.people[Role.MENTOR]
    session.execute(update(Person).filter_by(id=citizen).values(given_name="Anna"))
    session.execute(update(Person).filter_by(id=mentor).values(given_name="Bo"))
    session.execute(update(FocusWord).values(by_name="Bo"))
    session.execute(update(MentorLink).values(token_hash=fingerprint("a-token-of-a-test")))
    session.execute(update(Placement).values(last_day=datetime.now(UTC).date() + timedelta(days=3)))
    session.commit()
    app.config["WTF_CSRF_ENABLED"] = False
    by_link, signed_in = app.test_client(), app.test_client()
    sign_in(signed_in, session, mentor)
    refused = {"id": uuid4().hex, "about_id": 1, "face": 3, "words": "x" * 201}
    answers = []
    for client, address in (
        (by_link, "/m/a-token-of-a-test/learning"),
        (signed_in, f"/mentor/placements/{town.numbers['placement_id']}/learning"),
    ):
        for headers in ({}, HTMX):
            answers += [
                client.get(address, headers=headers),
                client.post(f"{address}/face", data=refused, headers=headers),
                client.post(f"{address}/closing", data={"body": "Godt", "seen_version": 0}, headers=headers),
                client.post(f"{address}/start", data={"about_id": 999}, headers=headers),
            ]
    assert [answer.status_code for answer in answers[:4]] == [200, 422, 409, 404]
    assert sum("Anna" in answer.text for answer in answers) >= 12
    assert all("Ørby-saw" in answer.text for answer in answers if answer.status_code == 200)
    for answer in answers:
        text = answer.text
        for word in ("Ørby-fokus", "Ørby-linje", "Ørby-trin", "Ørby-saw"):
            text = text.replace(word, "")
        assert "Ørby" not in text
        assert "70 00 00" not in text
    assert session.scalars(select(ClosingWord.question).order_by(ClosingWord.id)).all() == ["learnt", "saw", "next"]
