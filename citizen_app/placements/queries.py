"""Placements as the citizen, her mentors and staff read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Boolean, ColumnElement, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from citizen_app.db import AnyRow, rows_of
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.queries import holiday
from citizen_app.people.models import Municipality, Person, Relation
from citizen_app.people.queries import ACTOR_COLUMNS, is_citizen_of_worker
from citizen_app.people.rules import fingerprint
from citizen_app.placements.models import (
    MentorLink,
    Placement,
    PlacementMentor,
    PlacementTime,
    PlannedDay,
    Workplace,
)
from citizen_app.placements.rules import Shift, Side, WeeklyTime
from citizen_app.policy import Actor, NotFound, Role, Subject
from citizen_app.texts.rules import fold

_T = TypeVar("_T")

# --- Workplaces ---------------------------------------------------------------------------------------------

_running_here = (
    select(func.count())
    .where(
        Placement.municipality_id == bindparam("municipality_id"),
        Placement.workplace_id == Workplace.id,
        Placement.last_day >= bindparam("today"),
    )
    .correlate(Workplace)
    .scalar_subquery()
)
_WORKPLACES: Select[*tuple[Any, ...]] = (
    select(
        Workplace.id,
        Workplace.name,
        Workplace.branch,
        Workplace.address,
        Workplace.contact_name,
        Workplace.contact_phone,
        Workplace.places,
        Workplace.ended_on,
        _running_here.label("taken"),
    )
    .where(
        Workplace.municipality_id == bindparam("municipality_id"),
        or_(bindparam("branch") == "", Workplace.branch == bindparam("branch")),
        Workplace.search_key.like(bindparam("search")),
        or_(Workplace.ended_on.is_(None), Workplace.ended_on > bindparam("today")),
        or_(bindparam("is_any", type_=Boolean), Workplace.places > _running_here),
    )
    .order_by(Workplace.name, Workplace.id)
    .limit(bindparam("size"))
)


def workplaces(
    session: Session,
    municipality_id: int,
    today: date,
    *,
    search: str = "",
    branch: str = "",
    only_room: bool = False,
    size: int = 200,
) -> Sequence[AnyRow]:
    """Return the workplaces that still take people, by name, each with how many of its places are `taken`.

    `only_room` leaves out those that are full.
    """
    values = {
        "municipality_id": municipality_id,
        "today": today,
        "search": f"%{fold(search)}%",
        "branch": branch,
        "is_any": not only_room,
        "size": size,
    }
    return rows_of(session, _WORKPLACES, values).all()


def held(wanted: Select[_T]) -> Select[_T]:
    """Read a row anew and hold it until the transaction ends.

    Its key stays free: whoever adds a row that points to it need not wait, or two would wait for each other.
    """
    return wanted.with_for_update(key_share=True).execution_options(populate_existing=True)


def workplace(session: Session, municipality_id: int, workplace_id: int, *, to_change: bool = False) -> Workplace:
    """Return a workplace; raises NotFound for another municipality's."""
    wanted = select(Workplace).filter_by(id=workplace_id, municipality_id=municipality_id)
    found = session.scalar(held(wanted) if to_change else wanted)
    if found is None:
        raise NotFound
    return found


def entrance_photo(session: Session, municipality_id: int, workplace_id: int) -> bytes:
    jpeg = session.scalar(select(Workplace.jpeg).filter_by(id=workplace_id, municipality_id=municipality_id))
    if jpeg is None:
        raise NotFound
    return jpeg


# --- Placements ---------------------------------------------------------------------------------------------

_is_follow_up = and_(
    Meeting.id == Placement.follow_up_meeting_id,
    Meeting.municipality_id == Placement.municipality_id,
    Meeting.cancelled_at.is_(None),
)
"""The meeting that the follow-up has become."""
_follow_up_at = case((Meeting.settled_at.is_not(None), Meeting.starts_at)).label("follow_up_at")
"""Nothing while several times are offered."""


def _is_follow_up_with(person_id: Any) -> ColumnElement[bool]:
    """Of a meeting: it is the follow-up, and this person is asked to it."""
    is_asked = exists().where(Participant.meeting_id == Meeting.id, Participant.person_id == person_id)
    return and_(_is_follow_up, is_asked)


