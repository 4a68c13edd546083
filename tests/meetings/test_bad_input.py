"""Whatever is sent to staff's forms: a clear answer, nothing half-saved, and what was typed stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from citizen_app.meetings.models import Meeting, MeetingEvent, OfferedTime, Participant
from citizen_app.meetings.rules import local_day
from tests.meetings.conftest import SignedIn, Stage
from tests.plan import ON_SQLITE

GROUP = "/staff/meetings/group"
HUGE = "9" * 30


@pytest.fixture
def mette(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.mette, "en")
    return signed_in(stage.cast.mette)


def typed(stage: Stage, **other: Any) -> dict[str, Any]:
    day = (local_day(stage.now, "Europe/Copenhagen") + timedelta(days=2)).isoformat()
    usual = {"kind": "job_talk", "day": day, "start": "10:00", "end": "10:45", "way": "place", "place": "Indgang B"}
    return {**usual, "language": "ti", "interpreter": "missing", "bring": "Brev 🙂", "anyway": "y", **other}


def new_address(stage: Stage) -> str:
    return f"/staff/citizens/{stage.cast.selam}/meetings/new"


def rows(stage: Stage) -> list[int]:
    """How many rows there are about meetings, by table."""
    tables = (Meeting, Participant, OfferedTime, MeetingEvent)
    found = [stage.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    stage.session.commit()
    return found


def refused(response: Any, stage: Stage, *sentences: str) -> None:
    """The answer explains itself and keeps what was typed, and no row was written."""
    assert response.status_code == 422
    for sentence in sentences:
        assert sentence in response.text
    assert 'value="Brev 🙂"' in response.text
    assert rows(stage) == [0, 0, 0, 0]


# --- How to reach each other --------------------------------------------------------------------------------

PHONE = "Write the phone number with digits and spaces only."
VIDEO = "Write the address of the video meeting."


@pytest.mark.parametrize(
    ("way", "link", "sentence"),
    [
        ("phone", "ring til mig", PHONE),
        ("phone", "70 00 00 00;ext=1", PHONE),
        ("phone", "++45 70 00 00 00", PHONE),
        ("phone", "70 00 + 00 00", PHONE),
        ("phone", "٧٠٠٠٠٠٠٠", PHONE),
        ("phone", "javascript:alert(1)", PHONE),
        ("phone", "+", PHONE),
        ("video", "", VIDEO),
        ("video", "https://", VIDEO),
        ("video", "https:///room", VIDEO),
        ("video", "http://video.example/room", VIDEO),
        ("video", "javascript:alert(1)//https://", VIDEO),
        ("video", "https://video.example@evil.example/", VIDEO),
        ("video", "https://video.example/room og så videre", VIDEO),
        ("video", "https://" + "a" * 300, "Write at most 300 letters."),
    ],
)
@ON_SQLITE
def test_a_number_is_digits_and_a_video_address_is_https(
    mette: FlaskClient, stage: Stage, way: str, link: str, sentence: str
) -> None:
    response = mette.post(new_address(stage), data=typed(stage, way=way, link=link))
    refused(response, stage, sentence, 'id="link-error"')
    meeting = stage.meeting()
    moved = mette.post(f"/staff/meetings/{meeting.id}/move", data=typed(stage, way=way, link=link, seen=1))
    assert (moved.status_code, sentence in moved.text) == (422, True)
    stage.session.expire_all()
    assert (stage.session.get_one(Meeting, meeting.id).way, meeting.version) == ("place", 1)


@pytest.mark.parametrize(
    ("way", "link"),
    [
        ("phone", ""),
        ("phone", "+45 70 00 00 00"),
        ("phone", "0045 70000000"),
        ("video", "https://video.example"),
        ("video", "https://video.example:8443/rum/7?code=a%20b#x"),
    ],
)
@ON_SQLITE
def test_the_citizen_can_press_what_was_accepted(
    mette: FlaskClient, signed_in: SignedIn, stage: Stage, way: str, link: str
) -> None:
    assert mette.post(new_address(stage), data=typed(stage, way=way, link=link)).status_code == 303
    text = signed_in(stage.cast.selam).get("/meetings").text
    pressed = "tel:" + link.replace(" ", "") if way == "phone" else link
    assert (f'href="{pressed}"' in text) is bool(link)


# --- Times --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"day": "0001-01-01", "start": "00:00"},
        {"day": "9999-12-31", "start": "23:50"},
        {"day": "1999-12-31", "start": "10:00"},
        {"day": "2031-02-30", "start": "10:00"},
        {"day": "10000-01-01", "start": "10:00"},
        {"day": "", "start": "10:00"},
        {"start": "10:00:99"},
        {"start": ""},
    ],
)
def test_another_time_to_offer_must_be_one(mette: FlaskClient, stage: Stage, other: dict[str, str]) -> None:
    good = typed(stage)
    offered = {f"others-0-{name}": value for name, value in {"day": good["day"], "start": "12:00", **other}.items()}
    refused(mette.post(new_address(stage), data={**good, **offered}), stage)


@pytest.mark.parametrize("start", ["10:00", "10:30"])
def test_times_to_choose_from_may_not_overlap(mette: FlaskClient, stage: Stage, start: str) -> None:
    good = typed(stage)
    data = {**good, "others-0-day": good["day"], "others-0-start": start}
    refused(mette.post(new_address(stage), data=data), stage, "Two of the times overlap.")


@pytest.mark.parametrize(("start", "end"), [("00:00", "00:00"), ("23:59", "00:10"), ("24:00", "25:00"), ("x", "y")])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2000-01-01"])
@ON_SQLITE
def test_odd_days_with_odd_clocks_are_explained(
    mette: FlaskClient, stage: Stage, day: str, start: str, end: str
) -> None:
    data = typed(stage, day=day, start=start, end=end, leave_home="00:00")
    refused(mette.post(new_address(stage), data=data), stage)


# --- People -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["olena", "anders", "yusuf", "mette", "0", "-1", "x", HUGE])
def test_only_people_around_the_citizen_are_asked_along(mette: FlaskClient, stage: Stage, who: str) -> None:
    number = getattr(stage.cast, who, who)
    refused(mette.post(new_address(stage), data=typed(stage, people=[str(number)])), stage)


@pytest.mark.parametrize("who", ["olena", "yusuf", "karen", "0", "x", HUGE])
def test_only_ones_own_citizens_are_called_to_a_group(mette: FlaskClient, stage: Stage, who: str) -> None:
    chosen = [str(stage.cast.selam), str(getattr(stage.cast, who, who))]
    refused(mette.post(GROUP, data=typed(stage, kind="group", citizens=chosen)), stage)


def test_who_is_ticked_twice_comes_once(mette: FlaskClient, stage: Stage) -> None:
    karen, selam = str(stage.cast.karen), str(stage.cast.selam)
    assert mette.post(new_address(stage), data=typed(stage, people=[karen, karen])).status_code == 303
    later = typed(stage, kind="group", start="13:00", end="14:00", citizens=[selam, selam])
    assert mette.post(GROUP, data=later).status_code == 303
    assert rows(stage)[:2] == [2, 3 + 2]


@ON_SQLITE
def test_ten_thousand_people_are_no_group(mette: FlaskClient, stage: Stage) -> None:
    many = [str(number) for number in range(10_000)]
    refused(mette.post(GROUP, data=typed(stage, kind="group", citizens=many)), stage)
    same = typed(stage, kind="group", citizens=[str(stage.cast.selam)] * 10_000)
    assert mette.post(GROUP, data=same).status_code == 303
    assert rows(stage)[:2] == [1, 2]


def test_an_empty_group_is_no_group(mette: FlaskClient, stage: Stage) -> None:
    refused(mette.post(GROUP, data=typed(stage, kind="group")), stage, "Choose at least one person.")


@pytest.mark.parametrize(("address", "kind"), [(GROUP, "job_talk"), ("", "group")])
@ON_SQLITE
def test_a_group_has_its_own_kinds(mette: FlaskClient, stage: Stage, address: str, kind: str) -> None:
    data = typed(stage, kind=kind, citizens=[str(stage.cast.selam)])
    refused(mette.post(address or new_address(stage), data=data), stage, 'id="kind-error"')


# --- Words and numbers --------------------------------------------------------------------------------------


def test_signs_that_nobody_sees_are_taken_out(mette: FlaskClient, stage: Stage) -> None:
    words = {"place": "B\0\x07\x1b[31m\u202e 2", "bring": "CV\r\nog\tbrev\u2066", "guest": "Din\0mor"}
    assert mette.post(new_address(stage), data=typed(stage, **words)).status_code == 303
    (meeting,) = stage.session.scalars(select(Meeting))
    assert (meeting.place, meeting.bring) == ("B[31m 2", "CV og brev")


@ON_SQLITE
def test_a_huge_text_is_explained_and_a_huger_one_is_too_large(mette: FlaskClient, stage: Stage) -> None:
    response = mette.post(new_address(stage), data=typed(stage, how_to_find="æ" * 20_000))
    refused(response, stage, "Write at most 200 letters.")
    response = mette.post(new_address(stage), data=typed(stage, how_to_find="x" * 9_000_000))
    assert (response.status_code, "This is too large." in response.text) == (413, True)
    assert rows(stage) == [0, 0, 0, 0]


@pytest.mark.parametrize("number", [HUGE, "2147483648", "-1", "0x1"])
def test_a_number_of_no_meeting_is_a_page_that_is_not_there(
    mette: FlaskClient, signed_in: SignedIn, stage: Stage, number: str
) -> None:
    selam = signed_in(stage.cast.selam)
    assert mette.get(f"/staff/meetings/{number}").status_code == 404
    assert mette.post(f"/staff/meetings/{number}/move", data=typed(stage, seen=1)).status_code == 404
    assert mette.get(f"/staff/citizens/{number}/meetings/new").status_code == 404
    assert selam.get(f"/meetings/{number}").status_code == 404
    assert selam.post(f"/meetings/{number}/times", data={"offered": 1}).status_code in {404, 405}
    assert selam.get(f"/meetings/doors/{number}.jpg").status_code == 404


@pytest.mark.parametrize("wrong", [{"seen": HUGE}, {"seen": ""}, {"seen": "x"}, {}])
def test_a_save_without_a_version_that_fits_changes_nothing(
    mette: FlaskClient, stage: Stage, wrong: dict[str, str]
) -> None:
    meeting = stage.meeting()
    response = mette.post(f"/staff/meetings/{meeting.id}/move", data=typed(stage, place="Indgang C", **wrong))
    assert response.status_code in {409, 422}
    assert 'value="Indgang C"' in response.text
    stage.session.expire_all()
    assert stage.session.get_one(Meeting, meeting.id).version == 1


@pytest.mark.parametrize("citizen", ["yusuf", "olena", "karen", HUGE, "", "x"])
@pytest.mark.parametrize(("path", "said"), [("answer", {"answer": "coming"}), ("outcome", {"outcome": "came"})])
@ON_SQLITE
def test_nothing_is_noted_about_who_is_not_in_the_meeting(
    mette: FlaskClient, stage: Stage, path: str, said: dict[str, str], citizen: str
) -> None:
    meeting = stage.meeting()
    number = getattr(stage.cast, citizen, citizen)
    before = rows(stage)
    response = mette.post(f"/staff/meetings/{meeting.id}/{path}", data={"citizen": number, **said})
    assert response.status_code == 422
    assert rows(stage) == before
