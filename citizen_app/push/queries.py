"""Which phones a person has, how surely she is reached, and which push services have asked us to wait."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from citizen_app.db import AnyRow, one_of, room_for, rows_of, spread
from citizen_app.push.models import Device, PushService
from citizen_app.push.rules import PhoneFacts


def endpoint_hash(endpoint: str) -> str:
    """Return what a push address is found by, since the address itself is too long for an index."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


@lru_cache
def _devices(size: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Device.id, Device.person_id, Device.endpoint, Device.p256dh, Device.auth)
        .where(
            Device.municipality_id == bindparam("municipality_id"),
            one_of(Device.person_id, "person", size),
            Device.endpoint.is_not(None),
        )
        .order_by(Device.id)
    )


def devices_of(session: Session, municipality_id: int, person_ids: Collection[int]) -> Sequence[AnyRow]:
    """Return the phones that can be written to: id, person_id, endpoint, p256dh, auth."""
    if not person_ids:
        return ()
    size = room_for(len(person_ids))
    values = {"municipality_id": municipality_id, **spread("person", list(person_ids), size)}
    return rows_of(session, _devices(size), values).all()


@lru_cache
def _phones(size: int) -> Select[*tuple[Any, ...]]:
    return select(
        Device.person_id,
        Device.id,
        Device.endpoint.is_not(None).label("has_endpoint"),
        Device.consent,
        Device.seen_on,
        Device.shown_at,
        Device.lost_at,
        Device.fault,
    ).where(Device.municipality_id == bindparam("municipality_id"), one_of(Device.person_id, "person", size))


def reach_of(session: Session, municipality_id: int, person_ids: Collection[int]) -> Mapping[int, list[PhoneFacts]]:
    """Return what `rules.reach` wants to know of each person's phones; nobody is missing in the answer."""
    phones: dict[int, list[PhoneFacts]] = defaultdict(list, {person_id: [] for person_id in person_ids})
    if not person_ids:
        return phones
    size = room_for(len(person_ids))
    values = {"municipality_id": municipality_id, **spread("person", list(person_ids), size)}
    for row in rows_of(session, _phones(size), values):
        shown_on = row.shown_at.date() if row.shown_at else None
        facts = PhoneFacts(
            row.id, bool(row.has_endpoint), row.consent, row.seen_on, shown_on, row.lost_at, bool(row.fault)
        )
        phones[row.person_id].append(facts)
    return phones


_PAUSED = select(PushService.origin, PushService.paused_until).where(PushService.paused_until > bindparam("now"))


def paused_services(session: Session, now: datetime) -> Mapping[str, datetime]:
    """Return the origins that are to be left alone, each with the moment until when."""
    return {row.origin: row.paused_until for row in rows_of(session, _PAUSED, {"now": now})}
