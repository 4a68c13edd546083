"""What the start page chooses: the greeting for the hour, and one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from citizen_app.home.rules import Greeting, greeting, todays_step


@dataclass(frozen=True)
class Step:
    name: str
    day: date | None = None


@pytest.mark.parametrize(
    ("hour", "said"),
    [
        (0, Greeting.EVENING),
        (3, Greeting.EVENING),
        (4, Greeting.MORNING),
        (10, Greeting.MORNING),
        (11, Greeting.DAY),
        (17, Greeting.DAY),
        (18, Greeting.EVENING),
        (23, Greeting.EVENING),
    ],
)
def test_the_greeting_follows_the_hour(hour: int, said: Greeting) -> None:
    assert greeting(hour) is said


def test_the_earliest_day_comes_first_and_a_step_without_a_day_last() -> None:
    soon, late, some_day = Step("a", date(2026, 1, 1)), Step("b", date(2026, 2, 1)), Step("c")
    assert todays_step([None, some_day, late, soon]) is soon
    assert todays_step([None, some_day]) is some_day
    assert todays_step([None, None]) is None
    assert todays_step([]) is None


def test_of_two_steps_of_one_day_the_older_goals_comes_first() -> None:
    first, second = Step("a", date(2026, 1, 1)), Step("b", date(2026, 1, 1))
    assert todays_step([first, second]) is first
