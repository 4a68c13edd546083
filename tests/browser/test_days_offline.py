"""Days are spoken of without network, on the mentor's phone and on the citizen's: each word arrives once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.db import reading_session, writing_session
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions
from citizen_app.placements.actions import MentorFacts, PlacementFacts, WorkplaceFacts
from citizen_app.placements.models import PlannedDay
from citizen_app.placements.rules import PlacementKind, WeeklyTime, shift_on
from citizen_app.policy import Subject
from tests.browser.conftest import NewCitizen
from tests.cast import Cast, actor_for
from tests.conftest import SECRET_KEY, LiveServer

HERE = ZoneInfo("Europe/Copenhagen")
BEGINS, ENDS = time(0), time(6)
"""So that today's day has begun whenever the tests run."""


@dataclass
class Workweek:
    citizen: int
    token: str
    placement: int
    today: date

    def days(self, session: Session) -> dict[int, int]:
        """Return the numbers of the planned days, by days from today."""
        rows = session.execute(select(PlannedDay.day, PlannedDay.id).filter_by(placement_id=self.placement))
        return {(day - self.today).days: day_id for day, day_id in rows}


@pytest.fixture
def week(live_engine: Engine, live_cast: Cast, new_citizen: NewCitizen) -> Workweek:
    """Somebody who has worked on each of the last six days, of which nobody has spoken, and her mentor's link."""
    citizen = new_citizen("Rahel", "en")
    now = datetime.now(UTC)
    today = now.astimezone(HERE).date()
    subject = Subject(live_cast.solby, citizen, frozenset({live_cast.mette}))
    times = [WeeklyTime(weekday, BEGINS, ENDS) for weekday in range(7)]
    with writing_session(live_engine) as session:
        mette = actor_for(session, live_cast.mette)
        place = actions.add_workplace(session, mette, WorkplaceFacts("Cafe Solsikken", "kitchen", "Torvet 1"))
        facts = PlacementFacts(
            place.id, PlacementKind.TASTER, today - timedelta(days=5), today + timedelta(15), times, 0, 1
        )
        made = actions.make_placement(session, mette, subject, facts, zone=HERE, now=now)
        there = set(session.scalars(select(PlannedDay.day).filter_by(placement_id=made.id)))
        about = {"municipality_id": live_cast.solby, "placement_id": made.id, "citizen_id": citizen}
        for number in range(21):  # holidays, too
            day = facts.starts_on + timedelta(days=number)
            if day not in there:
                session.add(PlannedDay(**about, **vars(shift_on(day, BEGINS, ENDS, HERE))))
        mentor = MentorFacts("Pia", language="en")
        person = actions.add_mentor(
            session, mette, subject, made.id, mentor, MentorKind.WORKPLACE_MENTOR, today=facts.starts_on
        )
        token = actions.make_link(session, mette, subject, made.id, person, now, secret_key=SECRET_KEY)
        session.commit()
        return Workweek(citizen, token, made.id, today)


def open_for_offline(page: Page, address: str) -> None:
    """Visit a page until the phone has it for later."""
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    wait(page, lambda: page.evaluate("async path => Boolean(await caches.match(path, {ignoreVary: true}))", address))


def wait(page: Page, is_so: Callable[[], bool]) -> None:
    for _ in range(150):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come")


def statements(engine: Engine, day_id: int) -> list[tuple[str, str]]:
    with reading_session(engine) as session:
        rows = session.execute(select(DayStatement.side, DayStatement.said).filter_by(day_id=day_id))
        return [(side, said) for side, said in rows]


def until(engine: Engine, page: Page, day_ids: list[int], wanted: int) -> None:
    """Wait until each day has so many statements."""
    wait(page, lambda: all(len(statements(engine, day_id)) >= wanted for day_id in day_ids))


