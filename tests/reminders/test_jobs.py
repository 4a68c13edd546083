"""A drain on real databases, with a push service, an SMS gateway and a mail server that really listen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, event, insert, select, update
from sqlalchemy.orm import Session

from citizen_app.config import Settings
from citizen_app.meetings.models import Meeting
from citizen_app.people.models import Person, SignIn
from citizen_app.push.models import Device
from citizen_app.push.models import PushService as Pause
from citizen_app.reminders import jobs, queries
from citizen_app.reminders.delivery import Post
from citizen_app.reminders.jobs import Desk, drain, take_in_hand
from citizen_app.reminders.models import Delivery, Reminder, ReminderWish, WorkerBeat
from citizen_app.reminders.rules import Channel, notification_key
from citizen_app.worker import SPEECH
from tests.cast import Cast
from tests.conftest import SECRET_KEY
from tests.due import Home, by_state, deliveries, device_row, fill, meeting_row, reminder_row
from tests.push_service import BROKEN, CUT, GONE, YES, Answer, Phone, PushService, running

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Office:
    """Selam, whose meeting is tomorrow at ten, and a worker with its clock."""

    session: Session
    engine: Engine
    cast: Cast
    settings: Settings
    service: PushService
    now: datetime = NOW
    meeting_id: int = 0
    posts: list[Post] = field(default_factory=list)

    def phone(self, person_id: int | None = None) -> Phone:
        phone = self.service.phone()
        person_id = person_id or self.cast.selam
        key = f"phone-{phone.endpoint[-12:]}"
        sign_in = SignIn(
            municipality_id=self.cast.solby,
            person_id=person_id,
            key_hash=key,
            started_at=NOW,
            expires_at=NOW + timedelta(days=90),
        )
        self.session.add(sign_in)
        self.session.flush()
        row = device_row(self.cast.solby, person_id, sign_in.id, phone, NOW)
        self.session.execute(insert(Device), [row])
        self.session.commit()
        return phone

    def remind(self, kind: str = "evening", *, to: int = 0, **more: Any) -> int:
        about = {} if kind in {"words", "test"} else {"meeting_id": self.meeting_id}
        reminder = Reminder(**reminder_row(self.cast.solby, to or self.cast.selam, NOW, kind=kind, **{**about, **more}))
        self.session.add(reminder)
        self.session.commit()
        return reminder.id

    def write(self, table: Any, **values: Any) -> None:
        self.session.execute(update(table).values(**values))
        self.session.commit()

    def drain(self, after: timedelta = timedelta(), **more: Any) -> dict[str, int]:
        self.session.commit()  # an open reading would keep SQLite's writers waiting
        self.now += after
        settings = replace(self.settings, **more)
        with Post(settings) as post:
            return dict(drain(Desk(self.engine, settings, post, SPEECH, now=lambda: self.now)))

    def row(self, number: int) -> Reminder:
        self.session.commit()
        return self.session.get_one(Reminder, number, populate_existing=True)

    def device(self, phone: Phone) -> Device:
        self.session.commit()
        statement = select(Device).where(Device.p256dh.in_([phone.p256dh, ""])).order_by(Device.p256dh.desc())
        return self.session.scalars(statement.execution_options(populate_existing=True)).all()[0]


@pytest.fixture
def service() -> Iterator[PushService]:
    with running(PushService(clock=lambda: NOW)) as service:
        yield service


@pytest.fixture
def office(session: Session, engine: Engine, cast: Cast, settings: Settings, service: PushService) -> Office:
    session.expire_on_commit = False
    session.execute(update(Person).where(Person.id == cast.selam).values(language="en", second_language=None, phone=""))
    row = meeting_row(Home(cast.solby, cast.mette), datetime(2026, 11, 26, 9, tzinfo=UTC), NOW)
    meeting = Meeting(**row)
    session.add(meeting)
    session.commit()
    return Office(session, engine, cast, settings, service, meeting_id=meeting.id)


# --- To the phone -------------------------------------------------------------------------------------------


def test_a_due_reminder_reaches_the_phone_in_her_language(office: Office) -> None:
    phone = office.phone()
    number = office.remind()
    assert office.drain() == {"leased": 1, "sent": 1}
    [message] = office.service.messages(phone)
    device = office.device(phone)
    assert message["title"] == "You have an appointment tomorrow"
    assert message["body"] == "It is tomorrow at 10:00. Are you coming?\nDen er i morgen kl. 10.00. Kommer du?"
    assert (message["lang"], message["dir"], message["tag"]) == ("en", "ltr", f"meeting-{office.meeting_id}")
    assert (message["reminder"], message["device"]) == (number, device.id)
    assert message["key"] == notification_key(SECRET_KEY, number, device.id)
    assert [answer["action"] for answer in message["answers"]] == ["coming", "cannot", "late"]
    assert message["url"] == f"/meetings/{office.meeting_id}"
    row = office.row(number)
    assert (row.state, row.channel, row.language, row.lease, row.sent_at) == ("sent", "push", "en", None, NOW)
    assert deliveries(office.session) == [(number, "push", device.id, "sent")]
    assert office.service.refused == []


def test_a_message_lives_as_long_as_it_is_useful(office: Office) -> None:
    office.phone()
    office.remind(useless_at=NOW + timedelta(seconds=90))
    office.drain()
    headers = office.service.received[0].headers
    assert (headers["ttl"], headers["urgency"]) == ("90", "high")


def test_nothing_is_sent_twice(office: Office) -> None:
    office.phone()
    office.remind()
    office.drain()
    assert office.drain(HOUR) == {}
    assert len(office.service.received) == 1


def test_nothing_is_sent_before_it_is_due(office: Office) -> None:
    office.phone()
    office.remind(next_try_at=NOW + MINUTE)
    assert office.drain() == {}
    assert office.drain(MINUTE)["sent"] == 1


def test_all_her_phones_ring(office: Office) -> None:
    phones = [office.phone(), office.phone()]
    office.remind()
    office.drain()
    assert [len(office.service.messages(phone)) for phone in phones] == [1, 1]


def test_a_phone_that_has_it_does_not_ring_again_for_the_sake_of_another(office: Office) -> None:
    has_it, in_trouble = office.phone(), office.phone()
    office.service.will(in_trouble, BROKEN, YES)
    number = office.remind()
    assert office.drain() == {"leased": 1, "later": 1}
    assert office.row(number).state == "waiting"
    office.drain(MINUTE)
    assert office.row(number).state == "sent"
    assert [len(office.service.messages(phone)) for phone in (has_it, in_trouble)] == [1, 1]


def test_more_than_one_group_is_sent_in_one_drain(office: Office) -> None:
    numbers = fill(office.session, [office.service.phone() for _number in range(430)], NOW)
    office.session.commit()
    assert office.drain() == {"leased": 430, "sent": 430}
    assert by_state(office.session) == {"sent": len(numbers)}
    assert len(office.service.received) == 430


def test_the_statements_do_not_grow_with_the_number_of_reminders(office: Office) -> None:
    def statements() -> int:
        office.session.commit()
        sent: list[str] = []
        with heard(office.engine, sent):
            office.drain()
        return sum(not statement.startswith(("BEGIN", "COMMIT")) for statement in sent)

    fill(office.session, [office.service.phone()], NOW)
    office.session.commit()
    one = statements()
    for number in range(100):
        office.remind("test", due_at=NOW - number * MINUTE)
    office.phone()
    assert statements() <= one <= 12


@contextmanager
def heard(engine: Engine, sent: list[str]) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield
    event.remove(engine, "before_cursor_execute", note)


# --- Words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "second", "kept", "used"),
    [("en", None, {"en"}, "en"), ("ti", "en", {"en"}, "en"), ("ti", None, set(), "da"), ("ti", "pl", set(), "da")],
)
def test_where_a_text_is_missing_the_second_language_comes_and_then_danish(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    language: str,
    second: str | None,
    kept: set[str],
    used: str,
) -> None:
    table = {key: {code: said[code] for code in kept | {"da"}} for key, said in queries.texts().items()}
    monkeypatch.setattr(jobs, "texts", lambda: table)
    monkeypatch.setattr(jobs, "_warned_of", set())
    phone = office.phone()
    office.write(Person, language=language, second_language=second)
    number = office.remind()
    office.drain()
    assert office.row(number).language == used
    assert office.service.messages(phone)[0]["lang"] == used
    named = [record.getMessage() for record in caplog.records]
    assert any(f"missing in {language}" in line for line in named) == (used != language)


def test_the_locked_screen_tells_more_only_to_those_who_want_it(office: Office) -> None:
    phone = office.phone()
    office.remind()
    office.drain()
    office.session.add(
        ReminderWish(
            municipality_id=office.cast.solby,
            person_id=office.cast.selam,
            quiet_from=NOW.time(),
            quiet_to=NOW.time(),
            tells_more=True,
        )
    )
    office.remind()
    office.drain()
    plain, more = (message["body"] for message in office.service.messages(phone))
    assert "Mette" not in plain
    assert more.startswith("Talk. You meet Mette tomorrow at 10:00. Place: Indgang B.")


def test_offered_times_are_told_of_as_a_choice_without_answers(office: Office) -> None:
    phone = office.phone()
    office.write(Meeting, settled_at=None)
    office.remind("booked")
    office.drain()
    [message] = office.service.messages(phone)
    assert (message["title"], message["answers"]) == ("Choose a time", [])


# --- What no longer holds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["cancelled", "expired", "sent", "call"])
def test_only_what_waits_is_sent(office: Office, state: str) -> None:
    office.phone()
    office.remind(state=state)
    assert office.drain() == {}
    assert office.service.received == []


def test_what_comes_too_late_expires(office: Office) -> None:
    office.phone()
    number = office.remind(useless_at=NOW)
    assert office.drain() == {"leased": 1, "expired": 1}
    assert (office.row(number).state, office.service.received) == ("expired", [])


def test_a_cancelled_meeting_is_only_told_of_as_cancelled(office: Office) -> None:
    phone = office.phone()
    office.write(Meeting, cancelled_at=NOW)
    number = office.remind("morning")
    office.remind("cancelled")
    office.drain()
    assert office.row(number).state == "cancelled"
    assert [message["title"] for message in office.service.messages(phone)] == ["Your appointment is cancelled"]


def test_somebody_who_has_left_hears_no_more(office: Office) -> None:
    office.phone()
    office.write(Person, ended_on=NOW.date())
    assert office.drain() == {}
    number = office.remind()
    office.drain()
    assert (office.row(number).state, office.service.received) == ("cancelled", [])


def test_a_reminder_that_is_cancelled_while_it_is_sent_stays_cancelled(office: Office) -> None:
    phone = office.phone()
    number = office.remind()

    office.session.commit()

    def taken_back() -> datetime:
        if office.service.received:
            office.write(Reminder, state="cancelled")
        return NOW

    with Post(office.settings) as post:
        drain(Desk(office.engine, office.settings, post, SPEECH, now=taken_back))
    assert office.row(number).state == "cancelled"
    assert [verdict for *_rest, verdict in deliveries(office.session)] == ["sent"]
    assert len(office.service.messages(phone)) == 1


# --- Leases -------------------------------------------------------------------------------------------------


def test_what_one_worker_has_in_hand_another_does_not_get(office: Office) -> None:
    number = office.remind()
    assert list(take_in_hand(office.engine, "one", NOW, NOW + MINUTE)) == [number]
    assert list(take_in_hand(office.engine, "two", NOW, NOW + MINUTE)) == []


def test_what_a_dead_worker_had_in_hand_is_due_again(office: Office) -> None:
    phone = office.phone()
    number = office.remind()
    office.session.commit()
    take_in_hand(office.engine, "a dead one's", NOW, NOW + MINUTE)
    office.drain(MINUTE)
    assert (office.row(number).state, len(office.service.messages(phone))) == ("sent", 1)


def test_who_has_lost_the_lease_writes_down_only_what_the_phone_got(office: Office) -> None:
    office.phone()
    number = office.remind()

    def stolen() -> datetime:
        if office.service.received:
            office.write(Reminder, lease="another's")
        return NOW

    with Post(office.settings) as post:
        drain(Desk(office.engine, office.settings, post, SPEECH, now=stolen))
    assert (office.row(number).state, office.row(number).lease) == ("waiting", "another's")
    assert [verdict for *_rest, verdict in deliveries(office.session)] == ["sent"]
    assert office.drain(2 * MINUTE) == {"leased": 1, "sent": 1}
    assert len(office.service.received) == 1


def test_the_longest_due_are_taken_first_and_not_more_than_a_group(office: Office) -> None:
    fill(office.session, [office.service.phone() for _number in range(205)], NOW)
    office.session.commit()
    oldest = office.remind(next_try_at=NOW - HOUR)
    taken = take_in_hand(office.engine, "one", NOW, NOW + MINUTE)
    assert len(taken) == 200
    assert oldest in taken


# --- Trouble ------------------------------------------------------------------------------------------------


def test_a_phone_that_is_gone_is_forgotten_and_staff_call(office: Office) -> None:
    phone = office.phone()
    office.service.will(phone, GONE)
    number = office.remind()
    assert office.drain() == {"leased": 1, "call": 1, "gone": 1}
    device = office.device(phone)
    assert (device.endpoint, device.endpoint_hash, device.lost_at) == (None, None, NOW)
    row = office.row(number)
    assert (row.state, row.channel) == ("call", "call")


@pytest.mark.parametrize("answer", [BROKEN, CUT, Answer(503)])
def test_a_service_in_trouble_is_tried_again_with_growing_pauses(office: Office, answer: Answer) -> None:
    phone = office.phone()
    office.service.will(phone, answer, answer, answer, YES)
    number = office.remind()
    pauses = []
    for _try in range(3):
        office.drain()
        row = office.row(number)
        pauses.append((row.next_try_at - office.now).total_seconds())
        office.now = row.next_try_at
    assert [first < second for first, second in pairwise(pauses)] == [True, True]
    assert 7 <= pauses[0] <= 13
    office.drain()
    assert (office.row(number).state, office.row(number).tries) == ("sent", 3)


def test_trouble_that_outlasts_the_useful_time_goes_to_the_call_list(office: Office) -> None:
    phone = office.phone()
    office.service.will(phone, BROKEN)
    number = office.remind(useless_at=NOW + timedelta(seconds=5))
    office.drain()
    assert office.row(number).state == "call"


def test_a_service_that_wants_a_pause_is_left_alone_by_all_and_no_try_is_counted(office: Office) -> None:
    phone, other = office.phone(), office.phone(office.cast.yusuf)
    office.service.will(phone, Answer(429, retry_after="120"), YES)
    number = office.remind()
    office.drain()
    row = office.row(number)
    assert (row.state, row.tries) == ("waiting", 0)
    assert timedelta(seconds=120) <= row.next_try_at - NOW <= timedelta(seconds=125)
    assert office.session.scalars(select(Pause.paused_until)).one() == NOW + 2 * MINUTE
    second = office.remind(to=office.cast.yusuf)
    office.drain(MINUTE)
    assert office.service.messages(other) == []
    assert office.row(second).next_try_at >= NOW + 2 * MINUTE
    office.drain(2 * MINUTE)
    assert [office.row(one).state for one in (number, second)] == ["sent", "sent"]


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_what_is_refused_for_good_is_not_repeated_and_somebody_is_alarmed(
    office: Office, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    phone = office.phone()
    office.service.will(phone, Answer(status, words="no, thank you"))
    number = office.remind()
    office.drain()
    assert office.row(number).state == "call"
    assert office.device(phone).fault == f"{status} no, thank you"
    assert any(record.levelname == "ERROR" and str(status) in record.getMessage() for record in caplog.records)


def test_without_a_key_no_phone_is_tried(office: Office) -> None:
    office.phone()
    number = office.remind()
    office.drain(vapid_private_key="")
    assert office.row(number).state == "call"


def test_a_slow_service_holds_a_group_no_longer_than_half_its_lease(office: Office) -> None:
    phone, quick = office.phone(), office.phone(office.cast.yusuf)
    office.service.will(phone, Answer(seconds=600))
    number, other = office.remind(), office.remind(to=office.cast.yusuf)
    office.drain(lease_seconds=2)
    assert (office.row(number).state, office.row(other).state) == ("waiting", "sent")
    assert len(office.service.messages(quick)) == 1


# --- Other channels -----------------------------------------------------------------------------------------


class Gateway(BaseHTTPRequestHandler):
    """An SMS gateway that answers with what it is told to."""

    status: ClassVar[int] = 200
    taken: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).taken.append({**body, "token": self.headers.get("Authorization", "")})
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None: ...


class MailServer(StreamRequestHandler):
    """A mail server that takes everything, or refuses every address."""

    answer: ClassVar[bytes] = b"250 ok"
    taken: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while command := self.rfile.readline():
            word = command[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                type(self).taken.append(b"".join(lines).decode())
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(type(self).answer + b"\r\n" if word == b"RCPT" else b"250 ok\r\n")


@contextmanager
def serving(server: Any) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Settings for an SMS gateway and a mail server on this machine."""
    for server in (Gateway, MailServer):
        monkeypatch.setattr(server, "taken", [])
    sms = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    mail = ThreadingTCPServer(("127.0.0.1", 0), MailServer)
    mail.daemon_threads = True
    with serving(sms) as sms_port, serving(mail) as mail_port:
        yield {
            "sms_url": f"http://127.0.0.1:{sms_port}/send",
            "sms_token": "s3cret",
            "smtp_url": f"smtp://127.0.0.1:{mail_port}",
            "mail_from": "app@example.dk",
            "public_url": "https://app.example.dk",
        }


