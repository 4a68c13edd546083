"""The pages of the words as different people see them, words brought in from a workplace, photos and recordings."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import select
from werkzeug.test import TestResponse

from citizen_app.config import PROJECT_ROOT
from citizen_app.sounds.models import Recording
from citizen_app.texts.rules import one_line
from citizen_app.words.actions import Brought, approve_word, suggest_word
from citizen_app.words.models import OwnWord, WordMeaning, WordPhoto
from citizen_app.words.queries import shipped, shipped_deck
from citizen_app.words.rules import BRANCHES, CORE, WORKPLACE, Word
from tests.plan import HTMX, ON_SQLITE, Plan
from tests.town import photo, voice

WORDS = shipped()
ClientOf = Callable[[str], FlaskClient]


@pytest.fixture
def yusuf(client_of: ClientOf) -> FlaskClient:
    """The phone of a citizen who reads Arabic."""
    return client_of("yusuf")


def keys_on(page: str) -> list[str]:
    """The keys of the words on a page, in its order."""
    return re.findall(r'href="/words/([\w-]+)"', page.split('id="deck"')[1])


def found(client: FlaskClient, query: str) -> list[str]:
    answer = client.get("/words?" + urlencode({"q": query}))
    assert answer.status_code == 200
    return keys_on(answer.text)


# --- Decks --------------------------------------------------------------------------------------------------


def test_the_first_page_shows_the_hundred_words_once_with_safety_first(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words").text
    assert keys_on(page) == [word.key for word in shipped_deck(CORE)]
    assert re.findall(r'<h2 id="(\w+)"', page) == ["safety", "greetings", "time", "tools", "body", "together"]


def test_each_line_of_work_has_a_page_with_its_words(yusuf: FlaskClient) -> None:
    first = yusuf.get("/words").text
    for deck in BRANCHES:
        assert f'href="/words/decks/{deck}"' in first
        page = yusuf.get(f"/words/decks/{deck}").text
        assert keys_on(page) == [word.key for word in shipped_deck(deck)]
        assert f'href="/words/decks/{deck}" aria-current="page"' in page


@ON_SQLITE
def test_an_unknown_deck_or_word_is_not_found(yusuf: FlaskClient) -> None:
    for name in ("unknown", "CORE", "SPAND", "spand%20", "..%2fcore", "x" * 500):
        assert yusuf.get(f"/words/decks/{name}").status_code == 404, name
        assert yusuf.get(f"/words/{name}").status_code == 404, name


def test_a_card_holds_the_danish_word_with_article_and_the_own_meaning(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words").text
    danish = '<span class="key danish-word" lang="da"><bdi dir="ltr"><span class="article">en</span> spand</bdi></span>'
    assert danish in page
    assert f'lang="ar"><bdi dir="rtl">{escape(WORDS["spand"].meaning("ar").text)}</bdi>' in page


@ON_SQLITE
def test_pictures_and_sounds_named_by_the_pages_are_there(yusuf: FlaskClient) -> None:
    pages = "".join(yusuf.get(f"/words/{word.key}").text for word in shipped_deck(CORE)[:30])
    addresses = set(re.findall(r'src="/static/\w+/([^"]+\.(?:opus|mp3|svg))"', pages))
    assert len(addresses) >= 30 * 5
    assert [address for address in addresses if not (PROJECT_ROOT / "static" / address).is_file()] == []


# --- Search -------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_a_word_is_found_by_its_danish_in_any_form_and_on_foreign_keyboards(yusuf: FlaskClient) -> None:
    for query in ("spand", "SPAND ", "en spand", "span", "spanden"):
        assert found(yusuf, query)[0] == "spand", query
    for query in ("haand", "hånd", "hand"):
        assert "haand" in found(yusuf, query), query


@ON_SQLITE
def test_a_search_runs_over_all_decks(yusuf: FlaskClient) -> None:
    for deck in BRANCHES:
        word = shipped_deck(deck)[0]
        assert word.key in found(yusuf, word.lemma)[:2]


def test_a_word_is_found_by_the_languages_that_the_reader_reads_and_no_other(client_of: ClientOf) -> None:
    yusuf, selam = client_of("yusuf"), client_of("selam")
    fare = WORDS["fare"]
    assert found(yusuf, fare.meaning("ar").text)[0] == "fare"
    assert found(selam, fare.meaning("ti").text)[0] == "fare"
    assert found(selam, fare.meaning("en").text)[0] == "fare"
    assert found(yusuf, fare.meaning("uk").text) == []


@ON_SQLITE
def test_a_search_keeps_what_was_typed_and_says_how_much_was_found(selam: FlaskClient) -> None:
    for query, number in {"tal langsomt": "1 word", "spanden": "2 words", "zzzz": "0 words"}.items():
        page = selam.get("/words", query_string={"q": query}).text
        assert f'name="q" value="{query}"' in page
        assert re.search(rf'id="found" role="status"[^>]*>{number} found\.</p>', page)


@ON_SQLITE
def test_a_word_we_do_not_have_gets_a_kind_sentence_and_the_way_back(selam: FlaskClient) -> None:
    page = selam.get("/words?q=zzzz")
    assert page.status_code == 200
    assert "We do not have this word yet." in page.text
    assert 'class="button" href="/words"' in page.text


def test_strange_searches_are_answered_and_shown_as_text(yusuf: FlaskClient) -> None:
    for query in ('"><script>alert(1)</script>', "\u202e\u202d😀", "x" * 5000, "\x00", "%s %(a)s {{ 7*7 }}"):
        answer = yusuf.get("/words?" + urlencode({"q": query}))
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "49" not in re.findall(r'name="q" value="([^"]*)"', answer.text)[0]


@ON_SQLITE
def test_htmx_gets_only_the_list(yusuf: FlaskClient) -> None:
    answer = yusuf.get("/words?q=spand", headers=HTMX)
    assert answer.text.lstrip().startswith('<p class="visually-hidden" id="found"')
    assert '<div class="stack" id="deck">' in answer.text
    assert "<html" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]


# --- One word -----------------------------------------------------------------------------------------------


def test_one_word_has_sounds_forms_meaning_example_and_neighbours(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words/spand").text
    place = shipped_deck(CORE).index(WORDS["spand"])
    before, after = shipped_deck(CORE)[place - 1], shipped_deck(CORE)[place + 1]
    sources = re.findall(r'<source src="/static/\w+/sounds/da/([\w.-]+)" type="([^"]+)">', page)
    opus, mp3 = "audio/ogg; codecs=opus", "audio/mpeg"
    assert sources == [
        ("spand.opus", opus),
        ("spand.mp3", mp3),
        ("spand-slow.opus", opus),
        ("spand-slow.mp3", mp3),
    ]
    assert page.count('<audio controls preload="none"') == 2
    assert '<bdi dir="ltr">spanden</bdi>' in page
    assert str(escape(WORDS["spand"].meaning("ar").text)) in page
    assert f'<bdi dir="ltr">{escape(WORDS["spand"].example)}</bdi>' in page
    assert f'<bdi dir="rtl">{escape(WORDS["spand"].meaning("ar").example)}</bdi>' in page
    assert f'rel="prev" href="/words/{before.key}"' in page
    assert f'rel="next" href="/words/{after.key}"' in page


@ON_SQLITE
def test_the_first_word_of_a_deck_has_none_before_it_and_the_last_none_after_it(yusuf: FlaskClient) -> None:
    for deck in (CORE, "kitchen"):
        words = shipped_deck(deck)
        assert 'rel="prev"' not in yusuf.get(f"/words/{words[0].key}").text
        assert 'rel="next"' not in yusuf.get(f"/words/{words[-1].key}").text


@ON_SQLITE
def test_staff_mentors_and_administrators_read_the_words_too(client_of: ClientOf) -> None:
    for name in ("mette", "karen", "jens", "bodil"):
        client = client_of(name)
        for address in ("/words", "/words/decks/kitchen", "/words/spand"):
            assert client.get(address).status_code == 200, name


def test_a_reader_of_danish_alone_sees_no_meaning(client_of: ClientOf) -> None:
    assert WORDS["spand"].meaning("en").text not in client_of("jens").get("/words/spand").text


def test_the_second_language_explains_to_somebody_who_reads_danish_first(plan: Plan, client_of: ClientOf) -> None:
    plan.speak("selam", "da")
    assert WORDS["spand"].meaning("en").text in client_of("selam").get("/words/spand").text


# --- A word from a workplace --------------------------------------------------------------------------------


def bring(client: FlaskClient, citizen_id: int, **fields: Any) -> TestResponse:
    """Send the form; bytes go as files with a name that says nothing."""
    data = {
        name: (io.BytesIO(value), "from-my-phone") if isinstance(value, bytes) else value
        for name, value in fields.items()
    }
    return client.post(f"/words/new/{citizen_id}", data=data)


def kept(plan: Plan) -> list[Any]:
    return plan.all(select(OwnWord.lemma, OwnWord.status, OwnWord.citizen_id))


def test_a_citizen_brings_in_a_word_that_waits_for_staff(plan: Plan, selam: FlaskClient) -> None:
    address = f"/words/new/{plan.cast.selam}"
    assert f'action="{address}"' in selam.get(address).text
    answer = bring(selam, plan.cast.selam, lemma=" et  piskeris ", meaning="whisk", photo=photo())
    assert (answer.status_code, answer.location) == (303, "/practice")
    assert "Staff look at the word first." in selam.get("/practice").text
    assert kept(plan) == [("et piskeris", "suggested", plan.cast.selam)]
    assert plan.all(select(WordMeaning.language, WordMeaning.text)) == [("en", "whisk")]
    assert plan.all(select(WordPhoto.taken_by_id, WordPhoto.citizen_id)) == [(plan.cast.selam, plan.cast.selam)]


def test_a_word_may_be_said_only_with_a_yes_to_being_heard(plan: Plan, selam: FlaskClient) -> None:
    assert bring(selam, plan.cast.selam, sound=voice(), consent="y").location == "/practice"
    assert kept(plan) == [("", "suggested", plan.cast.selam)]
    assert plan.all(select(Recording.speaker, Recording.citizen_id)) == [("Selam", plan.cast.selam)]


def test_a_mentor_brings_in_a_word_of_the_citizen_whom_he_works_with(plan: Plan, client_of: ClientOf) -> None:
    answer = bring(client_of("jens"), plan.cast.selam, lemma="piskeris")
    assert answer.location == f"/mentor/people/{plan.cast.selam}/words"
    assert kept(plan) == [("piskeris", "suggested", plan.cast.selam)]


@pytest.mark.parametrize("name", ["mette", "karen"])
def test_a_word_that_staff_write_holds_at_once(plan: Plan, client_of: ClientOf, name: str) -> None:
    answer = bring(client_of(name), plan.cast.selam, lemma="piskeris")
    assert answer.location == f"/staff/citizens/{plan.cast.selam}/words"
    assert kept(plan) == [("piskeris", "approved", plan.cast.selam)]


def test_a_word_that_staff_only_say_waits_to_be_written_down(plan: Plan, mette: FlaskClient) -> None:
    bring(mette, plan.cast.selam, sound=voice(), consent="y")
    assert kept(plan) == [("", "suggested", plan.cast.selam)]


def test_others_bring_in_nothing(plan: Plan, client_of: ClientOf) -> None:
    for name, citizen, status in (
        ("yusuf", "selam", 404),
        ("olena", "selam", 404),
        ("anders", "selam", 404),
        ("mette", "yusuf", 404),
        ("jens", "yusuf", 404),
        ("mette", "jens", 404),
        ("bodil", "selam", 403),
    ):
        client, citizen_id = client_of(name), getattr(plan.cast, citizen)
        assert client.get(f"/words/new/{citizen_id}").status_code == status, name
        assert bring(client, citizen_id, lemma="piskeris").status_code == status, name
    assert kept(plan) == []


SAID = {"meaning": "whisk", "sound": voice(), "consent": "y"}
ASK = "Ask the one who speaks. Then put a tick here."
CANNOT_HEAR = "We cannot hear anything in this file. Record once more."
TOO_LONG = "The recording is too long. Ten seconds are enough."
NEITHER = "Write the word or say it."


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"sound": voice()}, "consent", ASK),
        ({"lemma": "", "sound": b"", "consent": "y"}, "lemma", NEITHER),
        ({"lemma": " \u200f ", "photo": photo()}, "lemma", NEITHER),
        ({"lemma": "x" * 61}, "lemma", "This is too long. Use at most 60 letters."),
        ({"meaning": "x" * 81}, "meaning", "This is too long. Use at most 80 letters."),
        ({"photo": b"I am no photo"}, "photo", "We cannot read this file. Choose a photo."),
        ({"photo": photo()[:40]}, "photo", "We cannot read this file. Choose a photo."),
        ({**SAID, "sound": b"I am no sound"}, "sound", CANNOT_HEAR),
        ({**SAID, "sound": voice()[:30]}, "sound", CANNOT_HEAR),
        ({**SAID, "sound": photo()}, "sound", CANNOT_HEAR),
        ({**SAID, "sound": voice(12)}, "sound", TOO_LONG),
        ({**SAID, "sound": voice()[:44] + bytes(16_000)}, "sound", "We hear nobody. Hold the phone closer"),
    ],
)
@ON_SQLITE
def test_what_cannot_be_kept_is_told_beside_its_field_and_what_was_typed_stays(
    plan: Plan, selam: FlaskClient, wrong: dict[str, Any], field: str, sentence: str
) -> None:
    typed = {"lemma": "piskeris", "meaning": "whisk", **wrong}
    answer = bring(selam, plan.cast.selam, **{name: value for name, value in typed.items() if value != b""})
    assert answer.status_code == 422
    (error,) = re.findall(rf'id="{field}-error">(.*?)</p>', answer.text, re.DOTALL)
    assert sentence in error
    assert f'<a href="#{field}">' in answer.text
    for name in ("lemma", "meaning"):
        assert f'name="{name}" type="text" value="{one_line(typed[name])}"' in answer.text
    assert ('<input checked id="consent"' in answer.text) == ("consent" in typed)
    for table in (OwnWord, WordMeaning, WordPhoto, Recording):
        assert plan.all(select(table)) == []


@ON_SQLITE
def test_an_empty_file_is_no_word(plan: Plan, selam: FlaskClient) -> None:
    assert bring(selam, plan.cast.selam, sound=b"", consent="y").status_code == 422
    assert kept(plan) == []


# --- What a workplace's word looks like; photos and recordings ----------------------------------------------


@pytest.fixture
def brought(plan: Plan) -> OwnWord:
    """A word from Selam's workplace, with photo and voice, that waits."""
    row: OwnWord = plan.do("selam", suggest_word, Brought("piskeris", "ዊስክ", photo(), voice(), "Selam"))
    return row


