"""The citizen's answer to a meeting and her choice of a time, read from a press on a button."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, Optional, ValidationError

from citizen_app.meetings.rules import POINT_LENGTH, REASONS, TEXT_LENGTH, Answer, Reply, Topic
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.rules import has_cpr_number, one_line


class AnswerForm(FlaskForm):
    value = StringField(validators=[AnyOf(list(Answer))])
    seen = IntegerField(validators=[InputRequired()])
    """The version of the meeting that the citizen was asked about."""
    reason = StringField(validators=[Optional()])
    note = TextAreaField(
        _("Your words"),
        [Length(max=TEXT_LENGTH, message=_("This is too long. Write at most %(max)d letters."))],
        filters=[one_line],
    )

    def validate_reason(self, field: Any) -> None:
        answer = self.value.data
        if answer in set(Answer) and field.data not in REASONS[Answer(answer)]:
            raise ValidationError(str(_("Choose one of the pictures.")))

    def validate_note(self, field: Any) -> None:
        if has_cpr_number(field.data or ""):
            raise ValidationError(str(_("This looks like a CPR number. Please leave it out.")))

    def reply(self, language: str) -> Reply:
        return Reply(Answer(self.value.data or ""), self.reason.data or None, self.note.data or "", language)


class PointForm(FlaskForm):
    """What the citizen wants to talk about: a picture, and words if she likes."""

    topic = StringField(validators=[AnyOf(list(Topic))])
    words = TextAreaField(
        _("Your words"),
        [Length(max=POINT_LENGTH, message=_("This is too long. Write at most %(max)d letters.")), no_cpr_number],
        filters=[one_line],
    )


class TimeForm(FlaskForm):
    """One of the offered times by its number, or a free one by its moment."""

    offered = IntegerField(validators=[Optional()])
    free = StringField()

    def validate_free(self, field: Any) -> None:
        if self.offered.data is not None:
            return
        try:
            moment = datetime.fromisoformat(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if moment.tzinfo is None:
            raise ValidationError("a moment needs a zone")

    def starts_at(self) -> datetime:
        return datetime.fromisoformat(self.free.data or "")
