"""The follow-up of a placement: proposed, made a meeting, seen by all three, and asked for in the morning."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from citizen_app.meetings.models import Meeting, Participant
from citizen_app.people.models import AccessLogEntry
from citizen_app.placements.models import Placement
from citizen_app.practice import actions as practice
from tests.placed import Placed, placed
from tests.plan import ON_SQLITE

__all__ = ["placed"]

ClientOf = Callable[[str], FlaskClient]


def address_of(placed: Placed) -> str:
    return f"/staff/placements/{placed.placement.id}/follow-up"


def new_meeting(placed: Placed) -> str:
    return f"/staff/citizens/{placed.plan.cast.selam}/meetings/new?placement={placed.placement.id}"


def typed(page: str) -> dict[str, Any]:
    """Return what the browser would send back of a page's form of a meeting."""
    fields = dict(
        re.findall(r'<input[^>]*name="(day|start|end|place|how_to_find|placement)"[^>]*value="([^"]*)"', page)
    )
    fields |= {name: value for value, name in re.findall(r'value="([^"]*)"[^>]*name="(day|start|end|place)"', page)}
    ticked = re.findall(r'<input checked[^>]*name="people"[^>]*value="(\d+)"', page)
    kind = re.search(r'<option selected value="(\w+)"', page)
    assert kind is not None
    return {**fields, "people": ticked, "kind": kind[1], "way": "place", "language": "da", "interpreter": "none_needed"}


def book(placed: Placed, mette: FlaskClient, **other: str) -> Meeting:
    fields = typed(mette.get(new_meeting(placed)).text)
    response = mette.post(new_meeting(placed), data={**fields, "anyway": "y", **other})
    assert response.status_code == 303, response.text
    found = placed.plan.session.scalars(select(Meeting)).one()
    placed.plan.session.commit()
    return found


def test_the_form_proposes_day_workplace_and_mentor(placed: Placed, mette: FlaskClient) -> None:
    fields = typed(mette.get(new_meeting(placed)).text)
    wanted = placed.placement.starts_on + timedelta(days=20)
    assert date.fromisoformat(fields["day"]) - wanted in {timedelta(days=number) for number in range(6)}
    assert date.fromisoformat(fields["day"]).weekday() < 5
    assert (fields["start"], fields["end"], fields["kind"]) == ("10:00", "10:30", "follow_up")
    assert fields["place"] == "Cafe Solsikken, Torvet 1"
    assert fields["people"] == [str(placed.plan.cast.jens)]


def test_the_meeting_it_becomes_is_seen_by_staff_mentor_and_citizen(
    placed: Placed, mette: FlaskClient, client_of: ClientOf, client: FlaskClient
) -> None:
    meeting = book(placed, mette)
    people = placed.plan.all(select(Participant.person_id, Participant.part).filter_by(meeting_id=meeting.id))
    cast = placed.plan.cast
    assert {tuple(row) for row in people} == {(cast.selam, "citizen"), (cast.mette, "host"), (cast.jens, "mentor")}
    page = mette.get(address_of(placed)).text
    assert f'href="/staff/meetings/{meeting.id}"' in page
    assert "Find a time" not in page
    for shown in (client.get(f"/m/{placed.link()}").text, client_of("jens").get("/mentor").text):
        assert '<bdi dir="ltr">10:00</bdi>' in shown.replace("10.00", "10:00")
    assert f'href="/meetings/{meeting.id}"' in client_of("selam").get("/attendance").text


def test_a_cancelled_meeting_leaves_the_follow_up_without_a_time(placed: Placed, mette: FlaskClient) -> None:
    meeting = book(placed, mette)
    placed.plan.session.execute(update(Meeting).values(cancelled_at=placed.plan.now))
    placed.plan.session.commit()
    page = mette.get(address_of(placed)).text
    assert "Find a time" in page
    assert f"/staff/meetings/{meeting.id}" not in page


def test_a_mentor_who_is_not_asked_is_not_told_of_it(placed: Placed, mette: FlaskClient, client: FlaskClient) -> None:
    fields = typed(mette.get(new_meeting(placed)).text)
    response = mette.post(new_meeting(placed), data={**fields, "people": [], "anyway": "y"})
    assert response.status_code == 303
    assert "10.00" not in client.get(f"/m/{placed.link()}").text.replace("10:00", "10.00")


