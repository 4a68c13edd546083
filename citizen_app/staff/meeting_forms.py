"""What staff type about meetings: times on the municipality's wall clock, people, and how it went.

Times become moments here; a clock time that summer time skips is refused with its own sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its hints
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from citizen_app.config import LANGUAGES
from citizen_app.meetings import queries, rules
from citizen_app.meetings.actions import Guest
from citizen_app.meetings.rules import Answer, Fault, Interpreter, MeetingFacts, Outcome, Part, Problem, Slot, Way
from citizen_app.texts.rules import has_cpr_number, one_line
from citizen_app.web.locale import current_language

OTHER_TIMES = 3
"""How many times staff can offer beside the first."""

INTERPRETERS = {
    Interpreter.NONE_NEEDED: _("Not needed"),
    Interpreter.BOOKED: _("Booked"),
    Interpreter.MISSING: _("Needed, not booked yet"),
}
WAYS = {
    Way.PLACE: _("At a place"),
    Way.PHONE: _("By phone"),
    Way.VIDEO: _("By video"),
}
PROBLEMS = {
    Problem.ENDS_BEFORE_START: _("The meeting ends before it begins. Look at the two times."),
    Problem.STARTS_IN_PAST: _("This time has passed. Choose a later one."),
    Problem.TOO_FAR: _("This is too far ahead. Look at the day and the year."),
    Problem.TOO_LONG: _("A meeting lasts 8 hours at most. Look at the two times."),
    Problem.LEAVES_TOO_LATE: _("One has to leave home before the meeting begins."),
    Problem.TEXT_TOO_LONG: _("This text is too long. Make it shorter."),
    Problem.CPR_NUMBER: _("This looks like a CPR number. Leave it out."),
    Problem.NO_LINK: _("Write the address of the video meeting. It begins with https://"),
    Problem.NO_NUMBER: _("Write the phone number with digits and spaces only. A + may stand first."),
    Problem.TOO_FEW_TIMES: _("Offer at least two times to choose from."),
    Problem.TIMES_OVERLAP: _("Two of the times overlap. Choose others."),
}
WRITE_BOTH = _("Write both the day and the time.")
SKIPPED_HOUR = _("This time does not exist on that day: summer time begins and the clock skips it.")
FIELDS = {"starts_at": "start", "ends_at": "end", "leave_home_at": "leave_home", "offered": "others"}
"""The form's fields where they are not named as the fact."""


EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
"""Days beyond these are slips of the keys; nobody has to reckon with them further on."""


def choices(named: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(str(value), name) for value, name in named.items()]


def _kinds(*, is_group: bool) -> list[SelectChoice]:
    language = current_language()
    return choices({key: kind.names[language] for key, kind in queries.kinds().items() if kind.is_group == is_group})


def _text(label: Any, most: int, *required: Any) -> StringField:
    too_long = _("This is too long. Write at most %(max)d letters.")
    return StringField(label, [*required, Length(max=most, message=too_long)], filters=[one_line])