def approve(plan: Plan, row: OwnWord, deck: str = WORKPLACE) -> None:
    word = Word(row.key, deck, "tools", "noun", "et", "piskeris", example="Tag piskeriset.")
    approve_word(plan.session, plan.actor("mette"), row, word, plan.now)
    plan.session.commit()


def media(plan: Plan) -> list[str]:
    (photo_id,), (recording_id,) = plan.all(select(WordPhoto.id)) + plan.all(select(Recording.id))
    recording = f"/words/recordings/{recording_id}"
    return [f"/words/photos/{photo_id}.jpg", f"{recording}.opus", f"{recording}.mp3"]


def test_the_workplace_has_a_deck_of_its_own_when_there_is_a_word(
    plan: Plan, client_of: ClientOf, brought: OwnWord
) -> None:
    selam, yusuf = client_of("selam"), client_of("yusuf")
    assert "/words/decks/workplace" not in selam.get("/words").text
    assert selam.get(f"/words/{brought.key}").status_code == 404
    approve(plan, brought)
    assert 'href="/words/decks/workplace"' in selam.get("/words").text
    assert keys_on(selam.get("/words/decks/workplace").text) == [brought.key]
    assert found(selam, "piskeris") == found(selam, "ዊስክ") == [brought.key]
    page = selam.get(f"/words/{brought.key}").text
    for address in media(plan):
        assert f'src="{address}"' in page
    assert 'href="/words/decks/workplace#tools"' in page
    assert yusuf.get(f"/words/{brought.key}").status_code == 404
    assert "/words/decks/workplace" not in yusuf.get("/words").text


