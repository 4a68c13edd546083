"""Goals with their steps and texts as one reader sees them, in three SELECTs however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Exists, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from citizen_app.db import AnyRow, one_of, room_for, rows_of, spread
from citizen_app.goals import rules
from citizen_app.goals.models import Goal, GoalEvent, SmallStep, WritingTogether
from citizen_app.goals.rules import OPEN, GoalStatus, Side, StepStatus, side_of
from citizen_app.people.models import Person
from citizen_app.people.queries import is_citizen_of_worker, subject_for
from citizen_app.policy import Actor, NotFound, Subject
from citizen_app.texts.queries import readings
from citizen_app.texts.rules import Reading

Helper = aliased(Person)


@dataclass(frozen=True)
class StepCard:
    """A small step as its reader sees it."""

    id: int
    goal_id: int
    position: int
    text: Reading
    picture: str
    day: date | None
    at: time | None
    place: str
    helper_id: int | None
    helper_name: str | None
    status: str
    proposed_by: str
    proposed_by_name: str
    citizen_agreed_at: datetime | None
    staff_agreed_at: datetime | None
    too_big_at: datetime | None
    done_at: datetime | None
    face: int | None
    version: int

    @property
    def waits_for(self) -> Side | None:
        return rules.waits_for(self) if self.status == StepStatus.READY else None


@dataclass(frozen=True)
class GoalCard:
    """A goal as its reader sees it, with its steps in order."""

    id: int
    citizen_id: int
    track: str
    picture: str
    text: Reading
    why: Reading | None
    status: str
    started_by: str
    started_by_name: str
    citizen_agreed_at: datetime | None
    staff_agreed_at: datetime | None
    staff_agreed_name: str
    wants_to_talk_at: datetime | None
    version: int
    changed_at: datetime
    steps: tuple[StepCard, ...]

    @property
    def is_ours(self) -> bool:
        return rules.is_ours(self)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def waits_for(self) -> Side | None:
        return rules.waits_for(self) if self.is_open else None

    @property
    def next_step(self) -> StepCard | None:
        return rules.next_step(self.steps) if self.status == GoalStatus.AGREED else None


_GOAL_COLUMNS = (
    Goal.id,
    Goal.citizen_id,
    Goal.track,
    Goal.picture,
    Goal.text_id,
    Goal.why_text_id,
    Goal.status,
    Goal.started_by,
    Goal.started_by_name,
    Goal.citizen_agreed_at,
    Goal.staff_agreed_at,
    Goal.staff_agreed_name,
    Goal.wants_to_talk_at,
    Goal.version,
    Goal.changed_at,
)
_STEP_COLUMNS = (
    SmallStep.id,
    SmallStep.goal_id,
    SmallStep.position,
    SmallStep.text_id,
    SmallStep.picture,
    SmallStep.day,
    SmallStep.at,
    SmallStep.place,
    SmallStep.helper_id,
    Helper.given_name.label("helper_name"),
    SmallStep.status,
    SmallStep.proposed_by,
    SmallStep.proposed_by_name,
    SmallStep.citizen_agreed_at,
    SmallStep.staff_agreed_at,
    SmallStep.too_big_at,
    SmallStep.done_at,
    SmallStep.face,
    SmallStep.version,
)

_is_seen_by_side = or_(
    Goal.status != GoalStatus.DRAFT,
    Goal.started_by == bindparam("side"),
    WritingTogether.goal_id.is_not(None),
)
_GOALS = (
    select(*_GOAL_COLUMNS)
    .outerjoin(WritingTogether, WritingTogether.goal_id == Goal.id)
    .where(
        Goal.municipality_id == bindparam("municipality_id"),
        Goal.citizen_id == bindparam("citizen_id"),
        one_of(Goal.status, "status", 3),
        _is_seen_by_side,
    )
    .order_by(Goal.id)
    .limit(50)
)
_GOAL = (
    select(*_GOAL_COLUMNS)
    .outerjoin(WritingTogether, WritingTogether.goal_id == Goal.id)
    .where(
        Goal.municipality_id == bindparam("municipality_id"),
        Goal.id == bindparam("goal_id"),
        _is_seen_by_side,
    )
)


@lru_cache
def _steps(size: int) -> Select[*tuple[Any, ...]]:
    """Return the statement for the steps of up to `size` goals."""
    return (
        select(*_STEP_COLUMNS)
        .outerjoin(Helper, Helper.id == SmallStep.helper_id)
        .where(
            SmallStep.municipality_id == bindparam("municipality_id"),
            one_of(SmallStep.goal_id, "goal", size),
            SmallStep.status != StepStatus.PUT_ASIDE,
        )
        .order_by(SmallStep.position, SmallStep.id)
    )


_OPEN_STATUSES = sorted(OPEN)
_CLOSED_STATUSES = sorted(set(GoalStatus) - OPEN)


def open_goals(session: Session, actor: Actor, citizen_id: int, languages: Sequence[str]) -> list[GoalCard]:
    """Return a citizen's open goals as the actor's side may see them, in these languages."""
    return _cards(session, actor, languages, _goal_rows(session, actor, citizen_id, _OPEN_STATUSES))


def closed_goals(session: Session, actor: Actor, citizen_id: int, languages: Sequence[str]) -> list[GoalCard]:
    """Return what was reached or put aside."""
    return _cards(session, actor, languages, _goal_rows(session, actor, citizen_id, _CLOSED_STATUSES))


class TodaysStep(NamedTuple):
    """A ready step as the start page needs it."""

    goal_id: int
    id: int
    position: int
    status: str
    text_id: int
    picture: str
    day: date | None
    at: time | None
    place: str
    helper_name: str | None
    proposed_by_name: str
    citizen_agreed_at: datetime | None
    staff_agreed_at: datetime | None


class Question(NamedTuple):
    """A goal that waits for the citizen's yes."""

    goal_id: int
    picture: str
    text_id: int


