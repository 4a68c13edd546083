"""Finding words and choosing wrong answers: on a handful of words made for the purpose, and on the app's own decks."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizen_app.texts.rules import fold
from citizen_app.words.queries import shipped, shipped_deck
from citizen_app.words.rules import (
    CORE,
    MEANING_LANGUAGES,
    NO_MEANING,
    Meaning,
    Word,
    is_alike,
    search,
    with_meanings,
    wrong_choices,
)


def word(
    lemma: str, article: str = "", picture: str = "", theme: str = "tools", past: str = "", **meanings: str
) -> Word:
    return Word(
        key=lemma,
        deck=CORE,
        theme=theme,
        word_class="noun" if article else "verb",
        article=article,
        lemma=lemma,
        definite=f"{lemma}n" if article else "",
        past=past,
        picture=picture,
        meanings={language: Meaning(text) for language, text in meanings.items()},
    )


KEY = word("nøgle", "en", en="key", ar="مِفْتَاح", uk="ключ", tr="anahtar", fa="کلید")
HAND = word("hånd", "en", en="hand", ar="يد", tr="el")
GLOVE = word("handske", "en", en="glove", ar="قفاز", tr="eldiven")
LIFT = word("løfte", past="løftede", en="to lift", ar="يرفع", pl="podnosić")
DOCTOR = word("læge", "en", en="doctor", ar="طبيب", tr="doktor", ku="doktor")
WORDS = (KEY, HAND, GLOVE, LIFT, DOCTOR)


# --- A word -------------------------------------------------------------------------------------------------


def test_a_noun_is_shown_with_its_article_and_a_verb_has_none() -> None:
    assert (KEY.with_article, LIFT.with_article) == ("en nøgle", "løfte")


def test_a_word_shows_the_forms_it_has() -> None:
    assert (KEY.forms, LIFT.forms) == (("nøglen",), ("løftede",))


def test_a_word_can_stand_in_a_set() -> None:
    assert len({KEY, KEY, HAND}) == 2


def test_a_meaning_is_the_first_that_the_reader_can_read() -> None:
    assert HAND.meaning_for(("da", "ti", "tr", "en")) == ("tr", Meaning("el"))
    assert HAND.meaning_for(("da", "ti")) == (None, NO_MEANING)
    assert HAND.meaning(None) == NO_MEANING


def test_what_a_municipality_says_stands_over_the_meaning_in_the_same_language_only() -> None:
    mended = with_meanings(HAND, {"tr": Meaning("el, kol")})
    assert (mended.meaning("tr").text, mended.meaning("en").text) == ("el, kol", "hand")
    assert HAND.meaning("tr").text == "el"


# --- Finding ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["nøgle", "Noegle", "nogle", "nøg", "en nøgle", "NØGLE ", "øgl", "nøglen"])
def test_a_word_is_found_by_its_danish(query: str) -> None:
    assert search(WORDS, query, ["en"]) == [KEY]


def test_a_word_is_found_by_its_other_forms() -> None:
    assert search(WORDS, "løftede", ["en"]) == [LIFT]


@pytest.mark.parametrize(
    ("query", "language"), [("key", "en"), ("مفتاح", "ar"), ("КЛЮЧ", "uk"), ("كليد", "fa"), ("anah", "tr")]
)
def test_a_word_is_found_by_its_meaning(query: str, language: str) -> None:
    assert search(WORDS, query, [language]) == [KEY]


def test_meanings_in_other_languages_are_not_searched() -> None:
    assert search(WORDS, "ключ", ["en", "ar"]) == []


def test_several_languages_are_searched_at_once() -> None:
    assert search(WORDS, "el", ["en", "tr"]) == [HAND, GLOVE]


def test_a_language_without_meanings_is_no_error() -> None:
    assert search(WORDS, "læge", ["da", "vi"]) == [DOCTOR]


def test_the_whole_word_comes_before_a_beginning() -> None:
    assert search((GLOVE, HAND), "hand", ["en"]) == [HAND, GLOVE]


def test_a_beginning_comes_before_a_later_word_and_that_before_a_middle() -> None:
    middle, later, beginning = word("aflifte"), word("x", en="to lift"), word("lifter")
    assert search((middle, later, beginning), "lift", ["en"]) == [beginning, later, middle]


def test_words_of_equal_rank_keep_their_order() -> None:
    assert search((GLOVE, HAND), "ha", ["en"]) == [GLOVE, HAND]
    assert search((HAND, GLOVE), "ha", ["en"]) == [HAND, GLOVE]


def test_one_letter_finds_beginnings_only() -> None:
    assert search(WORDS, "k", ["en"]) == [KEY]


@pytest.mark.parametrize("query", ["", "  ", "?"])
def test_an_empty_query_finds_every_word(query: str) -> None:
    assert search(WORDS, query, ["en"]) == list(WORDS)


@pytest.mark.parametrize("query", ["zzz", "<script>", "😀😀x", "%%x", "x" * 10_000])
def test_strange_queries_find_nothing_and_never_fail(query: str) -> None:
    assert search(WORDS, query, ["en"]) == []


@settings(deadline=None)
@given(st.sampled_from(sorted(shipped())), st.sampled_from(MEANING_LANGUAGES))
def test_each_of_our_words_is_found_at_once_by_each_of_its_forms_and_by_what_it_means(key: str, language: str) -> None:
    wanted = shipped()[key]
    for text in (wanted.lemma, *wanted.forms, wanted.meaning(language).text):
        # A word of another deck may mean the same, and "male" is how some people write "måle".
        assert wanted in search(shipped().values(), text, [language])[:3], text


# --- Wrong choices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("falde", "falde ned"),
        ("støvsuge", "støvsuger"),
        ("måle", "male"),
        ("lukke", "luge"),
        ("bakke", "pakke"),
        ("tak", "dag"),
        ("skab", "skål"),
        ("kost", "kost"),
        ("jeg forstår", "jeg forstår ikke"),
        ("spand", "skraldespand"),
    ],
)
def test_words_that_look_or_sound_alike_are_told(one: str, other: str) -> None:
    assert is_alike(one, other)
    assert is_alike(other, one)


@pytest.mark.parametrize(("one", "other"), [("spand", "kost"), ("hånd", "fod"), ("tak", "farvel"), ("mandag", "nu")])
def test_words_that_differ_are_no_trap(one: str, other: str) -> None:
    assert not is_alike(one, other)


BUCKET = word("spand", "en", picture="1FAA3", en="bucket", tr="kova")


@pytest.mark.parametrize(
    "other",
    [
        BUCKET,
        word("spanden", "en"),
        word("balje", "en", picture="1FAA3"),
        word("kar", "et", en="Bucket!"),
    ],
    ids=["itself", "alike by ear", "the same picture", "the same meaning in the language that is read"],
)
def test_a_choice_that_could_be_right_is_not_offered(other: Word) -> None:
    assert wrong_choices(BUCKET, [other, HAND], ("ti", "en")) == ["hånd"]


def test_words_without_picture_or_meaning_are_not_taken_for_the_same() -> None:
    assert len(wrong_choices(word("spand"), [word("hund"), word("kniv")], ("en",))) == 2


def test_choices_of_the_same_theme_come_first() -> None:
    others = [word("tak", theme="greetings"), word("hund", "en"), word("farvel", theme="greetings"), word("kniv", "en")]
    assert set(wrong_choices(BUCKET, others, ("en",))[:2]) == {"hund", "kniv"}


def test_a_small_deck_gives_what_it_has() -> None:
    assert wrong_choices(BUCKET, [BUCKET], ("en",)) == []


LANGUAGES = st.lists(st.sampled_from(["da", *MEANING_LANGUAGES]), min_size=1, max_size=3, unique=True)


@settings(deadline=None)
@given(st.sampled_from(sorted(shipped())), LANGUAGES, st.randoms(use_true_random=False))
def test_six_wrong_choices_cannot_be_taken_for_the_word_and_are_the_same_every_time(
    key: str, languages: list[str], chance: random.Random
) -> None:
    asked = shipped()[key]
    deck = list(shipped_deck(asked.deck))
    chosen = wrong_choices(asked, deck, languages)
    assert len(set(chosen)) == 6
    for other in (shipped()[choice] for choice in chosen):
        assert other.key != key
        assert other.picture != asked.picture
        assert not is_alike(asked.lemma, other.lemma)
        assert not is_alike(other.lemma, asked.lemma)
        meaning = fold(asked.meaning_for(languages)[1].text)
        assert not meaning or fold(other.meaning_for(languages)[1].text) != meaning
    chance.shuffle(deck)
    assert wrong_choices(asked, deck, languages) == chosen


def test_the_words_of_a_deck_do_not_all_have_the_same_wrong_choices() -> None:
    deck = shipped_deck(CORE)
    assert len({frozenset(wrong_choices(asked, deck, ("en",))) for asked in deck}) > 90
