"""What a citizen sees of her meetings and what her answer does, with script and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from citizen_app.meetings import actions
from citizen_app.meetings.models import Meeting, MeetingEvent
from citizen_app.meetings.rules import Interpreter
from tests.meetings.conftest import Stage

HTMX = {"HX-Request": "true"}
SignedIn = Callable[[int], FlaskClient]


@pytest.fixture
def selam(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.selam, "en")
    return signed_in(stage.cast.selam)


def press(client: FlaskClient, meeting: Meeting, headers: Any = None, **typed: Any) -> Any:
    data = {"value": "coming", "seen": 1, **typed}
    return client.post(f"/meetings/{meeting.id}/answer", data=data, headers=headers)


def now_stands(stage: Stage, meeting: Meeting) -> tuple[str | None, str | None]:
    stage.session.expire_all()
    one = stage.part(meeting)
    found = (one.answer, one.answer_reason)
    stage.session.commit()
    return found


def test_a_citizen_finds_all_facts_on_the_card(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting(how_to_find="Tag elevatoren")
    for address in ("/meetings", f"/meetings/{meeting.id}"):
        text = selam.get(address).text
        for fact in ("Talk about work", "Mette", "case worker", "Indgang B, 2. sal", "Leave home at", "CV"):
            assert fact in text
        assert "interpreter booked" in text
        assert f'id="meeting-{meeting.id}"' in text
    assert "Tag elevatoren" in text
    assert "There may also be a letter" in text


def test_a_missing_interpreter_is_told(selam: FlaskClient, stage: Stage) -> None:
    stage.meeting(interpreter=Interpreter.MISSING)
    assert "no interpreter yet" in selam.get("/meetings").text


def test_the_first_card_says_that_it_is_the_next(selam: FlaskClient, stage: Stage) -> None:
    for days in (3, 4):
        start = stage.now + timedelta(days=days)
        stage.meeting(starts_at=start, ends_at=start + timedelta(hours=1))
    assert selam.get("/meetings").text.count("Your next meeting") == 1


def test_a_citizen_without_meetings_is_told_so(selam: FlaskClient) -> None:
    assert "You have no meetings now." in selam.get("/meetings").text


def test_without_script_an_answer_leads_back_to_the_meeting(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    response = press(selam, meeting)
    assert (response.status_code, response.location) == (303, f"/meetings/{meeting.id}")
    assert "You said: I come." in selam.get(response.location).text
    assert now_stands(stage, meeting) == ("coming", None)


def test_with_htmx_only_the_card_comes_back(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    response = press(selam, meeting, HTMX, shape="first")
    assert response.status_code == 200
    assert response.text.strip().startswith(f'<article class="card meeting" id="meeting-{meeting.id}"')
    assert "You said: I come." in response.text
    assert "Meeting tomorrow" in response.text
    assert "<nav" not in response.text
    assert "HX-Request" in response.headers["Vary"]
    assert response.headers["HX-Trigger"] == "meeting-answered"


def test_the_reasons_are_a_page_without_script_and_a_card_with_it(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    whole = selam.get(f"/meetings/{meeting.id}/cannot")
    piece = selam.get(f"/meetings/{meeting.id}/cannot?shape=later", headers=HTMX)
    for response in (whole, piece):
        assert response.text.count('name="reason"') == 6
        assert "HX-Request" in response.headers["Vary"]
    assert "<nav" in whole.text
    assert "<nav" not in piece.text
    assert 'name="shape" value="later"' in piece.text


@pytest.mark.parametrize(
    ("value", "reason", "sentence"),
    [
        ("late", "20", "You said: I am about 20 minutes late."),
        ("late", "", "You said: I am late."),
        ("cannot", "child", "You said: I cannot come."),
        ("cannot", "", "You said: I cannot come."),
    ],
)
def test_a_reason_is_one_press(selam: FlaskClient, stage: Stage, value: str, reason: str, sentence: str) -> None:
    meeting = stage.meeting()
    press(selam, meeting, value=value, reason=reason)
    assert sentence in selam.get(f"/meetings/{meeting.id}").text
    assert now_stands(stage, meeting) == (value, reason or None)


def test_a_citizens_own_words_keep_their_language(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    words = "<script>alert(1)</script> I have a fever 🤒"
    press(selam, meeting, value="cannot", reason="sick", note=words)
    one = stage.part(meeting)
    assert (one.answer_note, one.answer_note_language) == (words, "en")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"note": "x" * 201}, "This is too long."),
        ({"note": "my number is 010190-1234"}, "This looks like a CPR number."),
        ({"note": "hello", "reason": "10"}, "Choose one of the pictures."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_bad_input_is_explained_and_kept(
    selam: FlaskClient, stage: Stage, typed: dict[str, str], sentence: str, headers: dict[str, str]
) -> None:
    meeting = stage.meeting()
    response = press(selam, meeting, headers, **{"value": "cannot", "reason": "sick", **typed})
    assert response.status_code == 422
    assert sentence in response.text
    assert typed["note"] in response.text
    assert now_stands(stage, meeting) == (None, None)


@pytest.mark.parametrize("typed", [{"value": "perhaps"}, {"value": ""}, {"seen": "x"}, {"seen": ""}])
def test_an_answer_nobody_can_read_is_refused(selam: FlaskClient, stage: Stage, typed: dict[str, str]) -> None:
    meeting = stage.meeting()
    response = press(selam, meeting, **typed)
    assert response.status_code == 422
    assert "Please choose again." in response.text
    assert now_stands(stage, meeting) == (None, None)


def test_a_double_press_is_one_answer(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    first = press(selam, meeting, request_id="one")
    press(selam, meeting, request_id="two", value="cannot", reason="sick")
    again = press(selam, meeting, request_id="one")
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.location == first.location
    assert now_stands(stage, meeting) == ("cannot", "sick")
    events = select(func.count()).select_from(MeetingEvent).filter_by(what="answered")
    assert stage.session.scalar(events) == 2


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_answer_to_a_moved_meeting_shows_the_new_time(
    selam: FlaskClient, stage: Stage, headers: dict[str, str]
) -> None:
    meeting = stage.meeting()
    later = timedelta(days=1)
    stage.move(meeting, starts_at=meeting.starts_at + later, ends_at=meeting.ends_at + later)
    response = press(selam, meeting, headers)
    assert response.status_code == 409
    assert "The meeting has been moved." in response.text
    assert "New time. Before:" in response.text
    assert 'name="seen" value="2"' in response.text
    assert now_stands(stage, meeting) == (None, None)


def test_an_answer_to_a_cancelled_meeting_says_that_it_is_cancelled(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    actions.cancel_meeting(
        stage.session, stage.mette, stage.about_selam, meeting.id, "Mette er syg", seen_version=1, now=stage.now
    )
    stage.session.commit()
    response = press(selam, meeting)
    assert response.status_code == 409
    assert "This meeting is cancelled. You do not need to come." in response.text
    assert "Mette er syg" in response.text
    assert selam.get(f"/meetings/{meeting.id}/cannot").location == f"/meetings/{meeting.id}"


def test_a_meeting_that_is_over_stands_among_the_earlier_ones(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    stage.shift(meeting, -timedelta(days=3))
    assert "Earlier meetings" in selam.get("/meetings").text
    assert "<form" not in re.sub(r"(?s)<footer.*", "", selam.get(f"/meetings/{meeting.id}").text)
    response = press(selam, meeting)
    assert response.status_code == 409
    assert "The meeting is over." in response.text


def test_earlier_meetings_go_on_on_the_next_page(selam: FlaskClient, stage: Stage) -> None:
    made = [stage.meeting() for _number in range(21)]
    for number, meeting in enumerate(made, start=2):
        stage.shift(meeting, -timedelta(days=number))
    first = selam.get("/meetings").text
    address = first.split('href="/meetings?before=')[1].split('"')[0]
    second = selam.get(f"/meetings?before={address}").text
    shown = [meeting.id for text in (first, second) for meeting in made if f'/meetings/{meeting.id}"' in text]
    assert shown == [meeting.id for meeting in made]
    assert "?before=" not in second


def test_a_strangers_meeting_is_not_there(signed_in: SignedIn, stage: Stage) -> None:
    meeting = stage.meeting()
    for person_id in (stage.cast.yusuf, stage.cast.olena):
        client = signed_in(person_id)
        assert client.get(f"/meetings/{meeting.id}").status_code == 404
        assert client.get(f"/meetings/{meeting.id}/late").status_code == 404
        assert press(client, meeting).status_code == 404
    assert now_stands(stage, meeting) == (None, None)


@pytest.mark.parametrize("name", ["mette", "karen", "jens", "bodil"])
def test_these_pages_are_the_citizens_own(signed_in: SignedIn, stage: Stage, name: str) -> None:
    meeting = stage.meeting()
    client = signed_in(getattr(stage.cast, name))
    assert client.get("/meetings").status_code == 403
    assert client.get(f"/meetings/{meeting.id}").status_code == 403
    assert press(client, meeting).status_code == 403


def test_signed_out_one_is_led_to_the_sign_in(client: FlaskClient) -> None:
    assert client.get("/meetings").location == "/sign-in"


@pytest.mark.parametrize("language", ["ar", "ti", "da", "pl"])
def test_clocks_are_never_mirrored(signed_in: SignedIn, stage: Stage, language: str) -> None:
    stage.meeting()
    stage.speak(stage.cast.selam, language)
    text = signed_in(stage.cast.selam).get("/meetings").text
    assert re.search(r'<bdi dir="ltr">\d\d[.:]\d\d – \d\d[.:]\d\d</bdi>', text)
