"""A learner's log of answers, the cards that follow from it, and the words used at work.

The log is the truth and is only ever added to. A card is what the log makes of one word; it is kept so that a
session can start without reading the log, and can be computed again at any time.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Learner(InMunicipality, Base):
    """How somebody wants to learn; who has no row learns with the defaults."""

    __tablename__ = "learners"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    branches: Mapped[str] = mapped_column(String(100), default="")
    """Lines of work with spaces between, the first one first."""
    new_a_day: Mapped[int] = mapped_column(default=5)
    due_a_day: Mapped[int] = mapped_column(default=10)
    likes_writing: Mapped[bool] = mapped_column(default=False)
    """Wants to type words and to order sentences by reading, too."""


class WordAnswer(InMunicipality, Base):
    """One answer to one card."""

    __tablename__ = "word_answers"
    __table_args__ = (Index(None, "person_id", "word_key", "answered_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Made where the answer was given, so that the same answer sent twice is one."""
    word_key: Mapped[str] = mapped_column(String(60))
    knew: Mapped[bool]
    exercise: Mapped[str] = mapped_column(String(12))
    answered_at: Mapped[datetime]
    """By the phone's clock where that can be true, else when it arrived."""
    arrived_at: Mapped[datetime]


class WordCard(InMunicipality, Base):
    """What a learner's answers make of one word."""

    __tablename__ = "word_cards"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    word_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    due_at: Mapped[datetime]
    stability: Mapped[float]
    """Days after which nine of ten such words are still remembered (FSRS)."""
    difficulty: Mapped[float]
    """1 (easy) to 10 (FSRS)."""
    begun_at: Mapped[datetime]
    """The first answer."""
    answered_at: Mapped[datetime]
    """The last answer."""
    known_since: Mapped[datetime | None]
    """The answer since which the word has been remembered for a week or longer without a break."""


class WordUse(InMunicipality, Base):
    """A day on which somebody says that the learner used a word at work."""

    __tablename__ = "word_uses"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    word_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    used_on: Mapped[date] = mapped_column(primary_key=True)
    said_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    said_at: Mapped[datetime]
