"""Codes, throttling, relations and periods, without a database; and what typed text is cleaned into."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.people import rules
from citizen_app.policy import STAFF, Role
from citizen_app.texts.rules import one_line

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_codes_have_eight_letters_that_are_not_mixed_up_and_differ() -> None:
    codes = {rules.new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == rules.CODE_LENGTH and set(code) <= set(rules.CODE_LETTERS) for code in codes)
    assert not set("ILO01") & set(rules.CODE_LETTERS)


@given(
    st.text(st.sampled_from(rules.CODE_LETTERS), min_size=8, max_size=8), st.sampled_from([" ", "-", "\u200e", "\n"])
)
def test_a_code_is_the_same_however_it_was_typed(code: str, between: str) -> None:
    assert rules.clean_code(between.join(code.lower())) == code


@pytest.mark.parametrize(("count", "limit", "waits"), [(7, 8, False), (8, 8, True), (59, 60, False), (60, 60, True)])
def test_one_waits_after_so_many_wrong_attempts(count: int, limit: int, waits: bool) -> None:
    assert rules.is_throttled([NOW] * count, NOW, limit) is waits


def test_attempts_are_forgotten_after_a_quarter_of_an_hour() -> None:
    assert not rules.is_throttled([NOW - rules.THROTTLE_WINDOW] * 8, NOW)
    assert rules.is_throttled([NOW - rules.THROTTLE_WINDOW + timedelta(seconds=1)] * 8, NOW)


def test_staff_sign_in_for_a_day_and_citizens_for_half_a_year() -> None:
    long = {role for role in Role if rules.sign_in_lifetime(role) == rules.SIGN_IN_LIFETIME}
    assert long == {Role.CITIZEN, Role.MENTOR}


@pytest.mark.parametrize("role", list(Role))
def test_a_person_is_to_a_citizen_only_what_her_role_allows(role: Role) -> None:
    possible = rules.roles_in_relation(role)
    assert possible <= rules.RELATION_ROLES
    assert bool(possible) is (role in STAFF or role is Role.MENTOR)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 13; SM-A135F)", "Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)", "iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14)", "Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("", "?"),
    ],
)
def test_a_device_is_called_as_its_owner_would(user_agent: str, name: str) -> None:
    assert rules.device_name(user_agent) == name


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        (None, ""),
        ("  two \r\n\t lines ", "two lines"),
        ("\u202eabc\u202c\u200f", "abc"),
        ("A\x00B\x07", "AB"),
        ("a\u030a", "å"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🍳", "👩\u200d🍳"),
        ("\u200d \u200c", ""),
        ("\ufeffhej\u00ad", "hej"),
    ],
)
def test_typed_text_is_one_clean_line(typed: str | None, clean: str) -> None:
    assert one_line(typed) == clean


@given(st.text(max_size=100))
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    assert one_line(one_line(typed)) == one_line(typed)
