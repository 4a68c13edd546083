"""The file of the kinds of meeting: what is wrong with it is told by file, line and field."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from citizen_app.config import LANGUAGES
from citizen_app.meetings import queries
from citizen_app.meetings.queries import KINDS, BadKind, read_kinds

COLUMNS = ["key", "picture", "minutes", "is_group", *LANGUAGES]
TALK = {"key": "talk", "picture": "1F4AC", "minutes": "45", "is_group": "no", **dict.fromkeys(LANGUAGES, "Samtale")}


def written(folder: Path, *rows: dict[str, str], columns: list[str] = COLUMNS, encoding: str = "utf-8") -> Path:
    file = folder / "kinds.csv"
    with file.open("w", encoding=encoding, newline="") as opened:
        writer = csv.DictWriter(opened, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_the_apps_own_kinds_are_good_in_all_languages() -> None:
    kinds = read_kinds(KINDS)
    assert kinds == queries.kinds()
    assert {language for kind in kinds.values() for language in kind.names} == set(LANGUAGES)
    assert {kind.is_group for kind in kinds.values()} == {True, False}


def test_a_good_file_is_read_in_its_order(tmp_path: Path) -> None:
    kinds = read_kinds(written(tmp_path, {**TALK, "key": "b"}, {**TALK, "key": "a", "is_group": "yes"}))
    assert [(kind.key, kind.minutes, kind.is_group) for kind in kinds.values()] == [("b", 45, False), ("a", 45, True)]


def test_a_file_from_a_spreadsheet_may_begin_with_its_mark(tmp_path: Path) -> None:
    assert list(read_kinds(written(tmp_path, TALK, encoding="utf-8-sig"))) == ["talk"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"key": ""}, "key is empty"),
        ({"key": "x" * 21}, "key has more than 20 signs"),
        ({"picture": " "}, "picture is empty"),
        ({"da": ""}, "da is empty"),
        ({"ti": "\t"}, "ti is empty"),
        ({"minutes": ""}, "minutes is empty"),
        ({"minutes": "soon"}, "minutes must be a number from 1 to 480"),
        ({"minutes": "-5"}, "minutes must be a number from 1 to 480"),
        ({"minutes": "0"}, "minutes must be a number from 1 to 480"),
        ({"minutes": "481"}, "minutes must be a number from 1 to 480"),
        ({"is_group": "perhaps"}, "is_group must be yes or no"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(tmp_path: Path, wrong: dict[str, str], message: str) -> None:
    file = written(tmp_path, {**TALK, "key": "first"}, {**TALK, **wrong})
    with pytest.raises(BadKind) as told:
        read_kinds(file)
    assert str(told.value) == f"kinds.csv, line 3: {message}"


def test_a_key_that_is_there_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKind) as told:
        read_kinds(written(tmp_path, TALK, {**TALK, "key": "other"}, TALK))
    assert str(told.value) == "kinds.csv, line 4: key talk is there twice"


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    columns = [name for name in COLUMNS if name != column]
    with pytest.raises(BadKind) as told:
        read_kinds(written(tmp_path, TALK, columns=columns))
    assert str(told.value) == f"kinds.csv, line 1: column {column} is missing"


@pytest.mark.parametrize("column", ["xx", "DA", ""])
def test_a_language_that_the_app_does_not_speak_is_named(tmp_path: Path, column: str) -> None:
    with pytest.raises(BadKind) as told:
        read_kinds(written(tmp_path, {**TALK, column: "?"}, columns=[*COLUMNS, column]))
    assert str(told.value) == f"kinds.csv, line 1: column {column!r} is not known"


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKind) as told:
        read_kinds(written(tmp_path, TALK, columns=[*COLUMNS, "da"]))
    assert str(told.value) == "kinds.csv, line 1: column da is there twice"


@pytest.mark.parametrize(
    ("ending", "message"), [(",more", "there is more than the columns hold"), (None, "pl is empty")]
)
def test_a_row_of_another_length_is_named(tmp_path: Path, ending: str | None, message: str) -> None:
    file = written(tmp_path, TALK)
    head, row = file.read_text().splitlines()
    file.write_text(f"{head}\n{row}{ending}\n" if ending else f"{head}\n{row.rpartition(',')[0]}\n")
    with pytest.raises(BadKind) as told:
        read_kinds(file)
    assert str(told.value) == f"kinds.csv, line 2: {message}"


def test_the_line_is_the_one_in_the_file_also_after_a_name_of_two_lines(tmp_path: Path) -> None:
    with pytest.raises(BadKind, match="line 4: da is empty"):
        read_kinds(written(tmp_path, {**TALK, "key": "first", "en": "Talk\nor walk"}, {**TALK, "da": ""}))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"key;picture\ntalk;1F4AC\n", "key,dæ".encode("latin-1")])
def test_what_is_no_such_file_is_said_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "kinds.csv"
    file.write_bytes(content)
    with pytest.raises(BadKind, match=r"^kinds\.csv, line 1: "):
        read_kinds(file)
