"""A citizen chooses a time: one of those that were offered, or a free one of the host's, alone and at once with others.

Mette's hours are open all week, so that there are free times whatever the day.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import Meeting, MeetingEvent, OfferedTime, Participant
from citizen_app.meetings.rules import Happening, Part, Window
from citizen_app.policy import NotFound
from tests.meetings.conftest import SignedIn, Stage
from tests.meetings.week import HOUR, at, coming_week, offer

DAY = timedelta(days=1)
TAKEN = "This time is taken now."


@pytest.fixture
def selam(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.selam, "en")
    return signed_in(stage.cast.selam)


@pytest.fixture
def offered(stage: Stage) -> Meeting:
    """A talk that can be on Monday, on Tuesday or on Wednesday at ten."""
    return offer(stage, *(at(day, 10) for day in coming_week(stage)[:3]))


def numbers(stage: Stage, meeting: Meeting) -> list[int]:
    found = [row.id for row in queries.offered_times(stage.session, meeting)]
    stage.session.commit()
    return found


def open_all_week(stage: Stage) -> None:
    hours = [Window(weekday, time(9), time(12)) for weekday in range(7)]
    actions.open_hours(stage.session, stage.mette, hours)
    stage.session.commit()


def free(stage: Stage, meeting: Meeting) -> list[datetime]:
    slots = queries.free_times(stage.session, stage.selam, meeting, stage.now)
    stage.session.commit()
    return [slot.starts_at for slot in slots]


def choose(client: FlaskClient, meeting: Meeting, **pressed: Any) -> Any:
    return client.post(f"/meetings/{meeting.id}/times", data=pressed)


def stands(stage: Stage, meeting: Meeting) -> tuple[Any, ...]:
    """Everything that a choice changes, as the database has it."""
    stage.session.expire_all()
    row = stage.session.get_one(Meeting, meeting.id)
    people = queries.participants_of(stage.session, row)
    happened = stage.session.scalar(select(func.count()).select_from(MeetingEvent).filter_by(meeting_id=row.id))
    found = (
        row.starts_at,
        row.ends_at,
        row.version,
        row.settled_at,
        row.was_chosen,
        [(one.person_id, one.starts_at, one.answer) for one in people],
        happened,
        len(queries.offered_times(stage.session, row)),
    )
    stage.session.commit()
    return found


# --- Offered times ------------------------------------------------------------------------------------------


def test_the_offered_times_are_buttons_in_order(selam: FlaskClient, stage: Stage, offered: Meeting) -> None:
    text = selam.get(f"/meetings/{offered.id}/times").text
    places = [text.index(f'name="offered" value="{number}"') for number in numbers(stage, offered)]
    assert places == sorted(places)
    assert 'name="free"' not in text


def test_the_choice_is_her_yes_and_ends_the_offer(selam: FlaskClient, stage: Stage, offered: Meeting) -> None:
    tuesday = coming_week(stage)[1]
    response = choose(selam, offered, offered=numbers(stage, offered)[1])
    assert (response.status_code, response.location) == (303, f"/meetings/{offered.id}")
    starts_at, ends_at, version, settled_at, was_chosen, people, _happened, left = stands(stage, offered)
    assert (starts_at, ends_at) == (at(tuesday, 10), at(tuesday, 11))
    assert (version, was_chosen, left) == (2, True, 0)
    assert settled_at is not None
    assert people == [(stage.cast.selam, at(tuesday, 10), "coming"), (stage.cast.mette, at(tuesday, 10), None)]
    history = queries.history_of(stage.session, stage.cast.solby, offered.id)
    assert [past.what for past in history] == [Happening.MADE, Happening.CHOSEN]
    assert "New time. Before:" not in selam.get(response.location).text


def test_a_repeated_press_is_one_choice(selam: FlaskClient, stage: Stage, offered: Meeting) -> None:
    pressed = {"offered": numbers(stage, offered)[0], "request_id": "once"}
    first = choose(selam, offered, **pressed)
    after_one = stands(stage, offered)
    again = choose(selam, offered, **pressed)
    assert (again.status_code, again.location) == (first.status_code, first.location)
    assert stands(stage, offered) == after_one


def test_another_time_after_the_choice_is_told_kindly_and_changes_nothing(
    selam: FlaskClient, stage: Stage, offered: Meeting
) -> None:
    first, second, _third = numbers(stage, offered)
    choose(selam, offered, offered=first)
    chosen = stands(stage, offered)
    response = choose(selam, offered, offered=second)
    assert response.status_code == 409
    assert TAKEN in response.text
    assert stands(stage, offered) == chosen


def test_a_time_that_has_passed_is_neither_shown_nor_to_be_had(
    selam: FlaskClient, stage: Stage, offered: Meeting
) -> None:
    first, *later = numbers(stage, offered)
    row = stage.session.get_one(OfferedTime, first)
    row.starts_at, row.ends_at = stage.now - HOUR, stage.now
    stage.session.commit()
    before = stands(stage, offered)
    text = selam.get(f"/meetings/{offered.id}/times").text
    assert [f'value="{number}"' in text for number in (first, *later)] == [False, True, True]
    response = choose(selam, offered, offered=first)
    assert (response.status_code, TAKEN in response.text) == (409, True)
    assert stands(stage, offered) == before


@pytest.mark.parametrize(
    "pressed",
    [
        {},
        {"offered": ""},
        {"offered": "0"},
        {"offered": "-1"},
        {"offered": "9" * 30},
        {"offered": "monday"},
        {"free": ""},
        {"free": "tomorrow"},
        {"free": "2031-01-01T10:00"},
        {"free": "0001-01-01T00:00:00+14:00"},
        {"free": "9999-12-31T23:59:59-12:00"},
        {"free": "2031-01-01T10:00:00+00:00\0"},
    ],
)
def test_a_press_that_nobody_can_read_is_told_kindly(
    selam: FlaskClient, stage: Stage, offered: Meeting, pressed: dict[str, str]
) -> None:
    before = stands(stage, offered)
    response = choose(selam, offered, **pressed)
    assert response.status_code in {409, 422}
    assert TAKEN in response.text
    assert stands(stage, offered) == before


def test_nobody_chooses_for_another(signed_in: SignedIn, stage: Stage, offered: Meeting) -> None:
    number = numbers(stage, offered)[0]
    before = stands(stage, offered)
    for name, status in (("yusuf", 404), ("olena", 404), ("mette", 403)):
        client = signed_in(getattr(stage.cast, name))
        assert client.get(f"/meetings/{offered.id}/times").status_code == status
        assert choose(client, offered, offered=number).status_code == status
    assert stands(stage, offered) == before


def test_another_meetings_time_is_not_to_be_had(selam: FlaskClient, stage: Stage, offered: Meeting) -> None:
    week = coming_week(stage)
    other = offer(stage, at(week[3], 10), at(week[4], 10))
    assert choose(selam, offered, offered=numbers(stage, other)[0]).status_code == 409
    assert len(numbers(stage, offered)) == 3


def test_who_only_comes_along_does_not_choose(stage: Stage, offered: Meeting) -> None:
    """Yusuf is there as a role model: the time is Selam's to choose."""
    guest = {"meeting_id": offered.id, "person_id": stage.cast.yusuf, "part": Part.ROLE_MODEL.value}
    stage.session.add(Participant(municipality_id=stage.cast.solby, starts_at=offered.starts_at, **guest))
    stage.session.commit()
    with pytest.raises(NotFound):
        actions.choose_time(
            stage.session, stage.actor(stage.cast.yusuf), offered.id, numbers(stage, offered)[0], now=stage.now
        )


