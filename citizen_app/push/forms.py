"""Reads what a phone says of itself; each fault has its own sentence, for whoever writes the script."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from citizen_app.push.actions import DeviceReport
from citizen_app.push.rules import Consent, is_push_address

_BASE64URL = re.compile(r"[\w-]+={0,2}", re.ASCII)
POINT_BYTES = 65
SECRET_BYTES = 16


class BadDevice(ValueError):
    """What was sent is not what a phone can say; the message tells which field is wrong."""


def read_device(sent: Any, *, allows_local: bool) -> DeviceReport:
    """Return what a phone says of itself; raises BadDevice."""
    if not isinstance(sent, dict):
        raise BadDevice("send a JSON object with consent, and with endpoint, p256dh and auth where it is granted")
    if sent.get("consent") not in list(Consent):
        raise BadDevice(f"consent must be one of {', '.join(Consent)}")
    consent = Consent(sent["consent"])
    endpoint, p256dh, auth = (sent.get(name) or "" for name in ("endpoint", "p256dh", "auth"))
    if consent is not Consent.GRANTED or not any((endpoint, p256dh, auth)):
        return DeviceReport(consent)
    if not (isinstance(endpoint, str) and is_push_address(endpoint, allows_local=allows_local)):
        raise BadDevice("endpoint must be the https address of a push service, at most 1000 characters")
    return DeviceReport(consent, endpoint, _point(p256dh), _secret(auth))


def _point(text: Any) -> str:
    """Return a public key of P-256 as it may be stored, without padding."""
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes(text, POINT_BYTES))
    except ValueError as error:
        raise BadDevice("p256dh must be an uncompressed point of P-256 in base64url") from error
    return str(text).rstrip("=")


def _secret(text: Any) -> str:
    try:
        _bytes(text, SECRET_BYTES)
    except ValueError as error:
        raise BadDevice("auth must be 16 bytes in base64url") from error
    return str(text).rstrip("=")


def _bytes(text: Any, size: int) -> bytes:
    if not isinstance(text, str) or len(text) > 2 * size or not _BASE64URL.fullmatch(text):
        raise ValueError("no base64url")
    plain = text.rstrip("=")
    data = urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    if len(data) != size:
        raise ValueError("another size")
    return data
