"""Which reminders there are and what becomes of one."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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


# --- What becomes of a reminder -----------------------------------------------------------------------------

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=30)
SPREAD = timedelta(seconds=5)
"""Over how long those are spread that waited for one push service."""
SILENT_AFTER = timedelta(hours=12)
"""A phone that has not shown a message for so long does not speak for itself any more."""
QUIET_KINDS = frozenset({ReminderKind.GOAL, ReminderKind.WORDS, ReminderKind.TEST})
"""Nobody is sent an SMS or called about these."""


@dataclass(frozen=True)
class Tried:
    """What is left to do after a try."""

    is_to_repeat: bool = False
    """Somebody was in trouble and may take it later."""
    waits_until: datetime | None = None
    """A push service wants to be left alone until then."""


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
        sms=said["sms"].format(text=own, url=link) if link else own,
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
    if subject.meeting_kind:
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
    return f"goal-{subject.goal_id}" if subject.goal_id is not None else subject.kind.value


def _url(subject: Subject) -> str:
    if subject.meeting_id is not None:
        return f"/meetings/{subject.meeting_id}"
    if subject.goal_id is not None:
        return f"/goals/{subject.goal_id}"
    return "/practice" if subject.kind is ReminderKind.WORDS else "/"
