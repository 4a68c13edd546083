"""Which language a request is answered in, its direction, and days and clocks in it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from citizen_app.config import LANGUAGES
from citizen_app.people.models import Person
from citizen_app.web import locale
from tests.cast import Cast, sign_in
from tests.plan import ON_SQLITE

DAY = date(2026, 11, 25)


def language_of(client: FlaskClient, **headers: str) -> str:
    page = client.get("/about", headers={name.replace("_", "-"): value for name, value in headers.items()}).text
    return page.split('<html lang="')[1].split('"')[0]


@ON_SQLITE
@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("ti", "ti"),
        ("ar-SY,ar;q=0.9,en;q=0.8", "ar"),
        ("sv,nb;q=0.9", "da"),
        ("de,uk;q=0.5,pl;q=0.7", "pl"),
        ("", "da"),
        ("*", "da"),
        ("\x7f;;q=x", "da"),
    ],
)
def test_a_stranger_is_answered_as_the_browser_asks_else_in_danish(
    client: FlaskClient, asked: str, answered: str
) -> None:
    assert language_of(client, Accept_Language=asked) == answered


@ON_SQLITE
def test_the_choice_on_this_phone_goes_before_the_browser(client: FlaskClient) -> None:
    with client.session_transaction() as cookie:
        cookie["language"] = "so"
    assert language_of(client, Accept_Language="pl") == "so"
    with client.session_transaction() as cookie:
        cookie["language"] = "xx"
    assert language_of(client, Accept_Language="pl") == "pl"


@ON_SQLITE
def test_the_persons_language_goes_before_all(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.selam)
    assert language_of(client, Accept_Language="pl") == "ti"


@ON_SQLITE
@pytest.mark.parametrize(("language", "answered"), [("da", "da"), ("en", "en"), ("ar", "en")])
def test_staff_read_danish_or_english(
    client: FlaskClient, session: Session, cast: Cast, language: str, answered: str
) -> None:
    session.get_one(Person, cast.mette).language = language
    sign_in(client, session, cast.mette)
    assert language_of(client) == answered


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_are_written_whole_in_every_language(language: str) -> None:
    written = locale.long_day(DAY, language)
    assert locale.weekday(DAY, language) in written
    assert "2026" not in written
    assert any(digits in written for digits in ("25", "۲۵", "٢٥"))
    assert len({locale.weekday(date(2026, 11, day), language) for day in range(23, 30)}) == 7
    assert locale.month(DAY, language)
    assert locale.short_day(DAY, language)


def test_a_danish_day_reads_as_danes_write_it() -> None:
    assert locale.long_day(DAY, "da") == "onsdag 25. november"
    assert locale.long_day(DAY, "en") == "Wednesday 25 November"


@pytest.mark.parametrize(
    ("moment", "language", "shown"),
    [
        (datetime(2026, 11, 25, 7, 5, tzinfo=UTC), "da", "08.05"),
        (datetime(2026, 7, 1, 7, 5, tzinfo=UTC), "da", "09.05"),
        (datetime(2026, 11, 25, 23, 30, tzinfo=UTC), "ar", "00:30"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "en", "01:59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "en", "03:00"),
    ],
)
def test_clocks_show_the_wall_clock_of_the_zone(moment: datetime, language: str, shown: str) -> None:
    assert locale.clock(moment, "Europe/Copenhagen", language) == shown


def test_a_late_evening_in_utc_is_the_next_day_here() -> None:
    assert locale.local_date(datetime(2026, 11, 24, 23, 30, tzinfo=UTC), "Europe/Copenhagen") == DAY


def test_arabic_and_persian_go_from_right_to_left() -> None:
    assert {code for code in LANGUAGES if locale.direction(code) == "rtl"} == {"ar", "fa"}
