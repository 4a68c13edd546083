"""Agreeing hours and speaking of weeks, through the database: repeated, out of date, at once and by strangers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update

from citizen_app.attendance.queries import days_of_citizen
from citizen_app.db import writing_session
from citizen_app.ledger import actions, queries
from citizen_app.ledger.actions import BadHours, Given, StaleWeek, WeekIsSpokenOf
from citizen_app.ledger.models import AgreedHours
from citizen_app.ledger.rules import WEEK, Fault, WeekState
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import PlacementFacts, WorkplaceFacts
from citizen_app.placements.rules import PlacementKind, WeeklyTime, minutes_between
from citizen_app.policy import Forbidden, NotFound, Subject
from tests.ledgers import Ledger, ledger
from tests.placed import HERE, Placed, placed

__all__ = ["ledger", "placed"]
MINUTE = timedelta(minutes=1)


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


# --- What is said -------------------------------------------------------------------------------------------


def test_a_week_is_told_confirmed_and_told_otherwise_again(ledger: Ledger) -> None:
    now = ledger.plan.now
    assert ledger.says(600).state is WeekState.STAFF_NEXT
    assert ledger.confirms(480, now=now + MINUTE).confirmed == 480
    reopened = ledger.says(600, words="Jeg var der hele ugen", now=now + 2 * MINUTE)
    assert (reopened.state, reopened.confirmed) == (WeekState.DIFFERENT, 0)
    assert ledger.confirms(600, now=now + 3 * MINUTE).state is WeekState.AGREED
    assert [(one.side, one.minutes) for one in ledger.words()] == [
        ("citizen", 600), ("staff", 480), ("citizen", 600), ("staff", 600),
    ]  # fmt: skip


def test_a_word_that_comes_twice_counts_once_even_with_other_content(ledger: Ledger) -> None:
    ledger.says(600, id="the-same-id")
    ledger.says(300, id="the-same-id")
    ledger.says(300, -1, id="the-same-id")
    assert [one.minutes for one in ledger.words()] == [600]
    assert ledger.words(-1) == []
    ledger.confirms(480, id="another-id", now=ledger.plan.now + MINUTE)
    assert ledger.confirms(600, id="another-id", seen="out-of-date").state is WeekState.SETTLED


def test_staff_settle_only_what_they_have_seen(ledger: Ledger) -> None:
    ledger.says(600, id="her-first-word")
    ledger.says(300, id="her-second-word", now=ledger.plan.now + MINUTE)
    for seen in ("her-first-word", ""):
        with pytest.raises(StaleWeek):
            ledger.confirms(600, seen=seen)
    assert len(ledger.words()) == 2
    assert ledger.confirms(300, seen="her-second-word").state is WeekState.AGREED


@pytest.mark.parametrize(
    ("minutes", "number", "fault"),
    [(-15, 0, Fault.MINUTES), (61 * 60, 0, Fault.MINUTES), (600, 1, Fault.TOO_EARLY), (600, -9, Fault.TOO_LATE)],
)
def test_what_cannot_be_said_is_not_kept(ledger: Ledger, minutes: int, number: int, fault: Fault) -> None:
    with pytest.raises(BadHours) as refused:
        ledger.says(minutes, number)
    assert refused.value.fault is fault
    assert ledger.words(number) == []


def test_an_old_week_is_begun_by_staff_and_then_hers_too(ledger: Ledger) -> None:
    assert ledger.confirms(480, -9).state is WeekState.CITIZEN_NEXT
    assert ledger.says(600, -9, now=ledger.plan.now + MINUTE).state is WeekState.DIFFERENT


def test_two_members_of_staff_and_she_at_once_are_all_heard_or_told(engine: Engine, ledger: Ledger) -> None:
    plan, hours = ledger.plan, ledger.hours.id
    selam, mette, monday, today = plan.actor("selam"), plan.actor("mette"), ledger.monday(), ledger.today

    def speak(verb: Callable[..., Any], who: Any, name: str, **more: Any) -> Any:
        with writing_session(engine) as session, session.begin():
            given = Given(name, monday, 600)
            return verb(session, who, plan.subject, hours, given, today=today, now=plan.now, **more)

    results = together(
        *[lambda: speak(actions.say, selam, "her-only-word")] * 3,
        lambda: speak(actions.confirm, mette, "staff-word", seen=""),
    )
    assert {type(one).__name__ for one in results[:3]} == {"WeekStand"}
    is_refused = isinstance(results[3], StaleWeek)
    # Staff have read no word of hers: they are refused after it, and stand before it.
    expected = ["her-only-word"] if is_refused else ["staff-word", "her-only-word"]
    assert [one.id for one in ledger.words()] == expected


# --- Agreed hours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weekly", "more", "fault"),
    [
        (61 * 60, {}, Fault.WEEKLY),
        (-60, {}, Fault.WEEKLY),
        (0, {}, Fault.WEEKLY),
        (100, {}, Fault.WEEKLY),
        (600, {"reversed": True}, Fault.DATES),
        (600, {"long": True}, Fault.TOO_LONG),
    ],
)
def test_hours_that_cannot_be_are_not_kept(ledger: Ledger, weekly: int, more: dict[str, bool], fault: Fault) -> None:
    days = -1 if more.get("reversed") else 800 if more.get("long") else 7
    with pytest.raises(BadHours) as refused:
        ledger.agree(weekly=weekly, starts_on=ledger.today, last_day=ledger.today + timedelta(days=days))
    assert refused.value.fault is fault
    assert len(ledger.plan.all(select(AgreedHours.id))) == 1


def test_a_last_day_moves_but_never_before_a_week_that_was_told(ledger: Ledger) -> None:
    plan, seen = ledger.plan, ledger.hours.last_day
    ledger.says(600)
    early = ledger.monday() - timedelta(days=1)
    with pytest.raises(WeekIsSpokenOf) as refused:
        plan.do("mette", change, ledger.hours.id, early, seen=seen)
    assert refused.value.monday == ledger.monday()
    plan.do("mette", change, ledger.hours.id, ledger.monday(), seen=seen)
    with pytest.raises(StaleWeek):
        plan.do("mette", change, ledger.hours.id, ledger.monday(2), seen=seen)
    for wrong in (ledger.monday(-11), ledger.monday(300)):
        with pytest.raises(BadHours):
            plan.do("mette", change, ledger.hours.id, wrong, seen=ledger.monday())


def change(session: Any, actor: Any, subject: Any, hours_id: int, last_day: Any, *, seen: Any, **_now: Any) -> None:
    actions.change_last_day(session, actor, subject, hours_id, last_day, seen=seen)


def test_hours_are_taken_away_only_while_nobody_has_spoken(ledger: Ledger) -> None:
    plan = ledger.plan
    by_mistake = ledger.agree("transport")
    plan.do("mette", take_away, by_mistake.id)
    ledger.says(0, -3)
    with pytest.raises(WeekIsSpokenOf):
        plan.do("mette", take_away, ledger.hours.id)
    assert plan.all(select(AgreedHours.id)) == [(ledger.hours.id,)]


def take_away(session: Any, actor: Any, subject: Any, hours_id: int, **_now: Any) -> None:
    actions.remove(session, actor, subject, hours_id)


def in_own(engine: Engine, verb: Callable[..., Any], *things: Any) -> Any:
    """Do a verb in a session of its own, as each request does."""
    with writing_session(engine) as session, session.begin():
        return verb(session, *things)


def test_hours_that_vanish_while_she_speaks_lose_no_word(engine: Engine, ledger: Ledger) -> None:
    plan = ledger.plan
    selam, mette, today = plan.actor("selam"), plan.actor("mette"), ledger.today
    for _round in range(3):
        hours = ledger.agree("other").id

        given = Given("a-word-of-hers", ledger.monday(), 60)
        her, staff = together(
            partial(in_own, engine, partial(actions.say, today=today, now=plan.now), selam, plan.subject, hours, given),
            partial(in_own, engine, actions.remove, mette, plan.subject, hours),
        )
        is_kept = (hours,) in plan.all(select(AgreedHours.id))
        assert isinstance(staff, WeekIsSpokenOf) is is_kept, (her, staff)
        assert isinstance(her, NotFound) is not is_kept, (her, staff)


# --- Whose --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jens", "bodil", "anders", "mette"])
def test_only_she_speaks_as_herself(ledger: Ledger, name: str) -> None:
    with pytest.raises(Forbidden):
        ledger.says(600, name=name)


def test_who_waited_for_the_row_has_spoken_later_whatever_the_clocks_say(ledger: Ledger) -> None:
    now = ledger.plan.now
    ledger.confirms(300, now=now)
    assert ledger.says(600, now=now - timedelta(milliseconds=50)).state is WeekState.DIFFERENT


def test_one_member_of_staff_does_not_overrule_another_unseen(ledger: Ledger) -> None:
    ledger.says(600, id="her-only-word")
    ledger.confirms(600)
    with pytest.raises(StaleWeek):
        ledger.confirms(0, seen="her-only-word")
    assert ledger.confirms(480).state is WeekState.SETTLED


def test_a_teacher_confirms_lessons_and_nothing_else(ledger: Ledger) -> None:
    ledger.says(600)
    assert ledger.confirms(600, name="karen").state is WeekState.AGREED
    ledger.plan.session.execute(update(AgreedHours).values(kind="job_search"))
    ledger.plan.session.commit()
    with pytest.raises(Forbidden):
        ledger.confirms(0, name="karen")


@pytest.mark.parametrize("name", ["selam", "jens", "bodil", "anders"])
def test_only_staff_who_work_with_her_confirm(ledger: Ledger, name: str) -> None:
    with pytest.raises(Forbidden):
        ledger.confirms(600, name=name)


@pytest.mark.parametrize("name", ["selam", "jens", "karen", "bodil", "anders"])
def test_only_who_arranges_placements_changes_what_is_agreed(ledger: Ledger, name: str) -> None:
    with pytest.raises(Forbidden):
        ledger.plan.do(name, change, ledger.hours.id, ledger.monday(3), seen=ledger.hours.last_day)


@pytest.mark.parametrize("wrong", ["hours", "citizen", "municipality"])
def test_another_citizens_hours_are_not_found(ledger: Ledger, wrong: str) -> None:
    plan, cast, hours = ledger.plan, ledger.plan.cast, ledger.hours.id
    actor, subject = plan.actor("selam"), plan.subject
    mette = plan.actor("mette")
    if wrong == "hours":
        hours += 1000
    if wrong == "citizen":
        actor, subject = plan.actor("yusuf"), Subject(cast.solby, cast.yusuf, frozenset({cast.mette}))
    if wrong == "municipality":
        actor, mette = plan.actor("olena"), plan.actor("anders")
        subject = Subject(cast.vandby, cast.olena, frozenset({cast.anders}))
    given, about = Given("a-word-of-hers", ledger.monday(), 60), {"today": ledger.today, "now": plan.now}
    with pytest.raises(NotFound):
        actions.say(plan.session, actor, subject, hours, given, **about)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        actions.confirm(plan.session, mette, subject, hours, given, seen="", **about)  # type: ignore[arg-type]
    plan.session.rollback()
    assert ledger.words() == []


# --- Weeks --------------------------------------------------------------------------------------------------


def test_two_workplaces_and_all_kinds_are_one_sum(ledger: Ledger, placed: Placed) -> None:
    """Six hours each day at the cafe, and an evening at another place."""
    plan, session = ledger.plan, ledger.plan.session
    shop = placements.add_workplace(session, plan.actor("mette"), WorkplaceFacts("Butikken", "shop"))
    monday = ledger.monday()
    number = (monday - placed.today).days
    facts = PlacementFacts(
        shop.id, PlacementKind.TASTER, monday, monday + timedelta(days=13), [evening(one) for one in range(7)],
        follow_up_day=1,
    )  # fmt: skip
    plan.do("mette", placements.make_placement, facts, zone=HERE)
    days = days_of_citizen(session, plan.cast.solby, plan.cast.selam, monday, monday + timedelta(days=6))
    at_cafe = [one.placement_id == placed.placement.id for one in days]
    lengths = [minutes_between(one.begins_at, one.ends_at) for one in days]
    cafe = sum(length for length, is_cafe in zip(lengths, at_cafe, strict=True) if is_cafe)
    evenings = sum(lengths) - cafe
    worked = minutes_between(placed.day(number).begins_at, placed.day(number).ends_at)
    session.commit()
    ledger.agree("job_search", 120)
    placed.says("jens", "came", number, now=plan.now)
    placed.says("selam", "came", number)
    ledger.says(600)
    ledger.confirms(600, now=plan.now + MINUTE)
    (week,) = ledger.weeks().weeks
    assert [(one.workplace, one.planned, one.confirmed) for one in week.places] == [
        ("Cafe Solsikken", cafe, worked),
        ("Butikken", evenings, 0),
    ]
    assert [(one.row.kind, one.planned, one.confirmed) for one in week.kinds] == [
        ("danish", 600, 600),
        ("job_search", 120, 0),
    ]
    assert week.planned == cafe + evenings + 720
    assert week.confirmed == worked + 600


def evening(weekday: int) -> WeeklyTime:
    return WeeklyTime(weekday, time(18), time(20))


@pytest.mark.usefixtures("placed")
def test_two_years_of_weeks_cost_four_selects(ledger: Ledger) -> None:
    for number in range(-8, 1):
        ledger.says(600, number)
    sent: list[str] = []
    engine = ledger.plan.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: sent.append(statement))
    found = ledger.weeks(-103, 0)
    assert len(found.weeks) == 104
    assert [week.monday for week in found.weeks] == [ledger.monday() - number * WEEK for number in range(104)]
    assert len([one for one in sent if one.startswith("SELECT")]) == 4


def test_weeks_stay_within_the_municipality_and_the_citizen(ledger: Ledger, placed: Placed) -> None:
    cast = placed.plan.cast
    ledger.says(600)
    for town, citizen in ((cast.vandby, cast.selam), (cast.solby, cast.yusuf)):
        found = queries.weeks_of(ledger.plan.session, town, citizen, ledger.monday(-4), ledger.monday())
        assert (found.since, list(found.hours)) == (None, [])
        assert all(week.is_empty for week in found.weeks)
