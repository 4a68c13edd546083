"""Tables of push: one row for each phone that is signed in and has run our script, and pauses of push services.

A device hangs on its sign-in and goes away with it: a phone that is signed out is never rung again. Which phone a
push address belongs to is decided by the address: when another person signs in on the same phone, it moves to her.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality


class Device(InMunicipality, Base):
    __tablename__ = "devices"
    __table_args__ = (Index(None, "municipality_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_in_id: Mapped[int] = mapped_column(ForeignKey("sign_ins.id", ondelete="CASCADE"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    consent: Mapped[str] = mapped_column(String(16))
    """A `rules.Consent`."""
    seen_on: Mapped[date]
    """The last day on which the app was opened on it."""
    endpoint: Mapped[str | None] = mapped_column(String(1000))
    """Where its push service takes messages; empty when there is no way to it."""
    endpoint_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    p256dh: Mapped[str] = mapped_column(String(100), default="")
    """The phone's public key, as the browser gives it: base64url of an uncompressed P-256 point."""
    auth: Mapped[str] = mapped_column(String(40), default="")
    """The secret shared with the phone, base64url."""
    subscribed_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    """When it last told us that a message was on its screen."""
    lost_at: Mapped[datetime | None]
    """When we last lost the way to it: the push service knew it no longer, or the owner said no."""
    fault: Mapped[str] = mapped_column(String(200), default="")
    """What its push service said when it refused us for good."""


class PushService(Base):
    """A push service that asked us to wait; belongs to no municipality, since all share the service."""

    __tablename__ = "push_services"

    origin: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Scheme, host and port of its addresses."""
    paused_until: Mapped[datetime]
