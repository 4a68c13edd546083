"""Staff's calendar on the page: the week, the month, a colleague's busy times, and the hours citizens may choose in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.rules import Answer, MeetingFacts, Reply, Window
from citizen_app.people.models import Person, Relation
from citizen_app.policy import Role
from tests.cast import SINCE
from tests.meetings.conftest import Stage
from tests.meetings.week import HOUR, at, coming_week, many, meet, offer, sent
from tests.plan import ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]
WEEK, MONTH, HOURS = "/staff/meetings/week", "/staff/meetings/month", "/staff/meetings/hours"
MOST_STATEMENTS = 8
MOST_TO_BOOK = 15


@pytest.fixture
def stage(plan: Plan) -> Stage:
    return Stage(plan.session, plan.cast, plan.now)


def week_page(client: FlaskClient, day: date, with_person: int | None = None) -> str:
    response = client.get(WEEK, query_string={"day": day.isoformat(), "with": with_person or ""})
    assert response.status_code == 200
    return main_of(response.text)


def main_of(page: str) -> str:
    """The page's content in one line, without its tags."""
    content = page.split("<main")[1].split("</main>", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def karens_meeting(stage: Stage, day: date) -> Meeting:
    """Karen, whom Mette shares Selam with, teaches Yusuf, whom Mette does not know."""
    karen = stage.actor(stage.cast.karen)
    meeting = Meeting(
        municipality_id=stage.cast.solby,
        host_id=karen.person_id,
        kind="evaluation",
        starts_at=at(day, 13),
        ends_at=at(day, 14),
        way="place",
        place="Sprogskolen",
        language="ar",
        interpreter="none_needed",
        made_by_id=karen.person_id,
        made_at=stage.now,
        settled_at=stage.now,
    )
    stage.session.add(meeting)
    stage.session.flush()
    for person_id, part in ((karen.person_id, "host"), (stage.cast.yusuf, "citizen")):
        stage.session.add(
            Participant(
                municipality_id=stage.cast.solby,
                meeting_id=meeting.id,
                person_id=person_id,
                part=part,
                starts_at=meeting.starts_at,
            )
        )
    stage.session.commit()
    return meeting


# --- A week -------------------------------------------------------------------------------------------------


def test_the_week_shows_who_when_what_and_the_answer(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    made = meet(stage, at(day, 10))
    page = week_page(mette, day)
    assert "10:00 – 11:00 Selam Tesfay Talk about work Not answered" in page
    reply = Reply(Answer.LATE)
    actions.answer_meeting(stage.session, stage.selam, made.id, reply, seen_version=1, now=stage.now)
    stage.session.commit()
    page = week_page(mette, day)
    assert "Comes late" in page
    assert "Two at once" not in page


def test_each_day_is_a_heading_with_a_list(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    meet(stage, at(day, 10))
    text = mette.get(f"{WEEK}?day={day}").text
    assert text.count('<h2 class="day-name">') == 7
    assert text.count('<ul class="entries"') == 1
    assert main_of(text).count("No meetings") == 6
    assert "<table" not in text


def test_offered_times_are_called_so(mette: FlaskClient, stage: Stage) -> None:
    days = coming_week(stage)
    offer(stage, at(days[1], 9), at(days[3], 14))
    page = week_page(mette, days[0])
    assert "09:00 – 10:00 Selam Tesfay Talk Offered" in page
    assert "14:00 – 15:00 Selam Tesfay Talk Offered" in page
    assert "Not answered" not in page


def test_two_meetings_at_once_are_marked_in_words(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    meet(stage, at(day, 10))
    meet(stage, at(day, 10, 30))
    assert week_page(mette, day).count("Two at once") == 2


def test_a_cancelled_meeting_says_so(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    made = meet(stage, at(day, 10))
    actions.cancel_meeting(stage.session, stage.mette, stage.about_selam, made.id, "Syg", seen_version=1, now=stage.now)
    stage.session.commit()
    assert "Cancelled" in week_page(mette, day)


def test_a_group_says_how_many_come(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    facts = MeetingFacts("group", at(day, 10), at(day, 11), "Salen", "da")
    actions.make_group_meeting(stage.session, stage.mette, [stage.about_selam], facts, stage.now)
    stage.session.commit()
    page = week_page(mette, day)
    assert "Group meeting 0 come" in page
    assert "Selam" not in page


def test_a_former_citizens_name_and_kind_are_gone(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    made = meet(stage, at(day, 10))
    stage.end_relation(stage.cast.mette)
    page = mette.get(f"{WEEK}?day={day}").text
    assert "10:00 – 11:00 Taken" in main_of(page)
    for secret in ("Selam", "Talk about work", f"/staff/meetings/{made.id}"):
        assert secret not in page


def test_a_week_without_anything_works(mette: FlaskClient, stage: Stage) -> None:
    page = week_page(mette, coming_week(stage)[0])
    assert page.count("No meetings") == 7


def test_today_is_marked_where_it_is(mette: FlaskClient, stage: Stage) -> None:
    for address in (WEEK, MONTH):
        assert mette.get(address).text.count('aria-current="date"') == 1
    assert 'aria-current="date"' not in mette.get(f"{WEEK}?day={coming_week(stage)[0]}").text


@ON_SQLITE
@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-12-24", ("Christmas Eve", "Week 52")),
        ("2026-12-31", ("New Year", "Week 53 28 Dec 2026 – 3 Jan 2027")),
        ("2027-01-01", ("New Year", "Week 53 28 Dec 2026 – 3 Jan 2027")),
        ("2026-03-29", ("Week 13 23 Mar 2026 – 29 Mar 2026",)),
        ("2026-10-25", ("Week 43 19 Oct 2026 – 25 Oct 2026",)),
    ],
)
def test_holidays_and_the_number_of_the_week_are_named(mette: FlaskClient, day: str, told: tuple[str, ...]) -> None:
    page = mette.get(f"{WEEK}?day={day}").text
    seen = main_of(page) + " ".join(re.sub(r"<[^>]+>", " ", page.split("<h1>")[1].split("</h1>")[0]).split())
    for sentence in told:
        assert sentence in seen


@pytest.mark.parametrize(
    ("monday", "sunday"), [("2026-03-23", "2026-03-29"), ("2026-10-19", "2026-10-25"), ("2026-12-28", "2027-01-03")]
)
def test_nothing_is_lost_where_clocks_or_years_change(
    mette: FlaskClient, stage: Stage, monday: str, sunday: str
) -> None:
    first, last = date.fromisoformat(monday), date.fromisoformat(sunday)
    outside = (at(first - timedelta(days=1), 23), at(last + timedelta(days=1), 0))
    many(stage, [at(first, 0), at(last, 10), at(last, 23), *outside])
    page = week_page(mette, last)
    assert page.count("Selam Tesfay") == 3
    assert "10:00 – 11:00" in page
    assert "23:00 – 00:00" in page


def test_the_steps_lead_to_the_weeks_beside_and_keep_the_colleague(mette: FlaskClient, stage: Stage) -> None:
    text = mette.get(f"{WEEK}?day=2026-12-30&with={stage.cast.karen}").text
    for day in ("2026-12-21", "2027-01-04"):
        assert f"{WEEK}?day={day}&amp;with={stage.cast.karen}" in text


@ON_SQLITE
@pytest.mark.parametrize("address", [WEEK + "?day=", MONTH + "?month="])
@pytest.mark.parametrize("odd", ["", "x", "2026-13", "2026-02-30", "0001-01-01", "9999-12-31", "9999-12", "٢٠٢٦-١١-٢٥"])
def test_an_odd_day_is_today(mette: FlaskClient, address: str, odd: str) -> None:
    assert 'aria-current="date"' in mette.get(address + odd).text


def test_the_three_ways_lead_to_each_other(mette: FlaskClient) -> None:
    for address in ("/staff/meetings", WEEK, MONTH):
        text = mette.get(address).text
        assert text.count(f'href="{address}" aria-current="page"') >= 1
        for other in ("/staff/meetings", WEEK, MONTH, HOURS):
            assert f'href="{other}"' in text


# --- Colleagues ---------------------------------------------------------------------------------------------


def test_of_a_colleague_only_times_are_told(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    meet(stage, at(day, 10))
    made = karens_meeting(stage, day)
    text = mette.get(f"{WEEK}?day={day}&with={stage.cast.karen}").text
    assert "13:00 – 14:00 Karen is busy" in main_of(text)
    assert "10:00 – 11:00 Selam Tesfay" in main_of(text)
    for secret in ("Yusuf", "Haddad", "Evaluation", "Sprogskolen", f"/staff/meetings/{made.id}"):
        assert secret not in text


def test_the_page_says_when_both_are_free(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    meet(stage, at(day, 10))
    karens_meeting(stage, day)
    page = week_page(mette, day, stage.cast.karen)
    if queries.holiday(day):
        assert "10:00 – 11:00" in page
    else:
        assert "Both are free: 08:00 – 10:00 , 11:00 – 13:00 , 14:00 – 16:00" in page
    assert "Both are free" not in week_page(mette, day)


def test_without_a_colleague_chosen_nothing_of_hers_is_there(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    karens_meeting(stage, day)
    page = week_page(mette, day)
    assert "13:00" not in page
    assert "Karen Holm" in page


@pytest.mark.parametrize("name", ["anders", "selam", "jens", "bodil", "mette"])
def test_nobody_but_colleagues_can_be_looked_at(mette: FlaskClient, stage: Stage, name: str) -> None:
    assert mette.get(f"{WEEK}?with={getattr(stage.cast, name)}").status_code == 404


@ON_SQLITE
def test_who_shares_no_citizen_any_more_is_no_colleague(mette: FlaskClient, stage: Stage) -> None:
    stage.end_relation(stage.cast.karen)
    assert mette.get(f"{WEEK}?with={stage.cast.karen}").status_code == 404
    assert "Karen" not in mette.get(WEEK).text


# --- A month ------------------------------------------------------------------------------------------------


def test_the_month_shows_days_that_have_something(mette: FlaskClient, stage: Stage) -> None:
    days = coming_week(stage)
    meet(stage, at(days[2], 10))
    text = mette.get(f"{MONTH}?month={days[2]:%Y-%m}").text
    assert "10:00 – 11:00 Selam Tesfay Not answered" in main_of(text)
    assert f"{WEEK}?day={days[2]}" in text


def test_a_full_day_leads_to_its_week(mette: FlaskClient, stage: Stage) -> None:
    day = coming_week(stage)[2]
    for hour in range(8, 14):
        meet(stage, at(day, hour))
    page = main_of(mette.get(f"{MONTH}?month={day:%Y-%m}").text)
    assert page.count("Selam Tesfay") == 4
    assert "And 2 more" in page


@ON_SQLITE
def test_an_empty_month_works_and_names_holidays(mette: FlaskClient) -> None:
    text = mette.get(f"{MONTH}?month=2026-12").text
    assert "December 2026" in text
    assert "No meetings this month." in text
    assert "Christmas" in text
    assert "begins-2" in text
    assert f"{MONTH}?month=2026-11" in text
    assert f"{MONTH}?month=2027-01" in text


# --- Hours --------------------------------------------------------------------------------------------------


def typed(*windows: Window) -> dict[str, str]:
    fields: dict[str, str] = {}
    for window in windows:
        row = 1 if f"begins_{window.weekday}_0" in fields else 0
        fields[f"begins_{window.weekday}_{row}"] = window.begins.isoformat("minutes")
        fields[f"ends_{window.weekday}_{row}"] = window.ends.isoformat("minutes")
    return fields


def window(weekday: int, begins: int, ends: int) -> Window:
    day = date(2026, 11, 25)
    return Window(weekday, at(day, begins + 1).time(), at(day, ends + 1).time())


def kept(stage: Stage) -> list[Window]:
    found = queries.open_hours(stage.session, stage.cast.solby, stage.cast.mette)
    stage.session.commit()
    return found


def test_hours_are_saved_and_shown_again(mette: FlaskClient, stage: Stage) -> None:
    wanted = [window(0, 9, 11), window(0, 13, 15), window(4, 8, 12)]
    response = mette.post(HOURS, data=typed(*wanted))
    assert (response.status_code, response.location) == (303, HOURS)
    assert kept(stage) == wanted
    page = mette.get(HOURS).text
    assert "Your hours are saved." in page
    assert page.count('value="09:00"') == 1
    mette.post(HOURS, data={})
    assert kept(stage) == []


def test_hours_of_somebody_else_stay(mette: FlaskClient, stage: Stage) -> None:
    other = replace(stage.mette, person_id=stage.cast.anders, municipality_id=stage.cast.vandby)
    actions.open_hours(stage.session, other, [window(1, 9, 11)])
    stage.session.commit()
    mette.post(HOURS, data=typed(window(0, 9, 11)))
    assert queries.open_hours(stage.session, stage.cast.vandby, stage.cast.anders) == [window(1, 9, 11)]


@ON_SQLITE
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"begins_0_0": "12:00", "ends_0_0": "09:00"}, "Monday: the end comes before the beginning."),
        ({"begins_0_0": "09:00", "ends_0_0": "09:00"}, "Monday: the end comes before the beginning."),
        (typed(window(2, 9, 12), window(2, 11, 14)), "Wednesday: the two times overlap."),
        ({"begins_4_1": "09:00"}, "Friday: write both times."),
        ({"ends_4_1": "09:00"}, "Friday: write both times."),
    ],
)
def test_wrong_hours_are_told_and_nothing_is_lost(
    mette: FlaskClient, stage: Stage, fields: dict[str, str], sentence: str
) -> None:
    actions.open_hours(stage.session, stage.mette, [window(3, 9, 12)])
    stage.session.commit()
    response = mette.post(HOURS, data=fields)
    assert response.status_code == 422
    assert response.text.count(sentence) == 2, "once on top, once at the field"
    for value in fields.values():
        assert f'value="{value}"' in response.text
    assert kept(stage) == [window(3, 9, 12)]


@ON_SQLITE
def test_a_time_that_is_none_is_refused(mette: FlaskClient, stage: Stage) -> None:
    assert mette.post(HOURS, data={"begins_0_0": "late", "ends_0_0": "09:00"}).status_code == 422
    assert kept(stage) == []


# --- Who may, and what it costs -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["selam", "jens", "bodil"])
@pytest.mark.parametrize("address", [WEEK, MONTH, HOURS])
def test_only_staff_have_a_calendar(client_of: ClientOf, name: str, address: str) -> None:
    assert client_of(name).get(address).status_code == 403


def test_who_holds_no_meetings_sees_the_calendar_without_its_verbs(client_of: ClientOf, plan: Plan) -> None:
    plan.speak("karen", "en")
    karen = client_of("karen")
    for address in ("/staff/meetings", WEEK, MONTH):
        text = karen.get(address).text
        assert "New group meeting" not in text
        assert HOURS not in text
    assert karen.get(HOURS).status_code == 403
    assert karen.post(HOURS).status_code == 403


@pytest.mark.parametrize("count", [0, 1, 200])
def test_a_week_costs_at_most_eight_statements_however_full(
    mette: FlaskClient, stage: Stage, app: Flask, count: int
) -> None:
    days = coming_week(stage)
    many(stage, [at(days[number % 5], 8) + number // 5 * HOUR / 10 for number in range(count)])
    with sent(app.extensions["engine"]) as texts:
        page = week_page(mette, days[0], stage.cast.karen)
    assert page.count("Selam Tesfay") == count
    assert 0 < len(texts) <= MOST_STATEMENTS, texts


def more_people(stage: Stage, count: int, role: Role) -> list[int]:
    """More citizens of Mette's, or more staff around Selam."""
    cast, home = stage.cast, {"municipality_id": stage.cast.solby}
    made = [
        Person(**home, external_id=f"y{number}", role=role, given_name=f"Y{number}", family_name="Y", language="da")
        for number in range(count)
    ]
    stage.session.add_all(made)
    stage.session.flush()
    for person in made:
        pair = (person.id, cast.mette) if role is Role.CITIZEN else (cast.selam, person.id)
        who = {"citizen_id": pair[0], "person_id": pair[1], "role": "case_worker", "is_contact": False}
        stage.session.add(Relation(**home, **who, started_on=SINCE))
    stage.session.commit()
    return [person.id for person in made]


def booking(stage: Stage, **other: Any) -> dict[str, Any]:
    usual = {
        "kind": "network",
        "day": coming_week(stage)[2].isoformat(),
        "start": "10:00",
        "end": "11:00",
        "way": "place",
        "place": "Salen",
        "language": "da",
        "interpreter": "none_needed",
        "anyway": "y",
    }
    return {**usual, **other}


def test_a_group_of_ten_is_booked_with_at_most_fifteen_statements(mette: FlaskClient, stage: Stage, app: Flask) -> None:
    citizens = more_people(stage, 10, Role.CITIZEN)
    with sent(app.extensions["engine"]) as texts:
        response = mette.post("/staff/meetings/group", data=booking(stage, kind="group", citizens=citizens))
    assert response.status_code == 303
    assert len(texts) <= MOST_TO_BOOK, texts


def test_a_meeting_of_ten_is_booked_with_at_most_fifteen_statements(
    mette: FlaskClient, stage: Stage, app: Flask
) -> None:
    colleagues = more_people(stage, 8, Role.JOB_CONSULTANT)
    with sent(app.extensions["engine"]) as texts:
        response = mette.post(
            f"/staff/citizens/{stage.cast.selam}/meetings/new", data=booking(stage, people=colleagues)
        )
    assert response.status_code == 303
    assert stage.session.query(Participant).count() == 10
    assert len(texts) <= MOST_TO_BOOK, texts


def test_everybody_who_has_something_else_is_named_before_a_booking(mette: FlaskClient, stage: Stage) -> None:
    colleagues = more_people(stage, 2, Role.JOB_CONSULTANT)
    day = coming_week(stage)[2]
    karens_meeting(stage, day)
    wanted = booking(stage, start="13:30", end="14:30", people=[*colleagues, stage.cast.karen], anyway="")
    response = mette.post(f"/staff/citizens/{stage.cast.selam}/meetings/new", data=wanted)
    assert response.status_code == 422
    assert "Karen has another meeting at 13:30" in response.text
    assert "Y0 has another meeting" not in response.text


def test_a_stranger_cannot_be_called_to_a_group(mette: FlaskClient, stage: Stage) -> None:
    wanted = booking(stage, kind="group", citizens=[stage.cast.selam, stage.cast.yusuf])
    assert mette.post("/staff/meetings/group", data=wanted).status_code == 422
    assert stage.session.query(Meeting).count() == 0