@dataclass(frozen=True)
class TodaysPlan:
    """What the start page shows of a citizen's plan."""

    has_goals: bool
    questions: list[Question]
    step: TodaysStep | None
    suggestions: list[TodaysStep]
    """Steps that staff have added and that wait for her yes."""
    texts: Mapping[int, Reading]


_TODAY = (
    select(
        Goal.id,
        SmallStep.id,
        SmallStep.position,
        SmallStep.status,
        SmallStep.text_id,
        SmallStep.picture,
        SmallStep.day,
        SmallStep.at,
        SmallStep.place,
        Helper.given_name,
        SmallStep.proposed_by_name,
        SmallStep.citizen_agreed_at,
        SmallStep.staff_agreed_at,
        Goal.status,
        Goal.text_id,
        Goal.picture,
        Goal.citizen_agreed_at,
        Goal.wants_to_talk_at,
    )
    .outerjoin(
        SmallStep,
        and_(
            SmallStep.municipality_id == Goal.municipality_id,
            SmallStep.goal_id == Goal.id,
            SmallStep.status == StepStatus.READY,
        ),
    )
    .outerjoin(Helper, Helper.id == SmallStep.helper_id)
    .outerjoin(WritingTogether, WritingTogether.goal_id == Goal.id)
    .where(
        Goal.municipality_id == bindparam("municipality_id"),
        Goal.citizen_id == bindparam("citizen_id"),
        one_of(Goal.status, "status", 3),
        _is_seen_by_side,
    )
    .order_by(Goal.id, SmallStep.position, SmallStep.id)
)


