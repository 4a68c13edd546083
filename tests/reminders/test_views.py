"""The citizen's page of reminders, and what her phone tells of a message."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from citizen_app.meetings.models import Meeting, Participant
from citizen_app.people.models import Person, SignIn
from citizen_app.push.models import Device
from citizen_app.reminders import actions
from citizen_app.reminders.models import Delivery, Reminder
from citizen_app.reminders.queries import wishes_of
from citizen_app.reminders.rules import Wishes
from tests.cast import actor_for
from tests.plan import HTMX, ON_SQLITE
from tests.reminders.conftest import Stage, told

FORM = {"quiet_from": "22:00", "quiet_to": "08:30", "words_at": "16:15"}


def parts(page: str) -> str:
    return page.split('id="heard"')[1].split("</section>", maxsplit=1)[0]


# --- The page -----------------------------------------------------------------------------------------------


def test_the_page_shows_the_switch_the_trial_the_wishes_and_the_record(selam: FlaskClient, stage: Stage) -> None:
    stage.meeting()
    stage.send("booked")
    page = selam.get("/reminders").text
    assert "<push-switch" in page
    assert "Let my phone ring" in page
    assert 'value="21:00"' in page
    assert "A new meeting" in page
    assert "Sent to your phone" in page
    assert "The evening before a meeting" not in page, "what is to come is no record"


def test_the_settings_lead_to_the_page(selam: FlaskClient, mette: FlaskClient) -> None:
    assert 'href="/reminders"' in selam.get("/settings").text
    assert 'href="/reminders"' not in mette.get("/settings").text


@ON_SQLITE
@pytest.mark.parametrize("name", ["mette", "jens", "bodil"])
def test_the_page_is_for_citizens(client_of: Any, name: str) -> None:
    assert client_of(name).get("/reminders").status_code == 403


def test_wishes_are_kept(selam: FlaskClient, stage: Stage) -> None:
    answer = selam.post("/reminders/wishes", data={**FORM, "tells_more": "y", "wants_words": "y"})
    assert (answer.status_code, answer.location) == (303, "/reminders")
    wanted = Wishes(time(22), time(8, 30), tells_more=True, words_at=time(16, 15))
    assert wishes_of(stage.session, stage.cast.solby, stage.cast.selam) == wanted
    stage.session.commit()
    assert 'value="08:30"' in selam.get("/reminders").text
    selam.post("/reminders/wishes", data=FORM)
    assert wishes_of(stage.session, stage.cast.solby, stage.cast.selam) == Wishes(time(22), time(8, 30))


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"quiet_from": ""}, "Write a time."),
        ({"quiet_to": "noon"}, "We did not understand"),
        ({"quiet_from": "12:00"}, "The quiet time can be 14 hours at most."),
        ({"wants_words": "y", "words_at": ""}, "Write a time."),
        ({"wants_words": "y", "words_at": "07:00"}, "Choose a time before 21:00, when it is not quiet."),
        ({"wants_words": "y", "words_at": "21:30"}, "Choose a time before 21:00, when it is not quiet."),
    ],
)
def test_wishes_that_cannot_be_are_explained(selam: FlaskClient, wrong: dict[str, str], sentence: str) -> None:
    answer = selam.post("/reminders/wishes", data={**FORM, **wrong})
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_pause_is_told_with_its_reason(selam: FlaskClient, stage: Stage) -> None:
    mette = actor_for(stage.session, stage.cast.mette)
    actions.pause(stage.session, mette, stage.subject, "Ferie i uge 30", stage.now)
    stage.session.commit()
    page = selam.get("/reminders").text
    assert "Mette has switched your reminders off." in page
    assert "Ferie i uge 30" in page


# --- Does the phone ring? -----------------------------------------------------------------------------------


def test_the_trial_goes_from_the_press_to_the_screen(selam: FlaskClient, stage: Stage) -> None:
    assert "every 2s" not in parts(selam.get("/reminders").text)
    answer = selam.post("/reminders/test")
    assert (answer.status_code, answer.location) == (303, "/reminders#heard")
    waiting = parts(selam.get("/reminders").text)
    assert "The message is on its way." in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert 'href="/reminders#heard"' in waiting, "without script one looks again"
    stage.send("test")
    sent = parts(selam.get("/reminders").text)
    assert "Did you hear it?" in sent
    assert "every 2s" not in sent
    stage.session.execute(update(Reminder).values(shown_at=stage.now))
    stage.session.commit()
    assert "The message was shown on your phone." in parts(selam.get("/reminders").text)
    assert "Switch off Do Not Disturb." in parts(selam.get("/reminders?heard=no").text)
    assert "You will hear from us" in parts(selam.get("/reminders?heard=yes").text)


def test_a_press_with_script_gets_the_piece(selam: FlaskClient) -> None:
    piece = selam.post("/reminders/test", headers=HTMX).text
    assert piece.lstrip().startswith("<section")
    assert "every 2s" in piece
    assert selam.get("/reminders", headers=HTMX).text.lstrip().startswith("<section")


def test_a_trial_that_reached_nothing_says_so(selam: FlaskClient, stage: Stage) -> None:
    selam.post("/reminders/test")
    stage.session.execute(update(Reminder).values(state="expired"))
    stage.session.commit()
    assert "The message did not reach a phone." in parts(selam.get("/reminders").text)


# --- What a phone tells -------------------------------------------------------------------------------------


@pytest.fixture
def sent(selam: FlaskClient, stage: Stage) -> tuple[int, int]:
    """A reminder that went to Selam's phone: its number and the phone's."""
    assert selam.get("/reminders").status_code == 200
    stage.meeting()
    stage.send("booked")
    device = stage.phone()
    reminder = stage.rows("sent")[0].id
    keys = {"municipality_id": stage.cast.solby, "reminder_id": reminder, "device_id": device}
    stage.session.add(Delivery(**keys, channel="push", verdict="sent", at=stage.now))
    stage.session.commit()
    return reminder, device


def test_a_shown_message_is_kept_once_and_the_phone_is_alive(
    client: FlaskClient, stage: Stage, sent: tuple[int, int]
) -> None:
    for _time in range(2):
        assert client.post("/reminders/shown", json=told(*sent)).status_code == 204
    shown = [
        stage.session.scalar(select(column).where(column.is_not(None)))
        for column in (Reminder.shown_at, Delivery.shown_at, Device.shown_at)
    ]
    assert None not in shown
    assert shown[0] == shown[1]


@pytest.mark.parametrize("answer", ["coming", "cannot", "late"])
def test_an_answer_from_the_screen_is_her_answer(
    client: FlaskClient, stage: Stage, sent: tuple[int, int], answer: str
) -> None:
    response = client.post("/reminders/answer", json=told(*sent, value=answer, at=0))
    assert (response.status_code, response.json) == (200, {"state": "saved"})
    assert stage.session.scalar(select(Participant.answer).filter_by(person_id=stage.cast.selam)) == answer
    stage.session.commit()
    assert ("evening" in stage.kinds()) == (answer != "cannot")
    assert client.post("/reminders/answer", json=told(*sent, value=answer)).json == {"state": "saved"}


def test_an_answer_that_comes_late_does_not_undo_a_newer_one(
    client: FlaskClient, stage: Stage, sent: tuple[int, int]
) -> None:
    client.post("/reminders/answer", json=told(*sent, value="cannot"))
    earlier = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000)
    assert client.post("/reminders/answer", json=told(*sent, value="coming", at=earlier)).status_code == 200
    assert stage.session.scalar(select(Participant.answer).filter_by(person_id=stage.cast.selam)) == "cannot"


def test_an_answer_to_what_no_longer_holds_is_told_so(client: FlaskClient, stage: Stage, sent: tuple[int, int]) -> None:
    meeting = stage.session.scalars(select(Participant.meeting_id)).first()
    row = stage.session.get_one(Meeting, meeting)
    stage.move(row, place="Indgang C")
    response = client.post("/reminders/answer", json=told(*sent, value="coming"))
    assert (response.status_code, response.json) == (409, {"state": "moved"})
    stage.cancel(row)
    assert client.post("/reminders/answer", json=told(*sent, value="coming")).json == {"state": "cancelled"}
    assert stage.session.scalar(select(Participant.answer).filter_by(person_id=stage.cast.selam)) is None


@pytest.mark.parametrize("what", ["ended", "expired", "signed out"])
def test_a_phone_that_is_signed_out_answers_no_more(
    client: FlaskClient, stage: Stage, sent: tuple[int, int], what: str
) -> None:
    ended_on, expired_at = stage.now.date() - timedelta(days=3), stage.now - timedelta(days=3)
    statement: Any = {
        "ended": update(Person).where(Person.id == stage.cast.selam).values(ended_on=ended_on),
        "expired": update(SignIn).values(expires_at=expired_at),
        "signed out": delete(SignIn),
    }[what]
    stage.session.execute(statement)
    stage.session.commit()
    assert client.post("/reminders/answer", json=told(*sent, value="coming")).status_code == 404
    assert client.post("/reminders/shown", json=told(*sent)).status_code == 204


def test_a_phone_that_passed_to_somebody_else_does_not_answer_for_her(
    client: FlaskClient, stage: Stage, sent: tuple[int, int], client_of: Any
) -> None:
    client_of("yusuf")
    other = stage.phone(stage.cast.yusuf)
    assert client.post("/reminders/answer", json=told(sent[0], other, value="coming")).status_code == 404


@pytest.mark.parametrize("address", ["/reminders/shown", "/reminders/answer"])
@ON_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "x"},
        {"key": "ø"},
        {"key": None},
        {"reminder": 99},
        {"reminder": "1"},
        {"reminder": True},
        {"reminder": 2**40},
        {"device": -1},
        {"device": None},
    ],
)
def test_who_cannot_prove_it_gets_nothing(
    client: FlaskClient, stage: Stage, sent: tuple[int, int], address: str, wrong: dict[str, Any]
) -> None:
    body = {**told(*sent, value="coming"), **wrong}
    assert client.post(address, json=body).status_code == 404
    assert stage.session.scalars(select(Participant.answer).where(Participant.answer.is_not(None))).all() == []


@ON_SQLITE
@pytest.mark.parametrize("body", ["text", [], 5, None, {}])
def test_what_is_no_message_is_not_found(client: FlaskClient, body: Any) -> None:
    assert client.post("/reminders/shown", json=body).status_code == 404
    assert client.post("/reminders/shown", data="x").status_code == 404


@ON_SQLITE
def test_a_value_that_is_no_answer_is_not_found(client: FlaskClient, sent: tuple[int, int]) -> None:
    for value in ("maybe", 5, None, ["coming"]):
        assert client.post("/reminders/answer", json=told(*sent, value=value)).status_code == 404


def test_a_phone_needs_no_form_token(app: Flask, stage: Stage, sent: tuple[int, int]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    assert client.post("/reminders/shown", json=told(*sent)).status_code == 204
    assert client.post("/reminders/answer", json=told(*sent, value="coming")).status_code == 200
    assert client.post("/reminders/wishes", data=FORM).status_code == 400
    stage.session.commit()
