"""What the citizen learns at work: her focus points and own faces, the step she tries now, and what she learnt."""

from __future__ import annotations

from flask import Blueprint, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.db import AnyRow
from citizen_app.learning import actions
from citizen_app.learning.forms import VERB_RULE, BadPress, Press, attempt, read_press, shown
from citizen_app.learning.queries import learning_of
from citizen_app.people.queries import own_subject
from citizen_app.placements import queries as placements
from citizen_app.placements.rules import Side
from citizen_app.policy import NotFound, Permission, Refusal
from citizen_app.web import errors
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, now

blueprint = Blueprint("learning", __name__)

for _kind, _why in {
    BadPress: lazy_gettext("We did not understand this answer. Please choose again."),
    actions.PlacementOver: lazy_gettext("This workplace is over. What you said together stays here."),
    actions.NotBegun: lazy_gettext("The work has not begun yet. Please answer later."),
    actions.TooManyPoints: lazy_gettext("There are three already. Put one aside first."),
    actions.TooManyReady: lazy_gettext("Ten steps lie ready already. Try one of them first."),
    actions.PointEnded: lazy_gettext("Somebody has just put this aside. Nothing was lost."),
    actions.StepMoved: lazy_gettext("Somebody has just changed this step. Look at it again. Nothing was lost."),
    actions.NotClosing: lazy_gettext("It is too early for this. You can write it in the last week."),
}.items():
    errors.explain(_kind, _why)


@blueprint.get("/learning/<int:placement_id>")
@requires(Permission.SEE_OWN_PAGES)
def show(placement_id: int) -> Response:
    return _page(_own(placement_id))


@blueprint.post(f"/learning/<int:placement_id>/<{VERB_RULE}:verb>")
@requires(Permission.SEE_OWN_PAGES)
def press(placement_id: int, verb: str) -> Response:
    me, placement = actor(), _own(placement_id)
    pressed = read_press(verb, me.writing_language)
    refusal = attempt(pressed, db(), me, own_subject(me), placement_id, now=now())
    if refusal is not None:
        return _page(placement, pressed, refusal)
    session["notice"] = _("Saved.")
    return go(f"/learning/{placement_id}#{pressed.place}")


def _own(placement_id: int) -> AnyRow:
    me = actor()
    found = placements.placement(db(), me.municipality_id, placement_id)
    if found.citizen_id != me.person_id:
        raise NotFound
    return found


def _page(placement: AnyRow, pressed: Press | None = None, refusal: Refusal | None = None) -> Response:
    me = actor()
    learning = learning_of(db(), me.municipality_id, placement.id, me.reading_languages)
    here = (learning, Side.CITIZEN, f"/learning/{placement.id}", today())
    return page(
        "learning/show.html",
        status=refusal.status if refusal else 200,
        here="today",
        placement=placement,
        **shown(*here, by_id=me.person_id, writing=me.writing_language, press=pressed, refusal=refusal),
    )
