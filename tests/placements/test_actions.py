"""Placements, their days, mentors and links: each refusal, two at once, and what must survive a change."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update

from citizen_app.attendance import actions as attendance
from citizen_app.attendance.queries import days_of
from citizen_app.db import writing_session
from citizen_app.meetings.queries import holiday
from citizen_app.people.models import Person, Relation
from citizen_app.people.queries import citizen_of_worker, people_around
from citizen_app.people.rules import MentorKind, fingerprint
from citizen_app.placements import actions, queries, rules
from citizen_app.placements.actions import (
    BadPlacement,
    Fault,
    MentorFacts,
    PlacementFacts,
    StalePlacement,
    WorkplaceFacts,
)
from citizen_app.placements.models import MentorLink, Placement, PlacementMentor, PlannedDay, Workplace
from citizen_app.placements.rules import PlacementKind, Shift, Side, WeeklyTime, link_token, shift_on
from citizen_app.policy import Forbidden, NotFound, Role, Subject
from tests.conftest import SECRET_KEY
from tests.placed import HERE, Placed, make_link, placed
from tests.plan import Plan

__all__ = ["placed"]

NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = date(2026, 3, 2)
MORNINGS = tuple(WeeklyTime(weekday, time(8), time(12)) for weekday in range(5))


@pytest.fixture
def cafe(plan: Plan) -> Workplace:
    made = actions.add_workplace(plan.session, plan.actor("mette"), WorkplaceFacts("Cafe Solsikken", "kitchen"))
    plan.session.commit()
    return made


def facts(cafe: Workplace, **other: Any) -> PlacementFacts:
    """A year of mornings from the second of March."""
    wanted = PlacementFacts(cafe.id, PlacementKind.PLACEMENT, FIRST, FIRST + 364 * DAY, MORNINGS)
    return replace(wanted, **other)


def make(plan: Plan, wanted: PlacementFacts, name: str = "mette", **more: Any) -> Placement:
    made: Placement = plan.do(name, actions.make_placement, wanted, zone=HERE, now=more.pop("now", NOW), **more)
    return made


def do(plan: Plan, verb: Callable[..., Any], *things: Any, **more: Any) -> Any:
    """Let Mette do a verb that asks for no time of day, and commit; what is refused is rolled back."""
    try:
        made = verb(plan.session, plan.actor("mette"), plan.subject, *things, **more)
    except BaseException:
        plan.session.rollback()
        raise
    plan.session.commit()
    return made


def days(plan: Plan, placement: Placement) -> list[PlannedDay]:
    """Return the days that are in the plan."""
    plan.session.expire_all()
    wanted = select(PlannedDay).filter_by(placement_id=placement.id, cancelled_at=None).order_by(PlannedDay.day)
    found = list(plan.session.scalars(wanted))
    plan.session.commit()
    return found


def day_on(plan: Plan, placement: Placement, day: date) -> PlannedDay:
    found = plan.session.scalars(select(PlannedDay).filter_by(placement_id=placement.id, day=day)).one()
    plan.session.refresh(found)
    plan.session.commit()
    return found


def morning(day: date, begins: int = 8, ends: int = 12) -> Shift:
    return shift_on(day, time(begins), time(ends), HERE)


def end(plan: Plan, placement: Placement, last_day: date, *, seen_version: int | None = None) -> None:
    seen = plan.fresh(placement).version if seen_version is None else seen_version
    plan.do("mette", actions.end_placement, placement.id, last_day, seen_version=seen, zone=HERE, now=NOW)


def count(plan: Plan, model: Any) -> int:
    found: int = plan.session.scalar(select(func.count()).select_from(model)) or 0
    plan.session.commit()
    return found


# --- Making a placement -------------------------------------------------------------------------------------


def test_a_year_is_planned_without_holidays_and_by_the_clock_on_the_wall(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    planned = days(plan, made)
    year = [FIRST + number * DAY for number in range(365)]
    assert [one.day for one in planned] == [day for day in year if day.weekday() < 5 and not holiday(day)]
    assert date(2026, 4, 3) not in [one.day for one in planned], "Good Friday"
    assert {one.begins_at.astimezone(HERE).time() for one in planned} == {time(8)}
    assert {one.begins_at.hour for one in planned} == {6, 7}
    assert {one.citizen_id for one in planned} == {plan.cast.selam}
    assert queries.weekly_times(plan.session, plan.cast.solby, made.id) == list(MORNINGS)


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"last_day": FIRST - DAY}, Fault.DATES),
        ({"last_day": FIRST + rules.LONGEST + DAY}, Fault.TOO_LONG),
        ({"last_day": FIRST + 10_000 * DAY}, Fault.TOO_LONG),
        ({"last_day": date.max}, Fault.TOO_LONG),
        ({"starts_on": date(2028, 1, 3), "last_day": date(2028, 2, 1)}, Fault.TOO_FAR),
        ({"starts_on": date(2025, 1, 3), "last_day": date(2026, 2, 1)}, Fault.TOO_FAR),
        ({"times": ()}, Fault.TIMES),
        ({"times": (MORNINGS[0], MORNINGS[0])}, Fault.TIMES),
        ({"times": (WeeklyTime(6, time(22), time(6)), WeeklyTime(0, time(5), time(9)))}, Fault.TIMES),
        ({"last_day": FIRST, "times": MORNINGS[1:], "follow_up_day": 1}, Fault.NO_DAYS),
        (
            {"starts_on": date(2026, 4, 3), "last_day": date(2026, 4, 3), "times": MORNINGS, "follow_up_day": 1},
            Fault.NO_DAYS,
        ),
        ({"follow_up_day": 0}, Fault.FOLLOW_UP),
        ({"follow_up_day": 366}, Fault.FOLLOW_UP),
        ({"language_minutes": -1}, Fault.LANGUAGE),
        ({"language_minutes": 6001}, Fault.LANGUAGE),
    ],
)
def test_a_placement_that_cannot_be_is_refused_whole(
    plan: Plan, cafe: Workplace, other: dict[str, Any], fault: Fault
) -> None:
    with pytest.raises(BadPlacement) as refused:
        make(plan, facts(cafe, **other))
    assert refused.value.fault is fault
    assert (count(plan, Placement), count(plan, PlannedDay)) == (0, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"last_day": FIRST + rules.LONGEST},
        {"follow_up_day": 365, "language_minutes": 0},
        {"last_day": FIRST, "follow_up_day": 1, "language_minutes": 6000},
        {"times": tuple(WeeklyTime(weekday, time(22), time(6)) for weekday in range(7))},
    ],
)
def test_what_is_just_possible_is_made(plan: Plan, cafe: Workplace, other: dict[str, Any]) -> None:
    assert days(plan, make(plan, facts(cafe, **other)))


@pytest.mark.parametrize(
    ("ended_on", "is_refused"),
    [(NOW.date(), True), (FIRST, True), (FIRST + DAY, False), (None, False)],
)
def test_nobody_new_begins_where_nobody_is_taken_any_more(
    plan: Plan, cafe: Workplace, ended_on: date | None, is_refused: bool
) -> None:
    cafe.ended_on = ended_on
    plan.session.commit()
    if not is_refused:
        assert make(plan, facts(cafe)).id
        return
    with pytest.raises(BadPlacement) as refused:
        make(plan, facts(cafe))
    assert refused.value.fault is Fault.ENDED


def test_a_second_placement_fits_beside_the_first_but_not_over_it(plan: Plan, cafe: Workplace) -> None:
    make(plan, facts(cafe))
    afternoons = tuple(WeeklyTime(weekday, time(12), time(16)) for weekday in range(5))
    make(plan, facts(cafe, times=afternoons))
    nights = tuple(WeeklyTime(weekday, time(22), time(8, 1)) for weekday in range(5))
    with pytest.raises(BadPlacement) as refused:
        make(plan, facts(cafe, times=nights))
    assert (refused.value.fault, refused.value.day) == (Fault.OVERLAP, FIRST + DAY)


def test_a_night_before_the_first_day_overlaps(plan: Plan, cafe: Workplace) -> None:
    sunday = FIRST - DAY
    night = (WeeklyTime(6, time(22), time(9)),)
    make(plan, facts(cafe, starts_on=sunday, last_day=sunday, times=night, follow_up_day=1))
    with pytest.raises(BadPlacement) as refused:
        make(plan, facts(cafe))
    assert (refused.value.fault, refused.value.day) == (Fault.OVERLAP, FIRST)


@pytest.mark.parametrize("name", ["selam", "jens", "karen", "bodil", "anders", "olena"])
def test_only_who_works_with_her_plan_arranges_it(plan: Plan, cafe: Workplace, name: str) -> None:
    with pytest.raises(Forbidden):
        make(plan, facts(cafe), name)


def test_a_workplace_of_another_municipality_is_not_found(plan: Plan) -> None:
    there = actions.add_workplace(plan.session, plan.actor("anders"), WorkplaceFacts("Hotel Vand", "cleaning"))
    plan.session.commit()
    with pytest.raises(NotFound):
        make(plan, facts(there))
    with pytest.raises(NotFound):
        actions.change_workplace(
            plan.session, plan.actor("mette"), there.id, WorkplaceFacts("Mit hotel", "cleaning"), seen_version=1
        )


def test_ten_thousand_days_are_planned_in_one_request(plan: Plan, cafe: Workplace) -> None:
    """Fifteen hours of every day for two years, each a placement of its own, in one transaction."""
    mette, began = plan.actor("mette"), clock.monotonic()
    for hour in range(5, 20):
        times = tuple(WeeklyTime(weekday, time(hour), time(hour + 1)) for weekday in range(7))
        wanted = facts(cafe, last_day=FIRST + rules.LONGEST, times=times)
        actions.make_placement(plan.session, mette, plan.subject, wanted, zone=HERE, now=NOW)
    plan.session.commit()
    spent = clock.monotonic() - began
    assert count(plan, PlannedDay) > 10_000
    assert spent < 30, f"it took {spent:.1f} s"


# --- Two at once --------------------------------------------------------------------------------------------


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Let several do something at the same moment; returns what each of them got, or was told."""
    start = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except Exception as problem:
            return problem

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_of_two_overlapping_placements_at_once_one_is_made(engine: Engine, plan: Plan) -> None:
    """Each at a workplace of its own, so that nothing but the citizen herself stands between them."""
    mette, subject = plan.actor("mette"), plan.subject
    wanted = []
    for number in range(4):
        place = actions.add_workplace(plan.session, mette, WorkplaceFacts(f"Sted {number}", "kitchen"))
        wanted.append(facts(place, times=(WeeklyTime(0, time(6 + number), time(12 + number)),)))
    plan.session.commit()

    def plan_it(one: PlacementFacts) -> int:
        with writing_session(engine) as session, session.begin():
            return actions.make_placement(session, mette, subject, one, zone=HERE, now=NOW).id

    results = together(*(lambda one=one: plan_it(one) for one in wanted))
    refused = [one for one in results if isinstance(one, BadPlacement)]
    assert [one.fault for one in refused] == [Fault.OVERLAP] * 3, results
    assert count(plan, Placement) == 1


