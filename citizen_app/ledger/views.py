"""The citizen's weeks: what was planned and what is confirmed of all her hours, and her own word about them.

A week is the same card wherever it stands; a press on it answers with the card alone.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.numbers import format_decimal
from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.ledger import actions, queries
from citizen_app.ledger.actions import BadHours
from citizen_app.ledger.forms import HOW_LONG, WeekForm
from citizen_app.ledger.queries import KindHours, Week
from citizen_app.ledger.rules import WEEK, WEEKS, Fault, can_speak, monday_of, near, window
from citizen_app.people.queries import own_subject
from citizen_app.placements.rules import Side
from citizen_app.policy import NotFound, Permission
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import answer, is_piece_wanted, page
from citizen_app.web.session import db, now

blueprint = Blueprint("ledger", __name__)

for _kind, _sentence in {
    actions.BadHours: lazy_gettext("We did not understand this answer. Please choose again."),
    actions.StaleWeek: lazy_gettext("Somebody has said something else meanwhile. Please look again."),
    actions.WeekIsSpokenOf: lazy_gettext("Somebody has spoken of a later week, so it stays."),
}.items():
    errors.explain(_kind, _sentence)
_FAULTS = {
    Fault.MINUTES: HOW_LONG,
    Fault.WEEK: lazy_gettext("Nothing was agreed for this week."),
    Fault.TOO_EARLY: lazy_gettext("This week has not begun yet. Please answer later."),
    Fault.TOO_LATE: lazy_gettext("This week is long ago. Please talk with your contact person."),
}


@blueprint.get("/ledger")
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    me, today = access.actor(), access.today()
    count = request.args.get("weeks", WEEKS, type=int)
    first, last = window(today, request.args.get("before", ""), count)
    found = queries.weeks_of(db(), me.municipality_id, me.person_id, first, last)
    is_newest = last == monday_of(today)
    return page(
        "ledger/index.html",
        here="today",
        weeks=[week for week in found.weeks if not week.is_empty],
        has_any=found.since is not None,
        is_newest=is_newest,
        earlier=first if found.since is not None and found.since < first else None,
        **_tools(),
    )


@blueprint.post("/ledger/hours/<int:hours_id>")
@requires(Permission.SEE_OWN_PAGES)
def say(hours_id: int) -> Response:
    me, form = access.actor(), WeekForm()
    is_well = form.validate_on_submit()
    if form.is_garbled or form.monday.data is None:
        raise BadHours(Fault.WEEK)
    monday = form.monday.data
    if not is_well:
        return _week_page(monday, hours_id, form, status=422)
    about = (me, own_subject(me), hours_id, form.given())
    try:
        actions.say(db(), *about, today=access.today(), now=now())
    except BadHours as refusal:
        form.form_errors.append(_FAULTS[refusal.fault])
        return _week_page(monday, hours_id, form, status=refusal.status)
    if not is_piece_wanted():
        session["notice"] = _("Saved.")
    return answer(_address_of(monday), lambda: _week_page(monday, hours_id, is_fresh=True))


def _address_of(monday: date) -> str:
    """Return where a week stands among the others."""
    is_on_newest = monday > monday_of(access.today()) - WEEKS * WEEK
    more: dict[str, Any] = {} if is_on_newest else {"before": (monday + WEEK).isoformat()}
    return f"{url_for('ledger.index', **more)}#week-{monday}"


def _week_page(
    monday: date, hours_id: int, form: WeekForm | None = None, *, status: int = 200, is_fresh: bool = False
) -> Response:
    me, start = access.actor(), near(monday, access.today())
    found = queries.weeks_of(db(), me.municipality_id, me.person_id, start, start)
    if hours_id not in {one.id for one in found.hours}:
        raise NotFound
    return page(
        "ledger/week.html",
        "card",
        status=status,
        here="today",
        week=found.weeks[0],
        form=form,
        asked=hours_id,
        is_fresh=is_fresh,
        address=_address_of(start),
        **_tools(),
    )


def _tools() -> dict[str, Any]:
    """Return what every card of a week needs."""
    return {"hours": _hours, "today": access.today(), "this_monday": monday_of(access.today()), "may_speak": _may_speak}


def _may_speak(week: Week, one: KindHours) -> bool:
    return can_speak(Side.CITIZEN, week.monday, access.today(), has_staff_spoken=one.stand.staff is not None)


def _hours(minutes: int) -> str:
    """Return minutes as hours in the reader's language: 7,25."""
    return format_decimal(round(minutes / 60, 2), locale=access.actor().language)
