"""Who has agreed, which step is next, how many goals may be open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from citizen_app.goals.rules import (
    STUCK_AFTER,
    GoalStatus,
    Side,
    StepStatus,
    is_ours,
    is_still_writing,
    is_stuck,
    may_open_goal,
    next_step,
    soonest,
    status_after_agreement,
    waits_for,
)

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@dataclass
class Thing:
    citizen_agreed_at: datetime | None = NOW
    staff_agreed_at: datetime | None = NOW
    status: str = StepStatus.READY
    position: int = 1


@pytest.mark.parametrize(
    ("citizen", "staff", "ours", "waits", "status"),
    [
        (None, None, False, None, GoalStatus.PROPOSED),
        (NOW, None, False, Side.STAFF, GoalStatus.PROPOSED),
        (None, NOW, False, Side.CITIZEN, GoalStatus.PROPOSED),
        (NOW, NOW, True, None, GoalStatus.AGREED),
    ],
)
def test_a_goal_is_ours_only_when_both_have_said_yes(
    citizen: datetime | None, staff: datetime | None, ours: bool, waits: Side | None, status: GoalStatus
) -> None:
    thing = Thing(citizen, staff)
    assert (is_ours(thing), waits_for(thing), status_after_agreement(thing)) == (ours, waits, status)


def test_the_other_side_of_each_side_is_the_other() -> None:
    assert [side.other for side in Side] == [Side.STAFF, Side.CITIZEN]


def test_the_next_step_is_the_first_agreed_one_that_is_not_done() -> None:
    done = Thing(status=StepStatus.DONE, position=1)
    gone = Thing(status=StepStatus.PUT_ASIDE, position=2)
    unanswered = Thing(citizen_agreed_at=None, position=3)
    later, now = Thing(position=5), Thing(position=4)
    assert next_step([later, unanswered, done, now, gone]) is now
    assert next_step([done, gone, unanswered]) is None
    assert next_step([]) is None


@pytest.mark.parametrize(("count", "may"), [(0, True), (2, True), (3, False), (4, False)])
def test_three_goals_may_be_open(count: int, may: bool) -> None:
    assert may_open_goal(count) is may


def test_a_goal_is_stuck_after_fourteen_days() -> None:
    assert is_stuck(NOW - STUCK_AFTER, NOW)
    assert not is_stuck(NOW - STUCK_AFTER + timedelta(seconds=1), NOW)


@dataclass(frozen=True)
class DayStep:
    day: date | None = None


def test_the_earliest_day_comes_first_and_a_step_without_a_day_last() -> None:
    soon, late, some_day = DayStep(date(2026, 1, 1)), DayStep(date(2026, 2, 1)), DayStep()
    assert soonest([None, some_day, late, soon]) is soon
    assert soonest([None, some_day]) is some_day
    assert soonest([None, None]) is None
    assert soonest([]) is None


def test_of_two_steps_of_one_day_the_older_goals_comes_first() -> None:
    first, second = DayStep(date(2026, 1, 1)), DayStep(date(2026, 1, 1))
    assert soonest([first, second]) is first


def test_a_change_soon_after_the_last_belongs_to_the_same_stretch_of_typing() -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert is_still_writing(now - timedelta(seconds=119), now)
    assert not is_still_writing(now - timedelta(minutes=2), now)
