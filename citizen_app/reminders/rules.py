"""Which reminders there are, when each is due, what becomes of one, and how it is put into words."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo


class ReminderKind(StrEnum):
    BOOKED = "booked"
    """A meeting has been made, or offered with several times to choose from."""
    MOVED = "moved"
    """A meeting has another time or place, and she is asked again."""
    CANCELLED = "cancelled"
    """A meeting does not take place; nobody shall set out for it."""
    WEEK = "week"
    """Seven days before a meeting."""
    EVENING = "evening"
    """The evening before, with the answers."""
    MORNING = "morning"
    """The same day: when to leave home."""
    MISSED = "missed"
    """A warm word after a meeting she did not come to."""
    GOAL = "goal"
    """A goal waits for her yes."""
    WORDS = "words"
    """Words to practise, for those who want to be told."""
    NUDGE = "nudge"
    """To a mentor: nobody has said yet how a day was."""
    HOURS = "hours"
    """A mentor has spoken of her days, and her own word is waited for."""
    TEST = "test"
    """She tries whether her phone rings."""


class ReminderState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    """A push service, an SMS gateway or a mail server has taken it."""
    CALL = "call"
    """Nothing could reach her: staff call."""
    EXPIRED = "expired"
    """It would have come too late to be of use."""
    CANCELLED = "cancelled"
    """It no longer holds: the meeting was moved, cancelled or answered with "I cannot"."""


class Channel(StrEnum):
    PUSH = "push"
    SMS = "sms"
    MAIL = "mail"
    CALL = "call"


# --- Planning -----------------------------------------------------------------------------------------------

MOST = 5
"""Reminders of one meeting to one person, those that went out included."""
TOO_CLOSE = timedelta(hours=3)
RECENT = timedelta(hours=14)
"""Who was reminded so shortly before needs not be told again before she goes to sleep."""
BEFORE_QUIET = timedelta(minutes=15)
BEFORE_TRAVEL = timedelta(minutes=30)
"""So much earlier the morning's reminder comes when nobody has said when to leave home."""
NEWS_OF_CANCELLING = timedelta(hours=24)
"""So near, a cancelled meeting is told of even to those who were never told of the meeting."""
ASK_AGAIN_AFTER = 2
"""Days after which somebody is asked once more to choose among the times she was offered."""
LONGEST_JITTER = 600
TEST_USEFUL = timedelta(minutes=10)
GOAL_USEFUL = timedelta(hours=24)
WORDS_UNTIL = time(21)
LONGEST_QUIET = timedelta(hours=14)
OLDEST_PRESS = timedelta(days=60)
"""A phone whose clock says that an answer is older than this has a wrong clock."""

AT_ONCE = frozenset({ReminderKind.BOOKED, ReminderKind.MOVED, ReminderKind.CANCELLED, ReminderKind.TEST})
NEWS = frozenset({ReminderKind.MOVED, ReminderKind.CANCELLED})
"""What she would set out in vain for, or miss, if it waited: it is merged into nothing later."""
RULED = tuple(
    ReminderKind(kind) for kind in ("booked", "week", "evening", "morning", "missed", "goal", "words", "nudge", "hours")
)
"""The kinds a municipality may have its own rule for; nobody can switch off the others."""
_WORTH = {
    ReminderKind.CANCELLED: 5,
    ReminderKind.MOVED: 4,
    ReminderKind.BOOKED: 4,
    ReminderKind.EVENING: 3,
    ReminderKind.MORNING: 2,
    ReminderKind.MISSED: 1,
    ReminderKind.WEEK: 0,
}


@dataclass(frozen=True)
class Rule:
    """When one kind of reminder is sent; what it has no use for is empty."""

    is_on: bool = True
    days_before: int = 0
    at: time | None = None
    """The wall clock of that day."""
    minutes_before: int = 0
    """On the same day: how long before leaving home."""


@dataclass(frozen=True)
class Wishes:
    """How somebody wants to be reminded."""

    quiet_from: time = time(21)
    quiet_to: time = time(7)
    tells_more: bool = False
    words_at: time | None = None


