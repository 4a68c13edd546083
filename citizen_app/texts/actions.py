"""Writing texts: anew, in other words, in another language, and vouching that two languages say the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from citizen_app.policy import Actor, NotFound, Refusal
from citizen_app.texts.models import PastWording, Rendering, Text
from citizen_app.texts.rules import Phrase, TruthMark


class StaleText(Refusal):
    """Somebody else has written the text anew since it was read. Nothing is overwritten; both stand."""

    def __init__(self, theirs: Rendering, mine: str) -> None:
        super().__init__()
        self.theirs_language = theirs.language
        self.theirs_body = theirs.body
        self.theirs_name = theirs.author_name
        self.mine = mine


class OriginalWords(Refusal):
    """The words are the original: they can be written anew, but nobody says them again for their author."""


def new_text(session: Session, actor: Actor, language: str, body: str, now: datetime) -> Text:
    """Write a text in somebody's own words."""
    text = Text(municipality_id=actor.municipality_id, original_language=language, version=1)
    session.add(text)
    session.flush()
    _put(session, actor, text, language, body, TruthMark.OWN_WORDS, now)
    return text


def text_from_phrase(session: Session, actor: Actor, phrase: Phrase, now: datetime) -> Text:
    """Take a phrase over in all its languages, so that later changes to the bank change no plan."""
    text = Text(municipality_id=actor.municipality_id, original_language="da", version=1, phrase_key=phrase.key)
    session.add(text)
    session.flush()
    for language, body in phrase.bodies.items():
        _put(session, actor, text, language, body, TruthMark.PHRASE, now)
    return text


def write_anew(
    session: Session, actor: Actor, text: Text, language: str, body: str, *, seen_version: int, now: datetime
) -> bool:
    """Make these words the original; other languages become outdated. Returns whether anything changed.

    Raises StaleText when the text has moved on since `seen_version`.
    """
    if says(session, text, language, body):
        return False
    _refuse_stale(session, text, body, seen_version)
    text.version += 1
    text.original_language = language
    text.phrase_key = None
    _put(session, actor, text, language, body, TruthMark.OWN_WORDS, now)
    return True


def say_in(
    session: Session,
    actor: Actor,
    text: Text,
    language: str,
    body: str,
    now: datetime,
    *,
    seen_version: int | None = None,
) -> bool:
    """Say the same in another language and vouch for it; the original stays. Returns whether anything changed.

    Raises OriginalWords when it would put other words into the author's mouth, and StaleText when the text has moved
    on since `seen_version`.
    """
    if says(session, text, language, body):
        return False
    if seen_version is not None:
        _refuse_stale(session, text, body, seen_version)
    if language == text.original_language:
        raise OriginalWords
    _put(session, actor, text, language, body, TruthMark.CHECKED, now)
    return True


def vouch(
    session: Session, actor: Actor, text: Text, language: str, now: datetime, *, seen_version: int | None = None
) -> bool:
    """Declare that an outdated rendering still says the same as the original. Returns whether it was outdated.

    Raises StaleText when the text has moved on since `seen_version`.
    """
    rendering = _rendering(session, text, language)
    if rendering is None:
        raise NotFound
    if rendering.text_version == text.version:
        return False
    if seen_version is not None:
        _refuse_stale(session, text, rendering.body, seen_version)
    _put(session, actor, text, language, rendering.body, TruthMark.CHECKED, now)
    return True


def remove_text(session: Session, text: Text) -> None:
    """Take a text away in all its languages; what pointed to it must be gone."""
    for table in (PastWording, Rendering):
        session.execute(delete(table).where(table.municipality_id == text.municipality_id, table.text_id == text.id))
    session.delete(text)
    session.flush()


def original_words(session: Session, text: Text) -> str:
    """Return the words of the original as they stand now."""
    original = _rendering(session, text, text.original_language)
    return original.body if original else ""


def says(session: Session, text: Text, language: str, body: str) -> bool:
    """Say whether the text, as it stands now, already has these words in this language."""
    current = _rendering(session, text, language)
    return current is not None and current.body == body and current.text_version == text.version


def _refuse_stale(session: Session, text: Text, mine: str, seen_version: int) -> None:
    if seen_version == text.version:
        return
    original = _rendering(session, text, text.original_language)
    if original is None:
        raise NotFound
    raise StaleText(original, mine)


def _rendering(session: Session, text: Text, language: str) -> Rendering | None:
    return session.scalar(select(Rendering).filter_by(text_id=text.id, language=language))


def _put(session: Session, actor: Actor, text: Text, language: str, body: str, mark: TruthMark, now: datetime) -> None:
    fields = {
        "body": body,
        "mark": mark.value,
        "text_version": text.version,
        "author_id": actor.person_id,
        "author_name": actor.given_name,
        "made_at": now,
    }
    current = _rendering(session, text, language) if text.version > 1 or mark is TruthMark.CHECKED else None
    if current is None:
        session.add(Rendering(municipality_id=text.municipality_id, text_id=text.id, language=language, **fields))
        session.flush()
        return
    past = {name: getattr(current, name) for name in fields}
    session.add(PastWording(municipality_id=text.municipality_id, text_id=text.id, language=language, **past))
    for name, value in fields.items():
        setattr(current, name, value)
    session.flush()
