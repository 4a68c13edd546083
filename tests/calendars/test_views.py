"""The citizen's meetings in her own calendar programme: the file of one, the secret address, and what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from sqlalchemy import event, select

from citizen_app.calendars.models import CalendarFeed
from citizen_app.meetings import actions
from citizen_app.meetings.models import Meeting
from citizen_app.meetings.rules import Answer, Reply, Slot
from citizen_app.people.models import Person
from citizen_app.policy import Role
from tests.meetings.conftest import Stage, facts

SignedIn = Callable[[int], FlaskClient]
PAGE = "/calendar"


@pytest.fixture
def selam(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.selam, "en")
    return signed_in(stage.cast.selam)


@pytest.fixture
def programme(app: Flask) -> FlaskClient:
    """A calendar programme, which nobody is signed in on."""
    return app.test_client()


def press(client: FlaskClient, wish: str) -> None:
    response = client.post(PAGE, data={"wish": wish})
    assert (response.status_code, response.location) == (303, PAGE)


def address(client: FlaskClient) -> str:
    """The address that the page shows, without the host."""
    found = re.search(r'value="http://localhost(/calendar/[^"]+\.ics)"', client.get(PAGE).text)
    assert found
    return found[1]


def made(client: FlaskClient) -> str:
    press(client, "make")
    return address(client)


def events(client: FlaskClient, at: str) -> list[Event]:
    response = client.get(at)
    assert response.status_code == 200
    return Calendar.from_ical(response.data).events


def cancel(stage: Stage, meeting: Meeting, now: datetime | None = None) -> None:
    actions.cancel_meeting(
        stage.session,
        stage.mette,
        stage.about_selam,
        meeting.id,
        "Mette er syg",
        seen_version=meeting.version,
        now=now or stage.now,
    )
    stage.session.commit()


# --- One meeting --------------------------------------------------------------------------------------------


def test_a_meeting_can_be_taken_along_as_a_neutral_file(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    assert f'href="/meetings/{meeting.id}/meeting.ics"' in selam.get(f"/meetings/{meeting.id}").text
    response = selam.get(f"/meetings/{meeting.id}/meeting.ics")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'inline; filename="calendar.ics"'
    assert response.headers["Cache-Control"] == "no-store"
    (found,) = Calendar.from_ical(response.data).events
    assert (found.summary, found.status, found.start) == ("Appointment", "TENTATIVE", meeting.starts_at)
    for word in ("Mette", "Indgang", "CV", "about work", "Solby"):
        assert word not in response.text


def test_the_file_says_more_when_she_has_chosen_so(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting(how_to_find="Tag elevatoren")
    press(selam, "make")
    press(selam, "say_more")
    (found,) = events(selam, f"/meetings/{meeting.id}/meeting.ics")
    assert found.summary == "Talk about work · Mette"
    assert found.location == "Indgang B, 2. sal"
    assert found.description == "Tag elevatoren\nBring: CV"


def test_the_file_of_a_cancelled_meeting_takes_it_out(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    (before,) = events(selam, f"/meetings/{meeting.id}/meeting.ics")
    cancel(stage, meeting)
    assert "Take it out of my calendar" in selam.get(f"/meetings/{meeting.id}").text
    response = selam.get(f"/meetings/{meeting.id}/meeting.ics")
    assert b"METHOD:CANCEL\r\n" in response.data
    (after,) = Calendar.from_ical(response.data).events
    assert (after.uid, after.status) == (before.uid, "CANCELLED")
    assert after.sequence > before.sequence


def test_there_is_no_file_of_a_strangers_meeting_or_of_one_without_a_time(
    signed_in: SignedIn, selam: FlaskClient, stage: Stage
) -> None:
    meeting = stage.meeting()
    for stranger in (stage.cast.yusuf, stage.cast.olena):
        assert signed_in(stranger).get(f"/meetings/{meeting.id}/meeting.ics").status_code == 404
    assert signed_in(stage.cast.mette).get(f"/meetings/{meeting.id}/meeting.ics").status_code == 403
    assert selam.get(f"/meetings/{offered(stage).id}/meeting.ics").status_code == 404


def offered(stage: Stage) -> Meeting:
    known = facts(stage.now)
    slots = [Slot(known.starts_at + timedelta(days=day), known.ends_at + timedelta(days=day)) for day in (1, 2)]
    meeting = actions.make_meeting(stage.session, stage.mette, stage.about_selam, known, stage.now, offered=slots)
    stage.session.commit()
    return meeting


# --- The address --------------------------------------------------------------------------------------------


def test_the_page_makes_an_address_and_shows_it_again(selam: FlaskClient) -> None:
    assert f'href="{PAGE}"' in selam.get("/meetings").text
    assert "/calendar/" not in selam.get(PAGE).text.replace(PAGE, "")
    first = made(selam)
    assert f'href="webcal://localhost{first}"' in selam.get(PAGE).text
    assert address(selam) == first
    press(selam, "make")
    assert address(selam) == first
    assert selam.get(PAGE).headers["Cache-Control"] == "no-store"


def test_nothing_in_the_database_opens_the_calendar(selam: FlaskClient, stage: Stage) -> None:
    secret = made(selam).removesuffix(".ics").partition("-")[2]
    row = stage.session.execute(select(CalendarFeed.__table__)).one()
    stage.session.commit()
    assert secret not in str(row)
    assert row.nonce not in secret


def test_an_odd_press_is_refused(selam: FlaskClient) -> None:
    assert selam.post(PAGE, data={"wish": "everything"}).status_code == 422
    assert selam.post(PAGE).status_code == 422


def test_only_citizens_have_this_page(signed_in: SignedIn, stage: Stage) -> None:
    for other in (stage.cast.mette, stage.cast.jens, stage.cast.bodil):
        assert signed_in(other).get(PAGE).status_code == 403


def test_a_programme_reads_the_meetings_without_signing_in(
    selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    meeting = stage.meeting()
    response = programme.get(made(selam))
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in response.headers
    assert b"METHOD:PUBLISH\r\n" in response.data
    (found,) = Calendar.from_ical(response.data).events
    assert (found.summary, found.start, found.end) == ("Appointment", meeting.starts_at, meeting.ends_at)
    for word in ("Mette", "Indgang", "CV", "about work", "Solby"):
        assert word not in response.text


def test_the_feed_and_the_file_speak_of_the_same_event(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    assert events(selam, made(selam)) == events(selam, f"/meetings/{meeting.id}/meeting.ics")


def test_she_lets_the_calendar_say_more_and_less(selam: FlaskClient, programme: FlaskClient, stage: Stage) -> None:
    stage.meeting(how_to_find="Tag elevatoren")
    at = made(selam)
    press(selam, "say_more")
    (found,) = events(programme, at)
    assert (found.summary, found.location) == ("Talk about work · Mette", "Indgang B, 2. sal")
    assert found.description == "Tag elevatoren\nBring: CV"
    press(selam, "say_less")
    assert events(programme, at)[0].summary == "Appointment"


@pytest.mark.parametrize(
    ("more", "notes"),
    [
        ({"way": "phone", "place": "", "bring": ""}, "Mette calls you. Keep your phone near."),
        ({"way": "phone", "place": "", "bring": "", "link": "70 00 00 00"}, "70 00 00 00"),
        ({"way": "video", "place": "", "bring": "", "link": "https://video.example/1"}, "https://video.example/1"),
    ],
)
def test_a_full_title_tells_how_to_meet_without_a_place(
    selam: FlaskClient, programme: FlaskClient, stage: Stage, more: dict[str, Any], notes: str
) -> None:
    stage.meeting(**more)
    at = made(selam)
    press(selam, "say_more")
    (found,) = events(programme, at)
    assert (found.location, found.description) == (None, notes)


def test_a_new_address_stops_the_old_one_and_keeps_what_was_chosen(
    selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    stage.meeting()
    old = made(selam)
    press(selam, "say_more")
    press(selam, "renew")
    new = address(selam)
    assert programme.get(old).status_code == 404
    assert events(programme, new)[0].summary == "Talk about work · Mette"


def test_she_stops_it(selam: FlaskClient, programme: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    old = made(selam)
    press(selam, "say_more")
    press(selam, "stop")
    assert programme.get(old).status_code == 404
    press(selam, "renew")
    assert "webcal:" not in selam.get(PAGE).text
    assert events(programme, made(selam))[0].summary == "Appointment"
    assert programme.get(old).status_code == 404


def test_a_wrong_address_and_an_unknown_person_are_answered_alike(
    selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    right = made(selam)
    token = right.partition("-")[2]
    wrong = [right.replace(".ics", "x.ics"), right.replace(token, "A" * 43 + ".ics"), f"/calendar/99999-{token}"]
    wrong += [f"/calendar/{stage.cast.yusuf}-{token}", "/calendar/x.ics", "/calendar/.ics", "/calendar/-%C3%A6.ics"]
    token_of_form = re.compile(rb'"X-CSRFToken": "[^"]*"')  # tells the second it was made in
    found = map(programme.get, wrong)
    answers = {(response.status_code, token_of_form.sub(b"", response.data)) for response in found}
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_the_calendar_ends_with_the_person(selam: FlaskClient, programme: FlaskClient, stage: Stage) -> None:
    at = made(selam)
    person = stage.session.get_one(Person, stage.cast.selam)
    person.ended_on = stage.now.date() + timedelta(days=1)
    stage.session.commit()
    assert programme.get(at).status_code == 200
    person.ended_on = stage.now.date()
    stage.session.commit()
    assert programme.get(at).status_code == 404


def test_a_sign_out_does_not_matter_to_it(selam: FlaskClient, programme: FlaskClient) -> None:
    at = made(selam)
    selam.post("/sign-out")
    assert programme.get(at).status_code == 200


def test_the_calendar_ends_in_another_municipality_and_for_who_is_no_citizen_any_more(
    selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    at = made(selam)
    feed = stage.session.get_one(CalendarFeed, stage.cast.selam)
    feed.municipality_id = stage.cast.vandby
    stage.session.commit()
    assert programme.get(at).status_code == 404
    feed.municipality_id = stage.cast.solby
    stage.session.get_one(Person, stage.cast.selam).role = Role.MENTOR
    stage.session.commit()
    assert programme.get(at).status_code == 404


# --- What stands in it --------------------------------------------------------------------------------------


def test_a_moved_meeting_moves_in_the_calendar(selam: FlaskClient, programme: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    at = made(selam)
    (before,) = events(programme, at)
    stage.move(meeting, starts_at=meeting.starts_at + timedelta(days=2), ends_at=meeting.ends_at + timedelta(days=2))
    (after,) = events(programme, at)
    assert (after.uid, after.start) == (before.uid, before.start + timedelta(days=2))
    assert after.sequence > before.sequence


def test_her_answer_makes_it_certain_and_newer_but_no_other_meeting(
    selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    meeting = stage.meeting()
    at = made(selam)
    (before,) = events(programme, at)
    later = stage.now + timedelta(minutes=5)
    reply = Reply(Answer.COMING)
    actions.answer_meeting(stage.session, stage.selam, meeting.id, reply, seen_version=meeting.version, now=later)
    stage.session.commit()
    (after,) = events(programme, at)
    assert (before.status, after.status) == ("TENTATIVE", "CONFIRMED")
    assert after.last_modified == later.replace(microsecond=0)
    assert after.sequence == before.sequence


def test_a_cancelled_meeting_stays_as_cancelled_for_thirty_days(
    selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    meeting = stage.meeting()
    at = made(selam)
    (before,) = events(programme, at)
    cancel(stage, meeting)
    (after,) = events(programme, at)
    assert (after.uid, after.status) == (before.uid, "CANCELLED")
    assert after.sequence > before.sequence
    stage.session.get_one(Meeting, meeting.id).cancelled_at = stage.now - timedelta(days=31)
    stage.session.commit()
    assert events(programme, at) == []


def test_it_holds_the_last_thirty_days_and_the_next_four_hundred(
    selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    def at_day(days: int) -> None:
        start = stage.now + timedelta(days=days)
        when = start - timedelta(days=1)
        known = facts(when, starts_at=start, ends_at=start + timedelta(hours=1), leave_home_at=None)
        actions.make_meeting(stage.session, stage.mette, stage.about_selam, known, when)

    for days in (-31, -29, 1, 399, 401):
        at_day(days)
    stage.session.commit()
    starts = [found.start for found in events(programme, made(selam))]
    assert [round((start - stage.now) / timedelta(days=1)) for start in starts] == [-29, 1, 399]


def test_meetings_without_a_time_and_strangers_meetings_are_not_in_it(
    signed_in: SignedIn, selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    offered(stage)
    assert events(programme, made(selam)) == []
    stage.meeting()
    assert events(programme, made(signed_in(stage.cast.yusuf))) == []


def test_an_unchanged_calendar_is_not_sent_again(selam: FlaskClient, programme: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    at = made(selam)
    tag = programme.get(at).headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = programme.get(at, headers={"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    stage.move(meeting, bring="Pas")
    assert programme.get(at, headers={"If-None-Match": tag}).status_code == 200
    press(selam, "say_more")
    assert programme.get(at, headers={"If-None-Match": tag}).status_code == 200


def test_a_calendar_costs_two_statements_however_many_meetings(
    app: Flask, selam: FlaskClient, programme: FlaskClient, stage: Stage
) -> None:
    for hour in range(5):
        start = stage.now + timedelta(days=2, hours=hour)
        stage.meeting(starts_at=start, ends_at=start + timedelta(minutes=30), leave_home_at=None)
    at = made(selam)
    statements = []
    listen = (app.extensions["engine"], "before_cursor_execute", lambda *about: statements.append(about[2]))
    event.listen(*listen)
    assert len(events(programme, at)) == 5
    event.remove(*listen)
    assert len([statement for statement in statements if statement != "BEGIN"]) == 2


def test_the_calendar_speaks_her_language(selam: FlaskClient, programme: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    at = made(selam)
    press(selam, "say_more")
    stage.speak(stage.cast.selam, "ar")
    content = programme.get(at).data
    (found,) = Calendar.from_ical(content).events
    assert found.summary.endswith(" · Mette")
    assert not found.summary.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 75
