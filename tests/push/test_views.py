"""What a phone's script and service worker talk to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.push.models import Device
from tests.conftest import SECRET_KEY, VAPID_KEY
from tests.plan import ON_SQLITE, Plan
from tests.push_service import PushService

SERVICE = PushService()
SERVICE.url = "https://push.example.com"
PHONE = SERVICE.phone()
HERE = {"consent": "granted", "endpoint": PHONE.endpoint, "p256dh": PHONE.p256dh, "auth": PHONE.auth}
NOT_A_POINT = "BA" + "A" * 85


def devices(session: Session) -> list[Device]:
    session.expire_all()
    return list(session.scalars(select(Device).order_by(Device.id)))


def test_a_phone_says_how_it_can_be_reached(selam: FlaskClient, session: Session, plan: Plan) -> None:
    answer = selam.post("/push/device", json=HERE)
    [device] = devices(session)
    assert (answer.status_code, answer.json) == (200, {"device": device.id, "reaches": True})
    assert (device.person_id, device.endpoint, device.p256dh) == (plan.cast.selam, PHONE.endpoint, PHONE.p256dh)
    session.rollback()
    answer = selam.post("/push/device", json={"consent": "denied", "endpoint": PHONE.endpoint})
    assert answer.json == {"device": device.id, "reaches": False}
    assert devices(session)[0].endpoint is None


def test_signing_out_on_the_phone_takes_it_away(selam: FlaskClient, session: Session) -> None:
    selam.post("/push/device", json=HERE)
    selam.post("/sign-out")
    assert devices(session) == []
    session.rollback()
    assert selam.post("/push/device", json=HERE).status_code == 303
    assert devices(session) == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"consent": "perhaps"}, "consent"),
        ({"consent": None}, "consent"),
        ({"consent": ["granted"]}, "consent"),
        ({"endpoint": ""}, "endpoint"),
        ({"endpoint": 7}, "endpoint"),
        ({"endpoint": "http://push.example.com/x"}, "endpoint"),
        ({"endpoint": "https://push.example.com/" + "x" * 1000}, "endpoint"),
        ({"p256dh": ""}, "p256dh"),
        ({"p256dh": 7}, "p256dh"),
        ({"p256dh": "A" * 1000}, "p256dh"),
        ({"p256dh": PHONE.p256dh[:-2]}, "p256dh"),
        ({"p256dh": NOT_A_POINT}, "p256dh"),
        ({"auth": ""}, "auth"),
        ({"auth": "not/base64url+at+all=="}, "auth"),
        ({"auth": PHONE.auth + "AAAA"}, "auth"),
    ],
)
def test_what_no_phone_can_say_is_refused_with_a_sentence(
    selam: FlaskClient, session: Session, wrong: dict[str, Any], named: str
) -> None:
    answer = selam.post("/push/device", json=HERE | wrong)
    assert answer.status_code == 422
    assert answer.get_json()["error"].startswith(named)
    assert devices(session) == []


@ON_SQLITE
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"no json"])
def test_what_is_no_object_is_refused(selam: FlaskClient, body: bytes) -> None:
    answer = selam.post("/push/device", data=body, content_type="application/json")
    assert (answer.status_code, "JSON" in answer.get_json()["error"]) == (422, True)


@ON_SQLITE
def test_this_machine_is_no_push_service_in_production(settings: Settings, plan: Plan) -> None:
    local = HERE | {"endpoint": "http://127.0.0.1:9/send/x"}
    app = create_app(Settings(settings.database_url, SECRET_KEY, secure_cookies=True, vapid_private_key=VAPID_KEY))
    client = plan.client(app, "selam")
    assert client.post("/push/device", json=local, base_url="https://localhost").status_code == 422
    app.extensions["engine"].dispose()


@ON_SQLITE
def test_the_token_against_forged_requests_is_asked_for(app: Flask, plan: Plan, session: Session) -> None:
    client = plan.client(app, "selam")
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/push/device", json=HERE).status_code == 400
    given = client.get("/push/key").get_json()
    assert client.post("/push/device", json=HERE, headers={"X-CSRFToken": given["csrf"]}).status_code == 200
    assert len(devices(session)) == 1


@ON_SQLITE
def test_the_key_is_on_a_citizens_pages_and_on_no_staffs(app: Flask, selam: FlaskClient, mette: FlaskClient) -> None:
    key = app.config["SETTINGS"].vapid_public_key
    assert selam.get("/push/key").get_json()["key"] == key
    assert f'data-push-key="{key}"' in selam.get("/settings").text
    assert "<push-switch" in selam.get("/settings").text
    assert key not in mette.get("/settings").text
    assert mette.get("/push/key").status_code == 403
    assert mette.post("/push/device", json=HERE).status_code == 403


def test_a_mentors_phone_can_be_reached_and_reads_what_for(
    plan: Plan, session: Session, client_of: Callable[[str], FlaskClient]
) -> None:
    plan.speak("jens", "en")
    jens = client_of("jens")
    page = jens.get("/settings").text
    switch = page[page.index("<push-switch") : page.index("</push-switch>")]
    assert "In the evening the phone asks whether your trainee came, in your language." in switch
    assert "meeting" not in switch
    assert "/reminders" not in page
    key = jens.get("/push/key").get_json()["key"]
    assert f'data-push-key="{key}"' in page
    assert jens.post("/push/device", json=HERE).status_code == 200
    assert [(device.person_id, device.endpoint) for device in devices(session)] == [(plan.cast.jens, PHONE.endpoint)]


@ON_SQLITE
def test_every_part_of_the_switch_but_the_plain_one_waits_for_script(selam: FlaskClient) -> None:
    page = selam.get("/settings").text
    switch = page[page.index("<push-switch") : page.index("</push-switch>")]
    states = re.findall(r'data-state="([\w-]+)"([^>]*)>', switch)
    assert [name for name, more in states if "hidden" not in more] == ["plain"]
    assert [name for name, _more in states] == (
        "plain ask working granted denied not-installed unsupported failed".split()
    )
