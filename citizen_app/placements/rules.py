"""Rules of placements: kinds, weekly times, and the days that follow from them.

A weekly time is a wall clock at the workplace. A day made from it is two moments, so that a night shift through a
clock change has the hours that are really worked. A shift that ends at or before its beginning ends the next morning.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo


class Side(StrEnum):
    """Who speaks of what happens at a workplace."""

    MENTOR = "mentor"
    CITIZEN = "citizen"
    STAFF = "staff"


class PlacementKind(StrEnum):
    TASTER = "taster"
    """A few weeks to see whether the line of work suits."""
    PLACEMENT = "placement"
    RECRUITING = "recruiting"
    """Meant to end in a job at the same place."""
    WAGE_SUBSIDY = "wage_subsidy"
    PAID_HOURS = "paid_hours"
    """Ordinary paid hours."""
    MIXED = "mixed"
    """Paid hours beside a placement."""


LONGEST = timedelta(days=731)
"""A placement is two years at most; a longer one is two."""
LANGUAGE_MINUTES = 600
"""Ten hours with a language mentor for each placement, as Odense's course has it."""
MOST_LANGUAGE_MINUTES = 6000
FOLLOW_UP_DAY = 21
"""The follow-up falls on this day of the placement."""
FOLLOW_UP_AHEAD = timedelta(days=7)
"""So long before the follow-up staff are told that it has no time yet."""
LINK_KEPT = timedelta(days=14)
"""A mentor's link works so long after the last day, for what is still to be said."""


class PlacementState(StrEnum):
    COMING = "coming"
    RUNNING = "running"
    OVER = "over"


def state_of(starts_on: date, last_day: date, today: date) -> PlacementState:
    if today < starts_on:
        return PlacementState.COMING
    return PlacementState.RUNNING if today <= last_day else PlacementState.OVER


def follow_up_on(starts_on: date, follow_up_day: int) -> date:
    """Return the date of the follow-up; the first day of a placement is its day 1."""
    return starts_on + timedelta(days=follow_up_day - 1)


def is_follow_up_due(starts_on: date, last_day: date, follow_up_day: int, today: date) -> bool:
    """Say whether it is time to agree on a time for the follow-up: from a week before its day until the end."""
    return follow_up_on(starts_on, follow_up_day) - FOLLOW_UP_AHEAD <= today <= last_day


def is_language_late(starts_on: date, last_day: date, planned: int, used: int, today: date) -> bool:
    """Say whether half of the placement has gone by and nobody has talked with her yet, though it was planned."""
    return bool(planned) and not used and today <= last_day and today - starts_on >= last_day - today


NEARLY_USED = timedelta(days=7)
"""That the hours of Danish are nearly used matters while the placement lasts at least so long."""


def is_language_nearly_used(last_day: date, planned: int, used: int, today: date) -> bool:
    """Say whether four fifths of the hours with a language mentor are used, but not all, long before the last day."""
    return 5 * used >= 4 * planned and used < planned and last_day - today >= NEARLY_USED


@dataclass(frozen=True, order=True)
class WeeklyTime:
    weekday: int
    """0 is Monday."""
    begins: time
    ends: time


@dataclass(frozen=True, order=True)
class Shift:
    """One planned day: its date is that of its beginning."""

    day: date
    begins_at: datetime
    ends_at: datetime


def shift_on(day: date, begins: time, ends: time, zone: ZoneInfo) -> Shift:
    """Return a shift by the wall clock; one that ends at or before its beginning ends the next day."""
    last = day if ends > begins else day + timedelta(days=1)
    begins_at = datetime.combine(day, begins, zone).astimezone(UTC)
    ends_at = datetime.combine(last, ends, zone).astimezone(UTC)
    if ends_at <= begins_at:  # it begins in the hour that the clock leaves out
        ends_at = begins_at + (datetime.combine(last, ends) - datetime.combine(day, begins))
    return Shift(day, begins_at, ends_at)


def minutes_between(begins_at: datetime, ends_at: datetime) -> int:
    """Return the minutes that really pass, whatever the clocks do in between."""
    return int((ends_at.astimezone(UTC) - begins_at.astimezone(UTC)).total_seconds()) // 60


def planned_shifts(
    first: date, last: date, times: Iterable[WeeklyTime], closed: Collection[date], zone: ZoneInfo
) -> list[Shift]:
    """Return the planned days from the first to the last day, both included, without closed ones."""
    by_weekday = {one.weekday: one for one in times}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [
        shift_on(day, weekly.begins, weekly.ends, zone)
        for day in days
        if (weekly := by_weekday.get(day.weekday())) is not None and day not in closed
    ]


def first_overlap(shifts: Iterable[Shift]) -> tuple[Shift, Shift] | None:
    """Return the first two shifts of which one begins before the other has ended."""
    in_order = sorted(shifts, key=lambda shift: (shift.begins_at, shift.ends_at))
    return next((pair for pair in pairwise(in_order) if pair[1].begins_at < pair[0].ends_at), None)


def clashing_weekdays(times: Sequence[WeeklyTime]) -> tuple[int, int] | None:
    """Return two weekdays of which the second begins before the first one's night shift has ended."""
    monday = date(2024, 1, 1)  # any week without a clock change will do
    zone = ZoneInfo("UTC")
    fortnight = planned_shifts(monday, monday + timedelta(days=13), times, (), zone)
    found = first_overlap(fortnight)
    return (found[0].day.weekday(), found[1].day.weekday()) if found else None


def link_token(secret_key: str, placement_id: int, person_id: int, nonce: str) -> str:
    """Return the secret part of a mentor's link; the database alone does not give it away."""
    about = f"mentor.{placement_id}.{person_id}.{nonce}"
    return urlsafe_b64encode(hmac.digest(secret_key.encode(), about.encode(), "sha256")).rstrip(b"=").decode()


def link_expires_on(last_day: date) -> date:
    """Return the first day on which a mentor's link no longer opens."""
    return last_day + LINK_KEPT + timedelta(days=1)
