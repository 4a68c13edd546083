"""Messages on the phone: asked for after a tap, sealed by us, shown by the real service worker, answered from there.

Chromium has no push service here, so `PushManager` is stubbed with the keys of a phone of tests/push_service.py. A
meeting is made, the worker's own drain sends what is due, the service opens what it got, and the developer tools hand
it to the service worker, which tells the running app what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from citizen_app.config import Settings
from citizen_app.db import reading_session, writing_session
from citizen_app.meetings import actions as meetings
from citizen_app.meetings.models import Meeting, MeetingEvent, Participant
from citizen_app.meetings.queries import facts_of
from citizen_app.meetings.rules import Answer, Interpreter, MeetingFacts, Reply
from citizen_app.people.models import SignIn
from citizen_app.policy import Actor, Subject
from citizen_app.push.models import Device
from citizen_app.reminders.delivery import Post
from citizen_app.reminders.jobs import Desk, drain
from citizen_app.reminders.models import Delivery, Reminder
from citizen_app.worker import SPEECH
from tests.cast import Cast, actor_for
from tests.conftest import SECRET_KEY, VAPID_KEY, LiveServer
from tests.push_service import Phone, PushService, running

Enter = Callable[..., None]
NewCitizen = Callable[[str, str], int]

# What the browser would do if it had a push service; the address outlives the page, as a real one does.
STUB = """(() => {
  const { endpoint, keys, consent, answer, settles } = SETTINGS;
  let said = localStorage.getItem("stub-consent") ?? consent;
  window.asked = 0;
  Object.defineProperty(Notification, "permission", { get: () => said });
  Notification.requestPermission = async () => {
    window.asked += 1;
    said = answer;
    localStorage.setItem("stub-consent", said);
    return said;
  };
  const subscription = (key) => ({
    endpoint,
    options: { applicationServerKey: key ? Uint8Array.fromBase64(key, { alphabet: "base64url" }).buffer : null },
    toJSON: () => ({ endpoint, keys }),
    unsubscribe: async () => localStorage.removeItem("stub-key"),
  });
  PushManager.prototype.getSubscription = async () => {
    const key = localStorage.getItem("stub-key");
    return key === null ? null : subscription(key);
  };
  PushManager.prototype.subscribe = async (options) => {
    if (!settles) await new Promise(() => undefined);
    localStorage.setItem("stub-key", options.applicationServerKey);
    return subscription(options.applicationServerKey);
  };
})()"""
AN_OLD_IPHONE_TAB = """delete window.PushManager;
Object.defineProperty(navigator, "standalone", { value: false });"""
# Chromium forgets a notification that is asked for while it is being put on the screen, so the worker says when it is.
WATCH = """() => {
  const show = registration.showNotification.bind(registration);
  self.said = [];
  registration.showNotification = async (title, options) => {
    await show(title, options);
    self.said.push(title);
  };
}"""
UNTIL_SHOWN = """async (wanted) => {
  let titles = [];
  for (const end = Date.now() + 20000; Date.now() < end; ) {
    if (wanted.every((title) => self.said.includes(title))) {
      const shown = await registration.getNotifications();
      titles = shown.map(({ title }) => title);
      if (JSON.stringify(titles.sort()) === JSON.stringify(wanted.sort())) {
        return shown.map(({ title, body, tag, lang, dir, actions }) => ({ title, body, tag, lang, dir, actions }));
      }
    }
    await new Promise((next) => setTimeout(next, 20));
  }
  throw new Error(`said: ${self.said}, on the screen: ${titles}`);
}"""
CLICK = """async ([tag, action]) => {
  const [notification] = await registration.getNotifications({ tag });
  clients.openWindow = async (address) => { self.opened = address; };
  dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
}"""
REPORT_QUIETLY = """() =>
  import(document.querySelector("script[type=module]").src.replace("app.js", "push.js"))
    .then((push) => push.reportQuietly())"""
CHANGE_ADDRESS = """(fields) => {
  PushManager.prototype.subscribe = async (options) => ({
    toJSON: () => ({ endpoint: fields.endpoint, keys: { p256dh: fields.p256dh, auth: fields.auth } }),
  });
  dispatchEvent(new Event("pushsubscriptionchange"));
}"""
HERE = ZoneInfo("Europe/Copenhagen")
NEUTRAL_TITLE = """async () => {
  for (const end = Date.now() + 20000; Date.now() < end; ) {
    const page = await caches.match("/offline", { ignoreVary: true });
    if (page?.headers.get("Content-Language") === "ar") {
      return decodeURIComponent(page.headers.get("Neutral-Message"));
    }
    await new Promise(requestAnimationFrame);
  }
}"""
OPENED = "async () => { while (!self.opened) await new Promise((next) => setTimeout(next, 10)); return self.opened; }"


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with running(PushService()) as service:
        yield service


@pytest.fixture
def subscribed(service: PushService) -> Phone:
    return service.phone()


@pytest.fixture
def page(phone: BrowserContext, live_cast: Cast, enter: Enter) -> Page:
    """Yusuf's phone, in Arabic."""
    enter(phone, live_cast.yusuf, "ar")
    return phone.new_page()