@dataclass(frozen=True)
class MeetingToPlan:
    """What a meeting's reminders to one citizen follow from."""

    person_id: int
    meeting_id: int
    version: int
    """The one she was last asked about."""
    starts_at: datetime
    leave_home_at: datetime | None = None
    is_settled: bool = True
    is_cancelled: bool = False
    answer: str | None = None
    has_missed: bool = False
    outcome_at: datetime | None = None
    is_asked_now: bool = False
    """She is being asked at this very moment: called to it, or asked anew."""

    @property
    def latest(self) -> datetime:
        """When a reminder is too late to help her get there."""
        return min(self.leave_home_at or self.starts_at, self.starts_at)


@dataclass(frozen=True)
class Known:
    """A reminder that is there already."""

    id: int
    kind: ReminderKind
    version: int
    due_at: datetime
    useless_at: datetime
    is_waiting: bool
    is_told: bool
    """It went out, or may be going out at this moment."""


@dataclass(frozen=True)
class Planned:
    """A reminder that is to wait; one that waits already has the same kind and moments."""

    kind: ReminderKind
    due_at: datetime
    useless_at: datetime
    is_fixed: bool = False
    """It waits already and its moment has come, or is to stay as it is."""


Rules = Mapping[ReminderKind, Rule]


def planned_for_meeting(
    meeting: MeetingToPlan, rules: Rules, wishes: Wishes, known: Sequence[Known], now: datetime, timezone: str
) -> list[Planned]:
    """Return the reminders that are to wait from now on, those that wait already included, soonest first.

    Nothing comes twice: `known` tells what went out, also about earlier times of the meeting.
    """
    if meeting.answer == "cannot":
        return []
    told = [one for one in known if one.is_told]
    heard = [one.due_at for one in told if one.version == meeting.version]
    found = _wanted(meeting, rules, known, now, timezone)
    awake = _awake(meeting, found, heard, wishes, now, timezone)
    chosen = _most_useful(_merged(awake, heard), len(told))
    return sorted(chosen, key=lambda one: one.due_at)


def planned_for_goal(
    person_id: int,
    goal_id: int,
    waits_since: datetime | None,
    rule: Rule,
    wishes: Wishes,
    known: Sequence[Known],
    now: datetime,
    timezone: str,
) -> Planned | None:
    """Return the one reminder of a goal that waits for the citizen's yes since a moment: the day after.

    New words are a new question, so a reminder of earlier ones does not count.
    """
    if waits_since is None or not rule.is_on or rule.at is None:
        return None
    if any(one.is_told and one.due_at > waits_since for one in known):
        return None
    waiting = next((one for one in known if one.is_waiting and waits_since < one.due_at <= now < one.useless_at), None)
    if waiting is not None:
        return Planned(ReminderKind.GOAL, waiting.due_at, waiting.useless_at, is_fixed=True)
    due = wall_moment(_day(waits_since, timezone) + timedelta(days=1), rule.at, timezone)
    due = quiet_end(due, wishes, timezone) if is_quiet(due, wishes, timezone) else due
    planned = Planned(ReminderKind.GOAL, due, due + GOAL_USEFUL)
    spread = _with_jitter(planned, f"{person_id}.goal.{goal_id}", wishes, timezone)
    return spread if spread.due_at >= now else None


def words_moment(
    words_at: time, wishes: Wishes, person_id: int, now: datetime, timezone: str
) -> tuple[datetime, datetime] | None:
    """Return when today's words are to be told of and until when, once that clock has come; else nothing."""
    today = _day(now, timezone)
    due, until = wall_moment(today, words_at, timezone), wall_moment(today, WORDS_UNTIL, timezone)
    if not due <= now < until or is_quiet(now, wishes, timezone):
        return None
    planned = _with_jitter(Planned(ReminderKind.WORDS, now, until), f"{person_id}.{today}", wishes, timezone)
    return planned.due_at, until


# --- Days that nobody has spoken of -------------------------------------------------------------------------

STAGES = (0, 1, 3)
"""So many evenings after a day its mentors are asked about it; then only the staff's morning list speaks of it."""
AFTER_SHIFT = timedelta(hours=1)
PLANNED_AHEAD = timedelta(minutes=10)
"""So long before its moment a nudge is planned: as often as the planner comes, so that each keeps its moment."""
NUDGE_LATE = timedelta(hours=3)
"""A nudge that nobody could plan for so long after its moment is left out; the next evening asks."""
HOURS_LATE = timedelta(hours=1)


@dataclass(frozen=True, order=True)
class UnsaidDay:
    """A planned day of which no mentor has said anything; it may not be over yet."""

    day: date
    ends_at: datetime


