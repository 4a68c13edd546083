"""Takes a sheet of people into a municipality: all or nothing, as new or changed rows, never as doubles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from citizen_app.imports import queries
from citizen_app.imports.rules import Fault, Known, PersonRow, RelationRow, Sheet, faults_in, match_relations
from citizen_app.people.models import Municipality, Person, Relation
from citizen_app.policy import Refusal


class BadSheet(Refusal):
    """Something in the sheet is wrong, so nothing was changed."""

    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Summary:
    new_people: int
    changed_people: int
    new_relations: int
    changed_relations: int


def create_municipality(session: Session, key: str, name: str) -> Municipality:
    municipality = Municipality(key=key, name=name)
    session.add(municipality)
    session.flush()
    return municipality


def import_people(session: Session, municipality_id: int, sheet: Sheet) -> Summary:
    """Take a sheet in. A column that it does not have stays as it is; an empty cell empties.

    Raises BadSheet with every fault before anything is changed.
    """
    known = queries.known_in(session, municipality_id, sheet)
    faults = faults_in(sheet, known)
    if faults:
        raise BadSheet(faults)
    new_people, changed_people = _put_people(session, municipality_id, sheet.people, known)
    new_relations, changed_relations = _put_relations(session, municipality_id, sheet.relations, known)
    session.expire_all()
    return Summary(new_people, changed_people, new_relations, changed_relations)


def _put_people(session: Session, municipality_id: int, people: Sequence[PersonRow], known: Known) -> tuple[int, int]:
    new = [
        {"municipality_id": municipality_id, "external_id": row.external_id, **row.values}
        for row in people
        if row.external_id not in known.people
    ]
    changed = [
        {"id": before.id, **row.values}
        for row in people
        if (before := known.people.get(row.external_id)) and _differs(row.values, before.values)
    ]
    usernames = {person.id: person.values["username"] for person in known.people.values()}
    freed = [
        {"id": row["id"], "username": None}
        for row in changed
        if usernames[row["id"]] and row.get("username", usernames[row["id"]]) != usernames[row["id"]]
    ]
    # Two people may swap user names, which are unique: the old ones go first.
    for rows in (freed, changed):
        if rows:
            session.execute(update(Person), rows)
    if new:
        session.execute(insert(Person), new)
    return len(new), len(changed)


def _put_relations(
    session: Session, municipality_id: int, relations: Sequence[RelationRow], known: Known
) -> tuple[int, int]:
    matches = match_relations(relations, known)
    ids = queries.person_ids(session, municipality_id)
    new = []
    changed = []
    for row in relations:
        values = {"started_on": row.started_on, "ended_on": row.ended_on, "is_contact": row.is_contact}
        before = matches.get(row.line)
        if before is None:
            keys = {"citizen_id": ids[row.citizen], "person_id": ids[row.person], "role": row.role}
            new.append({"municipality_id": municipality_id, **keys, **values})
        elif any(getattr(before, name) != value for name, value in values.items()):
            changed.append({"id": before.id, **values})
    if changed:
        session.execute(update(Relation), changed)
    if new:
        session.execute(insert(Relation), new)
    return len(new), len(changed)


def _differs(values: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return any(before[name] != value for name, value in values.items())
