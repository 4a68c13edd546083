"""What is planned for a week, what stands of it, and who can speak of it when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.ledger.rules import (
    MOST_WEEKLY,
    MOST_WEEKS,
    STEP,
    WEEK,
    WEEKS,
    Fault,
    WeekState,
    Word,
    can_speak,
    fault_in_hours,
    fault_in_word,
    monday_of,
    near,
    planned_minutes,
    week_of,
    window,
)
from citizen_app.placements.rules import Side

AT = datetime(2026, 6, 1, 8, tzinfo=UTC)
MONDAY, TODAY = date(2026, 6, 1), date(2026, 6, 3)
DAY = timedelta(days=1)


def word(side: str, minutes: int, number: int = 0) -> Word:
    """A word so many minutes after eight."""
    return Word(f"{side[0]}{number}", Side(side), minutes, AT + timedelta(minutes=number))


@pytest.mark.parametrize(
    ("words", "state", "confirmed"),
    [
        ([], WeekState.UNSAID, 0),
        ([word("citizen", 600)], WeekState.STAFF_NEXT, 0),
        ([word("staff", 600)], WeekState.CITIZEN_NEXT, 0),
        ([word("citizen", 600), word("staff", 600, 1)], WeekState.AGREED, 600),
        ([word("staff", 600), word("citizen", 600, 1)], WeekState.AGREED, 600),
        ([word("citizen", 0), word("staff", 0, 1)], WeekState.AGREED, 0),
        ([word("citizen", 600), word("staff", 480, 1)], WeekState.SETTLED, 480),
        ([word("staff", 480), word("citizen", 600, 1)], WeekState.DIFFERENT, 0),
        ([word("citizen", 600), word("staff", 480, 1), word("citizen", 600, 2)], WeekState.DIFFERENT, 0),
        ([word("citizen", 600), word("staff", 480, 1), word("citizen", 480, 2)], WeekState.AGREED, 480),
        (
            [word("citizen", 600), word("staff", 480, 1), word("citizen", 600, 2), word("staff", 540, 3)],
            WeekState.SETTLED,
            540,
        ),
    ],
)
def test_the_state_of_a_week_follows_from_what_was_said(words: list[Word], state: WeekState, confirmed: int) -> None:
    stand = week_of(words)
    assert (stand.state, stand.confirmed) == (state, confirmed)


_said = st.lists(
    st.builds(word, st.sampled_from(["citizen", "staff"]), st.sampled_from([0, 300, 600]), st.integers(0, 20)),
    max_size=6,
    unique_by=lambda one: one.id,
)


@given(_said, st.data())
def test_any_order_and_any_repetition_give_one_week(words: list[Word], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(words), max_size=4)) if words else []
    arrived = data.draw(st.permutations([*words, *again]))
    assert week_of(arrived) == week_of(words)


@given(_said)
def test_nothing_is_confirmed_that_staff_alone_or_she_alone_says(words: list[Word]) -> None:
    stand = week_of(words)
    if {one.side for one in words} != {Side.CITIZEN, Side.STAFF}:
        assert stand.confirmed == 0
    if words and max(words, key=lambda one: one.order).side is Side.CITIZEN and stand.confirmed:
        assert stand.citizen is not None
        assert stand.confirmed == stand.citizen.minutes


@pytest.mark.parametrize(
    ("starts", "last", "minutes"),
    [
        (MONDAY, MONDAY + 6 * DAY, 600),
        (MONDAY - 90 * DAY, MONDAY + 90 * DAY, 600),
        (MONDAY + 2 * DAY, MONDAY + 90 * DAY, 435),
        (MONDAY - 90 * DAY, MONDAY, 90),
        (MONDAY + 6 * DAY, MONDAY + 6 * DAY, 90),
        (MONDAY + 7 * DAY, MONDAY + 9 * DAY, 0),
        (MONDAY - 9 * DAY, MONDAY - DAY, 0),
    ],
)
def test_a_week_that_is_partly_inside_has_its_share(starts: date, last: date, minutes: int) -> None:
    """Five sevenths of ten hours are seven hours and nine minutes: seven and a quarter."""
    assert planned_minutes(600, starts, last, MONDAY) == minutes


@given(st.integers(1, MOST_WEEKLY // STEP), st.integers(-20, 20), st.integers(0, 40))
def test_a_share_is_in_quarters_and_never_more_than_the_whole(quarters: int, begin: int, length: int) -> None:
    starts = MONDAY + begin * DAY
    found = planned_minutes(quarters * STEP, starts, starts + length * DAY, MONDAY)
    assert 0 <= found <= quarters * STEP
    assert found % STEP == 0


@pytest.mark.parametrize(
    ("weekly", "days", "fault"),
    [
        (600, 90, None),
        (15, 0, None),
        (MOST_WEEKLY, 731, None),
        (MOST_WEEKLY + 60, 90, Fault.WEEKLY),
        (0, 90, Fault.WEEKLY),
        (-600, 90, Fault.WEEKLY),
        (601, 90, Fault.WEEKLY),
        (600, -1, Fault.DATES),
        (600, 732, Fault.TOO_LONG),
    ],
)
def test_hours_that_cannot_be_are_told_why(weekly: int, days: int, fault: Fault | None) -> None:
    assert fault_in_hours(weekly, MONDAY, MONDAY + days * DAY) is fault


@pytest.mark.parametrize(
    ("side", "minutes", "monday", "has_staff_spoken", "fault"),
    [
        ("citizen", 600, MONDAY, False, None),
        ("citizen", 0, MONDAY, False, None),
        ("citizen", -1, MONDAY, False, Fault.MINUTES),
        ("citizen", 61 * 60, MONDAY, False, Fault.MINUTES),
        ("citizen", 600, MONDAY + DAY, False, Fault.WEEK),
        ("citizen", 600, MONDAY + WEEK, False, Fault.TOO_EARLY),
        ("staff", 600, MONDAY + WEEK, False, Fault.TOO_EARLY),
        ("citizen", 600, MONDAY - 8 * WEEK, False, None),
        ("citizen", 600, MONDAY - 9 * WEEK, False, Fault.TOO_LATE),
        ("citizen", 600, MONDAY - 9 * WEEK, True, None),
        ("staff", 600, MONDAY - 9 * WEEK, False, None),
        ("staff", 600, MONDAY - 20 * WEEK, False, Fault.WEEK),
        ("staff", 600, MONDAY + 20 * WEEK, False, Fault.WEEK),
        ("staff", 600, date(9999, 12, 27), False, Fault.WEEK),
        ("staff", 600, date(1, 1, 1), False, Fault.WEEK),
    ],
)
def test_a_word_that_cannot_be_is_told_why(
    side: str, minutes: int, monday: date, has_staff_spoken: bool, fault: Fault | None
) -> None:
    inside = (MONDAY - 15 * WEEK, MONDAY + 15 * WEEK)
    found = fault_in_word(Side(side), minutes, monday, *inside, TODAY, has_staff_spoken=has_staff_spoken)
    assert found is fault


def test_she_can_always_answer_what_staff_say() -> None:
    assert not can_speak(Side.CITIZEN, MONDAY - 30 * WEEK, TODAY, has_staff_spoken=False)
    assert can_speak(Side.CITIZEN, MONDAY - 30 * WEEK, TODAY, has_staff_spoken=True)


@pytest.mark.parametrize("before", ["", "x", "9999-12-31", "0001-01-01", "2026-13-01", "2026-06-02"])
def test_a_strange_place_is_the_newest_weeks(before: str) -> None:
    assert window(TODAY, before, WEEKS) == (MONDAY - 7 * WEEK, MONDAY)


@pytest.mark.parametrize(("count", "weeks"), [(1, 1), (0, 1), (-5, 1), (52, 52), (10_000, MOST_WEEKS)])
def test_as_many_weeks_as_asked_for_but_not_ten_thousand(count: int, weeks: int) -> None:
    first, last = window(TODAY, "", count)
    assert (last - first) // WEEK + 1 == weeks


def test_windows_follow_each_other_without_a_gap() -> None:
    first, _last = window(TODAY, "", WEEKS)
    _first, last = window(TODAY, first.isoformat(), WEEKS)
    assert last == first - WEEK


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_day_that_no_plan_can_reach_leads_to_this_week(day: date) -> None:
    assert near(day, TODAY) == MONDAY == monday_of(TODAY)
