"""How long it was in a week: one press sends the minutes, typing sends hours and a quarter."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import DateField, HiddenField, IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its hints
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from citizen_app.ledger.actions import Given
from citizen_app.ledger.rules import MOST_WEEKLY, STEP
from citizen_app.people.forms import Form
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.rules import one_line

WORDS_LENGTH = 200
HOW_LONG = _("Write a number of hours from 0 to 60.")
QUARTERS = [SelectChoice(str(minutes), f"{minutes}") for minutes in range(0, 60, STEP)]


class WeekForm(Form):
    id = HiddenField(validators=[InputRequired(), Regexp(r"[0-9A-Za-z-]{8,36}\Z")])
    monday = DateField(validators=[InputRequired()])
    minutes = IntegerField(validators=[Optional(), NumberRange(0, MOST_WEEKLY, HOW_LONG)])
    """What a press on a button says."""
    hours = IntegerField(_("Hours"), validators=[Optional(), NumberRange(0, MOST_WEEKLY // 60, HOW_LONG)])
    quarter = SelectField(_("And minutes"), choices=QUARTERS, default="0")
    words = TextAreaField(
        _("Your words"),
        [
            Length(max=WORDS_LENGTH, message=_("This is too long. Write at most %(max)d letters.")),
            no_cpr_number,
        ],
        filters=[one_line],
    )
    seen = HiddenField(validators=[Optional(), Regexp(r"[0-9A-Za-z-]{8,36}\Z")])
    """For staff: her word that stood on the page."""

    @property
    def is_garbled(self) -> bool:
        """Say whether even what the page sends by itself is wrong, so that there is no week to show again."""
        return bool(self.id.errors or self.monday.errors or self.seen.errors)

    def validate(self, extra_validators: Any = None) -> bool:
        """Besides what each field says: one of press and number must be there, and 60 hours are the most."""
        is_well = bool(super().validate(extra_validators))
        if is_well and not 0 <= self.length <= MOST_WEEKLY:
            self.hours.errors = [HOW_LONG]
        if is_well and self.minutes.data is None and self.hours.data is None:
            self.hours.errors = [HOW_LONG]
        return is_well and not self.hours.errors

    @property
    def length(self) -> int:
        """Return the minutes that were said."""
        if self.minutes.data is not None:
            return int(self.minutes.data)
        return (self.hours.data or 0) * 60 + int(self.quarter.data or 0)

    def given(self) -> Given:
        assert self.monday.data is not None  # the field's own validator has passed
        return Given(self.id.data or "", self.monday.data, self.length, self.words.data or "")
