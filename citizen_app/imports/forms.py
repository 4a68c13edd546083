"""Reads a file of people into rows: cells into values, faults for what does not fit.

One file holds two kinds of rows, named in the column `record`: `person` and `relation`. Column names are
English or Danish; UTF-8 is read and what Danish Excel writes: cp1252, semicolons, ja, nej, day-month-year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from citizen_app.config import LANGUAGES
from citizen_app.imports.rules import Fault, Flaw, PersonRow, RelationRow, Sheet, Unreadable, rows_of
from citizen_app.people.models import Person
from citizen_app.people.rules import RELATION_ROLES
from citizen_app.policy import Role
from citizen_app.texts.rules import has_cpr_number

PERSON_COLUMNS = {
    "id": "external_id",
    "role": "role",
    "given_name": "given_name",
    "family_name": "family_name",
    "language": "language",
    "second_language": "second_language",
    "interpreter": "needs_interpreter",
    "easy_reading": "easy_reading",
    "phone": "phone",
    "email": "email",
    "username": "username",
    "spoken_languages": "spoken_languages",
    "working_hours": "working_hours",
    "ended_on": "ended_on",
}
"""The file's columns for people, and the columns of the table they go to."""
RELATION_COLUMNS = ("citizen_id", "person_id", "relation", "from", "to", "contact")
REQUIRED = {
    "person": ("id", "role", "given_name", "language"),
    "relation": ("citizen_id", "person_id", "relation", "from"),
}


def _table(text: str) -> dict[str, str]:
    """Read `name=meaning` pairs."""
    return dict(pair.split("=") for pair in text.split())


ALIASES = _table(
    """
    type=record post=record nummer=id rolle=role fornavn=given_name efternavn=family_name sprog=language
    andet_sprog=second_language tolk=interpreter let_læsning=easy_reading telefon=phone tlf=phone mobil=phone
    mail=email e_mail=email brugernavn=username taler=spoken_languages arbejdstid=working_hours
    træffetid=working_hours ophørt=ended_on borger=citizen_id person=person_id fra=from til=to
    kontaktperson=contact
    """
)
ROLES = {role.value: role.value for role in Role} | _table(
    """
    borger=citizen sagsbehandler=case_worker jobkonsulent=job_consultant
    virksomhedskonsulent=company_consultant ungekoordinator=youth_coordinator cti_medarbejder=cti_worker
    dansklærer=danish_teacher
    """
)
LANGUAGE_NAMES = {
    **{code: code for code in LANGUAGES},
    **{name.casefold(): code for code, name in LANGUAGES.items()},
    **_table("engelsk=en arabisk=ar ukrainsk=uk tyrkisk=tr persisk=fa farsi=fa somali=so somalisk=so"),
    **_table("tigrinya=ti kurmanji=ku kurdisk=ku polsk=pl"),
}
YES_OR_NO = {"yes": True, "ja": True, "no": False, "nej": False, "": False}
END_OF_TIME = ("9999-12-31", "31-12-9999")
"""What other systems write for "no end"."""
LIMITS: Mapping[str, int | None] = {
    name: getattr(column.type, "length", None) for name, column in Person.__table__.c.items()
}


class _CellError(Exception):
    """A cell that does not fit."""

    def __init__(self, flaw: Flaw, detail: str = "") -> None:
        super().__init__(flaw)
        self.flaw = flaw
        self.detail = detail


def read_sheet(data: bytes) -> Sheet:
    """Read a file whole; what does not fit comes back as faults."""
    try:
        rows = rows_of(data)
    except Unreadable as bad:
        return Sheet(faults=[Fault(bad.line, "", bad.flaw)])
    if not rows:
        return Sheet(faults=[Fault(0, "", Flaw.EMPTY_FILE)])
    (header_line, header), *body = rows
    columns = [_column(name) for name in header]
    faults = _column_faults(header_line, header, columns)
    if not body:
        faults.append(Fault(0, "", Flaw.EMPTY_FILE))
    kinds = {dict(zip(columns, cells, strict=False)).get("record", "").casefold() for _line, cells in body}
    faults += [
        Fault(header_line, name, Flaw.MISSING_COLUMN)
        for name in ("record", *(name for kind, names in REQUIRED.items() if kind in kinds for name in names))
        if name not in columns
    ]
    return Sheet(faults=faults) if faults else _read_rows(columns, body)


def _column(name: str) -> str:
    key = re.sub(r"[\s-]+", "_", name.casefold())
    return ALIASES.get(key, key)


def _column_faults(line: int, header: Sequence[str], columns: Sequence[str]) -> list[Fault]:
    known = {"record", *PERSON_COLUMNS, *RELATION_COLUMNS}
    faults = []
    for place, (name, column) in enumerate(zip(header, columns, strict=True)):
        if column not in known:
            faults.append(Fault(line, name[:40] or f"column {place + 1}", Flaw.UNKNOWN_COLUMN))
        elif column in columns[:place]:
            faults.append(Fault(line, name, Flaw.DOUBLE_COLUMN))
    return faults


