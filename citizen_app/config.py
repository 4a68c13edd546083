"""Settings, read once from the environment and checked at start.

Everything a machine can differ in stands here and nowhere else. A wrong or missing value stops the start with
one sentence that names the variable, because a half-configured server is worse than none.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
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
    vapid_private_key: str = field(default="", repr=False)
    """The key, as PEM, by which push services know that a message is ours; empty: no phone can be reached by push."""
    vapid_subscriber: str = "mailto:app@localhost.localdomain"
    """Where a push service can write to when our messages trouble it: `mailto:...` or `https://...`."""

    public_url: str = ""
    """Where citizens find the app, such as `https://app.example.dk`; empty: SMS and mails carry no link."""
    sms_url: str = ""
    """Where an SMS is posted to as JSON; empty: there is no gateway."""
    sms_token: str = field(default="", repr=False)
    smtp_url: str = field(default="", repr=False)
    """The mail server: `smtp://user:password@host:587?starttls` or `smtps://...`; empty: there is none."""
    mail_from: str = ""
    outbox: Path | None = None
    """A folder that takes what a missing gateway or mail server would send; for trying the app out."""
    metrics_token: str = field(default="", repr=False)
    """What monitoring shows to read `/metrics`; empty: only this machine may."""
    lease_seconds: int = 60
    """For how long a drain has reminders in hand; those of a worker that died are due again afterwards."""
    worker_name: str = ""
    """A name of the worker's own among all of them; empty: made from the machine's."""

    @cached_property
    def vapid_public_key(self) -> str:
        """The public half as browsers want it, base64url; empty when there is no key."""
        if not self.vapid_private_key:
            return ""
        key = _vapid_key(self.vapid_private_key).public_key()
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return urlsafe_b64encode(point).rstrip(b"=").decode()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read and check the settings; raises SettingsError naming the variable."""
        secret_key = environment.get("SECRET_KEY") or _kept("secret_key")
        if len(secret_key) < 32:
            raise SettingsError("SECRET_KEY must be set to at least 32 random characters.")
        database_url = environment.get("DATABASE_URL") or f"sqlite:///{PROJECT_ROOT / 'var' / 'citizen_app.db'}"
        return cls(
            database_url=checked_database_url(database_url),
            secret_key=secret_key,
            secure_cookies=_yes_or_no(environment, "SECURE_COOKIES"),
            proxies=_small_number(environment, "PROXIES"),
            vapid_private_key=checked_vapid_key(environment.get("VAPID_PRIVATE_KEY") or _kept("vapid.pem")),
            vapid_subscriber=_subscriber(environment),
            public_url=_web_address(environment, "PUBLIC_URL").rstrip("/"),
            sms_url=_web_address(environment, "SMS_URL"),
            sms_token=environment.get("SMS_TOKEN", ""),
            smtp_url=_mail_server(environment),
            mail_from=environment.get("MAIL_FROM", ""),
            outbox=_outbox(environment),
            metrics_token=environment.get("METRICS_TOKEN", ""),
            lease_seconds=_lease_seconds(environment),
            worker_name=environment.get("WORKER_NAME", ""),
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


def checked_vapid_key(pem: str) -> str:
    """Return the key, with real line breaks; raises SettingsError unless it is a private key of P-256, or nothing."""
    pem = pem.replace("\\n", "\n").strip()  # files of settings often hold a PEM in one line
    if pem:
        _vapid_key(pem)
    return pem


def _vapid_key(pem: str) -> EllipticCurvePrivateKey:
    wrong = "VAPID_PRIVATE_KEY must be a private key of the curve P-256 as PEM; `flask push keys` makes one."
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(wrong) from error
    if not (isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)):
        raise SettingsError(wrong)
    return key


def _subscriber(environment: Mapping[str, str]) -> str:
    value = environment.get("VAPID_SUBSCRIBER") or Settings.vapid_subscriber
    scheme, _, rest = value.partition(":")
    if scheme not in {"mailto", "https"} or (scheme == "mailto" and "@" not in rest) or len(rest) < 3:
        raise SettingsError("VAPID_SUBSCRIBER must be an address that begins with mailto: or https:.")
    return value


def _web_address(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if value and not (value.startswith(("https://", "http://")) and urlsplit(value).hostname):
        raise SettingsError(f"{name} must be an address that begins with https:// or http://.")
    return value


def _mail_server(environment: Mapping[str, str]) -> str:
    url = environment.get("SMTP_URL", "")
    if url and (urlsplit(url).scheme not in {"smtp", "smtps"} or not urlsplit(url).hostname):
        raise SettingsError("SMTP_URL must be like smtp://user:password@host:587?starttls or smtps://host.")
    if url and "@" not in environment.get("MAIL_FROM", ""):
        raise SettingsError("MAIL_FROM must be the address that mails come from, since SMTP_URL is set.")
    return url


def _outbox(environment: Mapping[str, str]) -> Path | None:
    """Where the app runs for real people, nothing is written to a folder unless somebody says so."""
    if environment.get("OUTBOX"):
        return Path(environment["OUTBOX"])
    return None if _yes_or_no(environment, "SECURE_COOKIES") else PROJECT_ROOT / "var" / "outbox"


def _lease_seconds(environment: Mapping[str, str]) -> int:
    value = environment.get("LEASE_SECONDS") or str(Settings.lease_seconds)
    if not value.isdecimal() or not 1 <= int(value) <= 600:
        raise SettingsError("LEASE_SECONDS must be a number from 1 to 600.")
    return int(value)


def _kept(name: str) -> str:
    """Return what `make setup` has made for this machine, so that plain commands need no setting."""
    kept = PROJECT_ROOT / "var" / name
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