_PLACEMENT_COLUMNS = (
    Placement.id,
    Placement.municipality_id,
    Placement.citizen_id,
    Placement.kind,
    Placement.starts_on,
    Placement.last_day,
    Placement.language_minutes,
    Placement.follow_up_day,
    Placement.version,
    Placement.made_by_id,
    Meeting.id.label("follow_up_meeting_id"),
    _follow_up_at,
    Workplace.id.label("workplace_id"),
    Workplace.name.label("workplace"),
    Workplace.branch,
    Workplace.address,
    Workplace.how_to_find,
    Workplace.contact_name,
    Workplace.contact_phone,
    Workplace.photo_at,
)
_OF_CITIZEN: Select[*tuple[Any, ...]] = (
    select(*_PLACEMENT_COLUMNS)
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .outerjoin(Meeting, _is_follow_up)
    .where(
        Placement.municipality_id == bindparam("municipality_id"),
        Placement.citizen_id == bindparam("citizen_id"),
    )
    .order_by(Placement.starts_on.desc(), Placement.id.desc())
    .limit(50)
)
_ONE: Select[*tuple[Any, ...]] = (
    select(*_PLACEMENT_COLUMNS)
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .outerjoin(Meeting, _is_follow_up)
    .where(Placement.municipality_id == bindparam("municipality_id"), Placement.id == bindparam("placement_id"))
)


def placements_of_citizen(session: Session, municipality_id: int, citizen_id: int) -> Sequence[AnyRow]:
    """Return a citizen's placements, the newest first."""
    return rows_of(session, _OF_CITIZEN, {"municipality_id": municipality_id, "citizen_id": citizen_id}).all()


def placement(session: Session, municipality_id: int, placement_id: int) -> AnyRow:
    """Return a placement with its workplace; who may see it is for the caller to ask."""
    row = rows_of(session, _ONE, {"municipality_id": municipality_id, "placement_id": placement_id}).first()
    if row is None:
        raise NotFound
    return row


def placements_at(session: Session, municipality_id: int, workplace_id: int, today: date) -> Sequence[int]:
    """Return the placements at a workplace that are not over, by number."""
    wanted = select(Placement.id).filter_by(municipality_id=municipality_id, workplace_id=workplace_id)
    return session.scalars(wanted.where(Placement.last_day >= today)).all()


def placement_to_change(session: Session, municipality_id: int, placement_id: int) -> Placement:
    """Return a placement, held until the transaction ends."""
    wanted = select(Placement).filter_by(id=placement_id, municipality_id=municipality_id)
    found = session.scalar(held(wanted))
    if found is None:
        raise NotFound
    return found


def placement_to_speak_of(session: Session, actor: Actor, subject: Subject, placement_id: int) -> Placement:
    """Return a citizen's placement of which the actor may speak, held until the transaction ends.

    Raises NotFound for another citizen's, and for a mentor who does not help at this very one.
    """
    kept = placement_to_change(session, subject.municipality_id, placement_id)
    is_stranger = actor.role == Role.MENTOR and not is_mentor_of(
        session, subject.municipality_id, actor.person_id, placement_id
    )
    if kept.citizen_id != subject.citizen_id or is_stranger:
        raise NotFound
    return kept


def side_of(actor: Actor) -> Side:
    """Return for which side somebody speaks at a workplace."""
    sides = {Role.CITIZEN.value: Side.CITIZEN, Role.MENTOR.value: Side.MENTOR}
    return sides.get(actor.role, Side.STAFF)


_OWN_LIST: Select[*tuple[Any, ...]] = (
    select(
        *_PLACEMENT_COLUMNS,
        Person.given_name,
        Person.family_name,
        Person.has_photo,
    )
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .outerjoin(Meeting, _is_follow_up)
    .join(Person, Person.id == Placement.citizen_id)
    .where(
        Placement.municipality_id == bindparam("municipality_id"),
        Placement.last_day >= bindparam("since"),
        is_citizen_of_worker(Placement.citizen_id),
        or_(bindparam("branch") == "", Workplace.branch == bindparam("branch")),
        Workplace.search_key.like(bindparam("search")),
        or_(
            Placement.last_day > bindparam("after_day"),
            and_(Placement.last_day == bindparam("after_day"), Placement.id > bindparam("after_id")),
        ),
    )
    .order_by(Placement.last_day, Placement.id)
    .limit(bindparam("size"))
)


def placements_of_worker(
    session: Session,
    actor: Actor,
    today: date,
    *,
    since: date,
    search: str = "",
    branch: str = "",
    after: tuple[date, int] = (date.min, 0),
    size: int = 50,
) -> Sequence[AnyRow]:
    """Return the placements of a worker's citizens that last until `since` or longer, those ending soonest first."""
    values = {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "today": today,
        "since": since,
        "search": f"%{fold(search)}%",
        "branch": branch,
        "after_day": after[0],
        "after_id": after[1],
        "size": size,
    }
    return rows_of(session, _OWN_LIST, values).all()


_TIMES = (
    select(PlacementTime.weekday, PlacementTime.begins, PlacementTime.ends)
    .where(
        PlacementTime.municipality_id == bindparam("municipality_id"),
        PlacementTime.placement_id == bindparam("placement_id"),
    )
    .order_by(PlacementTime.weekday)
)