def plan_for_today(session: Session, actor: Actor) -> TodaysPlan:
    """Return what the citizen's start page shows of her plan, in two SELECTs."""
    values = {
        "municipality_id": actor.municipality_id,
        "citizen_id": actor.person_id,
        "side": Side.CITIZEN,
        **spread("status", _OPEN_STATUSES, 3),
    }
    rows = rows_of(session, _TODAY, values).all()
    ready: dict[int, list[TodaysStep]] = defaultdict(list)
    questions: dict[int, Question] = {}
    for *columns, goal_status, goal_text_id, goal_picture, citizen_agreed_at, wants_to_talk_at in rows:
        goal_id, step_id = columns[0], columns[1]
        if goal_status == GoalStatus.AGREED and step_id is not None:
            ready[goal_id].append(TodaysStep(*columns))
        elif goal_status == GoalStatus.PROPOSED and citizen_agreed_at is None and wants_to_talk_at is None:
            questions[goal_id] = Question(goal_id, goal_picture, goal_text_id)
    step = rules.soonest(rules.next_step(steps) for steps in ready.values())
    suggestions = [step for steps in ready.values() for step in steps if rules.waits_for(step) is Side.CITIZEN]
    shown = [*([step] if step else ()), *suggestions, *questions.values()]
    texts = readings(session, actor.municipality_id, [thing.text_id for thing in shown], actor.reading_languages)
    return TodaysPlan(bool(rows), list(questions.values()), step, suggestions, texts)


def goal_card(session: Session, actor: Actor, goal_id: int, languages: Sequence[str]) -> GoalCard:
    """Return one goal; raises NotFound for what the actor's side may not see. The caller checks whose it is."""
    row = session.execute(
        _GOAL, {"municipality_id": actor.municipality_id, "goal_id": goal_id, "side": side_of(actor)}
    ).first()
    if row is None:
        raise NotFound
    return _cards(session, actor, languages, [row])[0]


_VERSION = (
    select(Goal.version, Goal.citizen_id, WritingTogether.citizen_seen_at, WritingTogether.opened_at)
    .outerjoin(WritingTogether, WritingTogether.goal_id == Goal.id)
    .where(
        Goal.municipality_id == bindparam("municipality_id"),
        Goal.id == bindparam("goal_id"),
        _is_seen_by_side,
    )
)


def live_state(session: Session, actor: Actor, goal_id: int) -> AnyRow:
    """Return version, citizen_id, citizen_seen_at and opened_at: all that a screen asks for every two seconds."""
    row = session.execute(
        _VERSION, {"municipality_id": actor.municipality_id, "goal_id": goal_id, "side": side_of(actor)}
    ).first()
    if row is None:
        raise NotFound
    return row


def goal_to_change(session: Session, actor: Actor, goal_id: int, today: date) -> tuple[Goal, Subject]:
    """Return a goal, held until the transaction ends, with its subject; raises NotFound for a stranger's."""
    goal = session.scalar(select(Goal).filter_by(id=goal_id, municipality_id=actor.municipality_id).with_for_update())
    if goal is None:
        raise NotFound
    subject = subject_for(session, actor, goal.citizen_id, today)
    is_unshared_draft = goal.status == GoalStatus.DRAFT and goal.started_by != side_of(actor)
    if is_unshared_draft and session.get(WritingTogether, goal.id) is None:
        raise NotFound
    return goal, subject


def step_to_change(session: Session, actor: Actor, step_id: int, today: date) -> tuple[Goal, SmallStep, Subject]:
    """Return a step with its goal, both held; raises NotFound for a stranger's."""
    goal_id = session.scalar(select(SmallStep.goal_id).filter_by(id=step_id, municipality_id=actor.municipality_id))
    if goal_id is None:
        raise NotFound
    goal, subject = goal_to_change(session, actor, goal_id, today)
    return goal, session.get_one(SmallStep, step_id), subject


def history_of(session: Session, actor: Actor, goal_id: int) -> Sequence[GoalEvent]:
    """Return everything that happened to a goal, newest first."""
    return session.scalars(
        select(GoalEvent)
        .filter_by(municipality_id=actor.municipality_id, goal_id=goal_id)
        .order_by(GoalEvent.id.desc())
        .limit(200)
    ).all()


