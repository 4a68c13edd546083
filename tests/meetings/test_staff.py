"""Staff's side of meetings: making, moving and cancelling on the page, who may, and what is logged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from citizen_app.meetings import actions
from citizen_app.meetings.models import Meeting
from citizen_app.meetings.rules import Answer, Reply, local_clock, local_day
from citizen_app.people.models import AccessLogEntry
from tests.meetings.conftest import Stage

SignedIn = Callable[[int], FlaskClient]
COPENHAGEN = "Europe/Copenhagen"


@pytest.fixture
def mette(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.mette, "en")
    return signed_in(stage.cast.mette)


def typed(stage: Stage, **other: Any) -> dict[str, Any]:
    usual = {
        "kind": "job_talk",
        "day": (local_day(stage.now, COPENHAGEN) + timedelta(days=2)).isoformat(),
        "start": "10:00",
        "end": "10:45",
        "place": "Indgang B, 2. sal",
        "language": "ti",
        "interpreter": "missing",
        "leave_home": "09:20",
    }
    return {**usual, **other}


def meetings(stage: Stage) -> list[Meeting]:
    stage.session.expire_all()
    found = list(stage.session.scalars(select(Meeting).order_by(Meeting.id)))
    stage.session.commit()
    return found


def new_address(stage: Stage) -> str:
    return f"/staff/citizens/{stage.cast.selam}/meetings/new"


def test_the_form_knows_the_citizens_language_and_need_of_an_interpreter(mette: FlaskClient, stage: Stage) -> None:
    text = mette.get(new_address(stage)).text
    assert '<option selected value="ti">' in text
    assert '<option selected value="missing">' in text


def test_a_case_worker_makes_a_meeting_and_the_citizen_sees_it(
    mette: FlaskClient, signed_in: SignedIn, stage: Stage
) -> None:
    response = mette.post(new_address(stage), data=typed(stage))
    (meeting,) = meetings(stage)
    assert (response.status_code, response.location) == (303, f"/staff/meetings/{meeting.id}")
    assert str(local_clock(meeting.starts_at, COPENHAGEN)) == "10:00:00"
    assert meeting.leave_home_at == meeting.starts_at - timedelta(minutes=40)
    assert "Selam can see it now." in mette.get(response.location).text
    assert "Indgang B, 2. sal" in signed_in(stage.cast.selam).get("/meetings").text


def test_a_double_press_makes_one_meeting(mette: FlaskClient, stage: Stage) -> None:
    data = typed(stage, request_id="once")
    first, second = (mette.post(new_address(stage), data=data) for _press in range(2))
    assert first.location == second.location
    assert len(meetings(stage)) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"end": "09:00"}, "The meeting ends before it begins."),
        ({"end": "18:01"}, "A meeting lasts 8 hours at most."),
        ({"day": "2026-01-05"}, "This time has passed."),
        ({"day": "0001-01-01"}, "This time has passed."),
        ({"day": "9999-12-31"}, "This is too far ahead."),
        ({"leave_home": "10:00"}, "One has to leave home before the meeting begins."),
        ({"place": ""}, "Write where you meet."),
        ({"place": "\u200f \u202e"}, "Write where you meet."),
        ({"place": "x" * 121}, "Write at most 120 letters."),
        ({"bring": "010190-1234"}, "This looks like a CPR number."),
        ({"day": ""}, "Choose a day."),
        ({"start": ""}, "Write when it begins."),
        ({"day": "tomorrow"}, 'id="day-error"'),
        ({"start": "25:00"}, 'id="start-error"'),
        ({"kind": "party"}, 'id="kind-error"'),
        ({"language": "xx"}, 'id="language-error"'),
    ],
)
def test_bad_input_is_explained_beside_its_field_and_kept(
    mette: FlaskClient, stage: Stage, wrong: dict[str, str], sentence: str
) -> None:
    data = typed(stage, how_to_find="Tag elevatoren 🙂", **wrong)
    response = mette.post(new_address(stage), data=data)
    assert response.status_code == 422
    assert sentence in response.text
    assert "Tag elevatoren 🙂" in response.text
    assert meetings(stage) == []


def test_a_clock_time_that_summer_time_skips_is_refused(mette: FlaskClient, stage: Stage) -> None:
    today = local_day(stage.now, COPENHAGEN)
    year = today.year if today < date(today.year, 3, 20) else today.year + 1
    last_of_march = date(year, 3, 31)
    sunday = last_of_march - timedelta(days=(last_of_march.weekday() + 1) % 7)
    wrong = {"day": sunday.isoformat(), "start": "02:30", "end": "03:30", "leave_home": ""}
    response = mette.post(new_address(stage), data=typed(stage, **wrong))
    assert response.status_code == 422
    assert "summer time begins" in response.text
    assert meetings(stage) == []


@pytest.mark.parametrize("name", ["karen", "jens", "bodil", "selam"])
def test_who_may_not_hold_meetings_makes_none(signed_in: SignedIn, stage: Stage, name: str) -> None:
    client = signed_in(getattr(stage.cast, name))
    assert client.get(new_address(stage)).status_code == 403
    assert client.post(new_address(stage), data=typed(stage)).status_code == 403
    assert meetings(stage) == []


def test_a_stranger_is_not_there(mette: FlaskClient, signed_in: SignedIn, stage: Stage) -> None:
    meeting = stage.meeting()
    assert mette.get(f"/staff/citizens/{stage.cast.yusuf}/meetings/new").status_code == 404
    assert mette.get(f"/staff/citizens/{stage.cast.olena}/meetings/new").status_code == 404
    anders = signed_in(stage.cast.anders)
    assert anders.get(f"/staff/meetings/{meeting.id}").status_code == 404
    assert anders.post(f"/staff/meetings/{meeting.id}/move", data=typed(stage, seen=1)).status_code == 404
    assert anders.post(f"/staff/meetings/{meeting.id}/cancel", data={"reason": "x", "seen": 1}).status_code == 404
    assert "Selam" not in anders.get("/staff/meetings").text


def test_a_reader_sees_the_meeting_and_changes_nothing(signed_in: SignedIn, stage: Stage) -> None:
    meeting = stage.meeting()
    karen = signed_in(stage.cast.karen)
    text = karen.get(f"/staff/meetings/{meeting.id}").text
    assert "Indgang B, 2. sal" in text
    assert f'action="/staff/meetings/{meeting.id}' not in text
    assert karen.post(f"/staff/meetings/{meeting.id}/move", data=typed(stage, seen=1)).status_code == 403
    assert karen.post(f"/staff/meetings/{meeting.id}/cancel", data={"reason": "x", "seen": 1}).status_code == 403
    assert meetings(stage)[0].version == 1


@pytest.mark.parametrize("name", ["selam", "jens", "bodil"])
def test_the_pages_of_staff_are_closed_to_others(signed_in: SignedIn, stage: Stage, name: str) -> None:
    meeting = stage.meeting()
    client = signed_in(getattr(stage.cast, name))
    assert client.get("/staff/meetings").status_code == 403
    assert client.get(f"/staff/meetings/{meeting.id}").status_code == 403


def test_looking_at_a_meeting_is_logged(mette: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    mette.get(f"/staff/meetings/{meeting.id}")
    logged = stage.session.execute(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged.all() == [(stage.cast.selam, stage.cast.mette, "meeting")]


def test_the_list_tells_the_answer_and_not_the_reason(mette: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    assert "Not answered" in mette.get("/staff/meetings").text
    reply = Reply(Answer.CANNOT, "sick", "ሓሚመ ኣለኹ", "ti")
    actions.answer_meeting(stage.session, stage.selam, meeting.id, reply, seen_version=1, now=stage.now)
    stage.session.commit()
    text = mette.get("/staff/meetings").text
    assert "Cannot come" in text
    assert "Is sick" not in text
    page = mette.get(f"/staff/meetings/{meeting.id}").text
    assert "Is sick" in page
    assert '<bdi dir="ltr">ሓሚመ ኣለኹ</bdi>' in page


def test_a_long_list_goes_on(mette: FlaskClient, stage: Stage) -> None:
    made = [stage.meeting().id for _number in range(51)]
    first = mette.get("/staff/meetings").text
    address = first.split('href="/staff/meetings?after=')[1].split('"')[0]
    second = mette.get(f"/staff/meetings?after={address}").text
    assert [n for text in (first, second) for n in made if f'/staff/meetings/{n}"' in text] == made


def test_moving_asks_again_and_the_history_tells_it(mette: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    actions.answer_meeting(stage.session, stage.selam, meeting.id, Reply(Answer.COMING), seen_version=1, now=stage.now)
    stage.session.commit()
    response = mette.post(f"/staff/meetings/{meeting.id}/move", data=typed(stage, place="Indgang C", seen=1))
    assert response.status_code == 303
    text = mette.get(response.location).text
    assert "Not answered" in text
    for told in ("Mette made the meeting", "Selam answered: comes", "Mette moved the meeting.", "→ Indgang C"):
        assert told in text


def test_a_stale_save_shows_both_versions(mette: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    stage.move(meeting, place="Indgang C")
    data = typed(stage, place="Indgang D", seen=1)
    response = mette.post(f"/staff/meetings/{meeting.id}/move", data=data)
    assert response.status_code == 409
    assert "nothing is lost" in response.text
    assert "Indgang C" in response.text
    assert 'value="Indgang D"' in response.text
    assert meetings(stage)[0].place == "Indgang C"
    assert 'name="seen" value="2"' in response.text
    assert mette.post(f"/staff/meetings/{meeting.id}/move", data={**data, "seen": 2}).status_code == 303
    assert meetings(stage)[0].place == "Indgang D"


def test_moving_with_bad_input_keeps_what_was_typed(mette: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    data = typed(stage, end="08:00", place="Indgang D", seen=1)
    response = mette.post(f"/staff/meetings/{meeting.id}/move", data=data)
    assert response.status_code == 422
    assert 'value="Indgang D"' in response.text
    assert "The meeting ends before it begins." in response.text
    assert meetings(stage)[0].version == 1


def test_cancelling_needs_a_reason_and_the_citizen_reads_it(
    mette: FlaskClient, signed_in: SignedIn, stage: Stage
) -> None:
    meeting = stage.meeting()
    address = f"/staff/meetings/{meeting.id}/cancel"
    for reason in ("", "010190-1234", "x" * 201):
        assert mette.post(address, data={"reason": reason, "seen": 1}).status_code == 422
    assert mette.post(address, data={"reason": "Mette er syg", "seen": 1}).status_code == 303
    selam = signed_in(stage.cast.selam)
    assert "Mette er syg" in selam.get("/meetings").text
    assert f'action="{address}"' not in mette.get(f"/staff/meetings/{meeting.id}").text


def test_a_stale_cancelling_shows_what_stands_now(mette: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    stage.move(meeting, place="Indgang C")
    response = mette.post(f"/staff/meetings/{meeting.id}/cancel", data={"reason": "Mette er syg", "seen": 1})
    assert response.status_code == 409
    assert "Indgang C" in response.text
    assert 'value="Mette er syg"' in response.text
    assert meetings(stage)[0].cancelled_at is None
