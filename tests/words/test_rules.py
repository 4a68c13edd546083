"""Comparing, finding and dealing out words, tried on a handful of words made for the purpose."""

from datetime import date, timedelta
from types import MappingProxyType

import pytest

from citizen_app.words.rules import Word, fold, search, words_of_the_day


def word(lemma: str, article: str = "", **meanings: str) -> Word:
    return Word(
        key=lemma,
        theme="tools",
        word_class="noun" if article else "verb",
        article=article,
        lemma=lemma,
        example=f"Her er {lemma}.",
        picture="",
        meanings=MappingProxyType(meanings),
    )


KEY = word("nøgle", "en", en="key", ar="مِفْتَاح", uk="ключ", tr="anahtar", fa="کلید")
HAND = word("hånd", "en", en="hand", ar="يد", tr="el")
GLOVE = word("handske", "en", en="glove", ar="قفاز", tr="eldiven")
LIFT = word("løfte", en="to lift", ar="يرفع", pl="podnosić")
DOCTOR = word("læge", "en", en="doctor", ar="طبيب", tr="doktor", ku="doktor")
WORDS = (KEY, HAND, GLOVE, LIFT, DOCTOR)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nøgle", "nøgle"),
        ("på", "paa"),
        ("PÅ", "pa"),
        ("læge", "laege"),
        ("nøgle", "noegle"),
        ("nøgle", "nogle"),
        ("h\u00e5nd", "ha\u030and"),
        ("hvad betyder det?", "Hvad  betyder det"),
        ("Café", "cafe"),
        ("şapka", "sapka"),
        ("IŞIK", "ışık"),
        ("İş", "is"),
        ("ręka", "reka"),
        ("łóżko", "lozko"),
        ("ключ", "КЛЮЧ"),
        ("пам'ять", "пам’ять"),
        ("пам'ять", "памʼять"),
        ("مِفْتَاح", "مفتاح"),
        ("مفتـــاح", "مفتاح"),
        ("أحمر", "احمر"),
        ("إسعاف", "اسعاف"),
        ("آلة", "اله"),
        ("مستشفى", "مستشفي"),
        ("کلید", "كليد"),
        ("نمی\u200cدانم", "نمیدانم"),
        ("\u200fيد\u200e", "يد"),
        ("١١٢", "112"),
        ("۱۱۲", "112"),
        ("ፀሓይ", "ጸሓይ"),
        ("ሠራሕ", "ሰራሕ"),
    ],
)
def test_spellings_that_people_mix_up_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("kost", "kasse"), ("ben", "bin"), ("يد", "يدان"), ("кит", "кут"), ("ሰላም", "ሰለም")]
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", ["", "   ", "?!", "\u200f", "ًٌ"])
def test_text_without_letters_folds_to_nothing(text: str) -> None:
    assert fold(text) == ""


@pytest.mark.parametrize("text", ["Nødudgang", "paaa", "Boeoe", "مِفْتَاح", "İş", "ፀሓይ"])
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_noun_is_shown_with_its_article() -> None:
    assert KEY.with_article == "en nøgle"


def test_a_verb_has_no_article() -> None:
    assert LIFT.with_article == "løfte"


def test_a_word_can_stand_in_a_set() -> None:
    assert len({KEY, KEY, HAND}) == 2


@pytest.mark.parametrize("query", ["nøgle", "Noegle", "nogle", "nøg", "en nøgle", "NØGLE ", "øgl"])
def test_a_word_is_found_by_its_danish(query: str) -> None:
    assert search(WORDS, query, ["en"]) == [KEY]


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


@pytest.mark.parametrize("query", ["zzz", "<script>", "😀😀x", "%", "x" * 10_000])
def test_strange_queries_find_nothing_or_everything_but_never_fail(query: str) -> None:
    assert search(WORDS, query, ["en"]) in ([], list(WORDS))


MONDAY = date(2026, 11, 23)
HUNDRED = tuple(word(f"ord{number}") for number in range(100))


def test_the_same_day_gives_the_same_words() -> None:
    assert words_of_the_day(HUNDRED, MONDAY) == words_of_the_day(HUNDRED, MONDAY)


def test_a_day_has_five_different_words() -> None:
    assert len(set(words_of_the_day(HUNDRED, MONDAY))) == 5


def test_twenty_days_show_every_word_once() -> None:
    shown = [one for day in range(20) for one in words_of_the_day(HUNDRED, MONDAY + timedelta(days=day))]
    assert sorted(shown, key=HUNDRED.index) == list(HUNDRED)


def test_an_offset_moves_the_start_by_that_many_words() -> None:
    plain = words_of_the_day(HUNDRED, MONDAY, count=10)
    assert words_of_the_day(HUNDRED, MONDAY, known_offset=3, count=10)[:7] == plain[3:]


def test_the_deck_goes_round_at_its_end() -> None:
    day = next(day for number in range(20) if (day := MONDAY + timedelta(days=number)).toordinal() % 20 == 0)
    assert words_of_the_day(HUNDRED, day, known_offset=98) == [*HUNDRED[98:], *HUNDRED[:3]]


def test_a_small_deck_shows_each_word_once() -> None:
    assert sorted(words_of_the_day(WORDS[:3], MONDAY), key=WORDS.index) == list(WORDS[:3])


def test_an_empty_deck_has_no_words_of_the_day() -> None:
    assert words_of_the_day((), MONDAY) == []
