"""What staff do: keep workplaces, make placements, change their days, and invite mentors."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from citizen_app.meetings.models import Meeting, Participant
from citizen_app.people.models import Person, Relation
from citizen_app.people.rules import MentorKind, fingerprint
from citizen_app.placements import queries, rules
from citizen_app.placements.models import (
    MentorLink,
    Placement,
    PlacementMentor,
    PlacementTime,
    PlannedDay,
    Workplace,
)
from citizen_app.placements.rules import PlacementKind, Shift, WeeklyTime
from citizen_app.policy import Actor, NotFound, Permission, Refusal, Role, Subject, check
from citizen_app.texts.rules import fold
from citizen_app.web.photos import small_jpeg

ENTRANCE_SIDE = 800


class Fault(StrEnum):
    """Why a placement or a day cannot be as it was given."""

    DATES = "dates"
    """The last day lies before the first."""
    TOO_LONG = "too_long"
    TOO_FAR = "too_far"
    """It begins more than a year from now, or began more than a year ago."""
    TIMES = "times"
    """No weekly time, the same weekday twice, or a night shift that reaches into the next day's."""
    NO_DAYS = "no_days"
    """Not a single day is left between the dates."""
    OVERLAP = "overlap"
    """She is somewhere else then."""
    OUTSIDE = "outside"
    """The day does not lie within the placement."""
    TAKEN = "taken"
    """The placement has that day already."""
    FOLLOW_UP = "follow_up"
    """It would fall after the last day."""
    LANGUAGE = "language"
    ENDED = "ended"
    """The workplace takes nobody any more."""


class BadPlacement(Refusal):
    """The facts cannot be right; `fault` says which, `day` where."""

    status = 422

    def __init__(self, fault: Fault, day: date | None = None) -> None:
        super().__init__()
        self.fault = fault
        self.day = day


class StalePlacement(Refusal):
    """Somebody else has changed it since it was read."""


class HasFollowUp(Refusal):
    """The placement is over, or its follow-up is a meeting already."""


@dataclass(frozen=True)
class WorkplaceFacts:
    name: str
    branch: str
    address: str = ""
    how_to_find: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    places: int = 1
    ended_on: date | None = None


@dataclass(frozen=True)
class PlacementFacts:
    workplace_id: int
    kind: PlacementKind
    starts_on: date
    last_day: date
    times: Sequence[WeeklyTime]
    language_minutes: int = rules.LANGUAGE_MINUTES
    follow_up_day: int = rules.FOLLOW_UP_DAY


@dataclass(frozen=True)
class MentorFacts:
    """A mentor who is not known yet."""

    given_name: str
    family_name: str = ""
    phone: str = ""
    email: str = ""
    language: str = "da"


# --- Workplaces ---------------------------------------------------------------------------------------------


def add_workplace(session: Session, actor: Actor, facts: WorkplaceFacts) -> Workplace:
    made = Workplace(municipality_id=actor.municipality_id, search_key=_search_key(facts), **vars(facts))
    session.add(made)
    session.flush()
    return made


def change_workplace(
    session: Session, actor: Actor, workplace_id: int, facts: WorkplaceFacts, *, seen_version: int
) -> None:
    """Raises StalePlacement when somebody else has changed it since `seen_version`."""
    kept = queries.workplace(session, actor.municipality_id, workplace_id, to_change=True)
    if kept.version != seen_version:
        raise StalePlacement
    for name, value in vars(facts).items():
        setattr(kept, name, value)
    kept.search_key = _search_key(facts)
    kept.version += 1


def _search_key(facts: WorkplaceFacts) -> str:
    return fold(f"{facts.name} {facts.address}")[:250]


def keep_entrance(session: Session, actor: Actor, workplace_id: int, upload: bytes, now: datetime) -> None:
    """Keep a photo of the entrance, made anew without its camera data; raises NotAPhoto."""
    kept = queries.workplace(session, actor.municipality_id, workplace_id, to_change=True)
    kept.jpeg, kept.photo_at = small_jpeg(upload, ENTRANCE_SIDE), now


# --- Placements and their days ------------------------------------------------------------------------------


