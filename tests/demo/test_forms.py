"""The demo's data files: whole, within every limit, and without anything that looks like a CPR number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from citizen_app.config import LANGUAGES
from citizen_app.demo.forms import DATA, read_story
from citizen_app.demo.rules import Event, Placing, Story, working_day
from citizen_app.goals.rules import GOAL_LENGTH, WHY_LENGTH
from citizen_app.meetings.rules import PLACE_LENGTH, TEXT_LENGTH
from citizen_app.placements.queries import closed_days
from citizen_app.placements.rules import WeeklyTime, planned_shifts
from citizen_app.policy import Role
from citizen_app.texts.queries import phrase_bank
from citizen_app.texts.rules import has_cpr_number

LOADED = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
LIMITS = {
    "own": GOAL_LENGTH,
    "words": WHY_LENGTH,
    "place": PLACE_LENGTH,
    "how_to_find": TEXT_LENGTH,
    "bring": TEXT_LENGTH,
    "note": TEXT_LENGTH,
    "reason": TEXT_LENGTH,
}
NEEDED_DAYS = {"amina": 10, "semhar": 6, "mykola": 6, "tomasz": 0}
"""So many planned days before the loading the story cannot do without; words of earlier ones may be left out."""


def rows_of(story: Story) -> Iterator[list[Event]]:
    for plan in story.plans:
        yield from (list(row) for row in (*plan.goals, *plan.meetings, plan.hours) if row)
        yield from (list(placing.events) for placing in plan.placements)
    yield list(story.workplaces)


def events_of(story: Story) -> list[Event]:
    return [event for row in rows_of(story) for event in row]


def facts_of(story: Story) -> Iterator[tuple[str, Any]]:
    for event in events_of(story):
        yield from event.facts.items()
        for part in event.facts.get("into", []):
            yield from part.items()


def test_twelve_citizens_read_all_ten_languages_and_each_has_a_plan() -> None:
    story = read_story(LOADED)
    citizens = [person for person in story.sheet.people if person.role is Role.CITIZEN]
    languages = Counter(person.values["language"] for person in citizens)
    assert story.sheet.faults == []
    assert len(citizens) == 12
    assert languages == Counter([*LANGUAGES, "ar", "uk"])
    assert sorted(plan.citizen for plan in story.plans) == sorted(person.external_id for person in citizens)
    assert all(plan.goals and plan.meetings for plan in story.plans)


def test_everybody_has_a_user_name_of_her_own_and_every_role_is_there() -> None:
    people = read_story(LOADED).sheet.people
    assert len({person.values["username"] for person in people} - {None}) == len(people)
    assert {person.role for person in people} == set(Role)


def test_everybody_says_something_in_words_of_her_own() -> None:
    story = read_story(LOADED)
    languages = {person.external_id: person.values["language"] for person in story.sheet.people}
    own = {languages[event.by] for event in events_of(story) if event.verb in {"start", "why"} and "own" in event.facts}
    assert own == set(LANGUAGES)


def test_nothing_looks_like_a_cpr_number() -> None:
    files = sorted(DATA.iterdir())
    assert [file.name for file in files] == ["people.csv", "plans.json"]
    assert not any(has_cpr_number(file.read_text(encoding="utf-8")) for file in files)


def test_no_text_is_longer_than_its_form_allows() -> None:
    texts = [(name, value) for name, value in facts_of(read_story(LOADED)) if name in LIMITS]
    assert {name for name, _value in texts} == set(LIMITS)
    assert [value for name, value in texts if len(value) > LIMITS[name]] == []


def test_every_picture_is_one_that_set_up_copies() -> None:
    pictures = {value for name, value in facts_of(read_story(LOADED)) if name == "picture"}
    assert pictures
    assert pictures <= {phrase.picture for phrase in phrase_bank().values()}


@pytest.mark.parametrize("later", range(7))
def test_people_act_and_meet_in_order_on_working_days(later: int) -> None:
    now = LOADED + timedelta(days=later)
    for row in rows_of(read_story(now)):
        moments = [event.at for event in row]
        assert moments == sorted(moments)
        assert moments[-1] < now
        past = [moment.astimezone(COPENHAGEN) for moment in moments if moment != now - timedelta(minutes=5)]
        assert all(moment.weekday() < 5 and time(8) <= moment.time() <= time(15) for moment in past)
        days = [event.facts["day"] for event in row if "day" in event.facts]
        assert all(day.weekday() < 5 for day in days)


def placings_of(story: Story) -> dict[str, Placing]:
    return {plan.citizen: placing for plan in story.plans for placing in plan.placements}


def test_what_is_said_of_days_lies_in_their_hours_or_their_evenings_in_order() -> None:
    placings = placings_of(read_story(LOADED))
    assert placings.keys() == NEEDED_DAYS.keys()
    for placing in placings.values():
        begins = time.fromisoformat(placing.events[0].facts["hours"][0])
        assert all(begins <= word.clock <= time(20) and word.day <= word.on < 0 for word in placing.words)
        for number in {word.day for word in placing.words}:
            told = [(word.on, word.clock) for word in placing.words if word.day == number]
            assert told == sorted(told)


def test_every_day_of_the_year_has_the_planned_days_that_the_story_needs() -> None:
    placings = {who: placing for who, placing in placings_of(read_story(LOADED)).items() if NEEDED_DAYS[who]}
    plans = json.loads((DATA / "plans.json").read_text(encoding="utf-8"))["plans"]
    rows = {plan["citizen"]: plan["placements"][0]["events"][0][3] for plan in plans if plan["citizen"] in placings}
    for number in range(6 * 366):
        today = date(2026, 1, 1) + timedelta(days=number)
        for who, facts in rows.items():
            first, last = working_day(today, facts["starts_on"]), working_day(today, facts["last_day"])
            times = [WeeklyTime(weekday, time(9), time(12)) for weekday in facts["weekdays"]]
            until = min(last, today - timedelta(days=1))
            planned = planned_shifts(first, until, times, closed_days(first, until), COPENHAGEN)
            assert len(planned) >= NEEDED_DAYS[who], (who, today)
