"""The citizen's page of reminders, what her phone tells of each message, and the figures for those who watch.

A phone has no cookie when it tells that a message was shown or answered: the key that came with the message proves
that this phone got it, so these two addresses are public and want no form token.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, jsonify, request, session
from flask_babel import gettext as _
from flask_wtf import CSRFProtect
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from citizen_app.config import Settings
from citizen_app.policy import NotFound, Permission
from citizen_app.reminders import actions, queries
from citizen_app.reminders.forms import Told, WishesForm, read_told
from citizen_app.reminders.models import Reminder
from citizen_app.reminders.rules import TEST_USEFUL, TOO_LATE, ReminderState, notification_key
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


# --- Watch --------------------------------------------------------------------------------------------------


@blueprint.get("/healthz")
@public
def health() -> Response:
    """Say whether the app does its work: 503 when the database is away, or when reminders go out too late."""
    try:
        pulse = queries.pulse(db(), now())
    except SQLAlchemyError:
        return _health(503, status="database unreachable", database="unreachable")
    is_late = pulse.late >= TOO_LATE
    return _health(
        503 if is_late else 200,
        status="reminders are late" if is_late else "ok",
        database="ok",
        worker="ok" if pulse.has_worker else "missing",
        oldest_due_seconds=int(pulse.late.total_seconds()),
    )


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Give figures to those who watch: to this machine, or to whoever shows the token."""
    if not _may_watch():
        raise NotFound
    registry = CollectorRegistry()
    registry.register(_Figures(queries.watched(db(), now()), queries.pulse(db(), now()), now()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """Figures as they stand in the database, the same from whichever process one asks."""

    def __init__(self, watched: queries.Watched, pulse: queries.Pulse, moment: datetime) -> None:
        self.watched, self.pulse, self.moment = watched, pulse, moment

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("reminders_due", "Reminders that are due now", self.pulse.due)
        yield GaugeMetricFamily("reminders_late_seconds", "Age of the oldest due one", self.pulse.late.total_seconds())
        yield _family("reminders", "Reminders of the last day and to come", ["state"], self.watched.states)
        yield _family("deliveries_last_hour", "What came of messages", ["channel", "verdict"], self.watched.verdicts)
        yield GaugeMetricFamily("shown_last_hour", "Messages seen on a screen", self.watched.shown)
        ages = {name: (self.moment - at).total_seconds() for name, at in self.watched.beats.items()}
        yield _family("worker_silent_seconds", "Since a worker's last sign of life", ["worker"], ages)
        yield _family("devices", "Phones by what their owner said to messages", ["consent"], self.watched.consents)
        yield _family("reminder_texts_missing", "Texts without translation", ["language"], queries.missing_texts())


def _family(name: str, about: str, labels: list[str], figures: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for label, figure in figures.items():
        family.add_metric([label] if isinstance(label, str) else list(label), figure)
    return family


def _may_watch() -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    if settings.metrics_token:
        shown = request.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {settings.metrics_token}".encode())
    came_through_a_proxy = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.remote_addr in {"127.0.0.1", "::1"} and not came_through_a_proxy


def _health(code: int, **state: Any) -> Response:
    response = jsonify(state)
    response.status_code = code
    return response
