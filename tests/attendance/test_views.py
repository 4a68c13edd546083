"""What a citizen sees of her hours and what her word does, with script and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from citizen_app.attendance.rules import EXCUSES, OBJECTIONS
from citizen_app.placements import actions as placements
from citizen_app.placements.models import Placement, PlannedDay
from citizen_app.placements.rules import Side, shift_on
from citizen_app.web.assets import has_picture
from tests.home.test_views import MOST_SELECTS, sent
from tests.placed import BEGINS, ENDS, HERE, Placed, placed
from tests.plan import HTMX, ON_SQLITE, Plan
from tests.town import photo

__all__ = ["placed"]
MOST_STATEMENTS = 8


def press(client: FlaskClient, day_id: int, said: str, headers: Any = None, **typed: Any) -> Any:
    data = {"id": uuid4().hex, "said": said, **typed}
    return client.post(f"/attendance/days/{day_id}", data=data, headers=headers)


def question(placed: Placed, number: int = -1) -> tuple[int, str]:
    """Return the day of which the mentor has spoken, and his statement."""
    return placed.day(number).id, placed.statements(number)[0].id


def state(placed: Placed, number: int = -1) -> str | None:
    record = placed.record(number)
    return record.state if record else None


# --- My hours -----------------------------------------------------------------------------------------------


def test_somebody_without_a_placement_is_told_so(selam: FlaskClient) -> None:
    assert "You have no workplace yet." in selam.get("/attendance").text
    assert 'href="/attendance"' not in selam.get("/").text


def test_all_that_she_needs_to_get_there_stands_on_the_card(placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "language", minutes=90)
    page = selam.get("/attendance").text
    for fact in ("Cafe Solsikken", "Kitchen · Work practice", "Torvet 1", "Jens</bdi>, mentor at work", "Today: <bdi"):
        assert fact in page
    assert "1.5 of 10 hours" in page
    assert 'stroke-dasharray="90 600"' in page
    assert "You read your hours here before anybody uses them." in page
    assert "%" not in re.sub(r"%2F", "", page.split("<main")[1].split("</main>")[0])


def test_a_ring_is_never_more_than_full(placed: Placed, selam: FlaskClient) -> None:
    for number in (-2, -1, 0):
        placed.says("jens", "language", number, minutes=360)
    page = selam.get("/attendance").text
    assert 'stroke-dasharray="600 600"' in page
    assert "18 of 10 hours" in page


def test_past_placements_are_folded(placed: Placed, plan: Plan, selam: FlaskClient) -> None:
    plan.session.execute(update(Placement).values(last_day=placed.today - timedelta(days=1)))
    plan.session.commit()
    page = selam.get("/attendance").text
    assert page.index("Earlier workplaces") < page.index('id="placement-')


def test_a_week_counts_what_both_say(placed: Placed, selam: FlaskClient) -> None:
    monday = -placed.today.weekday()
    placed.says("jens", "came", monday)
    assert "0 of 42 hours" in selam.get("/attendance").text
    placed.says("selam", "came", monday)
    page = selam.get("/attendance").text
    assert 'This week<br><span class="small">6 of 42 hours' in page
    assert "You both say: you came." in page


def test_a_day_that_is_off_counts_for_nothing_and_asks_nothing(placed: Placed, plan: Plan, selam: FlaskClient) -> None:
    placed.says("jens", "late", minutes=15)
    plan.do("mette", placements.cancel_day, placed.placement.id, placed.day().id)
    page = selam.get("/attendance").text
    assert "The day is off." in page
    assert "36 of 36 hours" not in page
    assert "of 36 hours" in page
    assert "Is this right?" not in page
    assert "Is this right?" not in selam.get("/").text
    assert press(selam, placed.day().id, "came").status_code == 409


def test_what_staff_decided_stands_in_words(placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "missed", -1, excuse="unknown")
    placed.says("selam", "wrong", -1, excuse="there", about=placed.statements(-1)[0].id)
    placed.settles("came", -1, seen=2)
    page = selam.get(f"/attendance/days/{placed.day(-1).id}").text
    assert "<bdi>Mette</bdi> decided: you came." in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


def a_year_of_days(placed: Placed) -> None:
    """Plan a year before today, too, and let both speak of some of it."""
    plan = placed.plan
    first = placed.today - timedelta(days=365)
    about = {"municipality_id": plan.cast.solby, "placement_id": placed.placement.id, "citizen_id": plan.cast.selam}
    days = (first + timedelta(days=number) for number in range(365 - 14))
    plan.session.add_all(PlannedDay(**about, **vars(shift_on(day, BEGINS, ENDS, HERE))) for day in days)
    plan.session.execute(update(Placement).filter_by(id=placed.placement.id).values(starts_on=first))
    plan.session.commit()
    for number in range(-50, 0):
        placed.says("jens", "came", number)
        if number % 2:
            placed.says("selam", "missed", number, excuse="child", words="Mein")


def test_a_year_of_days_costs_eight_statements(placed: Placed, app: Flask, selam: FlaskClient) -> None:
    a_year_of_days(placed)
    with sent(app) as texts:
        page = selam.get("/attendance")
    assert page.status_code == 200
    assert page.text.count("Is this right?") == 1
    assert page.text.count('class="card meeting" id="day-') == 31 + 1  # and today's
    assert 0 < len([text for text in texts if not text.startswith("BEGIN")]) <= MOST_STATEMENTS


def test_earlier_weeks_lead_back_to_the_first_day(placed: Placed, selam: FlaskClient) -> None:
    a_year_of_days(placed)
    address = "/attendance"
    seen: set[str] = set()
    for _page in range(20):
        page = selam.get(address).text
        days = set(re.findall(r"plain-row\" href=\"/attendance/days/(\d+)\"", page))
        assert days
        assert not days & seen
        seen |= days
        link = re.search(r'href="(/attendance\?before=[0-9-]+)"', page)
        if link is None:
            break
        address = link[1]
    assert len(seen) == 366 + 6 - placed.today.weekday()


@pytest.mark.usefixtures("placed")
@ON_SQLITE
@pytest.mark.parametrize("before", ["x", "0001-01-01", "9999-12-31", "2030-13-01", ""])
def test_a_week_that_never_was_shows_the_newest(selam: FlaskClient, before: str) -> None:
    page = selam.get(f"/attendance?before={before}")
    assert page.status_code == 200
    assert "This week" in page.text


def test_the_entrance_is_hers_alone(placed: Placed, plan: Plan, selam: FlaskClient, client_of: Any) -> None:
    address = f"/placements/{placed.placement.id}/entrance.jpg"
    assert selam.get(address).status_code == 404
    placements.keep_entrance(plan.session, plan.actor("mette"), placed.workplace.id, photo(), plan.now)
    plan.session.commit()
    assert f'src="{address}?v=' in selam.get("/attendance").text
    response = selam.get(address)
    assert response.mimetype == "image/jpeg"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    for stranger in ("yusuf", "olena"):
        assert client_of(stranger).get(address).status_code == 404


# --- Her word -----------------------------------------------------------------------------------------------


def test_without_script_one_press_says_that_it_is_right(placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "late", -1, minutes=15)
    day_id, about = question(placed)
    page = selam.get("/attendance").text
    assert "Is this right?" in page
    assert "Jens</bdi> says: you came 15 minutes late." in page
    response = press(selam, day_id, "right", about=about)
    assert (response.status_code, response.location) == (303, "/attendance")
    page = selam.get("/attendance").text
    assert "Is this right?" not in page
    assert "Saved." in page
    assert "You both say: you came 15 minutes late." in page
    assert state(placed) == "agreed"


def test_with_htmx_only_the_day_comes_back(placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "came", -1)
    day_id, about = question(placed)
    response = press(selam, day_id, "right", HTMX, about=about)
    assert response.status_code == 200
    assert response.text.strip().startswith(f'<article class="card meeting" id="day-{day_id}" data-day="{day_id}">')
    assert "You both say: you came." in response.text
    assert response.headers["HX-Trigger"] == "day-answered"
    assert "<nav" not in response.text
    weeks = selam.get("/attendance", headers=HTMX).text
    assert weeks.strip().startswith('<section class="stack-small" id="weeks"')


def test_no_asks_for_a_picture_and_starts_a_talk(placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "missed", -1, excuse="unknown")
    day_id, about = question(placed)
    piece = selam.get(f"/attendance/days/{day_id}", headers=HTMX)
    assert "<nav" not in piece.text
    for sentence in (
        "I was there",
        "I was there longer",
        "I said that I was sick",
        "Jens</bdi> says: you did not come.",
    ):
        assert sentence in piece.text
    press(selam, day_id, "wrong", about=about, excuse="longer", words="Jeg gik kl. 15")
    assert state(placed) == "disputed"
    page = selam.get(f"/attendance/days/{day_id}").text
    assert "You say no. <bdi>Mette</bdi> will talk with you." in page
    assert "I was there longer" in page
    assert "Jeg gik kl. 15" in page


def test_she_can_say_her_own_times_where_it_is_wrong(placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "came", -1, began=time(1), ended=time(5))
    day_id, about = question(placed)
    for address in ("/", "/attendance"):
        assert 'you came. <bdi class="nowrap" dir="ltr">01:00 – 05:00</bdi>' in selam.get(address).text
    typed = {"about": about, "excuse": "longer", "began": "00:30", "ended": "06:15"}
    assert press(selam, day_id, "wrong", **typed).status_code == 303
    assert state(placed) == "disputed"
    page = selam.get(f"/attendance/days/{day_id}").text
    assert 'You said: it is wrong. <bdi class="nowrap" dir="ltr">00:30 – 06:15</bdi>' in page


def test_she_can_say_first_that_she_came_at_other_times(placed: Placed, selam: FlaskClient) -> None:
    assert "I came at other times" in selam.get("/attendance").text
    press(selam, placed.day().id, "came", began="23:00", ended="04:00")
    page = selam.get(f"/attendance/days/{placed.day().id}").text
    assert 'You said: I came. <bdi class="nowrap" dir="ltr">23:00 – 04:00</bdi>' in page
    record = placed.record(0)
    assert record is not None
    assert record.minutes == 300


@pytest.mark.parametrize("said", ["came", "wrong"])
@pytest.mark.parametrize(
    "typed", [{"began": "01:00"}, {"began": "01:00", "ended": "18:00"}, {"began": "01:00", "ended": "x"}]
)
def test_times_that_cannot_be_stand_in_the_form_again(
    placed: Placed, selam: FlaskClient, said: str, typed: dict[str, str]
) -> None:
    placed.says("jens", "came", -1)
    day_id, about = question(placed)
    more = {"about": about, "excuse": "longer"} if said == "wrong" else {}
    for headers in (None, HTMX):
        response = press(selam, day_id, said, headers, **more, **typed)
        assert response.status_code == 422
        assert 'value="01:00"' in response.text
        assert "Write both times, close to the planned hours." in response.text or typed["ended"] == "x"
        assert ("We did not understand this answer." in response.text) is (typed.get("ended") == "x")
    assert len(placed.statements(-1)) == 1


def test_an_answer_about_older_words_asks_again(placed: Placed, plan: Plan, selam: FlaskClient) -> None:
    placed.says("jens", "came", -1)
    day_id, about = question(placed)
    placed.says("jens", "late", -1, minutes=30, now=plan.now + timedelta(seconds=1))
    press(selam, day_id, "right", about=about)
    assert state(placed) == "citizen_next"
    page = selam.get("/attendance").text
    assert "Your mentor says something else. Please look again." in page
    assert "you came 30 minutes late." in page


@pytest.mark.parametrize(
    ("said", "typed", "sentence"),
    [
        ("came", {}, "You said: I came."),
        ("late", {"minutes": "10"}, "You said: I came 10 minutes late."),
        ("missed", {"excuse": "child"}, "You said: I could not come."),
    ],
)
def test_she_can_speak_first(
    placed: Placed, selam: FlaskClient, said: str, typed: dict[str, str], sentence: str
) -> None:
    day_id = placed.day(0).id
    assert "How was this day?" in selam.get("/attendance").text
    press(selam, day_id, said, **typed)
    assert state(placed, 0) == "mentor_next"
    page = selam.get("/attendance").text
    assert sentence in page
    assert "How was this day?" not in page


def test_she_is_not_asked_of_days_that_are_long_gone_or_to_come(placed: Placed, plan: Plan, selam: FlaskClient) -> None:
    tomorrow = selam.get(f"/attendance/days/{placed.day(1).id}").text
    assert "I came" not in tomorrow
    assert "Planned" in tomorrow
    old = placed.day(-14)
    assert "I came" in selam.get(f"/attendance/days/{old.id}").text
    plan.session.execute(update(PlannedDay).filter_by(id=old.id).values(day=placed.today - timedelta(days=15)))
    plan.session.commit()
    page = selam.get(f"/attendance/days/{old.id}").text
    assert "I came" not in page
    assert "Nobody has said anything yet." in page


def test_a_press_that_comes_twice_counts_once(placed: Placed, selam: FlaskClient) -> None:
    day_id = placed.day().id
    typed = {"id": uuid4().hex, "request_id": uuid4().hex}
    answers = [press(selam, day_id, "came", **typed) for _ in range(2)]
    assert [response.status_code for response in answers] == [303, 303]
    typed["request_id"] = uuid4().hex  # the same statement by another way
    assert press(selam, day_id, "came", **typed).status_code == 303
    assert len(placed.statements()) == 1


@pytest.mark.parametrize(
    ("said", "typed", "sentence"),
    [
        ("wrong", {"words": "x" * 301, "excuse": "other"}, "This is too long."),
        ("wrong", {"words": "Jeg er 010190-1234", "excuse": "other"}, "Please do not write a CPR number here."),
        ("wrong", {"words": "Nej"}, "Choose one of the pictures."),
        ("wrong", {"words": "Nej", "excuse": "child"}, "Choose one of the pictures."),
        ("missed", {"words": "Nej", "excuse": "there"}, "Choose one of the pictures."),
        ("missed", {"words": "Nej", "excuse": "none"}, "Choose one of the pictures."),
        ("late", {}, "Choose how late you came."),
        ("late", {"minutes": "999"}, "Choose how late you came."),
        ("late", {"minutes": "-1"}, "Choose how late you came."),
    ],
)
def test_what_she_typed_is_not_lost(
    placed: Placed, selam: FlaskClient, said: str, typed: dict[str, str], sentence: str
) -> None:
    placed.says("jens", "came", -1)
    day_id, about = question(placed)
    for headers in (None, HTMX):
        response = press(selam, day_id, said, headers, about=about, **typed)
        assert response.status_code == 422
        assert sentence in response.text
        assert typed.get("words", "") in response.text
    assert len(placed.statements(-1)) == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"said": "language"},
        {"said": ""},
        {"id": ""},
        {"id": "'; drop"},
        {"about": "x" * 40},
        {"id": "a" * 37},
        {"id": "a" * 36 + "\n"},
        {"about": "a" * 36 + "\n"},
    ],
)
def test_what_no_button_sends_is_refused_kindly(placed: Placed, selam: FlaskClient, typed: dict[str, str]) -> None:
    response = press(selam, placed.day().id, **{"said": "came", **typed})
    assert response.status_code == 422
    assert "We did not understand this answer." in response.text
    assert placed.statements() == []


def test_a_day_to_come_is_too_early(placed: Placed, selam: FlaskClient) -> None:
    response = press(selam, placed.day(2).id, "came")
    assert response.status_code == 422
    assert "The day has not begun yet. Please answer later." in response.text
    assert press(selam, placed.day(2).id, "missed", excuse="meeting").status_code == 303


def test_a_strangers_day_is_not_there(placed: Placed, client_of: Callable[[str], FlaskClient]) -> None:
    placed.says("jens", "came", -1)
    day_id, about = question(placed)
    for name in ("yusuf", "olena"):
        client = client_of(name)
        assert client.get(f"/attendance/days/{day_id}").status_code == 404
        assert press(client, day_id, "right", about=about).status_code == 404
        sent_late = {"id": uuid4().hex, "day": day_id, "said": "came"}
        answers = client.post("/attendance/said", json={"statements": [sent_late]}).json["statements"]  # type: ignore[index]
        assert [one["answer"] for one in answers] == ["refused"]
    assert len(placed.statements(-1)) == 1


@pytest.mark.parametrize("name", ["mette", "jens", "bodil"])
def test_these_pages_are_the_citizens_alone(placed: Placed, client_of: Callable[[str], FlaskClient], name: str) -> None:
    client, day_id = client_of(name), placed.day().id
    assert client.get("/attendance").status_code == 403
    assert client.get(f"/attendance/days/{day_id}").status_code == 403
    assert press(client, day_id, "came").status_code == 403
    assert client.post("/attendance/said", json={"statements": []}).status_code == 403


@ON_SQLITE
def test_arabic_words_keep_their_language(placed: Placed, plan: Plan, client_of: Callable[[str], FlaskClient]) -> None:
    plan.speak("selam", "ar")
    client = client_of("selam")
    placed.says("jens", "missed", -1, excuse="unknown")
    day_id, about = question(placed)
    words = "كنت هناك <b>من الصباح</b>"
    press(client, day_id, "wrong", about=about, excuse="there", words=words)
    page = client.get(f"/attendance/days/{day_id}").text
    assert '<html lang="ar" dir="rtl"' in page
    assert '<bdi lang="ar" dir="rtl">كنت هناك &lt;b&gt;من الصباح&lt;/b&gt;</bdi>' in page
    assert placed.statements(-1)[1].words_language == "ar"


# --- What a phone has kept ----------------------------------------------------------------------------------


def test_a_phone_sends_what_it_kept_and_each_statement_stands_alone(
    placed: Placed, plan: Plan, selam: FlaskClient
) -> None:
    at = int((plan.now - timedelta(hours=5)).timestamp() * 1000)
    good = {"id": uuid4().hex, "day": placed.day(-1).id, "said": "late", "minutes": 5, "at": at}
    early = {"id": uuid4().hex, "day": placed.day(9).id, "said": "came", "at": at}
    statements = [
        early,
        {"id": "?"},
        {**good, "id": uuid4().hex, "said": "missed", "minutes": None},
        good,
        good,
        "nothing",
    ]
    answers = selam.post("/attendance/said", json={"statements": statements}).json["statements"]  # type: ignore[index]
    assert [one["answer"] for one in answers] == ["refused", "refused", "refused", "taken", "taken", "refused"]
    assert [one["id"] for one in answers][3:5] == [good["id"], good["id"]]
    assert answers[0]["sentence"] == "The day has not begun yet. Please answer later."
    assert answers[2]["sentence"] == "Choose one of the pictures."
    kept = placed.statements(-1)
    assert [(one.id, one.minutes) for one in kept] == [(good["id"], 5)]
    assert abs(kept[0].said_at.timestamp() * 1000 - at) < 1
    assert placed.statements(9) == []


NONSENSE: list[dict[str, Any]] = [
    *({"day": day} for day in (True, 2**31, "1", None)),
    *({"said": said} for said in ("came2", "language", None)),
    {"said": ["came"]},
    *({"minutes": minutes} for minutes in (1.5, 0, "5")),
    *({"words": words} for words in (7, "x" * 301, "010190-1234")),
    *({"id": one} for one in (7, None, "x" * 37)),
    {"excuse": ["sick"]},
    {"about": 7},
]


@pytest.mark.parametrize("wrong", NONSENSE)
def test_a_phone_cannot_send_nonsense(placed: Placed, selam: FlaskClient, wrong: dict[str, Any]) -> None:
    one = {"id": uuid4().hex, "day": placed.day().id, "said": "came", **wrong}
    response = selam.post("/attendance/said", json={"statements": [one]})
    assert response.status_code == 200
    assert [one["answer"] for one in response.json["statements"]] == ["refused"]  # type: ignore[index]
    assert placed.statements() == []


@pytest.mark.parametrize("at", [None, "soon", True, 10**30, -(10**30), 1e400, {}])
def test_a_time_that_is_none_counts_from_its_arrival(placed: Placed, selam: FlaskClient, at: Any) -> None:
    one = {"id": uuid4().hex, "day": placed.day().id, "said": "came", "at": at}
    selam.post("/attendance/said", json={"statements": [one]})
    kept = placed.statements()
    assert len(kept) == 1
    assert kept[0].said_at == kept[0].arrived_at


@pytest.mark.usefixtures("placed")
@pytest.mark.parametrize("body", [None, [], {}, {"statements": "x"}, {"statements": [{}] * 201}])
def test_what_is_no_list_of_statements_is_refused(selam: FlaskClient, body: Any) -> None:
    assert selam.post("/attendance/said", json=body).status_code == 422


# --- Today --------------------------------------------------------------------------------------------------


def test_today_asks_of_the_oldest_day_and_still_costs_seven_selects(
    placed: Placed, app: Flask, selam: FlaskClient
) -> None:
    assert 'href="/attendance"' in selam.get("/").text
    placed.says("jens", "came", -1)
    placed.says("jens", "late", -3, minutes=15)
    with sent(app) as texts:
        page = selam.get("/").text
    assert len([text for text in texts if text.startswith("SELECT")]) <= MOST_SELECTS
    assert page.count("Is this right?") == 1
    assert "Jens</bdi> says: you came 15 minutes late." in page
    for number in (-3, -1):
        day_id, about = question(placed, number)
        press(selam, day_id, "right", about=about)
    page = selam.get("/").text
    assert "Is this right?" not in page
    assert "My hours" in page


@pytest.mark.usefixtures("placed")
def test_a_placement_that_is_long_over_is_not_on_today(plan: Plan, selam: FlaskClient) -> None:
    assert "My hours" in selam.get("/").text
    plan.session.execute(update(Placement).values(last_day=date(2020, 1, 1)))
    plan.session.commit()
    assert "My hours" not in selam.get("/").text


def test_every_reason_has_its_name_and_picture(app: Flask) -> None:
    names = app.extensions["templates"]("en").get_template("attendance/_names.html").module
    assert list(names.EXCUSES) == list(names.DANISH_EXCUSES) == [reason.value for reason in EXCUSES[Side.CITIZEN]]
    assert list(names.OBJECTIONS) == list(names.DANISH_OBJECTIONS) == [reason.value for reason in OBJECTIONS]
    assert set(names.PICTURES) == {*names.EXCUSES, *names.OBJECTIONS}
    assert [code for code in names.PICTURES.values() if not has_picture(code)] == []
