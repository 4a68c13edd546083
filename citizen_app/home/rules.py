"""What the start page chooses: the greeting."""

from __future__ import annotations

from enum import StrEnum


class Greeting(StrEnum):
    MORNING = "morning"
    DAY = "day"
    EVENING = "evening"


def greeting(hour: int) -> Greeting:
    """Choose the greeting for an hour of the wall clock, 0 to 23."""
    if 4 <= hour < 11:
        return Greeting.MORNING
    return Greeting.DAY if 11 <= hour < 18 else Greeting.EVENING
