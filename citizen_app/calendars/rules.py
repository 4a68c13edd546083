"""Calendar files: a meeting as an event, many as a calendar, and the secret address of a person's own.

An event keeps its number for good and its sequence grows, so that a programme that has it once changes and cancels
it; nothing is in it that others who see the calendar should not know, unless its owner has chosen so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import STATUS, TRANSP, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from citizen_app.meetings.rules import Answer

FEED_PAST = timedelta(days=30)
"""How long a meeting stays in a person's calendar after it was, and a cancelled one after it was cancelled."""
FEED_AHEAD = timedelta(days=400)
FEED_REFRESH = timedelta(hours=1)
"""How often calendars are asked to look again."""
CALENDAR_TYPE = "text/calendar; charset=utf-8"
CALENDAR_DISPOSITION = 'inline; filename="calendar.ics"'
"""Phones offer to add what is shown inline; the name says nothing to others."""
_UIDS = UUID("5c1b9c0e-6b0a-4b55-9d3f-0a4f7f3f9a51")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class FeedWish(StrEnum):
    """What a person may want with the address of her calendar."""

    MAKE = "make"
    RENEW = "renew"
    """Another address; the old one stops."""
    STOP = "stop"
    SAY_MORE = "say_more"
    SAY_LESS = "say_less"


@dataclass(frozen=True)
class Telling:
    """What a calendar says about a meeting, in words."""

    title: str
    place: str = ""
    notes: str = ""


@dataclass(frozen=True)
class Entry:
    """A meeting as it stands in somebody's calendar."""

    uid: str
    version: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    status: STATUS
    is_busy: bool
    telling: Telling


def entry_of(meeting: Any, answer: str | None, telling: Telling) -> Entry:
    """Return the entry of a row with `changed_at`; nobody is busy at a meeting she cannot come to.

    The UID holds neither a name nor the app's address, and stays when the meeting moves.
    """
    status = STATUS.CONFIRMED if answer in {Answer.COMING, Answer.LATE} else STATUS.TENTATIVE
    return Entry(
        uid=str(uuid5(_UIDS, f"{meeting.id} {meeting.made_at.astimezone(UTC).isoformat()}")),
        version=meeting.version,
        changed_at=meeting.changed_at or meeting.made_at,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        status=STATUS.CANCELLED if meeting.cancelled_at else status,
        is_busy=meeting.cancelled_at is None and answer != Answer.CANNOT,
        telling=telling,
    )


def entry_for_worker(meeting: Any, kind: str, neutral: Telling, *, tells_more: bool) -> Entry:
    """Return the entry in a worker's calendar: at most the kind, the place and one citizen's first name."""
    name = meeting.citizen_given_name or ""
    full = Telling(f"{kind} · {name}" if name else kind, meeting.place, meeting.link)
    answer = Answer.COMING if meeting.is_group else meeting.answer
    return entry_of(meeting, answer, full if tells_more else neutral)


def calendar_tag(entries: Sequence[Entry], timezone: str, name: str) -> str:
    """Return what changes whenever a calendar does, at a small part of the cost of writing it."""
    return hashlib.sha256(repr((timezone, name, entries)).encode()).hexdigest()[:32]


def calendar_file(entries: Sequence[Entry], timezone: str, name: str, now: datetime) -> bytes:
    """Return a calendar for other programmes to show; one cancelled meeting alone is a message to take it out."""
    calendar = Calendar()
    calendar.prodid = "-//citizen_app//meetings//EN"
    calendar.version = "2.0"
    calendar.calscale = "GREGORIAN"
    calendar.method = "CANCEL" if [entry.status for entry in entries] == [STATUS.CANCELLED] else "PUBLISH"
    calendar.calendar_name = name
    calendar.refresh_interval = FEED_REFRESH
    calendar.add("X-PUBLISHED-TTL", FEED_REFRESH)
    years = [moment.year for entry in entries for moment in (entry.starts_at, entry.ends_at)] or [now.year]
    calendar.add_component(calendar_timezone(timezone, min(years) - 1, max(years) + 1))
    for entry in entries:
        calendar.add_component(event_of(entry, timezone))
    written: bytes = calendar.to_ical()
    return written


