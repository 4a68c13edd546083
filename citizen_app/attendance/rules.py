"""What mentor, citizen and staff say of a day, and what follows from it.

Everything that anybody says is kept as a statement. What stands is worked out anew from all of them, in the order in
which they were said and not in which they arrived; so two phones without network, any order and any repetition give
one record. Only staff can settle a difference, and only staff can call an absence unexcused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from citizen_app.placements.rules import Side, minutes_between, shift_on

CORRECTION = timedelta(hours=24)
"""So long after her first word a mentor can mend what she said of a day; later words are kept and change nothing."""
SPEAKS_FIRST = timedelta(days=14)
"""So long after a day she can say how it was although no mentor has said anything."""
EARLY = timedelta(hours=1)
"""So long before a day begins somebody can say that she came; that she will not come can be said at any time."""
LATE_MINUTES = (5, 10, 15, 30, 60, 120)
LANGUAGE_CHOICES = (0, 15, 30, 45, 60, 90, 120)
MOST_MINUTES = 24 * 60
AROUND = timedelta(hours=4)
"""So much before and after the planned hours she can really have been there."""


class Said(StrEnum):
    CAME = "came"
    LATE = "late"
    MISSED = "missed"
    RIGHT = "right"
    """The citizen: what the mentor said is right."""
    WRONG = "wrong"
    """The citizen: it is not."""
    LANGUAGE = "language"
    """A mentor: so long we talked Danish together."""


PRESENCE = frozenset({Said.CAME, Said.LATE, Said.MISSED})
ALLOWED = {
    Side.MENTOR: PRESENCE | {Said.LANGUAGE},
    Side.CITIZEN: PRESENCE | {Said.RIGHT, Said.WRONG},
    Side.STAFF: PRESENCE,
}


WITH_HOURS = frozenset({Said.CAME, Said.WRONG})
"""What can be said with other hours than planned; with WRONG they are the citizen's own hours."""


class Excuse(StrEnum):
    SICK = "sick"
    CHILD = "child"
    """Her child was ill."""
    MEETING = "meeting"
    TRANSPORT = "transport"
    OTHER = "other"
    UNKNOWN = "unknown"
    """The mentor does not know."""
    NONE = "none"
    """Without excuse: the staff's word alone, after they have heard her."""
    THERE = "there"
    """Not why she was away but why WRONG: she was there."""
    LONGER = "longer"
    """Why WRONG: she was there longer."""


OBJECTIONS = (Excuse.THERE, Excuse.LONGER, Excuse.SICK, Excuse.OTHER)
"""Why the citizen says that it is WRONG; here SICK is that she had said that she was ill."""
EXCUSES = {
    Side.MENTOR: (Excuse.SICK, Excuse.CHILD, Excuse.MEETING, Excuse.TRANSPORT, Excuse.OTHER, Excuse.UNKNOWN),
    Side.CITIZEN: (Excuse.SICK, Excuse.CHILD, Excuse.MEETING, Excuse.TRANSPORT, Excuse.OTHER),
    Side.STAFF: (Excuse.SICK, Excuse.CHILD, Excuse.MEETING, Excuse.TRANSPORT, Excuse.OTHER, Excuse.NONE),
}


@dataclass(frozen=True)
class Statement:
    """What one person says of one day; `id` is made where it was said, so that it counts once."""

    id: str
    side: Side
    by_id: int
    said: Said
    said_at: datetime
    minutes: int | None = None
    """Minutes late, or of talking Danish; for staff, minutes worked."""
    excuse: Excuse | None = None
    began_at: datetime | None = None
    """When she began and ended, where it was not as planned."""
    ended_at: datetime | None = None
    about: str | None = None
    """Of RIGHT and WRONG: the mentor's statement she had before her."""
    words: str = ""

    @property
    def order(self) -> tuple[datetime, str]:
        return self.said_at, self.id

    @property
    def tells(self) -> tuple[Said, int | None, datetime | None, datetime | None]:
        """Return what two sides must say alike to agree."""
        return self.said, self.minutes, self.began_at, self.ended_at


