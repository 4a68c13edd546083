"""The way to the push service: sealed, signed once per service, sent, and every answer judged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from citizen_app.config import Settings
from citizen_app.push import delivery
from citizen_app.push.delivery import LARGEST_BODY, Outcome, Push, PushPort, VapidKeys, Verdict, pause_asked_for
from tests.push_service import BROKEN, CUT, GONE, YES, Answer, Phone, PushService

NOW = datetime.now(UTC).replace(microsecond=0)


def push_to(phone: Phone, **more: Any) -> Push:
    facts: dict[str, Any] = {"body": b'{"title": "Hej"}', "ttl": 3600, "topic": "r7-d3", "urgency": "high"}
    return Push(phone.endpoint, phone.p256dh, phone.auth, **facts | more)


def send(keys: VapidKeys, *pushes: Push, now: Sequence[datetime] = (NOW,)) -> list[Outcome]:
    """Send one after the other through one port; the last moment holds for the rest."""

    async def all_of_them() -> list[Outcome]:
        moments = [*now, *[now[-1]] * len(pushes)]
        async with PushPort(keys) as port:
            return [await port.send(push, moment) for push, moment in zip(pushes, moments, strict=False)]

    return asyncio.run(all_of_them())


# --- What arrives -------------------------------------------------------------------------------------------


def test_a_phone_reads_what_was_sealed_for_it(keys: VapidKeys, service: PushService) -> None:
    phone = service.phone(application_server_key=keys.public)
    [outcome] = send(keys, push_to(phone, body='{"title": "ቆጸራ ጽባሕ"}'.encode()))
    assert outcome == Outcome(Verdict.SENT, 201)
    assert service.messages(phone) == [{"title": "ቆጸራ ጽባሕ"}]
    assert service.refused == []


def test_a_message_carries_the_headers_that_services_want(keys: VapidKeys, service: PushService) -> None:
    send(keys, push_to(service.phone(), ttl=90, topic="reminder-7", urgency="normal"))
    headers = service.received[0].headers
    wanted = {
        "ttl": "90",
        "topic": "reminder-7",
        "urgency": "normal",
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
    }
    assert {name: headers[name] for name in wanted} == wanted
    assert {"user-agent", "accept", "accept-encoding", "cookie"}.isdisjoint(headers)


def test_the_time_to_live_of_one_message_does_not_stick_to_the_next(keys: VapidKeys, service: PushService) -> None:
    phone = service.phone()
    send(keys, *(push_to(phone, ttl=ttl) for ttl in (500, 0, -3)))
    assert [received.headers["ttl"] for received in service.received] == ["500", "0", "0"]


def test_the_signature_names_the_service_with_its_port_and_whom_to_write_to(
    keys: VapidKeys, service: PushService
) -> None:
    send(keys, push_to(service.phone()))
    claims = service.received[0].claims
    assert claims["aud"] == service.url
    assert service.url.count(":") == 2
    assert claims["sub"] == keys.subscriber
    assert claims["exp"] == int((NOW + timedelta(hours=12)).timestamp())


def test_one_signature_serves_a_service_until_it_is_nearly_over(keys: VapidKeys, service: PushService) -> None:
    phones = [service.phone() for _ in range(4)]
    moments = [NOW, NOW + timedelta(hours=10, minutes=59), NOW + timedelta(hours=11), NOW + timedelta(hours=11)]
    service.clock = lambda: NOW + timedelta(hours=10)
    send(keys, *map(push_to, phones), now=moments)
    signatures = [received.headers["authorization"] for received in service.received]
    assert signatures[0] == signatures[1] != signatures[2] == signatures[3]


def test_another_sender_is_refused_for_good(keys: VapidKeys, service: PushService) -> None:
    phone = service.phone(application_server_key="another")
    assert send(keys, push_to(phone)) == [Outcome(Verdict.DEAD, 403, "another sender")]


def test_many_at_once_all_arrive_each_once(keys: VapidKeys, service: PushService) -> None:
    phones = [service.phone() for _ in range(300)]

    async def all_at_once() -> list[Outcome]:
        async with PushPort(keys) as port:
            return await asyncio.gather(*(port.send(push_to(phone), NOW) for phone in phones))

    assert {outcome.verdict for outcome in asyncio.run(all_at_once())} == {Verdict.SENT}
    assert service.requests == {phone.path: 1 for phone in phones}


# --- What the service answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (YES, Outcome(Verdict.SENT, 201)),
        (Answer(200, words="a few words"), Outcome(Verdict.SENT, 200)),
        (Answer(404, words="who?"), Outcome(Verdict.GONE, 404, "who?")),
        (GONE, Outcome(Verdict.GONE, 410, "unsubscribed")),
        (Answer(413, words="too large"), Outcome(Verdict.DEAD, 413, "too large")),
        (Answer(400), Outcome(Verdict.DEAD, 400)),
        (Answer(401), Outcome(Verdict.DEAD, 401)),
        (Answer(403), Outcome(Verdict.DEAD, 403)),
        (Answer(302), Outcome(Verdict.DEAD, 302)),
        (Answer(429), Outcome(Verdict.WAIT, 429)),
        (Answer(429, retry_after="120"), Outcome(Verdict.WAIT, 429, "", timedelta(minutes=2))),
        (BROKEN, Outcome(Verdict.LATER, 500, "we have trouble")),
        (Answer(503, retry_after="60"), Outcome(Verdict.LATER, 503, "", timedelta(minutes=1))),
    ],
)
def test_every_answer_has_a_verdict(keys: VapidKeys, service: PushService, answer: Answer, outcome: Outcome) -> None:
    phone = service.phone()
    service.will(phone, answer)
    assert send(keys, push_to(phone)) == [outcome]


def test_a_long_complaint_is_cut(keys: VapidKeys, service: PushService) -> None:
    phone = service.phone()
    service.will(phone, Answer(400, words="ø" * 5000))
    [outcome] = send(keys, push_to(phone))
    assert outcome.detail == "ø" * 200


def test_a_service_that_hangs_up_is_tried_later(keys: VapidKeys, service: PushService) -> None:
    phone = service.phone()
    service.will(phone, CUT, YES)
    first, second = send(keys, push_to(phone), push_to(phone))
    assert (first.verdict, first.status) == (Verdict.LATER, None)
    assert first.detail
    assert second.verdict is Verdict.SENT


def test_a_service_that_does_not_answer_in_time_is_tried_later(
    keys: VapidKeys, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "TOTAL_SECONDS", 0.2)
    phone = service.phone()
    service.will(phone, Answer(seconds=30))
    assert send(keys, push_to(phone)) == [Outcome(Verdict.LATER, None, "no answer in time")]


def test_a_service_that_is_not_there_is_tried_later(keys: VapidKeys, service: PushService) -> None:
    nowhere = replace(push_to(service.phone()), endpoint="http://127.0.0.1:1/send/x")
    [outcome] = send(keys, nowhere)
    assert outcome.verdict is Verdict.LATER


def test_a_certificate_that_does_not_fit_is_tried_later(keys: VapidKeys, service: PushService) -> None:
    """Here the other side speaks no TLS at all; the error is of the same family."""
    push = push_to(service.phone())
    [outcome] = send(keys, replace(push, endpoint=push.endpoint.replace("http:", "https:")))
    assert outcome.verdict is Verdict.LATER


# --- What is wrong before it is sent ------------------------------------------------------------------------


def test_the_largest_message_goes_and_one_byte_more_is_dead(keys: VapidKeys, service: PushService) -> None:
    phone = service.phone()
    fits, too_large = send(keys, *(push_to(phone, body=b"x" * size) for size in (LARGEST_BODY, LARGEST_BODY + 1)))
    assert fits.verdict is Verdict.SENT
    assert (too_large.verdict, too_large.status) == (Verdict.DEAD, 413)
    assert service.requests[phone.path] == 1
    assert service.refused == []


@pytest.mark.parametrize("p256dh", ["", "abc", "A" * 87, "no base64url at all!"])
def test_wrong_keys_of_a_phone_are_dead(keys: VapidKeys, service: PushService, p256dh: str) -> None:
    [outcome] = send(keys, replace(push_to(service.phone()), p256dh=p256dh))
    assert (outcome.verdict, outcome.status) == (Verdict.DEAD, None)


@pytest.mark.parametrize("endpoint", ["", "nowhere", "ftp://push.example.com/x", "http://[/x", "https:///x"])
def test_an_address_that_is_none_is_dead(keys: VapidKeys, service: PushService, endpoint: str) -> None:
    [outcome] = send(keys, replace(push_to(service.phone()), endpoint=endpoint))
    assert (outcome.verdict, outcome.status) == (Verdict.DEAD, None)


@pytest.mark.parametrize("wrong", [{"topic": ""}, {"topic": "x" * 33}, {"topic": "a.b"}, {"urgency": "now"}])
def test_a_wrong_topic_or_urgency_is_our_own_mistake(service: PushService, wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"a topic|an urgency"):
        push_to(service.phone(), **wrong)


# --- Small things -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", timedelta(0)),
        ("30", timedelta(seconds=30)),
        ("99999999999999999999", timedelta(days=1)),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), timedelta(minutes=5)),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), timedelta(0)),
        (format_datetime(NOW + timedelta(days=500), usegmt=True), timedelta(days=1)),
    ],
    # The moments are of this run, and every process must call the cases the same.
    ids=str.split("none empty word negative zero seconds endless ahead past far"),
)
def test_a_pause_is_asked_for_in_seconds_or_as_a_date(header: str | None, pause: timedelta | None) -> None:
    assert pause_asked_for(header, NOW) == pause


def test_without_a_key_there_is_nothing_to_send_with() -> None:
    assert VapidKeys.of(Settings(database_url="sqlite://", secret_key="x")) is None
