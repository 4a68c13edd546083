"""The table of texts: the same facts in every language, Danish that is easy to read, and nothing about an office."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from citizen_app.config import LANGUAGES
from citizen_app.reminders.queries import missing_texts, texts
from citizen_app.reminders.rules import ReminderKind
from citizen_app.texts.rules import readability

FACTS = {
    "day": "fredag 6. marts",
    "time": "10.00",
    "leave": "9.20",
    "kind": "Samtale",
    "name": "Mette",
    "place": "Indgang B",
    "text": "Den er fredag 6. marts kl. 10.00.",
    "title": "Husk din aftale",
    "url": "https://app.example.dk",
}
OFFICE = r"indsats|progression|visitation|kommune|jobcenter|sagsbehandler|borger|ydelse|sanktion|pligt|forvaltning"
OFFICE_EN = r"municipal|job cent|case ?worker|citizen|benefit|sanction|duty|office"
ON_THE_LOCKED_SCREEN = {"day", "time", "leave"}


def names_in(text: str) -> set[str]:
    return {name for _text, name, _format, _conversion in Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", ReminderKind)
def test_every_kind_has_a_title_and_a_body(kind: ReminderKind) -> None:
    assert {f"{kind}.title", f"{kind}.body"} <= texts().keys()


@pytest.mark.parametrize("key", texts())
def test_every_language_says_the_same_facts(key: str) -> None:
    said = texts()[key]
    assert {language: names_in(text) for language, text in said.items()} == dict.fromkeys(said, names_in(said["da"]))


@pytest.mark.parametrize("key", texts())
def test_the_facts_are_known_ones_and_the_text_is_clean(key: str) -> None:
    for text in texts()[key].values():
        assert names_in(text) <= FACTS.keys()
        assert text == " ".join(text.split())


@pytest.mark.parametrize("key", [key for key in texts() if key.endswith((".title", ".body"))])
def test_a_locked_screen_tells_strangers_no_more_than_the_time(key: str) -> None:
    assert names_in(texts()[key]["da"]) <= ON_THE_LOCKED_SCREEN


@pytest.mark.parametrize("key", texts())
def test_the_danish_is_easy_to_read(key: str) -> None:
    # A clock's or a date's point ends no sentence, and a link is no word.
    filled = texts()[key]["da"].format_map({**FACTS, "day": "fredag 6 marts", "url": "her"})
    found = readability(re.sub(r"kl\. |(?<=\d)\.(?=\d)", "", filled))
    assert found.is_easy, (filled, found)


@pytest.mark.parametrize("key", texts())
def test_no_text_speaks_of_an_office(key: str) -> None:
    said = texts()[key]
    assert not re.search(OFFICE, said["da"], re.IGNORECASE)
    assert not re.search(OFFICE_EN, said["en"], re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_every_language(language: str) -> None:
    assert missing_texts()[language] == 0