@ON_SQLITE
def test_a_recording_says_who_speaks(plan: Plan, selam: FlaskClient, brought: OwnWord) -> None:
    approve(plan, brought)
    page = selam.get(f"/words/{brought.key}").text
    assert "Selam says the word." in page
    assert "A computer voice says the word." not in page


@ON_SQLITE
def test_each_theme_has_one_heading(plan: Plan, selam: FlaskClient, brought: OwnWord) -> None:
    approve(plan, brought, CORE)
    headings = re.findall(r'<h2 id="(\w+)"', selam.get("/words").text)
    assert headings == ["safety", "greetings", "time", "tools", "body", "together"]


@pytest.mark.usefixtures("brought")
def test_only_those_around_her_see_and_hear_what_is_from_her_workplace(plan: Plan, client_of: ClientOf) -> None:
    around = ("selam", "mette", "karen", "jens")
    for name in (*around, "yusuf", "bodil", "anders", "olena"):
        client = client_of(name)
        for address in media(plan):
            assert client.get(address).status_code == (200 if name in around else 404), (name, address)


def test_what_is_approved_for_everybody_is_seen_and_heard_in_the_whole_municipality_only(
    plan: Plan, client_of: ClientOf, brought: OwnWord
) -> None:
    approve(plan, brought, "kitchen")
    for name, status in {"yusuf": 200, "bodil": 200, "anders": 404, "olena": 404}.items():
        client = client_of(name)
        assert (brought.key in keys_on(client.get("/words/decks/kitchen").text)) == (status == 200), name
        for address in media(plan):
            assert client.get(address).status_code == status, (name, address)


