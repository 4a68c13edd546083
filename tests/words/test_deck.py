"""The nine decks: whole, in order, heard, drawn and translated; and a slip in a deck file is named with its line."""

from __future__ import annotations

import csv
import io
import re
import shutil
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from citizen_app.config import LANGUAGES
from citizen_app.texts.rules import fold, one_line
from citizen_app.web import assets
from citizen_app.words import queries
from citizen_app.words.queries import DATA, SOUNDS, BadDeck, deck_faults, shipped, shipped_deck
from citizen_app.words.rules import (
    BRANCHES,
    CORE,
    DECKS,
    LONGEST,
    LONGEST_MEANING,
    LONGEST_MEANT_EXAMPLE,
    LONGEST_NAME,
    MEANING_LANGUAGES,
    THEMES,
    WORD_COLUMNS,
    Fault,
    Flaw,
    Meaning,
    Word,
    holds,
    read_words,
    write_words,
)
from tests.plan import ON_SQLITE

WORDS = tuple(shipped().values())
DRAWINGS = assets.STATIC / "img" / "words"
each_deck = pytest.mark.parametrize("deck", DECKS)


def doubles(things: list[str]) -> list[str]:
    return [thing for thing, times in Counter(things).items() if times > 1]


# --- The words ----------------------------------------------------------------------------------------------


def test_there_are_a_hundred_words_for_all_and_a_deck_for_each_of_eight_branches() -> None:
    assert len(shipped_deck(CORE)) == 100
    assert len(BRANCHES) == 8
    assert min(len(shipped_deck(deck)) for deck in BRANCHES) >= 25


def test_the_decks_are_read_once() -> None:
    assert shipped() is shipped()


@each_deck
def test_nothing_is_wrong_with_a_deck(deck: str) -> None:
    assert deck_faults(deck) == []


@each_deck
def test_themes_follow_each_other_with_safety_first(deck: str) -> None:
    themes = [word.theme for word in shipped_deck(deck)]
    assert themes == sorted(themes, key=THEMES.index)
    assert themes[0] == "safety"


def test_the_very_first_word_is_stop() -> None:
    assert WORDS[0].lemma == "stop"


def test_a_key_is_its_word_in_plain_letters() -> None:
    plain = str.maketrans({"å": "aa", "æ": "ae", "ø": "oe", " ": "_", "?": ""})
    assert [word.key for word in WORDS] == [word.lemma.translate(plain) for word in WORDS]


def test_no_key_stands_twice_in_all_decks() -> None:
    lines = [(DATA / f"{deck}.csv").read_text(encoding="utf-8").splitlines()[1:] for deck in DECKS]
    assert doubles([line.split(",")[0] for deck in lines for line in deck]) == []


@each_deck
def test_no_word_stands_twice_in_a_deck(deck: str) -> None:
    assert doubles([word.lemma.casefold() for word in shipped_deck(deck)]) == []


def test_an_example_is_one_sentence() -> None:
    assert [word.key for word in WORDS if not (word.example[0].isupper() and word.example[-1] in ".!?")] == []


@each_deck
def test_texts_are_in_composed_unicode(deck: str) -> None:
    assert unicodedata.is_normalized("NFC", (DATA / f"{deck}.csv").read_text(encoding="utf-8"))


# --- Languages ----------------------------------------------------------------------------------------------


def test_the_decks_speak_the_languages_of_the_app() -> None:
    assert ["da", *MEANING_LANGUAGES] == list(LANGUAGES)


@pytest.mark.parametrize("language", MEANING_LANGUAGES)
def test_every_word_and_every_example_has_a_meaning_in(language: str) -> None:
    meanings = {word.key: word.meaning(language) for word in WORDS}
    assert [key for key, meaning in meanings.items() if not (meaning.text and meaning.example)] == []


@pytest.mark.parametrize("language", MEANING_LANGUAGES)
def test_no_two_words_of_a_deck_mean_the_same_in(language: str) -> None:
    assert doubles([f"{word.deck}: {fold(word.meaning(language).text)}" for word in WORDS]) == []


# --- Pictures -----------------------------------------------------------------------------------------------


def test_every_picture_is_there() -> None:
    own = {word.picture for word in WORDS if word.picture.startswith("own-")}
    assert [code for code in sorted(own) if not (DRAWINGS / f"{code}.svg").is_file()] == []
    openmoji = {word.picture for word in WORDS} - own
    assert [code for code in sorted(openmoji) if not (assets.OPENMOJI / f"{code}.svg").is_file()] == []


