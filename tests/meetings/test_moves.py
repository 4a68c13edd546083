"""A moved meeting keeps what was said, asks again, and takes the old reminders back in the very same transaction."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import Meeting, MeetingEvent, OfferedTime, Participant
from citizen_app.meetings.rules import Answer, Happening, Problem, Reply, Way
from citizen_app.reminders.models import Reminder
from tests.meetings.conftest import SignedIn, Stage, facts_with
from tests.meetings.test_bad_input import typed
from tests.meetings.week import HOUR, at, coming_week, meet, offer

DAY = timedelta(days=1)
SICK = Reply(Answer.CANNOT, "sick", "ሓሚመ ኣለኹ", "ti")


@pytest.fixture
def meeting(stage: Stage) -> Meeting:
    """A talk in more than two weeks, so that reminders of it wait."""
    return meet(stage, at(coming_week(stage)[2], 10))


def say(stage: Stage, meeting: Meeting, reply: Reply) -> None:
    about = (stage.selam, meeting.id, reply)
    actions.answer_meeting(stage.session, *about, seen_version=meeting.version, now=stage.now)
    stage.session.commit()


def move(stage: Stage, meeting: Meeting, by: timedelta, **other: Any) -> None:
    stage.move(meeting, starts_at=meeting.starts_at + by, ends_at=meeting.ends_at + by, **other)


def reminders(session: Session) -> Counter[tuple[str, int]]:
    """How many reminders there are in each state and about each version."""
    rows = session.execute(select(Reminder.state, Reminder.about_version))
    return Counter((state, version) for state, version in rows)


def everything(stage: Stage) -> list[Any]:
    """All rows about meetings, as the database has them."""
    stage.session.expire_all()
    tables = [table.__table__ for table in (Meeting, Participant, MeetingEvent, OfferedTime, Reminder)]
    found = [stage.session.execute(select(table).order_by(table.c.id)).all() for table in tables]
    stage.session.commit()
    return found


def test_every_answer_that_a_move_took_back_stays_in_the_history(stage: Stage, meeting: Meeting) -> None:
    say(stage, meeting, SICK)
    move(stage, meeting, DAY)
    say(stage, meeting, Reply(Answer.LATE, "20"))
    move(stage, meeting, DAY, place="Indgang C")
    say(stage, meeting, Reply(Answer.COMING))
    history = queries.history_of(stage.session, stage.cast.solby, meeting.id)
    assert [past.what for past in history] == [
        Happening.MADE,
        Happening.ANSWERED,
        Happening.MOVED,
        Happening.ANSWERED,
        Happening.MOVED,
        Happening.ANSWERED,
    ]
    selam = str(stage.cast.selam)
    taken_back = [past.before["answers"][selam] for past in history if past.what is Happening.MOVED]
    assert [(told["answer"], told["reason"], told["note"]) for told in taken_back] == [
        ("cannot", "sick", "ሓሚመ ኣለኹ"),
        ("late", "20", ""),
    ]
    starts = [past.after["starts_at"] for past in history if "starts_at" in past.after]
    assert starts == [meeting.starts_at - 2 * DAY, meeting.starts_at - DAY, meeting.starts_at]
    assert stage.part(meeting).answer == "coming"


def test_the_old_reminders_are_taken_back_and_new_ones_wait(stage: Stage, meeting: Meeting) -> None:
    before = reminders(stage.session)
    assert set(before) == {("waiting", 1)}
    move(stage, meeting, DAY)
    after = reminders(stage.session)
    assert after["cancelled", 1] == before["waiting", 1]
    assert {key for key in after if key[0] == "waiting"} == {("waiting", 2)}


def test_a_move_that_is_rolled_back_has_never_been(stage: Stage, meeting: Meeting) -> None:
    say(stage, meeting, SICK)
    before = everything(stage)
    changed = facts_with(meeting, starts_at=meeting.starts_at + DAY, ends_at=meeting.ends_at + DAY)
    about = (stage.mette, stage.about_selam, meeting.id, changed)
    assert actions.move_meeting(stage.session, *about, seen_version=1, now=stage.now)
    stage.session.rollback()
    assert everything(stage) == before


def test_a_commit_that_fails_after_the_planning_brings_all_reminders_back(stage: Stage, meeting: Meeting) -> None:
    say(stage, meeting, Reply(Answer.COMING))
    before = everything(stage)
    seen: list[Counter[tuple[str, int]]] = []

    def fail(session: Session) -> None:
        seen.append(reminders(session))
        raise ConnectionError("the database is away")

    event.listen(stage.session, "before_commit", fail)
    with pytest.raises(ConnectionError):
        move(stage, meeting, DAY)
    event.remove(stage.session, "before_commit", fail)
    stage.session.rollback()
    assert seen[0]["cancelled", 1] > 0, "the planning came first"
    assert seen[0]["waiting", 2] > 0
    assert everything(stage) == before


@pytest.mark.parametrize("wrong", [{"end": "09:00"}, {"seen": "7"}, {"place": ""}, {"day": "9999-12-31"}])
def test_a_refused_move_on_the_page_leaves_everything(
    signed_in: SignedIn, stage: Stage, meeting: Meeting, wrong: dict[str, str]
) -> None:
    say(stage, meeting, SICK)
    mette, address = signed_in(stage.cast.mette), f"/staff/meetings/{meeting.id}/move"
    before = everything(stage)
    response = mette.post(address, data=typed(stage, seen=1) | wrong)
    assert response.status_code in {409, 422}
    assert everything(stage) == before


def test_a_repeated_move_is_one_move(signed_in: SignedIn, stage: Stage, meeting: Meeting) -> None:
    mette = signed_in(stage.cast.mette)
    pressed = typed(stage, seen=1, place="Indgang C", request_id="once")
    first, again = (mette.post(f"/staff/meetings/{meeting.id}/move", data=pressed) for _press in range(2))
    assert (first.status_code, again.status_code, again.location) == (303, 303, first.location)
    stage.session.expire_all()
    assert stage.session.get_one(Meeting, meeting.id).version == 2


def test_another_way_of_meeting_asks_again(stage: Stage, meeting: Meeting) -> None:
    say(stage, meeting, Reply(Answer.COMING))
    stage.move(meeting, way=Way.PHONE, link="+45 70 00 00 00", place="")
    assert stage.part(meeting).answer is None
    assert (meeting.asked_version, meeting.moved_from) == (2, None)


def test_a_move_to_a_bad_link_changes_nothing(stage: Stage, meeting: Meeting) -> None:
    with pytest.raises(actions.BadMeeting) as refusal:
        stage.move(meeting, way=Way.VIDEO, link="http://video.example")
    assert [(fault.problem, fault.field) for fault in refusal.value.faults] == [(Problem.NO_LINK, "link")]
    stage.session.rollback()
    assert meeting.version == 1


def test_staff_who_fix_a_time_end_the_offer_and_ask(stage: Stage) -> None:
    monday, tuesday = coming_week(stage)[:2]
    meeting = offer(stage, at(monday, 10), at(tuesday, 10))
    stage.move(meeting, starts_at=at(tuesday, 14), ends_at=at(tuesday, 15))
    assert (meeting.settled_at, meeting.was_chosen, meeting.moved_from) == (stage.now, False, None)
    assert (meeting.asked_version, stage.part(meeting).answer) == (2, None)
    assert queries.offered_times(stage.session, meeting) == []


@pytest.mark.parametrize("other", [{}, {"bring": "CV"}])
def test_a_time_as_long_as_the_whole_offer_is_fixed_as_well(stage: Stage, other: dict[str, str]) -> None:
    """Offered are ten and eleven; staff call her from ten to twelve, which is where the offer lay."""
    monday = coming_week(stage)[0]
    meeting = offer(stage, at(monday, 10), at(monday, 11))
    assert stage.move(meeting, starts_at=at(monday, 10), ends_at=at(monday, 10) + 2 * HOUR, **other)
    assert meeting.settled_at == stage.now
    assert meeting.asked_version == 2
    assert queries.offered_times(stage.session, meeting) == []
