"""When a meeting can be answered, what is wrong with one, and how wall clocks become moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.meetings import rules
from citizen_app.meetings.rules import Answer, MeetingFacts, Position, Problem, Reply

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COPENHAGEN = "Europe/Copenhagen"


def facts(**other: Any) -> MeetingFacts:
    usual = {"kind": "talk", "starts_at": NOW + DAY, "ends_at": NOW + DAY + HOUR, "place": "Indgang B"}
    return MeetingFacts(**{**usual, "language": "da", **other})


@pytest.mark.parametrize(
    ("ends_at", "cancelled_at", "expected"),
    [
        (NOW + HOUR, None, True),
        (NOW + timedelta(seconds=1), None, True),
        (NOW, None, False),
        (NOW - HOUR, None, False),
        (NOW + HOUR, NOW - HOUR, False),
    ],
)
def test_a_meeting_can_be_answered_until_it_ends(
    ends_at: datetime, cancelled_at: datetime | None, expected: bool
) -> None:
    assert rules.can_answer(ends_at, cancelled_at, NOW) is expected


@pytest.mark.parametrize(
    ("starts_at", "cancelled_at", "answer", "expected"),
    [
        (NOW + HOUR, None, None, True),
        (NOW + 7 * DAY, None, None, True),
        (NOW + 7 * DAY + HOUR, None, None, False),
        (NOW, None, None, False),
        (NOW + HOUR, NOW, None, False),
        (NOW + HOUR, None, "coming", False),
        (NOW + HOUR, None, "cannot", False),
    ],
)
def test_an_answer_is_waited_for_in_the_week_before(
    starts_at: datetime, cancelled_at: datetime | None, answer: str | None, expected: bool
) -> None:
    assert rules.needs_answer(starts_at, cancelled_at, answer, NOW) is expected


@pytest.mark.parametrize(
    ("moment", "today", "tomorrow"),
    [
        (datetime(2026, 11, 24, 22, 59, tzinfo=UTC), True, False),
        (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), False, True),
        (datetime(2026, 11, 25, 22, 59, tzinfo=UTC), False, True),
        (datetime(2026, 11, 25, 23, 0, tzinfo=UTC), False, False),
    ],
)
def test_today_and_tomorrow_are_days_of_the_place(moment: datetime, today: bool, tomorrow: bool) -> None:
    assert rules.is_today(moment, NOW, COPENHAGEN) is today
    assert rules.is_tomorrow(moment, NOW, COPENHAGEN) is tomorrow


@pytest.mark.parametrize(
    ("other", "problem", "field"),
    [
        ({"ends_at": NOW + DAY}, Problem.ENDS_BEFORE_START, "ends_at"),
        ({"ends_at": NOW}, Problem.ENDS_BEFORE_START, "ends_at"),
        ({"ends_at": NOW + DAY + timedelta(hours=8, minutes=1)}, Problem.TOO_LONG, "ends_at"),
        ({"starts_at": NOW, "ends_at": NOW + HOUR}, Problem.STARTS_IN_PAST, "starts_at"),
        (
            {"starts_at": NOW + 731 * DAY, "ends_at": NOW + 731 * DAY + HOUR},
            Problem.TOO_FAR,
            "starts_at",
        ),
        ({"leave_home_at": NOW + DAY}, Problem.LEAVES_TOO_LATE, "leave_home_at"),
        ({"place": "x" * 121}, Problem.TEXT_TOO_LONG, "place"),
        ({"how_to_find": "x" * 201}, Problem.TEXT_TOO_LONG, "how_to_find"),
        ({"bring": "CPR 010190-1234"}, Problem.CPR_NUMBER, "bring"),
        ({"place": "0101901234"}, Problem.CPR_NUMBER, "place"),
    ],
)
def test_a_fault_names_its_field(other: dict[str, Any], problem: Problem, field: str) -> None:
    assert rules.faults_in(facts(**other), NOW) == [rules.Fault(problem, field)]


def test_a_good_meeting_has_no_faults() -> None:
    good = facts(
        ends_at=NOW + DAY + 8 * HOUR, leave_home_at=NOW + DAY - HOUR, place="x" * 120, bring="CV, tlf. 12 34 56 78"
    )
    assert rules.faults_in(good, NOW) == []


def test_a_meeting_that_has_begun_may_keep_its_start() -> None:
    begun = facts(starts_at=NOW - HOUR, ends_at=NOW + HOUR)
    longer = facts(starts_at=NOW - HOUR, ends_at=NOW + 2 * HOUR)
    assert rules.faults_in(longer, NOW, begun) == []
    earlier = facts(starts_at=NOW - 2 * HOUR, ends_at=NOW + HOUR)
    assert [fault.problem for fault in rules.faults_in(earlier, NOW, begun)] == [Problem.STARTS_IN_PAST]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, False),
        ({"starts_at": NOW + DAY + HOUR / 2}, True),
        ({"ends_at": NOW + DAY + 2 * HOUR}, True),
        ({"place": "Indgang C"}, True),
        ({"bring": "CV"}, False),
        ({"how_to_find": "Gå til venstre"}, False),
        ({"interpreter": rules.Interpreter.BOOKED}, False),
    ],
)
def test_only_a_new_time_or_place_asks_again(other: dict[str, Any], expected: bool) -> None:
    assert rules.asks_again(facts(), facts(**other)) is expected


@pytest.mark.parametrize(
    ("reply", "problems"),
    [
        (Reply(Answer.COMING), []),
        (Reply(Answer.LATE), []),
        (Reply(Answer.LATE, "10"), []),
        (Reply(Answer.CANNOT, "sick", "jeg har feber", "da"), []),
        (Reply(Answer.COMING, "sick"), [Problem.ODD_REASON]),
        (Reply(Answer.LATE, "15"), [Problem.ODD_REASON]),
        (Reply(Answer.CANNOT, "10"), [Problem.ODD_REASON]),
        (Reply(Answer.CANNOT, "sick", "x" * 201), [Problem.TEXT_TOO_LONG]),
        (Reply(Answer.CANNOT, "other", "010190 1234"), [Problem.CPR_NUMBER]),
    ],
)
def test_a_reason_fits_its_answer(reply: Reply, problems: list[Problem]) -> None:
    assert [fault.problem for fault in rules.faults_in_reply(reply)] == problems


def test_every_reason_why_somebody_cannot_come_has_a_picture() -> None:
    assert set(rules.REASON_PICTURES) == set(rules.REASONS[Answer.CANNOT])


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 11, 25), time(10, 0), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)),
        (date(2026, 7, 1), time(10, 0), datetime(2026, 7, 1, 8, 0, tzinfo=UTC)),
        (date(2026, 3, 29), time(1, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (date(2026, 3, 29), time(2, 30), None),
        (date(2026, 3, 29), time(3, 0), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_wall_clock_becomes_a_moment_unless_summer_time_skips_it(
    day: date, clock: time, expected: datetime | None
) -> None:
    assert rules.moment_at(day, clock, COPENHAGEN) == expected


@given(
    moment=st.timedeltas(-20 * 365 * DAY, 80 * 365 * DAY).map(lambda ahead: NOW + ahead),
    number=st.integers(1, 999_999_999),
)
def test_a_position_survives_the_address(moment: datetime, number: int) -> None:
    position = Position(moment, number)
    assert Position.read(position.written()) == position


@pytest.mark.parametrize("text", ["", "-", "1", "1-", "-1", "a-1", "1-b", "1" * 18 + "-1", "1-" + "1" * 10, "1-1-1"])
def test_a_broken_position_is_no_position(text: str) -> None:
    assert Position.read(text) is None
