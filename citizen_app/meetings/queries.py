"""Meetings as citizens and staff read them.

Lists select columns by statements built once at import. Since no meeting is longer than `rules.LONGEST`, "not
ended" is also "did not begin long ago", which the indexes by start can answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from citizen_app.db import AnyRow, UtcDateTime, rows_of
from citizen_app.meetings.models import Meeting, MeetingEvent
from citizen_app.meetings.rules import (
    LONGEST,
    WAITED_FOR,
    Answer,
    Happening,
    Interpreter,
    Kind,
    MeetingFacts,
    Position,
    local_day,
)
from citizen_app.people.models import Person
from citizen_app.people.queries import KnownCitizen, citizen_of_worker, is_citizen_of_worker
from citizen_app.policy import Actor, NotFound

_Host = aliased(Person)
_Citizen = aliased(Person)

_BASE = (
    Meeting.id,
    Meeting.citizen_id,
    Meeting.kind,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.place,
    Meeting.how_to_find,
    Meeting.leave_home_at,
    Meeting.language,
    Meeting.interpreter,
    Meeting.bring,
    Meeting.answer,
    Meeting.answered_at,
    Meeting.cancelled_at,
    Meeting.cancel_reason,
    Meeting.version,
    Meeting.asked_version,
    Meeting.moved_from,
    Meeting.host_id,
)
_HOST = (
    _Host.given_name.label("host_given_name"),
    _Host.family_name.label("host_family_name"),
    _Host.role.label("host_role"),
    _Host.has_photo.label("host_has_photo"),
)
_REPLY = (Meeting.answer_reason, Meeting.answer_note, Meeting.answer_note_language)
_HAS_NOT_ENDED = and_(Meeting.starts_at > bindparam("since"), Meeting.ends_at > bindparam("now"))
_COMING = (Meeting.starts_at, Meeting.id)

_OF_CITIZEN: Select[*tuple[Any, ...]] = (
    select(*_BASE, *_HOST, *_REPLY)
    .join(_Host, _Host.id == Meeting.host_id)
    .where(Meeting.municipality_id == bindparam("municipality_id"), Meeting.citizen_id == bindparam("citizen_id"))
)
_UPCOMING = _OF_CITIZEN.where(_HAS_NOT_ENDED).order_by(*_COMING).limit(50)
_NEXT = _OF_CITIZEN.where(_HAS_NOT_ENDED, Meeting.cancelled_at.is_(None)).order_by(*_COMING).limit(1)
_ONE = _OF_CITIZEN.where(Meeting.id == bindparam("meeting_id"))


def upcoming_meetings(session: Session, municipality_id: int, citizen_id: int, now: datetime) -> Sequence[AnyRow]:
    """Return the meetings that have not ended, soonest first; cancelled ones too, so that nobody sets out."""
    return session.execute(_UPCOMING, _coming(municipality_id, now, citizen_id=citizen_id)).all()


def next_meeting(session: Session, municipality_id: int, citizen_id: int, now: datetime) -> AnyRow | None:
    """Return the next meeting that takes place."""
    return rows_of(session, _NEXT, _coming(municipality_id, now, citizen_id=citizen_id)).first()


def meeting_of_citizen(session: Session, municipality_id: int, citizen_id: int, meeting_id: int) -> AnyRow:
    """Return one meeting of a citizen; raises NotFound for anybody else's."""
    where = {"municipality_id": municipality_id, "citizen_id": citizen_id, "meeting_id": meeting_id}
    row = session.execute(_ONE, where).first()
    if row is None:
        raise NotFound
    return row


class MeetingList(NamedTuple):
    rows: Sequence[AnyRow]
    next: Position | None
    """Where the next page begins, if there is one."""


_PAST = (
    _OF_CITIZEN.where(
        Meeting.ends_at <= bindparam("now"),
        tuple_(Meeting.starts_at, Meeting.id) < tuple_(bindparam("at", type_=UtcDateTime()), bindparam("id")),
    )
    .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
    .limit(bindparam("size"))
)


def past_meetings(
    session: Session,
    municipality_id: int,
    citizen_id: int,
    now: datetime,
    *,
    before: Position | None = None,
    size: int = 20,
) -> MeetingList:
    """Return a page of the meetings that have ended, the latest first."""
    start = before or Position(now, 0)
    where = {"municipality_id": municipality_id, "citizen_id": citizen_id, "now": now}
    return _page(session.execute(_PAST, {**where, **_behind(start), "size": size + 1}).all(), size)


def meetings_of_citizen(session: Session, municipality_id: int, citizen_id: int, now: datetime) -> Sequence[AnyRow]:
    """Return what staff see on a citizen's page: all that is coming and the last five that have been."""
    past = past_meetings(session, municipality_id, citizen_id, now, size=5).rows
    return [*upcoming_meetings(session, municipality_id, citizen_id, now), *past]


