"""The learning at a placement as one reader sees it, and the placements that want staff because something is missing.

One function reads everything of a placement in five statements, for the pages of all three sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from citizen_app.db import AnyRow, rows_of
from citizen_app.learning import rules
from citizen_app.learning.models import ClosingWord, FocusPoint, FocusWord, ReadyStep
from citizen_app.learning.rules import CLOSING_FROM, Closing, StepState
from citizen_app.people.models import Person
from citizen_app.people.queries import is_citizen_of_worker
from citizen_app.placements.models import Placement, Workplace
from citizen_app.placements.rules import LINK_KEPT, Side
from citizen_app.policy import Actor, NotFound
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import Reading

MOST_WORDS = 400
"""So many of the newest faces are read: months of them."""


@dataclass(frozen=True)
class PointCard:
    """A focus point with what was said of it, the newest last."""

    id: int
    text: Reading
    picture: str
    made_by_side: str
    made_by_name: str
    ended_at: datetime | None
    path: Mapping[Side, Sequence[AnyRow]]
    """What stands of each side's days."""
    said: Sequence[AnyRow]
    """What stands and has words, of both sides."""

    def today(self, by_id: int, day: date) -> AnyRow | None:
        """Return what stands of somebody's own for today."""
        own = (word for words in self.path.values() for word in words if (word.by_id, word.day) == (by_id, day))
        return next(own, None)


@dataclass(frozen=True)
class StepCard:
    id: int
    text: Reading
    picture: str
    state: str
    made_by_side: str
    made_by_name: str
    began_at: datetime | None
    ended_at: datetime | None
    ended_by_name: str
    learnt: str
    learnt_language: str


@dataclass(frozen=True)
class ClosingCard:
    question: str
    by_id: int
    by_name: str
    text: Reading
    said_at: datetime


@dataclass(frozen=True)
class Learning:
    """Everything of a placement; what has ended stands beside what is open."""

    placement_id: int
    citizen_id: int
    starts_on: date
    last_day: date
    points: Sequence[PointCard]
    steps: Sequence[StepCard]
    closing: Sequence[ClosingCard]

    @property
    def open_points(self) -> list[PointCard]:
        return [point for point in self.points if point.ended_at is None]

    @property
    def ended_points(self) -> list[PointCard]:
        return [point for point in self.points if point.ended_at is not None]

    def steps_in(self, state: str) -> list[StepCard]:
        """Return the steps in a state; what is done or taken back with the newest first."""
        found = [step for step in self.steps if step.state == state]
        return sorted(found, key=lambda step: step.ended_at.timestamp() if step.ended_at else 0, reverse=True)

    @property
    def is_bank_empty(self) -> bool:
        return not any(step.state in _OPEN_STATES for step in self.steps)

    def closing_of(self, question: str, by_id: int | None = None) -> ClosingCard | None:
        """Return the closing words to a question, of one person where several answer it."""
        found = (one for one in self.closing if one.question == question and by_id in {None, one.by_id})
        return next(found, None)

    @property
    def texts(self) -> list[Reading]:
        """Everything that somebody wrote or picked."""
        cards: tuple[PointCard | StepCard | ClosingCard, ...] = (*self.points, *self.steps, *self.closing)
        return [card.text for card in cards]


_OPEN_STATES = (StepState.READY.value, StepState.NOW.value)
_POINTS: Select[*tuple[Any, ...]] = (
    select(
        Placement.citizen_id,
        Placement.starts_on,
        Placement.last_day,
        FocusPoint.id,
        FocusPoint.text_id,
        FocusPoint.picture,
        FocusPoint.made_by_side,
        FocusPoint.made_by_name,
        FocusPoint.ended_at,
    )
    .outerjoin(
        FocusPoint,
        and_(FocusPoint.placement_id == Placement.id, FocusPoint.municipality_id == Placement.municipality_id),
    )
    .where(Placement.municipality_id == bindparam("municipality_id"), Placement.id == bindparam("placement_id"))
    .order_by(FocusPoint.id)
)
_WORDS: Select[*tuple[Any, ...]] = (
    select(
        FocusWord.focus_id,
        FocusWord.id,
        FocusWord.side,
        FocusWord.by_id,
        FocusWord.by_name,
        FocusWord.face,
        FocusWord.words,
        FocusWord.words_language,
        FocusWord.day,
        FocusWord.said_at,
    )
    .where(
        FocusWord.municipality_id == bindparam("municipality_id"), FocusWord.placement_id == bindparam("placement_id")
    )
    .order_by(FocusWord.day.desc(), FocusWord.said_at.desc())
    .limit(MOST_WORDS)
)
_STEPS: Select[*tuple[Any, ...]] = (
    select(
        ReadyStep.id,
        ReadyStep.text_id,
        ReadyStep.picture,
        ReadyStep.state,
        ReadyStep.made_by_side,
        ReadyStep.made_by_name,
        ReadyStep.began_at,
        ReadyStep.ended_at,
        ReadyStep.ended_by_name,
        ReadyStep.learnt,
        ReadyStep.learnt_language,
    )
    .where(
        ReadyStep.municipality_id == bindparam("municipality_id"), ReadyStep.placement_id == bindparam("placement_id")
    )
    .order_by(ReadyStep.id)
)
_CLOSING: Select[*tuple[Any, ...]] = (
    select(
        ClosingWord.question,
        ClosingWord.by_id,
        ClosingWord.by_name,
        ClosingWord.text_id,
        ClosingWord.said_at,
    )
    .where(
        ClosingWord.municipality_id == bindparam("municipality_id"),
        ClosingWord.placement_id == bindparam("placement_id"),
        or_(bindparam("only_by") == 0, ClosingWord.by_id == bindparam("only_by")),
    )
    .order_by(ClosingWord.id)
)


