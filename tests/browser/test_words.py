"""Journeys through the words on a small phone: searching, hearing, listening, and Danish inside Arabic lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from citizen_app.words.queries import shipped
from tests.cast import Cast
from tests.conftest import LiveServer

Enter = Callable[..., None]
WORDS = shipped()
ARABIC_BUCKET = WORDS["spand"].meaning("ar").text

# A phone's voices, and a speaker that writes down what it was asked to say.
SPEAKER = """
  window.spoken = [];
  window.voices = VOICES;
  window.refuses = false;
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const speaker = new EventTarget();
  speaker.getVoices = () => window.voices;
  speaker.cancel = () => window.spoken.push("silence");
  speaker.speak = (utterance) => {
    if (window.refuses) return utterance.onerror({ error: "language-unavailable" });
    window.spoken.push([utterance.lang, utterance.voice.name, utterance.text]);
    window.last = utterance;
  };
  Object.defineProperty(window, "speechSynthesis", { value: speaker });
"""
IS_READY = "customElements.whenDefined('listen-button').then(() => null)"
ARABIC = {"name": "Layla", "lang": "ar-SA", "localService": True}
DANISH = {"name": "Freja", "lang": "da_DK", "localService": True}


@pytest.fixture
def page(phone: BrowserContext, live_cast: Cast, enter: Enter) -> Page:
    """The phone of a citizen who reads Arabic."""
    enter(phone, live_cast.yusuf, "ar")
    return phone.new_page()


def give_voices(page: Page, *voices: dict[str, Any]) -> None:
    page.add_init_script(SPEAKER.replace("VOICES", str(list(voices)).replace("True", "true").replace("False", "false")))


# --- Searching ----------------------------------------------------------------------------------------------


def test_a_word_is_found_while_typing_danish_and_the_address_can_be_shared(page: Page) -> None:
    page.goto("/words")
    expect(page.locator("#deck .word")).to_have_count(100)
    page.get_by_role("searchbox").press_sequentially("en spand")
    expect(page.locator("#deck .word")).to_have_count(1)
    expect(page.locator("#deck .word")).to_contain_text(ARABIC_BUCKET)
    expect(page).to_have_url(re.compile(r"/words\?q=en(\+|%20)spand$"))
    expect(page.locator("#found")).not_to_be_empty()
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("en spand")
    expect(page.locator("#deck .word")).to_have_count(1)


def test_a_word_is_found_in_the_own_language_and_clearing_shows_all_again(page: Page) -> None:
    page.goto("/words")
    page.get_by_role("searchbox").press_sequentially(ARABIC_BUCKET.split()[0])
    expect(page.locator("#deck .word")).to_have_count(1)
    expect(page.locator("#deck .word")).to_contain_text("spand")
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#deck .word")).to_have_count(100)


def test_without_script_one_presses_search_and_hears_with_the_browsers_player(
    new_context: CreateContextCallback, live_server: LiveServer, live_cast: Cast, enter: Enter
) -> None:
    context = new_context(base_url=live_server.url, java_script_enabled=False)
    enter(context, live_cast.yusuf, "ar")
    page = context.new_page()
    page.goto("/words")
    page.get_by_role("searchbox").fill("en spand")
    page.locator("form[role=search] button").click()
    page.locator("#deck .word").click()
    expect(page).to_have_url(re.compile("/words/spand$"))
    expect(page.locator("word-sound audio")).to_have_count(2)
    for player in page.locator("word-sound audio").all():
        expect(player).to_be_visible()
    expect(page.locator("word-sound button, listen-button").locator("visible=true")).to_have_count(0)


# --- Hearing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "file"), [(0, "spand.opus"), (1, "spand-slow.opus")])
def test_a_sound_button_plays_its_file_to_the_end(page: Page, place: int, file: str) -> None:
    page.goto("/words/spand")
    page.evaluate(
        """() => {
          for (const name of ["play", "ended"])
            window[name] = new Promise((tell) => {
              document.addEventListener(name, (event) => tell(event.target.currentSrc), true);
              setTimeout(() => tell("never"), 20000);
            });
        }"""
    )
    button = page.locator("word-sound button").nth(place)
    button.click()
    assert page.evaluate("window.play").endswith(f"/sounds/da/{file}")
    assert page.evaluate("window.ended").endswith(f"/sounds/da/{file}")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_one_sound_stops_the_other_and_a_second_press_stops_itself(page: Page) -> None:
    page.goto("/words/spand")
    page.evaluate("for (const player of document.querySelectorAll('audio')) player.loop = true")
    normal, slow = page.locator("word-sound button").all()
    normal.click()
    expect(normal).to_have_attribute("aria-pressed", "true")
    slow.click()
    expect(normal).to_have_attribute("aria-pressed", "false")
    expect(slow).to_have_attribute("aria-pressed", "true")
    slow.click()
    expect(slow).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("[...document.querySelectorAll('audio')].every((player) => player.paused)")


def test_sounds_are_not_fetched_before_somebody_wants_them(page: Page) -> None:
    wanted: list[str] = []
    page.on("request", lambda request: wanted.append(request.url))
    page.goto("/words/spand")
    page.wait_for_load_state("networkidle")
    assert any(address.endswith("app.js") for address in wanted)
    assert not any(address.endswith((".mp3", ".opus")) for address in wanted)


# --- Listening to a card ------------------------------------------------------------------------------------


def test_without_any_voice_there_is_no_listen_button(page: Page) -> None:
    page.goto("/words/spand")
    page.evaluate(IS_READY)
    expect(page.locator("listen-button")).to_be_hidden()


def test_a_voice_of_another_language_does_not_bring_the_button(page: Page) -> None:
    give_voices(page, DANISH)
    page.goto("/words/spand")
    page.evaluate(IS_READY)
    expect(page.locator("listen-button")).to_be_hidden()


def test_a_card_is_read_piece_by_piece_each_in_its_language(page: Page) -> None:
    give_voices(page, ARABIC, DANISH)
    page.goto("/words/spand")
    button = page.locator("listen-button button")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.spoken") == [
        ["da-DK", "Freja", "en spand"],
        ["ar-SA", "Layla", ARABIC_BUCKET],
        ["da-DK", "Freja", WORDS["spand"].example],
        ["ar-SA", "Layla", WORDS["spand"].meaning("ar").example],
    ]


def test_what_no_voice_can_say_is_left_out(page: Page) -> None:
    give_voices(page, ARABIC)
    page.goto("/words/spand")
    page.locator("listen-button button").click()
    assert page.evaluate("window.spoken") == [
        ["ar-SA", "Layla", ARABIC_BUCKET],
        ["ar-SA", "Layla", WORDS["spand"].meaning("ar").example],
    ]


def test_a_second_press_stops_and_the_end_does_too(page: Page) -> None:
    give_voices(page, ARABIC)
    page.goto("/words/spand")
    button = page.locator("listen-button button")
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("window.spoken.at(-1)") == "silence"
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.evaluate("window.last.onend()")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_voices_that_come_late_bring_the_button(page: Page) -> None:
    give_voices(page)
    page.goto("/words/spand")
    page.evaluate(IS_READY)
    expect(page.locator("listen-button")).to_be_hidden()
    page.evaluate(
        "([voice]) => { window.voices = [voice]; speechSynthesis.dispatchEvent(new Event('voiceschanged')) }", [ARABIC]
    )
    expect(page.locator("listen-button")).to_be_visible()


def test_a_voice_on_the_phone_goes_before_one_from_the_network(page: Page) -> None:
    give_voices(page, {**ARABIC, "name": "far away", "localService": False}, ARABIC)
    page.goto("/words/spand")
    page.locator("listen-button button").click()
    assert page.evaluate("window.spoken[0][1]") == "Layla"


def test_a_voice_that_is_named_but_missing_takes_the_button_away(page: Page) -> None:
    give_voices(page, ARABIC)
    page.goto("/words/spand")
    page.evaluate("window.refuses = true")
    page.locator("listen-button button").click()
    expect(page.locator("listen-button")).to_be_hidden()
    page.evaluate("speechSynthesis.dispatchEvent(new Event('voiceschanged'))")
    expect(page.locator("listen-button")).to_be_hidden()


# --- Order and room -----------------------------------------------------------------------------------------

PLACES = """(selector) => {
  const element = document.querySelector(selector);
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const places = [];
  while (walker.nextNode()) for (let at = 0; at < walker.currentNode.length; at++) {
    const range = document.createRange();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + 1);
    const { left, top, width } = range.getBoundingClientRect();
    if (width) places.push([Math.round(top), left]);
  }
  return places;
}"""


@pytest.mark.parametrize("selector", [".word-card .danish-word bdi", ".word-card .under bdi"])
def test_danish_runs_from_left_to_right_inside_an_arabic_page(page: Page, selector: str) -> None:
    page.goto("/words/spand")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    lines: dict[int, list[float]] = {}
    for top, left in page.evaluate(PLACES, selector):
        lines.setdefault(top, []).append(left)
    assert sum(map(len, lines.values())) >= len("en spand")
    for line in lines.values():
        assert line == sorted(line)


def test_the_danish_tag_stands_where_an_arabic_reader_begins(page: Page) -> None:
    page.goto("/words/spand")
    tag = page.locator(".word-card .under .tag").bounding_box()
    line = page.locator(".word-card .under bdi").bounding_box()
    assert tag
    assert line
    assert tag["x"] >= line["x"] + line["width"]


@pytest.mark.parametrize("language", ["da", "ar", "uk", "ti", "ku"])
@pytest.mark.parametrize(
    "address", ["/words", "/words/sikkerhedssko", "/words/kan_du_gentage_det", "/practice", "/practice/wishes"]
)
def test_nothing_is_wider_than_a_very_small_phone(
    phone: BrowserContext, live_cast: Cast, enter: Enter, language: str, address: str
) -> None:
    enter(phone, live_cast.yusuf, language)
    page = phone.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(("language", "scheme"), [("da", "light"), ("ar", "light"), ("ti", "dark")])
@pytest.mark.parametrize("address", ["/words", "/words?q=zzzz", "/words/spand", "/words/mandag"])
def test_axe_finds_nothing(
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
    give_voices(page, {**ARABIC, "lang": language})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert axe_findings(page) == []
