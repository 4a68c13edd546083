"""What a Danish word of the deck is, and how words are compared, found and dealt out over the days.

Comparing is forgiving on purpose: people type Danish on foreign keyboards and their own language without
marks, so "haand", "hand" and "hånd" are the same word here. Folding makes a key to compare with, never a text
to show.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

# In the order a beginner meets them.
THEMES: Final = ("safety", "greetings", "time", "tools", "body", "together")
WORD_CLASSES: Final = ("noun", "verb", "adjective", "adverb", "phrase")
ARTICLES: Final = ("en", "et")
# The languages of the meanings; Danish is the word itself.
MEANING_LANGUAGES: Final = ("en", "ar", "uk", "tr", "fa", "so", "ti", "ku", "pl")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a short fixed phrase, as it is taught."""

    key: str
    theme: str
    word_class: str
    article: str
    # Without article; a verb is given as the infinitive without "at".
    lemma: str
    example: str
    # Hexcode of an OpenMoji picture, or empty where no picture shows the word honestly.
    picture: str
    # Language code -> short meaning.
    meanings: Mapping[str, str] = field(hash=False)

    @property
    def with_article(self) -> str:
        return f"{self.article} {self.lemma}" if self.article else self.lemma


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


# The deck's own texts are folded again and again; what people type is not kept.
_folded = lru_cache(maxsize=4096)(fold)


def search(words: Iterable[Word], query: str, languages: Iterable[str]) -> list[Word]:
    """Words whose Danish, or meaning in one of `languages`, holds `query`.

    Whole texts come first, then beginnings, then the rest; equals keep their order. An empty query
    finds every word.
    """
    wanted = fold(query)
    spoken = tuple(languages)
    ranked = [(rank, word) for word in words if (rank := _rank(word, wanted, spoken)) is not None]
    return [word for _, word in sorted(ranked, key=lambda found: found[0])]


def _rank(word: Word, wanted: str, languages: Sequence[str]) -> int | None:
    texts = [_folded(word.lemma), _folded(word.with_article)]
    texts += [_folded(word.meanings.get(language, "")) for language in languages]
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


def words_of_the_day(words: Sequence[Word], day: date, known_offset: int = 0, count: int = 5) -> list[Word]:
    """The next `count` words each day, round and round; `known_offset` moves the start that many words on."""
    if not words:
        return []
    start = day.toordinal() * count + known_offset
    return [words[(start + place) % len(words)] for place in range(min(count, len(words)))]
