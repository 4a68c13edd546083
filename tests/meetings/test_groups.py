"""Group meetings: one meeting, several citizens who are told of themselves only, and of nobody's agenda or minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import AgendaPoint, Meeting, MinutesLine, Participant
from citizen_app.meetings.rules import Answer, Happening, Outcome, Reply, Topic
from citizen_app.people.models import AccessLogEntry, Relation
from citizen_app.policy import Forbidden, NotFound, Subject
from citizen_app.texts.actions import new_text
from tests.cast import SINCE
from tests.meetings.conftest import SignedIn, Stage, facts, facts_with
from tests.meetings.test_bad_input import GROUP, typed

COMING = Reply(Answer.COMING)


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Mette works with Yusuf, too."""
    cast = stage.cast
    relation = {"citizen_id": cast.yusuf, "person_id": cast.mette, "role": "case_worker", "started_on": SINCE}
    stage.session.add(Relation(municipality_id=cast.solby, **relation))
    for person_id in (cast.mette, cast.selam, cast.yusuf):
        stage.speak(person_id, "en")
    return stage


@pytest.fixture
def group(stage: Stage) -> Meeting:
    wanted = facts(stage.now, kind="group", bring="Din kalender")
    made = actions.make_group_meeting(stage.session, stage.mette, subjects(stage), wanted, stage.now)
    stage.session.commit()
    return made


def subjects(stage: Stage) -> list[Subject]:
    return [
        Subject(stage.cast.solby, citizen_id, frozenset({stage.cast.mette}))
        for citizen_id in (stage.cast.selam, stage.cast.yusuf)
    ]


def answer(stage: Stage, person_id: int, group: Meeting, reply: Reply = COMING) -> bool:
    actor = stage.actor(person_id)
    changed = actions.answer_meeting(
        stage.session, actor, group.id, reply, seen_version=group.asked_version, now=stage.now
    )
    stage.session.commit()
    return changed


def answers(stage: Stage, group: Meeting) -> dict[int | None, str | None]:
    stage.session.expire_all()
    found = {one.person_id: one.answer for one in queries.participants_of(stage.session, group)}
    stage.session.commit()
    return found


def count(stage: Stage, table: Any) -> int:
    found = stage.session.scalar(select(func.count()).select_from(table)) or 0
    stage.session.commit()
    return found


def test_staff_call_several_citizens_to_one_meeting(signed_in: SignedIn, stage: Stage) -> None:
    chosen = [str(stage.cast.selam), str(stage.cast.yusuf)]
    pressed = {**typed(stage, kind="group", citizens=chosen), "request_id": "once"}
    mette = signed_in(stage.cast.mette)
    first, again = (mette.post(GROUP, data=pressed) for _press in range(2))
    assert (first.status_code, again.location) == (303, first.location)
    assert (count(stage, Meeting), count(stage, Participant)) == (1, 3)
    text = mette.get(first.location).text
    assert "Selam" in text
    assert "Yusuf" in text
    logged = set(stage.session.scalars(select(AccessLogEntry.citizen_id).filter_by(what="meeting")))
    assert logged == {stage.cast.selam, stage.cast.yusuf}