@dataclass(frozen=True)
class Nudge:
    """One question to a mentor about all the days that are to be asked about on an evening."""

    about_day: date
    """The latest of them."""
    stage: int
    """How many evenings after that day."""
    planned: Planned


def nudge_to_plan(
    person_id: int,
    placement_id: int,
    unsaid: Collection[UnsaidDay],
    asked: Collection[date],
    rule: Rule,
    wishes: Wishes,
    now: datetime,
    timezone: str,
) -> Nudge | None:
    """Return the nudge whose moment comes now, if one does; `asked` are the evenings that have had theirs.

    An evening asks once, whatever the number of days: at the rule's clock, or an hour after that day's own shift if
    that is later, and never in quiet hours. So the question after a night shift comes in the morning.
    """
    if not rule.is_on or rule.at is None:
        return None
    today = _day(now, timezone)
    for evening in (today - timedelta(days=1), today):
        moment = _moment_of_evening(evening, unsaid, rule.at, wishes, timezone)
        is_now = moment - PLANNED_AHEAD <= now < moment + NUDGE_LATE
        about = [one.day for one in unsaid if (evening - one.day).days in STAGES and one.ends_at <= moment]
        if is_now and about and not any(one >= evening for one in asked):
            due = max(moment, now)
            due = quiet_end(due, wishes, timezone) if is_quiet(due, wishes, timezone) else due
            stage = (evening - max(about)).days
            planned = Planned(ReminderKind.NUDGE, due, _nudge_useless_at(evening, stage, due, rule.at, timezone))
            key = f"{person_id}.{placement_id}.{evening}"
            return Nudge(max(about), stage, _with_jitter(planned, key, wishes, timezone))
    return None


def _moment_of_evening(
    evening: date, unsaid: Iterable[UnsaidDay], clock: time, wishes: Wishes, timezone: str
) -> datetime:
    own = [one.ends_at + AFTER_SHIFT for one in unsaid if one.day == evening]
    moment = max([wall_moment(evening, clock, timezone), *own])
    return quiet_end(moment, wishes, timezone) if is_quiet(moment, wishes, timezone) else moment


def _nudge_useless_at(evening: date, stage: int, due: datetime, clock: time, timezone: str) -> datetime:
    """Return when the next evening asks; the last question about a day stands until the next day is over."""
    if stage == STAGES[-1]:
        return wall_moment(evening + timedelta(days=2), time(), timezone)
    return max(wall_moment(evening + timedelta(days=1), clock, timezone), due + NUDGE_LATE)


def still_asked(about_day: date, stage: int, due_at: datetime, unsaid: Iterable[UnsaidDay]) -> date | None:
    """Return the latest of a nudge's days of which still nothing has been said; nothing when all are answered."""
    evening = about_day + timedelta(days=stage)
    asked = {evening - timedelta(days=number) for number in STAGES}
    left = (one.day for one in unsaid if one.day in asked and one.day <= about_day and one.ends_at <= due_at)
    return max(left, default=None)


def hours_to_plan(
    person_id: int, rule: Rule, wishes: Wishes, last_days: Collection[date], now: datetime, timezone: str
) -> Planned | None:
    """Return the evening's reminder of hours that wait for the citizen's word, when its clock has come.

    `last_days` are those on which she was reminded of hours before.
    """
    if not rule.is_on or rule.at is None:
        return None
    today = _day(now, timezone)
    moment = wall_moment(today, rule.at, timezone)
    if not moment <= now < moment + HOURS_LATE:
        return None
    due = quiet_end(now, wishes, timezone) if is_quiet(now, wishes, timezone) else now
    if _day(due, timezone) in last_days:
        return None
    planned = Planned(ReminderKind.HOURS, due, wall_moment(_day(due, timezone) + timedelta(days=1), rule.at, timezone))
    return _with_jitter(planned, f"{person_id}.hours.{today}", wishes, timezone)


# --- Wall clocks and quiet hours ----------------------------------------------------------------------------


