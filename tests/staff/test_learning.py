"""Learning at a workplace on staff's side: points, steps, what comes next, own words in two languages, the morning."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from citizen_app.goals.actions import Wording
from citizen_app.learning import actions
from citizen_app.learning.actions import Face
from citizen_app.learning.models import ClosingWord, FocusPoint, FocusWord, ReadyStep
from citizen_app.people.models import AccessLogEntry
from citizen_app.placements.models import Placement
from citizen_app.texts.models import Rendering
from tests.placed import Placed, placed
from tests.plan import ON_SQLITE

__all__ = ["placed"]

ClientOf = Callable[[str], FlaskClient]
NO_STEP, NO_NEXT = "No next step lies ready<", "The placement ends: write what comes next<"


def address(placed: Placed, more: str = "") -> str:
    return f"/staff/placements/{placed.placement.id}/learning{more}"


def ends_in(placed: Placed, days: int) -> None:
    placed.plan.session.execute(update(Placement).values(last_day=placed.today + timedelta(days=days)))
    placed.plan.session.commit()


def does(placed: Placed, name: str, verb: Callable[..., Any], *things: Any, **more: Any) -> Any:
    return placed.plan.do(name, verb, placed.placement.id, *things, **more)


def test_the_placement_leads_here_and_the_look_is_logged(mette: FlaskClient, placed: Placed) -> None:
    assert f'href="{address(placed)}"' in mette.get(f"/staff/placements/{placed.placement.id}").text
    page = mette.get(address(placed)).text
    assert "What Selam learns at Cafe Solsikken" in page
    assert "The last words can be written from" in page
    logged = placed.plan.all(select(AccessLogEntry.what).order_by(AccessLogEntry.id))
    assert logged == [("placement",), ("learning",)]


def test_points_and_steps_are_added_moved_and_put_aside(mette: FlaskClient, placed: Placed) -> None:
    presses: list[tuple[str, dict[str, Any]]] = [
        ("add-focus", {"phrase": "focus_ask"}),
        ("add-step", {"phrase": "try_a_new_task"}),
        ("add-step", {"body": "Hun åbner køkkenet"}),
        ("start", {"about_id": 1}),
        ("finish", {"about_id": 1}),
        ("take-back", {"about_id": 2, "words": "For tidligt"}),
        ("end-focus", {"about_id": 1}),
    ]
    for verb, fields in presses:
        assert mette.post(address(placed, f"/{verb}"), data=fields).status_code == 303, verb
    assert placed.plan.all(select(ReadyStep.state, ReadyStep.made_by_side).order_by(ReadyStep.id)) == [
        ("done", "staff"),
        ("taken_back", "staff"),
    ]
    assert placed.plan.all(select(FocusPoint.ended_at.is_not(None))) == [(True,)]
    page = mette.get(address(placed)).text
    assert "For tidligt" in page
    assert "1 step done" in page
    assert 'name="face"' not in page


def test_a_press_that_comes_twice_is_answered_as_the_first(mette: FlaskClient, placed: Placed) -> None:
    fields = {"body": "Hun åbner køkkenet", "request_id": "twice"}
    answers = [mette.post(address(placed, "/add-step"), data=fields) for _time in range(2)]
    assert {answer.location for answer in answers} == {address(placed, "#steps")}
    assert len(placed.plan.all(select(ReadyStep.id))) == 1


def test_faces_of_both_are_shown_without_any_sum(mette: FlaskClient, placed: Placed) -> None:
    point = does(placed, "mette", actions.add_focus, "1F3AF", Wording("Jeg spørger", "da")).id
    for name, number in (("jens", 3), ("selam", 1)):
        does(placed, name, actions.say_focus, point, Face(uuid4().hex, number))
    page = mette.get(address(placed)).text
    rows = re.findall(r'<p class="small soft">(\w+)</p>\s*<ol class="faces" role="list">(.*?)</ol>', page, re.DOTALL)
    assert [(who, re.findall(r'hidden">([\w ]+),', row)) for who, row in rows] == [
        ("Mentor", ["Good"]),
        ("Selam", ["Hard"]),
    ]
    assert (
        mette.post(address(placed, "/face"), data={"id": uuid4().hex, "about_id": point, "face": 3}).status_code == 403
    )
    assert len(placed.plan.all(select(FocusWord.id))) == 2


def test_what_comes_next_is_one_text_and_the_newer_words_are_never_lost(mette: FlaskClient, placed: Placed) -> None:
    early = mette.post(address(placed, "/closing"), data={"body": "Hun søger arbejde", "seen_version": 0})
    assert (early.status_code, "It is too early for this." in early.text) == (409, True)
    ends_in(placed, 5)
    assert mette.post(address(placed, "/closing"), data={"body": "Hun søger arbejde", "seen_version": 0}).location == (
        address(placed, "#closing")
    )
    stale = mette.post(address(placed, "/closing"), data={"body": "Hun læser videre", "seen_version": 0})
    assert stale.status_code == 409
    assert '<bdi dir="ltr">Hun søger arbejde</bdi>' in stale.text
    assert ">Hun læser videre</textarea>" in stale.text
    assert placed.plan.all(select(Rendering.body)) == [("Hun søger arbejde",)]
    refused = mette.post(address(placed, "/closing"), data={"body": "010190-1234", "seen_version": 1})
    assert (refused.status_code, "Please do not write a CPR number here." in refused.text) == (422, True)


def test_what_staff_typed_is_quoted_when_its_form_has_gone(mette: FlaskClient, placed: Placed) -> None:
    quote = '<p class="quote" lang="da"><bdi dir="ltr">Hun søger arbejde</bdi></p>'
    for number in range(3):
        mette.post(address(placed, "/add-focus"), data={"body": f"Punkt {number}"})
    for verb, fields, days in (
        ("/add-focus", {}, 20),
        ("/closing", {"seen_version": 0}, 20),
        ("/closing", {"seen_version": 0}, -15),
        ("/add-step", {}, -15),
    ):
        ends_in(placed, days)
        answer = mette.post(address(placed, verb), data={"body": "Hun søger arbejde", **fields})
        assert (answer.status_code, quote in answer.text) == (409, True), verb


def test_what_comes_next_starts_from_its_danish_words_whatever_staff_read(mette: FlaskClient, placed: Placed) -> None:
    ends_in(placed, 0)
    does(placed, "mette", actions.write_closing, "Hun søger arbejde i en køkkenvirksomhed", seen_version=0)
    ((text,),) = placed.plan.all(select(ClosingWord.text_id))
    does(placed, "mette", actions.say_closing_in, text, "ti", "ስራሕ ትደሊ", seen_version=1)
    in_danish = mette.get(address(placed)).text
    placed.plan.speak("mette", "ti")
    page = mette.get(address(placed)).text
    assert "ስራሕ ትደሊ" in page
    assert ">Hun søger arbejde i en køkkenvirksomhed</textarea>" in page
    (lix,) = re.findall(r"LIX (\d+)", in_danish)
    assert re.findall(r"LIX (\d+)", page) == [lix]


def test_all_closing_words_stand_with_their_marks(mette: FlaskClient, placed: Placed) -> None:
    ends_in(placed, 0)
    for name, words in (("selam", "ቡን"), ("jens", "Hun kan styre kassen"), ("mette", "Hun søger arbejde")):
        does(placed, name, actions.write_closing, words, seen_version=0)
    page = mette.get(address(placed)).text
    for words, name in (("ቡን", "Selam"), ("Hun kan styre kassen", "Jens"), ("Hun søger arbejde", "Mette")):
        assert words in page
        assert f"{name}&#39;s own words" in page
    assert "LIX 36 · try shorter words" in page


# --- In both languages --------------------------------------------------------------------------------------


def test_a_mentors_words_are_said_in_her_language_and_hers_in_danish(mette: FlaskClient, placed: Placed) -> None:
    placed.plan.speak("selam", "ti")
    ends_in(placed, 0)
    does(placed, "selam", actions.write_closing, "ቡን", seen_version=0)
    does(placed, "jens", actions.write_closing, "Hun kan styre kassen", seen_version=0)
    does(
        placed,
        "jens",
        actions.add_step,
        "1F9F0",
        Wording("Jeg prøver en ny opgave med min mentor", "da", "try_a_new_task"),
    )
    languages = address(placed, "/languages")
    assert f'href="{languages}"' in mette.get(address(placed)).text
    page = mette.get(languages).text
    fields = re.findall(r'name="text_id" value="(\d+)".*?<textarea[^>]* lang="(\w+)"', page, re.DOTALL)
    assert [tongue for _text, tongue in fields] == ["da", "ti"]
    for (text, _tongue), words in zip(fields, ("Kaffe", "ካሳ ትመርሕ"), strict=True):
        assert mette.post(languages, data={"text_id": text, "body": words, "seen_version": 1}).location == languages
    marks = (
        select(Rendering.body, Rendering.language, Rendering.mark).filter_by(mark="checked").order_by(Rendering.body)
    )
    assert placed.plan.all(marks) == [("Kaffe", "da", "checked"), ("ካሳ ትመርሕ", "ti", "checked")]
    page = mette.get(languages).text
    assert ">Kaffe</textarea>" in page
    assert "Checked by Mette" in page


@ON_SQLITE
def test_bad_words_in_another_language_are_refused_with_what_was_typed(mette: FlaskClient, placed: Placed) -> None:
    text = does(placed, "jens", actions.add_step, "1F331", Wording("Hun åbner køkkenet", "da")).text_id
    languages = address(placed, "/languages")
    for body, sentence in (("x" * 401, "Use at most 400 letters."), ("010190-1234", "Please do not write a CPR")):
        answer = mette.post(languages, data={"text_id": text, "body": body, "seen_version": 1})
        assert (answer.status_code, sentence in answer.text, body in answer.text) == (422, True, True)
    for wrong in ({"text_id": "x"}, {"seen_version": "x"}, {"seen_version": ""}):
        garbled = {"text_id": text, "body": "ok", "seen_version": 1, **wrong}
        assert mette.post(languages, data=garbled).status_code == 422
    goal = placed.plan.draft()
    elsewhere = {"text_id": goal.text_id, "body": "ok", "seen_version": 1}
    assert mette.post(languages, data=elsewhere).status_code == 404


@pytest.mark.parametrize("bad", ["", "010190-1234"])
def test_words_for_a_text_that_was_written_anew_are_refused_and_kept(
    mette: FlaskClient, placed: Placed, bad: str
) -> None:
    placed.plan.speak("selam", "ti")
    ends_in(placed, 0)
    does(placed, "jens", actions.write_closing, "Hun kan styre kassen", seen_version=0)
    languages = address(placed, "/languages")
    fields = dict(re.findall(r'name="(text_id|seen_version)" value="(\d+)"', mette.get(languages).text))
    assert fields["seen_version"] == "1"
    does(placed, "jens", actions.write_closing, "Hun kan meget", seen_version=1)
    if bad:  # what has to be mended first does not hide that the text has moved on
        page = mette.post(languages, data={**fields, "body": bad}).text
        fields = dict(re.findall(r'name="(text_id|seen_version)" value="(\d+)"', page))
    answer = mette.post(languages, data={**fields, "body": "ካሳ ትመርሕ"})
    assert answer.status_code == 409
    assert "Jens has just written something new. Nothing is lost." in answer.text
    assert '<bdi dir="ltr">Hun kan meget</bdi>' in answer.text
    assert ">ካሳ ትመርሕ</textarea>" in answer.text
    assert placed.plan.all(select(Rendering.body)) == [("Hun kan meget",)]
    fields = dict(re.findall(r'name="(text_id|seen_version)" value="(\d+)"', answer.text))
    assert mette.post(languages, data={**fields, "body": "ካሳ ትመርሕ"}).location == languages
    marks = select(Rendering.body, Rendering.text_version).filter_by(mark="checked")
    assert placed.plan.all(marks) == [("ካሳ ትመርሕ", 2)]


# --- Who ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reads", "presses"), [("karen", 200, 403), ("anders", 404, 404), ("bodil", 403, 403), ("selam", 403, 403)]
)
def test_others_read_or_are_strangers(client_of: ClientOf, placed: Placed, name: str, reads: int, presses: int) -> None:
    does(placed, "jens", actions.add_step, "1F331", Wording("Hun åbner køkkenet", "da"))
    client = client_of(name)
    page = client.get(address(placed))
    assert page.status_code == reads
    assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    assert client.get(address(placed, "/languages")).status_code == presses
    for verb, fields in (("add-step", {"body": "Nyt"}), ("start", {"about_id": 1})):
        assert client.post(address(placed, f"/{verb}"), data=fields).status_code == presses
    assert placed.plan.all(select(ReadyStep.state)) == [("ready",)]


# --- The morning --------------------------------------------------------------------------------------------


def test_the_morning_tells_of_an_empty_bank_and_of_an_end_without_a_next(
    mette: FlaskClient, client_of: ClientOf, placed: Placed
) -> None:
    page = mette.get("/staff").text
    assert NO_STEP in page
    assert f'href="{address(placed, "#steps")}"' in page
    assert NO_NEXT not in page
    assert NO_STEP not in client_of("karen").get("/staff").text
    does(placed, "jens", actions.add_step, "1F331", Wording("Hun åbner køkkenet", "da"))
    ends_in(placed, 6)
    page = mette.get("/staff").text
    assert NO_STEP not in page
    assert NO_NEXT in page
    assert f'href="{address(placed, "#closing")}"' in page
    does(placed, "mette", actions.write_closing, "Hun søger arbejde", seen_version=0)
    assert NO_NEXT not in mette.get("/staff").text
    assert len(placed.plan.all(select(ClosingWord.id))) == 1
