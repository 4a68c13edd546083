"""The step from one citizen per meeting to participants: nobody's answer, reminder or history gets lost on the way.

The rows are written as the app wrote them before that step, by plain tables read from the database itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, insert, select
from sqlalchemy.orm import Session

from citizen_app.db import MIGRATIONS, make_engine, migrate
from citizen_app.meetings import queries
from citizen_app.meetings.rules import Happening
from citizen_app.policy import NotFound

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SELAM, YUSUF, METTE = 1, 2, 3
SICK = {"answer": "cannot", "answer_reason": "sick", "answer_note": "ሓሚመ ኣለኹ 🤒 \"'\\", "answer_note_language": "ti"}
TOLD_SICK = {name.removeprefix("answer_"): value for name, value in SICK.items()}

MEETINGS: Mapping[int, dict[str, Any]] = {
    1: {"citizen_id": SELAM, **SICK, "answered_at": NOW + DAY},
    2: {"citizen_id": YUSUF},
    3: {"citizen_id": SELAM, "answer": "coming", "answered_at": NOW, "cancelled_at": NOW + DAY, "cancel_reason": "Syg"},
    4: {"citizen_id": YUSUF, "answer": "late", "answer_reason": "20", "answered_at": NOW + 2 * DAY, "version": 3},
    5: {"citizen_id": SELAM, "starts_at": NOW - DAY, "ends_at": NOW, "answer": "coming", "answered_at": NOW - 2 * DAY},
}
EVENTS: list[tuple[int, str, int, dict[str, Any], dict[str, Any]]] = [
    (1, "made", METTE, {}, {"kind": "talk", "place": "B"}),
    (1, "answered", SELAM, {}, TOLD_SICK),
    (3, "answered", SELAM, {}, {"answer": "coming", "reason": None, "note": "", "note_language": None}),
    (3, "cancelled", METTE, {}, {"reason": "Syg"}),
    (4, "answered", YUSUF, {}, TOLD_SICK),
    (4, "moved", METTE, {"place": "B", **TOLD_SICK}, {"place": "C"}),
    (4, "moved", METTE, {"place": "C"}, {"place": "D"}),
    (4, "answered", YUSUF, {}, {"answer": "late", "reason": "20", "note": "", "note_language": None}),
]


EMPTY: Mapping[type, Any] = {str: "", int: 0, bool: False, datetime: NOW, object: {}}


@pytest.fixture
def engine(own_database_url: str) -> Iterator[Engine]:
    """A database of the third step with five meetings, brought to the fourth."""
    migrate(own_database_url, "base")
    migrate(own_database_url, "0003")
    engine = make_engine(own_database_url)
    with engine.execution_options(write=True).begin() as connection:
        fill(connection)
    migrate(own_database_url, "0004")
    yield engine
    engine.dispose()


def fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)

    def add(name: str, **row: Any) -> None:
        """Insert a row; what it leaves open is empty."""
        columns = tables.tables[name].c
        open_ones = {column.name: EMPTY[column.type.python_type] for column in columns if not column.nullable}
        if "municipality_id" in columns:
            row["municipality_id"] = 1
        if columns.get("id") is not None and "id" not in row:
            del open_ones["id"]
        connection.execute(insert(tables.tables[name]).values(open_ones | row))

    add("municipalities", id=1, key="solby", timezone="Europe/Copenhagen")
    for number, name in ((SELAM, "Selam"), (YUSUF, "Yusuf"), (METTE, "Mette")):
        add("people", id=number, external_id=name, given_name=name, role="citizen", language="ti")
    usual = {"host_id": METTE, "made_by_id": METTE, "kind": "talk", "place": "B", "language": "ti", "version": 1}
    times = {"starts_at": NOW + 9 * DAY, "ends_at": NOW + 9 * DAY + timedelta(hours=1), "interpreter": "none_needed"}
    for number, row in MEETINGS.items():
        add("meetings", **{"id": number, **usual, **times, "asked_version": 1, **row})
    for number, what, by_id, before, after in EVENTS:
        add("meeting_events", meeting_id=number, what=what, by_id=by_id, before=before, after=after)
    add("reminders", id=1, person_id=SELAM, meeting_id=1, kind="booked", state="sent", sent_at=NOW, about_version=1)
    add("deliveries", id=1, reminder_id=1, device_id=0, channel="push", verdict="sent")


def rows(engine: Engine, name: str) -> list[Any]:
    tables = MetaData()
    with engine.connect() as connection:
        tables.reflect(connection, only=[name])
        table = tables.tables[name]
        return list(connection.execute(select(table).order_by(table.c.id)))


def meeting_of(session: Session, citizen_id: int, meeting_id: int) -> Any:
    return queries.meeting_of_citizen(session, 1, citizen_id, meeting_id)


def test_every_citizen_finds_her_meetings_with_the_answers_she_gave(engine: Engine) -> None:
    with Session(engine) as session:
        for number, old in MEETINGS.items():
            new = meeting_of(session, old["citizen_id"], number)
            for name in ("answer", "answer_reason", "answer_note_language", "answered_at"):
                assert getattr(new, name) == old.get(name), (number, name)
            assert new.answer_note == old.get("answer_note", "")
            assert (new.settled_at, new.way, new.link, new.is_group) == (NOW, "place", "", False)
            with pytest.raises(NotFound):
                meeting_of(session, SELAM + YUSUF - old["citizen_id"], number)


def test_each_meeting_has_its_citizen_and_its_host_and_nobody_else(engine: Engine) -> None:
    found = rows(engine, "participants")
    expected = {(number, row["citizen_id"], "citizen") for number, row in MEETINGS.items()}
    expected |= {(number, METTE, "host") for number in MEETINGS}
    assert {(one.meeting_id, one.person_id, one.part) for one in found} == expected
    assert len(found) == len(expected)
    starts = {row.id: row.starts_at for row in rows(engine, "meetings")}
    assert {one.meeting_id: one.starts_at for one in found} == starts


def test_only_a_cancelled_meeting_has_an_outcome(engine: Engine) -> None:
    with Session(engine) as session:
        found = {number: meeting_of(session, row["citizen_id"], number).outcome for number, row in MEETINGS.items()}
    assert found == {1: None, 2: None, 3: "cancelled", 4: None, 5: None}


def test_the_whole_history_is_read_as_it_was_written(engine: Engine) -> None:
    with Session(engine) as session:
        found = [(number, past) for number in MEETINGS for past in queries.history_of(session, 1, number)]
    assert [(number, past.what, past.by_id, past.after) for number, past in found] == [
        (number, what, by_id, after) for number, what, by_id, _before, after in EVENTS
    ]
    assert [past.person_id for _number, past in found if past.what is Happening.ANSWERED] == [
        SELAM,
        SELAM,
        YUSUF,
        YUSUF,
    ]
    assert {past.person_id for _number, past in found if past.what is not Happening.ANSWERED} == {None}


def test_what_a_move_took_back_is_kept_by_person(engine: Engine) -> None:
    with Session(engine) as session:
        first, second = (past for past in queries.history_of(session, 1, 4) if past.what is Happening.MOVED)
    assert first.before == {"place": "B", "answers": {str(YUSUF): TOLD_SICK}}
    assert second.before == {"place": "C"}


def test_reminders_and_what_became_of_them_stay_with_their_meeting(engine: Engine) -> None:
    (reminder,), (delivery,) = rows(engine, "reminders"), rows(engine, "deliveries")
    assert (reminder.meeting_id, reminder.person_id, reminder.state) == (1, SELAM, "sent")
    assert delivery.reminder_id == reminder.id


def test_the_way_back_keeps_the_answers_too(engine: Engine, own_database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = own_database_url
    command.downgrade(config, "0003")
    found = {row.id: row for row in rows(engine, "meetings")}
    for number, old in MEETINGS.items():
        kept = (found[number].citizen_id, found[number].answer, found[number].answer_note)
        assert kept == (old["citizen_id"], old.get("answer"), old.get("answer_note", ""))
