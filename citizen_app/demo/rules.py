"""The demo as a story: who did what and when, told in working days before and after the day it is loaded.

Working days keep the order of the story whatever weekday that is, and nobody in it works on a Sunday. Holidays are
not known to it. What is said of a placement's days counts planned days instead, and those know them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from citizen_app.imports.rules import Sheet
from citizen_app.meetings.rules import Window
from citizen_app.policy import Role

FRIDAY = 4


@dataclass(frozen=True)
class Event:
    """One act of one person; `facts` is what the act is about, as the verb wants it."""

    at: datetime
    by: str
    verb: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class DayWord:
    """What somebody says of a planned day, as the verb `said` wants it: -1 is the last one before the loading."""

    day: int
    clock: time
    by: str
    said: str
    facts: Mapping[str, Any]
    on: int
    """On which planned day he says it; staff settle a day later on."""


@dataclass(frozen=True)
class Placing:
    """How a placement was made, and what was said of its days, oldest first.

    Holidays leave fewer planned days in some weeks; words of a day that there never was are left out.
    """

    events: Sequence[Event]
    words: Sequence[DayWord] = ()


@dataclass(frozen=True)
class Plan:
    """A citizen's goals, meetings, words and placements, each as its own row of events, oldest first."""

    citizen: str
    goals: Sequence[Sequence[Event]]
    meetings: Sequence[Sequence[Event]]
    words: Sequence[Event] = ()
    hours: Sequence[Event] = ()
    """Weekly hours agreed beside a placement."""
    placements: Sequence[Placing] = ()


@dataclass(frozen=True)
class Story:
    municipality: Mapping[str, str]
    """The columns of `municipalities`."""
    password: str
    """Of everybody in the demo; it is no secret."""
    today: date
    """The day of the loading, at the municipality."""
    text_sizes: Mapping[str, str]
    """Of the few who have chosen one; the import does not know it."""
    sheet: Sheet
    plans: Sequence[Plan]
    groups: Sequence[Event] = ()
    """Meetings with several citizens."""
    workplaces: Sequence[Event] = ()
    """Each known by its `key` in the placements."""
    open_hours: Mapping[str, Sequence[Window]] = field(default_factory=dict)
    """When citizens may choose a time with whom by themselves."""


@dataclass(frozen=True)
class Account:
    role: Role
    name: str
    language: str
    username: str


def working_day(today: date, number: int) -> date:
    """Return the working day so many after today, or before it when negative; 0 is today or the next Monday."""
    if number == 0:
        return today if today.weekday() <= FRIDAY else working_day(today, 1)
    day, step = today, timedelta(days=1 if number > 0 else -1)
    for _count in range(abs(number)):
        day += step
        while day.weekday() > FRIDAY:
            day += step
    return day


def one_of_each_role(accounts: Sequence[Account]) -> list[Account]:
    """Return the first account of each role, in the order in which `policy.py` has the roles."""
    first: dict[Role, Account] = {}
    for account in accounts:
        first.setdefault(account.role, account)
    return [first[role] for role in Role if role in first]