class RecordState(StrEnum):
    CITIZEN_NEXT = "citizen_next"
    """The mentor has said something, the citizen not yet."""
    MENTOR_NEXT = "mentor_next"
    AGREED = "agreed"
    DISPUTED = "disputed"
    """The citizen says that it is wrong: a talk, never a sanction by itself."""
    SETTLED = "settled"


COUNTING = frozenset({RecordState.AGREED, RecordState.SETTLED})
"""States in which the minutes of a day count."""


@dataclass(frozen=True)
class Record:
    """What stands of a day, worked out from all statements."""

    state: RecordState | None
    """None while nobody has said anything about her being there."""
    mentor: Statement | None = None
    citizen: Statement | None = None
    staff: Statement | None = None
    language_minutes: int = 0

    @property
    def holds(self) -> Statement | None:
        """What counts: the staff's word, else what both agree on."""
        if self.staff is not None:
            return self.staff
        return self.mentor if self.state is RecordState.AGREED else None

    @property
    def standing(self) -> Statement | None:
        """What counts; while nothing does, what the mentor says of her being there, else what she says herself."""
        own = self.citizen if self.citizen is not None and self.citizen.said in PRESENCE else None
        return self.holds or self.mentor or own

    @property
    def excuse(self) -> Excuse | None:
        """Why she was not there; who was not there knows best, unless staff have decided."""
        standing, own = self.standing, self.citizen
        if standing is None or standing.said is not Said.MISSED:
            return None
        is_known = standing.side is not Side.MENTOR or standing.excuse is not Excuse.UNKNOWN
        has_own = own is not None and own.said is Said.MISSED
        return own.excuse if own is not None and has_own and not is_known else standing.excuse


def record_of(statements: Iterable[Statement]) -> Record:
    """Work out what stands from everything that was said of a day, in whatever order it came."""
    known = sorted({one.id: one for one in statements}.values(), key=lambda one: one.order)
    mentor = _last_in_time([one for one in known if one.side is Side.MENTOR and one.said in PRESENCE])
    citizen = _last([one for one in known if one.side is Side.CITIZEN])
    staff = _last([one for one in known if one.side is Side.STAFF])
    language = [one for one in known if one.side is Side.MENTOR and one.said is Said.LANGUAGE]
    return Record(_state(mentor, citizen, staff), mentor, citizen, staff, _language_minutes(language))


def _last(said: Sequence[Statement]) -> Statement | None:
    return said[-1] if said else None


def _last_in_time(said: Sequence[Statement]) -> Statement | None:
    """Return the last statement of those that came within a day of the first."""
    return _last([one for one in said if one.said_at <= said[0].said_at + CORRECTION])


def _state(mentor: Statement | None, citizen: Statement | None, staff: Statement | None) -> RecordState | None:
    if staff is not None:
        return RecordState.SETTLED
    if mentor is None:
        has_said_herself = citizen is not None and citizen.said in PRESENCE
        return RecordState.MENTOR_NEXT if has_said_herself else None
    if citizen is None:
        return RecordState.CITIZEN_NEXT
    if citizen.said in PRESENCE:
        return RecordState.AGREED if citizen.tells == mentor.tells else RecordState.CITIZEN_NEXT
    if citizen.about != mentor.id:  # the mentor has mended it since she looked
        return RecordState.CITIZEN_NEXT
    return RecordState.AGREED if citizen.said is Said.RIGHT else RecordState.DISPUTED


def _language_minutes(said: Sequence[Statement]) -> int:
    """Add up the last word of each mentor."""
    last = {one.by_id: one.minutes or 0 for one in said}
    return sum(last.values())


def late_choices(planned: int) -> list[int]:
    """Return how many minutes late somebody can have come to a day of so many planned minutes."""
    return [minutes for minutes in LATE_MINUTES if minutes < planned]


def opens_at(begins_at: datetime) -> datetime:
    """Return from when on a day can be spoken of."""
    return begins_at - EARLY


