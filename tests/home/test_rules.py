"""What the start page chooses: the greeting for the hour."""

from __future__ import annotations

import pytest

from citizen_app.home.rules import Greeting, greeting


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