def make_placement(
    session: Session, actor: Actor, subject: Subject, facts: PlacementFacts, *, zone: ZoneInfo, now: datetime
) -> Placement:
    """Make a placement with all its planned days, Danish holidays left out. Raises BadPlacement."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    today = now.astimezone(zone).date()
    _refuse_bad_facts(facts, today)
    place = queries.workplace(session, subject.municipality_id, facts.workplace_id, to_change=True)
    if place.ended_on is not None and place.ended_on <= max(today, facts.starts_on):
        raise BadPlacement(Fault.ENDED)
    closed = queries.closed_days(facts.starts_on, facts.last_day)
    shifts = rules.planned_shifts(facts.starts_on, facts.last_day, facts.times, closed, zone)
    if not shifts:
        raise BadPlacement(Fault.NO_DAYS)
    _hold_citizen(session, subject)
    _refuse_overlap(session, subject, shifts)
    made = Placement(
        municipality_id=subject.municipality_id,
        citizen_id=subject.citizen_id,
        workplace_id=facts.workplace_id,
        kind=facts.kind.value,
        starts_on=facts.starts_on,
        last_day=facts.last_day,
        language_minutes=facts.language_minutes,
        follow_up_day=facts.follow_up_day,
        made_by_id=actor.person_id,
        made_at=now,
    )
    session.add(made)
    session.flush()
    about = {"municipality_id": subject.municipality_id, "placement_id": made.id}
    session.execute(insert(PlacementTime), [about | vars(one) for one in facts.times])
    _add_days(session, made, shifts)
    return made


def end_placement(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    last_day: date,
    *,
    seen_version: int,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Give a placement another last day: later days are taken out of the plan, new ones come.

    Raises BadPlacement and StalePlacement.
    """
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _hold_citizen(session, subject)
    kept = _own_placement(session, subject, placement_id)
    if kept.version != seen_version:
        raise StalePlacement
    if last_day < kept.starts_on:
        raise BadPlacement(Fault.DATES)
    if last_day - kept.starts_on > rules.LONGEST:
        raise BadPlacement(Fault.TOO_LONG)
    if last_day > kept.last_day:
        first = kept.last_day + timedelta(days=1)
        times = queries.weekly_times(session, subject.municipality_id, kept.id)
        shifts = rules.planned_shifts(first, last_day, times, queries.closed_days(first, last_day), zone)
        _refuse_overlap(session, subject, shifts)
        _add_days(session, kept, shifts)
    else:
        _cancel_days_after(session, kept, last_day, now)
    kept.last_day = last_day
    kept.follow_up_day = min(kept.follow_up_day, (last_day - kept.starts_on).days + 1)
    kept.version += 1
    session.flush()
    session.execute(
        update(MentorLink)
        .filter_by(municipality_id=kept.municipality_id, placement_id=kept.id)
        .values(expires_on=rules.link_expires_on(last_day))
    )


def move_day(session: Session, actor: Actor, subject: Subject, placement_id: int, day_id: int, shift: Shift) -> None:
    """Give one planned day another date or other hours; a day that was taken out is planned again by it."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _hold_citizen(session, subject)
    kept = _own_placement(session, subject, placement_id)
    day = queries.day_to_change(session, subject.municipality_id, placement_id, day_id)
    if not kept.starts_on <= shift.day <= kept.last_day:
        raise BadPlacement(Fault.OUTSIDE, shift.day)
    same = select(PlannedDay.id).filter_by(placement_id=kept.id, day=shift.day).where(PlannedDay.id != day.id)
    if session.scalar(same) is not None:
        raise BadPlacement(Fault.TAKEN, shift.day)
    _refuse_overlap(session, subject, [shift], but=day.id)
    day.day, day.begins_at, day.ends_at, day.cancelled_at = shift.day, shift.begins_at, shift.ends_at, None
    session.flush()


def cancel_day(session: Session, actor: Actor, subject: Subject, placement_id: int, day_id: int, now: datetime) -> None:
    """Take a day out of the plan."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _own_placement(session, subject, placement_id)
    day = queries.day_to_change(session, subject.municipality_id, placement_id, day_id)
    day.cancelled_at = day.cancelled_at or now


def keep_follow_up(
    session: Session, actor: Actor, subject: Subject, placement_id: int, meeting_id: int, *, today: date
) -> None:
    """Let a meeting be the follow-up of a placement; raises NotFound for a meeting that is not with this citizen.

    Raises HasFollowUp when the placement is over, or when another meeting that is not cancelled is its follow-up.
    """
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    kept = _own_placement(session, subject, placement_id)
    other = select(Meeting.id).filter_by(id=kept.follow_up_meeting_id or 0, cancelled_at=None)
    if kept.last_day < today or session.scalar(other) not in {None, meeting_id}:
        raise HasFollowUp
    about = {"municipality_id": subject.municipality_id, "meeting_id": meeting_id, "person_id": subject.citizen_id}
    if session.scalar(select(Participant.id).filter_by(**about)) is None:
        raise NotFound
    kept.follow_up_meeting_id = meeting_id


