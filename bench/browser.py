"""What a phone downloads at the first visit, and when it shows the largest thing, in real Chromium.

Bytes are those that crossed the network, heads included, with an empty cache and without the service worker.
The paint is compared with a bare page that has the same stylesheet and script, turn by turn.
"""

from __future__ import annotations

import shutil
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Playwright, sync_playwright

from bench.figures import Figure
from bench.load import Visit
from bench.servers import Server, settled
from bench.stage import Stage, say
from citizen_app.web import assets
from tests.conftest import CHROMIUM_ARGUMENTS

PHONE = "Pixel 7"
BYTES_PER_SECOND = 1_600_000 / 8
LATENCY_MS = 150
CPU_SLOWDOWN = 4
_LARGEST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  const last = list.getEntries().at(-1);
  resolve([last.startTime, last.element ? last.element.tagName : "?"]);
}).observe({type: "largest-contentful-paint", buffered: true}))"""


def measure_bytes(stage: Stage) -> Iterator[Figure]:
    with stage.our_server(1) as server, sync_playwright() as playwright, chromium(playwright) as browser:
        today = settled(server, stage.town.citizens["ar"])
        html = _gzip_size(server, "/", today.cookie)
        css = _gzip_size(server, assets.address("css/app.css"))
        kinds = {encoding: _received(browser, playwright, server, today, encoding) for encoding in ("gzip", "br")}
    gzip = kinds["gzip"]
    told = ", ".join(f"{kind} {size / 1000:.1f}" for kind, size in sorted(gzip.items(), key=lambda item: -item[1]))
    yield Figure("kB of HTML, gzip", html / 1000, most=14)
    yield Figure("kB of CSS, gzip", css / 1000, most=10)
    note = f"{told}; with brotli {sum(kinds['br'].values()) / 1000:.1f}"
    yield Figure("kB of all at the first visit, gzip", sum(gzip.values()) / 1000, most=60, note=note)


def measure_paint(stage: Stage) -> Iterator[Figure]:
    paints: dict[str, list[float]] = defaultdict(list)
    elements: dict[str, str] = {}
    with (
        stage.our_server(1) as ours,
        stage.bare_server(1) as bare,
        sync_playwright() as playwright,
        chromium(playwright) as browser,
    ):
        today = settled(ours, stage.town.citizens["ar"])
        turns = {"today": (ours, today), "bare": (bare, Visit("/plain"))}
        for number in range(stage.sizes.paints + 1):
            for name, (server, visit) in turns.items():
                milliseconds, elements[name] = _largest_paint(browser, playwright, server, visit)
                if number:  # the first load warms both servers up
                    paints[name].append(milliseconds)
            say(f"  load {number}: " + ", ".join(f"{name} {found[-1]:.0f} ms" for name, found in paints.items()))
    ratio = median(a / b for a, b in zip(paints["today"], paints["bare"], strict=True))
    told = f"{median(paints['today']):.0f} ({elements['today']}) : {median(paints['bare']):.0f} ms ({elements['bare']})"
    yield Figure("largest paint of Today : bare page", ratio, most=1.15, note=told)


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((path for name in names if (path := shutil.which(name))), None)
    assert path, "This needs Chromium. On Debian: apt-get install chromium"
    browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def cold_page(browser: Browser, playwright: Playwright, server: Server, visit: Visit) -> Iterator[Page]:
    """Give an empty page of a phone that has never been here, but is signed in."""
    context = browser.new_context(**playwright.devices[PHONE], base_url=server.url, service_workers="block")
    if visit.cookie:
        context.add_cookies([{"name": "session", "value": visit.cookie, "url": server.url}])
    try:
        yield context.new_page()
    finally:
        context.close()


def _received(browser: Browser, playwright: Playwright, server: Server, visit: Visit, encoding: str) -> dict[str, int]:
    """Return the bytes of a first visit by kind of file, lazy pictures at the end of the page included."""
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = defaultdict(int)
    with cold_page(browser, playwright, server, visit) as page:
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.setExtraHTTPHeaders", {"headers": {"Accept-Encoding": encoding}})

        def note_kind(message: dict[str, Any]) -> None:
            kinds[message["requestId"]] = message["type"].lower()

        def note_size(message: dict[str, Any]) -> None:
            sizes[kinds[message["requestId"]]] += int(message["encodedDataLength"])

        network.on("Network.responseReceived", note_kind)
        network.on("Network.loadingFinished", note_size)
        page.goto(visit.path, wait_until="networkidle")
        page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach((image) => image.loading = 'eager')")
        page.wait_for_function("[...document.images].every((image) => image.complete)")
        page.wait_for_load_state("networkidle")
    return sizes


def _largest_paint(browser: Browser, playwright: Playwright, server: Server, visit: Visit) -> tuple[float, str]:
    """Return when the largest thing was painted, in milliseconds, and which element it is."""
    with cold_page(browser, playwright, server, visit) as page:
        slow_down(page.context.new_cdp_session(page))
        page.goto(visit.path, wait_until="networkidle")
        milliseconds, element = page.evaluate(_LARGEST_PAINT)
    return milliseconds, element


def slow_down(session: CDPSession) -> None:
    session.send("Network.enable")
    speed = {"latency": LATENCY_MS, "downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
    session.send("Network.emulateNetworkConditions", {"offline": False, **speed})
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})


def _gzip_size(server: Server, path: str, cookie: str = "") -> int:
    """Return how many bytes a body has that is sent with gzip."""
    headers = {"Accept-Encoding": "gzip", "Cookie": f"session={cookie}"}
    request = urllib.request.Request(server.url + path, headers=headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        assert answer.headers["Content-Encoding"] == "gzip", f"{path} is sent without gzip"
        return len(answer.read())
