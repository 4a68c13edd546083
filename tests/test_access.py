"""The guard on every route, walked over the app's own list of addresses, so that a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, NumberConverter

from citizen_app.people.models import Person
from citizen_app.policy import TABLE, Permission, Role
from tests.cast import Cast, sign_in

# Anybody may open these; each new one is written down here on purpose.
PUBLIC = {
    "home.start": "leads to the sign-in page or to one's own",
    "people.language": "the language is chosen before sign-in",
    "people.sign_in": "",
    "people.connect": "",
    "people.connect_scanned": "",
    "pwa.manifest": "browsers ask without a sign-in",
    "pwa.service_worker": "browsers ask without a sign-in",
    "pwa.offline": "kept on the phone, so nothing personal",
    "practice.pocket": "kept on the phone, so nothing personal",
    "mentor.link": "a mentor has no account; the address itself is the secret",
    "mentor.say_by_link": "a mentor has no account; the address itself is the secret",
    "mentor.say_kept": "a mentor has no account; the address itself is the secret",
    "mentor_agreements.link": "a mentor has no account; the address itself is the secret",
    "mentor_agreements.say_yes_by_link": "a mentor has no account; the address itself is the secret",
    "mentor_agreements.talk_by_link": "a mentor has no account; the address itself is the secret",
    "mentor_learning.link": "a mentor has no account; the address itself is the secret",
    "mentor_learning.press_by_link": "a mentor has no account; the address itself is the secret",
    "calendars.feed": "calendar programmes cannot sign in; the address itself is the secret",
    "pwa.accessibility": "the law wants it open",
    "pwa.about": "",
    "reminders.health": "for the machines that watch over the app",
    "reminders.metrics": "for those who watch: this machine only, or whoever shows the token",
    "reminders.shown": "phones have no cookie; the key of the message proves that it was theirs",
    "reminders.take_answer": "phones have no cookie; the key of the message proves that it was theirs",
}

# A service worker sees no page and so no token: the key in the message is what proves. Of a mentor's
# link it is the address.
PROVEN_OTHERWISE = {
    "reminders.shown",
    "reminders.take_answer",
    "mentor.say_by_link",
    "mentor.say_kept",
    "mentor_agreements.say_yes_by_link",
    "mentor_agreements.talk_by_link",
    "mentor_learning.press_by_link",
}


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def permission_of(app: Flask, rule: Rule) -> Permission | None:
    view: Any = app.view_functions[rule.endpoint]
    permission: Permission | None = view.permission
    return permission


def addresses(app: Flask, rule: Rule) -> Iterator[str]:
    """The rule's addresses with any numbers and words; the guard comes before they are looked at."""
    choices: list[list[Any]] = []
    for name in sorted(rule.arguments):
        converter = rule._converters[name]
        if isinstance(converter, AnyConverter):
            choices.append(sorted(converter.items))
        else:
            choices.append([1] if isinstance(converter, NumberConverter) else ["ABCDEFGH"])
    for values in product(*choices):
        arguments = dict(zip(sorted(rule.arguments), values, strict=True))
        yield app.url_map.bind("localhost").build(rule.endpoint, arguments)


def guarded(app: Flask, method: str) -> list[tuple[str, Permission]]:
    return [
        (address, permission)
        for rule in rules(app)
        if method in (rule.methods or set()) and (permission := permission_of(app, rule)) is not None
        for address in addresses(app, rule)
    ]


def test_every_route_is_marked(app: Flask) -> None:
    unmarked = [rule.rule for rule in rules(app) if not hasattr(app.view_functions[rule.endpoint], "permission")]
    assert unmarked == []


def test_only_routes_that_are_meant_to_be_are_public(app: Flask) -> None:
    public = {rule.endpoint for rule in rules(app) if permission_of(app, rule) is None}
    assert public == set(PUBLIC)


def test_every_guarded_page_leads_strangers_to_the_sign_in(app: Flask, client: FlaskClient) -> None:
    pages = guarded(app, "GET")
    assert len(pages) > 20
    for address, _permission in pages:
        response = client.get(address)
        assert (response.status_code, response.location) == (303, "/sign-in"), address


def test_a_piece_of_a_page_sends_the_whole_browser_to_the_sign_in(app: Flask, client: FlaskClient) -> None:
    for address, _permission in guarded(app, "GET"):
        response = client.get(address, headers={"HX-Request": "true"})
        assert (response.status_code, response.headers["HX-Redirect"]) == (401, "/sign-in"), address
        assert response.data == b""


def test_no_form_is_taken_without_its_token(app: Flask, client: FlaskClient, session: Session, cast: Cast) -> None:
    posts = [rule for rule in rules(app) if "POST" in (rule.methods or set()) and rule.endpoint not in PROVEN_OTHERWISE]
    assert len(posts) > 15
    for person in (cast.selam, cast.mette):
        sign_in(client, session, person)
        for rule in posts:
            for address in addresses(app, rule):
                assert client.post(address, data={"request_id": "x"}).status_code == 400, address


def test_every_writing_address_leads_strangers_to_the_sign_in(app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    for address, _permission in guarded(app, "POST"):
        response = client.post(address)
        assert (response.status_code, response.location) == (303, "/sign-in"), address


@pytest.mark.parametrize("role", list(Role))
def test_a_role_without_the_permission_is_turned_away(
    app: Flask, client: FlaskClient, session: Session, cast: Cast, role: Role
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    session.get_one(Person, cast.mette).role = role
    sign_in(client, session, cast.mette)
    for method in ("GET", "POST"):
        for address, permission in guarded(app, method):
            if role not in TABLE[permission]:
                assert client.open(address, method=method).status_code == 403, (method, address)


def test_personal_pages_are_kept_nowhere(app: Flask, client: FlaskClient, session: Session, cast: Cast) -> None:
    for person in (cast.selam, cast.mette, cast.jens, cast.bodil):
        sign_in(client, session, person)
        for rule in rules(app):
            if not rule.arguments and "GET" in (rule.methods or set()) and permission_of(app, rule):
                assert client.get(rule.rule).headers["Cache-Control"] == "no-store", rule.rule