def wall_moment(day: date, clock: time, timezone: str) -> datetime:
    """Return the moment a wall clock shows; in the hour that summer time skips, the next moment there is.

    Of the two moments in the hour that comes twice in autumn, the first is meant.
    """
    local = datetime.combine(day, clock.replace(tzinfo=None, fold=0))
    zone = ZoneInfo(timezone)
    while (moment := local.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(tzinfo=None) != local:
        local = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return moment


def is_quiet(moment: datetime, wishes: Wishes, timezone: str) -> bool:
    return is_clock_quiet(moment.astimezone(ZoneInfo(timezone)).time(), wishes.quiet_from, wishes.quiet_to)


def is_clock_quiet(clock: time, begin: time, end: time) -> bool:
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def quiet_length(begin: time, end: time) -> timedelta:
    """Return how long the quiet hours last on a usual day."""
    begins, ends = (timedelta(hours=clock.hour, minutes=clock.minute) for clock in (begin, end))
    return (ends - begins) % timedelta(days=1)


def quiet_end(moment: datetime, wishes: Wishes, timezone: str) -> datetime:
    """Return when the quiet hours end that a moment lies in."""
    local = moment.astimezone(ZoneInfo(timezone))
    is_next_day = local.time() >= wishes.quiet_to
    return wall_moment(local.date() + timedelta(days=is_next_day), wishes.quiet_to, timezone)


def quiet_begin(moment: datetime, wishes: Wishes, timezone: str) -> datetime:
    """Return when the quiet hours began that a moment lies in."""
    local = moment.astimezone(ZoneInfo(timezone))
    was_the_day_before = local.time() < wishes.quiet_from
    return wall_moment(local.date() - timedelta(days=was_the_day_before), wishes.quiet_from, timezone)


def end_of_day(moment: datetime, days_later: int, timezone: str) -> datetime:
    return wall_moment(_day(moment, timezone) + timedelta(days=days_later + 1), time(), timezone)


def _day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


# --- What a meeting wants, before quiet hours and other reminders have their say ----------------------------


def _wanted(
    meeting: MeetingToPlan, rules: Rules, known: Sequence[Known], now: datetime, timezone: str
) -> list[Planned]:
    if meeting.is_cancelled:
        return _news_of_cancelling(meeting, known, now)
    if meeting.starts_at <= now:
        return _after_missing(meeting, rules, known, now, timezone)
    if not meeting.is_settled:
        return _while_offered(meeting, rules, known, now, timezone)
    timed = [
        _fixed(known, kind, meeting.version, now) or Planned(kind, due, meeting.starts_at)
        for kind, due in _by_the_clock(meeting, rules, timezone)
        if not any(one.is_told and one.kind is kind and one.version == meeting.version for one in known)
    ]
    return _at_once(meeting, rules, known, now) + timed


def _news_of_cancelling(meeting: MeetingToPlan, known: Sequence[Known], now: datetime) -> list[Planned]:
    is_told = any(one.is_told and one.kind is ReminderKind.CANCELLED for one in known)
    if meeting.starts_at <= now or is_told:
        return []
    is_known = any(one.is_told for one in known)
    if not is_known and meeting.starts_at - now > NEWS_OF_CANCELLING:
        return []
    return [_fixed(known, ReminderKind.CANCELLED) or Planned(ReminderKind.CANCELLED, now, meeting.starts_at)]


def _after_missing(
    meeting: MeetingToPlan, rules: Rules, known: Sequence[Known], now: datetime, timezone: str
) -> list[Planned]:
    kind = ReminderKind.MISSED
    is_told = any(one.is_told and one.kind is kind for one in known)
    if not meeting.has_missed or meeting.outcome_at is None or is_told or not rules[kind].is_on:
        return []
    until = end_of_day(meeting.outcome_at, 2, timezone)
    return [_fixed(known, kind, meeting.version, now) or Planned(kind, meeting.outcome_at, until)]


def _while_offered(
    meeting: MeetingToPlan, rules: Rules, known: Sequence[Known], now: datetime, timezone: str
) -> list[Planned]:
    """Ask at once, and once more two days later."""
    kind = ReminderKind.BOOKED
    asked = sorted((one for one in known if one.version == meeting.version and one.kind is kind), key=_by_moment)
    if not rules[kind].is_on or not (asked or meeting.is_asked_now):
        return []
    first = asked[0].due_at if asked else now
    clock = first.astimezone(ZoneInfo(timezone)).time()
    second = wall_moment(_day(first, timezone) + timedelta(days=ASK_AGAIN_AFTER), clock, timezone)
    waiting = [Planned(kind, one.due_at, one.useless_at, is_fixed=True) for one in asked if one.is_waiting]
    if not asked:
        waiting = [Planned(kind, now, meeting.starts_at)]
    has_second = any(one.is_waiting or one.is_told for one in asked[1:])
    return waiting if has_second else [*waiting, Planned(kind, second, meeting.starts_at)]


def _at_once(meeting: MeetingToPlan, rules: Rules, known: Sequence[Known], now: datetime) -> list[Planned]:
    """Tell of a new meeting, or of a new time or place; who has answered or was told of it knows it."""
    told = [one for one in known if one.is_told]
    if meeting.answer is not None or any(one.version == meeting.version for one in told):
        return []
    kind = ReminderKind.MOVED if told else ReminderKind.BOOKED
    waiting = _fixed(known, kind, meeting.version)
    if waiting is None and not (told or meeting.is_asked_now):
        return []
    is_on = kind is ReminderKind.MOVED or rules[kind].is_on
    return [waiting or Planned(kind, now, meeting.starts_at)] if is_on else []


def _by_the_clock(meeting: MeetingToPlan, rules: Rules, timezone: str) -> Iterator[tuple[ReminderKind, datetime]]:
    day = _day(meeting.starts_at, timezone)
    for kind in (ReminderKind.WEEK, ReminderKind.EVENING):
        rule = rules[kind]
        if rule.is_on and rule.at is not None:
            yield kind, wall_moment(day - timedelta(days=rule.days_before), rule.at, timezone)
    morning = rules[ReminderKind.MORNING]
    if morning.is_on:
        travel = timedelta() if meeting.leave_home_at else BEFORE_TRAVEL
        yield ReminderKind.MORNING, meeting.latest - travel - timedelta(minutes=morning.minutes_before)


def _fixed(
    known: Sequence[Known], kind: ReminderKind, version: int | None = None, now: datetime | None = None
) -> Planned | None:
    """Return a reminder that waits and is to stay as it is; with `now`, only one whose moment has come."""
    for one in known:
        is_meant = one.is_waiting and one.kind is kind and version in {None, one.version}
        if is_meant and (now is None or one.due_at <= now < one.useless_at):
            return Planned(kind, one.due_at, one.useless_at, is_fixed=True)
    return None


def _by_moment(one: Known | Planned) -> datetime:
    return one.due_at


# --- What becomes of it among quiet hours and other reminders -----------------------------------------------


def _awake(
    meeting: MeetingToPlan,
    found: Iterable[Planned],
    heard: Sequence[datetime],
    wishes: Wishes,
    now: datetime,
    timezone: str,
) -> list[Planned]:
    """Take everything out of the quiet hours and spread it; what can only come too late, or has passed, is left out."""
    awake: list[Planned] = []
    for one in sorted(found, key=_by_moment):
        if one.is_fixed:
            awake.append(one)
            continue
        near = [*heard, *(other.due_at for other in awake)]
        due = _out_of_quiet(meeting, one, near, wishes, timezone)
        if due is None:
            continue
        spread = _with_jitter(
            replace(one, due_at=due), f"{meeting.person_id}.{meeting.meeting_id}.{one.kind}", wishes, timezone
        )
        if now <= spread.due_at < spread.useless_at:
            awake.append(spread)
    return awake


def _out_of_quiet(
    meeting: MeetingToPlan, one: Planned, near: Iterable[datetime], wishes: Wishes, timezone: str
) -> datetime | None:
    """Return when to send instead: when the quiet hours are over, or else just before they begin, if it is needed.

    News that cannot wait until then comes at once all the same: she must not set out in vain.
    """
    if not is_quiet(one.due_at, wishes, timezone):
        return one.due_at
    end = quiet_end(one.due_at, wishes, timezone)
    is_ahead = one.kind is not ReminderKind.MISSED
    if end < (meeting.latest if is_ahead else one.useless_at):
        return end
    if one.kind in NEWS:
        return one.due_at
    if any(one.due_at - RECENT <= other <= one.due_at for other in near):
        return None
    before = quiet_begin(one.due_at, wishes, timezone) - BEFORE_QUIET
    return None if is_quiet(before, wishes, timezone) else before


def _with_jitter(one: Planned, key: str, wishes: Wishes, timezone: str) -> Planned:
    """Spread what is due at the same clock over ten minutes; the same reminder always gets the same place."""
    if one.is_fixed or one.kind in AT_ONCE:
        return one
    seconds = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % (LONGEST_JITTER + 1)
    due = one.due_at + timedelta(seconds=seconds)
    return replace(one, due_at=due) if due < one.useless_at and not is_quiet(due, wishes, timezone) else one


def _merged(found: Sequence[Planned], heard: Sequence[datetime]) -> list[Planned]:
    """Let one reminder stand for two that are too close: the later one, but news never waits for anything."""
    merged: list[Planned] = []
    for one in sorted(found, key=_by_moment):
        if one.kind in NEWS or one.kind is ReminderKind.MISSED:
            merged.append(one)
        elif any(timedelta() <= one.due_at - moment < TOO_CLOSE for moment in heard):
            continue
        elif not merged or one.due_at - merged[-1].due_at >= TOO_CLOSE:
            merged.append(one)
        elif merged[-1].kind not in NEWS:
            merged[-1] = one
    return merged


def _most_useful(found: Iterable[Planned], told: int) -> list[Planned]:
    """Keep to the most that one meeting may ring, the least useful dropped first.

    That a meeting is cancelled is always told, even to those who have heard of it five times.
    """
    chosen: list[Planned] = []
    for one in sorted(found, key=lambda one: (-_WORTH[one.kind], one.due_at)):
        if one.kind is ReminderKind.CANCELLED or told + len(chosen) < MOST:
            chosen.append(one)
    return chosen


# --- What becomes of a reminder -----------------------------------------------------------------------------

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=30)
SPREAD = timedelta(seconds=5)
"""Over how long those are spread that waited for one push service."""
SILENT_AFTER = timedelta(hours=12)
"""A phone that has not shown a message for so long does not speak for itself any more."""
QUIET_KINDS = frozenset({ReminderKind.GOAL, ReminderKind.WORDS, ReminderKind.HOURS, ReminderKind.TEST})
"""Nobody is sent an SMS or called about these."""
NEVER_CALLED = frozenset({ReminderKind.NUDGE})
"""The call list is for citizens: a mentor whom nothing reaches stands on the morning list, as silent."""


