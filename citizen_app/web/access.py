"""The guard on every route: `@requires(permission)` or `@public`.

The guard answers by role before any query; what the actor may do with one citizen is checked in the view against
a `Subject`. `tests/test_access.py` walks all routes and fails on one without a mark.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import wraps
from typing import Any, cast

from flask import redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from citizen_app.policy import Actor, Forbidden, Permission, has_role_for
from citizen_app.web import replay
from citizen_app.web.locale import local_date, zone
from citizen_app.web.session import now

View = Callable[..., Any]


def actor() -> Actor:
    """Return who is signed in; only for views behind `@requires`."""
    return cast(Actor, current_user._get_current_object())  # noqa: SLF001 - Flask-Login's way to the object


def today() -> date:
    """Return the day it is now where the signed-in person is."""
    return local_date(now(), actor().timezone)


def midnight() -> datetime:
    """Return when the signed-in person's day began."""
    return datetime.combine(today(), time(), zone(actor().timezone))


def is_signed_in() -> bool:
    return bool(current_user) and current_user.is_authenticated


def public(view: View) -> View:
    """Mark a view that anybody may open."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def requires(permission: Permission, *, writes: bool = False) -> Callable[[View], View]:
    """Let only signed-in people with a fitting role in; a repeated POST gets its first answer again."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            if not is_signed_in():
                return _to_sign_in()
            if not has_role_for(actor(), permission):
                raise Forbidden
            if request.method == "POST":
                return replay.once(actor(), lambda: view(**arguments))
            return view(**arguments)

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.writes = writes  # type: ignore[attr-defined]
        return guarded

    return decorate


def _to_sign_in() -> Response:
    response = redirect("/sign-in", 303)
    if request.headers.get("HX-Request"):
        response = Response(status=401)
        response.headers["HX-Redirect"] = "/sign-in"
    return response
