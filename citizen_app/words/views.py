"""Pages of the words: the decks with a search, one word with its picture, sound and meaning, and a word brought in.

The decks that come with the app lie in memory; what the municipality says about them costs one SELECT.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from flask import Blueprint, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from citizen_app.people.queries import subject_for
from citizen_app.policy import NotFound, Permission, Refusal, Role, check
from citizen_app.sounds.actions import NobodySpeaks, NotASound, SoundTooLong
from citizen_app.web import access, errors
from citizen_app.web.access import requires, today
from citizen_app.web.fragments import go, page, provide
from citizen_app.web.headers import kept_file
from citizen_app.web.locale import current_language
from citizen_app.web.photos import NotAPhoto
from citizen_app.web.session import db, now
from citizen_app.words import queries
from citizen_app.words.actions import Brought, suggest_word
from citizen_app.words.forms import SuggestForm
from citizen_app.words.queries import Said, picture_of, said, sounds_of
from citizen_app.words.rules import BRANCHES, CORE, DECKS, THEMES, WORKPLACE, Word, search

blueprint = Blueprint("words", __name__)

QUERY_LENGTH = 60

errors.explain(NotASound, lazy_gettext("We cannot hear anything in this file. Record once more."))
errors.explain(SoundTooLong, lazy_gettext("The recording is too long. Ten seconds are enough."))
errors.explain(NobodySpeaks, lazy_gettext("We hear nobody. Hold the phone closer and try again."))


class Shelf(NamedTuple):
    """Words that stand together under one heading; what a search found stands under none."""

    theme: str
    words: tuple[Word, ...]


@blueprint.get("/words")
@requires(Permission.USE_ACCOUNT)
def index() -> Response:
    return _deck_page(CORE)


@blueprint.get("/words/decks/<deck>")
@requires(Permission.USE_ACCOUNT)
def deck(deck: str) -> Response:
    if deck not in {*DECKS, WORKPLACE}:
        raise NotFound
    return _deck_page(deck)


def _deck_page(deck: str) -> Response:
    everything = _said()
    query = request.args.get("q", "").strip()[:QUERY_LENGTH]
    if query:
        shelves = [Shelf("", tuple(search(everything.all_words(), query, _languages())))]
    else:
        by_theme = sorted(everything.deck(deck), key=lambda word: THEMES.index(word.theme))
        themes = groupby(by_theme, lambda word: word.theme)
        shelves = [Shelf(theme, tuple(words)) for theme, words in themes]
    return page(
        "words/index.html",
        "deck",
        here="words",
        deck=deck,
        decks=(WORKPLACE, *DECKS) if everything.citizen_words else DECKS,
        query=query,
        shelves=shelves,
        **_how_to_read(everything),
    )


@blueprint.get("/words/<key>")
@requires(Permission.USE_ACCOUNT)
def show(key: str) -> Response:
    everything = _said()
    word = everything.word(key)
    if word is None:
        raise NotFound
    deck = everything.deck(word.deck)
    place = next(place for place, other in enumerate(deck) if other.key == key)
    return page(
        "words/show.html",
        here="words",
        word=word,
        sounds=sounds_of(word, everything),
        before=deck[place - 1] if place > 0 else None,
        after=deck[place + 1] if place + 1 < len(deck) else None,
        **_how_to_read(everything),
    )


@blueprint.route("/words/new/<int:citizen_id>", methods=["GET", "POST"])
@requires(Permission.SUGGEST_WORDS)
def new(citizen_id: int) -> Response:
    """Bring in a word from a citizen's workplace: she herself, her mentor, or staff."""
    me = access.actor()
    subject = subject_for(db(), me, citizen_id, today())
    check(me, Permission.SUGGEST_WORDS, subject)
    form = SuggestForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            brought = Brought(
                lemma=form.lemma.data or "",
                meaning=form.meaning.data or "",
                photo=_bytes_of(form.photo.data),
                voice=_bytes_of(form.sound.data),
                speaker=me.given_name,
            )
            try:
                if not (brought.lemma or brought.voice):
                    raise NotASound
                if form.photo.data and not brought.photo:
                    raise NotAPhoto
                word = suggest_word(db(), me, subject, brought, now())
            except Refusal as refusal:
                field = form.photo if isinstance(refusal, NotAPhoto) else form.sound
                field.errors = [errors.sentence_for(refusal)]
                status = refusal.status
            else:
                waits = _("Thank you. Staff look at the word first. Then it is among the new words.")
                session["notice"] = waits if word.status == "suggested" else _("Saved.")
                return go(_after_new(citizen_id))
    return page(
        "words/new.html", here="words", form=form, citizen_id=citizen_id, back=_after_new(citizen_id), status=status
    )


def _after_new(citizen_id: int) -> str:
    me = access.actor()
    if me.person_id == citizen_id:
        return "/practice"
    return f"/mentor/people/{citizen_id}/words" if me.role is Role.MENTOR else f"/staff/citizens/{citizen_id}/words"


def _bytes_of(upload: FileStorage | None) -> bytes:
    return upload.read() if upload else b""


# --- Photos and recordings ----------------------------------------------------------------------------------


@blueprint.get("/words/photos/<int:photo_id>.jpg")
@requires(Permission.USE_ACCOUNT)
def photo(photo_id: int) -> Response:
    return kept_file(queries.photo(db(), access.actor(), photo_id, today()), "image/jpeg")


@blueprint.get("/words/recordings/<int:recording_id>.<any(opus, mp3):kind>")
@requires(Permission.USE_ACCOUNT)
def recording(recording_id: int, kind: str) -> Response:
    sound = queries.recording(db(), access.actor(), recording_id, kind, today())
    return kept_file(sound, "audio/ogg" if kind == "opus" else "audio/mpeg")


# --- How a reader reads -------------------------------------------------------------------------------------


def _said() -> Said:
    me = access.actor()
    citizen = me.person_id if me.role is Role.CITIZEN else None
    return said(db(), me.municipality_id, _languages(), citizen)


def _how_to_read(everything: Said) -> dict[str, Any]:
    languages = tuple(language for language in _languages() if language != "da")
    return {
        "picture_of": lambda word: picture_of(word, everything),
        "meaning_of": lambda word: word.meaning_for(languages),
    }


def _languages() -> tuple[str, ...]:
    """Languages of the reader, best first; the page's own language leads, since staff read it in English."""
    return tuple(dict.fromkeys((current_language(), *access.actor().reading_languages)))


def deck_name(deck: str) -> Any:
    """Name a deck in the reader's language."""
    return _DECK_NAMES[deck]


_DECK_NAMES = {
    CORE: lazy_gettext("The 100 words"),
    WORKPLACE: lazy_gettext("From my workplace"),
    **dict(
        zip(
            BRANCHES,
            (
                lazy_gettext("Cleaning"),
                lazy_gettext("Kitchen"),
                lazy_gettext("Warehouse"),
                lazy_gettext("Shop"),
                lazy_gettext("Care"),
                lazy_gettext("Building"),
                lazy_gettext("Factory"),
                lazy_gettext("Gardening"),
            ),
            strict=True,
        )
    ),
}
DECK_PICTURES = dict(
    zip(
        DECKS,
        ("1F4AF", "1F9F9", "1F373", "1F4E6", "1F6D2", "1F9D1-200D-2695-FE0F", "1F477", "1F3ED", "1F331"),
        strict=True,
    )
) | {WORKPLACE: "1F4F7"}

provide("deck_name", deck_name)
provide("deck_picture", DECK_PICTURES.__getitem__)
