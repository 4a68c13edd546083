"""What a meeting is, what is wrong with one, and who is still waited for.

A meeting's time and place are one thing to the citizen: when either changes she is asked again, while a
booked interpreter or a corrected door does not take her answer away.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from citizen_app.texts.rules import has_cpr_number

LONGEST = timedelta(hours=8)
FARTHEST = timedelta(days=730)
"""How far ahead a meeting may lie; a later one is a slip of the keys."""
WAITED_FOR = timedelta(days=7)
"""How long before a meeting staff hear that it is not answered."""

OFFER_SPAN = timedelta(days=60)
"""How far apart the first and the last of the times may be that are offered for one meeting."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PLACE_LENGTH = 120
TEXT_LENGTH = 200
NAME_LENGTH = 80
LINK_LENGTH = 300
_PHONE_NUMBER = re.compile(r"\+?[0-9][0-9 ]+")
_VIDEO_ADDRESS = re.compile(r"https://[\w.-]+(:[0-9]+)?([/?#]\S*)?")
"""With nothing before the host's name, so that it is the host that one reads."""


@dataclass(frozen=True)
class Kind:
    """A kind of meeting, as `data/kinds.csv` has it."""

    key: str
    picture: str
    """An OpenMoji hexcode."""
    minutes: int
    """How long it lasts unless staff say otherwise."""
    is_group: bool
    names: Mapping[str, str]
    """What it is called, by language."""


class Way(StrEnum):
    """How people meet."""

    PLACE = "place"
    PHONE = "phone"
    VIDEO = "video"


class Part(StrEnum):
    """What a person is in a meeting."""

    CITIZEN = "citizen"
    HOST = "host"
    CHAIR = "chair"
    STAFF = "staff"
    MENTOR = "mentor"
    ROLE_MODEL = "role_model"
    INTERPRETER = "interpreter"
    GUEST = "guest"


class Outcome(StrEnum):
    """How it went for one person."""

    CAME = "came"
    EXCUSED = "excused"
    MISSED = "missed"
    CANCELLED_BY_US = "cancelled"


class Topic(StrEnum):
    """What a citizen can ask to talk about."""

    HOME = "home"
    MONEY = "money"
    HEALTH = "health"
    WORK = "work"
    OTHER = "other"


TOPIC_PICTURES = {"home": "1F3E0", "money": "1F4B6", "health": "1FA7A", "work": "1F6E0", "other": "1F4AC"}
"""OpenMoji hexcodes."""
AGENDA_LIMIT = 10
"""Points of one meeting; more cannot be talked about."""
POINT_LENGTH = 200
LINE_LENGTH = 400


class Interpreter(StrEnum):
    NONE_NEEDED = "none_needed"
    BOOKED = "booked"
    MISSING = "missing"
    """Needed, but nobody is booked yet."""


class Answer(StrEnum):
    COMING = "coming"
    LATE = "late"
    CANNOT = "cannot"


REASONS = {
    Answer.COMING: (),
    Answer.LATE: ("10", "20", "30"),
    Answer.CANNOT: ("sick", "child", "work", "transport", "other"),
}
"""The neutral reasons of an answer; for being late, about how many minutes. None has to be given."""

REASON_PICTURES = {"sick": "1F912", "child": "1F9D2", "work": "1F6E0", "transport": "1F68C", "other": "1F4AC"}
"""OpenMoji hexcodes of the reasons why somebody cannot come."""


class Happening(StrEnum):
    MADE = "made"
    CHOSEN = "chosen"
    """The citizen has chosen the time herself."""
    MOVED = "moved"
    CHANGED = "changed"
    """Something else than time and place; the citizen's answer stands."""
    CANCELLED = "cancelled"
    ANSWERED = "answered"
    HELD = "held"
    """Somebody has said how it went."""


class Problem(StrEnum):
    ENDS_BEFORE_START = "ends_before_start"
    STARTS_IN_PAST = "starts_in_past"
    TOO_FAR = "too_far"
    TOO_LONG = "too_long"
    LEAVES_TOO_LATE = "leaves_too_late"
    TEXT_TOO_LONG = "text_too_long"
    CPR_NUMBER = "cpr_number"
    NO_LINK = "no_link"
    """A video meeting without an address, or with one that is no https address."""
    NO_NUMBER = "no_number"
    """A meeting by phone with something else than a number to call."""
    TOO_FEW_TIMES = "too_few_times"
    TIMES_OVERLAP = "times_overlap"
    ODD_REASON = "odd_reason"
    """A reason that does not belong to the answer."""