@dataclass(frozen=True)
class Tried:
    """What is left to do after a try."""

    is_to_repeat: bool = False
    """Somebody was in trouble and may take it later."""
    waits_until: datetime | None = None
    """A push service wants to be left alone until then."""


TOO_LATE = timedelta(minutes=5)
"""How late a reminder may be before somebody has to look at the workers."""


def next_try(tried: Tried, tries: int, useless_at: datetime, now: datetime, chance: float) -> datetime | None:
    """Return when to try again, or None when it is no use: nothing to repeat, or it would come too late.

    The pause doubles with each try; `chance`, from 0 to 1, spreads by a half those that failed together.
    """
    ends = []
    if tried.is_to_repeat:
        ends.append(now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 10)) * (0.75 + chance / 2))
    if tried.waits_until is not None:
        ends.append(max(now, tried.waits_until) + SPREAD * chance)
    at = min(ends, default=useless_at)
    return at if at < useless_at else None


def awake_at(moment: datetime, useless_at: datetime, wishes: Wishes, timezone: str) -> datetime | None:
    """Return a moment, or the end of the quiet hours that it lies in; None when that is too late to be of use."""
    at = quiet_end(moment, wishes, timezone) if is_quiet(moment, wishes, timezone) else moment
    return at if at < useless_at else None