def test_of_two_who_change_the_last_day_at_once_one_is_told(engine: Engine, plan: Plan, cafe: Workplace) -> None:
    made, mette, subject = make(plan, facts(cafe)).id, plan.actor("mette"), plan.subject

    def change(last_day: date) -> None:
        with writing_session(engine) as session, session.begin():
            actions.end_placement(session, mette, subject, made, last_day, seen_version=1, zone=HERE, now=NOW)

    results = together(lambda: change(FIRST + 30 * DAY), lambda: change(FIRST + 400 * DAY))
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "StalePlacement"]


@contextmanager
def waiting(engine: Engine, act: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Let somebody begin to do something that must wait for us, and go on once he waits."""
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(act)
        if engine.dialect.name == "postgresql":
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            until = clock.monotonic() + 10
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                while not connection.scalar(waits):
                    assert clock.monotonic() < until, "nobody waits"
        yield result


@pytest.mark.parametrize("change", ["end", "cancel", "move"])
def test_staff_who_change_a_day_wait_for_who_speaks_of_it(engine: Engine, placed: Placed, change: str) -> None:
    """The mentor holds the day when staff come; each of them gets through, and nothing is lost."""
    plan, day, placement = placed.plan, placed.day(1), placed.placement.id
    jens, mette, subject, today = plan.actor("jens"), plan.actor("mette"), plan.subject, placed.today
    shift = shift_on(day.day, time(10), time(14), HERE)
    given = placed.given("missed", excuse="sick")
    day_id = day.id

    def staff() -> None:
        with writing_session(engine) as session, session.begin():
            if change == "end":
                more: Any = {"seen_version": 1, "zone": HERE, "now": plan.now}
                actions.end_placement(session, mette, subject, placement, today, **more)
            elif change == "cancel":
                actions.cancel_day(session, mette, subject, placement, day_id, plan.now)
            else:
                actions.move_day(session, mette, subject, placement, day_id, shift)

    with writing_session(engine) as session:
        queries.day_to_change(session, plan.cast.solby, placement, day_id)
        with waiting(engine, staff) as result:
            attendance.say(session, jens, subject, placement, day_id, Side.MENTOR, given, plan.now)
            session.commit()
            assert result.result(timeout=20) is None
    assert [row.id for row in placed.statements(1)] == [given.id]
    changed = day_on(plan, placed.placement, day.day)
    assert (changed.cancelled_at is None, changed.begins_at == shift.begins_at) == (change == "move", change == "move")


def test_one_mentor_added_to_two_placements_at_once_is_one_of_her_people_once(engine: Engine, placed: Placed) -> None:
    plan, mette, subject, today = placed.plan, placed.plan.actor("mette"), placed.plan.subject, placed.today
    evenings = tuple(WeeklyTime(weekday, time(18), time(20)) for weekday in range(7))
    wanted = facts(placed.workplace, starts_on=today, last_day=today + 30 * DAY, times=evenings)
    both = [placed.placement.id, make(plan, wanted, now=plan.now).id]
    person = do(plan, actions.add_mentor, both[0], MentorFacts("Lone"), MentorKind.ROLE_MODEL, today=today)

    def add(placement: int) -> int:
        with writing_session(engine) as session, session.begin():
            return actions.add_mentor(
                session, mette, subject, placement, person, MentorKind.COMPANY_MENTOR, today=today
            )

    assert together(*(lambda one=one: add(one) for one in both)) == [person, person]
    assert roles_of(placed, person) == ["company_mentor"]


# --- Another last day ---------------------------------------------------------------------------------------


def test_a_shorter_placement_drops_later_days_and_a_longer_one_brings_them_back(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    before = {one.day: one.id for one in days(plan, made)}
    end(plan, made, FIRST + 30 * DAY)
    assert [one.day for one in days(plan, made)] == [day for day in before if day <= FIRST + 30 * DAY]
    end(plan, made, FIRST + 371 * DAY)
    after = {one.day: one.id for one in days(plan, made)}
    assert {day: after[day] for day in before} == before
    assert sorted(set(after) - set(before)) == [FIRST + number * DAY for number in (365, 366, 367, 368, 371)]
    assert (plan.fresh(made).version, made.last_day) == (3, FIRST + 371 * DAY)


def test_what_was_said_of_a_dropped_day_is_kept(placed: Placed) -> None:
    plan = placed.plan
    placed.says("jens", "missed", 3, excuse="sick")
    end(plan, placed.placement, placed.today)
    plan.session.expire_all()
    assert placed.day(3).cancelled_at is not None
    assert [row.said for row in placed.statements(3)] == ["missed"]
    end(plan, placed.placement, placed.today + 28 * DAY)
    plan.session.expire_all()
    record = placed.record(3)
    assert record is not None
    assert (placed.day(3).cancelled_at, record.said, len(placed.statements(3))) == (None, "missed", 1)


def test_a_day_that_staff_took_out_before_the_new_end_stays_out(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    plan.do("mette", actions.cancel_day, made.id, day_on(plan, made, FIRST + DAY).id, now=NOW)
    end(plan, made, FIRST + 30 * DAY)
    end(plan, made, FIRST + 60 * DAY)
    assert FIRST + DAY not in [one.day for one in days(plan, made)]


def test_a_longer_placement_may_not_reach_into_another(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe, last_day=FIRST + 25 * DAY))
    make(plan, facts(cafe, starts_on=FIRST + 28 * DAY))
    with pytest.raises(BadPlacement) as refused:
        end(plan, made, FIRST + 40 * DAY)
    assert (refused.value.fault, refused.value.day) == (Fault.OVERLAP, FIRST + 28 * DAY)
    assert plan.fresh(made).last_day == FIRST + 25 * DAY


@pytest.mark.parametrize(
    ("last_day", "fault"), [(FIRST - DAY, Fault.DATES), (FIRST + rules.LONGEST + DAY, Fault.TOO_LONG)]
)
def test_a_last_day_that_cannot_be_is_refused(plan: Plan, cafe: Workplace, last_day: date, fault: Fault) -> None:
    made = make(plan, facts(cafe))
    with pytest.raises(BadPlacement) as refused:
        end(plan, made, last_day)
    assert refused.value.fault is fault


def test_a_stale_form_does_not_end_a_placement(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    end(plan, made, FIRST + 30 * DAY)
    with pytest.raises(StalePlacement):
        end(plan, made, FIRST + 60 * DAY, seen_version=1)


def test_the_follow_up_never_falls_after_the_last_day(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    end(plan, made, FIRST + 9 * DAY)
    assert plan.fresh(made).follow_up_day == 10


# --- Single days --------------------------------------------------------------------------------------------


def test_a_day_is_moved_taken_out_and_planned_again(plan: Plan, cafe: Workplace) -> None:
    made, saturday = make(plan, facts(cafe)), FIRST + 5 * DAY
    day = day_on(plan, made, FIRST)
    do(plan, actions.move_day, made.id, day.id, morning(saturday, 10, 15))
    assert [one.day for one in days(plan, made)][:5] == [FIRST + number * DAY for number in (1, 2, 3, 4, 5)]
    plan.do("mette", actions.cancel_day, made.id, day.id, now=NOW)
    plan.do("mette", actions.cancel_day, made.id, day.id, now=NOW + DAY)
    assert plan.fresh(day).cancelled_at == NOW
    do(plan, actions.move_day, made.id, day.id, morning(FIRST))
    again = plan.fresh(day)
    assert (again.day, again.begins_at, again.cancelled_at) == (FIRST, morning(FIRST).begins_at, None)


@pytest.mark.parametrize(
    ("shift", "fault"),
    [
        (morning(FIRST - DAY), Fault.OUTSIDE),
        (morning(FIRST + 365 * DAY), Fault.OUTSIDE),
        (morning(FIRST + DAY, 13, 14), Fault.TAKEN),
        (morning(FIRST + 6 * DAY, 22, 9), Fault.OVERLAP),
    ],
)
def test_a_day_is_not_moved_where_it_cannot_be(plan: Plan, cafe: Workplace, shift: Shift, fault: Fault) -> None:
    made = make(plan, facts(cafe))
    day = day_on(plan, made, FIRST)
    with pytest.raises(BadPlacement) as refused:
        do(plan, actions.move_day, made.id, day.id, shift)
    assert refused.value.fault is fault
    assert plan.fresh(day).begins_at == morning(FIRST).begins_at


def test_a_day_is_not_planned_again_over_another_placement(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    day = day_on(plan, made, FIRST)
    plan.do("mette", actions.cancel_day, made.id, day.id, now=NOW)
    make(plan, facts(cafe, last_day=FIRST, follow_up_day=1))
    with pytest.raises(BadPlacement) as refused:
        do(plan, actions.move_day, made.id, day.id, morning(FIRST))
    assert refused.value.fault is Fault.OVERLAP


def test_a_day_of_another_citizen_is_not_found(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    day, mette = day_on(plan, made, FIRST), plan.actor("mette")
    yusuf = Subject(plan.cast.solby, plan.cast.yusuf, frozenset({plan.cast.mette}))
    about: tuple[Any, ...] = (plan.session, mette, yusuf, made.id)
    tries: tuple[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]], ...] = (
        (actions.cancel_day, (day.id, NOW), {}),
        (actions.move_day, (day.id, morning(FIRST + DAY)), {}),
        (actions.end_placement, (FIRST,), {"seen_version": 1, "zone": HERE, "now": NOW}),
        (actions.add_mentor, (plan.cast.jens, MentorKind.ROLE_MODEL), {"today": FIRST}),
        (actions.end_mentor, (plan.cast.jens,), {"today": FIRST, "now": NOW}),
        (make_link, (plan.cast.jens, NOW), {}),
        (actions.revoke_links, (plan.cast.jens, NOW), {}),
    )
    for verb, things, more in tries:
        with pytest.raises(NotFound):
            verb(*about, *things, **more)
        plan.session.rollback()


# --- Mentors ------------------------------------------------------------------------------------------------


def roles_of(placed: Placed, person_id: int, today: date | None = None) -> list[str]:
    """Return what a person is to Selam on a day, as she sees it among her people."""
    cast = placed.plan.cast
    found = people_around(placed.plan.session, cast.solby, cast.selam, today or placed.today)
    placed.plan.session.commit()
    return [row.role for row in found if row.id == person_id]


def add(placed: Placed, mentor: int | MentorFacts, kind: str = "workplace_mentor", **more: Any) -> int:
    more.setdefault("today", placed.today)
    person: int = do(placed.plan, actions.add_mentor, placed.placement.id, mentor, MentorKind(kind), **more)
    return person


def end_mentor(placed: Placed, person: int, placement: int | None = None, today: date | None = None) -> None:
    placed.plan.do("mette", actions.end_mentor, placement or placed.placement.id, person, today=today or placed.today)


def another_placement(placed: Placed, *, last_day: date | None = None) -> int:
    """Give Selam a second placement in the evenings, that lasts a month or until a last day."""
    evenings = tuple(WeeklyTime(weekday, time(18), time(20)) for weekday in range(7))
    last_day = last_day or placed.today + 30 * DAY
    more = {"starts_on": last_day - 30 * DAY, "last_day": last_day, "times": evenings}
    return make(placed.plan, facts(placed.workplace, **more), now=placed.plan.now).id


def test_a_new_mentor_is_somebody_of_the_municipality_and_one_of_her_people(placed: Placed) -> None:
    cast = placed.plan.cast
    lone = add(placed, MentorFacts("Lone", "Skov", "+45 70 00 00 09", language="uk"))
    person = placed.plan.session.get_one(Person, lone)
    assert (person.role, person.municipality_id, person.language) == (Role.MENTOR, cast.solby, "uk")
    assert roles_of(placed, lone) == ["workplace_mentor"]
    assert roles_of(placed, lone, placed.today - DAY) == []
    found = queries.mentors_of(placed.plan.session, cast.solby, placed.placement.id, placed.today)
    assert [row.given_name for row in found] == ["Jens", "Lone"]
    known = citizen_of_worker(placed.plan.session, placed.plan.actor("mette"), cast.selam, placed.today)
    assert lone in known.subject.worker_ids


def test_a_mentor_is_added_ended_and_added_again_on_one_day(placed: Placed) -> None:
    plan, lone = placed.plan, add(placed, MentorFacts("Lone"))
    for _turn in range(2):
        end_mentor(placed, lone)
        assert roles_of(placed, lone) == []
        assert not queries.is_mentor_of(plan.session, plan.cast.solby, lone, placed.placement.id)
        add(placed, lone)
        assert roles_of(placed, lone) == ["workplace_mentor"]
        assert queries.is_mentor_of(plan.session, plan.cast.solby, lone, placed.placement.id)
    end_mentor(placed, lone)
    add(placed, lone, today=placed.today + DAY)
    assert (roles_of(placed, lone), roles_of(placed, lone, placed.today + DAY)) == ([], ["workplace_mentor"])
    wanted = select(func.count()).select_from(PlacementMentor).filter_by(person_id=lone)
    assert plan.session.scalar(wanted) == 1


def test_adding_a_mentor_twice_adds_him_once(placed: Placed) -> None:
    lone = add(placed, MentorFacts("Lone"))
    add(placed, lone, today=placed.today + DAY)
    assert roles_of(placed, lone, placed.today + DAY) == ["workplace_mentor"]


def test_a_mentor_of_another_kind_is_no_longer_of_the_first(placed: Placed) -> None:
    lone = add(placed, MentorFacts("Lone"))
    add(placed, lone, "role_model")
    assert roles_of(placed, lone) == ["role_model"]
    end_mentor(placed, lone)
    assert roles_of(placed, lone) == []


def test_a_mentor_at_two_placements_stays_until_the_last_one(placed: Placed) -> None:
    lone, second = add(placed, MentorFacts("Lone")), another_placement(placed)
    do(placed.plan, actions.add_mentor, second, lone, MentorKind.WORKPLACE_MENTOR, today=placed.today)
    end_mentor(placed, lone)
    assert roles_of(placed, lone) == ["workplace_mentor"]
    end_mentor(placed, lone, second)
    assert roles_of(placed, lone) == []


def test_a_placement_that_is_over_keeps_nobody_among_her_people(placed: Placed) -> None:
    lone, over = add(placed, MentorFacts("Lone")), another_placement(placed, last_day=placed.today - DAY)
    do(placed.plan, actions.add_mentor, over, lone, MentorKind.WORKPLACE_MENTOR, today=placed.today)
    end_mentor(placed, lone)
    assert roles_of(placed, lone) == []


def test_who_has_another_part_with_her_keeps_it(placed: Placed) -> None:
    """Jens is her language mentor besides, since long before the placement."""
    jens = placed.plan.cast.jens
    assert roles_of(placed, jens) == ["language_mentor", "workplace_mentor"]
    end_mentor(placed, jens)
    assert roles_of(placed, jens) == ["language_mentor"]
    wanted = select(Relation.ended_on).filter_by(person_id=jens, role="workplace_mentor")
    assert placed.plan.session.scalar(wanted) == placed.today


@pytest.mark.parametrize("name", ["selam", "mette", "olena", "anders"])
def test_only_a_mentor_of_the_municipality_can_help(placed: Placed, name: str) -> None:
    with pytest.raises(NotFound):
        add(placed, getattr(placed.plan.cast, name))


def test_a_mentor_who_has_left_is_not_added(placed: Placed) -> None:
    lone = add(placed, MentorFacts("Lone"))
    end_mentor(placed, lone)
    placed.plan.session.get_one(Person, lone).ended_on = placed.today
    placed.plan.session.commit()
    with pytest.raises(NotFound):
        add(placed, lone)
    found = queries.known_mentors(placed.plan.session, placed.plan.cast.solby, placed.today)
    assert [row.given_name for row in found] == ["Jens"]


def test_who_helps_no_longer_cannot_be_ended_again(placed: Placed) -> None:
    end_mentor(placed, placed.plan.cast.jens)
    with pytest.raises(NotFound):
        end_mentor(placed, placed.plan.cast.jens)


# --- Links --------------------------------------------------------------------------------------------------


def opens(placed: Placed, token: str, after: timedelta = timedelta()) -> bool:
    found = queries.mentor_at_door(placed.plan.session, token, placed.plan.now + after)
    placed.plan.session.commit()
    return found is not None


def test_a_link_says_who_and_where_and_nothing_else_knows_it(placed: Placed) -> None:
    plan, token = placed.plan, placed.link()
    found = queries.mentor_at_door(plan.session, token, plan.now)
    assert found is not None
    assert (found.placement_id, found.actor.person_id, found.actor.role) == (
        placed.placement.id,
        plan.cast.jens,
        Role.MENTOR,
    )
    assert (found.actor.municipality_id, found.actor.given_name, found.actor.language) == (
        plan.cast.solby,
        "Jens",
        "da",
    )
    (kept,) = plan.session.scalars(select(MentorLink))
    assert token not in " ".join(str(value) for value in vars(kept).values())
    for wrong in ("", token[:-1], token.swapcase(), f"{token} ", "%", kept.token_hash):
        assert not opens(placed, wrong)


def test_a_new_link_stops_the_old_one(placed: Placed) -> None:
    first = placed.link()
    second = placed.link()
    assert (opens(placed, first), opens(placed, second)) == (False, True)


def test_the_same_link_follows_again_from_what_is_kept_and_the_apps_key(placed: Placed) -> None:
    token, jens = placed.link(), placed.plan.cast.jens
    (kept,) = placed.plan.session.scalars(select(MentorLink))
    assert link_token(SECRET_KEY, placed.placement.id, jens, kept.nonce) == token
    assert kept.token_hash == fingerprint(token)


def test_the_database_alone_opens_no_link(placed: Placed) -> None:
    """Whoever reads all rows knows the nonce and the hash, but not the key."""
    placed.link()
    (kept,) = placed.plan.session.scalars(select(MentorLink))
    keys = ("", kept.nonce, kept.token_hash, "another key, long enough to be accepted")
    made = [link_token(key, kept.placement_id, kept.person_id, kept.nonce) for key in keys]
    assert not any(opens(placed, guess) for guess in (kept.nonce, kept.token_hash, *made))


def test_a_link_from_before_it_could_be_sent_again_still_opens(placed: Placed) -> None:
    about = {"placement_id": placed.placement.id, "person_id": placed.plan.cast.jens}
    made = {"made_by_id": placed.plan.cast.mette, "made_at": placed.plan.now, "expires_on": placed.today + 9 * DAY}
    link = MentorLink(municipality_id=placed.plan.cast.solby, token_hash=fingerprint("an-old-one"), **about, **made)
    placed.plan.session.add(link)
    placed.plan.session.commit()
    assert (link.nonce, opens(placed, "an-old-one")) == ("", True)


def test_a_link_that_is_taken_back_stops_at_once(placed: Placed) -> None:
    token = placed.link()
    placed.plan.do("mette", actions.revoke_links, placed.placement.id, placed.plan.cast.jens)
    assert not opens(placed, token)


def test_a_link_of_one_mentor_is_not_touched_by_anothers(placed: Placed) -> None:
    token, lone = placed.link(), add(placed, MentorFacts("Lone"))
    hers = placed.plan.do("mette", make_link, placed.placement.id, lone)
    placed.plan.do("mette", actions.revoke_links, placed.placement.id, lone)
    assert (opens(placed, token), opens(placed, hers)) == (True, False)


def test_a_link_stops_a_fortnight_after_the_last_day_and_follows_it(placed: Placed) -> None:
    token = placed.link()
    assert opens(placed, token, 42 * DAY)
    assert not opens(placed, token, 43 * DAY)
    end(placed.plan, placed.placement, placed.today)
    assert (opens(placed, token, 14 * DAY), opens(placed, token, 15 * DAY)) == (True, False)
    end(placed.plan, placed.placement, placed.today + 50 * DAY)
    assert opens(placed, token, 64 * DAY)
    found = queries.mentors_of(placed.plan.session, placed.plan.cast.solby, placed.placement.id, placed.today)
    assert found[0].link_until == placed.today + 65 * DAY


def test_staff_read_whether_a_nudge_can_carry_the_link_that_opens(placed: Placed) -> None:
    """One of before nonces were kept opens, and cannot be sent again."""
    about = (placed.plan.session, placed.plan.cast.solby, placed.placement.id, placed.today)
    assert [row.can_be_nudged for row in queries.mentors_of(*about)] == [None]
    placed.link()
    assert [bool(row.can_be_nudged) for row in queries.mentors_of(*about)] == [True]
    placed.plan.session.execute(update(MentorLink).values(nonce=""))
    assert [(bool(row.can_be_nudged), row.link_until is None) for row in queries.mentors_of(*about)] == [(False, False)]


def test_a_longer_placement_brings_no_link_back_that_was_taken_back(placed: Placed) -> None:
    token = placed.link()
    placed.plan.do("mette", actions.revoke_links, placed.placement.id, placed.plan.cast.jens)
    end(placed.plan, placed.placement, placed.today + 50 * DAY)
    assert not opens(placed, token)
    found = queries.mentors_of(placed.plan.session, placed.plan.cast.solby, placed.placement.id, placed.today)
    assert [row.link_until for row in found] == [None]


def test_the_link_of_a_mentor_who_was_ended_stays_shut_when_he_is_added_again(placed: Placed) -> None:
    token, jens = placed.link(), placed.plan.cast.jens
    end_mentor(placed, jens)
    assert not opens(placed, token)
    add(placed, jens)
    assert not opens(placed, token)
    assert opens(placed, placed.link())


def test_the_link_of_a_person_who_has_left_does_not_open(placed: Placed) -> None:
    token = placed.link()
    placed.plan.session.get_one(Person, placed.plan.cast.jens).ended_on = placed.plan.now.date()
    placed.plan.session.commit()
    assert not opens(placed, token)


@pytest.mark.parametrize("name", ["anders", "karen", "jens", "selam", "bodil"])
def test_who_does_not_arrange_her_placements_makes_and_takes_back_no_link(placed: Placed, name: str) -> None:
    token = placed.link()
    for verb in (make_link, actions.revoke_links):
        with pytest.raises(Forbidden):
            placed.plan.do(name, verb, placed.placement.id, placed.plan.cast.jens)
    assert opens(placed, token)


def test_another_municipality_reaches_no_link_by_number(placed: Placed) -> None:
    """Anders gives his own citizen, but Selam's placement and mentor."""
    plan, token = placed.plan, placed.link()
    anders, olena = plan.actor("anders"), Subject(plan.cast.vandby, plan.cast.olena, frozenset({plan.cast.anders}))
    for verb in (make_link, actions.revoke_links):
        with pytest.raises(NotFound):
            verb(plan.session, anders, olena, placed.placement.id, plan.cast.jens, plan.now)
        plan.session.rollback()
    assert opens(placed, token)


def test_another_citizens_worker_takes_back_no_link_of_hers(placed: Placed) -> None:
    """Mette works with Yusuf here; by his page she must not reach into Selam's placement."""
    plan, token = placed.plan, placed.link()
    yusuf = Subject(plan.cast.solby, plan.cast.yusuf, frozenset({plan.cast.mette}))
    with pytest.raises(NotFound):
        actions.revoke_links(plan.session, plan.actor("mette"), yusuf, placed.placement.id, plan.cast.jens, plan.now)
    plan.session.rollback()
    assert opens(placed, token)


def test_only_who_helps_gets_a_link(placed: Placed) -> None:
    for person in (placed.plan.cast.mette, placed.plan.cast.selam, placed.plan.cast.olena):
        with pytest.raises(NotFound):
            placed.plan.do("mette", make_link, placed.placement.id, person)


# --- Workplaces ---------------------------------------------------------------------------------------------


def test_a_stale_form_does_not_change_a_workplace(plan: Plan, cafe: Workplace) -> None:
    mette, about = plan.actor("mette"), (cafe.id, WorkplaceFacts("Cafe Rosen", "kitchen", "Havnen 2"))
    actions.change_workplace(plan.session, mette, *about, seen_version=1)
    plan.session.commit()
    with pytest.raises(StalePlacement):
        actions.change_workplace(plan.session, mette, *about, seen_version=1)
    plan.session.rollback()
    changed = plan.fresh(cafe)
    assert (changed.name, changed.search_key, changed.version) == ("Cafe Rosen", "cafe rosen havnen 2", 2)


def test_the_days_of_a_moved_day_are_listed_by_their_new_date(plan: Plan, cafe: Workplace) -> None:
    made = make(plan, facts(cafe))
    do(plan, actions.move_day, made.id, day_on(plan, made, FIRST).id, morning(FIRST + 5 * DAY))
    found = days_of(plan.session, plan.cast.solby, [made.id], FIRST, FIRST + 6 * DAY)
    assert [row.day for row in found] == [FIRST + number * DAY for number in (1, 2, 3, 4, 5)]
