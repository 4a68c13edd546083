"""Tables of reminders: what is due, what became of it on each phone, and the rules, wishes and pauses behind it.

What is due is a row that waits with the moment of its next try. Leasing a row is moving that moment a minute ahead
and writing one's token on it: a worker that dies holds nothing, its rows are due again when the minute is over.
"""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Reminder(InMunicipality, Base):
    __tablename__ = "reminders"
    __table_args__ = (
        Index(None, "state", "next_try_at", "id"),
        Index(None, "municipality_id", "meeting_id"),
        Index(None, "municipality_id", "placement_id"),
        Index(None, "municipality_id", "person_id", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(12))
    """A `rules.ReminderKind`."""
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id"))
    goal_id: Mapped[int | None] = mapped_column(ForeignKey("goals.id"))
    placement_id: Mapped[int | None] = mapped_column(ForeignKey("placements.id"))
    """Whose days it asks about: a mentor's nudge, or the citizen's hours."""
    about_day: Mapped[date | None]
    """The latest planned day it asks about."""
    about_version: Mapped[int] = mapped_column(default=0)
    """The version of the meeting it speaks of, which an answer goes to; of a nudge, how many days later it asks."""
    due_at: Mapped[datetime]
    useless_at: Mapped[datetime]
    """From then on it would only confuse; nothing about a meeting comes after its beginning."""
    state: Mapped[str] = mapped_column(String(12))
    """A `rules.ReminderState`."""
    next_try_at: Mapped[datetime]
    lease: Mapped[str | None] = mapped_column(String(36))
    """The token of the drain that has it in hand; only its holder may write what became of it."""
    tries: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    """When the first phone told us that it was on the screen."""
    channel: Mapped[str | None] = mapped_column(String(8))
    """The `rules.Channel` it went out by in the end."""
    language: Mapped[str | None] = mapped_column(String(5))
    """The language it went out in."""


class Delivery(InMunicipality, Base):
    """What became of one reminder on one phone, or by one other channel; a phone that got it is not rung again."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("reminder_id", "channel", "device_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminders.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(8))
    """A `rules.Channel`."""
    device_id: Mapped[int] = mapped_column(default=0)
    """The phone's number, 0 for other channels. No foreign key: this outlives the phone."""
    verdict: Mapped[str] = mapped_column(String(8))
    """A `push.delivery.Verdict`."""
    status: Mapped[int | None]
    """What the other side answered, as a HTTP or SMTP code; empty when it did not answer."""
    detail: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]
    shown_at: Mapped[datetime | None]


class ReminderRule(InMunicipality, Base):
    """A municipality's own rule for one kind; where there is none, `data/rules.toml` holds."""

    __tablename__ = "reminder_rules"
    __table_args__ = (UniqueConstraint("municipality_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    is_on: Mapped[bool]
    days_before: Mapped[int] = mapped_column(default=0)
    at: Mapped[time | None]
    """The wall clock; empty where the kind has no fixed hour."""
    minutes_before: Mapped[int] = mapped_column(default=0)
    """For the same day: how long before leaving home, or before the beginning."""


class ReminderPause(InMunicipality, Base):
    """Staff have switched a citizen's reminders off, with a reason that she can read, too."""

    __tablename__ = "reminder_pauses"
    __table_args__ = (Index(None, "municipality_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ReminderWish(InMunicipality, Base):
    """How a person wants to be reminded; where there is no row, the usual holds."""

    __tablename__ = "reminder_wishes"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    quiet_from: Mapped[time]
    quiet_to: Mapped[time]
    tells_more: Mapped[bool] = mapped_column(default=False)
    """Whether kind, place and first name may stand on the locked screen."""
    words_at: Mapped[time | None]
    """When to be told of words to practise; empty: never."""


class WorkerBeat(Base):
    """A sign of life of each worker; belongs to no municipality, since workers serve all."""

    __tablename__ = "worker_beats"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    started_at: Mapped[datetime]
    at: Mapped[datetime]
