"""What the clock starts: a drain takes due reminders in hand, sends them, and records what became of them.

Taking in hand is one UPDATE that moves the next try a minute ahead and leaves a token; recording counts only where
the token still stands and the row still waits. So nothing is held by a dead worker, nothing is lost, and a reminder
whose meeting was moved meanwhile stays cancelled. What a phone got is written down in any case: it is a fact.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizen_app.config import Settings
from citizen_app.db import AnyRow, reading_session, writing_session
from citizen_app.people.rules import fingerprint
from citizen_app.placements.rules import link_token
from citizen_app.push.actions import drop_devices, note_faults, pause_service
from citizen_app.push.delivery import Outcome, Push, Verdict
from citizen_app.push.queries import paused_services
from citizen_app.push.rules import USUAL_PAUSE, origin_of
from citizen_app.reminders.delivery import Post
from citizen_app.reminders.models import Delivery, Reminder, WorkerBeat
from citizen_app.reminders.queries import (
    NudgeInHand,
    hours_in_hand,
    in_hand,
    is_due,
    nudges_in_hand,
    phones_for,
    silent,
    texts,
    told_otherwise,
)
from citizen_app.reminders.rules import (
    NEVER_CALLED,
    QUIET_KINDS,
    Channel,
    Message,
    Note,
    ReminderKind,
    ReminderState,
    Speech,
    Subject,
    Tried,
    Wishes,
    awake_at,
    compose,
    next_try,
    notification_key,
    payload,
    still_asked,
)

LEASED_AT_ONCE = 200
DRAIN_SECONDS = 30.0
KEPT = timedelta(days=400)
FORGOTTEN_AT_ONCE = 1000
BEATS_KEPT = timedelta(days=1)
_ABOUT_DAYS = frozenset({ReminderKind.NUDGE, ReminderKind.HOURS})
RECORD_AGAIN_SECONDS = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Desk:
    """All that a drain works with."""

    engine: Engine
    settings: Settings
    post: Post
    speech: Speech
    now: Callable[[], datetime]
    is_stopped: Callable[[], bool] = lambda: False


@dataclass
class Task:
    """A reminder in hand, and what becomes of it."""

    row: AnyRow
    message: Message
    phones: Sequence[AnyRow] = ()
    """Those that have not got it yet and are not beyond hope."""
    is_sent: bool = False
    """A phone has it, by this try or an earlier one."""
    is_silent: bool = False
    outcomes: list[tuple[Any, Outcome]] = field(default_factory=list)
    """By phone."""
    waits_until: datetime | None = None
    notes: list[tuple[Channel, Outcome]] = field(default_factory=list)
    state: ReminderState = ReminderState.WAITING
    channel: Channel | None = None
    next_try_at: datetime | None = None
    counts_try: bool = False


@dataclass(frozen=True)
class Aside:
    """What becomes of a reminder that is not sent now: it is over, or waits for the end of quiet hours."""

    state: ReminderState
    next_try_at: datetime


def drain(desk: Desk, seconds: float = DRAIN_SECONDS) -> Counter[str]:
    """Send what is due, group after group, until nothing is or the seconds are over; returns what became of it all."""
    began = time.monotonic()
    tally: Counter[str] = Counter()
    while time.monotonic() - began < seconds and not desk.is_stopped():
        ids = send_group(desk, tally)
        if ids < LEASED_AT_ONCE:
            break
    if tally:
        log.info("Drain: %s, %.2f s", told(tally), time.monotonic() - began)
    return tally


def told(tally: Mapping[str, int]) -> str:
    """Return a tally in words: `200 leased, 198 sent, 1 gone, 1 later`."""
    first = {"leased": 0, "sent": 0}
    return ", ".join(f"{count} {name}" for name, count in {**first, **tally}.items() if count or name in first)


def send_group(desk: Desk, tally: Counter[str]) -> int:
    """Lease, send and record one group of reminders; returns how many were leased."""
    lease, lease_ends = str(uuid4()), desk.now() + timedelta(seconds=desk.settings.lease_seconds)
    ids = take_in_hand(desk.engine, lease, desk.now(), lease_ends)
    if not ids:
        return 0
    tally["leased"] += len(ids)
    with reading_session(desk.engine) as session:
        tasks, aside = _prepared(desk, session, lease, ids)
    _push(desk, tasks)
    now = desk.now()
    helpless = [task for task in tasks if _settled(task, now) is None]
    if helpless:
        _fall_back(desk, helpless, now)
    _keep_trying(lambda: _record(desk.engine, lease, tasks, aside, now), lease_ends, desk.now)
    _count(tally, tasks, aside)
    return len(ids)


# --- Taking in hand -----------------------------------------------------------------------------------------

_due = (
    select(Reminder.id)
    .where(*is_due())
    .order_by(Reminder.next_try_at, Reminder.id)
    .limit(LEASED_AT_ONCE)
    .with_for_update(skip_locked=True)  # on SQLite, which has no such thing, the write lock does it
    .cte("due")
)
_LEASE = (
    update(Reminder)
    .where(Reminder.id.in_(select(_due.c.id)))
    .values(lease=bindparam("token"), next_try_at=bindparam("until"))
    .returning(Reminder.id)
)


def take_in_hand(engine: Engine, lease: str, now: datetime, until: datetime) -> Sequence[int]:
    """Mark the reminders that have been due longest as ours until a moment; returns their numbers."""
    with writing_session(engine) as session, session.begin():
        return session.connection().execute(_LEASE, {"token": lease, "now": now, "until": until}).scalars().all()


def _prepared(desk: Desk, session: Session, lease: str, ids: Sequence[int]) -> tuple[list[Task], dict[int, Aside]]:
    """Return the reminders to send with their words and phones, and those that are not sent now."""
    now = desk.now()
    rows = in_hand(session, lease, ids)
    asked = _still_asked(session, rows, desk.settings.secret_key, now)
    aside = {row.id: one for row in rows if (one := _put_aside(row, asked, now))}
    tasks = {row.id: Task(row, _message(desk, row, asked.get(row.id), now)) for row in rows if row.id not in aside}
    if not tasks:
        return [], aside
    phones: dict[int, list[AnyRow]] = defaultdict(list)
    for phone in phones_for(session, list(tasks)) if desk.post.pushes else ():
        task = tasks[phone.reminder_id]
        if phone.verdict == Verdict.SENT:
            task.is_sent = True
        elif phone.verdict != Verdict.DEAD:
            phones[phone.reminder_id].append(phone)
    paused = paused_services(session, now)
    loud = [number for number, task in tasks.items() if task.row.kind not in QUIET_KINDS]
    still = silent(session, loud, now) if loud else frozenset()
    for number, task in tasks.items():
        task.is_silent = number in still
        task.phones = _without_paused(task, phones[number], paused) if paused else phones[number]
    return list(tasks.values()), aside


@dataclass(frozen=True)
class _Asked:
    """What is still asked about days: by a nudge, or by a reminder of hours, which has no day or door of its own."""

    day: date | None = None
    door: str = ""


def _still_asked(session: Session, rows: Sequence[AnyRow], secret_key: str, now: datetime) -> Mapping[int, _Asked]:
    """Return for nudges and reminders of hours what they still ask; those that ask nothing any more are left out."""
    nudges = [row for row in rows if row.kind == ReminderKind.NUDGE]
    hours = hours_in_hand(session, [row.id for row in rows if row.kind == ReminderKind.HOURS])
    found = {number: _Asked() for number in hours}
    held = nudges_in_hand(session, nudges, now)
    for row in nudges:
        one = held.get(row.id)
        day = still_asked(row.about_day, row.about_version, row.due_at, one.unsaid) if one else None
        if one is not None and day is not None:
            found[row.id] = _Asked(day, _door(row, one, secret_key))
    return found


def _door(row: AnyRow, nudge: NudgeInHand, secret_key: str) -> str:
    """Return where a mentor answers: the link that he has already, made again, or the page of his account, or nowhere.

    A link made under another key of the app cannot be made again: what would come of it opens nothing.
    """
    if nudge.nonce:
        token = link_token(secret_key, row.placement_id, row.person_id, nudge.nonce)
        if fingerprint(token) == nudge.token_hash:
            return f"/m/{token}"
    return "/mentor" if nudge.has_account else ""


def _put_aside(row: AnyRow, asked: Mapping[int, _Asked], now: datetime) -> Aside | None:
    state = _what_is_over(row, asked, now)
    if state is not None:
        return Aside(state, now)
    at = _awake(row, now)
    if at == now:
        return None
    return Aside(ReminderState.EXPIRED, now) if at is None else Aside(ReminderState.WAITING, at)


def _awake(row: AnyRow, at: datetime) -> datetime | None:
    """Return when to send instead of in quiet hours, None if never; meetings are planned with theirs and keep them."""
    if row.kind not in _ABOUT_DAYS:
        return at
    wishes = Wishes() if row.quiet_from is None else Wishes(row.quiet_from, row.quiet_to)
    return awake_at(at, row.useless_at, wishes, row.timezone)


def _what_is_over(row: AnyRow, asked: Mapping[int, _Asked], now: datetime) -> ReminderState | None:
    is_about_nothing = row.cancelled_at is not None and row.kind != ReminderKind.CANCELLED
    is_about_nothing = is_about_nothing or (row.kind in _ABOUT_DAYS and row.id not in asked)
    has_left = row.ended_on is not None and row.ended_on <= now.astimezone(ZoneInfo(row.timezone)).date()
    if is_about_nothing or has_left:
        return ReminderState.CANCELLED
    has_no_door = row.kind == ReminderKind.NUDGE and not asked[row.id].door
    return ReminderState.EXPIRED if row.useless_at <= now or has_no_door else None


def _without_paused(task: Task, phones: Iterable[AnyRow], paused: Mapping[str, datetime]) -> list[AnyRow]:
    free = []
    for phone in phones:
        until = paused.get(origin_of(phone.endpoint))
        if until is None:
            free.append(phone)
        else:
            task.waits_until = min(until, task.waits_until or until)
    return free


def _message(desk: Desk, row: AnyRow, asked: _Asked | None, now: datetime) -> Message:
    subject = Subject(
        kind=ReminderKind(row.kind),
        person_id=row.person_id,
        meeting_id=row.meeting_id,
        goal_id=row.goal_id,
        starts_at=row.starts_at,
        leave_home_at=row.leave_home_at,
        is_offer=bool(row.is_offer),
        meeting_kind=row.meeting_kind or "",
        place=row.place or "",
        host_name=row.host_name or "",
        timezone=row.timezone,
        tells_more=bool(row.tells_more),
        placement_id=row.placement_id,
        about_day=asked.day if asked else None,
        door=asked.door if asked else "",
    )
    languages = (row.language, row.second_language) if row.second_language else (row.language,)
    message = compose(subject, languages, now, texts(), desk.speech, desk.settings.public_url)
    for key, language in message.missing:
        if language not in _warned_of:
            _warned_of.add(language)
            log.warning("Texts are missing in %s, such as %s; another language goes out.", language, key)
    return message


_warned_of: set[str] = set()
"""Languages whose missing texts the log has told of since this process began."""


# --- Sending ------------------------------------------------------------------------------------------------


def _push(desk: Desk, tasks: Iterable[Task]) -> None:
    now = desk.now()
    secret = desk.settings.secret_key
    pairs = [(task, phone) for task in tasks for phone in task.phones]
    pushes = [
        Push(
            endpoint=phone.endpoint,
            p256dh=phone.p256dh,
            auth=phone.auth,
            body=payload(
                task.message, task.row.id, phone.device_id, notification_key(secret, task.row.id, phone.device_id)
            ),
            ttl=max(1, int((task.row.useless_at - now).total_seconds())),
            topic=task.message.topic,
            urgency=task.message.urgency,
        )
        for task, phone in pairs
    ]
    outcomes = desk.post.push(pushes, now, desk.settings.lease_seconds / 2)
    for (task, phone), outcome in zip(pairs, outcomes, strict=True):
        task.outcomes.append((phone, outcome))
        if outcome.verdict is Verdict.WAIT:
            until = now + (USUAL_PAUSE if outcome.retry_after is None else outcome.retry_after)
            task.waits_until = min(until, task.waits_until or until)


def _settled(task: Task, now: datetime) -> ReminderState | None:
    """Decide what becomes of a reminder after the phones have been tried; None when other channels must help."""
    verdicts = {outcome.verdict for _phone, outcome in task.outcomes}
    task.is_sent = task.is_sent or Verdict.SENT in verdicts
    is_to_repeat = Verdict.LATER in verdicts
    task.next_try_at = _next_try(task, Tried(is_to_repeat, task.waits_until), now)
    task.channel = Channel.PUSH if task.is_sent else None
    if task.next_try_at is not None:
        task.counts_try = is_to_repeat
        return task.state
    if task.is_sent and not task.is_silent:
        task.state = ReminderState.SENT
    elif task.row.kind in QUIET_KINDS:
        task.state = ReminderState.EXPIRED
    else:
        return None
    return task.state


def _next_try(task: Task, tried: Tried, now: datetime) -> datetime | None:
    at = next_try(tried, task.row.tries, task.row.useless_at, now, random.random())  # noqa: S311 - spreads
    return None if at is None else _awake(task.row, at)


def _fall_back(desk: Desk, tasks: Sequence[Task], now: datetime) -> None:
    """Try SMS, then mail, each once; what neither takes goes to the staff's call list, if it is to a citizen.

    A gateway that is down is tried again inside the useful window: staff need not call for that.
    """
    with reading_session(desk.engine) as session:
        told_before = told_otherwise(session, [task.row.id for task in tasks])
    left = list(tasks)
    for channel in (Channel.SMS, Channel.MAIL):
        notes = [
            (task, _note(task, channel, now))
            for task in left
            if _address(task, channel) and (task.row.id, channel) not in told_before and desk.post.takes(channel)
        ]
        outcomes = desk.post.write([note for _task, note in notes], desk.settings.lease_seconds / 6)
        for (task, _written), outcome in zip(notes, outcomes, strict=True):
            task.notes.append((channel, outcome))
            if outcome.verdict is Verdict.SENT:
                task.state, task.channel = ReminderState.SENT, channel
        left = [task for task in left if task.state is ReminderState.WAITING]
    for task in left:
        is_to_repeat = any(outcome.verdict is Verdict.LATER for _channel, outcome in task.notes)
        task.next_try_at = _next_try(task, Tried(is_to_repeat), now)
        task.counts_try = is_to_repeat
        if task.next_try_at is None and task.row.kind in NEVER_CALLED:
            task.state = ReminderState.SENT if task.is_sent else ReminderState.EXPIRED
        elif task.next_try_at is None:
            task.state, task.channel = ReminderState.CALL, Channel.CALL


def _address(task: Task, channel: Channel) -> str:
    return str(task.row.phone if channel is Channel.SMS else task.row.email)


def _note(task: Task, channel: Channel, now: datetime) -> Note:
    message = task.message
    is_sms = channel is Channel.SMS
    subject, text = ("", message.sms) if is_sms else (message.mail_subject, message.mail_body)
    return Note(channel, _address(task, channel), subject, text, task.row.id, now)


# --- Recording ----------------------------------------------------------------------------------------------

_NEW_STATE = (
    update(Reminder)
    .where(
        Reminder.id == bindparam("number"),
        Reminder.lease == bindparam("token"),
        Reminder.state == ReminderState.WAITING,
    )
    .values(
        state=bindparam("new_state"),
        lease=None,
        next_try_at=bindparam("again_at"),
        tries=Reminder.tries + bindparam("more_tries"),
        sent_at=bindparam("went_at"),
        channel=bindparam("went_by"),
        language=bindparam("went_in"),
    )
)


def _keeping(builder: Any) -> Any:
    """Return the statement that keeps deliveries; one that was taken stays so, whatever comes later."""
    insert = builder(Delivery)
    return insert.on_conflict_do_update(
        index_elements=[Delivery.reminder_id, Delivery.channel, Delivery.device_id],
        set_={name: insert.excluded[name] for name in ("verdict", "status", "detail", "at")},
        where=Delivery.verdict != Verdict.SENT,
    )


_KEEP = {"postgresql": _keeping(postgresql.insert), "sqlite": _keeping(sqlite.insert)}


def _record(engine: Engine, lease: str, tasks: Sequence[Task], aside: Mapping[int, Aside], now: datetime) -> None:
    with writing_session(engine) as session, session.begin():
        connection = session.connection()
        kept = [row for task in tasks for row in _deliveries(task, now)]
        if kept:
            connection.execute(_KEEP[engine.dialect.name], kept)
        states = [_new_state(task, lease, now) for task in tasks]
        states += [_as_put_aside(number, one, lease) for number, one in aside.items()]
        if states:  # in the order in which everybody takes them, so that nobody waits for one who waits for him
            connection.execute(_NEW_STATE, sorted(states, key=itemgetter("number")))
        _record_phones(session, tasks, now)


def _deliveries(task: Task, now: datetime) -> Iterable[Mapping[str, Any]]:
    tried = [(Channel.PUSH, phone.device_id, outcome) for phone, outcome in task.outcomes]
    for channel, device_id, outcome in (*tried, *((channel, 0, outcome) for channel, outcome in task.notes)):
        yield {
            "municipality_id": task.row.municipality_id,
            "reminder_id": task.row.id,
            "channel": channel,
            "device_id": device_id,
            "verdict": outcome.verdict,
            "status": outcome.status,
            "detail": outcome.detail[:200],
            "at": now,
        }


def _new_state(task: Task, lease: str, now: datetime) -> Mapping[str, Any]:
    is_out = task.state is ReminderState.SENT or task.is_sent
    return {
        "number": task.row.id,
        "token": lease,
        "new_state": task.state,
        "again_at": task.next_try_at or now,
        "more_tries": int(task.counts_try),
        "went_at": now if is_out else None,
        "went_by": task.channel,
        "went_in": task.message.language if is_out else None,
    }


def _as_put_aside(number: int, one: Aside, lease: str) -> Mapping[str, Any]:
    nothing = {"more_tries": 0, "went_at": None, "went_by": None, "went_in": None}
    return {"number": number, "token": lease, "new_state": one.state, "again_at": one.next_try_at, **nothing}


def _record_phones(session: Session, tasks: Iterable[Task], now: datetime) -> None:
    """Forget lost ways, keep why phones were refused, and let all workers know which services want a pause."""
    by_verdict: dict[Verdict, list[tuple[str, Outcome]]] = defaultdict(list)
    for task in tasks:
        for phone, outcome in task.outcomes:
            if outcome.verdict is not Verdict.SENT:
                by_verdict[outcome.verdict].append((phone.endpoint, outcome))
    drop_devices(session, [endpoint for endpoint, _outcome in by_verdict[Verdict.GONE]], now)
    refused = by_verdict[Verdict.DEAD]
    note_faults(
        session, {endpoint: f"{outcome.status or ''} {outcome.detail}".strip() for endpoint, outcome in refused}
    )
    for service, (status, detail) in {
        origin_of(endpoint): (outcome.status, outcome.detail) for endpoint, outcome in refused
    }.items():
        log.error("%s refuses our messages for good: %s %s", service, status, detail)
    pauses: dict[str, timedelta] = {}
    for endpoint, outcome in by_verdict[Verdict.WAIT]:
        pause = USUAL_PAUSE if outcome.retry_after is None else outcome.retry_after
        origin = origin_of(endpoint)
        pauses[origin] = max(pause, pauses.get(origin, pause))
    for origin, pause in sorted(pauses.items()):
        pause_service(session, origin, pause, now)


def _keep_trying(record: Callable[[], None], until: datetime, now: Callable[[], datetime]) -> None:
    """Record what has been sent, although the database may be away for a while; after the lease it is no use."""
    while True:
        try:
            return record()
        except DBAPIError as error:
            if now() >= until:
                raise
            log.warning("What was sent cannot be recorded just now: %s", type(error.orig).__name__)
            time.sleep(RECORD_AGAIN_SECONDS)


def _count(tally: Counter[str], tasks: Iterable[Task], aside: Mapping[int, Aside]) -> None:
    for task in tasks:
        tally[task.channel.value if task.channel in {Channel.SMS, Channel.MAIL} else _named(task.state)] += 1
        for _phone, outcome in task.outcomes:
            if outcome.verdict in {Verdict.GONE, Verdict.DEAD, Verdict.WAIT}:
                tally[outcome.verdict.value] += 1
    tally.update(_named(one.state) for one in aside.values())


def _named(state: ReminderState) -> str:
    return "later" if state is ReminderState.WAITING else state.value


# --- Signs of life, and forgetting --------------------------------------------------------------------------


def beat(session: Session, name: str, started_at: datetime, now: datetime) -> None:
    """Leave a sign of life of this worker."""
    beaten = session.get(WorkerBeat, name) or WorkerBeat(name=name)
    beaten.started_at, beaten.at = started_at, now
    session.add(beaten)


_old = (
    select(Reminder.id)
    .where(Reminder.state.in_([state.value for state in ReminderState]), Reminder.next_try_at < bindparam("before"))
    .limit(FORGOTTEN_AT_ONCE)
)


def forget_old(session: Session, now: datetime) -> dict[str, int]:
    """Delete old reminders with their deliveries, some at a time, and signs of life of workers that are no more."""
    reminders = session.connection().execute(delete(Reminder).where(Reminder.id.in_(_old)), {"before": now - KEPT})
    beats = session.connection().execute(delete(WorkerBeat).where(WorkerBeat.at < now - BEATS_KEPT))
    return {"reminders": reminders.rowcount, "worker_beats": beats.rowcount}