def reach(office: Office, phone: str = "+45 70 00 00 01", email: str = "selam@example.dk") -> None:
    office.session.execute(update(Person).where(Person.id == office.cast.selam).values(phone=phone, email=email))
    office.session.commit()


def test_who_has_no_phone_to_ring_gets_an_sms_once(office: Office, outside: dict[str, Any]) -> None:
    reach(office)
    number = office.remind()
    assert office.drain(**outside) == {"leased": 1, "sms": 1}
    text = f"It is tomorrow at 10:00. Are you coming? Open here: https://app.example.dk/meetings/{office.meeting_id}"
    assert Gateway.taken == [{"to": "+45 70 00 00 01", "text": text, "token": "Bearer s3cret"}]
    assert (office.row(number).state, office.row(number).channel, office.row(number).language) == ("sent", "sms", "en")
    assert deliveries(office.session) == [(number, "sms", 0, "sent")]
    assert MailServer.taken == []


def test_where_sms_is_refused_mail_goes_out(
    office: Office, outside: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gateway, "status", 422)
    reach(office)
    number = office.remind()
    office.drain(**outside)
    [mail] = MailServer.taken
    assert "Subject: For you: You have an appointment tomorrow" in mail
    assert f"Message-ID: <reminder-{number}@example.dk>" in mail
    assert "Den er i morgen kl. 10.00. Kommer du?" in mail
    assert (office.row(number).state, office.row(number).channel) == ("sent", "mail")