def hours_by_clock(
    day: date, begins_at: datetime, ends_at: datetime, began: time, ended: time, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """Return the moments of other hours than a day's planned ones, given by the wall clock at the workplace.

    An end at or before the beginning is the next day's. A beginning after midnight may lie on the next date, and one
    before midnight on the date before: the hours that lie around the planned ones are meant.
    """
    nearest = sorted(
        (shift_on(day + timedelta(days=number), began, ended, zone) for number in (0, 1, -1)),
        key=lambda shift: (
            not _lies_around(shift.begins_at, shift.ends_at, begins_at, ends_at),
            abs(shift.begins_at - begins_at),
        ),
    )
    return nearest[0].begins_at, nearest[0].ends_at


def _lies_around(began_at: datetime, ended_at: datetime, begins_at: datetime, ends_at: datetime) -> bool:
    return begins_at - AROUND <= began_at and ended_at <= ends_at + AROUND


def minutes_present(planned: int, said: Statement) -> int:
    """Return the minutes that a statement says she was there, of those planned."""
    if said.said is Said.MISSED:
        return 0
    if said.began_at is not None and said.ended_at is not None:
        return minutes_between(said.began_at, said.ended_at)
    if said.side is Side.STAFF and said.minutes is not None:
        return said.minutes
    return max(planned - (said.minutes or 0), 0) if said.said is Said.LATE else planned


class Fault(StrEnum):
    """Why a statement cannot be."""

    NOT_HERS = "not_hers"
    """This side cannot say that."""
    MINUTES = "minutes"
    """More minutes than the day has, or none where some are needed."""
    HOURS = "hours"
    """Other hours than planned that cannot be: only one of the two, reversed, or too far from the planned ones."""
    EXCUSE = "excuse"
    TOO_EARLY = "too_early"
    NOT_HEARD = "not_heard"
    """Staff call an absence unexcused without her own words."""


def fault_in(
    side: Side,
    said: Said,
    minutes: int | None,
    excuse: Excuse | None,
    *,
    planned: int,
    begins_at: datetime,
    now: datetime,
    began_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Fault | None:
    """Return what is wrong with a statement about a day of so many planned minutes, or nothing."""
    if said not in ALLOWED[side]:
        return Fault.NOT_HERS
    if now < opens_at(begins_at) and said is not Said.MISSED:
        return Fault.TOO_EARLY
    if not _has_right_minutes(side, said, minutes, planned):
        return Fault.MINUTES
    ends_at = begins_at + timedelta(minutes=planned)
    if (began_at or ended_at) and (
        said not in WITH_HOURS or minutes is not None or not _are_right_hours(began_at, ended_at, begins_at, ends_at)
    ):
        return Fault.HOURS
    return None if _has_right_excuse(side, said, excuse) else Fault.EXCUSE


def _are_right_hours(
    began_at: datetime | None, ended_at: datetime | None, begins_at: datetime, ends_at: datetime
) -> bool:
    if began_at is None or ended_at is None or not began_at < ended_at:
        return False
    is_a_day_at_most = minutes_between(began_at, ended_at) <= MOST_MINUTES
    return is_a_day_at_most and _lies_around(began_at, ended_at, begins_at, ends_at)


def _has_right_excuse(side: Side, said: Said, excuse: Excuse | None) -> bool:
    if said is Said.MISSED:
        return excuse in EXCUSES[side]
    return excuse is None or (said is Said.WRONG and excuse in OBJECTIONS)


def _has_right_minutes(side: Side, said: Said, minutes: int | None, planned: int) -> bool:
    if said is Said.LATE and side is not Side.STAFF:
        return minutes is not None and 0 < minutes < planned
    if said is Said.LANGUAGE:
        return minutes is not None and 0 <= minutes <= planned
    if side is Side.STAFF and said is not Said.MISSED:
        return minutes is None or 0 < minutes <= MOST_MINUTES
    return minutes is None
