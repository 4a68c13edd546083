"""What a citizen says of a day, read from a press on a button or from a phone that was without network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from citizen_app.attendance.actions import Given
from citizen_app.attendance.rules import ALLOWED, EXCUSES, MOST_MINUTES, OBJECTIONS, Excuse, Said, Side
from citizen_app.people.forms import Form
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.rules import has_cpr_number, one_line

WORDS_LENGTH = 300
MOST_AT_ONCE = 200
_ID = re.compile(r"[0-9a-zA-Z-]{8,36}")
_SAYS = sorted(ALLOWED[Side.CITIZEN])
_EXCUSES = sorted({*EXCUSES[Side.CITIZEN], *OBJECTIONS})
_CHOOSE = _("Choose one of the pictures.")


class DayForm(Form):
    id = HiddenField(validators=[InputRequired(), Regexp(f"^{_ID.pattern}$")])
    said = StringField(validators=[AnyOf(_SAYS)])
    minutes = IntegerField(validators=[Optional(), NumberRange(1, MOST_MINUTES, _("Choose how late you came."))])
    excuse = StringField()
    about = StringField(validators=[Optional(), Regexp(f"^{_ID.pattern}$")])
    """The mentor's statement that stood on the page."""
    words = TextAreaField(
        _("Your words"),
        [Length(max=WORDS_LENGTH, message=_("This is too long. Write at most %(max)d letters.")), no_cpr_number],
        filters=[one_line],
    )
    at = StringField(validators=[Optional()])
    """When it was said by the phone's clock, in milliseconds."""

    def validate_excuse(self, field: Any) -> None:
        allowed = ["", *_EXCUSES] if self.said.data != Said.WRONG else list(OBJECTIONS)
        if (field.data or "") not in allowed:
            raise ValidationError(str(_CHOOSE))

    @property
    def is_garbled(self) -> bool:
        """Say whether even what the buttons send is wrong, so that there is no form to show again."""
        return bool(self.id.errors or self.said.errors or self.about.errors)

    def given(self) -> Given:
        return Given(
            id=self.id.data or "",
            said=Said(self.said.data or ""),
            minutes=self.minutes.data,
            excuse=Excuse(self.excuse.data) if self.excuse.data else None,
            about=self.about.data or None,
            words=self.words.data or "",
            said_at=_moment(self.at.data),
        )


def read_statement(one: Mapping[str, Any]) -> tuple[int, Given] | None:
    """Read a statement as a phone sends it, with its day; returns None for what is none.

    A time that is no time is no reason to lose a statement: it then counts from its arrival.
    """
    statement_id: Any = one.get("id")
    day_id: Any = one.get("day")
    said: Any = one.get("said")
    minutes: Any = one.get("minutes")
    excuse: Any = one.get("excuse") or None
    about: Any = one.get("about") or None
    words: Any = one.get("words") or ""
    are_right = (
        isinstance(statement_id, str) and _ID.fullmatch(statement_id) is not None,
        _is_number(day_id) and 0 < day_id < 2**31,
        said in _SAYS,
        excuse is None or excuse in _EXCUSES,
        minutes is None or (_is_number(minutes) and 0 < minutes <= MOST_MINUTES),
        about is None or (isinstance(about, str) and _ID.fullmatch(about) is not None),
        isinstance(words, str) and len(one_line(words)) <= WORDS_LENGTH and not has_cpr_number(words),
    )
    if not all(are_right):
        return None
    given = Given(
        id=statement_id,
        said=Said(said),
        minutes=minutes,
        excuse=Excuse(excuse) if excuse else None,
        about=about,
        words=one_line(words),
        said_at=_moment(one.get("at")),
    )
    return day_id, given


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _moment(milliseconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
