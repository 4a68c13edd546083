"""Where meetings are: how a place is found and what its door looks like, the same for all who meet there."""

from __future__ import annotations

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.meetings import actions, queries
from citizen_app.policy import Permission
from citizen_app.staff.minutes_forms import PlaceForm
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, page
from citizen_app.web.photos import NotAPhoto
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_places", __name__)


@blueprint.route("/staff/meetings/places", methods=["GET", "POST"])
@requires(Permission.HOLD_MEETINGS)
def index() -> Response:
    """All known places, and one form: for a new place, or for the one chosen from the list."""
    me = access.actor()
    places = queries.known_places(db(), me, now())
    wished = request.args.get("place", "")
    chosen = next((known for known in places if known.place == wished), None)
    door = chosen.door if chosen else None
    form = PlaceForm(place=chosen.place if chosen else "", how_to_find=door.how_to_find if door else "")
    status = 200
    if form.validate_on_submit():
        place, how_to_find = form.place.data or "", form.how_to_find.data or ""
        try:
            actions.keep_place(db(), me, place, how_to_find, form.upload(), now())
        except NotAPhoto as refusal:
            form.photo.errors = [errors.sentence_for(refusal)]
            status = refusal.status
        else:
            if form.remove.data:
                actions.remove_door_photo(db(), me, place, now())
            session["notice"] = _("Saved.")
            return go(url_for("staff_places.index"))
    return page(
        "staff/meetings/places.html",
        here="staff_meetings",
        places=places,
        chosen=chosen,
        form=form,
        status=422 if form.errors and status == 200 else status,
    )
