"""When words come again, and which make up a session; checked against the scheduler itself and with shuffled logs."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from fsrs import Card, Rating
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.practice.rules import (
    AWAY,
    SCHEDULER,
    SESSION,
    Answer,
    CardState,
    Wishes,
    after,
    card_from,
    days_until_due,
    growth,
    new_words,
    todays_cards,
)
from citizen_app.words.rules import CORE, WORKPLACE, Word

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, 23, tzinfo=UTC)
DAY = timedelta(days=1)


# --- A card is what its answers make of it ------------------------------------------------------------------


@st.composite
def logs(draw: st.DrawFn) -> list[Answer]:
    """Answers as people give them: seconds, days or months apart, some at the very same moment."""
    gaps = draw(
        st.lists(st.sampled_from([0, 1, 59, 3_600, 86_399, 86_400, 200_000, 5_000_000]), min_size=1, max_size=20)
    )
    at, answers = NOW, []
    for number, gap in enumerate(gaps):
        at += timedelta(seconds=gap)
        answers.append(Answer(at, f"{draw(st.integers(0, 9))}-{number}", draw(st.booleans())))
    return answers


@given(logs(), st.randoms(use_true_random=False), st.integers(0, 5))
def test_any_order_and_repetition_of_a_log_gives_one_card(
    log: list[Answer], chance: random.Random, repeated: int
) -> None:
    mixed = log + chance.choices(log, k=repeated)
    chance.shuffle(mixed)
    assert card_from(mixed) == card_from(log)


@given(logs())
def test_a_card_is_what_the_scheduler_makes_of_the_answers_straight_through(log: list[Answer]) -> None:
    card = Card(card_id=1)
    for answer in sorted(log):
        card, _review = SCHEDULER.review_card(card, Rating.Good if answer.knew else Rating.Again, answer.at)
    state = card_from(log)
    assert (state.stability, state.difficulty, state.due_at) == (card.stability, card.difficulty, card.due)
    assert state.answered_at == card.last_review
    assert state.begun_at == min(log).at


@given(logs())
def test_answer_by_answer_gives_the_same_as_all_at_once(log: list[Answer]) -> None:
    state: CardState | None = None
    for answer in sorted(log):
        state = after(state, answer)
    assert state == card_from(log)


def test_a_card_that_is_answered_stays_as_it_was() -> None:
    state = card_from([Answer(NOW, "a", knew=True)])
    before = (state.due_at, state.stability)
    after(state, Answer(NOW + DAY, "b", knew=False))
    assert (state.due_at, state.stability) == before


def test_a_word_is_known_once_it_will_be_remembered_for_a_week_and_forgotten_when_it_was_missed() -> None:
    first = card_from([Answer(NOW, "a", knew=True)])
    assert first.known_since is None
    second = after(first, Answer(first.due_at, "b", knew=True))
    assert second.known_since == first.due_at
    third = after(second, Answer(second.due_at, "c", knew=True))
    assert third.known_since == first.due_at
    assert after(third, Answer(third.due_at, "d", knew=False)).known_since is None


def test_what_is_missed_comes_back_sooner_than_what_is_known() -> None:
    knew, missed = days_until_due(None, NOW)
    assert 1 <= missed <= knew
    state = card_from([Answer(NOW - 3 * DAY, "a", knew=True)])
    knew, missed = days_until_due(state, NOW)
    assert 1 <= missed < knew


# --- Today's session ----------------------------------------------------------------------------------------


def word(key: str, deck: str = CORE, theme: str = "tools") -> Word:
    return Word(key=key, deck=deck, theme=theme, word_class="noun", article="en", lemma=key)


def card(*, due: int = -1, answered: int = -3, begun: int = -9) -> CardState:
    """A card by days from now."""
    return CardState(NOW + due * DAY, 3.0, 5.0, NOW + begun * DAY, NOW + answered * DAY, None)


QUEUE = [f"new{number}" for number in range(30)]


def test_safety_comes_first_then_the_workplace_then_the_branch_then_the_core() -> None:
    words = [
        word("core"),
        word("core safety", theme="safety"),
        word("branch", "kitchen"),
        word("branch safety", "kitchen", "safety"),
        word("old own", WORKPLACE),
        word("other branch", "care"),
    ]
    approved = {"old own": NOW - 30 * DAY}
    wishes = Wishes(branches=("kitchen",))
    assert new_words(words, wishes, approved, NOW) == ["core safety", "branch safety", "old own", "branch", "core"]


def test_a_word_approved_today_is_first_tomorrow() -> None:
    words = [word("stop", theme="safety"), word("own", WORKPLACE), word("older", WORKPLACE)]
    approved = {"own": NOW, "older": NOW - 20 * DAY}
    assert new_words(words, Wishes(), approved, NOW + DAY) == ["own", "stop", "older"]


def test_a_beginner_gets_five_new_words() -> None:
    assert todays_cards({}, QUEUE, Wishes(), NOW, MIDNIGHT) == QUEUE[:5]


def test_what_was_begun_today_counts_against_the_new_ones() -> None:
    cards = {f"begun{number}": card(due=2, answered=0, begun=0) for number in range(3)}
    assert todays_cards(cards, QUEUE, Wishes(), NOW, MIDNIGHT) == QUEUE[:2]


def test_a_word_answered_today_does_not_come_again_today() -> None:
    cards = {"missed": card(due=0, answered=0, begun=-5)}
    assert "missed" not in todays_cards(cards, [], Wishes(), NOW, MIDNIGHT)


def test_what_falls_due_later_today_is_due_already() -> None:
    tonight = MIDNIGHT + timedelta(hours=23)
    assert todays_cards(
        {"tonight": CardState(tonight, 3.0, 5.0, NOW - DAY, NOW - DAY, None)}, [], Wishes(), NOW, MIDNIGHT
    )
    tomorrow = CardState(MIDNIGHT + DAY, 3.0, 5.0, NOW - DAY, NOW - DAY, None)
    assert todays_cards({"tomorrow": tomorrow}, [], Wishes(), NOW, MIDNIGHT) == []


def test_a_full_session_keeps_three_places_for_new_words() -> None:
    cards = {f"due{number:02}": card() for number in range(40)}
    session = todays_cards(cards, QUEUE, Wishes(), NOW, MIDNIGHT)
    assert len(session) == SESSION
    assert [key for key in session if key.startswith("new")] == QUEUE[:3]
    assert session[0].startswith("due")


def test_after_thirty_days_away_there_are_ten_old_cards_and_nothing_new() -> None:
    cards = {f"due{number:02}": card(due=-40 + number, answered=-45) for number in range(40)}
    assert timedelta(days=45) > AWAY
    session = todays_cards(cards, QUEUE, Wishes(), NOW, MIDNIGHT)
    assert session == [f"due{number:02}" for number in range(10)]


def test_ten_repeated_today_are_enough() -> None:
    cards = {f"done{number}": card(answered=0) for number in range(10)} | {"waiting": card()}
    assert todays_cards(cards, [], Wishes(), NOW, MIDNIGHT) == []


@given(
    st.dictionaries(
        st.text("abc", min_size=1), st.tuples(st.integers(-60, 20), st.integers(-60, 0), st.integers(-90, -60))
    ),
    st.integers(0, 40),
    st.integers(1, 10),
)
def test_a_session_is_never_longer_than_ten_and_has_no_word_twice(
    days: dict[str, tuple[int, int, int]], new: int, new_a_day: int
) -> None:
    cards = {key: card(due=due, answered=answered, begun=begun) for key, (due, answered, begun) in days.items()}
    wishes = Wishes(new_a_day=new_a_day, due_a_day=2 * new_a_day)
    session = todays_cards(cards, QUEUE[:new], wishes, NOW, MIDNIGHT)
    assert len(session) <= SESSION
    assert len(set(session)) == len(session)
    assert sum(key in QUEUE for key in session) <= new_a_day


def test_growth_counts_week_by_week_what_has_become_known_and_used() -> None:
    monday = date(2026, 11, 23)
    days = [(monday - timedelta(days=20), "known"), (monday, "known"), (monday + DAY, "used")]
    weeks = growth(days, monday, 3)
    assert [(week.known, week.used) for week in weeks] == [(1, 0), (1, 0), (2, 1)]
    assert [week.monday for week in weeks] == [monday - timedelta(days=14), monday - timedelta(days=7), monday]
