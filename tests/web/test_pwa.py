"""The installable app and the pages outside all rooms: manifest, service worker, offline, health, about."""

import gzip
import json
import re
import tomllib
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from citizen_app.config import LANGUAGES, PROJECT_ROOT
from citizen_app.people.models import Municipality
from citizen_app.web import assets, pwa
from tests.cast import Cast, sign_in

STATIC = PROJECT_ROOT / "static"


def static_file(address: str) -> Path:
    prefix = f"/static/{assets.version()}/"
    assert address.startswith(prefix)
    return STATIC / address.removeprefix(prefix)


# --- Manifest -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manifest_speaks_the_language_in_its_address(client: FlaskClient, language: str) -> None:
    answer = client.get(f"/manifest.webmanifest?lang={language}")
    manifest = json.loads(answer.text)
    assert answer.mimetype == "application/manifest+json"
    assert manifest["lang"] == language
    assert manifest["dir"] == ("rtl" if language in {"ar", "fa"} else "ltr")
    assert manifest["short_name"] in manifest["name"]
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")


@pytest.mark.parametrize("language", ["", "xx", "da%00", "<script>"])
def test_a_manifest_in_an_unknown_language_falls_back(client: FlaskClient, language: str) -> None:
    answer = client.get(f"/manifest.webmanifest?lang={language}", headers={"Accept-Language": "uk"})
    assert json.loads(answer.text)["lang"] == "uk"


def test_pages_name_the_manifest_of_their_language(client: FlaskClient) -> None:
    page = client.get("/about", headers={"Accept-Language": "ar"}).text
    assert '<link rel="manifest" href="/manifest.webmanifest?lang=ar" crossorigin="use-credentials">' in page


