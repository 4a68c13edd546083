"""Messages on the phone: asked for after a tap, sealed by us, shown by the real service worker, answered from there.

Chromium has no push service here, so `PushManager` is stubbed with the keys of a phone of tests/push_service.py. Our
own port seals and sends, the service opens what it got, and the developer tools hand it to the service worker.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy import Engine, select

from citizen_app.config import Settings
from citizen_app.db import reading_session
from citizen_app.push.delivery import Push, PushPort, VapidKeys, Verdict
from citizen_app.push.models import Device
from citizen_app.push.queries import devices_of
from tests.cast import Cast
from tests.conftest import SECRET_KEY, VAPID_KEY, LiveServer
from tests.push_service import Phone, PushService, running

Enter = Callable[..., None]

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
MESSAGE: dict[str, Any] = {
    "tag": "meeting-7",
    "lang": "ar",
    "dir": "rtl",
    "title": "غدًا الساعة 9:00",
    "body": "لديك موعد غدًا.\nDu har en aftale i morgen.",
    "url": "/meetings",
    "reminder": 7,
    "device": 3,
    "key": "proof",
    "answers": [
        {"action": "coming", "title": "سآتي"},
        {"action": "cannot", "title": "لا أستطيع"},
        {"action": "late", "title": "سأتأخر"},
    ],
    "thanks": "شكرًا",
    "stale": "تغيّر الموعد",
    "later": "سيُرسل لاحقًا",
}


@dataclass
class Reminders:
    """Stands in for the addresses `/reminders/shown` and `/reminders/answer`.

    To be replaced by the real ones once the room `reminders` is there: then the rows tell what has arrived.
    """

    answers_with: int = 200
    has_network: bool = True
    shown: list[Any] = field(default_factory=list)
    answered: list[Any] = field(default_factory=list)

    def take(self, route: Route) -> None:
        if not self.has_network:
            route.abort("internetdisconnected")
            return
        is_shown = route.request.url.endswith("/shown")
        (self.shown if is_shown else self.answered).append(route.request.post_data_json)
        route.fulfill(status=204 if is_shown else self.answers_with, body="" if is_shown else '{"state": "saved"}')


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with running(PushService()) as service:
        yield service


@pytest.fixture
def subscribed(service: PushService) -> Phone:
    return service.phone()


@pytest.fixture
def reminders() -> Reminders:
    return Reminders()


@pytest.fixture
def page(phone: BrowserContext, live_cast: Cast, enter: Enter, reminders: Reminders) -> Page:
    """Yusuf's phone, in Arabic."""
    phone.route("**/reminders/*", reminders.take)
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
class Worker:
    """The real service worker, and how the developer tools bring it a message."""

    page: Page
    origin: str
    registration: str

    def get(self, data: str) -> None:
        developer = self.page.context.new_cdp_session(self.page)
        developer.send("ServiceWorker.enable")
        message = {"origin": self.origin, "registrationId": self.registration, "data": data}
        developer.send("ServiceWorker.deliverPushMessage", message)

    def press(self, tag: str, action: str = "") -> None:
        self.page.context.service_workers[0].evaluate(CLICK, [tag, action])

    def shows(self, *titles: str) -> list[Any]:
        """Wait until exactly these are on the screen; returns them with all that is seen."""
        shown: list[Any] = self.page.context.service_workers[0].evaluate(UNTIL_SHOWN, list(titles))
        return shown


@pytest.fixture
def worker(page: Page, live_server: LiveServer) -> Worker:
    page.context.grant_permissions(["notifications"])
    page.goto("/goals")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.context.service_workers[0].evaluate(WATCH)
    found: list[Any] = []
    developer = page.context.new_cdp_session(page)
    developer.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    developer.send("ServiceWorker.enable")
    while not found:  # events come while Playwright waits for something
        page.evaluate("new Promise(requestAnimationFrame).then(() => null)")
    return Worker(page, live_server.url, found[0]["registrationId"])


def sealed_and_opened(service: PushService, engine: Engine, cast: Cast, phone: Phone, message: Any) -> str:
    """Send a message with our own port to the phone that the app knows of; returns what the phone reads."""
    with reading_session(engine) as session:
        [row] = [row for row in devices_of(session, cast.solby, [cast.yusuf]) if row.endpoint == phone.endpoint]
    keys = VapidKeys.of(Settings("sqlite://", SECRET_KEY, vapid_private_key=VAPID_KEY))
    assert keys is not None

    async def send() -> Verdict:
        body = json.dumps(message, ensure_ascii=False).encode()
        async with PushPort(keys) as port:
            push = Push(row.endpoint, row.p256dh, row.auth, body, 3600, "meeting-7", "high")
            return (await port.send(push, datetime.now(UTC))).verdict

    with ThreadPoolExecutor(1) as thread:  # Playwright has an event loop of its own here
        assert thread.submit(asyncio.run, send()).result() is Verdict.SENT
    return json.dumps(service.messages(phone)[-1], ensure_ascii=False)


