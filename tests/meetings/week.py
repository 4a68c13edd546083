"""Meetings of Mette's on chosen days, and what a page sends to the database, for the tests of the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Engine, event

from citizen_app.meetings import actions, rules
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.rules import Interpreter, Slot
from tests.meetings.conftest import HERE, Stage

HOUR = timedelta(hours=1)
ZONE = "Europe/Copenhagen"


def coming_week(stage: Stage) -> list[date]:
    """A week that begins far enough ahead for everything in it to be made today."""
    return rules.week_of(stage.now.astimezone(HERE).date() + timedelta(days=14))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), HERE).astimezone(UTC)


def meet(stage: Stage, starts_at: datetime, length: timedelta = HOUR, **other: Any) -> Meeting:
    return stage.meeting(starts_at=starts_at, ends_at=starts_at + length, leave_home_at=None, **other)


def offer(stage: Stage, *starts: datetime) -> Meeting:
    facts = rules.MeetingFacts("talk", starts[0], starts[0] + HOUR, "Indgang B", "ti", Interpreter.NONE_NEEDED)
    offered = [Slot(start, start + HOUR) for start in starts]
    made = actions.make_meeting(stage.session, stage.mette, stage.about_selam, facts, stage.now, offered=offered)
    stage.session.commit()
    return made


def many(stage: Stage, starts: Sequence[datetime]) -> None:
    cast = stage.cast
    home = {"municipality_id": cast.solby}
    about = {"kind": "talk", "way": "place", "place": "B", "language": "da", "interpreter": "none_needed"}
    made = [
        Meeting(
            **home,
            **about,
            host_id=cast.mette,
            made_by_id=cast.mette,
            starts_at=start,
            ends_at=start + HOUR,
            made_at=stage.now,
            settled_at=stage.now,
        )
        for start in starts
    ]
    stage.session.add_all(made)
    stage.session.flush()
    for meeting in made:
        for person, part in ((cast.mette, "host"), (cast.selam, "citizen")):
            row = {"meeting_id": meeting.id, "person_id": person, "part": part, "starts_at": meeting.starts_at}
            stage.session.add(Participant(**home, **row))
    stage.session.commit()


@contextmanager
def sent(engine: Engine) -> Iterator[list[str]]:
    texts: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        texts.append(text)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield texts
    finally:
        event.remove(engine, "before_cursor_execute", note)
