"""Placements on staff's side: making one, its mentors and links, its days, settling what was told differently."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert, select, update

from citizen_app.attendance.models import DayStatement
from citizen_app.people.models import AccessLogEntry, Person, Relation
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions, queries
from citizen_app.placements.actions import MentorFacts, WorkplaceFacts
from citizen_app.placements.models import MentorLink, Placement, PlacementMentor, PlannedDay, Workplace
from citizen_app.policy import Role
from citizen_app.reminders.models import Reminder
from citizen_app.staff.placements import PAGE_SIZE
from tests.cast import SINCE
from tests.due import reminder_row
from tests.placed import Placed, placed
from tests.plan import ON_SQLITE, Plan

__all__ = ["placed"]

ClientOf = Callable[[str], FlaskClient]
TODAY = datetime.now(UTC).date()


def monday(weeks: int = 1) -> date:
    return TODAY - timedelta(days=TODAY.weekday()) + timedelta(weeks=weeks)


@pytest.fixture
def workplace(plan: Plan) -> Workplace:
    place = actions.add_workplace(plan.session, plan.actor("mette"), WorkplaceFacts("Lageret", "warehouse"))
    plan.session.commit()
    return place


def facts(workplace: Workplace, **more: str) -> dict[str, str]:
    """What a filled-in form sends: Mondays and Thursdays for eight weeks."""
    return {
        "workplace_id": str(workplace.id),
        "kind": "placement",
        "starts_on": str(monday()),
        "last_day": str(monday() + timedelta(days=55)),
        "on_0": "y",
        "begins_0": "08:00",
        "ends_0": "12:30",
        "on_3": "y",
        "begins_3": "22:00",
        "ends_3": "02:00",
        "language_hours": "12",
        "follow_up_day": "14",
        **more,
    }


def new_address(plan: Plan) -> str:
    return f"/staff/citizens/{plan.cast.selam}/placements/new"


def address_of(placed: Placed, more: str = "") -> str:
    return f"/staff/placements/{placed.placement.id}{more}"


def day_address(placed: Placed, number: int, more: str = "") -> str:
    return address_of(placed, f"/days/{placed.day(number).id}{more}")


def placements(plan: Plan) -> list[Placement]:
    plan.session.expire_all()
    found = list(plan.session.scalars(select(Placement).order_by(Placement.id)))
    plan.session.commit()
    return found


# --- A new placement ----------------------------------------------------------------------------------------


def test_a_placement_is_made_with_its_days(plan: Plan, workplace: Workplace, mette: FlaskClient) -> None:
    response = mette.post(new_address(plan), data=facts(workplace))
    (made,) = placements(plan)
    assert (response.status_code, response.location) == (303, f"/staff/placements/{made.id}")
    assert (made.language_minutes, made.follow_up_day, made.kind) == (720, 14, "placement")
    days = plan.all(select(PlannedDay.day).order_by(PlannedDay.day))
    assert {day.weekday() for (day,) in days} == {0, 3}
    page = mette.get(response.location).text
    assert "Lageret" in page
    assert "22:00 – 02:00" in page
    assert "0 of 12 h" in page


def test_a_press_that_comes_twice_makes_one_placement(plan: Plan, workplace: Workplace, mette: FlaskClient) -> None:
    answers = [mette.post(new_address(plan), data=facts(workplace, request_id="twice")) for _time in range(2)]
    assert len(placements(plan)) == 1
    assert {answer.location for answer in answers} == {f"/staff/placements/{placements(plan)[0].id}"}


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"last_day": str(monday() - timedelta(days=1))}, "The last day lies before the first."),
        ({"last_day": str(monday() + timedelta(days=800))}, "A placement lasts two years at most."),
        ({"starts_on": str(monday(60)), "last_day": str(monday(61))}, "This is more than a year away."),
        ({"starts_on": "0001-01-01"}, "A placement lasts two years at most."),
        ({"last_day": "9999-12-31"}, "A placement lasts two years at most."),
        ({"starts_on": "soon"}, "We did not understand this answer."),
        ({"on_0": "", "on_3": ""}, "Tick at least one weekday."),
        ({"begins_0": ""}, "Write from when to when."),
        ({"ends_3": ""}, "Write from when to when."),
        ({"begins_3": "late"}, "We did not understand this answer."),
        ({"on_4": "y", "begins_4": "01:00", "ends_4": "06:00"}, "is not over when that of Friday begins."),
        (
            {"last_day": str(monday() + timedelta(days=2)), "on_0": "", "follow_up_day": "1"},
            "Not a single working day is left between the two dates.",
        ),
        ({"follow_up_day": "90"}, "The follow-up would come after the last day."),
        ({"follow_up_day": "0"}, "Write a number of days."),
        ({"language_hours": "101"}, "Write a number of hours from 0 to 100."),
        ({"language_hours": ""}, "Write a number of hours from 0 to 100."),
        ({"workplace_id": "0"}, "Choose a workplace."),
        ({"workplace_id": "999999"}, "We did not understand this answer."),
        ({"kind": "holiday"}, "We did not understand this answer."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    plan: Plan, workplace: Workplace, mette: FlaskClient, wrong: dict[str, str], sentence: str
) -> None:
    response = mette.post(new_address(plan), data=facts(workplace, **wrong))
    assert response.status_code == 422
    assert sentence in html.unescape(response.text)
    assert 'value="22:00"' in response.text or "begins_3" in wrong
    assert 'value="12:30"' in response.text
    assert placements(plan) == []


def test_where_she_is_somewhere_else_the_day_is_named(placed: Placed, mette: FlaskClient) -> None:
    plan, first = placed.plan, placed.today + timedelta(days=7 - placed.today.weekday())
    night = facts(placed.workplace, starts_on=str(first), on_0="y", begins_0="03:00", ends_0="10:00", on_3="")
    response = mette.post(new_address(plan), data=night)
    assert response.status_code == 422
    assert f"Already at another placement then: Monday {first.day} " in response.text
    assert len(placements(plan)) == 1


def test_a_workplace_that_ended_meanwhile_is_refused(
    plan: Plan, workplace: Workplace, mette: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = facts(workplace)
    listed = queries.workplaces
    plan.session.execute(update(Workplace).values(ended_on=TODAY - timedelta(days=1)))
    plan.session.commit()
    monkeypatch.setattr(
        queries, "workplaces", lambda session, here, _today, **more: listed(session, here, date.min, **more)
    )
    response = mette.post(new_address(plan), data=form)
    assert response.status_code == 422
    assert "This workplace takes nobody any more. Choose another one." in response.text


@pytest.mark.parametrize(
    ("name", "status"), [("karen", 403), ("selam", 403), ("jens", 403), ("bodil", 403), ("anders", 404)]
)
def test_only_who_arranges_placements_for_her_can_make_one(
    placed: Placed, client_of: ClientOf, name: str, status: int
) -> None:
    client, address = client_of(name), new_address(placed.plan)
    assert client.get(address).status_code == status
    assert client.post(address, data=facts(placed.workplace)).status_code == status
    assert len(placements(placed.plan)) == 1


# --- One placement ------------------------------------------------------------------------------------------


def test_a_placement_shows_who_said_what_of_which_day_and_is_logged(placed: Placed, mette: FlaskClient) -> None:
    placed.says("jens", "late", -1, minutes=30, words="Bussen")
    placed.says("selam", "missed", -2, excuse="child")
    page = mette.get(address_of(placed)).text
    assert "Came 30 minutes late." in page
    assert "Was not there. Why: Ill child" in page
    assert "Waits for the citizen&#39;s word" in page or "Waits for the citizen's word" in page
    (entry,) = placed.plan.all(select(AccessLogEntry.what, AccessLogEntry.citizen_id))
    assert tuple(entry) == ("placement", placed.plan.cast.selam)


def test_a_colleague_who_may_not_arrange_it_reads_no_word_of_the_days(placed: Placed, client_of: ClientOf) -> None:
    placed.says("selam", "missed", -2, excuse="child")
    placed.plan.speak("karen", "en")
    page = client_of("karen").get(address_of(placed))
    assert page.status_code == 200
    assert placed.workplace.name in page.text
    assert "Ill child" not in page.text
    assert "<form" not in page.text.split("<main", 1)[1].split("</main>")[0]


@pytest.mark.parametrize(
    ("name", "reading", "writing"),
    [("karen", 200, 403), ("selam", 403, 403), ("jens", 403, 403), ("bodil", 403, 403), ("anders", 404, 404)],
)
def test_a_placement_is_changed_by_nobody_else(
    placed: Placed, client_of: ClientOf, name: str, reading: int, writing: int
) -> None:
    client, jens = client_of(name), placed.plan.cast.jens
    assert client.get(address_of(placed)).status_code == reading
    assert client.get(day_address(placed, 0)).status_code == writing
    acts = ("/last-day", "/mentors", f"/mentors/{jens}/invite", f"/mentors/{jens}/remove", f"/mentors/{jens}/take-back")
    for act in acts:
        assert client.post(address_of(placed, act)).status_code == writing, act
    for act in ("", "/move", "/take-out", "/put-back"):
        assert client.post(day_address(placed, 1, act)).status_code == writing, act


@ON_SQLITE
@pytest.mark.parametrize("query", ["from=x", "from=0001-01-01", "from=9999-12-31", "from=2026-02-30"])
def test_strange_days_in_the_address_are_answered(placed: Placed, mette: FlaskClient, query: str) -> None:
    assert mette.get(address_of(placed, f"?{query}")).status_code == 200


def test_an_earlier_last_day_takes_the_later_days_out(placed: Placed, mette: FlaskClient) -> None:
    sooner = placed.today + timedelta(days=3)
    response = mette.post(address_of(placed, "/last-day"), data={"last_day": str(sooner), "seen": "1"})
    assert (response.status_code, response.location) == (303, address_of(placed))
    assert placements(placed.plan)[0].last_day == sooner
    assert placed.day(4).cancelled_at is not None
    assert placed.day(3).cancelled_at is None


def test_two_who_change_the_last_day_at_once_see_both(placed: Placed, mette: FlaskClient) -> None:
    address = address_of(placed, "/last-day")
    first, second = (str(placed.today + timedelta(days=number)) for number in (5, 9))
    mette.post(address, data={"last_day": first, "seen": "1"})
    late = mette.post(address, data={"last_day": second, "seen": "1"})
    assert late.status_code == 409
    assert "Somebody else has changed this meanwhile." in late.text
    assert f'value="{second}"' in late.text
    assert 'name="seen" value="2"' in late.text
    assert str(placements(placed.plan)[0].last_day) == first
    assert mette.post(address, data={"last_day": second, "seen": "2"}).status_code == 303


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (-20, "The last day lies before the first."),
        (900, "A placement lasts two years at most."),
        (-3, "Somebody has spoken of a later day:"),
    ],
)
def test_a_last_day_that_cannot_be_is_refused(placed: Placed, mette: FlaskClient, days: int, sentence: str) -> None:
    if days == -3:
        placed.says("jens", "came", -1)
    before = placed.placement.last_day
    day = str(placed.today + timedelta(days=days))
    response = mette.post(address_of(placed, "/last-day"), data={"last_day": day, "seen": "1"})
    assert response.status_code == 422
    assert sentence in response.text
    assert placements(placed.plan)[0].last_day == before


# --- Mentors and their links --------------------------------------------------------------------------------


def test_a_new_mentor_is_added_and_can_be_taken_off_again(placed: Placed, mette: FlaskClient) -> None:
    plan = placed.plan
    sent = {"known_id": "0", "kind": "language_mentor", "given_name": "Lone", "phone": "+45 70 00 00 30"}
    response = mette.post(address_of(placed, "/mentors"), data={**sent, "language": "pl"})
    assert (response.status_code, response.location) == (303, address_of(placed))
    lone = plan.session.scalars(select(Person).filter_by(given_name="Lone")).one()
    plan.session.commit()
    number = lone.id
    assert (lone.role, lone.language, lone.phone) == (Role.MENTOR, "pl", "+45 70 00 00 30")
    assert "Lone" in mette.get(address_of(placed)).text
    assert mette.post(address_of(placed, f"/mentors/{number}/remove")).status_code == 303
    ((ended_at,),) = plan.all(select(PlacementMentor.ended_at).filter_by(person_id=number))
    assert ended_at is not None
    assert mette.post(address_of(placed, f"/mentors/{number}/remove")).status_code == 404


def test_a_known_mentor_is_chosen_from_the_list(placed: Placed, mette: FlaskClient) -> None:
    jens = placed.plan.cast.jens
    mette.post(address_of(placed, f"/mentors/{jens}/remove"))
    sent = {"known_id": str(jens), "kind": "language_mentor", "language": "da"}
    assert mette.post(address_of(placed, "/mentors"), data=sent).status_code == 303
    found = placed.plan.all(select(PlacementMentor.kind, PlacementMentor.ended_at).filter_by(person_id=jens))
    assert [tuple(row) for row in found] == [("language_mentor", None)]


@ON_SQLITE
@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Write the first name, or choose somebody who is known."),
        ({"given_name": "Lone", "kind": "boss"}, "We did not understand this answer."),
        ({"given_name": "Lone", "phone": "x"}, "Write a phone number"),
        ({"given_name": "Lone", "email": "x"}, "This does not look like an e-mail address."),
        ({"given_name": "Lone", "language": "xx"}, "We did not understand this answer."),
        ({"known_id": "999999"}, "We did not understand this answer."),
    ],
)
def test_a_mentor_who_cannot_be_is_refused(
    placed: Placed, mette: FlaskClient, sent: dict[str, str], sentence: str
) -> None:
    base = {"known_id": "0", "kind": "language_mentor", "language": "da"}
    response = mette.post(address_of(placed, "/mentors"), data={**base, **sent})
    assert response.status_code == 422
    assert sentence in response.text
    assert len(placed.plan.all(select(PlacementMentor))) == 1


def token_in(page: str) -> str:
    found = re.search(r"http://localhost/m/([\w-]+)", page)
    assert found is not None
    return found[1]


def test_a_link_is_shown_once_as_address_picture_and_message(placed: Placed, mette: FlaskClient) -> None:
    plan, invite = placed.plan, address_of(placed, f"/mentors/{placed.plan.cast.jens}/invite")
    plan.speak("jens", "da")
    first = mette.post(invite, data={"request_id": "once"})
    assert first.status_code == 200
    token = token_in(first.text)
    assert queries.mentor_at_door(plan.session, token, plan.now) is not None
    plan.session.commit()
    assert "<svg" in first.text.split("invitation-title", 1)[1]
    assert 'href="sms:+4570000010?body=' in first.text
    card = first.text.split('id="invitation"', 1)[1].split("</section>")[0]
    assert "Jens" in card
    assert "Krog" not in card
    assert "Selam" not in card
    assert "It stops on" in first.text
    again = mette.post(invite, data={"request_id": "once"})
    assert (again.status_code, again.location) == (303, address_of(placed))
    assert token not in mette.get(address_of(placed)).text
    assert len(plan.all(select(MentorLink))) == 1


def test_a_new_link_stops_the_old_one_and_can_be_taken_back(placed: Placed, mette: FlaskClient) -> None:
    plan, mentor = placed.plan, address_of(placed, f"/mentors/{placed.plan.cast.jens}")
    old, new = (token_in(mette.post(f"{mentor}/invite").text) for _time in range(2))
    assert (queries.mentor_at_door(plan.session, old, plan.now), old == new) == (None, False)
    assert queries.mentor_at_door(plan.session, new, plan.now)
    plan.session.commit()
    assert mette.post(f"{mentor}/take-back").location == address_of(placed)
    assert queries.mentor_at_door(plan.session, new, plan.now) is None
    plan.session.commit()
    assert "Has a link" not in mette.get(address_of(placed)).text


def test_a_link_that_no_nudge_can_carry_is_told_of(placed: Placed, mette: FlaskClient) -> None:
    """It is of before nonces were kept, and its mentor would never be asked."""
    session, jens, advice = (
        placed.plan.session,
        placed.plan.cast.jens,
        "Make a new link, so that we can ask the mentor.",
    )
    placed.link()
    assert advice not in mette.get(address_of(placed)).text
    session.execute(update(MentorLink).values(nonce=""))
    session.commit()
    assert advice not in mette.get(address_of(placed)).text  # he has an account
    session.execute(update(Person).where(Person.id == jens).values(username=None))
    session.commit()
    assert advice in mette.get(address_of(placed)).text


def test_under_a_mentor_stands_when_he_was_last_asked(placed: Placed, mette: FlaskClient, client_of: ClientOf) -> None:
    session, cast = placed.plan.session, placed.plan.cast
    sent = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    about = {"kind": "nudge", "placement_id": placed.placement.id, "about_day": placed.today, "state": "sent"}
    row = reminder_row(cast.solby, cast.jens, sent, **about)
    for channel, days in (("mail", 2), ("sms", 0), ("push", 4)):
        session.execute(insert(Reminder), [row | {"channel": channel, "sent_at": sent - timedelta(days=days)}])
    session.commit()
    assert "Asked on Monday 23 November at 17:30 by SMS." in mette.get(address_of(placed)).text
    assert "Asked on" not in client_of("karen").get(address_of(placed)).text


def test_a_message_is_in_the_mentors_language(placed: Placed, mette: FlaskClient) -> None:
    lone = MentorFacts("Lone", language="uk")
    plan, kind = placed.plan, MentorKind.LANGUAGE_MENTOR
    person = plan.do("mette", add_mentor_now, placed.placement.id, lone, kind)
    page = mette.post(address_of(placed, f"/mentors/{person}/invite")).text
    assert '<p class="quote" lang="uk">' in page


def add_mentor_now(session: Any, actor: Any, subject: Any, *about: Any, now: datetime) -> int:
    placement_id, mentor, kind = about
    return actions.add_mentor(session, actor, subject, placement_id, mentor, kind, today=now.date())


@pytest.mark.parametrize("act", ["invite", "take-back", "remove"])
def test_somebody_who_is_no_mentor_here_gets_no_link(placed: Placed, mette: FlaskClient, act: str) -> None:
    for person in (placed.plan.cast.karen, 999_999):
        assert mette.post(address_of(placed, f"/mentors/{person}/{act}")).status_code == 404
    assert placed.plan.all(select(MentorLink.token_hash)) == []


# --- Days ---------------------------------------------------------------------------------------------------


def test_a_day_moves_to_other_hours(placed: Placed, mette: FlaskClient) -> None:
    sent = {"day": str(placed.day(3).day), "begins": "10:00", "ends": "14:00"}
    response = mette.post(day_address(placed, 3, "/move"), data=sent)
    assert (response.status_code, response.location) == (303, day_address(placed, 3))
    assert "10:00 – 14:00" in mette.get(response.location).text


@pytest.mark.parametrize(
    ("number", "sentence"), [(4, "The placement already has a day then:"), (99, "does not lie within the placement.")]
)
def test_a_day_cannot_move_just_anywhere(placed: Placed, mette: FlaskClient, number: int, sentence: str) -> None:
    there = placed.today + timedelta(days=number)
    response = mette.post(day_address(placed, 3, "/move"), data={"day": str(there), "begins": "10:00", "ends": "14:00"})
    assert response.status_code == 422
    assert sentence in response.text
    assert f"{there.day} " in response.text
    assert 'value="10:00"' in response.text


@ON_SQLITE
@pytest.mark.parametrize("day", ["", "x", "9999-12-31", "0001-01-01"])
def test_a_strange_day_to_move_to_is_answered(placed: Placed, mette: FlaskClient, day: str) -> None:
    sent = {"day": day, "begins": "10:00", "ends": "09:00"}
    assert mette.post(day_address(placed, 3, "/move"), data=sent).status_code == 422


def test_a_day_is_taken_out_and_put_back(placed: Placed, mette: FlaskClient) -> None:
    assert mette.post(day_address(placed, 3, "/take-out")).status_code == 303
    placed.plan.session.expire_all()
    assert placed.day(3).cancelled_at is not None
    assert "Put it back into the plan" in mette.get(day_address(placed, 3)).text
    assert mette.post(day_address(placed, 3, "/put-back")).status_code == 303
    placed.plan.session.expire_all()
    assert placed.day(3).cancelled_at is None


@pytest.mark.parametrize("act", ["move", "take-out"])
def test_a_day_that_somebody_has_spoken_of_stays(placed: Placed, mette: FlaskClient, act: str) -> None:
    placed.says("jens", "came", 0)
    assert "Take it out of the plan" not in mette.get(day_address(placed, 0)).text
    sent = {"day": str(placed.day(0).day), "begins": "10:00", "ends": "14:00"}
    response = mette.post(day_address(placed, 0, f"/{act}"), data=sent)
    assert response.status_code == 409
    assert "Somebody has spoken of this day." in response.text
    placed.plan.session.expire_all()
    assert placed.day(0).cancelled_at is None


@pytest.mark.parametrize("act", ["", "/move", "/take-out", "/put-back"])
def test_a_day_of_no_placement_is_not_found(placed: Placed, mette: FlaskClient, act: str) -> None:
    assert mette.post(address_of(placed, f"/days/999999{act}")).status_code == 404


# --- Settling -----------------------------------------------------------------------------------------------


def disputed(placed: Placed, number: int = -1) -> None:
    record = placed.says("jens", "missed", number, excuse="unknown", words="Hun kom ikke")
    assert record.mentor is not None
    placed.says("selam", "wrong", number, about=record.mentor.id, words="ኣነ ኔረ")


def settled(seen: int = 2, **more: str) -> dict[str, str]:
    words = "Selam var der fra 8. Jens så hende ikke."
    return {"id": "abcdef0123456789", "seen": str(seen), "said": "came", "words": words, "excuse": "", **more}


def test_both_sides_stand_beside_each_other(placed: Placed, mette: FlaskClient) -> None:
    disputed(placed)
    page = mette.get(day_address(placed, -1)).text
    assert "They tell it differently" in page
    assert "Hun kom ikke" in page
    assert "ኣነ ኔረ" in page
    assert "What the mentor said is not right." in page
    assert 'name="seen" value="2"' in page


def test_what_staff_settle_counts(placed: Placed, mette: FlaskClient) -> None:
    disputed(placed)
    response = mette.post(day_address(placed, -1), data=settled(minutes="300"))
    assert (response.status_code, response.location) == (303, day_address(placed, -1))
    record = placed.record(-1)
    assert record is not None
    assert (record.state, record.said, record.minutes) == ("settled", "came", 300)
    assert placed.statements(-1)[-1].words_language == "da"
    assert "Was there and worked 300 minutes." in mette.get(response.location).text


def test_hours_of_each_side_stand_in_words_and_staff_settle_with_their_own(placed: Placed, mette: FlaskClient) -> None:
    placed.says("jens", "came", -1, began=time(1), ended=time(5))
    about = placed.statements(-1)[0].id
    placed.says("selam", "wrong", -1, about=about, excuse="longer", began=time(1), ended=time(6, 30))
    page = mette.get(day_address(placed, -1)).text
    assert 'Was there <bdi class="nowrap" dir="ltr">01:00 – 05:00</bdi>.' in page
    assert 'not right. Was there <bdi class="nowrap" dir="ltr">01:00 – 06:30</bdi>.' in page
    typed = {"id": "a-settlement", "seen": "2", "said": "came", "words": "Vi er enige", "began": "01:00"}
    for wrong in ({}, {"ended": "11:00"}, {"ended": "06:00", "minutes": "90"}):
        response = mette.post(day_address(placed, -1), data=typed | wrong)
        assert response.status_code == 422
        assert "Write both times, at most 4 hours from the planned ones" in response.text
    assert mette.post(day_address(placed, -1), data=typed | {"ended": "06:00"}).status_code == 303
    record = placed.record(-1)
    assert record is not None
    assert (record.state, record.minutes) == ("settled", 300)


def test_settling_twice_by_the_same_press_adds_one_statement(placed: Placed, mette: FlaskClient) -> None:
    disputed(placed)
    for request_id in ("one", "one", "another"):
        assert mette.post(day_address(placed, -1), data=settled(request_id=request_id)).status_code == 303
    assert len(placed.statements(-1)) == 3


def test_a_word_that_came_meanwhile_is_shown_first_and_nothing_typed_is_lost(
    placed: Placed, mette: FlaskClient
) -> None:
    disputed(placed)
    placed.says("selam", "came", -1, words="ሓድሽ ቃል")
    late = mette.post(day_address(placed, -1), data=settled())
    assert late.status_code == 409
    assert "Somebody has said more meanwhile." in late.text
    assert "ሓድሽ ቃል" in late.text
    assert "Selam var der fra 8." in late.text
    assert 'name="seen" value="3"' in late.text
    assert len(placed.statements(-1)) == 3
    assert mette.post(day_address(placed, -1), data=settled(seen=3)).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"words": ""}, "Write in a few words what you agreed."),
        ({"words": "x" * 301}, "This is too long."),
        ({"words": "010190-1234"}, "Please do not write a CPR number here."),
        ({"said": ""}, "Choose what holds."),
        ({"said": "late"}, "We did not understand this answer."),
        ({"said": "missed"}, "Choose the reason."),
        ({"said": "missed", "excuse": "unknown"}, "We did not understand this answer."),
        ({"minutes": "0"}, "Write how many minutes, from 1 to 1440, or leave it empty."),
        ({"minutes": "5000"}, "Write how many minutes, from 1 to 1440, or leave it empty."),
    ],
)
@ON_SQLITE
def test_a_settlement_that_cannot_be_is_refused(
    placed: Placed, mette: FlaskClient, wrong: dict[str, Any], sentence: str
) -> None:
    disputed(placed)
    response = mette.post(day_address(placed, -1), data=settled(**wrong))
    assert response.status_code == 422
    assert sentence in response.text
    assert len(placed.statements(-1)) == 2


def test_without_excuse_can_be_said_only_when_she_was_heard(placed: Placed, mette: FlaskClient) -> None:
    placed.says("jens", "missed", -1, excuse="unknown")
    assert "Without excuse</option>" not in mette.get(day_address(placed, -1)).text
    sent = settled(seen=1, said="missed", excuse="none")
    assert mette.post(day_address(placed, -1), data=sent).status_code == 422
    placed.says("selam", "missed", -1, excuse="other")
    assert "Without excuse</option>" in mette.get(day_address(placed, -1)).text
    assert mette.post(day_address(placed, -1), data={**sent, "seen": "2"}).status_code == 303


def test_a_day_that_was_taken_out_is_not_settled(placed: Placed, mette: FlaskClient) -> None:
    mette.post(day_address(placed, -3, "/take-out"))
    assert "Settle the day" not in mette.get(day_address(placed, -3)).text
    assert mette.post(day_address(placed, -3), data=settled(seen=0)).status_code == 409
    assert placed.plan.all(select(DayStatement.id)) == []


def test_a_coming_day_cannot_be_settled_as_if_she_had_come(placed: Placed, mette: FlaskClient) -> None:
    assert "Settle the day" not in mette.get(day_address(placed, 5)).text
    response = mette.post(day_address(placed, 5), data=settled(seen=0))
    assert response.status_code == 422
    assert "The day has not begun yet." in response.text
    assert placed.plan.all(select(DayStatement.id)) == []


# --- The list -----------------------------------------------------------------------------------------------


def test_the_list_shows_state_hours_and_what_needs_somebody(placed: Placed, mette: FlaskClient) -> None:
    disputed(placed)
    record = placed.says("jens", "came", -2)
    assert record.mentor is not None
    placed.says("selam", "right", -2, about=record.mentor.id)
    placed.says("jens", "language", -2, minutes=180)
    page = mette.get("/staff/placements").text
    assert "Selam Tesfay" in page
    assert "Running" in page
    assert "4 weeks: 6 of 90 h confirmed" in page
    assert "Danish with a mentor: 3 of 10 h" in page
    assert "1 day told differently" in page
    assert "No word since" in page


@pytest.mark.parametrize(
    ("query", "is_there"),
    [("q=solsik", True), ("q=torvet", True), ("q=andet", False), ("branch=kitchen", True), ("branch=care", False)],
)
@ON_SQLITE
def test_the_list_is_searched_by_workplace(placed: Placed, mette: FlaskClient, query: str, is_there: bool) -> None:
    assert placed.workplace.name in mette.get("/staff/placements").text
    assert (placed.workplace.name in mette.get(f"/staff/placements?{query}").text) == is_there


@ON_SQLITE
@pytest.mark.parametrize("after", ["x", "2026-01-01", "2026-01-01_x", "_1", "2026-13-01_1", "2026-01-01_99999999999"])
def test_a_strange_place_in_the_list_is_its_start(placed: Placed, mette: FlaskClient, after: str) -> None:
    assert placed.workplace.name in mette.get(f"/staff/placements?after={after}").text


def many(placed: Placed, count: int) -> None:
    """Give Mette so many more citizens, each with a placement at the same place."""
    plan, keys = placed.plan, {"municipality_id": placed.plan.cast.solby}
    for number in range(count):
        person = Person(
            **keys,
            external_id=f"n{number}",
            role=Role.CITIZEN,
            given_name="=Nadia",
            family_name=f"n{number}",
            language="uk",
        )
        plan.session.add(person)
        plan.session.flush()
        about = {**keys, "citizen_id": person.id}
        plan.session.add(Relation(**about, person_id=plan.cast.mette, role="case_worker", started_on=SINCE))
        made = Placement(
            **about,
            workplace_id=placed.workplace.id,
            kind="taster",
            starts_on=placed.today,
            last_day=placed.today + timedelta(days=7),
            language_minutes=0,
            follow_up_day=1,
            made_by_id=plan.cast.mette,
            made_at=plan.now,
        )
        plan.session.add(made)
        plan.session.flush()
        begins = datetime.combine(placed.today, time(8), UTC)
        plan.session.add(
            PlannedDay(
                **about, placement_id=made.id, day=placed.today, begins_at=begins, ends_at=begins + timedelta(hours=4)
            )
        )
    plan.session.commit()


def test_a_long_list_goes_on_after_the_last_one(placed: Placed, mette: FlaskClient) -> None:
    many(placed, PAGE_SIZE + 5)
    first = mette.get("/staff/placements").text
    address = re.findall(r'href="(/staff/placements\?[^"]*after=[^"]+)"', first)[0].replace("&amp;", "&")
    second = mette.get(address).text
    seen = re.findall(r"<bdi>(=Nadia n\d+|Selam Tesfay)</bdi>", first + second)
    assert len(seen) == len(set(seen)) == PAGE_SIZE + 6
    assert "after=" not in second


def test_the_list_costs_the_same_however_long_it_is(placed: Placed, mette: FlaskClient, app: Flask) -> None:
    disputed(placed)
    statements: list[str] = []
    event.listen(app.extensions["engine"], "before_cursor_execute", lambda *about: statements.append(about[2]))

    def cost() -> int:
        statements.clear()
        assert mette.get("/staff/placements").status_code == 200
        return len([one for one in statements if one.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE"))])

    one = cost()
    many(placed, 20)
    assert one == cost() <= 6


def test_the_sheet_has_the_filtered_list_and_is_logged(placed: Placed, mette: FlaskClient) -> None:
    many(placed, 1)
    response = mette.get("/staff/placements/export.csv")
    assert response.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert rows[0][:2] == ["Name", "Workplace"]
    assert [row[0] for row in rows[1:]] == ["'=Nadia n0", "Selam Tesfay"]
    assert len(placed.plan.all(select(AccessLogEntry.id))) == 2
    nothing = mette.get("/staff/placements/export.csv?q=andet")
    assert len(list(csv.reader(io.StringIO(nothing.data.decode("utf-8-sig"))))) == 1


def test_a_placement_that_was_over_long_ago_is_not_listed(placed: Placed, mette: FlaskClient) -> None:
    plan = placed.plan
    for days, is_there in ((29, True), (31, False)):
        plan.session.execute(update(Placement).values(last_day=placed.today - timedelta(days=days)))
        plan.session.commit()
        assert ("Over" in mette.get("/staff/placements").text) == is_there


@pytest.mark.parametrize(
    ("name", "status", "is_there"),
    [("karen", 200, True), ("anders", 200, False), ("selam", 403, False), ("jens", 403, False), ("bodil", 403, False)],
)
@pytest.mark.usefixtures("placed")
def test_the_list_has_ones_own_citizens_only(
    client_of: ClientOf,
    name: str,
    status: int,
    is_there: bool,
) -> None:
    for address in ("/staff/placements", "/staff/placements/export.csv"):
        response = client_of(name).get(address)
        assert response.status_code == status
        assert ("Selam" in response.text) == is_there


# --- Where they are found -----------------------------------------------------------------------------------


def test_the_citizens_page_lists_her_placements(placed: Placed, mette: FlaskClient, client_of: ClientOf) -> None:
    page = mette.get(f"/staff/citizens/{placed.plan.cast.selam}").text
    assert f'href="{address_of(placed)}"' in page
    assert f'href="{new_address(placed.plan)}"' in page
    karens = client_of("karen").get(f"/staff/citizens/{placed.plan.cast.selam}").text
    assert f'href="{address_of(placed)}"' in karens
    assert new_address(placed.plan) not in karens


def test_the_morning_list_tells_what_needs_somebody_at_work(placed: Placed, mette: FlaskClient) -> None:
    plan = placed.plan
    disputed(placed)
    page = mette.get("/staff").text
    assert f'href="{day_address(placed, -1)}"' in page
    assert "differently" in page
    assert f'href="{address_of(placed)}"' in page
    assert "No word from the workplace since" in page
    for number in range(-14, -2):
        placed.says("jens", "came", number)
    page = mette.get("/staff").text
    assert "No word from the workplace" not in page
    assert "no Danish with a mentor" not in page
    plan.session.execute(update(Placement).values(last_day=placed.today + timedelta(days=10)))
    plan.session.commit()
    assert "Half-way, and no Danish with a mentor yet" in mette.get("/staff").text
    plan.session.execute(update(Placement).values(language_minutes=60))
    plan.session.commit()
    nearly = "Hours of Danish with the mentor nearly used"
    for minutes, is_near in ((47, False), (48, True)):
        moment = plan.now - timedelta(minutes=60 - minutes)
        placed.says("jens", "language", -1, minutes=minutes, now=moment)
        assert [nearly in mette.get(where).text for where in ("/staff", "/staff/placements")] == [is_near] * 2
    placed.says("jens", "language", -1, minutes=60)
    page = mette.get("/staff").text
    assert "Half-way" not in page
    assert nearly not in page + mette.get("/staff/placements").text
    assert "All hours of Danish with a mentor are used" in page


def test_a_day_settled_without_the_mentor_makes_him_no_longer_silent(placed: Placed, mette: FlaskClient) -> None:
    plan = placed.plan
    plan.session.execute(update(PlannedDay).where(PlannedDay.day != placed.day(-5).day).values(cancelled_at=plan.now))
    plan.session.commit()
    assert "No word from the workplace" in mette.get("/staff").text
    assert mette.post(day_address(placed, -5), data=settled(seen=0)).status_code == 303
    assert "No word from the workplace" not in mette.get("/staff").text
    assert "No word since" not in mette.get("/staff/placements").text


def test_the_morning_of_others_has_nothing_of_it(placed: Placed, client_of: ClientOf) -> None:
    disputed(placed)
    placed.plan.speak("anders", "en")
    assert "Nothing needs you right now." in client_of("anders").get("/staff").text
