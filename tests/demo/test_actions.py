"""The demo in a database: every state that the app knows can be found by trying it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.attendance.models import DayRecord, DayStatement
from citizen_app.attendance.queries import language_minutes_of, placements_needing_staff
from citizen_app.attendance.rules import RecordState, Said
from citizen_app.demo.actions import DemoIsLoaded, load
from citizen_app.demo.forms import read_story
from citizen_app.goals.models import Goal, GoalEvent, SmallStep, WritingTogether
from citizen_app.goals.queries import goals_needing_staff
from citizen_app.goals.rules import GoalStatus, Happening, Side, StepStatus, is_ours, is_stuck, waits_for
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.queries import upcoming_meetings
from citizen_app.meetings.rules import Answer, Interpreter, Outcome
from citizen_app.people.models import Municipality, Person
from citizen_app.people.queries import people_around
from citizen_app.placements.models import Placement, PlannedDay
from citizen_app.placements.queries import mentors_of, workplaces
from citizen_app.placements.rules import PlacementKind, PlacementState, state_of
from citizen_app.placements.rules import Side as Speaker
from citizen_app.texts.models import Rendering, Text
from tests.cast import actor_for

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What the story says is the same everywhere; that it can be loaded is tried on both."""
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)


@pytest.fixture
def loaded(session: Session) -> Session:
    load(session, read_story(NOW), password_cost=1)
    session.commit()
    session.expunge_all()
    return session


HARD_DAYS = [
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # the night of the clock change
    datetime(2026, 4, 7, 6, 0, tzinfo=UTC),  # the day after Easter
    datetime(2026, 6, 6, 22, 30, tzinfo=UTC),  # after midnight there, a Sunday
    datetime(2027, 1, 2, 12, 0, tzinfo=UTC),
    datetime(2027, 12, 26, 12, 0, tzinfo=UTC),
]


def person_called(session: Session, username: str) -> Person:
    person = session.scalar(select(Person).filter_by(username=username))
    assert person is not None
    return person


def test_goals_and_steps_are_in_every_state(loaded: Session) -> None:
    goals = loaded.scalars(select(Goal)).all()
    assert {goal.status for goal in goals} == set(GoalStatus)
    proposed = [goal for goal in goals if goal.status == GoalStatus.PROPOSED]
    assert {waits_for(goal) for goal in proposed} == set(Side)
    assert any(goal.wants_to_talk_at for goal in proposed)
    agreed = [goal for goal in goals if goal.status == GoalStatus.AGREED]
    assert all(is_ours(goal) for goal in agreed)
    assert any(is_stuck(goal.changed_at, NOW) for goal in agreed)
    drafts = {goal.id for goal in goals if goal.status == GoalStatus.DRAFT}
    assert drafts & set(loaded.scalars(select(WritingTogether.goal_id)))
    steps = loaded.scalars(select(SmallStep)).all()
    assert {step.status for step in steps} == set(StepStatus)
    ours = {goal.id for goal in agreed}
    assert {waits_for(step) for step in steps if step.goal_id in ours} == {*Side, None}
    assert any(step.too_big_at for step in steps)
    assert {step.face for step in steps} == {None, 1, 2, 3}


@on_one_database
def test_history_tells_almost_everything_that_can_happen(loaded: Session) -> None:
    told = set(loaded.scalars(select(GoalEvent.what)))
    assert set(Happening) - told == {Happening.OPENED_AGAIN, Happening.STEP_PUT_ASIDE}


@on_one_database
def test_meetings_have_every_answer(loaded: Session) -> None:
    meetings = loaded.scalars(select(Meeting)).all()
    citizens = loaded.scalars(select(Participant).filter_by(part="citizen")).all()
    assert {one.answer for one in citizens} == {*Answer, None}
    assert {one.outcome for one in citizens} >= {None, Outcome.CAME, Outcome.EXCUSED, Outcome.CANCELLED_BY_US}
    assert any(meeting.is_group for meeting in meetings)
    assert any(meeting.settled_at is None for meeting in meetings)
    assert {meeting.interpreter for meeting in meetings} == set(Interpreter)
    assert any(meeting.cancelled_at for meeting in meetings)
    assert any(meeting.moved_from for meeting in meetings)
    assert any(meeting.ends_at < NOW for meeting in meetings)
    tomorrow = NOW.date() + timedelta(days=1)
    assert {one.answer for one in citizens if one.starts_at.date() == tomorrow} == {
        None,
        Answer.COMING,
        Answer.LATE,
    }


@on_one_database
def test_own_words_have_a_danish_rendering_and_one_is_outdated(loaded: Session) -> None:
    rows = loaded.execute(
        select(Text.original_language, Text.version, Rendering.text_version)
        .join(Rendering, Rendering.text_id == Text.id)
        .where(Text.phrase_key.is_(None), Rendering.language == "da", Text.original_language != "da")
    ).all()
    assert {row.original_language for row in rows} >= {"ar", "uk", "tr", "fa", "so", "ti", "ku", "pl"}
    assert [row.original_language for row in rows if row.text_version < row.version] == ["uk"]


@on_one_database
def test_every_citizen_has_somebody_to_call_and_a_meeting_to_come_to(loaded: Session) -> None:
    citizens = loaded.scalars(select(Person).filter_by(role="citizen")).all()
    assert len(citizens) == 12
    assert sum(person.easy_reading for person in citizens) == 2
    assert [person.text_size for person in citizens if person.text_size != "normal"] == ["large"]
    for citizen in citizens:
        around = people_around(loaded, citizen.municipality_id, citizen.id, NOW.date())
        assert around[0].is_contact
        assert upcoming_meetings(loaded, citizen.municipality_id, citizen.id, NOW)
    open_goals = select(Goal.citizen_id).where(Goal.status.in_(["proposed", "agreed"]))
    assert set(loaded.scalars(open_goals)) == {citizen.id for citizen in citizens}


