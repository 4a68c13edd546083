"""What staff type about workplaces and placements, and the sentence for everything that cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its hints
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from citizen_app.attendance import rules as attendance
from citizen_app.attendance.actions import Given
from citizen_app.attendance.rules import EXCUSES, MOST_MINUTES, Excuse, Said
from citizen_app.people.forms import LANGUAGE_CHOICES, TOO_LONG, Form
from citizen_app.people.rules import MentorKind
from citizen_app.placements.actions import BadPlacement, Fault, MentorFacts, PlacementFacts, WorkplaceFacts
from citizen_app.placements.rules import (
    FOLLOW_UP_DAY,
    LANGUAGE_MINUTES,
    LONGEST,
    MOST_LANGUAGE_MINUTES,
    PlacementKind,
    Shift,
    Side,
    WeeklyTime,
    clashing_weekdays,
    shift_on,
)
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.rules import one_line
from citizen_app.web.fragments import provided
from citizen_app.web.locale import current_language, long_day, weekday
from citizen_app.words.rules import BRANCHES

KINDS = {
    PlacementKind.TASTER: _("A few weeks to try the work"),
    PlacementKind.PLACEMENT: _("Placement"),
    PlacementKind.RECRUITING: _("Placement that leads to a job"),
    PlacementKind.WAGE_SUBSIDY: _("Job with wage subsidy"),
    PlacementKind.PAID_HOURS: _("Ordinary paid hours"),
    PlacementKind.MIXED: _("Paid hours beside a placement"),
}
MENTOR_KINDS = {
    MentorKind.WORKPLACE_MENTOR: _("Mentor at work"),
    MentorKind.COMPANY_MENTOR: _("Company mentor"),
    MentorKind.LANGUAGE_MENTOR: _("Language mentor"),
    MentorKind.LANGUAGE_BUDDY: _("Language buddy"),
    MentorKind.CTI_WORKER: _("CTI worker"),
    MentorKind.ROLE_MODEL: _("Role model"),
    MentorKind.VOLUNTEER: _("Volunteer"),
}
EXCUSE_NAMES = {
    Excuse.SICK: _("Ill"),
    Excuse.CHILD: _("Ill child"),
    Excuse.MEETING: _("At a meeting"),
    Excuse.TRANSPORT: _("Bus or train"),
    Excuse.OTHER: _("Another reason"),
    Excuse.UNKNOWN: _("Nobody knows why"),
    Excuse.NONE: _("Without excuse"),
    Excuse.THERE: _("Was there"),
    Excuse.LONGER: _("Was there longer"),
}
FAULTS: Mapping[Fault, tuple[str, Any]] = {
    Fault.DATES: ("last_day", _("The last day lies before the first.")),
    Fault.TOO_LONG: ("last_day", _("A placement lasts two years at most. A longer one is two placements.")),
    Fault.TOO_FAR: ("starts_on", _("This is more than a year away. Look at the year.")),
    Fault.TIMES: ("times", _("Tick each weekday once, with both times.")),
    Fault.NO_DAYS: ("times", _("Not a single working day is left between the two dates.")),
    Fault.OVERLAP: ("times", _("Already at another placement then: %(day)s.")),
    Fault.OUTSIDE: ("day", _("%(day)s does not lie within the placement.")),
    Fault.TAKEN: ("day", _("The placement already has a day then: %(day)s.")),
    Fault.FOLLOW_UP: ("follow_up_day", _("The follow-up would come after the last day.")),
    Fault.LANGUAGE: ("language_hours", _("Write a number of hours from 0 to 100.")),
    Fault.ENDED: ("workplace_id", _("This workplace takes nobody any more. Choose another one.")),
}
"""Which field a fault belongs to, and its sentence."""
DAY_FAULTS = {
    attendance.Fault.NOT_HERS: ("said", _("Choose what holds.")),
    attendance.Fault.MINUTES: ("minutes", _("Write how many minutes, from 1 to 1440, or leave it empty.")),
    attendance.Fault.HOURS: (
        "began",
        _("Write both times, at most 4 hours from the planned ones, or leave both and the minutes empty."),
    ),
    attendance.Fault.EXCUSE: ("excuse", _("Choose the reason.")),
    attendance.Fault.TOO_EARLY: ("said", _("The day has not begun yet. Only staying away can be noted.")),
    attendance.Fault.NOT_HEARD: ("excuse", _("Hear the citizen first: nothing is said from that side yet.")),
}
ONE_DAY = _("Choose a day.")
HOW_MANY = _("Write a number of people from 0 to 500.")
IS_PHONE = Regexp(r"^\+?[\d ()-]{5,}$", message=_("Write a phone number: digits, and + at the start."))
IS_EMAIL = Regexp(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", message=_("This does not look like an e-mail address."))


def named(choices: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(str(value), name) for value, name in choices.items()]


def words(label: Any, most: int, *more: Any) -> StringField:
    return StringField(label, [*more, Length(max=most, message=TOO_LONG), no_cpr_number], filters=[one_line])


class FaultyForm(Form):
    """A form that can say what the rules do not allow beside the field it is about."""

    def show_fault(self, refusal: BadPlacement) -> None:
        name, sentence = FAULTS[refusal.fault]
        if refusal.day is not None:
            sentence = sentence % {"day": long_day(refusal.day, current_language())}
        self.say(name, sentence)

    def say(self, name: str, sentence: Any) -> None:
        if name in self:
            self[name].errors = [*self[name].errors, sentence]
        else:
            self.form_errors.append(sentence)


class WorkplaceForm(Form):
    name = words(_("Name"), 80, DataRequired(_("Write the name of the workplace.")))
    branch = SelectField(
        _("Line of work"), choices=lambda: [SelectChoice(key, provided("deck_name")(key)) for key in BRANCHES]
    )
    address = words(_("Address"), 120)
    how_to_find = words(_("How to find it"), 200)
    contact_name = words(_("Contact person"), 80)
    contact_phone = words(
        _("Phone of the contact person"),
        24,
        Optional(),
        IS_PHONE,
    )
    contact_email = words(
        _("E-mail of the contact person"),
        120,
        Optional(),
        IS_EMAIL,
    )
    places = IntegerField(
        _("Places at once"),
        [InputRequired(HOW_MANY), NumberRange(0, 500, HOW_MANY)],
        default=1,
    )
    ended_on = DateField(_("Takes nobody from"), [Optional()])
    photo = FileField(_("A photo of the entrance"))
    seen = IntegerField(default=0, validators=[Optional()])
    """The version that was on the screen."""

    def facts(self) -> WorkplaceFacts:
        return WorkplaceFacts(
            name=self.name.data or "",
            branch=self.branch.data,
            address=self.address.data or "",
            how_to_find=self.how_to_find.data or "",
            contact_name=self.contact_name.data or "",
            contact_phone=self.contact_phone.data or "",
            contact_email=self.contact_email.data or "",
            places=self.places.data or 0,
            ended_on=self.ended_on.data,
        )

    def upload(self) -> bytes | None:
        """Return the file that was sent, if any."""
        return self.photo.data.read() if self.photo.data else None


class PlacementForm(FaultyForm):
    """A new placement; for each weekday it has the fields `on_0`, `begins_0` and `ends_0`, Monday first."""

    workplace_id = SelectField(_("Workplace"), coerce=lambda value: int(value) if value else 0, default=0)
    kind = SelectField(_("Kind of placement"), choices=named(KINDS), default=PlacementKind.PLACEMENT.value)
    starts_on = DateField(_("First day"), [InputRequired(ONE_DAY)])
    last_day = DateField(_("Last day"), [InputRequired(ONE_DAY)])
    language_hours = IntegerField(
        _("Hours with a language mentor"),
        [
            InputRequired(FAULTS[Fault.LANGUAGE][1]),
            NumberRange(0, MOST_LANGUAGE_MINUTES // 60, FAULTS[Fault.LANGUAGE][1]),
        ],
        default=LANGUAGE_MINUTES // 60,
    )
    follow_up_day = IntegerField(
        _("Follow-up on day number"),
        [InputRequired(_("Write a number of days.")), NumberRange(1, LONGEST.days, _("Write a number of days."))],
        default=FOLLOW_UP_DAY,
    )

    @classmethod
    def among(cls, workplaces: Iterable[Any], **values: Any) -> PlacementForm:
        """Read the request; `workplaces` are those to choose from."""
        form = cls(**values)
        form.workplace_id.choices = [
            SelectChoice("0", _("Choose a workplace")),
            *(SelectChoice(str(one.id), _workplace_choice(one)) for one in workplaces),
        ]
        return form

    @property
    def week(self) -> list[tuple[int, Any, Any, Any]]:
        """Return each weekday with its three fields."""
        return [(day, self[f"on_{day}"], self[f"begins_{day}"], self[f"ends_{day}"]) for day in range(7)]

    def times(self) -> list[WeeklyTime]:
        return [WeeklyTime(day, begins.data, ends.data) for day, on, begins, ends in self.week if on.data]

    def validate_workplace_id(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(str(_("Choose a workplace.")))

    def facts(self) -> PlacementFacts | None:
        """Return what was typed, or None when something was wrong and now says so."""
        is_well = self.validate_on_submit()
        if not self.is_submitted():
            return None
        for _day, on, begins, ends in self.week:
            for field in (begins, ends):
                if on.data and field.data is None and not field.errors:
                    field.errors = [_("Write from when to when.")]
                    is_well = False
        if not any(on.data for _day, on, _begins, _ends in self.week):
            self.form_errors.append(_("Tick at least one weekday."))
            is_well = False
        if not is_well or self._has_clash():
            return None
        assert self.starts_on.data is not None  # the fields' own validators have passed
        assert self.last_day.data is not None
        return PlacementFacts(
            workplace_id=self.workplace_id.data,
            kind=PlacementKind(self.kind.data),
            starts_on=self.starts_on.data,
            last_day=self.last_day.data,
            times=self.times(),
            language_minutes=(self.language_hours.data or 0) * 60,
            follow_up_day=self.follow_up_day.data or 0,
        )

    def _has_clash(self) -> bool:
        """Say whether a night shift reaches into the next one, which the form then tells."""
        clash = clashing_weekdays(self.times())
        if clash is not None:
            one, two = (weekday_name(day) for day in clash)
            sentence = _("The shift of %(one)s is not over when that of %(two)s begins.", one=one, two=two)
            self.form_errors.append(sentence)
        return clash is not None


for _number in range(7):
    setattr(PlacementForm, f"on_{_number}", BooleanField())
    setattr(PlacementForm, f"begins_{_number}", TimeField(_("From"), [Optional()]))
    setattr(PlacementForm, f"ends_{_number}", TimeField(_("To"), [Optional()]))


def weekday_name(number: int) -> str:
    """Name a weekday in the reader's language; 0 is Monday."""
    return weekday(date(2024, 1, 1 + number), current_language())


