"""A mentor's link: one page without account, cookie or script, that shows one first name and takes one press."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select, update
from werkzeug.test import TestResponse

from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.attendance.rules import EARLY
from citizen_app.people.models import AccessLogEntry, Person, Relation
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions
from citizen_app.placements.models import MentorLink, PlannedDay
from citizen_app.placements.rules import PlacementKind, WeeklyTime
from citizen_app.policy import Role
from citizen_app.web.assets import STATIC
from tests.cast import sign_in
from tests.placed import BEGINS, ENDS, HERE, Placed, make_link, placed
from tests.plan import ON_SQLITE

__all__ = ["placed"]

MOST_STATEMENTS = 4
MOST_BYTES = 30_000


@pytest.fixture
def phone(app: Flask, placed: Placed) -> FlaskClient:
    """A phone that nobody has ever signed in on; form tokens are wanted, as in life."""
    placed.plan.speak("jens", "en")
    return app.test_client()


@pytest.fixture
def door(placed: Placed) -> str:
    return f"/m/{placed.link()}"


def press(client: FlaskClient, door: str, day: int, said: str, **more: Any) -> TestResponse:
    fields = {"id": uuid4().hex, "said": said, **more}
    return client.post(f"{door}/days/{day}", data=fields)


def everything_said(placed: Placed) -> list[Any]:
    return placed.plan.all(select(DayStatement.day_id, DayStatement.id, DayStatement.said).order_by(DayStatement.id))


def let_be(placed: Placed, table: Any, **values: Any) -> None:
    placed.plan.session.execute(update(table).values(**values))
    placed.plan.session.commit()


def statements_of(engine: Engine) -> list[str]:
    """Collect what is asked of the database from now on."""
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: sent.append(statement))
    return sent


# --- What it shows ------------------------------------------------------------------------------------------


def test_a_link_shows_the_first_name_todays_hours_and_three_answers(phone: FlaskClient, door: str) -> None:
    response = phone.get(door)
    assert response.status_code == 200
    assert "<bdi>Selam</bdi></h1>" in response.text
    assert '<bdi dir="ltr">00:00–06:00</bdi>' in response.text
    assert response.text.index(">Today<") < response.text.index('value="came"') < response.text.index(">Next: <")
    today = response.text.split("<section", 2)[1]
    assert re.findall(r'name="minutes" value="(\d+)"', today.split("We talked")[0]) == [
        "5",
        "10",
        "15",
        "30",
        "60",
        "120",
    ]
    assert re.findall(r'name="excuse" value="(\w+)"', today) == "sick child meeting transport other unknown".split()
    assert re.findall(r'name="minutes" value="(\d+)"', today.split("We talked")[1]) == "0 15 30 45 60 90 120".split()


def test_today_comes_first_and_then_at_most_seven_days_that_want_a_word(
    phone: FlaskClient, door: str, placed: Placed
) -> None:
    placed.says("jens", "came", -2, now=placed.plan.now - timedelta(days=2))
    shown = [int(number) for number in re.findall(r'data-day="(\d+)">', phone.get(door).text)]
    assert shown == [placed.day(number).id for number in (0, -1, -3, -4, -5, -6, -7, -8)]


def test_a_day_that_has_not_begun_shows_no_buttons(phone: FlaskClient, door: str, placed: Placed) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    today = placed.day()
    placed.plan.session.execute(
        update(PlannedDay).filter_by(id=today.id).values(begins_at=soon, ends_at=soon + timedelta(hours=6))
    )
    placed.plan.session.commit()
    page = phone.get(door).text
    opens = int((soon - EARLY).timestamp() * 1000)
    assert f'<section class="card" id="day-{today.id}" data-day="{today.id}" data-opens="{opens}" hidden>' in page
    assert f'data-day="{placed.day(8).id}"' not in page
    assert f"/days/{placed.day(-1).id}" in page


def test_a_page_without_hours_today_tells_when_the_next_are(phone: FlaskClient, door: str, placed: Placed) -> None:
    placed.plan.do("mette", actions.cancel_day, placed.placement.id, placed.day().id)
    page = phone.get(door).text
    assert "No hours are planned today." in page
    assert re.search(r'Next: <strong class="day-title">\w+day \d+ \w+</strong> <bdi dir="ltr">00:00', page)
    assert f"/days/{placed.day().id}" not in page


@ON_SQLITE
def test_the_page_speaks_the_mentors_language_whatever_the_browser_wants(
    phone: FlaskClient, door: str, placed: Placed
) -> None:
    placed.plan.speak("jens", "ar")
    page = phone.get(door, headers={"Accept-Language": "pl"}).text
    assert '<html lang="ar" dir="rtl"' in page
    placed.plan.speak("jens", "da")
    assert '<html lang="da" dir="ltr"' in phone.get(door, headers={"Accept-Language": "pl"}).text
    refused = press(phone, door, placed.day().id, "late", minutes="2000")
    assert '<html lang="da" dir="ltr"' in refused.text


def test_reading_changes_nothing_but_the_log_and_that_once_a_day(phone: FlaskClient, door: str, placed: Placed) -> None:
    for _ in range(3):
        assert phone.get(door).status_code == 200
    assert phone.get(f"{door}/days/{placed.day().id}").status_code == 405
    assert everything_said(placed) == []
    assert placed.plan.all(select(func.count()).select_from(DayRecord)) == [(0,)]
    logged = placed.plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged == [(placed.plan.cast.selam, placed.plan.cast.jens, "hours")]
    let_be(placed, AccessLogEntry, at=placed.plan.now - timedelta(days=1))
    phone.get(door)
    assert placed.plan.all(select(func.count()).select_from(AccessLogEntry)) == [(2,)]


def test_the_secret_address_stays_secret(phone: FlaskClient, door: str, placed: Placed) -> None:
    answers = [
        phone.get(door),
        phone.get("/m/unknown"),
        press(phone, door, placed.day().id, "came"),
        press(phone, door, placed.day().id, "nonsense"),
        phone.post(f"{door}/said", json={}),
    ]
    for answer in answers:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


# --- Which links open ---------------------------------------------------------------------------------------


def end_relation(placed: Placed) -> None:
    let_be(placed, Relation, ended_on=placed.today - timedelta(days=1))


def end_mentor(placed: Placed) -> None:
    placed.plan.do("mette", actions.end_mentor, placed.placement.id, placed.plan.cast.jens, today=placed.today)


CLOSINGS: dict[str, Callable[[Placed], object]] = {
    "revoked": lambda placed: placed.plan.do("mette", actions.revoke_links, placed.placement.id, placed.plan.cast.jens),
    "replaced by a newer one": lambda placed: placed.link(),
    "expired": lambda placed: let_be(placed, MentorLink, expires_on=placed.plan.now.date()),
    "of an ended mentor": end_mentor,
    "of a mentor who is no longer among her people": end_relation,
    "of somebody whose account is closed": lambda placed: let_be(
        placed, Person, ended_on=placed.today - timedelta(days=1)
    ),
}


@pytest.mark.parametrize("why", CLOSINGS)
def test_a_link_that_is_closed_answers_as_one_that_never_was(
    why: str, phone: FlaskClient, door: str, placed: Placed
) -> None:
    today = placed.day().id
    CLOSINGS[why](placed)
    unknown = phone.get("/m/" + "x" * 32)
    closed = phone.get(door)
    assert (closed.status_code, closed.text) == (404, unknown.text)
    assert "Selam" not in closed.text
    posted = press(phone, door, today, "came")
    assert (posted.status_code, posted.text) == (404, unknown.text)
    kept = phone.post(f"{door}/said", json={"statements": []})
    assert (kept.status_code, kept.json) == (404, phone.post("/m/unknown/said", json={"statements": []}).json)
    assert everything_said(placed) == []


@ON_SQLITE
def test_the_closed_door_speaks_the_readers_language(phone: FlaskClient) -> None:
    assert '<html lang="pl"' in phone.get("/m/unknown", headers={"Accept-Language": "pl"}).text
    assert '<html lang="da"' in phone.get("/m/unknown").text


def test_a_link_does_not_reach_the_days_of_another_placement(phone: FlaskClient, door: str, placed: Placed) -> None:
    """Forwarded or guessed: the number of a day at another place is the number of no day at all."""
    first = placed.placement
    later = first.last_day + timedelta(days=1)
    facts = actions.PlacementFacts(
        placed.workplace.id,
        PlacementKind.TASTER,
        later,
        later + timedelta(days=20),
        [WeeklyTime(number, BEGINS, ENDS) for number in range(7)],
        follow_up_day=1,
    )
    other = placed.plan.do("mette", actions.make_placement, facts, zone=HERE)
    days = select(PlannedDay.id).filter_by(placement_id=other.id)
    day = placed.plan.all(days.limit(1))[0][0]
    moment = placed.plan.now - timedelta(hours=1)
    placed.plan.session.execute(update(PlannedDay).filter_by(id=day).values(begins_at=moment))
    placed.plan.session.commit()
    assert press(phone, door, day, "came").status_code == 404
    assert press(phone, door, 2**31 - 1, "came").status_code == 404
    answer = phone.post(f"{door}/said", json={"statements": [{"id": uuid4().hex, "day": day, "said": "came"}]})
    assert answer.json is not None
    assert [one["answer"] for one in answer.json["statements"]] == ["refused"]
    assert everything_said(placed) == []


# --- One press ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "more", "line"),
    [
        ("came", {}, "Came"),
        ("late", {"minutes": "15"}, "15 minutes late"),
        ("missed", {"excuse": "transport"}, "Did not come · Bus or train"),
    ],
)
def test_one_press_says_it_and_the_page_shows_it(
    phone: FlaskClient, door: str, placed: Placed, said: str, more: dict[str, str], line: str
) -> None:
    answer = press(phone, door, placed.day().id, said, **more)
    assert (answer.status_code, answer.location) == (303, door)
    (kept,) = placed.statements()
    assert (kept.side, kept.by_id, kept.said) == ("mentor", placed.plan.cast.jens, said)
    card = phone.get(door).text.split("<section", 2)[1]
    assert f"<strong>{line}</strong>" in card
    assert "<summary>Change</summary>" in card


def test_other_hours_begin_with_the_planned_ones_and_stand_in_the_answer(
    phone: FlaskClient, door: str, placed: Placed
) -> None:
    card = phone.get(door).text.split("<section", 2)[1]
    assert re.findall(r'type="time" name="(\w+)" dir="ltr" required value="([0-9:]+)"', card) == [
        ("began", "00:00"),
        ("ended", "06:00"),
    ]
    press(phone, door, placed.day().id, "came", began="00:00", ended="06:30")
    card = phone.get(door).text.split("<section", 2)[1]
    assert '<strong>Came <bdi dir="ltr">00:00–06:30</bdi></strong>' in card
    assert 'name="ended" dir="ltr" required value="06:30"' in card
    record = placed.record()
    assert record is not None
    assert record.minutes == 390


def test_an_earlier_day_that_was_just_said_stays_in_sight(phone: FlaskClient, door: str, placed: Placed) -> None:
    press(phone, door, placed.day(-3).id, "came")
    page = phone.get(door).text
    card = next(part for part in page.split("<section") if f'data-day="{placed.day(-3).id}"' in part)
    assert "<strong>Came</strong>" in card


def test_the_same_press_twice_counts_once(phone: FlaskClient, door: str, placed: Placed) -> None:
    name = uuid4().hex
    for _ in range(2):
        assert press(phone, door, placed.day().id, "came", id=name).status_code == 303
    assert everything_said(placed) == [(placed.day().id, name, "came")]


def test_minutes_of_danish_are_kept_beside_the_answer(phone: FlaskClient, door: str, placed: Placed) -> None:
    press(phone, door, placed.day().id, "language", minutes="45")
    record = placed.record()
    assert record is not None
    assert (record.state, record.language_minutes) == (None, 45)
    page = phone.get(door).text
    assert "<strong>45 minutes</strong>" in page
    assert '<button class="button chosen" name="minutes" value="45">' in page
    assert 'value="came"' in page.split("<section", 2)[1]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"said": "came", "began": "04:00"}, "Write both times, close to the planned hours."),
        ({"said": "came", "began": "04:00", "ended": "20:00"}, "Write both times, close to the planned hours."),
        ({"said": "came", "began": "25:00", "ended": "26:00"}, "We did not understand this. Please try again."),
        ({"said": "missed", "excuse": "sick", "began": "01:00", "ended": "02:00"}, "Write both times, close to"),
        ({"said": "late", "minutes": "2000"}, "Choose fewer minutes than the day has."),
        ({"said": "late"}, "Choose fewer minutes than the day has."),
        ({"said": "missed"}, "Choose a reason, or “I do not know”."),
        ({"said": "missed", "excuse": "none"}, "Choose a reason, or “I do not know”."),
        ({"said": "right"}, "We did not understand this. Please try again."),
        ({"said": "late", "minutes": "ten"}, "We did not understand this. Please try again."),
        ({"said": "came", "id": "\x00" * 12}, "We did not understand this. Please try again."),
        ({"said": "came", "id": "x" * 400}, "We did not understand this. Please try again."),
        ({}, "We did not understand this. Please try again."),
    ],
)
def test_what_cannot_be_is_told_kindly_and_not_kept(
    phone: FlaskClient, door: str, placed: Placed, fields: dict[str, str], sentence: str
) -> None:
    answer = phone.post(f"{door}/days/{placed.day().id}", data={"id": uuid4().hex, **fields})
    assert answer.status_code == 422
    assert f'<p class="grow">{sentence}' in answer.text
    assert "<bdi>Selam</bdi>" in answer.text
    assert everything_said(placed) == []


def test_a_day_to_come_and_a_day_taken_out_are_told_kindly(phone: FlaskClient, door: str, placed: Placed) -> None:
    early = press(phone, door, placed.day(2).id, "came")
    assert (early.status_code, "This day has not begun yet." in early.text) == (422, True)
    placed.plan.do("mette", actions.cancel_day, placed.placement.id, placed.day(-1).id)
    gone = press(phone, door, placed.day(-1).id, "came")
    assert (gone.status_code, "This day is no longer planned." in gone.text) == (409, True)
    assert everything_said(placed) == []


# --- Corrections --------------------------------------------------------------------------------------------


def test_within_a_day_the_answer_can_be_changed(phone: FlaskClient, door: str, placed: Placed) -> None:
    placed.says("jens", "came", -2, now=placed.plan.now - timedelta(hours=23))
    assert press(phone, door, placed.day(-2).id, "late", minutes="10").status_code == 303
    record = placed.record(-2)
    assert record is not None
    assert (record.said, len(placed.statements(-2))) == ("late", 2)


def test_after_a_day_it_cannot_and_nothing_offers_it(phone: FlaskClient, door: str, placed: Placed) -> None:
    placed.says("jens", "came", -2, now=placed.plan.now - timedelta(hours=25))
    assert f"/days/{placed.day(-2).id}" not in phone.get(door).text
    late = press(phone, door, placed.day(-2).id, "late", minutes="10")
    assert (late.status_code, "Ask the municipality to change it." in late.text) == (409, True)
    record = placed.record(-2)
    assert record is not None
    assert (record.said, len(placed.statements(-2))) == ("came", 1)


def test_what_staff_have_settled_asks_no_more(phone: FlaskClient, door: str, placed: Placed) -> None:
    placed.says("selam", "came")
    placed.settles("came", seen=1)
    card = phone.get(door).text.split("<section", 2)[1]
    assert "This day is done." in card
    assert 'value="came"' not in card


# --- Two at once --------------------------------------------------------------------------------------------


def test_two_mentors_at_once_are_both_heard(app: Flask, phone: FlaskClient, door: str, placed: Placed) -> None:
    facts = actions.MentorFacts("Kirsten", language="en")
    other = add_mentor(placed, facts, MentorKind.LANGUAGE_MENTOR)
    token = placed.plan.do("mette", make_link, placed.placement.id, other)
    day, together = placed.day().id, Barrier(2)

    def speak(address: str, minutes: str) -> list[int]:
        client = app.test_client()
        together.wait(timeout=20)
        said = press(client, address, day, "came")
        talked = press(client, address, day, "language", minutes=minutes)
        return [said.status_code, talked.status_code]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(speak, [door, f"/m/{token}"], ["30", "15"])) == [[303, 303], [303, 303]]
    record = placed.record()
    assert record is not None
    assert (record.said, record.language_minutes, len(placed.statements())) == ("came", 45, 4)
    (standing,) = (one for one in placed.statements() if one.id == record.mentor_statement)
    readers = {placed.plan.cast.jens: f"/m/{token}", other: door}
    assert f"{standing.by_name} said this." in phone.get(readers[standing.by_id]).text


def add_mentor(placed: Placed, facts: actions.MentorFacts, kind: MentorKind) -> int:
    plan = placed.plan
    made = actions.add_mentor(
        plan.session, plan.actor("mette"), plan.subject, placed.placement.id, facts, kind, today=placed.today
    )
    plan.session.commit()
    return made


# --- From a phone that was without network ------------------------------------------------------------------


def test_kept_words_stand_each_alone(phone: FlaskClient, door: str, placed: Placed) -> None:
    placed.says("jens", "came", -5, now=placed.plan.now - timedelta(days=4))
    pressed = placed.plan.now - timedelta(hours=30)
    names = [uuid4().hex for _ in range(9)]
    told = [
        {"id": names[0], "day": placed.day(-2).id, "said": "came", "at": int(pressed.timestamp() * 1000)},
        {"id": names[1], "day": placed.day(-3).id, "said": "late", "minutes": 2000},
        {"id": names[2], "day": 2**40, "said": "came"},
        {"id": names[3], "day": placed.day(-5).id, "said": "late", "minutes": 5},
        "nonsense",
        {"id": names[5], "day": placed.day(-1).id, "said": "missed", "excuse": "sick", "minutes": None},
        {"id": names[6], "day": placed.day(-1).id, "said": ["came"], "at": "soon"},
        {"id": names[7], "day": placed.day(-4).id, "said": "came", "began": "01:00", "ended": "06:30"},
        {"id": names[8], "day": placed.day(-4).id, "said": "came", "began": 100, "ended": "06:30"},
    ]
    for _ in range(2):
        answer = phone.post(f"{door}/said", json={"statements": told})
        assert answer.status_code == 200
        assert answer.json is not None
        answers = answer.json["statements"]
        assert [one["answer"] for one in answers] == [
            "taken", "refused", "refused", "refused", "refused", "taken", "refused", "taken", "refused",
        ]  # fmt: skip
        assert [one["id"] for one in answers] == [*names[:4], "", *names[5:]]
        assert answers[1]["sentence"] == "Choose fewer minutes than the day has."
        assert answers[3]["sentence"].startswith("This was said more than a day ago.")
    (kept,) = placed.statements(-2)
    assert (kept.id, abs(kept.said_at - pressed) < timedelta(seconds=1)) == (names[0], True)
    assert [one.id for one in placed.statements(-1)] == [names[5]]
    assert placed.statements(-3) == []
    (hours,) = placed.statements(-4)
    assert (hours.began_at, hours.ended_at) == (
        placed.day(-4).begins_at + timedelta(hours=1),
        placed.day(-4).ends_at + timedelta(minutes=30),
    )


@pytest.mark.parametrize("sent", [None, [], {}, {"statements": "all"}, {"statements": [{}] * 201}])
@ON_SQLITE
def test_what_is_no_list_of_words_is_refused_whole(phone: FlaskClient, door: str, sent: Any) -> None:
    answer = phone.post(f"{door}/said", json=sent)
    assert answer.status_code == 422
    assert answer.json == {"statements": [], "sentence": "We did not understand this. Please try again."}


# --- Whoever else uses this browser -------------------------------------------------------------------------


def test_another_persons_sign_in_on_the_same_browser_has_no_part(phone: FlaskClient, door: str, placed: Placed) -> None:
    plan = placed.plan
    plan.speak("selam", "uk")
    sign_in(phone, plan.session, plan.cast.selam)
    with phone.session_transaction() as cookie:
        cookie["notice"] = "Only for Selam"
    page = phone.get(door)
    assert '<html lang="en"' in page.text
    assert "Only for Selam" not in page.text
    assert "Set-Cookie" not in page.headers
    assert press(phone, door, placed.day().id, "came").status_code == 303
    (kept,) = placed.statements()
    assert (kept.side, kept.by_id) == ("mentor", plan.cast.jens)
    logged = plan.all(select(AccessLogEntry.reader_id, AccessLogEntry.reader_role))
    assert logged == [(plan.cast.jens, Role.MENTOR.value)]
    assert "Only for Selam" in phone.get("/").text


# --- What it costs ------------------------------------------------------------------------------------------


def test_the_page_costs_four_statements_however_much_was_said(
    app: Flask, phone: FlaskClient, door: str, placed: Placed
) -> None:
    for number in range(-6, 1):
        placed.says("jens", "came", number)
    sent = statements_of(app.extensions["engine"])
    assert phone.get(door).status_code == 200
    asked = [statement for statement in sent if not statement.startswith("BEGIN")]
    assert 1 <= len(asked) <= MOST_STATEMENTS, asked
    assert not [statement for statement in asked if re.search(r"family_name|phone|email|birth|has_photo", statement)]


@ON_SQLITE
@pytest.mark.parametrize("language", ["da", "ar"])
def test_the_page_is_light(phone: FlaskClient, door: str, placed: Placed, language: str) -> None:
    placed.plan.speak("jens", language)
    response = phone.get(door, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    page = gzip.decompress(response.data).decode()
    fetched = re.findall(r'<(?:link rel="stylesheet" href|script[^>]* src)="/static/[^/]+/([^"]+)"', page)
    assert fetched == ["css/app.css", "js/link.js"]
    files = [*fetched, "js/register.js", "js/outbox.js", "img/icons.svg"]
    bytes_in_all = len(response.data) + sum(len(gzip.compress((STATIC / file).read_bytes())) for file in files)
    assert bytes_in_all <= MOST_BYTES
