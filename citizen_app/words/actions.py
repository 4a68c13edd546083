"""What is done to words: brought in from a workplace, approved, translated, photographed, imported, and exported."""

from __future__ import annotations

import html
import re
import secrets
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from citizen_app.policy import Actor, Permission, Refusal, Subject, check
from citizen_app.sounds.actions import keep_recording
from citizen_app.sounds.models import Recording
from citizen_app.web.photos import small_jpeg
from citizen_app.words.models import OwnWord, WordMeaning, WordPhoto
from citizen_app.words.queries import Said, meaning_row
from citizen_app.words.rules import MEANING_LANGUAGES, NO_MEANING, WORKPLACE, Meaning, Word, with_meanings

PHOTO_SIDE: Final = 480
_DIGITS: Final = ("nul", "et", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni")


class AlreadyDecided(Refusal):
    """Somebody else has approved or declined this word meanwhile."""


@dataclass(frozen=True)
class Brought:
    """What somebody brings in: a word written or said, with a photo, a voice, and what it means to her."""

    lemma: str
    meaning: str = ""
    photo: bytes = b""
    voice: bytes = b""
    speaker: str = ""


def spoken(word: Word) -> str:
    """Return the text that the computer reads: nouns with their article, digits one by one (112 is "et et to")."""
    return re.sub(r"\d+", lambda number: " ".join(_DIGITS[int(digit)] for digit in number.group()), word.with_article)


# --- Words from a workplace ---------------------------------------------------------------------------------


def suggest_word(session: Session, actor: Actor, subject: Subject, brought: Brought, now: datetime) -> OwnWord:
    """Bring in a word from a citizen's workplace. It waits for staff; what staff write themselves holds at once.

    Raises NotAPhoto, NotASound and their like before anything is kept.
    """
    check(actor, Permission.SUGGEST_WORDS, subject)
    key = f"w-{secrets.token_hex(5)}"
    word = OwnWord(
        municipality_id=subject.municipality_id,
        key=key,
        deck=WORKPLACE,
        theme="tools",
        word_class="phrase",
        lemma=brought.lemma,
        citizen_id=subject.citizen_id,
        status="suggested",
        suggested_by_id=actor.person_id,
        suggested_at=now,
    )
    session.add(word)
    if brought.photo:
        save_photo(session, actor, key, brought.photo, citizen_id=subject.citizen_id, now=now)
    if brought.voice:
        keep_recording(
            session, actor, key, brought.voice, speaker=brought.speaker, citizen_id=subject.citizen_id, now=now
        )
    if brought.meaning and actor.language != "da":
        put_meaning(session, subject.municipality_id, key, actor.language, Meaning(brought.meaning))
    if actor.is_staff and brought.lemma:
        _decide(word, actor, "approved", now)
    session.flush()
    return word


def approve_word(session: Session, actor: Actor, row: OwnWord, word: Word, now: datetime) -> None:
    """Take a suggested word in as staff have mended it; raises AlreadyDecided.

    In the deck of a workplace it stays the citizen's own; in another deck it is for everybody, photo and voice too.
    """
    _claim(session, row, now)
    row.lemma, row.article, row.word_class, row.theme = word.lemma, word.article, word.word_class, word.theme
    row.definite, row.present, row.past, row.example = word.definite, word.present, word.past, word.example
    row.deck = word.deck
    for language, meaning in word.meanings.items():
        put_meaning(session, row.municipality_id, row.key, language, meaning)
    if word.deck != WORKPLACE:
        row.citizen_id = None
        for table in (WordPhoto, Recording):
            session.execute(
                update(table)
                .where(table.municipality_id == row.municipality_id, table.word_key == row.key)
                .values(citizen_id=None)
            )
    _decide(row, actor, "approved", now)


def decline_word(session: Session, actor: Actor, row: OwnWord, now: datetime) -> None:
    """Leave a suggested word out; its photo, voice and meaning are deleted. Raises AlreadyDecided."""
    _claim(session, row, now)
    for table in (WordPhoto, Recording, WordMeaning):
        session.execute(delete(table).where(table.municipality_id == row.municipality_id, table.word_key == row.key))
    _decide(row, actor, "declined", now)


def _claim(session: Session, row: OwnWord, now: datetime) -> None:
    claimed = session.execute(
        update(OwnWord).where(OwnWord.id == row.id, OwnWord.status == "suggested").values(decided_at=now)
    )
    if not claimed.rowcount:  # type: ignore[attr-defined]
        raise AlreadyDecided


def _decide(row: OwnWord, actor: Actor, status: str, now: datetime) -> None:
    row.status, row.decided_by_id, row.decided_at = status, actor.person_id, now


# --- Meanings and photos ------------------------------------------------------------------------------------


def check_meaning(
    session: Session, actor: Actor, word: Word, language: str, text: str, example: str, day: date
) -> Word:
    """Keep what a speaker has read over and accepted or mended, with her name and the day; returns the word so."""
    meaning = Meaning(text, example, actor.given_name, day)
    put_meaning(session, actor.municipality_id, word.key, language, meaning)
    return with_meanings(word, {language: meaning})


def put_meaning(session: Session, municipality_id: int, key: str, language: str, meaning: Meaning) -> None:
    row = meaning_row(session, municipality_id, key, language)
    if row is None:
        row = WordMeaning(municipality_id=municipality_id, language=language, word_key=key)
        session.add(row)
    row.text, row.example = meaning.text, meaning.example
    row.checked_by, row.checked_on = meaning.checked_by, meaning.checked_on


def save_photo(
    session: Session, actor: Actor, key: str, upload: bytes, *, citizen_id: int | None = None, now: datetime
) -> None:
    """Keep a photo of the thing in place of an older one; raises NotAPhoto."""
    jpeg = small_jpeg(upload, PHOTO_SIDE)
    remove_photo(session, actor, key)
    session.add(
        WordPhoto(
            municipality_id=actor.municipality_id,
            word_key=key,
            citizen_id=citizen_id,
            jpeg=jpeg,
            taken_by_id=actor.person_id,
            taken_at=now,
        )
    )


def remove_photo(session: Session, actor: Actor, key: str) -> None:
    """Take a photo away, so that the picture stands there again."""
    session.execute(
        delete(WordPhoto).where(WordPhoto.municipality_id == actor.municipality_id, WordPhoto.word_key == key)
    )


# --- Import -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    new: int
    changed: int
    meanings: int


def import_words(session: Session, actor: Actor, words: Sequence[Word], known: Said, now: datetime) -> Summary:
    """Take a checked file of words into the municipality: what differs from what holds becomes a row of its own."""
    new = changed = meanings = 0
    rows = {
        row.key: row
        for row in session.scalars(select(OwnWord).filter_by(municipality_id=actor.municipality_id, citizen_id=None))
    }
    for word in words:
        before = known.word(word.key)
        if before is None or _is_other(before, word):
            new, changed = new + (before is None), changed + (before is not None)
            _put_word(session, actor, rows.get(word.key), word, now)
        for language in MEANING_LANGUAGES:
            meaning = word.meaning(language)
            if (before.meaning(language) if before else NO_MEANING) != meaning:
                put_meaning(session, actor.municipality_id, word.key, language, meaning)
                meanings += 1
    session.flush()
    return Summary(new, changed, meanings)


_FIELDS: Final = (
    "deck", "theme", "word_class", "article", "lemma", "definite", "present", "past", "example", "picture",
)  # fmt: skip


def _is_other(before: Word, word: Word) -> bool:
    return any(getattr(before, name) != getattr(word, name) for name in _FIELDS)


def _put_word(session: Session, actor: Actor, row: OwnWord | None, word: Word, now: datetime) -> None:
    if row is None:
        row = OwnWord(municipality_id=actor.municipality_id, key=word.key, suggested_at=now)
        row.suggested_by_id = actor.person_id
        session.add(row)
    for name in _FIELDS:
        setattr(row, name, getattr(word, name))
    _decide(row, actor, "approved", now)


# --- Anki ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Media:
    """A picture and a sound of a word as files for another program."""

    picture: tuple[str, bytes] | None
    """File name and content."""
    sound: tuple[str, bytes] | None


_FRONT: Final = "<div class=picture>{{Picture}}</div><div class=danish lang=da>{{Danish}}</div>{{Sound}}"
_BACK: Final = (
    "{{FrontSide}}<hr id=answer><div class=meaning>{{Meaning}}</div>"
    "<div class=example lang=da>{{Example}}</div><div>{{ExampleMeaning}}</div>"
)
_LOOK: Final = (
    ".card {font-family: system-ui, sans-serif; font-size: 24px; text-align: center;}"
    ".picture img {max-width: 200px; max-height: 200px;} .meaning {font-weight: bold;} .example {color: #555;}"
)
ANKI_FIELDS: Final = ("Key", "Danish", "Meaning", "Example", "ExampleMeaning", "Picture", "Sound")


def anki_package(deck_key: str, name: str, words: Iterable[Word], language: str, media: Mapping[str, Media]) -> bytes:
    """Return an Anki package of words with meanings in a language, pictures and sounds.

    Numbers of the deck, the model and the notes are fixed by deck, language and key, so that importing a newer package
    updates the cards and keeps what the learner has done.
    """
    import genanki  # needed by the few who export

    model = genanki.Model(
        _number(f"citizen_app words {language}"),
        "citizen_app",
        fields=[{"name": field} for field in ANKI_FIELDS],
        templates=[{"name": "Danish", "qfmt": _FRONT, "afmt": _BACK}],
        css=_LOOK,
    )
    deck = genanki.Deck(_number(f"citizen_app {deck_key} {language}"), name)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for word in words:
            has = media.get(word.key, Media(None, None))
            files += [_written(Path(folder), *file) for file in (has.picture, has.sound) if file]
            meaning = word.meaning(language)
            values = (
                word.key,
                html.escape(word.with_article),
                html.escape(meaning.text),
                html.escape(word.example),
                html.escape(meaning.example),
                f'<img src="{has.picture[0]}">' if has.picture else "",
                f"[sound:{has.sound[0]}]" if has.sound else "",
            )
            guid = genanki.guid_for("citizen_app", word.key, language)
            deck.add_note(genanki.Note(model=model, fields=list(values), guid=guid))
        package = genanki.Package(deck, media_files=files)
        target = Path(folder) / "deck.apkg"
        package.write_to_file(str(target))
        return target.read_bytes()


def _number(name: str) -> int:
    """Return a number that Anki can tell decks and models by."""
    return 1_000_000_000 + zlib.crc32(name.encode())


def _written(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)
