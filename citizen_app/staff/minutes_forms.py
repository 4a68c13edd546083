"""What staff write around a meeting: points of the agenda, lines of the minutes, and how a place is found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its hints
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from citizen_app.meetings.rules import LINE_LENGTH, PLACE_LENGTH, POINT_LENGTH, TEXT_LENGTH, Topic
from citizen_app.people.forms import TOO_LONG, Form
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.rules import one_line

TOPICS = {
    Topic.HOME: _("Home"),
    Topic.MONEY: _("Money"),
    Topic.HEALTH: _("Health"),
    Topic.WORK: _("Work"),
    Topic.OTHER: _("Something else"),
}


class StaffPointForm(Form):
    topic = SelectField(_("Topic"), choices=[SelectChoice(topic.value, name) for topic, name in TOPICS.items()])
    words = StringField(
        _("In Danish, in a few words"), [Length(max=POINT_LENGTH, message=TOO_LONG), no_cpr_number], filters=[one_line]
    )


_SENTENCE = (DataRequired(_("Write a few words.")), Length(max=LINE_LENGTH, message=TOO_LONG), no_cpr_number)


class LineForm(Form):
    """A sentence of the minutes; who does it is a participant's number, or nobody when it was only said."""

    body = TextAreaField(_("What was said or agreed"), _SENTENCE, filters=[one_line])
    doer = SelectField(_("Who does it?"), coerce=lambda value: int(value) if value else None, default="")
    seen_version = IntegerField(default=0, validators=[Optional(), NumberRange(min=0)])

    @classmethod
    def among(cls, doers: Mapping[int, str], **values: Any) -> LineForm:
        """Read the request; `doers` are the participants' names by number."""
        form = cls(**values)
        nobody = SelectChoice("", _("Nobody, it was only said"))
        form.doer.choices = [nobody, *(SelectChoice(str(number), name) for number, name in doers.items())]
        return form


class RenderingForm(Form):
    """A text said in the citizen's language."""

    text_id = IntegerField(validators=[InputRequired()])
    body = TextAreaField(validators=_SENTENCE, filters=[one_line])


class PlaceForm(Form):
    place = StringField(
        _("Place"),
        [DataRequired(_("Write what the signs say.")), Length(max=PLACE_LENGTH, message=TOO_LONG), no_cpr_number],
        filters=[one_line],
    )
    how_to_find = StringField(
        _("How to find it"), [Length(max=TEXT_LENGTH, message=TOO_LONG), no_cpr_number], filters=[one_line]
    )
    photo = FileField(_("A photo of the door"))
    remove = BooleanField(_("Remove the photo"))

    def upload(self) -> bytes | None:
        """Return the file that was sent, if any."""
        return self.photo.data.read() if self.photo.data else None


def doer_names(participants: Iterable[Any]) -> dict[int, str]:
    return {one.participant_id: one.given_name if one.person_id else one.name for one in participants}
