"""Forms of goals and steps, the same for both sides. What is typed comes out clean; what is refused says why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from wtforms import (
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from citizen_app.db import AnyRow
from citizen_app.goals.actions import StepPlan, Wording
from citizen_app.goals.rules import FACES, GOAL_LENGTH, WHY_LENGTH, NotTodayReason, Track
from citizen_app.people.forms import TOO_LONG, Form
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.queries import phrase_bank
from citizen_app.texts.rules import Phrase, one_line

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
REASON_NAMES = {code: label for code, label, _picture in REASONS}
REASON_PICTURES = {code: picture for code, _label, picture in REASONS}


def _words(longest: int, empty: Any) -> list[Any]:
    return [DataRequired(empty), Length(max=longest, message=TOO_LONG), no_cpr_number]


def picked_phrase(kind: str) -> Phrase | None:
    """Return the ready goal or step whose button was pressed."""
    phrase = phrase_bank().get(request.form.get("phrase", ""))
    return phrase if phrase is not None and phrase.kind == kind else None


def ready_goals(track: str) -> list[Phrase]:
    return [phrase for phrase in phrase_bank().values() if (phrase.kind, phrase.track) == ("goal", track)]


class WordsForm(Form):
    """New words for a goal, with the version that was read."""

    body = TextAreaField(_("The goal"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    seen_version = IntegerField(validators=[InputRequired(), NumberRange(min=0)])

    def wording(self, language: str) -> Wording:
        return Wording(self.body.data or "", language)


class WhyForm(WordsForm):
    body = TextAreaField(_("Why I want it"), _words(WHY_LENGTH, _("Write a few words.")), filters=[one_line])


class GoalForm(Form):
    """A new goal: a ready one, whose button fills the form, or own words."""

    phrase: Phrase | None = None

    @classmethod
    def read(cls, language: str) -> GoalForm:
        """Read the request; `language` is the one the goal is written in."""
        wished = request.args.get("track", "")
        form = cls(track=wished if wished in set(Track) else Track.JOB)
        form.phrase = picked_phrase("goal")
        if form.phrase is not None:
            form.track.data, form.body.data = form.phrase.track, form.phrase.bodies[language]
        return form

    @property
    def picture(self) -> str:
        return self.phrase.picture if self.phrase else TRACK_PICTURES[Track(self.track.data)]

    def wording(self, language: str) -> Wording:
        return Wording(self.body.data or "", language, self.phrase.key if self.phrase else None)

    track = RadioField(
        _("What is it about?"),
        [InputRequired(_("Choose what it is about."))],
        choices=[SelectChoice(track, label) for track, label in TRACKS],
        default=Track.JOB.value,
    )
    body = TextAreaField(_("I want …"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])


class StepForm(Form):
    """A small step: what, when, where, who helps. A ready step's button fills the first."""

    phrase: Phrase | None = None

    @classmethod
    def read(cls, language: str, helpers: Iterable[AnyRow], **values: Any) -> StepForm:
        """Read the request; `helpers` are the people around the citizen."""
        form = cls(**values)
        names = {str(person.id): person.given_name for person in helpers}
        form.helper_id.choices = [SelectChoice("", "–"), *(SelectChoice(key, name) for key, name in names.items())]
        form.phrase = picked_phrase("step")
        if form.phrase is not None:
            form.body.data = form.phrase.bodies[language]
        return form

    def picture_for(self, track: str) -> str:
        return self.phrase.picture if self.phrase else TRACK_PICTURES[Track(track)]

    def wording(self, language: str) -> Wording:
        return Wording(self.body.data or "", language, self.phrase.key if self.phrase else None)

    def plan(self) -> StepPlan:
        return StepPlan(self.day.data, self.at.data, self.place.data or "", self.helper_id.data)

    body = TextAreaField(_("What I do"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    day = DateField(_("Which day"), [Optional()])
    at = TimeField(_("What time"), [Optional()])
    place = StringField(
        _("Where"),
        [Length(max=120, message=TOO_LONG), no_cpr_number],
        filters=[one_line],
    )
    helper_id = SelectField(_("Who helps"), coerce=lambda value: int(value) if value else None, default="")
    seen_version = IntegerField(default=0, validators=[Optional()])

    def validate_at(self, field: Any) -> None:
        if field.data and not self.day.data:
            raise ValidationError(str(_("Choose the day too.")))


class OtherWordsStepForm(StepForm):
    """A step whose newest words the writer cannot write in: left empty, they stay as they are."""

    body = TextAreaField(
        _("What I do"), [Optional(), Length(max=GOAL_LENGTH, message=TOO_LONG), no_cpr_number], filters=[one_line]
    )


class DoneForm(Form):
    """How it was: a face, and words if one likes."""

    face = RadioField(
        _("How was it?"),
        [Optional()],
        coerce=lambda value: int(value) if value and value != "None" else None,
        choices=[SelectChoice(str(face), str(face)) for face in FACES],
    )
    words = TextAreaField(
        _("Do you want to say more?"),
        [Length(max=WHY_LENGTH, message=TOO_LONG), no_cpr_number],
        filters=[one_line],
    )


class NotTodayForm(Form):
    reason = RadioField(
        _("What stood in the way?"),
        [InputRequired(_("Choose one."))],
        choices=[SelectChoice(code, label) for code, label, _picture in REASONS],
    )


class SplitForm(Form):
    """Two or three smaller steps instead of one."""

    first = TextAreaField(_("First I …"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    second = TextAreaField(_("Then I …"), _words(GOAL_LENGTH, _("Write a few words.")), filters=[one_line])
    third = TextAreaField(
        _("And then I …"),
        [Optional(), Length(max=GOAL_LENGTH, message=TOO_LONG), no_cpr_number],
        filters=[one_line],
    )
