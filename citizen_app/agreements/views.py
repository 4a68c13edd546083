"""The work agreement as the citizen reads and answers it. What she needs, her mentor reads only if she says so."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.agreements import actions, queries
from citizen_app.agreements.forms import (
    GONE,
    LineForm,
    TalkForm,
    WordsForm,
    YesForm,
    asked_language,
    ready_lines,
    seen_version,
)
from citizen_app.agreements.queries import ReadAgreement
from citizen_app.agreements.rules import HERS, MOST_LINES, QUESTIONS, Question
from citizen_app.people.queries import own_subject
from citizen_app.placements.rules import Side
from citizen_app.policy import NotFound, Permission
from citizen_app.texts.actions import StaleText
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import answer, go, macros, page
from citizen_app.web.session import db, now

blueprint = Blueprint("agreements", __name__, url_prefix="/agreements/<int:placement_id>")

for _kind, _sentence in {
    actions.TooManyLines: lazy_gettext("This question has eight answers. That is enough. Take one out first."),
    actions.AgreementIncomplete: lazy_gettext("The agreement needs a purpose and a task. Write them first."),
    actions.NotShown: lazy_gettext("The agreement is not ready yet. Nothing was changed."),
    actions.AgreementChanged: lazy_gettext("The agreement has just been changed. Read it again before you say yes."),
}.items():
    errors.explain(_kind, _sentence)


@blueprint.get("")
@requires(Permission.SEE_OWN_PAGES)
def show(placement_id: int) -> Response:
    return _page(placement_id)


@blueprint.get("/print")
@requires(Permission.SEE_OWN_PAGES)
def paper(placement_id: int) -> Response:
    """The agreement on paper, Danish beside the citizen's own language."""
    _own(placement_id)
    me = access.actor()
    other = asked_language(me.language)
    return page(
        "agreements/print.html",
        paper=queries.paper(db(), me.municipality_id, placement_id, Side.CITIZEN, ("da", other)),
        left=macros("agreements/_agreement.html", "da"),
        right=macros("agreements/_agreement.html", other),
        questions=[question.value for question in QUESTIONS],
        other=other,
        back_address=url_for("agreements.show", placement_id=placement_id),
        is_for_mentor=None,
        wanted=0,
    )


@blueprint.post("/yes")
@requires(Permission.SEE_OWN_PAGES)
def say_yes(placement_id: int) -> Response:
    me, form = access.actor(), YesForm()
    seen = form.seen.data or ""
    try:
        actions.say_yes(db(), me, own_subject(me), placement_id, seen=seen, now=now())
    except actions.AgreementChanged as refusal:
        return _page(placement_id, alert=errors.sentence_for(refusal), status=refusal.status)
    session["notice"] = _("Thank you. You have said yes.")
    return go(url_for("agreements.show", placement_id=placement_id))


@blueprint.post("/talk")
@requires(Permission.SEE_OWN_PAGES)
def talk(placement_id: int) -> Response:
    me, form = access.actor(), TalkForm()
    if not form.validate_on_submit():
        return _page(placement_id, talk_form=form, status=422)
    about = (me, own_subject(me), placement_id, form.id.data or "", form.words.data or "")
    actions.want_to_talk(db(), *about, now=now())
    session["notice"] = _("We talk about it first. The municipality knows now.")
    return go(url_for("agreements.show", placement_id=placement_id))


@blueprint.route("/new/<any('purpose', 'support', 'milestone'):question>", methods=["GET", "POST"])
@requires(Permission.SEE_OWN_PAGES)
def new(placement_id: int, question: str) -> Response:
    """Answer one of her questions: press a ready line, or write own words."""
    me, asked = access.actor(), Question(question)
    _own(placement_id)
    form, status = LineForm.read(asked, me.language), 200
    if form.validate_on_submit():
        about = (me, own_subject(me), placement_id, asked, form.wording(me.language))
        try:
            actions.add_line(db(), *about, picture=form.picture, now=now())
        except actions.TooManyLines as refusal:
            status = errors.say_beside(form, refusal)
        else:
            session["notice"] = _("Saved.")
            return go(url_for("agreements.show", placement_id=placement_id))
    return _new_page(placement_id, asked, form, 422 if form.errors and status == 200 else status)


