"""Which word of a day stands, which moves a step can make from which side, and when closing words are asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from citizen_app.learning.rules import (
    CLOSING_OF,
    MOVES,
    Closing,
    StepState,
    StepVerb,
    can_move,
    is_closing,
    is_open,
    path_of,
)
from citizen_app.placements.rules import Side

MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Word:
    id: str
    side: str
    face: int
    day: date = MONDAY
    said_at: datetime = NOON
    by_id: int = 1


# --- Faces --------------------------------------------------------------------------------------------------


def test_nothing_said_is_an_empty_path() -> None:
    assert path_of([]) == {Side.MENTOR: (), Side.CITIZEN: ()}


def test_the_latest_word_of_a_side_and_day_stands_whatever_their_order() -> None:
    words = [
        Word("a", "mentor", 1),
        Word("b", "mentor", 3, said_at=NOON + timedelta(hours=1)),
        Word("c", "citizen", 2, said_at=NOON + timedelta(hours=2)),
        Word("d", "mentor", 2, MONDAY - DAY, NOON - DAY),
        Word("e", "mentor", 1, MONDAY + DAY, NOON + DAY),
    ]
    for _ in range(20):
        random.shuffle(words)
        path = path_of(words)
        assert [word.id for word in path[Side.MENTOR]] == ["d", "b", "e"]
        assert [word.id for word in path[Side.CITIZEN]] == ["c"]


def test_two_mentors_of_a_day_stand_beside_each_other_and_each_has_a_latest_word() -> None:
    words = [
        Word("a", "mentor", 1),
        Word("b", "mentor", 3, said_at=NOON + timedelta(hours=1), by_id=2),
        Word("c", "mentor", 2, said_at=NOON + timedelta(hours=2)),
        Word("d", "mentor", 2, MONDAY + DAY, NOON + DAY, by_id=2),
    ]
    for _ in range(20):
        random.shuffle(words)
        assert [word.id for word in path_of(words)[Side.MENTOR]] == ["b", "c", "d"]


def test_two_words_of_the_same_moment_stand_the_same_for_everybody() -> None:
    words = [Word("a", "mentor", 1), Word("b", "mentor", 3)]
    assert path_of(words) == path_of(reversed(words))


# --- Steps --------------------------------------------------------------------------------------------------

# Every move by hand: which side may make it from where.
BY_HAND = {
    ("start", "ready"): "mentor citizen staff",
    ("finish", "ready"): "mentor citizen staff",
    ("finish", "now"): "mentor citizen staff",
    ("take_back", "ready"): "mentor citizen staff",
    ("take_back", "now"): "mentor citizen staff",
    ("take_back", "done"): "mentor staff",
    ("again", "taken_back"): "mentor citizen staff",
}


def test_every_move_is_as_written_by_hand() -> None:
    for verb, state, side in product(StepVerb, StepState, Side):
        allowed = BY_HAND.get((verb.value, state.value), "").split()
        assert can_move(verb, side, state) == (side.value in allowed), (verb, state, side)


def test_every_state_but_the_first_is_reached_by_one_verb() -> None:
    assert {verb: move.to for verb, move in MOVES.items()} == {
        StepVerb.START: StepState.NOW,
        StepVerb.FINISH: StepState.DONE,
        StepVerb.TAKE_BACK: StepState.TAKEN_BACK,
        StepVerb.AGAIN: StepState.READY,
    }


# --- Closing ------------------------------------------------------------------------------------------------


def test_each_side_answers_its_own_question() -> None:
    assert CLOSING_OF == {Side.CITIZEN: Closing.LEARNT, Side.MENTOR: Closing.SAW, Side.STAFF: Closing.NEXT}


@pytest.mark.parametrize(
    ("days_after", "closing", "can_change"),
    [(-8, False, True), (-7, True, True), (0, True, True), (14, True, True), (15, False, False)],
)
def test_closing_lasts_from_a_week_before_to_two_weeks_after_the_last_day(
    days_after: int, closing: bool, can_change: bool
) -> None:
    today = MONDAY + days_after * DAY
    assert (is_closing(MONDAY, today), is_open(MONDAY, today)) == (closing, can_change)
