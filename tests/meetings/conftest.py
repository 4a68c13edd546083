"""A meeting tomorrow at ten between Selam and Mette, and the few things each test here needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from citizen_app.meetings import actions, queries
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.rules import Interpreter, MeetingFacts
from citizen_app.people.models import Person, Relation
from citizen_app.policy import Actor, Subject
from tests.cast import SINCE, Cast, actor_for, sign_in

SignedIn = Callable[[int], FlaskClient]
HERE = ZoneInfo("Europe/Copenhagen")
"""Whose tomorrow it is: in the last hours of a UTC day it is not UTC's."""


def facts(now: datetime, **other: Any) -> MeetingFacts:
    tomorrow = now.astimezone(HERE) + timedelta(days=1)
    start = tomorrow.replace(hour=10, minute=0, second=0, microsecond=0).astimezone(UTC)
    usual: dict[str, Any] = {
        "kind": "job_talk",
        "starts_at": start,
        "ends_at": start + timedelta(minutes=45),
        "place": "Indgang B, 2. sal",
        "language": "ti",
        "interpreter": Interpreter.BOOKED,
        "leave_home_at": start - timedelta(minutes=40),
        "bring": "CV",
    }
    return MeetingFacts(**{**usual, **other})


@dataclass(frozen=True)
class Stage:
    """The people and the clock of a test."""

    session: Session
    cast: Cast
    now: datetime

    def actor(self, person_id: int) -> Actor:
        return actor_for(self.session, person_id)

    @property
    def mette(self) -> Actor:
        return self.actor(self.cast.mette)

    @property
    def selam(self) -> Actor:
        return self.actor(self.cast.selam)

    @property
    def about_selam(self) -> Subject:
        return Subject(self.cast.solby, self.cast.selam, frozenset({self.cast.mette, self.cast.karen}))

    def meeting(self, **other: Any) -> Meeting:
        """Let Mette make a meeting with Selam."""
        made = actions.make_meeting(self.session, self.mette, self.about_selam, facts(self.now, **other), self.now)
        self.session.commit()
        return made

    def move(self, meeting: Meeting, **other: Any) -> bool:
        """Let Mette move a meeting, as she sees it now."""
        changed = facts_with(meeting, **other)
        moved = actions.move_meeting(
            self.session,
            self.mette,
            self.about_selam,
            meeting.id,
            changed,
            seen_version=meeting.version,
            now=self.now,
        )
        self.session.commit()
        return moved

    def shift(self, meeting: Meeting, by: timedelta) -> None:
        """Let a meeting have been made for another time, past ones too."""
        meeting.starts_at += by
        meeting.ends_at += by
        for one in queries.participants_of(self.session, meeting):
            one.starts_at += by
        self.session.commit()

    def part(self, meeting: Meeting, person_id: int | None = None) -> Participant:
        """Return a person's row in a meeting as it stands now; Selam's unless another is named."""
        return queries.participant_of(self.session, meeting, person_id or self.cast.selam)

    def speak(self, person_id: int, language: str) -> None:
        self.session.get_one(Person, person_id).language = language
        self.session.commit()

    def end_relation(self, person_id: int) -> None:
        for relation in self.session.query(Relation).filter_by(person_id=person_id):
            relation.ended_on = SINCE
        self.session.commit()


def facts_with(meeting: Meeting, **other: Any) -> MeetingFacts:
    known = queries.facts_of(meeting)
    return MeetingFacts(**{**known.__dict__, **other})


@pytest.fixture
def stage(session: Session, cast: Cast) -> Stage:
    session.expire_on_commit = False  # reading a row again would hold the lock that the client needs
    return Stage(session, cast, datetime.now(UTC))


@pytest.fixture
def signed_in(app: Flask, stage: Stage) -> SignedIn:
    """Give a client that a person is signed in on; its forms need no token."""
    app.config["WTF_CSRF_ENABLED"] = False

    def client_of(person_id: int) -> FlaskClient:
        client = app.test_client()
        sign_in(client, stage.session, person_id)
        return client

    return client_of
