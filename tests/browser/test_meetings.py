"""Meetings as people do them: by keyboard alone, on a phone without script, and staff who call others to one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from sqlalchemy import Engine, select

from citizen_app.db import reading_session, writing_session
from citizen_app.meetings import actions
from citizen_app.meetings.models import AgendaPoint, Meeting, Participant
from citizen_app.meetings.queries import holiday
from citizen_app.meetings.rules import Interpreter, MeetingFacts, Window
from citizen_app.policy import Subject
from citizen_app.texts.models import Rendering
from tests.cast import Cast, actor_for
from tests.conftest import LiveServer

Enter = Callable[..., None]
NewCitizen = Callable[[str, str], int]
Findings = Callable[[Page], list[Any]]

HERE = ZoneInfo("Europe/Copenhagen")
OWN_WORDS = "أريد أن أتكلم عن المدرسة"
MOST_STEPS = 60
"""So many presses of the tab key lead to the end of any of these pages."""


def workday(ahead: int) -> date:
    """Return a day on which nothing speaks against a meeting, at least so many days ahead."""
    day = datetime.now(HERE).date() + timedelta(days=ahead)
    while day.weekday() >= 5 or holiday(day):
        day += timedelta(days=1)
    return day


def moment(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), HERE).astimezone(UTC)


@pytest.fixture
def called(live_engine: Engine, live_cast: Cast, new_citizen: NewCitizen) -> tuple[int, int]:
    """A citizen who reads Arabic and her meeting with Mette, who lets citizens choose; their numbers."""
    citizen = new_citizen("Amina", "ar")
    start = moment(workday(4), "09:00")
    facts = MeetingFacts(
        kind="job_talk",
        starts_at=start,
        ends_at=start + timedelta(minutes=45),
        place="Indgang B",
        language="ar",
        interpreter=Interpreter.BOOKED,
    )
    with writing_session(live_engine) as session:
        mette = actor_for(session, live_cast.mette)
        actions.open_hours(session, mette, [Window(weekday, time(8), time(16)) for weekday in range(5)])
        subject = Subject(live_cast.solby, citizen, frozenset({live_cast.mette}))
        meeting = actions.make_meeting(session, mette, subject, facts, datetime.now(UTC))
        session.commit()
        return citizen, meeting.id


class Lens:
    """Axe needs script: a page without any is looked at through another browser of the same person."""

    def __init__(self, page: Page, other: Page | None, axe_findings: Findings) -> None:
        self.page, self.other, self.axe_findings = page, other, axe_findings

    def findings(self) -> list[Any]:
        if self.other is not None:
            self.other.goto(self.page.url)
        return self.axe_findings(self.other or self.page)


def answer_of(engine: Engine, meeting_id: int) -> tuple[str | None, str | None]:
    """Return what the citizen has said, and why."""
    with reading_session(engine) as session:
        row = session.execute(
            select(Participant.answer, Participant.answer_reason).filter_by(meeting_id=meeting_id, part="citizen")
        ).one()
        return row.answer, row.answer_reason


def times_of(engine: Engine, meeting_id: int) -> tuple[datetime, bool]:
    """Return when a meeting begins, and whether the citizen has chosen that."""
    with reading_session(engine) as session:
        meeting = session.get_one(Meeting, meeting_id)
        return meeting.starts_at, meeting.was_chosen


def points_of(engine: Engine, meeting_id: int) -> list[tuple[str, str, str]]:
    """Return the agenda: topic, words and their language."""
    with reading_session(engine) as session:
        rows = session.execute(
            select(AgendaPoint.topic, Rendering.body, Rendering.language)
            .join(Rendering, Rendering.text_id == AgendaPoint.text_id)
            .where(AgendaPoint.meeting_id == meeting_id)
        )
        return [(topic, body, language) for topic, body, language in rows]


# --- The citizen's card -------------------------------------------------------------------------------------


def tab_to(page: Page, wanted: Locator) -> None:
    """Walk with the tab key until something has the focus, and can be seen to have it."""
    expect(wanted).to_be_visible()
    for _step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("found => found === document.activeElement"):
            assert wanted.evaluate("found => found.matches(':focus-visible')")
            return
    raise AssertionError(f"the keyboard does not reach {wanted}")


def test_keyboard_alone_is_enough_to_say_no_to_find_a_new_time_and_to_add_a_topic(
    phone: BrowserContext, live_engine: Engine, called: tuple[int, int], enter: Enter, axe_findings: Findings
) -> None:
    citizen, meeting_id = called
    was = times_of(live_engine, meeting_id)
    enter(phone, citizen)
    page = phone.new_page()
    page.goto("/meetings")
    assert axe_findings(page) == []
    card = page.locator(f"#meeting-{meeting_id}")
    tab_to(page, card.locator("h2 a"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/meetings/{meeting_id}")
    assert axe_findings(page) == []

    # The reasons take the card's place, and whoever uses a keyboard goes on from their heading.
    tab_to(page, card.locator("a[href$='/cannot']"))
    page.keyboard.press("Enter")
    expect(card.locator("h2")).to_be_focused()
    assert page.url.endswith(f"/meetings/{meeting_id}")
    assert axe_findings(page) == []
    tab_to(page, card.locator("button[value='child']"))
    page.keyboard.press("Space")
    expect(card.locator(".said")).to_be_focused()
    assert answer_of(live_engine, meeting_id) == ("cannot", "child")
    assert axe_findings(page) == []

    tab_to(page, card.locator("a[href$='/times']"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/meetings/{meeting_id}/times")
    assert axe_findings(page) == []
    time_button = page.locator("button[name='free']").first
    chosen = datetime.fromisoformat(time_button.get_attribute("value") or "")
    tab_to(page, time_button)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/meetings/{meeting_id}")
    assert times_of(live_engine, meeting_id) == (chosen.astimezone(UTC), True) != was
    assert answer_of(live_engine, meeting_id) == ("coming", None)
    expect(card.locator(".said")).to_be_visible()

    agenda = page.locator("#agenda")
    tab_to(page, agenda.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, agenda.locator("textarea"))
    page.keyboard.type(OWN_WORDS)
    tab_to(page, agenda.locator("details button[value='other']"))
    page.keyboard.press("Enter")
    expect(page.locator("#agenda-title")).to_be_focused()
    expect(agenda.locator(".points")).to_contain_text(OWN_WORDS)
    assert points_of(live_engine, meeting_id) == [("other", OWN_WORDS, "ar")]
    assert axe_findings(page) == []


def test_a_phone_without_script_says_no_finds_a_new_time_and_adds_a_topic(
    phone: BrowserContext,
    new_context: CreateContextCallback,
    live_server: LiveServer,
    live_engine: Engine,
    called: tuple[int, int],
    enter: Enter,
    axe_findings: Findings,
) -> None:
    citizen, meeting_id = called
    plain = new_context(base_url=live_server.url, java_script_enabled=False, viewport={"width": 360, "height": 740})
    enter(plain, citizen)
    enter(phone, citizen)
    page = plain.new_page()
    lens = Lens(page, phone.new_page(), axe_findings)
    page.goto("/meetings")
    assert lens.findings() == []
    card = page.locator(f"#meeting-{meeting_id}")
    card.locator("a[href$='/cannot']").click()
    page.wait_for_url(f"**/meetings/{meeting_id}/cannot")
    assert lens.findings() == []
    card.locator("button[value='sick']").click()
    page.wait_for_url(f"**/meetings/{meeting_id}")
    assert answer_of(live_engine, meeting_id) == ("cannot", "sick")
    assert lens.findings() == []

    card.locator("a[href$='/times']").click()
    assert lens.findings() == []
    time_button = page.locator("button[name='free']").nth(1)
    chosen = datetime.fromisoformat(time_button.get_attribute("value") or "")
    time_button.click()
    page.wait_for_url(f"**/meetings/{meeting_id}")
    assert times_of(live_engine, meeting_id) == (chosen.astimezone(UTC), True)
    assert answer_of(live_engine, meeting_id) == ("coming", None)

    agenda = page.locator("#agenda")
    agenda.locator("summary").click()
    agenda.locator("textarea").fill(OWN_WORDS)
    agenda.locator("details button[value='other']").click()
    page.wait_for_url(f"**/meetings/{meeting_id}")
    expect(agenda.locator(".points")).to_contain_text(OWN_WORDS)
    assert points_of(live_engine, meeting_id) == [("other", OWN_WORDS, "ar")]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert lens.findings() == []


# --- Staff --------------------------------------------------------------------------------------------------

_weeks = itertools.count(3)


@pytest.fixture
def monday() -> date:
    """A day, most often a Monday, on which nobody has called anybody yet: Mette is shared by all."""
    today = datetime.now(HERE).date()
    return workday(7 * next(_weeks) - today.weekday())


def write(page: Page, day: date, begins: str, ends: str) -> None:
    page.locator("#day").fill(day.isoformat())
    page.locator("#start").fill(begins)
    page.locator("#end").fill(ends)
    page.locator("#place").fill("Mødelokale 2")


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def lens(
    request: pytest.FixtureRequest,
    desk: BrowserContext,
    new_context: CreateContextCallback,
    live_server: LiveServer,
    live_cast: Cast,
    enter: Enter,
    axe_findings: Findings,
) -> Lens:
    """Mette's computer, once with and once without script."""
    enter(desk, live_cast.mette, "da")
    page = desk.new_page()
    if request.param:
        return Lens(page, None, axe_findings)
    plain = new_context(base_url=live_server.url, java_script_enabled=False)
    enter(plain, live_cast.mette)
    return Lens(plain.new_page(), page, axe_findings)


