"""Goals of Selam, made and changed through the same verbs as the pages use, for the tests that need some.

After each verb the session commits: on SQLite an open transaction would keep the client under test waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.goals import actions
from citizen_app.goals.actions import StepPlan, Wording
from citizen_app.goals.models import Goal, GoalEvent, SmallStep
from citizen_app.people.models import Person
from citizen_app.policy import Actor, Subject
from citizen_app.texts.models import Text
from tests.cast import Cast, actor_for, sign_in

HTMX = {"HX-Request": "true"}
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what no database decides: a form's messages, the look of a page."""


@dataclass
class Plan:
    session: Session
    cast: Cast
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.session.expire_on_commit = False

    # --- People ---------------------------------------------------------------------------------------------

    def actor(self, name: str) -> Actor:
        actor = actor_for(self.session, getattr(self.cast, name))
        self.session.commit()
        return actor

    @property
    def subject(self) -> Subject:
        return Subject(self.cast.solby, self.cast.selam, frozenset({self.cast.mette, self.cast.karen, self.cast.jens}))

    def speak(self, name: str, language: str, **more: Any) -> None:
        person = self.session.get_one(Person, getattr(self.cast, name))
        for key, value in {"language": language, **more}.items():
            setattr(person, key, value)
        self.session.commit()

    def client(self, app: Flask, name: str) -> FlaskClient:
        """Give a client that a person is signed in on; its forms need no token."""
        app.config["WTF_CSRF_ENABLED"] = False
        client = app.test_client()
        sign_in(client, self.session, getattr(self.cast, name))
        return client

    # --- Goals and steps ------------------------------------------------------------------------------------

    def do(self, name: str, verb: Callable[..., Any], *things: Any, **more: Any) -> Any:
        """Let somebody do a verb and commit; what is refused is rolled back."""
        more.setdefault("now", self.now)
        try:
            made = verb(self.session, self.actor(name), self.subject, *things, **more)
        except BaseException:
            self.session.rollback()
            raise
        self.session.commit()
        return made

    def draft(self, name: str = "mette", body: str = "Jeg vil arbejde i et køkken", language: str = "da") -> Goal:
        goal: Goal = self.do(name, actions.start_goal, "job", "1F373", Wording(body, language))
        return goal

    def proposed(self, name: str = "mette", **more: Any) -> Goal:
        goal = self.draft(name, **more)
        self.do(name, actions.propose, goal)
        return goal

    def agreed(self, name: str = "mette", **more: Any) -> Goal:
        goal = self.proposed(name, **more)
        self.agree("selam" if name == "mette" else "mette", goal)
        return goal

    def agree(self, name: str, goal: Goal) -> None:
        self.do(name, actions.agree, goal, seen_version=goal.version)

    def step(self, goal: Goal, body: str = "Jeg møder til tiden", name: str = "mette", **plan: Any) -> SmallStep:
        step: SmallStep = self.do(name, actions.add_step, goal, "231A", Wording(body, "da"), StepPlan(**plan))
        return step

    def agreed_step(self, goal: Goal, body: str = "Jeg møder til tiden", **plan: Any) -> SmallStep:
        step = self.step(goal, body, **plan)
        self.do("selam", actions.agree_step, goal, step)
        return step

    # --- What stands now ------------------------------------------------------------------------------------

    def fresh(self, row: Any) -> Any:
        """Return a row as it stands in the database now."""
        self.session.expire_all()
        self.session.refresh(row)
        self.session.commit()
        return row

    def text_version(self, row: Goal | SmallStep) -> int:
        text = self.session.get_one(Text, row.text_id, populate_existing=True)
        self.session.commit()
        return text.version

    def history(self, goal: Goal) -> list[str]:
        found = list(self.session.scalars(select(GoalEvent.what).filter_by(goal_id=goal.id).order_by(GoalEvent.id)))
        self.session.commit()
        return found

    def all(self, statement: Any) -> list[Any]:
        found = list(self.session.execute(statement).all())
        self.session.commit()
        return found
