"""Placements of one's citizens: the list, a new one, and one placement with its mentors, links and days.

Whoever works with a citizen may read; what was said of her days and why she was away is only for those who arrange
placements, so it is not even read for others. Hours are worked out from the days, never stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import segno
from flask import Blueprint, current_app, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.agreements import queries as agreements
from citizen_app.agreements.actions import look_again
from citizen_app.agreements.rules import sides_in
from citizen_app.attendance import queries as attendance
from citizen_app.attendance.actions import DayIsSpokenOf, end_placement
from citizen_app.attendance.rules import COUNTING, RecordState
from citizen_app.db import AnyRow
from citizen_app.people.actions import log_access
from citizen_app.people.queries import KnownCitizen, citizen_of_worker
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions, queries
from citizen_app.placements.forms import invitation
from citizen_app.placements.rules import (
    PlacementKind,
    follow_up_on,
    is_language_nearly_used,
    minutes_between,
    state_of,
)
from citizen_app.policy import Actor, NotFound, Permission, can, check
from citizen_app.reminders.queries import last_nudges
from citizen_app.staff.placement_forms import (
    EXCUSE_NAMES,
    KINDS,
    MENTOR_KINDS,
    LastDayForm,
    MentorForm,
    PlacementForm,
    weekday_name,
)
from citizen_app.staff.workplaces import ALL, sheet, wished
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, leads_to, page, provided
from citizen_app.web.locale import current_language, long_day
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_placements", __name__)

PAGE_SIZE = 50
LATELY = timedelta(days=30)
"""So long a placement that is over stays on the list."""
FOUR_WEEKS = timedelta(days=27)
"""So far back the four weeks begin that today ends."""
BEFORE, AHEAD = timedelta(weeks=3), timedelta(weeks=5)
"""How much of a placement's plan stands on one page."""
STATES = {
    RecordState.CITIZEN_NEXT: lazy_gettext("Waits for the citizen's word"),
    RecordState.MENTOR_NEXT: lazy_gettext("Waits for the mentor's word"),
    RecordState.AGREED: lazy_gettext("Both say the same"),
    RecordState.DISPUTED: lazy_gettext("They tell it differently"),
    RecordState.SETTLED: lazy_gettext("Settled"),
}


# --- The list -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """A placement on the list, with what came of its last four weeks."""

    row: AnyRow
    state: str
    planned: int
    """Minutes planned in the last four weeks, today included."""
    confirmed: int
    """Minutes that both sides, or staff, say she was there."""
    language: int
    is_language_nearly_used: bool
    disputed: int
    silent_since: date | None


