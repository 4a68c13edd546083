"""Rules about people that need no database: codes, throttling, relations and reading preferences."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from citizen_app.policy import STAFF, Role

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No I, L, O, 0 and 1: they are mixed up when read aloud."""
CODE_LENGTH = 8
CODE_LIFETIME = timedelta(minutes=10)
STAFF_SIGN_IN_LIFETIME = timedelta(hours=10)
SIGN_IN_LIFETIME = timedelta(days=180)
THROTTLE_WINDOW = timedelta(minutes=15)
THROTTLE_LIMIT = 8
"""Wrong attempts in the window after which one name has to wait."""
ADDRESS_LIMIT = 60
"""The same for one address, which a whole office shares; a code still takes a billion times longer to guess."""

TEXT_SIZES = ("normal", "large", "largest")


class MentorKind(StrEnum):
    WORKPLACE_MENTOR = "workplace_mentor"
    COMPANY_MENTOR = "company_mentor"
    LANGUAGE_MENTOR = "language_mentor"
    LANGUAGE_BUDDY = "language_buddy"
    CTI_WORKER = "cti_worker"
    """Helps for some months on the way into a job, from outside the municipality."""
    ROLE_MODEL = "role_model"
    VOLUNTEER = "volunteer"


RELATION_ROLES = frozenset({role.value for role in STAFF} | {kind.value for kind in MentorKind})


def roles_in_relation(role: Role) -> frozenset[str]:
    """Return what a person with this role can be to a citizen."""
    if role in STAFF:
        return frozenset({role.value})
    return frozenset(kind.value for kind in MentorKind) if role is Role.MENTOR else frozenset()


def new_code() -> str:
    """Make a code of eight letters and digits: 31^8, about 8.5e11 possibilities."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def clean_code(typed: str) -> str:
    """Return the code as it was made: capitals, without spaces and dashes."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def fingerprint(secret: str) -> str:
    """Return the hash a secret is stored and found by; enough for random secrets, never for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in_lifetime(role: Role) -> timedelta:
    return STAFF_SIGN_IN_LIFETIME if role in STAFF or role is Role.ADMINISTRATOR else SIGN_IN_LIFETIME


def is_throttled(attempts: Sequence[datetime], now: datetime, limit: int = THROTTLE_LIMIT) -> bool:
    """Say whether so many wrong attempts lie in the last quarter of an hour that one must wait."""
    return sum(now - THROTTLE_WINDOW < at <= now for at in attempts) >= limit


def device_name(user_agent: str) -> str:
    """Return the kind of device as its owner would name it."""
    known = (
        ("iPad", "iPad"),
        ("iPhone", "iPhone"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac", "Mac"),
    )
    return next((name for sign, name in known if sign in user_agent), "Linux" if "Linux" in user_agent else "?")
