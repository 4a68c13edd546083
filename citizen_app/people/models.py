"""Tables about people: municipalities, accounts, relations, sign-ins, codes that connect a phone, and the log.

One table holds everybody, citizens and staff alike: a role says what a person is here, a relation says what she is
to one citizen. Codes and session keys are kept only as hashes.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_app.db import Base, InMunicipality
from citizen_app.policy import Role


class Municipality(Base):
    __tablename__ = "municipalities"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    """The name commands use, such as `lillestad`."""
    name: Mapped[str] = mapped_column(String(80))
    product_name: Mapped[str] = mapped_column(String(40), default="Sammen")
    phone: Mapped[str] = mapped_column(String(24), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    timezone: Mapped[str] = mapped_column(String(40), default="Europe/Copenhagen")
    accessibility_url: Mapped[str] = mapped_column(String(200), default="")
    """Where the accessibility statement stands; empty until the municipality has made one."""


class Person(InMunicipality, Base):
    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("municipality_id", "external_id"),
        Index(None, "municipality_id", "role", "given_name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(String(60))
    """The person's key in the municipality's own system; an import finds her by it. Never a CPR number."""
    role: Mapped[Role] = mapped_column(String(30))
    given_name: Mapped[str] = mapped_column(String(60))
    family_name: Mapped[str] = mapped_column(String(80), default="")
    language: Mapped[str] = mapped_column(String(5), default="da")
    second_language: Mapped[str | None] = mapped_column(String(5))
    needs_interpreter: Mapped[bool] = mapped_column(default=False)
    easy_reading: Mapped[bool] = mapped_column(default=False)
    """Only the most important on each page, with more space."""
    text_size: Mapped[str] = mapped_column(String(10), default="normal")
    phone: Mapped[str] = mapped_column(String(24), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    spoken_languages: Mapped[str] = mapped_column(String(60), default="")
    """Language codes with spaces between, for staff and mentors: which languages one can talk with them in."""
    working_hours: Mapped[str] = mapped_column(String(80), default="")
    has_photo: Mapped[bool] = mapped_column(default=False)
    username: Mapped[str | None] = mapped_column(String(60), unique=True)
    """Unique over all municipalities, since the sign-in page does not ask for one."""
    password_hash: Mapped[str | None] = mapped_column(String(200))
    ended_on: Mapped[date | None]
    """From this day on the person cannot sign in."""


class Photo(InMunicipality, Base):
    __tablename__ = "photos"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
    """256 x 256 pixels, made anew from the upload, without its camera data."""
    updated_at: Mapped[datetime]


class Relation(InMunicipality, Base):
    __tablename__ = "relations"
    __table_args__ = (
        UniqueConstraint("municipality_id", "citizen_id", "person_id", "role", "started_on"),
        Index(None, "municipality_id", "person_id", "citizen_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(30))
    """What the person is to this citizen: a staff role or a kind of mentor, see `rules.RELATION_ROLES`."""
    is_contact: Mapped[bool] = mapped_column(default=False)
    """The one person to call first."""
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    """The first day on which the relation no longer holds."""


class SignIn(InMunicipality, Base):
    __tablename__ = "sign_ins"
    __table_args__ = (Index(None, "municipality_id", "person_id"), Index(None, "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(60), default="")
    """A name the person recognises, such as `Android`."""
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ConnectCode(InMunicipality, Base):
    __tablename__ = "connect_codes"
    __table_args__ = (Index(None, "expires_at"),)

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    next_path: Mapped[str | None] = mapped_column(String(120))
    """Where the phone goes once it is connected, such as a draft to write together."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FailedSignIn(Base):
    """A wrong password or code, by whom it was tried; belongs to no municipality, since nobody is known yet."""

    __tablename__ = "failed_sign_ins"
    __table_args__ = (Index(None, "tried", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tried: Mapped[str] = mapped_column(String(64))
    """A hash of the user name or of the phone's address."""
    at: Mapped[datetime]


class AccessLogEntry(InMunicipality, Base):
    __tablename__ = "access_log"
    __table_args__ = (Index(None, "municipality_id", "citizen_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reader_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reader_role: Mapped[str] = mapped_column(String(30))
    what: Mapped[str] = mapped_column(String(30))
    """Which page: `plan`, `goal`, `meeting`, `people`."""
    at: Mapped[datetime]