@each_deck
def test_no_two_words_of_a_deck_share_a_picture(deck: str) -> None:
    assert doubles([word.picture for word in shipped_deck(deck)]) == []


def test_no_drawing_is_left_over() -> None:
    drawn = {file.stem for file in DRAWINGS.glob("*.svg")}
    assert drawn - {word.picture for word in WORDS} == set()


def test_drawings_hold_shapes_and_nothing_else() -> None:
    name_space = "http://www.w3.org/2000/svg"
    shapes = {f"{{{name_space}}}{tag}" for tag in ("svg", "g", "path", "circle", "ellipse", "rect")}
    for file in DRAWINGS.glob("*.svg"):
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"<[?!]|url\(|style=|href|\bon\w+=", source), file.name
        assert source.replace(f'xmlns="{name_space}"', "", 1).count("//") == 0, file.name
        for element in ET.fromstring(source).iter():  # noqa: S314 - a file of our own
            assert element.tag in shapes, file.name
            assert not ((element.text or "") + (element.tail or "")).strip(), file.name


# --- Sounds -------------------------------------------------------------------------------------------------


def test_every_word_has_a_normal_and_a_slow_sound_of_both_kinds_and_none_is_left_over() -> None:
    endings = (".opus", ".mp3", "-slow.opus", "-slow.mp3")
    assert {file.name for file in SOUNDS.iterdir()} == {f"{word.key}{ending}" for word in WORDS for ending in endings}


def test_sounds_are_what_their_names_say_without_names_or_dates() -> None:
    # An MP3 frame opens with eleven set bits; an "ID3" block would come before it.
    first_bytes = {".opus": rb"OggS", ".mp3": rb"\xff[\xe0-\xff]"}
    assert [file.name for file in SOUNDS.iterdir() if not re.match(first_bytes[file.suffix], file.read_bytes())] == []


def test_slow_sounds_last_clearly_longer() -> None:
    # All MP3 files have the same number of bits a second, so a size is a length.
    for word in WORDS:
        normal = (SOUNDS / f"{word.key}.mp3").stat().st_size
        assert (SOUNDS / f"{word.key}-slow.mp3").stat().st_size > 1.2 * normal, word.key


def test_the_sounds_that_every_phone_keeps_are_small_together() -> None:
    files = [SOUNDS / f"{word.key}{ending}.opus" for word in shipped_deck(CORE) for ending in ("", "-slow")]
    assert sum(file.stat().st_size for file in files) <= 330_000


# --- The command that checks --------------------------------------------------------------------------------


@ON_SQLITE
def test_the_command_says_that_all_is_well(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["words", "check"])
    assert (done.exit_code, done.output) == (0, f"9 decks with {len(WORDS)} words: all well.\n")