@on_one_database
def test_the_case_worker_finds_something_of_each_kind_on_her_morning_list(loaded: Session) -> None:
    mette = actor_for(loaded, person_called(loaded, "mette").id)
    waiting = goals_needing_staff(loaded, mette, NOW, NOW.date())
    assert any(goal.staff_agreed_at is None for goal in waiting)
    assert any(goal.has_waiting_step for goal in waiting)
    assert any(goal.has_too_big_step for goal in waiting)
    assert any(goal.wants_to_talk_at for goal in waiting)
    assert any(goal.status == GoalStatus.AGREED and not goal.has_ready_step for goal in waiting)
    assert any(is_stuck(goal.changed_at, NOW) for goal in waiting)


@on_one_database
def test_a_second_demo_is_refused(loaded: Session) -> None:
    with pytest.raises(DemoIsLoaded):
        load(loaded, read_story(NOW), password_cost=1)
    assert [place.name for place in loaded.scalars(select(Municipality))] == ["Lillestad Kommune"]


def days_by_person(loaded: Session, username: str) -> dict[int, DayRecord]:
    """Return what stands of somebody's planned days, -1 the last one before the loading."""
    wanted = select(DayRecord).filter_by(citizen_id=person_called(loaded, username).id).order_by(DayRecord.day.desc())
    return {-number: record for number, record in enumerate(loaded.scalars(wanted), start=1)}


@on_one_database
def test_amina_has_days_of_every_kind_and_one_that_waits_for_her(loaded: Session) -> None:
    days = days_by_person(loaded, "amina")
    assert {record.state for record in days.values()} == set(RecordState) - {RecordState.MENTOR_NEXT}
    assert [number for number, record in days.items() if record.state == RecordState.CITIZEN_NEXT] == [-1]
    assert [number for number, record in days.items() if record.state == RecordState.DISPUTED] == [-5]
    assert {(record.said, record.excuse) for record in days.values() if record.state == RecordState.AGREED} == {
        (Said.CAME, None),
        (Said.LATE, None),
        (Said.MISSED, "sick"),
    }
    assert days[-3].minutes == 6 * 60 - 15
    assert {record.placement_id for record in days.values()} == {days[-1].placement_id}
    used = language_minutes_of(loaded, days[-1].municipality_id, [days[-1].placement_id])
    assert used[days[-1].placement_id] == 4 * 60
    objection = loaded.scalars(select(DayStatement).filter_by(day_id=days[-5].day_id, said=Said.WRONG)).one()
    assert (objection.words_language, objection.excuse) == ("ar", "there")
    settled = loaded.scalars(select(DayStatement).filter_by(side=Speaker.STAFF)).one()
    assert settled.day_id == days[-9].day_id
    assert settled.words


@on_one_database
def test_placements_are_coming_running_and_over_and_one_has_no_mentor(loaded: Session) -> None:
    rows = loaded.scalars(select(Placement)).all()
    states = {state_of(row.starts_on, row.last_day, NOW.date()): row for row in rows}
    assert states.keys() == set(PlacementState)
    assert {row.kind for row in rows} == {PlacementKind.PLACEMENT, PlacementKind.TASTER, PlacementKind.RECRUITING}
    for row in rows:
        days = loaded.scalars(select(PlannedDay.day).filter_by(placement_id=row.id).order_by(PlannedDay.day)).all()
        assert (days[0], days[-1]) == (row.starts_on, row.last_day)
    coming = states[PlacementState.COMING]
    assert coming.kind == PlacementKind.RECRUITING
    assert not mentors_of(loaded, coming.municipality_id, coming.id, NOW.date())
    found = workplaces(loaded, coming.municipality_id, NOW.date())
    assert len(found) == 6
    free = {place.places - place.taken for place in found}
    assert 0 in free
    assert max(free) > 0


@on_one_database
def test_lone_has_been_silent_for_four_planned_days(loaded: Session) -> None:
    semhar = person_called(loaded, "semhar").id
    wanted = select(PlannedDay.id).filter_by(citizen_id=semhar).where(PlannedDay.day < NOW.date())
    planned = loaded.scalars(wanted.order_by(PlannedDay.day)).all()
    spoken = set(loaded.scalars(select(DayRecord.day_id).filter_by(citizen_id=semhar)))
    assert [day in spoken for day in planned[-6:]] == [True, True, False, False, False, False]
    mette = actor_for(loaded, person_called(loaded, "mette").id)
    needing = {row.given_name: row for row in placements_needing_staff(loaded, mette, NOW.date(), NOW)}
    assert needing["Semhar"].silent_since
    assert needing["Semhar"].language_used


@on_one_database
@pytest.mark.parametrize("now", HARD_DAYS, ids=lambda now: f"{now:%Y-%m-%d}")
def test_the_days_are_told_whatever_day_it_is_loaded_on(session: Session, now: datetime) -> None:
    load(session, read_story(now), password_cost=1)
    session.commit()
    days = days_by_person(session, "amina")
    assert days[-1].state == RecordState.CITIZEN_NEXT
    assert days[-5].state == RecordState.DISPUTED
    assert days[-9].state == RecordState.SETTLED
    assert len(days_by_person(session, "semhar")) >= 2
    assert all(said_at < now for said_at in session.scalars(select(DayStatement.said_at)))
