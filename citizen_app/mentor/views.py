"""The mentor's pages: first names and languages of own people, the words they learn, their days, and nothing else.

Family names, phone numbers and plans are not even selected, so that no template can show them by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, jsonify, redirect, request, session
from flask_babel import gettext as _
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from citizen_app.attendance.actions import BadStatement, DayIsCancelled, Given, TooLateToMend, each_alone, say
from citizen_app.attendance.forms import Kept, read_given, read_kept
from citizen_app.attendance.rules import Fault, Record
from citizen_app.mentor.door import (
    closed_door,
    closed_words,
    hide,
    light_page,
    note_visit,
    open_door,
    subject_of,
    today_of,
)
from citizen_app.mentor.queries import LOOK_BACK, mentor_days
from citizen_app.people.actions import log_access, log_access_daily
from citizen_app.people.queries import mentees_of, subject_for
from citizen_app.placements.queries import MentorAtDoor, day_of_mentor, placements_of_mentor
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, NotFound, Permission, Refusal, check
from citizen_app.practice.actions import set_used_today
from citizen_app.practice.queries import desk, said_by_today
from citizen_app.web.access import actor, midnight, public, requires, today
from citizen_app.web.errors import sentence_for
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, now
from citizen_app.words.queries import picture_of

blueprint = Blueprint("mentor", __name__)


def exempt(csrf: CSRFProtect) -> None:
    """Let whoever has a link speak without a form token: the link is what proves."""
    csrf.exempt(say_by_link)
    csrf.exempt(say_kept)


# --- By link ------------------------------------------------------------------------------------------------


@blueprint.get("/m/<token>")
@public
def link(token: str) -> Response:
    """Today's hours of somebody, and the days that still want a word."""
    door = open_door(token)
    if door is None:
        return closed_door()
    response = _link_page(token, door)
    note_visit(door, "hours")
    return response


@blueprint.post("/m/<token>/days/<int:day_id>")
@public
def say_by_link(token: str, day_id: int) -> Response:
    """Take a word about one day."""
    door = open_door(token)
    if door is None:
        return closed_door()
    try:
        _say_at(door, day_id, read_given(request.form))
    except Refusal as refusal:
        return _link_page(token, door, refusal)
    return hide(redirect(f"/m/{token}", 303))


@blueprint.post("/m/<token>/said")
@public
def say_kept(token: str) -> Response:
    """Take what a phone has kept while it was without network; each word stands alone."""
    door = open_door(token)
    if door is None:
        return hide(_answered({"statements": [], "sentence": closed_words()}, 404))
    return hide(_take_kept(lambda one: _say_at(door, one.day_id, one.given)))


def _say_at(door: MentorAtDoor, day_id: int, given: Given | None) -> Record:
    return _say(door.actor, door.placement_id, door.citizen_id, day_id, given)


def _link_page(token: str, door: MentorAtDoor, refusal: Refusal | None = None) -> Response:
    me = door.actor
    return light_page(
        "mentor/link.html",
        door,
        status=refusal.status if refusal else 200,
        found=mentor_days(db(), me, [door.placement_id], today_of(me), now())[door.placement_id],
        address=f"/m/{token}",
        follow_up_at=door.follow_up_at,
        now=now(),
        sentence=_sentence(refusal) if refusal else "",
    )


# --- By account ---------------------------------------------------------------------------------------------


@blueprint.get("/mentor")
@requires(Permission.SEE_MENTEES, writes=True)
def index() -> Response:
    return _people_page()


@blueprint.post("/mentor/days/<int:day_id>")
@requires(Permission.SPEAK_OF_DAYS)
def say_signed_in(day_id: int) -> Response:
    """Take a word about one day of one of one's own people."""
    me = actor()
    about = day_of_mentor(db(), me, day_id)
    try:
        _say(me, about.placement_id, about.citizen_id, day_id, read_given(request.form))
    except (BadStatement, DayIsCancelled, TooLateToMend) as refusal:
        return _people_page(refusal)
    return go("/mentor")


