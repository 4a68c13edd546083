"""The municipality's workplaces: who takes people, who could take one more, and how they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, make_response, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.agreements.actions import look_again
from citizen_app.db import AnyRow
from citizen_app.imports.rules import write_sheet
from citizen_app.placements import actions, queries
from citizen_app.placements.models import Workplace
from citizen_app.policy import Permission
from citizen_app.staff.placement_forms import WorkplaceForm
from citizen_app.texts.rules import one_line
from citizen_app.web import errors
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import go, page, provided
from citizen_app.web.headers import kept_file
from citizen_app.web.photos import NotAPhoto
from citizen_app.web.session import db, now
from citizen_app.words.rules import BRANCHES

blueprint = Blueprint("staff_workplaces", __name__, url_prefix="/staff/workplaces")

SHOWN = 200
ALL = 10_000

errors.explain(
    actions.StalePlacement,
    lazy_gettext("Somebody else has changed this meanwhile. Both versions are here, nothing is lost."),
)


@blueprint.get("")
@requires(Permission.SEE_WORKPLACES)
def index() -> Response:
    found = _found(SHOWN + 1)
    return page(
        "staff/workplaces/index.html",
        here=here(),
        workplaces=found[:SHOWN],
        has_more=len(found) > SHOWN,
        **wished(),
    )


@blueprint.get("/export.csv")
@requires(Permission.SEE_WORKPLACES)
def export() -> Response:
    """The list as it is filtered, for a spreadsheet."""
    headings = (
        _("Name"),
        _("Line of work"),
        _("Address"),
        _("Contact person"),
        _("Phone"),
        _("Places"),
        _("Taken"),
    )
    rows = [
        (
            one.name,
            str(provided("deck_name")(one.branch)),
            one.address,
            one.contact_name,
            one.contact_phone,
            one.places,
            one.taken,
        )
        for one in _found(ALL)
    ]
    return sheet([headings, *rows], "workplaces.csv")


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.SEE_WORKPLACES)
def new() -> Response:
    """Add a workplace; whoever came from a citizen's new placement goes back there."""
    form = WorkplaceForm()
    if form.validate_on_submit():
        made = actions.add_workplace(db(), actor(), form.facts())
        if _keep_photo(form, made.id):
            session["notice"] = _("The workplace is kept.")
            citizen = request.args.get("citizen", type=int)
            if citizen:
                return go(url_for("staff_placements.new", citizen_id=citizen, workplace=made.id))
            return go(url_for("staff_workplaces.index"))
    return _form_page(form, None, 422 if form.errors else 200)


@blueprint.route("/<int:workplace_id>", methods=["GET", "POST"])
@requires(Permission.SEE_WORKPLACES)
def edit(workplace_id: int) -> Response:
    kept = queries.workplace(db(), actor().municipality_id, workplace_id)
    form = WorkplaceForm(obj=kept, seen=kept.version)
    if form.validate_on_submit():
        facts, seen = form.facts(), form.seen.data or 0
        try:
            actions.change_workplace(db(), actor(), workplace_id, facts, seen_version=seen)
        except actions.StalePlacement as refusal:
            form.seen.process(None, kept.version)
            return _form_page(form, kept, refusal.status, stale=errors.sentence_for(refusal))
        here_now = queries.placements_at(db(), actor().municipality_id, workplace_id, today())
        look_again(db(), actor().municipality_id, here_now, now())
        if _keep_photo(form, workplace_id):
            session["notice"] = _("Saved.")
            return go(url_for("staff_workplaces.index"))
    return _form_page(form, kept, 422 if form.errors else 200)


@blueprint.get("/<int:workplace_id>.jpg")
@requires(Permission.SEE_WORKPLACES)
def entrance(workplace_id: int) -> Response:
    return kept_file(queries.entrance_photo(db(), actor().municipality_id, workplace_id), "image/jpeg")


def wished() -> dict[str, Any]:
    """Return what a list of workplaces is searched by, cleaned: an unknown line of work is none."""
    branch = request.args.get("branch", "")
    return {
        "search": one_line(request.args.get("q"))[:80],
        "branch": branch if branch in BRANCHES else "",
        "only_room": request.args.get("room") == "1",
        "branches": BRANCHES,
    }


def here() -> str:
    """Return the place of the menu that this belongs to."""
    return "placements" if actor().is_staff else "workplaces"


def sheet(rows: Sequence[Sequence[object]], name: str) -> Response:
    response = make_response(write_sheet(rows))
    response.content_type = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _found(size: int) -> list[AnyRow]:
    wish = wished()
    about = {"search": wish["search"], "branch": wish["branch"], "only_room": wish["only_room"]}
    return list(queries.workplaces(db(), actor().municipality_id, today(), size=size, **about))


def _keep_photo(form: WorkplaceForm, workplace_id: int) -> bool:
    """Keep the photo that was sent, if any; says whether all is well, else the form says what is not."""
    upload = form.upload()
    if upload is None:
        return True
    try:
        actions.keep_entrance(db(), actor(), workplace_id, upload, now())
    except NotAPhoto as refusal:
        form.photo.errors = [errors.sentence_for(refusal)]
        return False
    return True


def _form_page(form: WorkplaceForm, kept: Workplace | None, status: int, *, stale: Any = "") -> Response:
    return page("staff/workplaces/edit.html", here=here(), form=form, workplace=kept, stale=stale, status=status)