_OF_HOST: Select[*tuple[Any, ...]] = (
    select(
        *_BASE,
        _Citizen.given_name.label("citizen_given_name"),
        _Citizen.family_name.label("citizen_family_name"),
        _Citizen.has_photo.label("citizen_has_photo"),
        _Citizen.phone.label("citizen_phone"),
    )
    .join(_Citizen, _Citizen.id == Meeting.citizen_id)
    .where(
        Meeting.municipality_id == bindparam("municipality_id"),
        Meeting.host_id == bindparam("person_id"),
        _HAS_NOT_ENDED,
        is_citizen_of_worker(Meeting.citizen_id),
    )
    .order_by(*_COMING)
    .limit(bindparam("size"))
)
_HOST_PAGE = _OF_HOST.where(
    tuple_(Meeting.starts_at, Meeting.id) > tuple_(bindparam("at", type_=UtcDateTime()), bindparam("id"))
)
_NEEDING_STAFF = _OF_HOST.where(
    Meeting.cancelled_at.is_(None),
    or_(
        Meeting.answer.in_((Answer.CANNOT.value, Answer.LATE.value)),
        and_(
            Meeting.answer.is_(None),
            Meeting.starts_at > bindparam("now"),
            Meeting.starts_at <= bindparam("soon"),
        ),
    ),
)


def meetings_of_host(
    session: Session, actor: Actor, now: datetime, *, after: Position | None = None, size: int = 50
) -> MeetingList:
    """Return a page of the meetings a worker holds with citizens she works with today, soonest first.

    Why somebody cannot come is not among the columns: it is read on the meeting's own page, which is logged.
    """
    start = after or Position(now - LONGEST, 0)
    return _page(session.execute(_HOST_PAGE, {**_hosted(actor, now), **_behind(start), "size": size + 1}).all(), size)


def meetings_needing_staff(session: Session, actor: Actor, now: datetime, *, size: int = 50) -> Sequence[AnyRow]:
    """Return a worker's meetings of the next days without an answer, and all that got "cannot" or "late"."""
    return session.execute(_NEEDING_STAFF, {**_hosted(actor, now), "soon": now + WAITED_FOR, "size": size}).all()


class KnownMeeting(NamedTuple):
    row: AnyRow
    citizen: KnownCitizen


def meeting_of_worker(session: Session, actor: Actor, meeting_id: int, now: datetime) -> KnownMeeting:
    """Return a meeting of any citizen this worker works with today; raises NotFound for a stranger's."""
    citizen_id = session.scalar(
        select(Meeting.citizen_id).where(Meeting.municipality_id == actor.municipality_id, Meeting.id == meeting_id)
    )
    if citizen_id is None:
        raise NotFound
    known = citizen_of_worker(session, actor, citizen_id, local_day(now, actor.timezone))
    return KnownMeeting(meeting_of_citizen(session, actor.municipality_id, citizen_id, meeting_id), known)


def meeting_to_change(session: Session, municipality_id: int, citizen_id: int, meeting_id: int) -> Meeting:
    """Return a meeting's row, held until the transaction ends; raises NotFound for anybody else's."""
    meeting = session.scalar(
        select(Meeting)
        .filter_by(id=meeting_id, municipality_id=municipality_id, citizen_id=citizen_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if meeting is None:
        raise NotFound
    return meeting


class Past(NamedTuple):
    """One thing that happened to a meeting."""

    what: Happening
    by_id: int
    by_name: str
    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]


_HISTORY = (
    select(
        MeetingEvent.what,
        MeetingEvent.by_id,
        MeetingEvent.by_name,
        MeetingEvent.at,
        MeetingEvent.before,
        MeetingEvent.after,
    )
    .where(
        MeetingEvent.municipality_id == bindparam("municipality_id"),
        MeetingEvent.meeting_id == bindparam("meeting_id"),
    )
    .order_by(MeetingEvent.id)
)


def history_of(session: Session, municipality_id: int, meeting_id: int) -> list[Past]:
    """Return all that happened to a meeting, oldest first, with moments as moments again."""
    rows = session.execute(_HISTORY, {"municipality_id": municipality_id, "meeting_id": meeting_id})
    return [
        Past(Happening(what), by_id, by_name, at, _with_moments(before), _with_moments(after))
        for what, by_id, by_name, at, before, after in rows
    ]


def facts_of(meeting: Meeting | AnyRow) -> MeetingFacts:
    return MeetingFacts(
        kind=Kind(meeting.kind),
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        place=meeting.place,
        language=meeting.language,
        interpreter=Interpreter(meeting.interpreter),
        how_to_find=meeting.how_to_find,
        leave_home_at=meeting.leave_home_at,
        bring=meeting.bring,
    )


def _coming(municipality_id: int, now: datetime, **more: Any) -> dict[str, Any]:
    return {"municipality_id": municipality_id, "now": now, "since": now - LONGEST, **more}


def _hosted(actor: Actor, now: datetime) -> dict[str, Any]:
    today = local_day(now, actor.timezone)
    return _coming(actor.municipality_id, now, person_id=actor.person_id, today=today)


def _behind(position: Position) -> dict[str, Any]:
    return {"at": position.starts_at, "id": position.meeting_id}


def _page(rows: Sequence[AnyRow], size: int) -> MeetingList:
    """Cut off the one row too many that tells whether there is more."""
    shown = rows[:size]
    return MeetingList(shown, Position(shown[-1].starts_at, shown[-1].id) if len(rows) > size else None)


def _with_moments(told: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") and value else value for name, value in told.items()
    }
