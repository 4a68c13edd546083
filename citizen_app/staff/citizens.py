"""My citizens, one citizen's page, and connecting her phone."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.goals import queries as goals
from citizen_app.meetings.queries import meetings_of_citizen
from citizen_app.people import actions, queries
from citizen_app.placements.queries import placements_of_citizen
from citizen_app.placements.rules import state_of
from citizen_app.policy import NotFound, Permission, can, check
from citizen_app.texts.rules import one_line
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import go, leads_to, page
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_citizens", __name__, url_prefix="/staff/citizens")

PAGE_SIZE = 50


@blueprint.get("")
@requires(Permission.SEE_CASELOAD)
def index() -> Response:
    after = (one_line(request.args.get("after")), request.args.get("after_id", 0, type=int))
    rows = queries.citizens_of(db(), actor(), today(), after=after, size=PAGE_SIZE + 1)
    return page(
        "staff/citizens/index.html",
        here="citizens",
        citizens=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
    )


@blueprint.get("/<int:citizen_id>")
@requires(Permission.SEE_CITIZEN, writes=True)
def show(citizen_id: int) -> Response:
    me = actor()
    citizen = queries.citizen_of_worker(db(), me, citizen_id, today())
    actions.log_access(db(), me, citizen_id, "plan", now())
    return page(
        "staff/citizens/show.html",
        here="citizens",
        citizen=citizen.row,
        goals=goals.open_goals(db(), me, citizen_id, me.reading_languages),
        closed=goals.closed_goals(db(), me, citizen_id, me.reading_languages),
        meetings=meetings_of_citizen(db(), me.municipality_id, citizen_id, now()),
        people=queries.people_around(db(), me.municipality_id, citizen_id, today()),
        devices=queries.sign_ins_of(db(), me, citizen_id, now()),
        may_write_goals=can(me, Permission.WRITE_GOALS, citizen.subject),
        may_hold_meetings=can(me, Permission.HOLD_MEETINGS, citizen.subject),
        placements=placements_of_citizen(db(), me.municipality_id, citizen_id),
        may_arrange_placements=can(me, Permission.ARRANGE_PLACEMENTS, citizen.subject),
        state_of=state_of,
        today=today(),
    )


@blueprint.route("/<int:citizen_id>/connect", methods=["GET", "POST"])
@requires(Permission.CONNECT_PHONE)
def connect(citizen_id: int) -> Response:
    """Show a code for the citizen's phone. Each press makes a new one; it holds ten minutes."""
    citizen = queries.citizen_of_worker(db(), actor(), citizen_id, today())
    check(actor(), Permission.CONNECT_PHONE, citizen.subject)
    if request.method == "GET":
        return page("staff/citizens/connect.html", here="citizens", citizen=citizen.row, code=None)
    code = actions.show_connect_code(db(), actor(), citizen.subject, now=now())
    leads_to(f"/staff/citizens/{citizen_id}/connect")
    return page("staff/citizens/connect.html", "code", here="citizens", citizen=citizen.row, **qr(code))


@blueprint.post("/<int:citizen_id>/devices/<int:sign_in_id>/sign-out")
@requires(Permission.CONNECT_PHONE)
def sign_device_out(citizen_id: int, sign_in_id: int) -> Response:
    citizen = queries.citizen_of_worker(db(), actor(), citizen_id, today())
    check(actor(), Permission.CONNECT_PHONE, citizen.subject)
    if not actions.end_sign_in(db(), actor(), citizen_id, sign_in_id):
        raise NotFound
    session["notice"] = _("The phone is signed out.")
    return go(f"/staff/citizens/{citizen_id}")


def qr(code: str) -> dict[str, Any]:
    """Return a code for the eye and, as a QR picture of its address, for the phone's camera."""
    address = f"{request.host_url}connect/{code}"
    picture = segno.make(address, error="m").svg_inline(scale=4, border=1, omitsize=True)
    return {"code": code, "picture": picture, "code_address": address}
