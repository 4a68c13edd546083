"""When a mentor is asked about a day, and a citizen about her hours: evenings, nights and changes of the clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizen_app.placements.rules import shift_on
from citizen_app.reminders.queries import default_rules
from citizen_app.reminders.rules import (
    LONGEST_JITTER,
    STAGES,
    Nudge,
    ReminderKind,
    Rule,
    Subject,
    UnsaidDay,
    Wishes,
    hours_to_plan,
    is_quiet,
    nudge_to_plan,
    still_asked,
    wording,
)

ZONE = "Europe/Copenhagen"
HERE = ZoneInfo(ZONE)
AT = Rule(at=time(17, 30))
USUAL = Wishes()
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MONDAY = date(2027, 6, 7)
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
"""On these Sundays the clock leaves out, and repeats, the hour after two."""


def on(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HERE).astimezone(UTC)


def worked(day: date, begins: str = "08:00", ends: str = "15:00") -> UnsaidDay:
    shift = shift_on(day, time.fromisoformat(begins), time.fromisoformat(ends), HERE)
    return UnsaidDay(shift.day, shift.ends_at)


def nudge(
    now: datetime,
    *unsaid: UnsaidDay,
    asked: Collection[date] = (),
    rule: Rule = AT,
    wishes: Wishes = USUAL,
) -> Nudge | None:
    return nudge_to_plan(7, 3, unsaid, asked, rule, wishes, now, ZONE)


def comes(found: Nudge | None, moment: datetime) -> bool:
    """Say whether a nudge comes at a moment, or within the ten minutes over which those of one clock are spread."""
    assert found is not None
    return moment <= found.planned.due_at <= moment + timedelta(seconds=LONGEST_JITTER)


# --- A mentor who has said nothing --------------------------------------------------------------------------


def test_the_usual_clocks_are_half_past_five_and_half_past_six() -> None:
    rules = default_rules()
    assert (rules[ReminderKind.NUDGE].at, rules[ReminderKind.HOURS].at) == (time(17, 30), time(18, 30))


def test_a_day_is_asked_about_that_evening_a_day_and_three_days_later_and_no_more() -> None:
    evenings = [number for number in range(8) if nudge(on(MONDAY + number * DAY, 17, 30), worked(MONDAY))]
    assert evenings == [0, 1, 3]


@pytest.mark.parametrize("stage", STAGES)
def test_each_question_comes_at_the_rules_clock_and_says_which_day_it_is_about(stage: int) -> None:
    evening = MONDAY + stage * DAY
    found = nudge(on(evening, 17, 25), worked(MONDAY))
    assert comes(found, on(evening, 17, 30))
    assert found is not None
    assert (found.about_day, found.stage) == (MONDAY, stage)


def test_it_is_planned_ten_minutes_ahead_and_not_sooner() -> None:
    assert nudge(on(MONDAY, 17, 19), worked(MONDAY)) is None
    assert nudge(on(MONDAY, 17, 20), worked(MONDAY)) is not None


def test_a_worker_that_was_away_still_asks_that_evening_but_not_in_the_night() -> None:
    assert comes(nudge(on(MONDAY, 19), worked(MONDAY)), on(MONDAY, 19))
    assert nudge(on(MONDAY, 20, 30), worked(MONDAY)) is None


def test_all_days_without_a_word_share_one_question() -> None:
    days = [worked(MONDAY - number * DAY) for number in range(6)]
    found = nudge(on(MONDAY, 17, 30), *days)
    assert found is not None
    assert (found.about_day, found.stage) == (MONDAY, 0)
    assert nudge(on(MONDAY, 17, 30), *days, asked=[MONDAY]) is None


def test_the_question_of_yesterday_does_not_keep_todays_back() -> None:
    assert nudge(on(MONDAY, 17, 30), worked(MONDAY), asked=[MONDAY - DAY]) is not None


def test_a_day_of_four_days_ago_is_for_the_staff() -> None:
    assert nudge(on(MONDAY, 17, 30), worked(MONDAY - 4 * DAY)) is None


def test_a_late_shift_is_asked_about_an_hour_after_its_end() -> None:
    late = worked(MONDAY, "11:00", "19:00")
    assert nudge(on(MONDAY, 17, 30), late) is None
    assert comes(nudge(on(MONDAY, 19, 55), late), on(MONDAY, 20))


def test_yesterdays_question_waits_for_todays_late_shift() -> None:
    """Else one evening would ring twice."""
    days = (worked(MONDAY - DAY), worked(MONDAY, "11:00", "19:00"))
    assert nudge(on(MONDAY, 17, 30), *days) is None
    found = nudge(on(MONDAY, 20), *days)
    assert found is not None
    assert found.about_day == MONDAY


@pytest.mark.parametrize(("begins", "ends"), [("12:00", "20:30"), ("16:00", "23:45"), ("22:00", "06:00")])
def test_what_would_ring_in_quiet_hours_rings_when_they_are_over(begins: str, ends: str) -> None:
    late = worked(MONDAY, begins, ends)
    for now in (on(MONDAY, 17, 30), on(MONDAY, 21, 30), on(MONDAY + DAY, 6)):
        assert nudge(now, late) is None
    found = nudge(on(MONDAY + DAY, 6, 55), late)
    assert comes(found, on(MONDAY + DAY, 7))
    assert found is not None
    assert (found.about_day, found.stage) == (MONDAY, 0)


def test_a_night_shift_that_ends_after_the_quiet_hours_is_asked_about_an_hour_later() -> None:
    assert comes(nudge(on(MONDAY + DAY, 8, 55), worked(MONDAY, "23:00", "08:00")), on(MONDAY + DAY, 9))


def test_a_night_shift_that_goes_on_is_not_asked_about() -> None:
    assert nudge(on(MONDAY, 23), worked(MONDAY, "22:00", "06:00")) is None


def test_the_night_before_is_asked_about_again_in_its_own_evening() -> None:
    night = worked(MONDAY, "22:00", "06:00")
    found = nudge(on(MONDAY + DAY, 17, 30), night, asked=[MONDAY])
    assert found is not None
    assert (found.about_day, found.stage) == (MONDAY, 1)


def test_a_mentors_own_quiet_hours_hold() -> None:
    wishes = Wishes(quiet_from=time(17), quiet_to=time(9))
    assert nudge(on(MONDAY, 17, 30), worked(MONDAY), wishes=wishes) is None
    assert comes(nudge(on(MONDAY + DAY, 9), worked(MONDAY), wishes=wishes), on(MONDAY + DAY, 9))


@pytest.mark.parametrize("rule", [Rule(is_on=False, at=time(17, 30)), Rule(at=None)])
def test_a_municipality_can_leave_mentors_in_peace(rule: Rule) -> None:
    assert nudge(on(MONDAY, 17, 30), worked(MONDAY), rule=rule) is None


def test_a_nudge_is_useless_once_the_next_evening_asks_and_the_last_once_day_four_is_over() -> None:
    def useless(number: int) -> datetime:
        found = nudge(on(MONDAY + number * DAY, 17, 30), worked(MONDAY))
        assert found is not None
        return found.planned.useless_at

    assert [useless(stage) for stage in STAGES] == [
        on(MONDAY + DAY, 17, 30),
        on(MONDAY + 2 * DAY, 17, 30),
        on(MONDAY + 5 * DAY, 0),
    ]


@pytest.mark.parametrize("sunday", [SPRING, AUTUMN])
def test_the_clock_on_the_wall_holds_when_summer_time_begins_or_ends(sunday: date) -> None:
    for number in (0, 1):
        evening = sunday + number * DAY
        assert comes(nudge(on(evening, 17, 25), worked(sunday)), on(evening, 17, 30))
    saturday = worked(sunday - DAY, "22:00", "06:00")
    assert comes(nudge(on(sunday, 6, 55), saturday), on(sunday, 7))


@settings(deadline=None, max_examples=40)
@given(
    shifts=st.dictionaries(st.integers(-5, 1), st.tuples(st.times(), st.times()), min_size=1, max_size=7),
    clock=st.times(),
    start=st.sampled_from([MONDAY, SPRING, AUTUMN]),
)
def test_no_day_is_asked_about_twice_on_an_evening_and_none_rings_in_quiet_hours(
    shifts: dict[int, tuple[time, time]], clock: time, start: date
) -> None:
    """A planner that comes every ten minutes for three days, to a mentor who never answers."""
    days = [
        UnsaidDay(one.day, one.ends_at)
        for number, (begins, ends) in shifts.items()
        for one in [
            shift_on(start + number * DAY, begins.replace(second=0, microsecond=0), ends.replace(microsecond=0), HERE)
        ]
    ]
    asked: set[date] = set()
    for number in range(3 * 24 * 6):
        now = on(start, 0) + number * 10 * MINUTE
        found = nudge(now, *days, asked=asked, rule=Rule(at=clock.replace(second=0, microsecond=0)))
        if found is None:
            continue
        evening = found.about_day + found.stage * DAY
        assert evening not in asked
        assert found.stage in STAGES
        assert now <= found.planned.due_at < found.planned.useless_at
        assert not is_quiet(found.planned.due_at, USUAL, ZONE)
        assert still_asked(found.about_day, found.stage, found.planned.due_at, days) == found.about_day
        asked.add(evening)


def test_an_evening_is_not_asked_for_once_a_later_one_has_been() -> None:
    """Or the two would take each other's place again and again, for one that is taken back counts no more."""
    night = worked(MONDAY, "22:00", "06:00")
    early = Rule(at=time(8))
    now = on(MONDAY + DAY, 8)
    assert nudge(now, night, rule=early)
    assert nudge(now, night, rule=early, asked=[MONDAY + DAY]) is None


