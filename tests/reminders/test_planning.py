"""When each reminder is due: wall clocks, quiet hours, not too many, and nothing that comes too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.reminders.rules import (
    AT_ONCE,
    LONGEST_JITTER,
    MOST,
    NEWS,
    TOO_CLOSE,
    Known,
    MeetingToPlan,
    Planned,
    ReminderKind,
    Rule,
    Wishes,
    is_quiet,
    planned_for_goal,
    planned_for_meeting,
    quiet_begin,
    quiet_end,
    wall_moment,
    words_moment,
)

ZONE = "Europe/Copenhagen"
HERE = ZoneInfo(ZONE)
BOOKED, MOVED, CANCELLED, WEEK, EVENING, MORNING, MISSED, GOAL, WORDS, NUDGE, HOURS, TEST = ReminderKind
RULES = {
    BOOKED: Rule(),
    WEEK: Rule(days_before=7, at=time(10)),
    EVENING: Rule(days_before=1, at=time(18)),
    MORNING: Rule(minutes_before=60),
    MISSED: Rule(),
    GOAL: Rule(at=time(17)),
    WORDS: Rule(),
}
USUAL = Wishes()
JITTER = timedelta(seconds=LONGEST_JITTER)


def at(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=HERE).astimezone(UTC)


def meeting(**other: Any) -> MeetingToPlan:
    usual: dict[str, Any] = {"person_id": 7, "meeting_id": 3, "version": 1, "starts_at": at(20, 10)}
    return MeetingToPlan(**{**usual, "leave_home_at": at(20, 9), **other})


def row(kind: ReminderKind, due: datetime, *, version: int = 1, state: str = "told", number: int = 1) -> Known:
    return Known(number, kind, version, due, at(30, 10), state == "waiting", state == "told")


def plan(
    about: MeetingToPlan | None = None,
    *known: Known,
    now: datetime | None = None,
    wishes: Wishes = USUAL,
    rules: Any = RULES,
) -> list[Planned]:
    return planned_for_meeting(about or meeting(), rules, wishes, known, now or at(1, 9), ZONE)


def kinds(planned: list[Planned]) -> list[str]:
    return [one.kind.value for one in planned]


def is_about(moment: datetime, wanted: datetime) -> bool:
    return wanted <= moment <= wanted + JITTER


# --- The usual ----------------------------------------------------------------------------------------------


def test_a_new_meeting_is_told_of_at_once_and_three_times_later() -> None:
    booked, week, evening, morning = plan(meeting(is_asked_now=True))
    assert (booked.kind, booked.due_at) == (BOOKED, at(1, 9))
    assert is_about(week.due_at, at(13, 10))
    assert is_about(evening.due_at, at(19, 18))
    assert is_about(morning.due_at, at(20, 8))
    assert {one.useless_at for one in (booked, week, evening, morning)} == {at(20, 10)}


def test_who_has_no_time_to_leave_by_is_told_half_an_hour_earlier() -> None:
    morning = plan(meeting(leave_home_at=None, starts_at=at(20, 12)))[-1]
    assert is_about(morning.due_at, at(20, 10, 30))


def test_planning_again_later_gives_the_same_and_does_not_tell_of_the_meeting_again() -> None:
    first = plan(meeting(is_asked_now=True))
    known = [
        Known(number, one.kind, 1, one.due_at, one.useless_at, number > 0, number == 0)
        for number, one in enumerate(first)
    ]
    again = plan(meeting(), *known, now=at(2, 9))
    assert [(one.kind, one.due_at, one.useless_at) for one in again] == [
        (one.kind, one.due_at, one.useless_at) for one in first[1:]
    ]


def test_what_waits_past_its_moment_stays_as_it_is() -> None:
    late = row(EVENING, at(19, 18, 3), state="waiting")
    planned = plan(meeting(), late, now=at(19, 18, 20))
    assert (planned[0].kind, planned[0].due_at) == (EVENING, at(19, 18, 3))


def test_what_has_passed_is_not_made_up_for() -> None:
    assert kinds(plan(meeting(), row(BOOKED, at(1, 9)), now=at(19, 20))) == ["morning"]


def test_what_was_told_is_not_told_twice() -> None:
    told = (row(BOOKED, at(1, 9)), row(WEEK, at(13, 10)))
    assert kinds(plan(meeting(), *told, now=at(13, 9))) == ["evening", "morning"]


@pytest.mark.parametrize("kind", [BOOKED, WEEK, EVENING, MORNING])
def test_a_municipality_can_switch_a_kind_off(kind: ReminderKind) -> None:
    rules = {**RULES, kind: replace(RULES[kind], is_on=False)}
    assert kind not in {one.kind for one in plan(meeting(is_asked_now=True), rules=rules)}


def test_a_municipality_can_choose_another_day_and_clock() -> None:
    rules = {**RULES, EVENING: Rule(days_before=2, at=time(12, 30))}
    evening = next(one for one in plan(rules=rules) if one.kind is EVENING)
    assert is_about(evening.due_at, at(18, 12, 30))


# --- Answers, moving and cancelling -------------------------------------------------------------------------


def test_who_cannot_come_is_left_in_peace() -> None:
    assert plan(meeting(answer="cannot"), row(BOOKED, at(1, 9))) == []


def test_who_has_answered_already_knows_of_the_meeting() -> None:
    assert kinds(plan(meeting(answer="coming", is_asked_now=True))) == ["week", "evening", "morning"]


def test_a_moved_meeting_is_told_of_at_once_and_its_reminders_follow_it() -> None:
    told = (row(BOOKED, at(1, 9)), row(EVENING, at(19, 18)))
    moved = meeting(version=2, starts_at=at(27, 10), leave_home_at=at(27, 9), is_asked_now=True)
    planned = plan(moved, *told, now=at(19, 19))
    assert kinds(planned) == ["moved", "evening", "morning"]
    assert planned[0].due_at == at(19, 19)
    assert is_about(planned[1].due_at, at(26, 18))


def test_a_meeting_that_moves_before_it_was_told_of_is_simply_new() -> None:
    waiting = row(BOOKED, at(1, 9), state="waiting")
    planned = plan(meeting(version=2, is_asked_now=True), waiting, now=at(1, 9, 1))
    assert (planned[0].kind, planned[0].due_at) == (BOOKED, at(1, 9, 1))


def test_news_of_a_move_is_not_lost_when_it_is_planned_again() -> None:
    known = (row(BOOKED, at(1, 9)), row(MOVED, at(2, 9), version=2, state="waiting", number=2))
    planned = plan(meeting(version=2), *known, now=at(2, 9, 5))
    assert (planned[0].kind, planned[0].due_at) == (MOVED, at(2, 9))


def test_news_of_a_move_does_not_wait_for_the_next_reminder() -> None:
    moved = meeting(version=2, is_asked_now=True)
    assert kinds(plan(moved, row(BOOKED, at(1, 9)), now=at(19, 17))) == ["moved", "morning"]


def test_a_cancelled_meeting_is_told_of_once_and_nothing_else_is() -> None:
    off = meeting(version=2, is_cancelled=True)
    (planned,) = plan(off, row(BOOKED, at(1, 9)), row(WEEK, at(13, 10), state="waiting"))
    assert (planned.kind, planned.due_at) == (CANCELLED, at(1, 9))
    assert plan(off, row(BOOKED, at(1, 9)), row(CANCELLED, at(2, 9)), now=at(3, 9)) == []


@pytest.mark.parametrize(("now", "found"), [(at(1, 9), []), (at(19, 11), ["cancelled"]), (at(20, 10), [])])
def test_a_meeting_nobody_was_told_of_is_called_off_silently_unless_it_is_near(now: datetime, found: list[str]) -> None:
    assert kinds(plan(meeting(is_cancelled=True), now=now)) == found


def test_a_cancelled_meeting_is_told_of_even_after_five_reminders() -> None:
    told = [row(BOOKED, at(day, 9), number=day) for day in range(1, 6)]
    assert kinds(plan(meeting(is_cancelled=True), *told, now=at(10, 9))) == ["cancelled"]


# --- Offered times ------------------------------------------------------------------------------------------


def test_who_is_offered_times_is_asked_twice() -> None:
    offered = meeting(is_settled=False, is_asked_now=True)
    first, second = plan(offered)
    assert (first.kind, first.due_at, second.kind, second.due_at) == (BOOKED, at(1, 9), BOOKED, at(3, 9))
    (again,) = plan(replace(offered, is_asked_now=False), row(BOOKED, at(1, 9)), now=at(2, 9))
    assert again.due_at == at(3, 9)
    both = (row(BOOKED, at(1, 9)), row(BOOKED, at(3, 9), number=2))
    assert plan(replace(offered, is_asked_now=False), *both, now=at(4, 9)) == []


# --- After a miss -------------------------------------------------------------------------------------------


def test_a_missed_meeting_brings_one_warm_word() -> None:
    missed = meeting(has_missed=True, outcome_at=at(20, 11))
    (planned,) = plan(missed, row(MORNING, at(20, 8)), now=at(20, 11))
    assert planned.kind is MISSED
    assert is_about(planned.due_at, at(20, 11))
    assert planned.useless_at == at(23, 0)
    assert plan(missed, row(MISSED, at(20, 11)), now=at(21, 9)) == []
    assert plan(meeting(), now=at(20, 11)) == []


# --- Quiet hours --------------------------------------------------------------------------------------------


def test_at_night_a_new_meeting_waits_until_the_morning() -> None:
    planned = plan(meeting(is_asked_now=True), now=at(1, 23))
    assert (planned[0].kind, planned[0].due_at) == (BOOKED, at(2, 7))


def test_an_early_meeting_needs_no_morning_when_the_evening_told_of_it() -> None:
    early = meeting(starts_at=at(20, 7, 30), leave_home_at=at(20, 6, 45))
    assert kinds(plan(early)) == ["week", "evening"]


def test_an_early_meeting_is_told_of_before_the_night_when_nothing_else_did() -> None:
    early = meeting(starts_at=at(20, 7, 30), leave_home_at=at(20, 6, 45))
    planned = plan(early, rules={**RULES, EVENING: Rule(is_on=False)})
    assert planned[-1].kind is MORNING
    assert is_about(planned[-1].due_at, at(19, 20, 45))


def test_own_quiet_hours_come_first() -> None:
    wishes = Wishes(quiet_from=time(17, 30), quiet_to=time(9, 30))
    evening, morning = plan(meeting(starts_at=at(20, 14), leave_home_at=None), wishes=wishes)[1:]
    assert is_about(evening.due_at, at(20, 9, 30)) or evening.kind is MORNING
    assert not is_quiet(morning.due_at, wishes, ZONE)


def test_who_would_set_out_in_vain_is_woken() -> None:
    late_sleeper = Wishes(quiet_from=time(22), quiet_to=time(11))
    (planned,) = plan(meeting(is_cancelled=True), row(BOOKED, at(1, 12)), now=at(20, 8), wishes=late_sleeper)
    assert (planned.kind, planned.due_at) == (CANCELLED, at(20, 8))


# --- Too close, too many ------------------------------------------------------------------------------------


def test_two_reminders_within_three_hours_are_one() -> None:
    assert kinds(plan(meeting(is_asked_now=True), now=at(19, 17))) == ["evening", "morning"]


def test_a_reminder_soon_after_one_that_went_out_is_left_out() -> None:
    assert kinds(plan(meeting(), row(MOVED, at(19, 16)), now=at(19, 16, 30))) == ["morning"]


def test_the_least_useful_are_dropped_first() -> None:
    told = [row(MOVED, at(day, 9), version=day, number=day) for day in (1, 2, 3)]
    assert kinds(plan(meeting(version=3), *told, now=at(4, 9))) == ["evening", "morning"]
    told.append(row(MOVED, at(4, 9), version=4, number=4))
    assert kinds(plan(meeting(version=4), *told, now=at(5, 9))) == ["evening"]
    assert kinds(plan(meeting(version=5, is_asked_now=True), *told, now=at(5, 9))) == ["moved"]


# --- Summer time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2027, 3, 27), date(2027, 3, 28), date(2027, 10, 30), date(2027, 10, 31)])
def test_the_evening_is_at_eighteen_on_both_sides_of_both_changes(day: date) -> None:
    start = datetime.combine(day + timedelta(days=1), time(12), HERE).astimezone(UTC)
    planned = plan(meeting(starts_at=start, leave_home_at=None), now=start - timedelta(days=3))
    evening = next(one for one in planned if one.kind is EVENING)
    local = evening.due_at.astimezone(HERE)
    assert (local.date(), local.hour) == (day, 18)
    assert local.minute <= 10


def test_in_the_skipped_hour_the_next_moment_is_taken() -> None:
    assert wall_moment(date(2027, 3, 28), time(2, 30), ZONE) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_of_the_hour_that_comes_twice_the_first_is_meant() -> None:
    assert wall_moment(date(2027, 10, 31), time(2, 30), ZONE) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


# --- Whatever comes -----------------------------------------------------------------------------------------

moments = st.integers(0, 364 * 24 * 60).map(
    lambda minutes: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@st.composite
def nights(draw: st.DrawFn) -> Wishes:
    begin = draw(clocks)
    hours = draw(st.integers(1, 14 * 60))
    minutes = (begin.hour * 60 + begin.minute + hours) % (24 * 60)
    return Wishes(quiet_from=begin, quiet_to=time(minutes // 60, minutes % 60))


@st.composite
def stories(draw: st.DrawFn) -> tuple[MeetingToPlan, list[Known], datetime]:
    now = draw(moments)
    start = now + timedelta(minutes=draw(st.integers(-600, 40_000)))
    leave = draw(st.none() | st.integers(5, 240).map(lambda minutes: start - timedelta(minutes=minutes)))
    version = draw(st.integers(1, 3))
    missed = start <= now and draw(st.booleans())
    about = MeetingToPlan(
        person_id=draw(st.integers(1, 1000)),
        meeting_id=draw(st.integers(1, 1000)),
        version=version,
        starts_at=start,
        leave_home_at=leave,
        is_settled=draw(st.booleans()),
        is_cancelled=draw(st.booleans()),
        answer=draw(st.sampled_from([None, "coming", "late", "cannot"])),
        has_missed=missed,
        outcome_at=now if missed else None,
        is_asked_now=draw(st.booleans()),
    )
    known = [
        row(kind, now - timedelta(minutes=minutes), version=min(version, one), number=number)
        for number, (kind, minutes, one) in enumerate(
            draw(
                st.lists(
                    st.tuples(st.sampled_from([BOOKED, MOVED, WEEK, EVENING]), st.integers(1, 9999), st.integers(1, 3)),
                    max_size=5,
                )
            )
        )
    ]
    return about, known, now


@given(stories(), st.just(USUAL) | nights())
def test_whatever_comes_nobody_is_rung_at_a_wrong_time(
    story: tuple[MeetingToPlan, list[Known], datetime], wishes: Wishes
) -> None:
    about, known, now = story
    planned = plan(about, *known, now=now, wishes=wishes)
    for one in planned:
        assert now <= one.due_at < one.useless_at
        assert one.kind is MISSED or one.useless_at <= about.starts_at
        assert one.kind in NEWS or not is_quiet(one.due_at, wishes, ZONE)
    assert len(planned) + len(known) <= MOST or len(planned) <= (planned[:1] != [] and planned[0].kind is CANCELLED)
    assert [one.due_at for one in planned] == sorted(one.due_at for one in planned)
    ordinary = [one for one in planned if one.kind not in NEWS]
    assert all(later.due_at - one.due_at >= TOO_CLOSE - JITTER for one, later in pairwise(ordinary))
    if about.answer == "cannot":
        assert planned == []


@given(stories(), nights())
def test_whatever_comes_planning_twice_changes_nothing(
    story: tuple[MeetingToPlan, list[Known], datetime], wishes: Wishes
) -> None:
    about, known, now = story
    first = plan(about, *known, now=now, wishes=wishes)
    waiting = [
        Known(100 + number, one.kind, about.version, one.due_at, one.useless_at, is_waiting=True, is_told=False)
        for number, one in enumerate(first)
    ]
    again = plan(replace(about, is_asked_now=False), *known, *waiting, now=now, wishes=wishes)
    assert [(one.kind, one.due_at) for one in again] == [(one.kind, one.due_at) for one in first]


@given(moments, nights())
def test_quiet_hours_begin_before_and_end_after_each_of_their_moments(moment: datetime, wishes: Wishes) -> None:
    if is_quiet(moment, wishes, ZONE):
        begin, end = quiet_begin(moment, wishes, ZONE), quiet_end(moment, wishes, ZONE)
        assert begin <= moment + timedelta(hours=1)
        assert moment - timedelta(hours=1) < end
        assert end - begin <= timedelta(hours=15)


@given(st.dates(date(2027, 1, 2), date(2027, 12, 30)), clocks)
def test_a_wall_clock_shows_what_was_asked_for(day: date, clock: time) -> None:
    shown = wall_moment(day, clock, ZONE).astimezone(HERE)
    assert shown.date() == day
    assert shown.time() == clock or (day, shown.time()) == (date(2027, 3, 28), time(3))


# --- Goals, words and tests ---------------------------------------------------------------------------------


def goal(waits_since: datetime | None, *known: Known, now: datetime, wishes: Wishes = USUAL) -> Planned | None:
    return planned_for_goal(7, 5, waits_since, RULES[GOAL], wishes, known, now, ZONE)


def test_a_goal_is_reminded_of_the_day_after_once() -> None:
    planned = goal(at(1, 9), now=at(1, 9))
    assert planned is not None
    assert is_about(planned.due_at, at(2, 17))
    assert is_about(planned.useless_at, at(3, 17))
    assert goal(at(1, 9), row(GOAL, at(2, 17, 5), version=0), now=at(3, 9)) is None


def test_new_words_of_a_goal_are_a_new_question() -> None:
    planned = goal(at(5, 9), row(GOAL, at(2, 17, 5), version=0), now=at(5, 9))
    assert planned is not None
    assert is_about(planned.due_at, at(6, 17))


def test_a_goal_that_waits_for_nobody_is_not_reminded_of() -> None:
    assert goal(None, now=at(1, 9)) is None


def test_words_are_told_of_when_their_clock_has_come_and_not_late() -> None:
    assert words_moment(time(16), USUAL, 7, at(1, 15, 59), ZONE) is None
    found = words_moment(time(16), USUAL, 7, at(1, 16, 1), ZONE)
    assert found is not None
    assert (is_about(found[0], at(1, 16, 1)), found[1]) == (True, at(1, 21))
    assert words_moment(time(16), USUAL, 7, at(1, 21), ZONE) is None
    assert words_moment(time(16), Wishes(quiet_from=time(15)), 7, at(1, 16, 1), ZONE) is None


def test_what_is_told_at_once_is_not_spread() -> None:
    assert {kind.value for kind in AT_ONCE} == {"booked", "moved", "cancelled", "test"}


def test_many_people_are_spread_over_ten_minutes() -> None:
    dues = {plan(meeting(person_id=number))[1].due_at for number in range(200)}
    assert len(dues) > 100
    assert max(dues) - min(dues) > timedelta(minutes=9)