def test_the_manifest_carries_the_municipalitys_name_for_the_app(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    session.get_one(Municipality, cast.solby).product_name = "Fælles"
    sign_in(client, session, cast.selam)
    assert json.loads(client.get("/manifest.webmanifest?lang=da").text)["short_name"] == "Fælles"


def test_every_icon_is_there_and_has_the_size_it_says(client: FlaskClient) -> None:
    icons = json.loads(client.get("/manifest.webmanifest").text)["icons"]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    drawn = [icon for icon in icons if icon["type"] == "image/png"]
    for icon in drawn:
        with Image.open(static_file(icon["src"])) as picture:
            assert icon["sizes"] == f"{picture.width}x{picture.height}"
    assert {icon["sizes"] for icon in drawn} == {"192x192", "512x512"}


def test_the_maskable_icon_has_no_empty_corners(client: FlaskClient) -> None:
    icons = json.loads(client.get("/manifest.webmanifest").text)["icons"]
    [maskable] = [icon for icon in icons if icon["purpose"] == "maskable"]
    with Image.open(static_file(maskable["src"])) as picture:
        corner = picture.convert("RGBA").getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert corner[3] == 255


def test_shortcuts_lead_to_today_words_and_meetings(client: FlaskClient) -> None:
    shortcuts = json.loads(client.get("/manifest.webmanifest").text)["shortcuts"]
    assert [shortcut["url"] for shortcut in shortcuts] == ["/", "/words", "/meetings"]
    assert all(shortcut["name"] for shortcut in shortcuts)


# --- Service worker and scripts -----------------------------------------------------------------------------


def test_the_service_worker_begins_with_its_version_and_what_it_keeps(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    first, _, rest = answer.text.partition("\n")
    kept = json.loads(re.findall(r"KEPT = (\[.*\]);$", first)[0])
    assert f'const VERSION = "{assets.version()}"' in first
    assert rest == (STATIC / "sw.js").read_text(encoding="utf-8")
    assert [address for address in kept if not static_file(address).is_file()] == []
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.mimetype == "text/javascript"


def test_the_service_worker_keeps_all_scripts_of_the_app(client: FlaskClient) -> None:
    page = client.get("/sw.js").text.partition("\n")[0]
    assert [path.name for path in (STATIC / "js").glob("*.js") if f"/js/{path.name}" not in page] == []


def test_the_script_of_every_page_is_small() -> None:
    """What app.js brings in, each file packed on its own, as it travels."""
    names, size = ["app.js"], 0
    for name in names:
        text = (STATIC / "js" / name).read_text(encoding="utf-8")
        size += len(gzip.compress(text.encode(), 9))
        names += [
            found
            for found in re.findall(r'from "\./([\w-]+\.js)"|import "\./([\w-]+\.js)"', text)
            for found in found
            if found and found not in names
        ]
    assert "listen-button.js" in names
    assert size <= 5 * 1024


# --- Pages outside the rooms --------------------------------------------------------------------------------


def test_the_offline_page_is_public_and_says_its_language(client: FlaskClient) -> None:
    answer = client.get("/offline", headers={"Accept-Language": "fa"})
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == "fa"
    assert '<html lang="fa" dir="rtl">' in answer.text


def test_the_offline_page_holds_nothing_of_the_person(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.selam)
    page = client.get("/offline").text
    assert '<html lang="ti"' in page
    for secret in ("Selam", "Mette", "tel:", "csrf", "/settings"):
        assert secret not in page


def test_accessibility_leads_to_the_municipalitys_own_statement(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    session.get_one(Municipality, cast.solby).accessibility_url = "https://solby.example/was"
    sign_in(client, session, cast.selam)
    answer = client.get("/was")
    assert (answer.status_code, answer.location) == (303, "https://solby.example/was")


def test_a_municipality_next_door_does_not_lend_its_statement(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    session.get_one(Municipality, cast.solby).accessibility_url = "https://solby.example/was"
    sign_in(client, session, cast.olena)
    assert client.get("/was").status_code == 200


@pytest.mark.parametrize("address", ["/was", "/about"])
def test_a_signed_in_reader_sees_whom_to_call(client: FlaskClient, session: Session, cast: Cast, address: str) -> None:
    sign_in(client, session, cast.yusuf)
    page = client.get(address).text
    assert 'href="tel:70000000"' in page
    assert "Solby Kommune" in page


@pytest.mark.parametrize("address", ["/was", "/about"])
def test_before_sign_in_the_pages_name_no_municipality_of_several(
    client: FlaskClient, cast: Cast, address: str
) -> None:
    page = client.get(address)
    assert page.status_code == 200
    assert cast.solby
    assert "Kommune" not in page.text


def test_before_sign_in_the_only_municipality_is_named(client: FlaskClient, session: Session) -> None:
    session.add(Municipality(key="solby", name="Solby Kommune", phone="70 00 00 00"))
    session.commit()
    assert 'href="tel:70000000"' in client.get("/about").text


def test_about_gives_credit_for_the_pictures(client: FlaskClient) -> None:
    page = client.get("/about").text
    assert "OpenMoji" in page
    assert "CC BY-SA 4.0" in page


def test_about_says_that_nobody_has_checked_the_language_until_somebody_has(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    unchecked = client.get("/about", headers={"Accept-Language": "ar"}).text
    review = tomllib.loads('[ar]\nmade_by = "machine"\nreviewed_by = "Solby Sprogcenter"\ndate = 2026-12-01\n')
    monkeypatch.setattr(pwa, "_reviews", lambda: review)
    checked = client.get("/about", headers={"Accept-Language": "ar"}).text
    assert "Solby Sprogcenter" not in unchecked
    assert "Solby Sprogcenter" in checked
    assert checked.count("<p>") == unchecked.count("<p>") - 1


def test_reviews_name_known_languages_and_a_reviewer_only_with_a_day() -> None:
    for language, review in pwa._reviews().items():
        assert language in LANGUAGES
        assert review["made_by"]
        assert ("reviewed_by" in review) == ("date" in review)
