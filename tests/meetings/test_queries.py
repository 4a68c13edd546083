"""Which meetings whom is shown, in which order, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import Meeting
from citizen_app.meetings.rules import Answer, Reply
from citizen_app.policy import NotFound, Subject
from tests.meetings.conftest import Stage, facts

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def meeting_in(stage: Stage, delay: timedelta, **other: Any) -> Meeting:
    """A meeting of an hour that begins after a delay, which may lie in the past."""
    start = stage.now + delay
    made_at = min(stage.now, start - DAY)
    wanted = facts(stage.now, starts_at=start, ends_at=start + HOUR, leave_home_at=None, **other)
    meeting = actions.make_meeting(stage.session, stage.mette, stage.about_selam, wanted, made_at)
    stage.session.commit()
    return meeting


def reply(stage: Stage, meeting: Meeting, answer: Answer) -> None:
    actions.answer_meeting(stage.session, stage.selam, meeting.id, Reply(answer), seen_version=1, now=stage.now)
    stage.session.commit()


def cancel(stage: Stage, meeting: Meeting) -> None:
    actions.cancel_meeting(
        stage.session, stage.mette, stage.about_selam, meeting.id, "Syg", seen_version=1, now=stage.now
    )
    stage.session.commit()


def test_the_next_meeting_is_the_first_that_takes_place(stage: Stage) -> None:
    meeting_in(stage, -2 * HOUR)
    cancelled = meeting_in(stage, HOUR)
    expected = meeting_in(stage, 2 * HOUR)
    meeting_in(stage, 3 * HOUR)
    cancel(stage, cancelled)
    row = queries.next_meeting(stage.session, stage.cast.solby, stage.cast.selam, stage.now)
    assert row is not None
    assert (row.id, row.host_id, row.host_given_name, row.host_role) == (
        expected.id,
        stage.cast.mette,
        "Mette",
        "case_worker",
    )


def test_the_meeting_under_way_is_still_the_next(stage: Stage) -> None:
    now_on = meeting_in(stage, -HOUR / 2)
    meeting_in(stage, HOUR)
    row = queries.next_meeting(stage.session, stage.cast.solby, stage.cast.selam, stage.now)
    assert row is not None
    assert row.id == now_on.id


def test_the_next_meeting_costs_one_statement(stage: Stage) -> None:
    stage.meeting()
    statements = []
    engine = stage.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: statements.append(statement))
    queries.next_meeting(stage.session, stage.cast.solby, stage.cast.selam, stage.now)
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


def test_coming_meetings_stand_in_order_with_the_cancelled_ones(stage: Stage) -> None:
    third, first, second = (meeting_in(stage, delay) for delay in (3 * DAY, HOUR, DAY))
    meeting_in(stage, -DAY)
    cancel(stage, second)
    rows = queries.upcoming_meetings(stage.session, stage.cast.solby, stage.cast.selam, stage.now)
    assert [row.id for row in rows] == [first.id, second.id, third.id]


def test_past_meetings_come_page_by_page_without_loss(stage: Stage) -> None:
    made = [meeting_in(stage, -number * DAY).id for number in (1, 2, 2, 3, 4)]
    meeting_in(stage, HOUR)
    seen, before = [], None
    for _page in range(3):
        found = queries.past_meetings(
            stage.session, stage.cast.solby, stage.cast.selam, stage.now, before=before, size=2
        )
        seen += [row.id for row in found.rows]
        before = found.next
    assert before is None
    assert seen == [made[0], made[2], made[1], made[3], made[4]]


def test_another_municipality_sees_nothing(stage: Stage) -> None:
    meeting = stage.meeting()
    args = (stage.session, stage.cast.vandby, stage.cast.selam)
    assert queries.next_meeting(*args, stage.now) is None
    assert queries.upcoming_meetings(*args, stage.now) == []
    with pytest.raises(NotFound):
        queries.meeting_of_citizen(*args, meeting.id)
    with pytest.raises(NotFound):
        queries.meeting_of_worker(stage.session, stage.actor(stage.cast.anders), meeting.id, stage.now)


def test_a_worker_finds_the_meetings_of_her_own_citizens_only(stage: Stage) -> None:
    meeting = stage.meeting()
    for reader in (stage.cast.mette, stage.cast.karen):
        known = queries.meeting_of_worker(stage.session, stage.actor(reader), meeting.id, stage.now)
        assert (known.row.id, known.citizens[0].given_name) == (meeting.id, "Selam")
    stage.end_relation(stage.cast.karen)
    with pytest.raises(NotFound):
        queries.meeting_of_worker(stage.session, stage.actor(stage.cast.karen), meeting.id, stage.now)


def test_the_hosts_list_goes_on_after_the_last_one(stage: Stage) -> None:
    made = [meeting_in(stage, number * HOUR).id for number in (1, 2, 2, 3)]
    meeting_in(stage, -DAY)
    first = queries.meetings_of_worker(stage.session, stage.mette, stage.now, size=2)
    second = queries.meetings_of_worker(stage.session, stage.mette, stage.now, after=first.next, size=2)
    assert [one.meeting.id for one in (*first.listed, *second.listed)] == made
    assert second.next is None
    assert first.listed[0].citizens[0].given_name == "Selam"


def test_a_host_no_longer_sees_whom_she_does_not_work_with(stage: Stage) -> None:
    stage.meeting()
    stage.end_relation(stage.cast.mette)
    assert queries.meetings_of_worker(stage.session, stage.mette, stage.now).listed == []
    assert queries.meetings_needing_staff(stage.session, stage.mette, stage.now) == []


def test_the_lists_of_staff_do_not_hold_the_reason(stage: Stage) -> None:
    reply(stage, stage.meeting(), Answer.CANNOT)
    (row,) = queries.meetings_needing_staff(stage.session, stage.mette, stage.now)
    assert not {"answer_reason", "answer_note"} & set(row._fields)


def test_staff_hear_of_silence_in_the_week_before_and_of_cannot_and_late(stage: Stage) -> None:
    silent = meeting_in(stage, 6 * DAY)
    meeting_in(stage, 8 * DAY)
    coming, late, cannot = (meeting_in(stage, number * DAY) for number in (1, 2, 20))
    cancelled = meeting_in(stage, 3 * DAY)
    cancel(stage, cancelled)
    reply(stage, coming, Answer.COMING)
    reply(stage, late, Answer.LATE)
    reply(stage, cannot, Answer.CANNOT)
    rows = queries.meetings_needing_staff(stage.session, stage.mette, stage.now)
    assert [row.id for row in rows] == [late.id, silent.id, cannot.id]
    assert {(row.citizen_given_name, row.citizen_family_name) for row in rows} == {("Selam", "Tesfay")}


def test_a_citizens_page_shows_what_comes_and_the_last_five(stage: Stage) -> None:
    coming = meeting_in(stage, DAY)
    past = [meeting_in(stage, -number * DAY).id for number in range(1, 8)]
    rows = queries.meetings_of_citizen(stage.session, stage.cast.solby, stage.cast.selam, stage.now)
    assert [row.id for row in rows] == [coming.id, *past[:5]]


def test_a_meeting_of_somebody_else_is_not_hers(stage: Stage) -> None:
    meeting = stage.meeting()
    with pytest.raises(NotFound):
        queries.meeting_of_citizen(stage.session, stage.cast.solby, stage.cast.yusuf, meeting.id)
    with pytest.raises(NotFound):
        queries.meeting_to_change(stage.session, Subject(stage.cast.solby, stage.cast.yusuf), meeting.id)
