"""Words for staff: decks and their translations, words suggested from workplaces, and what a citizen knows and uses.

Recording, exporting and printing have modules of their own (`recordings`, `word_files`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from citizen_app.config import LANGUAGES
from citizen_app.people.actions import log_access
from citizen_app.people.queries import citizen_of_worker
from citizen_app.policy import NotFound, Permission, check
from citizen_app.practice import actions as practice
from citizen_app.practice.forms import WishesForm
from citizen_app.practice.queries import desk, known_and_used_since, wishes_of
from citizen_app.practice.rules import growth
from citizen_app.staff.word_faults import translated
from citizen_app.staff.word_forms import MeaningForm, WordForm
from citizen_app.web import errors
from citizen_app.web.access import actor, midnight, requires, today
from citizen_app.web.fragments import answer, go, is_piece_wanted, page, provided
from citizen_app.web.photos import NotAPhoto
from citizen_app.web.session import db, now
from citizen_app.words import actions, queries
from citizen_app.words.queries import picture_of, said, sounds_of
from citizen_app.words.rules import (
    DECKS,
    MEANING_LANGUAGES,
    WORKPLACE,
    Fault,
    Flaw,
    Meaning,
    Word,
    faults_between,
    faults_of,
)

blueprint = Blueprint("staff_words", __name__, url_prefix="/staff")

errors.explain(actions.AlreadyDecided, lazy_gettext("Somebody else has just decided this."))


@blueprint.get("/words")
@requires(Permission.MANAGE_WORDS)
def index() -> Response:
    me = actor()
    everything = said(db(), me.municipality_id, MEANING_LANGUAGES)
    words = everything.deck(*DECKS)
    return page(
        "staff/words/index.html",
        here="words",
        suggestions=queries.suggestions(db(), me, today()),
        decks=[_deck_row(deck, [word for word in words if word.deck == deck], everything) for deck in DECKS],
        languages=[
            (language, sum(bool(word.meaning(language).checked_by) for word in words)) for language in MEANING_LANGUAGES
        ],
        count=len(words),
    )


def _deck_row(deck: str, words: list[Word], everything: queries.Said) -> dict[str, Any]:
    recorded = sum(word.key in everything.recordings for word in words)
    return {"deck": deck, "words": len(words), "recorded": recorded}


@blueprint.get("/words/decks/<deck>")
@requires(Permission.MANAGE_WORDS)
def show(deck: str) -> Response:
    language = language_wished()
    everything = said(db(), actor().municipality_id, (language,))
    words = everything.deck(checked_deck(deck))
    return page(
        "staff/words/deck.html",
        here="words",
        deck=deck,
        words=words,
        meaning_language=language,
        recordings=everything.recordings,
        picture_of=lambda word: picture_of(word, everything),
    )


@blueprint.route("/words/edit/<key>", methods=["GET", "POST"])
@requires(Permission.MANAGE_WORDS)
def edit(key: str) -> Response:
    """One word of a deck: what it means everywhere, its voice, and a photo of the real thing."""
    everything = said(db(), actor().municipality_id, MEANING_LANGUAGES)
    word = everything.word(key)
    if word is None:
        raise NotFound
    sentence, status = "", 200
    if request.method == "POST":
        upload = request.files.get("photo")
        try:
            actions.save_photo(db(), actor(), key, upload.read() if upload else b"", now=now())
        except NotAPhoto as refusal:
            sentence, status = errors.sentence_for(refusal), refusal.status
        else:
            session["notice"] = _("Saved.")
            return go(f"/staff/words/edit/{key}")
    return page(
        "staff/words/edit.html",
        here="words",
        word=word,
        picture=picture_of(word, everything),
        has_photo=key in everything.photos,
        sounds=sounds_of(word, everything),
        sentence=sentence,
        status=status,
    )


@blueprint.post("/words/edit/<key>/photo/remove")
@requires(Permission.MANAGE_WORDS)
def remove_photo(key: str) -> Response:
    actions.remove_photo(db(), actor(), key)
    session["notice"] = _("The photo is removed.")
    return go(f"/staff/words/edit/{key}")


# --- Translations -------------------------------------------------------------------------------------------


@blueprint.get("/words/languages/<language>")
@requires(Permission.MANAGE_WORDS)
def review(language: str) -> Response:
    """A plain list for who speaks the language: accept or mend, word by word."""
    if language not in MEANING_LANGUAGES:
        raise NotFound
    deck = checked_deck(request.args.get("deck", DECKS[0]))
    everything = said(db(), actor().municipality_id, (language,))
    return page(
        "staff/words/review.html",
        here="words",
        deck=deck,
        meaning_language=language,
        rows=[(word, MeaningForm.of(word.meaning(language))) for word in everything.deck(deck)],
        picture_of=lambda word: picture_of(word, everything),
    )


@blueprint.post("/words/languages/<language>/<key>")
@requires(Permission.MANAGE_WORDS)
def check_word(language: str, key: str) -> Response:
    everything = said(db(), actor().municipality_id, (language,))
    word = everything.word(key)
    if word is None or language not in MEANING_LANGUAGES:
        raise NotFound
    form = MeaningForm()
    row: dict[str, Any] = {
        "here": "words",
        "meaning_language": language,
        "picture_of": lambda word: picture_of(word, everything),
    }
    if not form.validate_on_submit():
        if is_piece_wanted():
            return page("staff/words/review_row.html", "row", word=word, form=form, status=422, **row)
        rows = [
            (other, form if other.key == key else MeaningForm.of(other.meaning(language)))
            for other in everything.deck(word.deck)
        ]
        return page("staff/words/review.html", deck=word.deck, rows=rows, status=422, **row)
    text, example = form.text.data or "", form.example.data or ""
    mended = actions.check_meaning(db(), actor(), word, language, text, example, today())
    return answer(
        f"/staff/words/languages/{language}?deck={word.deck}#word-{key}",
        lambda: page("staff/words/review_row.html", "row", word=mended, form=form, **row),
    )


# --- Words from workplaces ----------------------------------------------------------------------------------


@blueprint.route("/words/suggestions/<int:word_id>", methods=["GET", "POST"])
@requires(Permission.SEE_CASELOAD)
def decide(word_id: int) -> Response:
    """Approve a word from a workplace as it is or mended, or leave it out."""
    me = actor()
    row = queries.suggestion(db(), me, word_id, today())
    if row.status != "suggested":
        raise actions.AlreadyDecided
    citizen = citizen_of_worker(db(), me, row.citizen_id or 0, today())
    check(me, Permission.SUGGEST_WORDS, citizen.subject)
    language = citizen.row.language
    meaning = queries.meaning_row(db(), me.municipality_id, row.key, language)
    form = WordForm.of(row, meaning.text if meaning else "")
    form.deck.choices = [
        SelectChoice(WORKPLACE, _("Only for %(name)s", name=citizen.row.given_name)),
        *(SelectChoice(deck, provided("deck_name")(deck)) for deck in DECKS),
    ]
    if request.method == "POST" and request.form.get("decision") == "decline":
        actions.decline_word(db(), me, row, now())
        session["notice"] = _("The word is left out.")
        return go("/staff/words")
    has_meaning = language != "da" and bool(form.meaning.data or meaning)
    word = form.word(row.key, {language: Meaning(form.meaning.data or "")} if has_meaning else {})
    if form.validate_on_submit():
        form.refuse([translated(fault) for fault in _faults_in_deck(word)])
    if form.is_submitted() and not form.errors:
        actions.approve_word(db(), me, row, word, now())
        session["notice"] = _("The word is approved. It is first among tomorrow's new words.")
        return go("/staff/words")
    recordings = queries.recording_numbers(db(), me.municipality_id, [row.key])
    photos = queries.photo_numbers(db(), me.municipality_id, [row.key])
    return page(
        "staff/words/decide.html",
        here="words",
        row=row,
        citizen=citizen.row,
        form=form,
        photo_id=photos.get(row.key),
        recording_id=recordings.get(row.key),
        meaning_language=language,
        status=422 if form.errors else 200,
    )


def _faults_in_deck(word: Word) -> list[Fault]:
    """Say why a word cannot be in a deck for everybody; at her own workplace a citizen's word may be bare."""
    if word.deck == WORKPLACE:
        return []
    everything = said(db(), actor().municipality_id, ("da",))
    there = [(0, other) for other in everything.deck(word.deck) if other.key != word.key]
    bare = [] if word.example else [Fault(1, "example", Flaw.MISSING)]
    return [*bare, *faults_of(1, word), *faults_between([*there, (1, word)])]


