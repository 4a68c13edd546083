"""What a citizen sees of the place where she works, beside her hours."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from citizen_app.placements import queries
from citizen_app.policy import NotFound, Permission
from citizen_app.web import access
from citizen_app.web.access import requires
from citizen_app.web.headers import kept_file
from citizen_app.web.session import db

blueprint = Blueprint("placements", __name__)


@blueprint.get("/placements/<int:placement_id>/entrance.jpg")
@requires(Permission.SEE_OWN_PAGES)
def entrance(placement_id: int) -> Response:
    me = access.actor()
    placement = queries.placement(db(), me.municipality_id, placement_id)
    if placement.citizen_id != me.person_id:
        raise NotFound
    return kept_file(queries.entrance_photo(db(), me.municipality_id, placement.workplace_id), "image/jpeg")