def weekly_times(session: Session, municipality_id: int, placement_id: int) -> list[WeeklyTime]:
    rows = rows_of(session, _TIMES, {"municipality_id": municipality_id, "placement_id": placement_id})
    return [WeeklyTime(*row) for row in rows]


# --- Days ---------------------------------------------------------------------------------------------------

_SHIFTS = select(PlannedDay.day, PlannedDay.begins_at, PlannedDay.ends_at).where(
    PlannedDay.municipality_id == bindparam("municipality_id"),
    PlannedDay.citizen_id == bindparam("citizen_id"),
    PlannedDay.day >= bindparam("first"),
    PlannedDay.day <= bindparam("last"),
    PlannedDay.id != bindparam("but"),
    PlannedDay.cancelled_at.is_(None),
)


def shifts_between(
    session: Session, municipality_id: int, citizen_id: int, first: date, last: date, *, but: int = 0
) -> list[Shift]:
    """Return a citizen's planned days at all her placements, without the one numbered `but`."""
    values = {"municipality_id": municipality_id, "citizen_id": citizen_id, "first": first, "last": last, "but": but}
    return [Shift(*row) for row in rows_of(session, _SHIFTS, values)]


def closed_days(first: date, last: date) -> frozenset[date]:
    """Return the Danish holidays between two days, both included."""
    days = (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
    return frozenset(day for day in days if holiday(day))


def day_to_change(session: Session, municipality_id: int, placement_id: int, day_id: int) -> PlannedDay:
    """Return a planned day of a placement, held until the transaction ends."""
    wanted = select(PlannedDay).filter_by(id=day_id, placement_id=placement_id, municipality_id=municipality_id)
    found = session.scalar(held(wanted))
    if found is None:
        raise NotFound
    return found


# --- Mentors ------------------------------------------------------------------------------------------------

_link = aliased(MentorLink)
_MENTORS: Select[*tuple[Any, ...]] = (
    select(
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.phone,
        Person.email,
        Person.language,
        Person.has_photo,
        Person.username,
        PlacementMentor.kind,
        func.max(_link.expires_on).label("link_until"),
        (func.max(_link.nonce) != "").label("can_be_nudged"),
    )
    .join(Person, Person.id == PlacementMentor.person_id)
    .outerjoin(
        _link,
        and_(
            _link.municipality_id == PlacementMentor.municipality_id,
            _link.placement_id == PlacementMentor.placement_id,
            _link.person_id == PlacementMentor.person_id,
            _link.revoked_at.is_(None),
            _link.expires_on > bindparam("today"),
        ),
    )
    .where(
        # + 0, or SQLite reads all mentors of the municipality instead of this placement's
        PlacementMentor.municipality_id + 0 == bindparam("municipality_id"),
        PlacementMentor.placement_id == bindparam("placement_id"),
        PlacementMentor.ended_at.is_(None),
    )
    .group_by(
        PlacementMentor.id,
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.phone,
        Person.email,
        Person.language,
        Person.has_photo,
        Person.username,
        PlacementMentor.kind,
    )
    .order_by(PlacementMentor.id)
)


def mentors_of(session: Session, municipality_id: int, placement_id: int, today: date) -> Sequence[AnyRow]:
    """Return the mentors of a placement, each with the day until which a link of theirs opens, if one does.

    A link of before nonces were kept opens, but a nudge cannot carry it.
    """
    values = {"municipality_id": municipality_id, "placement_id": placement_id, "today": today}
    return rows_of(session, _MENTORS, values).all()


_MENTOR_NAMES: Select[*tuple[Any, ...]] = (
    select(
        PlacementMentor.placement_id,
        Person.id,
        Person.given_name,
        Person.has_photo,
        PlacementMentor.kind,
    )
    .join(Person, Person.id == PlacementMentor.person_id)
    .where(
        PlacementMentor.municipality_id == bindparam("municipality_id"),
        PlacementMentor.placement_id.in_(bindparam("placement_ids", expanding=True)),
        PlacementMentor.ended_at.is_(None),
    )
    .order_by(PlacementMentor.id)
)


def mentors_by_placement(
    session: Session, municipality_id: int, placement_ids: Collection[int]
) -> Mapping[int, Sequence[AnyRow]]:
    """Return for each placement its mentors by their first names, as the citizen knows them."""
    found: dict[int, list[AnyRow]] = defaultdict(list)
    if placement_ids:
        values = {"municipality_id": municipality_id, "placement_ids": list(placement_ids)}
        for row in rows_of(session, _MENTOR_NAMES, values):
            found[row.placement_id].append(row)
    return found


def is_mentor_of(session: Session, municipality_id: int, person_id: int, placement_id: int) -> bool:
    wanted = select(PlacementMentor.id).filter_by(
        municipality_id=municipality_id, person_id=person_id, placement_id=placement_id, ended_at=None
    )
    return session.scalar(wanted) is not None


def known_mentors(session: Session, municipality_id: int, today: date, size: int = 500) -> Sequence[AnyRow]:
    """Return everybody who is or was a mentor in the municipality, by name: one mentor may have several people."""
    wanted = (
        select(Person.id, Person.given_name, Person.family_name, Person.phone)
        .where(
            Person.municipality_id == municipality_id,
            Person.role == Role.MENTOR,
            or_(Person.ended_on.is_(None), Person.ended_on > today),
        )
        .order_by(Person.given_name, Person.id)
        .limit(size)
    )
    return session.execute(wanted).all()


@dataclass(frozen=True)
class MentorAtDoor:
    """Who holds a link that opens, and to which placement."""

    actor: Actor
    placement_id: int
    citizen_id: int
    citizen_name: str
    """Her first name; more a mentor does not get."""
    follow_up_at: datetime | None
    """When mentor, citizen and staff talk about how it goes, once that is fixed."""


_citizen = aliased(Person)
_BY_TOKEN = (
    select(
        MentorLink.placement_id,
        Placement.citizen_id,
        _follow_up_at,
        _citizen.given_name.label("citizen_name"),
        *ACTOR_COLUMNS,
    )
    .join(Person, Person.id == MentorLink.person_id)
    .join(Municipality, Municipality.id == MentorLink.municipality_id)
    .join(
        PlacementMentor,
        and_(
            PlacementMentor.placement_id == MentorLink.placement_id,
            PlacementMentor.person_id == MentorLink.person_id,
            PlacementMentor.ended_at.is_(None),
        ),
    )
    .join(Placement, Placement.id == MentorLink.placement_id)
    .outerjoin(Meeting, _is_follow_up_with(MentorLink.person_id))
    .join(_citizen, _citizen.id == Placement.citizen_id)
    .where(
        MentorLink.token_hash == bindparam("token_hash"),
        MentorLink.revoked_at.is_(None),
        MentorLink.expires_on > bindparam("today"),
        or_(Person.ended_on.is_(None), Person.ended_on > bindparam("today")),
        exists().where(
            Relation.municipality_id == MentorLink.municipality_id,
            Relation.citizen_id == Placement.citizen_id,
            Relation.person_id == MentorLink.person_id,
            or_(Relation.ended_on.is_(None), Relation.ended_on > bindparam("today")),
        ),
    )
)


def mentor_at_door(session: Session, token: str, now: datetime) -> MentorAtDoor | None:
    """Return who a link belongs to; nothing for one that is unknown, taken back, too old, or of an ended mentor."""
    values = {"token_hash": fingerprint(token), "today": now.date()}
    row = rows_of(session, _BY_TOKEN, values).first()
    if row is None:
        return None
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy documents this name
    about = {name: fields.pop(name) for name in ("placement_id", "citizen_id", "citizen_name", "follow_up_at")}
    return MentorAtDoor(Actor(**fields, sign_in_id=0), **about)


_MENTORED: Select[*tuple[Any, ...]] = (
    select(
        Placement.id,
        Placement.citizen_id,
        Placement.starts_on,
        Placement.last_day,
        Placement.language_minutes,
        _follow_up_at,
        Person.given_name,
        Person.language,
        PlacementMentor.kind,
    )
    .join(Placement, Placement.id == PlacementMentor.placement_id)
    .join(Person, Person.id == Placement.citizen_id)
    .outerjoin(Meeting, _is_follow_up_with(PlacementMentor.person_id))
    .where(
        PlacementMentor.municipality_id == bindparam("municipality_id"),
        PlacementMentor.person_id == bindparam("person_id"),
        PlacementMentor.ended_at.is_(None),
        Placement.last_day >= bindparam("since"),
    )
    .order_by(Person.given_name, Placement.id)
    .limit(100)
)


def placements_of_mentor(session: Session, actor: Actor, since: date) -> Sequence[AnyRow]:
    """Return the placements a mentor helps at that last until `since` or longer, and no more than a mentor may see."""
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "since": since}
    return rows_of(session, _MENTORED, values).all()


_MENTORED_DAY = (
    select(PlannedDay.placement_id, PlannedDay.citizen_id)
    .join(PlacementMentor, PlacementMentor.placement_id == PlannedDay.placement_id)
    .where(
        PlannedDay.municipality_id == bindparam("municipality_id"),
        PlannedDay.id == bindparam("day_id"),
        PlacementMentor.person_id == bindparam("person_id"),
        PlacementMentor.ended_at.is_(None),
    )
)


def day_of_mentor(session: Session, actor: Actor, day_id: int) -> AnyRow:
    """Return to which placement of a mentor a planned day belongs; raises NotFound for one that is not hers."""
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "day_id": day_id}
    row = rows_of(session, _MENTORED_DAY, values).first()
    if row is None:
        raise NotFound
    return row