# --- One citizen's words ------------------------------------------------------------------------------------

WEEKS = 12


@blueprint.route("/citizens/<int:citizen_id>/words", methods=["GET", "POST"])
@requires(Permission.SEE_CASELOAD, writes=True)
def of_citizen(citizen_id: int) -> Response:
    """What a citizen knows and has used over time, and which lines of work she learns for."""
    me = actor()
    citizen = citizen_of_worker(db(), me, citizen_id, today())
    check(me, Permission.SEE_WORDS, citizen.subject)
    form = WishesForm.of(wishes_of(db(), me.municipality_id, citizen_id), provided("deck_name"))
    form.branches.label.text = _("Lines of work")
    if form.validate_on_submit():
        practice.set_wishes(db(), citizen.subject, form.wishes())
        session["notice"] = _("Saved.")
        return go(f"/staff/citizens/{citizen_id}/words")
    log_access(db(), me, citizen_id, "words", now())
    found = desk(db(), me.municipality_id, citizen_id, ("da", me.language), now(), midnight())
    days = known_and_used_since(db(), me.municipality_id, citizen_id)
    weeks = growth(days, today() - timedelta(days=today().weekday()), WEEKS)
    learning = found.learning
    return page(
        "staff/words/citizen.html",
        here="citizens",
        citizen=citizen.row,
        form=form,
        weeks=weeks,
        most=max(max(week.known, week.used) for week in weeks),
        known=[found.word(key) for key in learning.cards if key in learning.known and found.said.word(key)],
        used=[found.word(key) for key in learning.used if found.said.word(key)],
        practised_at=max((card.answered_at for card in learning.cards.values()), default=None),
        status=422 if form.errors else 200,
    )


# --- What the pages share -----------------------------------------------------------------------------------


def checked_deck(deck: str) -> str:
    """Return the name of a deck that there is; raises NotFound."""
    if deck not in DECKS:
        raise NotFound
    return deck


def language_wished() -> str:
    """Return the language of the meanings that the address asks for."""
    wished = request.args.get("language", "")
    return wished if wished in LANGUAGES and wished != "da" else MEANING_LANGUAGES[1]
