"""Learning at the workplace for a mentor: faces for focus points, the next small steps, and what was seen at the end.

By link or by account the page is the same. Of the closing words a mentor's page reads his own alone.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from citizen_app.db import AnyRow
from citizen_app.learning.forms import VERB_RULE, Press, attempt, read_press, shown
from citizen_app.learning.queries import learning_of
from citizen_app.mentor.door import closed_door, hide, light_page, note_visit, open_door, subject_of, today_of
from citizen_app.mentor.queries import placement_of_mentor
from citizen_app.people.actions import log_access_daily
from citizen_app.placements.queries import MentorAtDoor
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, Permission, Refusal
from citizen_app.web.access import actor, midnight, public, requires, today
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, now

blueprint = Blueprint("mentor_learning", __name__)


def exempt(csrf: CSRFProtect) -> None:
    """Let whoever has a link speak without a form token: the link is what proves."""
    csrf.exempt(press_by_link)


# --- By link ------------------------------------------------------------------------------------------------


@blueprint.get("/m/<token>/learning")
@public
def link(token: str) -> Response:
    door = open_door(token)
    if door is None:
        return closed_door()
    response = _link_page(token, door)
    note_visit(door, "learning")
    return response


@blueprint.post(f"/m/<token>/learning/<{VERB_RULE}:verb>")
@public
def press_by_link(token: str, verb: str) -> Response:
    door = open_door(token)
    if door is None:
        return closed_door()
    me = door.actor
    pressed = read_press(verb, me.writing_language)
    try:
        refusal = attempt(pressed, db(), me, subject_of(me, door.citizen_id), door.placement_id, now=now())
    except Refusal as unexpected:  # a link's page shows no frame for people who are signed in
        refusal = unexpected
    if refusal is not None:
        return _link_page(token, door, pressed, refusal)
    return hide(redirect(f"/m/{token}/learning#{pressed.place}", 303))


def _link_page(
    token: str, door: MentorAtDoor, pressed: Press | None = None, refusal: Refusal | None = None
) -> Response:
    about = _shown(door.actor, door.placement_id, f"/m/{token}/learning", pressed, refusal)
    return light_page(
        "mentor/learning_by_link.html",
        door,
        status=refusal.status if refusal else 200,
        days_address=f"/m/{token}",
        is_by_link=True,
        **about,
    )


# --- By account ---------------------------------------------------------------------------------------------


@blueprint.get("/mentor/placements/<int:placement_id>/learning")
@requires(Permission.SEE_MENTEES, writes=True)
def show(placement_id: int) -> Response:
    return _account_page(placement_of_mentor(db(), actor(), placement_id, today()))


@blueprint.post(f"/mentor/placements/<int:placement_id>/learning/<{VERB_RULE}:verb>")
@requires(Permission.SEE_MENTEES)
def press(placement_id: int, verb: str) -> Response:
    me = actor()
    placement = placement_of_mentor(db(), me, placement_id, today())
    pressed = read_press(verb, me.writing_language)
    refusal = attempt(pressed, db(), me, subject_of(me, placement.citizen_id), placement_id, now=now())
    if refusal is not None:
        return _account_page(placement, pressed, refusal)
    return go(f"/mentor/placements/{placement_id}/learning#{pressed.place}")


def _account_page(placement: AnyRow, pressed: Press | None = None, refusal: Refusal | None = None) -> Response:
    me = actor()
    about = _shown(me, placement.id, f"/mentor/placements/{placement.id}/learning", pressed, refusal)
    log_access_daily(db(), me, placement.citizen_id, "learning", midnight=midnight(), now=now())
    return page(
        "mentor/learning.html",
        status=refusal.status if refusal else 200,
        here="mentees",
        name=placement.given_name,
        is_by_link=False,
        **about,
    )


# --- Either way ---------------------------------------------------------------------------------------------


def _shown(
    me: Actor, placement_id: int, address: str, pressed: Press | None, refusal: Refusal | None
) -> dict[str, Any]:
    languages = me.reading_languages
    learning = learning_of(db(), me.municipality_id, placement_id, languages, only_by=me.person_id)
    here = (learning, Side.MENTOR, address, today_of(me))
    return shown(*here, by_id=me.person_id, writing=me.writing_language, press=pressed, refusal=refusal)