def learning_of(
    session: Session, municipality_id: int, placement_id: int, languages: Sequence[str], *, only_by: int = 0
) -> Learning:
    """Return everything of a placement in these languages; who may see it is for the caller to ask.

    `only_by` leaves out the closing words of everybody else: a mentor reads only his own.
    """
    values = {"municipality_id": municipality_id, "placement_id": placement_id}
    points = rows_of(session, _POINTS, values).all()
    if not points:
        raise NotFound
    words = rows_of(session, _WORDS, values).all()
    steps = rows_of(session, _STEPS, values).all()
    closing = rows_of(session, _CLOSING, values | {"only_by": only_by}).all()
    ids = [row.text_id for row in (*points, *steps, *closing)]
    texts = readings(session, municipality_id, ids, languages)
    return Learning(
        placement_id=placement_id,
        citizen_id=points[0].citizen_id,
        starts_on=points[0].starts_on,
        last_day=points[0].last_day,
        points=_points(points, words, texts),
        steps=[StepCard(text=texts[row.text_id], **_fields(row)) for row in steps],
        closing=[ClosingCard(text=texts[row.text_id], **_fields(row)) for row in closing],
    )


def _points(points: Iterable[AnyRow], words: Iterable[AnyRow], texts: Mapping[int, Reading]) -> list[PointCard]:
    of_point: dict[int, list[AnyRow]] = defaultdict(list)
    for word in words:
        of_point[word.focus_id].append(word)
    return [_point(row, of_point[row.id], texts) for row in points if row.id is not None]


def _point(row: AnyRow, words: Sequence[AnyRow], texts: Mapping[int, Reading]) -> PointCard:
    path = rules.path_of(words)
    standing = sorted((word for side in path.values() for word in side), key=lambda word: (word.day, word.said_at))
    return PointCard(
        id=row.id,
        text=texts[row.text_id],
        picture=row.picture,
        made_by_side=row.made_by_side,
        made_by_name=row.made_by_name,
        ended_at=row.ended_at,
        path={side: found[-rules.PATH_LENGTH :] for side, found in path.items()},
        said=[word for word in standing if word.words],
    )


def _fields(row: AnyRow) -> dict[str, Any]:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy documents this name
    del fields["text_id"]
    return fields


# --- The morning list ---------------------------------------------------------------------------------------


def _of_worker(*conditions: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Placement.id,
            Placement.citizen_id,
            Placement.last_day,
            Person.given_name,
            Person.family_name,
            Workplace.name.label("workplace"),
        )
        .join(Person, Person.id == Placement.citizen_id)
        .join(Workplace, Workplace.id == Placement.workplace_id)
        .where(
            Placement.municipality_id == bindparam("municipality_id"),
            is_citizen_of_worker(Placement.citizen_id),
            *conditions,
        )
        .order_by(Placement.last_day, Placement.id)
        .limit(200)
    )


_WITHOUT_STEP = _of_worker(
    Placement.starts_on <= bindparam("today"),
    Placement.last_day >= bindparam("today"),
    ~exists().where(
        ReadyStep.municipality_id == Placement.municipality_id,
        ReadyStep.placement_id == Placement.id,
        ReadyStep.state.in_(_OPEN_STATES),
    ),
)
_WITHOUT_NEXT = _of_worker(
    Placement.last_day >= bindparam("since"),
    Placement.last_day <= bindparam("until"),
    ~exists().where(
        ClosingWord.municipality_id == Placement.municipality_id,
        ClosingWord.placement_id == Placement.id,
        ClosingWord.question == Closing.NEXT.value,
    ),
)


def placements_without_step(session: Session, actor: Actor, today: date) -> Sequence[AnyRow]:
    """Return a worker's running placements at which no step lies ready and none is tried."""
    return rows_of(session, _WITHOUT_STEP, _worker(actor, today)).all()


def placements_without_next(session: Session, actor: Actor, today: date) -> Sequence[AnyRow]:
    """Return a worker's placements that are closing without staff having written what comes next."""
    window = {"since": today - LINK_KEPT, "until": today + CLOSING_FROM}
    return rows_of(session, _WITHOUT_NEXT, _worker(actor, today) | window).all()


def _worker(actor: Actor, today: date) -> dict[str, Any]:
    return {"municipality_id": actor.municipality_id, "person_id": actor.person_id, "today": today}
