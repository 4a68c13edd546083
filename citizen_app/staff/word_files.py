"""Words as files: CSV out and in without loss, an Anki package with pictures and sounds, printed cards and lists."""

from __future__ import annotations

from flask import Blueprint, make_response, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.policy import Permission
from citizen_app.staff.word_faults import translated
from citizen_app.staff.words import checked_deck, language_wished
from citizen_app.web import assets
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import go, page, provided
from citizen_app.web.session import db, now
from citizen_app.words import queries
from citizen_app.words.actions import Media, anki_package, import_words
from citizen_app.words.queries import Said, picture_of, said, sounds_of
from citizen_app.words.rules import DECKS, MEANING_LANGUAGES, Fault, Flaw, Word, read_words, write_words

blueprint = Blueprint("staff_word_files", __name__, url_prefix="/staff/words")

SHOWN_FAULTS = 200


@blueprint.get("/export.csv")
@requires(Permission.MANAGE_WORDS)
def export() -> Response:
    """Give all decks with all languages as one file, which can be mended and taken in again."""
    words = said(db(), actor().municipality_id, MEANING_LANGUAGES).deck(*DECKS)
    # The mark at the start tells spreadsheets that the file is UTF-8.
    return _file("\ufeff" + write_words(words), "text/csv; charset=utf-8", "words.csv")


@blueprint.route("/import", methods=["GET", "POST"])
@requires(Permission.MANAGE_WORDS)
def take_in() -> Response:
    """Take a mended file in: everything is checked first, and one bad line stops all."""
    faults: list[Fault] = []
    if request.method == "POST":
        upload = request.files.get("file")
        everything = said(db(), actor().municipality_id, MEANING_LANGUAGES)
        known = {word.key: word for word in everything.all_words()}
        read, faults = read_words(upload.read() if upload else b"", known=known)
        taken = queries.workplace_keys(db(), actor().municipality_id)
        faults += [Fault(line, "key", Flaw.TAKEN_KEY) for line, word in read if word.key in taken]
        unseen = [line for line, word in read if word.picture and not assets.has_picture(word.picture)]
        faults += [Fault(line, "picture", Flaw.NO_PICTURE) for line in unseen]
        if not faults:
            summary = import_words(db(), actor(), [word for _line, word in read], everything, now())
            session["notice"] = _(
                "Words: %(new)s new, %(changed)s changed. Translations: %(meanings)s changed.",
                new=summary.new,
                changed=summary.changed,
                meanings=summary.meanings,
            )
            return go("/staff/words")
    return page(
        "staff/words/import.html",
        here="words",
        faults=faults[:SHOWN_FAULTS],
        more=max(len(faults) - SHOWN_FAULTS, 0),
        sentence_of=translated,
        status=422 if faults else 200,
    )


@blueprint.get("/decks/<deck>/anki")
@requires(Permission.MANAGE_WORDS)
def anki(deck: str) -> Response:
    language = language_wished()
    everything = said(db(), actor().municipality_id, (language,))
    words = everything.deck(checked_deck(deck))
    name = f"{provided('deck_name')(deck)} · {language}"
    package = anki_package(deck, name, words, language, {word.key: _media(word, everything) for word in words})
    return _file(package, "application/octet-stream", f"{deck}-{language}.apkg")


@blueprint.get("/decks/<deck>/<any(cards, list):layout>")
@requires(Permission.MANAGE_WORDS)
def printed(deck: str, layout: str) -> Response:
    """A page for paper: cards to cut out, or a list in two languages."""
    language = language_wished()
    everything = said(db(), actor().municipality_id, (language,))
    return page(
        "staff/words/print.html",
        deck=checked_deck(deck),
        layout=layout,
        meaning_language=language,
        words=everything.deck(deck),
        picture_of=lambda word: picture_of(word, everything),
    )


def _media(word: Word, everything: Said) -> Media:
    """Return a word's picture and sound as files."""
    picture: tuple[str, bytes] | None = None
    if word.key in everything.photos:
        jpeg = queries.photo(db(), actor(), everything.photos[word.key], today())
        picture = (f"citizen-app-{word.key}.jpg", jpeg)
    elif word.picture:
        file = assets.STATIC / assets.picture_address(word.picture).split("/", 3)[-1]
        picture = (f"citizen-app-{word.key}.svg", file.read_bytes())
    sound: tuple[str, bytes] | None = None
    if word.key in everything.recordings:
        mp3 = queries.recording(db(), actor(), everything.recordings[word.key].id, "mp3", today())
        sound = (f"citizen-app-{word.key}.mp3", mp3)
    elif sounds_of(word, everything) and (file := queries.SOUNDS / f"{word.key}.mp3").is_file():
        sound = (f"citizen-app-{word.key}.mp3", file.read_bytes())
    return Media(picture, sound)


def _file(content: str | bytes, kind: str, name: str) -> Response:
    response = make_response(content)
    response.content_type = kind
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