def test_a_week_is_told_without_network_on_both_phones_and_arrives_once(
    phone: BrowserContext,
    new_context: CreateContextCallback,
    live_server: LiveServer,
    live_engine: Engine,
    week: Workweek,
    enter: Callable[..., None],
) -> None:
    with reading_session(live_engine) as session:
        days = week.days(session)
    past = [days[number] for number in range(-5, 1)]

    mentor = phone.new_page()
    address = f"/m/{week.token}"
    open_for_offline(mentor, address)
    phone.set_offline(True)
    mentor.goto(address)
    longer = mentor.locator(f"#day-{past[0]}")
    longer.get_by_text("Other hours").first.click()
    longer.locator("input[name=ended]").first.fill("06:30")
    longer.get_by_role("button", name="Came").last.click()
    expect(longer.locator("[data-kept]")).to_be_visible()
    for day_id in past[1:-1]:
        card = mentor.locator(f"#day-{day_id}")
        card.get_by_role("button", name="Came").first.click()
        expect(card.locator("[data-kept]")).to_have_text("Saved on the phone. It is sent when there is network.")
    late = mentor.locator(f"#day-{past[-1]}")
    late.get_by_text("Came late").first.click()
    late.get_by_role("button", name="15", exact=True).first.click()
    expect(late.locator("[data-kept]")).to_be_visible()
    assert [statements(live_engine, day_id) for day_id in past] == [[]] * 6

    own = new_context(base_url=live_server.url, viewport={"width": 360, "height": 740})
    enter(own, week.citizen, "en")
    citizen = own.new_page()
    open_for_offline(citizen, "/attendance")
    own.set_offline(True)
    citizen.goto("/attendance")
    today = citizen.locator(f"#day-{past[-1]}")
    today.get_by_role("button", name="I came").click()
    expect(today.locator("[data-kept]")).to_be_visible()
    citizen.reload()
    expect(citizen.locator(f"#day-{past[-1]} [data-kept]")).to_be_visible()

    own.set_offline(False)
    until(live_engine, citizen, [past[-1]], 1)
    phone.set_offline(False)
    until(live_engine, mentor, past[:-1], 1)
    until(live_engine, mentor, past[-1:], 2)
    assert [statements(live_engine, day_id) for day_id in past[:-1]] == [[("mentor", "came")]] * 5
    assert sorted(statements(live_engine, past[-1])) == [("citizen", "came"), ("mentor", "late")]
    expect(late.locator("[data-kept]")).to_have_count(0)  # the page has been read anew
    with reading_session(live_engine) as session:
        assert session.get_one(DayRecord, past[-1]).state == "citizen_next"
        told = [session.scalars(select(DayStatement.ended_at).filter_by(day_id=day)).one() for day in past[:2]]
        assert [ended_at is None for ended_at in told] == [False, True]

    citizen.goto("/attendance")
    expect(citizen.get_by_text("you came 15 minutes late.").first).to_be_visible()


def test_days_to_come_lie_on_the_page_and_show_themselves_when_they_begin(
    phone: BrowserContext, live_engine: Engine, week: Workweek
) -> None:
    with reading_session(live_engine) as session:
        tomorrow = week.days(session)[1]
    page = phone.new_page()
    page.goto(f"/m/{week.token}")
    card = page.locator(f"#day-{tomorrow}")
    expect(card).to_be_hidden()
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=1))
    page.reload()
    expect(card).to_be_visible()


def test_what_is_said_too_early_by_the_phones_clock_is_refused_in_words(
    phone: BrowserContext, live_engine: Engine, week: Workweek
) -> None:
    with reading_session(live_engine) as session:
        later = week.days(session)[3]
    page = phone.new_page()
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=3))
    page.goto(f"/m/{week.token}")
    card = page.locator(f"#day-{later}")
    card.get_by_role("button", name="Came").first.click()
    expect(card.locator("[data-kept]")).to_have_text("This day has not begun yet.")
    assert statements(live_engine, later) == []


def test_a_press_is_kept_although_the_phone_believed_that_there_was_network(
    phone: BrowserContext, live_engine: Engine, week: Workweek, enter: Callable[..., None]
) -> None:
    enter(phone, week.citizen, "en")
    with reading_session(live_engine) as session:
        today = week.days(session)[0]
    page = phone.new_page()
    page.goto("/attendance")
    phone.route("**/attendance/**", lambda route: route.abort())
    card = page.locator(f"#day-{today}")
    card.get_by_role("button", name="I came").click()
    expect(card.locator("[data-kept]")).to_have_text("Saved on the phone. It is sent when there is network.")
    assert statements(live_engine, today) == []
    phone.unroute("**/attendance/**")
    page.goto("/attendance")
    until(live_engine, page, [today], 1)
    assert statements(live_engine, today) == [("citizen", "came")]