def test_a_message_goes_all_the_way_and_is_answered_from_the_screen(
    worker: Worker,
    page: Page,
    subscribed: Phone,
    service: PushService,
    reminders: Reminders,
    live_engine: Engine,
    live_cast: Cast,
) -> None:
    stub(page, subscribed)
    page.goto("/settings")
    page.locator("push-switch [data-state=ask] button").click()
    state(page, "granted")
    worker.get(sealed_and_opened(service, live_engine, live_cast, subscribed, MESSAGE))
    [shown] = worker.shows(MESSAGE["title"])
    seen = {name: shown[name] for name in ("title", "body", "tag", "lang", "dir")}
    assert seen == {name: MESSAGE[name] for name in seen}
    assert [action["action"] for action in shown["actions"]] == ["coming", "cannot"], "two buttons fit on a phone"
    worker.press("meeting-7", "coming")
    [thanks] = worker.shows(MESSAGE["thanks"])
    assert (thanks["tag"], thanks["lang"], thanks["dir"], thanks["actions"]) == ("meeting-7", "ar", "rtl", [])
    proof = {"reminder": 7, "device": 3, "key": "proof"}
    assert reminders.shown == [proof]
    [answer] = reminders.answered
    assert answer == {**proof, "value": "coming", "at": answer["at"]}
    assert abs(answer["at"] - datetime.now(UTC).timestamp() * 1000) < 60_000
    assert service.refused == []


def test_a_message_that_comes_twice_is_shown_once(worker: Worker) -> None:
    worker.get(json.dumps(MESSAGE))
    worker.shows(MESSAGE["title"])
    worker.get(json.dumps({**MESSAGE, "title": "again"}))
    worker.shows("again")


def test_an_answer_without_network_is_kept_and_sent_once_there_is_some(worker: Worker, reminders: Reminders) -> None:
    worker.get(json.dumps(MESSAGE))
    worker.shows(MESSAGE["title"])
    reminders.has_network = False
    worker.page.context.set_offline(True)
    worker.press("meeting-7", "coming")
    [later] = worker.shows(MESSAGE["later"])
    assert (later["tag"], later["actions"]) == ("meeting-7", [])
    assert reminders.answered == []
    reminders.has_network = True
    worker.page.context.set_offline(False)
    worker.shows(MESSAGE["thanks"])
    assert [answer["value"] for answer in reminders.answered] == ["coming"]


def test_an_answer_is_kept_while_the_server_is_in_trouble_and_sent_with_the_next_page(
    worker: Worker, reminders: Reminders
) -> None:
    worker.get(json.dumps(MESSAGE))
    worker.shows(MESSAGE["title"])
    reminders.answers_with = 503
    worker.press("meeting-7", "late")
    worker.shows(MESSAGE["later"])
    reminders.answers_with = 200
    worker.page.goto("/words")
    worker.shows(MESSAGE["thanks"])
    assert [answer["value"] for answer in reminders.answered][-1] == "late"


def test_an_answer_about_a_meeting_that_has_moved_says_so(worker: Worker, reminders: Reminders) -> None:
    reminders.answers_with = 409
    worker.get(json.dumps(MESSAGE))
    worker.shows(MESSAGE["title"])
    worker.press("meeting-7", "coming")
    worker.shows(MESSAGE["stale"])


def test_on_a_phone_that_is_signed_out_the_message_goes_away(worker: Worker, reminders: Reminders) -> None:
    reminders.answers_with = 404
    worker.get(json.dumps(MESSAGE))
    worker.shows(MESSAGE["title"])
    worker.press("meeting-7", "coming")
    worker.shows()
    worker.page.goto("/words")
    assert len(reminders.answered) == 1


@pytest.mark.parametrize("action", ["", "cannot"])
def test_a_tap_and_a_no_open_the_meeting(worker: Worker, action: str) -> None:
    worker.get(json.dumps(MESSAGE))
    worker.shows(MESSAGE["title"])
    worker.press("meeting-7", action)
    worker.shows(*([MESSAGE["thanks"]] if action else []))
    opened = worker.page.context.service_workers[0].evaluate(
        "async () => { while (!self.opened) await new Promise((next) => setTimeout(next, 10)); return self.opened; }"
    )
    assert opened == f"{worker.origin}/meetings"


def test_no_message_leads_to_another_place(worker: Worker) -> None:
    worker.get(json.dumps({**MESSAGE, "url": "https://elsewhere.example/"}))
    worker.shows(MESSAGE["title"])
    worker.press("meeting-7")
    worker.shows()
    assert worker.page.context.service_workers[0].evaluate("self.opened") is None


@pytest.mark.parametrize("data", ["no json", "null", "{}", '{"title": 7}'])
def test_a_message_that_cannot_be_read_shows_a_neutral_sentence(worker: Worker, data: str) -> None:
    sentence = worker.page.evaluate(
        """async () => {
          for (const end = Date.now() + 20000; Date.now() < end; ) {
            const page = await caches.match("/offline", { ignoreVary: true });
            if (page?.headers.get("Content-Language") === "ar") {
              return decodeURIComponent(page.headers.get("Neutral-Message"));
            }
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    worker.get(data)
    [shown] = worker.shows(sentence)
    assert (shown["tag"], shown["lang"], shown["actions"]) == ("neutral", "ar", [])


def test_a_message_without_a_proof_is_shown_and_not_told_of(worker: Worker, reminders: Reminders) -> None:
    worker.get(json.dumps({"title": "Hej", "tag": "test"}))
    worker.shows("Hej")
    worker.get(json.dumps(MESSAGE))
    worker.shows("Hej", MESSAGE["title"])
    worker.press("meeting-7", "coming")
    worker.shows("Hej", MESSAGE["thanks"])
    assert len(reminders.shown) == 1


def test_a_new_address_of_the_browser_is_told_without_a_page(
    worker: Worker, service: PushService, live_engine: Engine
) -> None:
    anew = service.phone()
    fields = {"endpoint": anew.endpoint, "p256dh": anew.p256dh, "auth": anew.auth}
    with worker.page.context.expect_event("response", lambda answer: answer.url.endswith("/push/device")):
        worker.page.context.service_workers[0].evaluate(CHANGE_ADDRESS, fields)
    device = device_at(live_engine, anew.endpoint)
    assert device is not None
    assert device.consent == "granted"
