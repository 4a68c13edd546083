"""Staff's meetings: my coming ones, calling a citizen to a new one, moving and cancelling.

Times are typed as the wall clock of the municipality and become moments here; a clock time that summer time
skips is refused with its own sentence. Why somebody cannot come stands only on the meeting's own, logged page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its hints
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from citizen_app.config import LANGUAGES
from citizen_app.meetings import actions, queries, rules
from citizen_app.meetings.rules import Fault, Interpreter, Kind, MeetingFacts, Position, Problem
from citizen_app.people.actions import log_access
from citizen_app.people.queries import citizen_of_worker
from citizen_app.policy import Actor, Permission, can, check
from citizen_app.texts.rules import one_line
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_meetings", __name__)

errors.explain(
    actions.StaleMeeting,
    lazy_gettext("Somebody has changed this meeting meanwhile. Both versions are here, nothing is lost."),
)

KINDS = {
    Kind.TALK: lazy_gettext("Talk"),
    Kind.JOB_TALK: lazy_gettext("Talk about work"),
    Kind.FOLLOW_UP: lazy_gettext("Follow-up talk"),
    Kind.START: lazy_gettext("Start meeting"),
    Kind.EVALUATION: lazy_gettext("Evaluation meeting"),
    Kind.CLOSING: lazy_gettext("Closing meeting"),
    Kind.NETWORK: lazy_gettext("Network meeting"),
    Kind.OTHER: lazy_gettext("Meeting"),
}
INTERPRETERS = {
    Interpreter.NONE_NEEDED: lazy_gettext("Not needed"),
    Interpreter.BOOKED: lazy_gettext("Booked"),
    Interpreter.MISSING: lazy_gettext("Needed, not booked yet"),
}
PROBLEMS = {
    Problem.ENDS_BEFORE_START: lazy_gettext("The meeting ends before it begins. Look at the two times."),
    Problem.STARTS_IN_PAST: lazy_gettext("This time has passed. Choose a later one."),
    Problem.TOO_FAR: lazy_gettext("This is more than two years ahead. Look at the year."),
    Problem.TOO_LONG: lazy_gettext("A meeting lasts 8 hours at most. Look at the two times."),
    Problem.LEAVES_TOO_LATE: lazy_gettext("One has to leave home before the meeting begins."),
    Problem.TEXT_TOO_LONG: lazy_gettext("This text is too long. Make it shorter."),
    Problem.CPR_NUMBER: lazy_gettext("This looks like a CPR number. Leave it out."),
}
SKIPPED_HOUR = lazy_gettext("This time does not exist on that day: summer time begins and the clock skips it.")
FIELDS = {"starts_at": "start", "ends_at": "end", "leave_home_at": "leave_home"}
"""The form's fields where they are not named as the fact."""


def _choices(named: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(str(value), name) for value, name in named.items()]


def _text(label: Any, most: int, *required: Any) -> StringField:
    too_long = lazy_gettext("This is too long. Write at most %(max)d letters.")
    return StringField(label, [*required, Length(max=most, message=too_long)], filters=[one_line])


class MeetingForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    kind = SelectField(lazy_gettext("Kind"), choices=_choices(KINDS))
    day = DateField(lazy_gettext("Day"), [InputRequired(lazy_gettext("Choose a day."))])
    start = TimeField(lazy_gettext("Begins"), [InputRequired(lazy_gettext("Write when it begins."))])
    end = TimeField(lazy_gettext("Ends"), [InputRequired(lazy_gettext("Write when it ends."))])
    place = _text(lazy_gettext("Place"), rules.PLACE_LENGTH, DataRequired(lazy_gettext("Write where you meet.")))
    how_to_find = _text(lazy_gettext("How to find it"), rules.TEXT_LENGTH)
    leave_home = TimeField(lazy_gettext("Leave home at"), [Optional()])
    language = SelectField(lazy_gettext("Language of the meeting"), choices=_choices(LANGUAGES))
    interpreter = SelectField(lazy_gettext("Interpreter"), choices=_choices(INTERPRETERS))
    bring = _text(lazy_gettext("What to bring"), rules.TEXT_LENGTH)

    def facts(self, timezone: str) -> MeetingFacts | None:
        """Return what was typed, or None when a field was wrong and now says so."""
        if not self.validate_on_submit():
            return None
        starts_at = self._moment("start", timezone)
        ends_at = self._moment("end", timezone)
        leave_home_at = self._moment("leave_home", timezone) if self.leave_home.data else None
        if starts_at is None or ends_at is None or self.errors:
            return None
        return MeetingFacts(
            kind=Kind(self.kind.data),
            starts_at=starts_at,
            ends_at=ends_at,
            place=self.place.data or "",
            language=self.language.data,
            interpreter=Interpreter(self.interpreter.data),
            how_to_find=self.how_to_find.data or "",
            leave_home_at=leave_home_at,
            bring=self.bring.data or "",
        )

    def show_faults(self, faults: list[Fault]) -> None:
        for fault in faults:
            self._say(FIELDS.get(fault.field, fault.field), PROBLEMS[fault.problem])

    def validate_day(self, field: Any) -> None:
        if field.data is not None and field.data.year < 2000:
            raise ValidationError(str(PROBLEMS[Problem.STARTS_IN_PAST]))

    def _moment(self, name: str, timezone: str) -> datetime | None:
        clock: time = self[name].data
        assert self.day.data is not None  # the field's own validator has passed
        moment = rules.moment_at(self.day.data, clock, timezone)
        if moment is None:
            self._say(name, SKIPPED_HOUR)
        return moment

    def _say(self, name: str, sentence: Any) -> None:
        self[name].errors = [*self[name].errors, sentence]


class MoveForm(MeetingForm):
    seen = IntegerField(validators=[InputRequired()])
    """The version of the meeting that was on the screen."""


class CancelForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    reason = _text(
        lazy_gettext("Why is it cancelled?"),
        rules.TEXT_LENGTH,
        DataRequired(lazy_gettext("Write in a few words why. The citizen reads it.")),
    )
    seen = IntegerField(validators=[InputRequired()])


@blueprint.get("/staff/meetings")
@requires(Permission.SEE_CASELOAD)
def index() -> Response:
    me = access.actor()
    after = Position.read(request.args.get("after", ""))
    found = queries.meetings_of_host(db(), me, now(), after=after)
    return page(
        "staff/meetings/index.html",
        here="staff_meetings",
        meetings=found.rows,
        more=found.next,
        is_first_page=after is None,
    )


@blueprint.route("/staff/citizens/<int:citizen_id>/meetings/new", methods=["GET", "POST"])
@requires(Permission.HOLD_MEETINGS, writes=True)
def new(citizen_id: int) -> Response:
    me = access.actor()
    citizen, subject = citizen_of_worker(db(), me, citizen_id, rules.local_day(now(), me.timezone))
    check(me, Permission.HOLD_MEETINGS, subject)
    wanted = Interpreter.MISSING if citizen.needs_interpreter else Interpreter.NONE_NEEDED
    form = MeetingForm(language=citizen.language, interpreter=wanted.value, kind=Kind.TALK.value)
    facts = form.facts(me.timezone)
    if facts is not None:
        try:
            meeting = actions.make_meeting(db(), me, subject, facts, now())
        except actions.BadMeeting as refusal:
            form.show_faults(refusal.faults)
        else:
            session["notice"] = _("The meeting is made. %(name)s can see it now.", name=citizen.given_name)
            return go(url_for("staff_meetings.show", meeting_id=meeting.id))
    elif request.method == "GET":
        log_access(db(), me, citizen_id, "meeting", now())
    status = 422 if form.errors else 200
    return page("staff/meetings/new.html", here="staff_meetings", citizen=citizen, form=form, status=status)


@blueprint.get("/staff/meetings/<int:meeting_id>")
@requires(Permission.SEE_CASELOAD, writes=True)
def show(meeting_id: int) -> Response:
    me = access.actor()
    known = queries.meeting_of_worker(db(), me, meeting_id, now())
    check(me, Permission.SEE_CITIZEN, known.citizen.subject)
    log_access(db(), me, known.row.citizen_id, "meeting", now())
    return _show_page(me, known)


