"""Journeys through practice on a small phone: flight mode, a mentor's word, keyboard only, names for screen readers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from sqlalchemy import Engine, delete, select

from citizen_app.db import writing_session
from citizen_app.practice.models import Learner, WordAnswer, WordCard, WordUse
from citizen_app.practice.rules import CardState, Wishes, todays_cards
from citizen_app.sounds.models import Recording
from citizen_app.words.models import OwnWord, WordPhoto
from citizen_app.words.queries import shipped, shipped_deck
from tests.cast import Cast
from tests.conftest import LiveServer
from tests.town import photo, voice

Enter = Callable[..., None]
WORDS = shipped()
CONTROLLED = "navigator.serviceWorker.ready.then(() => null)"
# Waits inside the page, since the content policy forbids Playwright's own polling there.
UNTIL_KEPT = """async (count) => {
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise((go) => setTimeout(go, 100))) {
    const kept = await (await caches.open("citizen-words")).keys();
    if (kept.length >= count) return kept.length;
  }
  throw new Error("the words were not stored");
}"""
WAITING = """async () => {
  const store = await import(document.querySelector("script[type=module]").src.replace("app.js", "word-store.js"));
  const pack = await store.keptPack();
  return (await store.keptAnswers(pack.learner)).filter((answer) => !answer.sent).length;
}"""
HAS_NAME = """(one) =>
  one.ariaLabel || one.textContent.trim() || one.querySelector("img")?.alt || one.labels?.[0]?.textContent"""
DANISH_VOICE = """
  window.spoken = [];
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const speaker = new EventTarget();
  speaker.getVoices = () => [{ name: "Freja", lang: "da-DK", localService: true }];
  speaker.cancel = () => undefined;
  speaker.speak = (utterance) => { window.spoken.push(utterance.text); setTimeout(() => utterance.onend?.(), 0); };
  Object.defineProperty(window, "speechSynthesis", { value: speaker });
"""


@pytest.fixture(autouse=True)
def nothing_learnt(live_engine: Engine) -> Iterator[None]:
    """Every journey begins with an empty log and no words of one's own."""
    yield
    with writing_session(live_engine) as session:
        for table in (WordAnswer, WordCard, WordUse, Learner, OwnWord, WordPhoto, Recording):
            session.execute(delete(table))
        session.commit()


@pytest.fixture
def page(phone: BrowserContext, live_cast: Cast, enter: Enter) -> Page:
    """The phone of a citizen who reads Arabic, with the service worker at work."""
    enter(phone, live_cast.yusuf, "ar")
    page = phone.new_page()
    page.goto("/about")
    page.evaluate(CONTROLLED)
    return page


def learn(engine: Engine, person: int, *keys: str, days_ago: int = 3) -> None:
    """Let somebody have begun some words, which are due now."""
    now = datetime.now(UTC)
    with writing_session(engine) as session:
        municipality = session.scalars(select(Learner.municipality_id)).first() or 1
        for key in keys:
            session.merge(
                WordCard(
                    municipality_id=municipality,
                    person_id=person,
                    word_key=key,
                    due_at=now - timedelta(days=1),
                    stability=2.3,
                    difficulty=5.0,
                    begun_at=now - timedelta(days=days_ago),
                    answered_at=now - timedelta(days=days_ago),
                )
            )
        session.commit()


def log_of(engine: Engine, person: int) -> list[WordAnswer]:
    with writing_session(engine) as session:
        return list(session.scalars(select(WordAnswer).filter_by(person_id=person).order_by(WordAnswer.answered_at)))


def log_with(page: Page, engine: Engine, person: int, count: int) -> list[WordAnswer]:
    """Return the log once so many answers have arrived; they are sent while the next card is shown."""
    for _try in range(100):
        if len(log_of(engine, person)) >= count:
            break
        page.wait_for_timeout(100)
    return log_of(engine, person)


def do_card(page: Page, *, knew: bool = True) -> str:
    """Do the exercise that is shown, whatever it is, and answer; returns the word."""
    expect(page.locator(".ask")).to_be_visible()
    before = page.locator("[data-now]").inner_text()
    choices = page.locator("[data-choose]:visible")
    if choices.count():
        choices.first.click()
    lemma = page.locator("[data-lemma]").inner_text()
    page.locator(f"[data-knew={'yes' if knew else 'no'}]").click()
    expect(page.locator("[data-now]").or_(page.locator(".empty h2"))).not_to_have_text(before)
    return lemma


