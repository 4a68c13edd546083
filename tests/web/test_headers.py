"""Every answer carries a strict content policy, and no personal page is kept anywhere."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast, sign_in
from tests.plan import HTMX, ON_SQLITE


@ON_SQLITE
@pytest.mark.parametrize("address", ["/", "/goals", "/sign-in", "/nowhere", "/goals/999", "/staff", "/settings/photo"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_every_answer_is_strict_and_not_stored(
    client: FlaskClient, session: Session, cast: Cast, address: str, headers: dict[str, str]
) -> None:
    sign_in(client, session, cast.selam)
    answer = client.get(address, headers=headers)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@ON_SQLITE
def test_pages_hold_nothing_that_the_policy_refuses(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.selam)
    for address in ("/", "/goals", "/goals/new", "/settings", "/words", "/people"):
        page = client.get(address).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|href=\"javascript:", page), address
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page), address


@ON_SQLITE
def test_the_cookie_is_out_of_reach_of_script_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
