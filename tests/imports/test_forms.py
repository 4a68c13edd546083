"""Reading a file of people: what Danish municipalities send is understood, and every wrong cell is named."""

from __future__ import annotations

from datetime import date

import pytest

from citizen_app.cli import FAULTS, fault_line
from citizen_app.imports.forms import read_sheet
from citizen_app.imports.rules import Fault, Flaw, Sheet

PEOPLE = "record,id,role,given_name,language"
RELATIONS = "record,citizen_id,person_id,relation,from,to,contact"


def read(*lines: str) -> Sheet:
    return read_sheet("\n".join(lines).encode())


def flaws(sheet: Sheet) -> list[tuple[int, str, Flaw]]:
    return [(fault.line, fault.field, fault.flaw) for fault in sheet.faults]


def values_of(column: str, cell: str) -> object:
    """What one cell of an otherwise good person becomes."""
    sheet = read(f"{PEOPLE},{column}", f'person,p1,case_worker,Mette,da,"{cell}"')
    assert not sheet.faults
    (person,) = sheet.people
    (value,) = (person.values[name] for name in person.values if name not in {"role", "given_name", "language"})
    return value


def flaw_of(column: str, cell: str) -> Flaw:
    """Why one cell of an otherwise good person is not accepted."""
    sheet = read(f"{PEOPLE},{column}", f'person,p1,case_worker,Mette,da,"{cell}"')
    (fault,) = sheet.faults
    assert (fault.line, fault.field) == (2, column)
    return fault.flaw


def test_people_and_relations_are_read() -> None:
    sheet = read(
        "record,id,role,given_name,family_name,language,citizen_id,person_id,relation,from,to,contact",
        "person,c1,citizen,Selam,Tesfay,ti,,,,,,",
        "relation,,,,,,c1,w1,case_worker,2026-01-31,2026-12-31,yes",
    )
    assert not sheet.faults
    (person,) = sheet.people
    assert person.external_id == "c1"
    assert person.values == {
        "role": "citizen",
        "given_name": "Selam",
        "family_name": "Tesfay",
        "language": "ti",
    }
    (relation,) = sheet.relations
    assert relation.key == ("c1", "w1", "case_worker")
    assert relation.started_on == date(2026, 1, 31)
    assert relation.ended_on == date(2027, 1, 1), "the last day of the file is a day that counts"
    assert relation.is_contact


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_file_from_danish_excel_is_read(encoding: str, ending: str) -> None:
    lines = (
        "sep=;",
        "Type;Nummer;Rolle;Fornavn;Efternavn;Sprog;Andet sprog;Tolk;Let læsning;Telefon;Ophørt",
        'person;b-1;Borger;Åse;"Bjørn; født Ærø";Arabisk;engelsk;Ja;nej;12 34 56 78;31-12-2026',
        "person;s-1;Dansklærer;Søren;Lund;dansk;;;;;",
        ";;;;;;;;;;",
    )
    sheet = read_sheet(ending.join(lines).encode(encoding))
    assert not sheet.faults
    citizen, teacher = sheet.people
    assert citizen.line == 3
    assert citizen.values["family_name"] == "Bjørn; født Ærø"
    assert citizen.values["language"] == "ar"
    assert citizen.values["second_language"] == "en"
    assert citizen.values["needs_interpreter"] is True
    assert citizen.values["easy_reading"] is False
    assert citizen.values["ended_on"] == date(2026, 12, 31)
    assert teacher.values["role"] == "danish_teacher"
    assert teacher.values["second_language"] is None


def test_a_column_that_is_not_there_has_no_value() -> None:
    (person,) = read(PEOPLE, "person,p1,citizen,Selam,ti").people
    assert set(person.values) == {"role", "given_name", "language"}


