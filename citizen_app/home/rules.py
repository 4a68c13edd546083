"""What the start page chooses: the greeting and the one small step to show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeVar


class Greeting(StrEnum):
    MORNING = "morning"
    DAY = "day"
    EVENING = "evening"


def greeting(hour: int) -> Greeting:
    """Choose the greeting for an hour of the wall clock, 0 to 23."""
    if 4 <= hour < 11:
        return Greeting.MORNING
    return Greeting.DAY if 11 <= hour < 18 else Greeting.EVENING


class _Step(Protocol):
    @property
    def day(self) -> date | None: ...


Step = TypeVar("Step", bound=_Step)


def todays_step(next_steps: Iterable[Step | None]) -> Step | None:
    """Choose the one step to show of each goal's next one: the earliest day first, a step without a day last."""
    steps = [step for step in next_steps if step is not None]
    return min(steps, key=lambda step: step.day or date.max, default=None)
