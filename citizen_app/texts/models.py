"""Tables of person-written text: one text, its renderings by language, and every wording it once had."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Text(InMunicipality, Base):
    __tablename__ = "texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    original_language: Mapped[str] = mapped_column(String(5))
    """The language it was last written in; that rendering is the original."""
    version: Mapped[int] = mapped_column(default=1)
    """Grows when the original is written anew; renderings of an older version are outdated."""
    phrase_key: Mapped[str | None] = mapped_column(String(40))
    """The phrase it was taken from, as long as nobody has changed the words."""


class Rendering(InMunicipality, Base):
    __tablename__ = "renderings"

    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(5), primary_key=True)
    body: Mapped[str] = mapped_column(String(600))
    mark: Mapped[str] = mapped_column(String(12))
    """How it was made, a `rules.TruthMark`; being outdated is not stored but seen from the version."""
    text_version: Mapped[int]
    """The version of the text that this rendering says."""
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    author_name: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]


class PastWording(InMunicipality, Base):
    __tablename__ = "past_wordings"
    __table_args__ = (Index(None, "municipality_id", "text_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    language: Mapped[str] = mapped_column(String(5))
    body: Mapped[str] = mapped_column(String(600))
    mark: Mapped[str] = mapped_column(String(12))
    text_version: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    author_name: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
