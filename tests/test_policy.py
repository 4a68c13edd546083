"""Who may do what, written down a second time by hand: changing the policy means changing it twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.policy import (
    PLAN_STAFF,
    STAFF,
    TABLE,
    Actor,
    Forbidden,
    Permission,
    Role,
    Subject,
    can,
    check,
    has_role_for,
)

STAFF_ROLES = "case_worker job_consultant company_consultant youth_coordinator cti_worker danish_teacher"
EVERYBODY = f"citizen {STAFF_ROLES} mentor administrator"
ANYBODY_HERE = "self works near"

# What each role may do, with whom: `self` is the person herself, `works` a citizen one works with today, `near`
# anybody else of the same municipality. Nobody may do anything with somebody of another municipality.
BY_HAND = {
    "see_own_pages": {"citizen": "self"},
    "use_account": dict.fromkeys(EVERYBODY.split(), "self"),
    "get_messages": {"citizen": "self", "mentor": "self"},
    "see_caseload": dict.fromkeys(STAFF_ROLES.split(), ANYBODY_HERE),
    "see_citizen": {"citizen": "self", **dict.fromkeys(STAFF_ROLES.split(), "works")},
    "write_goals": {
        "citizen": "self",
        "case_worker": "works",
        "job_consultant": "works",
        "youth_coordinator": "works",
        "cti_worker": "works",
    },
    "hold_meetings": {
        "case_worker": "works",
        "job_consultant": "works",
        "company_consultant": "works",
        "youth_coordinator": "works",
        "cti_worker": "works",
    },
    "arrange_placements": {
        "case_worker": "works",
        "job_consultant": "works",
        "company_consultant": "works",
        "youth_coordinator": "works",
        "cti_worker": "works",
    },
    "see_workplaces": {"administrator": ANYBODY_HERE, **dict.fromkeys(STAFF_ROLES.split(), ANYBODY_HERE)},
    "speak_of_days": {"citizen": "self", "mentor": "works"},
    "connect_phone": dict.fromkeys(STAFF_ROLES.split(), "works"),
    "speak_of_work": {
        "citizen": "self",
        "mentor": "works",
        "case_worker": "works",
        "job_consultant": "works",
        "youth_coordinator": "works",
        "cti_worker": "works",
        "company_consultant": "works",
    },
    "confirm_hours": dict.fromkeys(STAFF_ROLES.split(), "works"),
    "see_figures": {"administrator": ANYBODY_HERE, **dict.fromkeys(STAFF_ROLES.split(), ANYBODY_HERE)},
    "see_mentees": {"mentor": ANYBODY_HERE},
    "see_words": {"citizen": "self", "mentor": "works", **dict.fromkeys(STAFF_ROLES.split(), "works")},
    "suggest_words": {"citizen": "self", "mentor": "works", **dict.fromkeys(STAFF_ROLES.split(), "works")},
    "mark_used": {"citizen": "self", "mentor": "works"},
    "manage_words": {"administrator": ANYBODY_HERE, **dict.fromkeys(STAFF_ROLES.split(), ANYBODY_HERE)},
    "pause_reminders": {
        "case_worker": "works",
        "job_consultant": "works",
        "youth_coordinator": "works",
        "cti_worker": "works",
    },
    "set_reminders": {"administrator": ANYBODY_HERE},
    "see_accounts": {"administrator": ANYBODY_HERE},
}

ME, SOMEBODY, HERE, ELSEWHERE = 7, 8, 1, 2
SUBJECTS = {
    "self": Subject(HERE, ME),
    "works": Subject(HERE, SOMEBODY, frozenset({ME, 9})),
    "near": Subject(HERE, SOMEBODY, frozenset({9})),
    "far": Subject(ELSEWHERE, SOMEBODY, frozenset({9})),
    "far, with my number": Subject(ELSEWHERE, ME, frozenset({ME})),
}


def actor(role: Role) -> Actor:
    return Actor(
        person_id=ME,
        municipality_id=HERE,
        role=role,
        given_name="Mette",
        language="da",
        second_language=None,
        timezone="Europe/Copenhagen",
        easy_reading=False,
        text_size="normal",
        product_name="Sammen",
        sign_in_id=1,
    )


def test_the_table_by_hand_names_every_permission_and_only_roles_that_exist() -> None:
    assert set(BY_HAND) == set(Permission)
    assert {role for row in BY_HAND.values() for role in row} == set(Role)


@pytest.mark.parametrize(("permission", "role"), list(product(Permission, Role)))
def test_a_role_may_do_what_is_written_down_and_nothing_else(permission: Permission, role: Role) -> None:
    allowed = {whom for whom, subject in SUBJECTS.items() if can(actor(role), permission, subject)}
    assert allowed == set(BY_HAND[permission].get(role, "").split())
    assert has_role_for(actor(role), permission) == bool(allowed)


def test_groups_of_staff_are_as_written_down() -> None:
    assert set(STAFF_ROLES.split()) == STAFF
    assert set(BY_HAND["write_goals"]) - {"citizen"} == PLAN_STAFF
    assert {role for role in Role if actor(role).is_staff} == STAFF


def test_what_may_not_be_done_is_refused() -> None:
    check(actor(Role.CASE_WORKER), Permission.WRITE_GOALS, SUBJECTS["works"])
    with pytest.raises(Forbidden):
        check(actor(Role.DANISH_TEACHER), Permission.WRITE_GOALS, SUBJECTS["works"])


roles = st.sampled_from(Role)
permissions = st.sampled_from(Permission)
numbers = st.integers(1, 5)
subjects = st.builds(Subject, numbers, numbers, st.frozensets(numbers))


@given(roles, permissions, subjects, numbers, numbers)
def test_nobody_reaches_into_another_municipality(
    role: Role, permission: Permission, subject: Subject, person: int, municipality: int
) -> None:
    asking = replace(actor(role), person_id=person, municipality_id=municipality)
    if can(asking, permission, subject):
        assert municipality == subject.municipality_id
        assert role in TABLE[permission]


@given(roles, permissions, subjects, numbers)
def test_other_peoples_work_gives_nobody_more(role: Role, permission: Permission, subject: Subject, other: int) -> None:
    asking = replace(actor(role), person_id=99)
    more = replace(subject, worker_ids=subject.worker_ids | {other})
    assert can(asking, permission, subject) == can(asking, permission, more)


@given(st.sampled_from(sorted(STAFF)), permissions, subjects, numbers)
def test_who_stops_working_with_a_citizen_loses_her_plan(
    role: Role, permission: Permission, subject: Subject, person: int
) -> None:
    asking = replace(actor(role), person_id=person)
    without = replace(subject, worker_ids=subject.worker_ids - {person})
    about_citizens = {
        "see_citizen",
        "write_goals",
        "hold_meetings",
        "arrange_placements",
        "connect_phone",
        "see_words",
        "suggest_words",
    }
    if permission in about_citizens:
        assert not can(asking, permission, without)


def test_danish_ends_the_languages_one_reads_and_none_stands_twice() -> None:
    selam = replace(actor(Role.CITIZEN), language="ti", second_language="en")
    assert selam.reading_languages == ("ti", "en", "da")
    assert replace(selam, language="da", second_language="ti").reading_languages == ("da", "ti")
    assert replace(selam, second_language=None).reading_languages == ("ti", "da")
