"""Accounts of the municipality for administrators: who is there, and which devices are signed in.

The pages show names, roles and languages, and never a plan. That an administrator opened a citizen's account
is logged like every other look at her data.
"""

from __future__ import annotations

from flask import Blueprint, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.people.actions import end_sign_in, log_access
from citizen_app.people.queries import accounts, person_of_municipality, sign_ins_of
from citizen_app.policy import NotFound, Permission, Role
from citizen_app.web.access import actor, requires
from citizen_app.web.fragments import answer, page
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_accounts", __name__)

PAGE_SIZE = 50


@blueprint.get("/staff/accounts")
@requires(Permission.SEE_ACCOUNTS)
def index() -> Response:
    after = request.args.get("after", type=int)
    place = ("", "", 0)
    if after is not None:
        last = person_of_municipality(db(), actor(), after)
        place = (last.role, last.given_name, last.id)
    rows = accounts(db(), actor(), after=place, size=PAGE_SIZE + 1)
    return page(
        "staff/accounts/index.html",
        "accounts",
        here="accounts",
        accounts=rows[:PAGE_SIZE],
        is_first=after is None,
        next_after=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
    )


@blueprint.get("/staff/accounts/<int:person_id>")
@requires(Permission.SEE_ACCOUNTS, writes=True)
def show(person_id: int) -> Response:
    return _show(person_id)


@blueprint.post("/staff/accounts/<int:person_id>/devices/<int:sign_in_id>/sign-out")
@requires(Permission.SEE_ACCOUNTS)
def sign_device_out(person_id: int, sign_in_id: int) -> Response:
    person_of_municipality(db(), actor(), person_id)
    if not end_sign_in(db(), actor(), person_id, sign_in_id):
        raise NotFound
    session["notice"] = _("The device is signed out.")
    return answer(f"/staff/accounts/{person_id}", lambda: _show(person_id))


def _show(person_id: int) -> Response:
    person = person_of_municipality(db(), actor(), person_id)
    if person.role == Role.CITIZEN:
        log_access(db(), actor(), person_id, "account", now())
    devices = sign_ins_of(db(), actor(), person_id, now())
    return page("staff/accounts/show.html", "devices", here="accounts", person=person, devices=devices)
