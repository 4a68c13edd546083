"""Reminders that are due, what sending one must know, and figures for those who watch over the engine.

A statement answers for a whole group of reminders, whichever municipalities they belong to: it starts from their
own rows and goes by each row's municipality.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from citizen_app.config import LANGUAGES
from citizen_app.db import AnyRow, rows_of
from citizen_app.meetings.models import Meeting
from citizen_app.people.models import Municipality, Person
from citizen_app.push.models import Device
from citizen_app.reminders.models import Delivery, Reminder, ReminderWish, WorkerBeat
from citizen_app.reminders.rules import SILENT_AFTER, Channel, Note, ReminderState, Texts

TEXTS = Path(__file__).parent / "data" / "texts.csv"
SILENT_SINCE = timedelta(days=60)
"""How far back it is looked whether messages were shown."""
MOST_COUNTED = 10_000

# --- Sending ------------------------------------------------------------------------------------------------


def is_due() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition by which a waiting row may be taken in hand; needs the parameter `now`."""
    return Reminder.state == ReminderState.WAITING, Reminder.next_try_at <= bindparam("now")


_DUE = select(func.count()).select_from(select(Reminder.id).where(*is_due()).limit(MOST_COUNTED).subquery())
_OLDEST = select(Reminder.next_try_at).where(*is_due()).order_by(Reminder.next_try_at).limit(1)
_BEAT = select(func.max(WorkerBeat.at))
_ALIVE = select(func.count()).where(WorkerBeat.at > bindparam("since"))

_host = aliased(Person)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
# Several times are offered and none is chosen: this column comes with the meetings' own rebuilding.
_settled_at: Any = getattr(Meeting, "settled_at", None)
_is_offer: ColumnElement[bool] = false() if _settled_at is None else _settled_at.is_(None)

_IN_HAND: Select[*tuple[Any, ...]] = (
    select(
        Reminder.id,
        Reminder.municipality_id,
        Reminder.person_id,
        Reminder.kind,
        Reminder.meeting_id,
        Reminder.goal_id,
        Reminder.useless_at,
        Reminder.tries,
        Person.language,
        Person.second_language,
        Person.phone,
        Person.email,
        Person.ended_on,
        Municipality.timezone,
        ReminderWish.tells_more,
        Meeting.starts_at,
        Meeting.leave_home_at,
        Meeting.cancelled_at,
        Meeting.place,
        Meeting.kind.label("meeting_kind"),
        and_(Meeting.id.is_not(None), _is_offer).label("is_offer"),
        _host.given_name.label("host_name"),
    )
    .join(Person, Person.id == Reminder.person_id)
    .join(Municipality, Municipality.id == Reminder.municipality_id)
    .outerjoin(ReminderWish, ReminderWish.person_id == Reminder.person_id)
    .outerjoin(Meeting, and_(Meeting.id == Reminder.meeting_id, Meeting.municipality_id == Reminder.municipality_id))
    .outerjoin(_host, _host.id == Meeting.host_id)
    .where(Reminder.id.in_(_IDS), Reminder.lease == bindparam("lease"), Reminder.state == ReminderState.WAITING)
    .order_by(Reminder.id)
)

_PHONES: Select[*tuple[Any, ...]] = (
    select(
        Reminder.id.label("reminder_id"),
        Device.id.label("device_id"),
        Device.endpoint,
        Device.p256dh,
        Device.auth,
        Delivery.verdict,
    )
    .join(Device, and_(Device.person_id == Reminder.person_id, Device.municipality_id == Reminder.municipality_id))
    .outerjoin(
        Delivery,
        and_(
            Delivery.reminder_id == Reminder.id,
            Delivery.channel == Channel.PUSH,
            Delivery.device_id == Device.id,
        ),
    )
    .where(Reminder.id.in_(_IDS), Device.endpoint.is_not(None))
)

_past = aliased(Reminder)
_looked_back = (
    select(
        Reminder.id,
        _past.shown_at,
        func.row_number().over(partition_by=Reminder.id, order_by=_past.due_at.desc()).label("place"),
    )
    .join(_past, and_(_past.municipality_id == Reminder.municipality_id, _past.person_id == Reminder.person_id))
    .where(
        Reminder.id.in_(_IDS),
        _past.due_at > bindparam("since"),
        # A young one may still be shown; one that was shown speaks for the phone at once.
        or_(
            and_(_past.channel == Channel.PUSH, _past.sent_at <= bindparam("before")),
            _past.shown_at.is_not(None),
        ),
    )
    .subquery()
)
_SILENT = (
    select(_looked_back.c.id)
    .where(_looked_back.c.place <= 2)
    .group_by(_looked_back.c.id)
    .having(func.count() == 2, func.count(_looked_back.c.shown_at) == 0)
)

