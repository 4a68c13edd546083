"""A person's own settings, photo and devices, and the citizen's people."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from citizen_app.people.models import Person, Photo, SignIn
from tests.cast import Cast, sign_in
from tests.plan import ON_SQLITE, Plan

SETTINGS = {"language": "en", "second_language": "", "text_size": "normal"}


def test_settings_are_saved_and_shown_at_once(plan: Plan, selam: FlaskClient, cast: Cast) -> None:
    typed = {"language": "ar", "second_language": "uk", "text_size": "largest", "easy_reading": "y"}
    assert selam.post("/settings", data=typed).location == "/settings"
    page = selam.get("/settings").text
    assert '<html lang="ar" dir="rtl" data-text-size="largest">' in page
    assert 'class="citizen is-easy"' in page
    person = plan.fresh(plan.session.get_one(Person, cast.selam))
    assert (person.language, person.second_language, person.easy_reading) == ("ar", "uk", True)
    selam.post("/settings", data=SETTINGS)
    assert plan.fresh(person).second_language is None


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [{"language": "xx"}, {"language": ""}, {"second_language": "\x00"}, {"text_size": "huge"}, {"text_size": ""}],
)
def test_settings_that_do_not_exist_are_refused(
    plan: Plan, selam: FlaskClient, cast: Cast, wrong: dict[str, str]
) -> None:
    answer = selam.post("/settings", data={**SETTINGS, "text_size": "large", **wrong})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Not a valid" not in answer.text
    assert plan.fresh(plan.session.get_one(Person, cast.selam)).text_size == "normal"


def upload(client: FlaskClient, content: bytes, **more: Any) -> Any:
    return client.post("/settings/photo", data={"photo": (io.BytesIO(content), "image.jpg"), **more})


def photo(colour: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(made, "JPEG")
    return made.getvalue()


def test_a_photo_is_seen_by_those_who_work_with_one_and_by_no_stranger(
    selam: FlaskClient, client_of: Callable[[str], FlaskClient], cast: Cast
) -> None:
    address = f"/people/{cast.selam}/photo"
    assert selam.get(address).status_code == 404
    assert upload(selam, photo("teal")).location == "/settings"
    assert f'src="{address}"' in selam.get("/settings").text
    for name, status in {"mette": 200, "jens": 200, "yusuf": 404, "bodil": 404, "anders": 404}.items():
        assert client_of(name).get(address).status_code == status, name
    shown = selam.get(address)
    assert shown.content_type == "image/jpeg"
    assert shown.headers["Cache-Control"] == "private, max-age=600"


@pytest.mark.parametrize("content", [b"", b"no photo", photo("teal")[:200]])
def test_what_is_no_photo_is_told_beside_the_field(plan: Plan, selam: FlaskClient, content: bytes) -> None:
    answer = upload(selam, content)
    assert answer.status_code == 422
    assert "We cannot read this file. Choose a photo." in answer.text
    assert 'id="photo-error"' in answer.text
    assert '<option selected value="en">' in answer.text
    assert plan.all(select(func.count()).select_from(Photo)) == [(0,)]


def test_another_photo_under_the_same_name_is_another_photo(plan: Plan, selam: FlaskClient) -> None:
    for colour, size in (("teal", 40), ("red", 50), ("red", 50)):
        made = io.BytesIO()
        Image.effect_noise((size, size), 50).save(made, "PNG")
        assert upload(selam, made.getvalue(), request_id="once").status_code == 303, colour
    assert plan.all(select(func.count()).select_from(Photo)) == [(1,)]


def test_a_file_that_is_too_large_is_told(selam: FlaskClient) -> None:
    said = {"CONTENT_LENGTH": str(9 * 1024 * 1024)}
    answer = selam.post("/settings/photo", data={"photo": (io.BytesIO(b"x"), "x.jpg")}, environ_overrides=said)
    assert answer.status_code == 413
    assert "This is too large." in answer.text


def test_one_signs_ones_own_other_device_out(plan: Plan, selam: FlaskClient, app: Flask, cast: Cast) -> None:
    lost = app.test_client()
    sign_in(lost, plan.session, cast.selam)
    device = max(number for (number,) in plan.all(select(SignIn.id).filter_by(person_id=cast.selam)))
    assert f"/settings/devices/{device}/sign-out" in selam.get("/settings").text
    assert selam.post(f"/settings/devices/{device}/sign-out").location == "/settings"
    assert lost.get("/goals").location == "/sign-in"
    assert selam.get("/goals").status_code == 200


def test_nobody_signs_another_persons_device_out(
    plan: Plan, selam: FlaskClient, client_of: Callable[[str], FlaskClient], cast: Cast
) -> None:
    client_of("yusuf")
    device = plan.all(select(SignIn.id).filter_by(person_id=cast.yusuf))[0][0]
    assert selam.post(f"/settings/devices/{device}/sign-out").status_code == 404


def test_a_citizen_sees_her_people_and_no_others(selam: FlaskClient) -> None:
    page = selam.get("/people").text
    assert page.index("Mette") < page.index("Karen") < page.index("Jens")
    assert "Your contact person" in page
    assert 'href="tel:+45 70 00 00 10"' in page
    assert "Bodil" not in page
    assert "Lund" not in page


@pytest.mark.parametrize("name", ["mette", "jens", "bodil"])
def test_only_citizens_have_people(client_of: Callable[[str], FlaskClient], name: str) -> None:
    assert client_of(name).get("/people").status_code == 403


@pytest.mark.parametrize("name", ["selam", "mette", "karen", "jens", "bodil"])
def test_everybody_has_settings(client_of: Callable[[str], FlaskClient], name: str) -> None:
    assert client_of(name).get("/settings").status_code == 200