@dataclass(frozen=True)
class Fault:
    problem: Problem
    field: str


@dataclass(frozen=True)
class MeetingFacts:
    """What staff decide about a meeting, apart from with whom."""

    kind: str
    """The key of a `Kind`."""
    starts_at: datetime
    ends_at: datetime
    place: str
    language: str
    """Code of the language the meeting is held in."""
    interpreter: Interpreter = Interpreter.NONE_NEEDED
    interpreter_name: str = ""
    way: Way = Way.PLACE
    link: str = ""
    how_to_find: str = ""
    leave_home_at: datetime | None = None
    bring: str = ""


@dataclass(frozen=True)
class Reply:
    """What a citizen says to a meeting."""

    answer: Answer
    reason: str | None = None
    note: str = ""
    note_language: str | None = None


class Slot(NamedTuple):
    """A time for a meeting."""

    starts_at: datetime
    ends_at: datetime


class Window(NamedTuple):
    """Hours of a weekday, 0 for Monday, on a wall clock."""

    weekday: int
    begins: time
    ends: time


@dataclass(frozen=True)
class Position:
    """Where a page of a list by time ended, so that the next page begins behind it."""

    starts_at: datetime
    meeting_id: int

    def written(self) -> str:
        return f"{(self.starts_at - _EPOCH) // timedelta(microseconds=1)}-{self.meeting_id}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the position in an address, or None for anything else than `written` makes."""
        moment, _, number = text.partition("-")
        if not (moment.isdecimal() and number.isdecimal() and len(moment) <= 17 and len(number) <= 9):
            return None
        return cls(_EPOCH + timedelta(microseconds=int(moment)), int(number))


def faults_in(facts: MeetingFacts, now: datetime, before: MeetingFacts | None = None) -> list[Fault]:
    """Return what is wrong; a meeting that has begun may keep the start it had `before`."""
    found = []
    if facts.ends_at <= facts.starts_at:
        found.append(Fault(Problem.ENDS_BEFORE_START, "ends_at"))
    elif facts.ends_at - facts.starts_at > LONGEST:
        found.append(Fault(Problem.TOO_LONG, "ends_at"))
    if facts.starts_at <= now and (before is None or before.starts_at != facts.starts_at):
        found.append(Fault(Problem.STARTS_IN_PAST, "starts_at"))
    if facts.starts_at > now + FARTHEST:
        found.append(Fault(Problem.TOO_FAR, "starts_at"))
    if facts.leave_home_at is not None and facts.leave_home_at >= facts.starts_at:
        found.append(Fault(Problem.LEAVES_TOO_LATE, "leave_home_at"))
    if facts.way is Way.VIDEO and not _VIDEO_ADDRESS.fullmatch(facts.link):
        found.append(Fault(Problem.NO_LINK, "link"))
    if facts.way is Way.PHONE and facts.link and not _PHONE_NUMBER.fullmatch(facts.link):
        found.append(Fault(Problem.NO_NUMBER, "link"))
    texts = (
        ("place", PLACE_LENGTH),
        ("how_to_find", TEXT_LENGTH),
        ("bring", TEXT_LENGTH),
        ("interpreter_name", NAME_LENGTH),
        ("link", LINK_LENGTH),
    )
    return found + [fault for name, most in texts for fault in faults_in_text(getattr(facts, name), name, most)]


def faults_in_offer(offered: Sequence[Slot], now: datetime) -> list[Fault]:
    """Return what is wrong with times to choose from; no offer at all is none."""
    if not offered:
        return []
    if len(offered) < 2:
        return [Fault(Problem.TOO_FEW_TIMES, "offered")]
    if any(slot.starts_at <= now for slot in offered):
        return [Fault(Problem.STARTS_IN_PAST, "offered")]
    in_order = sorted(offered)
    if in_order[-1].ends_at - in_order[0].starts_at > OFFER_SPAN:
        return [Fault(Problem.TOO_FAR, "offered")]
    overlap = any(later.starts_at < earlier.ends_at for earlier, later in pairwise(in_order))
    return [Fault(Problem.TIMES_OVERLAP, "offered")] if overlap else []


def faults_in_text(text: str, field: str, most: int = TEXT_LENGTH) -> list[Fault]:
    if len(text) > most:
        return [Fault(Problem.TEXT_TOO_LONG, field)]
    return [Fault(Problem.CPR_NUMBER, field)] if has_cpr_number(text) else []


