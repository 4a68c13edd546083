"""Speaking of a day: mentor, citizen and staff all add statements, and what stands is worked out from all of them.

A statement that comes twice changes nothing. Whoever speaks of the same day at the same time goes one after the
other, by holding the day's row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from citizen_app.attendance import queries, rules
from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.attendance.rules import Excuse, Fault, Record, Said, Statement
from citizen_app.db import insert_new
from citizen_app.placements import actions as placements
from citizen_app.placements.models import PlannedDay
from citizen_app.placements.queries import day_to_change, is_mentor_of
from citizen_app.placements.rules import Shift, Side, minutes_between
from citizen_app.policy import Actor, NotFound, Permission, Refusal, Subject, check
from citizen_app.web.phone_clock import accepted_time


class BadStatement(Refusal):
    """A statement that cannot be; `fault` says why."""

    status = 422

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


class DayIsCancelled(Refusal):
    """The day has been taken out of the plan."""


class TooLateToMend(Refusal):
    """More than a day after her first word a mentor's words change nothing; staff can."""


class DayIsSpokenOf(Refusal):
    """Somebody has said something of the day, so it stays in the plan as it is."""

    def __init__(self, day: date) -> None:
        super().__init__()
        self.day = day


class StaleDay(Refusal):
    """Something more was said since the page was read; look at it first."""


@dataclass(frozen=True)
class Given:
    """A statement as it is given, by a form or a phone that was without network."""

    id: str
    said: Said
    minutes: int | None = None
    excuse: Excuse | None = None
    about: str | None = None
    words: str = ""
    began: time | None = None
    """When she began and ended by the clock at the workplace, where it was not as planned."""
    ended: time | None = None
    said_at: datetime | None = None
    """By the phone's clock."""


def say(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    day_id: int,
    side: Side,
    given: Given,
    now: datetime,
) -> Record:
    """Add a mentor's or the citizen's statement of a day; returns what stands now.

    Raises NotFound for a day that is not hers or at a placement where the mentor does not help, BadStatement,
    DayIsCancelled, and TooLateToMend for a mentor's correction after a day.
    """
    check(actor, Permission.SPEAK_OF_DAYS, subject)
    day = _own_day(session, subject, placement_id, day_id)
    _refuse_stranger(session, actor, day, side)
    said_at = _when(day, given, now)
    known = _statements(session, day)
    if given.id in {one.id for one in known}:
        return rules.record_of(known)
    if day.cancelled_at is not None:
        raise DayIsCancelled
    new = _statement(day, given, side, actor, said_at)
    record = rules.record_of([*known, new])
    if side is Side.MENTOR and new.said in rules.PRESENCE and record.mentor != new and _is_last(new, known):
        raise TooLateToMend
    return _keep(session, actor, day, new, record, now)


def settle(
    session: Session,
    actor: Actor,
    subject: Subject,
    placement_id: int,
    day_id: int,
    given: Given,
    *,
    seen: int,
    now: datetime,
) -> Record:
    """Let staff decide what counts, after they have heard both; returns what stands now.

    `seen` is how many statements the page showed. Raises BadStatement and StaleDay.
    """
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    day = _own_day(session, subject, placement_id, day_id)
    known = _statements(session, day)
    if given.id in {one.id for one in known}:
        return rules.record_of(known)
    if len(known) != seen:
        raise StaleDay
    new = _statement(day, given, Side.STAFF, actor, now)
    if given.excuse is Excuse.NONE and not any(one.side is Side.CITIZEN for one in known):
        raise BadStatement(Fault.NOT_HEARD)
    return _keep(session, actor, day, new, rules.record_of([*known, new]), now)


# --- The plan, where somebody has spoken of it --------------------------------------------------------------
#
# Each of these changes the plan first, which holds its rows, and then looks whether anybody has spoken: so nobody can
# speak in between, and whoever holds the rows in another order does not wait for these. What is refused is taken back.


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
    """Give a placement another last day; raises DayIsSpokenOf when that takes a day out that was spoken of.

    Besides it raises what `placements.actions.end_placement` does.
    """
    about = (actor, subject, placement_id, last_day)
    with session.begin_nested():
        placements.end_placement(session, *about, seen_version=seen_version, zone=zone, now=now)
        spoken = queries.last_spoken_after(session, subject.municipality_id, placement_id, last_day)
        if spoken is not None:
            raise DayIsSpokenOf(spoken)


def move_day(session: Session, actor: Actor, subject: Subject, placement_id: int, day_id: int, shift: Shift) -> None:
    """Give a day another date or other hours, or put it back as it was; raises DayIsSpokenOf and BadPlacement."""
    with session.begin_nested():
        former = queries.day_of(session, subject.municipality_id, placement_id, day_id)
        placements.move_day(session, actor, subject, placement_id, day_id, shift)
        if former is not None and (former.day, former.begins_at, former.ends_at) != (
            shift.day,
            shift.begins_at,
            shift.ends_at,
        ):
            _refuse_spoken(session, subject, day_id, former.day)


