"""Staff's pages of reminders: how a citizen is reached, whom to call, and the municipality's rules."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.meetings.models import Meeting
from citizen_app.people.models import AccessLogEntry
from citizen_app.reminders.models import Delivery, Reminder, ReminderRule
from citizen_app.reminders.rules import Channel, Note, ReminderKind
from tests.cast import Cast
from tests.due import reminder_row
from tests.plan import ON_SQLITE, Plan
from tests.reminders.conftest import Stage, stage

__all__ = ["stage"]

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def of_selam(stage: Stage, more: str = "") -> str:
    return f"/staff/citizens/{stage.cast.selam}/reminders{more}"


@pytest.fixture
def bodil(plan: Plan, client_of: Any) -> FlaskClient:
    plan.speak("bodil", "en")
    client: FlaskClient = client_of("bodil")
    return client


# --- One citizen --------------------------------------------------------------------------------------------


def test_a_citizens_page_leads_to_her_reminders(mette: FlaskClient, stage: Stage) -> None:
    assert f'href="{of_selam(stage)}"' in mette.get(f"/staff/citizens/{stage.cast.selam}").text


def test_staff_see_how_she_is_reached_what_went_out_and_what_comes(mette: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    stage.send("booked")
    page = mette.get(of_selam(stage)).text
    assert "Not reached" in page
    assert "Messages were never switched on." in page
    assert "Sent to the phone, not shown yet" in page
    assert "ትግርኛ" in page
    assert "The evening before a meeting" in page


def test_a_phone_that_shows_nothing_is_no_sure_way(mette: FlaskClient, stage: Stage, client_of: Any) -> None:
    client_of("selam")
    stage.meeting()
    stage.send("booked", "week")
    device = stage.phone()
    assert "Reached by phone" in mette.get(of_selam(stage)).text
    for row in stage.rows("sent"):
        keys = {"municipality_id": stage.cast.solby, "reminder_id": row.id, "device_id": device}
        stage.session.add(Delivery(**keys, channel="push", verdict="sent", at=datetime.now(UTC)))
    stage.session.commit()
    page = mette.get(of_selam(stage)).text
    assert "Perhaps not reached" in page
    assert "The last messages were not shown." in page


def test_the_morning_list_tells_of_a_meeting_soon_that_no_message_reaches(
    mette: FlaskClient, stage: Stage, client_of: Any
) -> None:
    sentence = "1 person with a meeting soon gets no messages on the phone"
    meeting = stage.meeting(starts_at=stage.now + timedelta(days=4), ends_at=stage.now + timedelta(days=4, hours=1))
    assert sentence not in mette.get("/staff").text
    times: dict[str, Any] = {
        "starts_at": stage.now + timedelta(days=1),
        "ends_at": stage.now + timedelta(days=1, hours=1),
    }
    stage.move(meeting, leave_home_at=None, **times)
    assert sentence in mette.get("/staff").text
    client_of("selam")
    stage.phone()
    assert sentence not in mette.get("/staff").text


def test_looking_is_logged(mette: FlaskClient, stage: Stage) -> None:
    mette.get(of_selam(stage))
    assert stage.session.scalars(select(AccessLogEntry.what)).all() == ["reminders"]


def test_switching_off_needs_a_reason_and_takes_back_what_waits(mette: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    assert mette.post(of_selam(stage, "/pause"), data={"reason": ""}).status_code == 422
    assert mette.post(of_selam(stage, "/pause"), data={"reason": "cpr 010190-1234"}).status_code == 422
    assert len(stage.rows()) == 4
    answer = mette.post(of_selam(stage, "/pause"), data={"reason": "Hun er på sygehuset"})
    assert (answer.status_code, answer.location) == (303, of_selam(stage))
    assert stage.rows() == []
    page = mette.get(of_selam(stage)).text
    assert "Hun er på sygehuset" in page
    assert "Switch them on again" in page
    assert mette.post(of_selam(stage, "/resume")).status_code == 303
    assert stage.kinds() == ["week", "evening", "morning"]


def test_a_teacher_reads_and_does_not_switch_off(client_of: Any, stage: Stage, plan: Plan) -> None:
    plan.speak("karen", "en")
    karen = client_of("karen")
    page = karen.get(of_selam(stage))
    assert page.status_code == 200
    assert "Switch the reminders off" not in page.text
    assert karen.post(of_selam(stage, "/pause"), data={"reason": "x"}).status_code == 403


@pytest.mark.parametrize("name", ["anders", "mette"])
def test_a_strangers_reminders_are_not_there(client_of: Any, stage: Stage, name: str) -> None:
    citizen = stage.cast.yusuf if name == "mette" else stage.cast.selam
    client = client_of(name)
    for more in ("", "/pause", "/resume"):
        method = "GET" if not more else "POST"
        answer = client.open(f"/staff/citizens/{citizen}/reminders{more}", method=method, data={"reason": "x"})
        assert answer.status_code == 404


# --- Whom to call -------------------------------------------------------------------------------------------


def let_call(stage: Stage, kind: str = "evening") -> int:
    stage.session.execute(update(Reminder).where(Reminder.kind == kind).values(state="call"))
    stage.session.commit()
    number: int = stage.rows("call")[0].id
    return number


def test_whom_nothing_reached_stands_on_the_list_until_somebody_has_called(mette: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    stage.send("booked")
    number = let_call(stage)
    assert "1 reminder reached nobody: please call" in mette.get("/staff").text
    page = mette.get("/staff/reach").text
    assert 'href="tel:+45 70 00 00 01"' in page
    assert f'action="/staff/reach/{number}/called"' in page
    for _time in range(2):
        assert mette.post(f"/staff/reach/{number}/called").location == "/staff/reach"
    assert "Nobody needs a call right now." in mette.get("/staff/reach").text
    found = stage.session.execute(select(Reminder.state, Reminder.channel).filter_by(id=number)).one()
    assert tuple(found) == ("sent", "call")
    assert stage.session.scalars(select(Delivery.channel)).all() == ["call"]
    stage.session.commit()
    assert "Called" in mette.get(of_selam(stage)).text


def test_a_meeting_that_has_been_needs_no_call_any_more(mette: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    let_call(stage)
    over = datetime.now(UTC) - timedelta(hours=1)
    stage.session.execute(update(Meeting).values(starts_at=over))
    stage.session.execute(update(Reminder).values(useless_at=over))
    stage.session.commit()
    assert "Nobody needs a call right now." in mette.get("/staff/reach").text


def test_citizens_who_are_not_surely_reached_are_named_with_what_to_do(
    mette: FlaskClient, client_of: Any, stage: Stage
) -> None:
    page = mette.get("/staff/reach").text
    assert "Selam" in page
    assert "Yusuf" not in page
    client_of("selam")
    stage.phone()
    assert "All your citizens are reached by phone." in mette.get("/staff/reach").text


def test_calls_for_a_stranger_are_not_there(client_of: Any, stage: Stage) -> None:
    stage.meeting()
    number = let_call(stage)
    anders = client_of("anders")
    assert "Selam" not in anders.get("/staff/reach").text
    assert anders.post(f"/staff/reach/{number}/called").status_code == 404
    waiting = stage.rows()[0].id
    assert client_of("mette").post(f"/staff/reach/{waiting}/called").status_code == 404


# --- The municipality's rules -------------------------------------------------------------------------------


def test_an_administrator_sees_the_usual_and_sets_her_own(bodil: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    stage.send("booked")
    page = bodil.get("/staff/reminders").text
    assert "Usual: 7 days before at 10:00." in page
    assert "Your own rule" not in page
    form = {"evening-is_on": "y", "evening-days_before": "2", "evening-at": "12:30"}
    assert bodil.post("/staff/reminders/evening", data=form).location == "/staff/reminders"
    assert "Your own rule" in bodil.get("/staff/reminders").text
    assert stage.kinds("cancelled") == ["evening"]
    assert bodil.post("/staff/reminders/booked", data={}).status_code == 303
    assert set(stage.session.scalars(select(ReminderRule.kind))) == {"evening", "booked"}


@ON_SQLITE
def test_a_municipality_chooses_when_mentors_are_asked_and_citizens_reminded_of_hours(
    bodil: FlaskClient, stage: Stage
) -> None:
    page = bodil.get("/staff/reminders").text
    assert "Usual: the same day at 17:30, then after one and after three days." in page
    assert "Usual: at 18:30, when there is something new." in page
    assert bodil.post("/staff/reminders/nudge", data={"nudge-is_on": "y", "nudge-at": "16:15"}).status_code == 303
    assert bodil.post("/staff/reminders/hours", data={"hours-at": "18:30"}).status_code == 303
    found = stage.session.execute(select(ReminderRule.kind, ReminderRule.is_on, ReminderRule.at)).all()
    assert sorted(found) == [("hours", False, time(18, 30)), ("nudge", True, time(16, 15))]


@ON_SQLITE
@pytest.mark.parametrize("kind", ReminderKind)
def test_every_kind_has_a_name_where_it_is_shown(client_of: Any, stage: Stage, kind: ReminderKind) -> None:
    cast = stage.cast
    row = reminder_row(cast.solby, cast.selam, NOON, kind=kind.value, state="sent", channel="push", sent_at=NOON)
    stage.session.add(Reminder(**row))
    stage.session.commit()
    staff = client_of("mette").get(f"/staff/citizens/{cast.selam}/reminders").text
    assert re.search(r"</bdi></td><td>\s*\w", staff)
    hers = client_of("selam").get("/reminders").text
    assert re.search(r"<strong>(<a [^>]*>)?\s*\w", hers.partition('class="list"')[2])


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("week", {"week-days_before": "0", "week-at": "10:00"}, "Write a number from 1 to 14."),
        ("week", {"week-days_before": "7", "week-at": ""}, "Write a time."),
        ("morning", {"morning-minutes_before": "1000"}, "Write a number from 10 to 240."),
    ],
)
def test_a_rule_that_cannot_be_is_explained(
    bodil: FlaskClient, stage: Stage, kind: str, typed: dict[str, str], sentence: str
) -> None:
    answer = bodil.post(f"/staff/reminders/{kind}", data=typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert stage.session.scalars(select(ReminderRule)).all() == []


@ON_SQLITE
def test_only_the_administrator_sets_rules(client_of: Any, bodil: FlaskClient) -> None:
    assert bodil.post("/staff/reminders/moved").status_code == 404
    for name in ("mette", "selam", "jens"):
        assert client_of(name).get("/staff/reminders").status_code == 403


def test_the_menu_of_the_administrator_leads_there(bodil: FlaskClient) -> None:
    assert 'href="/staff/reminders"' in bodil.get("/staff/accounts").text


def test_an_administrator_reads_what_this_computer_kept_instead_of_sending(
    settings: Settings, plan: Plan, session: Session, cast: Cast, tmp_path: Path
) -> None:
    own = Reminder(**reminder_row(cast.solby, cast.selam, NOON))
    foreign = Reminder(**reminder_row(cast.vandby, cast.olena, NOON))
    session.add_all([own, foreign])
    session.commit()
    for number, reminder in enumerate((own, foreign)):
        note = Note(Channel.SMS, "+4570000001", "", f"Ballan {reminder.id} https://x.dk/m/aB-9_z", reminder.id, NOON)
        (tmp_path / f"{number}.txt").write_text(note.written(), encoding="utf-8")
    app = create_app(replace(settings, outbox=tmp_path))
    text = plan.client(app, "bodil").get("/staff/reminders").text
    assert f"Ballan {own.id} https://x.dk/m/…" in text
    assert "aB-9_z" not in text  # it opens the door of a mentor, and of nobody else
    assert f"Ballan {foreign.id}" not in text
    app.extensions["engine"].dispose()


def test_where_messages_are_really_sent_there_is_no_outbox(settings: Settings, plan: Plan) -> None:
    app = create_app(replace(settings, outbox=None))
    assert 'id="outbox"' not in plan.client(app, "bodil").get("/staff/reminders").text
    app.extensions["engine"].dispose()
