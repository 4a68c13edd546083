"""My citizens, one citizen's page and connecting her phone: who sees whom, and what is written down of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from citizen_app.people.models import AccessLogEntry, ConnectCode, Person, Relation, SignIn
from citizen_app.policy import Role
from citizen_app.staff.citizens import PAGE_SIZE
from tests.cast import SINCE, sign_in
from tests.plan import HTMX, ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]


def test_one_sees_the_citizens_one_works_with_today(client_of: ClientOf) -> None:
    karen, mette = (client_of(name).get("/staff/citizens").text for name in ("karen", "mette"))
    assert ("Selam" in karen, "Yusuf" in karen, "Olena" in karen) == (True, True, False)
    assert ("Selam" in mette, "Yusuf" in mette) == (True, False)


def test_a_citizen_whose_relation_has_ended_is_gone(plan: Plan, mette: FlaskClient) -> None:
    plan.session.execute(update(Relation).filter_by(person_id=plan.cast.mette).values(ended_on=date(2025, 1, 1)))
    plan.session.commit()
    assert "Selam" not in mette.get("/staff/citizens").text
    assert mette.get(f"/staff/citizens/{plan.cast.selam}").status_code == 404


def test_a_long_list_goes_on_after_the_last_one(plan: Plan, mette: FlaskClient) -> None:
    keys = {"municipality_id": plan.cast.solby}
    for number in range(PAGE_SIZE + 5):
        key = f"n{number}"
        person = Person(**keys, external_id=key, role=Role.CITIZEN, given_name="Nadia", family_name=key, language="uk")
        plan.session.add(person)
        plan.session.flush()
        relation = {"citizen_id": person.id, "person_id": plan.cast.mette, "role": "case_worker"}
        plan.session.add(Relation(**keys, **relation, started_on=SINCE))
    plan.session.commit()
    first = mette.get("/staff/citizens").text
    address = re.findall(r'href="(/staff/citizens\?after=[^"]+)"', first)[0].replace("&amp;", "&")
    second = mette.get(address).text
    seen = re.findall(r"<bdi>(Nadia n\d+|Selam Tesfay)</bdi>", first + second)
    assert len(seen) == len(set(seen)) == PAGE_SIZE + 6
    assert "?after=" not in second


@ON_SQLITE
@pytest.mark.parametrize("after", ["after=%00", "after=x&after_id=x", "after=%F0%9F%98%80", f"after={'x' * 3000}"])
def test_a_strange_place_in_the_list_is_answered(mette: FlaskClient, after: str) -> None:
    assert mette.get(f"/staff/citizens?{after}").status_code == 200


def test_a_citizens_page_shows_her_plan_and_is_logged(plan: Plan, mette: FlaskClient) -> None:
    plan.agreed(body="Jeg vil arbejde i et køkken")
    page = mette.get(f"/staff/citizens/{plan.cast.selam}").text
    for fact in ("Selam Tesfay", "Jeg vil arbejde i et køkken", "Karen Holm", "Contact person", "Needs an interpreter"):
        assert fact in page
    assert "Also reads English" in page
    logged = plan.all(select(AccessLogEntry.reader_id, AccessLogEntry.reader_role, AccessLogEntry.what))
    assert logged == [(plan.cast.mette, "case_worker", "plan")]


def test_a_reader_is_offered_nothing_she_may_not_do(plan: Plan, client_of: ClientOf) -> None:
    plan.speak("karen", "en")
    page = client_of("karen").get(f"/staff/citizens/{plan.cast.selam}").text
    assert "Write a goal together" not in page
    assert "New meeting" not in page


@pytest.mark.parametrize(
    ("name", "citizen", "status"),
    [("mette", "yusuf", 404), ("mette", "olena", 404), ("mette", "karen", 404), ("jens", "selam", 403)],
)
def test_a_stranger_is_not_found(plan: Plan, client_of: ClientOf, name: str, citizen: str, status: int) -> None:
    client = client_of(name)
    number = getattr(plan.cast, citizen)
    for address in (f"/staff/citizens/{number}", f"/staff/citizens/{number}/connect"):
        assert client.get(address).status_code == status
    assert plan.all(select(func.count()).select_from(AccessLogEntry)) == [(0,)]


@pytest.mark.parametrize("headers", [None, HTMX])
def test_a_code_connects_the_citizens_phone(
    plan: Plan, mette: FlaskClient, app: Flask, headers: dict[str, str] | None
) -> None:
    address = f"/staff/citizens/{plan.cast.selam}/connect"
    assert "Make a code when Selam is with you." in mette.get(address).text
    page = mette.post(address, headers=headers).text
    assert ("<html" in page) is (headers is None)
    code = "".join(re.findall(r'class="code"><bdi dir="ltr">(\w{4}) (\w{4})</bdi>', page)[0])
    assert app.test_client().post("/connect", data={"code": code}).location == "/"
    assert "Connected since" in mette.get(f"/staff/citizens/{plan.cast.selam}").text


def test_a_repeated_press_shows_no_second_code(plan: Plan, mette: FlaskClient) -> None:
    address = f"/staff/citizens/{plan.cast.selam}/connect"
    answers = [mette.post(address, data={"request_id": "once"}) for _ in range(2)]
    assert (answers[1].status_code, answers[1].location) == (303, address)
    assert plan.all(select(func.count()).select_from(ConnectCode)) == [(1,)]


def test_a_lost_phone_is_signed_out(plan: Plan, mette: FlaskClient, app: Flask) -> None:
    phone = app.test_client()
    sign_in(phone, plan.session, plan.cast.selam)
    assert phone.get("/goals").status_code == 200
    device = plan.all(select(SignIn.id).filter_by(person_id=plan.cast.selam))[0][0]
    own = plan.all(select(SignIn.id).filter_by(person_id=plan.cast.mette))[0][0]
    address = f"/staff/citizens/{plan.cast.selam}/devices"
    assert mette.post(f"{address}/{own}/sign-out").status_code == 404
    assert mette.post(f"{address}/{device}/sign-out").location == f"/staff/citizens/{plan.cast.selam}"
    assert phone.get("/goals").location == "/sign-in"
    assert mette.post(f"{address}/{device}/sign-out").status_code == 404
