"""A worker's calendar below the pages: what stands in it, what clashes, who is busy, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session

from citizen_app.meetings import actions, queries, rules
from citizen_app.meetings.models import OpenHours
from citizen_app.meetings.queries import DayEntry
from citizen_app.meetings.rules import Problem, Slot, Window
from citizen_app.people.models import Person, Relation
from citizen_app.people.queries import colleagues_of, subjects_of_worker
from citizen_app.policy import Forbidden, NotFound, Role
from tests.meetings.conftest import HERE, Stage
from tests.meetings.week import HOUR, ZONE, at, coming_week, many, meet, offer, sent
from tests.plan import ON_SQLITE


def slot(begins: float, ends: float) -> Slot:
    noon = datetime(2026, 11, 25, 11, tzinfo=UTC)
    return Slot(noon + begins * HOUR, noon + ends * HOUR)


def calendar(stage: Stage, days: Sequence[date] | None = None) -> list[DayEntry]:
    span = rules.span_of(days or coming_week(stage), ZONE)
    return queries.calendar_of(stage.session, stage.mette, span, stage.now)


# --- Rules --------------------------------------------------------------------------------------------------


def test_a_week_begins_on_monday_and_may_cross_the_year() -> None:
    days = rules.week_of(date(2027, 1, 2))
    assert (days[0], days[-1], len(days)) == (date(2026, 12, 28), date(2027, 1, 3), 7)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 11, 25), 30), (date(2028, 2, 1), 29), (date(2026, 12, 31), 31)])
def test_a_month_has_all_its_days(day: date, count: int) -> None:
    days = rules.month_of(day)
    assert (days[0].day, days[-1].day, len(days)) == (1, count, count)


@pytest.mark.parametrize(
    ("monday", "hours"), [(date(2026, 3, 23), 167), (date(2026, 10, 19), 169), (date(2026, 11, 23), 168)]
)
def test_a_week_lasts_as_long_as_the_clocks_say(monday: date, hours: int) -> None:
    begins, ends = rules.span_of(rules.week_of(monday), ZONE)
    assert (ends.astimezone(UTC) - begins.astimezone(UTC)) == hours * HOUR


@pytest.mark.parametrize(
    ("slots", "found"),
    [
        ([], set()),
        ([(0, 1), (1, 2)], set()),
        ([(0, 1), (0.5, 2)], {0, 1}),
        ([(0, 1), (0, 1), (1, 2)], {0, 1}),
        ([(0, 5), (1, 2), (3, 4), (5, 6)], {0, 1, 2}),
        ([(0, 1), (1, 3), (2, 4)], {1, 2}),
    ],
)
def test_clashes_are_found_whichever_slot_is_longest(slots: list[tuple[float, float]], found: set[int]) -> None:
    assert rules.clashing([slot(*one) for one in slots]) == found


def test_gaps_leave_out_what_is_too_short_or_outside_working_hours() -> None:
    day = date(2026, 11, 25)
    busy = [Slot(at(day, 7), at(day, 8, 15))]
    busy += [Slot(at(day, begins), at(day, ends)) for begins, ends in ((9, 10), (9, 12), (12, 15))]
    assert rules.gaps(busy, day, ZONE) == [Slot(at(day, 8, 15), at(day, 9)), Slot(at(day, 15), at(day, 16))]
    assert rules.gaps([], day, ZONE) == [Slot(at(day, 8), at(day, 16))]


def test_gaps_are_on_the_wall_clock_in_summer_and_winter() -> None:
    for day in (date(2026, 3, 30), date(2026, 10, 26)):
        (free,) = rules.gaps([], day, ZONE)
        assert free.starts_at.astimezone(HERE).hour == 8


@pytest.mark.parametrize(
    ("windows", "faults"),
    [
        ([(0, 9, 12), (0, 12, 15), (1, 9, 12)], []),
        ([(0, 12, 9)], [(Problem.ENDS_BEFORE_START, "0")]),
        ([(0, 9, 9)], [(Problem.ENDS_BEFORE_START, "0")]),
        ([(0, 9, 12), (0, 11, 14)], [(Problem.TIMES_OVERLAP, "1")]),
        ([(0, 11, 14), (0, 9, 12)], [(Problem.TIMES_OVERLAP, "1")]),
        ([(0, 9, 12), (1, 9, 12)], []),
    ],
)
def test_hours_are_looked_at(windows: list[tuple[int, int, int]], faults: list[tuple[Problem, str]]) -> None:
    made = [Window(weekday, time(begins), time(ends)) for weekday, begins, ends in windows]
    assert [(fault.problem, fault.field) for fault in rules.faults_in_hours(made)] == faults


# --- One's own calendar -------------------------------------------------------------------------------------


def test_the_week_has_its_own_meetings_in_order_and_no_others(stage: Stage) -> None:
    days = coming_week(stage)
    second = meet(stage, at(days[6], 23, 30), HOUR / 2)
    first = meet(stage, at(days[0], 0))
    meet(stage, at(days[6] + timedelta(days=1), 0))
    meet(stage, at(days[0] - timedelta(days=1), 22))
    entries = calendar(stage)
    assert [entry.listed.meeting.id for entry in entries if entry.listed] == [first.id, second.id]
    assert [entry.is_offered or entry.clashes for entry in entries] == [False, False]


def test_each_offered_time_stands_on_its_own_day(stage: Stage) -> None:
    days = coming_week(stage)
    before = days[0] - timedelta(days=4)
    meeting = offer(stage, at(before, 10), at(days[1], 10), at(days[3], 10), at(days[6] + timedelta(days=1), 9))
    entries = calendar(stage)
    assert [(entry.slot, entry.is_offered) for entry in entries] == [
        (Slot(at(day, 10), at(day, 11)), True) for day in (days[1], days[3])
    ]
    assert {entry.listed.meeting.id for entry in entries if entry.listed} == {meeting.id}


def test_what_is_offered_clashes_with_what_is_fixed(stage: Stage) -> None:
    days = coming_week(stage)
    offer(stage, at(days[1], 10), at(days[3], 10))
    meet(stage, at(days[3], 10, 30))
    assert [entry.clashes for entry in calendar(stage)] == [False, True, True]


def test_a_cancelled_meeting_is_shown_and_clashes_with_nothing(stage: Stage) -> None:
    day = coming_week(stage)[2]
    meet(stage, at(day, 10))
    off = meet(stage, at(day, 10))
    actions.cancel_meeting(stage.session, stage.mette, stage.about_selam, off.id, "Syg", seen_version=1, now=stage.now)
    stage.session.commit()
    assert [(bool(entry.listed), entry.clashes) for entry in calendar(stage)] == [(True, False), (True, False)]


def test_a_cancelled_offer_is_gone(stage: Stage) -> None:
    days = coming_week(stage)
    off = offer(stage, at(days[1], 10), at(days[3], 10))
    actions.cancel_meeting(stage.session, stage.mette, stage.about_selam, off.id, "Syg", seen_version=1, now=stage.now)
    stage.session.commit()
    assert calendar(stage) == []


def test_a_meeting_with_a_former_citizen_is_only_a_taken_time(stage: Stage) -> None:
    day = coming_week(stage)[2]
    meet(stage, at(day, 10))
    stage.end_relation(stage.cast.mette)
    (entry,) = calendar(stage)
    assert entry.listed is None
    assert entry.slot == Slot(at(day, 10), at(day, 11))


def test_another_workers_meeting_is_not_in_it(stage: Stage) -> None:
    meet(stage, at(coming_week(stage)[2], 10))
    span = rules.span_of(coming_week(stage), ZONE)
    for person in (stage.cast.karen, stage.cast.anders):
        assert queries.calendar_of(stage.session, stage.actor(person), span, stage.now) == []


# --- Colleagues ---------------------------------------------------------------------------------------------


def test_colleagues_are_staff_who_share_a_citizen_today(stage: Stage) -> None:
    def names(person_id: int) -> list[str]:
        return [one.given_name for one in colleagues_of(stage.session, stage.actor(person_id), stage.now.date())]

    assert names(stage.cast.mette) == ["Karen"]
    assert names(stage.cast.karen) == ["Mette"]
    assert names(stage.cast.anders) == []
    stage.end_relation(stage.cast.karen)
    assert names(stage.cast.mette) == []


def test_who_has_left_is_no_colleague(stage: Stage) -> None:
    stage.session.get_one(Person, stage.cast.karen).ended_on = stage.now.date()
    stage.session.commit()
    assert list(colleagues_of(stage.session, stage.mette, stage.now.date())) == []


def test_busy_times_of_several_people_are_read_together(stage: Stage, engine: Engine) -> None:
    day = coming_week(stage)[2]
    made = meet(stage, at(day, 10))
    cast, span = stage.cast, Slot(at(day, 10), at(day, 12))
    people = [cast.mette, cast.selam, cast.karen]
    with sent(engine) as texts:
        found = queries.busy_times_of(stage.session, cast.solby, people, span)
    assert len([text for text in texts if text.startswith("SELECT")]) == 1
    taken = [Slot(at(day, 10), at(day, 11))]
    assert found == {cast.mette: taken, cast.selam: taken, cast.karen: []}
    assert queries.busy_times_of(stage.session, cast.solby, people, span, but=made.id)[cast.mette] == []
    assert queries.busy_times_of(stage.session, cast.vandby, people, span)[cast.mette] == []


def test_subjects_are_read_together_and_strangers_refused(stage: Stage, engine: Engine) -> None:
    cast, today = stage.cast, stage.now.date()
    with sent(engine) as texts:
        found = subjects_of_worker(stage.session, stage.actor(cast.karen), [cast.selam, cast.yusuf], today)
    assert len([text for text in texts if "relations" in text]) == 1
    assert [(one.citizen_id, cast.karen in one.worker_ids) for one in found] == [(cast.selam, True), (cast.yusuf, True)]
    with pytest.raises(NotFound):
        subjects_of_worker(stage.session, stage.mette, [cast.selam, cast.yusuf], today)
    assert subjects_of_worker(stage.session, stage.mette, [], today) == []


# --- Open hours ---------------------------------------------------------------------------------------------


def test_new_hours_take_the_place_of_the_old(stage: Stage) -> None:
    cast = stage.cast
    old = [Window(0, time(9), time(12)), Window(0, time(13), time(15))]
    actions.open_hours(stage.session, stage.mette, old)
    actions.open_hours(stage.session, stage.mette, [Window(0, time(9), time(11)), Window(4, time(8), time(12))])
    stage.session.commit()
    assert queries.open_hours(stage.session, cast.solby, cast.mette) == [
        Window(0, time(9), time(11)),
        Window(4, time(8), time(12)),
    ]
    actions.open_hours(stage.session, stage.mette, [])
    assert list(stage.session.scalars(select(OpenHours))) == []


def test_wrong_hours_change_nothing(stage: Stage) -> None:
    actions.open_hours(stage.session, stage.mette, [Window(0, time(9), time(12))])
    with pytest.raises(actions.BadMeeting):
        actions.open_hours(stage.session, stage.mette, [Window(0, time(12), time(9))])
    assert queries.open_hours(stage.session, stage.cast.solby, stage.cast.mette) == [Window(0, time(9), time(12))]


def test_who_holds_no_meetings_opens_no_hours(stage: Stage) -> None:
    for role in (Role.DANISH_TEACHER, Role.MENTOR, Role.ADMINISTRATOR, Role.CITIZEN):
        with pytest.raises(Forbidden):
            actions.open_hours(stage.session, replace(stage.mette, role=role), [])


# --- What it costs ------------------------------------------------------------------------------------------


def test_two_hundred_meetings_cost_three_selects_as_one_does(stage: Stage, engine: Engine) -> None:
    day = coming_week(stage)[1]
    meet(stage, at(day, 10))
    me, span = stage.mette, rules.span_of(coming_week(stage), ZONE)
    counts = []
    for more in (0, 199):
        many(stage, [at(day, 10)] * more)
        with sent(engine) as texts:
            entries = queries.calendar_of(stage.session, me, span, stage.now)
        counts.append((len(entries), len([text for text in texts if text.startswith("SELECT")])))
    assert counts == [(1, 3), (200, 3)]


@ON_SQLITE
def test_no_statement_of_the_calendar_walks_through_a_table_or_a_municipality(stage: Stage) -> None:
    me, days = stage.mette, coming_week(stage)
    meet(stage, at(days[1], 10))
    offer(stage, at(days[2], 10), at(days[3], 10))
    with plans(stage.session) as lines:
        queries.calendar_of(stage.session, me, rules.span_of(days, ZONE), stage.now)
        queries.busy_times(stage.session, me.municipality_id, me.person_id, *rules.span_of(days, ZONE))
        queries.busy_times_of(stage.session, me.municipality_id, [me.person_id], rules.span_of(days, ZONE))
        colleagues_of(stage.session, me, stage.now.date())
        subjects_of_worker(stage.session, me, [stage.cast.selam], stage.now.date())
    assert any("ix_participants_municipality_id_person_id_starts_at_meeting_id" in line for line in lines)
    assert [line for line in lines if line.startswith("SCAN") or line.endswith("(municipality_id=?)")] == []
    assert any("(meeting_id=?)" in line for line in lines if line.startswith("SEARCH participants USING"))


@contextmanager
def plans(session: Session) -> Iterator[list[str]]:
    """How SQLite would find the rows of each statement sent meanwhile."""
    lines: list[str] = []
    engine = session.get_bind()

    def explain(_connection: Any, cursor: Any, text: str, parameters: Any, *_more: Any) -> None:
        if text.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)
            lines.extend(str(row[3]) for row in rows)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield lines
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def test_relations_of_another_town_give_no_colleague(stage: Stage) -> None:
    stage.session.execute(update(Relation).where(Relation.person_id == stage.cast.karen).values(municipality_id=2))
    stage.session.commit()
    assert list(colleagues_of(stage.session, stage.mette, stage.now.date())) == []
