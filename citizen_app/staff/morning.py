"""The morning list: only what needs a member of staff today, each line with the one thing to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.agreements.queries import agreements_needing_staff
from citizen_app.agreements.rules import sides_in
from citizen_app.attendance.queries import disputed_days, placements_needing_staff
from citizen_app.db import AnyRow
from citizen_app.goals.queries import goals_needing_staff
from citizen_app.goals.rules import GoalStatus, is_stuck
from citizen_app.learning.queries import placements_without_next, placements_without_step
from citizen_app.meetings.queries import meetings_needing_staff
from citizen_app.placements.rules import (
    Side,
    follow_up_on,
    is_follow_up_due,
    is_language_late,
    is_language_nearly_used,
)
from citizen_app.policy import Actor, Permission, has_role_for
from citizen_app.reminders.queries import calls_to_make, unreachable_before_meeting
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import Reading
from citizen_app.web import fragments
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import page
from citizen_app.web.locale import current_language, long_day
from citizen_app.web.session import db, now
from citizen_app.words.queries import waiting_suggestions

blueprint = Blueprint("staff_morning", __name__, url_prefix="/staff")


@dataclass(frozen=True)
class Task:
    """One line: which person, what about, and where to do it."""

    person: AnyRow
    person_id: int
    icon: str
    sentence: str
    about: Reading | None
    address: str


@dataclass(frozen=True)
class Errand:
    """One line about a placement: who, where, what, and where to do it."""

    person: AnyRow
    """With a name and a workplace."""
    person_id: int
    icon: str
    sentence: str
    address: str


@blueprint.get("")
@requires(Permission.SEE_CASELOAD)
def index() -> Response:
    me = actor()
    goals = goals_needing_staff(db(), me, now(), today())
    texts = readings(db(), me.municipality_id, [goal.text_id for goal in goals], me.reading_languages)
    meetings = meetings_needing_staff(db(), me, now())
    return page(
        "staff/morning.html",
        here="morning",
        meetings=meetings,
        calls=len(calls_to_make(db(), me, now(), today())),
        unreachable=len(unreachable_before_meeting(db(), me, now(), today())),
        tasks=list(_tasks(goals, texts, now())),
        at_work=list(_errands(me)) if has_role_for(me, Permission.ARRANGE_PLACEMENTS) else [],
        waiting_words=waiting_suggestions(db(), me, today()),
    )


def _tasks(goals: Iterable[AnyRow], texts: dict[int, Reading], moment: datetime) -> Iterator[Task]:
    for goal in goals:
        icon, sentence = _reason(goal, moment)
        address = f"/staff/goals/{goal.id}"
        yield Task(goal, goal.citizen_id, icon, sentence, texts[goal.text_id], address)


def _reason(goal: AnyRow, moment: datetime) -> tuple[str, str]:
    """Choose the most pressing reason why a goal is on the list."""
    reasons = (
        (goal.wants_to_talk_at is not None, "chat", _("Wants to talk about the goal before saying yes")),
        (goal.staff_agreed_at is None, "hand", _("Has proposed a goal and waits for your yes")),
        (goal.has_waiting_step, "hand", _("Has added a step and waits for your yes")),
        (goal.has_too_big_step, "split", _("A step is too big: split it together")),
        (goal.status == GoalStatus.AGREED and not goal.has_ready_step, "plus", _("Has no next step ready")),
        (is_stuck(goal.changed_at, moment), "clock", _("Nothing has moved for 14 days")),
    )
    waiting = (True, "clock", _("Has not answered your proposal yet"))
    _holds, icon, sentence = next(reason for reason in (*reasons, waiting) if reason[0])
    return icon, sentence


def _at_work(days: Iterable[AnyRow], placements: Iterable[AnyRow]) -> Iterator[Errand]:
    """Say what needs staff at the workplaces: two who tell a day differently, a silent mentor, hours of Danish."""
    language = current_language()
    for day in days:
        sentence = _("They tell %(day)s differently", day=long_day(day.day, language))
        yield Errand(day, day.citizen_id, "chat", sentence, _day_address(day))
    for one in placements:
        address = f"/staff/placements/{one.id}"
        if one.silent_since is not None:
            sentence = _("No word from the workplace since %(day)s", day=long_day(one.silent_since, language))
            yield Errand(one, one.citizen_id, "clock", sentence, address)
        if not one.has_follow_up and is_follow_up_due(one.starts_on, one.last_day, one.follow_up_day, today()):
            on = long_day(follow_up_on(one.starts_on, one.follow_up_day), language)
            sentence = _("The follow-up on %(day)s has no time yet", day=on)
            yield Errand(one, one.citizen_id, "calendar", sentence, f"{address}/follow-up")
        if is_language_late(one.starts_on, one.last_day, one.language_minutes, one.language_used, today()):
            yield Errand(one, one.citizen_id, "listen", _("Half-way, and no Danish with a mentor yet"), address)
        elif one.language_minutes and one.language_used >= one.language_minutes and one.has_talked_lately:
            yield Errand(one, one.citizen_id, "check", _("All hours of Danish with a mentor are used"), address)
        elif is_language_nearly_used(one.last_day, one.language_minutes, one.language_used, today()):
            yield Errand(one, one.citizen_id, "listen", _("Hours of Danish with the mentor nearly used"), address)


def _errands(me: Actor) -> Iterator[Errand]:
    """Say what needs those who arrange placements; nobody else could do anything about it."""
    yield from _about_agreements(agreements_needing_staff(db(), me, today(), now()))
    yield from _at_work(disputed_days(db(), me, today()), placements_needing_staff(db(), me, today(), now()))
    yield from _learning(me)


def _about_agreements(rows: Iterable[AnyRow]) -> Iterator[Errand]:
    """Say who wants to talk about a work agreement, and whose yes is missing: the others' after a week."""
    for row in rows:
        waiting = sides_in(row.waits_for)
        if row.has_talk:
            icon = "chat"
            sentence = _("Wants to talk about the agreement") if row.has_her_talk else _("The mentor wants to talk")
        elif Side.STAFF in waiting:
            icon, sentence = "hand", _("Waits for your yes to the agreement")
        elif Side.CITIZEN in waiting:
            icon, sentence = "clock", _("Has not said yes to the agreement")
        elif row.has_mentor:
            icon, sentence = "clock", _("The mentor has not said yes yet")
        else:
            icon, sentence = "people", _("There is no mentor yet")
        yield Errand(row, row.citizen_id, icon, sentence, f"/staff/placements/{row.placement_id}/agreement")


def _learning(me: Actor) -> Iterator[Errand]:
    """Say where no next step lies ready, and where what comes next is not written."""
    for one in placements_without_step(db(), me, today()):
        address = f"/staff/placements/{one.id}/learning#steps"
        yield Errand(one, one.citizen_id, "plus", _("No next step lies ready"), address)
    for one in placements_without_next(db(), me, today()):
        address = f"/staff/placements/{one.id}/learning#closing"
        yield Errand(one, one.citizen_id, "flag", _("The placement ends: write what comes next"), address)


def _day_address(day: AnyRow) -> str:
    return f"/staff/placements/{day.placement_id}/days/{day.id}"


def _place_name(key: str) -> Any:
    """Name a place of the staff's menu; the citizens' names stand in the layout."""
    names = {
        "morning": _("Morning"),
        "citizens": _("My citizens"),
        "placements": _("Placements"),
        "accounts": _("Accounts"),
        "workplaces": _("Workplaces"),
    }
    return names.get(key) or _("Reminders")


fragments.provide("staff_place", _place_name)
