"""Planned days follow the clock on the wall, and their length the time that really passes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.placements.rules import (
    LINK_KEPT,
    PlacementState,
    Shift,
    WeeklyTime,
    clashing_weekdays,
    first_overlap,
    is_language_nearly_used,
    link_expires_on,
    link_token,
    minutes_between,
    planned_shifts,
    shift_on,
    state_of,
)

HERE = ZoneInfo("Europe/Copenhagen")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
"""On these Sundays the clock leaves out, and repeats, the hour after two."""
DAY = timedelta(days=1)
TIMES = st.times().map(lambda time: time.replace(second=0, microsecond=0))


def shift(day: date, begins: str, ends: str) -> Shift:
    return shift_on(day, time.fromisoformat(begins), time.fromisoformat(ends), HERE)


def weekly(weekday: int, begins: str, ends: str) -> WeeklyTime:
    return WeeklyTime(weekday, time.fromisoformat(begins), time.fromisoformat(ends))


@pytest.mark.parametrize(
    ("day", "begins", "ends", "minutes"),
    [
        (date(2026, 6, 1), "08:00", "14:30", 390),
        (date(2026, 6, 1), "22:00", "06:00", 480),
        (SPRING - DAY, "22:00", "06:00", 420),
        (AUTUMN - DAY, "22:00", "06:00", 540),
        (SPRING, "22:00", "06:00", 480),
        (AUTUMN, "08:00", "14:00", 360),
        (SPRING, "00:00", "00:00", 1380),
        (AUTUMN, "00:00", "00:00", 1500),
        (SPRING, "01:30", "03:30", 60),
        (AUTUMN, "01:30", "03:30", 180),
        (SPRING, "02:30", "03:10", 40),
    ],
)
def test_a_day_has_the_minutes_that_really_pass(day: date, begins: str, ends: str, minutes: int) -> None:
    planned = shift(day, begins, ends)
    assert planned.day == day
    assert minutes_between(planned.begins_at, planned.ends_at) == minutes


@pytest.mark.parametrize("zone", [UTC, HERE])
def test_minutes_are_counted_the_same_in_every_zone(zone: ZoneInfo) -> None:
    planned = shift(SPRING - DAY, "22:00", "06:00")
    assert minutes_between(planned.begins_at.astimezone(zone), planned.ends_at.astimezone(zone)) == 420


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)) | st.sampled_from([SPRING, AUTUMN, SPRING - DAY]), TIMES, TIMES)
def test_every_day_has_minutes_and_at_most_a_day_and_an_hour(day: date, begins: time, ends: time) -> None:
    planned = shift_on(day, begins, ends, HERE)
    assert 0 < minutes_between(planned.begins_at, planned.ends_at) <= 25 * 60


def test_the_clock_on_the_wall_stays_through_the_year() -> None:
    made = planned_shifts(date(2026, 3, 1), date(2026, 11, 30), [weekly(0, "08:00", "14:00")], (), HERE)
    assert {one.begins_at.astimezone(HERE).time() for one in made} == {time(8)}
    assert {one.begins_at.hour for one in made} == {6, 7}


def test_days_are_planned_from_the_first_to_the_last_without_closed_ones() -> None:
    monday, closed = date(2026, 6, 1), {date(2026, 6, 5), date(2026, 6, 7)}
    times = [weekly(0, "08:00", "12:00"), weekly(4, "09:00", "13:00")]
    made = planned_shifts(monday, monday + 14 * DAY, times, closed, HERE)
    assert [one.day.day for one in made] == [1, 8, 12, 15]
    assert {one.begins_at.astimezone(HERE).hour for one in made if one.day.weekday() == 4} == {9}


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 6, 2), date(2026, 6, 7)), (date(2026, 6, 8), date(2026, 6, 1))]
)
def test_there_may_be_no_day_at_all(first: date, last: date) -> None:
    assert planned_shifts(first, last, [weekly(0, "08:00", "12:00")], (), HERE) == []


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([("08:00", "14:00"), ("14:00", "20:00")], False),
        ([("08:00", "14:01"), ("14:00", "20:00")], True),
        ([("20:00", "06:00"), ("04:00", "05:00"), ("07:00", "08:00")], False),
        ([("00:00", "00:00"), ("10:00", "11:00"), ("22:00", "23:00")], True),
        ([], False),
    ],
)
def test_days_overlap_when_one_begins_before_another_has_ended(times: list[tuple[str, str]], expected: bool) -> None:
    made = [shift(date(2026, 6, 1), *pair) for pair in times]
    assert (first_overlap(reversed(made)) is not None) is expected


def test_a_night_shift_overlaps_the_next_morning() -> None:
    night, morning = shift(SPRING - DAY, "22:00", "06:00"), shift(SPRING, "05:59", "12:00")
    assert first_overlap([morning, night]) == (night, morning)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([weekly(6, "22:00", "06:00"), weekly(0, "05:00", "12:00")], (6, 0)),
        ([weekly(6, "22:00", "06:00"), weekly(0, "06:00", "12:00")], None),
        ([weekly(0, "22:00", "06:00"), weekly(1, "05:30", "12:00")], (0, 1)),
        ([weekly(day, "22:00", "06:00") for day in range(7)], None),
        ([weekly(day, "00:00", "00:00") for day in range(7)], None),
        ([weekly(6, "12:00", "12:00")], None),
        ([], None),
    ],
)
def test_night_shifts_may_clash_over_the_weeks_end(times: list[WeeklyTime], expected: tuple[int, int] | None) -> None:
    assert clashing_weekdays(times) == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 5, 31), PlacementState.COMING),
        (date(2026, 6, 1), PlacementState.RUNNING),
        (date(2026, 6, 30), PlacementState.RUNNING),
        (date(2026, 7, 1), PlacementState.OVER),
    ],
)
def test_a_placement_runs_on_its_first_and_its_last_day(today: date, expected: PlacementState) -> None:
    assert state_of(date(2026, 6, 1), date(2026, 6, 30), today) is expected


def test_a_link_opens_for_a_fortnight_after_the_last_day() -> None:
    assert link_expires_on(date(2026, 6, 30)) == date(2026, 7, 15)
    assert link_expires_on(date(2026, 6, 30)) - date(2026, 6, 30) == LINK_KEPT + DAY


def test_moments_are_kept_in_utc() -> None:
    assert shift(date(2026, 6, 1), "08:00", "14:00").begins_at == datetime(2026, 6, 1, 6, tzinfo=UTC)


def test_a_links_token_is_long_and_fits_into_an_address() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", link_token("key", 1, 2, "nonce"))


def test_another_key_placement_person_or_nonce_makes_another_token() -> None:
    tokens = {
        link_token("key", 1, 2, "nonce"),
        link_token("another", 1, 2, "nonce"),
        link_token("key", 2, 2, "nonce"),
        link_token("key", 1, 1, "nonce"),
        link_token("key", 1, 2, "nonce2"),
        link_token("key", 1, 22, "once"),
    }
    assert len(tokens) == 6


@pytest.mark.parametrize(
    ("planned", "used", "days_left", "is_near"),
    [
        (600, 480, 7, True),
        (600, 599, 90, True),
        (600, 479, 7, False),
        (600, 480, 6, False),
        (600, 600, 30, False),
        (600, 700, 30, False),
        (0, 0, 30, False),
        (0, 30, 30, False),
    ],
)
def test_hours_of_danish_are_nearly_used_from_four_fifths_on(
    planned: int, used: int, days_left: int, is_near: bool
) -> None:
    today = date(2026, 6, 3)
    assert is_language_nearly_used(today + timedelta(days=days_left), planned, used, today) is is_near
