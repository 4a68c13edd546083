"""The table of calendars: who shows her meetings in a calendar programme of her own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class CalendarFeed(InMunicipality, Base):
    """The secret address of a person's calendar; a new nonce makes the old address worthless."""

    __tablename__ = "calendar_feeds"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(32))
    tells_more: Mapped[bool] = mapped_column(default=False)
    """Whether kinds, names and places stand in the titles; else they are neutral."""
    made_at: Mapped[datetime]