def _read_rows(columns: Sequence[str], body: Sequence[tuple[int, list[str]]]) -> Sheet:
    people: list[PersonRow] = []
    relations: list[RelationRow] = []
    faults: list[Fault] = []
    broken: set[str] = set()
    for line, cells in body:
        row = dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
        record = row.pop("record").casefold()
        if any(cells[len(columns) :]):
            faults.append(Fault(line, "", Flaw.TOO_MANY_CELLS))
        elif record == "person":
            person, wrong = _person(line, row)
            people += [person] if person else []
            broken |= {row["id"]} if wrong else set()
            faults += wrong
        elif record == "relation":
            relation, wrong = _relation(line, row)
            relations += [relation] if relation else []
            faults += wrong
        else:
            faults.append(Fault(line, "record", Flaw.UNKNOWN_RECORD if record else Flaw.MISSING))
    return Sheet(people, relations, faults, frozenset(broken))


def _person(line: int, row: Mapping[str, str]) -> tuple[PersonRow | None, list[Fault]]:
    values, faults = _values(line, row, "person", tuple(PERSON_COLUMNS))
    if faults:
        return None, faults
    named = {PERSON_COLUMNS[name]: value for name, value in values.items()}
    return PersonRow(line, named.pop("external_id"), named), []


def _relation(line: int, row: Mapping[str, str]) -> tuple[RelationRow | None, list[Fault]]:
    values, faults = _values(line, row, "relation", RELATION_COLUMNS)
    if faults:
        return None, faults
    last_day: date | None = values.get("to")
    relation = RelationRow(
        line=line,
        citizen=values["citizen_id"],
        person=values["person_id"],
        role=values["relation"],
        started_on=values["from"],
        ended_on=last_day + timedelta(days=1) if last_day else None,
        is_contact=values.get("contact", False),
    )
    return relation, []


def _values(line: int, row: Mapping[str, str], record: str, names: Sequence[str]) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults = [Fault(line, name, Flaw.WRONG_RECORD, record) for name in row if name not in names and row[name]]
    for name in (name for name in names if name in row):
        try:
            values[name] = _value(name, row[name], is_required=name in REQUIRED[record])
        except _CellError as bad:
            faults.append(Fault(line, name, bad.flaw, bad.detail))
    return values, faults


def _value(name: str, cell: str, *, is_required: bool) -> Any:
    if not cell and is_required:
        raise _CellError(Flaw.MISSING)
    if name != "phone" and has_cpr_number(cell):
        raise _CellError(Flaw.CPR_NUMBER)
    value = READERS.get(name, str)(cell)
    limit = LIMITS.get(PERSON_COLUMNS.get(name, "external_id"))
    if isinstance(value, str) and limit and len(value) > limit:
        raise _CellError(Flaw.TOO_LONG, str(limit))
    return value


def _chosen(choices: Mapping[str, Any], flaw: Flaw) -> Callable[[str], Any]:
    def read(cell: str) -> Any:
        key = re.sub(r"[\s-]+", "_", cell.casefold())
        if key not in choices:
            raise _CellError(flaw)
        return choices[key]

    return read


def _languages(cell: str) -> str:
    return " ".join(_language(name) for name in re.split(r"[\s,;/]+", cell) if name)


def _phone(cell: str) -> str:
    """Return the number in the groups it was written in: digits and spaces, `+` for a leading 00."""
    spaced = " ".join(re.sub(r"[-./()]", " ", re.sub(r"^00", "+", cell)).split())
    if cell and not (re.fullmatch(r"\+?[0-9 ]+", spaced) and 6 <= sum(map(str.isdigit, spaced)) <= 15):
        raise _CellError(Flaw.BAD_PHONE)
    return spaced


def _email(cell: str) -> str:
    if cell and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", cell):
        raise _CellError(Flaw.BAD_EMAIL)
    return cell


def _username(cell: str) -> str | None:
    if cell and not re.fullmatch(r"[\w.@+-]+", cell):
        raise _CellError(Flaw.BAD_USERNAME)
    return cell.lower() or None


def _day(cell: str) -> date | None:
    if not cell or cell in END_OF_TIME:
        return None
    danish = re.fullmatch(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})", cell, re.ASCII)
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", cell, re.ASCII)
    numbers = [int(part) for part in danish.groups()[::-1]] if danish else []
    numbers = [int(part) for part in iso.groups()] if iso else numbers
    try:
        day = date(*numbers)
    except (TypeError, ValueError):
        raise _CellError(Flaw.BAD_DATE) from None
    if not 1900 <= day.year <= 2200:
        raise _CellError(Flaw.BAD_DATE)
    return day


def _required_day(cell: str) -> date:
    day = _day(cell)
    if day is None:
        raise _CellError(Flaw.BAD_DATE)
    return day


_language = _chosen(LANGUAGE_NAMES, Flaw.UNKNOWN_LANGUAGE)
_yes_or_no = _chosen(YES_OR_NO, Flaw.NOT_YES_OR_NO)
READERS: Mapping[str, Callable[[str], Any]] = {
    "role": _chosen(ROLES, Flaw.UNKNOWN_ROLE),
    "language": _language,
    "second_language": lambda cell: _language(cell) if cell else None,
    "interpreter": _yes_or_no,
    "easy_reading": _yes_or_no,
    "phone": _phone,
    "email": _email,
    "username": _username,
    "spoken_languages": _languages,
    "ended_on": _day,
    "relation": _chosen({role: role for role in RELATION_ROLES}, Flaw.UNKNOWN_RELATION),
    "from": _required_day,
    "to": _day,
    "contact": _yes_or_no,
}