class TimeToOffer(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    class Meta:
        csrf = False

    day = DateField(_("Day"), [Optional()])
    start = TimeField(_("Begins"), [Optional()])

    def validate_day(self, field: Any) -> None:
        _refuse_odd_day(field.data)
        if self.start.data is None:
            raise ValidationError(str(WRITE_BOTH))

    def validate_start(self, _field: Any) -> None:
        if self.day.data is None:
            raise ValidationError(str(WRITE_BOTH))


def _refuse_odd_day(day: date | None) -> None:
    if day is not None and not EARLIEST <= day <= LATEST:
        raise ValidationError(str(PROBLEMS[Problem.STARTS_IN_PAST if day < EARLIEST else Problem.TOO_FAR]))


class MeetingForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    kind = SelectField(_("Kind"), choices=lambda: _kinds(is_group=False))
    day = DateField(_("Day"), [InputRequired(_("Choose a day."))])
    start = TimeField(_("Begins"), [InputRequired(_("Write when it begins."))])
    end = TimeField(_("Ends"), [InputRequired(_("Write when it ends."))])
    way = SelectField(_("How you meet"), choices=choices(WAYS), default=Way.PLACE.value)
    place = _text(_("Place"), rules.PLACE_LENGTH)
    how_to_find = _text(_("How to find it"), rules.TEXT_LENGTH)
    link = _text(_("Phone number or video address"), rules.LINK_LENGTH)
    leave_home = TimeField(_("Leave home at"), [Optional()])
    language = SelectField(_("Language of the meeting"), choices=choices(LANGUAGES))
    interpreter = SelectField(_("Interpreter"), choices=choices(INTERPRETERS))
    interpreter_name = _text(_("Who interprets"), rules.NAME_LENGTH)
    bring = _text(_("What to bring"), rules.TEXT_LENGTH)
    anyway = BooleanField(_("Make it all the same"))
    """Staff have seen the warnings."""

    warnings: list[str]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.warnings = []

    def facts(self, timezone: str) -> MeetingFacts | None:
        """Return what was typed, or None when a field was wrong and now says so."""
        if not self.validate_on_submit():
            return None
        starts_at = self.moment("start", self.day.data, self.start.data, timezone)
        ends_at = self.moment("end", self.day.data, self.end.data, timezone)
        leave = self.leave_home.data
        leave_home_at = self.moment("leave_home", self.day.data, leave, timezone) if leave else None
        if starts_at is None or ends_at is None or self.errors:
            return None
        return MeetingFacts(
            kind=self.kind.data,
            starts_at=starts_at,
            ends_at=ends_at,
            place=self.place.data or "",
            language=self.language.data,
            interpreter=Interpreter(self.interpreter.data),
            interpreter_name=self.interpreter_name.data or "",
            way=Way(self.way.data),
            link=self.link.data or "",
            how_to_find=self.how_to_find.data or "",
            leave_home_at=leave_home_at,
            bring=self.bring.data or "",
        )

    def show_faults(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.say(FIELDS.get(fault.field, fault.field), PROBLEMS[fault.problem])

    def validate_day(self, field: Any) -> None:
        _refuse_odd_day(field.data)

    def validate_place(self, field: Any) -> None:
        if self.way.data == Way.PLACE and not field.data:
            raise ValidationError(str(_("Write where you meet.")))

    def moment(self, name: str, day: date | None, clock: time | None, timezone: str) -> datetime | None:
        """Return the moment of a wall clock, or None in the hour that summer time skips, which the field then says."""
        assert day is not None  # the fields' own validators have passed
        assert clock is not None
        moment = rules.moment_at(day, clock, timezone)
        if moment is None:
            self.say(name, SKIPPED_HOUR)
        return moment

    def say(self, name: str, sentence: Any) -> None:
        if isinstance(self[name], FieldList):
            self.form_errors.append(sentence)
        else:
            self[name].errors = [*self[name].errors, sentence]


class Tick(CheckboxInput):
    """One of several boxes: where one is required, a browser would ask for every single one of them."""

    validation_attrs = ["disabled"]  # noqa: RUF012 - as WTForms has it


class Ticks(SelectMultipleField):
    """Several tick boxes instead of a list."""

    widget = ListWidget(prefix_label=False)
    option_widget = Tick()


class NewMeetingForm(MeetingForm):
    others = FieldList(FormField(TimeToOffer), min_entries=OTHER_TIMES, max_entries=OTHER_TIMES)
    """More times, for the citizen to choose from."""
    people = Ticks(_("Who else comes"), choices=(), validate_choice=True)
    """People around the citizen."""
    guest = _text(_("A guest without an account"), rules.NAME_LENGTH)
    placement = IntegerField(validators=[Optional()], widget=HiddenInput())
    """The placement whose follow-up it is to be."""

    def offered(self, facts: MeetingFacts, timezone: str) -> list[Slot] | None:
        """Return all times to choose from, none when there is just one, or None when a time does not exist."""
        length = facts.ends_at - facts.starts_at
        more = [entry for entry in self.others if entry["day"].data]
        starts = [self.moment("others", entry["day"].data, entry["start"].data, timezone) for entry in more]
        if None in starts:
            return None
        found = [Slot(start, start + length) for start in (facts.starts_at, *starts) if start is not None]
        return found if len(found) > 1 else []

    def guests(self, parts: Mapping[int, Part]) -> list[Guest]:
        """Return who was ticked; `parts` says what each of the people around the citizen would be."""
        ticked = [Guest(parts[int(number)], int(number)) for number in dict.fromkeys(self.people.data or ())]
        return ticked + ([Guest(Part.GUEST, name=self.guest.data)] if self.guest.data else [])

    def validate_guest(self, field: Any) -> None:
        if has_cpr_number(field.data or ""):
            raise ValidationError(str(PROBLEMS[Problem.CPR_NUMBER]))


class GroupForm(MeetingForm):
    kind = SelectField(_("Kind"), choices=lambda: _kinds(is_group=True))
    citizens = Ticks(_("Who is called to it"), [DataRequired(_("Choose at least one person."))], choices=())


class MoveForm(MeetingForm):
    seen = IntegerField(validators=[InputRequired()])
    """The version of the meeting that was on the screen."""


class MoveGroupForm(MoveForm):
    kind = SelectField(_("Kind"), choices=lambda: _kinds(is_group=True))


class CancelForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    reason = _text(
        _("Why is it cancelled?"),
        rules.TEXT_LENGTH,
        DataRequired(_("Write in a few words why. The citizen reads it.")),
    )
    seen = IntegerField(validators=[InputRequired()])


class NoteForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    """What a citizen said on the phone."""

    citizen = IntegerField(validators=[InputRequired()])
    answer = StringField(validators=[AnyOf(list(Answer))])


class OutcomeForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    citizen = IntegerField(validators=[InputRequired()])
    outcome = StringField(validators=[AnyOf([Outcome.CAME, Outcome.EXCUSED, Outcome.MISSED])])
