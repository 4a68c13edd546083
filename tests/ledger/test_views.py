"""The citizen's weeks: what stands on them, and what her press does, with script and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from citizen_app.web.assets import has_picture
from tests.home.test_views import sent
from tests.ledgers import Ledger, ledger
from tests.placed import Placed, placed
from tests.plan import HTMX, ON_SQLITE, Plan

__all__ = ["ledger", "placed"]
MINUTE = timedelta(minutes=1)
MOST_STATEMENTS = 6


def press(client: FlaskClient, ledger: Ledger, number: int = 0, headers: Any = None, **typed: Any) -> Any:
    hours = typed.pop("hours_id", ledger.hours.id)
    data = {"id": uuid4().hex, "monday": str(ledger.monday(number)), **typed}
    return client.post(f"/ledger/hours/{hours}", data=data, headers=headers)


def card(page: str, ledger: Ledger, number: int = 0) -> str:
    return page.split(f'id="week-{ledger.monday(number)}"')[1].split("</article>", maxsplit=1)[0]


# --- What it shows ------------------------------------------------------------------------------------------


@ON_SQLITE
def test_without_hours_the_page_says_so(selam: FlaskClient) -> None:
    page = selam.get("/ledger").text
    assert "No hours in these weeks." in page
    assert "Show earlier weeks" not in page


def test_a_week_has_all_hours_by_kind_and_their_sum(ledger: Ledger, placed: Placed, selam: FlaskClient) -> None:
    ledger.agree("transport", 90)
    page = selam.get("/ledger").text
    assert "You read your hours here before anybody uses them. It is not a grade." in page
    week = card(page, ledger)
    for sight in (
        "This week",
        "Cafe Solsikken",
        'href="/attendance"',
        "Danish lessons",
        "Sprogskolen",
        "The way there",
    ):
        assert sight in week
    assert "Planned: <bdi>10 hours</bdi>" in week
    assert "Planned: <bdi>1.5 hours</bdi>" in week
    assert "All together" in week
    assert f'href="{placed.plan.cast.selam}' not in week
    assert "%" not in re.sub(r"%2F", "", page.split("<main")[1].split("</main>")[0])
    assert 'href="/ledger"' in selam.get("/attendance").text


def test_a_kind_has_a_picture_that_is_there() -> None:
    for code in ("1F4D6", "1F50D", "1F68C", "1F4AC"):
        assert has_picture(code)


def test_a_year_of_weeks_costs_six_statements(app: Flask, ledger: Ledger, placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "came", -1)
    for number in range(-8, 1):
        ledger.says(600, number)
        ledger.confirms(480, number, now=ledger.plan.now + MINUTE)
    with sent(app) as texts:
        page = selam.get("/ledger?weeks=52")
    assert page.status_code == 200
    assert len(re.findall(r'<article class="card" id="week-', page.text)) == 11
    assert 0 < len([text for text in texts if not text.startswith("BEGIN")]) <= MOST_STATEMENTS


def test_earlier_weeks_lead_back_to_the_first(ledger: Ledger, selam: FlaskClient) -> None:
    first = selam.get("/ledger").text
    link = re.search(r'href="(/ledger\?before=[0-9-]+)"', first)
    assert link is not None
    second = selam.get(link[1]).text
    shown = [re.findall(r'id="week-([0-9-]+)"', page) for page in (first, second)]
    assert [len(one) for one in shown] == [8, 3]
    assert sorted({*shown[0], *shown[1]}, reverse=True) == [str(ledger.monday(-number)) for number in range(11)]
    assert "?before=" not in second


@pytest.mark.usefixtures("ledger")
@ON_SQLITE
@pytest.mark.parametrize(
    "query", ["weeks=10000", "weeks=-1", "weeks=x", "weeks=0", "before=x", "before=9999-12-31", "before=0001-01-01"]
)
def test_a_strange_address_is_answered(selam: FlaskClient, query: str) -> None:
    page = selam.get(f"/ledger?{query}")
    assert page.status_code == 200
    assert "This week" in page.text
    assert page.text.count('<article class="card" id="week-') <= 11


# --- Her word -----------------------------------------------------------------------------------------------


def test_without_script_one_press_says_all_of_it(ledger: Ledger, selam: FlaskClient) -> None:
    week = card(selam.get("/ledger").text, ledger)
    assert '<button class="button wide button-main" name="minutes" value="600">' in week
    assert "I was there all the time" in week
    response = press(selam, ledger, minutes="600")
    assert (response.status_code, response.location) == (303, f"/ledger#week-{ledger.monday()}")
    page = selam.get("/ledger").text
    assert "Saved." in page
    assert "You said: <bdi>10 hours</bdi>." in card(page, ledger)
    assert "Confirmed: <bdi>0 hours</bdi>" in card(page, ledger)
    ledger.confirms(600, now=ledger.plan.now + MINUTE)
    week = card(selam.get("/ledger").text, ledger)
    assert "You both say: <bdi>10 hours</bdi>." in week
    assert "Confirmed: <bdi>10 hours</bdi>" in week


def test_with_htmx_only_the_week_comes_back(ledger: Ledger, selam: FlaskClient) -> None:
    response = press(selam, ledger, -1, HTMX, hours="7", quarter="15", words="Jeg var syg en dag")
    assert response.status_code == 200
    assert response.text.strip().startswith(f'<article class="card" id="week-{ledger.monday(-1)}">')
    assert "You said: <bdi>7.25 hours</bdi>." in response.text
    assert "Jeg var syg en dag" in response.text
    assert [one.minutes for one in ledger.words(-1)] == [435]


def test_not_this_week_is_a_word_too(ledger: Ledger, selam: FlaskClient) -> None:
    assert "Not this week" in card(selam.get("/ledger").text, ledger)
    press(selam, ledger, minutes="0")
    assert [one.minutes for one in ledger.words()] == [0]


def test_both_numbers_stand_beside_each_other_and_she_can_say_that_it_is_wrong(
    ledger: Ledger, selam: FlaskClient
) -> None:
    ledger.says(600, now=ledger.plan.now - MINUTE)
    ledger.confirms(480, words="Du gik tidligt onsdag")
    week = card(selam.get("/ledger").text, ledger)
    assert "<bdi>Mette</bdi> decided: <bdi>8 hours</bdi>." in week
    assert "You said: <bdi>10 hours</bdi>." in week
    assert "Du gik tidligt onsdag" in week
    assert "This is wrong" in week
    press(selam, ledger, hours="10", quarter="0")
    week = card(selam.get("/ledger").text, ledger)
    assert "You say: <bdi>10 hours</bdi>." in week
    assert "<bdi>Mette</bdi> says: <bdi>8 hours</bdi>." in week
    assert "Confirmed: <bdi>0 hours</bdi>" in week


def test_what_staff_said_first_waits_for_her_yes(ledger: Ledger, selam: FlaskClient) -> None:
    ledger.confirms(480)
    week = card(selam.get("/ledger").text, ledger)
    assert "<bdi>Mette</bdi> says: <bdi>8 hours</bdi>." in week
    assert '<button class="button wide button-main" name="minutes" value="480">' in week
    assert "Yes, it is right" in week


def test_a_press_that_comes_twice_counts_once(ledger: Ledger, selam: FlaskClient) -> None:
    typed: dict[str, Any] = {"id": uuid4().hex, "request_id": uuid4().hex, "minutes": "600"}
    assert [press(selam, ledger, **typed).status_code for _ in range(2)] == [303, 303]
    typed["request_id"] = uuid4().hex
    assert press(selam, ledger, **typed).status_code == 303
    assert press(selam, ledger, **typed | {"minutes": "0", "request_id": uuid4().hex}).status_code == 303
    assert [one.minutes for one in ledger.words()] == [600]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"hours": "61"}, "Write a number of hours from 0 to 60."),
        ({"hours": "60", "quarter": "15"}, "Write a number of hours from 0 to 60."),
        ({"hours": "-1"}, "Write a number of hours from 0 to 60."),
        ({"hours": ""}, "Write a number of hours from 0 to 60."),
        ({"hours": "x"}, "We did not understand this answer."),
        ({"hours": "7", "quarter": "20"}, "We did not understand this answer."),
        ({"minutes": "-15"}, "Write a number of hours from 0 to 60."),
        ({"minutes": "99999"}, "Write a number of hours from 0 to 60."),
        ({"hours": "7", "words": "Jeg er 010190-1234"}, "Please do not write a CPR number here."),
        ({"hours": "7", "words": "x" * 201}, "This is too long."),
    ],
)
def test_what_she_typed_is_not_lost(ledger: Ledger, selam: FlaskClient, typed: dict[str, str], sentence: str) -> None:
    for headers in (None, HTMX):
        response = press(selam, ledger, 0, headers, **{"words": "Mine ord", **typed})
        assert response.status_code == 422
        assert sentence in response.text
        assert typed.get("words", "Mine ord") in response.text
        if "hours" in typed:
            assert f'value="{typed["hours"]}"' in response.text
    assert ledger.words() == []


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(1, "This week has not begun yet."), (-9, "This week is long ago."), (30, "Nothing was agreed for this week.")],
)
def test_weeks_to_come_and_long_gone_are_told_kindly(
    ledger: Ledger, selam: FlaskClient, number: int, sentence: str
) -> None:
    response = press(selam, ledger, number, minutes="600")
    assert response.status_code == 422
    assert sentence in response.text
    assert ledger.words(number) == []
    assert "all the time" not in card(selam.get("/ledger?weeks=20").text, ledger, -9)


@ON_SQLITE
@pytest.mark.parametrize(
    "typed",
    [
        {"id": ""},
        {"id": "'; drop"},
        {"id": "x" * 36 + "\n"},
        {"seen": "x" * 36 + "\n"},
        {"monday": ""},
        {"monday": "x"},
        {"monday": "9999-99-99"},
    ],
)
def test_what_no_button_sends_is_refused_kindly(ledger: Ledger, selam: FlaskClient, typed: dict[str, Any]) -> None:
    response = press(selam, ledger, **{"minutes": "600", **typed})
    assert response.status_code == 422
    assert "We did not understand this answer." in response.text
    assert ledger.words() == []


def test_a_refused_number_stands_there_again_after_an_earlier_word(ledger: Ledger, selam: FlaskClient) -> None:
    ledger.says(600)
    answer = press(selam, ledger, hours="7,5", quarter="30")
    assert answer.status_code == 422
    assert 'value="7,5"' in answer.text
    assert re.search(r"<option selected>30</option>", answer.text)
    assert press(selam, ledger, hours="5", quarter="abc").status_code == 422


@pytest.mark.parametrize("monday", ["9999-12-31", "9999-12-27", "0001-01-01"])
def test_a_week_that_no_calendar_has_is_answered(ledger: Ledger, selam: FlaskClient, monday: str) -> None:
    assert press(selam, ledger, monday=monday, minutes="600").status_code == 422
    assert ledger.words() == []


def test_another_citizens_hours_are_not_there(
    ledger: Ledger, client_of: Callable[[str], FlaskClient], plan: Plan
) -> None:
    for name in ("yusuf", "olena"):
        client = client_of(name)
        assert press(client, ledger, minutes="600").status_code == 404
        assert press(client, ledger, minutes="-1").status_code == 404
        assert "Sprogskolen" not in client.get("/ledger").text
    assert plan.cast.selam
    assert ledger.words() == []


@pytest.mark.parametrize("name", ["mette", "jens", "bodil"])
def test_these_pages_are_the_citizens_alone(ledger: Ledger, client_of: Callable[[str], FlaskClient], name: str) -> None:
    client = client_of(name)
    assert client.get("/ledger").status_code == 403
    assert press(client, ledger, minutes="600").status_code == 403


@ON_SQLITE
def test_in_her_language_the_danish_name_stands_under_it(ledger: Ledger, plan: Plan, selam: FlaskClient) -> None:
    plan.speak("selam", "ar")
    page = selam.get("/ledger").text
    assert 'dir="rtl"' in page
    assert '<span class="under small" lang="da">' in card(page, ledger)