def test_who_can_be_reached_by_nothing_is_called(
    office: Office, outside: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gateway, "status", 422)
    monkeypatch.setattr(MailServer, "answer", b"550 unknown")
    reach(office)
    number = office.remind()
    assert office.drain(**outside) == {"leased": 1, "call": 1}
    assert [entry[1:] for entry in deliveries(office.session)] == [("sms", 0, "dead"), ("mail", 0, "dead")]
    assert office.row(number).state == "call"


def test_a_gateway_in_trouble_is_tried_again_before_anybody_has_to_call(
    office: Office, outside: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gateway, "status", 503)
    reach(office, email="")
    number = office.remind()
    assert office.drain(**outside) == {"leased": 1, "later": 1}
    monkeypatch.setattr(Gateway, "status", 200)
    office.drain(MINUTE, **outside)
    assert office.row(number).channel == "sms"


@pytest.mark.parametrize("kind", ["words", "test"])
def test_nobody_gets_an_sms_about_words_or_a_trial(office: Office, outside: dict[str, Any], kind: str) -> None:
    reach(office)
    number = office.remind(kind)
    assert office.drain(**outside) == {"leased": 1, "expired": 1}
    assert (office.row(number).state, Gateway.taken, MailServer.taken) == ("expired", [], [])


def test_a_phone_that_has_long_shown_nothing_is_helped_by_an_sms(office: Office, outside: dict[str, Any]) -> None:
    phone = office.phone()
    reach(office)
    for days in (3, 2):
        sent = NOW - timedelta(days=days)
        office.remind(state="sent", channel="push", sent_at=sent, due_at=sent)
    number = office.remind()
    office.drain(**outside)
    assert len(office.service.messages(phone)) == 1
    assert len(Gateway.taken) == 1
    assert sorted(channel for _number, channel, *_rest in deliveries(office.session)) == ["push", "sms"]
    assert office.row(number).state == "sent"


