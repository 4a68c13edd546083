"""Staff's meetings in their own calendar programme: neutral at first, and never more than one first name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.meetings import actions
from citizen_app.meetings.models import Meeting
from citizen_app.meetings.rules import Answer, MeetingFacts, Reply
from citizen_app.people.models import AccessLogEntry, Relation
from citizen_app.policy import Subject
from tests.cast import SINCE
from tests.plan import Plan

PAGE = "/staff/meetings/calendar"


def facts(now: datetime, kind: str = "job_talk") -> MeetingFacts:
    start = now + timedelta(days=1)
    return MeetingFacts(kind, start, start + timedelta(minutes=45), place="Indgang B", language="da", bring="CV")


@pytest.fixture
def meeting(plan: Plan) -> Meeting:
    """Mette's talk with Selam, tomorrow."""
    made: Meeting = plan.do("mette", actions.make_meeting, facts(plan.now))
    return made


@pytest.fixture
def programme(app: Flask) -> FlaskClient:
    return app.test_client()


def press(client: FlaskClient, wish: str) -> None:
    response = client.post(PAGE, data={"wish": wish})
    assert (response.status_code, response.location) == (303, PAGE)


def made(client: FlaskClient) -> str:
    press(client, "make")
    found = re.search(r'value="http://localhost(/calendar/[^"]+\.ics)"', client.get(PAGE).text)
    assert found
    return found[1]


def events(client: FlaskClient, at: str) -> list[Event]:
    response = client.get(at)
    assert response.status_code == 200
    return Calendar.from_ical(response.data).events


def make_group(plan: Plan) -> Meeting:
    made: Meeting = actions.make_group_meeting(
        plan.session, plan.actor("mette"), [plan.subject], facts(plan.now, "group"), plan.now
    )
    plan.session.commit()
    return made


def test_a_worker_takes_a_meeting_along_as_a_neutral_file(mette: FlaskClient, meeting: Meeting) -> None:
    assert f'href="/staff/meetings/{meeting.id}/meeting.ics"' in mette.get(f"/staff/meetings/{meeting.id}").text
    response = mette.get(f"/staff/meetings/{meeting.id}/meeting.ics")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert Calendar.from_ical(response.data).events[0].summary == "Appointment"
    for word in ("Selam", "Tesfay", "Indgang", "about work"):
        assert word not in response.text


def test_taking_a_meeting_along_is_logged(mette: FlaskClient, plan: Plan, meeting: Meeting) -> None:
    mette.get(f"/staff/meetings/{meeting.id}/meeting.ics")
    (logged,) = plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged == (plan.cast.selam, plan.cast.mette, "meeting")


def test_a_worker_may_let_her_calendar_name_the_citizen(
    mette: FlaskClient, programme: FlaskClient, meeting: Meeting
) -> None:
    at = made(mette)
    assert events(programme, at)[0].summary == "Appointment"
    press(mette, "say_more")
    for client, address in ((programme, at), (mette, f"/staff/meetings/{meeting.id}/meeting.ics")):
        response = client.get(address)
        (found,) = Calendar.from_ical(response.data).events
        assert (found.summary, found.location) == ("Talk about work · Selam", "Indgang B")
        assert "Tesfay" not in response.text
        assert "CV" not in response.text


def test_a_group_names_nobody(mette: FlaskClient, programme: FlaskClient, plan: Plan) -> None:
    group = make_group(plan)
    at = made(mette)
    press(mette, "say_more")
    for client, address in ((programme, at), (mette, f"/staff/meetings/{group.id}/meeting.ics")):
        response = client.get(address)
        (found,) = Calendar.from_ical(response.data).events
        assert found.status == "CONFIRMED"
        assert found.location == "Indgang B"
        assert "Selam" not in response.text


def test_what_one_of_a_group_answers_changes_no_other_calendar(
    mette: FlaskClient, programme: FlaskClient, plan: Plan
) -> None:
    group = make_group(plan)
    at = made(mette)
    tag = programme.get(at).headers["ETag"]
    answer(plan, group)
    assert programme.get(at, headers={"If-None-Match": tag}).status_code == 304