# --- Flight mode --------------------------------------------------------------------------------------------


def test_ten_cards_in_arabic_with_the_network_gone_in_the_middle(
    page: Page, live_engine: Engine, live_cast: Cast
) -> None:
    learn(live_engine, live_cast.yusuf, *(word.key for word in shipped_deck("core")[:8]))
    page.goto("/practice/session")
    expect(page.locator("[data-all]")).to_have_text("10")
    done = [do_card(page) for _card in range(4)]
    for _try in range(100):
        if page.evaluate(WAITING) == 0:
            break
        page.wait_for_timeout(100)
    page.context.set_offline(True)
    done += [do_card(page) for _card in range(6)]
    expect(page.locator("[data-waiting]")).to_be_visible()
    assert page.evaluate(WAITING) == 6  # the first four have arrived
    page.context.set_offline(False)
    expect(page.locator("word-practice h2")).to_be_visible()
    log = log_with(page, live_engine, live_cast.yusuf, 10)
    assert len(log) == len({answer.id for answer in log}) == 10
    assert [WORDS[answer.word_key].lemma for answer in log] == done
    page.goto("/practice")  # sends again whatever it thinks is waiting
    page.wait_for_load_state("networkidle")
    assert len(log_of(live_engine, live_cast.yusuf)) == 10


def test_after_one_visit_all_hundred_words_show_and_play_in_flight_mode(page: Page) -> None:
    page.goto("/practice")
    files = {word.picture for word in shipped_deck("core")}
    assert page.evaluate(UNTIL_KEPT, len(files) + 200) == len(files) + 200
    page.context.set_offline(True)
    page.goto("/words")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.locator("word-shelf .word")).to_have_count(100)
    shown = page.evaluate(
        """async () => {
          const images = [...document.querySelectorAll("word-shelf img")];
          for (const image of images) { image.loading = "eager"; await image.decode(); }
          return images.filter((image) => image.naturalWidth > 0).length;
        }"""
    )
    assert shown == 100
    played = page.evaluate(
        """async () => {
          const base = document.querySelector("script[type=module]").src;
          const { keptPack } = await import(base.replace("app.js", "word-store.js"));
          const { soundFiles } = await import(base.replace("app.js", "word-pack.js"));
          let played = 0;
          for (const word of (await keptPack()).words) {
            for (const address of soundFiles(word)) {
              const player = new Audio(address);
              player.muted = true;
              await player.play();
              played += 1;
              player.pause();
            }
          }
          return played;
        }"""
    )
    assert played == 200
    page.locator("word-shelf summary").first.click()
    expect(page.locator("word-shelf details[open] [data-play]").first).to_be_visible()
    page.locator("[data-pocket-start] a").click()
    expect(page.locator(".ask")).to_be_visible()
    do_card(page)


def test_what_is_answered_in_flight_mode_is_sent_at_the_next_visit(
    page: Page, live_engine: Engine, live_cast: Cast
) -> None:
    page.goto("/practice")
    page.evaluate(UNTIL_KEPT, 200)
    page.context.set_offline(True)
    page.goto("/practice/session")
    for _card in range(5):
        do_card(page)
    page.goto("/practice/session")
    expect(page.locator(".empty")).to_be_visible()  # the phone knows by itself that the five are done
    assert log_of(live_engine, live_cast.yusuf) == []
    page.context.set_offline(False)
    page.goto("/goals")
    page.wait_for_load_state("networkidle")
    assert {answer.word_key for answer in log_with(page, live_engine, live_cast.yusuf, 5)} == {
        word.key for word in shipped_deck("core")[:5]
    }


def test_the_next_person_on_a_phone_finds_no_words_of_the_one_before(page: Page) -> None:
    page.goto("/practice")
    page.evaluate(UNTIL_KEPT, 200)
    page.context.clear_cookies()
    page.goto("/sign-in")
    gone = """async () => {
      const store = await import(document.querySelector("script[type=module]").src.replace("app.js", "word-store.js"));
      for (let tries = 0; tries < 100; tries++, await new Promise((go) => setTimeout(go, 50)))
        if (!(await store.keptPack()) && !(await caches.has("citizen-words"))) return true;
      return false;
    }"""
    assert page.evaluate(gone)


