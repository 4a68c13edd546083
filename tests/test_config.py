"""Settings: what is missing or wrong stops the start with a sentence that names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel import Locale
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from citizen_app import config
from citizen_app.config import LANGUAGES, PROJECT_ROOT, STAFF_LANGUAGES, Settings, SettingsError, checked_database_url
from tests.push_service import make_vapid_pem

KEY = {"SECRET_KEY": "k" * 32}


def other_key() -> str:
    """A private key of a curve that no browser knows."""
    key = ec.generate_private_key(ec.SECP384R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_key_is_all_that_is_needed() -> None:
    settings = Settings.from_environment(KEY)
    assert settings.database_url == f"sqlite:///{PROJECT_ROOT}/var/citizen_app.db"
    assert settings.secure_cookies is False
    assert settings.check_templates is False


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({**KEY, "DATABASE_URL": "nowhere"}, "DATABASE_URL"),
        ({**KEY, "DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({**KEY, "SECURE_COOKIES": "true"}, "SECURE_COOKIES"),
        ({**KEY, "PROXIES": "many"}, "PROXIES"),
        ({**KEY, "VAPID_PRIVATE_KEY": "a key"}, "VAPID_PRIVATE_KEY"),
        ({**KEY, "VAPID_PRIVATE_KEY": other_key()}, "VAPID_PRIVATE_KEY"),
        ({**KEY, "VAPID_SUBSCRIBER": "me@example.dk"}, "VAPID_SUBSCRIBER"),
        ({**KEY, "VAPID_SUBSCRIBER": "mailto:nobody"}, "VAPID_SUBSCRIBER"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=f"^{named} "):
        Settings.from_environment(environment)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_through_our_driver_with_its_password(scheme: str) -> None:
    assert checked_database_url(f"{scheme}://me:p%40ss@db/x") == "postgresql+psycopg://me:p%40ss@db/x"


def test_the_key_that_set_up_has_made_is_used_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "PROJECT_ROOT", tmp_path)
    with pytest.raises(SettingsError, match=r"^SECRET_KEY "):
        Settings.from_environment({})
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret_key").write_text("s" * 40 + "\n")
    assert Settings.from_environment({}).secret_key == "s" * 40
    assert Settings.from_environment(KEY).secret_key == "k" * 32


def test_without_a_vapid_key_the_app_starts_and_has_no_public_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "PROJECT_ROOT", tmp_path)
    settings = Settings.from_environment(KEY)
    assert (settings.vapid_private_key, settings.vapid_public_key) == ("", "")


def test_the_vapid_key_of_this_machine_is_used_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "PROJECT_ROOT", tmp_path)
    (tmp_path / "var").mkdir()
    kept, given = make_vapid_pem(), make_vapid_pem()
    (tmp_path / "var" / "vapid.pem").write_text(kept)
    assert Settings.from_environment(KEY).vapid_private_key == kept.strip()
    in_one_line = given.replace("\n", "\\n")
    settings = Settings.from_environment({**KEY, "VAPID_PRIVATE_KEY": in_one_line})
    assert settings.vapid_private_key == given.strip()
    assert len(settings.vapid_public_key) == 87
    assert given.splitlines()[1] not in repr(settings)


def test_settings_are_read_from_the_environment() -> None:
    given = {**KEY, "DATABASE_URL": "sqlite:///x.db", "SECURE_COOKIES": "YES"}
    settings = Settings.from_environment(given)
    assert (settings.database_url, settings.secure_cookies) == ("sqlite:///x.db", True)


def test_there_are_ten_languages_and_babel_knows_them_all() -> None:
    assert list(LANGUAGES) == "da en ar uk tr fa so ti ku pl".split()
    assert {code for code in LANGUAGES if Locale.parse(code).text_direction == "rtl"} == {"ar", "fa"}
    assert set(STAFF_LANGUAGES) < set(LANGUAGES)
