"""Reads the demo from its two data files: people as an import brings them in, and what they have done since.

People.csv is a file for `flask people import` but for its days: `day-140` is a hundred and forty days before the
loading. In plans.json an act is `[when, who, verb, facts]`; days there count working days, see `rules.working_day`.
What is said of a placement's day is `[planned day, clock, who, what, facts]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from citizen_app.demo.rules import DayWord, Event, Placing, Plan, Story, working_day
from citizen_app.imports.forms import read_sheet
from citizen_app.meetings.rules import Window

DATA = Path(__file__).parent / "data"
JUST_NOW = timedelta(minutes=5)
"""How long before the loading something happened that the story says happens `now`."""


def read_story(now: datetime) -> Story:
    """Return the demo as it stands when it is loaded at this moment."""
    plans = json.loads((DATA / "plans.json").read_text(encoding="utf-8"))
    zone = ZoneInfo(plans["municipality"]["timezone"])
    today = now.astimezone(zone).date()

    def event(when: str, by: str, verb: str, facts: Mapping[str, Any] | None = None) -> Event:
        return Event(_moment(when, now, today, zone), by, verb, _with_days(facts or {}, today))

    return Story(
        municipality=plans["municipality"],
        password=plans["password"],
        today=today,
        text_sizes=plans["text_sizes"],
        sheet=read_sheet(_people_file(today)),
        plans=[
            Plan(
                plan["citizen"],
                _rows(plan["goals"], event),
                _rows(plan["meetings"], event),
                [event(*fields) for fields in plan.get("words", ())],
                [event(*fields) for fields in plan.get("hours", ())],
                [
                    Placing([event(*fields) for fields in one["events"]], [_day_word(*word) for word in one["days"]])
                    for one in plan.get("placements", ())
                ],
            )
            for plan in plans["plans"]
        ],
        groups=[event(*fields) for fields in plans["groups"]],
        workplaces=[event(*fields) for fields in plans["workplaces"]],
        open_hours={
            who: [
                Window(weekday, time.fromisoformat(begins), time.fromisoformat(ends)) for weekday, begins, ends in hours
            ]
            for who, hours in plans["open_hours"].items()
        },
    )


def _people_file(today: date) -> bytes:
    text = (DATA / "people.csv").read_text(encoding="utf-8")
    return re.sub(r"\bday-(\d+)\b", lambda found: f"{today - timedelta(days=int(found[1]))}", text).encode()


def _rows(rows: list[list[Any]], event: Callable[..., Event]) -> list[list[Event]]:
    return [[event(*fields) for fields in row] for row in rows]


def _day_word(day: int, clock: str, by: str, said: str, facts: Mapping[str, Any] | None = None) -> DayWord:
    about = dict(facts or {})
    return DayWord(day, time.fromisoformat(clock), by, said, about, about.pop("on", day))


def _moment(when: str, now: datetime, today: date, zone: ZoneInfo) -> datetime:
    if when == "now":
        return now - JUST_NOW
    number, clock = when.split()
    return datetime.combine(working_day(today, int(number)), time.fromisoformat(clock), zone).astimezone(UTC)


def _with_days(facts: Mapping[str, Any], today: date) -> dict[str, Any]:
    read: dict[str, Callable[[Any], Any]] = {
        "day": lambda number: working_day(today, number),
        "starts_on": lambda number: working_day(today, number),
        "last_day": lambda number: working_day(today, number),
        "clock": time.fromisoformat,
        "leave": time.fromisoformat,
    }
    return {name: read[name](value) if name in read else _inside(value, today) for name, value in facts.items()}


def _inside(value: Any, today: date) -> Any:
    """Read the days in a list of facts, such as times that are offered."""
    if isinstance(value, list):
        return [_with_days(one, today) if isinstance(one, dict) else one for one in value]
    return value
