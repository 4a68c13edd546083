"""Agenda and minutes: who writes and reads what, two who write at once, and what belongs to another meeting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import AgendaPoint, Meeting, MinutesLine, Participant
from citizen_app.meetings.rules import AGENDA_LIMIT, Topic
from citizen_app.policy import NotFound, Subject
from citizen_app.texts.models import Text
from tests.meetings.conftest import SignedIn, Stage
from tests.plan import HTMX, ON_SQLITE

WORDS = "Selam ringer til køkkenet"


@pytest.fixture
def mette(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.mette, "en")
    return signed_in(stage.cast.mette)


@pytest.fixture
def selam(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.selam, "en")
    return signed_in(stage.cast.selam)


@pytest.fixture
def held(stage: Stage) -> Meeting:
    """A meeting that was two days ago."""
    meeting = stage.meeting()
    stage.shift(meeting, timedelta(days=-3))
    return meeting


def write(stage: Stage, meeting: Meeting, words: str = WORDS, person_id: int | None = None) -> int:
    doer = stage.part(meeting, person_id).id if person_id else None
    about = (stage.mette, stage.about_selam, meeting.id)
    line = actions.write_line(stage.session, *about, words, doer, stage.now)
    stage.session.commit()
    return line.id


def lines(stage: Stage, meeting: Meeting) -> list[tuple[str, str]]:
    stage.session.expire_all()
    found = queries.minutes_of(stage.session, stage.cast.solby, meeting.id, ("da",))
    stage.session.commit()
    return [(line.text.main.body, line.doer_name) for line in found]


def count(stage: Stage, table: Any) -> int:
    found = stage.session.scalar(select(func.count()).select_from(table)) or 0
    stage.session.commit()
    return found


# --- Minutes ------------------------------------------------------------------------------------------------


def test_a_stale_line_shows_both_wordings_and_overwrites_nothing(
    mette: FlaskClient, stage: Stage, held: Meeting
) -> None:
    address = f"/staff/meetings/{held.id}/minutes/{write(stage, held)}"
    assert mette.post(address, data={"body": "Først", "doer": "", "seen_version": 1}).status_code == 303
    response = mette.post(address, data={"body": "Derefter", "doer": "", "seen_version": 1})
    assert response.status_code == 409
    assert "Nothing is lost." in response.text
    for words in ("Først", "Derefter"):
        assert f">{words}<" in response.text
    assert 'name="seen_version" value="2"' in response.text
    assert lines(stage, held) == [("Først", "")]
    assert mette.post(address, data={"body": "Derefter", "doer": "", "seen_version": 2}).status_code == 303
    assert lines(stage, held) == [("Derefter", "")]


def test_a_stale_line_does_not_change_who_does_it(mette: FlaskClient, stage: Stage, held: Meeting) -> None:
    address = f"/staff/meetings/{held.id}/minutes/{write(stage, held, person_id=stage.cast.selam)}"
    doer = stage.part(held, stage.cast.mette).id
    stage.session.commit()
    assert mette.post(address, data={"body": "Nyt", "doer": doer, "seen_version": 7}).status_code == 409
    assert lines(stage, held) == [(WORDS, "Selam")]


@pytest.mark.parametrize("doer", ["0", "-1", "9" * 30, "x"])
@ON_SQLITE
def test_only_who_was_asked_is_given_something_to_do(
    mette: FlaskClient, stage: Stage, held: Meeting, doer: str
) -> None:
    response = mette.post(f"/staff/meetings/{held.id}/minutes", data={"body": WORDS, "doer": doer})
    assert response.status_code == 422
    assert WORDS in response.text
    assert count(stage, MinutesLine) == count(stage, Text) == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "Write a few words."),
        (" \u200f\n", "Write a few words."),
        ("æ" * 401, "This is too long."),
        ("010190-1234", "CPR"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
@ON_SQLITE
def test_a_line_nobody_can_keep_is_explained_and_stays_in_the_form(
    mette: FlaskClient, stage: Stage, held: Meeting, body: str, sentence: str, headers: dict[str, str]
) -> None:
    response = mette.post(f"/staff/meetings/{held.id}/minutes", data={"body": body, "doer": ""}, headers=headers)
    assert response.status_code == 422
    assert sentence in response.text
    assert body.strip(" \u200f\n") in response.text
    assert count(stage, MinutesLine) == count(stage, Text) == 0


def test_nobody_writes_about_what_has_not_begun(mette: FlaskClient, selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    response = mette.post(f"/staff/meetings/{meeting.id}/minutes", data={"body": WORDS, "doer": ""})
    assert (response.status_code, "has not begun yet" in response.text) == (409, True)
    assert count(stage, MinutesLine) == count(stage, Text) == 0
    assert selam.post(f"/staff/meetings/{meeting.id}/minutes", data={"body": WORDS}).status_code == 403


def test_a_line_of_another_meeting_is_not_there(mette: FlaskClient, stage: Stage, held: Meeting) -> None:
    other = stage.meeting()
    stage.shift(other, timedelta(days=-4))
    line = write(stage, held)
    base = f"/staff/meetings/{other.id}/minutes/{line}"
    assert mette.get(base).status_code == 404
    assert mette.post(base, data={"body": "x", "doer": "", "seen_version": 1}).status_code == 404
    assert mette.post(f"{base}/remove").status_code == 404
    about = (stage.mette, stage.about_selam, other.id, stage.session.get_one(MinutesLine, line).text_id, "ti", "x")
    with pytest.raises(NotFound):
        actions.say_in_language(stage.session, *about, stage.now)
    stage.session.rollback()
    assert lines(stage, held) == [(WORDS, "")]


def test_a_removed_line_takes_its_words_along(mette: FlaskClient, stage: Stage, held: Meeting) -> None:
    address = f"/staff/meetings/{held.id}/minutes/{write(stage, held)}/remove"
    pressed = {"request_id": "once"}
    assert [mette.post(address, data=pressed).status_code for _press in range(2)] == [303, 303]
    assert count(stage, MinutesLine) == count(stage, Text) == 0


def test_the_citizen_reads_what_was_agreed_with_her_and_no_other_does(
    selam: FlaskClient, signed_in: SignedIn, stage: Stage, held: Meeting
) -> None:
    write(stage, held, person_id=stage.cast.selam)
    assert WORDS in selam.get(f"/meetings/{held.id}").text
    assert WORDS in selam.get("/meetings").text
    for name in ("yusuf", "olena"):
        client = signed_in(getattr(stage.cast, name))
        assert client.get(f"/meetings/{held.id}").status_code == 404
        assert WORDS not in client.get("/meetings").text


def test_who_only_came_along_reads_nothing_of_it(signed_in: SignedIn, stage: Stage, held: Meeting) -> None:
    """Yusuf was there as a role model: the talk was Selam's."""
    guest = {"meeting_id": held.id, "person_id": stage.cast.yusuf, "part": "role_model", "starts_at": held.starts_at}
    stage.session.add(Participant(municipality_id=stage.cast.solby, **guest))
    write(stage, held, person_id=stage.cast.selam)
    client = signed_in(stage.cast.yusuf)
    assert client.get(f"/meetings/{held.id}").status_code == 200
    for address in ("/", "/meetings", f"/meetings/{held.id}"):
        assert WORDS not in client.get(address).text


