"""What somebody says of a day, read from a press on a button or from a phone that was without network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, StringField, TextAreaField, TimeField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from citizen_app.attendance.actions import Given
from citizen_app.attendance.rules import ALLOWED, EXCUSES, MOST_MINUTES, OBJECTIONS, Excuse, Said
from citizen_app.db import LARGEST_NUMBER
from citizen_app.people.forms import Form
from citizen_app.placements.rules import Side
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.rules import has_cpr_number, one_line

WORDS_LENGTH = 300
MOST_AT_ONCE = 200
"""So many statements a phone may send at once; a month of three people is fewer."""
_ID = re.compile(r"[0-9A-Za-z-]{8,36}", re.ASCII)
_SAYS = sorted(ALLOWED[Side.CITIZEN])
_EXCUSES = sorted({*EXCUSES[Side.CITIZEN], *OBJECTIONS})
_CHOOSE = _("Choose one of the pictures.")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


class DayForm(Form):
    id = HiddenField(validators=[InputRequired(), Regexp(rf"{_ID.pattern}\Z")])
    said = StringField(validators=[AnyOf(_SAYS)])
    minutes = IntegerField(validators=[Optional(), NumberRange(1, MOST_MINUTES, _("Choose how late you came."))])
    excuse = StringField()
    about = StringField(validators=[Optional(), Regexp(rf"{_ID.pattern}\Z")])
    """The mentor's statement that stood on the page."""
    words = TextAreaField(
        _("Your words"),
        [Length(max=WORDS_LENGTH, message=_("This is too long. Write at most %(max)d letters.")), no_cpr_number],
        filters=[one_line],
    )
    began = TimeField(_("From"), validators=[Optional()])
    """When she began and ended, where it was not as planned."""
    ended = TimeField(_("To"), validators=[Optional()])
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

    @property
    def has_hours(self) -> bool:
        """Say whether other hours than planned were typed."""
        return any(field.data or field.errors for field in (self.began, self.ended))

    def given(self) -> Given:
        return Given(
            id=self.id.data or "",
            said=Said(self.said.data or ""),
            minutes=self.minutes.data,
            excuse=Excuse(self.excuse.data) if self.excuse.data else None,
            about=self.about.data or None,
            words=self.words.data or "",
            began=self.began.data,
            ended=self.ended.data,
            said_at=_moment(self.at.data),
        )


@dataclass(frozen=True)
class Kept:
    """One statement that a phone has kept; without `given` it cannot be understood."""

    id: str
    day_id: int
    given: Given | None


def read_given(sent: Mapping[str, Any]) -> Given | None:
    """Read a statement; returns None for what is none. Whether it can be is for the rules to say."""
    name, said, excuse, about, words = (sent.get(key) for key in ("id", "said", "excuse", "about", "words"))
    own = one_line(words) if isinstance(words, str) else ""
    is_readable = _is_id(name) and (not about or _is_id(about)) and isinstance(words or "", str)
    if not is_readable or len(own) > WORDS_LENGTH or has_cpr_number(own):
        return None
    try:
        return Given(
            str(name),
            Said(str(said)),
            minutes=_number(sent.get("minutes")),
            excuse=Excuse(str(excuse)) if excuse else None,
            about=str(about) if about else None,
            words=own,
            began=_clock(sent.get("began")),
            ended=_clock(sent.get("ended")),
            said_at=_moment(sent.get("at")),
        )
    except (ValueError, TypeError):
        return None


def read_kept(sent: Any) -> list[Kept] | None:
    """Read the statements that a phone has kept; returns None for anything else."""
    listed = sent.get("statements") if isinstance(sent, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_AT_ONCE:
        return None
    return [_kept(one if isinstance(one, dict) else {}) for one in listed]


def _kept(sent: Mapping[str, Any]) -> Kept:
    name, day = sent.get("id"), sent.get("day")
    is_number = isinstance(day, int) and not isinstance(day, bool) and 0 < day <= LARGEST_NUMBER
    given = read_given(sent) if is_number else None
    return Kept(name if isinstance(name, str) else "", day if isinstance(day, int) and is_number else 0, given)


def _is_id(name: Any) -> bool:
    return isinstance(name, str) and _ID.fullmatch(name) is not None


def _number(sent: Any) -> int | None:
    """Raises ValueError and TypeError for what is neither a number nor nothing."""
    if sent is None or sent == "":
        return None
    if isinstance(sent, (bool, float)):
        raise TypeError
    number = int(sent)
    if abs(number) > LARGEST_NUMBER * 1000:  # a clock in milliseconds is the largest there is
        raise ValueError
    return number


def _clock(sent: Any) -> time | None:
    """Raises ValueError for what is neither a time such as 08:30 nor nothing."""
    if sent is None or sent == "":
        return None
    if not isinstance(sent, str) or _CLOCK.fullmatch(sent) is None:
        raise ValueError
    return time.fromisoformat(sent)


def _moment(milliseconds: Any) -> datetime | None:
    """A clock that cannot be read is no reason to lose what somebody said."""
    try:
        number = _number(milliseconds)
        return None if number is None else datetime.fromtimestamp(number / 1000, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
