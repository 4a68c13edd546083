"""Reads the deck of words that comes with the project.

The deck is a file and not a table: it is the same for every municipality, is checked by tests, and is read
once per process. Every field is checked here, so that a slip in the file is found by line and field and not
on a phone.
"""

import csv
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from citizen_app.words.rules import ARTICLES, MEANING_LANGUAGES, THEMES, WORD_CLASSES, Word

CORE_DECK: Final = Path(__file__).parent / "data" / "core.csv"
FIELDS: Final = ("key", "theme", "class", "article", "lemma", "example", "picture", *MEANING_LANGUAGES)

_KEY: Final = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_PICTURE: Final = re.compile(r"[0-9A-F]{4,5}(-[0-9A-F]{4,5})*")


class BadDeck(ValueError):
    """A deck file that cannot be used: which file, line and field, and what is wrong there."""

    def __init__(self, file: Path, line: int, field: str, problem: str) -> None:
        super().__init__(f"{file.name}, line {line}, field {field}: {problem}")
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem


@lru_cache(maxsize=1)
def core_deck() -> tuple[Word, ...]:
    """The 100 words in the order a beginner meets them."""
    return read_deck(CORE_DECK)


def read_deck(file: Path) -> tuple[Word, ...]:
    """The words of a deck file (UTF-8, commas); raises BadDeck at the first fault.

    A meaning may be empty while a language is being translated, except in English.
    """
    words: list[Word] = []
    keys: dict[str, int] = {}
    pictures: dict[str, int] = {}
    for line, row in _rows(file):

        def refuse(field: str, problem: str, line: int = line) -> BadDeck:
            return BadDeck(file, line, field, problem)

        _check_row(row, refuse)
        for field, seen in (("key", keys), ("picture", pictures)):
            value = row[field]
            if value and value in seen:
                raise refuse(field, f"{value!r} is already used in line {seen[value]}")
            seen[value] = line
        words.append(_word(row))
    return tuple(words)


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    # Spreadsheets put a mark at the start of UTF-8 files; "utf-8-sig" reads both with and without it.
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            _check_header(file, tuple(next(reader, ())))
            for values in reader:
                if len(values) != len(FIELDS):
                    last = FIELDS[min(len(values), len(FIELDS) - 1)]
                    problem = f"{len(values)} fields, not {len(FIELDS)} (a text with a comma needs quotes)"
                    raise BadDeck(file, reader.line_num, last, problem)
                yield reader.line_num, dict(zip(FIELDS, values, strict=True))
        except csv.Error as error:
            raise BadDeck(file, reader.line_num, "(whole line)", str(error)) from error


def _check_header(file: Path, header: tuple[str, ...]) -> None:
    if header != FIELDS:
        wrong = next((want for want, got in zip(FIELDS, header, strict=False) if want != got), FIELDS[-1])
        raise BadDeck(file, 1, wrong, f"the first line must be {','.join(FIELDS)}")


def _check_row(row: dict[str, str], refuse: Callable[[str, str], BadDeck]) -> None:
    for field, value in row.items():
        if value != value.strip():
            raise refuse(field, "space at the start or end")
    for field in ("key", "lemma", "example", "en"):
        if not row[field]:
            raise refuse(field, "is empty")
    if not _KEY.fullmatch(row["key"]):
        raise refuse("key", f"{row['key']!r} is not small ASCII letters, digits and single underscores")
    for field, allowed in (("theme", THEMES), ("class", WORD_CLASSES)):
        if row[field] not in allowed:
            raise refuse(field, f"{row[field]!r} is none of {', '.join(allowed)}")
    if row["class"] == "noun" and row["article"] not in ARTICLES:
        raise refuse("article", "a noun needs en or et")
    if row["class"] != "noun" and row["article"]:
        raise refuse("article", "only a noun has an article")
    if row["picture"] and not _PICTURE.fullmatch(row["picture"]):
        raise refuse("picture", f"{row['picture']!r} is no OpenMoji hexcode")


def _word(row: dict[str, str]) -> Word:
    return Word(
        key=row["key"],
        theme=row["theme"],
        word_class=row["class"],
        article=row["article"],
        lemma=row["lemma"],
        example=row["example"],
        picture=row["picture"],
        meanings=MappingProxyType({language: row[language] for language in MEANING_LANGUAGES}),
    )