@blueprint.get("/staff/placements")
@requires(Permission.SEE_CASELOAD)
def index() -> Response:
    after = _position(request.args.get("after", ""))
    found = _list(after, PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    return page(
        "staff/placements/index.html",
        here="placements",
        placements=shown,
        kinds=KINDS,
        is_first_page=after is None,
        next_after=f"{shown[-1].row.last_day}_{shown[-1].row.id}" if len(found) > PAGE_SIZE else "",
        **wished(),
    )


@blueprint.get("/staff/placements/export.csv")
@requires(Permission.SEE_CASELOAD, writes=True)
def export() -> Response:
    """The list as it is filtered, for a spreadsheet; that it was taken out is logged for each citizen."""
    headings = (
        _("Name"),
        _("Workplace"),
        _("Line of work"),
        _("Kind of placement"),
        _("First day"),
        _("Last day"),
        _("Hours planned in 4 weeks"),
        _("Hours confirmed in 4 weeks"),
        _("Language hours used"),
        _("Language hours"),
        _("Days told differently"),
        _("No word since"),
    )
    found = _list(None, ALL)
    for citizen_id in {one.row.citizen_id for one in found}:
        log_access(db(), access.actor(), citizen_id, "placement", now())
    return sheet([headings, *map(_sheet_row, found)], "placements.csv")


def _sheet_row(one: Listed) -> Sequence[object]:
    row = one.row
    return (
        f"{row.given_name} {row.family_name}".strip(),
        row.workplace,
        str(provided("deck_name")(row.branch)),
        str(KINDS[PlacementKind(row.kind)]),
        row.starts_on,
        row.last_day,
        round(one.planned / 60, 2),
        round(one.confirmed / 60, 2),
        round(one.language / 60, 2),
        round(row.language_minutes / 60, 2),
        one.disputed,
        one.silent_since or "",
    )


def _position(written: str) -> tuple[date, int] | None:
    """Read where a page of the list begins; anything else is its start."""
    day, _line, number = written.partition("_")
    try:
        return (date.fromisoformat(day), int(number)) if number.isdecimal() and len(number) < 10 else None
    except ValueError:
        return None


def _list(after: tuple[date, int] | None, size: int) -> list[Listed]:
    me, today = access.actor(), access.today()
    wish = wished()
    rows = queries.placements_of_worker(
        db(),
        me,
        today,
        since=today - LATELY,
        search=wish["search"],
        branch=wish["branch"],
        after=after or (date.min, 0),
        size=size,
    )
    ids = [row.id for row in rows]
    here = (db(), me.municipality_id, ids)
    planned, confirmed = hours_of(attendance.days_of(*here, today - FOUR_WEEKS, today))
    totals = attendance.totals_of(*here)
    silent = attendance.unsaid_days(*here, date.min, now() - attendance.SILENCE)
    return [
        Listed(
            row=row,
            state=state_of(row.starts_on, row.last_day, today),
            planned=planned[row.id],
            confirmed=confirmed[row.id],
            language=(used := int(totals[row.id].language_minutes) if row.id in totals else 0),
            is_language_nearly_used=is_language_nearly_used(row.last_day, row.language_minutes, used, today),
            disputed=int(totals[row.id].disputed) if row.id in totals else 0,
            silent_since=silent[row.id].since if row.id in silent else None,
        )
        for row in rows
    ]


def hours_of(days: Iterable[AnyRow]) -> tuple[Counter[int], Counter[int]]:
    """Return for each placement the minutes that were planned and those that count."""
    planned: Counter[int] = Counter()
    confirmed: Counter[int] = Counter()
    for day in days:
        if day.cancelled_at is None:
            planned[day.placement_id] += minutes_between(day.begins_at, day.ends_at)
            if day.state in COUNTING:
                confirmed[day.placement_id] += day.minutes or 0
    return planned, confirmed


# --- A new placement ----------------------------------------------------------------------------------------


@blueprint.route("/staff/citizens/<int:citizen_id>/placements/new", methods=["GET", "POST"])
@requires(Permission.ARRANGE_PLACEMENTS, writes=True)
def new(citizen_id: int) -> Response:
    me = access.actor()
    citizen, subject = citizen_of_worker(db(), me, citizen_id, access.today())
    check(me, Permission.ARRANGE_PLACEMENTS, subject)
    known = queries.workplaces(db(), me.municipality_id, access.today(), size=ALL)
    form = PlacementForm.among(known, workplace_id=request.args.get("workplace", 0, type=int))
    facts = form.facts()
    if facts is not None:
        try:
            made = actions.make_placement(db(), me, subject, facts, zone=ZoneInfo(me.timezone), now=now())
        except actions.BadPlacement as refusal:
            form.show_fault(refusal)
        else:
            session["notice"] = _("The placement is made. Now add a mentor.")
            return go(url_for("staff_placements.show", placement_id=made.id))
    elif request.method == "GET":
        log_access(db(), me, citizen_id, "placement", now())
    return page(
        "staff/placements/new.html",
        here="placements",
        citizen=citizen,
        form=form,
        weekday_name=weekday_name,
        status=200 if request.method == "GET" else 422,
    )


# --- One placement ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A placement whose citizen the asking member of staff works with."""

    row: AnyRow
    citizen: KnownCitizen
    may_change: bool


@blueprint.get("/staff/placements/<int:placement_id>")
@requires(Permission.SEE_CASELOAD, writes=True)
def show(placement_id: int) -> Response:
    me, known = placement_of(placement_id)
    log_access(db(), me, known.row.citizen_id, "placement", now())
    return show_page(me, known)


@blueprint.post("/staff/placements/<int:placement_id>/last-day")
@requires(Permission.ARRANGE_PLACEMENTS)
def change_last_day(placement_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    form = LastDayForm()
    if not form.validate_on_submit():
        return show_page(me, known, last_day_form=form, status=422)
    last_day, seen = form.last_day.data, form.seen.data or 0
    assert last_day is not None  # the field's own validator has passed
    about = (me, known.citizen.subject, placement_id, last_day)
    try:
        end_placement(db(), *about, seen_version=seen, zone=ZoneInfo(me.timezone), now=now())
    except DayIsSpokenOf as refusal:
        day = long_day(refusal.day, current_language())
        form.say("last_day", _("Somebody has spoken of a later day: %(day)s.", day=day))
        return show_page(me, known, last_day_form=form, status=422)
    except actions.BadPlacement as refusal:
        form.show_fault(refusal)
        return show_page(me, known, last_day_form=form, status=refusal.status)
    except actions.StalePlacement as refusal:
        form.seen.process(None, known.row.version)
        return show_page(me, known, last_day_form=form, status=refusal.status, stale=errors.sentence_for(refusal))
    look_again(db(), me.municipality_id, [placement_id], now())
    session["notice"] = _("Saved. The days of the placement follow the new last day.")
    return go(url_for("staff_placements.show", placement_id=placement_id))


# --- Mentors and their links --------------------------------------------------------------------------------


@blueprint.post("/staff/placements/<int:placement_id>/mentors")
@requires(Permission.ARRANGE_PLACEMENTS)
def add_mentor(placement_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    form = MentorForm.among(queries.known_mentors(db(), me.municipality_id, access.today()))
    if not form.validate_on_submit():
        return show_page(me, known, mentor_form=form, status=422)
    kind = MentorKind(form.kind.data)
    subject = known.citizen.subject
    actions.add_mentor(db(), me, subject, placement_id, form.mentor(), kind, today=access.today())
    look_again(db(), me.municipality_id, [placement_id], now())
    session["notice"] = _("The mentor is added. Now make a link.")
    return go(url_for("staff_placements.show", placement_id=placement_id))


@blueprint.post("/staff/placements/<int:placement_id>/mentors/<int:person_id>/remove")
@requires(Permission.ARRANGE_PLACEMENTS)
def remove_mentor(placement_id: int, person_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    about = (me, known.citizen.subject, placement_id, person_id)
    actions.end_mentor(db(), *about, today=access.today(), now=now())
    look_again(db(), me.municipality_id, [placement_id], now())
    session["notice"] = _("The mentor is taken off this placement. The link has stopped.")
    return go(url_for("staff_placements.show", placement_id=placement_id))


@blueprint.post("/staff/placements/<int:placement_id>/mentors/<int:person_id>/invite")
@requires(Permission.ARRANGE_PLACEMENTS)
def invite(placement_id: int, person_id: int) -> Response:
    """Make a link and show it, this once: what is kept opens nothing without the app's key."""
    me, known = placement_to_change(placement_id)
    about = (me, known.citizen.subject, placement_id, person_id)
    token = actions.make_link(db(), *about, now(), secret_key=current_app.config["SECRET_KEY"])
    db().flush()
    leads_to(url_for("staff_placements.show", placement_id=placement_id))
    return show_page(me, known, invited=(person_id, f"{request.host_url}m/{token}"))


@blueprint.post("/staff/placements/<int:placement_id>/mentors/<int:person_id>/take-back")
@requires(Permission.ARRANGE_PLACEMENTS)
def take_link_back(placement_id: int, person_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    if not queries.is_mentor_of(db(), me.municipality_id, person_id, placement_id):
        raise NotFound
    actions.revoke_links(db(), me, known.citizen.subject, placement_id, person_id, now())
    session["notice"] = _("The link has stopped.")
    return go(url_for("staff_placements.show", placement_id=placement_id))


# --- Pieces -------------------------------------------------------------------------------------------------


def placement_of(placement_id: int) -> tuple[Actor, Known]:
    """Return who asks and the placement; raises NotFound for a stranger."""
    me = access.actor()
    row = queries.placement(db(), me.municipality_id, placement_id)
    citizen = citizen_of_worker(db(), me, row.citizen_id, access.today())
    return me, Known(row, citizen, can(me, Permission.ARRANGE_PLACEMENTS, citizen.subject))


def placement_to_change(placement_id: int) -> tuple[Actor, Known]:
    me, known = placement_of(placement_id)
    check(me, Permission.ARRANGE_PLACEMENTS, known.citizen.subject)
    return me, known


def show_page(
    me: Actor,
    known: Known,
    *,
    last_day_form: LastDayForm | None = None,
    mentor_form: MentorForm | None = None,
    invited: tuple[int, str] | None = None,
    stale: Any = "",
    status: int = 200,
) -> Response:
    """Answer with a placement's page; `invited` is a mentor with a new link, which is shown only now."""
    row, today = known.row, access.today()
    here = (db(), me.municipality_id)
    first, last = _window(row)
    days = attendance.days_of(*here, [row.id], first, last)
    mentors = queries.mentors_of(*here, row.id, today)
    lately = attendance.days_of(*here, [row.id], today - FOUR_WEEKS, today)
    planned, confirmed = hours_of(lately)
    agreement = agreements.state_of_agreement(*here, row.id)
    return page(
        "staff/placements/show.html",
        here="placements",
        placement=row,
        citizen=known.citizen.row,
        state=state_of(row.starts_on, row.last_day, today),
        may_change=known.may_change,
        times=queries.weekly_times(*here, row.id),
        weekday_name=weekday_name,
        planned=planned[row.id],
        confirmed=confirmed[row.id],
        language_used=attendance.language_minutes_of(*here, [row.id]).get(row.id, 0),
        follow_up=follow_up_on(row.starts_on, row.follow_up_day),
        mentors=mentors,
        is_agreement_shown=agreement is not None and agreement.shown_at is not None,
        agreement_waits_for=sides_in(agreement.waits_for) if agreement else [],
        nudges=last_nudges(*here, row.id) if known.may_change else {},
        weeks=_weeks(days),
        statements=attendance.statements_of(*here, [day.id for day in days]) if known.may_change else {},
        earlier=max(first - BEFORE - AHEAD, row.starts_on) if first > row.starts_on else None,
        later=last + timedelta(days=1) if last < row.last_day else None,
        last_day_form=last_day_form or LastDayForm(formdata=None, last_day=row.last_day, seen=row.version),
        is_ending=last_day_form is not None,
        mentor_form=mentor_form
        or MentorForm.among(queries.known_mentors(*here, today) if known.may_change else (), formdata=None),
        is_adding=mentor_form is not None or not mentors,
        invitation=_invitation(mentors, *invited) if invited else None,
        names=NAMES,
        today=today,
        now=now(),
        one_day=timedelta(days=1),
        stale=stale,
        status=status,
    )


NAMES = {"kind": KINDS, "mentor": MENTOR_KINDS, "state": STATES, "excuse": EXCUSE_NAMES}


def _window(row: AnyRow) -> tuple[date, date]:
    """Return the first and last day to show: around today, or from where the address asks."""
    try:
        first = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        first = access.today() - BEFORE if access.today() <= row.last_day else row.last_day - BEFORE - AHEAD
    first = min(max(first, row.starts_on), row.last_day)
    return first, min(first + BEFORE + AHEAD, row.last_day)


def _weeks(days: Iterable[AnyRow]) -> list[tuple[int, list[AnyRow]]]:
    """Return the days by calendar week."""
    weeks: dict[tuple[int, int], list[AnyRow]] = defaultdict(list)
    for day in days:
        calendar = day.day.isocalendar()
        weeks[calendar.year, calendar.week].append(day)
    return [(week, found) for (_year, week), found in sorted(weeks.items())]


def _invitation(mentors: Iterable[AnyRow], person_id: int, address: str) -> dict[str, Any]:
    """Return a new link for the eye, for a camera, and as a message that is ready to go."""
    mentor = next(one for one in mentors if one.id == person_id)
    text = invitation(mentor.language, mentor.given_name, address)
    return {
        "mentor": mentor,
        "address": address,
        "picture": segno.make(address, error="m").svg_inline(scale=4, border=1, omitsize=True),
        "text": text,
        "sms": f"sms:{''.join(sign for sign in mentor.phone or '' if sign in '+0123456789')}?body={quote(text)}",
        "mail": f"mailto:{quote(mentor.email or '', safe='@')}?body={quote(text)}",
    }
