"""Settings, read once from the environment and checked at start.

Everything a machine can differ in stands here and nowhere else. A wrong or missing value stops the start with
one sentence that names the variable, because a half-configured server is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PROJECT_ROOT = Path(__file__).resolve().parent.parent

LANGUAGES = {
    "da": "Dansk",
    "en": "English",
    "ar": "العربية",
    "uk": "Українська",
    "tr": "Türkçe",
    "fa": "فارسی",
    "so": "Soomaali",
    "ti": "ትግርኛ",
    "ku": "Kurmancî",
    "pl": "Polski",
}
"""The app's languages, each by its own name, in the order the lists show them."""

STAFF_LANGUAGES = ("da", "en")


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it."""


@dataclass(frozen=True)
class Settings:
    database_url: str
    secret_key: str
    secure_cookies: bool = False
    """Whether cookies travel by https only; set it wherever the app is served by https."""
    proxies: int = 0
    """How many proxies stand before the app; their word is taken for who asks, and for the app's own address."""
    password_cost: int = 3
    """Rounds of argon2 for one password; tests use 1."""
    check_templates: bool = False
    """Tests: a name missing in a template is an error, and templates are re-read when they change."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read and check the settings; raises SettingsError naming the variable."""
        secret_key = environment.get("SECRET_KEY") or _kept_secret_key()
        if len(secret_key) < 32:
            raise SettingsError("SECRET_KEY must be set to at least 32 random characters.")
        database_url = environment.get("DATABASE_URL") or f"sqlite:///{PROJECT_ROOT / 'var' / 'citizen_app.db'}"
        return cls(
            database_url=checked_database_url(database_url),
            secret_key=secret_key,
            secure_cookies=_yes_or_no(environment, "SECURE_COOKIES"),
            proxies=_small_number(environment, "PROXIES"),
        )


def checked_database_url(url: str) -> str:
    """Return the address with the driver we use; raises SettingsError for anything but SQLite and PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError("DATABASE_URL is not a database address.") from error
    backend = parsed.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if backend == "sqlite":
        return url
    raise SettingsError("DATABASE_URL must begin with sqlite:/// or postgresql://.")


def _kept_secret_key() -> str:
    """Return the key that `make setup` has made for this machine, so that plain commands need no setting."""
    kept = PROJECT_ROOT / "var" / "secret_key"
    return kept.read_text().strip() if kept.exists() else ""


def _small_number(environment: Mapping[str, str], name: str) -> int:
    value = environment.get(name) or "0"
    if value not in {"0", "1", "2", "3"}:
        raise SettingsError(f"{name} must be a number from 0 to 3.")
    return int(value)


def _yes_or_no(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "no").lower()
    if value not in {"yes", "no"}:
        raise SettingsError(f"{name} must be yes or no.")
    return value == "yes"
