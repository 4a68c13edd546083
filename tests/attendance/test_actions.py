"""What mentor, citizen and staff say of a day, through the database: late, repeated, shuffled and at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine

from citizen_app.attendance import actions, queries, rules
from citizen_app.attendance.actions import (
    BadStatement,
    DayIsCancelled,
    DayIsSpokenOf,
    Given,
    StaleDay,
    TooLateToMend,
)
from citizen_app.attendance.rules import CORRECTION, Fault, Record, RecordState
from citizen_app.db import writing_session
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import MentorFacts
from citizen_app.placements.models import PlannedDay
from citizen_app.placements.rules import Side, minutes_between, shift_on
from citizen_app.policy import Actor, Forbidden, NotFound, Subject
from citizen_app.web.phone_clock import OLDEST
from tests.cast import actor_for
from tests.placed import HERE, Placed, placed

__all__ = ["placed"]

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SIX_HOURS = 360


@dataclass(frozen=True)
class Spoken:
    """A statement and who makes it."""

    actor: Actor
    side: Side
    given: Given


def second_mentor(placed: Placed) -> Actor:
    """Let somebody else at the workplace help, too."""
    plan, kind = placed.plan, MentorKind.WORKPLACE_MENTOR
    about = (placed.placement.id, MentorFacts("Lone"), kind)
    person = placements.add_mentor(plan.session, plan.actor("mette"), plan.subject, *about, today=placed.today)
    lone = actor_for(plan.session, person)
    plan.session.commit()
    return lone


def around(placed: Placed, *more: Actor) -> Subject:
    subject = placed.plan.subject
    return replace(subject, worker_ids=subject.worker_ids | {actor.person_id for actor in more})


def where(placed: Placed, number: int = 0) -> tuple[int, int]:
    """Return placement and day as plain numbers, which threads may share."""
    day = placed.day(number)
    return day.placement_id, day.id


def say(engine: Engine, placed: Placed, spoken: Spoken, at: tuple[int, int], now: datetime) -> Record:
    """Speak in a session of one's own, as each request does."""
    subject = around(placed, spoken.actor) if spoken.side is Side.MENTOR else placed.plan.subject
    about = (*at, spoken.side, spoken.given)
    with writing_session(engine) as session, session.begin():
        return actions.say(session, spoken.actor, subject, *about, now)


def kept(placed: Placed, number: int = 0) -> dict[str, Any]:
    """Return a day's record without when it was worked out."""
    record = placed.record(number)
    assert record is not None
    names = ("state", "said", "minutes", "excuse", "mentor_statement", "language_minutes", "citizen_id", "day")
    return {name: getattr(record, name) for name in names}


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


# --- What is kept -------------------------------------------------------------------------------------------


def test_a_statement_and_what_stands_are_kept(placed: Placed) -> None:
    placed.says("jens", "late", minutes=15, words="Bussen kom ikke")
    (row,) = placed.statements()
    assert (row.side, row.said, row.minutes, row.by_id, row.by_name) == (
        "mentor",
        "late",
        15,
        placed.plan.cast.jens,
        "Jens",
    )
    assert (row.words, row.words_language, row.said_at) == ("Bussen kom ikke", "da", placed.plan.now)
    assert kept(placed) == {
        "state": "citizen_next",
        "said": "late",
        "minutes": SIX_HOURS - 15,
        "excuse": None,
        "mentor_statement": row.id,
        "language_minutes": 0,
        "citizen_id": placed.plan.cast.selam,
        "day": placed.today,
    }


def test_the_citizen_confirms_what_the_mentor_said(placed: Placed) -> None:
    placed.says("jens", "missed", excuse="sick")
    about = kept(placed)["mentor_statement"]
    record = placed.says("selam", "right", about=about, now=placed.plan.now + MINUTE)
    assert record.state is RecordState.AGREED
    assert (kept(placed)["state"], kept(placed)["minutes"], kept(placed)["excuse"]) == ("agreed", 0, "sick")