@blueprint.post("/mentor/said")
@requires(Permission.SPEAK_OF_DAYS)
def take_kept() -> Response:
    """Take what the phone of a mentor with an account has kept."""
    return _take_kept(_say_kept)


def _say_kept(one: Kept) -> Record:
    about = day_of_mentor(db(), actor(), one.day_id)
    return _say(actor(), about.placement_id, about.citizen_id, one.day_id, one.given)


def _people_page(refusal: Refusal | None = None) -> Response:
    me = actor()
    mentees = mentees_of(db(), me, today())
    own = {mentee.id for mentee in mentees}
    placements = [
        placement for placement in placements_of_mentor(db(), me, today() - LOOK_BACK) if placement.citizen_id in own
    ]
    found = mentor_days(db(), me, [placement.id for placement in placements], today(), now())
    for mentee in mentees:
        log_access(db(), me, mentee.id, "name", now())
    for citizen_id in sorted({placement.citizen_id for placement in placements}):
        log_access_daily(db(), me, citizen_id, "hours", midnight=midnight(), now=now())
    return page(
        "mentor/index.html",
        status=refusal.status if refusal else 200,
        here="mentees",
        mentees=mentees,
        days_of={
            mentee.id: [found[placement.id] for placement in placements if placement.citizen_id == mentee.id]
            for mentee in mentees
        },
        placements_of={
            mentee.id: [placement for placement in placements if placement.citizen_id == mentee.id]
            for mentee in mentees
        },
        now=now(),
        sentence=_sentence(refusal) if refusal else "",
    )


# --- Of days, either way ------------------------------------------------------------------------------------


def _take_kept(speak: Callable[[Kept], Record]) -> Response:
    kept = read_kept(request.get_json(silent=True))
    if kept is None:
        return _answered({"statements": [], "sentence": _sentence(None)}, 422)
    found = each_alone(db(), [partial(speak, one) for one in kept])
    return _answered(
        {"statements": [_kept_answer(one, came_of) for one, came_of in zip(kept, found, strict=True)]}, 200
    )


def _kept_answer(one: Kept, came_of: Record | Refusal) -> dict[str, Any]:
    about = {"id": one.id, "day": one.day_id}
    if isinstance(came_of, Refusal):
        return {**about, "answer": "refused", "sentence": _sentence(came_of)}
    return {**about, "answer": "taken"}


def _answered(answer: dict[str, Any], status: int) -> Response:
    response = jsonify(answer)
    response.status_code = status
    return response


def _say(me: Actor, placement_id: int, citizen_id: int, day_id: int, given: Given | None) -> Record:
    """Let a mentor speak of a day; raises a Refusal."""
    if given is None:
        raise BadStatement(Fault.NOT_HERS)
    return say(db(), me, subject_of(me, citizen_id), placement_id, day_id, Side.MENTOR, given, now())


def _sentence(refusal: Refusal | None) -> str:
    """Say kindly why a word was not taken."""
    if isinstance(refusal, TooLateToMend):
        sentence = _("This was said more than a day ago. Ask the municipality to change it.")
    elif isinstance(refusal, DayIsCancelled):
        sentence = _("This day is no longer planned. Nothing was changed.")
    elif refusal is None or isinstance(refusal, BadStatement):
        sentence = _sentence_for(refusal.fault if refusal else None)
    else:
        sentence = sentence_for(refusal)
    return str(sentence)


def _sentence_for(fault: Fault | None) -> Any:
    if fault is Fault.TOO_EARLY:
        return _("This day has not begun yet.")
    if fault is Fault.MINUTES:
        return _("Choose fewer minutes than the day has.")
    if fault is Fault.HOURS:
        return _("Write both times, close to the planned hours.")
    if fault is Fault.EXCUSE:
        return _("Choose a reason, or “I do not know”.")
    return _("We did not understand this. Please try again.")


# --- Words --------------------------------------------------------------------------------------------------


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
