"""How somebody wants to be reminded, why staff switch it off, and what a phone says of a message."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, NamedTuple, TypeGuard

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, TimeField
from wtforms.validators import InputRequired, Optional, StopValidation, ValidationError

from citizen_app.db import LARGEST_NUMBER
from citizen_app.meetings.rules import Answer
from citizen_app.people.forms import Form
from citizen_app.reminders.rules import LONGEST_QUIET, WORDS_UNTIL, Wishes, is_clock_quiet, quiet_length


def _wanted(form: Any, field: Any) -> None:
    if form.wants_words.data and field.data is None:
        field.errors[:] = []
        raise StopValidation(str(_("Write a time.")))


class WishesForm(Form):
    quiet_from = TimeField(_("Quiet from"), [InputRequired(_("Write a time."))])
    quiet_to = TimeField(_("Quiet until"), [InputRequired(_("Write a time."))])
    tells_more = BooleanField(_("Show what, where and with whom"))
    wants_words = BooleanField(_("Remind me of words every day"))
    words_at = TimeField(_("At what time?"), [_wanted, Optional()])

    @classmethod
    def of(cls, wishes: Wishes) -> WishesForm:
        return cls(
            formdata=None,
            quiet_from=wishes.quiet_from,
            quiet_to=wishes.quiet_to,
            tells_more=wishes.tells_more,
            wants_words=wishes.words_at is not None,
            words_at=wishes.words_at or time(16),
        )

    def validate_quiet_to(self, field: Any) -> None:
        begin = self.quiet_from.data
        if begin is not None and field.data is not None and quiet_length(begin, field.data) > LONGEST_QUIET:
            raise ValidationError(str(_("The quiet time can be 14 hours at most.")))

    def validate_words_at(self, field: Any) -> None:
        if not self.wants_words.data:
            return
        begin, end = self.quiet_from.data, self.quiet_to.data
        is_quiet = begin is not None and end is not None and is_clock_quiet(field.data, begin, end)
        if is_quiet or field.data >= WORDS_UNTIL:
            raise ValidationError(str(_("Choose a time before 21:00, when it is not quiet.")))

    def wishes(self) -> Wishes:
        assert self.quiet_from.data is not None  # the fields' own validators have passed
        assert self.quiet_to.data is not None
        words_at = self.words_at.data if self.wants_words.data else None
        return Wishes(self.quiet_from.data, self.quiet_to.data, bool(self.tells_more.data), words_at)


class Told(NamedTuple):
    """What a phone says of a message."""

    reminder_id: int
    device_id: int
    key: str
    answer: Answer | None
    pressed_at: datetime | None
    """By the phone's clock."""


def read_told(sent: Any) -> Told | None:
    """Read what a phone has sent; returns None for anything else."""
    if not isinstance(sent, dict):
        return None
    reminder, device, key, value = (sent.get(name) for name in ("reminder", "device", "key", "value"))
    if not (_is_number(reminder) and _is_number(device) and isinstance(key, str) and key.isascii()):
        return None
    answer = Answer(value) if isinstance(value, str) and value in set(Answer) else None
    return Told(reminder, device, key, answer, _moment(sent.get("at")))


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_NUMBER


def _moment(milliseconds: Any) -> datetime | None:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
