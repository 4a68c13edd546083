"""The citizen's meetings: what is coming, what has been, and her answer to each.

The meeting card is the same piece wherever it stands; a press on it answers with the card alone. `shape`
travels along so that the new card looks like the one that was pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.db import AnyRow
from citizen_app.meetings import actions, queries, rules
from citizen_app.meetings.forms import AnswerForm, TimeForm
from citizen_app.meetings.rules import Answer, Position
from citizen_app.policy import Permission
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import answer, go, is_piece_wanted, page, provide
from citizen_app.web.session import db, now

blueprint = Blueprint("meetings", __name__)

SHAPES = ("first", "later", "page")
"""How a card stands: the next meeting with its label, one of several, or alone on its own page."""

for _kind, _sentence in {
    actions.BadMeeting: lazy_gettext("We did not understand this answer. Please choose again."),
    actions.MeetingHasMoved: lazy_gettext("The meeting has been moved. Look at it and answer again."),
    actions.MeetingIsCancelled: lazy_gettext("The meeting is cancelled. Your answer is not needed."),
    actions.TimeIsTaken: lazy_gettext("This time is taken now. Please choose another one."),
    actions.MeetingIsOver: lazy_gettext("The meeting is over. You can call if you want to say more."),
}.items():
    errors.explain(_kind, _sentence)


@blueprint.get("/meetings")
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    me = access.actor()
    before = Position.read(request.args.get("before", ""))
    coming = [] if before else queries.upcoming_meetings(db(), me.municipality_id, me.person_id, now())
    past = queries.past_meetings(db(), me.municipality_id, me.person_id, now(), before=before)
    return page(
        "meetings/index.html",
        here="meetings",
        coming=coming,
        past=past.rows,
        more=past.next,
        is_first_page=before is None,
        today=rules.local_day(now(), me.timezone),
    )


@blueprint.get("/meetings/<int:meeting_id>")
@requires(Permission.SEE_OWN_PAGES)
def show(meeting_id: int) -> Response:
    return _show_page(meeting_id)


@blueprint.get("/meetings/<int:meeting_id>/<any(late, cannot):value>")
@requires(Permission.SEE_OWN_PAGES)
def reasons(meeting_id: int, value: str) -> Response:
    meeting = _own_meeting(meeting_id)
    if not rules.can_answer(meeting.ends_at, meeting.cancelled_at, now()):
        return go(url_for("meetings.show", meeting_id=meeting_id))
    return _reason_page(meeting, AnswerForm(formdata=None, value=value, seen=meeting.version))


@blueprint.post("/meetings/<int:meeting_id>/answer")
@requires(Permission.SEE_OWN_PAGES)
def answer_meeting(meeting_id: int) -> Response:
    me = access.actor()
    meeting = _own_meeting(meeting_id)
    form = AnswerForm()
    if not form.validate_on_submit():
        if form.value.errors or form.seen.errors:
            raise actions.BadMeeting([])
        return _reason_page(meeting, form, status=422)
    try:
        actions.answer_meeting(
            db(), me, meeting_id, form.reply(me.language), seen_version=form.seen.data or 0, now=now()
        )
    except (actions.MeetingHasMoved, actions.MeetingIsCancelled, actions.MeetingIsOver) as refusal:
        return _show_page(meeting_id, status=refusal.status, problem=errors.sentence_for(refusal))
    address = url_for("meetings.show", meeting_id=meeting_id)
    return answer(address, lambda: _show_page(meeting_id, is_fresh=True), event="meeting-answered")


@blueprint.get("/meetings/<int:meeting_id>/times")
@requires(Permission.SEE_OWN_PAGES)
def times(meeting_id: int) -> Response:
    return _times_page(_own_meeting(meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/times")
@requires(Permission.SEE_OWN_PAGES)
def choose_time(meeting_id: int) -> Response:
    me = access.actor()
    meeting = _own_meeting(meeting_id)
    form = TimeForm()
    if not form.validate_on_submit():
        return _times_page(meeting, status=422, problem=errors.sentence_for(actions.TimeIsTaken()))
    try:
        if form.offered.data:
            actions.choose_time(db(), me, meeting_id, form.offered.data, now=now())
        else:
            actions.choose_free_time(db(), me, meeting_id, form.starts_at(), now=now())
    except actions.TimeIsTaken as refusal:
        return _times_page(meeting, status=refusal.status, problem=errors.sentence_for(refusal))
    return go(url_for("meetings.show", meeting_id=meeting_id))


def _times_page(meeting: AnyRow, *, status: int = 200, problem: Any = "") -> Response:
    if not rules.can_answer(meeting.ends_at, meeting.cancelled_at, now()):
        return go(url_for("meetings.show", meeting_id=meeting.id))
    if meeting.settled_at is None:
        slots: Sequence[Any] = [slot for slot in queries.offered_times(db(), meeting) if slot.starts_at > now()]
    else:
        slots = queries.free_times(db(), access.actor(), meeting, now())
    return page("meetings/times.html", status=status, here="meetings", meeting=meeting, slots=slots, problem=problem)


def _show_page(meeting_id: int, *, status: int = 200, problem: Any = "", is_fresh: bool = False) -> Response:
    meeting = _own_meeting(meeting_id)
    return page(
        "meetings/show.html",
        "card",
        status=status,
        here="meetings",
        meeting=meeting,
        is_over=meeting.ends_at <= now(),
        shape=_shape(),
        problem=problem,
        is_fresh=is_fresh,
        today=rules.local_day(now(), access.actor().timezone),
    )


def _reason_page(meeting: AnyRow, form: AnswerForm, *, status: int = 200) -> Response:
    value = Answer(form.value.data or "")
    return page(
        "meetings/reasons.html",
        "card",
        status=status,
        here="meetings",
        meeting=meeting,
        form=form,
        value=value,
        choices=rules.REASONS[value],
        pictures=rules.REASON_PICTURES,
        shape=_shape(),
        is_piece=is_piece_wanted(),
    )


def _own_meeting(meeting_id: int) -> AnyRow:
    me = access.actor()
    return queries.meeting_of_citizen(db(), me.municipality_id, me.person_id, meeting_id)


def _shape() -> str:
    wished = request.values.get("shape", "page")
    return wished if wished in SHAPES else "page"


provide("kind_name", queries.kind_name)