# --- Mentors and their links --------------------------------------------------------------------------------


def add_mentor(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    mentor: int | MentorFacts,
    kind: MentorKind,
    *,
    today: date,
) -> int:
    """Let a mentor, known or new, help at a placement; he stands among the citizen's people from today. Returns who."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _hold_citizen(session, subject)
    _own_placement(session, subject, placement_id)
    if isinstance(mentor, MentorFacts):
        person_id = _new_mentor(session, actor, mentor)
    else:
        person_id = _known_mentor(session, actor, mentor, today)
    about = {"municipality_id": subject.municipality_id, "placement_id": placement_id, "person_id": person_id}
    kept = session.scalar(select(PlacementMentor).filter_by(**about)) or PlacementMentor(**about, kind=kind.value)
    former, kept.kind, kept.ended_at = kept.kind, kind.value, None
    session.add(kept)
    session.flush()
    if former != kept.kind:
        _end_relation(session, subject, person_id, former, today)
    _relate(session, subject, person_id, kind, today)
    session.flush()
    return person_id


def end_mentor(
    session: Session, actor: Actor, subject: Subject, placement_id: int, person_id: int, *, today: date, now: datetime
) -> None:
    """Let a mentor help no longer: his links stop, and he goes from the citizen's people when nothing else is left."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _hold_citizen(session, subject)
    _own_placement(session, subject, placement_id)
    about = {"municipality_id": subject.municipality_id, "placement_id": placement_id, "person_id": person_id}
    kept = session.scalar(select(PlacementMentor).filter_by(**about, ended_at=None))
    if kept is None:
        raise NotFound
    kept.ended_at = now
    session.flush()
    revoke_links(session, actor, subject, placement_id, person_id, now)
    _end_relation(session, subject, person_id, kept.kind, today)


def make_link(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    person_id: int,
    now: datetime,
    *,
    secret_key: str,
) -> str:
    """Make a secret link for a mentor of a placement; an older one of hers stops. Returns the token itself.

    The token follows from a nonce and the app's key, so that a nudge can carry the same link again.
    """
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    kept = _own_placement(session, subject, placement_id)
    if not queries.is_mentor_of(session, subject.municipality_id, person_id, placement_id):
        raise NotFound
    revoke_links(session, actor, subject, placement_id, person_id, now)
    nonce = secrets.token_hex(16)
    token = rules.link_token(secret_key, placement_id, person_id, nonce)
    session.add(
        MentorLink(
            municipality_id=subject.municipality_id,
            token_hash=fingerprint(token),
            placement_id=placement_id,
            person_id=person_id,
            nonce=nonce,
            made_by_id=actor.person_id,
            made_at=now,
            expires_on=rules.link_expires_on(kept.last_day),
        )
    )
    return token