def test_a_phone_whose_clock_is_years_off_practises_what_is_due_today(
    page: Page, live_engine: Engine, live_cast: Cast
) -> None:
    learn(live_engine, live_cast.yusuf, "spand", "kost")
    page.context.add_init_script("const real = Date.now; Date.now = () => real() - 3e11;")
    page.goto("/practice/session")
    done = {do_card(page) for _card in range(7)}
    assert {"spand", "kost"} <= done
    log = log_with(page, live_engine, live_cast.yusuf, 7)
    assert all(abs(answer.answered_at - datetime.now(UTC)) < timedelta(minutes=2) for answer in log)


# --- Choosing the same cards as the server ------------------------------------------------------------------


def test_the_phone_chooses_the_cards_that_the_server_would(page: Page) -> None:
    """The same states and queue, many times over, through both."""
    page.goto("/practice")
    module = page.evaluate('document.querySelector("script[type=module]").src').replace("app.js", "word-pack.js")
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    midnight = datetime(2026, 11, 24, 23, tzinfo=UTC)

    def milliseconds(moment: datetime) -> int:
        return int(moment.timestamp() * 1000)

    hours = st.integers(-60 * 24, 10 * 24)
    states = st.dictionaries(
        st.sampled_from([f"w{number}" for number in range(30)]), st.tuples(hours, hours, hours), max_size=25
    )

    @settings(max_examples=40, deadline=None)
    @given(states, st.integers(0, 20), st.sampled_from([3, 5, 10]))
    def same(hours: dict[str, tuple[int, int, int]], new: int, new_a_day: int) -> None:
        cards = {}
        for key, (due, one, other) in hours.items():
            begun, answered = sorted((min(one, 0), min(other, 0)))
            moments = [now + timedelta(hours=hour) for hour in (due, begun, answered)]
            cards[key] = CardState(moments[0], 1.0, 5.0, moments[1], moments[2], None)
        queue = [f"w{number}" for number in range(30, 30 + new)]
        wishes = Wishes(new_a_day=new_a_day, due_a_day=2 * new_a_day)
        pack = {
            "wishes": {"new": wishes.new_a_day, "due": wishes.due_a_day},
            "midnight": milliseconds(midnight),
            "queue": queue,
            "fresh": [2, 1],
            "words": [
                {
                    "key": key,
                    "card": {
                        "due_at": milliseconds(card.due_at),
                        "begun_at": milliseconds(card.begun_at),
                        "answered_at": milliseconds(card.answered_at),
                        "days": [2, 1],
                    },
                }
                for key, card in cards.items()
            ],
        }
        chosen = page.evaluate(
            "async ([module, pack, now]) => (await import(module)).todaysCards(pack, [], now)",
            [module, pack, milliseconds(now)],
        )
        assert chosen == todays_cards(cards, queue, wishes, now, midnight)

    same()


# --- Every exercise -----------------------------------------------------------------------------------------


def show_exercise(page: Page, key: str, exercise: str) -> Locator:
    """Have one word shown in one kind of exercise."""
    page.goto("/practice/session")
    expect(page.locator(".ask")).to_be_visible()
    page.evaluate(
        """([key, exercise]) => {
          const session = document.querySelector("word-practice");
          session.cards = [{ key, again: true }];
          session.exerciseWanted = exercise;
          session.next();
        }""",
        [key, exercise],
    )
    expect(page.locator(f"[data-ask={exercise}]")).to_be_visible()
    return page.locator("word-practice")


@pytest.mark.parametrize("exercise", ["see", "listen", "meaning"])
def test_a_choice_shows_three_that_differ_and_names_for_all(page: Page, exercise: str) -> None:
    show_exercise(page, "spand", exercise)
    choices = page.locator("[data-choose]")
    expect(choices).to_have_count(3)
    names = [
        choice.evaluate("(one) => one.textContent.trim() || one.querySelector('img').alt") for choice in choices.all()
    ]
    assert len(set(names)) == 3
    assert all(names)
    right = "en spand" if exercise != "listen" else WORDS["spand"].meaning("ar").text
    assert right in names
    choices.nth(names.index(right)).click()
    expect(page.locator("[data-right]")).to_be_visible()
    expect(page.locator(".answers .button-main")).to_have_attribute("data-knew", "yes")
    expect(page.locator(".answers .button-main")).to_be_focused()