@pytest.mark.parametrize("shown_days_ago", [3, 2])
def test_a_phone_that_has_shown_one_of_the_last_two_needs_no_help(
    office: Office, outside: dict[str, Any], shown_days_ago: int
) -> None:
    office.phone()
    reach(office)
    for days in (3, 2):
        sent = NOW - timedelta(days=days)
        shown = sent if days == shown_days_ago else None
        office.remind(state="sent", channel="push", sent_at=sent, due_at=sent, shown_at=shown)
    number = office.remind()
    office.drain(**outside)
    assert (office.row(number).channel, Gateway.taken) == ("push", [])


def test_messages_of_this_morning_may_still_be_shown(office: Office, outside: dict[str, Any]) -> None:
    office.phone()
    reach(office)
    for hours in (20, 8):
        sent = NOW - hours * HOUR
        office.remind(state="sent", channel="push", sent_at=sent, due_at=sent)
    office.remind()
    office.drain(**outside)
    assert Gateway.taken == []


def test_where_the_app_is_tried_out_a_folder_takes_sms_and_mails(office: Office, tmp_path: Path) -> None:
    reach(office)
    office.remind()
    office.drain(outbox=tmp_path / "outbox")
    reach(office, phone="")
    office.remind()
    office.drain(MINUTE, outbox=tmp_path / "outbox")
    mail, sms = queries.outbox(tmp_path / "outbox")
    assert (sms.channel, sms.to, sms.text) == (
        Channel.SMS,
        "+45 70 00 00 01",
        "It is tomorrow at 10:00. Are you coming?",
    )
    assert (mail.channel, mail.to, mail.subject) == (
        Channel.MAIL,
        "selam@example.dk",
        "For you: You have an appointment tomorrow",
    )
    assert mail.text.splitlines() == [
        "It is tomorrow at 10:00. Are you coming?",
        "Den er i morgen kl. 10.00. Kommer du?",
    ]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert queries.outbox(tmp_path / "none") == []


