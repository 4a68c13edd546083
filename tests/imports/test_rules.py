"""Rows that must fit each other and what the municipality has already."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.imports.rules import (
    Flaw,
    Known,
    KnownPerson,
    KnownRelation,
    PersonRow,
    RelationRow,
    Sheet,
    faults_in,
    match_relations,
    overlap,
)

JANUARY, JUNE, DECEMBER = date(2026, 1, 1), date(2026, 6, 1), date(2026, 12, 1)


def person(line: int, key: str, role: str = "citizen", **values: Any) -> PersonRow:
    return PersonRow(line, key, {"role": role, **values})


def known_person(number: int, role: str, username: str | None = None) -> KnownPerson:
    return KnownPerson(number, {"role": role, "username": username})


def relation(
    line: int,
    citizen: str = "c",
    other: str = "w",
    role: str = "case_worker",
    start: date = JANUARY,
    end: date | None = None,
    *,
    contact: bool = False,
) -> RelationRow:
    return RelationRow(line, citizen, other, role, start, end, contact)


PEOPLE = (person(2, "c"), person(3, "w", "case_worker"), person(4, "m", "mentor"), person(5, "x", "case_worker"))


def flaws(sheet: Sheet, known: Known | None = None) -> list[tuple[int, str, Flaw]]:
    return [(fault.line, fault.field, fault.flaw) for fault in faults_in(sheet, known or Known())]


def test_rows_that_fit_have_no_faults() -> None:
    rows = (relation(6, contact=True), relation(7, other="m", role="language_mentor"))
    assert flaws(Sheet(PEOPLE, rows)) == []


def test_a_person_stands_in_the_file_once() -> None:
    assert flaws(Sheet((person(2, "c"), person(3, "c")))) == [(3, "external_id", Flaw.DOUBLE_ID)]


def test_two_people_cannot_have_one_user_name() -> None:
    people = (person(2, "a", username="selam"), person(3, "b", username="selam"), person(4, "c", username=None))
    assert flaws(Sheet(people)) == [(3, "username", Flaw.USERNAME_TAKEN)]


def test_a_user_name_of_another_municipality_is_taken_and_nobody_hears_by_whom() -> None:
    sheet = Sheet((person(2, "a", username="selam"),))
    (fault,) = faults_in(sheet, Known(foreign_usernames=frozenset({"selam"})))
    assert (fault.flaw, fault.detail) == (Flaw.USERNAME_TAKEN, "")


def test_a_user_name_of_somebody_outside_the_file_is_taken() -> None:
    known = Known(people={"b": known_person(1, "citizen", "selam")})
    assert flaws(Sheet((person(2, "a", username="selam"),)), known) == [(2, "username", Flaw.USERNAME_TAKEN)]


def test_two_people_may_swap_their_user_names() -> None:
    known = Known(people={"a": known_person(1, "citizen", "one"), "b": known_person(2, "citizen", "two")})
    assert flaws(Sheet((person(2, "a", username="two"), person(3, "b", username="one"))), known) == []


@pytest.mark.parametrize(("before", "after"), [("citizen", "case_worker"), ("mentor", "citizen")])
def test_a_citizen_does_not_become_something_else(before: str, after: str) -> None:
    known = Known(people={"a": known_person(1, before)})
    assert flaws(Sheet((person(2, "a", after),)), known) == [(2, "role", Flaw.CITIZEN_CHANGED)]


def test_a_worker_may_change_work() -> None:
    known = Known(people={"a": known_person(1, "case_worker")})
    assert flaws(Sheet((person(2, "a", "job_consultant"),)), known) == []


def test_people_whom_the_municipality_has_need_not_be_in_the_file() -> None:
    known = Known(people={"c": known_person(1, "citizen"), "w": known_person(2, "case_worker")})
    assert flaws(Sheet(relations=(relation(2),)), known) == []


@pytest.mark.parametrize(
    ("row", "field", "flaw"),
    [
        (relation(6, citizen="nobody"), "citizen_id", Flaw.UNKNOWN_PERSON),
        (relation(6, other="nobody"), "person_id", Flaw.UNKNOWN_PERSON),
        (relation(6, citizen="x"), "citizen_id", Flaw.NOT_A_CITIZEN),
        (relation(6, other="c"), "relation", Flaw.RELATION_DOES_NOT_FIT),
        (relation(6, other="m"), "relation", Flaw.RELATION_DOES_NOT_FIT),
        (relation(6, role="volunteer"), "relation", Flaw.RELATION_DOES_NOT_FIT),
        (relation(6, start=JUNE, end=JANUARY), "to", Flaw.END_BEFORE_START),
        (relation(6, start=JUNE, end=JUNE), "to", Flaw.END_BEFORE_START),
    ],
)
def test_a_relation_that_does_not_fit_is_named(row: RelationRow, field: str, flaw: Flaw) -> None:
    assert flaws(Sheet(PEOPLE, (row,))) == [(6, field, flaw)]


def test_a_relation_to_somebody_whose_own_row_is_wrong_is_not_blamed() -> None:
    sheet = Sheet((person(2, "c"),), (relation(3),), broken=frozenset({"w"}))
    assert flaws(sheet) == []


def test_the_same_relation_twice_on_shared_days_is_named() -> None:
    rows = (relation(6, end=JUNE), relation(7, start=JUNE), relation(8, start=DECEMBER))
    assert flaws(Sheet(PEOPLE, rows)) == [(8, "relation", Flaw.DOUBLE_RELATION)]


def test_a_citizen_has_one_contact_person_at_a_time() -> None:
    one, next_one = relation(6, end=JUNE, contact=True), relation(7, other="x", start=JUNE, contact=True)
    assert flaws(Sheet(PEOPLE, (one, next_one))) == []
    both = (relation(6, contact=True), relation(7, other="x", start=JUNE, contact=True))
    assert flaws(Sheet(PEOPLE, both)) == [(7, "contact", Flaw.TWO_CONTACTS)]


def test_a_contact_person_whom_the_file_does_not_name_stays_the_contact_person() -> None:
    known = Known(relations=[KnownRelation(1, "c", "w", "case_worker", JANUARY, None, is_contact=True)])
    row = relation(6, other="x", contact=True)
    assert flaws(Sheet(PEOPLE, (row,)), known) == [(6, "contact", Flaw.TWO_CONTACTS)]


def test_the_file_can_hand_the_contact_over() -> None:
    known = Known(relations=[KnownRelation(1, "c", "w", "case_worker", JANUARY, None, is_contact=True)])
    rows = (relation(6, contact=False), relation(7, other="x", contact=True))
    assert flaws(Sheet(PEOPLE, rows), known) == []


def test_a_row_means_the_relation_with_its_first_day_before_any_other() -> None:
    old = KnownRelation(1, "c", "w", "case_worker", JANUARY, JUNE, is_contact=False)
    new = KnownRelation(2, "c", "w", "case_worker", JUNE, None, is_contact=False)
    rows = (relation(6, start=JUNE), relation(7, start=JANUARY, end=JUNE))
    assert match_relations(rows, Known(relations=[old, new])) == {6: new, 7: old}


def test_a_mended_first_day_means_the_same_relation() -> None:
    known = KnownRelation(1, "c", "w", "case_worker", JANUARY, None, is_contact=False)
    assert match_relations((relation(6, start=JUNE),), Known(relations=[known])) == {6: known}


def test_a_relation_that_begins_again_later_is_a_new_one() -> None:
    ended = KnownRelation(1, "c", "w", "case_worker", JANUARY, JUNE, is_contact=False)
    assert match_relations((relation(6, start=DECEMBER),), Known(relations=[ended])) == {}


def test_faults_come_in_the_order_of_the_file() -> None:
    people = (person(9, "a"), person(10, "a"), person(3, "b"), person(4, "b"))
    assert [line for line, _field, _flaw in flaws(Sheet(people))] == [4, 10]


days = st.dates(date(2026, 1, 1), date(2026, 3, 1))


@given(days, days | st.none(), days, days | st.none())
def test_relations_overlap_when_some_day_belongs_to_both(
    start: date, end: date | None, other_start: date, other_end: date | None
) -> None:
    one, other = relation(1, start=start, end=end), relation(2, start=other_start, end=other_end)
    last = date(2026, 3, 2).toordinal()

    def days_of(row: RelationRow) -> set[int]:
        return set(range(row.started_on.toordinal(), row.ended_on.toordinal() if row.ended_on else last))

    if days_of(one) and days_of(other):
        assert overlap(one, other) == overlap(other, one) == bool(days_of(one) & days_of(other))
