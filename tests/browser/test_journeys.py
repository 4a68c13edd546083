"""The main job, from one end to the other, as people do it: two browsers, a phone without script, a code, an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from sqlalchemy import Engine, select

from citizen_app.db import writing_session
from citizen_app.meetings import actions as meetings
from citizen_app.meetings.models import Participant
from citizen_app.meetings.rules import Interpreter, MeetingFacts
from citizen_app.policy import Subject
from citizen_app.texts.queries import phrase_bank
from tests.cast import Cast, actor_for
from tests.conftest import LiveServer

Enter = Callable[..., None]
NewCitizen = Callable[[str, str], int]
LIVE_MILLISECONDS = 3000
"""New words appear on the other screen within this time."""
PHRASES = phrase_bank()


def begin_goal(page: Page, citizen_id: int, phrase: str) -> str:
    """Let staff begin a draft from a ready goal; returns the page's address."""
    page.goto(f"/staff/citizens/{citizen_id}/goals/new?track={PHRASES[phrase].track}")
    page.locator(f"button[value='{phrase}']").click()
    page.wait_for_url(re.compile(r"/staff/goals/\d+$"))
    return page.url


def shown_code(page: Page) -> str:
    return (page.locator(".code").text_content() or "").replace(" ", "")


def test_case_worker_and_citizen_write_and_agree_a_goal_on_two_screens(
    desk: BrowserContext, phone: BrowserContext, live_cast: Cast, enter: Enter, new_citizen: NewCitizen
) -> None:
    citizen = new_citizen("Amina", "ar")
    enter(desk, live_cast.mette)
    staff, mobile = desk.new_page(), phone.new_page()
    begin_goal(staff, citizen, "speak_danish_at_work")
    staff.locator("#together button").click()
    mobile.goto(f"/connect/{shown_code(staff)}")
    mobile.locator("form[action='/connect'] button").click()

    # Her phone shows the draft in Arabic, and staff see that she is there.
    expect(mobile.locator("html")).to_have_attribute("dir", "rtl")
    expect(mobile.locator("#goal h2 [lang=ar]")).to_have_text(PHRASES["speak_danish_at_work"].bodies["ar"])
    expect(staff.locator("#twin .dot")).to_be_visible()

    # A step that staff add appears on her phone in Arabic.
    staff.locator("button[value='ask_question_in_danish']").click()
    step = mobile.locator("#goal .path [lang=ar]", has_text=PHRASES["ask_question_in_danish"].bodies["ar"])
    expect(step).to_be_visible(timeout=LIVE_MILLISECONDS)

    # Words that staff type appear on her phone without a press, marked as Danish.
    staff.locator("#text").fill("Jeg vil tale dansk i hver pause")
    expect(mobile.locator("#goal h2")).to_contain_text("Jeg vil tale dansk i hver pause", timeout=LIVE_MILLISECONDS)

    # She says it in her own words, and staff see them.
    mobile.locator("details summary").click()
    mobile.locator("a[href$='/text']").click()
    mobile.locator("textarea").fill("أريد أن أتكلم الدنماركية في كل استراحة")
    mobile.locator("form.card button").click()
    expect(staff.locator("#twin .key[lang=ar]")).to_have_text(
        "أريد أن أتكلم الدنماركية في كل استراحة", timeout=LIVE_MILLISECONDS
    )
    staff.locator("#twin form[action$='/vouch'] button").click()

    # Staff propose, she says yes, and it is theirs.
    staff.locator("form[action$='/propose'] button").click()
    mobile.locator("form[action$='/agree'] button").click()
    expect(mobile.locator("#goal .mark-tint").first).to_be_visible()
    expect(mobile.locator("form[action$='/agree']")).to_have_count(0)
    mobile.goto("/")
    expect(mobile.locator("main")).to_contain_text(PHRASES["ask_question_in_danish"].bodies["ar"])


def test_what_two_people_write_at_once_is_not_lost(
    desk: BrowserContext, phone: BrowserContext, live_cast: Cast, enter: Enter, new_citizen: NewCitizen
) -> None:
    citizen = new_citizen("Amina", "ar")
    enter(desk, live_cast.mette)
    enter(phone, citizen)
    staff, mobile = desk.new_page(), phone.new_page()
    address = begin_goal(staff, citizen, "sleep_well")
    goal = address.rsplit("/", 1)[1]
    staff.locator("form[action$='/propose'] button").click()
    mobile.goto(f"/goals/{goal}/text")
    staff.locator("#text").fill("Jeg vil sove otte timer")
    expect(staff.locator("#text_state .saved")).to_be_visible()
    staff.reload()
    expect(staff.locator("#text")).to_have_value("Jeg vil sove otte timer")
    mobile.locator("textarea").fill("أريد أن أنام مبكرا")
    mobile.locator("form.card button").click()
    expect(mobile.locator("[role=alert]").first).to_contain_text("Jeg vil sove otte timer")
    expect(mobile.locator("textarea")).to_have_value("أريد أن أنام مبكرا")
    mobile.locator("form.card button").click()
    mobile.wait_for_url(f"**/goals/{goal}")
    expect(mobile.locator("#goal h2")).to_contain_text("أريد أن أنام مبكرا")


