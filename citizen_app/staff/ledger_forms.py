"""What staff type about hours that are agreed for each week."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import DateField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its hints
from wtforms.validators import InputRequired, NumberRange

from citizen_app.ledger.actions import HoursFacts
from citizen_app.ledger.rules import MOST_WEEKLY, STEP, Fault, HoursKind
from citizen_app.people.forms import Form
from citizen_app.staff.placement_forms import ONE_DAY, named, words

KINDS = {
    HoursKind.DANISH: _("Danish lessons"),
    HoursKind.JOB_SEARCH: _("Looking for work"),
    HoursKind.TRANSPORT: _("The way there, where it counts"),
    HoursKind.OTHER: _("Other hours"),
}
WEEKLY = _("Write a number of hours from 0 to 60, and some minutes at least.")
FAULTS = {
    Fault.WEEKLY: ("hours", WEEKLY),
    Fault.DATES: ("last_day", _("The last day lies before the first.")),
    Fault.TOO_LONG: ("last_day", _("Hours are agreed for two years at most.")),
    Fault.MINUTES: ("hours", _("Write a number of hours from 0 to 60.")),
    Fault.WEEK: ("hours", _("Nothing was agreed for this week.")),
    Fault.TOO_EARLY: ("hours", _("This week has not begun yet.")),
    Fault.TOO_LATE: ("hours", _("This week is long ago.")),
}
"""Which field a fault belongs to, and its sentence."""


def show_fault(form: Form, fault: Fault) -> None:
    name, sentence = FAULTS[fault]
    form[name].errors = [*form[name].errors, sentence]


class HoursForm(Form):
    kind = SelectField(_("What for"), choices=named(KINDS))
    hours = IntegerField(_("Hours a week"), [InputRequired(WEEKLY), NumberRange(0, MOST_WEEKLY // 60, WEEKLY)])
    quarter = SelectField(
        _("And minutes"), choices=[SelectChoice(str(one), str(one)) for one in range(0, 60, STEP)], default="0"
    )
    starts_on = DateField(_("First day"), [InputRequired(ONE_DAY)])
    last_day = DateField(_("Last day"), [InputRequired(ONE_DAY)])
    place = words(_("Where"), 80)

    def facts(self) -> HoursFacts:
        dates: tuple[Any, Any] = (self.starts_on.data, self.last_day.data)
        weekly = (self.hours.data or 0) * 60 + int(self.quarter.data or 0)
        return HoursFacts(HoursKind(self.kind.data), weekly, *dates, self.place.data or "")


class HoursEndForm(Form):
    last_day = DateField(_("Last day"), [InputRequired(ONE_DAY)])
    seen = DateField(validators=[InputRequired()])
    """The last day that was on the screen."""
