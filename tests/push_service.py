"""A push service of our own for tests and benchmarks: it takes what a real one takes, and reads it as a phone would.

It checks who is sending (RFC 8292), opens what was sealed for one of its phones (RFC 8291), and answers as the test
has told it: yes, gone, wait, later, slowly, or not at all. As a sink it opens nothing, answers as fast as it can and
counts, so that thousands of messages a second tell about the sender alone. `python -m tests.push_service` runs a sink
in a process of its own; the first line it prints is its address, and `GET /counts` says what has arrived.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import socket
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar, cast

import http_ece  # type: ignore[import-untyped]
import jwt
import uvloop
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

LONGEST_SIGNATURE = 24 * 60 * 60
LARGEST_SEALED = 4096
URGENCIES = {"very-low", "low", "normal", "high"}


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def plain(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_vapid_pem() -> str:
    """Make a private key such as VAPID_PRIVATE_KEY holds."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass(frozen=True)
class Phone:
    """A phone's side of a subscription, with the secrets that open what was sealed for it."""

    endpoint: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    auth_secret: bytes = field(repr=False)
    application_server_key: str = ""
    """The only sender that may write to it; empty: any."""

    @property
    def path(self) -> str:
        return "/" + self.endpoint.split("/", 3)[3]

    @property
    def p256dh(self) -> str:
        return base64url(self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def auth(self) -> str:
        return base64url(self.auth_secret)


@dataclass(frozen=True)
class Answer:
    """What the service does with a message."""

    status: int = 201
    retry_after: str = ""
    words: str = ""
    seconds: float = 0
    """How long it takes its time first."""
    cuts: bool = False
    """It hangs up without a word."""


YES = Answer()
GONE = Answer(410, words="unsubscribed")
BROKEN = Answer(500, words="we have trouble")
CUT = Answer(cuts=True)


@dataclass(frozen=True)
class Received:
    """A message as the phone read it."""

    endpoint: str
    headers: Mapping[str, str]
    """By small letters."""
    body: bytes
    claims: Mapping[str, Any]
    """Who sent it, by the signed token."""

    @property
    def message(self) -> Any:
        return json.loads(self.body)


class Refused(Exception):
    """A message that a real service would not take; a status and why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}")
        self.answer = Answer(status, words=words)


class PushService:
    """What the service knows; `running` gives it a socket. All of it may be read while it runs."""

    def __init__(self, *, is_sink: bool = False, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.url = ""
        """Its origin, once it runs."""
        self.usual = YES
        """Its answer where nothing else was agreed."""
        self.clock = clock
        self.received: list[Received] = []
        """What was taken (answered with 2xx), in order."""
        self.refused: list[str] = []
        """What a real service would not have taken; a test that expects none asserts that it is empty."""
        self.requests: Counter[str] = Counter()
        """How many messages came to each path, whatever the answer."""
        self.taken: Counter[tuple[str, str]] = Counter()
        """How many messages were taken, by path and topic."""
        self._is_sink = is_sink
        self._phones: dict[str, Phone] = {}
        self._answers: dict[str, deque[Answer]] = {}

    def phone(self, application_server_key: str = "") -> Phone:
        """Subscribe a new phone."""
        endpoint = f"{self.url}/send/{secrets.token_urlsafe(24)}"
        phone = Phone(
            endpoint, ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16), application_server_key
        )
        self._phones[phone.path] = phone
        return phone

    def will(self, phone: Phone, *answers: Answer) -> None:
        """Agree on the next answers to messages for a phone; the last one stays."""
        self._answers[phone.path] = deque(answers)

    def messages(self, phone: Phone) -> list[Any]:
        """Return what a phone has got, as it reads it."""
        return [received.message for received in self.received if received.endpoint == phone.endpoint]

    def take(self, path: str, headers: Mapping[str, str], sealed: bytes) -> Answer:
        """Return what to do with a message."""
        self.requests[path] += 1
        answer = self._agreed(path)
        if not self._is_sink:
            try:
                received = self._opened(path, headers, sealed)
            except Refused as refused:
                self.refused.append(str(refused))
                return refused.answer
            if answer.status < 300 and not answer.cuts:
                self.received.append(received)
        if answer.status < 300 and not answer.cuts:
            self.taken[path, headers.get("topic", "")] += 1
        return answer

    def _agreed(self, path: str) -> Answer:
        answers = self._answers.get(path)
        if not answers:
            return self.usual
        return answers.popleft() if len(answers) > 1 else answers[0]

    def _opened(self, path: str, headers: Mapping[str, str], sealed: bytes) -> Received:
        phone = self._phones.get(path)
        if phone is None:
            raise Refused(404, "no such phone")
        if len(sealed) > LARGEST_SEALED:
            raise Refused(413, "too large")
        check_headers(headers)
        claims = self._signed(headers.get("authorization", ""), phone)
        try:
            body = http_ece.decrypt(
                sealed, private_key=phone.private_key, auth_secret=phone.auth_secret, version="aes128gcm"
            )
        except (http_ece.ECEException, InvalidTag, ValueError) as error:
            raise Refused(400, f"cannot be opened: {error}") from error
        return Received(phone.endpoint, headers, body, claims)

    def _signed(self, authorization: str, phone: Phone) -> Mapping[str, Any]:
        """Return the claims of a VAPID header; raises Refused unless they and their signature are in order."""
        scheme, _, rest = authorization.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme.lower() != "vapid" or not {"t", "k"} <= parts.keys():
            raise Refused(401, "no VAPID")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), plain(parts["k"]))
            claims: dict[str, Any] = jwt.decode(
                parts["t"],
                key,
                algorithms=["ES256"],
                audience=self.url,
                options={"require": ["aud", "exp"], "verify_exp": False},
            )
        except (ValueError, jwt.InvalidTokenError) as error:
            raise Refused(401, f"wrong VAPID: {error}") from error
        seconds = claims["exp"] - self.clock().timestamp()
        if not 0 < seconds <= LONGEST_SIGNATURE:
            raise Refused(401, f"a signature for {seconds:.0f} seconds")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            raise Refused(401, "nobody to write to")
        if phone.application_server_key not in {"", parts["k"]}:
            raise Refused(403, "another sender")
        return claims


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise Refused unless the headers are those of RFC 8030 and 8188, and say what the body is."""
    topic, urgency = headers.get("topic", "t"), headers.get("urgency", "normal")
    if not headers.get("ttl", "").isdecimal():
        raise Refused(400, "no TTL")
    if headers.get("content-encoding") != "aes128gcm":
        raise Refused(400, "not aes128gcm")
    if headers.get("content-type") != "application/octet-stream":
        raise Refused(415, "not octets")
    if not 0 < len(topic) <= 32 or not topic.replace("-", "").replace("_", "").isalnum() or not topic.isascii():
        raise Refused(400, "a wrong topic")
    if urgency not in URGENCIES:
        raise Refused(400, "a wrong urgency")


# --- The socket ---------------------------------------------------------------------------------------------


class _Connection(asyncio.Protocol):
    """Just enough of HTTP/1.1: requests with a length, one after the other, on a connection that stays open."""

    def __init__(self, service: PushService) -> None:
        self.service = service
        self.waiting = bytearray()
        self.transport: asyncio.Transport
        self.is_busy = False

    open: ClassVar[set[_Connection]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class is no subclass
        self.open.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        self.answer_what_is_complete()

    def answer_what_is_complete(self) -> None:
        while not self.is_busy and (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            first, *lines = self.waiting[:end].decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            size = end + 4 + int(headers.get("content-length", "0"))
            if len(self.waiting) < size:
                return
            body = bytes(self.waiting[end + 4 : size])
            del self.waiting[:size]
            method, path, _version = first.split(" ")
            self.answer(method, path, headers, body)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        if method == "GET" and path == "/counts":
            self.write(200, json.dumps(counts(self.service)))
        elif method != "POST" or not path.startswith("/send/"):
            self.write(405, "POST /send/...")
        else:
            answer = self.service.take(path, headers, body)
            if answer.seconds:
                self.is_busy = True
                asyncio.get_running_loop().call_later(answer.seconds, self.answer_late, answer)
            else:
                self.give(answer)

    def answer_late(self, answer: Answer) -> None:
        self.is_busy = False
        self.give(answer)
        self.answer_what_is_complete()

    def give(self, answer: Answer) -> None:
        if answer.cuts:
            self.transport.abort()
        elif answer == YES:
            self.transport.write(_YES)
        else:
            self.write(answer.status, answer.words, answer.retry_after)

    def write(self, status: int, words: str, retry_after: str = "") -> None:
        if self.transport.is_closing():
            return
        more = f"Retry-After: {retry_after}\r\n" if retry_after else ""
        body = words.encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


_YES = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


def counts(service: PushService) -> dict[str, Any]:
    """Return what has arrived, for a test in another process."""
    return {
        "requests": service.requests.total(),
        "taken": [[path, topic, count] for (path, topic), count in service.taken.items()],
    }


@contextmanager
def running(service: PushService) -> Iterator[PushService]:
    """Let the service listen on a free port, in a thread of its own, until the block ends."""
    listener = _listener(0)
    service.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="push service", daemon=True)
    thread.start()
    opening = loop.create_server(lambda: _Connection(service), sock=listener)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result(timeout=10)
    try:
        yield service
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _close(server: asyncio.AbstractServer) -> None:
    server.close()
    for connection in list(_Connection.open):
        connection.transport.abort()
    await asyncio.sleep(0)  # the transports say good-bye in the next round


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


async def _serve(port: int) -> None:
    listener = _listener(port)
    service = PushService(is_sink=True)
    service.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(service), sock=listener)
    print(service.url, flush=True)  # noqa: T201 - whoever started the process reads it
    await server.serve_forever()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=0, help="0: a free one")
    with suppress(KeyboardInterrupt):
        uvloop.run(_serve(arguments.parse_args().port))
