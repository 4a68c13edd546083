"""What a phone says about being notified."""

from __future__ import annotations

from enum import StrEnum


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
