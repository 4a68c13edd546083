"""The work agreement of a placement on staff's side: its lines, who has said yes, wishes to talk, versions, and paper.

Who may not arrange placements reads what the mentor reads: what somebody needs is for those who have to know.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.agreements import actions, queries
from citizen_app.agreements.forms import (
    GONE,
    LineForm,
    OtherLanguageForm,
    WordsForm,
    YesForm,
    asked_language,
    ready_lines,
    seen_version,
)
from citizen_app.agreements.queries import ReadAgreement, ReadLine
from citizen_app.agreements.rules import MOST_LINES, QUESTIONS, TALK_ID, Question, content_in
from citizen_app.config import LANGUAGES
from citizen_app.people.actions import log_access
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, NotFound, Permission
from citizen_app.staff.placements import Known, placement_of, placement_to_change
from citizen_app.texts.actions import StaleText
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import readability
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, macros, page
from citizen_app.web.session import db, keep_only_what_follows, now

blueprint = Blueprint("staff_agreements", __name__, url_prefix="/staff/placements/<int:placement_id>/agreement")


# --- Reading ------------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.SEE_CASELOAD, writes=True)
def show(placement_id: int) -> Response:
    me, known = placement_of(placement_id)
    return _page(me, known)


@blueprint.get("/versions/<int:version_id>")
@requires(Permission.SEE_CASELOAD, writes=True)
def version(placement_id: int, version_id: int) -> Response:
    """One version as it was when somebody said yes to it."""
    me, known = placement_to_change(placement_id)
    found = queries.version(db(), me.municipality_id, placement_id, version_id=version_id)
    log_access(db(), me, known.row.citizen_id, "agreement", now())
    content = content_in(found.content)
    return page(
        "staff/agreements/version.html",
        here="placements",
        placement=known.row,
        number=found.number,
        version_id=version_id,
        content=content,
        times=queries.dated(content.times),
        lines=queries.readable(found.content, _languages(known)),
        versions=queries.versions(db(), me.municipality_id, placement_id),
        questions=[question.value for question in QUESTIONS],
    )


@blueprint.get("/print")
@requires(Permission.SEE_CASELOAD, writes=True)
def paper(placement_id: int) -> Response:
    """The agreement on paper in two languages, now or one version; for the mentor without what is not shared."""
    me, known = placement_of(placement_id)
    other = asked_language(known.citizen.row.language)
    is_for_mentor = not known.may_change or request.args.get("for") == "mentor"
    number = request.args.get("version", 0, type=int)
    side = Side.MENTOR if is_for_mentor else Side.STAFF
    found = queries.paper(db(), me.municipality_id, placement_id, side, ("da", other), min(max(number, 0), 2**31 - 1))
    log_access(db(), me, known.row.citizen_id, "agreement", now())
    return page(
        "agreements/print.html",
        paper=found,
        left=macros("agreements/_agreement.html", "da"),
        right=macros("agreements/_agreement.html", other),
        questions=[question.value for question in QUESTIONS],
        other=other,
        back_address=url_for("staff_agreements.show", placement_id=placement_id),
        is_for_mentor=is_for_mentor,
        wanted=number,
    )


# --- Lines --------------------------------------------------------------------------------------------------

_QUESTIONS = "any('purpose', 'task', 'colleague', 'place', 'support', 'milestone', 'follow_up')"


@blueprint.post(f"/new/<{_QUESTIONS}:question>")
@requires(Permission.ARRANGE_PLACEMENTS)
def add(placement_id: int, question: str) -> Response:
    """Answer a question by a ready line or in own words."""
    me, known = placement_to_change(placement_id)
    asked = Question(question)
    words = queries.branch_words(db(), me, known.row.branch) if asked is Question.TASK else ()
    form, status = LineForm.read(asked, me.writing_language, words), 422
    if form.validate_on_submit():
        about = (me, known.citizen.subject, placement_id, asked, form.wording(me.writing_language))
        try:
            actions.add_line(db(), *about, picture=form.picture, word_key=form.word_key.data or None, now=now())
        except actions.TooManyLines as refusal:
            status = errors.say_beside(form, refusal)
        else:
            return go(url_for("staff_agreements.show", placement_id=placement_id) + f"#question-{question}")
    return _page(me, known, form=form, status=status)


@blueprint.route("/lines/<int:item_id>", methods=["GET", "POST"])
@requires(Permission.ARRANGE_PLACEMENTS, writes=True)
def words(placement_id: int, item_id: int) -> Response:
    """Write a line anew in Danish."""
    me, known = placement_to_change(placement_id)
    if request.method == "POST":
        gone = queries.question_taken_out(db(), me.municipality_id, placement_id, item_id)
        if gone is not None:
            again = LineForm.read(gone, me.writing_language)
            again.form_errors.append(GONE)
            return _page(me, known, form=again, status=409)
    found = _line(queries.agreement(db(), me, placement_id, Side.STAFF, ("da",), access.today()), item_id)
    form = WordsForm(body=found.text.current_words("da"), seen_version=found.text.version)
    theirs, status, back = None, 200, url_for("staff_agreements.show", placement_id=placement_id)
    if form.validate_on_submit():
        about = (me, known.citizen.subject, placement_id, item_id, form.wording("da"))
        try:
            actions.change_line(db(), *about, seen_version=form.seen_version.data or 0, now=now())
        except StaleText as stale:
            theirs, status = stale, stale.status
        else:
            session["notice"] = _("Saved.")
            return go(back)
    status = 422 if form.errors and status == 200 else status
    _log(me, known, status)
    return page(
        "agreements/words.html",
        here="placements",
        line=found,
        form=form,
        theirs=theirs,
        writing="da",
        back_address=back,
        remove_address=url_for("staff_agreements.remove", placement_id=placement_id, item_id=item_id),
        status=status,
    )


@blueprint.post("/lines/<int:item_id>/remove")
@requires(Permission.ARRANGE_PLACEMENTS)
def remove(placement_id: int, item_id: int) -> Response:
    me, known = placement_to_change(placement_id)
    actions.remove_line(db(), me, known.citizen.subject, placement_id, item_id, now=now())
    return go(url_for("staff_agreements.show", placement_id=placement_id))


@blueprint.post("/lines/<int:item_id>/vouch")
@requires(Permission.ARRANGE_PLACEMENTS)
def vouch(placement_id: int, item_id: int) -> Response:
    """Say that older words in a language still say the same."""
    me, known = placement_to_change(placement_id)
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise NotFound
    about, seen = (me, known.citizen.subject, placement_id, item_id, language), seen_version()
    try:
        actions.vouch_for(db(), *about, seen_version=seen, now=now())
    except StaleText as stale:
        alert = _("The words have just been changed. Read them again before you say yes.")
        return _page(me, known, alert=alert, status=stale.status)
    return go(url_for("staff_agreements.show", placement_id=placement_id))


@blueprint.route("/languages", methods=["GET", "POST"])
@requires(Permission.ARRANGE_PLACEMENTS, writes=True)
def languages(placement_id: int) -> Response:
    """Every line beside its words in the other's language, to write down with an interpreter.

    That is the citizen's, or Danish for her own words.
    """
    me, known = placement_to_change(placement_id)
    form, text_id = OtherLanguageForm(), request.form.get("text_id", 0, type=int)
    theirs, status = None, 200
    if form.validate_on_submit():
        item_id, tongue = next(
            ((line.id, tongue) for line, tongue in _both_ways(me, known) if line.text.text_id == text_id), (0, "")
        )
        about = (me, known.citizen.subject, placement_id, item_id, form.wording(tongue))
        try:
            actions.say_in(db(), *about, seen_version=seen_version(), now=now())
        except StaleText as stale:
            theirs, status = stale, stale.status
        else:
            session["notice"] = _("Saved.")
            return go(url_for("staff_agreements.languages", placement_id=placement_id))
    status = 422 if form.errors and status == 200 else status
    _log(me, known, status)
    return page(
        "staff/agreements/languages.html",
        here="placements",
        placement=known.row,
        citizen=known.citizen.row,
        texts=[(line.text, tongue) for line, tongue in _both_ways(me, known)],
        form=form,
        refused_id=text_id if status != 200 else None,
        theirs=theirs,
        status=status,
    )


def _both_ways(me: Actor, known: Known) -> list[tuple[ReadLine, str]]:
    """Return every line with the language it is to be said in, read in that one first."""
    hers = known.citizen.row.language
    read = (db(), me, known.row.id, Side.STAFF)
    found = queries.agreement(*read, (hers, "da"), access.today())
    lines = [line for question in QUESTIONS for line in found.lines[question]]
    own = [line.text.text_id for line in lines if line.text.original_language == hers]
    danish = readings(db(), me.municipality_id, own, ("da", hers))
    return [
        (replace(line, text=danish[line.text.text_id]), "da") if line.text.text_id in danish else (line, hers)
        for line in lines
    ]


# --- Agreeing -----------------------------------------------------------------------------------------------


@blueprint.post("/<any('show', 'agree'):verb>")
@requires(Permission.ARRANGE_PLACEMENTS)
def press(placement_id: int, verb: str) -> Response:
    """Show the agreement to citizen and mentor, or say yes to it anew; either is staff's own yes."""
    me, known = placement_to_change(placement_id)
    act = actions.show_agreement if verb == "show" else actions.say_yes
    try:
        act(db(), me, known.citizen.subject, placement_id, seen=YesForm().seen.data or "", now=now())
    except (actions.AgreementChanged, actions.AgreementIncomplete, actions.NotShown) as refusal:
        return _page(me, known, alert=errors.sentence_for(refusal), status=refusal.status)
    session["notice"] = _("The agreement is shown. Now the others can say yes.") if verb == "show" else _("Saved.")
    return go(url_for("staff_agreements.show", placement_id=placement_id))