def _workplace_choice(workplace: Any) -> Any:
    free = max(workplace.places - workplace.taken, 0)
    return _("%(name)s (free places: %(free)s)", name=workplace.name, free=free)


class MentorForm(Form):
    """A mentor for a placement: one who is known, or somebody new."""

    known_id = SelectField(_("Who"), coerce=lambda value: int(value) if value else 0, default=0)
    kind = SelectField(_("As what"), choices=named(MENTOR_KINDS))
    given_name = words(_("First name"), 60)
    family_name = words(_("Family name"), 60)
    phone = words(_("Phone"), 24, Optional(), IS_PHONE)
    email = words(_("E-mail"), 120, Optional(), IS_EMAIL)
    language = SelectField(_("Reads"), choices=LANGUAGE_CHOICES, default="da")

    @classmethod
    def among(cls, known: Iterable[Any], **values: Any) -> MentorForm:
        form = cls(**values)
        form.known_id.choices = [
            SelectChoice("0", _("Somebody new")),
            *(SelectChoice(str(one.id), f"{one.given_name} {one.family_name}".strip()) for one in known),
        ]
        return form

    def validate_given_name(self, field: Any) -> None:
        if not self.known_id.data and not field.data:
            raise ValidationError(str(_("Write the first name, or choose somebody who is known.")))

    def mentor(self) -> int | MentorFacts:
        if self.known_id.data:
            return int(self.known_id.data)
        return MentorFacts(
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            phone=self.phone.data or "",
            email=self.email.data or "",
            language=self.language.data,
        )


