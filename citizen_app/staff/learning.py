"""Learning at a workplace on staff's side: focus points, steps, what comes next, and own words in two languages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.learning.actions import say_closing_in
from citizen_app.learning.forms import (
    VERB_RULE,
    BadPress,
    LanguageForm,
    Press,
    attempt,
    read_press,
    shown,
)
from citizen_app.learning.queries import Learning, learning_of
from citizen_app.people.actions import log_access
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, NotFound, Permission, Refusal
from citizen_app.staff.placements import Known, placement_of, placement_to_change
from citizen_app.texts.actions import StaleText
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import Reading, TruthMark, readability
from citizen_app.web import access
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_learning", __name__, url_prefix="/staff/placements")


@blueprint.get("/<int:placement_id>/learning")
@requires(Permission.SEE_CASELOAD, writes=True)
def show(placement_id: int) -> Response:
    me, known = placement_of(placement_id)
    log_access(db(), me, known.row.citizen_id, "learning", now())
    return _page(me, known)


@blueprint.post(f"/<int:placement_id>/learning/<{VERB_RULE}:verb>")
@requires(Permission.ARRANGE_PLACEMENTS)
def press(placement_id: int, verb: str) -> Response:
    me, known = placement_to_change(placement_id)
    pressed = read_press(verb, me.writing_language)
    refusal = attempt(pressed, db(), me, known.citizen.subject, placement_id, now=now())
    if refusal is not None:
        return _page(me, known, pressed, refusal)
    session["notice"] = _("Saved.")
    return go(url_for("staff_learning.show", placement_id=placement_id) + f"#{pressed.place}")


def _page(me: Actor, known: Known, pressed: Press | None = None, refusal: Refusal | None = None) -> Response:
    row = known.row
    learning = learning_of(db(), me.municipality_id, row.id, me.reading_languages)
    address = url_for("staff_learning.show", placement_id=row.id)
    here = (learning, Side.STAFF, address, access.today())
    mine: dict[str, Any] = {"by_id": me.person_id, "writing": me.writing_language, "may_write": known.may_change}
    return page(
        "staff/placements/learning.html",
        status=refusal.status if refusal else 200,
        here="placements",
        placement=row,
        citizen=known.citizen.row,
        may_change=known.may_change,
        readability=readability,
        has_own_words=any(_tongue(text, known.citizen.row.language) for text in learning.texts),
        **shown(*here, **mine, press=pressed, refusal=refusal),
    )


# --- In both languages --------------------------------------------------------------------------------------


@blueprint.route("/<int:placement_id>/learning/languages", methods=["GET", "POST"])
@requires(Permission.ARRANGE_PLACEMENTS, writes=True)
def languages(placement_id: int) -> Response:
    """What was said in own words, beside its rendering in the other's language: hers, or Danish for her own words."""
    me, known = placement_to_change(placement_id)
    form = LanguageForm()
    if not form.is_submitted():
        return _languages_page(me, known, form)
    if not form.validate():
        if form.is_garbled:
            raise BadPress
        return _languages_page(me, known, form, BadPress())
    text_id = form.text_id.data or 0
    texts = {text.text_id: text for text in _learning_in(me, known).texts}
    tongue = _tongue(texts[text_id], known.citizen.row.language) if text_id in texts else ""
    if not tongue:
        raise NotFound
    about = (me, known.citizen.subject, placement_id, text_id, tongue, form.body.data or "")
    try:
        say_closing_in(db(), *about, seen_version=form.seen_version.data or 0, now=now())
    except StaleText as stale:
        return _languages_page(me, known, form, stale)
    session["notice"] = _("Saved.")
    return go(url_for("staff_learning.languages", placement_id=placement_id))


def _languages_page(me: Actor, known: Known, form: LanguageForm, refusal: Refusal | None = None) -> Response:
    learning = _learning_in(me, known)
    tongues = {text.text_id: _tongue(text, known.citizen.row.language) for text in learning.texts}
    log_access(db(), me, known.row.citizen_id, "learning", now())
    return page(
        "staff/placements/learning_languages.html",
        here="placements",
        placement=known.row,
        citizen=known.citizen.row,
        texts=_both_ways(me, known, learning, tongues),
        form=form,
        refused_id=form.text_id.data if refusal else None,
        theirs=refusal if isinstance(refusal, StaleText) else None,
        status=refusal.status if refusal else 200,
    )


def _learning_in(me: Actor, known: Known) -> Learning:
    return learning_of(db(), me.municipality_id, known.row.id, (known.citizen.row.language, "da"))


def _tongue(text: Reading, language: str) -> str:
    """Return in which language a text can be said besides its own; none for what the bank has in all of them."""
    is_from_bank = any(line.mark is TruthMark.PHRASE for line in (text.main, *text.under))
    wanted = language if text.original_language != language else "da"
    return "" if is_from_bank or wanted == text.original_language else wanted


def _both_ways(me: Actor, known: Known, learning: Learning, tongues: dict[int, str]) -> list[tuple[Reading, str]]:
    """Return each text that wants another language with that language, read in it first."""
    hers = [text for text in learning.texts if tongues[text.text_id] == known.citizen.row.language]
    danish = [text.text_id for text in learning.texts if tongues[text.text_id] == "da"]
    read = readings(db(), me.municipality_id, danish, ("da", known.citizen.row.language))
    found = {text.text_id: text for text in hers} | read
    return [(found[text.text_id], tongues[text.text_id]) for text in learning.texts if text.text_id in found]
