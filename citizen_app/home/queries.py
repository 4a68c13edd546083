"""What the start page asks of several rooms at once, so that it costs one SELECT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, exists, literal, select, true
from sqlalchemy.orm import Session

from citizen_app.agreements.queries import OLDEST_WAITING
from citizen_app.attendance.queries import OLDEST_QUESTION
from citizen_app.db import AnyRow, rows_of
from citizen_app.meetings.queries import NEXT, coming
from citizen_app.placements.models import Placement
from citizen_app.policy import Actor

HOURS_SHOWN = timedelta(days=60)
"""So long after a placement the start page still leads to its hours."""

_here = select(literal(1).label("one")).subquery()
_meeting = NEXT.subquery()
_question = OLDEST_QUESTION.subquery()
_agreement = OLDEST_WAITING.subquery()
_has_hours = exists().where(
    Placement.municipality_id == bindparam("municipality_id"),
    Placement.citizen_id == bindparam("person_id"),
    Placement.last_day >= bindparam("hours_since"),
)
_COMING_UP = (
    select(*_meeting.c, *_question.c, *_agreement.c, _has_hours.label("has_hours"))
    .select_from(_here)
    .outerjoin(_meeting, true())
    .outerjoin(_question, true())
    .outerjoin(_agreement, true())
)


@dataclass(frozen=True)
class ComingUp:
    """The next meeting, what waits for her word, and whether there are hours to look at."""

    meeting: AnyRow | None
    question: AnyRow | None
    """The oldest day that waits."""
    agreement: AnyRow | None
    """The work agreement that waits for her yes."""
    has_hours: bool


def coming_up(session: Session, actor: Actor, now: datetime, today: date) -> ComingUp:
    since = {"hours_since": today - HOURS_SHOWN, "agreements_since": today}
    values = coming(actor.municipality_id, now, person_id=actor.person_id, **since)
    row = rows_of(session, _COMING_UP, values).one()
    return ComingUp(
        row if row.id else None, row if row.day_id else None, row if row.agreement_id else None, row.has_hours
    )