# --- Agenda -------------------------------------------------------------------------------------------------


def test_two_presses_on_a_picture_are_one_point(selam: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    for _press in range(2):
        assert selam.post(f"/meetings/{meeting.id}/agenda", data={"topic": "home"}).status_code == 303
    assert count(stage, AgendaPoint) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"topic": "home", "words": "x" * 201}, "This is too long."),
        ({"topic": "home", "words": "010190-1234"}, "CPR"),
        ({"topic": "love", "words": "hello"}, "Please choose again."),
    ],
)
@ON_SQLITE
def test_a_point_nobody_can_keep_is_explained(
    selam: FlaskClient, stage: Stage, typed: dict[str, str], sentence: str
) -> None:
    meeting = stage.meeting()
    response = selam.post(f"/meetings/{meeting.id}/agenda", data=typed)
    assert (response.status_code, sentence in response.text) == (422, True)
    assert count(stage, AgendaPoint) == count(stage, Text) == 0


@ON_SQLITE
def test_a_full_agenda_takes_no_more_of_anybody(selam: FlaskClient, mette: FlaskClient, stage: Stage) -> None:
    meeting = stage.meeting()
    for number in range(AGENDA_LIMIT):
        about = (stage.selam, Subject(stage.cast.solby, stage.cast.selam), meeting.id, Topic.OTHER, f"Nr {number}")
        actions.add_point(stage.session, *about, stage.now)
    stage.session.commit()
    response = selam.post(f"/meetings/{meeting.id}/agenda", data={"topic": "home", "words": "et til"})
    assert (response.status_code, "There are ten things on the list already." in response.text) == (409, True)
    assert mette.post(f"/staff/meetings/{meeting.id}/agenda", data={"topic": "home", "words": ""}).status_code == 409
    assert (count(stage, AgendaPoint), count(stage, Text)) == (AGENDA_LIMIT, AGENDA_LIMIT)


def test_nobody_takes_anothers_point_away(
    selam: FlaskClient, mette: FlaskClient, signed_in: SignedIn, stage: Stage
) -> None:
    meeting = stage.meeting()
    selam.post(f"/meetings/{meeting.id}/agenda", data={"topic": "home", "words": "My rent"})
    number = stage.session.scalar(select(AgendaPoint.id))
    stage.session.commit()
    assert mette.post(f"/staff/meetings/{meeting.id}/agenda/{number}/remove").status_code == 404
    yusuf = signed_in(stage.cast.yusuf)
    assert yusuf.post(f"/meetings/{meeting.id}/agenda/{number}/remove").status_code == 404
    assert yusuf.post(f"/meetings/{meeting.id}/agenda", data={"topic": "home"}).status_code == 404
    assert "My rent" in selam.get(f"/meetings/{meeting.id}").text
    assert selam.post(f"/meetings/{meeting.id}/agenda/{number}/remove").status_code == 303
    assert count(stage, AgendaPoint) == count(stage, Text) == 0


def test_a_meeting_that_is_over_takes_no_points(selam: FlaskClient, stage: Stage, held: Meeting) -> None:
    response = selam.post(f"/meetings/{held.id}/agenda", data={"topic": "home"})
    assert (response.status_code, "The meeting is over." in response.text) == (409, True)
    assert count(stage, AgendaPoint) == 0
