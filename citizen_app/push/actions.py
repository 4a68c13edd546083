"""What becomes of phones and push services: a phone tells of itself, a way to one is lost, a service wants a pause.

The engine's verbs find a phone by its address, not by its number: a phone that has got a new address while a message
was on its way must not lose that one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import CursorResult, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from citizen_app.db import insert_new
from citizen_app.people.queries import own_subject
from citizen_app.policy import Actor, Permission, check
from citizen_app.push.models import Device, PushService
from citizen_app.push.queries import endpoint_hash
from citizen_app.push.rules import USUAL_PAUSE, Consent

_NO_WAY = {"endpoint": None, "endpoint_hash": None, "p256dh": "", "auth": ""}


@dataclass(frozen=True)
class DeviceReport:
    """What a phone says of itself; without an address there is no way to it."""

    consent: Consent
    endpoint: str = ""
    p256dh: str = ""
    auth: str = ""


def report_device(session: Session, actor: Actor, report: DeviceReport, today: date, now: datetime) -> Device:
    """Keep what the phone of this sign-in says of itself; an address that another sign-in has moves here."""
    check(actor, Permission.GET_MESSAGES, own_subject(actor))
    reaches = report.consent is Consent.GRANTED and bool(report.endpoint)
    key = endpoint_hash(report.endpoint) if reaches else None
    if key:
        others = update(Device).where(Device.endpoint_hash == key, Device.sign_in_id != actor.sign_in_id)
        session.execute(others.values(**_NO_WAY, lost_at=now))
    row = {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "sign_in_id": actor.sign_in_id,
        "consent": report.consent,
        "seen_on": today,
    }
    insert_new(session, Device, [row], Device.id)
    device = session.scalars(select(Device).filter_by(sign_in_id=actor.sign_in_id).with_for_update()).one()
    device.consent, device.seen_on = report.consent, today
    if key:
        _connect(device, report, key, now)
    elif device.endpoint:
        _lose(device, now)
    session.flush()
    return device


def _connect(device: Device, report: DeviceReport, key: str, now: datetime) -> None:
    if device.endpoint_hash != key:
        device.endpoint, device.endpoint_hash, device.subscribed_at, device.fault = report.endpoint, key, now, ""
    device.p256dh, device.auth = report.p256dh, report.auth


def _lose(device: Device, now: datetime) -> None:
    for name, value in _NO_WAY.items():
        setattr(device, name, value)
    device.lost_at = now


# --- For the engine and for what phones tell ----------------------------------------------------------------

_BY_ADDRESS = Device.endpoint_hash == bindparam("key")


def drop_devices(session: Session, endpoints: Collection[str], now: datetime) -> int:
    """Forget addresses that their push service knows no longer (404, 410); returns how many there were."""
    if not endpoints:
        return 0
    keys = [endpoint_hash(endpoint) for endpoint in endpoints]
    result = session.execute(update(Device).where(Device.endpoint_hash.in_(keys)).values(**_NO_WAY, lost_at=now))
    assert isinstance(result, CursorResult)
    return result.rowcount


def note_faults(session: Session, faults: Mapping[str, str]) -> None:
    """Keep by address what a push service said when it refused a message for good."""
    if faults:
        rows = [{"key": endpoint_hash(endpoint), "said": said[:200]} for endpoint, said in faults.items()]
        session.connection().execute(update(Device).where(_BY_ADDRESS).values(fault=bindparam("said")), rows)


def note_shown(session: Session, device_id: int, now: datetime) -> None:
    """Keep that a message was on a phone's screen; what its service refused before is over."""
    session.execute(update(Device).where(Device.id == device_id).values(shown_at=now, fault=""))


def pause_service(session: Session, origin: str, pause: timedelta | None, now: datetime) -> None:
    """Leave a push service alone as long as it asked for; of two pauses the longer one holds."""
    builder = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    insert = builder(PushService).values(origin=origin, paused_until=now + (USUAL_PAUSE if pause is None else pause))
    until = insert.excluded.paused_until
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[PushService.origin],
            set_={"paused_until": until},
            where=PushService.paused_until < until,
        )
    )