def test_staff_call_two_citizens_to_a_group_and_neither_learns_of_the_other(
    lens: Lens,
    phone: BrowserContext,
    live_engine: Engine,
    new_citizen: NewCitizen,
    enter: Enter,
    axe_findings: Findings,
    monday: date,
) -> None:
    staff = lens.page
    amina, semhar = new_citizen("Amina", "ar"), new_citizen("Semhar", "ti")
    staff.goto("/staff/meetings")
    assert lens.findings() == []
    staff.locator("a[href='/staff/meetings/group']").click()
    staff.wait_for_url("**/staff/meetings/group")
    assert lens.findings() == []

    # Nobody is ticked yet: what is typed stays, and the message leads to the boxes.
    write(staff, monday, "13:00", "14:30")
    staff.locator("main form .button-main").click()
    message = staff.locator("[role=alert] a[href='#citizens']")
    expect(message).to_be_visible()
    assert lens.findings() == []
    expect(staff.locator("#start")).to_have_value("13:00")
    message.click()
    staff.keyboard.press("Tab")
    expect(staff.locator("input[name=citizens]").first).to_be_focused()

    for citizen in (amina, semhar):
        staff.locator(f"input[name=citizens][value='{citizen}']").check()
    staff.locator("main form .button-main").click()
    staff.wait_for_url(re.compile(r"/staff/meetings/\d+$"))
    expect(staff.locator("#who + ul")).to_contain_text("Amina Saleh")
    expect(staff.locator("#who + ul")).to_contain_text("Semhar Saleh")
    assert lens.findings() == []
    meeting_id = int(staff.url.rsplit("/", 1)[1])
    assert times_of(live_engine, meeting_id) == (moment(monday, "13:00"), False)

    enter(phone, semhar)
    mobile = phone.new_page()
    mobile.goto(f"/meetings/{meeting_id}")
    expect(mobile.locator(f"#meeting-{meeting_id}")).to_contain_text("Mødelokale 2")
    assert "Amina" not in mobile.content()
    assert axe_findings(mobile) == []