def faults_in_reply(reply: Reply) -> list[Fault]:
    odd = reply.reason is not None and reply.reason not in REASONS[reply.answer]
    return ([Fault(Problem.ODD_REASON, "reason")] if odd else []) + faults_in_text(reply.note, "note")


def asks_again(before: MeetingFacts, after: MeetingFacts) -> bool:
    """Say whether the citizen's answer to the one is no answer to the other."""
    return _when_and_where(before) != _when_and_where(after)


def _when_and_where(facts: MeetingFacts) -> tuple[Any, ...]:
    return facts.starts_at, facts.ends_at, facts.way, facts.place


def moved_to(facts: MeetingFacts, slot: Slot) -> MeetingFacts:
    """Return the facts at another time, with as long a way from home as before."""
    leave = facts.leave_home_at and slot.starts_at - (facts.starts_at - facts.leave_home_at)
    return replace(facts, starts_at=slot.starts_at, ends_at=slot.ends_at, leave_home_at=leave)


def can_answer(ends_at: datetime, cancelled_at: datetime | None, now: datetime) -> bool:
    """Say whether the meeting still stands: it can be answered, moved and cancelled until it ends."""
    return cancelled_at is None and now < ends_at


def needs_answer(starts_at: datetime, cancelled_at: datetime | None, answer: str | None, now: datetime) -> bool:
    """Say whether staff should hear that nobody knows yet whether the citizen comes."""
    return answer is None and cancelled_at is None and now < starts_at <= now + WAITED_FOR


def local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def local_clock(moment: datetime, timezone: str) -> time:
    return moment.astimezone(ZoneInfo(timezone)).time()


def is_today(moment: datetime, now: datetime, timezone: str) -> bool:
    return local_day(moment, timezone) == local_day(now, timezone)


def is_tomorrow(moment: datetime, now: datetime, timezone: str) -> bool:
    return local_day(moment, timezone) == local_day(now, timezone) + timedelta(days=1)


def moment_at(day: date, clock: time, timezone: str) -> datetime | None:
    """Return the moment a wall clock shows, or None in the hour that summer time skips.

    Of the two moments in the hour that comes twice in autumn, the first is meant.
    """
    local = datetime.combine(day, clock.replace(tzinfo=None), ZoneInfo(timezone))
    moment = local.astimezone(UTC)
    return moment if local_clock(moment, timezone) == clock else None


NOTICE = timedelta(hours=20)
"""How long beforehand a citizen may choose a new time; staff must be able to see it the day before."""
FREE_DAYS = 14
"""How far ahead she may choose."""
TIMES_A_DAY = 2
STEP = timedelta(minutes=30)


def free_times(
    windows: Iterable[Window],
    busy: Sequence[Slot],
    closed: Container[date],
    length: timedelta,
    now: datetime,
    timezone: str,
    *,
    most: int = 6,
) -> list[Slot]:
    """Return the soonest times of a length inside the windows that touch nothing busy, at most two a day."""
    found: list[Slot] = []
    hours = list(windows)
    for ahead in range(FREE_DAYS + 1):
        day = local_day(now, timezone) + timedelta(days=ahead)
        if day in closed:
            continue
        that_day = [
            slot
            for window in sorted(hours)
            if window.weekday == day.weekday()
            for slot in _slots(window, day, length, timezone)
            if slot.starts_at >= now + NOTICE and not overlaps(slot, busy)
        ]
        found += _apart(that_day)
        if len(found) >= most:
            break
    return found[:most]


def overlaps(slot: Slot, others: Iterable[Slot]) -> bool:
    return any(slot.starts_at < other.ends_at and other.starts_at < slot.ends_at for other in others)


def _slots(window: Window, day: date, length: timedelta, timezone: str) -> Iterable[Slot]:
    start = moment_at(day, window.begins, timezone)
    end = moment_at(day, window.ends, timezone)
    while start is not None and end is not None and start + length <= end:
        yield Slot(start, start + length)
        start += STEP


def _apart(slots: Sequence[Slot]) -> Sequence[Slot]:
    """Choose the first and the last of a day, so that there is something for early and for late people."""
    return slots if len(slots) <= TIMES_A_DAY else (slots[0], slots[-1])


def as_told(facts: MeetingFacts | Reply) -> dict[str, Any]:
    """Return facts in the plain form in which history keeps them."""
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(facts).items()
    }


