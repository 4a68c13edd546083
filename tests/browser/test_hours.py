"""What is said of a day, from each side: by the mentor's link, in Arabic, and by staff who settle it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from sqlalchemy import Engine, select

from citizen_app.attendance import actions as attendance
from citizen_app.attendance.actions import Given
from citizen_app.attendance.models import DayRecord
from citizen_app.attendance.rules import Said
from citizen_app.db import reading_session, writing_session
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import PlacementFacts, WorkplaceFacts
from citizen_app.placements.models import PlannedDay
from citizen_app.placements.rules import PlacementKind, Side, WeeklyTime
from citizen_app.policy import Subject
from tests.browser.conftest import NewCitizen
from tests.cast import Cast, actor_for
from tests.conftest import LiveServer

HERE = ZoneInfo("Europe/Copenhagen")


@dataclass
class Day:
    """Today's day at a placement of somebody's, with Jens as her mentor."""

    id: int
    placement: int
    subject: Subject


@pytest.fixture
def day(live_engine: Engine, live_cast: Cast, new_citizen: NewCitizen) -> Day:
    """A day that has begun, of which nobody has said anything."""
    citizen = new_citizen("Hala", "ar")
    now = datetime.now(UTC)
    today = now.astimezone(HERE).date()
    subject = Subject(live_cast.solby, citizen, frozenset({live_cast.mette, live_cast.jens}))
    times = [WeeklyTime(weekday, time(0), time(6)) for weekday in range(7)]
    with writing_session(live_engine) as session:
        mette = actor_for(session, live_cast.mette)
        place = placements.add_workplace(session, mette, WorkplaceFacts("Cafe Solsikken", "kitchen", "Torvet 1"))
        facts = PlacementFacts(
            place.id, PlacementKind.TASTER, today - timedelta(days=9), today + timedelta(days=21), times
        )
        made = placements.make_placement(session, mette, subject, facts, zone=HERE, now=now)
        kind = MentorKind.WORKPLACE_MENTOR
        placements.add_mentor(session, mette, subject, made.id, live_cast.jens, kind, today=today)
        begun = select(PlannedDay.id).filter_by(placement_id=made.id).where(PlannedDay.begins_at < now)
        day_id = session.scalars(begun.order_by(PlannedDay.day.desc()).limit(1)).one()
        found = Day(day_id, made.id, subject)
        session.commit()
    return found


@pytest.fixture
def late_day(live_engine: Engine, live_cast: Cast, day: Day) -> Day:
    """The same day, of which Jens says that she came fifteen minutes late."""
    with writing_session(live_engine) as session:
        jens, given = actor_for(session, live_cast.jens), Given(id="jens-said-it", said=Said.LATE, minutes=15)
        attendance.say(session, jens, day.subject, day.placement, day.id, Side.MENTOR, given, datetime.now(UTC))
        session.commit()
    return day


def test_a_day_is_disagreed_with_in_arabic_and_with_the_keyboard_alone(
    phone: BrowserContext,
    live_engine: Engine,
    late_day: Day,
    enter: Callable[..., None],
    axe_findings: Callable[[Page], list[Any]],
) -> None:
    enter(phone, late_day.subject.citizen_id)
    page = phone.new_page()
    page.goto("/")
    page.locator("a.button[href='/attendance']").press("Enter")
    page.wait_for_url("**/attendance")
    assert axe_findings(page) == []
    card = page.locator(f"#day-{late_day.id}")
    card.locator("summary").first.press("Enter")
    assert axe_findings(page) == []
    card.locator("summary").nth(1).press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("جئت في الوقت")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.locator("[autofocus]")).to_be_focused()
    expect(card.get_by_text("جئت في الوقت")).to_be_visible()
    expect(page.locator("#weeks")).to_contain_text("Mette")
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    with reading_session(live_engine) as session:
        assert session.get_one(DayRecord, late_day.id).state == "disputed"


def test_mentor_citizen_and_staff_come_to_one_word(
    phone: BrowserContext,
    new_context: CreateContextCallback,
    live_server: LiveServer,
    live_cast: Cast,
    day: Day,
    enter: Callable[..., None],
    axe_findings: Callable[[Page], list[Any]],
) -> None:
    """The mentor confirms from the link in two presses, she disagrees in Arabic, staff settle, and both see it."""
    desk = new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    enter(desk, live_cast.mette, "en")
    staff = desk.new_page()
    staff.goto(f"/staff/placements/{day.placement}")
    staff.get_by_role("button", name="Invite").click()
    link = staff.locator(".link-address").inner_text()

    locked = new_context(base_url=live_server.url, viewport={"width": 360, "height": 740}, java_script_enabled=False)
    mentor = locked.new_page()
    mentor.goto(link)  # the first press, in the message
    card = mentor.locator(f"#day-{day.id}")
    card.get_by_role("button", name="Kom", exact=True).click()  # the second
    expect(card.locator(".notice strong")).to_have_text("Kom")

    enter(phone, day.subject.citizen_id)
    citizen = phone.new_page()
    citizen.goto("/attendance")
    hers = citizen.locator(f"#day-{day.id}")
    hers.locator("summary").first.click()
    hers.locator("button[value='longer'], button[value='other']").first.click()
    expect(hers.locator("[autofocus]")).to_be_focused()

    staff.goto("/staff")
    staff.locator(f"a[href$='/days/{day.id}']").first.click()
    expect(staff.locator("#side-mentor, #side-citizen")).to_have_count(2)
    assert axe_findings(staff) == []
    staff.locator("input[name='said'][value='came']").check()
    staff.locator("input[name='minutes']").fill("330")
    staff.locator("textarea[name='words'], input[name='words']").fill("I har begge fortalt det. Tak.")
    staff.get_by_role("button", name="Settle the day").click()
    staff.wait_for_url("**/days/*")

    citizen.goto(f"/attendance/days/{day.id}")
    expect(citizen.get_by_text("I har begge fortalt det. Tak.")).to_be_visible()
    assert axe_findings(citizen) == []
    mentor.goto(link)
    expect(mentor.locator(f"#day-{day.id} button[value='came']")).to_have_count(0)