def answer(plan: Plan, meeting: Meeting) -> None:
    later = plan.now + timedelta(minutes=5)
    selam = plan.actor("selam")
    actions.answer_meeting(plan.session, selam, meeting.id, Reply(Answer.COMING), seen_version=1, now=later)
    plan.session.commit()


def test_the_citizens_answer_makes_a_talk_certain(
    mette: FlaskClient, programme: FlaskClient, plan: Plan, meeting: Meeting
) -> None:
    at = made(mette)
    (before,) = events(programme, at)
    answer(plan, meeting)
    (after,) = events(programme, at)
    assert (before.status, after.status) == ("TENTATIVE", "CONFIRMED")
    assert after.last_modified > before.last_modified


def test_a_meeting_is_the_same_event_for_both(mette: FlaskClient, selam: FlaskClient, meeting: Meeting) -> None:
    (hers,) = events(selam, f"/meetings/{meeting.id}/meeting.ics")
    (mettes,) = events(mette, f"/staff/meetings/{meeting.id}/meeting.ics")
    assert hers.uid == mettes.uid


def test_a_meeting_leaves_the_calendar_when_the_worker_leaves_the_citizen(
    mette: FlaskClient, programme: FlaskClient, plan: Plan, meeting: Meeting
) -> None:
    at = made(mette)
    for relation in plan.session.scalars(select(Relation).filter_by(person_id=plan.cast.mette)):
        relation.ended_on = SINCE
    plan.session.commit()
    assert events(programme, at) == []
    assert mette.get(f"/staff/meetings/{meeting.id}/meeting.ics").status_code == 404


def test_only_who_takes_part_gets_the_file(app: Flask, plan: Plan, meeting: Meeting) -> None:
    for stranger, status in (("karen", 404), ("anders", 404), ("selam", 403), ("jens", 403), ("bodil", 403)):
        client = plan.client(app, stranger)
        assert client.get(f"/staff/meetings/{meeting.id}/meeting.ics").status_code == status, stranger


def test_a_colleague_who_does_not_take_part_is_offered_no_file(app: Flask, plan: Plan, meeting: Meeting) -> None:
    text = plan.client(app, "karen").get(f"/staff/meetings/{meeting.id}").text
    assert "meeting.ics" not in text


@pytest.mark.usefixtures("meeting")
def test_a_worker_makes_renews_and_stops_her_address(mette: FlaskClient, programme: FlaskClient) -> None:
    assert f'href="{PAGE}"' in mette.get("/staff/meetings").text
    first = made(mette)
    press(mette, "renew")
    second = made(mette)
    assert programme.get(first).status_code == 404
    assert len(events(programme, second)) == 1
    press(mette, "stop")
    assert programme.get(second).status_code == 404
    assert mette.post(PAGE, data={"wish": "else"}).status_code == 422


@pytest.mark.usefixtures("meeting")
def test_the_address_stops_when_the_worker_has_ended(mette: FlaskClient, programme: FlaskClient, plan: Plan) -> None:
    at = made(mette)
    plan.speak("mette", "da", ended_on=datetime.now(UTC).date())
    assert programme.get(at).status_code == 404


@pytest.mark.usefixtures("meeting")
def test_a_worker_who_reads_neither_danish_nor_english_reads_english(
    mette: FlaskClient, programme: FlaskClient, plan: Plan
) -> None:
    at = made(mette)
    plan.speak("mette", "uk")
    press(mette, "say_more")
    assert events(programme, at)[0].summary == "Talk about work · Selam"


def test_other_roles_have_no_such_page(app: Flask, plan: Plan) -> None:
    for other in ("selam", "jens", "bodil"):
        assert plan.client(app, other).get(PAGE).status_code == 403


@pytest.mark.usefixtures("meeting")
def test_a_stranger_from_next_door_sees_only_her_own(
    app: Flask, programme: FlaskClient, session: Session, plan: Plan
) -> None:
    anders = plan.client(app, "anders")
    at = made(anders)
    assert events(programme, at) == []
    about_olena = Subject(plan.cast.vandby, plan.cast.olena, frozenset({plan.cast.anders}))
    actions.make_meeting(session, plan.actor("anders"), about_olena, facts(plan.now), plan.now)
    session.commit()
    assert len(events(programme, at)) == 1
