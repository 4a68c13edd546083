"""What a reader sees of a text, how far it can be trusted, how easy it reads, what must not stand in it, and how
what people type is compared.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.texts.rules import (
    EASY_LIX,
    EASY_SENTENCE,
    Line,
    Phrase,
    Readability,
    TruthMark,
    fold,
    has_cpr_number,
    mark_of,
    phrases_for,
    read,
    readability,
    sentences,
)


def lines(*codes: str, outdated: str = "") -> dict[str, Line]:
    marks = {code: TruthMark.OUTDATED if code == outdated else TruthMark.PHRASE for code in codes}
    return {code: Line(code, f"words in {code}", marks[code], "Mette") for code in codes}


@pytest.mark.parametrize(
    ("there", "original", "main", "under"),
    [
        (("da", "ti", "en"), "da", "ti", ["da"]),
        (("da", "en"), "da", "en", ["da"]),
        (("da", "pl"), "pl", "da", ["pl"]),
        (("pl",), "pl", "pl", []),
        (("ti", "ar", "da"), "ar", "ti", ["ar", "da"]),
        (("ti",), "ti", "ti", []),
    ],
)
def test_a_reader_gets_own_then_second_then_danish_then_original(
    there: tuple[str, ...], original: str, main: str, under: list[str]
) -> None:
    reading = read(1, 1, original, lines(*there), ("ti", "en", "da"))
    assert reading.main.language == main
    assert [line.language for line in reading.under] == under


def test_an_older_rendering_is_outdated_whoever_made_it() -> None:
    assert mark_of("checked", 1, 2) is TruthMark.OUTDATED
    assert mark_of("checked", 2, 2) is TruthMark.CHECKED


def test_one_starts_from_own_words_but_never_from_older_ones() -> None:
    assert read(1, 1, "da", lines("da", "ti"), ("ti",)).current_words("ti") == "words in ti"
    assert read(1, 2, "da", lines("da", "ti", outdated="ti"), ("ti",)).current_words("ti") == ""
    assert read(1, 1, "da", lines("da"), ("ti", "da")).current_words("ti") == ""


@pytest.mark.parametrize(
    ("text", "lix", "longest"),
    [
        ("", 0, 0),
        ("?! 123 …", 0, 0),
        ("Hej.", 1, 1),
        ("Jeg går på arbejde.", 29, 4),  # 4 words in 1 sentence, 1 of 4 is long: 4 + 25
        ("Jeg går. Du kommer.", 2, 2),
        ("Jeg går i dag", 4, 4),
        ("Kommunen sagsbehandler virksomhedspraktik", 103, 3),  # 3 + 100
        ("Jeg tager bussen: så går jeg\nMandag", 2, 3),  # 7 words in 3 sentences, none of seven letters: 2.33
        ("CV-møde i dag", 36, 3),  # a hyphenated word is one word of seven signs: 3 + 33.3
    ],
)
def test_lix_is_words_per_sentence_plus_the_share_of_long_words(text: str, lix: int, longest: int) -> None:
    measured = readability(text)
    assert (measured.lix, measured.longest_sentence) == (lix, longest)


def test_seven_letters_make_a_word_long_and_six_do_not() -> None:
    assert readability("bussen").lix == 1
    assert readability("skolens").lix == 101


@pytest.mark.parametrize(
    ("lix", "words", "is_easy"),
    [
        (EASY_LIX, EASY_SENTENCE, True),
        (EASY_LIX + 1, EASY_SENTENCE, False),
        (EASY_LIX, EASY_SENTENCE + 1, False),
    ],
)
def test_a_text_is_easy_by_lix_and_by_its_longest_sentence(lix: int, words: int, is_easy: bool) -> None:
    assert Readability(lix, words).is_easy is is_easy


@pytest.mark.parametrize("text", ["ክመጽእ እየ። ሕጂ", "هل تأتي؟ نعم", "Прийду. Так!"])
def test_sentences_end_in_other_scripts_too(text: str) -> None:
    assert len(sentences(text)) == 2


@given(
    st.text(
        st.one_of(st.characters(codec="utf-8"), st.sampled_from("😀👩\u200d🍳\u202e\u200f\u0301.!?\n ")), max_size=300
    )
)
def test_any_text_can_be_measured(text: str) -> None:
    measured = readability(text)
    assert 0 <= measured.longest_sentence <= len(text)
    assert measured.lix >= measured.longest_sentence / max(1, len(sentences(text)))
    has_cpr_number(text)


@given(st.lists(st.sampled_from(["jeg", "arbejde", "går", "virksomhed"]), min_size=1, max_size=12))
def test_lix_of_one_sentence_follows_its_definition(words: list[str]) -> None:
    long = sum(len(word) > 6 for word in words)
    assert readability(" ".join(words) + ".").lix == round(len(words) + 100 * long / len(words))


# Not numbers of anybody: the last four digits are zeros or their date does not fit a living person's check digit.
@pytest.mark.parametrize(
    "text",
    [
        "010100-0000",
        "0101000000",
        "Mit nummer er 311299 0000.",
        "010100 - 0000",
        "010100–0000",
        "nr:2902960000,",
    ],
)
def test_what_looks_like_a_cpr_number_is_found(text: str) -> None:
    assert has_cpr_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "70 00 00 00",
        "+45 70 00 00 01",
        "+4570000001",
        "31129999",
        "321299-0000",
        "011399-0000",
        "1010100-0000",
        "010100-00000",
        "25. november 2026 kl. 10.15",
        "+380 44 000 00 00",
        "kl. 10 på 2. sal, 2026",
    ],
)
def test_phone_numbers_dates_and_other_numbers_are_no_cpr_numbers(text: str) -> None:
    assert not has_cpr_number(text)


def test_phrases_of_the_track_come_first() -> None:
    bank = [
        Phrase("a", "step", "job", "", {}),
        Phrase("b", "goal", "coping", "", {}),
        Phrase("c", "step", "coping", "", {}),
    ]
    assert [phrase.key for phrase in phrases_for(bank, "step", "coping")] == ["c", "a"]
    assert [phrase.key for phrase in phrases_for(bank, "step")] == ["a", "c"]


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