def test_citizen_without_script_proposes_and_agrees_a_goal(
    desk: BrowserContext,
    new_context: CreateContextCallback,
    live_server: LiveServer,
    live_cast: Cast,
    enter: Enter,
    new_citizen: NewCitizen,
) -> None:
    citizen = new_citizen("Amina", "ar")
    plain = new_context(base_url=live_server.url, java_script_enabled=False, viewport={"width": 360, "height": 740})
    enter(plain, citizen)
    enter(desk, live_cast.mette)
    mobile, staff = plain.new_page(), desk.new_page()

    mobile.goto("/goals/new?track=job")
    mobile.locator("button[value='have_a_good_cv']").click()
    mobile.wait_for_url(re.compile(r"/goals/\d+$"))
    goal = mobile.url.rsplit("/", 1)[1]

    staff.goto("/staff")
    staff.locator(f"a[href='/staff/goals/{goal}']").click()
    staff.locator("form[action$='/agree'] button").click()
    staff.locator("button[value='make_cv']").click()
    expect(staff.locator("#steps")).to_contain_text(PHRASES["make_cv"].bodies["da"])

    mobile.goto("/")
    mobile.get_by_role("link").filter(has_text=PHRASES["make_cv"].bodies["ar"]).click()
    mobile.locator("form[action$='/agree'] button").click()
    mobile.locator("a[href$='/done']").click()
    mobile.locator("input[value='3']").check()
    mobile.locator("main form button").click()
    mobile.wait_for_url(f"**/goals/{goal}")
    expect(mobile.locator(".path .is-done")).to_have_count(1)


def test_tigrinya_citizen_finds_her_next_meeting_and_answers(
    phone: BrowserContext, live_engine: Engine, live_cast: Cast, enter: Enter, new_citizen: NewCitizen
) -> None:
    citizen = new_citizen("Selam", "ti")
    start = (datetime.now(UTC) + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    with writing_session(live_engine) as session:
        meeting = meetings.make_meeting(
            session,
            actor_for(session, live_cast.mette),
            Subject(live_cast.solby, citizen, frozenset({live_cast.mette})),
            MeetingFacts(
                kind="job_talk",
                starts_at=start,
                ends_at=start + timedelta(minutes=45),
                place="Indgang B",
                language="ti",
                interpreter=Interpreter.BOOKED,
            ),
            now=datetime.now(UTC),
        )
        session.commit()
        meeting_id = meeting.id
    enter(phone, citizen)
    mobile = phone.new_page()
    mobile.goto("/")
    card = mobile.locator(f"#meeting-{meeting_id}")
    expect(card).to_contain_text("Mette")
    expect(card).to_contain_text("Indgang B")
    box = card.bounding_box()
    assert box is not None
    assert box["y"] < 740, "the next meeting stands on the first screen"
    card.locator("button[value='coming']").click()
    expect(card.locator(".said")).to_be_visible()
    with writing_session(live_engine) as session:
        assert session.scalar(select(Participant.answer).filter_by(meeting_id=meeting_id, part="citizen")) == "coming"


def test_phone_is_connected_by_the_code_that_staff_read_aloud(
    desk: BrowserContext, phone: BrowserContext, live_cast: Cast, enter: Enter, new_citizen: NewCitizen
) -> None:
    citizen = new_citizen("Amina", "ar")
    enter(desk, live_cast.mette)
    staff, mobile = desk.new_page(), phone.new_page()
    staff.goto(f"/staff/citizens/{citizen}/connect")
    staff.locator("#code form button").click()
    code = shown_code(staff)
    expect(staff.locator(".qr svg")).to_be_visible()

    mobile.goto("/")
    mobile.locator("button[value='ar']").click()
    expect(mobile.locator("html")).to_have_attribute("lang", "ar")
    mobile.locator("a[href='/connect']").click()
    mobile.locator("#code").fill(f"{code[:4].lower()} {code[4:].lower()}")
    mobile.locator("form[action='/connect'] button").click()
    mobile.wait_for_url(re.compile(r"/$"))
    expect(mobile.locator("h1")).to_contain_text("Amina")

    # The code is used up; a second phone hears so and what to do.
    second = desk.browser.new_context(base_url=mobile.url) if desk.browser else None
    assert second is not None
    other = second.new_page()
    other.goto(f"/connect/{code}")
    other.locator("form[action='/connect'] button").click()
    expect(other.locator("[role=alert]")).to_be_visible()
    second.close()

    # Staff sign the phone out, and it is out at its next page.
    staff.goto(f"/staff/citizens/{citizen}")
    staff.locator("form[action*='/devices/'] button").first.click()
    staff.wait_for_url(f"**/staff/citizens/{citizen}")
    mobile.goto("/goals")
    mobile.wait_for_url("**/sign-in")


def test_keyboard_alone_is_enough_to_answer_a_goal(
    phone: BrowserContext, desk: BrowserContext, live_cast: Cast, enter: Enter, new_citizen: NewCitizen
) -> None:
    citizen = new_citizen("Amina", "da")
    enter(desk, live_cast.mette)
    staff = desk.new_page()
    address = begin_goal(staff, citizen, "make_friends")
    staff.locator("form[action$='/propose'] button").click()
    enter(phone, citizen)
    mobile = phone.new_page()
    mobile.goto(f"/goals/{address.rsplit('/', 1)[1]}")
    mobile.keyboard.press("Tab")
    expect(mobile.locator(".skip")).to_be_focused()
    for _press in range(20):
        mobile.keyboard.press("Tab")
        if mobile.evaluate("document.activeElement.closest('form')?.action.endsWith('/agree') ?? false"):
            break
    mobile.keyboard.press("Enter")
    expect(mobile.locator("form[action$='/agree']")).to_have_count(0)
