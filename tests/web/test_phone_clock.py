"""A phone's own clock is believed where it can be true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from citizen_app.web.phone_clock import AHEAD, OLDEST, accepted_time

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "is_believed"),
    [
        (NOW - timedelta(days=1), True),
        (NOW - OLDEST, True),
        (NOW + AHEAD, True),
        (NOW - OLDEST - timedelta(seconds=1), False),
        (NOW + AHEAD + timedelta(seconds=1), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (None, False),
    ],
)
def test_a_phones_clock_is_believed_within_limits(said: datetime | None, is_believed: bool) -> None:
    assert accepted_time(said, NOW, 0) == (said if is_believed else NOW)


def test_answers_with_an_impossible_clock_keep_the_order_in_which_they_came() -> None:
    times = [accepted_time(None, NOW, place) for place in range(5)]
    assert times == sorted(set(times))
