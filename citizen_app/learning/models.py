"""Tables of learning at a workplace: focus points and what was said of them, the mentor's ready steps, closing words.

What somebody says of a focus point is only ever added: the path over time is the point of it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class FocusPoint(InMunicipality, Base):
    __tablename__ = "focus_points"
    __table_args__ = (Index(None, "municipality_id", "placement_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    picture: Mapped[str] = mapped_column(String(40))
    made_by_side: Mapped[str] = mapped_column(String(8))
    """A `rules.Side`."""
    made_by_name: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FocusWord(InMunicipality, Base):
    """How a focus point went on a day, as the mentor or the citizen saw it."""

    __tablename__ = "focus_words"
    __table_args__ = (Index(None, "municipality_id", "placement_id", "day"),)

    focus_id: Mapped[int] = mapped_column(ForeignKey("focus_points.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Made where it was said, so that a repeated one is known."""
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    side: Mapped[str] = mapped_column(String(8))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    face: Mapped[int]
    """3 it went well, 2 so-so, 1 it was hard."""
    words: Mapped[str] = mapped_column(String(200), default="")
    words_language: Mapped[str] = mapped_column(String(5), default="")
    day: Mapped[date]
    """The day it is about, by the wall clock of the municipality."""
    said_at: Mapped[datetime]


class ReadyStep(InMunicipality, Base):
    """A next small step at the workplace that lies ready until she is."""

    __tablename__ = "ready_steps"
    __table_args__ = (Index(None, "municipality_id", "placement_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    picture: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    """A `rules.StepState`."""
    made_by_side: Mapped[str] = mapped_column(String(8))
    made_by_name: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When it was done, or taken back."""
    ended_by_name: Mapped[str] = mapped_column(String(60), default="")
    learnt: Mapped[str] = mapped_column(String(200), default="")
    """What a step that was taken back has taught; kept, for that is learning, too."""
    learnt_language: Mapped[str] = mapped_column(String(5), default="")


class ClosingWord(InMunicipality, Base):
    """What is said at the end of a placement: what I learnt, what we saw, what comes next."""

    __tablename__ = "closing_words"
    __table_args__ = (UniqueConstraint("placement_id", "question", "by_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    question: Mapped[str] = mapped_column(String(8))
    """A `rules.Closing`."""
    side: Mapped[str] = mapped_column(String(8))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    said_at: Mapped[datetime]
