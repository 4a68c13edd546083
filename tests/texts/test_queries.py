"""The phrase bank: large enough, whole in ten languages, with pictures that exist; a bad row is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from citizen_app.config import LANGUAGES
from citizen_app.goals.rules import GOAL_LENGTH, Track
from citizen_app.texts.queries import PHRASES, BadPhrase, phrase_bank, read_phrases
from citizen_app.texts.rules import has_cpr_number, readability
from citizen_app.web.assets import OPENMOJI

FIELDS = ("key", "kind", "track", "picture", *LANGUAGES)
BANK = tuple(phrase_bank().values())


def test_the_bank_has_at_least_eighty_phrases_with_goals_and_steps_of_each_track() -> None:
    assert len(BANK) >= 80
    for kind in ("goal", "step"):
        assert {phrase.track for phrase in BANK if phrase.kind == kind} == set(Track)


def test_every_phrase_stands_in_all_ten_languages_and_fits_a_goal() -> None:
    for phrase in BANK:
        assert set(phrase.bodies) == set(LANGUAGES), phrase.key
        for language, body in phrase.bodies.items():
            assert 0 < len(body) <= GOAL_LENGTH, (phrase.key, language)
            assert not has_cpr_number(body)


def test_no_two_phrases_of_a_kind_say_the_same() -> None:
    for language in LANGUAGES:
        seen = [(phrase.kind, phrase.bodies[language]) for phrase in BANK]
        assert len(set(seen)) == len(seen), language


def test_a_translation_is_not_the_danish_left_as_it_was() -> None:
    for phrase in BANK:
        assert [code for code in LANGUAGES if code != "da" and phrase.bodies[code] == phrase.bodies["da"]] == []


def test_every_picture_exists() -> None:
    assert [phrase.key for phrase in BANK if not (OPENMOJI / f"{phrase.picture}.svg").is_file()] == []


def test_danish_phrases_are_short_and_together_easy_to_read() -> None:
    assert max(readability(phrase.bodies["da"]).longest_sentence for phrase in BANK) <= 12
    assert readability(". ".join(phrase.bodies["da"] for phrase in BANK)).lix <= 30


def rows() -> list[dict[str, str]]:
    with PHRASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[:3]


def write(folder: Path, changed: list[dict[str, str]]) -> Path:
    file = folder / "phrases.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, changed[0].keys())
        writer.writeheader()
        writer.writerows(changed)
    return file


def test_a_good_file_is_read(tmp_path: Path) -> None:
    assert list(read_phrases(write(tmp_path, rows()))) == [row["key"] for row in rows()]


@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_field_is_named_with_file_and_line(tmp_path: Path, field: str) -> None:
    changed = rows()
    changed[1][field] = "  "
    with pytest.raises(BadPhrase, match=rf"^phrases\.csv, line 3: {field} is empty$"):
        read_phrases(write(tmp_path, changed))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kind", "wish", "line 4: kind must be one of colleague, focus, follow_up, goal"),
        ("track", "money", "line 4: track must be job, coping or network"),
        ("key", "try_a_job", "line 4: key try_a_job is there twice"),
    ],
)
def test_a_wrong_value_is_named_with_file_and_line(tmp_path: Path, field: str, value: str, message: str) -> None:
    changed = rows()
    changed[2][field] = value
    with pytest.raises(BadPhrase, match=message):
        read_phrases(write(tmp_path, changed))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    changed = [{key: value for key, value in row.items() if key != "ku"} for row in rows()]
    with pytest.raises(BadPhrase, match="line 2: ku is empty"):
        read_phrases(write(tmp_path, changed))