# --- The database is away -----------------------------------------------------------------------------------


def test_what_was_sent_is_recorded_once_the_database_is_back(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs, "RECORD_AGAIN_SECONDS", 0.01)
    office.phone()
    number = office.remind()
    with away_after_sending(office, times=3):
        office.drain()
    assert (office.row(number).state, len(office.service.received)) == ("sent", 1)
    assert sum("cannot be recorded" in record.getMessage() for record in caplog.records) == 3


@contextmanager
def away_after_sending(office: Office, times: int) -> Iterator[None]:
    """Let the database refuse the first attempts to write down what was sent."""
    left = [times]

    def refuse(_connection: Any, cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO deliveries") and left[0]:
            left[0] -= 1
            cursor.execute("SELECT * FROM a_table_that_is_away")

    event.listen(office.engine, "before_cursor_execute", refuse)
    yield
    event.remove(office.engine, "before_cursor_execute", refuse)


# --- Signs of life, and forgetting --------------------------------------------------------------------------


def test_a_sign_of_life_is_renewed(session: Session) -> None:
    for minutes in (0, 1):
        jobs.beat(session, "one", NOW, NOW + minutes * MINUTE)
        session.commit()
    assert queries.last_beat(session) == NOW + MINUTE
    assert queries.workers_alive(session, NOW) == 1


def test_what_is_long_over_is_forgotten(office: Office) -> None:
    old, young = (NOW - timedelta(days=days) for days in (401, 399))
    for moment in (old, young):
        number = office.remind(state="sent", due_at=moment, next_try_at=moment)
        office.session.add(
            Delivery(
                municipality_id=office.cast.solby,
                reminder_id=number,
                channel="push",
                device_id=1,
                verdict="sent",
                detail="",
                at=moment,
            )
        )
    office.session.add(WorkerBeat(name="dead", started_at=old, at=old))
    office.session.commit()
    assert jobs.forget_old(office.session, NOW) == {"reminders": 1, "worker_beats": 1}
    assert [number for number, *_rest in deliveries(office.session)] == [number]


def test_a_tally_is_told_in_words() -> None:
    tally = {"leased": 200, "sent": 198, "gone": 1, "later": 1}
    assert jobs.told(tally) == "200 leased, 198 sent, 1 gone, 1 later"
    assert jobs.told({"leased": 1, "expired": 1}) == "1 leased, 0 sent, 1 expired"