def stub(page: Page, at: Phone, consent: str = "default", answer: str = "granted", *, settles: bool = True) -> None:
    keys = {"p256dh": at.p256dh, "auth": at.auth}
    settings = {"endpoint": at.endpoint, "keys": keys, "consent": consent, "answer": answer, "settles": settles}
    page.add_init_script(STUB.replace("SETTINGS", json.dumps(settings)))


def state(page: Page, name: str) -> None:
    """Wait until the switch is in a state."""
    expect(page.locator(f"push-switch [data-state={name}]")).to_be_visible()
    expect(page.locator("push-switch [data-state]:visible")).to_have_count(1)


def device_at(engine: Engine, endpoint: str) -> Device | None:
    with reading_session(engine) as session:
        return session.scalars(select(Device).filter_by(endpoint=endpoint)).one_or_none()


# --- The switch ---------------------------------------------------------------------------------------------


def test_permission_is_asked_for_only_after_a_tap_and_the_phone_is_kept(
    page: Page, subscribed: Phone, live_engine: Engine, live_cast: Cast
) -> None:
    stub(page, subscribed)
    page.goto("/settings")
    state(page, "ask")
    assert page.evaluate("window.asked") == 0
    page.locator("push-switch [data-state=ask] button").click()
    state(page, "granted")
    assert page.evaluate("window.asked") == 1
    expect(page.locator("push-switch [data-state=granted]")).to_be_focused()
    device = device_at(live_engine, subscribed.endpoint)
    assert device is not None
    assert (device.person_id, device.p256dh, device.auth) == (live_cast.yusuf, subscribed.p256dh, subscribed.auth)


def test_a_mentor_switches_messages_on_too(
    phone: BrowserContext, subscribed: Phone, live_engine: Engine, live_cast: Cast, enter: Enter
) -> None:
    enter(phone, live_cast.jens, "da")
    page = phone.new_page()
    stub(page, subscribed)
    page.goto("/settings")
    page.locator("push-switch [data-state=ask] button").click()
    state(page, "granted")
    device = device_at(live_engine, subscribed.endpoint)
    assert device is not None
    assert device.person_id == live_cast.jens


def test_a_no_is_told_and_answered_with_help_for_this_phone(
    page: Page, subscribed: Phone, live_engine: Engine, axe_findings: Callable[[Page], list[Any]]
) -> None:
    stub(page, subscribed, answer="denied")
    page.goto("/settings")
    with page.expect_response("**/push/device") as told:
        page.locator("push-switch [data-state=ask] button").click()
    assert told.value.json()["reaches"] is False
    state(page, "denied")
    assert device_at(live_engine, subscribed.endpoint) is None
    assert axe_findings(page) == []


