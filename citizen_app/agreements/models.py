"""Tables of work agreements: the lines of the seven questions, every version that somebody said yes to, and the yeses.

Where, when and with whom follow from the placement and are never written twice. A version is a copy of everything as
it was read when the first yes was given; so a printed agreement can be read years later, whatever changed since.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class WorkAgreement(InMunicipality, Base):
    """How the agreement of a placement stands; worked out anew with every change, so that lists need not."""

    __tablename__ = "work_agreements"
    __table_args__ = (Index(None, "municipality_id", "citizen_id"),)

    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    shown_at: Mapped[datetime | None]
    """When staff showed it to citizen and mentor; until then only staff see it."""
    waits_for: Mapped[str] = mapped_column(String(30), default="")
    """The sides whose yes is missing, with a blank between them; empty once all have agreed, or before it is shown."""
    changed_at: Mapped[datetime]


class AgreementLine(InMunicipality, Base):
    __tablename__ = "agreement_lines"
    __table_args__ = (Index(None, "municipality_id", "placement_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    question: Mapped[str] = mapped_column(String(12))
    """A `rules.Question`."""
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    picture: Mapped[str] = mapped_column(String(40), default="")
    word_key: Mapped[str | None] = mapped_column(String(60))
    """Of a task: the Danish word for it, from the words of the workplace."""
    is_shared: Mapped[bool] = mapped_column(default=True)
    """Whether the mentor may read it; of a support need only she herself can say so."""
    added_by_side: Mapped[str] = mapped_column(String(8))
    added_by_name: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class AgreementVersion(InMunicipality, Base):
    __tablename__ = "agreement_versions"
    __table_args__ = (UniqueConstraint("placement_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    """Of all that can be agreed to; the same content has the same digest."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Facts and lines with their words in every language, as they were then."""
    made_at: Mapped[datetime]


class AgreementYes(InMunicipality, Base):
    __tablename__ = "agreement_yeses"
    __table_args__ = (
        UniqueConstraint("version_id", "side"),
        Index(None, "municipality_id", "placement_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("agreement_versions.id"))
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    side: Mapped[str] = mapped_column(String(8))
    """A `rules.Side`."""
    digest: Mapped[str] = mapped_column(String(64))
    """Of what this side could read: a support need that was not shared is no part of a mentor's yes."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    said_at: Mapped[datetime]


class AgreementTalk(InMunicipality, Base):
    """Somebody wants to talk first, or change something, before saying yes."""

    __tablename__ = "agreement_talks"
    __table_args__ = (Index(None, "municipality_id", "placement_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Made with the form, so that a repeated press is known."""
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    side: Mapped[str] = mapped_column(String(8))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    words: Mapped[str] = mapped_column(String(300), default="")
    words_language: Mapped[str] = mapped_column(String(5), default="")
    said_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    """When whoever wished it said yes after all, or staff had talked with them."""
