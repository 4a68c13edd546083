"""What a sheet of people must be before it is taken in: rows that fit each other and what is known already.

People are found by the key they have in the municipality's own system. A relation is found by citizen, person
and role with days in common, so that a mended first day moves the relation and does not make a second one.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from citizen_app.people.rules import roles_in_relation
from citizen_app.policy import Role
from citizen_app.texts.rules import one_line


class Flaw(StrEnum):
    """Why a row is not taken in; `cli.py` has the sentence for each."""

    EMPTY_FILE = "empty_file"
    NOT_TEXT = "not_text"
    BROKEN_QUOTES = "broken_quotes"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    DOUBLE_COLUMN = "double_column"
    TOO_MANY_CELLS = "too_many_cells"
    UNKNOWN_RECORD = "unknown_record"
    WRONG_RECORD = "wrong_record"
    MISSING = "missing"
    TOO_LONG = "too_long"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_LANGUAGE = "unknown_language"
    UNKNOWN_RELATION = "unknown_relation"
    NOT_YES_OR_NO = "not_yes_or_no"
    BAD_PHONE = "bad_phone"
    BAD_EMAIL = "bad_email"
    BAD_USERNAME = "bad_username"
    BAD_DATE = "bad_date"
    CPR_NUMBER = "cpr_number"
    DOUBLE_ID = "double_id"
    USERNAME_TAKEN = "username_taken"
    CITIZEN_CHANGED = "citizen_changed"
    END_BEFORE_START = "end_before_start"
    UNKNOWN_PERSON = "unknown_person"
    NOT_A_CITIZEN = "not_a_citizen"
    RELATION_DOES_NOT_FIT = "relation_does_not_fit"
    DOUBLE_RELATION = "double_relation"
    TWO_CONTACTS = "two_contacts"


@dataclass(frozen=True)
class Fault:
    line: int
    """Where the row begins in the file; 1 is the row of column names, 0 the file as a whole."""
    field: str
    flaw: Flaw
    detail: str = ""
    """What helps to mend it, such as the longest length or the other line; never what stands in the cell."""


@dataclass(frozen=True)
class PersonRow:
    line: int
    external_id: str
    values: Mapping[str, Any]
    """By the names of the columns of `people`; columns that the file does not have are left as they are."""

    @property
    def role(self) -> Role:
        return Role(self.values["role"])


@dataclass(frozen=True)
class RelationRow:
    line: int
    citizen: str
    person: str
    role: str
    started_on: date
    ended_on: date | None
    """The first day on which the relation no longer holds."""
    is_contact: bool

    @property
    def key(self) -> tuple[str, str, str]:
        return self.citizen, self.person, self.role


@dataclass(frozen=True)
class Sheet:
    """A file as it was read; when it has faults, nothing of it is taken in."""

    people: Sequence[PersonRow] = ()
    relations: Sequence[RelationRow] = ()
    faults: Sequence[Fault] = ()
    broken: frozenset[str] = frozenset()
    """Keys of people whose rows have faults; relations to them are not blamed."""


@dataclass(frozen=True)
class KnownPerson:
    id: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class KnownRelation:
    id: int
    citizen: str
    person: str
    role: str
    started_on: date
    ended_on: date | None
    is_contact: bool

    @property
    def key(self) -> tuple[str, str, str]:
        return self.citizen, self.person, self.role


@dataclass(frozen=True)
class Known:
    """What the municipality has already."""

    people: Mapping[str, KnownPerson] = field(default_factory=dict)
    relations: Sequence[KnownRelation] = ()
    foreign_usernames: frozenset[str] = frozenset()
    """Of the sheet's user names, those that somebody in another municipality has."""


Stretch = RelationRow | KnownRelation


def faults_in(sheet: Sheet, known: Known) -> list[Fault]:
    """Return everything that is wrong, in the order of the file."""
    faults = [
        *sheet.faults,
        *_double_people(sheet.people),
        *_taken_usernames(sheet.people, known),
        *_changed_citizens(sheet.people, known),
        *_unfitting_relations(sheet, known),
        *_double_relations(sheet.relations),
        *_two_contacts(sheet.relations, known),
    ]
    return sorted(faults, key=lambda fault: (fault.line, fault.field))


def match_relations(rows: Sequence[RelationRow], known: Known) -> dict[int, KnownRelation]:
    """Return by line the known relation that a row means: with its first day, else with days in common."""
    by_key: dict[tuple[str, str, str], list[KnownRelation]] = defaultdict(list)
    for relation in known.relations:
        by_key[relation.key].append(relation)
    matches: dict[int, KnownRelation] = {}
    for is_match in (_starts_with, overlap):
        for row in rows:
            candidates = by_key[row.key]
            found = next((relation for relation in candidates if is_match(relation, row)), None)
            if found is not None and row.line not in matches:
                candidates.remove(found)
                matches[row.line] = found
    return matches


def overlap(one: Stretch, other: Stretch) -> bool:
    """Say whether two relations have a day in common."""
    return (one.ended_on is None or other.started_on < one.ended_on) and (
        other.ended_on is None or one.started_on < other.ended_on
    )


def _starts_with(one: Stretch, other: Stretch) -> bool:
    return one.started_on == other.started_on


