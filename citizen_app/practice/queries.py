"""What a learner has learnt: her cards, the words she used at work, and how she wants to learn.

Starting a session reads her cards through the index of her own rows, never the log, however long it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    CompoundSelect,
    Date,
    Float,
    bindparam,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from citizen_app.db import rows_of
from citizen_app.people.models import Person
from citizen_app.policy import Actor
from citizen_app.practice.models import Learner, WordAnswer, WordCard, WordUse
from citizen_app.practice.rules import Answer, CardState, Wishes, new_words, todays_cards
from citizen_app.words.queries import Said, said
from citizen_app.words.rules import Word

_MOMENT = WordCard.due_at.type


@dataclass(frozen=True)
class Learning:
    """A learner's words, by key, and how she wants to learn."""

    cards: Mapping[str, CardState]
    used: Mapping[str, date]
    """The last day on which somebody said that the word was used at work."""
    wishes: Wishes = field(default_factory=Wishes)

    @property
    def known(self) -> frozenset[str]:
        return frozenset(key for key, card in self.cards.items() if card.known_since is not None)


def _own(table: type[WordCard | WordUse | Learner]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.person_id == bindparam("person_id"), table.municipality_id == bindparam("municipality_id")


def _no(kind: TypeEngine[Any], count: int = 1) -> list[Any]:
    return [null().cast(kind).label(f"no{number}") for number in range(count)]


_LEARNING: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(
        literal("card").label("what"),
        WordCard.word_key.label("key"),
        WordCard.due_at,
        WordCard.stability,
        WordCard.difficulty,
        WordCard.begun_at,
        WordCard.answered_at,
        WordCard.known_since,
        null().cast(Date).label("used_on"),
        null().cast(Boolean).label("likes_writing"),
    ).where(*_own(WordCard)),
    select(
        literal("use"),
        WordUse.word_key,
        *_no(_MOMENT),
        *_no(Float(), 2),
        *_no(_MOMENT, 3),
        func.max(WordUse.used_on),
        *_no(Boolean()),
    )
    .where(*_own(WordUse))
    .group_by(WordUse.word_key),
    # Her wishes: the branches stand as the key, the two numbers in place of stability and difficulty.
    select(
        literal("wishes"),
        Learner.branches,
        *_no(_MOMENT),
        Learner.new_a_day.cast(Float),
        Learner.due_a_day.cast(Float),
        *_no(_MOMENT, 3),
        *_no(Date()),
        Learner.likes_writing,
    ).where(*_own(Learner)),
)


def learning(session: Session, municipality_id: int, person_id: int) -> Learning:
    """Return all that a learner has learnt, and how she wants to learn, in one SELECT."""
    cards: dict[str, CardState] = {}
    used: dict[str, date] = {}
    wishes = Wishes()
    for row in rows_of(session, _LEARNING, {"municipality_id": municipality_id, "person_id": person_id}):
        what, key, *state, used_on, likes_writing = row
        if what == "card":
            cards[key] = CardState(*state)
        elif what == "use":
            used[key] = used_on
        else:
            wishes = Wishes(tuple(key.split()), int(row.stability), int(row.difficulty), likes_writing)
    return Learning(cards, used, wishes)


def wishes_of(session: Session, municipality_id: int, person_id: int) -> Wishes:
    """Return how a learner wants to learn, or the defaults."""
    return learning(session, municipality_id, person_id).wishes


@dataclass(frozen=True)
class Desk:
    """All that a learner's page is made of, in two SELECTs."""

    said: Said
    learning: Learning
    words: Sequence[Word]
    """Of her own decks."""
    queue: Sequence[str]
    """What she begins, in this order."""
    today: Sequence[str]
    """The next session."""

    def word(self, key: str) -> Word:
        word = self.said.word(key)
        assert word is not None
        return word

    def words_at_work(self) -> list[Word]:
        """Return the words one may hear her use: from her workplace, begun (the newest first), and those to come."""
        begun = sorted(self.learning.cards.items(), key=lambda card: card[1].begun_at, reverse=True)
        keys = dict.fromkeys((*self.said.citizen_words, *(key for key, _card in begun), *self.queue[:10]))
        return [word for key in keys if (word := self.said.word(key)) is not None]

    def words_for_today(self) -> list[Word]:
        """Return the five words for the start page: the first of the next session, else of those to begin."""
        return [self.word(key) for key in (self.today or self.queue)[:5]]


def own_desk(session: Session, actor: Actor, now: datetime, midnight: datetime) -> Desk:
    """Return what the actor has before her; `midnight` is when her day began."""
    return desk(session, actor.municipality_id, actor.person_id, actor.reading_languages, now, midnight)


def desk(
    session: Session,
    municipality_id: int,
    person_id: int,
    languages: Sequence[str],
    now: datetime,
    midnight: datetime,
) -> Desk:
    """Return what a learner has before her, with meanings in some languages."""
    everything = said(session, municipality_id, languages, person_id)
    learnt = learning(session, municipality_id, person_id)
    wishes = learnt.wishes
    words = everything.deck(*wishes.decks)
    approved = {key: row.at for key, row in everything.citizen_words.items() if row.at}
    queue = new_words(words, wishes, approved, now)
    reachable = {key: card for key, card in learnt.cards.items() if everything.word(key) is not None}
    return Desk(everything, learnt, words, queue, todays_cards(reachable, queue, wishes, now, midnight))


_LOG = select(WordAnswer.answered_at, WordAnswer.id, WordAnswer.knew).where(
    WordAnswer.person_id == bindparam("person_id"), WordAnswer.word_key == bindparam("key")
)


def answers_to(session: Session, person_id: int, key: str) -> list[Answer]:
    """Return all answers to one word."""
    rows = session.execute(_LOG, {"person_id": person_id, "key": key})
    return [Answer(at, answer_id, knew) for at, answer_id, knew in rows]


def lock_learner(session: Session, person_id: int) -> None:
    """Let nobody else change this learner's cards until the transaction ends (SQLite has locked already)."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def said_by_today(session: Session, actor: Actor, person_id: int, day: date) -> set[str]:
    """Return the words of which the actor has said that they were used on a day."""
    return set(
        session.scalars(
            select(WordUse.word_key).filter_by(
                municipality_id=actor.municipality_id, person_id=person_id, said_by_id=actor.person_id, used_on=day
            )
        )
    )


# --- For staff ----------------------------------------------------------------------------------------------


def known_and_used_since(session: Session, municipality_id: int, person_id: int) -> list[tuple[date, str]]:
    """Return the day on which each word became known, and the first on which it was used: (day, "known" or "used")."""
    where = {"municipality_id": municipality_id, "person_id": person_id}
    known = session.execute(
        select(WordCard.known_since).where(WordCard.known_since.is_not(None)).filter_by(**where)
    ).scalars()
    used = session.execute(select(func.min(WordUse.used_on)).filter_by(**where).group_by(WordUse.word_key)).scalars()
    days: list[tuple[Any, str]] = [(moment.date(), "known") for moment in known if moment is not None]
    return sorted(days + [(day, "used") for day in used])
