"""The accounts pages: an administrator sees who is there and signs lost devices out; nobody else gets in."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizen_app.people.models import AccessLogEntry, Person, SignIn
from citizen_app.policy import Role
from citizen_app.staff.accounts import PAGE_SIZE
from tests.cast import Cast, sign_in


def page_text(client: FlaskClient, address: str, **headers: Any) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.text


def test_an_administrator_sees_all_accounts_of_her_municipality(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    sign_in(client, session, cast.bodil)
    text = page_text(client, "/staff/accounts")
    assert all(name in text for name in ("Selam Tesfay", "Yusuf Haddad", "Mette Lund", "Jens Krog", "ትግርኛ"))
    assert "Olena" not in text
    assert "Anders" not in text


def test_a_long_list_of_accounts_goes_on_after_the_last_one(client: FlaskClient, session: Session, cast: Cast) -> None:
    keys = [f"k-{number}" for number in range(PAGE_SIZE)]
    fields = {"municipality_id": cast.solby, "role": Role.CITIZEN, "given_name": "Nadia"}
    session.add_all(Person(external_id=key, family_name=key, **fields) for key in keys)
    sign_in(client, session, cast.bodil)
    first = page_text(client, "/staff/accounts")
    address = first.split('href="/staff/accounts?after=')[1].split('"')[0]
    second = page_text(client, f"/staff/accounts?after={address}")
    seen = [key for text in (first, second) for key in keys if f"Nadia {key}<" in text]
    assert sorted(seen) == sorted(keys)
    assert "?after=" not in second


def test_an_administrator_signs_a_lost_phone_out(client: FlaskClient, session: Session, cast: Cast) -> None:
    phone = client.application.test_client()
    sign_in(phone, session, cast.selam)
    assert phone.get("/staff/accounts").status_code == 403
    sign_in(client, session, cast.bodil)
    assert "Android" in page_text(client, f"/staff/accounts/{cast.selam}")
    device = session.scalar(select(SignIn.id).filter_by(person_id=cast.selam))
    session.commit()
    client.application.config["WTF_CSRF_ENABLED"] = False
    address = f"/staff/accounts/{cast.selam}/devices/{device}/sign-out"
    assert client.post(address).location == f"/staff/accounts/{cast.selam}"
    assert phone.get("/staff/accounts").location == "/sign-in"
    assert client.post(address).status_code == 404


def test_signing_a_device_out_with_htmx_answers_with_the_list(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    sign_in(client.application.test_client(), session, cast.selam)
    sign_in(client, session, cast.bodil)
    device = session.scalar(select(SignIn.id).filter_by(person_id=cast.selam))
    session.commit()
    client.application.config["WTF_CSRF_ENABLED"] = False
    address = f"/staff/accounts/{cast.selam}/devices/{device}/sign-out"
    response = client.post(address, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert 'id="devices"' in response.text
    assert "<html" not in response.text
    assert "Android" not in response.text


def test_a_look_at_a_citizens_account_is_logged(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.bodil)
    page_text(client, f"/staff/accounts/{cast.selam}")
    page_text(client, f"/staff/accounts/{cast.mette}")
    logged = session.execute(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged.all() == [(cast.selam, cast.bodil, "account")]


@pytest.mark.parametrize("address", ["/staff/accounts/{}", "/staff/accounts?after={}"])
def test_accounts_of_another_municipality_are_not_found(
    client: FlaskClient, session: Session, cast: Cast, address: str
) -> None:
    sign_in(client, session, cast.bodil)
    assert client.get(address.format(cast.olena)).status_code == 404


@pytest.mark.parametrize("name", ["selam", "mette", "karen", "jens"])
def test_only_administrators_see_accounts(client: FlaskClient, session: Session, cast: Cast, name: str) -> None:
    sign_in(client, session, getattr(cast, name))
    assert client.get("/staff/accounts").status_code == 403
    assert client.get(f"/staff/accounts/{cast.selam}").status_code == 403
    assert session.scalar(select(func.count()).select_from(AccessLogEntry)) == 0
