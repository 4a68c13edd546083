"""Two people press at the same moment: one gets the time, the other a kind word, and nothing is half-saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import Meeting, MeetingEvent, OpenHours, Participant
from citizen_app.meetings.rules import Window
from citizen_app.people.models import Person, Relation
from citizen_app.policy import Role, Subject
from citizen_app.reminders.models import Reminder
from tests.cast import SINCE
from tests.meetings.conftest import SignedIn, Stage, facts
from tests.meetings.week import HOUR, at, coming_week, meet, offer


@pytest.fixture
def hers(stage: Stage) -> Meeting:
    """Selam's meeting with Mette, whose mornings are open."""
    hours = [Window(weekday, time(9), time(12)) for weekday in range(7)]
    actions.open_hours(stage.session, stage.mette, hours)
    return meet(stage, at(coming_week(stage)[6], 15))


@pytest.fixture
def his(stage: Stage) -> Meeting:
    """Yusuf's meeting with Mette, who has just begun to work with him."""
    cast = stage.cast
    relation = {"citizen_id": cast.yusuf, "person_id": cast.mette, "role": "case_worker", "started_on": SINCE}
    stage.session.add(Relation(municipality_id=cast.solby, **relation))
    starts_at = at(coming_week(stage)[6], 17)
    wanted = facts(stage.now, starts_at=starts_at, ends_at=starts_at + HOUR, leave_home_at=None)
    about = Subject(cast.solby, cast.yusuf, frozenset({cast.mette}))
    made = actions.make_meeting(stage.session, stage.mette, about, wanted, stage.now)
    stage.speak(cast.yusuf, "en")
    return made


def at_once(*presses: Callable[[], Any]) -> list[Any]:
    together = Barrier(len(presses))

    def press(one: Callable[[], Any]) -> Any:
        together.wait(timeout=20)
        return one()

    with ThreadPoolExecutor(len(presses)) as pool:
        return list(pool.map(press, presses))


def press_for(client: FlaskClient, meeting: Meeting, **pressed: Any) -> Callable[[], Any]:
    return lambda: client.post(f"/meetings/{meeting.id}/times", data=pressed)


def free_for(stage: Stage, person_id: int, meeting: Meeting) -> list[str]:
    slots = queries.free_times(stage.session, stage.actor(person_id), meeting, stage.now)
    stage.session.commit()
    return [slot.starts_at.isoformat() for slot in slots]


def everything(stage: Stage, meeting: Meeting) -> list[Sequence[Any]]:
    """All rows about a meeting, as the database has them."""
    tables = (Meeting.__table__, *(table.__table__ for table in (Participant, MeetingEvent, Reminder)))
    keys = (Meeting.id, Participant.meeting_id, MeetingEvent.meeting_id, Reminder.meeting_id)
    found = [
        stage.session.execute(select(table).where(key == meeting.id).order_by(table.c.id)).all()
        for table, key in zip(tables, keys, strict=True)
    ]
    stage.session.commit()
    return found


def test_two_citizens_and_one_free_time(signed_in: SignedIn, stage: Stage, hers: Meeting, his: Meeting) -> None:
    stage.speak(stage.cast.selam, "en")
    wanted, *others = free_for(stage, stage.cast.selam, hers)
    assert wanted in free_for(stage, stage.cast.yusuf, his)
    people = [(hers, stage.cast.selam), (his, stage.cast.yusuf)]
    before = [everything(stage, meeting) for meeting, _person in people]
    answers = at_once(*(press_for(signed_in(person), meeting, free=wanted) for meeting, person in people))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(place for place, answer in enumerate(answers) if answer.status_code == 409)
    winner = 1 - loser
    assert "This time is taken now. Please choose another one." in answers[loser].text
    assert f'value="{wanted}"' not in answers[loser].text
    assert f'value="{others[-1]}"' in answers[loser].text
    assert everything(stage, people[loser][0]) == before[loser]
    stage.session.expire_all()
    assert stage.session.get_one(Meeting, people[winner][0].id).starts_at.isoformat() == wanted


def test_one_citizen_with_two_phones_chooses_once(signed_in: SignedIn, stage: Stage) -> None:
    meeting = offer(stage, *(at(day, 10) for day in coming_week(stage)[:2]))
    numbers = [row.id for row in queries.offered_times(stage.session, meeting)]
    stage.session.commit()
    answers = at_once(*(press_for(signed_in(stage.cast.selam), meeting, offered=number) for number in numbers))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert [row.what for row in everything(stage, meeting)[2]] == ["made", "chosen"]


def test_a_double_press_at_the_same_moment_is_one_choice(signed_in: SignedIn, stage: Stage, hers: Meeting) -> None:
    wanted = free_for(stage, stage.cast.selam, hers)[0]
    clients = [signed_in(stage.cast.selam) for _phone in range(2)]
    answers = at_once(*(press_for(client, hers, free=wanted, request_id="once") for client in clients))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/meetings/{hers.id}")}
    assert [row.what for row in everything(stage, hers)[2]] == ["made", "chosen"]


def test_one_citizen_does_not_choose_the_same_hour_with_two_hosts(
    signed_in: SignedIn, stage: Stage, hers: Meeting
) -> None:
    """Two windows are open, each with a meeting of another host's: she can be at one place only."""
    cast = stage.cast
    stage.session.get_one(Person, cast.karen).role = Role.CASE_WORKER
    for weekday in range(7):
        window = {"weekday": weekday, "begins": time(9), "ends": time(12)}
        stage.session.add(OpenHours(municipality_id=cast.solby, person_id=cast.karen, **window))
    starts_at = at(coming_week(stage)[6], 17)
    wanted = facts(stage.now, starts_at=starts_at, ends_at=starts_at + HOUR, leave_home_at=None)
    with_karen = actions.make_meeting(stage.session, stage.actor(cast.karen), stage.about_selam, wanted, stage.now)
    stage.session.commit()
    moment = free_for(stage, cast.selam, hers)[0]
    assert moment in free_for(stage, cast.selam, with_karen)
    both = (hers, with_karen)
    answers = at_once(*(press_for(signed_in(cast.selam), meeting, free=moment) for meeting in both))
    assert sorted(answer.status_code for answer in answers) == [303, 409]


def test_a_move_by_staff_and_an_answer_at_once_leave_no_answer_to_the_old_time(
    signed_in: SignedIn, stage: Stage, hers: Meeting
) -> None:
    day = coming_week(stage)[6]
    typed = {"kind": "job_talk", "day": day.isoformat(), "start": "18:00", "end": "19:00", "way": "place", "place": "C"}
    more = {"language": "ti", "interpreter": "booked", "anyway": "y", "seen": 1}
    mette, selam = signed_in(stage.cast.mette), signed_in(stage.cast.selam)
    moved, answered = at_once(
        lambda: mette.post(f"/staff/meetings/{hers.id}/move", data={**typed, **more}),
        lambda: selam.post(f"/meetings/{hers.id}/answer", data={"value": "coming", "seen": 1}),
    )
    assert (moved.status_code, answered.status_code in {303, 409}) == (303, True)
    (meeting,), people, events, _reminders = everything(stage, hers)
    assert (meeting.starts_at, meeting.version) == (at(day, 18), 2)
    assert [one.answer for one in people] == [None, None]
    if answered.status_code == 303:
        assert events[-1].before["answers"][str(stage.cast.selam)]["answer"] == "coming"