def event_of(entry: Entry, timezone: str) -> Event:
    """Return an entry as an event on the wall clock. It has no alarm, since the app reminds by itself."""
    zone = ZoneInfo(timezone)
    return Event.new(
        uid=entry.uid,
        sequence=entry.version,
        stamp=entry.changed_at,
        last_modified=entry.changed_at,
        start=entry.starts_at.astimezone(zone),
        end=entry.ends_at.astimezone(zone),
        status=entry.status,
        transparency=TRANSP.OPAQUE if entry.is_busy else TRANSP.TRANSPARENT,
        summary=entry.telling.title,
        location=entry.telling.place or None,
        description=entry.telling.notes or None,
    )


@lru_cache
def calendar_timezone(name: str, first: int, last: int) -> Timezone:
    """Describe a zone's summer time by yearly rules, so that it holds from January of the year after the first.

    Outlook passes over lists of dates, such as icalendar's own description has, and shows summer's meetings an hour
    wrong. That description is used where the clocks change by no such rule.
    """
    years = range(first, max(last, first + 3) + 1)
    by_rule: dict[tuple[str, timedelta], list[_Change]] = {}
    for change in _clock_changes(ZoneInfo(name), years):
        by_rule.setdefault((change.rule, change.after), []).append(change)
    if not by_rule or any(not rule or len(found) != len(years) for (rule, _after), found in by_rule.items()):
        return Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last + 2, 1, 1))
    timezone = Timezone()
    timezone.add("TZID", name)
    for earliest, *_later in by_rule.values():
        timezone.add_component(earliest.written())
    return timezone


@dataclass(frozen=True)
class _Change:
    """The clocks are changed: when, on the clock before, and by how much."""

    clock: datetime
    before: timedelta
    after: timedelta
    name: str
    is_summer: bool

    @property
    def rule(self) -> str:
        """Return the yearly rule, such as `3 -1SU 0200`; nothing when it is not the last such day of its month."""
        day = self.clock
        is_last = day.day + 7 > monthrange(day.year, day.month)[1]
        return f"{day.month} -1{_WEEKDAYS[day.weekday()]} {day:%H%M}" if is_last else ""

    def written(self) -> TimezoneStandard | TimezoneDaylight:
        part = TimezoneDaylight() if self.is_summer else TimezoneStandard()
        part.DTSTART = self.clock
        part.TZOFFSETFROM = self.before
        part.TZOFFSETTO = self.after
        part.add("TZNAME", self.name)
        month, weekday, _clock = self.rule.split()
        part.add("RRULE", {"FREQ": "YEARLY", "BYMONTH": int(month), "BYDAY": weekday})
        return part


def _clock_changes(zone: ZoneInfo, years: range) -> Iterator[_Change]:
    """Yield every change of the clocks in these years, by looking at each hour."""
    start = datetime(years[0], 1, 1, tzinfo=UTC)
    hours = (datetime(years[-1] + 1, 1, 1, tzinfo=UTC) - start) // timedelta(hours=1)
    moments = (start + timedelta(hours=hour) for hour in range(hours + 1))
    for earlier, later in pairwise(moment.astimezone(zone) for moment in moments):
        before, after = earlier.utcoffset(), later.utcoffset()
        if before != after and before is not None and after is not None:
            clock = (later.astimezone(UTC) + before).replace(tzinfo=None)
            yield _Change(clock, before, after, later.tzname() or "", bool(later.dst()))


def feed_token(secret_key: str, person_id: int, nonce: str) -> str:
    """Return the secret part of the address of a person's calendar; the database alone does not give it away."""
    digest = hmac.digest(secret_key.encode(), f"calendar.{person_id}.{nonce}".encode(), "sha256")
    return f"{person_id}-{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def person_of_token(token: str) -> int | None:
    """Return whose calendar an address claims to be."""
    number = token.partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 9 else None


def is_feed_token(token: str, secret_key: str, person_id: int, nonce: str) -> bool:
    """Say whether a token is the right one, in a time that tells nothing about the right one."""
    return hmac.compare_digest(token.encode(), feed_token(secret_key, person_id, nonce).encode())
