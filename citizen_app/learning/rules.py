"""Rules of learning at a workplace: focus points with faces, ready steps, and closing words.

A face is no grade: it is how a day went as one side saw it, and the two sides are never added up or compared. A step
that is taken back is learning, too. Which side may do what with a step stands in one table, `MOVES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from citizen_app.placements.rules import LINK_KEPT, Side

FACES = (1, 2, 3)
"""3 it went well, 2 so-so, 1 it was hard."""
FACE_SIDES = frozenset({Side.MENTOR, Side.CITIZEN})
"""Who was there gives a face; staff were not."""
MOST_POINTS = 3
"""So many focus points are open at once."""
MOST_READY = 10
"""So many steps lie ready at once."""
BODY_LENGTH = 200
WORDS_LENGTH = 200
"""What goes with a face, or what a step that was taken back has taught: one line."""
CLOSING_LENGTH = 400
CLOSING_FROM = timedelta(days=7)
"""So long before the last day the closing words are asked for."""
PATH_LENGTH = 8
"""So many faces of each side stand on a path."""


def is_open(last_day: date, today: date) -> bool:
    """Say whether the learning at a placement can still be changed; afterwards it can be read."""
    return today <= last_day + LINK_KEPT


# --- Focus points -------------------------------------------------------------------------------------------


class Word(Protocol):
    """What somebody has said of a focus point."""

    @property
    def id(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def by_id(self) -> int: ...
    @property
    def day(self) -> date: ...
    @property
    def said_at(self) -> datetime: ...


AnyWord = TypeVar("AnyWord", bound=Word)


def path_of(words: Iterable[AnyWord]) -> Mapping[Side, tuple[AnyWord, ...]]:
    """Return for each side what stands of each day, the newest last: everybody's latest word, however they came."""
    latest: dict[tuple[str, int, date], AnyWord] = {}
    for word in sorted(words, key=lambda word: (word.said_at, word.id)):
        latest[word.side, word.by_id, word.day] = word
    in_order = sorted(latest.values(), key=lambda word: (word.day, word.said_at, word.id))
    return {side: tuple(word for word in in_order if word.side == side) for side in (Side.MENTOR, Side.CITIZEN)}


# --- Ready steps --------------------------------------------------------------------------------------------


class StepState(StrEnum):
    READY = "ready"
    NOW = "now"
    """She tries it; there may be several."""
    DONE = "done"
    TAKEN_BACK = "taken_back"
    """It was too much, or too early; what that has taught is kept."""


class StepVerb(StrEnum):
    START = "start"
    FINISH = "finish"
    TAKE_BACK = "take_back"
    """Said by the citizen herself: too much for me now."""
    AGAIN = "again"


@dataclass(frozen=True)
class Move:
    to: StepState
    starts_from: Mapping[Side, frozenset[StepState]]
    """From where each side may do it."""


_NOT_DONE = frozenset({StepState.READY, StepState.NOW})


def _every_side(*states: StepState) -> dict[Side, frozenset[StepState]]:
    return dict.fromkeys(Side, frozenset(states))


MOVES: Mapping[StepVerb, Move] = {
    StepVerb.START: Move(StepState.NOW, _every_side(StepState.READY)),
    # A step that nobody has started can be done, too: she has simply done it.
    StepVerb.FINISH: Move(StepState.DONE, _every_side(*_NOT_DONE)),
    # That something done has become too much is for mentor and staff to say; it must not be undone by one press.
    StepVerb.TAKE_BACK: Move(StepState.TAKEN_BACK, _every_side(*_NOT_DONE, StepState.DONE) | {Side.CITIZEN: _NOT_DONE}),
    StepVerb.AGAIN: Move(StepState.READY, _every_side(StepState.TAKEN_BACK)),
}
ADD_SIDES = frozenset({Side.MENTOR, Side.STAFF})
"""Who puts steps into the bank."""


def can_move(verb: StepVerb, side: Side, state: StepState) -> bool:
    return state in MOVES[verb].starts_from[side]


# --- Closing ------------------------------------------------------------------------------------------------


class Closing(StrEnum):
    LEARNT = "learnt"
    """What I learnt, by the citizen."""
    SAW = "saw"
    """What we saw, by each mentor."""
    NEXT = "next"
    """What comes next: one text, which staff write together with her."""


CLOSING_OF = {Side.CITIZEN: Closing.LEARNT, Side.MENTOR: Closing.SAW, Side.STAFF: Closing.NEXT}


def is_closing(last_day: date, today: date) -> bool:
    """Say whether closing words are asked for: from a week before the last day for as long as anything can change."""
    return last_day - CLOSING_FROM <= today and is_open(last_day, today)