def test_a_wrong_choice_shows_the_word_kindly(page: Page) -> None:
    show_exercise(page, "spand", "meaning")
    page.locator("[data-choose]").filter(has_not_text="spand").first.click()
    expect(page.locator("[data-wrong]")).to_be_visible()
    expect(page.locator("[data-lemma]")).to_have_text("spand")
    expect(page.locator(".answers .button-main")).to_have_attribute("data-knew", "no")


def test_a_sentence_is_put_in_order_by_pressing(page: Page) -> None:
    page.context.add_init_script(DANISH_VOICE)
    show_exercise(page, "spand", "order")
    pieces = WORDS["spand"].example.split()
    expect(page.locator("[data-pile] .chip")).to_have_count(len(pieces))
    page.locator("[data-pile] .chip").first.click()
    page.locator("[data-undo]").click()
    for piece in pieces:
        page.locator("[data-pile] .chip").get_by_text(piece, exact=True).first.click()
    expect(page.locator("[data-right]")).to_be_visible()
    assert page.evaluate("window.spoken").count(pieces[-1]) >= 1  # each piece is heard, too


def test_one_says_the_word_and_hears_both_and_the_voice_stays_on_the_phone(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    show_exercise(page, "spand", "say")
    sent.clear()
    page.locator("[data-record]").click()
    expect(page.locator("[data-record]")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(600)
    page.locator("[data-record]").click()
    expect(page.locator("[data-mine]")).to_be_visible()
    assert "POST" not in sent


@pytest.mark.parametrize(("typed", "is_right"), [("spand", True), ("EN SPAND ", True), ("kost", False)])
def test_a_word_is_written_and_forgiven_capitals(page: Page, typed: str, is_right: bool) -> None:
    show_exercise(page, "spand", "type")
    page.locator("#typed").fill(typed)
    page.locator("#typed").press("Enter")
    expect(page.locator("[data-right]" if is_right else "[data-wrong]")).to_be_visible()


def test_a_foreign_keyboard_has_the_danish_letters(page: Page) -> None:
    show_exercise(page, "oeje", "type")
    page.locator("[data-letter=ø]").click()
    page.locator("#typed").press_sequentially("je")
    page.locator("#typed").press("Enter")
    expect(page.locator("[data-right]")).to_be_visible()


def test_the_card_says_whose_voice_it_is(page: Page) -> None:
    show_exercise(page, "spand", "meet")
    expect(page.locator("[data-voice=computer]")).to_be_visible()
    page.context.add_init_script(DANISH_VOICE)
    show_exercise(page, "spand", "meet")
    expect(page.locator("[data-voice=device]")).to_be_visible()
    page.locator("[data-play=normal]").click()
    assert page.evaluate("window.spoken.at(-1)") == "en spand"


def test_a_meaning_can_be_heard_or_else_seen_by_who_cannot_read(page: Page) -> None:
    show_exercise(page, "spand", "meaning")
    expect(page.locator("[data-part=picture] img")).to_be_visible()
    page.context.add_init_script(DANISH_VOICE.replace("da-DK", "ar-SA"))
    show_exercise(page, "spand", "meaning")
    expect(page.locator("[data-part=picture]")).to_be_hidden()
    page.locator("[data-hear-own]").click()
    assert page.evaluate("window.spoken.at(-1)") == WORDS["spand"].meaning("ar").text


def test_a_missed_word_comes_once_more_and_the_end_says_what_went_well(
    page: Page, live_engine: Engine, live_cast: Cast
) -> None:
    page.goto("/practice/session")
    missed = do_card(page, knew=False)
    seen = [do_card(page) for _card in range(5)]
    assert seen[-1] == missed
    expect(page.locator(".empty [data-words]")).to_contain_text(seen[0])
    assert not re.search(r"\d", page.locator(".empty").inner_text())
    assert len(log_with(page, live_engine, live_cast.yusuf, 6)) == 6


# --- Keyboard and screen reader -----------------------------------------------------------------------------


def test_a_whole_session_goes_by_keyboard_alone(page: Page, live_engine: Engine, live_cast: Cast) -> None:
    learn(live_engine, live_cast.yusuf, "spand", "kost", "klud")
    page.goto("/practice")
    page.locator("a[href='/practice/session']").press("Enter")
    expect(page.locator(".ask")).to_be_focused()

    def press_until(selector: str) -> None:
        for _tab in range(25):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement?.matches(selector) ?? false", selector):
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"{selector} cannot be reached")

    for _card in range(20):
        expect(page.locator(".ask").or_(page.locator(".empty h2"))).to_be_focused()
        if page.locator(".empty").count():
            break
        if page.locator("[data-choose]:visible").count():
            press_until("[data-choose]")
            expect(page.locator(".answers .button-main")).to_be_focused()
            page.keyboard.press("Enter")
        else:
            press_until("[data-knew=yes]")
    expect(page.locator(".empty h2")).to_be_focused()
    assert len({answer.word_key for answer in log_with(page, live_engine, live_cast.yusuf, 8)}) == 8


@pytest.mark.parametrize("exercise", ["meet", "see", "listen", "meaning", "order", "say", "type"])
@pytest.mark.parametrize(("language", "scheme"), [("ar", "light"), ("da", "light"), ("ti", "dark")])
def test_axe_finds_nothing_and_everything_has_a_name(
    phone: BrowserContext,
    live_cast: Cast,
    enter: Enter,
    axe_findings: Callable[[Page], list[Any]],
    exercise: str,
    language: str,
    scheme: Any,
) -> None:
    enter(phone, live_cast.yusuf, language)
    page = phone.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 640})
    session = show_exercise(page, "spand", exercise)
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for button in session.locator("button:visible, a:visible, input:visible").all():
        assert button.evaluate(HAS_NAME)


