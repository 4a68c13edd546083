"""The pages of the words, as different people see them; with HTMX and without script."""

import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy.orm import Session

from citizen_app.config import PROJECT_ROOT
from citizen_app.people.models import Person
from citizen_app.words.queries import core_deck
from tests.cast import Cast, sign_in

HTMX = {"HX-Request": "true"}
WORDS = {word.key: word for word in core_deck()}


@pytest.fixture
def yusuf(client: FlaskClient, session: Session, cast: Cast) -> FlaskClient:
    """The phone of a citizen who reads Arabic."""
    sign_in(client, session, cast.yusuf)
    return client


def found(client: FlaskClient, query: str) -> list[str]:
    """The keys of the words on the page, in its order."""
    answer = client.get("/words?" + urlencode({"q": query}))
    assert answer.status_code == 200
    return re.findall(r'href="/words/(\w+)"', answer.text)


def test_the_deck_shows_every_word_once_with_safety_first(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words").text
    assert re.findall(r'href="/words/(\w+)"', page) == [word.key for word in core_deck()]
    assert re.findall(r'<h2 id="(\w+)"', page) == ["safety", "greetings", "time", "tools", "body", "together"]


def test_a_card_holds_the_danish_word_with_article_and_the_own_meaning(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words").text
    danish = '<span class="key danish-word" lang="da"><bdi dir="ltr"><span class="article">en</span> spand</bdi></span>'
    assert danish in page
    assert f'lang="ar"><bdi dir="rtl">{escape(WORDS["spand"].meanings["ar"])}</bdi>' in page


def test_pictures_and_sounds_named_by_the_pages_are_there(yusuf: FlaskClient) -> None:
    pages = "".join(yusuf.get(f"/words/{word.key}").text for word in core_deck()[:30])
    addresses = set(re.findall(r'src="/static/\w+/((?:sounds|vendor)/[^"]+\.(?:mp3|svg))"', pages))
    assert len(addresses) > 60
    assert [address for address in addresses if not (PROJECT_ROOT / "static" / address).is_file()] == []


@pytest.mark.parametrize("query", ["spand", "SPAND ", "en spand", "span"])
def test_a_word_is_found_by_its_danish(yusuf: FlaskClient, query: str) -> None:
    assert found(yusuf, query)[0] == "spand"


@pytest.mark.parametrize("query", ["haand", "hånd", "hand"])
def test_foreign_keyboards_find_the_word_too(yusuf: FlaskClient, query: str) -> None:
    assert "haand" in found(yusuf, query)


def test_a_word_is_found_by_the_readers_own_language(yusuf: FlaskClient) -> None:
    assert found(yusuf, WORDS["fare"].meanings["ar"])[0] == "fare"


def test_meanings_in_a_language_the_reader_does_not_read_are_not_searched(yusuf: FlaskClient) -> None:
    assert found(yusuf, WORDS["fare"].meanings["uk"]) == []


def test_a_search_keeps_what_was_typed_and_says_how_much_was_found(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words?q=spand").text
    assert 'name="q" value="spand"' in page
    assert re.search(r'id="found" role="status"[^>]*>[^<]+</p>', page)


def test_a_word_we_do_not_have_gets_a_kind_sentence_and_the_way_back(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words?q=zzzz")
    assert page.status_code == 200
    assert 'class="card empty"' in page.text
    assert 'class="button" href="/words"' in page.text


@pytest.mark.parametrize(
    "query", ['"><script>alert(1)</script>', "\u202e\u202d😀", "x" * 5000, "\x00", "%s %(a)s {{ 7*7 }}"]
)
def test_strange_searches_are_answered_and_shown_as_text(yusuf: FlaskClient, query: str) -> None:
    answer = yusuf.get("/words?" + urlencode({"q": query}))
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "49" not in re.findall(r'name="q" value="([^"]*)"', answer.text)[0]


def test_htmx_gets_only_the_list(yusuf: FlaskClient) -> None:
    answer = yusuf.get("/words?q=spand", headers=HTMX)
    assert answer.text.lstrip().startswith('<p class="visually-hidden" id="found"')
    assert '<div class="stack" id="deck">' in answer.text
    assert "<html" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_one_word_has_sounds_meaning_example_and_neighbours(yusuf: FlaskClient) -> None:
    page = yusuf.get("/words/spand").text
    place = [word.key for word in core_deck()].index("spand")
    before, after = core_deck()[place - 1], core_deck()[place + 1]
    assert re.search(r'src="/static/\w+/sounds/da/spand\.mp3"', page)
    assert re.search(r'src="/static/\w+/sounds/da/spand-slow\.mp3"', page)
    assert page.count('<audio controls preload="none"') == 2
    assert str(escape(WORDS["spand"].meanings["ar"])) in page
    assert f'<bdi dir="ltr">{escape(WORDS["spand"].example)}</bdi>' in page
    assert f'rel="prev" href="/words/{before.key}"' in page
    assert f'rel="next" href="/words/{after.key}"' in page


def test_the_first_word_has_none_before_it_and_the_last_none_after_it(yusuf: FlaskClient) -> None:
    assert 'rel="prev"' not in yusuf.get(f"/words/{core_deck()[0].key}").text
    assert 'rel="next"' not in yusuf.get(f"/words/{core_deck()[-1].key}").text


@pytest.mark.parametrize("key", ["unknown", "SPAND", "spand%20", "..%2fspand", "x" * 500])
def test_an_unknown_word_is_not_found(yusuf: FlaskClient, key: str) -> None:
    assert yusuf.get(f"/words/{key}").status_code == 404


@pytest.mark.parametrize("name", ["mette", "karen", "jens", "bodil"])
def test_staff_mentors_and_administrators_read_the_words_too(
    client: FlaskClient, session: Session, cast: Cast, name: str
) -> None:
    sign_in(client, session, getattr(cast, name))
    assert client.get("/words").status_code == 200
    assert client.get("/words/spand").status_code == 200


def test_a_reader_of_danish_alone_sees_no_meaning(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.jens)
    assert WORDS["spand"].meanings["en"] not in client.get("/words/spand").text


def test_the_second_language_explains_to_somebody_who_reads_danish_first(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    session.get_one(Person, cast.selam).language = "da"
    sign_in(client, session, cast.selam)
    assert WORDS["spand"].meanings["en"] in client.get("/words/spand").text


def test_a_word_is_found_by_the_second_language(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.selam)
    assert found(client, WORDS["fare"].meanings["en"])[0] == "fare"


@pytest.mark.parametrize("address", ["/words", "/words/spand"])
def test_strangers_are_asked_to_sign_in(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
