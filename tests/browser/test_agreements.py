"""A work agreement on paper and on the phone: every row whole on its page, and a yes in Arabic by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import Engine

from citizen_app.agreements import actions, queries
from citizen_app.agreements.rules import MOST_LINES, Question, digest_for
from citizen_app.db import reading_session, writing_session
from citizen_app.goals.actions import Wording
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import PlacementFacts, WorkplaceFacts
from citizen_app.placements.rules import PlacementKind, Side, WeeklyTime
from citizen_app.policy import Subject
from tests.browser.conftest import NewCitizen
from tests.cast import Cast, actor_for

HERE = ZoneInfo("Europe/Copenhagen")
DANISH = "Jeg skriver her med mine egne ord, og det er en lang sætning med mange små ord."
ARABIC = "أكتب هنا بكلماتي الخاصة، وهذه جملة طويلة فيها كلمات كثيرة صغيرة حتى نرى كيف تظهر على الورق."
OBJECT = re.compile(rb"(\d+) 0 obj\n<<(.*?)>>\nendobj", re.DOTALL)


@pytest.fixture
def long_agreement(live_engine: Engine, live_cast: Cast, new_citizen: NewCitizen) -> tuple[int, int]:
    """Eight answers to each question, in Danish and Arabic; returns citizen and placement."""
    now = datetime.now(UTC)
    today = now.astimezone(HERE).date()
    citizen = new_citizen("Huda", "ar")
    subject = Subject(live_cast.solby, citizen, frozenset({live_cast.mette}))
    times = [WeeklyTime(weekday, time(8), time(14)) for weekday in range(5)]
    with writing_session(live_engine) as session:
        mette = actor_for(session, live_cast.mette)
        place = placements.add_workplace(session, mette, WorkplaceFacts("Cafe Solsikken", "kitchen", "Torvet 1"))
        facts = PlacementFacts(place.id, PlacementKind.TASTER, today, today + timedelta(days=40), times)
        made = placements.make_placement(session, mette, subject, facts, zone=HERE, now=now)
        about = (session, mette, subject, made.id)
        for question in Question:
            for number in range(MOST_LINES):
                words = DANISH * (1 + number % 3)
                line = actions.add_line(*about, question, Wording(words, "da"), picture="1F4AC", now=now)
                said = Wording(ARABIC * (1 + number % 2), "ar")
                actions.say_in(*about, line.id, said, seen_version=1, now=now)
        seen = digest_for(Side.STAFF, queries.content_of(session, live_cast.solby, made.id).content)
        actions.show_agreement(*about, seen=seen, now=now)
        session.commit()
        return citizen, made.id


def test_on_paper_every_row_stands_whole_on_one_page(
    desk: BrowserContext, live_cast: Cast, long_agreement: tuple[int, int], enter: Callable[..., None]
) -> None:
    enter(desk, live_cast.mette, "da")
    page = desk.new_page()
    page.goto(f"/staff/placements/{long_agreement[1]}/agreement/print")
    assert page.locator("tr[data-line] td[dir='rtl']").count() == len(Question) * MOST_LINES
    rows = pages_of_rows(page.pdf(prefer_css_page_size=True, print_background=True, tagged=True))
    assert len(rows) == len(Question) * (MOST_LINES + 1) + 4  # questions with their lines, title, three signatures
    assert [pages for pages in rows if len(pages) != 1] == []
    assert len(set().union(*rows)) > 4
    page.evaluate("document.querySelectorAll('tr').forEach(row => row.style.breakInside = 'auto')")
    torn = pages_of_rows(page.pdf(prefer_css_page_size=True, print_background=True, tagged=True))
    assert [pages for pages in torn if len(pages) > 1], "this test would not see a row that is torn"


def pages_of_rows(pdf: bytes) -> list[set[int]]:
    """Return on which pages of a tagged PDF each row of the table's bodies stands."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    rows = [body for body in objects.values() if b"/S /TR" in body]
    found = [set(_pages_under(objects, body)) for body in rows if not _has_header(objects, body)]
    return [pages for pages in found if pages]


def _pages_under(objects: dict[int, bytes], body: bytes) -> list[int]:
    pages = [int(number) for number in re.findall(rb"/Pg (\d+) 0 R", body)]
    for child in _children(body):
        pages += _pages_under(objects, objects[child])
    return pages


def _has_header(objects: dict[int, bytes], body: bytes) -> bool:
    """The row of headings is repeated on each page."""
    return any(b"/S /TH" in objects[child] for child in _children(body))


def _children(body: bytes) -> list[int]:
    kids = re.search(rb"/K (\[.*?\]|\d+ 0 R)", body, re.DOTALL)
    return [int(number) for number in re.findall(rb"(?<!/Pg )\b(\d+) 0 R", kids[1])] if kids else []


def test_the_paper_stands_side_by_side_also_on_a_phone(
    phone: BrowserContext,
    long_agreement: tuple[int, int],
    enter: Callable[..., None],
    axe_findings: Callable[[Page], list[Any]],
) -> None:
    citizen, placement = long_agreement
    enter(phone, citizen, "ar")
    page = phone.new_page()
    page.goto(f"/agreements/{placement}/print")
    left, right = (page.locator("tr[data-line]").first.locator("td").nth(number).bounding_box() for number in (1, 2))
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"] + 1
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert axe_findings(page) == []


def test_what_she_has_half_written_stays_when_she_shares_a_need(
    phone: BrowserContext, long_agreement: tuple[int, int], enter: Callable[..., None]
) -> None:
    citizen, placement = long_agreement
    enter(phone, citizen, "ar")
    page = phone.new_page()
    page.goto(f"/agreements/{placement}")
    page.locator("#answer summary").click()
    words = page.locator("#answer textarea")
    words.fill("الوقت في الصباح")
    switch = page.locator("button[id^='share-']").first
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(words).to_be_visible()
    expect(words).to_have_value("الوقت في الصباح")


def test_she_shares_a_need_and_agrees_with_the_keyboard_alone(
    phone: BrowserContext,
    live_engine: Engine,
    live_cast: Cast,
    long_agreement: tuple[int, int],
    enter: Callable[..., None],
    axe_findings: Callable[[Page], list[Any]],
) -> None:
    citizen, placement = long_agreement
    enter(phone, citizen, "ar")
    page = phone.new_page()
    page.goto("/")
    page.locator(f"a.button-main[href='/agreements/{placement}']").press("Enter")
    page.wait_for_url(f"**/agreements/{placement}")
    assert axe_findings(page) == []
    switch = page.locator("button[id^='share-']").first
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.press("Enter")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(switch).to_be_focused()
    page.locator("#answer form[action$='/yes'] button").press("Enter")
    page.wait_for_url(f"**/agreements/{placement}")
    expect(page.locator("#answer form[action$='/yes']")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    with reading_session(live_engine) as session:
        found = queries.content_of(session, live_cast.solby, placement)
    assert found.yeses[Side.CITIZEN].name == "Huda"
    assert [line.is_shared for line in found.content.lines if line.question is Question.SUPPORT].count(True) == 1