def test_a_push_service_that_never_answers_is_not_waited_for(page: Page, subscribed: Phone) -> None:
    stub(page, subscribed, consent="granted", settles=False)
    page.clock.install()
    page.goto("/settings")
    state(page, "working")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.clock.run_for(16_000)
    state(page, "failed")


def test_it_can_be_tried_again_after_a_failure(page: Page, subscribed: Phone) -> None:
    stub(page, subscribed, consent="granted")
    page.route("**/push/device", lambda route: route.fulfill(status=502))
    page.goto("/settings")
    state(page, "failed")
    page.unroute("**/push/device")
    page.locator("push-switch [data-state=failed] button").click()
    state(page, "granted")


def test_an_iphone_is_told_to_put_the_app_on_the_home_screen(page: Page) -> None:
    page.add_init_script(AN_OLD_IPHONE_TAB)
    page.goto("/settings")
    state(page, "not-installed")


def test_a_browser_without_push_says_so(page: Page) -> None:
    page.add_init_script("delete window.PushManager")
    page.goto("/settings")
    state(page, "unsupported")


@pytest.mark.parametrize("name", ["ask", "granted", "denied", "not-installed", "unsupported", "failed"])
def test_axe_finds_nothing_in_any_state_and_nothing_is_cut_off(
    page: Page, subscribed: Phone, axe_findings: Callable[[Page], list[Any]], name: str
) -> None:
    stub(page, subscribed)
    page.goto("/settings")
    state(page, "ask")
    page.locator("push-switch").evaluate("(found, name) => found.show(name)", name)
    state(page, name)
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


# --- Quiet reports ------------------------------------------------------------------------------------------


def test_any_page_tells_once_a_day_and_at_each_change(page: Page, subscribed: Phone, live_engine: Engine) -> None:
    stub(page, subscribed, consent="granted")
    told: list[Any] = []
    page.on("request", lambda sent: told.append(sent.post_data_json) if sent.url.endswith("/push/device") else None)
    with page.expect_response("**/push/device"):
        page.goto("/goals")
    assert told[0]["endpoint"] == subscribed.endpoint
    page.evaluate(REPORT_QUIETLY)  # the first is done, or this one is it
    known = len(told)
    page.goto("/words")
    page.evaluate(REPORT_QUIETLY)
    assert len(told) == known
    page.evaluate("localStorage.setItem('stub-consent', 'denied')")
    with page.expect_response("**/push/device"):
        page.goto("/goals")
    assert told[-1] == {"consent": "denied"}
    assert device_at(live_engine, subscribed.endpoint) is None


def test_another_person_on_the_same_phone_takes_it_over(
    page: Page, subscribed: Phone, live_engine: Engine, live_cast: Cast, enter: Enter
) -> None:
    stub(page, subscribed, consent="granted")
    with page.expect_response("**/push/device"):
        page.goto("/goals")
    enter(page.context, live_cast.selam, "en")
    with page.expect_response("**/push/device"):
        page.goto("/goals")
    device = device_at(live_engine, subscribed.endpoint)
    assert device is not None
    assert device.person_id == live_cast.selam


def test_staff_are_not_asked(desk: BrowserContext, live_cast: Cast, enter: Enter) -> None:
    enter(desk, live_cast.mette, "en")
    page = desk.new_page()
    page.goto("/settings")
    assert page.locator("push-switch").count() == 0
    assert page.evaluate("document.body.dataset.pushKey") is None


# --- Messages -----------------------------------------------------------------------------------------------


