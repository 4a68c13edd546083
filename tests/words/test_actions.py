"""What is done to words: brought in, approved or left out, translated, photographed, imported; and who notices."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from citizen_app.policy import Forbidden, NotFound
from citizen_app.sounds.actions import NotASound, keep_recording
from citizen_app.sounds.models import Recording
from citizen_app.web.photos import NotAPhoto
from citizen_app.words import actions, queries
from citizen_app.words.actions import AlreadyDecided, Brought, Summary, import_words, spoken, suggest_word
from citizen_app.words.models import OwnWord, WordMeaning, WordPhoto
from citizen_app.words.queries import Said, picture_of, said, shipped, sounds_of
from citizen_app.words.rules import CORE, MEANING_LANGUAGES, WORKPLACE, Meaning, Word, read_words, write_words
from tests.plan import ON_SQLITE, Plan
from tests.town import photo, voice

WHISK = Brought("piskeris", "ዊስክ", photo(), voice(), "Selam")
SPAND = shipped()["spand"]


@pytest.fixture
def waiting(plan: Plan) -> OwnWord:
    """A word from Selam's workplace, with photo and voice, that waits for staff."""
    row: OwnWord = plan.do("selam", suggest_word, WHISK)
    return row


def heard(plan: Plan, name: str, languages: Sequence[str] = ("ti", "en")) -> Said:
    """What holds for a citizen of her municipality's words."""
    actor = plan.actor(name)
    found = said(plan.session, actor.municipality_id, languages, actor.person_id)
    plan.session.commit()
    return found


def decided(row: OwnWord, deck: str = WORKPLACE) -> Word:
    """A suggested word as staff have mended it."""
    meanings = {"ti": Meaning("መሐወሲ"), "en": Meaning("whisk", "Take the whisk.")}
    return Word(
        row.key, deck, "tasks", "noun", "et", "piskeris", "piskeriset", example="Tag piskeriset.", meanings=meanings
    )


def approve(plan: Plan, row: OwnWord, deck: str = WORKPLACE) -> None:
    actions.approve_word(plan.session, plan.actor("mette"), row, decided(row, deck), plan.now)
    plan.session.commit()


# --- Words from a workplace ---------------------------------------------------------------------------------


def test_a_word_that_waits_is_nobodys_yet_and_only_her_staff_have_it_on_their_list(
    plan: Plan, waiting: OwnWord
) -> None:
    assert waiting.key not in heard(plan, "selam").words
    today = plan.now.date()
    lists = {name: queries.suggestions(plan.session, plan.actor(name), today) for name in ("mette", "karen", "anders")}
    assert lists == {"mette": [waiting], "karen": [waiting], "anders": []}
    assert queries.waiting_suggestions(plan.session, plan.actor("mette"), today) == 1
    assert queries.suggested_by(plan.session, plan.actor("selam"), plan.cast.selam) == [waiting]
    assert queries.suggestion(plan.session, plan.actor("mette"), waiting.id, today) is waiting
    for name in ("bodil", "anders"):
        with pytest.raises(NotFound):
            queries.suggestion(plan.session, plan.actor(name), waiting.id, today)


@pytest.mark.parametrize("name", ["yusuf", "bodil", "anders", "olena"])
@ON_SQLITE
def test_who_does_not_work_with_her_brings_in_nothing(plan: Plan, name: str) -> None:
    with pytest.raises(Forbidden):
        plan.do(name, suggest_word, WHISK)
    assert plan.all(select(OwnWord)) == []


@pytest.mark.parametrize(("name", "status"), [("selam", "suggested"), ("jens", "suggested"), ("mette", "approved")])
def test_only_what_staff_write_holds_at_once(plan: Plan, name: str, status: str) -> None:
    row = plan.do(name, suggest_word, Brought("piskeris"))
    assert (row.status, row.suggested_by_id) == (status, getattr(plan.cast, name))
    assert (row.key in heard(plan, "selam").citizen_words) == (status == "approved")


def test_a_word_is_kept_whole_or_not_at_all(plan: Plan) -> None:
    for brought, refusal in (
        (replace(WHISK, photo=b"I am no photo"), NotAPhoto),
        (replace(WHISK, voice=b"I am no sound"), NotASound),
    ):
        with pytest.raises(refusal):
            plan.do("selam", suggest_word, brought)
    for table in (OwnWord, WordMeaning, WordPhoto, Recording):
        assert plan.all(select(table)) == []


def test_who_reads_danish_gives_no_meaning(plan: Plan) -> None:
    plan.do("jens", suggest_word, Brought("piskeris", "noget at piske med"))
    assert plan.all(select(WordMeaning)) == []


