"""Forms of goals and steps, the same for both sides. What is typed comes out clean; what is refused says why."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from citizen_app.goals.rules import FACES, GOAL_LENGTH, WHY_LENGTH, NotTodayReason, Track
from citizen_app.people.forms import one_line
from citizen_app.texts.rules import has_cpr_number

TRACKS = [
    (Track.JOB.value, _("Work")),
    (Track.COPING.value, _("Everyday life")),
    (Track.NETWORK.value, _("People around me")),
]
TRACK_PICTURES = {Track.JOB: "1F9F0", Track.COPING: "1F3E0", Track.NETWORK: "1F465"}
REASONS = [
    (NotTodayReason.SICK.value, _("I am not well"), "1F912"),
    (NotTodayReason.FAMILY.value, _("My family needs me"), "1F46A"),
    (NotTodayReason.NO_TIME.value, _("There was no time"), "23F3"),
    (NotTodayReason.NEED_HELP.value, _("I need help first"), "1F198"),
    (NotTodayReason.NOT_READY.value, _("I am not ready yet"), "1F331"),
    (NotTodayReason.OTHER.value, _("Something else"), "1F4AC"),
]
REASON_PICTURES = {code: picture for code, _label, picture in REASONS}


def no_cpr_number(_form: Any, field: Any) -> None:
    if has_cpr_number(field.data or ""):
        raise ValueError(str(_("Please do not write a CPR number here.")))


def _words(longest: int, empty: Any) -> list[Any]:
    return [
        DataRequired(empty),
        Length(max=longest, message=_("This is too long. Use at most %(max)d letters.")),
        no_cpr_number,
    ]


class WordsForm(FlaskForm):
    """New words for a goal, with the version that was read."""

    body = TextAreaField(_("The goal"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    seen_version = IntegerField(validators=[InputRequired(), NumberRange(min=0)])


class WhyForm(WordsForm):
    body = TextAreaField(_("Why I want it"), _words(WHY_LENGTH, _("Write a few words.")), filters=[one_line])


class GoalForm(FlaskForm):
    """A new goal: a ready one, or own words."""

    track = RadioField(
        _("What is it about?"),
        [InputRequired(_("Choose what it is about."))],
        choices=TRACKS,
        default=Track.JOB.value,
    )
    body = TextAreaField(_("I want …"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])


class StepForm(FlaskForm):
    """A small step: what, when, where, who helps."""

    body = TextAreaField(_("What I do"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    day = DateField(_("Which day"), [Optional()])
    at = TimeField(_("What time"), [Optional()])
    place = StringField(
        _("Where"),
        [Length(max=120, message=_("This is too long. Use at most %(max)d letters.")), no_cpr_number],
        filters=[one_line],
    )
    helper_id = SelectField(_("Who helps"), coerce=lambda value: int(value) if value else None, default="")
    picture = HiddenField(validators=[Length(max=40)])
    seen_version = HiddenField(default="0")

    def validate_at(self, field: Any) -> None:
        if field.data and not self.day.data:
            raise ValueError(str(_("Choose the day too.")))


class DoneForm(FlaskForm):
    """How it was: a face, and words if one likes."""

    face = RadioField(
        _("How was it?"),
        [Optional()],
        coerce=lambda value: int(value) if value and value != "None" else None,
        choices=[(face, str(face)) for face in FACES],
    )
    words = TextAreaField(
        _("Do you want to say more?"),
        [Length(max=400, message=_("This is too long. Use at most %(max)d letters.")), no_cpr_number],
        filters=[one_line],
    )


class NotTodayForm(FlaskForm):
    reason = RadioField(
        _("What stood in the way?"),
        [InputRequired(_("Choose one."))],
        choices=[(code, label) for code, label, _picture in REASONS],
    )


class SplitForm(FlaskForm):
    """Two or three smaller steps instead of one."""

    first = TextAreaField(_("First I …"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    second = TextAreaField(_("Then I …"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    third = TextAreaField(
        _("And then I …"),
        [
            Optional(),
            Length(max=GOAL_LENGTH, message=_("This is too long. Use at most %(max)d letters.")),
            no_cpr_number,
        ],
        filters=[one_line],
    )