# --- Calendar -----------------------------------------------------------------------------------------------

WORKDAY = time(8), time(16)
"""Between which hours colleagues are shown when they are both free."""
SHORTEST_GAP = timedelta(minutes=30)


def week_of(day: date) -> list[date]:
    """Return the seven days of a day's week, Monday first."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def month_of(day: date) -> list[date]:
    """Return all days of a day's month."""
    return [day.replace(day=number + 1) for number in range(monthrange(day.year, day.month)[1])]


def span_of(days: Sequence[date], timezone: str) -> Slot:
    """Return the moments between which days lie, from midnight to midnight on the wall clock."""
    zone = ZoneInfo(timezone)
    after = days[-1] + timedelta(days=1)
    return Slot(datetime.combine(days[0], time(), zone), datetime.combine(after, time(), zone))


def clashing(slots: Sequence[Slot]) -> set[int]:
    """Return the places of those slots that overlap another one; they stand in the order of their starts."""
    found: set[int] = set()
    longest = 0
    for place, slot in enumerate(slots):
        if place and slot.starts_at < slots[longest].ends_at:
            found |= {longest, place}
        if slot.ends_at > slots[longest].ends_at:
            longest = place
    return found


def gaps(busy: Iterable[Slot], day: date, timezone: str) -> list[Slot]:
    """Return when nothing is on a working day, leaving out what is too short for a meeting."""
    zone = ZoneInfo(timezone)
    begins, ends = (datetime.combine(day, clock, zone).astimezone(UTC) for clock in WORKDAY)
    found = []
    for slot in (*sorted(busy), Slot(ends, ends)):
        if min(slot.starts_at, ends) - begins >= SHORTEST_GAP:
            found.append(Slot(begins, min(slot.starts_at, ends)))
        begins = max(begins, slot.ends_at)
    return found


def faults_in_hours(windows: Sequence[Window]) -> list[Fault]:
    """Return what is wrong with hours for choosing a time; a fault's field is the place of its window."""
    ill = [
        Fault(Problem.ENDS_BEFORE_START, str(place))
        for place, window in enumerate(windows)
        if window.ends <= window.begins
    ]
    if ill:
        return ill
    in_order = sorted(range(len(windows)), key=lambda place: windows[place])
    return [
        Fault(Problem.TIMES_OVERLAP, str(max(earlier, later)))
        for earlier, later in pairwise(in_order)
        if windows[earlier].weekday == windows[later].weekday and windows[later].begins < windows[earlier].ends
    ]


# --- Figures about absence ----------------------------------------------------------------------------------

SMALLEST_GROUP = 5
"""Figures about fewer people would tell about persons."""


class Attended(NamedTuple):
    """How often one person's meetings of one sort ended in one way."""

    person_id: int
    was_chosen: bool
    has_answered: bool
    language: str
    channel: str
    """How the last reminder went out; empty when there was none."""
    outcome: str
    times: int


@dataclass(frozen=True)
class Share:
    """Meetings of several people: of how many they stayed away without a word."""

    labels: tuple[str, ...]
    """What they have in common; several where small groups were put together."""
    people: int
    meetings: int
    missed: int

    @property
    def percent(self) -> int:
        return round(100 * self.missed / self.meetings)


def shares(rows: Iterable[Attended], label: Callable[[Attended], str]) -> list[Share]:
    """Split meetings by a label, the largest group first.

    Groups of fewer than five people are put together, with the next larger ones until they are five; when even
    all together are fewer, nothing is told.
    """
    people: dict[str, set[int]] = defaultdict(set)
    meetings: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for row in rows:
        name = label(row)
        people[name].add(row.person_id)
        meetings[name] += row.times
        missed[name] += row.times * (row.outcome == Outcome.MISSED)
    groups: list[tuple[str, ...]] = [(name,) for name in sorted(people, key=lambda name: (len(people[name]), name))]

    def members(group: tuple[str, ...]) -> set[int]:
        return set().union(*(people[name] for name in group))

    while len(groups) > 1 and len(members(groups[0])) < SMALLEST_GROUP:
        groups = sorted([groups[0] + groups[1], *groups[2:]], key=lambda group: len(members(group)))
    found = [
        Share(group, len(members(group)), sum(meetings[name] for name in group), sum(missed[name] for name in group))
        for group in groups
    ]
    return [share for share in reversed(found) if share.people >= SMALLEST_GROUP]