# --- What is still asked ------------------------------------------------------------------------------------


def test_a_nudge_holds_while_one_of_its_days_has_no_word() -> None:
    due = on(MONDAY, 17, 35)
    yesterday, older = worked(MONDAY - DAY), worked(MONDAY - 2 * DAY)
    assert still_asked(MONDAY, 0, due, [yesterday, older]) == MONDAY - DAY
    assert still_asked(MONDAY, 0, due, [worked(MONDAY), yesterday]) == MONDAY


def test_days_that_a_nudge_does_not_ask_about_do_not_keep_it() -> None:
    due = on(MONDAY, 17, 35)
    others = [worked(MONDAY + DAY), worked(MONDAY - 2 * DAY), worked(MONDAY - 4 * DAY)]
    assert still_asked(MONDAY, 0, due, others) is None
    assert still_asked(MONDAY, 0, due, []) is None


def test_a_day_that_was_moved_to_a_later_hour_is_not_asked_about_yet() -> None:
    assert still_asked(MONDAY, 0, on(MONDAY, 17, 35), [worked(MONDAY, "12:00", "19:00")]) is None


def test_the_words_say_today_only_when_it_is_today() -> None:
    subject = Subject(ReminderKind.NUDGE, 7, placement_id=3, about_day=MONDAY)
    assert wording(subject, on(MONDAY, 23, 59)) == "nudge"
    assert wording(subject, on(MONDAY + DAY, 0)) == "nudge_later"