@dataclass
class Office:
    """The case worker's verbs and the worker's drain, beside the running app and on its database.

    The drain's clock is set to the moment at which a reminder is due, since nobody waits for an evening here.
    """

    engine: Engine
    cast: Cast
    service: PushService

    def book(self, citizen: int, *, after: Answer | None = None) -> int:
        """Call a citizen to a meeting in three days; `after` is what she has answered to it already."""
        now = datetime.now(UTC) - timedelta(minutes=1)
        day = (now.astimezone(HERE) + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
        start = day.astimezone(UTC)
        facts = MeetingFacts(
            kind="job_talk",
            starts_at=start,
            ends_at=start + timedelta(minutes=45),
            place="Indgang B",
            language="da",
            interpreter=Interpreter.NONE_NEEDED,
        )
        with writing_session(self.engine) as session:
            meeting = meetings.make_meeting(session, self._mette(session), self._subject(citizen), facts, now)
            session.commit()
            if after is not None:
                her = actor_for(session, citizen)
                meetings.answer_meeting(session, her, meeting.id, Reply(after), seen_version=1, now=now)
                session.commit()
            return meeting.id

    def move(self, citizen: int, meeting_id: int) -> None:
        with writing_session(self.engine) as session:
            meeting = session.get_one(Meeting, meeting_id)
            start, end = (moment + timedelta(hours=2) for moment in (meeting.starts_at, meeting.ends_at))
            meetings.move_meeting(
                session,
                self._mette(session),
                self._subject(citizen),
                meeting_id,
                replace(facts_of(meeting), starts_at=start, ends_at=end),
                seen_version=meeting.version,
                now=datetime.now(UTC),
            )
            session.commit()

    def sign_out(self, citizen: int) -> None:
        with writing_session(self.engine) as session:
            session.execute(delete(SignIn).where(SignIn.person_id == citizen))
            session.commit()

    def send(self, meeting_id: int, kind: str) -> int:
        """Let the drain send the meeting's reminder of a kind when it is due; returns its number."""
        with reading_session(self.engine) as session:
            waiting = select(Reminder.id, Reminder.due_at).filter_by(meeting_id=meeting_id, kind=kind, state="waiting")
            number, due = session.execute(waiting).one()
        now = max(due, datetime.now(UTC))
        self.service.clock = lambda: now
        settings = Settings(self.engine.url.render_as_string(), SECRET_KEY, vapid_private_key=VAPID_KEY)
        with Post(settings) as post:
            drain(Desk(self.engine, settings, post, SPEECH, now=lambda: now))
        return int(number)

    def row(self, reminder_id: int) -> tuple[str, bool, list[tuple[str, bool]]]:
        """Return a reminder's state, whether a phone has shown it, and the same of each delivery."""
        deliveries = select(Delivery.verdict, Delivery.shown_at).filter_by(reminder_id=reminder_id, channel="push")
        with reading_session(self.engine) as session:
            reminder = session.get_one(Reminder, reminder_id)
            phones = [(verdict, shown_at is not None) for verdict, shown_at in session.execute(deliveries)]
            return reminder.state, reminder.shown_at is not None, phones

    def answers(self, meeting_id: int) -> list[str | None]:
        """Return the answers that the meeting's history knows, the last of which stands in the meeting, too."""
        history = select(MeetingEvent.after).filter_by(meeting_id=meeting_id, what="answered").order_by(MeetingEvent.id)
        stands = select(Participant.answer).filter_by(meeting_id=meeting_id, part="citizen")
        with reading_session(self.engine) as session:
            given = [after["answer"] for after in session.scalars(history)]
            assert session.scalar(stands) == (given[-1] if given else None)
            return given

    def _mette(self, session: Session) -> Actor:
        return actor_for(session, self.cast.mette)

    def _subject(self, citizen: int) -> Subject:
        return Subject(self.cast.solby, citizen, frozenset({self.cast.mette}))


@dataclass
class Worker:
    """A citizen's phone with the real service worker, and how the developer tools bring it a message."""

    page: Page
    citizen: int
    phone: Phone
    origin: str
    registration: str = ""
    told: list[str] = field(default_factory=list)
    """From which paths it has heard, in order."""

    def get(self, message: Any) -> None:
        developer = self.page.context.new_cdp_session(self.page)
        developer.send("ServiceWorker.enable")
        data = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        sent = {"origin": self.origin, "registrationId": self.registration, "data": data}
        developer.send("ServiceWorker.deliverPushMessage", sent)

    def press(self, tag: str, action: str = "") -> None:
        self.page.context.service_workers[0].evaluate(CLICK, [tag, action])

    def shows(self, *titles: str) -> list[Any]:
        """Wait until exactly these are on the screen; returns them with all that is seen."""
        shown: list[Any] = self.page.context.service_workers[0].evaluate(UNTIL_SHOWN, list(titles))
        return shown

    def until(self, ask: Callable[[], object], wanted: object) -> None:
        """Wait until what is asked is as wanted."""
        end = monotonic() + 20
        while (found := ask()) != wanted:
            assert monotonic() < end, f"{found}, not {wanted}"
            self.page.evaluate("new Promise(requestAnimationFrame).then(() => null)")


@pytest.fixture
def office(live_engine: Engine, live_cast: Cast, service: PushService) -> Office:
    return Office(live_engine, live_cast, service)


@pytest.fixture
def language() -> str:
    return "ar"


@pytest.fixture
def worker(
    phone: BrowserContext,
    subscribed: Phone,
    new_citizen: NewCitizen,
    language: str,
    enter: Enter,
    live_server: LiveServer,
) -> Worker:
    """The phone of a citizen of Mette's, not asked for messages yet."""
    citizen = new_citizen("Amina", language)
    enter(phone, citizen)
    phone.grant_permissions(["notifications"])
    page = phone.new_page()
    stub(page, subscribed)
    page.goto("/settings")
    state(page, "ask")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    phone.service_workers[0].evaluate(WATCH)
    worker = Worker(page, citizen, subscribed, live_server.url)
    phone.on("response", lambda answer: worker.told.append(urlsplit(answer.url).path))
    found: list[Any] = []
    developer = phone.new_cdp_session(page)
    developer.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    developer.send("ServiceWorker.enable")
    while not found:  # events come while Playwright waits for something
        page.evaluate("new Promise(requestAnimationFrame).then(() => null)")
    worker.registration = found[0]["registrationId"]
    return worker


@dataclass
class Reminded:
    """A reminder of a meeting that has come as far as the phone, and what the phone reads."""

    worker: Worker
    office: Office
    meeting: int
    reminder: int
    message: Any

    @property
    def tag(self) -> str:
        return str(self.message["tag"])

    def thanks(self, action: str) -> str:
        return str(next(one["thanks"] for one in self.message["answers"] if one["action"] == action))

    def shown(self) -> None:
        """Let the phone show it, and the app hear of that."""
        self.worker.get(self.message)
        self.worker.shows(self.message["title"])
        self.worker.until(lambda: self.office.row(self.reminder), ("sent", True, [("sent", True)]))


Remind = Callable[..., Reminded]


@pytest.fixture
def remind(worker: Worker, office: Office) -> Remind:
    """Subscribe with a tap, call her to a meeting and let its reminder go out."""

    def remind(kind: str = "booked", *, after: Answer | None = None) -> Reminded:
        worker.page.locator("push-switch [data-state=ask] button").click()
        state(worker.page, "granted")
        meeting = office.book(worker.citizen, after=after)
        reminder = office.send(meeting, kind)
        [message] = office.service.messages(worker.phone)
        assert office.service.refused == []
        assert office.row(reminder) == ("sent", False, [("sent", False)])
        return Reminded(worker, office, meeting, reminder, message)

    return remind


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [
        ("ar", "rtl", ["سأحضر", "لا أستطيع"]),
        ("da", "ltr", ["Jeg kommer", "Jeg kan ikke"]),
    ],
)
def test_a_reminder_goes_all_the_way_and_is_answered_from_the_screen(
    worker: Worker, office: Office, remind: Remind, language: str, direction: str, words: list[str]
) -> None:
    reminded = remind()
    assert office.answers(reminded.meeting) == []
    worker.get(reminded.message)
    [shown] = worker.shows(reminded.message["title"])
    seen = {name: shown[name] for name in ("tag", "lang", "dir")}
    assert seen == {"tag": f"meeting-{reminded.meeting}", "lang": language, "dir": direction}
    assert shown["body"] == reminded.message["body"]
    assert [(action["action"], action["title"]) for action in shown["actions"]] == [
        ("coming", words[0]),
        ("cannot", words[1]),
    ]
    worker.until(lambda: office.row(reminded.reminder), ("sent", True, [("sent", True)]))

    worker.press(reminded.tag, "coming")
    [thanks] = worker.shows(reminded.thanks("coming"))
    seen = {name: thanks[name] for name in ("tag", "lang", "dir", "actions")}
    assert seen == {"tag": reminded.tag, "lang": language, "dir": direction, "actions": []}
    assert office.answers(reminded.meeting) == ["coming"]

    worker.page.goto("/meetings")
    expect(worker.page.locator(f"#meeting-{reminded.meeting} .said")).to_be_visible()


