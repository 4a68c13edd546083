"""The door of a mentor's link: who holds it, and how its pages answer.

The address is the secret, so it wants no cookie and no form token, and whoever is signed in on the same browser has
no part in it. A link that does not open answers always in the same words.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.people.actions import log_access_daily
from citizen_app.people.queries import subjects_of_worker
from citizen_app.placements.queries import MentorAtDoor, mentor_at_door
from citizen_app.policy import Actor, Subject
from citizen_app.web.fragments import bare_page
from citizen_app.web.locale import local_date, read_in, zone
from citizen_app.web.session import begin_writing, db, now


def open_door(token: str) -> MentorAtDoor | None:
    """Return who holds this link; from here on the page is in that mentor's language."""
    door = mentor_at_door(db(), token, now())
    if door is not None:
        read_in(door.actor.language)
    return door


def light_page(template: str, door: MentorAtDoor, *, status: int = 200, **context: Any) -> Response:
    """Answer with a page of a link: light, without a menu, and with a first name at most."""
    me = door.actor
    about = {
        "product_name": me.product_name,
        "text_size": me.text_size,
        "timezone": me.timezone,
        "is_easy": me.easy_reading,
        "name": door.citizen_name,
    }
    return hide(bare_page(template, status=status, **about, **context))


def closed_door() -> Response:
    """Answer a link that does not open: the words do not tell whether it ever did."""
    about = {"product_name": "Sammen", "text_size": "normal", "is_easy": False}
    return hide(bare_page("mentor/closed.html", status=404, sentence=closed_words(), **about))


def closed_words() -> str:
    return str(_("This link does not open any more."))


def hide(response: Response) -> Response:
    """Keep the secret address out of other servers' logs and of search engines."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def note_visit(door: MentorAtDoor, what: str) -> None:
    """Log once a day that this mentor has looked; call it after the page has been read."""
    me = door.actor
    midnight = datetime.combine(today_of(me), time(), zone(me.timezone))
    log_access_daily(begin_writing(), me, door.citizen_id, what, midnight=midnight, now=now())


def today_of(mentor: Actor) -> date:
    return local_date(now(), mentor.timezone)


def subject_of(mentor: Actor, citizen_id: int) -> Subject:
    """Return what decides about a citizen whom a mentor speaks of."""
    (subject,) = subjects_of_worker(db(), mentor, [citizen_id], today_of(mentor))
    return subject
