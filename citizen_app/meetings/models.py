"""Tables of meetings and of what happened to them.

The answer stands in the meeting's own row, since every list shows it; earlier answers and earlier times are
kept as events, so nothing that was said is lost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Meeting(InMunicipality, Base):
    __tablename__ = "meetings"
    __table_args__ = (
        Index(None, "municipality_id", "citizen_id", "starts_at", "id"),
        Index(None, "municipality_id", "host_id", "starts_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    host_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """A `rules.Kind`."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(120))
    """Where, as the signs in the house say it: `Indgang B, 2. sal`."""
    how_to_find: Mapped[str] = mapped_column(String(200), default="")
    leave_home_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(5))
    """The language the meeting is held in."""
    interpreter: Mapped[str] = mapped_column(String(12))
    """A `rules.Interpreter`."""
    bring: Mapped[str] = mapped_column(String(200), default="")
    answer: Mapped[str | None] = mapped_column(String(10))
    """A `rules.Answer`; empty until the citizen has answered, and again when she is asked anew."""
    answer_reason: Mapped[str | None] = mapped_column(String(12))
    """One of `rules.REASONS`."""
    answer_note: Mapped[str] = mapped_column(String(200), default="")
    """The citizen's own words."""
    answer_note_language: Mapped[str | None] = mapped_column(String(5))
    answered_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)
    """Grows when staff change or cancel the meeting; an answer does not count."""
    asked_version: Mapped[int] = mapped_column(default=1)
    """The version the citizen was last asked about; an answer to an older one is refused."""
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    moved_from: Mapped[datetime | None]
    """When it would have begun before it was last moved to another time."""


class MeetingEvent(InMunicipality, Base):
    __tablename__ = "meeting_events"
    __table_args__ = (Index(None, "municipality_id", "meeting_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    what: Mapped[str] = mapped_column(String(12))
    """A `rules.Happening`."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What stood there, see `rules.as_told`; empty when nothing did."""
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