@blueprint.route("/lines/<int:item_id>", methods=["GET", "POST"])
@requires(Permission.SEE_OWN_PAGES)
def words(placement_id: int, item_id: int) -> Response:
    """Write one of her lines in her own words."""
    me, agreement = access.actor(), _own(placement_id)
    if request.method == "POST":
        gone = queries.question_taken_out(db(), me.municipality_id, placement_id, item_id)
        if gone in HERS:
            form = LineForm.read(gone, me.language)
            form.form_errors.append(GONE)
            return _new_page(placement_id, gone, form, 409)
    found = _line(agreement, item_id)
    form = WordsForm(body=found.text.current_words(me.language), seen_version=found.text.version)
    theirs, status = None, 200
    if form.validate_on_submit():
        about = (me, own_subject(me), placement_id, item_id, form.wording(me.language))
        try:
            actions.change_line(db(), *about, seen_version=form.seen_version.data or 0, now=now())
        except StaleText as stale:
            theirs, status = stale, stale.status
        else:
            session["notice"] = _("Saved.")
            return go(url_for("agreements.show", placement_id=placement_id))
    return page(
        "agreements/words.html",
        here="today",
        line=found,
        form=form,
        theirs=theirs,
        writing=me.language,
        back_address=url_for("agreements.show", placement_id=placement_id),
        remove_address=url_for("agreements.remove", placement_id=placement_id, item_id=item_id),
        status=422 if form.errors and status == 200 else status,
    )


@blueprint.post("/lines/<int:item_id>/<any('share', 'keep'):verb>")
@requires(Permission.SEE_OWN_PAGES)
def share(placement_id: int, item_id: int, verb: str) -> Response:
    me = access.actor()
    about, seen = (me, own_subject(me), placement_id, item_id), seen_version()
    try:
        actions.set_shared(db(), *about, is_shared=verb == "share", seen_version=seen, now=now())
    except actions.AgreementChanged as refusal:
        alert = _("The words have just been changed. Read them before you share them.")
        return _page(placement_id, alert=alert, status=refusal.status)
    return answer(url_for("agreements.show", placement_id=placement_id), lambda: _page(placement_id))


@blueprint.post("/lines/<int:item_id>/remove")
@requires(Permission.SEE_OWN_PAGES)
def remove(placement_id: int, item_id: int) -> Response:
    me = access.actor()
    actions.remove_line(db(), me, own_subject(me), placement_id, item_id, now=now())
    return answer(url_for("agreements.show", placement_id=placement_id), lambda: _page(placement_id))


# --- Pieces -------------------------------------------------------------------------------------------------


def _own(placement_id: int) -> ReadAgreement:
    """Return her own agreement; raises NotFound for another's, and as long as staff have not shown it."""
    found = _own_or_coming(placement_id)
    if not found.is_shown:
        raise NotFound
    return found


def _own_or_coming(placement_id: int) -> ReadAgreement:
    me = access.actor()
    found = queries.agreement(db(), me, placement_id, Side.CITIZEN, me.reading_languages, access.today())
    if found.citizen_id != me.person_id:
        raise NotFound
    return found


def _line(agreement: ReadAgreement, item_id: int) -> queries.ReadLine:
    """Return one of the lines that are hers to write."""
    for question in HERS:
        for line in agreement.lines[question]:
            if line.id == item_id:
                return line
    raise NotFound


def _new_page(placement_id: int, question: Question, form: LineForm, status: int) -> Response:
    return page(
        "agreements/new.html",
        here="today",
        placement_id=placement_id,
        question=question.value,
        form=form,
        phrases=ready_lines(question),
        status=status,
    )


def _page(placement_id: int, *, alert: Any = "", talk_form: TalkForm | None = None, status: int = 200) -> Response:
    found = _own_or_coming(placement_id)
    if not found.is_shown:  # her workplace's card leads here before there is anything to read
        return page("agreements/coming.html", here="today")
    return page(
        "agreements/show.html",
        "agreement",
        here="today",
        agreement=found,
        questions=[question.value for question in QUESTIONS],
        hers=[question.value for question in HERS],
        most_lines=MOST_LINES,
        talk_form=talk_form or TalkForm(formdata=None, id=uuid4().hex),
        alert=alert,
        status=status,
    )
