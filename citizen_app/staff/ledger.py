"""A citizen's weeks on staff's side: what was planned and confirmed of all her hours, and what each side says.

Whoever works with her reads the hours; what was said of them, and saying something, is for those who arrange
placements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.ledger import actions, queries
from citizen_app.ledger.actions import BadHours, StaleWeek, WeekIsSpokenOf
from citizen_app.ledger.forms import WeekForm
from citizen_app.ledger.queries import Weeks
from citizen_app.ledger.rules import MOST_WEEKS, WEEK, WEEKS, Fault, HoursKind, WeekState, monday_of, near, window
from citizen_app.people.actions import log_access
from citizen_app.people.queries import KnownCitizen, citizen_of_worker
from citizen_app.policy import Actor, NotFound, Permission, can, check
from citizen_app.staff.ledger_forms import FAULTS, KINDS, HoursEndForm, HoursForm, show_fault
from citizen_app.staff.workplaces import sheet
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import answer, go, is_piece_wanted, page
from citizen_app.web.locale import current_language, short_day
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_ledger", __name__, url_prefix="/staff/citizens/<int:citizen_id>/ledger")

STATES = {
    WeekState.UNSAID: lazy_gettext("Nobody has said anything yet"),
    WeekState.STAFF_NEXT: lazy_gettext("Waits for staff"),
    WeekState.CITIZEN_NEXT: lazy_gettext("Waits for the citizen's word"),
    WeekState.AGREED: lazy_gettext("Both say the same"),
    WeekState.DIFFERENT: lazy_gettext("They tell it differently"),
    WeekState.SETTLED: lazy_gettext("Settled"),
}


@dataclass(frozen=True)
class Known:
    citizen: KnownCitizen
    may_write: bool
    may_confirm: bool


@blueprint.get("")
@requires(Permission.SEE_CITIZEN, writes=True)
def show(citizen_id: int) -> Response:
    me, known = _known(citizen_id)
    log_access(db(), me, citizen_id, "hours", now())
    return _ledger_page(known)


@blueprint.get("/weeks.csv")
@requires(Permission.SEE_CITIZEN, writes=True)
def export(citizen_id: int) -> Response:
    """The weeks as the page shows them, for a spreadsheet."""
    me, known = _known(citizen_id)
    found = _weeks(known, MOST_WEEKS)
    log_access(db(), me, citizen_id, "hours", now())
    headings = (_("Week from"), _("What for"), _("Where"), _("Hours planned"), _("Hours confirmed"), _("What stands"))
    return sheet([headings, *_sheet_rows(found)], "weeks.csv")


def _sheet_rows(found: Weeks) -> Iterator[Sequence[object]]:
    for week in found.weeks:
        for place in week.places:
            yield week.monday, _("Workplace"), place.workplace, _h(place.planned), _h(place.confirmed), ""
        for one in week.kinds:
            what = (str(KINDS[HoursKind(one.row.kind)]), one.row.place)
            yield week.monday, *what, _h(one.planned), _h(one.confirmed), str(STATES[one.stand.state])


def _h(minutes: int) -> float:
    return round(minutes / 60, 2)


# --- Agreed hours -------------------------------------------------------------------------------------------


@blueprint.post("")
@requires(Permission.ARRANGE_PLACEMENTS)
def agree(citizen_id: int) -> Response:
    me, known = _to_write(citizen_id)
    form = HoursForm()
    if not form.validate_on_submit():
        return _ledger_page(known, hours_form=form, status=422)
    try:
        actions.agree(db(), me, known.citizen.subject, form.facts(), now())
    except BadHours as refusal:
        show_fault(form, refusal.fault)
        return _ledger_page(known, hours_form=form, status=refusal.status)
    session["notice"] = _("The hours are kept. The citizen can read them now.")
    return go(url_for("staff_ledger.show", citizen_id=citizen_id))


@blueprint.post("/hours/<int:hours_id>/last-day")
@requires(Permission.ARRANGE_PLACEMENTS)
def change_last_day(citizen_id: int, hours_id: int) -> Response:
    me, known = _to_write(citizen_id)
    form = HoursEndForm()
    last_day, seen = form.last_day.data, form.seen.data
    if not form.validate_on_submit() or last_day is None or seen is None:
        return _ledger_page(known, end_form=form, ending=hours_id, status=422)
    try:
        actions.change_last_day(db(), me, known.citizen.subject, hours_id, last_day, seen=seen)
    except BadHours as refusal:
        show_fault(form, refusal.fault)
        return _ledger_page(known, end_form=form, ending=hours_id, status=refusal.status)
    except WeekIsSpokenOf as refusal:
        form.last_day.errors = [_spoken(refusal)]
        return _ledger_page(known, end_form=form, ending=hours_id, status=422)
    except StaleWeek as refusal:
        sentence = _("Somebody else has changed the last day meanwhile. What stands now is beside it.")
        form.last_day.errors = [sentence]
        return _ledger_page(known, end_form=form, ending=hours_id, status=refusal.status)
    session["notice"] = _("Saved.")
    return go(url_for("staff_ledger.show", citizen_id=citizen_id))


@blueprint.post("/hours/<int:hours_id>/remove")
@requires(Permission.ARRANGE_PLACEMENTS)
def remove(citizen_id: int, hours_id: int) -> Response:
    """Take away hours of which nobody has said anything yet."""
    me, known = _to_write(citizen_id)
    actions.remove(db(), me, known.citizen.subject, hours_id)
    session["notice"] = _("The hours are taken away.")
    return go(url_for("staff_ledger.show", citizen_id=citizen_id))


def _spoken(refusal: WeekIsSpokenOf) -> Any:
    return _("Somebody has spoken of a later week: %(day)s.", day=short_day(refusal.monday, current_language()))


# --- One week -----------------------------------------------------------------------------------------------


@blueprint.post("/hours/<int:hours_id>")
@requires(Permission.CONFIRM_HOURS)
def confirm(citizen_id: int, hours_id: int) -> Response:
    """Say how long it was: a Danish teacher, too, for she knows of her lessons."""
    me, known = _to_write(citizen_id, Permission.CONFIRM_HOURS)
    form = WeekForm()
    is_well = form.validate_on_submit()
    if form.is_garbled or form.monday.data is None:
        raise BadHours(Fault.WEEK)
    monday = form.monday.data
    if not is_well:
        return _week_page(known, monday, hours_id, form, status=422)
    about = (me, known.citizen.subject, hours_id, form.given())
    try:
        actions.confirm(db(), *about, seen=form.seen.data or "", today=access.today(), now=now())
    except BadHours as refusal:
        form.form_errors.append(FAULTS[refusal.fault][1])
        return _week_page(known, monday, hours_id, form, status=refusal.status)
    except StaleWeek as refusal:
        form.form_errors.append(errors.sentence_for(refusal))
        return _week_page(known, monday, hours_id, form, status=refusal.status)
    if not is_piece_wanted():
        session["notice"] = _("Saved.")
    return answer(_address_of(citizen_id, monday), lambda: _week_page(known, monday, hours_id))


def _address_of(citizen_id: int, monday: date) -> str:
    """Return where a week stands among the others."""
    is_on_newest = monday > monday_of(access.today()) - WEEKS * WEEK
    more: dict[str, Any] = {} if is_on_newest else {"before": (monday + WEEK).isoformat()}
    return f"{url_for('staff_ledger.show', citizen_id=citizen_id, **more)}#week-{monday}"


# --- Pieces -------------------------------------------------------------------------------------------------


def _known(citizen_id: int) -> tuple[Actor, Known]:
    """Return who asks and the citizen; raises NotFound for a stranger."""
    me = access.actor()
    citizen = citizen_of_worker(db(), me, citizen_id, access.today())
    asked = (Permission.ARRANGE_PLACEMENTS, Permission.CONFIRM_HOURS)
    return me, Known(citizen, *(can(me, permission, citizen.subject) for permission in asked))


def _to_write(citizen_id: int, permission: Permission = Permission.ARRANGE_PLACEMENTS) -> tuple[Actor, Known]:
    me, known = _known(citizen_id)
    check(me, permission, known.citizen.subject)
    return me, known


def _weeks(known: Known, count: int) -> Weeks:
    count = request.args.get("weeks", count, type=int) if request.method == "GET" else count
    first, last = window(access.today(), request.args.get("before", ""), count)
    subject = known.citizen.subject
    return queries.weeks_of(db(), subject.municipality_id, subject.citizen_id, first, last)


def _ledger_page(
    known: Known,
    *,
    hours_form: HoursForm | None = None,
    end_form: HoursEndForm | None = None,
    ending: int = 0,
    status: int = 200,
) -> Response:
    found = _weeks(known, WEEKS)
    if ending and ending not in {one.id for one in found.hours}:
        raise NotFound
    first, last = found.weeks[-1].monday, found.weeks[0].monday
    return page(
        "staff/ledger/show.html",
        status=status,
        weeks=[week for week in found.weeks if not week.is_empty],
        agreed=found.hours,
        earlier=first if found.since is not None and found.since < first else None,
        is_newest=last == monday_of(access.today()),
        hours_form=hours_form or HoursForm(formdata=None, starts_on=access.today()),
        is_adding=hours_form is not None,
        end_form=end_form,
        ending=ending,
        **_about(known),
    )


def _week_page(
    known: Known, monday: date, hours_id: int, form: WeekForm | None = None, *, status: int = 200
) -> Response:
    start, subject = near(monday, access.today()), known.citizen.subject
    found = queries.weeks_of(db(), subject.municipality_id, subject.citizen_id, start, start)
    if hours_id not in {one.id for one in found.hours}:
        raise NotFound
    return page(
        "staff/ledger/week.html",
        "card",
        status=status,
        week=found.weeks[0],
        form=form,
        asked=hours_id,
        is_fresh=True,
        address=_address_of(subject.citizen_id, start),
        **_about(known),
    )


def _about(known: Known) -> dict[str, Any]:
    return {
        "here": "citizens",
        "citizen": known.citizen.row,
        "may_write": known.may_write,
        "may_confirm": known.may_confirm,
        "kinds": KINDS,
        "states": STATES,
        "this_monday": monday_of(access.today()),
    }