def notification_key(secret_key: str, reminder_id: int, device_id: int) -> str:
    """Return what proves that a phone got this message, for it has no cookie when it answers."""
    proof = hmac.digest(secret_key.encode(), f"{reminder_id}.{device_id}".encode(), "sha256")
    return urlsafe_b64encode(proof[:16]).decode().rstrip("=")


@dataclass(frozen=True)
class Note:
    """An SMS or a mail: what goes out where push cannot reach."""

    channel: Channel
    to: str
    subject: str
    text: str
    reminder_id: int
    at: datetime

    def written(self) -> str:
        """Return it as the outbox keeps it: some lines of facts, an empty one, and the text."""
        facts = (self.channel.value, self.to, self.subject, str(self.reminder_id), self.at.isoformat())
        return "\n".join((*facts, "", self.text))

    @classmethod
    def read(cls, written: str) -> Self:
        channel, to, subject, number, at, _empty, text = written.split("\n", 6)
        return cls(Channel(channel), to, subject, text, int(number), datetime.fromisoformat(at))


# --- Words of a message -------------------------------------------------------------------------------------

DANISH = "da"
_ANSWERS = {
    "choose": (),
    "booked": ("coming", "cannot"),
    "moved": ("coming", "cannot"),
    "week": ("coming", "cannot"),
    "evening": ("coming", "cannot", "late"),
    "morning": ("coming", "cannot", "late"),
    "leave": ("coming", "cannot", "late"),
}
"""Which answers stand under a message as buttons; Android shows the first two."""
_HIGH = frozenset({ReminderKind.MORNING, ReminderKind.EVENING, ReminderKind.MOVED, ReminderKind.CANCELLED})

