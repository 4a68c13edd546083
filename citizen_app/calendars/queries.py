"""Whose calendar an address is, and what its owner has chosen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from citizen_app.calendars.models import CalendarFeed
from citizen_app.db import AnyRow, rows_of
from citizen_app.people.models import Municipality, Person
from citizen_app.policy import Actor

_FEED = (
    select(
        CalendarFeed.nonce,
        CalendarFeed.tells_more,
        CalendarFeed.made_at,
        Person.id.label("person_id"),
        Person.municipality_id,
        Person.role,
        Person.language,
        Municipality.timezone,
    )
    .join(
        Person,
        and_(Person.id == CalendarFeed.person_id, Person.municipality_id == CalendarFeed.municipality_id),
    )
    .join(Municipality, Municipality.id == Person.municipality_id)
    .where(
        CalendarFeed.person_id == bindparam("person_id"),
        or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
    )
)
_OWN_FEED = _FEED.where(CalendarFeed.municipality_id == bindparam("municipality_id"))


def own_feed(session: Session, actor: Actor, now: datetime) -> AnyRow | None:
    """Return what a person has chosen for her own calendar; nothing while it has no address."""
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": now.date()}
    return rows_of(session, _OWN_FEED, values).first()


def feed_claimed(session: Session, person_id: int, now: datetime) -> AnyRow | None:
    """Return the calendar that an address claims to be of, to be proved by its nonce; of nobody who has ended."""
    return rows_of(session, _FEED, {"person_id": person_id, "today": now.date()}).first()
