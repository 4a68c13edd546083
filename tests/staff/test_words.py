"""Words for staff: decks and translations read over, words taken in from workplaces, and what a citizen knows."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from PIL import Image
from sqlalchemy import func, select

from citizen_app.people.models import AccessLogEntry
from citizen_app.people.queries import own_subject
from citizen_app.practice.actions import GivenAnswer, mark_used, record_answers
from citizen_app.practice.queries import wishes_of
from citizen_app.practice.rules import Wishes
from citizen_app.web.locale import direction
from citizen_app.words.actions import Brought, suggest_word
from citizen_app.words.models import OwnWord, WordMeaning, WordPhoto
from citizen_app.words.queries import said, shipped, shipped_deck
from citizen_app.words.rules import DECKS, MEANING_LANGUAGES
from tests.plan import HTMX, ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SPAND = "/staff/words/languages/ar/spand"
ACCEPTED = {"text": "دلو", "example": "الدلو ممتلئ."}


def photo(colour: str = "teal", side: int = 700) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (side, side // 2), colour).save(made, "JPEG")
    return made.getvalue()


def upload(content: bytes, name: str = "photo") -> dict[str, Any]:
    return {name: (io.BytesIO(content), "IMG_1.jpg")}


def suggest(plan: Plan, name: str = "selam", **brought: Any) -> OwnWord:
    """Let a citizen bring in a word from her workplace."""
    actor = plan.actor(name)
    word = suggest_word(plan.session, actor, own_subject(actor), Brought(**{"lemma": "piskeris"} | brought), plan.now)
    plan.session.commit()
    return word


def count(plan: Plan, table: Any) -> int:
    found: int = plan.all(select(func.count()).select_from(table))[0][0]
    return found


# --- Decks --------------------------------------------------------------------------------------------------


def test_the_overview_has_every_deck_and_counts_what_a_speaker_has_read_over(
    mette: FlaskClient, client_of: ClientOf
) -> None:
    def counts(client: FlaskClient) -> dict[str, str]:
        found = r'/staff/words/languages/(\w+)">.*?<bdi dir="ltr">(\d+ / \d+)</bdi>'
        return dict(re.findall(found, client.get("/staff/words").text))

    page = mette.get("/staff/words").text
    assert re.findall(r'href="/staff/words/decks/(\w+)"', page) == list(DECKS)
    assert page.count("26 words · 0 recorded by a person") == 8
    assert counts(mette) == dict.fromkeys(MEANING_LANGUAGES, "0 / 308")
    mette.post(SPAND, data=ACCEPTED)
    assert counts(mette) == dict.fromkeys(MEANING_LANGUAGES, "0 / 308") | {"ar": "1 / 308"}
    assert counts(client_of("anders"))["ar"] == "0 / 308"


@ON_SQLITE
@pytest.mark.parametrize(("language", "side"), [("uk", "ltr"), ("fa", "rtl"), ("en", "ltr")])
def test_a_deck_shows_each_word_with_its_meaning_in_the_wished_language(
    mette: FlaskClient, language: str, side: str
) -> None:
    page = mette.get(f"/staff/words/decks/cleaning?language={language}").text
    for word in shipped_deck("cleaning"):
        assert f'href="/staff/words/edit/{word.key}"><strong>{escape(word.with_article)}</strong>' in page
        assert f'<td lang="{language}"><bdi dir="{side}">{escape(word.meaning(language).text)}</bdi>' in page
    assert page.count("Not read over yet") == 26


@ON_SQLITE
def test_a_language_that_is_not_there_leaves_the_usual_one(mette: FlaskClient) -> None:
    assert '<option value="ar" selected>' in mette.get("/staff/words/decks/core?language=xx").text


@ON_SQLITE
@pytest.mark.parametrize(
    "address",
    ["decks/nothing", "decks/workplace", "edit/nothing", "languages/xx", "languages/da", "languages/ar?deck=nothing"],
)
def test_what_is_not_there_is_not_found(mette: FlaskClient, address: str) -> None:
    assert mette.get(f"/staff/words/{address}").status_code == 404


@pytest.mark.parametrize("name", ["selam", "jens"])
def test_the_pages_about_decks_are_for_staff(plan: Plan, client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    for address in ("", "/decks/core", "/edit/spand", "/languages/ar"):
        assert client.get(f"/staff/words{address}").status_code == 403
    assert client.post("/staff/words/edit/spand", data=upload(photo())).status_code == 403
    assert client.post("/staff/words/edit/spand/photo/remove").status_code == 403
    assert client.post(SPAND, data=ACCEPTED).status_code == 403
    assert (count(plan, WordPhoto), count(plan, WordMeaning)) == (0, 0)


# --- One word and its photo ---------------------------------------------------------------------------------


@ON_SQLITE
def test_a_words_page_shows_what_it_means_everywhere(mette: FlaskClient) -> None:
    page = mette.get("/staff/words/edit/spand").text
    for language in MEANING_LANGUAGES:
        meaning = shipped()["spand"].meaning(language)
        for text in (meaning.text, meaning.example):
            assert f'<bdi dir="{direction(language)}">{escape(text)}</bdi>' in page
    assert "A computer voice says the word." in page


def test_a_photo_stands_before_the_drawing_until_it_is_removed(
    plan: Plan, mette: FlaskClient, client_of: ClientOf
) -> None:
    answer = mette.post("/staff/words/edit/spand", data=upload(photo()))
    assert (answer.status_code, answer.location) == (303, "/staff/words/edit/spand")
    page = mette.get(answer.location).text
    assert "Saved." in page
    address = re.findall(r'src="(/words/photos/\d+\.jpg)"', page)[0]
    kept = mette.get(address)
    assert kept.content_type == "image/jpeg"
    assert Image.open(io.BytesIO(kept.data)).size == (480, 240)
    assert address in client_of("yusuf").get("/words/spand").text
    anders = client_of("anders")
    assert address not in anders.get("/staff/words/edit/spand").text
    assert anders.get(address).status_code == 404
    anders.post("/staff/words/edit/spand/photo/remove")
    assert count(plan, WordPhoto) == 1
    assert mette.post("/staff/words/edit/spand/photo/remove").location == "/staff/words/edit/spand"
    assert address not in mette.get("/staff/words/edit/spand").text
    assert count(plan, WordPhoto) == 0


def test_a_newer_photo_takes_the_place_of_the_older(plan: Plan, mette: FlaskClient) -> None:
    for colour in ("teal", "red"):
        mette.post("/staff/words/edit/spand", data=upload(photo(colour)))
    kept = plan.all(select(WordPhoto.jpeg))
    assert len(kept) == 1
    red, green, _blue = Image.open(io.BytesIO(kept[0][0])).convert("RGB").resize((1, 1)).tobytes()
    assert red > 200
    assert green < 50


@ON_SQLITE
@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", photo()[:300]])
def test_a_broken_photo_is_refused_with_a_sentence(plan: Plan, mette: FlaskClient, content: bytes) -> None:
    answer = mette.post("/staff/words/edit/spand", data=upload(content))
    assert answer.status_code == 422
    assert "We cannot read this file. Choose a photo." in answer.text.split('id="photo-error"')[1]
    assert count(plan, WordPhoto) == 0


# --- Translations -------------------------------------------------------------------------------------------


def test_accepting_keeps_the_text_with_name_and_day(plan: Plan, mette: FlaskClient) -> None:
    ours = shipped()["spand"].meaning("ar")
    assert f'value="{escape(ours.text)}"' in mette.get("/staff/words/languages/ar?deck=core").text
    answer = mette.post(SPAND, data={"text": ours.text, "example": ours.example})
    assert (answer.status_code, answer.location) == (303, "/staff/words/languages/ar?deck=core#word-spand")
    columns = (WordMeaning.text, WordMeaning.example, WordMeaning.checked_by, WordMeaning.checked_on)
    assert plan.all(select(*columns)) == [(ours.text, ours.example, "Mette", datetime.now(UTC).date())]
    assert re.search(r"Mette, \d", mette.get(answer.location).text.split('id="word-spand"')[1].split("</li>")[0])
    assert mette.get("/staff/words/edit/spand").text.count("Mette, ") == 1
    assert "Checked by Mette" in mette.get("/staff/words/decks/core?language=ar").text


def test_what_is_mended_is_what_citizens_of_the_municipality_read(mette: FlaskClient, client_of: ClientOf) -> None:
    mended = {"text": "سطل أحمر", "example": "السطل الأحمر هنا."}
    mette.post(SPAND, data=mended)
    page = client_of("yusuf").get("/words/spand").text
    assert all(text in page for text in mended.values())
    assert str(escape(shipped()["spand"].meaning("ar").text)) + "</bdi>" not in page
    assert mended["text"] not in client_of("anders").get("/staff/words/edit/spand").text


def test_with_script_only_the_row_comes_back(mette: FlaskClient) -> None:
    row = mette.post(SPAND, data=ACCEPTED, headers=HTMX)
    assert row.status_code == 200
    assert row.text.lstrip().startswith('<li id="word-spand">')
    assert row.text.rstrip().endswith("</li>")
    assert f'value="{ACCEPTED["text"]}"' in row.text
    assert "Mette, " in row.text


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text": ""}, "Write what it means."),
        ({"text": "\u200f "}, "Write what it means."),
        ({"text": "x" * 81}, "This is too long. Use at most 80 letters."),
        ({"text": "x", "example": "x" * 201}, "This is too long. Use at most 200 letters."),
    ],
)
def test_a_meaning_that_cannot_be_kept_is_refused_in_its_row(
    plan: Plan, mette: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    row = mette.post(SPAND, data=typed, headers=HTMX)
    assert row.status_code == 422
    assert row.text.lstrip().startswith('<li id="word-spand">')
    assert sentence in row.text
    assert count(plan, WordMeaning) == 0


@ON_SQLITE
def test_a_refused_meaning_is_a_whole_page_without_script(mette: FlaskClient) -> None:
    answer = mette.post(SPAND, data={"text": ""})
    assert answer.status_code == 422
    assert "<html" in answer.text
    assert "Write what it means." in answer.text


@ON_SQLITE
@pytest.mark.parametrize("address", ["ar/nothing", "xx/spand", "da/spand"])
def test_a_meaning_of_nothing_is_not_found(plan: Plan, mette: FlaskClient, address: str) -> None:
    assert mette.post(f"/staff/words/languages/{address}", data=ACCEPTED, headers=HTMX).status_code == 404
    assert count(plan, WordMeaning) == 0


# --- Words from workplaces ----------------------------------------------------------------------------------

AS_IT_IS = {"decision": "approve", "lemma": "piskeris", "deck": "workplace"}
MENDED = {
    "decision": "approve",
    "lemma": "røremaskine",
    "article": "en",
    "definite": "røremaskinen",
    "example": "Røremaskinen er tændt.",
    "meaning": "መሕወሲ",
    "deck": "workplace",
}


def test_suggestions_of_own_citizens_wait_on_the_overview_and_the_morning_list(
    plan: Plan, mette: FlaskClient, client_of: ClientOf
) -> None:
    assert "waits for your yes" not in mette.get("/staff").text
    own = suggest(plan)
    foreign = suggest(plan, "yusuf", lemma="symaskine")
    page = mette.get("/staff/words").text
    assert f'href="/staff/words/suggestions/{own.id}"' in page
    assert "piskeris" in page
    assert "symaskine" not in page
    assert "1 word from a workplace waits for your yes" in mette.get("/staff").text
    plan.speak("karen", "en")
    karen = client_of("karen")
    assert f'href="/staff/words/suggestions/{foreign.id}"' in karen.get("/staff/words").text
    assert "2 words from workplaces wait for your yes" in karen.get("/staff").text
    for name in ("anders", "bodil"):
        assert "/staff/words/suggestions/" not in client_of(name).get("/staff/words").text


def test_a_word_is_approved_as_it_is_for_the_citizen_alone(plan: Plan, mette: FlaskClient, client_of: ClientOf) -> None:
    word = suggest(plan, meaning="መቐላቐሊ", photo=photo())
    address = f"/staff/words/suggestions/{word.id}"
    page = mette.get(address).text
    assert 'value="piskeris"' in page
    assert 'value="መቐላቐሊ"' in page
    assert re.search(r'src="/words/photos/\d+\.jpg"', page)
    selam, yusuf = client_of("selam"), client_of("yusuf")
    assert selam.get(f"/words/{word.key}").status_code == 404
    answer = mette.post(address, data=AS_IT_IS)
    assert (answer.status_code, answer.location) == (303, "/staff/words")
    assert "The word is approved." in mette.get(answer.location).text
    assert address not in mette.get("/staff/words").text
    shown = selam.get(f"/words/{word.key}").text
    assert "piskeris" in shown
    assert "መቐላቐሊ" in shown
    assert yusuf.get(f"/words/{word.key}").status_code == 404


def test_a_word_is_approved_as_staff_have_mended_it(plan: Plan, mette: FlaskClient, client_of: ClientOf) -> None:
    word = suggest(plan, lemma="rørmaskin")
    mette.post(f"/staff/words/suggestions/{word.id}", data=MENDED)
    page = client_of("selam").get(f"/words/{word.key}").text
    for text in (">en</span> røremaskine", "røremaskinen", "Røremaskinen er tændt.", "መሕወሲ"):
        assert text in page
    assert "rørmaskin<" not in page


def test_a_word_for_everybody_goes_into_a_deck_with_its_photo(
    plan: Plan, mette: FlaskClient, client_of: ClientOf
) -> None:
    word = suggest(plan, photo=photo())
    yusuf = client_of("yusuf")
    number = plan.all(select(WordPhoto.id))[0][0]
    assert yusuf.get(f"/words/photos/{number}.jpg").status_code == 404
    mette.post(f"/staff/words/suggestions/{word.id}", data=MENDED | {"deck": "kitchen"})
    assert f'href="/words/{word.key}"' in yusuf.get("/words/decks/kitchen").text
    assert yusuf.get(f"/words/photos/{number}.jpg").status_code == 200
    olena = client_of("olena")
    assert word.key not in olena.get("/words/decks/kitchen").text
    assert olena.get(f"/words/photos/{number}.jpg").status_code == 404


def test_a_word_is_left_out_and_its_photo_deleted(plan: Plan, mette: FlaskClient, client_of: ClientOf) -> None:
    word = suggest(plan, lemma="", photo=photo())
    assert "Said, not written" in mette.get("/staff/words").text
    answer = mette.post(f"/staff/words/suggestions/{word.id}", data={"decision": "decline"})
    assert (answer.status_code, answer.location) == (303, "/staff/words")
    assert "The word is left out." in mette.get("/staff/words").text
    assert count(plan, WordPhoto) == 0
    assert client_of("selam").get(f"/words/{word.key}").status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("mette", 404), ("anders", 404), ("selam", 403), ("jens", 403), ("bodil", 403)]
)
def test_a_word_of_somebody_elses_citizen_is_not_found(plan: Plan, client_of: ClientOf, name: str, status: int) -> None:
    word = suggest(plan, "yusuf")
    client = client_of(name)
    address = f"/staff/words/suggestions/{word.id}"
    assert client.get(address).status_code == client.post(address, data=AS_IT_IS).status_code == status
    assert plan.fresh(word).status == "suggested"


@pytest.mark.parametrize("first", [AS_IT_IS, {"decision": "decline"}])
@pytest.mark.parametrize("second", [MENDED, {"decision": "decline"}])
def test_what_a_colleague_has_decided_stays_decided(
    plan: Plan, mette: FlaskClient, client_of: ClientOf, first: dict[str, str], second: dict[str, str]
) -> None:
    word = suggest(plan)
    address = f"/staff/words/suggestions/{word.id}"
    assert client_of("karen").post(address, data=first).status_code == 303
    status = plan.fresh(word).status
    answer = mette.post(address, data=second)
    assert answer.status_code == 409
    assert "Somebody else has just decided this." in answer.text
    assert (plan.fresh(word).status, word.lemma, word.decided_by_id) == (status, "piskeris", plan.cast.karen)


def test_what_a_colleague_has_approved_for_everybody_says_so_too(
    plan: Plan, mette: FlaskClient, client_of: ClientOf
) -> None:
    word = suggest(plan)
    address = f"/staff/words/suggestions/{word.id}"
    client_of("karen").post(address, data=MENDED | {"deck": "kitchen"})
    answer = mette.post(address, data=AS_IT_IS)
    assert answer.status_code == 409
    assert "Somebody else has just decided this." in answer.text


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"lemma": ""}, "Write the word."),
        ({"example": "en to tre fire fem seks syv otte ni"}, "Use at most 8 words."),
        ({"lemma": "x" * 61}, "This is too long. Use at most 60 letters."),
        ({"article": "der"}, "We did not understand this answer. Please choose again."),
        ({"deck": "nothing"}, "We did not understand this answer. Please choose again."),
    ],
)
def test_a_word_that_cannot_be_taken_in_is_shown_again_as_typed(
    plan: Plan, mette: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    word = suggest(plan)
    answer = mette.post(f"/staff/words/suggestions/{word.id}", data=MENDED | typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{MENDED["definite"]}"' in answer.text
    assert plan.fresh(word).status == "suggested"


# --- One citizen's words ------------------------------------------------------------------------------------


def learn(plan: Plan, *, known: int, used: int) -> None:
    """Let Selam know some words since Friday ten days before this Monday, and have used some of them that day."""
    selam = plan.actor("selam")
    everything = said(plan.session, selam.municipality_id, ("da",), selam.person_id)
    local = plan.now.astimezone(COPENHAGEN)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(12), COPENHAGEN)
    friday = (monday - timedelta(days=10)).astimezone(UTC)
    for key in list(shipped())[:known]:
        moments = (friday - timedelta(days=20), friday)
        answers = [GivenAnswer(f"{key}-{at:%Y%m%d}", key, True, "see", at) for at in moments]
        record_answers(plan.session, selam, answers, everything, plan.now)
    for key in list(shipped())[:used]:
        subject = own_subject(selam)
        mark_used(plan.session, selam, subject, key, everything, day=friday.date(), is_used=True, now=plan.now)
    plan.session.commit()


def bars(page: str, kind: str) -> list[tuple[float, float]]:
    """The top and the height of each bar."""
    found = re.findall(rf'<rect class="{kind}" x="\d+" y="([-\d.]+)" width="14" height="([\d.]+)"/>', page)
    return [(float(top), float(height)) for top, height in found]


def test_a_citizens_words_are_counted_and_drawn_week_by_week(plan: Plan, mette: FlaskClient) -> None:
    address = f"/staff/citizens/{plan.cast.selam}/words"
    assert "Knows 0 words" in mette.get(address).text
    learn(plan, known=3, used=1)
    page = mette.get(address).text
    for sentence in ("Knows 3 words", "Has used 1 word at work", "Practised last on", "from 0 known words to 3"):
        assert sentence in page
    first = next(iter(shipped().values()))
    assert all(first.with_article in section for section in page.split("<section")[2:4])
    assert bars(page, "known") == [(130.0, 0.0)] * 9 + [(94.0, 36.0)] * 3
    assert bars(page, "used") == [(130.0, 0.0)] * 9 + [(118.0, 12.0)] * 3


@ON_SQLITE
def test_every_bar_stands_on_its_line_when_more_words_are_used_than_known(plan: Plan, mette: FlaskClient) -> None:
    learn(plan, known=0, used=15)
    drawn = bars(mette.get(f"/staff/citizens/{plan.cast.selam}/words").text, "used")
    assert len(drawn) == 12
    assert all(top >= 0 and top + height == 130 for top, height in drawn)


def test_staff_choose_the_lines_of_work_with_the_citizen(plan: Plan, mette: FlaskClient) -> None:
    address = f"/staff/citizens/{plan.cast.selam}/words"
    wishes = {"branches": ["kitchen", "care"], "new_a_day": "3", "likes_writing": "y"}
    answer = mette.post(address, data=wishes)
    assert (answer.status_code, answer.location) == (303, address)
    kept = wishes_of(plan.session, plan.cast.solby, plan.cast.selam)
    plan.session.commit()
    assert kept == Wishes(("kitchen", "care"), 3, 6, likes_writing=True)
    page = mette.get(address).text
    assert "Saved." in page
    assert sorted(re.findall(r'<input checked [^>]*name="branches"[^>]*value="(\w+)"', page)) == ["care", "kitchen"]


@ON_SQLITE
@pytest.mark.parametrize("bad", [{"new_a_day": "100"}, {"branches": ["sailing"], "new_a_day": "3"}, {}])
def test_wishes_that_nobody_can_have_are_refused(plan: Plan, mette: FlaskClient, bad: dict[str, Any]) -> None:
    assert mette.post(f"/staff/citizens/{plan.cast.selam}/words", data=bad).status_code == 422
    assert wishes_of(plan.session, plan.cast.solby, plan.cast.selam) == Wishes()


@pytest.mark.parametrize(
    ("name", "citizen", "status"),
    [
        ("mette", "yusuf", 404),
        ("anders", "selam", 404),
        ("mette", "olena", 404),
        ("bodil", "selam", 403),
        ("jens", "selam", 403),
    ],
)
def test_a_strangers_words_are_not_found(plan: Plan, client_of: ClientOf, name: str, citizen: str, status: int) -> None:
    client = client_of(name)
    number = getattr(plan.cast, citizen)
    address = f"/staff/citizens/{number}/words"
    assert client.get(address).status_code == status
    assert client.post(address, data={"new_a_day": "10"}).status_code == status
    assert wishes_of(plan.session, plan.cast.solby, number) == Wishes()
    plan.session.commit()
    assert count(plan, AccessLogEntry) == 0


def test_reading_a_citizens_words_is_logged(plan: Plan, mette: FlaskClient) -> None:
    mette.get(f"/staff/citizens/{plan.cast.selam}/words")
    logged = plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged == [(plan.cast.selam, plan.cast.mette, "words")]