@blueprint.post("/staff/meetings/<int:meeting_id>/move")
@requires(Permission.HOLD_MEETINGS)
def move(meeting_id: int) -> Response:
    me = access.actor()
    known = queries.meeting_of_worker(db(), me, meeting_id, now())
    check(me, Permission.HOLD_MEETINGS, known.citizen.subject)
    form = MoveForm()
    facts = form.facts(me.timezone)
    if facts is None:
        return _show_page(me, known, move_form=form, status=422)
    try:
        actions.move_meeting(
            db(), me, known.citizen.subject, meeting_id, facts, seen_version=form.seen.data or 0, now=now()
        )
    except actions.BadMeeting as refusal:
        form.show_faults(refusal.faults)
        return _show_page(me, known, move_form=form, status=refusal.status)
    except actions.StaleMeeting as refusal:
        form.seen.process(None, refusal.version)
        return _show_page(me, known, move_form=form, status=refusal.status, stale=errors.sentence_for(refusal))
    session["notice"] = _("Saved. %(name)s can see it now.", name=known.citizen.row.given_name)
    return go(url_for("staff_meetings.show", meeting_id=meeting_id))


@blueprint.post("/staff/meetings/<int:meeting_id>/cancel")
@requires(Permission.HOLD_MEETINGS)
def cancel(meeting_id: int) -> Response:
    me = access.actor()
    known = queries.meeting_of_worker(db(), me, meeting_id, now())
    check(me, Permission.HOLD_MEETINGS, known.citizen.subject)
    form = CancelForm()
    if not form.validate_on_submit():
        return _show_page(me, known, cancel_form=form, status=422)
    reason, seen = form.reason.data or "", form.seen.data or 0
    try:
        actions.cancel_meeting(db(), me, known.citizen.subject, meeting_id, reason, seen_version=seen, now=now())
    except actions.BadMeeting as refusal:
        form.reason.errors = [PROBLEMS[fault.problem] for fault in refusal.faults]
        return _show_page(me, known, cancel_form=form, status=refusal.status)
    except actions.StaleMeeting as refusal:
        form.seen.process(None, refusal.version)
        return _show_page(me, known, cancel_form=form, status=refusal.status, stale=errors.sentence_for(refusal))
    session["notice"] = _("The meeting is cancelled. %(name)s can see it now.", name=known.citizen.row.given_name)
    return go(url_for("staff_meetings.show", meeting_id=meeting_id))


def _show_page(
    me: Actor,
    known: queries.KnownMeeting,
    *,
    move_form: MoveForm | None = None,
    cancel_form: CancelForm | None = None,
    status: int = 200,
    stale: Any = "",
) -> Response:
    meeting = known.row
    is_open = rules.can_answer(meeting.ends_at, meeting.cancelled_at, now())
    may_change = can(me, Permission.HOLD_MEETINGS, known.citizen.subject)
    return page(
        "staff/meetings/show.html",
        here="staff_meetings",
        meeting=meeting,
        citizen=known.citizen.row,
        history=queries.history_of(db(), me.municipality_id, meeting.id),
        may_change=is_open and may_change,
        move_form=move_form or _prefilled(meeting, me.timezone),
        cancel_form=cancel_form or CancelForm(formdata=None, seen=meeting.version),
        is_moving=move_form is not None,
        is_cancelling=cancel_form is not None,
        stale=stale,
        status=status,
    )


def _prefilled(meeting: Any, timezone: str) -> MoveForm:
    return MoveForm(
        formdata=None,
        kind=meeting.kind,
        day=rules.local_day(meeting.starts_at, timezone),
        start=rules.local_clock(meeting.starts_at, timezone),
        end=rules.local_clock(meeting.ends_at, timezone),
        place=meeting.place,
        how_to_find=meeting.how_to_find,
        leave_home=rules.local_clock(meeting.leave_home_at, timezone) if meeting.leave_home_at else None,
        language=meeting.language,
        interpreter=meeting.interpreter,
        bring=meeting.bring,
        seen=meeting.version,
    )
