"""The mentor's page: first names and languages of the people one is a mentor for, and nothing else.

Family names, phone numbers and plans are not even selected, so that no template can show them by mistake.
"""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from citizen_app.people.actions import log_access
from citizen_app.people.queries import mentees_of
from citizen_app.policy import Permission
from citizen_app.web.access import actor, requires
from citizen_app.web.fragments import page
from citizen_app.web.locale import local_date
from citizen_app.web.session import db, now

blueprint = Blueprint("mentor", __name__)


@blueprint.get("/mentor")
@requires(Permission.SEE_MENTEES, writes=True)
def index() -> Response:
    mentees = mentees_of(db(), actor(), local_date(now(), actor().timezone))
    for mentee in mentees:
        log_access(db(), actor(), mentee.id, "name", now())
    return page("mentor/index.html", here="mentees", mentees=mentees)