# --- A citizen whose word is waited for ---------------------------------------------------------------------


def hours(now: datetime, *days: date, wishes: Wishes = USUAL, rule: Rule | None = None) -> datetime | None:
    found = hours_to_plan(7, rule or Rule(at=time(18, 30)), wishes, days, now, ZONE)
    return found.due_at if found else None


def test_she_is_reminded_at_the_evenings_clock_and_not_all_day() -> None:
    found = hours(on(MONDAY, 18, 30))
    assert found is not None
    assert on(MONDAY, 18, 30) <= found <= on(MONDAY, 18, 40)
    for hour, minute in ((8, 0), (18, 29), (19, 30), (23, 0)):
        assert hours(on(MONDAY, hour, minute)) is None


def test_she_is_reminded_at_most_once_a_day() -> None:
    assert hours(on(MONDAY, 18, 40), MONDAY) is None
    assert hours(on(MONDAY, 18, 40), MONDAY - DAY) is not None


def test_in_her_quiet_hours_it_waits_for_the_morning_once() -> None:
    wishes = Wishes(quiet_from=time(18), quiet_to=time(8))
    found = hours(on(MONDAY, 18, 30), wishes=wishes)
    assert found is not None
    assert on(MONDAY + DAY, 8) <= found <= on(MONDAY + DAY, 8, 10)
    assert hours(on(MONDAY, 18, 40), MONDAY + DAY, wishes=wishes) is None
    assert hours(on(MONDAY + DAY, 18, 30), MONDAY + DAY, wishes=wishes) is not None


def test_a_municipality_can_switch_it_off() -> None:
    assert hours(on(MONDAY, 18, 30), rule=Rule(is_on=False, at=time(18, 30))) is None


@pytest.mark.parametrize("sunday", [SPRING, AUTUMN])
def test_her_evenings_clock_holds_when_summer_time_begins_or_ends(sunday: date) -> None:
    found = hours(on(sunday, 18, 30))
    assert found is not None
    assert on(sunday, 18, 30) <= found <= on(sunday, 18, 40)
