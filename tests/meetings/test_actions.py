"""Making, moving, cancelling and answering, on real databases, with nothing lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import Meeting, MeetingEvent
from citizen_app.meetings.rules import Answer, Happening, Interpreter, Problem, Reply
from citizen_app.policy import Forbidden, NotFound, Subject
from tests.meetings.conftest import Stage, facts, facts_with

COMING = Reply(Answer.COMING)
SICK = Reply(Answer.CANNOT, "sick", "ሓሚመ ኣለኹ", "ti")


def answer(stage: Stage, meeting: Meeting, reply: Reply, seen: int = 1) -> bool:
    return actions.answer_meeting(stage.session, stage.selam, meeting.id, reply, seen_version=seen, now=stage.now)


def happenings(stage: Stage, meeting: Meeting) -> list[Happening]:
    return [past.what for past in queries.history_of(stage.session, stage.cast.solby, meeting.id)]


def test_a_made_meeting_keeps_its_facts_and_who_made_it(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.session.expire_all()
    assert queries.facts_of(meeting) == facts(stage.now)
    assert (meeting.host_id, meeting.made_by_id) == (stage.cast.mette, stage.cast.mette)
    assert stage.part(meeting).answer is None
    assert happenings(stage, meeting) == [Happening.MADE]


@pytest.mark.parametrize("name", ["karen", "jens", "bodil", "selam", "anders"])
def test_only_who_works_with_her_on_the_plan_calls_her_to_a_meeting(stage: Stage, name: str) -> None:
    somebody = stage.actor(getattr(stage.cast, name))
    with pytest.raises(Forbidden):
        actions.make_meeting(stage.session, somebody, stage.about_selam, facts(stage.now), stage.now)


def test_bad_facts_make_no_meeting(stage: Stage) -> None:
    bad = facts(stage.now, ends_at=stage.now, bring="010190-1234")
    with pytest.raises(actions.BadMeeting) as refusal:
        actions.make_meeting(stage.session, stage.mette, stage.about_selam, bad, stage.now)
    problems = {fault.problem for fault in refusal.value.faults}
    assert problems == {Problem.ENDS_BEFORE_START, Problem.CPR_NUMBER}
    assert stage.session.scalar(select(func.count()).select_from(Meeting)) == 0


def test_the_same_answer_twice_is_one_answer(stage: Stage) -> None:
    meeting = stage.meeting()
    assert answer(stage, meeting, COMING)
    assert not answer(stage, meeting, COMING)
    assert happenings(stage, meeting) == [Happening.MADE, Happening.ANSWERED]


def test_an_answer_can_be_changed_and_the_old_one_is_kept(stage: Stage) -> None:
    meeting = stage.meeting()
    answer(stage, meeting, SICK)
    answer(stage, meeting, COMING)
    one = stage.part(meeting)
    assert (one.answer, one.answer_reason, one.answer_note) == ("coming", None, "")
    last = queries.history_of(stage.session, stage.cast.solby, meeting.id)[-1]
    assert last.by_name == "Selam"
    assert last.before == {"answer": "cannot", "reason": "sick", "note": "ሓሚመ ኣለኹ", "note_language": "ti"}


def test_nobody_else_answers_for_a_citizen(stage: Stage) -> None:
    meeting = stage.meeting()
    for name, refusal in (("mette", Forbidden), ("yusuf", NotFound), ("olena", NotFound)):
        somebody = stage.actor(getattr(stage.cast, name))
        with pytest.raises(refusal):
            actions.answer_meeting(stage.session, somebody, meeting.id, COMING, seen_version=1, now=stage.now)
    assert stage.part(meeting).answer is None


def test_a_reason_that_does_not_fit_is_refused(stage: Stage) -> None:
    meeting = stage.meeting()
    with pytest.raises(actions.BadMeeting):
        answer(stage, meeting, Reply(Answer.LATE, "sick"))
    assert stage.part(meeting).answer is None


def test_a_moved_meeting_asks_again_and_remembers_the_old_time_and_answer(stage: Stage) -> None:
    meeting = stage.meeting()
    answer(stage, meeting, SICK)
    before = meeting.starts_at
    later = timedelta(days=2)
    stage.move(meeting, starts_at=meeting.starts_at + later, ends_at=meeting.ends_at + later)
    stage.session.expire_all()
    one = stage.part(meeting)
    assert (one.answer, one.answer_reason, one.answer_note, one.answered_at) == (None, None, "", None)
    assert (meeting.moved_from, meeting.version, meeting.asked_version) == (before, 2, 2)
    moved = queries.history_of(stage.session, stage.cast.solby, meeting.id)[-1]
    assert moved.what is Happening.MOVED
    assert (moved.before["starts_at"], moved.after["starts_at"]) == (before, before + later)
    told = moved.before["answers"][str(stage.cast.selam)]
    assert (told["answer"], told["note"]) == ("cannot", "ሓሚመ ኣለኹ")


def test_a_booked_interpreter_does_not_take_the_answer_away(stage: Stage) -> None:
    meeting = stage.meeting(interpreter=Interpreter.MISSING)
    answer(stage, meeting, COMING)
    stage.move(meeting, interpreter=Interpreter.BOOKED)
    assert (stage.part(meeting).answer, meeting.version, meeting.asked_version) == ("coming", 2, 1)
    assert happenings(stage, meeting)[-1] is Happening.CHANGED
    assert answer(stage, meeting, SICK, seen=1)


def test_saving_without_a_change_changes_nothing(stage: Stage) -> None:
    meeting = stage.meeting()
    assert not stage.move(meeting)
    assert meeting.version == 1
    assert happenings(stage, meeting) == [Happening.MADE]


def test_an_answer_to_the_old_time_is_refused(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.move(meeting, place="Indgang C")
    with pytest.raises(actions.MeetingHasMoved):
        answer(stage, meeting, COMING, seen=1)
    assert stage.part(meeting).answer is None
    assert answer(stage, meeting, COMING, seen=2)


def test_a_stale_save_carries_both_sides_and_changes_nothing(stage: Stage) -> None:
    meeting = stage.meeting()
    theirs = facts_with(meeting, place="Indgang C")
    mine = facts_with(meeting, place="Indgang D")
    stage.move(meeting, place="Indgang C")
    with pytest.raises(actions.StaleMeeting) as refusal:
        actions.move_meeting(
            stage.session, stage.mette, stage.about_selam, meeting.id, mine, seen_version=1, now=stage.now
        )
    assert (refusal.value.theirs, refusal.value.mine, refusal.value.version) == (theirs, mine, 2)
    assert meeting.place == "Indgang C"


def test_a_stale_cancelling_keeps_the_reason_and_the_meeting(stage: Stage) -> None:
    meeting = stage.meeting()
    stage.move(meeting, place="Indgang C")
    with pytest.raises(actions.StaleMeeting) as refusal:
        cancel(stage, meeting, seen=1)
    assert refusal.value.mine == "Mette er syg"
    assert meeting.cancelled_at is None


def cancel(stage: Stage, meeting: Meeting, seen: int = 1) -> bool:
    return actions.cancel_meeting(
        stage.session,
        stage.mette,
        stage.about_selam,
        meeting.id,
        "Mette er syg",
        seen_version=seen,
        now=stage.now,
    )


def test_a_cancelled_meeting_stays_cancelled(stage: Stage) -> None:
    meeting = stage.meeting()
    assert cancel(stage, meeting)
    assert not cancel(stage, meeting)
    assert meeting.cancel_reason == "Mette er syg"
    with pytest.raises(actions.MeetingIsCancelled):
        answer(stage, meeting, COMING)
    with pytest.raises(actions.MeetingIsCancelled):
        stage.move(meeting, place="Indgang C")
    assert happenings(stage, meeting) == [Happening.MADE, Happening.CANCELLED]


def test_a_meeting_that_is_over_is_left_alone(stage: Stage) -> None:
    meeting = stage.meeting()
    over = Stage(stage.session, stage.cast, meeting.ends_at)
    with pytest.raises(actions.MeetingIsOver):
        answer(over, meeting, COMING)
    with pytest.raises(actions.MeetingIsOver):
        cancel(over, meeting)
    with pytest.raises(actions.MeetingIsOver):
        over.move(meeting, place="Indgang C")
    assert happenings(stage, meeting) == [Happening.MADE]


def test_a_worker_cannot_reach_a_meeting_by_naming_another_citizen(stage: Stage) -> None:
    meeting = stage.meeting()
    about_yusuf = Subject(stage.cast.solby, stage.cast.yusuf, frozenset({stage.cast.mette}))
    with pytest.raises(NotFound):
        actions.cancel_meeting(stage.session, stage.mette, about_yusuf, meeting.id, "x", seen_version=1, now=stage.now)


def test_every_event_says_who_and_when(stage: Stage) -> None:
    meeting = stage.meeting()
    answer(stage, meeting, COMING)
    rows = stage.session.execute(select(MeetingEvent.by_id, MeetingEvent.at).order_by(MeetingEvent.id)).all()
    assert rows == [(stage.cast.mette, stage.now), (stage.cast.selam, stage.now)]