def test_a_line_number_is_where_the_row_begins() -> None:
    sheet = read(f"{PEOPLE},working_hours", 'person,p1,case_worker,Mette,da,"mon\n9-12"', "", "person,,,,,")
    assert {fault.line for fault in sheet.faults} == {5}


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("phone", "0045 12.34-56/78", "+45 12 34 56 78"),
        ("phone", "12345678", "12345678"),
        ("phone", "", ""),
        ("username", "Mette.Lund", "mette.lund"),
        ("username", "", None),
        ("spoken_languages", "da, Engelsk/ar", "da en ar"),
        ("working_hours", "  man\u200e  8-12 ", "man 8-12"),
        ("ended_on", "1.2.2026", date(2026, 2, 1)),
        ("ended_on", "2026-02-01", date(2026, 2, 1)),
        ("ended_on", "9999-12-31", None),
        ("ended_on", "", None),
        ("easy_reading", "JA", True),
        ("interpreter", "", False),
        ("second_language", "العربية", "ar"),
    ],
)
def test_a_cell_becomes_a_value(column: str, cell: str, value: object) -> None:
    assert values_of(column, cell) == value


@pytest.mark.parametrize(
    ("column", "cell", "flaw"),
    [
        ("phone", "call me", Flaw.BAD_PHONE),
        ("phone", "4,57E+09", Flaw.BAD_PHONE),
        ("phone", "123", Flaw.BAD_PHONE),
        ("phone", "+45 +45 12345678", Flaw.BAD_PHONE),
        ("phone", "١٢٣٤٥٦٧٨", Flaw.BAD_PHONE),
        ("email", "mette at work", Flaw.BAD_EMAIL),
        ("email", "a@b", Flaw.BAD_EMAIL),
        ("email", f"{'m' * 120}@example.dk", Flaw.TOO_LONG),
        ("username", "mette lund", Flaw.BAD_USERNAME),
        ("username", "m" * 61, Flaw.TOO_LONG),
        ("family_name", "x" * 81, Flaw.TOO_LONG),
        ("family_name", "010170-1234", Flaw.CPR_NUMBER),
        ("working_hours", "ask 0101701234", Flaw.CPR_NUMBER),
        ("second_language", "klingon", Flaw.UNKNOWN_LANGUAGE),
        ("spoken_languages", "da xx", Flaw.UNKNOWN_LANGUAGE),
        ("ended_on", "31-02-2026", Flaw.BAD_DATE),
        ("ended_on", "02/31/2026", Flaw.BAD_DATE),
        ("ended_on", "soon", Flaw.BAD_DATE),
        ("ended_on", "0026-01-01", Flaw.BAD_DATE),
        ("interpreter", "perhaps", Flaw.NOT_YES_OR_NO),
    ],
)
def test_a_wrong_cell_is_named(column: str, cell: str, flaw: Flaw) -> None:
    assert flaw_of(column, cell) is flaw


@pytest.mark.parametrize(
    ("row", "field", "flaw"),
    [
        ("person,,citizen,Selam,ti", "id", Flaw.MISSING),
        ("person,p1,,Selam,ti", "role", Flaw.MISSING),
        ("person,p1,citizen,\u200f ,ti", "given_name", Flaw.MISSING),
        ("person,p1,citizen,Selam,", "language", Flaw.MISSING),
        ("person,010170-1234,citizen,Selam,ti", "id", Flaw.CPR_NUMBER),
        ("person,0101701234,citizen,Selam,ti", "id", Flaw.CPR_NUMBER),
        (f"person,{'i' * 61},citizen,Selam,ti", "id", Flaw.TOO_LONG),
        (f"person,p1,citizen,{'S' * 61},ti", "given_name", Flaw.TOO_LONG),
        ("person,p1,king,Selam,ti", "role", Flaw.UNKNOWN_ROLE),
        ("person,p1,citizen,Selam,xx", "language", Flaw.UNKNOWN_LANGUAGE),
        ("animal,p1,citizen,Selam,ti", "record", Flaw.UNKNOWN_RECORD),
        (",p1,citizen,Selam,ti", "record", Flaw.MISSING),
        ("person,p1,citizen,Selam,ti,more", "", Flaw.TOO_MANY_CELLS),
    ],
)
def test_a_wrong_person_is_named(row: str, field: str, flaw: Flaw) -> None:
    assert flaws(read(PEOPLE, row)) == [(2, field, flaw)]