_PAGES = {ReminderKind.WORDS: "/practice", ReminderKind.HOURS: "/attendance"}

Texts = Mapping[str, Mapping[str, str]]
"""The table of texts: key, then language."""


@dataclass(frozen=True)
class Speech:
    """How a language says days, clocks and kinds of meetings; given by the caller, for rules know no Babel."""

    day: Callable[[date, str], str]
    clock: Callable[[datetime, str, str], str]
    """A moment and a time zone, in a language."""
    direction: Callable[[str], str]
    kind_name: Callable[[str, str], str]
    """A kind of meeting in a language; empty when it has no name in it."""


@dataclass(frozen=True)
class Subject:
    """What a reminder speaks of and to whom."""

    kind: ReminderKind
    person_id: int
    meeting_id: int | None = None
    goal_id: int | None = None
    starts_at: datetime | None = None
    leave_home_at: datetime | None = None
    is_offer: bool = False
    """Several times are offered, and she has not chosen yet."""
    meeting_kind: str = ""
    place: str = ""
    host_name: str = ""
    timezone: str = "Europe/Copenhagen"
    tells_more: bool = False
    """She wants kind, place and first name on the locked screen."""
    placement_id: int | None = None
    about_day: date | None = None
    """Of a nudge: the latest day that still wants a word."""
    door: str = ""
    """Of a nudge: where the mentor can answer."""


@dataclass(frozen=True)
class Message:
    """A reminder in words: what a phone shows, and what the other channels carry."""

    language: str
    direction: str
    title: str
    body: str
    """In her language, then a line in Danish."""
    answers: Sequence[Mapping[str, str]]
    tag: str
    """A phone replaces a shown message by one of the same tag."""
    topic: str
    """A push service replaces a waiting message by one of the same topic; at most 32 characters of base64url."""
    urgency: str
    url: str
    thanks: str
    stale: str
    later: str
    sms: str
    mail_subject: str
    mail_body: str
    missing: Sequence[tuple[str, str]] = field(default=())
    """The texts, as key and language, for want of which she is not addressed in her best language."""


def compose(
    subject: Subject, languages: Sequence[str], now: datetime, texts: Texts, speech: Speech, address: str = ""
) -> Message:
    """Put a reminder into words; `languages` are hers, best first, and Danish comes last of all.

    A language counts only when it has every text of the message: half a message in each would help nobody.
    `address` is where the app stands on the net; without it, SMS and mail carry no link.
    """
    words = wording(subject, now)
    facts = {language: _facts(subject, language, speech) for language in dict.fromkeys((*languages, DANISH))}
    body = _body(words, subject, facts[DANISH], texts)
    keys = _keys(words, body)
    language, missing = _best_language(keys, facts, texts)
    said = {key: texts[key][language] for key in keys}
    own = said[body].format_map(facts[language])
    danish = texts[body][DANISH].format_map(facts[DANISH])
    both = own if language == DANISH else f"{own}\n{danish}"
    title = said[f"{words}.title"].format_map(facts[language])
    told = f"{title}\n{own}" if subject.kind is ReminderKind.NUDGE else own  # its question is in the title
    tag, url = _tag(subject), _url(subject)
    link = f"{address}{url}" if address else ""
    return Message(
        language=language,
        direction=speech.direction(language),
        title=title,
        body=both,
        answers=[
            {"action": value, "title": said[f"answer.{value}"], "thanks": said[f"thanks.{value}"]}
            for value in _ANSWERS.get(words, ())
        ],
        tag=tag,
        topic=urlsafe_b64encode(hashlib.sha256(f"{tag}.{subject.person_id}".encode()).digest()[:18]).decode(),
        urgency=_urgency(subject.kind),
        url=url,
        thanks=said["thanks.any"],
        stale=said["stale"],
        later=said["later"],
        sms=said["sms"].format(text=told, url=link) if link else told,
        mail_subject=said["mail.subject"].format(title=title),
        mail_body=f"{both}\n\n{link}" if link else both,
        missing=missing,
    )


