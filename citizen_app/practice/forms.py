"""Answers as a phone sends them, and how somebody wants to learn."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from citizen_app.people.forms import Form
from citizen_app.practice.actions import GivenAnswer
from citizen_app.practice.rules import EXERCISES, MOST_AT_ONCE, Wishes
from citizen_app.words.rules import BRANCHES

_ID = re.compile(r"[0-9a-f-]{8,36}")


def read_answers(sent: Any) -> list[GivenAnswer] | None:
    """Read what a phone has sent; returns None if any of it is not an answer.

    A time that is no time is no reason to lose an answer: it then counts from its arrival.
    """
    if not isinstance(sent, list) or len(sent) > MOST_AT_ONCE:
        return None
    answers = [_answer(one) for one in sent if isinstance(one, dict)]
    read = [answer for answer in answers if answer is not None]
    return read if len(read) == len(sent) else None


def _answer(one: dict[str, Any]) -> GivenAnswer | None:
    answer_id, key, knew, exercise = (one.get(name) for name in ("id", "word", "knew", "exercise"))
    if not (isinstance(answer_id, str) and _ID.fullmatch(answer_id) and isinstance(key, str) and 0 < len(key) <= 60):
        return None
    if not isinstance(knew, bool) or exercise not in EXERCISES:
        return None
    return GivenAnswer(answer_id, key, knew, exercise, _moment(one.get("at")))


def _moment(milliseconds: Any) -> datetime | None:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class WishesForm(Form):
    branches = SelectMultipleField(
        _("My line of work"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    new_a_day = RadioField(
        _("New words a day"),
        [InputRequired(_("Choose one."))],
        choices=[SelectChoice(number, str(number)) for number in (3, 5, 10)],
        coerce=int,
    )
    likes_writing = BooleanField(_("I want to write words, too"))

    @classmethod
    def of(cls, wishes: Wishes, deck_name: Any) -> WishesForm:
        form = cls(branches=list(wishes.branches), new_a_day=wishes.new_a_day, likes_writing=wishes.likes_writing)
        form.branches.choices = [SelectChoice(branch, deck_name(branch)) for branch in BRANCHES]
        return form

    def wishes(self) -> Wishes:
        """Return what was chosen; twice as many old words as new ones come back on a day."""
        return Wishes(
            tuple(self.branches.data or ()), self.new_a_day.data, 2 * self.new_a_day.data, bool(self.likes_writing.data)
        )
