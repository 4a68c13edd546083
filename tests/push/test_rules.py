"""Push services by their origin, addresses that may be written to, and how surely a citizen is reached."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from citizen_app.push.rules import Light, PhoneFacts, Reach, Reason, is_push_address, origin_of, reach

TODAY = date(2026, 11, 25)
LOST = datetime(2026, 11, 20, tzinfo=UTC)
HOST = "push.example.com"


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        (f"https://{HOST}/send/abc", f"https://{HOST}"),
        (f"https://{HOST.upper()}/send/abc", f"https://{HOST}"),
        (f"https://{HOST}:443/send/abc", f"https://{HOST}"),
        (f"https://{HOST}:8443/send", f"https://{HOST}:8443"),
        (f"https://{HOST}", f"https://{HOST}"),
        ("http://127.0.0.1:5000/send/abc", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/x", "http://[::1]:5000"),
    ],
)
def test_the_origin_is_scheme_host_and_port(endpoint: str, origin: str) -> None:
    assert origin_of(endpoint) == origin


@pytest.mark.parametrize("endpoint", [f"https://{HOST}/x", f"https://{HOST}:8443/x", f"https://{HOST}/" + "x" * 900])
def test_a_named_server_behind_https_is_a_push_service(endpoint: str) -> None:
    assert is_push_address(endpoint, allows_local=False)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "nowhere",
        f"http://{HOST}/x",
        f"ftp://{HOST}/x",
        f"https://me@{HOST}/x",
        f"https://{HOST}:0/x",
        f"https://{HOST}:99999/x",
        f"https://{HOST}/" + "x" * 1000,
        f"https://{HOST}/a b",
        f"https://{HOST}/ø",
        f"https://{HOST}/\r\nX-Evil: 1",
        "https://intranet/x",
        "https://printer.local/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://[/x",
    ],
)
def test_what_could_be_a_machine_of_our_own_house_is_none(endpoint: str) -> None:
    assert not is_push_address(endpoint, allows_local=True)


@pytest.mark.parametrize("endpoint", ["http://localhost:9/x", "http://127.0.0.1:9/x", "https://localhost/x"])
def test_this_machine_is_allowed_only_where_people_try_things_out(endpoint: str) -> None:
    assert is_push_address(endpoint, allows_local=True)
    assert not is_push_address(endpoint, allows_local=False)


def phone(number: int = 1, **more: Any) -> PhoneFacts:
    facts: dict[str, Any] = {"has_endpoint": True, "consent": "granted", "seen_on": TODAY}
    return PhoneFacts(number, **facts | more)


def lost(number: int = 1, **more: Any) -> PhoneFacts:
    return phone(number, has_endpoint=False, **more)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("phones", "unshown", "light", "reason"),
    [
        ([], 0, Light.NONE, Reason.NEVER_CONNECTED),
        ([phone()], 0, Light.OK, None),
        ([phone()], 1, Light.OK, None),
        ([phone()], 2, Light.WEAK, Reason.NOT_SHOWN),
        ([phone(seen_on=days_ago(13))], 0, Light.OK, None),
        ([phone(seen_on=days_ago(14))], 0, Light.WEAK, Reason.NOT_OPENED),
        ([phone(seen_on=days_ago(30), shown_on=days_ago(2))], 0, Light.OK, None),
        ([phone(has_fault=True)], 0, Light.WEAK, Reason.REFUSED),
        ([lost(consent="default")], 0, Light.NONE, Reason.NEVER_CONNECTED),
        ([lost(consent="unsupported")], 0, Light.NONE, Reason.NEVER_CONNECTED),
        ([lost(consent="denied")], 0, Light.NONE, Reason.NO_PERMISSION),
        ([lost(consent="denied", lost_at=LOST)], 0, Light.NONE, Reason.NO_PERMISSION),
        ([lost(consent="default", lost_at=LOST)], 0, Light.NONE, Reason.NO_PERMISSION),
        ([lost(lost_at=LOST)], 0, Light.NONE, Reason.GONE),
    ],
)
def test_one_phone_reaches_as_well_as_its_facts_say(
    phones: list[PhoneFacts], unshown: int, light: Light, reason: Reason | None
) -> None:
    found = reach(phones, {1: unshown}, TODAY)
    assert (found.light, found.reason) == (light, reason)


def test_the_best_phone_counts() -> None:
    weak = phone(1, seen_on=days_ago(40))
    assert reach([lost(3, lost_at=LOST), weak, phone(2)], {}, TODAY).light is Light.OK
    assert reach([lost(3, lost_at=LOST), weak], {}, TODAY).reason is Reason.NOT_OPENED


def test_of_several_lost_phones_the_last_one_tells_why() -> None:
    earlier = lost(1, consent="denied", lost_at=LOST)
    later = lost(2, lost_at=LOST + timedelta(days=1))
    assert reach([earlier, later, lost(3, consent="default")], {}, TODAY).reason is Reason.GONE


def test_the_last_day_on_which_a_message_was_shown_is_told() -> None:
    phones = [phone(1, shown_on=days_ago(9)), phone(2, shown_on=days_ago(3))]
    assert reach(phones, {}, TODAY) == Reach(Light.OK, None, days_ago(3))