@pytest.fixture
def broken_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our decks once more, with slips in the hundred words."""
    shutil.copytree(DATA, tmp_path / "data")
    core = tmp_path / "data" / f"{CORE}.csv"
    broken = core.read_text(encoding="utf-8").replace("\nstop,", "\nstoop,").replace(",26A0,danger,", ",26A00,,")
    core.write_text(broken, encoding="utf-8")
    monkeypatch.setattr(queries, "DATA", tmp_path / "data")


@pytest.mark.usefixtures("broken_core")
def test_a_missing_sound_picture_and_meaning_are_found() -> None:
    assert [fault[:3] for fault in deck_faults(CORE)] == [
        (2, "key", Flaw.NO_SOUND),
        (4, "en", Flaw.MISSING),
        (4, "picture", Flaw.NO_PICTURE),
    ]


@ON_SQLITE
@pytest.mark.usefixtures("broken_core")
def test_the_command_names_file_line_and_field_of_each_slip(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["words", "check"])
    assert done.exit_code == 1
    assert "core.csv, line 2, key: there are no sound files for this word.\n" in done.output
    assert "core.csv, line 4, en: must be filled in.\n" in done.output
    assert "Error: 3 faults." in done.output


def test_a_deck_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "DATA", tmp_path)
    (tmp_path / f"{CORE}.csv").write_bytes(deck_file(GOOD, SECOND | {"theme": "money"}))
    with pytest.raises(BadDeck, match=r"^core\.csv, line 3, field theme: no_such_choice safety, greetings, "):
        shipped.__wrapped__()


# --- Slips in a deck file -----------------------------------------------------------------------------------

GOOD = {
    "key": "spand",
    "deck": "cleaning",
    "theme": "tools",
    "class": "noun",
    "article": "en",
    "lemma": "spand",
    "definite": "spanden",
    "example": "Fyld spanden, tak.",
    "picture": "1FAA3",
    "en": "bucket",
    "ar_checked_by": "Layla",
    "ar_checked_on": "2026-11-23",
}
SECOND = GOOD | {"key": "kost", "lemma": "kost", "definite": "kosten", "example": "Her er kosten.", "picture": "1F9F9"}
VERB = SECOND | {"class": "verb", "article": "", "definite": ""}


def deck_file(*rows: dict[str, str]) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def faults(data: bytes, deck: str | None = None) -> list[Fault]:
    return read_words(data, deck=deck)[1]


def test_a_good_file_is_read() -> None:
    words, wrong = read_words(deck_file(GOOD, SECOND))
    assert wrong == []
    assert [(line, word.with_article, word.deck) for line, word in words] == [
        (2, "en spand", "cleaning"),
        (3, "en kost", "cleaning"),
    ]
    assert words[0][1].meaning("en") == Meaning("bucket")
    assert words[0][1].meaning("ar") == Meaning("", "", "Layla", date(2026, 11, 23))


LETTERS = "ab" * 200


@pytest.mark.parametrize(
    ("row", "field", "flaw", "detail"),
    [
        *((SECOND | {name: " "}, name, Flaw.MISSING, "") for name in ("key", "theme", "class", "lemma", "example")),
        (SECOND | {"lemma": LETTERS[:61]}, "lemma", Flaw.TOO_LONG, "60"),
        (SECOND | {"example": LETTERS[:121]}, "example", Flaw.TOO_LONG, "120"),
        (SECOND | {"en": LETTERS[:81]}, "en", Flaw.TOO_LONG, "80"),
        (SECOND | {"ar_checked_by": LETTERS[:61]}, "ar_checked_by", Flaw.TOO_LONG, "60"),
        *((SECOND | {"key": key}, "key", Flaw.BAD_KEY, "") for key in ("Kost", "køst", "../kost", "kost_", "en kost")),
        (SECOND | {"theme": "money"}, "theme", Flaw.NO_SUCH_CHOICE, ", ".join(THEMES)),
        (VERB | {"class": "verbs"}, "class", Flaw.NO_SUCH_CHOICE, "noun, verb, adjective, adverb, phrase"),
        (SECOND | {"deck": "banking"}, "deck", Flaw.NO_SUCH_CHOICE, ", ".join(DECKS)),
        (SECOND | {"article": ""}, "article", Flaw.NOUN_WITHOUT_ARTICLE, ""),
        (SECOND | {"article": "den"}, "article", Flaw.NOUN_WITHOUT_ARTICLE, ""),
        (VERB | {"article": "en"}, "article", Flaw.ARTICLE_WITHOUT_NOUN, ""),
        (SECOND | {"article": "et"}, "definite", Flaw.WRONG_ARTICLE_FORM, ""),
        (SECOND | {"definite": "kostet"}, "definite", Flaw.WRONG_ARTICLE_FORM, ""),
        (SECOND | {"example": "Her er en kost med to fire seks otte."}, "example", Flaw.LONG_EXAMPLE, "8"),
        (SECOND | {"example": "Her er en spand."}, "example", Flaw.EXAMPLE_WITHOUT_WORD, ""),
        *((SECOND | {"picture": code}, "picture", Flaw.BAD_PICTURE, "") for code in ("1f9f9", "../x", "own-", "emoji")),
        *(
            (SECOND | {"ar_checked_on": day}, "ar_checked_on", Flaw.BAD_DATE, "")
            for day in ("23.11.2026", "2026-02-30", "x")
        ),
        (SECOND | {"key": "spand"}, "key", Flaw.DOUBLE_KEY, "2"),
        (SECOND | {"picture": "1FAA3"}, "picture", Flaw.DOUBLE_PICTURE, "spand"),
        (SECOND | {"lemma": "Spand", "example": "Her er en spand."}, "lemma", Flaw.DOUBLE_WORD, "spand"),
    ],
)
def test_a_slip_is_named_with_line_and_field(row: dict[str, str], field: str, flaw: Flaw, detail: str) -> None:
    assert faults(deck_file(GOOD, row)) == [Fault(3, field, flaw, detail)]


def test_a_word_and_a_picture_may_stand_in_two_decks() -> None:
    assert faults(deck_file(GOOD, GOOD | {"key": "spand_2", "deck": "kitchen"})) == []


def test_all_slips_are_named_in_the_order_of_the_file() -> None:
    rows = (GOOD | {"picture": "x"}, SECOND | {"theme": "", "lemma": ""}, VERB | {"key": "Feje"})
    named = [(line, field) for line, field, _flaw, _detail in faults(deck_file(*rows))]
    assert named == [(2, "picture"), (3, "lemma"), (3, "theme"), (4, "key")]


def without(*columns: str) -> bytes:
    return deck_file({name: value for name, value in GOOD.items() if name not in columns})


SPEAK = ", ".join(MEANING_LANGUAGES)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        *((without(name), Fault(1, name, Flaw.MISSING_COLUMN)) for name in ("key", "theme", "class", "lemma", "deck")),
        (deck_file(GOOD | {"colour": "red"}), Fault(1, "colour", Flaw.UNKNOWN_COLUMN)),
        (deck_file(GOOD | {"": "red"}), Fault(2, "", Flaw.TOO_MANY_CELLS)),
        (deck_file(GOOD | {"deck": ""}), Fault(2, "deck", Flaw.MISSING)),
        (deck_file(GOOD | {"xx": "ämpäri"}), Fault(1, "xx", Flaw.UNKNOWN_LANGUAGE, SPEAK)),
        (deck_file(GOOD | {"xx_example": "ämpäri"}), Fault(1, "xx_example", Flaw.UNKNOWN_LANGUAGE, SPEAK)),
        (deck_file(GOOD | {"da": "spand"}), Fault(1, "da", Flaw.UNKNOWN_LANGUAGE, SPEAK)),
        (deck_file(GOOD | {"Lemma ": "spand"}), Fault(1, "lemma", Flaw.DOUBLE_COLUMN)),
        (deck_file(GOOD) + b'a,b,c,"d"' + b",e" * 9, Fault(3, "", Flaw.TOO_MANY_CELLS)),
        (deck_file(GOOD) + b'kost,"tools\r\n', Fault(3, "", Flaw.BROKEN_QUOTES)),
        (deck_file(GOOD) + b"\0", Fault(0, "", Flaw.NOT_TEXT)),
        ((assets.STATIC / "img" / "icon-192.png").read_bytes(), Fault(0, "", Flaw.NOT_TEXT)),
        (deck_file(GOOD | {"lemma": "spånd"}).replace(b"en,", b"\xe9n,", 1), Fault(0, "", Flaw.NOT_TEXT)),
        (b"", Fault(0, "", Flaw.EMPTY_FILE)),
        (b"\r\n \r\n", Fault(0, "", Flaw.EMPTY_FILE)),
        (",".join(GOOD).encode(), Fault(0, "", Flaw.EMPTY_FILE)),
    ],
)
def test_a_file_that_is_no_deck_is_named_with_its_fault(data: bytes, fault: Fault) -> None:
    assert read_words(data)[1] == [fault]


def test_a_row_that_ends_too_early_lacks_what_must_be_there() -> None:
    found = [(line, field, flaw) for line, field, flaw, _detail in faults(deck_file(GOOD) + b"kost,core,tools\r\n")]
    assert found == [(3, name, Flaw.MISSING) for name in ("class", "example", "lemma")]


@pytest.mark.parametrize(
    ("mark", "separator", "encoding"), [("\ufeff", ",", "utf-8"), ("", ";", "cp1252"), ("sep=;\r\n", ";", "utf-8")]
)
def test_a_file_saved_by_a_spreadsheet_is_read(mark: str, separator: str, encoding: str) -> None:
    row = GOOD | {"key": "noegle", "lemma": "nøgle", "definite": "nøglen", "example": "Her er nøglen."}
    data = (mark + deck_file(row).decode().replace(",", separator)).encode(encoding)
    ((_line, word),), wrong = read_words(data)
    assert (wrong, word.lemma, word.example) == ([], "nøgle", "Her er nøglen.")


def test_words_without_a_column_for_it_belong_to_the_deck_of_the_file() -> None:
    ((_line, word),), wrong = read_words(without("deck"), deck="care")
    assert (wrong, word.deck) == ([], "care")


def test_a_column_that_the_file_lacks_stays_as_it_is_known() -> None:
    known = {"spand": shipped()["spand"]}
    ((_line, word),), _ = read_words(without("definite", "picture", "ar_checked_by", "ar_checked_on"), known=known)
    assert (word.definite, word.picture) == ("spanden", known["spand"].picture)
    assert word.meaning("ar") == known["spand"].meaning("ar")
    assert word.meaning("en") == known["spand"].meaning("en")._replace(text="bucket")


# --- An example holds its word ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "lemma", "past"),
    [
        ("Han løb hjem.", "løbe", ""),
        ("Tøm spanden nu.", "tømme", ""),
        ("Støt hende lidt.", "støtte", ""),
        ("Hun gik hjem.", "gå", "gik"),
        ("I går skar vi brød.", "skære", "skar"),
        ("Vi gjorde alt rent.", "gøre rent", "gjorde rent"),
        ("Øjet er rødt.", "øje", ""),
        ("PAS PÅ!", "pas på", ""),
    ],
)
def test_an_example_may_hold_its_word_in_any_form(sentence: str, lemma: str, past: str) -> None:
    assert holds(sentence, Word("x", CORE, "tasks", "verb", "", lemma, past=past))


@pytest.mark.parametrize(
    ("sentence", "lemma"),
    [("Kosten står her.", "spand"), ("Vi gør klar.", "gøre rent"), ("Pas godt på!", "hjelm"), ("", "spand")],
)
def test_an_example_without_its_word_is_found(sentence: str, lemma: str) -> None:
    assert not holds(sentence, Word("x", CORE, "tasks", "noun", "en", lemma))


# --- There and back -----------------------------------------------------------------------------------------


def there_and_back(words: list[Word]) -> list[Word]:
    return [word for _line, word in read_words(write_words(words).encode())[0]]


def test_our_own_decks_come_back_as_they_were() -> None:
    assert there_and_back(list(WORDS)) == list(WORDS)


def test_who_has_checked_a_meaning_and_when_comes_back_too() -> None:
    checked = Meaning("سطل، دلو", 'قال: "املأ السطل"', "Layla, Ali", date(2026, 11, 23))
    word = Word("spand", CORE, "tools", "noun", "en", "spand", example="Min spand.", meanings={"ar": checked})
    assert there_and_back([word]) == [word]


def texts(longest: int, shortest: int = 0) -> st.SearchStrategy[str]:
    """What anybody may write, as every form and file cleans it: quotes, commas, semicolons, Arabic, half letters.

    Only a question mark before a letter may not: it is what spreadsheets make of letters that they do not know.
    """
    signs = st.one_of(
        st.sampled_from("\"',;=\t\n\r ضمﷺ\u200cאåßé\u0301😀"),
        st.characters(exclude_categories=["Cs"], exclude_characters="?"),
    )
    typed = st.text(signs, min_size=shortest, max_size=longest)
    return typed.map(one_line).filter(lambda text: shortest <= len(text) <= longest)


MEANINGS = st.builds(
    Meaning,
    texts(LONGEST_MEANING),
    texts(LONGEST_MEANT_EXAMPLE),
    texts(LONGEST_NAME),
    st.none() | st.dates(),
).filter(any)


@settings(deadline=None)
@given(
    texts(LONGEST["lemma"], 1),
    texts(LONGEST["example"], 1),
    texts(LONGEST["past"]),
    st.dictionaries(st.sampled_from(MEANING_LANGUAGES), MEANINGS),
)
def test_whatever_stands_in_a_word_comes_back(
    lemma: str, example: str, past: str, meanings: dict[str, Meaning]
) -> None:
    word = Word("spand", CORE, "tools", "verb", "", lemma, past=past, example=example, meanings=meanings)
    assert there_and_back([word, shipped()["kost"]]) == [word, shipped()["kost"]]


def test_a_written_file_names_every_column() -> None:
    columns = write_words([]).strip().split(",")
    assert columns[: len(WORD_COLUMNS)] == list(WORD_COLUMNS)
    assert len(columns) == len(WORD_COLUMNS) + 4 * len(MEANING_LANGUAGES)
