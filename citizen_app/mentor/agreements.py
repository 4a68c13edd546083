"""The work agreement as a mentor reads and answers it, by link or by account.

What somebody needs is read here only when she has said so; else it is not even selected.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from flask import Blueprint, redirect, session
from flask_babel import gettext as _
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from citizen_app.agreements import actions
from citizen_app.agreements.forms import TalkForm, YesForm
from citizen_app.agreements.queries import ReadAgreement, agreement
from citizen_app.agreements.rules import QUESTIONS
from citizen_app.mentor.door import closed_door, hide, light_page, note_visit, open_door, subject_of, today_of
from citizen_app.mentor.queries import placement_of_mentor
from citizen_app.people.actions import log_access_daily
from citizen_app.placements.queries import MentorAtDoor
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, Permission, Refusal
from citizen_app.web.access import actor, midnight, public, requires, today
from citizen_app.web.errors import sentence_for
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, keep_although_refused, keep_only_what_follows, now

blueprint = Blueprint("mentor_agreements", __name__)


class _LinkYes(YesForm):
    """By link there is no token: the address is what proves."""

    class Meta(YesForm.Meta):
        csrf = False


class _LinkTalk(TalkForm):
    class Meta(TalkForm.Meta):
        csrf = False


def exempt(csrf: CSRFProtect) -> None:
    """Let whoever has a link speak without a form token: the link is what proves."""
    csrf.exempt(say_yes_by_link)
    csrf.exempt(talk_by_link)


# --- By link ------------------------------------------------------------------------------------------------


@blueprint.get("/m/<token>/agreement")
@public
def link(token: str) -> Response:
    door = open_door(token)
    if door is None:
        return closed_door()
    return _link_page(token, door)


@blueprint.post("/m/<token>/agreement/yes")
@public
def say_yes_by_link(token: str) -> Response:
    door = open_door(token)
    if door is None:
        return closed_door()
    try:
        _say_yes(door.actor, door.citizen_id, door.placement_id, _LinkYes())
    except Refusal as refusal:
        return _link_page(token, door, alert=sentence_for(refusal), status=refusal.status)
    return hide(redirect(f"/m/{token}/agreement", 303))


@blueprint.post("/m/<token>/agreement/talk")
@public
def talk_by_link(token: str) -> Response:
    door = open_door(token)
    if door is None:
        return closed_door()
    form = _LinkTalk()
    if not form.validate_on_submit():
        return _link_page(token, door, talk_form=form, status=422)
    try:
        _want_to_talk(door.actor, door.citizen_id, door.placement_id, form)
    except Refusal as refusal:
        return _link_page(token, door, alert=sentence_for(refusal), status=refusal.status)
    return hide(redirect(f"/m/{token}/agreement", 303))


def _link_page(token: str, door: MentorAtDoor, *, status: int = 200, **more: Any) -> Response:
    context = _context(door.actor, door.placement_id, today_of(door.actor), **more)
    kind = _LinkTalk(formdata=None, id=uuid4().hex)
    response = light_page(
        "mentor/link_agreement.html",
        door,
        status=status,
        address=f"/m/{token}/agreement",
        back_address=f"/m/{token}",
        writing=door.actor.language,
        **{"talk_form": kind, **context},
    )
    if status >= 400:
        keep_although_refused()
    note_visit(door, "agreement")
    return response


# --- By account ---------------------------------------------------------------------------------------------


@blueprint.get("/mentor/placements/<int:placement_id>/agreement")
@requires(Permission.SEE_MENTEES, writes=True)
def show(placement_id: int) -> Response:
    return _account_page(placement_id)


@blueprint.post("/mentor/placements/<int:placement_id>/agreement/yes")
@requires(Permission.SEE_MENTEES)
def say_yes(placement_id: int) -> Response:
    about = placement_of_mentor(db(), actor(), placement_id, today())
    try:
        _say_yes(actor(), about.citizen_id, placement_id, YesForm())
    except actions.AgreementChanged as refusal:
        return _account_page(placement_id, alert=sentence_for(refusal), status=refusal.status)
    session["notice"] = _("Thank you. You have said yes.")
    return go(f"/mentor/placements/{placement_id}/agreement")


@blueprint.post("/mentor/placements/<int:placement_id>/agreement/talk")
@requires(Permission.SEE_MENTEES)
def talk(placement_id: int) -> Response:
    about = placement_of_mentor(db(), actor(), placement_id, today())
    form = TalkForm()
    if not form.validate_on_submit():
        return _account_page(placement_id, talk_form=form, status=422)
    _want_to_talk(actor(), about.citizen_id, placement_id, form)
    session["notice"] = _("We talk about it first. The municipality knows now.")
    return go(f"/mentor/placements/{placement_id}/agreement")


def _account_page(placement_id: int, *, status: int = 200, **more: Any) -> Response:
    me, reading = actor(), keep_only_what_follows() if status >= 400 else db()
    about = placement_of_mentor(reading, me, placement_id, today())
    context = _context(me, placement_id, today(), **more)
    log_access_daily(reading, me, about.citizen_id, "agreement", midnight=midnight(), now=now())
    return page(
        "mentor/agreement.html",
        status=status,
        here="mentees",
        name=about.given_name,
        address=f"/mentor/placements/{placement_id}/agreement",
        writing=me.language,
        **{"talk_form": TalkForm(formdata=None, id=uuid4().hex), **context},
    )


# --- Either way ---------------------------------------------------------------------------------------------


def _context(me: Actor, placement_id: int, day: date, *, alert: Any = "", **more: Any) -> dict[str, Any]:
    found: ReadAgreement = agreement(db(), me, placement_id, Side.MENTOR, me.reading_languages, day)
    questions = [question.value for question in QUESTIONS]
    return {"agreement": found, "questions": questions, "alert": alert, **more}


def _say_yes(me: Actor, citizen_id: int, placement_id: int, form: YesForm) -> None:
    actions.say_yes(db(), me, subject_of(me, citizen_id), placement_id, seen=form.seen.data or "", now=now())


def _want_to_talk(me: Actor, citizen_id: int, placement_id: int, form: TalkForm) -> None:
    about = (me, subject_of(me, citizen_id), placement_id, form.id.data or "", form.words.data or "")
    actions.want_to_talk(db(), *about, now=now())
