"""Recordings of people saying a word, in two kinds of file so that every phone can play one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Recording(InMunicipality, Base):
    """The newest recording of a word; a new one has a new number, so that phones may keep each for ever."""

    __tablename__ = "recordings"
    __table_args__ = (UniqueConstraint("municipality_id", "word_key"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    word_key: Mapped[str] = mapped_column(String(60))
    citizen_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """Whose workplace it was made at; then only she and the people around her may hear it."""
    speaker: Mapped[str] = mapped_column(String(60))
    """The name of who speaks, as she wants it to stand."""
    consent_at: Mapped[datetime]
    """When the speaker said yes to the recording being kept and heard."""
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    milliseconds: Mapped[int]
    opus: Mapped[bytes] = mapped_column(LargeBinary)
    mp3: Mapped[bytes] = mapped_column(LargeBinary)
    """For phones that cannot play Opus in Ogg, such as older iPhones."""
