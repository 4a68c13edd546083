"""What a phone says about being notified, which push services there are, and how surely a citizen is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit


class Consent(StrEnum):
    """What the phone's owner has said to notifications, as the browser tells it."""

    GRANTED = "granted"
    DENIED = "denied"
    DEFAULT = "default"
    """Not asked yet, or asked and waved away."""
    UNSUPPORTED = "unsupported"
    """This browser cannot notify."""
    NOT_INSTALLED = "not_installed"
    """An iPhone notifies only for an app on the home screen."""


def origin_of(endpoint: str) -> str:
    """Return scheme, host and port of a push service's address, as VAPID's `aud` wants it."""
    end = endpoint.find("/", 8)
    return _origin(endpoint if end < 0 else endpoint[:end])


@lru_cache(maxsize=256)
def _origin(address: str) -> str:
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port
    host = f"[{host}]" if ":" in host else host
    is_usual = port in {None, {"https": 443, "http": 80}.get(parts.scheme)}
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


LONGEST_ENDPOINT = 1000


def is_push_address(endpoint: str, *, allows_local: bool) -> bool:
    """Say whether a phone's push address may be written to.

    A push service is a named server behind https; a number or a bare name could be a machine inside our own house.
    This machine itself is allowed where people try the app out.
    """
    if not (0 < len(endpoint) <= LONGEST_ENDPOINT and endpoint.isascii() and endpoint.isprintable()):
        return False
    try:
        parts = urlsplit(endpoint)
        host, has_port = parts.hostname or "", parts.port != 0
    except ValueError:
        return False
    if " " in endpoint or parts.username is not None or not has_port:
        return False
    if host in {"localhost", "127.0.0.1"}:
        return allows_local and parts.scheme in {"http", "https"}
    ending = host.rpartition(".")[2]
    return parts.scheme == "https" and "." in host and ending.isalpha() and ending not in {"local", "localhost"}


# --- How surely a citizen is reached ------------------------------------------------------------------------

USUAL_PAUSE = timedelta(minutes=1)
"""How long a push service is left alone that asks us to wait and does not say how long."""
QUIET_DAYS = 14
"""After so many days without a sign of life a phone may lie in a drawer."""
UNSHOWN_IN_A_ROW = 2


class Light(StrEnum):
    """How surely a citizen is reached by push, the best first."""

    OK = "ok"
    WEAK = "weak"
    NONE = "none"


class Reason(StrEnum):
    """Why a citizen is not surely reached."""

    NEVER_CONNECTED = "never_connected"
    NO_PERMISSION = "no_permission"
    """The owner has said no, or taken the yes back."""
    GONE = "gone"
    """The push service knew the phone no longer."""
    REFUSED = "refused"
    """The push service refused the last message for good."""
    NOT_SHOWN = "not_shown"
    """The last messages were taken by the service and never came on the screen."""
    NOT_OPENED = "not_opened"
    """No sign of life for `QUIET_DAYS`."""


@dataclass(frozen=True)
class PhoneFacts:
    device_id: int
    has_endpoint: bool
    consent: str
    seen_on: date
    shown_on: date | None = None
    lost_at: datetime | None = None
    has_fault: bool = False


@dataclass(frozen=True)
class Reach:
    light: Light
    reason: Reason | None = None
    shown_on: date | None = None
    """The last day on which any of her phones showed a message."""


def reach(phones: Sequence[PhoneFacts], unshown: Mapping[int, int], today: date) -> Reach:
    """Return how surely somebody is reached: as well as her best phone.

    `unshown` counts for each phone the messages since the last shown one that its service took.
    """
    shown_on = max((phone.shown_on for phone in phones if phone.shown_on), default=None)
    known = sorted(phones, key=lambda phone: phone.lost_at.timestamp() if phone.lost_at else 0, reverse=True)
    lights = [_light_of(phone, unshown.get(phone.device_id, 0), today) for phone in known]
    light, reason = min(lights, key=_rank, default=(Light.NONE, Reason.NEVER_CONNECTED))
    return Reach(light, reason, shown_on)


def _light_of(phone: PhoneFacts, unshown: int, today: date) -> tuple[Light, Reason | None]:
    if not phone.has_endpoint:
        return Light.NONE, _why_no_way(phone)
    if phone.has_fault:
        return Light.WEAK, Reason.REFUSED
    if unshown >= UNSHOWN_IN_A_ROW:
        return Light.WEAK, Reason.NOT_SHOWN
    last_sign = max(phone.seen_on, phone.shown_on or phone.seen_on)
    if today - last_sign >= timedelta(days=QUIET_DAYS):
        return Light.WEAK, Reason.NOT_OPENED
    return Light.OK, None


def _why_no_way(phone: PhoneFacts) -> Reason:
    if phone.consent == Consent.DENIED:
        return Reason.NO_PERMISSION
    if phone.lost_at is None:
        return Reason.NEVER_CONNECTED
    return Reason.GONE if phone.consent == Consent.GRANTED else Reason.NO_PERMISSION


def _rank(found: tuple[Light, Reason | None]) -> tuple[int, bool]:
    """What tells most comes first: the best light, and any reason before that there never was a way."""
    light, reason = found
    return list(Light).index(light), reason is Reason.NEVER_CONNECTED
