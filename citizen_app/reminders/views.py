"""The citizen's page of reminders, and what her phone tells of each message.

A phone has no cookie when it tells that a message was shown or answered: the key that came with the message proves
that this phone got it, so these two addresses are public and want no form token.
"""

from __future__ import annotations

import hmac

from flask import Blueprint, current_app, jsonify, request, session
from flask_babel import gettext as _
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from citizen_app.config import Settings
from citizen_app.policy import NotFound, Permission
from citizen_app.reminders import actions, queries
from citizen_app.reminders.forms import Told, WishesForm, read_told
from citizen_app.reminders.models import Reminder
from citizen_app.reminders.rules import TEST_USEFUL, ReminderState, notification_key
from citizen_app.web import access
from citizen_app.web.access import public, requires
from citizen_app.web.fragments import answer, go, page
from citizen_app.web.session import db, now

blueprint = Blueprint("reminders", __name__)


def exempt(csrf: CSRFProtect) -> None:
    """Let phones tell of messages without a form token."""
    csrf.exempt(shown)
    csrf.exempt(take_answer)


@blueprint.get("/reminders")
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    return _page(None)


@blueprint.post("/reminders/test")
@requires(Permission.SEE_OWN_PAGES)
def test() -> Response:
    """Let the phone ring, to try it out."""
    actions.make_test(db(), access.actor(), now())
    return answer("/reminders#heard", lambda: _page(None))


@blueprint.post("/reminders/wishes")
@requires(Permission.SEE_OWN_PAGES)
def wishes() -> Response:
    form = WishesForm()
    if not form.validate_on_submit():
        return _page(form, status=422)
    actions.set_wishes(db(), access.actor(), form.wishes(), now())
    session["notice"] = _("Saved.")
    return go("/reminders")


@blueprint.post("/reminders/shown")
@public
def shown() -> Response:
    told = _proven()
    actions.note_message_shown(db(), told.reminder_id, told.device_id, now())
    return Response(status=204)


@blueprint.post("/reminders/answer")
@public
def take_answer() -> Response:
    told = _proven()
    if told.answer is None:
        raise NotFound
    state = actions.answer_message(
        db(), told.reminder_id, told.device_id, told.answer, pressed_at=told.pressed_at, now=now()
    )
    response = jsonify(state=state)
    response.status_code = 200 if state == "saved" else 409
    return response


def _proven() -> Told:
    """Return what a phone says, if it proves that it got the message."""
    told = read_told(request.get_json(silent=True))
    settings: Settings = current_app.config["SETTINGS"]
    if told is None:
        raise NotFound
    key = notification_key(settings.secret_key, told.reminder_id, told.device_id)
    if not hmac.compare_digest(key, told.key):
        raise NotFound
    return told


def _page(form: WishesForm | None, *, status: int = 200) -> Response:
    me = access.actor()
    trial = queries.last_test(db(), me.municipality_id, me.person_id, now() - TEST_USEFUL)
    return page(
        "reminders/index.html",
        "heard" if request.endpoint != "reminders.wishes" else None,
        status=status,
        form=form or WishesForm.of(queries.wishes_of(db(), me.municipality_id, me.person_id)),
        pause=queries.pause_of(db(), me.municipality_id, me.person_id),
        gone_out=queries.gone_out(db(), me.municipality_id, me.person_id),
        trial=_state_of(trial),
        heard=request.args.get("heard", ""),
    )


def _state_of(trial: Reminder | None) -> str:
    """Return how far a trial has come: nothing, `waiting`, `sent`, `shown` or `failed`."""
    if trial is None or trial.state == ReminderState.CANCELLED:
        return ""
    if trial.shown_at is not None:
        return "shown"
    if trial.state == ReminderState.WAITING and trial.useless_at > now():
        return "waiting"
    return "sent" if trial.state == ReminderState.SENT else "failed"
