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
from citizen_app.meetings.forms import AnswerForm, PointForm, TimeForm
from citizen_app.meetings.rules import (
    AGENDA_LIMIT,
    TOPIC_PICTURES,
    Answer,
    Part,
    Position,
    Topic,
)
from citizen_app.people.queries import own_subject
from citizen_app.policy import NotFound, Permission
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import answer, go, is_piece_wanted, page, provide
from citizen_app.web.headers import kept_file
from citizen_app.web.session import db, now

blueprint = Blueprint("meetings", __name__)

SHAPES = ("first", "later", "page")
"""How a card stands: the next meeting with its label, one of several, or alone on its own page."""

for _kind, _sentence in {
    actions.BadMeeting: lazy_gettext("We did not understand this answer. Please choose again."),
    actions.MeetingHasMoved: lazy_gettext("The meeting has been moved. Look at it and answer again."),
    actions.MeetingIsCancelled: lazy_gettext("The meeting is cancelled. Your answer is not needed."),
    actions.TimeIsTaken: lazy_gettext("This time is taken now. Please choose another one."),
    actions.AgendaIsFull: lazy_gettext("There are ten things on the list already. Take one away first."),
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
        agreed=() if before else queries.agreed_lately(db(), me, now()),
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
    return _times_page(_meeting_of_hers(meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/times")
@requires(Permission.SEE_OWN_PAGES)
def choose_time(meeting_id: int) -> Response:
    me = access.actor()
    meeting = _meeting_of_hers(meeting_id)
    form = TimeForm()
    if not form.validate_on_submit():
        return _times_page(meeting, status=422, problem=errors.sentence_for(actions.TimeIsTaken()))
    try:
        if form.offered.data is not None:
            actions.choose_time(db(), me, meeting_id, form.offered.data, now=now())
        else:
            actions.choose_free_time(db(), me, meeting_id, form.starts_at(), now=now())
    except actions.TimeIsTaken as refusal:
        return _times_page(meeting, status=refusal.status, problem=errors.sentence_for(refusal))
    return go(url_for("meetings.show", meeting_id=meeting_id))


# --- Agenda and doors ---------------------------------------------------------------------------------------


@blueprint.post("/meetings/<int:meeting_id>/agenda")
@requires(Permission.SEE_OWN_PAGES)
def add_point(meeting_id: int) -> Response:
    """Say what one wants to talk about: a press on a picture is enough."""
    me = access.actor()
    _own_meeting(meeting_id)
    form = PointForm()
    if not form.validate_on_submit():
        if form.topic.errors:
            raise actions.BadMeeting([])
        return _agenda_page(meeting_id, form=form, status=422)
    topic, words = Topic(form.topic.data or ""), form.words.data or ""
    actions.add_point(db(), me, own_subject(me), meeting_id, topic, words, now())
    return answer(url_for("meetings.show", meeting_id=meeting_id), lambda: _agenda_page(meeting_id, is_fresh=True))


@blueprint.post("/meetings/<int:meeting_id>/agenda/<int:point_id>/remove")
@requires(Permission.SEE_OWN_PAGES)
def remove_point(meeting_id: int, point_id: int) -> Response:
    me = access.actor()
    actions.remove_point(db(), me, own_subject(me), meeting_id, point_id, now())
    return answer(url_for("meetings.show", meeting_id=meeting_id), lambda: _agenda_page(meeting_id, is_fresh=True))


@blueprint.get("/meetings/doors/<int:door_id>.jpg")
@requires(Permission.USE_ACCOUNT)
def door(door_id: int) -> Response:
    return kept_file(queries.door_photo(db(), access.actor().municipality_id, door_id), "image/jpeg")


def _agenda_page(
    meeting_id: int, *, form: PointForm | None = None, status: int = 200, is_fresh: bool = False
) -> Response:
    """Answer with the agenda alone, or with the meeting's page around it."""
    if not is_piece_wanted():
        return _show_page(meeting_id, status=status, point_form=form)
    meeting = _own_meeting(meeting_id)
    return page("meetings/agenda.html", "agenda", status=status, meeting=meeting, **_said(meeting, form, is_fresh))


def _said(meeting: AnyRow, form: PointForm | None = None, is_fresh: bool = False) -> dict[str, Any]:
    """Return what is to be talked about at a citizen's own meeting, and afterwards what was said and agreed."""
    me = access.actor()
    is_between_two = not meeting.is_group and meeting.part == Part.CITIZEN
    where = (db(), me.municipality_id, meeting.id, me.reading_languages)
    may_have_minutes = is_between_two and meeting.starts_at <= now() and meeting.cancelled_at is None
    points = queries.agenda_of(*where) if is_between_two else []
    lines = queries.minutes_of(*where) if may_have_minutes else []
    is_open = is_between_two and rules.can_answer(meeting.ends_at, meeting.cancelled_at, now())
    return {
        "points": points,
        "may_add": is_open and len(points) < AGENDA_LIMIT,
        "may_remove": is_open,
        "own_topics": {point.topic for point in points if point.by_id == me.person_id and point.text is None},
        "topic_pictures": TOPIC_PICTURES,
        "point_form": form or PointForm(formdata=None),
        "is_agenda_fresh": is_fresh,
        "agreed": sorted((line for line in lines if line.is_agreed), key=lambda line: line.doer_id != me.person_id),
        "told": [line for line in lines if not line.is_agreed],
    }


def _times_page(meeting: AnyRow, *, status: int = 200, problem: Any = "") -> Response:
    if not rules.can_answer(meeting.ends_at, meeting.cancelled_at, now()):
        return go(url_for("meetings.show", meeting_id=meeting.id))
    if meeting.settled_at is None:
        slots: Sequence[Any] = [slot for slot in queries.offered_times(db(), meeting) if slot.starts_at > now()]
    else:
        slots = queries.free_times(db(), access.actor(), meeting, now())
    return page("meetings/times.html", status=status, here="meetings", meeting=meeting, slots=slots, problem=problem)


def _show_page(
    meeting_id: int,
    *,
    status: int = 200,
    problem: Any = "",
    is_fresh: bool = False,
    point_form: PointForm | None = None,
) -> Response:
    meeting = _own_meeting(meeting_id)
    around = {} if is_piece_wanted() else _said(meeting, point_form)
    shape = _shape()
    return page(
        "meetings/show.html",
        "card",
        status=status,
        here="meetings",
        meeting=meeting,
        is_over=meeting.ends_at <= now(),
        shape=shape,
        door=queries.door_of(db(), meeting, access.actor().municipality_id) if shape == "page" else None,
        problem=problem,
        is_fresh=is_fresh,
        today=rules.local_day(now(), access.actor().timezone),
        **around,
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


def _meeting_of_hers(meeting_id: int) -> AnyRow:
    """Return a meeting that was made for the reader, not one at which she only helps another."""
    meeting = _own_meeting(meeting_id)
    if meeting.part != Part.CITIZEN:
        raise NotFound
    return meeting


def _shape() -> str:
    wished = request.values.get("shape", "page")
    return wished if wished in SHAPES else "page"


provide("kind_name", queries.kind_name)
