"""What the clock starts about people: codes, sign-ins and wrong attempts are forgotten in time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from citizen_app.people.models import ConnectCode, FailedSignIn, SignIn
from citizen_app.people.rules import THROTTLE_WINDOW


def forget_expired(session: Session, now: datetime) -> dict[str, int]:
    """Delete what holds no longer; returns how many rows of each table went."""
    over = {
        ConnectCode: ConnectCode.expires_at <= now,
        SignIn: SignIn.expires_at <= now,
        FailedSignIn: FailedSignIn.at <= now - THROTTLE_WINDOW,
    }
    counts = {}
    for table, is_over in over.items():
        deleted = session.execute(delete(table).where(is_over))
        counts[table.__tablename__] = deleted.rowcount  # type: ignore[attr-defined]
    return counts
