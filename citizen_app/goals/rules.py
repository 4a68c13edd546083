"""Rules of goals and small steps: who has agreed, which step is next, how many goals may be open.

A goal belongs to two sides, the citizen and her staff. It is "ours" only when both have agreed to the words that
stand there now. Which step is next is not stored: it is the first one both agree on that is not done.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from citizen_app.policy import Actor, Role

OPEN_GOALS_LIMIT = 3
STEPS_LIMIT = 20
"""Open steps of one goal; more is not a small plan any more."""
STUCK_AFTER = timedelta(days=14)
STILL_WRITING = timedelta(minutes=2)
GOAL_LENGTH = 200
WHY_LENGTH = 400


class Track(StrEnum):
    """The three tracks of the CTI method."""

    JOB = "job"
    COPING = "coping"
    NETWORK = "network"


class GoalStatus(StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    AGREED = "agreed"
    REACHED = "reached"
    PUT_ASIDE = "put_aside"


OPEN = frozenset({GoalStatus.DRAFT, GoalStatus.PROPOSED, GoalStatus.AGREED})


class StepStatus(StrEnum):
    READY = "ready"
    DONE = "done"
    PUT_ASIDE = "put_aside"


class Side(StrEnum):
    CITIZEN = "citizen"
    STAFF = "staff"

    @property
    def other(self) -> Side:
        return Side.STAFF if self is Side.CITIZEN else Side.CITIZEN


def side_of(actor: Actor) -> Side:
    return Side.CITIZEN if actor.role is Role.CITIZEN else Side.STAFF


class NotTodayReason(StrEnum):
    """Neutral reasons; none of them asks for an excuse."""

    SICK = "sick"
    FAMILY = "family"
    NO_TIME = "no_time"
    NOT_READY = "not_ready"
    NEED_HELP = "need_help"
    OTHER = "other"


class Happening(StrEnum):
    """What the history tells, one word per sentence."""

    STARTED = "started"
    PROPOSED = "proposed"
    AGREED = "agreed"
    CHANGED = "changed"
    TRANSLATED = "translated"
    WANTS_TO_TALK = "wants_to_talk"
    REACHED = "reached"
    PUT_ASIDE = "put_aside"
    OPENED_AGAIN = "opened_again"
    STEP_ADDED = "step_added"
    STEP_AGREED = "step_agreed"
    STEP_CHANGED = "step_changed"
    STEP_DONE = "step_done"
    STEP_NOT_TODAY = "step_not_today"
    STEP_TOO_BIG = "step_too_big"
    STEP_SPLIT = "step_split"
    STEP_AGAIN = "step_again"
    STEP_PUT_ASIDE = "step_put_aside"


FACES = (1, 2, 3)
"""How it was: 1 hard, 2 all right, 3 good."""


class Agreed(Protocol):
    """Anything both sides agree on."""

    @property
    def citizen_agreed_at(self) -> datetime | None: ...
    @property
    def staff_agreed_at(self) -> datetime | None: ...


class Step(Agreed, Protocol):
    @property
    def status(self) -> str: ...
    @property
    def position(self) -> int: ...


AnyStep = TypeVar("AnyStep", bound=Step)


def is_ours(thing: Agreed) -> bool:
    return thing.citizen_agreed_at is not None and thing.staff_agreed_at is not None


def waits_for(thing: Agreed) -> Side | None:
    """Return the side whose yes is missing while the other has said yes; None when both or none have."""
    if thing.citizen_agreed_at is None and thing.staff_agreed_at is not None:
        return Side.CITIZEN
    if thing.staff_agreed_at is None and thing.citizen_agreed_at is not None:
        return Side.STAFF
    return None


def status_after_agreement(thing: Agreed) -> GoalStatus:
    return GoalStatus.AGREED if is_ours(thing) else GoalStatus.PROPOSED


def next_step(steps: Iterable[AnyStep]) -> AnyStep | None:
    """Return the one step to do now: the first that both agree on and that is not done."""
    ready = (step for step in steps if step.status == StepStatus.READY and is_ours(step))
    return min(ready, key=lambda step: step.position, default=None)


class Dated(Protocol):
    @property
    def day(self) -> date | None: ...


AnyDated = TypeVar("AnyDated", bound=Dated)


def soonest(steps: Iterable[AnyDated | None]) -> AnyDated | None:
    """Choose the one step to show of each goal's next one: the earliest day first, a step without a day last."""
    return min((step for step in steps if step), key=lambda step: step.day or date.max, default=None)


def may_open_goal(open_goals: int) -> bool:
    return open_goals < OPEN_GOALS_LIMIT


def is_still_writing(last_change: datetime, now: datetime) -> bool:
    """Say whether a change so soon after the last belongs to the same stretch of typing."""
    return now - last_change < STILL_WRITING


def is_stuck(changed_at: datetime, now: datetime) -> bool:
    """Say whether nothing has moved for fourteen days."""
    return now - changed_at >= STUCK_AFTER
