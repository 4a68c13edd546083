"""The translations: complete, fresh, with their placeholders, in plain words, and honest about how they were made."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import lru_cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from citizen_app.config import LANGUAGES, PROJECT_ROOT, STAFF_LANGUAGES
from citizen_app.texts.queries import phrase_bank
from citizen_app.texts.rules import EASY_LIX, EASY_SENTENCE, readability, sentences

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
OFFICE_WORDS = (
    "foranstaltning", "progression", "indsats", "visitation", "visiter", "i henhold til", "vedrørende", "såfremt",
    "jf.", "iværksæt", "parathed", "aktivitetsparat", "jobparat", "sanktion", "borgeren skal", "afklaring", "ydelse",
)  # fmt: skip
"""Words of the office that no citizen should have to read."""
CATALOGUES = [(language, "messages") for language in LANGUAGES] + [(language, "staff") for language in STAFF_LANGUAGES]


@lru_cache
def catalogue(language: str, domain: str) -> Catalog:
    path = PROJECT_ROOT / "translations" / language / "LC_MESSAGES" / f"{domain}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def sentences_of(language: str, domain: str) -> list[Message]:
    return [message for message in catalogue(language, domain) if message.id]


def forms(message: Message) -> list[tuple[str, str]]:
    """Pair each translated form with the English it stands for."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string or ""))]
    one, many = message.id[0], message.id[-1]
    strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return [(one if number == 0 else many, text or "") for number, text in enumerate(strings)]


@pytest.fixture(scope="module")
def in_code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What the code says now, by domain, gathered with the project's own command."""
    tmp = tmp_path_factory.mktemp("pot")
    done = subprocess.run(
        ["make", "-s", "extract", f"POT={tmp}"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = {}
    for domain in ("messages", "staff"):
        with (tmp / f"{domain}.pot").open("rb") as file:
            found[domain] = {key_of(message) for message in read_po(file) if message.id}
    return found


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_sentence_is_translated(language: str, domain: str) -> None:
    empty = [
        key_of(message) for message in sentences_of(language, domain) if not all(text for _, text in forms(message))
    ]
    assert not empty


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_no_translation_is_a_guess(language: str, domain: str) -> None:
    assert not [key_of(message) for message in sentences_of(language, domain) if message.fuzzy]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_catalogue_holds_what_the_code_says_now(language: str, domain: str, in_code: dict[str, set[str]]) -> None:
    in_catalogue = {key_of(message) for message in sentences_of(language, domain)}
    missing, stale = sorted(in_code[domain] - in_catalogue), sorted(in_catalogue - in_code[domain])
    assert not missing, "run `make translate` and translate the new sentences"
    assert not stale, "run `make translate`: the code no longer says these"


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_no_placeholder_is_lost(language: str, domain: str) -> None:
    lost = [
        text
        for message in sentences_of(language, domain)
        for english, text in forms(message)
        if set(PLACEHOLDER.findall(text))
        != set(PLACEHOLDER.findall(english)) - ({"num"} - set(PLACEHOLDER.findall(text)))
    ]
    assert not lost


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language not in {"en", "da"}])
def test_no_english_is_left_behind(language: str) -> None:
    """A translation equal to the English is a forgotten one; names of things may be equal in a few cases."""
    equal = [
        key_of(message)
        for message in sentences_of(language, "messages")
        for english, text in forms(message)
        if text == english and len(english.split()) > 1
    ]
    assert not equal


@pytest.mark.parametrize("language", ["ar", "fa", "ti", "uk"])
def test_translations_are_written_in_the_script_of_their_language(language: str) -> None:
    script = {"ar": "\u0600-\u06ff", "fa": "\u0600-\u06ff", "ti": "\u1200-\u137f", "uk": "\u0400-\u04ff"}[language]
    foreign = [
        text
        for message in sentences_of(language, "messages")
        for _english, text in forms(message)
        if not re.search(f"[{script}]", text)
    ]
    assert not foreign


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_hold_no_markup(language: str) -> None:
    assert not [text for message in sentences_of(language, "messages") for _, text in forms(message) if "<" in text]


def test_danish_is_easy_to_read() -> None:
    """LIX of the running text, that is of whole sentences; headings and labels do not count."""
    running = " ".join(
        text
        for message in sentences_of("da", "messages")
        for _, text in forms(message)
        if text.endswith((".", "!", "?"))
    )
    assert readability(PLACEHOLDER.sub("Anna", running)).lix <= EASY_LIX


def test_danish_sentences_are_short() -> None:
    texts = [PLACEHOLDER.sub("Anna", text) for message in sentences_of("da", "messages") for _, text in forms(message)]
    texts += [phrase.bodies["da"] for phrase in phrase_bank().values()]
    assert not [words for text in texts for words in sentences(text) if len(words) > EASY_SENTENCE]


def test_danish_has_no_office_words() -> None:
    texts = [text for message in sentences_of("da", "messages") for _, text in forms(message)]
    texts += [phrase.bodies["da"] for phrase in phrase_bank().values()]
    assert not [text for text in texts for word in OFFICE_WORDS if word in text.lower()]


def test_phrase_bank_is_easy_to_read() -> None:
    hard = [phrase.key for phrase in phrase_bank().values() if len(phrase.bodies["da"].split()) > EASY_SENTENCE]
    assert not hard


def test_each_language_says_how_it_was_made() -> None:
    reviews = tomllib.loads((PROJECT_ROOT / "translations" / "REVIEWS.toml").read_text(encoding="utf-8"))
    assert set(reviews) >= set(LANGUAGES)
    assert all(reviews[language].get("made_by") for language in LANGUAGES)
