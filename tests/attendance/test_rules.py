"""What stands of a day follows from what was said, and not from the order in which it arrived."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.attendance.rules import (
    ALLOWED,
    CORRECTION,
    EARLY,
    EXCUSES,
    PRESENCE,
    Excuse,
    Fault,
    RecordState,
    Said,
    Statement,
    fault_in,
    hours_by_clock,
    minutes_present,
    record_of,
)
from citizen_app.placements.rules import Side, minutes_between, shift_on

AT = datetime(2026, 6, 1, 8, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLANNED = 360


def said(side: str, what: str, number: int = 0, **more: Any) -> Statement:
    """A statement so many minutes after eight; its id tells both."""
    more.setdefault("id", f"{side[0]}{number}")
    more.setdefault("by_id", len(side))
    return Statement(side=Side(side), said=Said(what), said_at=AT + number * MINUTE, **more)


def hours(after: int, length: int) -> dict[str, Any]:
    """Hours that begin so many minutes after eight."""
    return {"began_at": AT + after * MINUTE, "ended_at": AT + (after + length) * MINUTE}


CAME, MISSED = said("mentor", "came"), said("mentor", "missed", excuse=Excuse.UNKNOWN)
LATE = said("mentor", "late", minutes=10)
RIGHT, WRONG = said("citizen", "right", 5, about="m0"), said("citizen", "wrong", 5, about="m0")


@pytest.mark.parametrize(
    ("statements", "state"),
    [
        ([], None),
        ([said("mentor", "language", minutes=30)], None),
        ([RIGHT], None),
        ([CAME], RecordState.CITIZEN_NEXT),
        ([said("citizen", "came")], RecordState.MENTOR_NEXT),
        ([said("citizen", "missed", excuse=Excuse.SICK)], RecordState.MENTOR_NEXT),
        ([CAME, RIGHT], RecordState.AGREED),
        ([MISSED, RIGHT], RecordState.AGREED),
        ([CAME, WRONG], RecordState.DISPUTED),
        ([CAME, said("citizen", "came", -5)], RecordState.AGREED),
        ([LATE, said("citizen", "late", -5, minutes=10)], RecordState.AGREED),
        ([LATE, said("citizen", "late", -5, minutes=5)], RecordState.CITIZEN_NEXT),
        ([MISSED, said("citizen", "came", -5)], RecordState.CITIZEN_NEXT),
        ([MISSED, said("citizen", "missed", -5, excuse=Excuse.SICK)], RecordState.AGREED),
        ([said("mentor", "came", **hours(0, 270)), said("citizen", "came", -5)], RecordState.CITIZEN_NEXT),
        ([CAME, said("citizen", "came", -5, **hours(0, 270))], RecordState.CITIZEN_NEXT),
        (
            [said("mentor", "came", **hours(0, 270)), said("citizen", "came", -5, **hours(0, 270))],
            RecordState.AGREED,
        ),
        (
            [said("mentor", "came", **hours(0, 270)), said("citizen", "came", -5, **hours(0, 271))],
            RecordState.CITIZEN_NEXT,
        ),
        ([said("mentor", "came", **hours(0, 270)), RIGHT], RecordState.AGREED),
        ([CAME, said("citizen", "wrong", 5, about="m0", **hours(0, 400))], RecordState.DISPUTED),
        ([CAME, WRONG, said("citizen", "right", 6, about="m0")], RecordState.AGREED),
        ([CAME, RIGHT, said("citizen", "wrong", 6, about="m0")], RecordState.DISPUTED),
        ([CAME, RIGHT, said("mentor", "late", 7, minutes=10)], RecordState.CITIZEN_NEXT),
        ([CAME, WRONG, said("mentor", "late", 7, minutes=10)], RecordState.CITIZEN_NEXT),
        ([CAME, said("mentor", "late", 4, minutes=10), RIGHT], RecordState.CITIZEN_NEXT),
        ([CAME, said("citizen", "right", 5, about=None)], RecordState.CITIZEN_NEXT),
        ([CAME, said("mentor", "language", 7, minutes=30), RIGHT], RecordState.AGREED),
        ([said("staff", "came")], RecordState.SETTLED),
        ([CAME, WRONG, said("staff", "came", 9), said("citizen", "wrong", 10, about="m0")], RecordState.SETTLED),
    ],
)
def test_the_state_of_a_day_follows_from_what_was_said(statements: list[Statement], state: RecordState | None) -> None:
    assert record_of(statements).state is state


@pytest.mark.parametrize(
    ("statements", "holds"),
    [
        ([CAME], None),
        ([CAME, WRONG], None),
        ([said("citizen", "came")], None),
        ([CAME, RIGHT], "m0"),
        ([CAME, RIGHT, said("staff", "late", 9, minutes=300)], "s9"),
        ([said("staff", "late", 9, minutes=300), said("staff", "came", 10)], "s10"),
    ],
)
def test_only_what_both_say_or_staff_settle_holds(statements: list[Statement], holds: str | None) -> None:
    standing = record_of(statements).holds
    assert (standing.id if standing else None) == holds


@pytest.mark.parametrize(
    ("after", "stands"),
    [(MINUTE, "mended"), (CORRECTION, "mended"), (CORRECTION + timedelta(microseconds=1), "m0")],
)
def test_a_mentor_can_mend_her_word_for_a_day(after: timedelta, stands: str) -> None:
    mended = Statement("mended", Side.MENTOR, 6, Said.MISSED, AT + after, excuse=Excuse.SICK)
    record = record_of([mended, CAME])
    assert record.mentor is not None
    assert record.mentor.id == stands


def test_the_day_for_mending_runs_from_the_first_word_of_any_mentor() -> None:
    other = Statement("other", Side.MENTOR, 77, Said.MISSED, AT + 20 * HOUR, excuse=Excuse.SICK)
    mended = Statement("mended", Side.MENTOR, 77, Said.CAME, AT + 30 * HOUR)
    record = record_of([mended, other, CAME])
    assert record.mentor == other


def test_two_who_speak_at_the_same_moment_are_told_apart_by_id() -> None:
    first, second = said("mentor", "came", id="a"), said("mentor", "late", id="b", minutes=5)
    assert record_of([first, second]).mentor == record_of([second, first]).mentor == second


def test_danish_with_two_mentors_adds_up_to_the_last_word_of_each() -> None:
    statements = [
        said("mentor", "language", 1, minutes=30, by_id=1),
        said("mentor", "language", 2, minutes=45, by_id=2),
        said("mentor", "language", 3, minutes=15, by_id=1),
    ]
    record = record_of([*statements, *statements])
    assert (record.language_minutes, record.state, record.mentor) == (60, None, None)


def test_danish_can_be_taken_back_and_mended_late() -> None:
    late = int(2 * CORRECTION / MINUTE)
    statements = [CAME, said("mentor", "language", 1, minutes=30), said("mentor", "language", late, minutes=0)]
    assert record_of(statements).language_minutes == 0


@pytest.mark.parametrize(
    ("statement", "minutes"),
    [
        (CAME, PLANNED),
        (LATE, PLANNED - 10),
        (MISSED, 0),
        (said("mentor", "late", minutes=PLANNED + 30), 0),
        (said("citizen", "late", minutes=30), PLANNED - 30),
        (said("staff", "came"), PLANNED),
        (said("staff", "came", minutes=400), 400),
        (said("staff", "late", minutes=200), 200),
        (said("staff", "late"), PLANNED),
        (said("staff", "missed", excuse=Excuse.NONE), 0),
        (said("mentor", "came", **hours(0, 270)), 270),
        (said("citizen", "came", **hours(-60, PLANNED + 120)), PLANNED + 120),
        (said("staff", "came", **hours(30, 45)), 45),
    ],
)
def test_a_statement_tells_how_long_she_was_there(statement: Statement, minutes: int) -> None:
    assert minutes_present(PLANNED, statement) == minutes


@pytest.mark.parametrize(
    ("side", "what", "minutes", "excuse", "fault"),
    [
        ("mentor", "came", None, None, None),
        ("mentor", "came", 10, None, Fault.MINUTES),
        ("mentor", "came", None, "sick", Fault.EXCUSE),
        ("mentor", "late", 10, None, None),
        ("mentor", "late", None, None, Fault.MINUTES),
        ("mentor", "late", 0, None, Fault.MINUTES),
        ("mentor", "late", -5, None, Fault.MINUTES),
        ("mentor", "late", PLANNED, None, Fault.MINUTES),
        ("mentor", "late", PLANNED - 1, None, None),
        ("mentor", "missed", None, "unknown", None),
        ("mentor", "missed", None, None, Fault.EXCUSE),
        ("mentor", "missed", None, "none", Fault.EXCUSE),
        ("mentor", "missed", 10, "sick", Fault.MINUTES),
        ("mentor", "language", 0, None, None),
        ("mentor", "language", PLANNED, None, None),
        ("mentor", "language", PLANNED + 1, None, Fault.MINUTES),
        ("mentor", "language", -1, None, Fault.MINUTES),
        ("mentor", "language", None, None, Fault.MINUTES),
        ("mentor", "right", None, None, Fault.NOT_HERS),
        ("citizen", "right", None, None, None),
        ("citizen", "wrong", None, None, None),
        ("citizen", "wrong", 5, None, Fault.MINUTES),
        ("citizen", "language", 30, None, Fault.NOT_HERS),
        ("citizen", "missed", None, "sick", None),
        ("citizen", "missed", None, "unknown", Fault.EXCUSE),
        ("citizen", "missed", None, "none", Fault.EXCUSE),
        ("citizen", "late", 5, None, None),
        ("staff", "missed", None, "none", None),
        ("staff", "missed", None, "unknown", Fault.EXCUSE),
        ("staff", "came", 1440, None, None),
        ("staff", "came", 1441, None, Fault.MINUTES),
        ("staff", "came", 0, None, Fault.MINUTES),
        ("staff", "late", None, None, None),
        ("staff", "right", None, None, Fault.NOT_HERS),
        ("staff", "language", 30, None, Fault.NOT_HERS),
    ],
)
def test_a_statement_that_cannot_be_is_told_why(
    side: str, what: str, minutes: int | None, excuse: str | None, fault: Fault | None
) -> None:
    reason = Excuse(excuse) if excuse else None
    found = fault_in(Side(side), Said(what), minutes, reason, planned=PLANNED, begins_at=AT, now=AT + HOUR)
    assert found is fault


@pytest.mark.parametrize(
    ("side", "what", "after", "length", "fault"),
    [
        ("mentor", "came", 0, 270, None),
        ("citizen", "came", 30, 60, None),
        ("staff", "came", -240, PLANNED + 480, None),
        ("citizen", "wrong", 0, 400, None),
        ("mentor", "came", -241, 300, Fault.HOURS),
        ("mentor", "came", 0, PLANNED + 241, Fault.HOURS),
        ("mentor", "came", 0, 0, Fault.HOURS),
        ("mentor", "came", 60, -30, Fault.HOURS),
        ("mentor", "missed", 0, 60, Fault.HOURS),
        ("citizen", "right", 0, 60, Fault.HOURS),
        ("staff", "late", 0, 60, Fault.HOURS),
    ],
)
def test_other_hours_lie_around_the_planned_ones(
    side: str, what: str, after: int, length: int, fault: Fault | None
) -> None:
    excuse = Excuse.SICK if what == "missed" else None
    about: dict[str, Any] = {"planned": PLANNED, "begins_at": AT, "now": AT + HOUR}
    assert fault_in(Side(side), Said(what), None, excuse, **about, **hours(after, length)) is fault


def test_other_hours_are_both_or_none_and_not_beside_minutes() -> None:
    about: dict[str, Any] = {"planned": PLANNED, "begins_at": AT, "now": AT + HOUR}
    one: dict[str, Any] = {"began_at": AT}
    assert fault_in(Side.MENTOR, Said.CAME, None, None, **about, **one) is Fault.HOURS
    assert fault_in(Side.STAFF, Said.CAME, 90, None, **about, **hours(0, 90)) is Fault.HOURS


def test_other_hours_are_a_day_at_most() -> None:
    """A shift of 20 hours could be 28 by the width alone."""
    about: dict[str, Any] = {"planned": 1200, "begins_at": AT, "now": AT + HOUR}
    assert fault_in(Side.MENTOR, Said.CAME, None, None, **about, **hours(-120, 1440)) is None
    assert fault_in(Side.MENTOR, Said.CAME, None, None, **about, **hours(-120, 1441)) is Fault.HOURS


@pytest.mark.parametrize(
    ("planned", "typed", "minutes", "began_on"),
    [
        (("08:00", "12:00"), ("08:00", "12:30"), 270, 0),
        (("08:00", "12:00"), ("07:30", "12:00"), 270, 0),
        (("22:00", "06:00"), ("23:00", "05:30"), 390, 0),
        (("22:00", "06:00"), ("00:30", "06:00"), 330, 1),
        (("22:00", "06:00"), ("20:00", "23:30"), 210, 0),
        (("00:00", "06:00"), ("23:00", "06:00"), 420, -1),
        (("06:00", "22:00"), ("19:00", "21:00"), 120, 0),
        (("08:00", "12:00"), ("12:00", "08:00"), 1200, 0),
    ],
)
def test_hours_by_the_clock_are_those_around_the_plan(
    planned: tuple[str, str], typed: tuple[str, str], minutes: int, began_on: int
) -> None:
    zone, day = ZoneInfo("Europe/Copenhagen"), date(2026, 6, 3)
    begins, ends, began, ended = map(time.fromisoformat, (*planned, *typed))
    shift = shift_on(day, begins, ends, zone)
    began_at, ended_at = hours_by_clock(day, shift.begins_at, shift.ends_at, began, ended, zone)
    assert minutes_between(began_at, ended_at) == minutes
    assert began_at.astimezone(zone).date() == day + timedelta(days=began_on)


@pytest.mark.parametrize(("day", "minutes"), [(date(2026, 3, 28), 450), (date(2026, 10, 24), 570)])
def test_a_clock_change_in_a_night_shift_is_really_worked(day: date, minutes: int) -> None:
    """From 22.30 to 7: eight and a half hours by the clock, an hour less in spring and an hour more in autumn."""
    zone = ZoneInfo("Europe/Copenhagen")
    shift = shift_on(day, time(22), time(6), zone)
    began_at, ended_at = hours_by_clock(day, shift.begins_at, shift.ends_at, time(22, 30), time(7), zone)
    one = Statement("m", Side.MENTOR, 1, Said.CAME, ended_at, began_at=began_at, ended_at=ended_at)
    assert minutes_present(480, one) == minutes


@pytest.mark.parametrize(
    ("what", "before", "fault"),
    [
        (Said.CAME, EARLY, None),
        (Said.CAME, EARLY + MINUTE, Fault.TOO_EARLY),
        (Said.MISSED, timedelta(days=20), None),
    ],
)
def test_nobody_comes_long_before_a_day_begins(what: Said, before: timedelta, fault: Fault | None) -> None:
    excuse = Excuse.SICK if what is Said.MISSED else None
    assert fault_in(Side.CITIZEN, what, None, excuse, planned=PLANNED, begins_at=AT, now=AT - before) is fault


def test_only_staff_can_call_an_absence_unexcused() -> None:
    assert [side for side, excuses in EXCUSES.items() if Excuse.NONE in excuses] == [Side.STAFF]
    assert Excuse.UNKNOWN not in EXCUSES[Side.CITIZEN]


# --- Any order, any repetition ------------------------------------------------------------------------------


@st.composite
def _statements(draw: st.DrawFn, number: int) -> Statement:
    side = draw(st.sampled_from(Side))
    what = draw(st.sampled_from(sorted(ALLOWED[side])))
    began_at = draw(st.none() | st.integers(0, 2).map(lambda hour: AT + hour * HOUR))
    with_hours = began_at if what in {Said.CAME, Said.WRONG} else None
    return Statement(
        id=f"id{number}",
        side=side,
        by_id=draw(st.integers(1, 3)),
        said=what,
        said_at=AT + draw(st.integers(0, 40)) * HOUR,
        minutes=draw(st.none() | st.integers(0, 90)) if what in {Said.LATE, Said.LANGUAGE} else None,
        excuse=draw(st.sampled_from(EXCUSES[side])) if what is Said.MISSED else None,
        began_at=with_hours,
        ended_at=with_hours + 2 * HOUR if with_hours else None,
        about=draw(st.none() | st.integers(0, 9).map("id{}".format)) if side is Side.CITIZEN else None,
    )


@st.composite
def _streams(draw: st.DrawFn) -> tuple[list[Statement], list[Statement]]:
    """What was said, and how it arrived: shuffled, and some of it again."""
    known = [draw(_statements(number)) for number in range(draw(st.integers(0, 8)))]
    again = draw(st.lists(st.sampled_from(known), max_size=8)) if known else []
    return known, draw(st.permutations([*known, *again]))


@given(_streams())
def test_any_order_and_any_repetition_give_one_record(stream: tuple[list[Statement], list[Statement]]) -> None:
    known, arrived = stream
    assert record_of(arrived) == record_of(known)


@given(_streams())
def test_two_sides_agree_by_their_own_words_only_about_the_same_hours(
    stream: tuple[list[Statement], list[Statement]],
) -> None:
    record = record_of(stream[1])
    mentor, citizen = record.mentor, record.citizen
    if record.state is RecordState.AGREED and mentor and citizen and citizen.said in PRESENCE:
        assert (citizen.began_at, citizen.ended_at) == (mentor.began_at, mentor.ended_at)


@given(_streams())
def test_no_statement_is_lost_on_the_way_to_the_record(stream: tuple[list[Statement], list[Statement]]) -> None:
    """What stands of each side is her last word: for mentors, the last within a day of the first."""
    known, arrived = stream
    record = record_of(iter(arrived))

    def last(side: Side) -> Statement | None:
        own = [one for one in known if one.side is side and (side is not Side.MENTOR or one.said in PRESENCE)]
        first = min((one.said_at for one in own), default=AT)
        in_time = [one for one in own if side is not Side.MENTOR or one.said_at - first <= CORRECTION]
        return max(in_time, key=lambda one: one.order, default=None)

    assert (record.mentor, record.citizen, record.staff) == tuple(last(side) for side in Side)
    talks = sorted((one for one in known if one.said is Said.LANGUAGE), key=lambda one: one.order)
    assert record.language_minutes == sum({one.by_id: one.minutes or 0 for one in talks}.values())
    assert (record.state is RecordState.SETTLED) == any(one.side is Side.STAFF for one in known)
