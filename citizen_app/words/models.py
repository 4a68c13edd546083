"""What a municipality has to say about words beyond the decks that come with the app.

The decks themselves are files. A row here is a word of the municipality's own, its own version of one of ours, what
a word means in a language, or a photo; words are told apart by their key, which is the same in files and rows.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class OwnWord(InMunicipality, Base):
    """A word of the municipality's own, or of one citizen's workplace; it stands in for one of ours of the same key."""

    __tablename__ = "own_words"
    __table_args__ = (
        UniqueConstraint("municipality_id", "key"),
        Index(None, "municipality_id", "citizen_id", "status"),
        Index(None, "municipality_id", "status", "suggested_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60))
    deck: Mapped[str] = mapped_column(String(20))
    theme: Mapped[str] = mapped_column(String(20))
    word_class: Mapped[str] = mapped_column(String(12))
    article: Mapped[str] = mapped_column(String(2), default="")
    lemma: Mapped[str] = mapped_column(String(60))
    """Empty while somebody has only said the word; staff write it down when they approve it."""
    definite: Mapped[str] = mapped_column(String(60), default="")
    present: Mapped[str] = mapped_column(String(60), default="")
    past: Mapped[str] = mapped_column(String(60), default="")
    example: Mapped[str] = mapped_column(String(120), default="")
    picture: Mapped[str] = mapped_column(String(40), default="")
    citizen_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """Whose workplace the word is from; without it the word is for everybody."""
    status: Mapped[str] = mapped_column(String(10), default="approved")
    """suggested, approved or declined."""
    suggested_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    suggested_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]


class WordMeaning(InMunicipality, Base):
    """What a word means in one language, where it differs from our file or has been read over by a speaker."""

    __tablename__ = "word_meanings"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(5), primary_key=True)
    word_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    text: Mapped[str] = mapped_column(String(80))
    example: Mapped[str] = mapped_column(String(200), default="")
    checked_by: Mapped[str] = mapped_column(String(60), default="")
    """The name of who has read it over; empty while nobody has."""
    checked_on: Mapped[date | None]


class WordPhoto(InMunicipality, Base):
    """A photo of the thing itself; it goes before the picture."""

    __tablename__ = "word_photos"
    __table_args__ = (UniqueConstraint("municipality_id", "word_key"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    word_key: Mapped[str] = mapped_column(String(60))
    citizen_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """Whose workplace it shows; then only she and the people around her may see it."""
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
    """At most 480 pixels a side, made anew from the upload, without its camera data."""
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    taken_at: Mapped[datetime]
