"""Agreeing hours, and speaking of a week: she and staff only ever add words.

A word that comes twice counts once. Whoever speaks of the same hours, or gives them another last day, goes one after
the other, by holding their row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from citizen_app.db import insert_new
from citizen_app.ledger import queries, rules
from citizen_app.ledger.models import AgreedHours, WeekWord
from citizen_app.ledger.rules import Fault, HoursKind, WeekStand
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, NotFound, Permission, Refusal, Subject, check


class BadHours(Refusal):
    """Hours or a word that cannot be; `fault` says why."""

    status = 422

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


class StaleWeek(Refusal):
    """She has said something else since staff read the page, or somebody has changed the hours."""


class WeekIsSpokenOf(Refusal):
    """Somebody has spoken of a week, so it stays within the agreed hours."""

    def __init__(self, monday: date) -> None:
        super().__init__()
        self.monday = monday


@dataclass(frozen=True)
class HoursFacts:
    kind: HoursKind
    weekly_minutes: int
    starts_on: date
    last_day: date
    place: str = ""


@dataclass(frozen=True)
class Given:
    """A word about a week as a form gives it."""

    id: str
    monday: date
    minutes: int
    words: str = ""


def agree(session: Session, actor: Actor, subject: Subject, facts: HoursFacts, now: datetime) -> AgreedHours:
    """Write down weekly hours agreed with her; raises BadHours."""
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    _refuse(rules.fault_in_hours(facts.weekly_minutes, facts.starts_on, facts.last_day))
    made = AgreedHours(
        municipality_id=subject.municipality_id,
        citizen_id=subject.citizen_id,
        kind=facts.kind.value,
        weekly_minutes=facts.weekly_minutes,
        starts_on=facts.starts_on,
        last_day=facts.last_day,
        place=facts.place,
        made_by_id=actor.person_id,
        made_by_name=actor.given_name,
        made_at=now,
    )
    session.add(made)
    session.flush()
    return made


def change_last_day(
    session: Session, actor: Actor, subject: Subject, hours_id: int, last_day: date, *, seen: date
) -> None:
    """Give agreed hours another last day; `seen` is the one that was on the page.

    Raises BadHours, StaleWeek, and WeekIsSpokenOf when a week that was spoken of would fall out.
    """
    kept = _own_hours(session, actor, subject, hours_id)
    if kept.last_day != seen:
        raise StaleWeek
    _refuse(rules.fault_in_hours(kept.weekly_minutes, kept.starts_on, last_day))
    spoken = queries.last_monday_spoken(session, kept)
    if spoken is not None and spoken > last_day:
        raise WeekIsSpokenOf(spoken)
    kept.last_day = last_day
    session.flush()


def remove(session: Session, actor: Actor, subject: Subject, hours_id: int) -> None:
    """Take away hours that were written down by mistake; raises WeekIsSpokenOf once anything was said of them."""
    kept = _own_hours(session, actor, subject, hours_id)
    spoken = queries.last_monday_spoken(session, kept)
    if spoken is not None:
        raise WeekIsSpokenOf(spoken)
    session.delete(kept)
    session.flush()


def say(
    session: Session, actor: Actor, subject: Subject, hours_id: int, given: Given, *, today: date, now: datetime
) -> WeekStand:
    """Let the citizen say how long it was in a week; returns what stands now. Raises BadHours."""
    check(actor, Permission.SEE_OWN_PAGES, subject)
    if actor.person_id != subject.citizen_id:
        raise NotFound
    kept = queries.hours_to_change(session, subject.municipality_id, subject.citizen_id, hours_id)
    return _add(session, actor, kept, Side.CITIZEN, given, today, now)


def confirm(
    session: Session,
    actor: Actor,
    subject: Subject,
    hours_id: int,
    given: Given,
    *,
    seen: str,
    today: date,
    now: datetime,
) -> WeekStand:
    """Let staff say how long it was, knowing her word; returns what stands now.

    Who does not arrange placements knows of Danish lessons only. `seen` is the number of the last word on the page, of
    either side, empty for none. Raises BadHours and StaleWeek.
    """
    check(actor, Permission.CONFIRM_HOURS, subject)
    kept = queries.hours_to_change(session, subject.municipality_id, subject.citizen_id, hours_id)
    if kept.kind != HoursKind.DANISH:
        check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    known = [one.id for one in queries.words_of(session, kept, given.monday)]
    if given.id not in known and (known[-1] if known else "") != seen:
        raise StaleWeek
    return _add(session, actor, kept, Side.STAFF, given, today, now)


def _own_hours(session: Session, actor: Actor, subject: Subject, hours_id: int) -> AgreedHours:
    check(actor, Permission.ARRANGE_PLACEMENTS, subject)
    return queries.hours_to_change(session, subject.municipality_id, subject.citizen_id, hours_id)


def _add(
    session: Session, actor: Actor, hours: AgreedHours, side: Side, given: Given, today: date, now: datetime
) -> WeekStand:
    known = queries.words_of(session, hours, given.monday)
    if given.id not in {one.id for one in known}:
        has_staff_spoken = any(one.side == Side.STAFF for one in known)
        about = (given.minutes, given.monday, hours.starts_on, hours.last_day, today)
        _refuse(rules.fault_in_word(side, *about, has_staff_spoken=has_staff_spoken))
        row = {
            **vars(given),
            "municipality_id": hours.municipality_id,
            "hours_id": hours.id,
            "citizen_id": hours.citizen_id,
            "side": side.value,
            "by_id": actor.person_id,
            "by_name": actor.given_name,
            "words_language": actor.writing_language if given.words else "",
            # Whoever waited for the row has read what was said meanwhile, or is refused: later is later, by any clock.
            "said_at": max([now, *(one.said_at + timedelta(microseconds=1) for one in known)]),
        }
        insert_new(session, WeekWord, [row], WeekWord.id)
    return rules.week_of(queries.as_word(one) for one in queries.words_of(session, hours, given.monday))


def _refuse(fault: Fault | None) -> None:
    if fault is not None:
        raise BadHours(fault)
