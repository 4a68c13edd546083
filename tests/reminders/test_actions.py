"""Reminders follow meetings, goals, wishes and pauses in the same transaction, and what went out is never lost."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from citizen_app.goals.actions import want_to_talk
from citizen_app.meetings import actions as meetings
from citizen_app.meetings.models import OfferedTime, Participant
from citizen_app.meetings.rules import Outcome, Slot
from citizen_app.people.models import Person, Relation
from citizen_app.policy import Forbidden, Role, Subject
from citizen_app.practice.models import WordCard
from citizen_app.reminders import actions
from citizen_app.reminders.models import Reminder, ReminderRule, ReminderWish
from citizen_app.reminders.rules import ReminderKind, Rule, Wishes
from tests.cast import SINCE, actor_for
from tests.plan import Plan
from tests.reminders.conftest import HERE, Stage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USUAL = ["booked", "week", "evening", "morning"]


# --- Meetings -----------------------------------------------------------------------------------------------


def test_booking_makes_the_reminders_of_the_citizen_and_of_nobody_else(stage: Stage) -> None:
    meeting = stage.meeting()
    assert stage.kinds() == USUAL
    people = set(stage.session.scalars(select(Reminder.person_id)))
    assert people == {stage.cast.selam}
    assert {row.about_version for row in stage.rows()} == {meeting.asked_version}
    assert stage.rows()[0].due_at == stage.now


def test_a_booking_that_is_taken_back_leaves_no_reminder(stage: Stage) -> None:
    mette = actor_for(stage.session, stage.cast.mette)
    meetings.make_meeting(stage.session, mette, stage.subject, stage.facts(), stage.now)
    stage.session.rollback()
    stage.session.commit()
    assert stage.rows("waiting", "cancelled") == []


def test_a_harmless_change_leaves_every_reminder_as_it_is(stage: Stage) -> None:
    meeting = stage.meeting()
    before = stage.rows()
    stage.move(meeting, bring="CV", interpreter_name="Abdi")
    assert stage.rows() == before
    assert stage.rows("cancelled") == []


def test_another_time_to_leave_home_moves_the_morning_only(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.send("booked")
    before = stage.rows()
    stage.move(meeting, leave_home_at=meeting.starts_at - 2 * HOUR)
    assert stage.rows()[:2] == before[:2]
    assert stage.kinds("cancelled") == ["morning"]
    assert stage.rows()[2].due_at < before[2].due_at


def test_a_moved_meeting_is_told_of_and_all_old_reminders_are_gone(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.send("booked")
    later = meeting.starts_at + 2 * DAY
    stage.move(meeting, after=HOUR, starts_at=later, ends_at=later + HOUR, leave_home_at=None)
    assert stage.kinds() == ["moved", "week", "evening", "morning"]
    assert stage.kinds("cancelled") == ["week", "evening", "morning"]
    assert {row.about_version for row in stage.rows()} == {2}
    assert stage.rows()[0].due_at == stage.now + HOUR


def test_another_place_asks_anew_although_the_moments_are_the_same(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.send("booked")
    before = {row.id for row in stage.rows()}
    stage.move(meeting, place="Indgang C")
    assert not before & {row.id for row in stage.rows()}
    assert stage.kinds() == ["moved", "week", "evening", "morning"]


def test_a_reminder_that_a_worker_has_in_hand_loses_its_lease(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.session.execute(update(Reminder).where(Reminder.kind == "booked").values(lease="token"))
    stage.session.commit()
    stage.move(meeting, place="Indgang C")
    (booked,) = (row for row in stage.rows("cancelled") if row.kind == "booked")
    assert booked.lease is None
    assert stage.kinds()[0] == "moved", "it may have rung already"


def test_a_cancelled_meeting_is_told_of_once(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.send("booked")
    stage.cancel(meeting, after=HOUR)
    assert stage.kinds() == ["cancelled"]
    stage.send("cancelled")
    stage.session.get_one(
        Participant, stage.session.scalar(select(Participant.id).filter_by(person_id=stage.cast.selam))
    )
    actions.plan_person(stage.session, stage.cast.solby, stage.cast.selam, stage.now + 2 * HOUR)
    stage.session.commit()
    assert stage.kinds() == []


def test_a_far_meeting_that_was_never_told_of_is_cancelled_silently(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.cancel(meeting)
    assert stage.kinds() == []


def test_who_cannot_come_gets_no_more_reminders_until_she_is_asked_anew(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.send("booked")
    stage.answer(meeting, "cannot")
    assert stage.kinds() == []
    stage.move(meeting, place="Indgang C")
    assert stage.kinds()[0] == "moved"


def test_who_says_yes_before_she_is_told_is_not_told_of_it(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.answer(meeting, "coming")
    assert stage.kinds() == ["week", "evening", "morning"]


def test_offered_times_ask_twice_and_choosing_one_brings_the_usual_reminders(stage: Stage) -> None:
    slots = [Slot(stage.now + days * DAY, stage.now + days * DAY + HOUR) for days in (10, 11)]
    meeting = stage.meeting(offered=slots)
    assert [(row.kind, row.due_at) for row in stage.rows()] == [
        ("booked", stage.now),
        ("booked", stage.now + 2 * DAY),
    ]
    stage.send("words")
    chosen = stage.session.scalars(select(OfferedTime.id).order_by(OfferedTime.starts_at)).all()[1]
    meetings.choose_time(stage.session, actor_for(stage.session, stage.cast.selam), meeting.id, chosen, now=stage.now)
    stage.session.commit()
    assert stage.kinds() == ["week", "evening", "morning"], "she has chosen herself and knows it"


def test_a_missed_meeting_brings_a_warm_word_unless_it_was_a_slip(stage: Stage) -> None:
    meeting = stage.meeting()
    after = meeting.ends_at + HOUR
    mette = actor_for(stage.session, stage.cast.mette)
    for outcome, found in ((Outcome.MISSED, ["missed"]), (Outcome.CAME, [])):
        meetings.record_outcome(stage.session, mette, stage.subject, meeting.id, stage.cast.selam, outcome, after)
        stage.session.commit()
        assert stage.kinds() == found


def test_a_citizen_invited_later_is_told_and_one_taken_out_is_left_in_peace(stage: Stage) -> None:
    mette = actor_for(stage.session, stage.cast.mette)
    group = meetings.make_group_meeting(stage.session, mette, [stage.subject], stage.facts(kind="group"), stage.now)
    stage.session.commit()
    stage.session.add(
        Relation(
            municipality_id=stage.cast.solby,
            citizen_id=stage.cast.yusuf,
            person_id=stage.cast.mette,
            role="case_worker",
            started_on=SINCE,
        )
    )
    stage.session.info["now"] = stage.now + HOUR
    yusuf = Subject(stage.cast.solby, stage.cast.yusuf, frozenset({stage.cast.mette}))
    meetings.invite(stage.session, mette, group, yusuf, stage.now + HOUR)
    stage.session.commit()
    assert stage.kinds() == ["booked", "booked", *["week"] * 2, *["evening"] * 2, *["morning"] * 2]
    stage.session.delete(stage.session.scalars(select(Participant).filter_by(person_id=stage.cast.yusuf)).one())
    stage.session.commit()
    assert stage.kinds() == USUAL


def test_booking_for_ten_costs_four_statements(stage: Stage) -> None:
    mette = actor_for(stage.session, stage.cast.mette)
    subjects = []
    for number in range(10):
        person = Person(
            municipality_id=stage.cast.solby, external_id=f"t{number}", role=Role.CITIZEN, given_name=f"T{number}"
        )
        stage.session.add(person)
        stage.session.flush()
        subjects.append(Subject(stage.cast.solby, person.id, frozenset({stage.cast.mette})))
    stage.session.commit()
    meetings.make_group_meeting(stage.session, mette, subjects, stage.facts(kind="group"), stage.now)
    stage.session.flush()
    counted: list[str] = []
    bind = stage.session.connection()
    event.listen(bind, "before_cursor_execute", lambda *arguments: counted.append(arguments[2]))
    stage.session.commit()
    assert len(stage.rows()) == 40
    assert len(counted) == 4, counted


# --- Goals --------------------------------------------------------------------------------------------------


def test_a_proposed_goal_is_reminded_of_until_it_is_answered(stage: Stage, plan: Plan) -> None:
    goal = plan.proposed()
    (row,) = stage.rows()
    assert row.kind == "goal"
    plan.agree("selam", goal)
    assert stage.rows() == []


def test_a_goal_the_citizen_wants_to_talk_about_is_not_reminded_of(stage: Stage, plan: Plan) -> None:
    goal = plan.proposed()
    plan.do("selam", want_to_talk, goal)
    assert stage.rows() == []


def test_a_draft_and_her_own_proposal_are_not_reminded_of(stage: Stage, plan: Plan) -> None:
    plan.draft()
    plan.proposed("selam")
    assert stage.rows() == []


# --- Wishes, pauses and rules -------------------------------------------------------------------------------


def test_a_pause_takes_everything_back_and_its_end_plans_what_is_ahead(stage: Stage) -> None:
    stage.meeting()
    mette = actor_for(stage.session, stage.cast.mette)
    actions.pause(stage.session, mette, stage.subject, "Hun er på sygehuset", stage.now)
    stage.session.commit()
    assert stage.rows() == []
    stage.meeting(starts_at=stage.now + 12 * DAY)
    assert stage.rows() == []
    actions.resume(stage.session, mette, stage.subject, stage.now + DAY)
    stage.session.commit()
    assert sorted(stage.kinds()) == sorted(["week", "evening", "morning"] * 2)


def test_pausing_twice_is_one_pause(stage: Stage) -> None:
    mette = actor_for(stage.session, stage.cast.mette)
    for reason in ("a", "b"):
        actions.pause(stage.session, mette, stage.subject, reason, stage.now)
    stage.session.commit()
    actions.resume(stage.session, mette, stage.subject, stage.now)
    stage.session.commit()
    stage.meeting()
    assert stage.kinds() == USUAL


@pytest.mark.parametrize("name", ["karen", "jens", "bodil", "anders", "selam"])
def test_only_staff_who_plan_with_her_may_pause(stage: Stage, name: str) -> None:
    with pytest.raises(Forbidden):
        actions.pause(stage.session, actor_for(stage.session, getattr(stage.cast, name)), stage.subject, "x", stage.now)
    stage.session.rollback()


def test_new_quiet_hours_move_what_waits(stage: Stage) -> None:
    stage.meeting()
    stage.send("booked")
    selam = actor_for(stage.session, stage.cast.selam)
    actions.set_wishes(stage.session, selam, Wishes(quiet_from=time(17), quiet_to=time(6)), stage.now)
    stage.session.commit()
    assert sorted(stage.kinds("cancelled")) == ["evening"]
    evening = next(row for row in stage.rows() if row.kind == "evening")
    assert evening.due_at.astimezone(HERE).hour == 6


def test_wishes_of_one_leave_the_others_in_a_group_alone(stage: Stage) -> None:
    mette = actor_for(stage.session, stage.cast.mette)
    yusuf = Subject(stage.cast.solby, stage.cast.yusuf, frozenset({stage.cast.mette}))
    meetings.make_group_meeting(stage.session, mette, [stage.subject, yusuf], stage.facts(kind="group"), stage.now)
    stage.session.commit()
    selam = actor_for(stage.session, stage.cast.selam)
    actions.set_wishes(stage.session, selam, Wishes(quiet_from=time(17), quiet_to=time(16)), stage.now)
    stage.session.commit()
    assert set(stage.session.scalars(select(Reminder.person_id).filter_by(state="cancelled"))) == {stage.cast.selam}


def test_a_new_rule_plans_all_that_is_ahead_anew(stage: Stage) -> None:
    stage.meeting()
    stage.send("booked")
    bodil = actor_for(stage.session, stage.cast.bodil)
    actions.set_rule(stage.session, bodil, ReminderKind.WEEK, Rule(is_on=False, days_before=7, at=time(10)))
    actions.plan_municipality(stage.session, stage.cast.solby, stage.now)
    stage.session.commit()
    assert stage.kinds() == ["evening", "morning"]
    actions.set_rule(stage.session, bodil, ReminderKind.WEEK, Rule(days_before=7, at=time(10)))
    stage.session.commit()
    assert stage.session.scalars(select(ReminderRule)).all() == [], "the usual rule needs no row"


# --- Words and trials ---------------------------------------------------------------------------------------


def wants_words(stage: Stage, **card: Any) -> None:
    usual = {"due_at": stage.now - HOUR, "answered_at": stage.now - 3 * DAY, "begun_at": stage.now - 5 * DAY}
    stage.session.add(
        ReminderWish(
            municipality_id=stage.cast.solby,
            person_id=stage.cast.selam,
            quiet_from=time(21),
            quiet_to=time(7),
            words_at=time(11),
        )
    )
    keys = {"municipality_id": stage.cast.solby, "person_id": stage.cast.selam, "word_key": "spand"}
    stage.session.add(WordCard(**keys, stability=1.0, difficulty=5.0, **{**usual, **card}))
    stage.session.commit()


def plan_words(stage: Stage, now: datetime) -> int:
    return actions.plan_words(stage.session, stage.cast.solby, "Europe/Copenhagen", now)


def test_words_are_told_of_once_a_day(stage: Stage) -> None:
    wants_words(stage)
    for _time in range(2):
        plan_words(stage, stage.now)
        stage.session.commit()
    assert stage.kinds() == ["words"]
    stage.send("words")
    assert plan_words(stage, stage.now + HOUR) == 0
    assert plan_words(stage, stage.now + DAY) == 1


@pytest.mark.parametrize("card", [{"due_days": 3}, {"answered_days": 0}])
def test_words_are_not_told_of_without_need(stage: Stage, card: dict[str, int]) -> None:
    due = {"due_at": stage.now + card["due_days"] * DAY} if "due_days" in card else {"answered_at": stage.now - HOUR}
    wants_words(stage, **due)
    assert plan_words(stage, stage.now) == 0


def test_words_wait_for_their_clock_and_for_the_end_of_a_pause(stage: Stage) -> None:
    wants_words(stage)
    assert plan_words(stage, stage.now - 2 * HOUR) == 0
    actions.pause(stage.session, actor_for(stage.session, stage.cast.mette), stage.subject, "x", stage.now)
    assert plan_words(stage, stage.now) == 0


def test_one_trial_at_a_time_waits(stage: Stage) -> None:
    selam = actor_for(stage.session, stage.cast.selam)
    for _time in range(2):
        actions.make_test(stage.session, selam, stage.now)
    stage.session.commit()
    assert stage.kinds() == ["test"]
    stage.send("test")
    actions.make_test(stage.session, selam, stage.now + timedelta(minutes=1))
    stage.session.commit()
    assert stage.kinds() == ["test"]
