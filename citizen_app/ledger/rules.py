"""Hours agreed for each week, and what stands of a week once she and staff have spoken.

All that was said is kept; what stands is worked out from it. Confirmed minutes count only where both say the same, or
where staff have spoken last and so knew her word. Then she can still say otherwise, which opens it again. Nothing here
is a score, and nothing starts because of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from citizen_app.placements.rules import Side


class HoursKind(StrEnum):
    DANISH = "danish"
    JOB_SEARCH = "job_search"
    TRANSPORT = "transport"
    """The way there, where it counts."""
    OTHER = "other"


STEP = 15
"""Hours are agreed in quarters."""
MOST_WEEKLY = 60 * 60
"""More than 60 hours a week nobody agrees, and nobody says."""
LONGEST = timedelta(days=731)
WEEK = timedelta(days=7)
SPEAKS_BACK = 8 * WEEK
"""So far back she can be the first to speak of a week; earlier ones staff begin."""


WEEKS = 8
"""So many weeks stand on one page."""
MOST_WEEKS = 104
_FAR = timedelta(days=3660)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def near(day: date, today: date) -> date:
    """Return the Monday of a day's week; one that no plan can reach leads to this week."""
    return monday_of(day) if abs(day - today) < _FAR else monday_of(today)


def window(today: date, before: str, count: int) -> tuple[date, date]:
    """Return the first and last Monday to show: so many weeks before a date as an address has it, else the newest."""
    try:
        end = date.fromisoformat(before)
    except ValueError:
        end = today + WEEK
    last = monday_of(end) - WEEK if today - _FAR < end <= monday_of(today) else monday_of(today)
    return last - (min(max(count, 1), MOST_WEEKS) - 1) * WEEK, last


def planned_minutes(weekly: int, starts_on: date, last_day: date, monday: date) -> int:
    """Return the minutes agreed for one week; of a week that is only partly inside, its share.

    The share goes by days of seven, since lessons and job search may fall on any of them, and is rounded to quarters
    of an hour as everything that is agreed.
    """
    first, last = max(starts_on, monday), min(last_day, monday + timedelta(days=6))
    inside = (last - first).days + 1
    if inside <= 0:
        return 0
    return weekly if inside == 7 else (2 * weekly * inside + 7 * STEP) // (14 * STEP) * STEP


@dataclass(frozen=True)
class Word:
    """How long it was, as one of them says."""

    id: str
    side: Side
    minutes: int
    said_at: datetime
    by_name: str = ""
    words: str = ""
    words_language: str = ""

    @property
    def order(self) -> tuple[datetime, str]:
        return self.said_at, self.id


class WeekState(StrEnum):
    UNSAID = "unsaid"
    STAFF_NEXT = "staff_next"
    """She has said how long it was, staff not yet."""
    CITIZEN_NEXT = "citizen_next"
    """Staff have spoken first."""
    AGREED = "agreed"
    DIFFERENT = "different"
    """She has last said another number than staff."""
    SETTLED = "settled"
    """Staff have last said another number than she, knowing hers."""


@dataclass(frozen=True)
class WeekStand:
    """What stands of one week of one kind of hours."""

    state: WeekState
    citizen: Word | None = None
    staff: Word | None = None

    @property
    def last(self) -> Word | None:
        """What was said last, by either."""
        said = [one for one in (self.citizen, self.staff) if one is not None]
        return max(said, key=lambda one: one.order, default=None)

    @property
    def confirmed(self) -> int:
        """The minutes that count."""
        counts = self.state in {WeekState.AGREED, WeekState.SETTLED}
        return self.staff.minutes if counts and self.staff is not None else 0


def week_of(words: Iterable[Word]) -> WeekStand:
    """Work out what stands of a week from all that was said of it, in whatever order it comes."""
    known = sorted({one.id: one for one in words}.values(), key=lambda one: one.order)
    last = {one.side: one for one in known}
    citizen, staff = last.get(Side.CITIZEN), last.get(Side.STAFF)
    return WeekStand(_state(citizen, staff), citizen, staff)


def _state(citizen: Word | None, staff: Word | None) -> WeekState:
    if staff is None:
        return WeekState.UNSAID if citizen is None else WeekState.STAFF_NEXT
    if citizen is None:
        return WeekState.CITIZEN_NEXT
    if citizen.minutes == staff.minutes:
        return WeekState.AGREED
    return WeekState.DIFFERENT if citizen.order > staff.order else WeekState.SETTLED


def can_speak(side: Side, monday: date, today: date, *, has_staff_spoken: bool) -> bool:
    """Say whether a week can be spoken of now: not before it begins, and by her first only for eight weeks.

    What staff have said she can answer at any time.
    """
    age = monday_of(today) - monday
    is_recent = age <= SPEAKS_BACK or side is Side.STAFF or has_staff_spoken
    return age >= timedelta() and is_recent


class Fault(StrEnum):
    """Why hours or a word about a week cannot be."""

    WEEKLY = "weekly"
    """Not a number of quarters up to 60 hours."""
    DATES = "dates"
    TOO_LONG = "too_long"
    MINUTES = "minutes"
    WEEK = "week"
    """No Monday, or a week in which nothing was agreed."""
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"


def fault_in_hours(weekly: int, starts_on: date, last_day: date) -> Fault | None:
    if not 0 < weekly <= MOST_WEEKLY or weekly % STEP:
        return Fault.WEEKLY
    if last_day < starts_on:
        return Fault.DATES
    return Fault.TOO_LONG if last_day - starts_on > LONGEST else None


def fault_in_word(
    side: Side, minutes: int, monday: date, starts_on: date, last_day: date, today: date, *, has_staff_spoken: bool
) -> Fault | None:
    if not 0 <= minutes <= MOST_WEEKLY:
        return Fault.MINUTES
    if monday.weekday() or monday > last_day or monday + WEEK <= starts_on:
        return Fault.WEEK
    if can_speak(side, monday, today, has_staff_spoken=has_staff_spoken):
        return None
    return Fault.TOO_EARLY if monday > today else Fault.TOO_LATE
