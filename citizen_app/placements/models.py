"""Tables of placements: workplaces, placements, weekly times, planned days, mentors and their links.

Planned days are rows, made from the weekly times once and then changed one by one: so a moved day is just a day, and
what was said of a day never loses what it was about.
"""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Workplace(InMunicipality, Base):
    __tablename__ = "workplaces"
    __table_args__ = (Index(None, "municipality_id", "name", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    search_key: Mapped[str] = mapped_column(String(250))
    """Name and address as `texts.rules.fold` writes them, so that they are found however they are spelled."""
    branch: Mapped[str] = mapped_column(String(20))
    """A line of work, one of the decks of words."""
    address: Mapped[str] = mapped_column(String(120), default="")
    how_to_find: Mapped[str] = mapped_column(String(200), default="")
    contact_name: Mapped[str] = mapped_column(String(80), default="")
    contact_phone: Mapped[str] = mapped_column(String(24), default="")
    contact_email: Mapped[str] = mapped_column(String(120), default="")
    places: Mapped[int] = mapped_column(default=1)
    """How many people it can take at once."""
    ended_on: Mapped[date | None]
    """From this day on nobody new is placed here."""
    jpeg: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The entrance."""
    photo_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Placement(InMunicipality, Base):
    __tablename__ = "placements"
    __table_args__ = (
        Index(None, "municipality_id", "citizen_id", "starts_on"),
        Index(None, "municipality_id", "last_day", "id"),
        Index(None, "municipality_id", "workplace_id", "last_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    workplace_id: Mapped[int] = mapped_column(ForeignKey("workplaces.id"))
    kind: Mapped[str] = mapped_column(String(15))
    """A `rules.PlacementKind`."""
    starts_on: Mapped[date]
    last_day: Mapped[date]
    language_minutes: Mapped[int]
    """How long she is to talk with a language mentor in all."""
    follow_up_day: Mapped[int]
    """On which day of the placement the follow-up falls."""
    follow_up_meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id"))
    """The meeting that the follow-up has become."""
    version: Mapped[int] = mapped_column(default=1)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]


class PlacementTime(InMunicipality, Base):
    """A weekly time as it was agreed; the planned days were made from it."""

    __tablename__ = "placement_times"
    __table_args__ = (UniqueConstraint("placement_id", "weekday"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    weekday: Mapped[int]
    """0 is Monday."""
    begins: Mapped[time]
    ends: Mapped[time]
    """Not later than the beginning means the next morning."""


class PlannedDay(InMunicipality, Base):
    __tablename__ = "planned_days"
    __table_args__ = (
        UniqueConstraint("placement_id", "day"),
        Index(None, "municipality_id", "citizen_id", "day"),
        Index(None, "municipality_id", "placement_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    """A copy of the placement's."""
    day: Mapped[date]
    """The date on which it begins."""
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    """When it was taken out of the plan."""


class PlacementMentor(InMunicipality, Base):
    """Somebody at the workplace who helps; one person may help at several placements."""

    __tablename__ = "placement_mentors"
    __table_args__ = (
        UniqueConstraint("placement_id", "person_id"),
        Index(None, "municipality_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """A `people.rules.MentorKind`."""
    ended_at: Mapped[datetime | None]


class MentorLink(InMunicipality, Base):
    """A secret address by which a mentor without an account speaks for one placement."""

    __tablename__ = "mentor_links"
    __table_args__ = (Index(None, "municipality_id", "placement_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placements.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    nonce: Mapped[str] = mapped_column(String(32), default="")
    """With the app's key the token follows from it, so that a nudge can carry the same link; alone it opens nothing."""
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    expires_on: Mapped[date]
    """The first day on which it no longer opens."""
    revoked_at: Mapped[datetime | None]