@pytest.mark.parametrize(
    ("row", "field", "flaw"),
    [
        ("relation,,w1,case_worker,2026-01-01,,", "citizen_id", Flaw.MISSING),
        ("relation,c1,,case_worker,2026-01-01,,", "person_id", Flaw.MISSING),
        ("relation,c1,w1,,2026-01-01,,", "relation", Flaw.MISSING),
        ("relation,c1,w1,friend,2026-01-01,,", "relation", Flaw.UNKNOWN_RELATION),
        ("relation,c1,w1,case_worker,,,", "from", Flaw.MISSING),
        ("relation,c1,w1,case_worker,9999-12-31,,", "from", Flaw.BAD_DATE),
        ("relation,c1,w1,case_worker,2026-01-01,later,", "to", Flaw.BAD_DATE),
        ("relation,c1,w1,case_worker,2026-01-01,,very", "contact", Flaw.NOT_YES_OR_NO),
    ],
)
def test_a_wrong_relation_is_named(row: str, field: str, flaw: Flaw) -> None:
    assert flaws(read(RELATIONS, row)) == [(2, field, flaw)]


def test_every_fault_of_every_row_is_reported() -> None:
    sheet = read(f"{PEOPLE},phone", "person,,king,Selam,ti,1", "person,p2,citizen,,xx,")
    assert {(line, field) for line, field, _flaw in flaws(sheet)} == {
        *((2, field) for field in ("id", "role", "phone")),
        *((3, field) for field in ("given_name", "language")),
    }


def test_a_cell_of_the_other_kind_of_row_is_not_silently_dropped() -> None:
    sheet = read(f"{PEOPLE},citizen_id", "person,p1,citizen,Selam,ti,c9")
    assert flaws(sheet) == [(2, "citizen_id", Flaw.WRONG_RECORD)]


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", Flaw.EMPTY_FILE),
        (b"\xef\xbb\xbf", Flaw.EMPTY_FILE),
        (b"\n\n ; \n", Flaw.EMPTY_FILE),
        (PEOPLE.encode() + b"\n", Flaw.EMPTY_FILE),
        (b"\x89PNG\r\n\x1a\n\0\0\0", Flaw.NOT_TEXT),
        (PEOPLE.encode("utf-16"), Flaw.NOT_TEXT),
        (PEOPLE.encode() + b"\nperson,p1,citizen,S\0elam,ti", Flaw.NOT_TEXT),
        (PEOPLE.encode() + "\nperson,p1,citizen,Søren,ti".encode() + b"\xff", Flaw.NOT_TEXT),
        (PEOPLE.encode() + b"\nperson,p1,citizen,\x81,ti", Flaw.NOT_TEXT),
        (PEOPLE.encode() + b'\nperson,p1,citizen,"Selam,ti', Flaw.BROKEN_QUOTES),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(data: bytes, flaw: Flaw) -> None:
    (fault,) = read_sheet(data).faults
    assert fault.flaw is flaw


@pytest.mark.parametrize(
    ("header", "field", "flaw"),
    [
        ("record,id,role,given_name", "language", Flaw.MISSING_COLUMN),
        ("id,role,given_name,language", "record", Flaw.MISSING_COLUMN),
        (f"{PEOPLE},shoe size", "shoe size", Flaw.UNKNOWN_COLUMN),
        (f"{PEOPLE},", "column 6", Flaw.UNKNOWN_COLUMN),
        (f"{PEOPLE},Fornavn", "Fornavn", Flaw.DOUBLE_COLUMN),
    ],
)
def test_wrong_columns_are_named(header: str, field: str, flaw: Flaw) -> None:
    sheet = read(header, ",".join(["person", *header.split(",")[1:]]))
    assert flaws(sheet) == [(1, field, flaw)]


def test_columns_of_relations_are_not_needed_without_relations() -> None:
    assert not read(PEOPLE, "person,p1,citizen,Selam,ti").faults
    sheet = read(PEOPLE, "person,p1,citizen,Selam,ti", "relation,,,,")
    missing = ("citizen_id", "person_id", "relation", "from")
    assert flaws(sheet) == [(1, name, Flaw.MISSING_COLUMN) for name in missing]


@pytest.mark.parametrize("flaw", list(Flaw))
def test_every_flaw_has_a_sentence(flaw: Flaw) -> None:
    line = fault_line(Fault(3, "phone", flaw, "line 2"))
    assert line.startswith("line 3, phone: ")
    assert line.endswith(".")
    assert set(FAULTS) == set(Flaw)
