"""The decks: the files that come with the app, and what a municipality has added, changed, said and photographed.

The files are read once per process and checked by tests; what the municipality has to say is one SELECT, laid over
them. So a page of words costs the same whether nobody or everybody has mended a translation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, String, bindparam, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from citizen_app.db import AnyRow, one_of, rows_of, spread
from citizen_app.people.queries import is_citizen_of_worker
from citizen_app.policy import Actor, NotFound
from citizen_app.sounds.models import Recording
from citizen_app.web import assets
from citizen_app.words.models import OwnWord, WordMeaning, WordPhoto
from citizen_app.words.rules import DECKS, MEANING_LANGUAGES, Fault, Flaw, Meaning, Word, read_words, with_meanings

DATA: Final = Path(__file__).parent / "data"
SOUNDS: Final = assets.STATIC / "sounds" / "da"


class BadDeck(ValueError):
    """A deck file of ours that cannot be used: which file, line and field, and what is wrong there."""

    def __init__(self, deck: str, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(f"{deck}.csv, line {first.line}, field {first.field}: {first.flaw} {first.detail}".rstrip())
        self.deck = deck
        self.faults = faults


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Word]:
    """Return all words that come with the app by key, deck by deck in the order a beginner meets them."""
    words: dict[str, Word] = {}
    for deck in DECKS:
        found, faults = read_words((DATA / f"{deck}.csv").read_bytes(), deck=deck)
        if faults:
            raise BadDeck(deck, faults)
        words |= {word.key: word for _line, word in found}
    return words


@lru_cache(maxsize=2 * len(DECKS))
def shipped_deck(deck: str) -> tuple[Word, ...]:
    return tuple(word for word in shipped().values() if word.deck == deck)


def deck_faults(deck: str) -> list[Fault]:
    """Return all that is wrong with a deck file of ours: what no deck may have, and missing pictures and sounds."""
    words, faults = read_words((DATA / f"{deck}.csv").read_bytes(), deck=deck)
    for line, word in words:
        if not (word.picture and assets.has_picture(word.picture)):
            faults.append(Fault(line, "picture", Flaw.NO_PICTURE))
        names = [f"{word.key}{ending}.{kind}" for ending in ("", "-slow") for kind in ("opus", "mp3")]
        if not all((SOUNDS / name).is_file() for name in names):
            faults.append(Fault(line, "key", Flaw.NO_SOUND))
        faults += [
            Fault(line, language, Flaw.MISSING) for language in MEANING_LANGUAGES if not all(word.meaning(language)[:2])
        ]
    return sorted(faults)


# --- What the municipality says -----------------------------------------------------------------------------


class Voice(NamedTuple):
    """A recording of a word."""

    id: int
    speaker: str


@dataclass(frozen=True)
class Said:
    """What a municipality, and a citizen's workplace, say about words."""

    words: Mapping[str, Word] = field(default_factory=dict)
    """Words of their own, by key; oldest first."""
    citizen_words: Mapping[str, AnyRow] = field(default_factory=dict)
    """Of these, the words from the citizen's workplace, with when they were approved (`at`)."""
    meanings: Mapping[str, Mapping[str, Meaning]] = field(default_factory=dict)
    recordings: Mapping[str, Voice] = field(default_factory=dict)
    photos: Mapping[str, int] = field(default_factory=dict)
    """The photo's number, by the word's key."""

    def word(self, key: str) -> Word | None:
        word = self.words.get(key) or shipped().get(key)
        if word is None or key not in self.meanings:
            return word
        return with_meanings(word, self.meanings[key])

    def all_words(self) -> list[Word]:
        """Return every word: ours in their order, then the municipality's own and the workplace's."""
        keys = dict.fromkeys((*shipped(), *self.words))
        return [word for key in keys if (word := self.word(key)) is not None]

    def deck(self, *decks: str) -> list[Word]:
        """Return the words of some decks, deck by deck in this order."""
        return [word for deck in decks for word in self._deck(deck)]

    def _deck(self, deck: str) -> Iterable[Word]:
        if not self.words and not self.meanings:
            return shipped_deck(deck)
        ours = (self.word(word.key) for word in shipped_deck(deck))
        own = (self.word(key) for key in self.words if key not in shipped() or shipped()[key].deck != deck)
        return [word for word in (*ours, *own) if word is not None and word.deck == deck]


class Sounds(NamedTuple):
    """Addresses of a word's sounds."""

    speaker: str
    """Who speaks; nothing for the computer's voice."""
    opus: str
    mp3: str
    slow_opus: str = ""
    slow_mp3: str = ""
    """Nothing for a recording, which players play slower themselves."""


def picture_of(word: Word, said: Said) -> str:
    """Return the address of a word's photo or picture; nothing where there is neither."""
    if word.key in said.photos:
        return f"/words/photos/{said.photos[word.key]}.jpg"
    return assets.picture_address(word.picture) if word.picture else ""