@pytest.mark.usefixtures("brought")
def test_photos_and_recordings_are_kept_by_ones_own_phone_only(plan: Plan, client_of: ClientOf) -> None:
    selam = client_of("selam")
    first_bytes = {"image/jpeg": b"\xff\xd8", "audio/ogg": b"OggS", "audio/mpeg": b"\xff"}
    for address, (kind, start) in zip(media(plan), first_bytes.items(), strict=True):
        answer = selam.get(address)
        assert answer.content_type == kind
        assert answer.data.startswith(start)
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert "Cookie" in answer.headers["Vary"]


@pytest.mark.usefixtures("brought")
@ON_SQLITE
def test_a_part_of_a_recording_can_be_asked_for(plan: Plan, client_of: ClientOf) -> None:
    selam = client_of("selam")
    _photo, opus, _mp3 = media(plan)
    whole = selam.get(opus).data
    for wanted, part in {"bytes=0-1": whole[:2], "bytes=10-": whole[10:], "bytes=-5": whole[-5:]}.items():
        answer = selam.get(opus, headers={"Range": wanted})
        assert (answer.status_code, answer.data) == (206, part)
        assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")
    assert selam.get(opus, headers={"Range": "bytes=9999999-"}).status_code == 416


@ON_SQLITE
def test_photos_and_recordings_that_are_not_there_are_not_found(selam: FlaskClient) -> None:
    for address in ("photos/1.jpg", "photos/1.png", "recordings/1.opus", "recordings/1.wav"):
        assert selam.get(f"/words/{address}").status_code == 404
