"""The people whose pages are measured: a citizen with a full plan in each language, one with nothing, a worker.

They are made by the same actions as real ones. Everybody is signed in already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy.orm import Session

from bench.load import Visit
from bench.servers import SECRET_KEY
from citizen_app.config import LANGUAGES
from citizen_app.db import make_engine, migrate, writing_session
from citizen_app.goals import actions as goals
from citizen_app.goals.actions import StepPlan, Wording
from citizen_app.meetings import actions as meetings
from citizen_app.meetings.rules import Interpreter, MeetingFacts
from citizen_app.people.actions import start_sign_in
from citizen_app.people.models import Municipality, Person, Relation
from citizen_app.policy import Actor, Role, Subject
from citizen_app.texts import actions as texts
from citizen_app.texts.models import Text
from citizen_app.texts.queries import phrase_bank

SINCE = date(2024, 1, 1)


@dataclass(frozen=True)
class Town:
    """Visits by those who live and work there."""

    citizens: dict[str, Visit]
    """By language: a citizen with three goals, steps and a meeting opens Today."""
    newcomer: Visit
    """An Arabic citizen with nothing yet does."""
    worker: Visit
    """Her case worker opens the morning list."""


def make_town(database_url: str) -> Town:
    """Fill an empty database."""
    migrate(database_url)
    engine = make_engine(database_url)
    now = datetime.now(UTC)
    with writing_session(engine) as session, session.begin():
        municipality = Municipality(key="havby", name="Havby Kommune", phone="70 00 00 00")
        session.add(municipality)
        session.flush()
        worker = _person(session, municipality, "Lone", "da", Role.CASE_WORKER)
        citizens = {code: _citizen(session, municipality, worker, code) for code in LANGUAGES}
        newcomer = _citizen(session, municipality, worker, "ar")
        for citizen in citizens.values():
            _plan(session, municipality, worker, citizen, now)
        town = Town(
            {code: _visit(session, citizen, now) for code, citizen in citizens.items()},
            newcomer=_visit(session, newcomer, now),
            worker=_visit(session, worker, now, "/staff"),
        )
    engine.dispose()
    return town


def cookie(key: str) -> str:
    """Return the cookie of somebody signed in with a key."""
    app = Flask("cookies")
    app.secret_key = SECRET_KEY
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    value = signer.dumps({"_user_id": key, "_fresh": True, "_permanent": True})
    assert isinstance(value, str)
    return value


def _visit(session: Session, person: Person, now: datetime, path: str = "/") -> Visit:
    return Visit(path, cookie(start_sign_in(session, person, device="Android", now=now).key))


def _person(session: Session, municipality: Municipality, name: str, language: str, role: Role) -> Person:
    person = Person(
        municipality_id=municipality.id,
        external_id=f"x-{name}",
        role=role,
        given_name=name,
        family_name="Havby",
        language=language,
        second_language="en" if role is Role.CITIZEN else None,
        phone="+45 70 00 00 01",
    )
    session.add(person)
    session.flush()
    return person


def _citizen(session: Session, municipality: Municipality, worker: Person, language: str) -> Person:
    number = session.query(Person).count()
    citizen = _person(session, municipality, f"Borger {number}", language, Role.CITIZEN)
    relation = {"citizen_id": citizen.id, "person_id": worker.id, "role": "case_worker", "started_on": SINCE}
    session.add(Relation(municipality_id=municipality.id, is_contact=True, **relation))
    session.flush()
    return citizen


def _plan(session: Session, municipality: Municipality, worker: Person, citizen: Person, now: datetime) -> None:
    """Two goals both have agreed to, a third that waits for her, two steps each, and a meeting."""
    staff, herself = _actor(municipality, worker), _actor(municipality, citizen)
    subject = Subject(municipality.id, citizen.id, frozenset({worker.id}))
    bank = phrase_bank().values()
    goal_phrases = [phrase for phrase in bank if phrase.kind == "goal"]
    step_phrases = [phrase for phrase in bank if phrase.kind == "step"]
    for number in range(3):
        phrase = goal_phrases[number]
        words = Wording("Jeg vil arbejde i et køkken og tale dansk med de andre", "da")
        goal = goals.start_goal(session, staff, subject, phrase.track, phrase.picture, words, now=now)
        text = session.get_one(Text, goal.text_id)
        if citizen.language != "da":
            texts.say_in(session, herself, text, citizen.language, phrase.bodies[citizen.language], now)
        for step in step_phrases[2 * number : 2 * number + 2]:
            day = StepPlan(now.date() + timedelta(days=1), time(9, 30), "Jobcenter Havby, indgang B", worker.id)
            wording = Wording(step.bodies["da"], "da", step.key)
            goals.add_step(session, staff, subject, goal, step.picture, wording, day, now=now)
        goals.propose(session, staff, subject, goal, now=now)
        if number < 2:
            goals.agree(session, herself, subject, goal, seen_version=goal.version, now=now)
    start = now + timedelta(days=2)
    facts = MeetingFacts(
        kind="job_talk",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        place="Indgang B, 2. sal",
        language=citizen.language,
        interpreter=Interpreter.BOOKED,
        how_to_find="Gå til venstre efter døren",
        leave_home_at=start - timedelta(minutes=40),
        bring="CV og kalender",
    )
    meetings.make_meeting(session, staff, subject, facts, now)


def _actor(municipality: Municipality, person: Person) -> Actor:
    return Actor(
        person_id=person.id,
        municipality_id=municipality.id,
        role=Role(person.role),
        given_name=person.given_name,
        language=person.language,
        second_language=person.second_language,
        timezone=municipality.timezone,
        easy_reading=False,
        text_size="normal",
        product_name=municipality.product_name,
        sign_in_id=0,
    )