_TOLD = select(Delivery.reminder_id, Delivery.channel).where(
    Delivery.reminder_id.in_(_IDS), Delivery.channel != Channel.PUSH, Delivery.verdict.in_(("sent", "dead"))
)


def due_count(session: Session, now: datetime) -> int:
    """Return how many reminders are due, counted up to `MOST_COUNTED`."""
    return int(rows_of(session, _DUE, {"now": now}).scalar_one())


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """Return since when the oldest reminder is due that nobody has in hand."""
    moment: datetime | None = rows_of(session, _OLDEST, {"now": now}).scalar()
    return moment


def last_beat(session: Session) -> datetime | None:
    """Return when a worker last gave a sign of life."""
    moment: datetime | None = rows_of(session, _BEAT, {}).scalar()
    return moment


def workers_alive(session: Session, since: datetime) -> int:
    return int(rows_of(session, _ALIVE, {"since": since}).scalar_one())


def in_hand(session: Session, lease: str, ids: Collection[int]) -> Sequence[AnyRow]:
    """Return the reminders that this lease still holds, each with its person and meeting, in one SELECT."""
    return rows_of(session, _IN_HAND, {"ids": ids, "lease": lease}).all()


def phones_for(session: Session, ids: Collection[int]) -> Sequence[AnyRow]:
    """Return the phones of each reminder's person, and what each of them has said to this reminder before."""
    return rows_of(session, _PHONES, {"ids": ids}).all()


def silent(session: Session, ids: Collection[int], now: datetime) -> frozenset[int]:
    """Return the reminders of people whose last two messages were taken half a day ago and never shown."""
    values = {"ids": ids, "since": now - SILENT_SINCE, "before": now - SILENT_AFTER}
    return frozenset(rows_of(session, _SILENT, values).scalars())


def told_otherwise(session: Session, ids: Collection[int]) -> frozenset[tuple[int, str]]:
    """Return which other channels are done with, as reminder and channel: each is used once."""
    return frozenset((row.reminder_id, row.channel) for row in rows_of(session, _TOLD, {"ids": ids}))


@lru_cache
def texts(path: Path = TEXTS) -> Texts:
    """Return the table of texts; a cell that nobody has translated yet is not there."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["key"]: {code: row[code] for code in LANGUAGES if row[code]} for row in rows}


def missing_texts() -> Mapping[str, int]:
    """Return for each language how many texts have no translation."""
    table = texts()
    return {code: sum(code not in said for said in table.values()) for code in LANGUAGES}


def outbox(folder: Path, most: int = 50) -> list[Note]:
    """Return the newest SMS and mails that were written to a folder instead of being sent, the newest first."""
    files = sorted(folder.glob("*.txt"), reverse=True)[:most] if folder.is_dir() else []
    return [Note.read(file.read_text(encoding="utf-8")) for file in files]


# --- Watching -----------------------------------------------------------------------------------------------

# Found by the index of state and next try, however many years of reminders there are.
_RECENT = (Reminder.state.in_([state.value for state in ReminderState]), Reminder.next_try_at > bindparam("day"))
_BY_STATE = select(Reminder.state, func.count()).where(*_RECENT).group_by(Reminder.state)
_told_lately = Delivery.reminder_id.in_(select(Reminder.id).where(*_RECENT))
_BY_VERDICT = (
    select(Delivery.channel, Delivery.verdict, func.count())
    .where(_told_lately, Delivery.at > bindparam("hour"))
    .group_by(Delivery.channel, Delivery.verdict)
)
_SHOWN = select(func.count()).where(_told_lately, Delivery.shown_at > bindparam("hour"))
_BEATS = select(WorkerBeat.name, WorkerBeat.at)
_BY_CONSENT = select(Device.consent, func.count()).group_by(Device.consent)


@dataclass(frozen=True)
class Watched:
    """Figures for those who watch: reminders of the last day and ahead, deliveries of the last hour."""

    states: Mapping[str, int]
    verdicts: Mapping[tuple[str, str], int]
    """By channel and verdict."""
    shown: int
    beats: Mapping[str, datetime]
    """When each worker last gave a sign of life."""
    consents: Mapping[str, int]


def watched(session: Session, now: datetime) -> Watched:
    since = {"day": now - timedelta(days=1), "hour": now - timedelta(hours=1)}
    return Watched(
        states=_counts(session, _BY_STATE, since),
        verdicts={(channel, verdict): count for channel, verdict, count in rows_of(session, _BY_VERDICT, since)},
        shown=int(rows_of(session, _SHOWN, since).scalar_one()),
        beats={row.name: row.at for row in rows_of(session, _BEATS, {})},
        consents=_counts(session, _BY_CONSENT, {}),
    )


def _counts(session: Session, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> Mapping[str, int]:
    return {name: count for name, count in rows_of(session, statement, values).tuples()}  # noqa: C416 - typed


# --- Planning -----------------------------------------------------------------------------------------------
