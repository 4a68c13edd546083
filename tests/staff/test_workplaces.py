"""Workplaces: found however they are spelled, kept without losing anybody's words, and taken out as a list."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from citizen_app.placements.models import Workplace
from tests.placed import Placed, placed
from tests.plan import ON_SQLITE, Plan
from tests.town import photo

__all__ = ["placed"]

ClientOf = Callable[[str], FlaskClient]
FACTS: dict[str, Any] = {
    "name": "Bageriet Rågen",
    "branch": "kitchen",
    "address": "Ågade 5",
    "how_to_find": "Bag butikken",
    "contact_name": "Kirsten",
    "contact_phone": "+45 70 00 00 20",
    "contact_email": "kirsten@example.dk",
    "places": "2",
    "ended_on": "",
    "seen": "0",
}


def kept(plan: Plan) -> list[Workplace]:
    plan.session.expire_all()
    found = list(plan.session.scalars(select(Workplace).order_by(Workplace.id)))
    plan.session.commit()
    return found


def rows_of(client: FlaskClient, address: str) -> list[list[str]]:
    response = client.get(address)
    assert response.mimetype == "text/csv"
    assert response.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))


def test_a_workplace_is_kept_and_listed(plan: Plan, mette: FlaskClient) -> None:
    response = mette.post("/staff/workplaces/new", data=FACTS)
    assert (response.status_code, response.location) == (303, "/staff/workplaces")
    (place,) = kept(plan)
    assert (place.name, place.places, place.contact_phone, place.version) == (
        "Bageriet Rågen",
        2,
        "+45 70 00 00 20",
        1,
    )
    page = mette.get("/staff/workplaces").text
    assert "Bageriet Rågen" in page
    assert "2 free places" in page
    assert 'href="tel:+45 70 00 00 20"' in page


def test_a_press_that_comes_twice_keeps_one_workplace(plan: Plan, mette: FlaskClient) -> None:
    for _time in range(2):
        response = mette.post("/staff/workplaces/new", data={**FACTS, "request_id": "twice"})
        assert (response.status_code, response.location) == (303, "/staff/workplaces")
    assert len(kept(plan)) == 1


@ON_SQLITE
@pytest.mark.parametrize("query", ["q=raagen", "q=RÅGEN", "q=agade", "branch=kitchen", "q=", "branch=nonsense"])
def test_it_is_found_by_name_address_and_line_of_work(mette: FlaskClient, query: str) -> None:
    mette.post("/staff/workplaces/new", data=FACTS)
    assert "Bageriet" in mette.get(f"/staff/workplaces?{query}").text


@ON_SQLITE
@pytest.mark.parametrize("query", ["q=tømrer", "branch=retail", "q=%00", f"q={'x' * 3000}", "q=%25_"])
def test_it_is_not_found_by_anything_else(mette: FlaskClient, query: str) -> None:
    mette.post("/staff/workplaces/new", data=FACTS)
    page = mette.get(f"/staff/workplaces?{query}")
    assert page.status_code == 200
    assert ("Bageriet" in page.text) == (query in {"q=%00", "q=%25_"})  # nothing is left of these


def test_one_can_see_who_could_take_one_more(placed: Placed, mette: FlaskClient) -> None:
    mette.post("/staff/workplaces/new", data=FACTS)
    page = mette.get("/staff/workplaces").text
    assert "The only place is taken" in page
    roomy = mette.get("/staff/workplaces?room=1").text
    assert ("Bageriet" in roomy, placed.workplace.name in roomy) == (True, False)


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Write the name of the workplace."),
        ({"name": "x" * 81}, "This is too long."),
        ({"places": "-1"}, "Write a number of people from 0 to 500."),
        ({"places": "many"}, "We did not understand this answer."),
        ({"contact_phone": "ring"}, "Write a phone number"),
        ({"contact_email": "kirsten"}, "This does not look like an e-mail address."),
        ({"how_to_find": "010190-1234"}, "Please do not write a CPR number here."),
        ({"branch": "flying"}, "We did not understand this answer."),
        ({"ended_on": "soon"}, "We did not understand this answer."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    plan: Plan, mette: FlaskClient, wrong: dict[str, str], sentence: str
) -> None:
    response = mette.post("/staff/workplaces/new", data={**FACTS, **wrong})
    assert response.status_code == 422
    assert sentence in response.text
    assert 'value="Ågade 5"' in response.text
    assert kept(plan) == []


def test_two_who_change_it_at_once_see_both_texts(placed: Placed, mette: FlaskClient) -> None:
    address = f"/staff/workplaces/{placed.workplace.id}"
    assert mette.post(address, data={**FACTS, "name": "Cafe Nord", "seen": "1"}).status_code == 303
    late = mette.post(address, data={**FACTS, "name": "Cafe Syd", "seen": "1"})
    assert late.status_code == 409
    assert "Somebody else has changed this meanwhile." in late.text
    assert 'value="Cafe Syd"' in late.text
    assert "Cafe Nord</bdi></h2>" in late.text
    assert 'name="seen" value="2"' in late.text
    assert kept(placed.plan)[0].name == "Cafe Nord"
    assert mette.post(address, data={**FACTS, "name": "Cafe Syd", "seen": "2"}).status_code == 303
    assert kept(placed.plan)[0].name == "Cafe Syd"


def test_the_entrance_is_shown(placed: Placed, mette: FlaskClient) -> None:
    address = f"/staff/workplaces/{placed.workplace.id}"
    assert mette.get(f"{address}.jpg").status_code == 404
    sent = {**FACTS, "seen": "1", "photo": (io.BytesIO(photo()), "door.png")}
    assert mette.post(address, data=sent).status_code == 303
    assert mette.get(f"{address}.jpg").mimetype == "image/jpeg"
    assert f"{address}.jpg?v=" in mette.get(address).text


def test_a_file_that_is_no_photo_is_refused_with_all_else(placed: Placed, mette: FlaskClient) -> None:
    sent = {**FACTS, "seen": "1", "photo": (io.BytesIO(b"no photo"), "door.png")}
    response = mette.post(f"/staff/workplaces/{placed.workplace.id}", data=sent)
    assert response.status_code == 422
    assert kept(placed.plan)[0].name == placed.workplace.name


def test_a_workplace_that_takes_nobody_any_more_leaves_the_list(placed: Placed, mette: FlaskClient) -> None:
    ended = {**FACTS, "seen": "1", "ended_on": str(placed.today - timedelta(days=1))}
    mette.post(f"/staff/workplaces/{placed.workplace.id}", data=ended)
    assert "Bageriet" not in mette.get("/staff/workplaces").text


def test_the_list_comes_as_a_sheet_in_which_no_word_is_a_formula(mette: FlaskClient) -> None:
    mette.post("/staff/workplaces/new", data={**FACTS, "name": "=1+1", "contact_name": "@Kirsten"})
    mette.post("/staff/workplaces/new", data={**FACTS, "branch": "retail"})
    headings, row = rows_of(mette, "/staff/workplaces/export.csv?branch=kitchen")
    assert headings[0] == "Name"
    assert row == ["'=1+1", "Kitchen", "Ågade 5", "'@Kirsten", "'+45 70 00 00 20", "2", "0"]


def test_who_came_from_a_new_placement_goes_back_there(plan: Plan, mette: FlaskClient) -> None:
    response = mette.post(f"/staff/workplaces/new?citizen={plan.cast.selam}", data=FACTS)
    (place,) = kept(plan)
    assert response.location == f"/staff/citizens/{plan.cast.selam}/placements/new?workplace={place.id}"
    assert f'selected value="{place.id}"' in mette.get(response.location).text


@pytest.mark.parametrize(("name", "status"), [("karen", 200), ("bodil", 200), ("selam", 403), ("jens", 403)])
def test_workplaces_are_for_staff_and_the_administrator(
    placed: Placed, client_of: ClientOf, name: str, status: int
) -> None:
    client = client_of(name)
    for address in ("", "/new", "/export.csv", f"/{placed.workplace.id}"):
        assert client.get(f"/staff/workplaces{address}").status_code == status, address


def test_the_next_municipality_sees_none_of_it(placed: Placed, client_of: ClientOf) -> None:
    anders = client_of("anders")
    assert placed.workplace.name not in anders.get("/staff/workplaces").text
    for address in (f"/staff/workplaces/{placed.workplace.id}", f"/staff/workplaces/{placed.workplace.id}.jpg"):
        assert anders.get(address).status_code == 404
    assert anders.post(f"/staff/workplaces/{placed.workplace.id}", data=FACTS).status_code == 404