# --- A word from the workplace ------------------------------------------------------------------------------


def test_a_word_recorded_by_a_mentor_at_work_reaches_the_learner(
    new_context: CreateContextCallback,
    live_server: LiveServer,
    live_engine: Engine,
    live_cast: Cast,
    enter: Enter,
    phone: BrowserContext,
    desk: BrowserContext,
) -> None:
    mentor = new_context(base_url=live_server.url, viewport={"width": 360, "height": 740})
    enter(mentor, live_cast.jens, "da")
    at_work = mentor.new_page()
    at_work.goto("/mentor")
    at_work.locator(f"a[href='/mentor/people/{live_cast.selam}/words']").click()
    at_work.locator(f"a[href='/words/new/{live_cast.selam}']").click()
    at_work.locator("[name=photo]").set_input_files({"name": "p.png", "mimeType": "image/png", "buffer": photo()})
    at_work.locator("[name=lemma]").fill("piskeris")
    at_work.locator("[data-record]").click()
    at_work.wait_for_timeout(1500)
    if at_work.locator("[data-record][aria-pressed=true]").count():
        at_work.locator("[data-record]").click()
    expect(at_work.locator("[data-hear]")).to_be_visible()
    at_work.locator("[name=consent]").check()
    at_work.locator("main form button.button-main").click()
    expect(at_work.locator("#notice .notice")).to_be_visible()

    enter(desk, live_cast.mette, "da")
    office = desk.new_page()
    office.goto("/staff")
    office.locator("main a[href='/staff/words']").click()
    office.locator("a[href^='/staff/words/suggestions/']").click()
    expect(office.locator("audio")).to_be_visible()
    office.locator("[name=article][value=et]").check()
    office.locator("[name=example]").fill("Hent et piskeris.")
    office.locator("[value=approve]").click()
    expect(office.locator("#notice .notice")).to_be_visible()

    enter(phone, live_cast.selam, "en")
    learner = phone.new_page()
    learner.goto("/practice/session")
    expect(learner.locator("[data-lemma]")).to_have_text("piskeris")
    expect(learner.locator("[data-article]")).to_have_text("et")
    expect(learner.locator("[data-voice=human]")).to_contain_text("Jens")
    picture = learner.locator("[data-part=picture] img")
    expect(picture).to_have_attribute("src", re.compile("^/words/photos/"))
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth }") > 0
    heard = "async (path) => (await (await fetch(path)).blob()).size"
    with writing_session(live_engine) as session:
        recording = session.scalars(select(Recording)).one()
    assert learner.evaluate(heard, f"/words/recordings/{recording.id}.opus") == len(recording.opus)


