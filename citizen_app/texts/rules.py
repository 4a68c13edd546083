"""What a reader sees of a text, how far it can be trusted, and how easy it is to read.

The reader's language comes first, then her second language, then Danish, then whatever there is: never silently,
since the language and the mark stand beside the words. Comparing is forgiving: people type Danish on foreign
keyboards and their own language without marks, so "haand", "hand" and "hånd" are the same there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class TruthMark(StrEnum):
    OWN_WORDS = "own_words"
    PHRASE = "phrase"
    """From the phrase bank, whose translations were made with care."""
    CHECKED = "checked"
    """A person vouches that it says the same as the original."""
    OUTDATED = "outdated"
    """The original has changed since."""


@dataclass(frozen=True)
class Line:
    """One text in one language, as it stands on a page."""

    language: str
    body: str
    mark: TruthMark
    author_name: str


@dataclass(frozen=True)
class Reading:
    """What one reader sees of a text: her best language large, the others under it."""

    text_id: int
    version: int
    main: Line
    under: tuple[Line, ...]
    original_language: str

    def current_words(self, language: str) -> str:
        """Return what somebody who writes in this language starts from; older words would undo the newer ones."""
        lines = (line for line in (self.main, *self.under) if line.language == language)
        return next((line.body for line in lines if line.mark is not TruthMark.OUTDATED), "")


def read(
    text_id: int, version: int, original_language: str, lines: Mapping[str, Line], languages: Sequence[str]
) -> Reading:
    """Choose what a reader sees; `languages` are hers, best first. `lines` holds at least the original."""
    wanted = (*languages, original_language)
    main = next(lines[language] for language in wanted if language in lines)
    beneath = dict.fromkeys((original_language, "da"))
    under = tuple(lines[code] for code in beneath if code in lines and code != main.language)
    return Reading(text_id, version, main, under, original_language)


def mark_of(stored: str, rendering_version: int, text_version: int) -> TruthMark:
    """Return the mark to show: a rendering of an older version is outdated, whoever made it."""
    return TruthMark.OUTDATED if rendering_version < text_version else TruthMark(stored)


@dataclass(frozen=True)
class Phrase:
    """A ready goal or step in all languages."""

    key: str
    kind: str
    track: str
    picture: str
    bodies: Mapping[str, str]


WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
SENTENCE_END = re.compile(r"[.!?:։።؟]+(?:\s|$)|\n+")
LONG_WORD = 7
EASY_LIX = 30
EASY_SENTENCE = 12


@dataclass(frozen=True)
class Readability:
    lix: int
    longest_sentence: int
    """Words in the longest sentence."""

    @property
    def is_easy(self) -> bool:
        return self.lix <= EASY_LIX and self.longest_sentence <= EASY_SENTENCE


def sentences(text: str) -> list[list[str]]:
    """Split a text into sentences of words."""
    return [words for part in SENTENCE_END.split(text) if (words := WORD.findall(part))]


def readability(text: str) -> Readability:
    """Measure a Danish text: LIX is words per sentence plus the share of words of seven letters or more.

    Björnsson's readability index, as used for Danish: 24 and less is very easy, 25 to 34 easy, 45 and more hard.
    """
    parts = sentences(text)
    words = [word for part in parts for word in part]
    if not words:
        return Readability(0, 0)
    share = 100 * sum(len(word) >= LONG_WORD for word in words) / len(words)
    return Readability(round(len(words) / len(parts) + share), max(map(len, parts)))


_CPR = re.compile(r"(?<!\d)(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d{2}\s?[-–]?\s?\d{4}(?!\d)")


def has_cpr_number(text: str) -> bool:
    """Say whether something in the text looks like a Danish CPR number: a date and four digits."""
    return _CPR.search(text) is not None


def phrases_for(phrases: Iterable[Phrase], kind: str, track: str | None = None) -> list[Phrase]:
    """Return the phrases of a kind, those of the track first."""
    return sorted((phrase for phrase in phrases if phrase.kind == kind), key=lambda phrase: phrase.track != track)


# --- What people type, cleaned and compared -----------------------------------------------------------------


def one_line(typed: str | None) -> str:
    """Return typed text on one line, composed as Unicode wants it and without invisible marks of direction."""
    text = unicodedata.normalize("NFC", typed or "")
    if text.isprintable():
        return " ".join(text.split())
    kept = "".join(
        sign
        for sign in text
        if sign in "\u200c\u200d" or unicodedata.category(sign) not in {"Cf", "Cc"} or sign in "\n\t"
    )
    line = unicodedata.normalize("NFC", " ".join(kept.split()))  # what stood between two halves may be gone
    return line if line.strip("\u200c\u200d ") else ""


def _one_for_one() -> dict[int, str]:
    table = str.maketrans(
        {
            "æ": "ae",
            "ø": "o",
            "ł": "l",
            "đ": "d",
            "ı": "i",
            "ٱ": "ا",
            "ى": "ي",
            "ی": "ي",
            "ے": "ي",
            "ک": "ك",
            "ة": "ه",
            "ە": "ه",
            "ہ": "ه",
            "ھ": "ه",
            "\N{ARABIC TATWEEL}": "",
            "\N{MODIFIER LETTER APOSTROPHE}": "",
            "'": "",
            "\N{RIGHT SINGLE QUOTATION MARK}": "",
            "\N{LEFT SINGLE QUOTATION MARK}": "",
            "`": "",
        }
    )
    # Two pairs of Ethiopic rows sound alike in Tigrinya and are written either way.
    for variant, plain in ((0x1220, 0x1230), (0x1340, 0x1338)):
        table |= {variant + vowel: chr(plain + vowel) for vowel in range(8)}
    return table


_ONE_FOR_ONE: Final = _one_for_one()


def _folded_character(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in {"Mn", "Cf"}:  # accents, Arabic vowel signs, joiners and direction marks
        return ""
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    return " " if kind[0] in "PSZC" else character


def fold(text: str) -> str:
    """A key that is equal for spellings people mix up: å/aa/a, ø/oe/o, æ/ae, accents, Arabic letter forms."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_ONE_FOR_ONE)
    plain = "".join(map(_folded_character, plain))
    plain = re.sub(r"a{2,}", "a", plain).replace("oe", "o")
    return " ".join(plain.split())
