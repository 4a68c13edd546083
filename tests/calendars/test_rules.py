"""Calendar files: read again with the library, and looked at line by line as other programmes read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from citizen_app.calendars import rules
from citizen_app.calendars.rules import Entry, Telling
from citizen_app.meetings.rules import Answer

COPENHAGEN = "Europe/Copenhagen"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MADE = datetime(2026, 11, 1, 9, 30, 15, 123456, tzinfo=UTC)
SUMMER = datetime(2027, 7, 1, 8, tzinfo=UTC)
ARABIC = "محادثة عن العمل في البلدية مع المستشارة، الطابق الثاني؛ أحضري السيرة الذاتية وبطاقة الهوية"
TIGRINYA = "ብዛዕባ ስራሕ ዝግበር ርክብ፡ ሲቪኻን መለለይ ወረቐትካን ሒዝካ ምጻእ፡ ካልኣይ ደርቢ ብየማን ኣቢልካ እተው"


def row(**other: Any) -> Any:
    usual = {
        "id": 7,
        "made_at": MADE,
        "changed_at": MADE,
        "version": 1,
        "starts_at": SUMMER,
        "ends_at": SUMMER + timedelta(minutes=45),
        "cancelled_at": None,
        "is_group": False,
        "place": "Indgang B, 2. sal",
        "link": "",
        "answer": None,
        "citizen_given_name": "Selam",
    }
    return SimpleNamespace(**{**usual, **other})


def entry(answer: str | None = None, telling: Telling | None = None, **other: Any) -> Entry:
    return rules.entry_of(row(**other), answer, telling or Telling("Aftale"))


def written(*entries: Entry, timezone: str = COPENHAGEN) -> bytes:
    return rules.calendar_file(entries, timezone, "Mine aftaler", NOW)


def lines(content: bytes) -> list[str]:
    """The lines as they are meant, after unfolding."""
    return content.decode().replace("\r\n ", "").split("\r\n")


def event(content: bytes) -> Event:
    return Calendar.from_ical(content).events[0]


def test_a_meeting_stands_at_its_wall_clock_time_in_its_zone() -> None:
    content = written(entry())
    assert "DTSTART;TZID=Europe/Copenhagen:20270701T100000" in lines(content)
    assert "DTEND;TZID=Europe/Copenhagen:20270701T104500" in lines(content)
    again = event(content)
    assert (again.start, again.end) == (SUMMER, SUMMER + timedelta(minutes=45))


def test_every_event_says_which_it_is_and_of_what_age() -> None:
    content = lines(written(entry(version=3)))
    for line in ("SEQUENCE:3", "DTSTAMP:20261101T093015Z", "LAST-MODIFIED:20261101T093015Z"):
        assert line in content
    assert sum(line.startswith("UID:") for line in content) == 1


def test_there_is_no_alarm_since_the_app_reminds_by_itself() -> None:
    assert "VALARM" not in written(entry()).decode()


def test_the_uid_stays_when_a_meeting_moves_and_names_nothing() -> None:
    first, moved = entry(), entry(version=2, starts_at=SUMMER + timedelta(days=3), changed_at=NOW)
    assert first.uid == moved.uid
    assert moved.version > first.version
    assert entry(id=8).uid != first.uid
    assert entry(made_at=NOW).uid != first.uid


def test_the_uid_is_the_same_whatever_zone_the_database_answers_in() -> None:
    assert entry(made_at=MADE.astimezone(ZoneInfo(COPENHAGEN))).uid == entry().uid


@pytest.mark.parametrize(
    ("answer", "cancelled_at", "status", "transparency"),
    [
        (None, None, "TENTATIVE", "OPAQUE"),
        (Answer.COMING, None, "CONFIRMED", "OPAQUE"),
        (Answer.LATE, None, "CONFIRMED", "OPAQUE"),
        (Answer.CANNOT, None, "TENTATIVE", "TRANSPARENT"),
        (Answer.COMING, NOW, "CANCELLED", "TRANSPARENT"),
    ],
)
def test_the_status_follows_the_answer(
    answer: str | None, cancelled_at: datetime | None, status: str, transparency: str
) -> None:
    content = lines(written(entry(answer, cancelled_at=cancelled_at)))
    assert f"STATUS:{status}" in content
    assert f"TRANSP:{transparency}" in content


def test_a_file_is_published_and_a_cancelled_meeting_alone_takes_itself_out() -> None:
    stands, cancelled = entry(), entry(id=8, cancelled_at=NOW)
    assert "METHOD:PUBLISH" in lines(written(stands))
    assert "METHOD:CANCEL" in lines(written(cancelled))
    assert "METHOD:PUBLISH" in lines(written(stands, cancelled))


def test_lines_end_as_they_must_and_are_no_longer_than_75_octets() -> None:
    content = written(entry(telling=Telling(ARABIC, TIGRINYA, "\n".join([ARABIC, TIGRINYA] * 3))))
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no letter is cut in two


def test_foreign_letters_and_special_signs_survive() -> None:
    notes = f"{ARABIC}\nC:\\mappe; to, tre\n{TIGRINYA} 🙂"
    content = written(entry(telling=Telling(ARABIC, "Indgang B, 2. sal; til højre", notes)))
    assert f"SUMMARY:{ARABIC}" in lines(content)
    assert "LOCATION:Indgang B\\, 2. sal\\; til højre" in lines(content)
    assert f"DESCRIPTION:{ARABIC}\\nC:\\\\mappe\\; to\\, tre\\n{TIGRINYA} 🙂" in lines(content)
    again = event(content)
    assert (again.summary, again.location, again.description) == (ARABIC, "Indgang B, 2. sal; til højre", notes)


def test_what_is_not_said_has_no_line() -> None:
    content = written(entry()).decode()
    assert "LOCATION" not in content
    assert "DESCRIPTION" not in content


def test_summer_time_is_told_by_yearly_rules_with_both_offsets() -> None:
    content = "\n".join(lines(written(entry())))
    assert (
        "TZID:Europe/Copenhagen\nBEGIN:DAYLIGHT\nDTSTART:20260329T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"
        in content
    )
    assert "TZNAME:CEST\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200" in content
    assert "BEGIN:STANDARD\nDTSTART:20261025T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in content
    assert "TZNAME:CET\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100" in content
    assert content.index("VTIMEZONE") < content.index("VEVENT")


@pytest.mark.parametrize("name", ["Europe/Copenhagen", "Atlantic/Faroe", "America/Nuuk", "UTC"])
def test_every_hour_is_where_the_zone_has_it(name: str) -> None:
    """The zone is read from the file alone, as a programme does that does not know its name."""
    told = rules.calendar_timezone(name, 2026, 2027).to_tz(lookup_tzid=False)
    for hour in range(0, 365 * 24, 7):
        right = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).astimezone(ZoneInfo(name))
        assert right.replace(tzinfo=told).utcoffset() == right.utcoffset(), right


def test_a_zone_without_yearly_rules_lists_its_changes() -> None:
    content = rules.calendar_timezone("Africa/Casablanca", 2026, 2027).to_ical().decode()
    assert "RRULE" not in content
    assert "TZOFFSETTO:+0000" in content
    assert "TZOFFSETTO:+0100" in content


def test_a_calendar_without_meetings_is_still_a_calendar() -> None:
    content = written()
    assert "BEGIN:VTIMEZONE" in lines(content)
    assert Calendar.from_ical(content).events == []


def test_the_tag_changes_with_anything_that_can_be_read() -> None:
    first = entry()
    same = rules.calendar_tag([entry()], COPENHAGEN, "Aftaler")
    assert rules.calendar_tag([first], COPENHAGEN, "Aftaler") == same
    others = [
        rules.calendar_tag([replace(first, version=2)], COPENHAGEN, "Aftaler"),
        rules.calendar_tag([replace(first, telling=Telling("Møde"))], COPENHAGEN, "Aftaler"),
        rules.calendar_tag([replace(first, is_busy=False)], COPENHAGEN, "Aftaler"),
        rules.calendar_tag([], COPENHAGEN, "Aftaler"),
        rules.calendar_tag([first], "Atlantic/Faroe", "Aftaler"),
        rules.calendar_tag([first], COPENHAGEN, "Appointments"),
    ]
    assert len({same, *others}) == 7


@pytest.mark.parametrize(
    ("meeting", "tells_more", "telling"),
    [
        ({}, False, Telling("Aftale")),
        ({}, True, Telling("Jobsamtale · Selam", "Indgang B, 2. sal")),
        ({"is_group": True, "citizen_given_name": None}, True, Telling("Jobsamtale", "Indgang B, 2. sal")),
        (
            {"link": "https://video.example/1", "place": ""},
            True,
            Telling("Jobsamtale · Selam", "", "https://video.example/1"),
        ),
    ],
)
def test_a_workers_entry_names_one_citizen_at_most(meeting: dict[str, Any], tells_more: bool, telling: Telling) -> None:
    found = rules.entry_for_worker(row(**meeting), "Jobsamtale", Telling("Aftale"), tells_more=tells_more)
    assert found.telling == telling


def test_a_group_is_certain_for_the_worker_whatever_is_answered() -> None:
    found = rules.entry_for_worker(row(is_group=True), "Gruppe", Telling("Aftale"), tells_more=False)
    assert found.status == "CONFIRMED"


KEY = "a key for tests, long enough to be accepted"


def test_a_token_is_proved_by_key_person_and_nonce() -> None:
    token = rules.feed_token(KEY, 12, "ab")
    assert rules.person_of_token(token) == 12
    assert rules.is_feed_token(token, KEY, 12, "ab")
    assert not rules.is_feed_token(token, KEY, 12, "ac")
    assert not rules.is_feed_token(token, KEY, 13, "ab")
    assert not rules.is_feed_token(token, KEY + "x", 12, "ab")
    assert not rules.is_feed_token(token + "=", KEY, 12, "ab")
    assert len(token) > 43


@pytest.mark.parametrize("token", ["", "-", "x-1", "²-x", "-1-x", "٣-x", "1234567890-x", "1.5-x", " 1-x"])
def test_an_odd_token_is_nobodys(token: str) -> None:
    assert rules.person_of_token(token) is None


def test_a_token_with_foreign_letters_is_only_wrong() -> None:
    assert not rules.is_feed_token("12-æøå", KEY, 12, "ab")
