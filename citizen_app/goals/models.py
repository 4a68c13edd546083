"""Tables of goals, small steps, what happened to them, and writing together in a meeting."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Goal(InMunicipality, Base):
    __tablename__ = "goals"
    __table_args__ = (Index(None, "municipality_id", "citizen_id", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    track: Mapped[str] = mapped_column(String(10))
    picture: Mapped[str] = mapped_column(String(40))
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    why_text_id: Mapped[int | None] = mapped_column(ForeignKey("texts.id"))
    """Why the citizen wants it, in her own words."""
    status: Mapped[str] = mapped_column(String(10))
    started_by: Mapped[str] = mapped_column(String(10))
    """The side that began it; an unshared draft is seen by this side only."""
    started_by_name: Mapped[str] = mapped_column(String(60))
    citizen_agreed_at: Mapped[datetime | None]
    staff_agreed_at: Mapped[datetime | None]
    staff_agreed_name: Mapped[str] = mapped_column(String(60), default="")
    wants_to_talk_at: Mapped[datetime | None]
    """The citizen did not say yes, but "let us talk"."""
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change to the goal, its texts or its steps."""
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class SmallStep(InMunicipality, Base):
    __tablename__ = "small_steps"
    __table_args__ = (Index(None, "municipality_id", "goal_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    goal_id: Mapped[int] = mapped_column(ForeignKey("goals.id"))
    position: Mapped[int]
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    picture: Mapped[str] = mapped_column(String(40))
    day: Mapped[date | None]
    """When it is to be done; a ready step that lies in wait has no day yet."""
    at: Mapped[time | None]
    """The wall clock of that day, in the municipality's zone."""
    place: Mapped[str] = mapped_column(String(120), default="")
    helper_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    status: Mapped[str] = mapped_column(String(10))
    proposed_by: Mapped[str] = mapped_column(String(10))
    proposed_by_name: Mapped[str] = mapped_column(String(60))
    citizen_agreed_at: Mapped[datetime | None]
    staff_agreed_at: Mapped[datetime | None]
    too_big_at: Mapped[datetime | None]
    """The citizen asked to split it; emptied when somebody has."""
    done_at: Mapped[datetime | None]
    face: Mapped[int | None]
    """How it was, see `rules.FACES`."""
    version: Mapped[int] = mapped_column(default=1)


class GoalEvent(InMunicipality, Base):
    __tablename__ = "goal_events"
    __table_args__ = (Index(None, "municipality_id", "goal_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    goal_id: Mapped[int] = mapped_column(ForeignKey("goals.id"))
    step_id: Mapped[int | None] = mapped_column(ForeignKey("small_steps.id"))
    goal_version: Mapped[int]
    what: Mapped[str] = mapped_column(String(20))
    """A `rules.Happening`."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    by_side: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    face: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(600), default="")
    """What the person said, or the new wording."""
    words_language: Mapped[str] = mapped_column(String(5), default="")


class WritingTogether(InMunicipality, Base):
    """A goal that staff and citizen have open side by side."""

    __tablename__ = "writing_together"

    goal_id: Mapped[int] = mapped_column(ForeignKey("goals.id"), primary_key=True)
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime]
    citizen_seen_at: Mapped[datetime | None]
    """When the citizen's phone last asked for the draft; kept to ten seconds."""
