"""What a learner does: answers cards, uses words at work, and says how she wants to learn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from citizen_app.db import insert_new
from citizen_app.people.queries import own_subject
from citizen_app.policy import Actor, NotFound, Permission, Subject, check
from citizen_app.practice import rules
from citizen_app.practice.models import Learner, WordAnswer, WordCard, WordUse
from citizen_app.practice.queries import answers_to, lock_learner
from citizen_app.practice.rules import Answer, CardState, Wishes
from citizen_app.web.phone_clock import accepted_time
from citizen_app.words.queries import Said


@dataclass(frozen=True)
class GivenAnswer:
    """An answer as a phone sends it."""

    id: str
    word_key: str
    knew: bool
    exercise: str
    said_at: datetime | None
    """By the phone's clock; nothing where the phone said nothing that is a time."""


def record_answers(session: Session, actor: Actor, given: Sequence[GivenAnswer], said: Said, now: datetime) -> int:
    """Add answers to the log and bring their cards up to date; returns how many were new.

    An answer that is in the log already changes nothing. Raises NotFound when a word is not one of the learner's.
    """
    check(actor, Permission.SEE_OWN_PAGES, own_subject(actor))
    if any(said.word(answer.word_key) is None for answer in given):
        raise NotFound
    lock_learner(session, actor.person_id)
    first: dict[str, GivenAnswer] = {}
    for answer in given:
        first.setdefault(answer.id, answer)
    rows: list[dict[str, Any]] = [
        {
            "municipality_id": actor.municipality_id,
            "person_id": actor.person_id,
            "id": answer.id,
            "word_key": answer.word_key,
            "knew": answer.knew,
            "exercise": answer.exercise,
            "answered_at": accepted_time(answer.said_at, now, place),
            "arrived_at": now,
        }
        for place, answer in enumerate(first.values())
    ]
    new = insert_new(session, WordAnswer, rows, WordAnswer.id)
    by_id = {row["id"]: row for row in rows}
    fresh: dict[str, list[Answer]] = defaultdict(list)
    for (answer_id,) in new:
        row = by_id[answer_id]
        fresh[row["word_key"]].append(Answer(row["answered_at"], answer_id, row["knew"]))
    _update_cards(session, actor, fresh)
    return len(new)


def _update_cards(session: Session, actor: Actor, fresh: dict[str, list[Answer]]) -> None:
    for key, answers in fresh.items():
        card = session.get(WordCard, {"person_id": actor.person_id, "word_key": key})
        if card is None:
            card = WordCard(municipality_id=actor.municipality_id, person_id=actor.person_id, word_key=key)
            session.add(card)
            state = rules.card_from(answers)
        elif min(answers).at > card.answered_at:
            state = _continued(card, answers)
        else:  # something came late: only the whole log tells the order
            state = rules.card_from(answers_to(session, actor.person_id, key))
        for name, value in asdict(state).items():
            setattr(card, name, value)
    session.flush()


def _continued(card: WordCard, answers: Iterable[Answer]) -> CardState:
    state = CardState(card.due_at, card.stability, card.difficulty, card.begun_at, card.answered_at, card.known_since)
    for answer in sorted(answers):
        state = rules.after(state, answer)
    return state


def mark_used(
    session: Session, actor: Actor, subject: Subject, key: str, said: Said, *, day: date, is_used: bool, now: datetime
) -> None:
    """Say, or take back, that the citizen used a word at work on a day. Saying it twice is saying it once."""
    check(actor, Permission.MARK_USED, subject)
    if said.word(key) is None:
        raise NotFound
    keys = {"person_id": subject.citizen_id, "word_key": key, "used_on": day, "said_by_id": actor.person_id}
    if is_used:
        row = {**keys, "municipality_id": subject.municipality_id, "said_at": now}
        insert_new(session, WordUse, [row], WordUse.word_key)
    else:
        session.execute(delete(WordUse).filter_by(**keys, municipality_id=subject.municipality_id))


def set_used_today(
    session: Session,
    actor: Actor,
    subject: Subject,
    *,
    ticked: Collection[str],
    shown: Sequence[str],
    day: date,
    now: datetime,
) -> None:
    """Keep the ticks of a list as the actor's word for a day; what was shown and is not ticked is taken back."""
    check(actor, Permission.MARK_USED, subject)
    keys = {"person_id": subject.citizen_id, "used_on": day, "said_by_id": actor.person_id}
    more = {"municipality_id": subject.municipality_id, "said_at": now}
    insert_new(session, WordUse, [{**keys, **more, "word_key": key} for key in ticked], WordUse.word_key)
    left_out = [key for key in shown if key not in ticked]
    session.execute(delete(WordUse).filter_by(**keys).where(WordUse.word_key.in_(left_out)))


def set_wishes(session: Session, subject: Subject, wishes: Wishes) -> None:
    """Keep how a citizen wants to learn."""
    session.merge(
        Learner(
            municipality_id=subject.municipality_id,
            person_id=subject.citizen_id,
            branches=" ".join(wishes.branches),
            new_a_day=wishes.new_a_day,
            due_a_day=wishes.due_a_day,
            likes_writing=wishes.likes_writing,
        )
    )
