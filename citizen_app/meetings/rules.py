"""What a meeting is, what is wrong with one, and who is still waited for.

A meeting's time and place are one thing to the citizen: when either changes she is asked again, while a
booked interpreter or a corrected door does not take her answer away.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from citizen_app.texts.rules import has_cpr_number

LONGEST = timedelta(hours=8)
FARTHEST = timedelta(days=730)
"""How far ahead a meeting may lie; a later one is a slip of the keys."""
WAITED_FOR = timedelta(days=7)
"""How long before a meeting staff hear that it is not answered."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PLACE_LENGTH = 120
TEXT_LENGTH = 200


class Kind(StrEnum):
    TALK = "talk"
    JOB_TALK = "job_talk"
    FOLLOW_UP = "follow_up"
    START = "start"
    EVALUATION = "evaluation"
    CLOSING = "closing"
    NETWORK = "network"
    OTHER = "other"


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
    MOVED = "moved"
    CHANGED = "changed"
    """Something else than time and place; the citizen's answer stands."""
    CANCELLED = "cancelled"
    ANSWERED = "answered"


class Problem(StrEnum):
    ENDS_BEFORE_START = "ends_before_start"
    STARTS_IN_PAST = "starts_in_past"
    TOO_FAR = "too_far"
    TOO_LONG = "too_long"
    LEAVES_TOO_LATE = "leaves_too_late"
    TEXT_TOO_LONG = "text_too_long"
    CPR_NUMBER = "cpr_number"
    ODD_REASON = "odd_reason"
    """A reason that does not belong to the answer."""


@dataclass(frozen=True)
class Fault:
    problem: Problem
    field: str


@dataclass(frozen=True)
class MeetingFacts:
    """What staff decide about a meeting, apart from with whom."""

    kind: Kind
    starts_at: datetime
    ends_at: datetime
    place: str
    language: str
    """Code of the language the meeting is held in."""
    interpreter: Interpreter = Interpreter.NONE_NEEDED
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
    texts = (("place", PLACE_LENGTH), ("how_to_find", TEXT_LENGTH), ("bring", TEXT_LENGTH))
    return found + [fault for name, most in texts for fault in faults_in_text(getattr(facts, name), name, most)]


def faults_in_text(text: str, field: str, most: int = TEXT_LENGTH) -> list[Fault]:
    if len(text) > most:
        return [Fault(Problem.TEXT_TOO_LONG, field)]
    return [Fault(Problem.CPR_NUMBER, field)] if has_cpr_number(text) else []


def faults_in_reply(reply: Reply) -> list[Fault]:
    odd = reply.reason is not None and reply.reason not in REASONS[reply.answer]
    return ([Fault(Problem.ODD_REASON, "reason")] if odd else []) + faults_in_text(reply.note, "note")


def asks_again(before: MeetingFacts, after: MeetingFacts) -> bool:
    """Say whether the citizen's answer to the one is no answer to the other."""
    return (before.starts_at, before.ends_at, before.place) != (after.starts_at, after.ends_at, after.place)


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


def as_told(facts: MeetingFacts | Reply) -> dict[str, Any]:
    """Return facts in the plain form in which history keeps them."""
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(facts).items()
    }