def test_a_word_approved_for_the_citizen_is_hers_alone(plan: Plan, waiting: OwnWord) -> None:
    approve(plan, waiting)
    hers = heard(plan, "selam")
    word = hers.word(waiting.key)
    assert word is not None
    assert (word.with_article, word.forms, word.example, word.theme) == (
        "et piskeris",
        ("piskeriset",),
        "Tag piskeriset.",
        "tasks",
    )
    assert word.meaning_for(("ti", "en")) == ("ti", Meaning("መሐወሲ"))
    assert word.meaning("en") == Meaning("whisk", "Take the whisk.")
    assert hers.citizen_words[waiting.key].at == plan.now
    assert [word.key for word in hers.deck(WORKPLACE)] == [waiting.key]
    assert picture_of(word, hers) == f"/words/photos/{hers.photos[waiting.key]}.jpg"
    sounds = sounds_of(word, hers)
    assert sounds is not None
    assert (sounds.speaker, sounds.slow_opus) == ("Selam", "")
    for name in ("yusuf", "olena"):
        theirs = heard(plan, name)
        assert (theirs.word(waiting.key), theirs.photos, theirs.recordings) == (None, {}, {})


def test_a_word_approved_for_a_deck_is_for_everybody_with_photo_and_voice(plan: Plan, waiting: OwnWord) -> None:
    approve(plan, waiting, "kitchen")
    for name in ("selam", "yusuf"):
        found = heard(plan, name)
        assert found.deck("kitchen")[-1].key == waiting.key
        assert found.citizen_words == {}
        assert waiting.key in found.photos
        assert waiting.key in found.recordings
    assert heard(plan, "olena").word(waiting.key) is None
    assert (waiting.status, waiting.decided_by_id, waiting.decided_at) == ("approved", plan.cast.mette, plan.now)


def test_a_word_left_out_takes_its_photo_voice_and_meaning_with_it(plan: Plan, waiting: OwnWord) -> None:
    other = plan.do("selam", suggest_word, WHISK)
    actions.decline_word(plan.session, plan.actor("mette"), waiting, plan.now)
    plan.session.commit()
    assert waiting.key not in heard(plan, "selam").words
    for table in (WordPhoto, Recording, WordMeaning):
        assert plan.all(select(table.word_key)) == [(other.key,)]
    assert queries.suggestions(plan.session, plan.actor("mette"), plan.now.date()) == [other]


@pytest.mark.parametrize("first", ["approve", "decline"])
def test_a_word_is_decided_once(plan: Plan, waiting: OwnWord, first: str) -> None:
    mette, karen = plan.actor("mette"), plan.actor("karen")
    if first == "approve":
        actions.approve_word(plan.session, mette, waiting, decided(waiting), plan.now)
    else:
        actions.decline_word(plan.session, mette, waiting, plan.now)
    with pytest.raises(AlreadyDecided):
        actions.approve_word(plan.session, karen, waiting, decided(waiting, CORE), plan.now)
    with pytest.raises(AlreadyDecided):
        actions.decline_word(plan.session, karen, waiting, plan.now)
    plan.session.commit()
    assert plan.all(select(OwnWord.deck, OwnWord.decided_by_id)) == [(WORKPLACE, plan.cast.mette)]


# --- Meanings, photos and voices ----------------------------------------------------------------------------


def test_a_meaning_that_was_read_over_stands_over_the_files_with_name_and_day(plan: Plan) -> None:
    for text in ("satil", "satil, dewl"):
        example, day = "Satilê tije bike.", plan.now.date()
        mended = actions.check_meaning(plan.session, plan.actor("mette"), SPAND, "ku", text, example, day)
    plan.session.commit()
    checked = Meaning("satil, dewl", "Satilê tije bike.", "Mette", plan.now.date())
    word = heard(plan, "yusuf", ("ku", "en")).word("spand")
    assert word is not None
    assert word.meaning("ku") == checked
    assert word.meaning("en") == SPAND.meaning("en")
    assert mended == word
    assert heard(plan, "olena", ("ku",)).word("spand") == SPAND
    assert heard(plan, "yusuf", ("en",)).word("spand") == SPAND


def test_a_photo_stands_before_the_picture_until_it_is_removed(plan: Plan) -> None:
    large = io.BytesIO()
    Image.new("RGB", (1000, 500), "teal").save(large, "PNG")
    for upload in (photo(), large.getvalue()):
        actions.save_photo(plan.session, plan.actor("mette"), "spand", upload, now=plan.now)
    plan.session.commit()
    (jpeg,) = plan.all(select(WordPhoto.jpeg))[0]
    with Image.open(io.BytesIO(jpeg)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (480, 240))
    assert picture_of(SPAND, heard(plan, "yusuf")).startswith("/words/photos/")
    assert picture_of(SPAND, heard(plan, "olena")).endswith(f"/{SPAND.picture}.svg")
    actions.remove_photo(plan.session, plan.actor("anders"), "spand")
    assert "spand" in heard(plan, "yusuf").photos
    actions.remove_photo(plan.session, plan.actor("mette"), "spand")
    assert picture_of(SPAND, heard(plan, "yusuf")).endswith(f"/{SPAND.picture}.svg")