def test_a_difference_is_kept_and_settled_by_nobody_but_staff(placed: Placed) -> None:
    placed.says("jens", "missed", excuse="unknown")
    about = kept(placed)["mentor_statement"]
    placed.says("selam", "wrong", about=about, words="Jeg var der", now=placed.plan.now + MINUTE)
    assert kept(placed)["state"] == "disputed"
    placed.settles("came", seen=2, minutes=300)
    assert (kept(placed)["state"], kept(placed)["said"], kept(placed)["minutes"]) == ("settled", "came", 300)
    placed.says("selam", "wrong", about=about, now=placed.plan.now + 2 * MINUTE)
    assert (kept(placed)["state"], len(placed.statements())) == ("settled", 4)


def test_minutes_of_danish_alone_tell_nothing_about_the_day(placed: Placed) -> None:
    record = placed.says("jens", "language", minutes=30)
    assert record.state is None
    assert (kept(placed)["state"], kept(placed)["said"], kept(placed)["language_minutes"]) == (None, None, 30)


# --- Any order, any repetition ------------------------------------------------------------------------------


def the_stream(placed: Placed) -> list[Spoken]:
    """A lively day: two mentors, mending within a day, talks in Danish, and the citizen's answers to both words."""
    jens, selam, lone = placed.plan.actor("jens"), placed.plan.actor("selam"), second_mentor(placed)
    told: list[tuple[Actor, str, int, dict[str, Any]]] = [
        (selam, "late", 0, {"minutes": 5}),
        (jens, "came", 10, {}),
        (lone, "language", 11, {"minutes": 45}),
        (jens, "language", 12, {"minutes": 30}),
        (selam, "wrong", 20, {"about": "no1", "words": "Jeg var sen"}),
        (lone, "late", 30, {"minutes": 10}),
        (jens, "language", 40, {"minutes": 15}),
        (jens, "late", 50, {"minutes": 5}),
        (selam, "right", 60, {"about": "no7"}),
        (lone, "language", 70, {"minutes": 60}),
    ]
    began = placed.plan.now - 80 * MINUTE
    return [
        Spoken(
            actor,
            Side.CITIZEN if actor is selam else Side.MENTOR,
            placed.given(what, id=f"no{number}", said_at=began + minute * MINUTE, **more),
        )
        for number, (actor, what, minute, more) in enumerate(told)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_shuffled_and_repeated_statements_end_in_one_record_and_one_row_each(
    engine: Engine, placed: Placed, seed: int
) -> None:
    chance = random.Random(seed)
    stream, at = the_stream(placed), where(placed, -1)
    arriving = [*stream, *chance.choices(stream, k=12)]
    chance.shuffle(arriving)
    for spoken in arriving:
        say(engine, placed, spoken, at, placed.plan.now + chance.randrange(50) * HOUR)
    rows = placed.statements(-1)
    assert [(row.id, row.said, row.minutes, row.by_id) for row in rows] == [
        (one.given.id, one.given.said, one.given.minutes, one.actor.person_id) for one in stream
    ]
    expected = {"state": "agreed", "said": "late", "minutes": SIX_HOURS - 5, "mentor_statement": "no7"}
    assert kept(placed, -1) == expected | {
        "excuse": None,
        "language_minutes": 75,
        "citizen_id": placed.plan.cast.selam,
        "day": placed.day(-1).day,
    }


def test_everybody_at_once_loses_nothing(engine: Engine, placed: Placed) -> None:
    """Every statement twice, each in its own session and thread; the record is that of all of them."""
    stream, at = the_stream(placed), where(placed, -1)
    results = together(*(lambda one=one: say(engine, placed, one, at, placed.plan.now) for one in 2 * stream))
    assert [one for one in results if not isinstance(one, Record)] == []
    assert [row.id for row in placed.statements(-1)] == [one.given.id for one in stream]
    assert (kept(placed, -1)["state"], kept(placed, -1)["language_minutes"]) == ("agreed", 75)


def test_two_mentors_at_once_are_both_heard(engine: Engine, placed: Placed) -> None:
    lone, jens, at = second_mentor(placed), placed.plan.actor("jens"), where(placed)
    for number in range(6):
        given = [placed.given("language", minutes=minutes, id=f"{number}-{minutes}") for minutes in (15, 30)]
        both = [Spoken(who, Side.MENTOR, what) for who, what in zip((jens, lone), given, strict=True)]
        now = placed.plan.now + number * MINUTE
        results = together(*(lambda one=one, now=now: say(engine, placed, one, at, now) for one in both))
        assert all(isinstance(one, Record) for one in results), results
        assert kept(placed)["language_minutes"] == 45
    assert len(placed.statements()) == 12


def test_citizen_and_mentor_at_once_agree(engine: Engine, placed: Placed) -> None:
    for number in range(-6, 0):
        at = where(placed, number)
        both = [
            Spoken(placed.plan.actor("selam"), Side.CITIZEN, placed.given("came")),
            Spoken(placed.plan.actor("jens"), Side.MENTOR, placed.given("came")),
        ]
        results = together(*(lambda one=one, at=at: say(engine, placed, one, at, placed.plan.now) for one in both))
        assert all(isinstance(one, Record) for one in results), results
        assert (kept(placed, number)["state"], len(placed.statements(number))) == ("agreed", 2)


def test_the_same_statement_at_once_is_one(engine: Engine, placed: Placed) -> None:
    at, spoken = where(placed), Spoken(placed.plan.actor("jens"), Side.MENTOR, placed.given("came"))
    results = together(*[lambda: say(engine, placed, spoken, at, placed.plan.now)] * 4)
    assert {type(one) for one in results} == {Record}
    assert len(placed.statements()) == 1


def test_two_members_of_staff_cannot_settle_past_each_other(engine: Engine, placed: Placed) -> None:
    placed.says("jens", "came")
    at, mette = where(placed), placed.plan.actor("mette")

    def settle(what: Given) -> Record:
        about = (*at, what)
        with writing_session(engine) as session, session.begin():
            return actions.settle(session, mette, placed.plan.subject, *about, seen=1, now=placed.plan.now)

    one, other = placed.given("came"), placed.given("late", minutes=300)
    results = together(lambda: settle(one), lambda: settle(other))
    assert sorted(type(one).__name__ for one in results) == ["Record", "StaleDay"]
    assert len(placed.statements()) == 2


# --- Other hours than planned -------------------------------------------------------------------------------


def test_hours_are_kept_as_moments_and_count_once_both_say_the_same(placed: Placed) -> None:
    placed.says("jens", "came", -1, began=time(1), ended=time(6, 30))
    day, one = placed.day(-1), placed.statements(-1)[0]
    assert (one.began_at, one.ended_at) == (day.begins_at + HOUR, day.ends_at + HOUR / 2)
    assert (kept(placed, -1)["state"], kept(placed, -1)["minutes"]) == ("citizen_next", 330)
    placed.says("selam", "came", -1)
    assert kept(placed, -1)["state"] == "citizen_next"
    placed.says("selam", "came", -1, began=time(1), ended=time(6, 30), now=placed.plan.now + MINUTE)
    assert (kept(placed, -1)["state"], kept(placed, -1)["minutes"]) == ("agreed", 330)


def test_her_yes_is_to_the_mentors_hours(placed: Placed) -> None:
    placed.says("jens", "came", -1, began=time(1), ended=time(5))
    placed.says("selam", "right", -1, about=kept(placed, -1)["mentor_statement"])
    assert (kept(placed, -1)["state"], kept(placed, -1)["minutes"]) == ("agreed", 240)


def test_the_planned_hours_are_no_other_hours(placed: Placed) -> None:
    placed.says("jens", "came", -1, began=time(0), ended=time(6))
    assert placed.statements(-1)[0].began_at is None
    placed.says("selam", "came", -1)
    assert kept(placed, -1)["state"] == "agreed"


def test_staff_settle_with_hours(placed: Placed) -> None:
    placed.says("jens", "came", -1)
    placed.says("selam", "wrong", -1, about=kept(placed, -1)["mentor_statement"], began=time(23), ended=time(7))
    assert kept(placed, -1)["state"] == "disputed"
    placed.settles("came", -1, seen=2, began=time(23, 30), ended=time(6))
    assert (kept(placed, -1)["state"], kept(placed, -1)["minutes"]) == ("settled", 390)


@pytest.mark.parametrize(
    "more",
    [
        {"began": time(1)},
        {"ended": time(5)},
        {"began": time(19), "ended": time(5)},
        {"began": time(1), "ended": time(11)},
        {"began": time(5), "ended": time(1)},
        {"began": time(12), "ended": time(14)},
    ],
)
def test_hours_that_cannot_be_are_refused_and_not_kept(placed: Placed, more: dict[str, time]) -> None:
    for name in ("jens", "selam"):
        with pytest.raises(BadStatement) as refused:
            placed.says(name, "came", -1, **more)
        assert refused.value.fault is Fault.HOURS
    with pytest.raises(BadStatement):
        placed.settles("came", -1, seen=0, **more)
    assert (placed.statements(-1), placed.record(-1)) == ([], None)


# --- The plan, where somebody has spoken of it --------------------------------------------------------------


def test_the_plan_stays_where_somebody_has_spoken(placed: Placed) -> None:
    placed.says("selam", "missed", 3, excuse="meeting")
    day = placed.day(3)
    before = (day.day, day.begins_at, day.cancelled_at)
    shift = shift_on(placed.today + timedelta(days=3), time(8), time(10), HERE)
    acts: Sequence[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = (
        (actions.cancel_day, (day.id,), {}),
        (actions.end_placement, (placed.today + timedelta(days=2),), {"seen_version": 1, "zone": HERE}),
    )
    for act, things, more in acts:
        with pytest.raises(DayIsSpokenOf):
            placed.plan.do("mette", act, placed.placement.id, *things, **more)
    plan = placed.plan
    with pytest.raises(DayIsSpokenOf):
        actions.move_day(plan.session, plan.actor("mette"), plan.subject, placed.placement.id, day.id, shift)
    plan.session.commit()  # what was refused is taken back although the rest is kept
    day = placed.plan.fresh(placed.day(3))
    assert (day.day, day.begins_at, day.cancelled_at) == before
    assert plan.fresh(placed.placement).version == 1
    plan.do("mette", actions.end_placement, placed.placement.id, day.day, seen_version=1, zone=HERE)
    assert placed.plan.fresh(placed.placement).last_day == day.day


def change_plan(engine: Engine, staff: Actor, subject: Subject, act: str, day: PlannedDay, seen: int) -> None:
    """Let staff change the plan in a session of their own, so that a day does not stay where it is."""
    with writing_session(engine) as session, session.begin():
        about = (session, staff, subject, day.placement_id)
        if act == "end":
            last_day, now = day.day - timedelta(days=1), day.begins_at
            actions.end_placement(*about, last_day, seen_version=seen, zone=HERE, now=now)
        elif act == "cancel":
            actions.cancel_day(*about, day.id, day.begins_at)
        else:
            actions.move_day(*about, day.id, shift_on(day.day, time(12), time(14), HERE))


@pytest.mark.parametrize("act", ["end", "cancel", "move"])
def test_who_speaks_while_staff_change_the_plan_is_never_lost(engine: Engine, placed: Placed, act: str) -> None:
    """Either her word is kept and the day stays, or the day goes and she is told so."""
    plan, mette, selam = placed.plan, placed.plan.actor("mette"), placed.plan.actor("selam")
    for number in (6, 4, 2):
        seen = plan.fresh(placed.placement).version
        day = plan.fresh(placed.day(number))
        plan.session.expunge(day)
        at, before = (day.placement_id, day.id), (day.begins_at, None)
        spoken = Spoken(selam, Side.CITIZEN, placed.given("missed", excuse="meeting"))
        staff, her = together(
            partial(change_plan, engine, mette, plan.subject, act, day, seen),
            partial(say, engine, placed, spoken, at, plan.now),
        )
        found = plan.fresh(placed.day(number))
        stays = (found.begins_at, found.cancelled_at) == before
        assert isinstance(staff, DayIsSpokenOf) is stays, (staff, her)
        assert stays or staff is None
        if stays or act == "move":  # a word that came after the move is about the new hours
            assert isinstance(her, Record)
        else:
            assert isinstance(her, DayIsCancelled)


# --- Staff settle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [0, 2])
def test_staff_do_not_settle_what_they_have_not_seen(placed: Placed, seen: int) -> None:
    placed.says("jens", "came")
    with pytest.raises(StaleDay):
        placed.settles("came", seen=seen)
    assert kept(placed)["state"] == "citizen_next"


def test_settling_twice_by_the_same_form_is_settling_once(placed: Placed) -> None:
    placed.says("jens", "came")
    placed.settles("late", seen=1, minutes=200, id="a-form")
    assert placed.settles("late", seen=1, minutes=200, id="a-form").state is RecordState.SETTLED
    assert len(placed.statements()) == 2


def test_an_absence_is_unexcused_only_after_she_has_spoken(placed: Placed) -> None:
    placed.says("jens", "missed", excuse="unknown")
    with pytest.raises(BadStatement) as refused:
        placed.settles("missed", seen=1, excuse="none")
    assert refused.value.fault is Fault.NOT_HEARD
    placed.says("selam", "missed", excuse="other", words="Jeg glemte det")
    placed.settles("missed", seen=2, excuse="none")
    assert (kept(placed)["state"], kept(placed)["excuse"], kept(placed)["minutes"]) == ("settled", "none", 0)


def test_only_who_arranges_her_placements_settles(placed: Placed) -> None:
    given = placed.given("came")
    for name in ("jens", "selam", "karen", "anders", "bodil"):
        with pytest.raises(Forbidden):
            placed.plan.do(name, actions.settle, placed.placement.id, placed.day().id, given, seen=0)


# --- Late words ---------------------------------------------------------------------------------------------


def test_a_mentor_cannot_mend_her_word_after_a_day(placed: Placed) -> None:
    first = placed.plan.now
    placed.says("jens", "missed", excuse="sick")
    placed.says("jens", "late", minutes=10, now=first + CORRECTION)
    with pytest.raises(TooLateToMend):
        placed.says("jens", "came", now=first + CORRECTION + MINUTE)
    assert (kept(placed)["said"], len(placed.statements())) == ("late", 2)


def test_a_mending_said_in_time_is_taken_when_it_arrives_late(placed: Placed) -> None:
    first = placed.plan.now
    placed.says("jens", "missed", excuse="sick")
    placed.says("jens", "came", said_at=first + 2 * HOUR, now=first + 5 * CORRECTION)
    assert (kept(placed)["said"], kept(placed)["excuse"]) == ("came", None)
    last = placed.statements()[-1]
    assert (last.said_at, last.arrived_at) == (first + 2 * HOUR, first + 5 * CORRECTION)


def test_an_old_word_that_arrives_late_is_kept_and_changes_nothing(placed: Placed) -> None:
    placed.says("jens", "came")
    placed.says("jens", "missed", excuse="sick", said_at=placed.plan.now - HOUR, number=-1)
    placed.says("jens", "late", minutes=5, number=-1)
    placed.says("jens", "came", said_at=placed.plan.now - HOUR / 2, number=-1)
    assert (kept(placed, -1)["said"], len(placed.statements(-1))) == ("late", 3)


def test_danish_and_the_citizens_word_are_never_too_late(placed: Placed) -> None:
    placed.says("jens", "came")
    later = placed.plan.now + 10 * CORRECTION
    placed.says("jens", "language", minutes=30, now=later)
    placed.says("selam", "wrong", about=kept(placed)["mentor_statement"], now=later)
    assert (kept(placed)["state"], kept(placed)["language_minutes"]) == ("disputed", 30)


@pytest.mark.parametrize(
    "wrong", [timedelta(days=-365 * 50), -OLDEST - MINUTE, timedelta(days=-2), timedelta(hours=1), timedelta(days=4000)]
)
@pytest.mark.parametrize("name", ["jens", "selam"])
def test_a_phone_whose_clock_is_far_off_is_still_heard(placed: Placed, name: str, wrong: timedelta) -> None:
    """By its clock she came before the day began, or will come; then what counts is when it arrived."""
    placed.says(name, "came", said_at=placed.plan.now + wrong)
    assert [row.said_at for row in placed.statements()] == [placed.plan.now]


def test_a_statement_is_not_taken_before_the_day_whatever_the_phones_clock_says(placed: Placed) -> None:
    tomorrow = placed.day(1)
    with pytest.raises(BadStatement) as refused:
        placed.says("jens", "came", number=1, now=tomorrow.begins_at - 2 * HOUR, said_at=tomorrow.begins_at)
    assert refused.value.fault is Fault.TOO_EARLY
    placed.says("selam", "missed", number=2, excuse="sick")
    assert kept(placed, 2)["state"] == "mentor_next"


# --- Whose day, which day -----------------------------------------------------------------------------------


def test_nobody_speaks_of_a_cancelled_day_but_a_repeated_word_is_known(placed: Placed) -> None:
    placed.says("jens", "came", id="said-before")
    placed.plan.do("mette", placements.cancel_day, placed.placement.id, placed.day().id)
    with pytest.raises(DayIsCancelled):
        placed.says("selam", "came")
    assert placed.says("jens", "came", id="said-before").state is RecordState.CITIZEN_NEXT
    assert len(placed.statements()) == 1


@pytest.mark.parametrize("wrong", ["placement", "day", "municipality", "citizen"])
def test_a_day_of_somebody_else_is_not_found(placed: Placed, wrong: str) -> None:
    plan, day, placement = placed.plan, placed.day().id, placed.placement.id
    actor, subject, mette = plan.actor("selam"), plan.subject, plan.actor("mette")
    if wrong == "placement":
        placement += 1
    if wrong == "day":
        day += 1000
    if wrong == "municipality":
        actor, subject = plan.actor("olena"), Subject(plan.cast.vandby, plan.cast.olena, frozenset({plan.cast.anders}))
        mette = plan.actor("anders")
    if wrong == "citizen":
        actor = plan.actor("yusuf")
        subject = Subject(plan.cast.solby, plan.cast.yusuf, frozenset({plan.cast.mette}))
    with pytest.raises(NotFound):
        actions.say(plan.session, actor, subject, placement, day, Side.CITIZEN, placed.given("came"), plan.now)
    with pytest.raises(NotFound):
        actions.settle(plan.session, mette, subject, placement, day, placed.given("came"), seen=0, now=plan.now)
    plan.session.rollback()
    assert placed.statements() == []


def test_a_mentor_speaks_only_where_she_helps(placed: Placed) -> None:
    """Jens is still among her people, as a language mentor, but no longer at this placement."""
    plan = placed.plan
    plan.do("mette", placements.end_mentor, placed.placement.id, plan.cast.jens, today=placed.today)
    with pytest.raises(NotFound):
        placed.says("jens", "came")
    assert placed.statements() == []


@pytest.mark.parametrize(("name", "side"), [("selam", Side.MENTOR), ("jens", Side.CITIZEN), ("selam", Side.STAFF)])
def test_nobody_speaks_as_somebody_else(placed: Placed, name: str, side: Side) -> None:
    with pytest.raises(NotFound):
        placed.plan.do(name, actions.say, placed.placement.id, placed.day().id, side, placed.given("came"))
    assert placed.statements() == []


@pytest.mark.parametrize("name", ["mette", "karen", "anders", "bodil", "olena"])
def test_others_do_not_speak_of_days(placed: Placed, name: str) -> None:
    with pytest.raises(Forbidden):
        placed.plan.do(name, actions.say, placed.placement.id, placed.day().id, Side.MENTOR, placed.given("came"))


def test_the_same_id_on_another_day_is_another_statement(placed: Placed) -> None:
    placed.says("jens", "came", id="again")
    placed.says("jens", "missed", number=-1, id="again", excuse="sick")
    assert (kept(placed)["said"], kept(placed, -1)["said"]) == ("came", "missed")
    assert [row.id for number in (0, -1) for row in placed.statements(number)] == ["again", "again"]


def test_the_same_id_on_the_same_day_changes_nothing(placed: Placed) -> None:
    placed.says("jens", "came", id="again")
    placed.says("jens", "late", id="again", minutes=30)
    assert [(row.said, row.minutes) for row in placed.statements()] == [("came", None)]


@pytest.mark.parametrize(
    ("name", "what", "more", "fault"),
    [
        ("jens", "right", {}, Fault.NOT_HERS),
        ("selam", "language", {"minutes": 30}, Fault.NOT_HERS),
        ("jens", "late", {"minutes": SIX_HOURS}, Fault.MINUTES),
        ("jens", "language", {"minutes": SIX_HOURS + 1}, Fault.MINUTES),
        ("jens", "missed", {}, Fault.EXCUSE),
        ("jens", "missed", {"excuse": "none"}, Fault.EXCUSE),
        ("selam", "missed", {"excuse": "unknown"}, Fault.EXCUSE),
    ],
)
def test_what_cannot_be_is_refused_and_not_kept(
    placed: Placed, name: str, what: str, more: dict[str, Any], fault: Fault
) -> None:
    with pytest.raises(BadStatement) as refused:
        placed.says(name, what, number=-1, **more)
    assert refused.value.fault is fault
    assert (placed.statements(-1), placed.record(-1)) == ([], None)


# --- What lists show of it ----------------------------------------------------------------------------------


def test_she_is_asked_to_confirm_days_that_still_stand(placed: Placed) -> None:
    for number in (-1, -2, -3):
        placed.says("jens", "came", number=number)
    placed.says("selam", "right", number=-1, about=kept(placed, -1)["mentor_statement"])
    placed.plan.do("mette", placements.cancel_day, placed.placement.id, placed.day(-3).id)
    about = (placed.plan.session, placed.plan.cast.solby, placed.plan.cast.selam)
    assert [row.id for row in queries.days_to_confirm(*about)] == [placed.day(-2).id]


def test_a_day_is_unsaid_until_a_mentor_speaks_or_staff_settle_it(placed: Placed) -> None:
    plan, first = placed.plan, placed.today - timedelta(days=5)
    placed.says("jens", "came", number=-1)
    placed.says("selam", "came", number=-2)
    placed.says("jens", "language", number=-3, minutes=30)
    placed.settles("came", -4, seen=0)
    before = placed.day(0).begins_at
    found = queries.unsaid_days(plan.session, plan.cast.solby, [placed.placement.id], first, before)
    row = found[placed.placement.id]
    assert (row.days, row.since) == (3, first)
    assert queries.unsaid_days(plan.session, plan.cast.vandby, [placed.placement.id], first, before) == {}


def test_lists_of_days_stay_within_the_municipality(placed: Placed) -> None:
    placed.says("jens", "missed", excuse="sick")
    placed.says("jens", "language", minutes=30)
    placed.says("selam", "wrong", about=kept(placed)["mentor_statement"])
    placed.says("jens", "came", number=-1)
    plan, ids, day = placed.plan, [placed.placement.id], placed.day()
    solby, vandby = plan.cast.solby, plan.cast.vandby
    asked: Sequence[Callable[[int], Any]] = (
        lambda town: queries.days_of(plan.session, town, ids, day.day, day.day),
        lambda town: queries.days_to_confirm(plan.session, town, plan.cast.selam),
        lambda town: queries.language_minutes_of(plan.session, town, ids),
        lambda town: queries.statements_of(plan.session, town, [day.id]),
    )
    assert [len(ask(solby)) for ask in asked] == [1, 1, 1, 1]
    assert [len(ask(vandby)) for ask in asked] == [0, 0, 0, 0]
    for name, count in (("mette", 1), ("karen", 1), ("anders", 0)):
        assert len(queries.disputed_days(plan.session, plan.actor(name), placed.today)) == count


def test_the_kept_record_is_the_one_that_all_statements_give(placed: Placed) -> None:
    placed.says("jens", "late", minutes=10)
    placed.says("selam", "right", about=kept(placed)["mentor_statement"])
    rows = queries.statements_of(placed.plan.session, placed.plan.cast.solby, [placed.day().id])[placed.day().id]
    record = rules.record_of(queries.as_statement(row) for row in rows)
    assert record.holds is not None
    day = placed.day()
    planned = minutes_between(day.begins_at, day.ends_at)
    assert kept(placed)["minutes"] == rules.minutes_present(planned, record.holds) == SIX_HOURS - 10