def revoke_links(
    session: Session, actor: Actor, subject: Subject, placement_id: int, person_id: int, now: datetime
) -> None:
    """Take all links of a mentor to a placement back; they stop at once."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _own_placement(session, subject, placement_id)
    session.execute(
        update(MentorLink)
        .where(
            MentorLink.municipality_id == subject.municipality_id,
            MentorLink.placement_id == placement_id,
            MentorLink.person_id == person_id,
            MentorLink.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


# --- Pieces -------------------------------------------------------------------------------------------------


def _refuse_bad_facts(facts: PlacementFacts, today: date) -> None:
    year = timedelta(days=366)
    length = facts.last_day - facts.starts_on
    weekdays = [one.weekday for one in facts.times]
    faults = (
        (length < timedelta(), Fault.DATES),
        (length > rules.LONGEST, Fault.TOO_LONG),
        (abs(facts.starts_on - today) > year, Fault.TOO_FAR),
        (not weekdays or len(set(weekdays)) < len(weekdays), Fault.TIMES),
        (rules.clashing_weekdays(facts.times) is not None, Fault.TIMES),
        (not 1 <= facts.follow_up_day <= length.days + 1, Fault.FOLLOW_UP),
        (not 0 <= facts.language_minutes <= rules.MOST_LANGUAGE_MINUTES, Fault.LANGUAGE),
    )
    for is_wrong, fault in faults:
        if is_wrong:
            raise BadPlacement(fault)


def _refuse_overlap(session: Session, subject: Subject, shifts: Sequence[Shift], *, but: int = 0) -> None:
    if not shifts:
        return
    day = timedelta(days=1)
    first, last = min(shifts).day - day, max(shifts).day + day
    others = queries.shifts_between(session, subject.municipality_id, subject.citizen_id, first, last, but=but)
    found = rules.first_overlap([*others, *shifts])
    if found is not None:
        raise BadPlacement(Fault.OVERLAP, found[1].day)


def _hold_citizen(session: Session, subject: Subject) -> None:
    """Let two who plan for the same citizen at once go one after the other."""
    where = {"municipality_id": subject.municipality_id, "id": subject.citizen_id}
    session.execute(queries.held(select(Person.id).filter_by(**where)))


def _own_placement(session: Session, subject: Subject, placement_id: int) -> Placement:
    kept = queries.placement_to_change(session, subject.municipality_id, placement_id)
    if kept.citizen_id != subject.citizen_id:
        raise NotFound
    return kept


def _add_days(session: Session, placement: Placement, shifts: Sequence[Shift]) -> None:
    """Plan days; one that is there already, taken out of the plan, comes back with these hours."""
    about = {"municipality_id": placement.municipality_id, "placement_id": placement.id}
    later = select(PlannedDay).filter_by(**about).where(PlannedDay.day >= min(shifts).day) if shifts else None
    there = {day.day: day for day in session.scalars(later)} if later is not None else {}
    for shift in shifts:
        if (day := there.get(shift.day)) is not None:
            day.begins_at, day.ends_at, day.cancelled_at = shift.begins_at, shift.ends_at, None
    new = [about | {"citizen_id": placement.citizen_id} | vars(shift) for shift in shifts if shift.day not in there]
    if new:
        session.execute(insert(PlannedDay), new)


def _cancel_days_after(session: Session, placement: Placement, last_day: date, now: datetime) -> None:
    session.execute(
        update(PlannedDay)
        .filter_by(municipality_id=placement.municipality_id, placement_id=placement.id, cancelled_at=None)
        .where(PlannedDay.day > last_day)
        .values(cancelled_at=now)
    )


def _known_mentor(session: Session, actor: Actor, person_id: int, today: date) -> int:
    wanted = select(Person.id).filter_by(id=person_id, municipality_id=actor.municipality_id, role=Role.MENTOR)
    found = session.scalar(wanted.where(or_(Person.ended_on.is_(None), Person.ended_on > today)))
    if found is None:
        raise NotFound
    return found


def _new_mentor(session: Session, actor: Actor, facts: MentorFacts) -> int:
    made = Person(
        municipality_id=actor.municipality_id,
        external_id=f"mentor-{secrets.token_hex(8)}",
        role=Role.MENTOR,
        **vars(facts),
    )
    session.add(made)
    session.flush()
    return made.id


def _relate(session: Session, subject: Subject, person_id: int, kind: MentorKind, today: date) -> None:
    about = {
        "municipality_id": subject.municipality_id,
        "citizen_id": subject.citizen_id,
        "person_id": person_id,
        "role": kind.value,
    }
    standing = session.scalar(select(Relation.id).filter_by(**about, ended_on=None))
    again = session.scalar(select(Relation).filter_by(**about, started_on=today))
    if standing is not None:
        return
    if again is not None:  # it began and ended on this very day
        again.ended_on = None
    else:
        session.add(Relation(**about, started_on=today))


def _end_relation(session: Session, subject: Subject, person_id: int, kind: str, today: date) -> None:
    """Let a mentor go from the citizen's people, unless he still helps her in this way at a placement that lasts."""
    others = (
        select(PlacementMentor.id)
        .join(Placement, Placement.id == PlacementMentor.placement_id)
        .where(
            PlacementMentor.municipality_id == subject.municipality_id,
            PlacementMentor.person_id == person_id,
            PlacementMentor.kind == kind,
            PlacementMentor.ended_at.is_(None),
            Placement.citizen_id == subject.citizen_id,
            Placement.last_day >= today,
        )
    )
    if session.scalar(others.limit(1)) is None:
        about = {"municipality_id": subject.municipality_id, "citizen_id": subject.citizen_id, "person_id": person_id}
        session.execute(update(Relation).filter_by(**about, role=kind, ended_on=None).values(ended_on=today))
