"""Journeys of the installed app: installing, losing the network, and presses that fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, Route, expect

from tests.cast import Cast
from tests.conftest import LiveServer

Enter = Callable[..., None]

IS_ACTIVE = "navigator.serviceWorker.ready.then(() => null)"
# These wait inside the page, since the content policy forbids Playwright's own polling there.
UNTIL_OFFLINE_PAGE_IS = """async (language) => {
  for (const end = Date.now() + 20000; Date.now() < end; ) {
    const page = await caches.match("/offline", { ignoreVary: true });
    if (page?.headers.get("Content-Language") === language) return;
    await new Promise(requestAnimationFrame);
  }
  throw new Error(`no offline page in ${language}`);
}"""
UNTIL_OLD_CACHE_IS_GONE = """async () => {
  for (const end = Date.now() + 20000; Date.now() < end; ) {
    const names = await caches.keys();
    if (!names.includes("citizen-app-old")) return names;
    await new Promise(requestAnimationFrame);
  }
  throw new Error("the old cache is still there");
}"""
KEPT = """async () => {
  const paths = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) paths.push(new URL(request.url).pathname);
  return paths;
}"""
SIGN_OUT_AND_EMPTY_CACHES = """async () => {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  const answer = await fetch("/sign-out", { method: "POST", headers });
  for (const name of await caches.keys()) await caches.delete(name);
  return answer.ok;
}"""


@pytest.fixture
def page(phone: BrowserContext, live_cast: Cast, enter: Enter) -> Page:
    """The phone of a citizen who reads Arabic, with the service worker at work."""
    enter(phone, live_cast.yusuf, "ar")
    page = phone.new_page()
    page.goto("/words")
    page.evaluate(IS_ACTIVE)
    page.goto("/words")
    assert page.evaluate("Boolean(navigator.serviceWorker.controller)")
    page.evaluate(UNTIL_OFFLINE_PAGE_IS, "ar")
    return page


@pytest.fixture
def words(phone: BrowserContext, live_cast: Cast, enter: Enter) -> Page:
    """The words on a phone that opens the app for the first time, still without a service worker."""
    enter(phone, live_cast.yusuf, "ar")
    page = phone.new_page()
    page.goto("/words")
    return page


@pytest.mark.browser
def test_the_app_can_be_installed(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    live_server: LiveServer,
    tmp_path: Path,
) -> None:
    """A persistent context, since Chromium installs nothing from a private window."""
    context = browser_type.launch_persistent_context(tmp_path, **browser_type_launch_args)
    try:
        page = context.new_page()
        page.goto(f"{live_server.url}/about")
        page.evaluate(IS_ACTIVE)
        developer = context.new_cdp_session(page)
        assert developer.send("Page.getInstallabilityErrors") == {"installabilityErrors": []}
        manifest = developer.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"].startswith(f"{live_server.url}/manifest.webmanifest?lang=")
    finally:
        context.close()


# --- Without network ----------------------------------------------------------------------------------------


def test_without_network_a_page_says_so_in_the_readers_language_and_leads_back(
    page: Page, live_server: LiveServer
) -> None:
    page.context.set_offline(True)
    page.goto("/goals")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(247, 244, 238)"
    assert page.evaluate("document.querySelector('img').naturalWidth > 0")
    page.context.set_offline(False)
    page.locator("a.button-main").click()
    expect(page).to_have_url(f"{live_server.url}/goals")
    expect(page.locator("nav.bar")).to_be_visible()


def test_the_offline_page_follows_a_change_of_language(page: Page, live_cast: Cast, enter: Enter) -> None:
    enter(page.context, live_cast.yusuf, "pl")
    page.goto("/words")
    page.evaluate(UNTIL_OFFLINE_PAGE_IS, "pl")
    page.context.set_offline(True)
    page.goto("/goals")
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    expect(page.locator(".offline")).to_be_visible()


def test_nothing_personal_is_kept(page: Page) -> None:
    page.goto("/words/spand")
    page.goto("/about")
    kept = page.evaluate(KEPT)
    pages = {"/offline", "/practice/pocket"}
    assert pages <= set(kept)
    assert [path for path in kept if path not in pages and not path.startswith("/static/")] == []


def test_the_offline_page_is_back_after_a_sign_out_and_emptied_caches(page: Page) -> None:
    page.goto("/about")
    assert page.evaluate(SIGN_OUT_AND_EMPTY_CACHES)
    assert page.evaluate(KEPT) == []
    page.goto("/about")
    page.evaluate(UNTIL_OFFLINE_PAGE_IS, "ar")
    page.context.set_offline(True)
    page.goto("/goals")
    expect(page.locator(".offline")).to_be_visible()


def test_a_new_version_removes_the_caches_of_old_ones(phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto("/healthz")
    page.evaluate("caches.open('citizen-app-old').then(() => null)")
    page.goto("/about")
    page.evaluate(IS_ACTIVE)
    [left] = page.evaluate(UNTIL_OLD_CACHE_IS_GONE)
    assert left.startswith("citizen-app-")


# --- Presses that fail --------------------------------------------------------------------------------------


def test_what_was_typed_stays_when_the_network_is_gone(page: Page) -> None:
    page.context.set_offline(True)
    page.get_by_role("searchbox").press_sequentially("spand")
    expect(page.locator("#notice .notice")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("spand")
    expect(page.locator("#deck .word")).to_have_count(100)


def test_a_plain_form_stays_on_its_page_without_network(page: Page) -> None:
    page.context.set_offline(True)
    page.get_by_role("searchbox").evaluate("(box) => (box.value = 'spand')")
    page.locator("form[role=search] button").click()
    expect(page.locator("#notice .notice")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("spand")


def answer_searches(page: Page, status: int, body: str, headers: dict[str, str] | None = None) -> None:
    """Stand between the page and the server, as a proxy does."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, body=body, headers={"Content-Type": "text/html", **(headers or {})})

    page.route("**/words?q=*", answer)