def sounds_of(word: Word, said: Said) -> Sounds | None:
    """Return a person's recording of a word, else the computer's voice; nothing where only the phone can say it."""
    recording = said.recordings.get(word.key)
    if recording is not None:
        address = f"/words/recordings/{recording.id}"
        return Sounds(recording.speaker, f"{address}.opus", f"{address}.mp3")
    ours = shipped().get(word.key)
    if ours is None or ours.lemma != word.lemma or ours.article != word.article:
        return None
    names = (f"{word.key}{ending}.{kind}" for ending in ("", "-slow") for kind in ("opus", "mp3"))
    return Sounds("", *(assets.address(f"sounds/da/{name}") for name in names))


_OWN_FIELDS: Final = (
    "theme", "word_class", "article", "lemma", "definite", "present", "past", "example", "picture",
)  # fmt: skip


def _of_citizen(column: Any) -> ColumnElement[bool]:
    return or_(column.is_(None), column == bindparam("citizen_id", type_=Integer))


def _nothing(*names: str) -> list[Any]:
    return [null().cast(String).label(name) for name in names]


_SAID = union_all(
    select(
        literal("word").label("what"),
        OwnWord.id,
        OwnWord.key.label("key"),
        OwnWord.deck.label("deck"),
        *(getattr(OwnWord, name).label(name) for name in _OWN_FIELDS),
        OwnWord.citizen_id,
        OwnWord.decided_at.label("at"),
        null().cast(WordMeaning.checked_on.type).label("checked_on"),
    ).where(
        OwnWord.municipality_id == bindparam("municipality_id"),
        OwnWord.status == "approved",
        _of_citizen(OwnWord.citizen_id),
    ),
    # A meaning: its language stands as theme, its text as lemma, its example, and who checked it as definite.
    select(
        literal("meaning"),
        literal(0),
        WordMeaning.word_key,
        null().cast(String),
        WordMeaning.language,
        *_nothing("a", "b"),
        WordMeaning.text,
        WordMeaning.checked_by,
        *_nothing("c", "d"),
        WordMeaning.example,
        *_nothing("e"),
        null().cast(Integer),
        null().cast(OwnWord.decided_at.type),
        WordMeaning.checked_on,
    ).where(
        WordMeaning.municipality_id == bindparam("municipality_id"),
        one_of(WordMeaning.language, "language", 10),
    ),
    # A recording: its speaker stands as lemma.
    select(
        literal("recording"),
        Recording.id,
        Recording.word_key,
        null().cast(String),
        *_nothing("a", "b", "c"),
        Recording.speaker,
        *_nothing("d", "e", "f", "g", "h"),
        Recording.citizen_id,
        Recording.made_at,
        null().cast(WordMeaning.checked_on.type),
    ).where(Recording.municipality_id == bindparam("municipality_id"), _of_citizen(Recording.citizen_id)),
    select(
        literal("photo"),
        WordPhoto.id,
        WordPhoto.word_key,
        null().cast(String),
        *_nothing("a", "b", "c", "d", "e", "f", "g", "h", "i"),
        WordPhoto.citizen_id,
        WordPhoto.taken_at,
        null().cast(WordMeaning.checked_on.type),
    ).where(WordPhoto.municipality_id == bindparam("municipality_id"), _of_citizen(WordPhoto.citizen_id)),
)
_IN_ORDER = select(_SAID.subquery()).order_by("id")


def said(session: Session, municipality_id: int, languages: Sequence[str], citizen_id: int | None = None) -> Said:
    """Return in one SELECT what holds in a municipality, in some languages, and for one citizen's workplace."""
    values = {
        "municipality_id": municipality_id,
        "citizen_id": citizen_id,
        **spread("language", tuple(languages)[:10] or ("da",), 10),
    }
    words: dict[str, Word] = {}
    citizen_words: dict[str, AnyRow] = {}
    meanings: dict[str, dict[str, Meaning]] = defaultdict(dict)
    recordings: dict[str, Voice] = {}
    photos: dict[str, int] = {}
    for row in rows_of(session, _IN_ORDER, values):
        if row.what == "word":
            words[row.key] = own_word(row)
            if row.citizen_id is not None:
                citizen_words[row.key] = row
        elif row.what == "meaning":
            meanings[row.key][row.theme] = Meaning(row.lemma, row.example, row.definite, row.checked_on)
        elif row.what == "recording":
            recordings[row.key] = Voice(row.id, row.lemma)
        else:
            photos[row.key] = row.id
    return Said(words, citizen_words, meanings, recordings, photos)


def own_word(row: Any) -> Word:
    """Return a row of the municipality's own words as a word; its meanings in our file stay."""
    ours = shipped().get(row.key)
    fields = {name: getattr(row, name) for name in _OWN_FIELDS}
    return Word(key=row.key, deck=row.deck, meanings=ours.meanings if ours else {}, **fields)


# --- Single things ------------------------------------------------------------------------------------------