def test_a_second_meeting_is_refused_until_the_first_is_cancelled(placed: Placed, mette: FlaskClient) -> None:
    fields = typed(mette.get(new_meeting(placed)).text)
    meeting = book(placed, mette)
    assert mette.get(new_meeting(placed)).status_code == 409
    assert mette.post(new_meeting(placed), data={**fields, "anyway": "y"}).status_code == 409
    assert len(placed.plan.all(select(Meeting.id))) == 1
    placed.plan.session.execute(update(Meeting).values(cancelled_at=placed.plan.now))
    placed.plan.session.commit()
    assert mette.post(new_meeting(placed), data={**fields, "anyway": "y"}).status_code == 303
    assert placed.plan.all(select(Placement.follow_up_meeting_id)) != [(meeting.id,)]


def test_a_placement_that_is_over_is_not_followed_up(placed: Placed, mette: FlaskClient) -> None:
    placed.plan.session.execute(update(Placement).values(last_day=placed.today - timedelta(days=1)))
    placed.plan.session.commit()
    assert "Find a time" not in mette.get(address_of(placed)).text
    assert mette.get(new_meeting(placed)).status_code == 409


def test_while_times_are_offered_the_page_leads_to_them(placed: Placed, mette: FlaskClient) -> None:
    meeting = book(placed, mette)
    placed.plan.session.execute(update(Meeting).values(settled_at=None))
    placed.plan.session.commit()
    page = mette.get(address_of(placed)).text
    assert "Several times are offered" in page
    assert f'href="/staff/meetings/{meeting.id}"' in page


def test_only_who_arranges_placements_is_asked_in_the_morning(placed: Placed, client_of: ClientOf) -> None:
    placed.says("jens", "came", -1)
    placed.says("selam", "wrong", -1, excuse="there", about=placed.statements(-1)[0].id)
    assert "/days/" in client_of("mette").get("/staff").text
    assert "/staff/placements/" not in client_of("karen").get("/staff").text.split("<main")[1]


@pytest.mark.parametrize(("starts", "is_told"), [(-14, True), (-13, True), (-12, False)])
def test_the_morning_asks_for_a_time_a_week_before(
    placed: Placed, mette: FlaskClient, starts: int, *, is_told: bool
) -> None:
    placed.plan.session.execute(update(Placement).values(starts_on=placed.today + timedelta(days=starts)))
    placed.plan.session.commit()
    assert (f'href="{address_of(placed)}"' in mette.get("/staff").text) is is_told
    book(placed, mette)
    assert f'href="{address_of(placed)}"' not in mette.get("/staff").text


def test_the_page_is_logged_and_tells_the_words_used_since_it_began(placed: Placed, mette: FlaskClient) -> None:
    for key, days in (("stop", 1), ("fare", 20)):
        day = placed.today - timedelta(days=days)
        placed.plan.do("selam", practice.set_used_today, ticked={key}, shown=[key], day=day)
    found = mette.get(address_of(placed)).text
    entries = placed.plan.all(select(AccessLogEntry.what))
    assert ("placement",) in {tuple(row) for row in entries}
    assert found.count('<span class="mark">') == 1


@pytest.mark.parametrize(("name", "status"), [("selam", 403), ("jens", 403), ("anders", 404), ("karen", 200)])
def test_only_who_works_with_her_reads_it(placed: Placed, client_of: ClientOf, name: str, status: int) -> None:
    assert client_of(name).get(address_of(placed)).status_code == status


@ON_SQLITE
@pytest.mark.parametrize("number", ["999999", "-1", "100000000000000000000"])
def test_another_placement_is_not_followed_up(placed: Placed, mette: FlaskClient, number: str) -> None:
    address = f"/staff/citizens/{placed.plan.cast.selam}/meetings/new?placement={number}"
    assert mette.get(address).status_code == 404
    assert mette.post(address, data={"kind": "follow_up"}).status_code == 404


@ON_SQLITE
def test_a_placement_of_another_citizen_is_not_followed_up(placed: Placed, mette: FlaskClient) -> None:
    placed.plan.session.execute(update(Placement).values(citizen_id=placed.plan.cast.yusuf))
    placed.plan.session.commit()
    assert mette.get(new_meeting(placed)).status_code == 404
