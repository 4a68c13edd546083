"""One day of a placement: both sides beside each other, settling it, moving it, taking it out and putting it back.

A day that somebody has spoken of stays where it is: it can only be settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.attendance import actions as attendance
from citizen_app.attendance import queries
from citizen_app.db import AnyRow
from citizen_app.people.actions import log_access
from citizen_app.placements.actions import BadPlacement
from citizen_app.placements.rules import Shift, Side, minutes_between
from citizen_app.policy import Actor, NotFound, Permission
from citizen_app.staff.placement_forms import DAY_FAULTS, MoveDayForm, SettleForm
from citizen_app.staff.placements import NAMES, Known, placement_to_change
from citizen_app.web import errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, page
from citizen_app.web.locale import zone
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_placement_days", __name__, url_prefix="/staff/placements/<int:placement_id>/days")


for _kind, _sentence in {
    attendance.DayIsSpokenOf: lazy_gettext("Somebody has spoken of this day. It stays, and you can settle it."),
    attendance.DayIsCancelled: lazy_gettext("This day has been taken out of the plan."),
    attendance.StaleDay: lazy_gettext("Somebody has said more meanwhile. Read it, then save again."),
}.items():
    errors.explain(_kind, _sentence)


@blueprint.route("/<int:day_id>", methods=["GET", "POST"])
@requires(Permission.ARRANGE_PLACEMENTS, writes=True)
def show(placement_id: int, day_id: int) -> Response:
    """A day with everything that was said of it; sending the form settles it."""
    me, known = placement_to_change(placement_id)
    day = _day(me, known, day_id)
    said = _said(me, day)
    form = _settle_form(said)
    if form.is_submitted() and day.cancelled_at is not None and not said:
        raise attendance.DayIsCancelled
    if not form.is_submitted():
        log_access(db(), me, known.row.citizen_id, "placement", now())
        return _page(me, known, day)
    if not form.validate():
        return _page(me, known, day, settle_form=form, status=422)
    about = (me, known.citizen.subject, placement_id, day_id, form.given())
    try:
        attendance.settle(db(), *about, seen=form.seen.data or 0, now=now())
    except attendance.BadStatement as refusal:
        form.say(*DAY_FAULTS[refusal.fault])
        return _page(me, known, day, settle_form=form, status=refusal.status)
    except attendance.StaleDay as refusal:
        form = _settle_form(_said(me, day))
        form.validate()
        form.seen.process(None, len(_said(me, day)))
        return _page(me, known, day, settle_form=form, status=refusal.status, stale=errors.sentence_for(refusal))
    session["notice"] = _("Settled. %(name)s can read what you agreed.", name=known.citizen.row.given_name)
    return go(url_for("staff_placement_days.show", placement_id=placement_id, day_id=day_id))


@blueprint.post("/<int:day_id>/move")
@requires(Permission.ARRANGE_PLACEMENTS)
def move(placement_id: int, day_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    day = _day(me, known, day_id)
    form = MoveDayForm()
    if not form.validate_on_submit():
        return _page(me, known, day, move_form=form, status=422)
    try:
        shift = form.shift(known.row.starts_on, known.row.last_day, ZoneInfo(me.timezone))
        attendance.move_day(db(), me, known.citizen.subject, placement_id, day_id, shift)
    except BadPlacement as refusal:
        form.show_fault(refusal)
        return _page(me, known, day, move_form=form, status=refusal.status)
    return _saved(placement_id, day_id)


@blueprint.post("/<int:day_id>/take-out")
@requires(Permission.ARRANGE_PLACEMENTS)
def take_out(placement_id: int, day_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    attendance.cancel_day(db(), me, known.citizen.subject, placement_id, day_id, now())
    return _saved(placement_id, day_id)


@blueprint.post("/<int:day_id>/put-back")
@requires(Permission.ARRANGE_PLACEMENTS)
def put_back(placement_id: int, day_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    day = _day(me, known, day_id)
    shift = Shift(day.day, day.begins_at, day.ends_at)
    try:
        attendance.move_day(db(), me, known.citizen.subject, placement_id, day_id, shift)
    except BadPlacement as refusal:
        form = _move_form(me, day)
        form.show_fault(refusal)
        return _page(me, known, day, move_form=form, status=refusal.status)
    return _saved(placement_id, day_id)


def _saved(placement_id: int, day_id: int) -> Response:
    session["notice"] = _("Saved.")
    return go(url_for("staff_placement_days.show", placement_id=placement_id, day_id=day_id))


def _day(me: Actor, known: Known, day_id: int) -> AnyRow:
    found = queries.day_of(db(), me.municipality_id, known.row.id, day_id)
    if found is None:
        raise NotFound
    return found


def _said(me: Actor, day: AnyRow) -> Sequence[AnyRow]:
    return queries.statements_of(db(), me.municipality_id, [day.id]).get(day.id, ())


def _settle_form(said: Sequence[AnyRow], **values: Any) -> SettleForm:
    has_heard_her = any(one.side == Side.CITIZEN for one in said)
    return SettleForm.for_day(has_heard_her=has_heard_her, **values)


def _move_form(me: Actor, day: AnyRow) -> MoveDayForm:
    begins, ends = (moment.astimezone(zone(me.timezone)).time() for moment in (day.begins_at, day.ends_at))
    return MoveDayForm(formdata=None, day=day.day, begins=begins, ends=ends)


def _page(
    me: Actor,
    known: Known,
    day: AnyRow,
    *,
    settle_form: SettleForm | None = None,
    move_form: MoveDayForm | None = None,
    stale: Any = "",
    status: int = 200,
) -> Response:
    said = _said(me, day)
    return page(
        "staff/placements/day.html",
        here="placements",
        placement=known.row,
        citizen=known.citizen.row,
        day=day,
        planned=minutes_between(day.begins_at, day.ends_at),
        sides=[(side, [one for one in said if one.side == side]) for side in (Side.MENTOR, Side.CITIZEN, Side.STAFF)],
        spoken=bool(said),
        has_heard_her=any(one.side == Side.CITIZEN for one in said),
        may_settle=settle_form is not None or bool(said) or queries.can_speak_of(day, now()),
        settle_form=settle_form or _settle_form(said, formdata=None, id=uuid4().hex, seen=len(said)),
        move_form=move_form or _move_form(me, day),
        is_moving=move_form is not None,
        names=NAMES,
        now=now(),
        stale=stale,
        status=status,
    )
