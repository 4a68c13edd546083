"""Hours in which citizens may choose a new time by themselves, as staff type them: two rows for each weekday."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import TimeField
from wtforms.validators import Optional

from citizen_app.meetings import rules
from citizen_app.meetings.rules import Problem, Window
from citizen_app.web.locale import current_language, weekday

WEEKDAYS = range(7)
ROWS = range(2)
_A_MONDAY = date(2024, 1, 1)


class HoursForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    """Its fields are named `begins_<weekday>_<row>` and `ends_<weekday>_<row>`, 0 for Monday."""

    def windows(self) -> list[Window] | None:
        """Return what was typed, or None when a field was wrong and now says so."""
        if not self.validate_on_submit():
            return None
        found = [window for number in WEEKDAYS for window in self._windows_of(number)]
        return None if self.errors else found

    def show(self, windows: Iterable[Window]) -> None:
        """Fill in the hours as they are kept; of more than two a day the first two."""
        used = dict.fromkeys(WEEKDAYS, 0)
        for window in windows:
            row = used[window.weekday]
            if row in ROWS:
                self._begins(window.weekday, row).data = window.begins
                self._ends(window.weekday, row).data = window.ends
            used[window.weekday] += 1

    @property
    def days(self) -> Sequence[tuple[str, Sequence[tuple[Any, Any]]]]:
        """Each weekday's name with its rows of two fields."""
        return [
            (weekday_name(number), [(self._begins(number, row), self._ends(number, row)) for row in ROWS])
            for number in WEEKDAYS
        ]

    def _windows_of(self, number: int) -> list[Window]:
        rows, found = [], []
        for row in ROWS:
            begins, ends = self._begins(number, row), self._ends(number, row)
            if (begins.data is None) != (ends.data is None):
                missing = begins if begins.data is None else ends
                missing.errors = [gettext("%(day)s: write both times.", day=weekday_name(number))]
            elif begins.data is not None:
                rows.append(ends)
                found.append(Window(number, begins.data, ends.data))
        for fault in rules.faults_in_hours(found):
            rows[int(fault.field)].errors = [_sentence(fault.problem, number)]
        return found

    def _begins(self, number: int, row: int) -> Any:
        return self[f"begins_{number}_{row}"]

    def _ends(self, number: int, row: int) -> Any:
        return self[f"ends_{number}_{row}"]


for _number, _row in product(WEEKDAYS, ROWS):
    setattr(HoursForm, f"begins_{_number}_{_row}", TimeField(lazy_gettext("From"), [Optional()]))
    setattr(HoursForm, f"ends_{_number}_{_row}", TimeField(lazy_gettext("To"), [Optional()]))


def weekday_name(number: int) -> str:
    return weekday(_A_MONDAY + timedelta(days=number), current_language()).capitalize()


def _sentence(problem: Problem, number: int) -> str:
    day = weekday_name(number)
    if problem is Problem.TIMES_OVERLAP:
        return str(gettext("%(day)s: the two times overlap.", day=day))
    return str(gettext("%(day)s: the end comes before the beginning.", day=day))
