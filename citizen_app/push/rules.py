"""What a phone says about being notified, which push services there are, and how surely a citizen is reached."""

from __future__ import annotations

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