def wording(subject: Subject, now: datetime) -> str:
    """Return which words fit: those for "tomorrow" and "today" only when it is tomorrow or today.

    A municipality's rule may put the evening's reminder two days ahead, and a late one may slip past midnight.
    """
    if subject.kind is ReminderKind.BOOKED and subject.is_offer:
        return "choose"
    if subject.kind is ReminderKind.NUDGE:
        is_today = subject.about_day == now.astimezone(ZoneInfo(subject.timezone)).date()
        return "nudge" if is_today else "nudge_later"
    if subject.kind not in {ReminderKind.WEEK, ReminderKind.EVENING, ReminderKind.MORNING} or not subject.starts_at:
        return subject.kind.value
    zone = ZoneInfo(subject.timezone)
    days = (subject.starts_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days > 1:
        return "week"
    if days == 1:
        return "evening"
    return "leave" if subject.leave_home_at is not None and now < subject.leave_home_at else "morning"


def payload(message: Message, reminder_id: int, device_id: int, key: str) -> bytes:
    """Return what is encrypted for one phone."""
    parts = {
        "tag": message.tag,
        "lang": message.language,
        "dir": message.direction,
        "title": message.title,
        "body": message.body,
        "url": message.url,
        "reminder": reminder_id,
        "device": device_id,
        "key": key,
        "answers": message.answers,
        "thanks": message.thanks,
        "stale": message.stale,
        "later": message.later,
    }
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def _facts(subject: Subject, language: str, speech: Speech) -> dict[str, str]:
    facts = {"place": subject.place, "name": subject.host_name}
    if subject.meeting_kind and subject.tells_more:
        facts["kind"] = speech.kind_name(subject.meeting_kind, language)
    if subject.starts_at is not None:
        day = subject.starts_at.astimezone(ZoneInfo(subject.timezone)).date()
        facts["day"] = speech.day(day, language)
        facts["time"] = speech.clock(subject.starts_at, subject.timezone, language)
    if subject.leave_home_at is not None:
        facts["leave"] = speech.clock(subject.leave_home_at, subject.timezone, language)
    return facts


def _body(words: str, subject: Subject, facts: Mapping[str, str], texts: Texts) -> str:
    more = f"{words}.body_more"
    is_known = all(facts.get(name) for name in ("kind", "place", "name"))
    return more if subject.tells_more and is_known and more in texts else f"{words}.body"


def _keys(words: str, body: str) -> list[str]:
    answers = [f"{part}.{value}" for value in _ANSWERS.get(words, ()) for part in ("answer", "thanks")]
    return [f"{words}.title", body, *answers, "thanks.any", "stale", "later", "sms", "mail.subject"]


def _best_language(
    keys: Sequence[str], languages: Mapping[str, object], texts: Texts
) -> tuple[str, list[tuple[str, str]]]:
    missing: list[tuple[str, str]] = []
    for language in languages:
        lacking = [(key, language) for key in keys if not texts[key].get(language)]
        if not lacking:
            return language, missing
        missing += lacking
    raise LookupError(f"texts in Danish are missing: {missing}")


def _urgency(kind: ReminderKind) -> str:
    if kind in _HIGH:
        return "high"
    return "low" if kind is ReminderKind.WORDS else "normal"


def _tag(subject: Subject) -> str:
    if subject.meeting_id is not None:
        return f"meeting-{subject.meeting_id}"
    if subject.kind is ReminderKind.NUDGE:
        return f"days-{subject.placement_id}"
    return f"goal-{subject.goal_id}" if subject.goal_id is not None else subject.kind.value


def _url(subject: Subject) -> str:
    if subject.meeting_id is not None:
        return f"/meetings/{subject.meeting_id}"
    if subject.goal_id is not None:
        return f"/goals/{subject.goal_id}"
    if subject.kind is ReminderKind.NUDGE:
        return subject.door
    return _PAGES.get(subject.kind, "/")
