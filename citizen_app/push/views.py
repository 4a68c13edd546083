"""What a phone's script talks to: which key to subscribe with, and where the phone says how it can be reached."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from citizen_app.config import Settings
from citizen_app.policy import Permission
from citizen_app.push import actions
from citizen_app.push.forms import BadDevice, read_device
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import provide
from citizen_app.web.session import db, now

blueprint = Blueprint("push", __name__)


@blueprint.get("/push/key")
@requires(Permission.GET_MESSAGES)
def key() -> Response:
    """Give the service worker, which sees no page, what it needs to subscribe the phone anew."""
    return jsonify(key=_public_key(), csrf=generate_csrf())


@blueprint.post("/push/device")
@requires(Permission.GET_MESSAGES)
def device() -> Response:
    """Keep what the phone of this sign-in says of itself."""
    settings: Settings = current_app.config["SETTINGS"]
    try:
        report = read_device(request.get_json(silent=True), allows_local=not settings.secure_cookies)
    except BadDevice as bad:
        return _told(422, error=str(bad))
    kept = actions.report_device(db(), actor(), report, today(), now())
    return _told(200, device=kept.id, reaches=kept.endpoint is not None)


def _told(status: int, **more: Any) -> Response:
    response = jsonify(**more)
    response.status_code = status
    return response


def _public_key() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.vapid_public_key


provide("push_key", _public_key)
