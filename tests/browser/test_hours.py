"""A citizen says that what her mentor says of a day is wrong: in Arabic, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect
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
from tests.cast import Cast, actor_for

HERE = ZoneInfo("Europe/Copenhagen")


@pytest.fixture
def late_day(live_engine: Engine, live_cast: Cast) -> int:
    """A day of Selam's of which Jens says that she came fifteen minutes late."""
    now = datetime.now(UTC)
    today = now.astimezone(HERE).date()
    subject = Subject(live_cast.solby, live_cast.selam, frozenset({live_cast.mette, live_cast.jens}))
    times = [WeeklyTime(weekday, time(0), time(6)) for weekday in range(7)]
    with writing_session(live_engine) as session:
        mette, jens = actor_for(session, live_cast.mette), actor_for(session, live_cast.jens)
        place = placements.add_workplace(session, mette, WorkplaceFacts("Cafe Solsikken", "kitchen", "Torvet 1"))
        facts = PlacementFacts(
            place.id, PlacementKind.TASTER, today - timedelta(days=9), today + timedelta(days=21), times
        )
        made = placements.make_placement(session, mette, subject, facts, zone=HERE, now=now)
        kind = MentorKind.WORKPLACE_MENTOR
        placements.add_mentor(session, mette, subject, made.id, live_cast.jens, kind, today=today)
        begun = select(PlannedDay.id).filter_by(placement_id=made.id).where(PlannedDay.begins_at < now)
        day_id = session.scalars(begun.order_by(PlannedDay.day.desc()).limit(1)).one()
        given = Given(id="jens-said-it", said=Said.LATE, minutes=15)
        attendance.say(session, jens, subject, made.id, day_id, Side.MENTOR, given, now)
        session.commit()
    return day_id


def test_a_day_is_disagreed_with_in_arabic_and_with_the_keyboard_alone(
    phone: BrowserContext,
    live_engine: Engine,
    live_cast: Cast,
    late_day: int,
    enter: Callable[..., None],
    axe_findings: Callable[[Page], list[Any]],
) -> None:
    enter(phone, live_cast.selam, "ar")
    page = phone.new_page()
    page.goto("/")
    page.locator("a.button[href='/attendance']").press("Enter")
    page.wait_for_url("**/attendance")
    assert axe_findings(page) == []
    card = page.locator(f"#day-{late_day}")
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
        assert session.get_one(DayRecord, late_day).state == "disputed"