def test_a_proxys_error_page_is_not_put_into_ours(words: Page) -> None:
    answer_searches(words, 502, "<h1>Bad Gateway</h1>")
    words.get_by_role("searchbox").press_sequentially("spand")
    expect(words.locator("#notice .notice")).to_be_visible()
    expect(words.get_by_text("Bad Gateway")).to_have_count(0)
    expect(words.locator("#deck .word")).to_have_count(100)


def test_our_own_sentence_about_an_error_is_shown_and_brought_into_view(words: Page) -> None:
    body = '<div id="notice" role="alert"><div class="notice">Our own words</div></div>'
    answer_searches(words, 500, body, {"HX-Retarget": "#notice", "HX-Reswap": "outerHTML"})
    words.evaluate("scrollTo(0, 3000)")
    words.get_by_role("searchbox").evaluate(
        "(box) => { box.value = 'spand'; box.dispatchEvent(new Event('input', { bubbles: true })) }"
    )
    expect(words.locator("#notice")).to_contain_text("Our own words")
    expect(words.locator("#notice")).to_be_in_viewport()


def test_a_refused_form_leads_to_its_messages(words: Page) -> None:
    summary = '<div class="notice" role="alert" tabindex="-1">Please look again</div>'
    answer_searches(words, 422, f'<div id="deck">{summary}</div>')
    words.get_by_role("searchbox").press_sequentially("spand")
    expect(words.get_by_text("Please look again")).to_be_focused()


def test_a_wrong_code_leads_to_its_message_on_a_whole_page(phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto("/connect")
    page.locator("[name=code]").fill("ABCDEFGH")
    page.locator("main button").click()
    expect(page.locator('main [role="alert"][tabindex="-1"]')).to_be_focused()


# --- Pages outside the rooms --------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "scheme"), [("da", "light"), ("ar", "light"), ("ti", "dark")])
@pytest.mark.parametrize("address", ["/about", "/was", "/offline", "/practice/pocket"])
def test_axe_finds_nothing_outside_the_rooms(
    phone: BrowserContext,
    live_cast: Cast,
    enter: Enter,
    axe_findings: Callable[[Page], list[Any]],
    address: str,
    language: str,
    scheme: Any,
) -> None:
    enter(phone, live_cast.yusuf, language)
    page = phone.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
