"""The few places each kind of person can go to, and where a sign-in leads."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from citizen_app.policy import Actor, Permission, Role, has_role_for


class Place(NamedTuple):
    key: str
    address: str
    icon: str


CITIZEN = (
    Place("today", "/", "home"),
    Place("goals", "/goals", "flag"),
    Place("words", "/practice", "book"),
    Place("meetings", "/meetings", "calendar"),
    Place("people", "/people", "people"),
)
STAFF = (
    Place("morning", "/staff", "home"),
    Place("citizens", "/staff/citizens", "people"),
    Place("staff_meetings", "/staff/meetings", "calendar"),
    Place("placements", "/staff/placements", "work"),
    Place("words", "/staff/words", "book"),
)
MENTOR = (Place("mentees", "/mentor", "people"), Place("words", "/words", "book"))
ADMINISTRATOR = (
    Place("accounts", "/staff/accounts", "people"),
    Place("workplaces", "/staff/workplaces", "work"),
    Place("words", "/staff/words", "book"),
    Place("reminders", "/staff/reminders", "message"),
)


class RowNumber(IntegerConverter):
    """A number in an address, up to the largest that a row can have; a larger one is an address we do not have."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**31 - 1)


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = RowNumber


def for_actor(actor: Actor | None) -> tuple[Place, ...]:
    if actor is None:
        return ()
    if has_role_for(actor, Permission.SEE_OWN_PAGES):
        return CITIZEN
    if has_role_for(actor, Permission.SEE_CASELOAD):
        return STAFF
    return MENTOR if actor.role is Role.MENTOR else ADMINISTRATOR


def start_address(actor: Actor) -> str:
    """Return the page a person lands on after sign-in."""
    return for_actor(actor)[0].address


def safe_local_path(wished: str | None) -> str | None:
    """Return the path if it stays inside this app, else None; an address from outside must not lead away."""
    if not wished or not wished.startswith("/") or wished.startswith("//") or "\\" in wished:
        return None
    if not wished.isprintable():  # browsers drop a tab, and "/<tab>/elsewhere" becomes "//elsewhere"
        return None
    parts = urlsplit(wished)
    return None if parts.scheme or parts.netloc else wished
