"""What a mentor says of a day, as a form or a phone that was without network sends it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from citizen_app.attendance.actions import Given
from citizen_app.attendance.rules import Excuse, Said

LARGEST_NUMBER = 2**31 - 1
MOST_AT_ONCE = 200
"""So many statements a phone may send at once; a month of three people is fewer."""
_ID = re.compile(r"[0-9A-Za-z-]{8,36}", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """One statement that a phone has kept; without `given` it cannot be understood."""

    id: str
    day_id: int
    given: Given | None


def read_given(sent: Mapping[str, Any]) -> Given | None:
    """Read a statement; returns None for what is none. Whether it can be is for the rules to say."""
    name, said, excuse = (sent.get(key) for key in ("id", "said", "excuse"))
    if not (isinstance(name, str) and _ID.fullmatch(name)):
        return None
    try:
        return Given(
            name,
            Said(str(said)),
            minutes=_number(sent.get("minutes")),
            excuse=Excuse(str(excuse)) if excuse else None,
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


def _number(sent: Any) -> int | None:
    """Raises ValueError and TypeError for what is neither a number nor nothing."""
    if sent is None or sent == "":
        return None
    if isinstance(sent, (bool, float)):
        raise TypeError
    return int(sent)


def _moment(milliseconds: Any) -> datetime | None:
    """A clock that cannot be read is no reason to lose what somebody said."""
    try:
        number = _number(milliseconds)
        return None if number is None else datetime.fromtimestamp(number / 1000, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
