"""What a Danish word of a deck is, what must hold of it, and how words are compared and found.

Deck files are read and written here, too: CSV with one row for each word. For each language there are up to four
columns: `ar` (the meaning), `ar_example`, `ar_checked_by` and `ar_checked_on`. The app's own decks, the staff's
export and the staff's import are this one format.
"""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from citizen_app.imports.rules import Unreadable, rows_of
from citizen_app.texts.rules import fold

CORE: Final = "core"
BRANCHES: Final = (
    "cleaning", "kitchen", "warehouse", "retail", "care", "construction", "industry", "gardening",
)  # fmt: skip
DECKS: Final = (CORE, *BRANCHES)
WORKPLACE: Final = "workplace"
"""The deck that is each citizen's own: words that she, her mentor or staff met at her workplace."""

# In the order a beginner meets them.
THEMES: Final = ("safety", "greetings", "time", "tools", "tasks", "body", "together")
WORD_CLASSES: Final = ("noun", "verb", "adjective", "adverb", "phrase")
ARTICLES: Final = ("en", "et")
# The languages of the meanings; Danish is the word itself.
MEANING_LANGUAGES: Final = ("en", "ar", "uk", "tr", "fa", "so", "ti", "ku", "pl")
EXAMPLE_WORDS: Final = 8
"""The most words an example may have: a beginner must be able to hold it."""


class Meaning(NamedTuple):
    """What a word and its example mean in one language, and who has read it over."""

    text: str
    example: str = ""
    checked_by: str = ""
    """Empty until a speaker has accepted or mended it."""
    checked_on: date | None = None


