"""Staff's meetings: calling one citizen or a group, moving, cancelling, and saying how it went.

Why somebody cannot come stands only on the meeting's own, logged page. Clashes and holidays are warned of and never
forbidden: staff may know better than the calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.db import AnyRow
from citizen_app.meetings import actions, queries, rules
from citizen_app.meetings.rules import Answer, Interpreter, MeetingFacts, Outcome, Part, Position, Reply, Slot
from citizen_app.people.actions import log_access
from citizen_app.people.queries import citizen_of_worker, citizens_of, people_around, subjects_of_worker
from citizen_app.placements.actions import keep_follow_up
from citizen_app.policy import STAFF, Actor, Permission, can, check, has_role_for
from citizen_app.reminders.queries import reaches, reminders_of_meeting
from citizen_app.staff import follow_ups
from citizen_app.staff.meeting_forms import (
    PROBLEMS,
    CancelForm,
    GroupForm,
    MeetingForm,
    MoveForm,
    MoveGroupForm,
    NewMeetingForm,
    NoteForm,
    OutcomeForm,
    choices,
)
from citizen_app.staff.minutes_forms import LineForm, StaffPointForm, doer_names
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import readability
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, page
from citizen_app.web.locale import clock, current_language, long_day
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_meetings", __name__)

for _kind, _sentence in {
    actions.StaleMeeting: lazy_gettext(
        "Somebody has changed this meeting meanwhile. Both versions are here, nothing is lost."
    ),
    actions.MeetingIsAhead: lazy_gettext("The meeting has not begun yet. Say afterwards how it went."),
}.items():
    errors.explain(_kind, _sentence)


@blueprint.get("/staff/meetings")
@requires(Permission.SEE_CASELOAD)
def index() -> Response:
    me = access.actor()
    after = Position.read(request.args.get("after", ""))
    found = queries.meetings_of_worker(db(), me, now(), after=after)
    return page(
        "staff/meetings/index.html",
        here="staff_meetings",
        meetings=found.listed,
        more=found.next,
        is_first_page=after is None,
        may_hold_meetings=has_role_for(me, Permission.HOLD_MEETINGS),
    )


@blueprint.route("/staff/citizens/<int:citizen_id>/meetings/new", methods=["GET", "POST"])
@requires(Permission.HOLD_MEETINGS, writes=True)
def new(citizen_id: int) -> Response:
    me = access.actor()
    citizen, subject = citizen_of_worker(db(), me, citizen_id, access.today())
    check(me, Permission.HOLD_MEETINGS, subject)
    around = [
        person
        for person in people_around(db(), me.municipality_id, citizen_id, access.today())
        if person.id != me.person_id
    ]
    wanted = Interpreter.MISSING if citizen.needs_interpreter else Interpreter.NONE_NEEDED
    placement = follow_ups.wanted_placement(me, subject)
    usual = {"language": citizen.language, "interpreter": wanted.value, "kind": "talk"}
    form = NewMeetingForm(**usual | (follow_ups.proposal(me, placement) if placement else {}))
    form.people.choices = choices({person.id: f"{person.given_name} {person.family_name}" for person in around})
    facts = form.facts(me.timezone)
    offered = form.offered(facts, me.timezone) if facts else None
    if facts is not None and offered is not None:
        guests = form.guests({person.id: _part(person.role) for person in around})
        times = offered or [Slot(facts.starts_at, facts.ends_at)]
        people = [citizen, *(person for person in around if any(guest.person_id == person.id for guest in guests))]
        if not _is_warned(me, form, times, people):
            try:
                meeting = actions.make_meeting(db(), me, subject, facts, now(), guests=guests, offered=offered)
            except actions.BadMeeting as refusal:
                form.show_faults(refusal.faults)
            else:
                session["notice"] = _("The meeting is made. %(name)s can see it now.", name=citizen.given_name)
                if placement is not None:
                    keep_follow_up(db(), me, subject, placement.id, meeting.id, today=access.today())
                return go(url_for("staff_meetings.show", meeting_id=meeting.id))
    elif request.method == "GET":
        log_access(db(), me, citizen_id, "meeting", now())
    return page(
        "staff/meetings/new.html",
        here="staff_meetings",
        citizen=citizen,
        form=form,
        places=_places(me),
        status=_status(form),
    )


@blueprint.route("/staff/meetings/group", methods=["GET", "POST"])
@requires(Permission.HOLD_MEETINGS)
def new_group() -> Response:
    me = access.actor()
    known = citizens_of(db(), me, access.today(), size=200)
    form = GroupForm(language="da", interpreter=Interpreter.NONE_NEEDED.value, kind="group")
    form.citizens.choices = choices({one.id: f"{one.given_name} {one.family_name}" for one in known})
    facts = form.facts(me.timezone)
    if facts is not None and not _is_warned(me, form, [Slot(facts.starts_at, facts.ends_at)], ()):
        chosen = [int(number) for number in form.citizens.data or ()]
        subjects = subjects_of_worker(db(), me, chosen, access.today())
        try:
            meeting = actions.make_group_meeting(db(), me, subjects, facts, now())
        except actions.BadMeeting as refusal:
            form.show_faults(refusal.faults)
        else:
            session["notice"] = _("The meeting is made. Everybody who is called to it can see it now.")
            return go(url_for("staff_meetings.show", meeting_id=meeting.id))
    return page(
        "staff/meetings/new_group.html", here="staff_meetings", form=form, places=_places(me), status=_status(form)
    )


@blueprint.get("/staff/meetings/<int:meeting_id>")
@requires(Permission.SEE_CASELOAD, writes=True)
def show(meeting_id: int) -> Response:
    me = access.actor()
    known = queries.meeting_of_worker(db(), me, meeting_id, now())
    for citizen in known.citizens:
        log_access(db(), me, citizen.id, "meeting", now())
    return show_page(me, known)


@blueprint.post("/staff/meetings/<int:meeting_id>/move")
@requires(Permission.HOLD_MEETINGS)
def move(meeting_id: int) -> Response:
    me, known = meeting_to_change(meeting_id)
    form = MoveGroupForm() if known.row.is_group else MoveForm()
    facts = form.facts(me.timezone)
    if facts is None:
        return show_page(me, known, move_form=form, status=422)
    if _has_other_time(known.row, facts) and _is_warned(
        me, form, [Slot(facts.starts_at, facts.ends_at)], known.citizens[:1], but=meeting_id
    ):
        return show_page(me, known, move_form=form, status=422)
    seen = form.seen.data or 0
    try:
        actions.move_meeting(db(), me, known.subject, meeting_id, facts, seen_version=seen, now=now())
    except actions.BadMeeting as refusal:
        form.show_faults(refusal.faults)
        return show_page(me, known, move_form=form, status=refusal.status)
    except actions.StaleMeeting as refusal:
        form.seen.process(None, refusal.version)
        return show_page(me, known, move_form=form, status=refusal.status, stale=errors.sentence_for(refusal))
    session["notice"] = _saved(known)
    return go(url_for("staff_meetings.show", meeting_id=meeting_id))


@blueprint.post("/staff/meetings/<int:meeting_id>/cancel")
@requires(Permission.HOLD_MEETINGS)
def cancel(meeting_id: int) -> Response:
    me, known = meeting_to_change(meeting_id)
    form = CancelForm()
    if not form.validate_on_submit():
        return show_page(me, known, cancel_form=form, status=422)
    reason, seen = form.reason.data or "", form.seen.data or 0
    try:
        actions.cancel_meeting(db(), me, known.subject, meeting_id, reason, seen_version=seen, now=now())
    except actions.BadMeeting as refusal:
        form.reason.errors = [PROBLEMS[fault.problem] for fault in refusal.faults]
        return show_page(me, known, cancel_form=form, status=refusal.status)
    except actions.StaleMeeting as refusal:
        form.seen.process(None, refusal.version)
        return show_page(me, known, cancel_form=form, status=refusal.status, stale=errors.sentence_for(refusal))
    session["notice"] = _("The meeting is cancelled. Everybody who was called to it can see it now.")
    return go(url_for("staff_meetings.show", meeting_id=meeting_id))


@blueprint.post("/staff/meetings/<int:meeting_id>/answer")
@requires(Permission.HOLD_MEETINGS)
def note_answer(meeting_id: int) -> Response:
    """Write down what a citizen has said on the phone."""
    me, known = meeting_to_change(meeting_id)
    form = NoteForm()
    citizen = _citizen(known, form.citizen.data) if form.validate_on_submit() else None
    if citizen is None:
        raise actions.BadMeeting([])
    reply = Reply(Answer(form.answer.data or ""))
    actions.note_answer(db(), me, known.subject, meeting_id, citizen.id, reply, now())
    return go(url_for("staff_meetings.show", meeting_id=meeting_id))


@blueprint.post("/staff/meetings/<int:meeting_id>/outcome")
@requires(Permission.HOLD_MEETINGS)
def record_outcome(meeting_id: int) -> Response:
    me, known = meeting_to_change(meeting_id)
    form = OutcomeForm()
    citizen = _citizen(known, form.citizen.data) if form.validate_on_submit() else None
    if citizen is None:
        raise actions.BadMeeting([])
    outcome = Outcome(form.outcome.data or "")
    actions.record_outcome(db(), me, known.subject, meeting_id, citizen.id, outcome, now())
    return go(url_for("staff_meetings.show", meeting_id=meeting_id))


def meeting_to_change(meeting_id: int) -> tuple[Actor, queries.KnownMeeting]:
    """Return who asks and the meeting, which she may change."""
    me = access.actor()
    known = queries.meeting_of_worker(db(), me, meeting_id, now())
    check(me, Permission.HOLD_MEETINGS, known.subject)
    return me, known


def _citizen(known: queries.KnownMeeting, number: int | None) -> AnyRow | None:
    return next((citizen for citizen in known.citizens if citizen.id == number), None)


def _part(relation_role: str) -> Part:
    return Part.STAFF if relation_role in STAFF else Part.MENTOR


def _saved(known: queries.KnownMeeting) -> Any:
    if known.citizen is None:
        return _("Saved. Everybody who is called to it can see it now.")
    return _("Saved. %(name)s can see it now.", name=known.citizen.given_name)


def _places(me: Actor) -> list[str]:
    return [known.place for known in queries.known_places(db(), me, now())]


def _status(form: MeetingForm) -> int:
    return 422 if form.errors or form.warnings else 200


def _has_other_time(row: AnyRow, facts: MeetingFacts) -> bool:
    return (row.starts_at, row.ends_at) != (facts.starts_at, facts.ends_at)


def _is_warned(me: Actor, form: MeetingForm, times: Sequence[Slot], people: Sequence[AnyRow], *, but: int = 0) -> bool:
    """Put what speaks against the times into the form; says whether staff have yet to see it."""
    span = Slot(min(slot.starts_at for slot in times), max(slot.ends_at for slot in times))
    everybody = [me.person_id, *(person.id for person in people)]
    busy = queries.busy_times_of(db(), me.municipality_id, everybody, span, but=but)
    form.warnings = [sentence for slot in times for sentence in _warnings(me, slot, people, busy)]
    return bool(form.warnings) and not form.anyway.data


def _warnings(me: Actor, slot: Slot, people: Sequence[AnyRow], busy: Mapping[int, Sequence[Slot]]) -> Iterable[str]:
    day, language = rules.local_day(slot.starts_at, me.timezone), current_language()
    said = long_day(day, language)
    if name := queries.holiday(day, language):
        yield _("%(day)s is a holiday: %(name)s.", day=said, name=name)
    elif day.weekday() >= 5:
        yield _("%(day)s is in the weekend.", day=said)
    at = clock(slot.starts_at, me.timezone, language)
    if rules.overlaps(slot, busy[me.person_id]):
        yield _("You have another meeting at %(time)s, %(day)s.", time=at, day=said)
    for person in people:
        if rules.overlaps(slot, busy[person.id]):
            yield _("%(name)s has another meeting at %(time)s, %(day)s.", name=person.given_name, time=at, day=said)


def show_page(
    me: Actor,
    known: queries.KnownMeeting,
    *,
    move_form: MoveForm | None = None,
    cancel_form: CancelForm | None = None,
    status: int = 200,
    stale: Any = "",
    **said: Any,
) -> Response:
    """Answer with a meeting's page; `said` are refused forms of `said_at`."""
    meeting = known.row
    is_open = rules.can_answer(meeting.ends_at, meeting.cancelled_at, now())
    may_change = can(me, Permission.HOLD_MEETINGS, known.subject)
    shown = {None, *(person.person_id for person in (*known.citizens, *known.others))}
    history = queries.history_of(db(), me.municipality_id, meeting.id)
    offered = () if meeting.settled_at else queries.offered_times(db(), meeting)
    return page(
        "staff/meetings/show.html",
        here="staff_meetings",
        meeting=meeting,
        known=known,
        offered=offered,
        history=[past for past in history if past.person_id in shown],
        reminders=reminders_of_meeting(db(), me.municipality_id, meeting.id),
        reaches=reaches(db(), me.municipality_id, [one.id for one in known.citizens], now(), access.today()),
        may_change=is_open and may_change,
        may_tell=may_change and meeting.starts_at <= now() and meeting.cancelled_at is None,
        move_form=move_form or _prefilled(meeting if meeting.settled_at else offered[0], meeting, me.timezone),
        cancel_form=cancel_form or CancelForm(formdata=None, seen=meeting.version),
        is_moving=move_form is not None,
        is_cancelling=cancel_form is not None,
        stale=stale,
        places=_places(me),
        status=status,
        **said_at(me, known, **said),
    )


