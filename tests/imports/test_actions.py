"""Taking a sheet in, on real databases and through the command: all or nothing, and never a double."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from citizen_app.imports.actions import BadSheet, Summary, import_people
from citizen_app.imports.forms import read_sheet
from citizen_app.imports.rules import Flaw
from citizen_app.people.models import Municipality, Person, Relation
from tests.cast import Cast

HEADER = "record,id,role,given_name,family_name,language,phone,username,citizen_id,person_id,relation,from,to,contact"
FILE = (
    HEADER,
    "person,c1,citizen,Hodan,Warsame,so,12 34 56 78,,,,,,,",
    "person,w1,case_worker,Birgit,Dahl,da,,birgit,,,,,,",
    "relation,,,,,,,,c1,w1,case_worker,2026-01-01,,yes",
)
MANY = 10_000


def take_in(session: Session, municipality: int, lines: Sequence[str]) -> Summary:
    return import_people(session, municipality, read_sheet("\n".join(lines).encode()))


def person(session: Session, municipality: int, key: str) -> Person:
    return session.scalars(select(Person).filter_by(municipality_id=municipality, external_id=key)).one()


def counts(session: Session) -> tuple[int, ...]:
    return tuple(
        session.scalar(select(func.count()).select_from(table)) or 0 for table in (Municipality, Person, Relation)
    )


def test_people_and_relations_come_in(session: Session, cast: Cast) -> None:
    assert take_in(session, cast.solby, FILE) == Summary(2, 0, 1, 0)
    hodan, birgit = person(session, cast.solby, "c1"), person(session, cast.solby, "w1")
    assert (hodan.given_name, hodan.language, hodan.phone) == ("Hodan", "so", "12 34 56 78")
    assert (hodan.text_size, hodan.has_photo, hodan.password_hash) == ("normal", False, None)
    assert birgit.username == "birgit"
    relation = session.scalars(select(Relation).filter_by(citizen_id=hodan.id)).one()
    assert (relation.person_id, relation.role, relation.is_contact) == (birgit.id, "case_worker", True)
    assert (relation.started_on, relation.ended_on) == (date(2026, 1, 1), None)


def test_the_same_file_again_changes_nothing(session: Session, cast: Cast) -> None:
    take_in(session, cast.solby, FILE)
    before = counts(session)
    assert take_in(session, cast.solby, FILE) == Summary(0, 0, 0, 0)
    assert counts(session) == before


def test_a_changed_file_updates_and_doubles_nothing(session: Session, cast: Cast) -> None:
    take_in(session, cast.solby, FILE)
    before = counts(session)
    changed = [line.replace("12 34 56 78", "87 65 43 21").replace("01-01,,yes", "02-01,2026-12-31,no") for line in FILE]
    assert take_in(session, cast.solby, changed) == Summary(0, 1, 0, 1)
    assert counts(session) == before
    assert person(session, cast.solby, "c1").phone == "87 65 43 21"
    hodan = person(session, cast.solby, "c1").id
    relation = session.scalars(select(Relation).filter_by(citizen_id=hodan)).one()
    assert (relation.started_on, relation.ended_on) == (date(2026, 2, 1), date(2027, 1, 1))
    assert not relation.is_contact


def test_a_column_that_is_not_there_stays_and_an_empty_cell_empties(session: Session, cast: Cast) -> None:
    take_in(session, cast.solby, FILE)
    take_in(session, cast.solby, ["record,id,role,given_name,language", "person,c1,citizen,Hodan,so"])
    assert person(session, cast.solby, "c1").phone == "12 34 56 78"
    take_in(session, cast.solby, ["record,id,role,given_name,language,phone", "person,c1,citizen,Hodan,so,"])
    assert person(session, cast.solby, "c1").phone == ""


def test_two_people_swap_their_user_names(session: Session, cast: Cast) -> None:
    header = "record,id,role,given_name,language,username"
    people = ("person,a,case_worker,Ane,da,{}", "person,b,case_worker,Bo,da,{}")
    take_in(session, cast.solby, [header, people[0].format("one"), people[1].format("two")])
    take_in(session, cast.solby, [header, people[0].format("two"), people[1].format("one")])
    assert person(session, cast.solby, "a").username == "two"
    assert person(session, cast.solby, "b").username == "one"


def test_the_same_key_in_another_municipality_is_somebody_else(session: Session, cast: Cast) -> None:
    take_in(session, cast.solby, FILE)
    nameless = [line.replace("birgit", "berit") for line in FILE]
    assert take_in(session, cast.vandby, nameless) == Summary(2, 0, 1, 0)
    assert person(session, cast.solby, "c1").id != person(session, cast.vandby, "c1").id


def test_people_of_another_municipality_are_unknown_and_untouched(session: Session, cast: Cast) -> None:
    line = "relation,,,,,,,,x-olena,x-mette,case_worker,2026-01-01,,"
    with pytest.raises(BadSheet) as caught:
        take_in(session, cast.solby, [HEADER, line])
    assert [(fault.field, fault.flaw) for fault in caught.value.faults] == [("citizen_id", Flaw.UNKNOWN_PERSON)]


def test_a_user_name_from_another_municipality_is_refused(session: Session, cast: Cast) -> None:
    with pytest.raises(BadSheet) as caught:
        take_in(session, cast.solby, [HEADER, "person,n1,case_worker,Anders,Vig,da,,ANDERS,,,,,,"])
    (fault,) = caught.value.faults
    assert (fault.field, fault.flaw, fault.detail) == ("username", Flaw.USERNAME_TAKEN, "")


def test_one_wrong_row_among_many_changes_nothing(session: Session, cast: Cast) -> None:
    before = counts(session)
    with pytest.raises(BadSheet):
        take_in(session, cast.solby, [*FILE, "person,c2,citizen,,,so,,,,,,,,"])
    session.commit()
    assert counts(session) == before


def test_ten_thousand_rows_take_a_handful_of_statements(engine: Engine, session: Session, cast: Cast) -> None:
    people = [f"person,c{number},citizen,Name {number},,pl,,citizen{number},,,,,," for number in range(MANY // 2)]
    relations = [f"relation,,,,,,,,c{number},x-mette,case_worker,2026-01-01,,no" for number in range(MANY // 2)]
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement.split(None, 1)[0])

    event.listen(engine, "before_cursor_execute", note)
    assert take_in(session, cast.solby, [HEADER, *people, *relations]) == Summary(MANY // 2, 0, MANY // 2, 0)
    writes = [verb for verb in statements if verb in {"INSERT", "UPDATE"}]
    assert len(statements) - len(writes) <= 5 + MANY // 2 // 500
    assert len(writes) <= 30
    assert take_in(session, cast.solby, [HEADER, *people, *relations]) == Summary(0, 0, 0, 0)


# --- The command --------------------------------------------------------------------------------------------


def run(app: Flask, file: Path, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["people", "import", str(file), *arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(FILE), encoding="utf-8")
    return path


def test_the_command_makes_a_municipality_and_says_what_came_in(app: Flask, session: Session, file: Path) -> None:
    for expected in ("People: 2 new, 0 changed. Relations: 1 new,", "People: 0 new, 0 changed."):
        done = run(app, file, "--municipality", "engby", "--create-municipality", "Engby Kommune")
        assert done.exit_code == 0
        assert expected in done.output
    assert session.scalars(select(Municipality.name)).all() == ["Engby Kommune"]


def test_the_command_names_every_wrong_row_and_changes_nothing(app: Flask, session: Session, file: Path) -> None:
    bad = ["person,010170-1234,citizen,Ali,,ar,,,,,,,,", "person,c2,citizen,Ali,,ar,one,,,,,,,"]
    file.write_text("\n".join([*FILE, *bad]), encoding="utf-8")
    done = run(app, file, "--municipality", "engby", "--create-municipality", "Engby Kommune")
    assert done.exit_code == 1
    assert "line 5, id: looks like a CPR number" in done.output
    assert "010170" not in done.output
    assert "line 6, phone: is not a phone number." in done.output
    assert "2 faults. Nothing was changed." in done.output
    assert counts(session) == (0, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--municipality", "engby"], "There is no municipality engby."),
        (["--municipality", "Eng by", "--create-municipality", "Engby"], "small letters"),
        (["--municipality", "engby", "--create-municipality", " "], "1 to 80 characters"),
        (["--municipality", "engby", "--create-municipality", "x" * 81], "1 to 80 characters"),
        ([], "--municipality"),
    ],
)
def test_the_command_asks_for_a_municipality(
    app: Flask, session: Session, file: Path, arguments: list[str], sentence: str
) -> None:
    done = run(app, file, *arguments)
    assert done.exit_code != 0
    assert sentence in done.output
    assert counts(session) == (0, 0, 0)


def test_the_command_refuses_a_file_that_is_not_there(app: Flask, tmp_path: Path) -> None:
    done = run(app, tmp_path / "nothing.csv", "--municipality", "engby")
    assert done.exit_code != 0
    assert "does not exist" in done.output
