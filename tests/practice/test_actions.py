"""Answers become one log and one card, however they arrive; and nobody can answer what is not hers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from citizen_app.db import writing_session
from citizen_app.people.models import Person
from citizen_app.policy import Actor, Forbidden, NotFound, Subject
from citizen_app.practice.actions import GivenAnswer, mark_used, record_answers, set_wishes
from citizen_app.practice.models import WordAnswer
from citizen_app.practice.queries import answers_to, known_and_used_since, learning, wishes_of
from citizen_app.practice.rules import CardState, Wishes, card_from
from citizen_app.words.actions import Brought, approve_word, suggest_word
from citizen_app.words.queries import own_word, said
from tests.cast import Cast, actor_for

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def selam(session: Session, cast: Cast) -> Actor:
    return actor_for(session, cast.selam)


def given_answer(number: int, word: str = "spand", *, knew: bool = True, at: datetime | None = None) -> GivenAnswer:
    return GivenAnswer(f"00000000-{number:04}", word, knew, "see", at or NOW - timedelta(days=20 - number))


def record(session: Session, actor: Actor, answers: Sequence[GivenAnswer], now: datetime = NOW) -> int:
    everything = said(session, actor.municipality_id, ("da",), actor.person_id)
    count = record_answers(session, actor, answers, everything, now)
    session.commit()
    return count


def card_of(session: Session, actor: Actor, key: str = "spand") -> CardState:
    session.expire_all()
    return learning(session, actor.municipality_id, actor.person_id).cards[key]


def test_an_answer_becomes_a_card(session: Session, selam: Actor) -> None:
    assert record(session, selam, [given_answer(1)]) == 1
    assert card_of(session, selam) == card_from(answers_to(session, selam.person_id, "spand"))


def test_a_repeated_answer_changes_nothing(session: Session, selam: Actor) -> None:
    answers = [given_answer(number, knew=number % 3 != 0) for number in range(6)]
    record(session, selam, answers)
    before = card_of(session, selam)
    assert record(session, selam, answers, NOW + timedelta(hours=1)) == 0
    assert record(session, selam, [replace(answers[0], knew=not answers[0].knew)], NOW + timedelta(hours=2)) == 0
    assert card_of(session, selam) == before


@pytest.mark.parametrize("order", [[3, 1, 0, 2, 4], [4, 3, 2, 1, 0], [0, 2, 4, 1, 3]])
def test_late_and_shuffled_arrival_gives_the_card_of_online_practice(
    session: Session, cast: Cast, selam: Actor, order: list[int]
) -> None:
    answers = [given_answer(number, knew=number != 2) for number in range(5)]
    yusuf = actor_for(session, cast.yusuf)
    for answer in answers:
        record(session, yusuf, [answer])
    for number in order:
        record(session, selam, [answers[number], answers[order[0]]])
    assert card_of(session, selam) == card_of(session, yusuf)


def test_the_same_number_twice_in_one_request_is_one_answer(session: Session, selam: Actor) -> None:
    assert record(session, selam, [given_answer(1), given_answer(1), given_answer(2)]) == 2


def test_two_people_may_have_the_same_number(session: Session, cast: Cast, selam: Actor) -> None:
    record(session, selam, [given_answer(1)])
    assert record(session, actor_for(session, cast.yusuf), [given_answer(1)]) == 1


def test_an_impossible_clock_counts_from_arrival_and_keeps_the_order(session: Session, selam: Actor) -> None:
    wrong = datetime(2031, 1, 1, tzinfo=UTC)
    record(session, selam, [given_answer(1, knew=True, at=wrong), given_answer(2, knew=False, at=wrong)])
    log = sorted(answers_to(session, selam.person_id, "spand"))
    assert [(answer.id[-1], answer.knew) for answer in log] == [("1", True), ("2", False)]
    assert {answer.at.replace(microsecond=0) for answer in log} == {NOW}


@pytest.mark.parametrize("key", ["nothing", "w-0000000000"])
def test_answers_to_words_that_are_not_there_are_refused_whole(session: Session, selam: Actor, key: str) -> None:
    with pytest.raises(NotFound):
        record(session, selam, [given_answer(1), given_answer(2, key)])
    session.rollback()
    assert session.scalar(select(func.count()).select_from(WordAnswer)) == 0


def test_a_word_of_another_citizens_workplace_is_foreign(session: Session, cast: Cast, selam: Actor) -> None:
    karen = actor_for(session, cast.karen)
    subject = Subject(cast.solby, cast.yusuf, frozenset({cast.karen}))
    row = suggest_word(session, karen, subject, Brought("symaskine"), NOW)
    session.commit()
    assert row.status == "approved"
    with pytest.raises(NotFound):
        record(session, selam, [given_answer(1, row.key)])
    session.rollback()
    assert record(session, actor_for(session, cast.yusuf), [given_answer(1, row.key)]) == 1


def test_a_suggested_word_can_be_practised_once_it_is_approved(session: Session, cast: Cast, selam: Actor) -> None:
    own = Subject(cast.solby, cast.selam)
    row = suggest_word(session, selam, own, Brought("piskeris"), NOW)
    session.commit()
    with pytest.raises(NotFound):
        record(session, selam, [given_answer(1, row.key)])
    session.rollback()
    approve_word(session, actor_for(session, cast.mette), row, replace(own_word(row), lemma="piskeris"), NOW)
    session.commit()
    assert record(session, selam, [given_answer(1, row.key)]) == 1


def test_only_learners_answer(session: Session, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        record(session, actor_for(session, cast.mette), [given_answer(1)])


def test_two_phones_at_once_lose_no_answer(engine: Engine, session: Session, selam: Actor) -> None:
    """Both send half of the answers at the same moment; the card is that of the whole log."""
    answers = [given_answer(number, knew=number % 2 == 0) for number in range(10)]
    start = threading.Barrier(2)
    session.commit()  # what the fixtures have read must not keep the phones waiting

    def send(part: list[GivenAnswer]) -> None:
        start.wait()
        for answer in part:
            with writing_session(engine) as other:
                record(other, selam, [answer])

    phones = [threading.Thread(target=send, args=(answers[half::2],)) for half in range(2)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    log = answers_to(session, selam.person_id, "spand")
    assert len(log) == 10
    assert card_of(session, selam) == card_from(log)


# --- Used at work -------------------------------------------------------------------------------------------


def test_a_word_used_twice_on_a_day_is_used_once_and_can_be_taken_back(
    session: Session, cast: Cast, selam: Actor
) -> None:
    everything = said(session, cast.solby, ("da",), cast.selam)
    own, day = Subject(cast.solby, cast.selam), NOW.date()
    for is_used in (True, True):
        mark_used(session, selam, own, "spand", everything, day=day, is_used=is_used, now=NOW)
    session.commit()
    assert learning(session, cast.solby, cast.selam).used == {"spand": day}
    mark_used(session, selam, own, "spand", everything, day=day, is_used=False, now=NOW)
    session.commit()
    assert learning(session, cast.solby, cast.selam).used == {}


def test_citizen_and_mentor_each_have_their_own_tick(session: Session, cast: Cast, selam: Actor) -> None:
    everything = said(session, cast.solby, ("da",), cast.selam)
    subject = Subject(cast.solby, cast.selam, frozenset({cast.jens}))
    jens = actor_for(session, cast.jens)
    for actor in (selam, jens):
        mark_used(session, actor, subject, "spand", everything, day=NOW.date(), is_used=True, now=NOW)
    mark_used(session, selam, subject, "spand", everything, day=NOW.date(), is_used=False, now=NOW)
    session.commit()
    assert learning(session, cast.solby, cast.selam).used == {"spand": NOW.date()}


def test_staff_do_not_tick_for_the_citizen(session: Session, cast: Cast) -> None:
    everything = said(session, cast.solby, ("da",), cast.selam)
    subject = Subject(cast.solby, cast.selam, frozenset({cast.mette}))
    with pytest.raises(Forbidden):
        mark_used(
            session, actor_for(session, cast.mette), subject, "spand", everything, day=NOW.date(), is_used=True, now=NOW
        )


def test_known_and_used_are_told_with_their_first_day(session: Session, cast: Cast, selam: Actor) -> None:
    record(session, selam, [given_answer(1), given_answer(5), given_answer(18)])
    everything = said(session, cast.solby, ("da",), cast.selam)
    for back in (0, 3):
        day = NOW.date() - timedelta(days=back)
        mark_used(session, selam, Subject(cast.solby, cast.selam), "kost", everything, day=day, is_used=True, now=NOW)
    session.commit()
    days = {what: day for day, what in known_and_used_since(session, cast.solby, cast.selam)}
    assert days == {"used": NOW.date() - timedelta(days=3), "known": card_of(session, selam).known_since.date()}  # type: ignore[union-attr]


def test_wishes_are_kept_and_nobody_elses(session: Session, cast: Cast) -> None:
    wishes = Wishes(("care", "kitchen"), 3, 6, likes_writing=True)
    set_wishes(session, Subject(cast.solby, cast.selam), wishes)
    set_wishes(session, Subject(cast.solby, cast.selam), wishes)
    session.commit()
    assert wishes_of(session, cast.solby, cast.selam) == wishes
    assert wishes_of(session, cast.solby, cast.yusuf) == Wishes()
    assert session.get_one(Person, cast.selam).id == cast.selam
