"""The mentor's pages: first names and languages of the people one is a mentor for, their words, and nothing else.

Family names, phone numbers and plans are not even selected, so that no template can show them by mistake.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.people.actions import log_access
from citizen_app.people.queries import mentees_of, subject_for
from citizen_app.policy import NotFound, Permission, check
from citizen_app.practice.actions import set_used_today
from citizen_app.practice.queries import desk, said_by_today
from citizen_app.web.access import actor, midnight, requires, today
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, now
from citizen_app.words.queries import picture_of

blueprint = Blueprint("mentor", __name__)


@blueprint.get("/mentor")
@requires(Permission.SEE_MENTEES, writes=True)
def index() -> Response:
    mentees = mentees_of(db(), actor(), today())
    for mentee in mentees:
        log_access(db(), actor(), mentee.id, "name", now())
    return page("mentor/index.html", here="mentees", mentees=mentees)


@blueprint.route("/mentor/people/<int:citizen_id>/words", methods=["GET", "POST"])
@requires(Permission.SEE_MENTEES, writes=True)
def words(citizen_id: int) -> Response:
    """The words somebody is learning: a tick for each one she used today."""
    me = actor()
    mentee = _mentee(citizen_id)
    subject = subject_for(db(), me, citizen_id, today())
    check(me, Permission.SEE_WORDS, subject)
    found = desk(db(), me.municipality_id, citizen_id, ("da",), now(), midnight())
    shown = [word.key for word in found.words_at_work()]
    if request.method == "POST":
        ticked = {key for key in request.form.getlist("word") if key in shown}
        set_used_today(db(), me, subject, ticked=ticked, shown=shown, day=today(), now=now())
        session["notice"] = _("Saved. Thank you.")
        return go(f"/mentor/people/{citizen_id}/words")
    log_access(db(), me, citizen_id, "words", now())
    return page(
        "mentor/words.html",
        here="mentees",
        mentee=mentee,
        words=found.words_at_work(),
        known=found.learning.known,
        used=found.learning.used,
        ticked=said_by_today(db(), me, citizen_id, today()),
        picture_of=lambda word: picture_of(word, found.said),
    )


def _mentee(citizen_id: int) -> Any:
    """Return the little that a mentor may know of somebody; raises NotFound for a stranger."""
    found = next((mentee for mentee in mentees_of(db(), actor(), today()) if mentee.id == citizen_id), None)
    if found is None:
        raise NotFound
    return found
