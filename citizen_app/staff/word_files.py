"""Words as files: CSV out and in without loss, an Anki package with pictures and sounds, printed cards and lists."""

from __future__ import annotations

from flask import Blueprint, make_response, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.policy import Permission
from citizen_app.staff.words import checked_deck, language_wished
from citizen_app.web import assets
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import go, page, provided
from citizen_app.web.session import db, now
from citizen_app.words import queries
from citizen_app.words.actions import Media, anki_package, import_words
from citizen_app.words.queries import Said, picture_of, said
from citizen_app.words.rules import DECKS, MEANING_LANGUAGES, Fault, Flaw, Word, read_words, write_words

blueprint = Blueprint("staff_word_files", __name__, url_prefix="/staff/words")

SHOWN_FAULTS = 200


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    return sentence


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
        sentence_of=lambda fault: _(FAULTS[fault.flaw]).replace("{detail}", fault.detail),
        status=422 if faults else 200,
    )


@blueprint.get("/decks/<deck>/anki")
@requires(Permission.MANAGE_WORDS)
def anki(deck: str) -> Response:
    language = language_wished()
    everything = said(db(), actor().municipality_id, (language,))
    words = everything.deck(checked_deck(deck))
    name = f"{provided('deck_name')(deck)} · {language}"
    package = anki_package(name, words, language, {word.key: _media(word, everything) for word in words})
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
    elif (file := queries.SOUNDS / f"{word.key}.mp3").is_file():
        sound = (f"citizen-app-{word.key}.mp3", file.read_bytes())
    return Media(picture, sound)


def _file(content: str | bytes, kind: str, name: str) -> Response:
    response = make_response(content)
    response.content_type = kind
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def sentence_of(fault: Fault) -> str:
    """Say in English what is wrong and what to do; pages say it in the reader's language."""
    return FAULTS[fault.flaw].replace("{detail}", fault.detail)


FAULTS = {
    Flaw.EMPTY_FILE: N_("there are no rows."),
    Flaw.NOT_TEXT: N_("this is not a text file in UTF-8 or cp1252. Save it as CSV."),
    Flaw.BROKEN_QUOTES: N_("a quotation mark is opened and not closed."),
    Flaw.MISSING_COLUMN: N_("this column is missing."),
    Flaw.UNKNOWN_COLUMN: N_("there is no such column."),
    Flaw.DOUBLE_COLUMN: N_("this column is there twice."),
    Flaw.UNKNOWN_LANGUAGE: N_("the app does not have this language. It has {detail}."),
    Flaw.TOO_MANY_CELLS: N_("the row has more cells than there are columns."),
    Flaw.MISSING: N_("must be filled in."),
    Flaw.TOO_LONG: N_("is too long; at most {detail} characters."),
    Flaw.BAD_KEY: N_("may have small letters a to z, digits, - and _ only."),
    Flaw.NO_SUCH_CHOICE: N_("must be one of {detail}."),
    Flaw.NOUN_WITHOUT_ARTICLE: N_("a noun needs en or et."),
    Flaw.ARTICLE_WITHOUT_NOUN: N_("only a noun has an article."),
    Flaw.WRONG_ARTICLE_FORM: N_("does not fit the article: an en-word ends in -n, an et-word in -t."),
    Flaw.LONG_EXAMPLE: N_("has more than {detail} words."),
    Flaw.EXAMPLE_WITHOUT_WORD: N_("does not hold the word in any form."),
    Flaw.BAD_PICTURE: N_("is neither an OpenMoji code nor a drawing of the project (own-...)."),
    Flaw.BAD_DATE: N_("is not a date like 2026-12-31."),
    Flaw.DOUBLE_KEY: N_("the same key is already on line {detail}."),
    Flaw.DOUBLE_WORD: N_("the same word is already on line {detail}."),
    Flaw.DOUBLE_PICTURE: N_("the same picture is already on line {detail}."),
    Flaw.NO_PICTURE: N_("there is no such picture."),
    Flaw.NO_SOUND: N_("there are no sound files for this word."),
}
"""One sentence for each kind of fault."""
