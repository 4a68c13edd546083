"""The learner's pages: her words and how far she is, a session of ten cards, and what her phone keeps for flight mode.

With script a session runs on the phone from the pack, and answers are sent when there is network. Without script each
card is a page and each answer a form; both end in the same log.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import uuid4

from flask import Blueprint, jsonify, request, session
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from citizen_app.people.queries import own_subject
from citizen_app.policy import Permission, has_role_for
from citizen_app.practice import actions
from citizen_app.practice.actions import GivenAnswer
from citizen_app.practice.forms import WishesForm, read_answers
from citizen_app.practice.queries import Desk, learning, own_desk, wishes_of
from citizen_app.practice.rules import days_until_due
from citizen_app.web import access
from citizen_app.web.access import actor, midnight, public, requires, today
from citizen_app.web.fragments import answer, go, page, provide, provided
from citizen_app.web.locale import current_language, direction
from citizen_app.web.session import db, now
from citizen_app.words.queries import picture_of, said, sounds_of, suggested_by
from citizen_app.words.rules import Word, wrong_choices

blueprint = Blueprint("practice", __name__)


def _desk() -> Desk:
    return own_desk(db(), actor(), now(), midnight())


# --- The learner's own page ---------------------------------------------------------------------------------


@blueprint.get("/practice")
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    found = _desk()
    decks = [
        (deck, [word for word in found.words if word.deck == deck])
        for deck in found.learning.wishes.decks
        if deck != "workplace" or found.said.citizen_words
    ]
    return page(
        "practice/index.html",
        here="words",
        decks=decks,
        known=found.learning.known,
        used=found.learning.used,
        has_cards=bool(found.today),
        waiting=len(suggested_by(db(), actor(), actor().person_id)),
    )


@blueprint.route("/practice/wishes", methods=["GET", "POST"])
@requires(Permission.SEE_OWN_PAGES)
def wishes() -> Response:
    me = actor()
    form = WishesForm.of(wishes_of(db(), me.municipality_id, me.person_id), provided("deck_name"))
    if form.validate_on_submit():
        actions.set_wishes(db(), own_subject(me), form.wishes())
        session["notice"] = _("Saved.")
        return go("/practice")
    return page("practice/wishes.html", here="words", form=form, status=422 if form.errors else 200)


# --- A session ----------------------------------------------------------------------------------------------


@blueprint.get("/practice/session")
@requires(Permission.SEE_OWN_PAGES)
def show() -> Response:
    """Show the next card as a page; script takes over and runs the whole session on the phone."""
    found = _desk()
    word = found.word(found.today[0]) if found.today else None
    languages = tuple(language for language in actor().reading_languages if language != "da")
    return page(
        "practice/session.html",
        here="words",
        word=word,
        answer_id=uuid4().hex,
        picture=picture_of(word, found.said) if word else "",
        sounds=sounds_of(word, found.said) if word else None,
        meaning=word.meaning_for(languages) if word else None,
    )


@blueprint.post("/practice/answers")
@requires(Permission.SEE_OWN_PAGES)
def answers() -> Response:
    """Take the answers that a phone has kept, or the one of a form."""
    me = actor()
    is_form = not request.is_json
    given = _answer_of_form() if is_form else read_answers(request.get_json(silent=True))
    if given is None:
        return _told(400)
    everything = said(db(), me.municipality_id, ("da",), me.person_id)
    count = actions.record_answers(db(), me, given, everything, now())
    return go("/practice/session") if is_form else _told(200, new=count)


def _answer_of_form() -> list[GivenAnswer] | None:
    one = {"id": request.form.get("answer_id"), "word": request.form.get("word"), "exercise": "card"}
    knew = {"yes": True, "no": False}.get(request.form.get("knew", ""))
    return read_answers([one | {"knew": knew, "at": int(now().timestamp() * 1000)}])


def _told(status: int, **more: Any) -> Response:
    response = jsonify(**more)
    response.status_code = status
    return response


@blueprint.get("/practice/pack")
@requires(Permission.SEE_OWN_PAGES)
def pack() -> Response:
    """Give the phone all that it needs to practise without network: words, pictures, sounds, and what is due."""
    me = actor()
    found = _desk()
    keys = dict.fromkeys(word.key for word in found.words)
    decks: dict[str, list[Word]] = {}
    more = [word for key in found.learning.cards if key not in keys and (word := found.said.word(key)) is not None]
    everything = [*found.words, *more]
    for word in everything:
        decks.setdefault(word.deck, []).append(word)
    return jsonify(
        learner=me.person_id,
        made=int(now().timestamp() * 1000),
        csrf=generate_csrf(),
        wishes={
            "new": found.learning.wishes.new_a_day,
            "due": found.learning.wishes.due_a_day,
            "writes": found.learning.wishes.likes_writing,
        },
        midnight=int(midnight().timestamp() * 1000),
        queue=found.queue,
        today=found.today,
        fresh=days_until_due(None, now()),
        words=[_packed(word, decks[word.deck], found) for word in everything],
    )


def _packed(word: Word, deck: list[Word], found: Desk) -> dict[str, Any]:
    me = actor()
    languages = tuple(language for language in me.reading_languages if language != "da")
    language, meaning = word.meaning_for(languages)
    sounds = sounds_of(word, found.said)
    card = found.learning.cards.get(word.key)
    return {
        "key": word.key,
        "deck": word.deck,
        "theme": word.theme,
        "article": word.article,
        "lemma": word.lemma,
        "forms": word.forms,
        "example": word.example,
        "language": language,
        "dir": direction(language) if language else "",
        "meaning": meaning.text,
        "exampleMeaning": meaning.example,
        "picture": picture_of(word, found.said),
        "sounds": sounds._asdict() if sounds else None,
        "wrong": wrong_choices(word, deck, languages),
        "known": word.key in found.learning.known,
        "used": word.key in found.learning.used,
        "card": _packed_card(card) if card else None,
    }


def _packed_card(card: Any) -> dict[str, Any]:
    state = asdict(card)
    moments = {name: int(state[name].timestamp() * 1000) for name in ("due_at", "begun_at", "answered_at")}
    return {**moments, "days": days_until_due(card, now())}


@blueprint.get("/practice/pocket")
@public
def pocket() -> Response:
    """The page that a phone keeps for flight mode: everything of a session but the words, so nothing personal."""
    response = page("practice/pocket.html")
    response.headers["Content-Language"] = current_language()
    return response


# --- Used at work -------------------------------------------------------------------------------------------


@blueprint.post("/practice/used/<key>")
@requires(Permission.SEE_OWN_PAGES)
def used(key: str) -> Response:
    """Say, or take back, that one used a word at work today."""
    me = actor()
    everything = said(db(), me.municipality_id, ("da",), me.person_id)
    is_used = request.form.get("used") != "no"
    actions.mark_used(db(), me, own_subject(me), key, everything, day=today(), is_used=is_used, now=now())
    return answer(f"/words/{key}", lambda: page("practice/used.html", "used", key=key, is_used=is_used))


def _practice_of(key: str) -> bool | None:
    """Say whether the citizen on whose page a word stands has used it today; nothing for anybody else."""
    if not has_role_for(actor(), Permission.SEE_OWN_PAGES):
        return None
    me = access.actor()
    return learning(db(), me.municipality_id, me.person_id).used.get(key) == today()


provide("used_today", _practice_of)
