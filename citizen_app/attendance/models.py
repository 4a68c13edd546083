"""Tables of attendance: what was said of each planned day, and what stands of it.

Statements are only ever added. A record is worked out from them (`rules.record_of`) and kept so that lists need not.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class DayStatement(InMunicipality, Base):
    __tablename__ = "day_statements"
    __table_args__ = (Index(None, "municipality_id", "placement_id", "day_id"),)

    day_id: Mapped[int] = mapped_column(ForeignKey("planned_days.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Made where it was said, so that a repeated one is known."""
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    side: Mapped[str] = mapped_column(String(8))
    """A `rules.Side`."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    said: Mapped[str] = mapped_column(String(10))
    """A `rules.Said`."""
    said_at: Mapped[datetime]
    arrived_at: Mapped[datetime]
    minutes: Mapped[int | None]
    began_at: Mapped[datetime | None]
    """When she began and ended by this word, where it was not as planned."""
    ended_at: Mapped[datetime | None]
    excuse: Mapped[str | None] = mapped_column(String(10))
    """A `rules.Excuse`."""
    about: Mapped[str | None] = mapped_column(String(36))
    """Which statement of the mentor the citizen speaks of."""
    words: Mapped[str] = mapped_column(String(300), default="")
    words_language: Mapped[str] = mapped_column(String(5), default="")


class DayRecord(InMunicipality, Base):
    __tablename__ = "day_records"
    __table_args__ = (
        Index(None, "municipality_id", "state", "day"),
        Index(None, "municipality_id", "placement_id", "day"),
        Index(None, "municipality_id", "citizen_id", "day"),
    )

    day_id: Mapped[int] = mapped_column(ForeignKey("planned_days.id"), primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    day: Mapped[date]
    """A copy of the planned day's."""
    state: Mapped[str | None] = mapped_column(String(12))
    """A `rules.RecordState`; empty while only minutes of Danish are known."""
    said: Mapped[str | None] = mapped_column(String(10))
    """What counts, or, while nothing does, what the mentor says, else the citizen."""
    minutes: Mapped[int | None]
    """How long she was there by that, in minutes."""
    excuse: Mapped[str | None] = mapped_column(String(10))
    mentor_statement: Mapped[str | None] = mapped_column(String(36))
    """The mentor's word that stands."""
    language_minutes: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