NO_MEANING: Final = Meaning("")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a short fixed phrase, as it is taught."""

    key: str
    deck: str
    theme: str
    word_class: str
    article: str
    # Without article; a verb is given as the infinitive without "at".
    lemma: str
    # The forms a beginner meets: of a noun the definite one, of a verb present and past.
    definite: str = ""
    present: str = ""
    past: str = ""
    example: str = ""
    # Hexcode of an OpenMoji picture, or `own-...` for a drawing of the project.
    picture: str = ""
    # Language code -> meaning.
    meanings: Mapping[str, Meaning] = field(default_factory=dict, hash=False)

    @property
    def with_article(self) -> str:
        return f"{self.article} {self.lemma}" if self.article else self.lemma

    @property
    def forms(self) -> tuple[str, ...]:
        """The other forms that the card shows under the word."""
        return tuple(form for form in (self.definite, self.present, self.past) if form)

    def meaning(self, language: str | None) -> Meaning:
        return self.meanings.get(language or "", NO_MEANING)

    def meaning_for(self, languages: Iterable[str]) -> tuple[str | None, Meaning]:
        """Return the first language of a reader in which the word has a meaning, with that meaning."""
        for language in languages:
            if (meaning := self.meaning(language)).text:
                return language, meaning
        return None, NO_MEANING


def with_meanings(word: Word, more: Mapping[str, Meaning]) -> Word:
    """Return the word with these meanings in place of its own in the same languages."""
    return replace(word, meanings=MappingProxyType({**word.meanings, **more}))


# --- What must hold of a word -------------------------------------------------------------------------------


class Flaw(StrEnum):
    """Why a word of a file is not taken in; `staff/word_faults.py` has the sentence for each."""

    EMPTY_FILE = "empty_file"
    NOT_TEXT = "not_text"
    BROKEN_QUOTES = "broken_quotes"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    DOUBLE_COLUMN = "double_column"
    UNKNOWN_LANGUAGE = "unknown_language"
    TOO_MANY_CELLS = "too_many_cells"
    MISSING = "missing"
    TOO_LONG = "too_long"
    BAD_KEY = "bad_key"
    NO_SUCH_CHOICE = "no_such_choice"
    NOUN_WITHOUT_ARTICLE = "noun_without_article"
    ARTICLE_WITHOUT_NOUN = "article_without_noun"
    WRONG_ARTICLE_FORM = "wrong_article_form"
    LONG_EXAMPLE = "long_example"
    EXAMPLE_WITHOUT_WORD = "example_without_word"
    BAD_PICTURE = "bad_picture"
    BAD_DATE = "bad_date"
    DOUBLE_KEY = "double_key"
    DOUBLE_WORD = "double_word"
    DOUBLE_PICTURE = "double_picture"
    TAKEN_KEY = "taken_key"
    LOST_LETTERS = "lost_letters"
    NO_PICTURE = "no_picture"
    NO_SOUND = "no_sound"


class Fault(NamedTuple):
    line: int
    """Where the row begins in the file; 1 is the row of column names, 0 the file as a whole."""
    field: str
    flaw: Flaw
    detail: str = ""
    """What helps to mend it: the choices there are, the longest length, the other line."""


LONGEST: Final = {"key": 60, "lemma": 60, "definite": 60, "present": 60, "past": 60, "example": 120, "picture": 40}
LONGEST_MEANING: Final = 80
LONGEST_MEANT_EXAMPLE: Final = 200
LONGEST_NAME: Final = 60
_KEY: Final = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_PICTURE: Final = re.compile(r"[0-9A-F]{4,5}(-[0-9A-F]{4,5})*|own-[a-z0-9_]+")
_CHOICES: Final = {"deck": DECKS, "theme": THEMES, "class": WORD_CLASSES}


def faults_of(line: int, word: Word) -> Iterator[Fault]:
    """Say what is wrong with one word by itself."""
    values = {"deck": word.deck, "theme": word.theme, "class": word.word_class}
    for name, choices in _CHOICES.items():
        if values[name] not in choices:
            yield Fault(line, name, Flaw.NO_SUCH_CHOICE, ", ".join(choices))
    if not _KEY.fullmatch(word.key):
        yield Fault(line, "key", Flaw.BAD_KEY)
    if word.word_class == "noun" and word.article not in ARTICLES:
        yield Fault(line, "article", Flaw.NOUN_WITHOUT_ARTICLE)
    if word.word_class != "noun" and word.article:
        yield Fault(line, "article", Flaw.ARTICLE_WITHOUT_NOUN)
    if word.article and word.definite and not word.definite.endswith(word.article[-1]):
        yield Fault(line, "definite", Flaw.WRONG_ARTICLE_FORM)
    if len(re.findall(r"\w+", word.example)) > EXAMPLE_WORDS:
        yield Fault(line, "example", Flaw.LONG_EXAMPLE, str(EXAMPLE_WORDS))
    if word.example and not holds(word.example, word):
        yield Fault(line, "example", Flaw.EXAMPLE_WITHOUT_WORD)
    if word.picture and not _PICTURE.fullmatch(word.picture):
        yield Fault(line, "picture", Flaw.BAD_PICTURE)


def faults_between(words: Iterable[tuple[int, Word]]) -> Iterator[Fault]:
    """Say which words cannot stand beside each other: a key, a word or a picture twice.

    Words that were there before the file come first, with line 0.
    """
    seen: dict[tuple[str, ...], tuple[int, str]] = {}
    for line, word in words:
        marks = [
            ("key", Flaw.DOUBLE_KEY, (word.key,)),
            ("lemma", Flaw.DOUBLE_WORD, (word.deck, word.lemma.casefold())),
            ("picture", Flaw.DOUBLE_PICTURE, (word.deck, word.picture) if word.picture else ()),
        ]
        for name, flaw, mark in marks:
            if not mark:
                continue
            other_line, other_key = seen.setdefault((name, *mark), (line, word.key))
            if other_line != line:
                yield Fault(line, name, flaw, str(other_line) if name == "key" else other_key)


def holds(sentence: str, word: Word) -> bool:
    """Say whether a sentence holds the word in any form: each part of one form begins a word of the sentence."""
    words = re.findall(r"\w+", sentence.casefold())
    for form in (word.lemma, *word.forms):
        parts = re.findall(r"\w+", form.casefold())
        if parts and all(any(found.startswith(_stem(part)) for found in words) for part in parts):
            return True
    return False


def _stem(part: str) -> str:
    """Return what all forms of a word begin with: låse: lås, tømme: tøm, øje: øj."""
    if len(part) <= 2 or not part.endswith("e"):
        return part
    short = part[:-1]
    return short[:-1] if len(short) > 2 and short[-1] == short[-2] else short


# --- Deck files ----------------------------------------------------------------------------------------------

WORD_COLUMNS: Final = (
    "key", "deck", "theme", "class", "article", "lemma", "definite", "present", "past", "example", "picture",
)  # fmt: skip
REQUIRED: Final = ("key", "theme", "class", "lemma", "example")
MEANING_COLUMNS: Final = {"": "text", "_example": "example", "_checked_by": "checked_by", "_checked_on": "checked_on"}
COLUMNS: Final = (
    *WORD_COLUMNS,
    *(f"{language}{ending}" for language in MEANING_LANGUAGES for ending in MEANING_COLUMNS),
)
_LOOKS_LIKE_A_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_example|_checked_by|_checked_on)?")
_LOST: Final = re.compile(r"\?\w|^[\s?.,!()-]*\?[\s?.,!()-]*$")
"""A spreadsheet that saves in an old encoding writes ? for each letter it does not know."""
_FIELDS: Final = {"class": "word_class"}
"""Columns that have another name as a field of a word."""


def read_words(
    data: bytes, *, deck: str | None = None, known: Mapping[str, Word] | None = None
) -> tuple[list[tuple[int, Word]], list[Fault]]:
    """Read a deck file whole; returns its words with their lines, and everything that is wrong with it.

    `deck` is where words without a column `deck` belong; a column that the file lacks stays as it is in `known`.
    """
    try:
        rows = rows_of(data)
    except Unreadable as bad:
        return [], [Fault(bad.line, "", Flaw(bad.flaw.value))]
    if len(rows) < 2:
        return [], [Fault(0, "", Flaw.EMPTY_FILE)]
    (header_line, header), *body = rows
    columns = [name.strip().casefold() for name in header]
    while columns and not columns[-1]:  # spreadsheets leave empty columns at the end
        columns.pop()
    faults = list(_column_faults(header_line, columns, needs_deck=deck is None))
    if faults:
        return [], faults
    words: list[tuple[int, Word]] = []
    for line, cells in body:
        if any(cells[len(columns) :]):
            faults.append(Fault(line, "", Flaw.TOO_MANY_CELLS))
            continue
        row = dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
        wrong = list(_cell_faults(line, row, REQUIRED if deck else (*REQUIRED, "deck")))
        if not wrong:
            word = _word(row, deck or CORE, (known or {}).get(row["key"]))
            words.append((line, word))
            wrong = list(faults_of(line, word))
        faults += wrong
    keys = {word.key for _line, word in words}
    before = [(0, word) for word in (known or {}).values() if word.key not in keys]
    faults += faults_between([*before, *words])
    return words, sorted(faults)


def _column_faults(line: int, columns: Sequence[str], *, needs_deck: bool) -> Iterator[Fault]:
    for place, name in enumerate(columns):
        if name in columns[:place]:
            yield Fault(line, name, Flaw.DOUBLE_COLUMN)
        elif name not in COLUMNS:
            is_language = _LOOKS_LIKE_A_LANGUAGE.fullmatch(name)
            flaw = Flaw.UNKNOWN_LANGUAGE if is_language else Flaw.UNKNOWN_COLUMN
            yield Fault(
                line, name[:40] or f"column {place + 1}", flaw, ", ".join(MEANING_LANGUAGES if is_language else ())
            )
    for name in (*REQUIRED, *(("deck",) if needs_deck else ())):
        if name not in columns:
            yield Fault(line, name, Flaw.MISSING_COLUMN)


def _cell_faults(line: int, row: Mapping[str, str], required: Sequence[str]) -> Iterator[Fault]:
    for name, cell in row.items():
        longest = _longest(name)
        if not cell and name in required:
            yield Fault(line, name, Flaw.MISSING)
        elif longest and len(cell) > longest:
            yield Fault(line, name, Flaw.TOO_LONG, str(longest))
        elif name.endswith("_checked_on") and cell and _day(cell) is None:
            yield Fault(line, name, Flaw.BAD_DATE)
        elif name.split("_")[0] in MEANING_LANGUAGES and _LOST.search(cell):
            yield Fault(line, name, Flaw.LOST_LETTERS)


def _longest(name: str) -> int:
    if name in LONGEST:
        return LONGEST[name]
    if name.endswith("_example"):
        return LONGEST_MEANT_EXAMPLE
    if name.endswith("_checked_by"):
        return LONGEST_NAME
    return LONGEST_MEANING if name in MEANING_LANGUAGES else 20


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None


def _word(row: Mapping[str, str], deck: str, known: Word | None) -> Word:
    fields: dict[str, Any] = {"deck": deck, "article": ""}
    for name in WORD_COLUMNS:
        attribute = _FIELDS.get(name, name)
        if name in row:
            fields[attribute] = row[name] or (deck if name == "deck" else "")
        elif known is not None and name != "deck":
            fields[attribute] = getattr(known, attribute)
    meanings = {language: _meaning(row, language, known) for language in MEANING_LANGUAGES}
    return Word(meanings=MappingProxyType({key: value for key, value in meanings.items() if any(value)}), **fields)


def _meaning(row: Mapping[str, str], language: str, known: Word | None) -> Meaning:
    before = known.meaning(language) if known else Meaning("")
    read: dict[str, Any] = {}
    for ending, part in MEANING_COLUMNS.items():
        name = f"{language}{ending}"
        if name in row:
            read[part] = _day(row[name]) if part == "checked_on" else row[name]
    return before._replace(**read)


def write_words(words: Iterable[Word]) -> str:
    """Write words as a deck file that `read_words` reads back without loss."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for word in words:
        row = [getattr(word, _FIELDS.get(name, name)) for name in WORD_COLUMNS]
        for language in MEANING_LANGUAGES:
            meaning = word.meaning(language)
            row += [meaning.text, meaning.example, meaning.checked_by, meaning.checked_on or ""]
        writer.writerow(row)
    return file.getvalue()


