"""When a word comes again, which words make up today's session, and when a word counts as known.

Repetition follows FSRS (the package `fsrs`, its default weights) with two answers: knew it, or not yet. There are no
steps of minutes: days count, and a word that was missed comes back in the same session anyway. A card is a function of
its answers in the order in which they were given, so late, repeated or shuffled arrival changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple, Self

from fsrs import Card, Rating, Scheduler, State

from citizen_app.words.rules import CORE, WORKPLACE, Word

SESSION: Final = 10
"""Cards in one sitting: about ten minutes."""
NEW_AMONG_DUE: Final = 3
"""Places in a full session that are kept for new words, so that old ones never crowd them out."""
AWAY: Final = timedelta(days=30)
"""After so long a break the first session has old words only."""
FRESH: Final = timedelta(days=7)
"""So long a word from the workplace goes before all others once it is approved."""
KNOWN_DAYS: Final = 7.0
"""A word is known when nine of ten such words would still be remembered after a week."""
EXERCISES: Final = ("card", "meet", "see", "listen", "meaning", "order", "say", "type")
MOST_AT_ONCE: Final = 500
"""Answers in one request."""

SCHEDULER: Final = Scheduler(
    desired_retention=0.9, learning_steps=(), relearning_steps=(), maximum_interval=365, enable_fuzzing=False
)


class Answer(NamedTuple):
    """One answer; sorts in the order in which answers were given."""

    at: datetime
    id: str
    knew: bool


@dataclass(frozen=True)
class CardState:
    """What the answers to one word come to; the same fields as the table of cards."""

    due_at: datetime
    stability: float
    difficulty: float
    begun_at: datetime
    answered_at: datetime
    known_since: datetime | None


class _OwnCard(Card):
    """A card that nobody else holds. The scheduler copies a card at each answer, which is a third of its time."""

    def __copy__(self) -> Self:
        return self


def card_from(answers: Iterable[Answer]) -> CardState:
    """Compute a card from its answers, given in any order and with any of them more than once; wants at least one."""
    state: CardState | None = None
    for answer in sorted(set(answers)):
        state = after(state, answer)
    assert state is not None
    return state


def after(state: CardState | None, answer: Answer) -> CardState:
    """Return the card after one more answer, which must have been given after all others."""
    card = _OwnCard(card_id=1, due=answer.at)
    if state is not None:
        card.state, card.step, card.due, card.last_review = State.Review, None, state.due_at, state.answered_at
        card.stability, card.difficulty = state.stability, state.difficulty
    SCHEDULER.review_card(card, Rating.Good if answer.knew else Rating.Again, answer.at)
    assert card.stability is not None
    assert card.difficulty is not None
    is_known = answer.knew and card.stability >= KNOWN_DAYS
    known_since = (state.known_since if state else None) or answer.at
    return CardState(
        due_at=card.due,
        stability=card.stability,
        difficulty=card.difficulty,
        begun_at=state.begun_at if state else answer.at,
        answered_at=answer.at,
        known_since=known_since if is_known else None,
    )


def days_until_due(state: CardState | None, now: datetime) -> tuple[int, int]:
    """Return in how many days the card would come again after "knew it" and after "not yet", answered now."""
    at = max(now, state.answered_at) if state else now
    knew, missed = (after(state, Answer(at, "", answer)) for answer in (True, False))
    return (knew.due_at - at).days, (missed.due_at - at).days


# --- Today's session ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wishes:
    """How somebody wants to learn."""

    branches: tuple[str, ...] = ()
    new_a_day: int = 5
    due_a_day: int = 10
    likes_writing: bool = False

    @property
    def decks(self) -> tuple[str, ...]:
        """Return the decks that the learner works on."""
        return (WORKPLACE, CORE, *self.branches)


def new_words(words: Sequence[Word], wishes: Wishes, approved: Mapping[str, datetime], now: datetime) -> list[str]:
    """Return the keys of a learner's words in the order in which they are begun.

    Newly approved words from her workplace come first, then safety, her workplace, her line of work, and the core.
    """

    def rank(word: Word) -> int:
        if word.deck == WORKPLACE and word.key in approved and now - approved[word.key] < FRESH:
            return 0
        if word.theme == "safety":
            return 1
        return order[word.deck]

    order = {WORKPLACE: 2, CORE: 4} | dict.fromkeys(wishes.branches, 3)
    return [word.key for word in sorted((word for word in words if word.deck in order), key=rank)]


def todays_cards(
    cards: Mapping[str, CardState], queue: Sequence[str], wishes: Wishes, now: datetime, midnight: datetime
) -> list[str]:
    """Return the keys of the next session, at most ten.

    `midnight` is the beginning of the learner's day; what falls due later that day is due already.
    """
    tomorrow = midnight + timedelta(days=1)
    begun = sum(state.begun_at >= midnight for state in cards.values())
    repeated = sum(state.answered_at >= midnight > state.begun_at for state in cards.values())
    due = sorted(
        (state.due_at, key) for key, state in cards.items() if state.due_at < tomorrow and state.answered_at < midnight
    )
    old = [key for _due, key in due[: max(wishes.due_a_day - repeated, 0)]]
    new = [key for key in queue if key not in cards][: max(wishes.new_a_day - begun, 0)]
    is_back = bool(cards) and now - max(state.answered_at for state in cards.values()) >= AWAY
    if is_back and len(old) >= SESSION:
        new = []
    places = max(SESSION - len(old), min(NEW_AMONG_DUE, len(new)))
    new = new[:places]
    return _mixed(old[: SESSION - len(new)], new)


def _mixed(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return both spread evenly over the session, beginning with an old word: the first card should go well."""
    places = [((number + 0.5) / len(old), 0, key) for number, key in enumerate(old)]
    places += [((number + 0.5) / len(new), 1, key) for number, key in enumerate(new)]
    return [key for _place, _new, key in sorted(places, key=lambda place: place[:2])]


# --- Over time ----------------------------------------------------------------------------------------------


class Week(NamedTuple):
    """How many words were known, and how many had been used at work, when a week ended."""

    monday: date
    known: int
    used: int


def growth(days: Iterable[tuple[date, str]], monday: date, weeks: int) -> list[Week]:
    """Return the last `weeks` weeks, from the day on which each word became known or was first used.

    `monday` begins the last of them.
    """
    seen = list(days)
    starts = [monday - timedelta(weeks=back) for back in reversed(range(weeks))]

    def count(kind: str, end: date) -> int:
        return sum(day < end and what == kind for day, what in seen)

    return [
        Week(start, count("known", start + timedelta(weeks=1)), count("used", start + timedelta(weeks=1)))
        for start in starts
    ]