def _double_people(people: Sequence[PersonRow]) -> Iterator[Fault]:
    for name, flaw in (("external_id", Flaw.DOUBLE_ID), ("username", Flaw.USERNAME_TAKEN)):
        first: dict[str, int] = {}
        for row in people:
            value = row.external_id if name == "external_id" else row.values.get(name)
            if value and first.setdefault(value, row.line) != row.line:
                yield Fault(row.line, name, flaw, f"line {first[value]}")


def _taken_usernames(people: Sequence[PersonRow], known: Known) -> Iterator[Fault]:
    in_file = {row.external_id for row in people}
    owners = {person.values["username"]: key for key, person in known.people.items()}
    for row in people:
        username = row.values.get("username")
        if not username:
            continue
        owner = owners.get(username, row.external_id)
        # Somebody who is in the file herself gets her name from the file, so her old one is free.
        if username in known.foreign_usernames or (owner != row.external_id and owner not in in_file):
            yield Fault(row.line, "username", Flaw.USERNAME_TAKEN)


def _changed_citizens(people: Sequence[PersonRow], known: Known) -> Iterator[Fault]:
    for row in people:
        before = known.people.get(row.external_id)
        if before and (before.values["role"] == Role.CITIZEN) != (row.role is Role.CITIZEN):
            yield Fault(row.line, "role", Flaw.CITIZEN_CHANGED)


def _unfitting_relations(sheet: Sheet, known: Known) -> Iterator[Fault]:
    roles = {key: Role(person.values["role"]) for key, person in known.people.items()}
    roles |= {row.external_id: row.role for row in sheet.people}
    for row in sheet.relations:
        for name, key in (("citizen_id", row.citizen), ("person_id", row.person)):
            if key not in roles and key not in sheet.broken:
                yield Fault(row.line, name, Flaw.UNKNOWN_PERSON)
        if roles.get(row.citizen, Role.CITIZEN) is not Role.CITIZEN and row.citizen not in sheet.broken:
            yield Fault(row.line, "citizen_id", Flaw.NOT_A_CITIZEN)
        if (
            row.person in roles
            and row.person not in sheet.broken
            and row.role not in roles_in_relation(roles[row.person])
        ):
            yield Fault(row.line, "relation", Flaw.RELATION_DOES_NOT_FIT)
        if row.ended_on is not None and row.ended_on <= row.started_on:
            yield Fault(row.line, "to", Flaw.END_BEFORE_START)


def _double_relations(relations: Sequence[RelationRow]) -> Iterator[Fault]:
    before: dict[tuple[str, str, str], list[RelationRow]] = defaultdict(list)
    for row in relations:
        twin = next((earlier for earlier in before[row.key] if overlap(earlier, row)), None)
        if twin:
            yield Fault(row.line, "relation", Flaw.DOUBLE_RELATION, f"line {twin.line}")
        before[row.key].append(row)


def _two_contacts(relations: Sequence[RelationRow], known: Known) -> Iterator[Fault]:
    replaced = {relation.id for relation in match_relations(relations, known).values()}
    contacts: dict[str, list[Stretch]] = defaultdict(list)
    for relation in known.relations:
        if relation.is_contact and relation.id not in replaced:
            contacts[relation.citizen].append(relation)
    for row in relations:
        if row.is_contact:
            if any(overlap(other, row) for other in contacts[row.citizen]):
                yield Fault(row.line, "contact", Flaw.TWO_CONTACTS)
            contacts[row.citizen].append(row)


# --- Reading CSV --------------------------------------------------------------------------------------------


class Unreadable(Exception):
    """A file that is no table at all: which line, if one is to blame, and why."""

    def __init__(self, flaw: Flaw, line: int = 0) -> None:
        super().__init__(flaw)
        self.flaw = flaw
        self.line = line


def rows_of(data: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV file that are not empty, each with the number of its first line; raises Unreadable.

    UTF-8 is read and what Danish Excel writes: cp1252 and semicolons.
    """
    return _cells(_decoded(data))


def _decoded(data: bytes) -> str:
    if b"\0" in data:
        raise Unreadable(Flaw.NOT_TEXT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # UTF-8 with a broken place would also pass as cp1252, with nonsense in every name.
        if re.search(rb"\xc3[\x80-\xbf]", data):
            raise Unreadable(Flaw.NOT_TEXT) from None
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable(Flaw.NOT_TEXT) from None


def _cells(text: str) -> list[tuple[int, list[str]]]:
    lines = list(io.StringIO(text, newline=""))
    skipped = 1 if lines and lines[0].casefold().startswith("sep=") else 0  # a line of Excel's own
    head = next((line for line in lines[skipped:] if line.strip()), "")
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
    rows = []
    line = skipped + 1
    try:
        for row in reader:
            cells = [one_line(cell) for cell in row]
            if any(cells):
                rows.append((line, cells))
            line = skipped + reader.line_num + 1
    except csv.Error:
        raise Unreadable(Flaw.BROKEN_QUOTES, line) from None
    return rows


# --- Sheets that go out -------------------------------------------------------------------------------------

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet runs as a formula."""


def write_sheet(rows: Iterable[Sequence[object]]) -> str:
    """Write rows as CSV for a spreadsheet: marked as UTF-8, and no word that people wrote can become a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return f"\ufeff{file.getvalue()}"


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell
