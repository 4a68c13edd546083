"""The way from a message to a phone's push service: sealed by RFC 8291, signed by RFC 8292, sent, and judged.

The `webpush` library seals; its signing and its headers are not used, since it signs once per message, leaves the
port out of `aud` and lets one message's time to live stick to the next. Here one signature serves an origin for
half a day, and what a service answers becomes one of five verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import TracebackType
from typing import NamedTuple, Self, cast

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from webpush import WebPush
from webpush.types import WebPushSubscription
from webpush.vapid import VAPID
from yarl import URL

from citizen_app.config import Settings
from citizen_app.push.rules import origin_of

LARGEST_BODY = 3993
"""Bytes of a message: one record of 4,096 less what RFC 8291 adds."""
SIGNED_FOR = timedelta(hours=12)
RENEWED_BEFORE = timedelta(hours=1)
LONGEST_PAUSE = timedelta(days=1)
CONNECT_SECONDS = 5
TOTAL_SECONDS = 15
CONNECTIONS = 200
"""At once, in all and to one origin: a drain leases as many rows."""
_TOPIC = re.compile(r"[\w-]{1,32}", re.ASCII)
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_IMPLICIT_HEADERS = ("Accept", "Accept-Encoding", "User-Agent")


@dataclass(frozen=True, slots=True)
class Push:
    endpoint: str
    p256dh: str
    auth: str
    body: bytes
    ttl: int
    """Seconds until the message is useless; 0: only if the phone can be reached at once."""
    topic: str
    """Replaces an undelivered message of the same topic: at most 32 characters of base64url."""
    urgency: str

    def __post_init__(self) -> None:
        if not _TOPIC.fullmatch(self.topic):
            raise ValueError("a topic has 1 to 32 characters of base64url")
        if self.urgency not in _URGENCIES:
            raise ValueError("an urgency is very-low, low, normal or high")


class Verdict(StrEnum):
    SENT = "sent"
    GONE = "gone"
    """The push service knows the phone no longer."""
    LATER = "later"
    """The service or the way to it is in trouble: try again."""
    WAIT = "wait"
    """The service asks everybody to wait."""
    DEAD = "dead"
    """Refused for good: trying again is of no use, and somebody must look at it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    status: int | None = None
    """As the service answered; empty when it did not answer."""
    detail: str = ""
    """What the service said, or what went wrong, cut to 200 characters."""
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class VapidKeys:
    private: EllipticCurvePrivateKey
    public: str
    """The public half, base64url, as it stands in the header."""
    subscriber: str

    @classmethod
    def of(cls, settings: Settings) -> VapidKeys | None:
        """Return the keys of the settings, or nothing where there are none and push is not possible."""
        if not settings.vapid_private_key:
            return None
        key = load_pem_private_key(settings.vapid_private_key.encode(), password=None)
        assert isinstance(key, EllipticCurvePrivateKey)
        return cls(key, settings.vapid_public_key, settings.vapid_subscriber)

    def authorization(self, origin: str, until: datetime) -> str:
        """Return the header that shows one origin who is sending, good until a moment less than a day away."""
        claims = {"aud": origin, "exp": int(until.timestamp()), "sub": self.subscriber}
        return f"vapid t={jwt.encode(claims, self.private, algorithm='ES256')}, k={self.public}"


def make_private_key() -> bytes:
    """Make a key by which push services shall know this app, as PEM."""
    private_key, _public_key, _browsers_key = VAPID.generate_keys()
    return private_key


class PushPort:
    """One aiohttp session with the push services; open it with `async with` and send as many at once as you like."""

    def __init__(self, keys: VapidKeys) -> None:
        self._keys = keys
        self._seal = _Seal(keys).seal
        self._signed: dict[str, _Signed] = {}
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, limit_per_host=CONNECTIONS, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_IMPLICIT_HEADERS,
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._http is not None
        await self._http.close()

    async def send(self, push: Push, now: datetime) -> Outcome:
        """Send one message; whatever the other side does is an outcome and never an exception."""
        assert self._http is not None, "open the port with `async with`"
        if len(push.body) > LARGEST_BODY:
            return Outcome(Verdict.DEAD, 413, f"{len(push.body)} bytes are too many for one message")
        try:
            sealed, headers = self._seal(push), self._headers(push, now)
            address = URL(push.endpoint, encoded=True)
        except ValueError as error:
            return Outcome(Verdict.DEAD, None, f"the phone's keys or address are wrong: {error}"[:200])
        try:
            async with self._http.post(address, data=sealed, headers=headers, allow_redirects=False) as answer:
                if answer.status in _SENT:
                    if answer.content_length:
                        await answer.content.read(4096)
                    return _SENT[answer.status]
                said = (await answer.content.read(800)).decode(errors="replace").strip()
                return verdict_on(answer.status, said, answer.headers.get("Retry-After"), now)
        except TimeoutError:
            return Outcome(Verdict.LATER, None, "no answer in time")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            return Outcome(Verdict.DEAD, None, f"no address: {error}"[:200])
        except (aiohttp.ClientError, OSError) as error:
            return Outcome(Verdict.LATER, None, f"{type(error).__name__}: {error}"[:200])

    def _headers(self, push: Push, now: datetime) -> dict[str, str]:
        origin = origin_of(push.endpoint)
        signed = self._signed.get(origin)
        if signed is None or now >= signed.renew_at:
            signed = self._signed[origin] = self._sign(origin, now)
        return {**signed.headers, "TTL": str(max(0, int(push.ttl))), "Topic": push.topic, "Urgency": push.urgency}

    def _sign(self, origin: str, now: datetime) -> _Signed:
        until = now + SIGNED_FOR
        headers = {
            "Authorization": self._keys.authorization(origin, until),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
        }
        return _Signed(headers, until - RENEWED_BEFORE)


def verdict_on(status: int, said: str, retry_after: str | None, now: datetime) -> Outcome:
    """Return what an answer other than yes means; `retry_after` is its header: seconds or a date."""
    detail = said[:200]
    if status in {404, 410}:
        return Outcome(Verdict.GONE, status, detail)
    if status == 429:
        return Outcome(Verdict.WAIT, status, detail, pause_asked_for(retry_after, now))
    if status >= 500 or status in {408, 425}:
        return Outcome(Verdict.LATER, status, detail, pause_asked_for(retry_after, now))
    return Outcome(Verdict.DEAD, status, detail)


def pause_asked_for(header: str | None, now: datetime) -> timedelta | None:
    """Read Retry-After, in seconds or as a date; at most a day, and nothing where it makes no sense."""
    if not header:
        return None
    if header.strip().isdecimal():
        return min(timedelta(seconds=min(int(header), 10**6)), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_PAUSE)


class _Keys(NamedTuple):
    auth: str
    p256dh: str


class _Subscription(NamedTuple):
    keys: _Keys


class _Signed(NamedTuple):
    headers: Mapping[str, str]
    renew_at: datetime


class _Seal(WebPush):
    """The library's sealing alone, without a Pydantic model for each message."""

    def __init__(self, keys: VapidKeys) -> None:
        public = keys.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        super().__init__(b"", public)

    def seal(self, push: Push) -> bytes:
        subscription = _Subscription(_Keys(push.auth, push.p256dh))
        return self._encrypt(push.body, cast(WebPushSubscription, subscription))


_SENT = {status: Outcome(Verdict.SENT, status) for status in (200, 201, 202, 204)}