class LastDayForm(FaultyForm):
    last_day = DateField(_("Last day"), [InputRequired(ONE_DAY)])
    seen = IntegerField(validators=[InputRequired()])


class MoveDayForm(FaultyForm):
    day = DateField(_("Day"), [InputRequired(ONE_DAY)])
    begins = TimeField(_("From"), [InputRequired(_("Write from when to when."))])
    ends = TimeField(_("To"), [InputRequired(_("Write from when to when."))])

    def shift(self, first: date, last: date, zone: ZoneInfo) -> Shift:
        """Return what was typed; raises BadPlacement for a day outside the placement."""
        assert self.day.data is not None  # the fields' own validators have passed
        assert self.begins.data is not None
        assert self.ends.data is not None
        if not first <= self.day.data <= last:
            raise BadPlacement(Fault.OUTSIDE, self.day.data)
        return shift_on(self.day.data, self.begins.data, self.ends.data, zone)


class SettleForm(FaultyForm):
    """What counts of a day, after both were heard; `id` is the statement's own, made with the page."""

    id = HiddenField(validators=[Regexp(r"[\w-]{8,36}\Z")])
    seen = IntegerField(validators=[InputRequired()])
    """How many statements were on the screen."""
    said = RadioField(
        _("What holds"),
        [InputRequired(DAY_FAULTS[attendance.Fault.NOT_HERS][1])],
        choices=named({Said.CAME: _("Was there"), Said.MISSED: _("Was not there")}),
    )
    minutes = IntegerField(
        _("Minutes worked"),
        [Optional(), NumberRange(1, MOST_MINUTES, DAY_FAULTS[attendance.Fault.MINUTES][1])],
    )
    began = TimeField(_("From"), [Optional()])
    ended = TimeField(_("To"), [Optional()])
    excuse = SelectField(_("Why not there"), default="")
    words = TextAreaField(
        _("What you agreed"),
        [
            DataRequired(_("Write in a few words what you agreed.")),
            Length(max=300, message=TOO_LONG),
            no_cpr_number,
        ],
        filters=[one_line],
    )

    @classmethod
    def for_day(cls, *, has_heard_her: bool, **values: Any) -> SettleForm:
        """Read the request; "without excuse" is there only when she has said something herself."""
        form = cls(**values)
        offered = [excuse for excuse in EXCUSES[Side.STAFF] if has_heard_her or excuse is not Excuse.NONE]
        form.excuse.choices = [SelectChoice("", "–"), *(SelectChoice(one, EXCUSE_NAMES[one]) for one in offered)]
        return form

    def given(self) -> Given:
        said = Said(self.said.data)
        has_missed = said is Said.MISSED
        return Given(
            id=self.id.data or "",
            said=said,
            minutes=None if has_missed else self.minutes.data,
            began=None if has_missed else self.began.data,
            ended=None if has_missed else self.ended.data,
            excuse=Excuse(self.excuse.data) if has_missed and self.excuse.data else None,
            words=self.words.data or "",
        )
