"""Words as files: out as CSV and in again without loss, as an Anki package that Anki opens, and on paper."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from flask.testing import FlaskClient
from markupsafe import escape
from PIL import Image
from sqlalchemy import func, select

from citizen_app.people.queries import own_subject
from citizen_app.web.locale import direction
from citizen_app.words.actions import ANKI_FIELDS, Brought, suggest_word
from citizen_app.words.models import OwnWord, WordMeaning
from citizen_app.words.queries import DATA, SOUNDS, shipped, shipped_deck
from citizen_app.words.rules import COLUMNS, DECKS, MEANING_LANGUAGES
from tests.plan import ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]
Row = dict[str, str]

PISKERIS = {
    "key": "piskeris",
    "deck": "kitchen",
    "theme": "tools",
    "class": "noun",
    "article": "et",
    "lemma": "piskeris",
    "definite": "piskeriset",
    "example": "Vask piskeriset, tak.",
    "en": 'whisk, "the wire one"',
    "uk": "вінчик",
    "uk_checked_by": "Olena",
    "uk_checked_on": "2026-11-19",
}


def export(client: FlaskClient) -> bytes:
    answer = client.get("/staff/words/export.csv")
    assert answer.status_code == 200
    file: bytes = answer.data
    return file


def take_in(client: FlaskClient, file: bytes) -> Any:
    return client.post("/staff/words/import", data={"file": (io.BytesIO(file), "words.csv")})


def rows_of(file: bytes) -> dict[str, Row]:
    return {row["key"]: row for row in csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))}


def file_of(rows: Iterable[Row], columns: Iterable[str] = COLUMNS) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(columns), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def told(client: FlaskClient) -> str:
    """What the page after an import says about it."""
    found: str = re.findall(
        r"Words: \d+ new, \d+ changed\. Translations: \d+ changed\.", client.get("/staff/words").text
    )[0]
    return found


def is_untouched(plan: Plan) -> bool:
    return [plan.all(select(func.count()).select_from(table)) for table in (OwnWord, WordMeaning)] == [[(0,)], [(0,)]]


# --- CSV out and in -----------------------------------------------------------------------------------------


def test_all_decks_with_all_languages_are_one_file_that_spreadsheets_open(mette: FlaskClient) -> None:
    answer = mette.get("/staff/words/export.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="words.csv"'
    assert answer.data.startswith(b"\xef\xbb\xbfkey,deck,")
    header, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
    assert header == list(COLUMNS)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == 308
    ours = {}
    for deck in DECKS:
        with (DATA / f"{deck}.csv").open(encoding="utf-8", newline="") as file:
            ours.update({row["key"]: {"deck": deck, **row} for row in csv.DictReader(file)})
    filled = {key: {name: cell for name, cell in row.items() if cell} for key, row in rows_of(answer.data).items()}
    assert filled == {key: {name: cell for name, cell in row.items() if cell} for key, row in ours.items()}


def test_the_exported_file_taken_in_again_changes_nothing(plan: Plan, mette: FlaskClient) -> None:
    before = export(mette)
    answer = take_in(mette, before)
    assert (answer.status_code, answer.location) == (303, "/staff/words")
    assert told(mette) == "Words: 0 new, 0 changed. Translations: 0 changed."
    assert export(mette) == before
    assert is_untouched(plan)


def test_a_mended_file_is_what_everybody_in_the_municipality_reads(
    plan: Plan, mette: FlaskClient, selam: FlaskClient, client_of: ClientOf
) -> None:
    rows = rows_of(export(mette))
    rows["spand"] |= {"ar": "سطل؛ دلو", "ar_checked_by": "Amal", "ar_checked_on": "2026-11-20"}
    rows["kost"] |= {"example": "Kosten står ved døren."}
    take_in(mette, file_of([*rows.values(), PISKERIS]))
    assert told(mette) == "Words: 1 new, 1 changed. Translations: 3 changed."
    after = export(mette)
    assert rows_of(after) == rows | {"piskeris": dict.fromkeys(COLUMNS, "") | PISKERIS}
    take_in(mette, after)
    assert told(mette) == "Words: 0 new, 0 changed. Translations: 0 changed."
    assert export(mette) == after
    assert "سطل؛ دلو" in client_of("yusuf").get("/words/spand").text
    assert 'href="/words/piskeris"' in selam.get("/words/decks/kitchen").text
    assert str(escape(PISKERIS["en"])) in selam.get("/words/piskeris").text
    assert "Kosten står ved døren." in selam.get("/words/kost").text
    assert re.search(r"Amal, \d", mette.get("/staff/words/edit/spand").text)
    assert export(client_of("anders")) == file_of_ours()
    plan.speak("olena", "uk")
    assert client_of("olena").get("/words/piskeris").status_code == 404


def file_of_ours() -> bytes:
    """What a municipality exports that has changed nothing."""
    rows = []
    for word in shipped().values():
        cells = [word.key, word.deck, word.theme, word.word_class, word.article, word.lemma]
        cells += [word.definite, word.present, word.past, word.example, word.picture]
        for language in MEANING_LANGUAGES:
            cells += [*word.meaning(language)[:2], "", ""]
        rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return b"\xef\xbb\xbf" + file_of(rows)


def test_a_column_that_is_not_there_stays_as_it_is(mette: FlaskClient) -> None:
    before = rows_of(export(mette))
    spand = before["spand"] | {"tr": "kova, kazan"}
    columns = ("key", "deck", "theme", "class", "article", "lemma", "example", "tr")
    take_in(mette, file_of([{name: spand[name] for name in columns}], columns))
    assert told(mette) == "Words: 0 new, 0 changed. Translations: 1 changed."
    assert rows_of(export(mette)) == before | {"spand": spand}


def test_a_meaning_that_is_emptied_in_the_file_is_gone(mette: FlaskClient) -> None:
    rows = rows_of(export(mette))
    rows["spand"] |= {"so": "", "so_example": ""}
    take_in(mette, file_of(rows.values()))
    assert told(mette) == "Words: 0 new, 0 changed. Translations: 1 changed."
    assert rows_of(export(mette)) == rows


@pytest.mark.parametrize("typed", [{}, {"lemma": "gryde", "example": "Tag en gryde."}], ids=["no example", "same word"])
def test_a_word_taken_in_from_a_workplace_is_exported_without_loss(plan: Plan, mette: FlaskClient, typed: Row) -> None:
    selam = plan.actor("selam")
    word = suggest_word(plan.session, selam, own_subject(selam), Brought("piskeris"), plan.now)
    plan.session.commit()
    data = {"lemma": "piskeris", "deck": "kitchen", "decision": "approve"} | typed
    answer = mette.post(f"/staff/words/suggestions/{word.id}", data=data)
    if answer.status_code == 303:
        assert take_in(mette, export(mette)).status_code == 303
    else:
        assert (answer.status_code, plan.fresh(word).status) == (422, "suggested")


# --- Bad files ----------------------------------------------------------------------------------------------

FULL = dict.fromkeys(COLUMNS, "") | PISKERIS
BAD_FILES = {
    "columns": (
        b"\xef\xbb\xbfkey,deck,theme,class,lemma,xx,en,en\r\npiskeris,kitchen,tools,noun,piskeris,,,\r\n",
        [
            f"Linje 1, xx: appen har ikke det sprog. Den har {', '.join(MEANING_LANGUAGES)}.",
            "Linje 1, en: kolonnen er der to gange.",
            "Linje 1, example: kolonnen mangler.",
        ],
    ),
    "encoding": (
        file_of([FULL]).decode().encode("utf-16"),
        ["Filen: det er ikke en tekstfil i UTF-8 eller cp1252. Gem den som CSV."],
    ),
    "broken place": (
        file_of([FULL | {"lemma": "rørepind"}]) + b"\xff",
        ["Filen: det er ikke en tekstfil i UTF-8 eller cp1252. Gem den som CSV."],
    ),
    "empty": (b"", ["Filen: der er ingen rækker."]),
    "quotes": (b'key,deck\r\n"piskeris,kitchen\r\n', ["Linje 2: et anførselstegn er åbnet og ikke lukket."]),
    "lines": (
        file_of(
            [
                FULL | {"picture": "1F331"},
                FULL | {"key": "piskeris2", "picture": "1F331"},
                FULL | {"lemma": "spand2", "example": "En spand2.", "deck": "kitchn"},
                FULL | {"key": "grydeske", "lemma": "grydeske", "article": "", "example": ""},
                FULL | {"key": "rist", "lemma": "rist", "definite": "ristet", "example": "En rist.", "ar": "x" * 81},
                FULL | {"key": "si", "lemma": "si", "example": "En si.", "uk_checked_on": "19/11/2026"},
            ]
        ),
        [
            "Linje 3, lemma: ordsættet har allerede ordet med nøglen piskeris.",
            "Linje 3, picture: ordsættet har allerede billedet til nøglen piskeris.",
            f"Linje 4, deck: skal være en af {', '.join(DECKS)}.",
            "Linje 4, key: samme nøgle står allerede på linje 2.",
            "Linje 5, example: skal udfyldes.",
            "Linje 6, ar: er for lang; højst 80 tegn.",
            "Linje 7, uk_checked_on: er ikke en dato som 2026-12-31.",
        ],
    ),
}


@ON_SQLITE
@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_bad_file_is_told_line_by_line_in_danish_and_changes_nothing(
    plan: Plan, client_of: ClientOf, bad: str
) -> None:
    file, lines = BAD_FILES[bad]
    mette = client_of("mette")
    answer = take_in(mette, file)
    assert answer.status_code == 422
    notice = answer.text.split("Intet er ændret. Ret disse linjer:")[1].split("</ul>")[0]
    assert re.findall(r"<li>([^<]+)</li>", notice) == lines
    assert is_untouched(plan)


def test_one_bad_line_stops_the_good_ones(plan: Plan, mette: FlaskClient) -> None:
    before = export(mette)
    rows = rows_of(before)
    rows["spand"]["ar"] = "سطل"
    rows["kost"]["lemma"] = ""
    answer = take_in(mette, file_of(rows.values()))
    assert answer.status_code == 422
    assert f"Line {list(rows).index('kost') + 2}, lemma: must be filled in." in answer.text
    assert export(mette) == before
    assert is_untouched(plan)


@ON_SQLITE
def test_a_file_of_mistakes_is_not_told_to_its_end(mette: FlaskClient) -> None:
    rows = [row | {"example": ""} for row in rows_of(export(mette)).values()]
    page = take_in(mette, file_of(rows)).text
    assert page.count("example: must be filled in.") == 200
    assert "and 108 more" in page


@ON_SQLITE
def test_a_file_whose_letters_a_spreadsheet_has_lost_is_refused(plan: Plan, mette: FlaskClient) -> None:
    lossy = export(mette).decode("utf-8-sig").encode("cp1252", errors="replace")
    assert take_in(mette, lossy).status_code == 422
    assert is_untouched(plan)


@ON_SQLITE
def test_a_new_word_may_not_be_the_twin_of_one_that_is_there(plan: Plan, mette: FlaskClient) -> None:
    spand = rows_of(export(mette))["spand"]
    assert take_in(mette, file_of([spand | {"key": "spand2"}])).status_code == 422
    assert is_untouched(plan)


@pytest.mark.parametrize("status", ["suggested", "declined"])
def test_the_key_of_a_citizens_word_is_refused_in_a_file(plan: Plan, mette: FlaskClient, status: str) -> None:
    selam = plan.actor("selam")
    word = suggest_word(plan.session, selam, own_subject(selam), Brought("piskeris"), plan.now)
    plan.session.commit()
    if status == "declined":
        mette.post(f"/staff/words/suggestions/{word.id}", data={"decision": "decline"})
    assert take_in(mette, file_of([FULL | {"key": word.key}])).status_code == 422


# --- Anki ---------------------------------------------------------------------------------------------------


def opened(package: bytes, folder: Path) -> tuple[dict[str, Row], dict[str, bytes]]:
    """Let Anki itself take a package in, twice as learners do; returns the notes by key and the media by name."""
    file = folder / "deck.apkg"
    file.write_bytes(package)
    collection = Collection(str(folder / "learner.anki2"))
    try:
        wish = ImportAnkiPackageRequest(package_path=str(file), options=ImportAnkiPackageOptions())
        first, second = (collection.import_anki_package(wish).log for _ in range(2))
        assert len(first.new) == first.found_notes == collection.note_count() == collection.card_count()
        assert len(second.new) == 0
        notes = [dict(collection.get_note(number).items()) for number in collection.find_notes("")]
        media = {file.name: file.read_bytes() for file in Path(collection.media.dir()).iterdir()}
    finally:
        collection.close()
    return {note["Key"]: note for note in notes}, media


def test_anki_opens_the_package_with_words_meanings_pictures_and_sounds(mette: FlaskClient, tmp_path: Path) -> None:
    mended = {"text": "whisk & <bowl>", "example": "Fill the bowl."}
    mette.post("/staff/words/languages/en/spand", data=mended)
    answer = mette.get("/staff/words/decks/core/anki?language=en")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="core-en.apkg"'
    notes, media = opened(answer.data, tmp_path)
    assert sorted(notes) == sorted(word.key for word in shipped_deck("core"))
    assert len(media) == 200
    meanings = {word.key: word.meaning("en")[:2] for word in shipped_deck("core")} | {"spand": tuple(mended.values())}
    for word in shipped_deck("core"):
        picture, sound = f"citizen-app-{word.key}.svg", f"citizen-app-{word.key}.mp3"
        text, meant = meanings[word.key]
        lines = [html.escape(line) for line in (word.with_article, text, word.example, meant)]
        fields = (word.key, *lines, f'<img src="{picture}">', f"[sound:{sound}]")
        assert notes[word.key] == dict(zip(ANKI_FIELDS, fields, strict=True))
        assert b"<svg" in media[picture]
        assert media[sound] == (SOUNDS / f"{word.key}.mp3").read_bytes()


@ON_SQLITE
def test_the_package_holds_the_municipalitys_own_photos(mette: FlaskClient, tmp_path: Path) -> None:
    made = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(made, "PNG")
    made.seek(0)
    mette.post("/staff/words/edit/gryde", data={"photo": (made, "pot.png")})
    notes, media = opened(mette.get("/staff/words/decks/kitchen/anki?language=uk").data, tmp_path)
    assert len(notes) == 26
    assert notes["gryde"]["Picture"] == '<img src="citizen-app-gryde.jpg">'
    assert media["citizen-app-gryde.jpg"].startswith(b"\xff\xd8")
    assert notes["gryde"]["Meaning"] == shipped()["gryde"].meaning("uk").text


@ON_SQLITE
def test_a_word_that_was_changed_is_not_sent_with_the_sound_of_the_old_one(mette: FlaskClient, tmp_path: Path) -> None:
    changed = rows_of(export(mette))["gryde"] | {"lemma": "kasserolle", "definite": "kasserollen"}
    assert take_in(mette, file_of([changed | {"example": "Tag en kasserolle."}])).status_code == 303
    assert "sounds/da/gryde" not in mette.get("/words/gryde").text
    notes, media = opened(mette.get("/staff/words/decks/kitchen/anki").data, tmp_path)
    assert notes["gryde"]["Danish"] == "en kasserolle"
    assert "citizen-app-gryde.mp3" not in media


# --- On paper -----------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize("language", ["fa", "pl"])
def test_cards_and_lists_hold_every_word_in_both_languages(mette: FlaskClient, language: str) -> None:
    side = direction(language)
    cards, listed = (
        mette.get(f"/staff/words/decks/kitchen/{layout}?language={language}").text for layout in ("cards", "list")
    )
    for word in shipped_deck("kitchen"):
        danish, example = escape(word.with_article), escape(word.example)
        meaning, meant = (escape(text) for text in word.meaning(language)[:2])
        own = f'<span lang="{language}"><bdi dir="{side}">{meaning}</bdi></span>'
        assert f'<strong lang="da">{danish}</strong>{own}<small lang="da">{example}</small>' in cards
        assert f'<td lang="{language}" dir="{side}"><strong>{meaning}</strong><br>{meant}</td>' in listed
        forms = f' <span class="soft">({escape(", ".join(word.forms))})</span>' if word.forms else ""
        assert f'<td lang="da"><strong>{danish}</strong>{forms}<br>{example}</td>' in listed
    assert cards.count("<img src=") == listed.count("<img src=") == 26


@ON_SQLITE
@pytest.mark.parametrize("address", ["nothing/cards", "nothing/list", "nothing/anki", "core/poster", "workplace/list"])
def test_what_is_not_there_is_not_printed(mette: FlaskClient, address: str) -> None:
    assert mette.get(f"/staff/words/decks/{address}").status_code == 404


# --- Who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["selam", "jens"])
def test_files_are_for_staff(plan: Plan, client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    for address in ("export.csv", "import", "decks/core/anki", "decks/core/cards", "decks/core/list"):
        assert client.get(f"/staff/words/{address}").status_code == 403
    assert take_in(client, file_of([FULL])).status_code == 403
    assert is_untouched(plan)


@ON_SQLITE
def test_a_picture_that_the_app_does_not_have_is_refused(plan: Plan, mette: FlaskClient) -> None:
    answer = take_in(mette, file_of([FULL | {"picture": "1F9A4"}]))
    assert answer.status_code == 422
    assert "picture: the app does not have this picture." in answer.text
    assert is_untouched(plan)
