"""Where each kind of person can go, and that no address leads out of the app."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.utils import redirect

from citizen_app.policy import STAFF, Actor, Role
from citizen_app.web import navigation
from citizen_app.web.navigation import safe_local_path

ACTOR = Actor(
    person_id=1,
    municipality_id=1,
    role=Role.CITIZEN,
    given_name="Selam",
    language="ti",
    second_language=None,
    timezone="Europe/Copenhagen",
    easy_reading=False,
    text_size="normal",
    product_name="Sammen",
    sign_in_id=1,
)
STARTS = {Role.CITIZEN: "/", Role.MENTOR: "/mentor", Role.ADMINISTRATOR: "/staff/accounts"}


@pytest.mark.parametrize("role", list(Role))
def test_everybody_starts_on_a_page_of_their_own(role: Role) -> None:
    expected = "/staff" if role in STAFF else STARTS[role]
    assert navigation.start_address(replace(ACTOR, role=role)) == expected


@pytest.mark.parametrize("role", list(Role))
def test_at_most_five_places_and_each_once(role: Role) -> None:
    places = navigation.for_actor(replace(ACTOR, role=role))
    assert 2 <= len(places) <= 5
    assert len({place.address for place in places}) == len(places)


def test_a_stranger_is_offered_no_place() -> None:
    assert navigation.for_actor(None) == ()


@pytest.mark.parametrize("path", ["/", "/goals/1", "/staff/citizens?after=a&after_id=1", "/goals/1#step"])
def test_own_addresses_are_followed(path: str) -> None:
    assert safe_local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "goals",
        "//elsewhere.example",
        "https://elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "/\x00",
        "javascript:alert(1)",
    ],
)
def test_other_addresses_are_not(path: str | None) -> None:
    assert safe_local_path(path) is None


@given(st.text(st.sampled_from("/\\:@.?#\t\r\n\x00 ae\u202e\u2028"), max_size=12))
def test_what_is_followed_stays_here_also_as_a_browser_reads_it(wished: str) -> None:
    path = safe_local_path(wished)
    if path is not None:
        assert path.startswith("/")
        location = redirect(path, 303).location
        assert not location.startswith(("//", "/\\", "http"))
