"""Writing a text in several languages: what becomes outdated, who vouches, and that no wording is ever lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from citizen_app.config import LANGUAGES
from citizen_app.policy import Actor, NotFound
from citizen_app.texts import actions
from citizen_app.texts.actions import OriginalWords, StaleText
from citizen_app.texts.models import Text
from citizen_app.texts.queries import past_wordings, phrase_bank, readings, text_to_change
from citizen_app.texts.rules import Line, TruthMark
from tests.cast import Cast, actor_for

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def mette(session: Session, cast: Cast) -> Actor:
    return actor_for(session, cast.mette)


@pytest.fixture
def selam(session: Session, cast: Cast) -> Actor:
    return actor_for(session, cast.selam)


@pytest.fixture
def text(session: Session, mette: Actor) -> Text:
    """A ready goal, in all languages."""
    return actions.text_from_phrase(session, mette, phrase_bank()["meet_on_time"], NOW)


def line(session: Session, text: Text, language: str) -> Line:
    main = readings(session, text.municipality_id, [text.id], (language,))[text.id].main
    assert main.language == language
    return main


def past(session: Session, text: Text) -> list[tuple[str, str, str]]:
    found = past_wordings(session, text.municipality_id, [text.id])
    return [(wording.language, wording.body, wording.author_name) for wording in found]


def test_a_phrase_stands_in_all_languages(session: Session, text: Text) -> None:
    phrase = phrase_bank()["meet_on_time"]
    for language in LANGUAGES:
        assert line(session, text, language).body == phrase.bodies[language]
        assert line(session, text, language).mark is TruthMark.PHRASE


def test_own_words_stand_in_one_language_with_their_author(session: Session, selam: Actor) -> None:
    text = actions.new_text(session, selam, "ti", "ክሰርሕ እደሊ", NOW)
    assert line(session, text, "ti") == Line("ti", "ክሰርሕ እደሊ", TruthMark.OWN_WORDS, "Selam")
    assert past(session, text) == []


def test_new_words_on_one_side_make_the_others_outdated(session: Session, selam: Actor, text: Text) -> None:
    assert actions.write_anew(session, selam, text, "ti", "ሓድሽ", seen_version=1, now=NOW)
    assert line(session, text, "ti").mark is TruthMark.OWN_WORDS
    assert {line(session, text, code).mark for code in LANGUAGES if code != "ti"} == {TruthMark.OUTDATED}
    assert text.phrase_key is None
    assert (text.original_language, text.version) == ("ti", 2)


def test_the_same_words_again_change_nothing(session: Session, mette: Actor, text: Text) -> None:
    body = phrase_bank()["meet_on_time"].bodies["da"]
    assert not actions.write_anew(session, mette, text, "da", body, seen_version=0, now=NOW)
    assert text.version == 1
    assert past(session, text) == []


def test_writing_over_newer_words_is_refused_with_both_wordings(
    session: Session, mette: Actor, selam: Actor, text: Text
) -> None:
    actions.write_anew(session, selam, text, "ti", "ሓድሽ", seen_version=1, now=NOW)
    with pytest.raises(StaleText) as refused:
        actions.write_anew(session, mette, text, "da", "Mettes ord", seen_version=1, now=NOW)
    assert (refused.value.theirs_language, refused.value.theirs_body) == ("ti", "ሓድሽ")
    assert (refused.value.theirs_name, refused.value.mine) == ("Selam", "Mettes ord")
    assert line(session, text, "ti").body == "ሓድሽ"


def test_every_wording_that_ever_stood_is_kept(session: Session, mette: Actor, text: Text) -> None:
    first = phrase_bank()["meet_on_time"].bodies["da"]
    for number, words in enumerate(("Andre ord", "Helt andre ord"), start=1):
        actions.write_anew(session, mette, text, "da", words, seen_version=number, now=NOW)
    assert past(session, text) == [("da", first, "Mette"), ("da", "Andre ord", "Mette")]


def test_saying_it_in_another_language_makes_nothing_outdated(session: Session, mette: Actor, selam: Actor) -> None:
    text = actions.new_text(session, mette, "da", "Jeg vil arbejde", NOW)
    assert actions.say_in(session, selam, text, "ti", "ክሰርሕ እደሊ", NOW)
    assert line(session, text, "da").mark is TruthMark.OWN_WORDS
    assert line(session, text, "ti") == Line("ti", "ክሰርሕ እደሊ", TruthMark.CHECKED, "Selam")
    assert not actions.say_in(session, selam, text, "ti", "ክሰርሕ እደሊ", NOW)


def test_nobody_puts_other_words_into_the_authors_mouth(session: Session, mette: Actor, selam: Actor) -> None:
    text = actions.new_text(session, selam, "ti", "ክሰርሕ እደሊ", NOW)
    with pytest.raises(OriginalWords):
        actions.say_in(session, mette, text, "ti", "ካልእ", NOW)
    assert line(session, text, "ti").body == "ክሰርሕ እደሊ"


def test_a_person_vouches_for_older_words(session: Session, mette: Actor, selam: Actor, text: Text) -> None:
    actions.write_anew(session, selam, text, "ti", "ሓድሽ", seen_version=1, now=NOW)
    assert actions.vouch(session, mette, text, "da", NOW)
    assert (line(session, text, "da").mark, line(session, text, "da").author_name) == (TruthMark.CHECKED, "Mette")
    assert line(session, text, "en").mark is TruthMark.OUTDATED


def test_vouching_for_words_that_are_not_old_changes_nothing(session: Session, mette: Actor, selam: Actor) -> None:
    text = actions.new_text(session, selam, "ti", "ክሰርሕ እደሊ", NOW)
    assert not actions.vouch(session, mette, text, "ti", NOW)
    assert line(session, text, "ti").mark is TruthMark.OWN_WORDS


def test_nobody_vouches_for_words_that_are_not_there(session: Session, mette: Actor, selam: Actor) -> None:
    text = actions.new_text(session, selam, "ti", "ክሰርሕ እደሊ", NOW)
    with pytest.raises(NotFound):
        actions.vouch(session, mette, text, "da", NOW)


def test_a_text_of_another_municipality_is_not_found(session: Session, cast: Cast, text: Text) -> None:
    with pytest.raises(NotFound):
        text_to_change(session, cast.vandby, text.id)
    assert text_to_change(session, cast.solby, text.id) is text
    with pytest.raises(KeyError):
        readings(session, cast.vandby, [text.id], ("da",))


@pytest.mark.parametrize("body", ["😀👩\u200d🍳", "<script>alert(1)</script>", "عمل ABC עבודה", "%s {{ 7 }}"])
def test_any_words_come_back_as_they_were_written(session: Session, selam: Actor, body: str) -> None:
    text = actions.new_text(session, selam, "ar", body, NOW)
    session.commit()
    assert line(session, text, "ar").body == body