def _may_be_seen(citizen_id: Any) -> ColumnElement[bool]:
    """What is of one citizen's workplace is for her and for the people who work with her."""
    return or_(
        citizen_id.is_(None),
        citizen_id == bindparam("person_id"),
        is_citizen_of_worker(citizen_id),
    )


_PHOTO = select(WordPhoto.jpeg).where(
    WordPhoto.municipality_id == bindparam("municipality_id"),
    WordPhoto.id == bindparam("id"),
    _may_be_seen(WordPhoto.citizen_id),
)
_RECORDINGS = {
    kind: select(column).where(
        Recording.municipality_id == bindparam("municipality_id"),
        Recording.id == bindparam("id"),
        _may_be_seen(Recording.citizen_id),
    )
    for kind, column in (("opus", Recording.opus), ("mp3", Recording.mp3))
}


def _seen_by(actor: Actor, number: int, today: Any) -> dict[str, Any]:
    return {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "id": number,
        "today": today,
    }


def photo(session: Session, actor: Actor, photo_id: int, today: Any) -> bytes:
    """Return a photo that the actor may see; raises NotFound for any other."""
    jpeg = session.scalar(_PHOTO, _seen_by(actor, photo_id, today))
    if jpeg is None:
        raise NotFound
    return jpeg


def recording(session: Session, actor: Actor, recording_id: int, kind: str, today: Any) -> bytes:
    """Return a recording that the actor may hear, as `opus` or `mp3`; raises NotFound for any other."""
    sound = session.scalar(_RECORDINGS[kind], _seen_by(actor, recording_id, today))
    if sound is None:
        raise NotFound
    return sound


_SUGGESTIONS = (
    select(OwnWord)
    .where(
        OwnWord.municipality_id == bindparam("municipality_id"),
        OwnWord.status == "suggested",
        is_citizen_of_worker(OwnWord.citizen_id),
    )
    .order_by(OwnWord.suggested_at, OwnWord.id)
    .limit(100)
)


def suggestions(session: Session, actor: Actor, today: Any) -> Sequence[OwnWord]:
    """Return what waits for a yes from the staff, of the citizens whom the actor works with, oldest first."""
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
    return session.scalars(_SUGGESTIONS, values).all()


_SUGGESTION: Select[Any] = select(OwnWord).where(
    OwnWord.municipality_id == bindparam("municipality_id"),
    OwnWord.id == bindparam("id"),
    # A word that was taken in for everybody has no citizen any more; who comes late is told that it is decided.
    or_(OwnWord.citizen_id.is_(None), is_citizen_of_worker(OwnWord.citizen_id)),
)


def suggestion(session: Session, actor: Actor, word_id: int, today: Any) -> OwnWord:
    """Return one suggested word of a citizen whom the actor works with; raises NotFound for any other."""
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
    found: OwnWord | None = session.scalar(_SUGGESTION, {**values, "id": word_id})
    if found is None:
        raise NotFound
    return found


def suggested_by(session: Session, actor: Actor, citizen_id: int) -> Sequence[OwnWord]:
    """Return the words of a citizen's workplace that wait or are new, newest first."""
    return session.scalars(
        select(OwnWord)
        .where(
            OwnWord.municipality_id == actor.municipality_id,
            OwnWord.citizen_id == citizen_id,
            OwnWord.status == "suggested",
        )
        .order_by(OwnWord.suggested_at.desc(), OwnWord.id.desc())
        .limit(20)
    ).all()


def workplace_keys(session: Session, municipality_id: int) -> set[str]:
    """Return the keys of all words that belong to one citizen's workplace, whatever became of them."""
    return set(
        session.scalars(
            select(OwnWord.key).where(OwnWord.municipality_id == municipality_id, OwnWord.citizen_id.is_not(None))
        )
    )


def meaning_row(session: Session, municipality_id: int, key: str, language: str) -> WordMeaning | None:
    return session.get(WordMeaning, {"municipality_id": municipality_id, "language": language, "word_key": key})


def photo_numbers(session: Session, municipality_id: int, keys: Iterable[str]) -> dict[str, int]:
    """Return the photos of some words, whoever's they are."""
    rows = session.execute(
        select(WordPhoto.word_key, WordPhoto.id).where(
            WordPhoto.municipality_id == municipality_id, WordPhoto.word_key.in_(list(keys))
        )
    )
    return {row.word_key: row.id for row in rows}


def recording_numbers(session: Session, municipality_id: int, keys: Iterable[str]) -> dict[str, int]:
    """Return the recordings of some words, whoever's they are."""
    rows = session.execute(
        select(Recording.word_key, Recording.id).where(
            Recording.municipality_id == municipality_id, Recording.word_key.in_(list(keys))
        )
    )
    return {row.word_key: row.id for row in rows}


def waiting_suggestions(session: Session, actor: Actor, today: Any) -> int:
    values = {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
    statement = select(func.count()).select_from(_SUGGESTIONS.subquery())
    return session.scalar(statement, values) or 0