def test_two_of_the_evenings_three_answers_fit_on_a_phone_and_the_last_one_counts(
    worker: Worker, office: Office, remind: Remind
) -> None:
    reminded = remind("evening", after=Answer.LATE)
    worker.get(reminded.message)
    [shown] = worker.shows(reminded.message["title"])
    assert [one["action"] for one in reminded.message["answers"]] == ["coming", "cannot", "late"]
    assert [action["action"] for action in shown["actions"]] == ["coming", "cannot"]
    worker.press(reminded.tag, "coming")
    worker.shows(reminded.thanks("coming"))
    assert office.answers(reminded.meeting) == ["late", "coming"]


def test_a_message_that_comes_twice_is_shown_once(worker: Worker, remind: Remind) -> None:
    reminded = remind()
    reminded.shown()
    worker.get({**reminded.message, "title": "again"})
    worker.shows("again")


def test_an_answer_without_network_is_kept_and_sent_once_there_is_some(
    worker: Worker, office: Office, remind: Remind
) -> None:
    reminded = remind()
    reminded.shown()
    worker.page.context.set_offline(True)
    worker.press(reminded.tag, "coming")
    [later] = worker.shows(reminded.message["later"])
    assert (later["tag"], later["dir"], later["actions"]) == (reminded.tag, "rtl", [])
    assert office.answers(reminded.meeting) == []
    worker.page.context.set_offline(False)
    worker.shows(reminded.thanks("coming"))
    assert office.answers(reminded.meeting) == ["coming"]
    worker.page.goto("/words")  # a page asks the worker to send what is left
    worker.page.evaluate(REPORT_QUIETLY)
    assert worker.told.count("/reminders/answer") == 1
    assert office.answers(reminded.meeting) == ["coming"]