def test_staff_offer_three_times_and_the_citizen_takes_one(
    lens: Lens,
    phone: BrowserContext,
    live_engine: Engine,
    new_citizen: NewCitizen,
    enter: Enter,
    axe_findings: Findings,
    monday: date,
) -> None:
    staff = lens.page
    citizen = new_citizen("Amina", "ar")
    staff.goto(f"/staff/citizens/{citizen}")
    staff.locator(f"a[href='/staff/citizens/{citizen}/meetings/new']").click()
    write(staff, monday, "09:00", "09:45")
    staff.locator("main form details summary").first.click()
    assert lens.findings() == []
    for number, clock in enumerate(("11:00", "14:00")):
        staff.locator(f"#others-{number}-day").fill(monday.isoformat())
        staff.locator(f"#others-{number}-start").fill(clock)
    staff.locator("main form .button-main").click()
    staff.wait_for_url(re.compile(r"/staff/meetings/\d+$"))
    meeting_id = int(staff.url.rsplit("/", 1)[1])
    for clock in ("09.00", "11.00", "14.00"):
        expect(staff.locator("section[aria-labelledby=facts]")).to_contain_text(clock)
    assert lens.findings() == []

    enter(phone, citizen)
    mobile = phone.new_page()
    mobile.goto("/meetings")
    assert axe_findings(mobile) == []
    mobile.locator(f"#meeting-{meeting_id} a[href$='/times']").click()
    expect(mobile.locator("button[name=offered]")).to_have_count(3)
    assert axe_findings(mobile) == []
    mobile.locator("button[name=offered]").nth(2).click()
    mobile.wait_for_url(f"**/meetings/{meeting_id}")
    assert times_of(live_engine, meeting_id) == (moment(monday, "14:00"), True)
    assert answer_of(live_engine, meeting_id) == ("coming", None)
    staff.reload()
    expect(staff.locator("section[aria-labelledby=facts]")).not_to_contain_text("11.00")
    assert lens.findings() == []