def _has_open_step(*conditions: ColumnElement[bool]) -> Exists:
    """Return the condition that a goal has a step to do for which these hold."""
    return (
        select(SmallStep.id)
        .where(
            SmallStep.municipality_id == Goal.municipality_id,
            SmallStep.goal_id == Goal.id,
            SmallStep.status == StepStatus.READY,
            *conditions,
        )
        .exists()
    )


_READY_STEP = _has_open_step(SmallStep.citizen_agreed_at.is_not(None), SmallStep.staff_agreed_at.is_not(None))
_TOO_BIG = _has_open_step(SmallStep.too_big_at.is_not(None))
_STEP_WAITS = _has_open_step(SmallStep.staff_agreed_at.is_(None))
_NEEDING_STAFF = (
    select(
        Goal.id,
        Goal.citizen_id,
        Goal.text_id,
        Goal.status,
        Goal.citizen_agreed_at,
        Goal.staff_agreed_at,
        Goal.wants_to_talk_at,
        Goal.changed_at,
        Person.given_name,
        Person.family_name,
        Person.has_photo,
        _READY_STEP.label("has_ready_step"),
        _TOO_BIG.label("has_too_big_step"),
        _STEP_WAITS.label("has_waiting_step"),
    )
    .join(Person, Person.id == Goal.citizen_id)
    .where(
        Goal.municipality_id == bindparam("municipality_id"),
        Goal.status.in_([GoalStatus.PROPOSED, GoalStatus.AGREED]),
        is_citizen_of_worker(Goal.citizen_id),
        or_(
            Goal.staff_agreed_at.is_(None),
            Goal.wants_to_talk_at.is_not(None),
            Goal.changed_at < bindparam("stuck_before"),
            and_(Goal.status == GoalStatus.AGREED, ~_READY_STEP),
            Goal.citizen_agreed_at.is_(None),
            _TOO_BIG,
            _STEP_WAITS,
        ),
    )
    .order_by(Goal.changed_at)
    .limit(200)
)


def goals_needing_staff(session: Session, actor: Actor, now: datetime, today: date) -> Sequence[AnyRow]:
    """Return the goals of a worker's citizens that wait for somebody or have come to a stop."""
    return session.execute(
        _NEEDING_STAFF,
        {
            "municipality_id": actor.municipality_id,
            "person_id": actor.person_id,
            "today": today,
            "stuck_before": now - rules.STUCK_AFTER,
        },
    ).all()


def _goal_rows(session: Session, actor: Actor, citizen_id: int, statuses: Sequence[str]) -> Sequence[AnyRow]:
    values = {
        "municipality_id": actor.municipality_id,
        "citizen_id": citizen_id,
        **spread("status", statuses, 3),
        "side": side_of(actor),
    }
    return rows_of(session, _GOALS, values).all()


def _cards(session: Session, actor: Actor, languages: Sequence[str], goals: Sequence[AnyRow]) -> list[GoalCard]:
    if not goals:
        return []
    size = room_for(len(goals))
    values = {
        "municipality_id": actor.municipality_id,
        **spread("goal", [goal.id for goal in goals], size),
    }
    steps = rows_of(session, _steps(size), values).all()
    texts = readings(session, actor.municipality_id, _text_ids(goals, steps), languages)
    by_goal: dict[int, list[StepCard]] = defaultdict(list)
    for step in steps:
        fields = dict(step._mapping)  # noqa: SLF001 - SQLAlchemy's public name
        by_goal[step.goal_id].append(StepCard(text=texts[fields.pop("text_id")], **fields))
    cards = []
    for goal in goals:
        fields = dict(goal._mapping)  # noqa: SLF001
        why_id = fields.pop("why_text_id")
        why = texts[why_id] if why_id else None
        cards.append(GoalCard(text=texts[fields.pop("text_id")], why=why, steps=tuple(by_goal[goal.id]), **fields))
    return cards


def _text_ids(goals: Iterable[AnyRow], steps: Iterable[AnyRow]) -> Iterable[int | None]:
    for goal in goals:
        yield goal.text_id
        yield goal.why_text_id
    for step in steps:
        yield step.text_id
