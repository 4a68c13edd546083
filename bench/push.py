"""Pushes a second: two workers send what is due to a sink of our own, with real sealing and every row recorded.

The limit they are measured against is a bare socket in two processes that posts the same sealed bytes with a token
that was signed once, to the same sink in the same run: nothing that also keeps books can be faster.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine, text

from bench.figures import Figure
from bench.servers import SECRET_KEY
from bench.stage import Stage, say
from citizen_app import serve
from citizen_app.config import PROJECT_ROOT, Settings
from citizen_app.db import make_engine, migrate, reading_session, writing_session
from citizen_app.push.delivery import Push, PushPort, VapidKeys, make_private_key
from tests.due import by_state, fill
from tests.postgres import running_postgres

WORKERS = 2
DUE, DUE_QUICKLY = 50_000, 6_000
WANTED, WANTED_SHARE = 2_500, 0.25
KEYS = 500
"""Key pairs of phones; making one for each would take longer than the sending."""
PATIENCE = 300


@dataclass(frozen=True)
class Phone:
    endpoint: str
    p256dh: str
    auth: str


def measure(stage: Stage) -> Iterator[Figure]:
    count = DUE if stage.sizes.rounds > 2 else DUE_QUICKLY
    pem = make_private_key().decode()
    with ExitStack() as opened:
        yield from _measured(f"sqlite:///{stage.folder / 'due.db'}", "SQLite", count, pem)
        yield from _measured(opened.enter_context(running_postgres()), "PostgreSQL", count, pem)


def _measured(url: str, name: str, count: int, pem: str) -> Iterator[Figure]:
    with _sink() as sink:
        phones = _phones(sink, count)
        raw = _raw_limit(sink, phones, pem)
    with _sink() as sink:
        phones = _phones(sink, count)
        seconds, states = _send_all(url, phones, pem)
        taken = _requests(sink)
    assert states == {"sent": count}, states
    speed = count / seconds
    note = f"{count:,} due, {WORKERS} workers, {taken:,} taken, all rows recorded, {seconds:.1f} s"
    yield Figure(f"{name}, pushes a second", speed, least=WANTED, note=note)
    yield Figure(f"{name}, share of a bare socket's", speed / raw, least=WANTED_SHARE, note=f"it sends {raw:,.0f}")


# --- The sink and its phones --------------------------------------------------------------------------------


@contextmanager
def _sink() -> Iterator[str]:
    command = (sys.executable, "-m", "tests.push_service")
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        with process.stdout as said:
            yield said.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _phones(sink: str, count: int) -> list[Phone]:
    points = [_point() for _number in range(KEYS)]
    auth = _base64url(bytes(range(16)))
    return [Phone(f"{sink}/send/phone-{number:06}", points[number % KEYS], auth) for number in range(count)]


def _point() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return _base64url(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _requests(sink: str) -> int:
    with urllib.request.urlopen(f"{sink}/counts", timeout=30) as answer:  # noqa: S310 - our own server
        found: int = json.load(answer)["requests"]
        return found


# --- Our workers --------------------------------------------------------------------------------------------


def _send_all(url: str, phones: Sequence[Phone], pem: str) -> tuple[float, dict[str, int]]:
    """Let two workers start, make everything due, and wait until nothing is; returns the seconds between."""
    migrate(url)
    engine = make_engine(url)
    now = datetime.now(UTC)
    with writing_session(engine) as session, session.begin():
        fill(session, phones, now, next_try_at=now + timedelta(hours=1))
    folder = Path(tempfile.mkdtemp(prefix="bench-push-"))
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "VAPID_PRIVATE_KEY": pem}
    with ExitStack() as opened:
        logs = [opened.enter_context((folder / f"{number}.log").open("wb")) for number in range(WORKERS)]
        workers = [
            serve.start(
                (*serve.FLASK, "worker"), {**environment, "WORKER_NAME": f"bench-{number}"}, stdout=log, stderr=log
            )
            for number, log in enumerate(logs)
        ]
        try:
            _wait_for(engine, "SELECT count(*) FROM worker_beats", WORKERS)
            say(f"  both workers are up; {len(phones):,} reminders fall due")
            began = time.monotonic()
            with engine.execution_options(write=True).begin() as connection:
                connection.execute(text("UPDATE reminders SET next_try_at = due_at"))
            _wait_for(engine, "SELECT count(*) = 0 FROM (SELECT 1 FROM reminders WHERE state = 'waiting' LIMIT 1) w", 1)
            seconds = time.monotonic() - began
        finally:
            serve.stop({f"worker {number}": worker for number, worker in enumerate(workers)})
            for number in range(WORKERS):
                say((folder / f"{number}.log").read_text().rstrip())
            shutil.rmtree(folder)
    with reading_session(engine) as session:
        states = by_state(session)
    engine.dispose()
    return seconds, states


def _wait_for(engine: Engine, question: str, answer: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.execute(text(question)).scalar_one() == answer:
                return
        time.sleep(0.1)
    raise TimeoutError(question)


# --- The limit ----------------------------------------------------------------------------------------------


def _raw_limit(sink: str, phones: Sequence[Phone], pem: str) -> float:
    """Return how many a second bare sockets send: sealed for each phone, then written and the answer read."""
    part = len(phones) // WORKERS
    context = get_context("spawn")
    with context.Pool(WORKERS) as pool:
        starts = pool.map(partial(_post_bare, sink, pem), [phones[number * part :][:200] for number in range(WORKERS)])
        assert starts
        spans = pool.map(partial(_post_bare, sink, pem), [phones[number * part :][:part] for number in range(WORKERS)])
    return part * WORKERS / (max(end for _begin, end in spans) - min(begin for begin, _end in spans))


def _post_bare(sink: str, pem: str, phones: Sequence[Phone]) -> tuple[float, float]:
    settings = Settings(database_url="sqlite://", secret_key=SECRET_KEY, vapid_private_key=pem)
    keys = VapidKeys.of(settings)
    assert keys is not None
    port: Any = PushPort(keys)
    token = keys.authorization(sink, datetime.now(UTC) + timedelta(hours=12))
    host, _, number = sink.removeprefix("http://").partition(":")
    body = json.dumps({"title": "I morgen har du en aftale", "body": "x" * 420}).encode()
    fixed = (
        f"Host: {host}:{number}\r\nAuthorization: {token}\r\nContent-Encoding: aes128gcm\r\n"
        "Content-Type: application/octet-stream\r\nTTL: 43200\r\nTopic: abc\r\nUrgency: high\r\n"
    )
    begin = time.time()
    with socket.create_connection((host, int(number))) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for phone in phones:
            path = phone.endpoint.removeprefix(sink)
            push = Push(phone.endpoint, phone.p256dh, phone.auth, body, 43200, "abc", "high")
            sealed = port._seal(push)  # noqa: SLF001 - the same sealing, without what we build around it
            head = f"POST {path} HTTP/1.1\r\n{fixed}Content-Length: {len(sealed)}\r\n\r\n".encode()
            line.sendall(head + sealed)
            while not line.recv(4096).endswith(b"\r\n\r\n"):
                pass
    return begin, time.time()
