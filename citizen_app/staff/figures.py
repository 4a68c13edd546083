"""How often people stay away from meetings, without names: what might help, never who is to blame."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, request
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.meetings.rules import SMALLEST_GROUP, Attended, shares
from citizen_app.policy import Permission
from citizen_app.reminders.queries import attended
from citizen_app.web.access import actor, requires
from citizen_app.web.fragments import page
from citizen_app.web.locale import current_language, language_name
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_figures", __name__)

PERIODS = (90, 365)
"""Days back."""

CHANNELS = {
    "push": lazy_gettext("Message on the phone"),
    "sms": lazy_gettext("SMS"),
    "mail": lazy_gettext("E-mail"),
    "call": lazy_gettext("Phone call"),
    "": lazy_gettext("No reminder"),
}
SPLITS: tuple[tuple[Any, Callable[[Attended], str], Callable[[str], Any]], ...] = (
    (
        lazy_gettext("Who chose the time"),
        lambda row: "chosen" if row.was_chosen else "given",
        {"chosen": lazy_gettext("The citizen"), "given": lazy_gettext("The office")}.__getitem__,
    ),
    (
        lazy_gettext("Answered beforehand"),
        lambda row: "yes" if row.has_answered else "no",
        {"yes": lazy_gettext("Yes"), "no": lazy_gettext("No")}.__getitem__,
    ),
    (
        lazy_gettext("Language"),
        lambda row: row.language,
        lambda language: language_name(current_language(), language),
    ),
    (lazy_gettext("How the last reminder came"), lambda row: row.channel, CHANNELS.__getitem__),
)
"""What the meetings are split by: the heading, what a meeting belongs to, and what that is called."""


@blueprint.get("/staff/figures")
@requires(Permission.SEE_FIGURES)
def index() -> Response:
    wished = request.args.get("days", type=int)
    days = wished if wished in PERIODS else PERIODS[0]
    rows = attended(db(), actor().municipality_id, now() - timedelta(days=days), now())
    tables = [
        (heading, [(", ".join(str(name(label)) for label in share.labels), share) for share in shares(rows, label_of)])
        for heading, label_of, name in SPLITS
    ]
    return page(
        "staff/figures/index.html",
        here="staff_meetings",
        tables=tables if tables[0][1] else [],
        days=days,
        periods=PERIODS,
        smallest=SMALLEST_GROUP,
    )