def test_no_citizen_is_told_who_else_comes(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    answer(stage, stage.cast.yusuf, group, Reply(Answer.CANNOT, "sick", "Haddad har feber", "ar"))
    selam = signed_in(stage.cast.selam)
    for address in ("/", "/meetings", f"/meetings/{group.id}", f"/meetings/{group.id}/meeting.ics"):
        text = selam.get(address).text
        for told in ("Yusuf", "Haddad", "feber"):
            assert told not in text
    assert "Din kalender" in selam.get(f"/meetings/{group.id}").text


def test_each_answers_for_herself(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    cast = stage.cast
    for person_id, value in ((cast.selam, "coming"), (cast.yusuf, "cannot")):
        pressed = {"value": value, "seen": 1}
        assert signed_in(person_id).post(f"/meetings/{group.id}/answer", data=pressed).status_code == 303
    assert answers(stage, group) == {cast.mette: None, cast.selam: "coming", cast.yusuf: "cannot"}
    assert signed_in(cast.olena).get(f"/meetings/{group.id}").status_code == 404


def test_a_moved_group_asks_all_again_and_keeps_what_each_had_said(stage: Stage, group: Meeting) -> None:
    cast = stage.cast
    answer(stage, cast.selam, group)
    answer(stage, cast.yusuf, group, Reply(Answer.CANNOT, "work"))
    later = facts_with(group, starts_at=group.starts_at + timedelta(days=1), ends_at=group.ends_at + timedelta(days=1))
    hosts = Subject(cast.solby, 0, frozenset({cast.mette}))
    assert actions.move_meeting(stage.session, stage.mette, hosts, group.id, later, seen_version=1, now=stage.now)
    assert set(answers(stage, group).values()) == {None}
    moved = queries.history_of(stage.session, cast.solby, group.id)[-1]
    assert moved.what is Happening.MOVED
    told = {int(number): said["answer"] for number, said in moved.before["answers"].items()}
    assert told == {cast.selam: "coming", cast.yusuf: "cannot"}


def test_how_it_went_is_said_for_each(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    cast = stage.cast
    stage.shift(group, timedelta(days=-2))
    mette = signed_in(cast.mette)
    for citizen, outcome in ((cast.selam, "came"), (cast.yusuf, "missed")):
        pressed = {"citizen": citizen, "outcome": outcome}
        assert mette.post(f"/staff/meetings/{group.id}/outcome", data=pressed).status_code == 303
    stage.session.expire_all()
    assert (stage.part(group).outcome, stage.part(group, cast.yusuf).outcome) == ("came", "missed")
    hosts = Subject(cast.solby, 0, frozenset({cast.mette}))
    about = (stage.mette, hosts, group.id, cast.mette, Outcome.CAME, stage.now)
    with pytest.raises(NotFound):  # the host is nobody who is waited for
        actions.record_outcome(stage.session, *about)


def test_a_cancelled_group_is_cancelled_for_all(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    pressed = {"reason": "Mette er syg", "seen": 1}
    assert signed_in(stage.cast.mette).post(f"/staff/meetings/{group.id}/cancel", data=pressed).status_code == 303
    for person_id in (stage.cast.selam, stage.cast.yusuf):
        assert "Mette er syg" in signed_in(person_id).get(f"/meetings/{group.id}").text
    stage.session.expire_all()
    found = {one.part: one.outcome for one in queries.participants_of(stage.session, group)}
    assert found == {"citizen": "cancelled", "host": None}


def test_a_worker_of_one_of_them_reads_of_that_one_only(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    stage.end_relation(stage.cast.mette)
    known = queries.meeting_of_worker(stage.session, stage.mette, group.id, stage.now)
    assert ([one.given_name for one in known.citizens], known.unknown_count) == ([], 2)
    karen = signed_in(stage.cast.karen)
    assert "Yusuf" in karen.get(f"/staff/meetings/{group.id}").text
    for row in stage.session.query(Relation).filter_by(person_id=stage.cast.karen, citizen_id=stage.cast.yusuf):
        row.ended_on = SINCE
    stage.session.commit()
    text = karen.get(f"/staff/meetings/{group.id}").text
    assert "Selam" in text
    assert "Yusuf" not in text


def test_who_does_not_host_it_does_not_change_it(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    karen = signed_in(stage.cast.karen)
    moved = typed(stage, kind="group", seen=1, place="Andet sted")
    for path, pressed in (("move", moved), ("cancel", {"reason": "x", "seen": 1})):
        assert karen.post(f"/staff/meetings/{group.id}/{path}", data=pressed).status_code == 403
    about, teacher = subjects(stage)[1], stage.actor(stage.cast.karen)
    with pytest.raises(Forbidden):
        actions.invite(stage.session, teacher, group, about, stage.now)


def test_a_citizen_who_is_invited_twice_is_in_it_once(stage: Stage) -> None:
    selam, yusuf = subjects(stage)
    group = actions.make_group_meeting(stage.session, stage.mette, [selam], facts(stage.now, kind="group"), stage.now)
    assert actions.invite(stage.session, stage.mette, group, yusuf, stage.now)
    assert not actions.invite(stage.session, stage.mette, group, yusuf, stage.now)
    assert len(queries.participants_of(stage.session, group)) == 3


def test_one_stranger_among_them_makes_no_meeting(stage: Stage) -> None:
    stranger = Subject(stage.cast.vandby, stage.cast.olena, frozenset({stage.cast.anders}))
    chosen = [*subjects(stage), stranger]
    with pytest.raises((Forbidden, NotFound)):
        actions.make_group_meeting(stage.session, stage.mette, chosen, facts(stage.now, kind="group"), stage.now)
    stage.session.commit()
    assert count(stage, Meeting) == 0


# --- Of a group there is no agenda and there are no minutes -------------------------------------------------


@pytest.mark.parametrize("who", ["selam", "mette"])
def test_nobody_writes_on_a_groups_agenda(signed_in: SignedIn, stage: Stage, group: Meeting, who: str) -> None:
    client: FlaskClient = signed_in(getattr(stage.cast, who))
    base = f"/meetings/{group.id}" if who == "selam" else f"/staff/meetings/{group.id}"
    assert client.post(f"{base}/agenda", data={"topic": "home", "words": "x"}).status_code == 404
    assert client.post(f"{base}/agenda/1/remove").status_code == 404
    assert 'action="' + base + "/agenda" not in client.get(base).text
    assert count(stage, AgendaPoint) == 0


def test_a_groups_host_writes_no_minutes(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    stage.shift(group, timedelta(days=-2))
    mette = signed_in(stage.cast.mette)
    base = f"/staff/meetings/{group.id}"
    for path in ("minutes", "minutes/1", "minutes/1/remove", "languages"):
        assert mette.post(f"{base}/{path}", data={"body": "Yusuf ringer", "doer": ""}).status_code == 404
    assert count(stage, MinutesLine) == 0


def test_what_somehow_stands_there_is_shown_to_no_citizen(signed_in: SignedIn, stage: Stage, group: Meeting) -> None:
    """Rows of another program's, say: Selam still reads nothing of what Yusuf wants to talk about."""
    stage.shift(group, timedelta(days=-2))
    yusuf = stage.actor(stage.cast.yusuf)
    text = new_text(stage.session, yusuf, "en", "My rent is too high", stage.now)
    keys = {"municipality_id": stage.cast.solby, "meeting_id": group.id, "text_id": text.id, "at": stage.now}
    stage.session.add(AgendaPoint(**keys, topic=Topic.HOME.value, by_id=yusuf.person_id, by_name="Yusuf"))
    stage.session.add(MinutesLine(**keys, is_agreed=True, doer_id=yusuf.person_id, doer_name="Yusuf"))
    stage.session.commit()
    for person_id in (stage.cast.selam, stage.cast.yusuf):
        client = signed_in(person_id)
        for address in ("/", "/meetings", f"/meetings/{group.id}"):
            assert "My rent is too high" not in client.get(address).text
