"""The lines to the outside that a worker keeps open: push services, the SMS gateway and the mail server.

They live on one uvloop in a thread of its own, for connections that stay open between two drains want somebody who
listens. Where an app that is only tried out has no gateway or mail server, a folder takes what they would send.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp
import uvloop

from citizen_app.config import Settings
from citizen_app.push.delivery import Outcome, Push, PushPort, VapidKeys, Verdict, verdict_on
from citizen_app.reminders.rules import Channel, Note

GATEWAY_SECONDS = 8
CLOSE_SECONDS = 10
_NO_TIME = Outcome(Verdict.LATER, None, "no answer in time")

T = TypeVar("T")


class Post:
    """Open it with `with`; its methods may be called from any thread, and wait until everything is answered."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="post", daemon=True)
        self._lines = AsyncExitStack()
        self._port: PushPort | None = None
        self._http: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait_for(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait_for(self._lines.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)
        self._loop.close()

    @property
    def pushes(self) -> bool:
        """Whether phones can be reached at all: there is a key to sign with."""
        return self._port is not None

    def takes(self, channel: Channel) -> bool:
        """Whether SMS or mail can go out."""
        server = self._settings.sms_url if channel is Channel.SMS else self._settings.smtp_url
        return bool(server or self._settings.outbox)

    def push(self, pushes: Sequence[Push], now: datetime, seconds: float) -> list[Outcome]:
        """Send all at once; what is not answered within the seconds is to be tried later."""
        if not pushes:
            return []
        assert self._port is not None, "ask `pushes` first"
        return self._wait_for(_within(seconds, [self._port.send(push, now) for push in pushes]))

    def write(self, notes: Sequence[Note], seconds: float) -> list[Outcome]:
        """Send SMS or mails, or put them into the outbox; all are of one channel."""
        if not notes:
            return []
        is_sms = notes[0].channel is Channel.SMS
        if not (self._settings.sms_url if is_sms else self._settings.smtp_url):
            assert self._settings.outbox is not None, "ask `takes` first"
            return [put_aside(note, self._settings.outbox) for note in notes]
        if is_sms:
            return self._wait_for(_within(seconds, [self._sms(note) for note in notes]))
        return self._wait_for(self._mails(notes, seconds))

    async def _open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=GATEWAY_SECONDS)
        self._http = await self._lines.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        keys = VapidKeys.of(self._settings)
        if keys:
            self._port = await self._lines.enter_async_context(PushPort(keys))

    async def _sms(self, note: Note) -> Outcome:
        assert self._http is not None
        token = self._settings.sms_token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"to": note.to, "text": note.text}
        try:
            async with self._http.post(self._settings.sms_url, json=body, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    return Outcome(Verdict.SENT, answer.status)
                said = (await answer.content.read(800)).decode(errors="replace").strip()
        except TimeoutError:
            return _NO_TIME
        except (aiohttp.ClientError, OSError) as error:
            return Outcome(Verdict.LATER, None, f"{type(error).__name__}: {error}"[:200])
        outcome = verdict_on(answer.status, said, None, note.at)
        is_for_later = outcome.verdict in {Verdict.LATER, Verdict.WAIT}
        return Outcome(Verdict.LATER if is_for_later else Verdict.DEAD, outcome.status, outcome.detail)

    async def _mails(self, notes: Sequence[Note], seconds: float) -> list[Outcome]:
        url, sender = urlsplit(self._settings.smtp_url), self._settings.mail_from
        try:
            return await asyncio.wait_for(asyncio.to_thread(send_mails, url, sender, notes), seconds)
        except TimeoutError:
            return [_NO_TIME] * len(notes)

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _within(seconds: float, sending: Sequence[Coroutine[Any, Any, Outcome]]) -> list[Outcome]:
    tasks = [asyncio.ensure_future(one) for one in sending]
    _done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    return [_NO_TIME if task in late else task.result() for task in tasks]


def send_mails(server: SplitResult, sender: str, notes: Sequence[Note]) -> list[Outcome]:
    """Send mails over one connection; a server that is away leaves the rest for later."""
    outcomes: list[Outcome] = []
    try:
        with _connected(server) as smtp:
            outcomes.extend(_mailed(smtp, sender, note) for note in notes)
    except smtplib.SMTPResponseException as error:
        trouble = _refusal(error)
    except (smtplib.SMTPException, OSError) as error:
        trouble = Outcome(Verdict.LATER, None, f"{type(error).__name__}: {error}"[:200])
    else:
        return outcomes
    return outcomes + [trouble] * (len(notes) - len(outcomes))


def _connected(server: SplitResult) -> smtplib.SMTP:
    host, context = server.hostname or "", ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.scheme == "smtps":
        smtp = smtplib.SMTP_SSL(host, server.port or 465, timeout=GATEWAY_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(host, server.port or 587, timeout=GATEWAY_SECONDS)
        if server.query == "starttls":
            smtp.starttls(context=context)
    if server.username:
        smtp.login(unquote(server.username), unquote(server.password or ""))
    return smtp


def _mailed(smtp: smtplib.SMTP, sender: str, note: Note) -> Outcome:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, note.to, note.subject
    # The same for a repeated one, so that mailboxes can tell.
    mail["Message-ID"] = f"<reminder-{note.reminder_id}@{sender.rpartition('@')[2].rstrip('>')}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(note.text)
    try:
        smtp.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        [(code, said)] = error.recipients.values()
        return _refusal(smtplib.SMTPResponseException(code, said))
    except smtplib.SMTPResponseException as error:
        return _refusal(error)
    return Outcome(Verdict.SENT, 250)


def _refusal(error: smtplib.SMTPResponseException) -> Outcome:
    said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    return Outcome(Verdict.LATER if error.smtp_code < 500 else Verdict.DEAD, error.smtp_code, said[:200])


def put_aside(note: Note, folder: Path) -> Outcome:
    """Write what would have been sent to a file of its own; half a file is never seen."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{note.at:%Y%m%dT%H%M%S%f}-{note.reminder_id}-{note.channel}.txt"
    half = file.with_suffix(".half")
    half.write_text(note.written(), encoding="utf-8")
    half.replace(file)
    return Outcome(Verdict.SENT, None, "written to the outbox")