def said_at(
    me: Actor,
    known: queries.KnownMeeting,
    *,
    point_form: StaffPointForm | None = None,
    line_form: LineForm | None = None,
) -> dict[str, Any]:
    """Return what is to be talked about at a meeting with one citizen, what was said there, and her words for it."""
    meeting, citizen = known.row, known.citizen
    where, written = (db(), me.municipality_id, meeting.id), (me.writing_language, *me.reading_languages)
    points = queries.agenda_of(*where, written) if citizen else []
    lines = queries.minutes_of(*where, written) if citizen else []
    text_ids = [line.text.text_id for line in lines] + [point.text.text_id for point in points if point.text]
    may_hold = citizen is not None and can(me, Permission.HOLD_MEETINGS, known.subject)
    is_open = rules.can_answer(meeting.ends_at, meeting.cancelled_at, now())
    return {
        "points": points,
        "lines": lines,
        "renderings": readings(db(), me.municipality_id, text_ids, (citizen.language,) if citizen else ()),
        "readability_of": lambda line: readability(line.text.main.body),
        "topic_pictures": rules.TOPIC_PICTURES,
        "may_write_agenda": may_hold and is_open and len(points) < rules.AGENDA_LIMIT,
        "may_remove_point": may_hold and is_open,
        "may_write_minutes": may_hold and meeting.starts_at <= now() and meeting.cancelled_at is None,
        "may_render": may_hold and bool(text_ids),
        "point_form": point_form or StaffPointForm(formdata=None),
        "line_form": line_form or LineForm.among(doer_names((*known.citizens, *known.others)), formdata=None),
    }


def _prefilled(slot: Any, meeting: AnyRow, timezone: str) -> MoveForm:
    kind = MoveGroupForm if meeting.is_group else MoveForm
    return kind(
        formdata=None,
        kind=meeting.kind,
        day=rules.local_day(slot.starts_at, timezone),
        start=rules.local_clock(slot.starts_at, timezone),
        end=rules.local_clock(slot.ends_at, timezone),
        way=meeting.way,
        place=meeting.place,
        how_to_find=meeting.how_to_find,
        link=meeting.link,
        leave_home=rules.local_clock(meeting.leave_home_at, timezone) if meeting.leave_home_at else None,
        language=meeting.language,
        interpreter=meeting.interpreter,
        interpreter_name=meeting.interpreter_name,
        bring=meeting.bring,
        seen=meeting.version,
    )
