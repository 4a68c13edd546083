"""Pages of the words: the deck by theme with a search, and one word with its picture, sound and meaning.

The deck is the same for everybody and lies in memory, so these pages ask the database for nothing of their own.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from flask import Blueprint, request
from werkzeug.wrappers import Response

from citizen_app.policy import NotFound, Permission
from citizen_app.web import access
from citizen_app.web.access import requires
from citizen_app.web.fragments import page
from citizen_app.web.locale import current_language
from citizen_app.words.queries import core_deck
from citizen_app.words.rules import Word, search

blueprint = Blueprint("words", __name__)

QUERY_LENGTH = 60


class Shelf(NamedTuple):
    """Words that stand together under one heading; what a search found stands under none."""

    theme: str
    words: tuple[Word, ...]


@blueprint.get("/words")
@requires(Permission.USE_ACCOUNT)
def index() -> Response:
    query = request.args.get("q", "").strip()[:QUERY_LENGTH]
    if query:
        shelves = [Shelf("", tuple(search(core_deck(), query, _languages())))]
    else:
        themes = groupby(core_deck(), lambda word: word.theme)
        shelves = [Shelf(theme, tuple(words)) for theme, words in themes]
    return page(
        "words/index.html", "deck", here="words", query=query, shelves=shelves, meaning_language=_meaning_language()
    )


@blueprint.get("/words/<key>")
@requires(Permission.USE_ACCOUNT)
def show(key: str) -> Response:
    deck = core_deck()
    place = next((place for place, word in enumerate(deck) if word.key == key), None)
    if place is None:
        raise NotFound
    return page(
        "words/show.html",
        here="words",
        word=deck[place],
        before=deck[place - 1] if place > 0 else None,
        after=deck[place + 1] if place + 1 < len(deck) else None,
        meaning_language=_meaning_language(),
    )


def _languages() -> tuple[str, ...]:
    """Languages of the reader, best first; the page's own language leads, since staff read it in English."""
    return tuple(dict.fromkeys((current_language(), *access.actor().reading_languages)))


def _meaning_language() -> str | None:
    """Return the language in which meanings stand; none for a reader of Danish alone."""
    return next((language for language in _languages() if language != "da"), None)