def test_the_last_of_two_answers_without_network_counts(worker: Worker, office: Office, remind: Remind) -> None:
    reminded = remind("evening", after=Answer.COMING)
    reminded.shown()
    worker.page.context.set_offline(True)
    worker.press(reminded.tag, "late")
    worker.shows(reminded.message["later"])
    worker.get(reminded.message)
    worker.shows(reminded.message["title"])
    worker.press(reminded.tag, "cannot")
    worker.shows(reminded.message["later"])
    worker.page.context.set_offline(False)
    worker.shows(reminded.thanks("cannot"))
    assert office.answers(reminded.meeting) == ["coming", "cannot"]


def test_that_it_was_shown_without_network_is_told_later(worker: Worker, office: Office, remind: Remind) -> None:
    reminded = remind()
    worker.page.context.set_offline(True)
    worker.get(reminded.message)
    worker.shows(reminded.message["title"])
    assert office.row(reminded.reminder) == ("sent", False, [("sent", False)])
    worker.page.context.set_offline(False)
    worker.until(lambda: office.row(reminded.reminder), ("sent", True, [("sent", True)]))


def test_an_answer_is_kept_while_the_server_is_in_trouble_and_sent_with_the_next_page(
    worker: Worker, office: Office, remind: Remind
) -> None:
    reminded = remind("evening", after=Answer.COMING)
    reminded.shown()
    worker.page.context.route("**/reminders/answer", lambda route: route.fulfill(status=503))
    worker.press(reminded.tag, "late")
    worker.shows(reminded.message["later"])
    worker.page.context.unroute("**/reminders/answer")
    worker.page.goto("/words")
    worker.shows(reminded.thanks("late"))
    assert office.answers(reminded.meeting) == ["coming", "late"]


