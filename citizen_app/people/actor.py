"""The sign-in state: a key in the signed cookie, a row behind it, and the actor that Flask-Login hands out.

Flask-Login's remember cookie cannot be taken back per device, so it is not used: the row can be deleted at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, session
from flask_login import LoginManager, login_user, logout_user

from citizen_app.people import queries
from citizen_app.people.actions import StartedSignIn
from citizen_app.policy import Actor, Role
from citizen_app.web.session import db, now


@dataclass(frozen=True)
class SignedIn(Actor):
    """An actor in the form Flask-Login wants."""

    key: str

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.key


def init_app(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # a phone changes its address often; the row is what protects
    manager.user_loader(load)


def load(key: str) -> SignedIn | None:
    fields = queries.signed_in_fields(db(), key, now())
    if fields is None:
        return None
    return SignedIn(**fields | {"role": Role(fields["role"]), "key": key})


def remember(started: StartedSignIn) -> None:
    """Put a started sign-in into the cookie; what another person left there goes away first."""
    session.clear()
    session.permanent = True
    db().flush()
    signed_in = load(started.key)
    assert signed_in is not None
    login_user(signed_in)


def forget() -> None:
    logout_user()
    session.clear()
