"""Tables of the weekly ledger: agreed hours outside a placement, and what was said of each week.

Hours at a placement are planned days and their records; here stand the others, such as Danish lessons. What is said
is only ever added. Nothing here is ever a score, and nothing starts by itself because of it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class AgreedHours(InMunicipality, Base):
    """So many minutes of something each week, from a day to a day."""

    __tablename__ = "agreed_hours"
    __table_args__ = (Index(None, "municipality_id", "citizen_id", "last_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(12))
    """A `rules.HoursKind`."""
    weekly_minutes: Mapped[int]
    starts_on: Mapped[date]
    last_day: Mapped[date]
    place: Mapped[str] = mapped_column(String(80), default="")
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_by_name: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]


class WeekWord(InMunicipality, Base):
    """How long it was in one week, as the citizen or staff say."""

    __tablename__ = "week_words"
    __table_args__ = (Index(None, "municipality_id", "citizen_id", "monday"),)

    hours_id: Mapped[int] = mapped_column(ForeignKey("agreed_hours.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Made with the form, so that a repeated one is known."""
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    monday: Mapped[date]
    side: Mapped[str] = mapped_column(String(8))
    """A `rules.Side`."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    minutes: Mapped[int]
    words: Mapped[str] = mapped_column(String(200), default="")
    words_language: Mapped[str] = mapped_column(String(5), default="")
    said_at: Mapped[datetime]