# --- Free times ---------------------------------------------------------------------------------------------


def test_she_moves_a_meeting_to_a_free_time_of_the_hosts(selam: FlaskClient, stage: Stage) -> None:
    open_all_week(stage)
    meeting = stage.meeting()
    wanted = free(stage, meeting)[-1]
    text = selam.get(f"/meetings/{meeting.id}/times").text
    assert f'name="free" value="{wanted.isoformat()}"' in text
    assert choose(selam, meeting, free=wanted.isoformat()).status_code == 303
    starts_at, ends_at, _version, _settled, was_chosen, people, *_rest = stands(stage, meeting)
    assert (starts_at, ends_at - starts_at, was_chosen) == (wanted, timedelta(minutes=45), True)
    assert [(when, answer) for _who, when, answer in people] == [(wanted, "coming"), (wanted, None)]
    assert stage.session.get_one(Meeting, meeting.id).leave_home_at == wanted - timedelta(minutes=40)


def test_a_time_nobody_has_opened_is_not_to_be_had(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    before = stands(stage, meeting)
    response = choose(selam, meeting, free=(stage.now + 5 * DAY).isoformat())
    assert (response.status_code, TAKEN in response.text) == (409, True)
    assert "There are no free times to show." in response.text
    assert stands(stage, meeting) == before


def test_a_cancelled_meeting_gets_no_new_time(selam: FlaskClient, stage: Stage) -> None:
    open_all_week(stage)
    meeting = stage.meeting()
    wanted = free(stage, meeting)[0]
    about = (stage.mette, stage.about_selam, meeting.id, "Syg")
    actions.cancel_meeting(stage.session, *about, seen_version=1, now=stage.now)
    stage.session.commit()
    before = stands(stage, meeting)
    assert selam.get(f"/meetings/{meeting.id}/times").location == f"/meetings/{meeting.id}"
    response = choose(selam, meeting, free=wanted.isoformat())
    assert (response.status_code, "The meeting is cancelled." in response.text) == (409, True)
    assert stands(stage, meeting) == before