def test_an_answer_about_a_meeting_that_has_moved_says_so(worker: Worker, office: Office, remind: Remind) -> None:
    reminded = remind()
    reminded.shown()
    office.move(worker.citizen, reminded.meeting)
    worker.press(reminded.tag, "coming")
    worker.shows(reminded.message["stale"])
    assert office.answers(reminded.meeting) == []


def test_on_a_phone_that_is_signed_out_the_message_goes_away(worker: Worker, office: Office, remind: Remind) -> None:
    reminded = remind()
    reminded.shown()
    office.sign_out(worker.citizen)
    worker.press(reminded.tag, "coming")
    worker.shows()
    worker.page.goto("/words")
    worker.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    assert worker.told.count("/reminders/answer") == 1
    assert office.answers(reminded.meeting) == []


@pytest.mark.parametrize("action", ["", "cannot"])
def test_a_tap_and_a_no_open_the_meeting(worker: Worker, office: Office, remind: Remind, action: str) -> None:
    reminded = remind()
    reminded.shown()
    worker.press(reminded.tag, action)
    worker.shows(*([reminded.thanks(action)] if action else []))
    opened = worker.page.context.service_workers[0].evaluate(OPENED)
    assert opened == f"{worker.origin}/meetings/{reminded.meeting}"
    assert office.answers(reminded.meeting) == ([action] if action else [])


def test_no_message_leads_to_another_place(worker: Worker, remind: Remind) -> None:
    reminded = remind()
    worker.get({**reminded.message, "url": "https://elsewhere.example/"})
    worker.shows(reminded.message["title"])
    worker.press(reminded.tag)
    worker.shows()
    assert worker.page.context.service_workers[0].evaluate("self.opened") is None


@pytest.mark.parametrize("data", ["no json", "null", "{}", '{"title": 7}'])
def test_a_message_that_cannot_be_read_shows_a_neutral_sentence(worker: Worker, data: str) -> None:
    sentence = worker.page.evaluate(NEUTRAL_TITLE)
    worker.get(data)
    [shown] = worker.shows(sentence)
    assert (shown["tag"], shown["lang"], shown["actions"]) == ("neutral", "ar", [])


def test_a_message_without_a_proof_is_shown_and_not_told_of(worker: Worker, remind: Remind) -> None:
    reminded = remind()
    worker.get({"title": "Hej", "tag": "test"})
    worker.shows("Hej")
    worker.get(reminded.message)
    worker.shows("Hej", reminded.message["title"])
    worker.press(reminded.tag, "coming")
    worker.shows("Hej", reminded.thanks("coming"))
    assert [path for path in worker.told if path.startswith("/reminders/")] == ["/reminders/shown", "/reminders/answer"]


def test_a_message_with_another_messages_proof_counts_for_nothing(
    worker: Worker, office: Office, remind: Remind
) -> None:
    reminded = remind()
    other = office.book(worker.citizen)
    number = office.send(other, "booked")
    worker.get({**reminded.message, "reminder": number})
    worker.shows(reminded.message["title"])
    worker.press(reminded.tag, "coming")
    worker.shows()
    assert office.row(number) == ("sent", False, [("sent", False)])
    assert office.answers(other) == []


def test_a_new_address_of_the_browser_is_told_without_a_page(
    worker: Worker, service: PushService, live_engine: Engine
) -> None:
    anew = service.phone()
    fields = {"endpoint": anew.endpoint, "p256dh": anew.p256dh, "auth": anew.auth}
    with worker.page.context.expect_event("response", lambda answer: answer.url.endswith("/push/device")):
        worker.page.context.service_workers[0].evaluate(CHANGE_ADDRESS, fields)
    device = device_at(live_engine, anew.endpoint)
    assert device is not None
    assert (device.person_id, device.consent) == (worker.citizen, "granted")