def test_a_persons_voice_is_heard_before_the_computers_and_the_newest_before_an_older_one(plan: Plan) -> None:
    for name in ("karen", "jens"):
        speaker = plan.actor(name).given_name
        keep_recording(plan.session, plan.actor("mette"), "spand", voice(), speaker=speaker, now=plan.now)
    plan.session.commit()
    ((number, consent),) = plan.all(select(Recording.id, Recording.consent_at))
    assert consent == plan.now
    assert sounds_of(SPAND, heard(plan, "yusuf")) == (
        "Jens",
        *(f"/words/recordings/{number}.{k}" for k in ("opus", "mp3")),
        "",
        "",
    )
    computer = sounds_of(SPAND, heard(plan, "olena"))
    assert computer is not None
    assert computer.speaker == ""
    assert computer.slow_mp3.endswith("/sounds/da/spand-slow.mp3")


def test_the_computer_does_not_say_a_word_that_the_municipality_calls_something_else() -> None:
    assert sounds_of(SPAND, Said()) is not None
    assert sounds_of(replace(SPAND, lemma="balje"), Said()) is None
    assert sounds_of(replace(SPAND, article="et"), Said()) is None
    assert sounds_of(replace(SPAND, key="unknown"), Said()) is None


# --- Import -------------------------------------------------------------------------------------------------


def take_in(plan: Plan, *words: Word) -> Summary:
    known = said(plan.session, plan.cast.solby, MEANING_LANGUAGES)
    summary = import_words(plan.session, plan.actor("mette"), words, known, plan.now)
    plan.session.commit()
    return summary


def rows(plan: Plan) -> list[Any]:
    return plan.all(select(OwnWord.key, OwnWord.lemma, OwnWord.status)) + plan.all(select(WordMeaning.word_key))


def test_our_own_decks_change_nothing_when_they_are_taken_in(plan: Plan) -> None:
    words, faults = read_words(write_words(shipped().values()).encode())
    assert faults == []
    assert take_in(plan, *(word for _line, word in words)) == Summary(0, 0, 0)
    assert rows(plan) == []


SOAP = Word("saebe_2", "cleaning", "tools", "noun", "en", "brun sæbe", example="Tag brun sæbe.", picture="1F9FC")


def test_new_words_changed_words_and_meanings_are_counted_and_kept(plan: Plan) -> None:
    checked = Meaning("kova, bakraç", "Kovayı doldur.", "Aylin", plan.now.date())
    soap = replace(SOAP, meanings={"en": Meaning("brown soap"), "pl": Meaning("szare mydło")})
    kost = replace(shipped()["kost"], example="Her er en kost.")
    words = (soap, kost, replace(SPAND, meanings={**SPAND.meanings, "tr": checked}), shipped()["hej"])
    assert take_in(plan, *words) == Summary(new=1, changed=1, meanings=3)
    found = heard(plan, "yusuf", MEANING_LANGUAGES)
    for word in words:
        assert found.word(word.key) == word
    assert [word.key for word in found.deck(CORE)] == [word.key for word in queries.shipped_deck(CORE)]
    assert heard(plan, "olena").words == {}
    assert take_in(plan, *words) == Summary(0, 0, 0)
    assert len(rows(plan)) == 2 + 3


def test_a_word_changed_a_second_time_is_still_one_word(plan: Plan) -> None:
    take_in(plan, SOAP)
    assert take_in(plan, replace(SOAP, lemma="grøn sæbe")) == Summary(0, 1, 0)
    assert rows(plan) == [("saebe_2", "grøn sæbe", "approved")]


def test_a_meaning_that_the_file_leaves_empty_is_taken_away(plan: Plan) -> None:
    word = replace(SPAND, meanings={**SPAND.meanings, "tr": Meaning("")})
    assert take_in(plan, word) == Summary(new=0, changed=0, meanings=1)
    assert heard(plan, "yusuf", ("tr", "en")).word("spand") == word
    assert take_in(plan, word) == Summary(0, 0, 0)


def test_two_municipalities_may_have_a_word_with_the_same_key(plan: Plan) -> None:
    take_in(plan, SOAP)
    known = said(plan.session, plan.cast.vandby, MEANING_LANGUAGES)
    theirs = replace(SOAP, lemma="flydende sæbe")
    assert import_words(plan.session, plan.actor("anders"), [theirs], known, plan.now) == Summary(1, 0, 0)
    assert (heard(plan, "olena").word("saebe_2"), heard(plan, "yusuf").word("saebe_2")) == (theirs, SOAP)


# --- What the computer says ---------------------------------------------------------------------------------


def test_a_noun_is_spoken_with_its_article_and_digits_one_by_one() -> None:
    said_aloud = {key: spoken(shipped()[key]) for key in ("noegle", "loefte", "ring_112")}
    assert said_aloud == {"noegle": "en nøgle", "loefte": "løfte", "ring_112": "ring et et to"}
    assert spoken(Word("x", CORE, "time", "phrase", "", "kl. 10 og 987")) == "kl. et nul og ni otte syv"
