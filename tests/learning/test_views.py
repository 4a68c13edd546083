"""What the citizen sees and presses of her learning at work: own faces, steps, and what she learnt."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from citizen_app.goals.actions import Wording
from citizen_app.learning import actions
from citizen_app.learning.actions import Face
from citizen_app.learning.models import ClosingWord, FocusPoint, FocusWord, ReadyStep
from citizen_app.people.models import AccessLogEntry
from citizen_app.placements.models import Placement
from citizen_app.texts.queries import phrase_bank
from tests.placed import Placed, placed
from tests.plan import HTMX, ON_SQLITE

__all__ = ["placed"]

MOST_STATEMENTS = 8
WORDS = "Hun kom før alle andre"


def address(placed: Placed, verb: str = "") -> str:
    return f"/learning/{placed.placement.id}" + (f"/{verb}" if verb else "")


def add_point(placed: Placed, body: str = "Jeg spørger") -> int:
    wording = Wording(body, "da")
    return int(placed.plan.do("mette", actions.add_focus, placed.placement.id, "1F3AF", wording).id)


def add_step(placed: Placed, body: str = "Jeg laver kaffe") -> int:
    wording = Wording(body, "da")
    return int(placed.plan.do("jens", actions.add_step, placed.placement.id, "1F331", wording).id)


def face(point: int, number: int, **more: Any) -> dict[str, Any]:
    return {"id": uuid4().hex, "about_id": point, "face": number, **more}


def ends_in(placed: Placed, days: int) -> None:
    placed.plan.session.execute(update(Placement).values(last_day=placed.today + timedelta(days=days)))
    placed.plan.session.commit()


def count(placed: Placed, table: Any) -> int:
    ((number,),) = placed.plan.all(select(func.count()).select_from(table))
    return int(number)


def state(placed: Placed, step: int) -> str:
    ((found,),) = placed.plan.all(select(ReadyStep.state).filter_by(id=step))
    return str(found)


# --- What it shows ------------------------------------------------------------------------------------------


def test_her_placement_leads_to_what_she_learns(selam: FlaskClient, placed: Placed) -> None:
    assert f'href="{address(placed)}"' in selam.get("/attendance").text
    page = selam.get(address(placed)).text
    assert "<h1>What I learn at work</h1>" in page
    assert "Choose one to three things to practise, together." in page
    assert "No step lies ready yet. Your mentor can add one." in page


def test_a_path_has_both_rows_with_the_days_in_words(selam: FlaskClient, placed: Placed) -> None:
    point, plan = add_point(placed), placed.plan
    about = (placed.placement.id, point)
    for days, number in ((-3, 1), (-2, 3), (-1, 2)):
        moment = plan.now + timedelta(days=days)
        given = Face(uuid4().hex, number, WORDS if days == -2 else "")
        plan.do("jens", actions.say_focus, *about, given, now=moment)
    plan.do("selam", actions.say_focus, *about, Face(uuid4().hex, 3), now=plan.now - timedelta(days=1))
    page = selam.get(address(placed)).text
    mentor, own = re.findall(r'<ol class="faces" role="list">(.*?)</ol>', page, re.DOTALL)
    assert [words.split(",")[0] for words in re.findall(r'hidden">([^<]+)</span>', mentor)] == [
        "Hard",
        "Good",
        "All right",
    ]
    assert re.search(r'hidden">Good, \w+day \d+ \w+</span>', own)
    assert re.search(rf'<bdi lang="da" dir="ltr">{WORDS}</bdi><br><span class="soft small"><bdi>Jens</bdi>', page)


def test_only_so_many_faces_stand_as_fit_in_a_row(selam: FlaskClient, placed: Placed) -> None:
    point = add_point(placed)
    for days in range(-12, 0):
        given = Face(uuid4().hex, 3)
        moment = placed.plan.now + timedelta(days=days)
        placed.plan.do("jens", actions.say_focus, placed.placement.id, point, given, now=moment)
    (row,) = re.findall(r'<ol class="faces" role="list">(.*?)</ol>', selam.get(address(placed)).text, re.DOTALL)
    assert row.count("<li>") == 8


@ON_SQLITE
def test_own_language_comes_first_with_danish_under_it(selam: FlaskClient, placed: Placed) -> None:
    key = "focus_on_time"
    wording = Wording(phrase_bank()[key].bodies["da"], "da", key)
    placed.plan.do("mette", actions.add_focus, placed.placement.id, "23F0", wording)
    page = selam.get(address(placed)).text
    assert re.search(
        r'lang="en"><bdi dir="ltr">I come on time</bdi></span>\s*<span class="under small" lang="da">', page
    )
    assert f'value="{key}"' not in page
    assert page.count('name="phrase"') == 7


def test_the_page_costs_eight_statements_however_much_there_is(app: Flask, selam: FlaskClient, placed: Placed) -> None:
    for number in range(3):
        point = add_point(placed, f"Punkt {number}")
        selam.post(address(placed, "face"), data=face(point, 3))
        add_step(placed, f"Trin {number}")
    ends_in(placed, 0)
    selam.post(address(placed, "closing"), data={"body": "Kaffe", "seen_version": 0})
    sent: list[str] = []
    event.listen(app.extensions["engine"], "before_cursor_execute", lambda _c, _cu, text, *_: sent.append(text))
    page = selam.get(address(placed))
    assert page.status_code == 200
    asked = [text for text in sent if not text.startswith("BEGIN")]
    assert 5 <= len(asked) <= MOST_STATEMENTS, asked


# --- Presses ------------------------------------------------------------------------------------------------


def test_one_press_says_a_face_and_leads_back_to_the_point(selam: FlaskClient, placed: Placed) -> None:
    point = add_point(placed)
    answer = selam.post(address(placed, "face"), data=face(point, 2))
    assert (answer.status_code, answer.location) == (303, f"{address(placed)}#point-{point}")
    assert placed.plan.all(select(FocusWord.side, FocusWord.face)) == [("citizen", 2)]
    assert 'name="face" value="2" aria-pressed="true"' in selam.get(address(placed)).text


def test_a_face_sent_twice_counts_once_even_with_another_face(selam: FlaskClient, placed: Placed) -> None:
    fields = face(add_point(placed), 2)
    for number in (2, 2, 3):
        assert selam.post(address(placed, "face"), data={**fields, "face": number}).status_code == 303
    assert placed.plan.all(select(FocusWord.face)) == [(2,)]


def test_steps_are_started_finished_and_too_much(selam: FlaskClient, placed: Placed) -> None:
    step, other = add_step(placed), add_step(placed, "Jeg tager telefonen")
    for verb, after in (("start", "now"), ("start", "now"), ("finish", "done"), ("finish", "done")):
        answer = selam.post(address(placed, verb), data={"about_id": step})
        assert (answer.status_code, answer.location) == (303, f"{address(placed)}#steps")
        assert state(placed, step) == after
    selam.post(address(placed, "take-back"), data={"about_id": other, "words": "Too many people call"})
    page = selam.get(address(placed)).text
    assert "We learnt:" in page
    assert '<bdi lang="en" dir="ltr">Too many people call</bdi>' in page
    selam.post(address(placed, "again"), data={"about_id": other})
    assert state(placed, other) == "ready"


def test_a_step_that_moved_meanwhile_is_told_with_what_was_typed(selam: FlaskClient, placed: Placed) -> None:
    step = add_step(placed)
    placed.plan.do("jens", actions.finish_step, placed.placement.id, step)
    answer = selam.post(address(placed, "take-back"), data={"about_id": step, "words": "I was tired"})
    assert answer.status_code == 409
    assert "Somebody has just changed this step." in answer.text
    assert re.search(r'<p class="quote" lang="en"><bdi dir="ltr">I was tired</bdi></p>', answer.text)
    assert state(placed, step) == "done"


def test_she_chooses_a_point_from_pictures_or_in_own_words(selam: FlaskClient, placed: Placed) -> None:
    selam.post(address(placed, "add-focus"), data={"phrase": "focus_ask"})
    selam.post(address(placed, "add-focus"), data={"body": "I greet everybody"})
    rows = placed.plan.all(select(FocusPoint.picture, FocusPoint.made_by_side).order_by(FocusPoint.id))
    assert rows == [("2753", "citizen"), ("1F3AF", "citizen")]
    page = selam.get(address(placed)).text
    assert "I ask when I am not sure" in page
    assert "I greet everybody" in page


def test_a_fourth_point_is_refused_and_what_was_typed_stays(selam: FlaskClient, placed: Placed) -> None:
    for number in range(3):
        add_point(placed, f"Punkt {number}")
    answer = selam.post(address(placed, "add-focus"), data={"body": "I greet everybody"})
    assert (answer.status_code, "There are three already. Put one aside first." in answer.text) == (409, True)
    assert '<p class="quote" lang="en"><bdi dir="ltr">I greet everybody</bdi></p>' in answer.text
    assert count(placed, FocusPoint) == 3
    point = placed.plan.all(select(FocusPoint.id))[0][0]
    answer = selam.post(address(placed, "end-focus"), data={"about_id": point})
    assert (answer.status_code, answer.location) == (303, f"{address(placed)}#points")
    assert "Put aside for now" in selam.get(address(placed)).text


@ON_SQLITE
@pytest.mark.parametrize(
    ("verb", "fields", "sentence"),
    [
        ("add-focus", {"body": "x" * 201}, "This is too long. Use at most 200 letters."),
        ("add-focus", {"body": "mit nummer er 010190-1234"}, "Please do not write a CPR number here."),
        ("add-focus", {"body": " "}, "Write a few words."),
        ("add-focus", {"phrase": "good_morning_to_all"}, "Write a few words."),
        ("closing", {"body": "x" * 401, "seen_version": "0"}, "This is too long. Use at most 400 letters."),
    ],
)
def test_words_that_cannot_be_come_back_with_a_kind_sentence(
    selam: FlaskClient, placed: Placed, verb: str, fields: dict[str, str], sentence: str
) -> None:
    ends_in(placed, 0)
    answer = selam.post(address(placed, verb), data=fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert fields.get("body", "").strip() in answer.text
    assert (count(placed, FocusPoint), count(placed, ClosingWord)) == (0, 0)


@ON_SQLITE
@pytest.mark.parametrize(
    "fields",
    [
        {"face": "4"},
        {"face": "0"},
        {"face": "good"},
        {"face": ""},
        {"id": ""},
        {"id": "x' OR 1=1"},
        {"id": "x" * 36 + "\n"},
        {"about_id": "-1"},
        {"about_id": "99999999999999"},
        {"about_id": "x"},
        {},
    ],
)
def test_a_press_that_no_button_sends_is_refused(selam: FlaskClient, placed: Placed, fields: dict[str, str]) -> None:
    full = face(add_point(placed), 3, **fields) if fields else {}
    answer = selam.post(address(placed, "face"), data=full)
    assert (answer.status_code, "We did not understand this answer." in answer.text) == (422, True)
    assert count(placed, FocusWord) == 0


# --- Closing ------------------------------------------------------------------------------------------------


def test_what_i_learnt_is_asked_in_the_last_week_and_can_be_written_anew(selam: FlaskClient, placed: Placed) -> None:
    assert "What I learnt" not in selam.get(address(placed)).text
    refused = selam.post(address(placed, "closing"), data={"body": "Coffee", "seen_version": 0})
    assert (refused.status_code, "It is too early for this." in refused.text) == (409, True)
    ends_in(placed, 7)
    assert "What I learnt" in selam.get(address(placed)).text
    for version, body in enumerate(("Coffee", "Coffee and tea")):
        answer = selam.post(address(placed, "closing"), data={"body": body, "seen_version": version})
        assert (answer.status_code, answer.location) == (303, f"{address(placed)}#closing")
    page = selam.get(address(placed)).text
    assert '<input type="hidden" name="seen_version" value="2">' in page
    assert ">Coffee and tea</textarea>" in page


@pytest.mark.parametrize(("days", "sentence"), [(20, "It is too early for this."), (-15, "This workplace is over.")])
def test_what_i_learnt_is_quoted_when_the_last_day_was_moved(
    selam: FlaskClient, placed: Placed, days: int, sentence: str
) -> None:
    ends_in(placed, days)
    answer = selam.post(address(placed, "closing"), data={"body": "x" * 400, "seen_version": 0})
    assert (answer.status_code, sentence in answer.text) == (409, True)
    assert f'<p class="quote" lang="en"><bdi dir="ltr">{"x" * 400}</bdi></p>' in answer.text


def test_two_wordings_at_once_stand_beside_each_other(selam: FlaskClient, placed: Placed) -> None:
    ends_in(placed, 0)
    selam.post(address(placed, "closing"), data={"body": "From my phone", "seen_version": 0})
    answer = selam.post(address(placed, "closing"), data={"body": "From the library", "seen_version": 0})
    assert answer.status_code == 409
    assert '<bdi dir="ltr">From my phone</bdi>' in answer.text
    assert ">From the library</textarea>" in answer.text
    (version,) = re.findall(r'name="seen_version" value="(\d+)"', answer.text)
    selam.post(address(placed, "closing"), data={"body": "From the library", "seen_version": version})
    assert ">From the library</textarea>" in selam.get(address(placed)).text


def test_she_reads_what_the_mentor_saw_and_what_comes_next(selam: FlaskClient, placed: Placed) -> None:
    ends_in(placed, 0)
    for name, words in (("jens", "Hun kan styre kassen"), ("mette", "Hun søger arbejde")):
        placed.plan.do(name, actions.write_closing, placed.placement.id, words, seen_version=0)
    ends_in(placed, -30)
    page = selam.get(address(placed)).text
    assert "Hun kan styre kassen" in page
    assert "Hun søger arbejde" in page
    assert "own words</span>" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


# --- Whose page it is ---------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(("name", "status"), [("yusuf", 404), ("olena", 404), ("mette", 403), ("jens", 403)])
def test_nobody_else_reads_or_presses_here(app: Flask, placed: Placed, name: str, status: int) -> None:
    point, client = add_point(placed), placed.plan.client(app, name)
    for headers in ({}, HTMX):
        assert client.get(address(placed), headers=headers).status_code == status
    assert client.post(address(placed, "face"), data=face(point, 3)).status_code == status
    assert count(placed, FocusWord) == 0


def test_what_belongs_to_another_placement_is_not_found(selam: FlaskClient, placed: Placed) -> None:
    assert selam.post(address(placed, "start"), data={"about_id": add_step(placed) + 1}).status_code == 404
    assert selam.post(address(placed, "face"), data=face(add_point(placed) + 1, 3)).status_code == 404
    assert selam.get("/learning/999").status_code == 404


def test_she_adds_no_steps_and_her_looks_are_not_logged(selam: FlaskClient, placed: Placed) -> None:
    assert selam.post(address(placed, "add-step"), data={"body": "My own"}).status_code == 403
    selam.get(address(placed))
    assert (count(placed, ReadyStep), count(placed, AccessLogEntry)) == (0, 0)
