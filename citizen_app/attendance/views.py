"""The citizen's hours: what was planned, what her mentor says of each day, and her own word about it.

A day is the same card wherever it stands; a press on it answers with the card alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from babel.numbers import format_decimal
from flask import Blueprint, jsonify, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.attendance import actions, queries
from citizen_app.attendance.actions import BadStatement, Given
from citizen_app.attendance.forms import DayForm, Kept, read_kept
from citizen_app.attendance.queries import OwnDay
from citizen_app.attendance.rules import Fault, Record, RecordState, Said
from citizen_app.db import AnyRow
from citizen_app.people.queries import own_subject
from citizen_app.placements import queries as placements
from citizen_app.placements.rules import PlacementState, Side, state_of
from citizen_app.policy import Permission, Refusal
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import answer, is_piece_wanted, page
from citizen_app.web.session import db, now

blueprint = Blueprint("attendance", __name__)

KEPT_DAYS = 7
"""Today and the six days after it can be spoken of on a phone that has lost the network."""
WEEKS = 8
"""So many weeks stand on one page."""

for _kind, _sentence in {
    actions.BadStatement: lazy_gettext("We did not understand this answer. Please choose again."),
    actions.DayIsCancelled: lazy_gettext("This day is off now. You do not need to answer."),
}.items():
    errors.explain(_kind, _sentence)
_FAULTS = {
    Fault.TOO_EARLY: lazy_gettext("The day has not begun yet. Please answer later."),
    Fault.MINUTES: lazy_gettext("Choose how late you came."),
    Fault.HOURS: lazy_gettext("Write both times, close to the planned hours."),
    Fault.EXCUSE: lazy_gettext("Choose one of the pictures."),
}


@blueprint.get("/attendance")
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    me = access.actor()
    own = placements.placements_of_citizen(db(), me.municipality_id, me.person_id)
    first, last, is_newest = _window(own)
    waiting = queries.days_to_confirm(db(), me.municipality_id, me.person_id) if is_newest else ()
    shown = queries.days_of_citizen(db(), me.municipality_id, me.person_id, first, last) if own else ()
    rows = {row.id: row for row in (*shown, *waiting)}
    days = {day.row.id: day for day in queries.own_days(db(), me.municipality_id, rows.values())}
    near = range(access.today().toordinal(), access.today().toordinal() + KEPT_DAYS)
    today_and_on = [days[row.id] for row in shown if row.day.toordinal() in near]
    is_over = {one.id: state_of(one.starts_on, one.last_day, access.today()) is PlacementState.OVER for one in own}
    ids = [one.id for one in own]
    return page(
        "attendance/index.html",
        "weeks",
        current=[one for one in own if not is_over[one.id]] if is_newest else [],
        past=[one for one in own if is_over[one.id]] if is_newest else [],
        has_any=bool(own),
        is_newest=is_newest,
        mentors=placements.mentors_by_placement(db(), me.municipality_id, ids) if is_newest else {},
        talked=queries.language_minutes_of(db(), me.municipality_id, ids) if is_newest else {},
        today=access.today(),
        of_today={day.row.placement_id: day for day in today_and_on if day.planned and day.row.day == access.today()},
        asked=[days[row.id] for row in waiting],
        unsaid=[day for day in today_and_on if day.record.state is None and day.planned],
        weeks=queries.in_weeks([days[row.id] for row in shown]),
        earlier=first if own and min(one.starts_on for one in own) < first else None,
        workplaces={one.id: one.workplace for one in own},
        **_tools(),
    )


@blueprint.get("/attendance/days/<int:day_id>")
@requires(Permission.SEE_OWN_PAGES)
def day(day_id: int) -> Response:
    return _day_page(_own_day(day_id))


@blueprint.post("/attendance/days/<int:day_id>")
@requires(Permission.SEE_OWN_PAGES)
def say(day_id: int) -> Response:
    found = _own_day(day_id)
    form = DayForm()
    if not form.validate_on_submit():
        if form.is_garbled:
            raise BadStatement(Fault.NOT_HERS)
        return _reason_page(found, form, status=422)
    try:
        record = _say(found.row, form.given())
    except (BadStatement, actions.DayIsCancelled) as refusal:
        if form.said.data in {Said.RIGHT, Said.CAME} and not form.has_hours:
            return _day_page(found, status=refusal.status, problem=_sentence_for(refusal))
        form.form_errors.append(_sentence_for(refusal))
        return _reason_page(found, form, status=refusal.status)
    if not is_piece_wanted():
        session["notice"] = _told(record)
    return answer("/attendance", lambda: _day_page(_own_day(day_id), is_fresh=True), event="day-answered")


@blueprint.post("/attendance/said")
@requires(Permission.SEE_OWN_PAGES)
def take_statements() -> Response:
    """Take what a phone has kept while it was without network: each statement alone, whatever becomes of the others."""
    kept = read_kept(request.get_json(silent=True))
    if kept is None:
        response = jsonify(statements=[])
        response.status_code = 422
        return response
    found = actions.each_alone(db(), [partial(_say_kept, one) for one in kept])
    return jsonify(statements=[_kept_answer(one, came_of) for one, came_of in zip(kept, found, strict=True)])


def _say_kept(one: Kept) -> Record:
    me = access.actor()
    if one.given is None:
        raise BadStatement(Fault.NOT_HERS)
    return _say(queries.day_of_citizen(db(), me.municipality_id, me.person_id, one.day_id), one.given)


def _kept_answer(one: Kept, came_of: Record | Refusal) -> dict[str, Any]:
    is_taken = isinstance(came_of, Record)
    sentence = _told(came_of) if isinstance(came_of, Record) else str(_sentence_for(came_of))
    return {"id": one.id, "day": one.day_id, "answer": "taken" if is_taken else "refused", "sentence": sentence}


def _say(day: AnyRow, given: Given) -> Record:
    me = access.actor()
    return actions.say(db(), me, own_subject(me), day.placement_id, day.id, Side.CITIZEN, given, now())


def _told(record: Record) -> str:
    if record.mentor is not None and record.state is RecordState.CITIZEN_NEXT:
        return str(_("Your mentor says something else. Please look again."))
    return str(_("Saved."))


def _sentence_for(refusal: Refusal) -> Any:
    if isinstance(refusal, BadStatement) and refusal.fault in _FAULTS:
        return _FAULTS[refusal.fault]
    return errors.sentence_for(refusal)


def _own_day(day_id: int) -> OwnDay:
    me = access.actor()
    row = queries.day_of_citizen(db(), me.municipality_id, me.person_id, day_id)
    return queries.own_days(db(), me.municipality_id, [row])[0]


def _window(own: Sequence[AnyRow]) -> tuple[date, date, bool]:
    """Return the first and last day of the weeks that are asked for, and whether they are the newest ones."""
    today = access.today()
    newest = min(max((one.last_day for one in own), default=today), today)
    last = newest + timedelta(days=6 - newest.weekday())
    try:
        before = date.fromisoformat(request.args.get("before", ""))
    except ValueError:
        before = last
    earliest = min((one.starts_on for one in own), default=today)
    is_newest = not earliest < before < last
    if not is_newest:
        last = before - timedelta(days=before.weekday() + 1)
    return last - timedelta(days=7 * WEEKS - 1), last, is_newest


def _tools() -> dict[str, Any]:
    """Return what every card of a day needs."""
    return {
        "here": "today",
        "hours": _hours,
        "now": now(),
        "may_speak_first": lambda day: day.may_speak_first(now(), access.today()),
        "new_id": lambda: uuid4().hex,
    }


def _hours(minutes: int) -> str:
    """Return minutes as hours in the reader's language: 7,5."""
    return format_decimal(round(minutes / 60, 1), locale=access.actor().language)


def _day_page(found: OwnDay, *, status: int = 200, problem: Any = "", is_fresh: bool = False) -> Response:
    return page(
        "attendance/day.html", "card", status=status, day=found, problem=problem, is_fresh=is_fresh, **_about(found)
    )


def _reason_page(found: OwnDay, form: DayForm, *, status: int = 200) -> Response:
    word = Said(form.said.data or "")
    return page(
        "attendance/reasons.html",
        "card",
        status=status,
        day=found,
        form=form,
        word=word.value,
        is_piece=is_piece_wanted(),
        **_about(found),
    )


def _about(found: OwnDay) -> dict[str, Any]:
    """Return where the day is."""
    row = found.row
    return {
        "workplace": placements.placement(db(), access.actor().municipality_id, row.placement_id).workplace
    } | _tools()
