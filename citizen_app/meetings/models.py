"""Tables of meetings: who takes part with which answer, which times are offered, and what happened.

A person's answer and outcome stand in her own participant row, so that a talk between two and a group of thirty are
one thing. The row also copies the meeting's start: a person's list is then one index, however many meetings there
are. Earlier answers and earlier times are kept as events, so nothing that was said is lost.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, orm_insert_sentinel

from citizen_app.db import Base, InMunicipality


class Meeting(InMunicipality, Base):
    __tablename__ = "meetings"
    __table_args__ = (Index(None, "municipality_id", "host_id", "starts_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """A key of `data/kinds.csv`."""
    is_group: Mapped[bool] = mapped_column(default=False)
    """Several citizens come, who are not told of each other."""
    starts_at: Mapped[datetime]
    """While times are offered, when the first of them begins."""
    ends_at: Mapped[datetime]
    """While times are offered, when the last of them ends."""
    way: Mapped[str] = mapped_column(String(8))
    """A `rules.Way`: at a place, by phone or by video."""
    place: Mapped[str] = mapped_column(String(120))
    """Where, as the signs in the house say it: `Indgang B, 2. sal`."""
    how_to_find: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(300), default="")
    """The number to call, or the address of the video meeting."""
    leave_home_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(5))
    """The language the meeting is held in."""
    interpreter: Mapped[str] = mapped_column(String(12))
    """A `rules.Interpreter`."""
    interpreter_name: Mapped[str] = mapped_column(String(80), default="")
    bring: Mapped[str] = mapped_column(String(200), default="")
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)
    """Grows when the meeting is changed or cancelled; an answer does not count."""
    asked_version: Mapped[int] = mapped_column(default=1)
    """The version people were last asked about; an answer to an older one is refused."""
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    moved_from: Mapped[datetime | None]
    """When it would have begun before it was last moved to another time."""
    settled_at: Mapped[datetime | None]
    """When its time was fixed; empty while several times are offered and none is chosen."""
    was_chosen: Mapped[bool] = mapped_column(default=False)
    """Whether the citizen chose the time herself."""


class Participant(InMunicipality, Base):
    __tablename__ = "participants"
    __table_args__ = (
        UniqueConstraint("meeting_id", "person_id"),
        Index(None, "municipality_id", "person_id", "starts_at", "meeting_id"),
        Index(None, "municipality_id", "starts_at", "part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """Empty for a guest without an account."""
    name: Mapped[str] = mapped_column(String(80), default="")
    """Of a guest: who she is, such as `Din mor` or `Lægen`."""
    part: Mapped[str] = mapped_column(String(12))
    """A `rules.Part`."""
    starts_at: Mapped[datetime]
    """A copy of the meeting's."""
    answer: Mapped[str | None] = mapped_column(String(10))
    """A `rules.Answer`; empty until she has answered, and again when she is asked anew."""
    answer_reason: Mapped[str | None] = mapped_column(String(12))
    """One of `rules.REASONS`."""
    answer_note: Mapped[str] = mapped_column(String(200), default="")
    """Her own words."""
    answer_note_language: Mapped[str | None] = mapped_column(String(5))
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(12))
    """A `rules.Outcome`; empty until staff have said how it went."""
    outcome_at: Mapped[datetime | None]
    _place: Mapped[int] = orm_insert_sentinel()
    """Lets SQLite, too, take all people of a meeting in one INSERT; see SQLAlchemy's insert sentinels."""


class OfferedTime(InMunicipality, Base):
    """A time the citizen may choose for a meeting that is not settled yet."""

    __tablename__ = "offered_times"
    __table_args__ = (UniqueConstraint("meeting_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class OpenHours(InMunicipality, Base):
    """When citizens may choose a new time with this member of staff by themselves."""

    __tablename__ = "open_hours"
    __table_args__ = (UniqueConstraint("person_id", "weekday", "begins"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    weekday: Mapped[int]
    """0 is Monday."""
    begins: Mapped[time]
    ends: Mapped[time]


class Door(InMunicipality, Base):
    """What a place looks like from outside; every meeting at the same place shows it."""

    __tablename__ = "doors"
    __table_args__ = (UniqueConstraint("municipality_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(120))
    how_to_find: Mapped[str] = mapped_column(String(200), default="")
    jpeg: Mapped[bytes | None] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class AgendaPoint(InMunicipality, Base):
    """Something somebody wants to talk about: a picture, and words if she has any."""

    __tablename__ = "agenda_points"
    __table_args__ = (Index(None, "municipality_id", "meeting_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    topic: Mapped[str] = mapped_column(String(10))
    """A `rules.Topic`."""
    text_id: Mapped[int | None] = mapped_column(ForeignKey("texts.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]


class MinutesLine(InMunicipality, Base):
    """One sentence of the minutes: what was said, or what was agreed and who does it."""

    __tablename__ = "minutes_lines"
    __table_args__ = (Index(None, "municipality_id", "meeting_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("texts.id"))
    is_agreed: Mapped[bool]
    """Somebody is to do it; else it was only said."""
    doer_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    doer_name: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime]


class MeetingEvent(InMunicipality, Base):
    __tablename__ = "meeting_events"
    __table_args__ = (Index(None, "municipality_id", "meeting_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    what: Mapped[str] = mapped_column(String(12))
    """A `rules.Happening`."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """Whose answer or outcome it is about; empty when about the meeting."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What stood there, see `rules.as_told`; empty when nothing did."""
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