# The deck's own texts are folded again and again; what people type is not kept.
folded = lru_cache(maxsize=16384)(fold)


# --- Wrong choices ------------------------------------------------------------------------------------------

ALIKE: Final = 0.72
"""From this share of letters in common on, two words are too alike to be offered beside each other."""
PART: Final = 4
"""So many letters at the end of a longer word make the two alike."""


def wrong_choices(word: Word, deck: Iterable[Word], languages: Sequence[str], count: int = 6) -> list[str]:
    """Return keys of words from the same deck that cannot be taken for this one by eye, ear or meaning.

    Which ones is fixed for a word, but differs from word to word; those of its own theme come first.
    """

    def is_fitting(other: Word) -> bool:
        return (
            other.key != word.key
            and not (word.picture and other.picture == word.picture)
            and not is_alike(*sorted((word.lemma, other.lemma)))
            and not (meaning and folded(other.meaning_for(languages)[1].text) == meaning)
        )

    meaning = folded(word.meaning_for(languages)[1].text)
    by_chance = sorted(
        deck, key=lambda other: (other.theme != word.theme, zlib.crc32(f"{word.key} {other.key}".encode()))
    )
    return [other.key for other in islice(filter(is_fitting, by_chance), count)]


@lru_cache(maxsize=65536)
def is_alike(one: str, other: str) -> bool:
    """Say whether two Danish words look or sound alike: falde and falde ned, spand and skraldespand."""
    short, long = sorted((_sounding(one), _sounding(other)), key=len)
    if long.startswith(short) or (len(short) >= PART and long.endswith(short)):
        return True
    matcher = SequenceMatcher(None, short, long, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _sounding(text: str) -> str:
    """Return a rough key for the ear: soft and hard d/t, b/p, g/k are one, doubled letters too."""
    soft = folded(text).translate(str.maketrans("tpkcqzw", "dbggqsv"))
    return re.sub(r"(.)\1+", r"\1", soft)


# --- Comparing and finding ----------------------------------------------------------------------------------


def search(words: Iterable[Word], query: str, languages: Iterable[str]) -> list[Word]:
    """Words whose Danish in any form, or meaning in one of `languages`, holds `query`.

    Whole texts come first, then beginnings, then the rest; equals keep their order. An empty query
    finds every word.
    """
    wanted = fold(query)
    spoken = tuple(languages)
    ranked = [(rank, word) for word in words if (rank := _rank(word, wanted, spoken)) is not None]
    return [word for _, word in sorted(ranked, key=lambda found: found[0])]


def _rank(word: Word, wanted: str, languages: Sequence[str]) -> int | None:
    texts = [folded(text) for text in (word.lemma, word.with_article, *word.forms)]
    texts += [folded(word.meaning(language).text) for language in languages]
    if not wanted:
        return 0
    if wanted in texts:
        return 0
    if any(text.startswith(wanted) for text in texts):
        return 1
    if any(f" {wanted}" in text for text in texts):
        return 2
    # One letter inside a word is no hit: nearly every word would be.
    if len(wanted) > 1 and any(wanted in text for text in texts):
        return 3
    return None