def cancel_day(session: Session, actor: Actor, subject: Subject, placement_id: int, day_id: int, now: datetime) -> None:
    """Take a day out of the plan; raises DayIsSpokenOf."""
    with session.begin_nested():
        placements.cancel_day(session, actor, subject, placement_id, day_id, now)
        session.flush()
        day = day_to_change(session, subject.municipality_id, placement_id, day_id)
        _refuse_spoken(session, subject, day_id, day.day)


def _refuse_spoken(session: Session, subject: Subject, day_id: int, day: date) -> None:
    if queries.statements_of(session, subject.municipality_id, [day_id]):
        raise DayIsSpokenOf(day)


def each_alone(session: Session, verbs: Iterable[Callable[[], Record]]) -> list[Record | Refusal]:
    """Run each verb for itself, so that one that is refused takes no other back; returns what came of each."""
    found: list[Record | Refusal] = []
    for verb in verbs:
        try:
            with session.begin_nested():
                found.append(verb())
        except Refusal as refusal:
            found.append(refusal)
    return found


def _own_day(session: Session, subject: Subject, placement_id: int, day_id: int) -> PlannedDay:
    day = day_to_change(session, subject.municipality_id, placement_id, day_id)
    if day.citizen_id != subject.citizen_id:
        raise NotFound
    return day


def _refuse_stranger(session: Session, actor: Actor, day: PlannedDay, side: Side) -> None:
    """Only the citizen speaks as herself, and only who helps at this very placement speaks as a mentor."""
    if side is Side.CITIZEN:
        is_hers = actor.person_id == day.citizen_id
    else:
        is_hers = is_mentor_of(session, day.municipality_id, actor.person_id, day.placement_id)
    if not is_hers:
        raise NotFound


def _when(day: PlannedDay, given: Given, now: datetime) -> datetime:
    """Return when something was said; a clock by which she came long before the day began cannot be right."""
    said_at = accepted_time(given.said_at, now)
    is_impossible = given.said is not Said.MISSED and said_at < rules.opens_at(day.begins_at)
    return now if is_impossible else said_at


def _statements(session: Session, day: PlannedDay) -> list[Statement]:
    rows = queries.statements_of(session, day.municipality_id, [day.id]).get(day.id, ())
    return [queries.as_statement(row) for row in rows]


def _statement(day: PlannedDay, given: Given, side: Side, actor: Actor, said_at: datetime) -> Statement:
    """Return a statement as the rules want it; raises BadStatement for one that cannot be."""
    began_at, ended_at = _other_hours(day, given, ZoneInfo(actor.timezone))
    fault = rules.fault_in(
        side,
        given.said,
        given.minutes,
        given.excuse,
        planned=minutes_between(day.begins_at, day.ends_at),
        begins_at=day.begins_at,
        now=said_at,
        began_at=began_at,
        ended_at=ended_at,
    )
    if fault is not None:
        raise BadStatement(fault)
    return Statement(
        id=given.id,
        side=side,
        by_id=actor.person_id,
        said=given.said,
        said_at=said_at,
        minutes=given.minutes,
        excuse=given.excuse,
        began_at=began_at,
        ended_at=ended_at,
        about=given.about,
        words=given.words,
    )


def _other_hours(day: PlannedDay, given: Given, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return the hours that are said, unless they are the planned ones: those need no saying."""
    if given.began is None and given.ended is None:
        return None, None
    if given.began is None or given.ended is None:
        raise BadStatement(Fault.HOURS)
    hours = rules.hours_by_clock(day.day, day.begins_at, day.ends_at, given.began, given.ended, zone)
    return (None, None) if hours == (day.begins_at, day.ends_at) else hours


def _is_last(new: Statement, known: Sequence[Statement]) -> bool:
    """Say whether a mentor has said nothing later; an old word that comes late from a phone is kept in silence."""
    others = (one for one in known if one.side is Side.MENTOR and one.said in rules.PRESENCE)
    return all(one.order < new.order for one in others)


def _keep(session: Session, actor: Actor, day: PlannedDay, new: Statement, record: Record, now: datetime) -> Record:
    about = {"municipality_id": day.municipality_id, "placement_id": day.placement_id}
    row: dict[str, Any] = {
        **about,
        **vars(new),
        "day_id": day.id,
        "by_name": actor.given_name,
        "arrived_at": now,
        "words_language": actor.writing_language if new.words else "",
    }
    insert_new(session, DayStatement, [row], DayStatement.id)
    standing = record.standing
    planned = minutes_between(day.begins_at, day.ends_at)
    session.merge(
        DayRecord(
            **about,
            day_id=day.id,
            citizen_id=day.citizen_id,
            day=day.day,
            state=record.state.value if record.state else None,
            said=standing.said.value if standing else None,
            minutes=rules.minutes_present(planned, standing) if standing else None,
            excuse=record.excuse.value if record.excuse else None,
            mentor_statement=record.mentor.id if record.mentor else None,
            language_minutes=record.language_minutes,
            changed_at=now,
        )
    )
    session.flush()
    return record