def test_in_the_studio_one_word_follows_the_other(
    desk: BrowserContext, live_cast: Cast, live_engine: Engine, enter: Enter
) -> None:
    enter(desk, live_cast.karen, "da")
    page = desk.new_page()
    page.goto("/staff/words/studio/core")
    page.locator("[name=speaker]").fill("Karen")
    page.locator("[name=consent]").check()
    page.locator("main form button").click()
    for word in shipped_deck("core")[:3]:
        expect(page.locator(".danish-word")).to_have_text(word.with_article)
        expect(page.locator("[data-record]")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_timeout(1200)
        if page.locator("[data-record][aria-pressed=true]").count():
            page.keyboard.press("Enter")
    expect(page.locator(".danish-word")).to_have_text(shipped_deck("core")[3].with_article)
    with writing_session(live_engine) as session:
        made = {row.word_key: (row.speaker, row.milliseconds) for row in session.scalars(select(Recording))}
    assert set(made) == {word.key for word in shipped_deck("core")[:3]}
    assert all(speaker == "Karen" and 0 < length < 10_000 for speaker, length in made.values())


def test_a_learners_word_is_sent_by_a_plain_form_without_script(
    new_context: CreateContextCallback, live_server: LiveServer, live_cast: Cast, live_engine: Engine, enter: Enter
) -> None:
    context = new_context(base_url=live_server.url, java_script_enabled=False)
    enter(context, live_cast.yusuf, "ar")
    page = context.new_page()
    page.goto("/practice")
    page.locator(f"a[href='/words/new/{live_cast.yusuf}']").click()
    page.locator("[name=sound]").set_input_files({"name": "v.wav", "mimeType": "audio/wav", "buffer": voice()})
    page.locator("[name=consent]").check()
    page.locator("main form button.button-main").click()
    expect(page.locator("#notice .notice")).to_be_visible()
    with writing_session(live_engine) as session:
        row = session.scalars(select(OwnWord)).one()
    assert (row.lemma, row.status, row.citizen_id) == ("", "suggested", live_cast.yusuf)


def test_an_answer_is_kept_once_though_its_receipt_is_lost(page: Page, live_engine: Engine, live_cast: Cast) -> None:
    """The server takes the answers, but the phone never hears of it and sends them again."""
    page.goto("/practice/session")
    lost: list[str] = []

    def lose(route: Any) -> None:
        route.fetch()
        lost.append(route.request.post_data)
        route.abort()

    page.route("**/practice/answers", lose)
    do_card(page)
    do_card(page)
    for _try in range(50):
        if len(lost) >= 2:
            break
        page.wait_for_timeout(100)
    page.unroute("**/practice/answers")
    page.goto("/practice")
    page.wait_for_load_state("networkidle")
    for _try in range(50):
        if page.evaluate(WAITING) == 0:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(WAITING) == 0
    assert len(json.loads(lost[-1])) >= 1
    assert len(log_of(live_engine, live_cast.yusuf)) == 2


def test_answers_to_a_word_that_has_gone_do_not_hold_up_the_others(
    page: Page, live_engine: Engine, live_cast: Cast
) -> None:
    page.goto("/practice")
    page.evaluate(UNTIL_KEPT, 100)
    page.evaluate(
        """async ([learner, id]) => {
          const base = document.querySelector("script[type=module]").src;
          const store = await import(base.replace("app.js", "word-store.js"));
          const at = Date.now();
          await store.keepAnswer({ id: `${id}00`, word: "w-gone", knew: true, exercise: "see", at, learner });
          await store.keepAnswer({ id: `${id}01`, word: "spand", knew: true, exercise: "see", at: at + 1, learner });
        }""",
        [live_cast.yusuf, uuid4().hex[:30]],
    )
    page.goto("/practice")
    for _try in range(50):
        if log_of(live_engine, live_cast.yusuf) and page.evaluate(WAITING) == 0:
            break
        page.wait_for_timeout(100)
    assert [answer.word_key for answer in log_of(live_engine, live_cast.yusuf)] == ["spand"]
    assert page.evaluate(WAITING) == 0