@blueprint.post("/talks/<key>/settle")
@requires(Permission.ARRANGE_PLACEMENTS)
def settle(placement_id: int, key: str) -> Response:
    """Write down that staff have talked with whoever wished it."""
    me, known = placement_to_change(placement_id)
    if not re.match(TALK_ID, key):
        raise NotFound
    actions.settle_talk(db(), me, known.citizen.subject, placement_id, key, now=now())
    return go(url_for("staff_agreements.show", placement_id=placement_id))


# --- Pieces -------------------------------------------------------------------------------------------------


def _languages(known: Known) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (known.citizen.row.language, known.citizen.row.second_language, "da"))))


def _line(agreement: ReadAgreement, item_id: int) -> ReadLine:
    for lines in agreement.lines.values():
        for line in lines:
            if line.id == item_id:
                return line
    raise NotFound


def _log(me: Actor, known: Known, status: int) -> None:
    """Log a look at what somebody needs, also when it is at the answer to a press that was refused."""
    log_access(keep_only_what_follows() if status >= 400 else db(), me, known.row.citizen_id, "agreement", now())


def _page(me: Actor, known: Known, *, form: LineForm | None = None, alert: Any = "", status: int = 200) -> Response:
    placement_id, citizen = known.row.id, known.citizen.row
    _log(me, known, status)
    side = Side.STAFF if known.may_change else Side.MENTOR
    found = queries.agreement(db(), me, placement_id, side, _languages(known), access.today())
    tasks = queries.branch_words(db(), me, known.row.branch, citizen.language) if known.may_change else []
    return page(
        "staff/agreements/show.html",
        here="placements",
        placement=known.row,
        citizen=citizen,
        agreement=found,
        may_change=known.may_change,
        questions=[question.value for question in QUESTIONS],
        phrases={question.value: ready_lines(question) for question in QUESTIONS},
        most_lines=MOST_LINES,
        tasks=tasks,
        versions=queries.versions(db(), me.municipality_id, placement_id) if known.may_change else [],
        readability=readability,
        form=form,
        alert=alert,
        status=status,
    )
