"""What becomes of phones and push services, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.people.actions import end_sign_in, start_sign_in
from citizen_app.people.models import Person, SignIn
from citizen_app.policy import Actor, Forbidden
from citizen_app.push import actions
from citizen_app.push.actions import DeviceReport, report_device
from citizen_app.push.models import Device, PushService
from citizen_app.push.queries import devices_of, paused_services, reach_of
from citizen_app.push.rules import Consent, Light, Reason, reach
from tests.cast import Cast, actor_for

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
TODAY = NOW.date()
HERE = DeviceReport(Consent.GRANTED, "https://push.example.com/a", "p" * 87, "a" * 22)
DENIED = DeviceReport(Consent.DENIED)
ORIGIN = "https://push.example.com"


def signed_in(session: Session, person_id: int) -> Actor:
    """A person at a phone of her own."""
    start_sign_in(session, session.get_one(Person, person_id), device="Android", now=NOW)
    session.flush()
    sign_in_id = session.scalars(select(SignIn.id).filter_by(person_id=person_id).order_by(SignIn.id.desc())).first()
    assert sign_in_id is not None
    return replace(actor_for(session, person_id), sign_in_id=sign_in_id)


@pytest.fixture
def selam(session: Session, cast: Cast) -> Actor:
    return signed_in(session, cast.selam)


def reported(session: Session, actor: Actor, report: DeviceReport, now: datetime = NOW) -> Device:
    return report_device(session, actor, report, now.date(), now)


# --- A phone tells of itself --------------------------------------------------------------------------------


def test_a_phone_is_kept_with_its_address(session: Session, selam: Actor) -> None:
    device = reported(session, selam, HERE)
    assert (device.person_id, device.sign_in_id) == (selam.person_id, selam.sign_in_id)
    assert (device.endpoint, device.consent, device.seen_on) == (HERE.endpoint, "granted", TODAY)
    assert (device.subscribed_at, device.lost_at) == (NOW, None)


def test_telling_it_again_only_says_that_the_app_was_opened(session: Session, selam: Actor) -> None:
    first = reported(session, selam, HERE)
    again = reported(session, selam, HERE, NOW + timedelta(days=3))
    assert again.id == first.id
    assert (again.subscribed_at, again.seen_on) == (NOW, TODAY + timedelta(days=3))


def test_a_new_address_takes_the_place_of_the_old_one_and_its_fault(session: Session, selam: Actor) -> None:
    reported(session, selam, HERE)
    actions.note_faults(session, {HERE.endpoint: "403 another sender"})
    session.expire_all()
    device = reported(session, selam, replace(HERE, endpoint="https://push.example.com/b"), NOW + timedelta(days=1))
    assert (device.endpoint, device.fault) == ("https://push.example.com/b", "")
    assert device.subscribed_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("report", [DENIED, DeviceReport(Consent.DEFAULT), DeviceReport(Consent.GRANTED)])
def test_a_phone_that_cannot_be_reached_any_more_loses_its_address(
    session: Session, selam: Actor, report: DeviceReport
) -> None:
    reported(session, selam, HERE)
    device = reported(session, selam, report, NOW + timedelta(days=1))
    assert (device.endpoint, device.endpoint_hash, device.p256dh, device.auth) == (None, None, "", "")
    assert device.lost_at == NOW + timedelta(days=1)
    assert devices_of(session, selam.municipality_id, [selam.person_id]) == []


def test_a_phone_that_never_had_an_address_has_lost_nothing(session: Session, selam: Actor) -> None:
    assert reported(session, selam, DENIED).lost_at is None


def test_an_address_moves_to_the_next_person_on_the_same_phone(session: Session, selam: Actor, cast: Cast) -> None:
    reported(session, selam, HERE)
    yusuf = signed_in(session, cast.yusuf)
    reported(session, yusuf, HERE, NOW + timedelta(hours=1))
    session.expire_all()
    people = [cast.selam, cast.yusuf]
    assert [row.person_id for row in devices_of(session, cast.solby, people)] == [cast.yusuf]
    facts = reach_of(session, cast.solby, people)
    assert reach(facts[cast.selam], {}, TODAY).reason is Reason.GONE
    assert reach(facts[cast.yusuf], {}, TODAY).light is Light.OK


def test_signing_out_takes_the_phone_away(session: Session, selam: Actor) -> None:
    reported(session, selam, HERE)
    assert end_sign_in(session, selam, selam.person_id, selam.sign_in_id)
    session.expire_all()
    assert session.scalars(select(Device)).all() == []


def test_two_phones_of_one_person_are_two_rows(session: Session, selam: Actor, cast: Cast) -> None:
    reported(session, selam, HERE)
    reported(session, signed_in(session, cast.selam), replace(HERE, endpoint="https://push.example.com/b"))
    assert len(devices_of(session, cast.solby, [cast.selam])) == 2


def test_only_citizens_tell_of_their_phones(session: Session, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        reported(session, signed_in(session, cast.mette), HERE)


# --- For the engine -----------------------------------------------------------------------------------------


def test_an_address_that_is_gone_is_dropped_and_the_phone_stays(session: Session, selam: Actor) -> None:
    device = reported(session, selam, HERE)
    assert actions.drop_devices(session, [HERE.endpoint, "https://push.example.com/unknown"], NOW) == 1
    session.refresh(device)
    assert (device.endpoint, device.lost_at, device.consent) == (None, NOW, "granted")
    assert actions.drop_devices(session, [], NOW) == 0


def test_an_address_that_has_changed_meanwhile_is_not_dropped(session: Session, selam: Actor) -> None:
    reported(session, selam, HERE)
    device = reported(session, selam, replace(HERE, endpoint="https://push.example.com/new"))
    assert actions.drop_devices(session, [HERE.endpoint], NOW) == 0
    session.refresh(device)
    assert device.endpoint == "https://push.example.com/new"


def test_a_fault_is_noted_and_over_once_a_message_is_shown(session: Session, selam: Actor) -> None:
    device = reported(session, selam, HERE)
    actions.note_faults(session, {HERE.endpoint: "x" * 300, "https://push.example.com/other": "y"})
    actions.note_faults(session, {})
    session.refresh(device)
    assert device.fault == "x" * 200
    actions.note_shown(session, device.id, NOW)
    session.refresh(device)
    assert (device.fault, device.shown_at) == ("", NOW)


def test_a_service_is_left_alone_as_long_as_it_asked_for(session: Session) -> None:
    actions.pause_service(session, ORIGIN, timedelta(minutes=10), NOW)
    actions.pause_service(session, "https://other.example.com", None, NOW)
    assert paused_services(session, NOW) == {
        ORIGIN: NOW + timedelta(minutes=10),
        "https://other.example.com": NOW + timedelta(minutes=1),
    }
    assert set(paused_services(session, NOW + timedelta(minutes=1))) == {ORIGIN}
    assert paused_services(session, NOW + timedelta(minutes=10)) == {}


def test_of_two_pauses_the_longer_one_holds(session: Session) -> None:
    for minutes in (10, 5, 20):
        actions.pause_service(session, ORIGIN, timedelta(minutes=minutes), NOW)
    assert session.scalars(select(PushService.paused_until)).all() == [NOW + timedelta(minutes=20)]
