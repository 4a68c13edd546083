"""Staff's side of agenda and minutes: points, sentences in plain words, and the same in the citizen's language.

Only of meetings with one citizen. What a sentence says in her language is written down with an interpreter; saving
the same words again vouches for them anew.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.db import AnyRow
from citizen_app.meetings import actions, queries
from citizen_app.meetings.rules import Topic
from citizen_app.people.actions import log_access
from citizen_app.policy import Actor, NotFound, Permission
from citizen_app.staff.meetings import meeting_to_change, said_at, show_page
from citizen_app.staff.minutes_forms import LineForm, RenderingForm, StaffPointForm, doer_names
from citizen_app.texts.actions import StaleText
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import Reading, readability
from citizen_app.web.access import requires
from citizen_app.web.fragments import answer, go, is_piece_wanted, page
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_minutes", __name__, url_prefix="/staff/meetings")


@blueprint.post("/<int:meeting_id>/agenda")
@requires(Permission.HOLD_MEETINGS)
def add_point(meeting_id: int) -> Response:
    me, known, _citizen = _meeting(meeting_id)
    form = StaffPointForm()
    if not form.validate_on_submit():
        return _piece(me, known, "agenda", point_form=form, status=422)
    topic, words = Topic(form.topic.data), form.words.data or ""
    actions.add_point(db(), me, known.subject, meeting_id, topic, words, now())
    return _done(me, known, "agenda")


@blueprint.post("/<int:meeting_id>/agenda/<int:point_id>/remove")
@requires(Permission.HOLD_MEETINGS)
def remove_point(meeting_id: int, point_id: int) -> Response:
    me, known, _citizen = _meeting(meeting_id)
    actions.remove_point(db(), me, known.subject, meeting_id, point_id, now())
    return _done(me, known, "agenda")


@blueprint.post("/<int:meeting_id>/minutes")
@requires(Permission.HOLD_MEETINGS)
def add_line(meeting_id: int) -> Response:
    me, known, _citizen = _meeting(meeting_id)
    form = LineForm.among(_doers(known))
    if not form.validate_on_submit():
        return _piece(me, known, "minutes", line_form=form, status=422)
    actions.write_line(db(), me, known.subject, meeting_id, form.body.data or "", form.doer.data, now())
    return _done(me, known, "minutes")


@blueprint.route("/<int:meeting_id>/minutes/<int:line_id>", methods=["GET", "POST"])
@requires(Permission.HOLD_MEETINGS, writes=True)
def edit_line(meeting_id: int, line_id: int) -> Response:
    """Write a sentence anew, or give it to somebody else; what a colleague wrote meanwhile is never overwritten."""
    me, known, citizen = _meeting(meeting_id)
    lines = queries.minutes_of(db(), me.municipality_id, meeting_id, (me.writing_language,))
    line = next((line for line in lines if line.id == line_id), None)
    if line is None:
        raise NotFound
    form = LineForm.among(
        _doers(known),
        body=line.text.current_words(me.writing_language),
        doer=str(_doer_of(line, known) or ""),
        seen_version=line.text.version,
    )
    theirs, status = None, 200
    if form.validate_on_submit():
        seen, words = form.seen_version.data or 0, form.body.data or ""
        about = (me, known.subject, meeting_id, line_id)
        try:
            actions.change_line(db(), *about, words, form.doer.data, seen_version=seen, now=now())
        except StaleText as stale:
            theirs, status = stale, stale.status
        else:
            session["notice"] = _("Saved.")
            return go(_address(meeting_id))
    elif request.method == "GET":
        log_access(db(), me, citizen.id, "meeting", now())
    return page(
        "staff/meetings/line.html",
        here="staff_meetings",
        meeting=known.row,
        line=line,
        form=form,
        theirs=theirs,
        readability=readability(form.body.data or ""),
        status=422 if form.errors else status,
    )


@blueprint.post("/<int:meeting_id>/minutes/<int:line_id>/remove")
@requires(Permission.HOLD_MEETINGS)
def remove_line(meeting_id: int, line_id: int) -> Response:
    me, known, _citizen = _meeting(meeting_id)
    actions.remove_line(db(), me, known.subject, meeting_id, line_id, now())
    return _done(me, known, "minutes")


@blueprint.route("/<int:meeting_id>/languages", methods=["GET", "POST"])
@requires(Permission.HOLD_MEETINGS, writes=True)
def languages(meeting_id: int) -> Response:
    """Every text of the agenda and the minutes beside its rendering in the citizen's language."""
    me, known, citizen = _meeting(meeting_id)
    form = RenderingForm()
    texts = _texts_to_say(me, meeting_id, citizen.language)
    if form.validate_on_submit():
        text_id = form.text_id.data or 0
        tongue = next((tongue for text, tongue in texts if text.text_id == text_id), "da")
        about = (me, known.subject, meeting_id, text_id)
        actions.say_in_language(db(), *about, tongue, form.body.data or "", now())
        session["notice"] = _("Saved.")
        return go(url_for("staff_minutes.languages", meeting_id=meeting_id))
    if request.method == "GET":
        log_access(db(), me, citizen.id, "meeting", now())
    return page(
        "staff/meetings/languages.html",
        here="staff_meetings",
        meeting=known.row,
        citizen=citizen,
        texts=texts,
        form=form,
        refused_id=form.text_id.data if form.errors else None,
        status=422 if form.errors else 200,
    )


def _texts_to_say(me: Actor, meeting_id: int, language: str) -> list[tuple[Reading, str]]:
    """Return each text with the language it is to be said in: the citizen's, or Danish if that is what she wrote."""
    where = (db(), me.municipality_id, meeting_id, (language,))
    lines, points = queries.minutes_of(*where), queries.agenda_of(*where)
    texts = [*(line.text for line in lines), *(point.text for point in points if point.text)]
    hers = [text.text_id for text in texts if text.original_language == language]
    danish = readings(db(), me.municipality_id, hers, ("da",))
    return [(danish.get(text.text_id, text), "da" if text.text_id in danish else language) for text in texts]


def _meeting(meeting_id: int) -> tuple[Actor, queries.KnownMeeting, AnyRow]:
    """Return a meeting with one citizen, to change; a group has no agenda and no minutes here."""
    me, known = meeting_to_change(meeting_id)
    if known.citizen is None:
        raise NotFound
    return me, known, known.citizen


def _doers(known: queries.KnownMeeting) -> dict[int, str]:
    return doer_names((*known.citizens, *known.others))


def _doer_of(line: queries.Line, known: queries.KnownMeeting) -> int | None:
    """Return the participant who does it."""
    if not line.is_agreed:
        return None
    everybody = (*known.citizens, *known.others)
    who = (line.doer_id, "" if line.doer_id else line.doer_name)
    return next((one.participant_id for one in everybody if (one.person_id, one.name) == who), None)


def _address(meeting_id: int) -> str:
    return url_for("staff_meetings.show", meeting_id=meeting_id)


def _done(me: Actor, known: queries.KnownMeeting, piece: str) -> Response:
    return answer(_address(known.row.id), lambda: _piece(me, known, piece))


def _piece(me: Actor, known: queries.KnownMeeting, piece: str, *, status: int = 200, **forms: Any) -> Response:
    """Answer with agenda or minutes alone, or with the meeting's page around them."""
    if not is_piece_wanted():
        return show_page(me, known, status=status, **forms)
    said = said_at(me, known, **forms)
    return page(f"staff/meetings/_{piece}.html", piece, status=status, meeting=known.row, known=known, **said)
