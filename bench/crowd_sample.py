"""The few of a crowd whose pages are opened: signed in with keys that are known, the citizens with three goals.

They are spread evenly over municipalities, caseloads and the whole table.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from bench.crowd_rows import GOAL, GOAL_WORDS, MARKS, MUNICIPALITIES, STEP, STEP_WORDS, UNIT, monday
from citizen_app.goals.models import Goal, SmallStep
from citizen_app.people.models import SignIn
from citizen_app.people.rules import fingerprint
from citizen_app.texts.models import Rendering, Text

SIZE = 100


def key_of(person_id: int) -> str:
    """Return the key that a person of the sample is signed in with."""
    return f"bench-{person_id}"


def sample_citizens(citizens: int) -> list[int]:
    return [1 + s * (citizens // SIZE) + s % MUNICIPALITIES for s in range(SIZE)]


def sample_workers(citizens: int) -> list[int]:
    """Return one worker of each municipality."""
    middle = citizens // UNIT // 2
    return [citizens + 1 + middle * MUNICIPALITIES + m for m in range(MUNICIPALITIES)]


def add_sample(connection: Connection, citizens: int) -> None:
    at = datetime.combine(monday(), time(10), UTC)
    made: dict[Any, list[dict[str, Any]]] = {Text: [], Rendering: [], Goal: [], SmallStep: []}
    for citizen in sample_citizens(citizens):
        _add_goals(made, citizens, citizen, at)
        signed_in = update(SignIn).where(SignIn.person_id == citizen, SignIn.key_hash == f"x{citizen}")
        connection.execute(signed_in.values(key_hash=fingerprint(key_of(citizen))))
    for model, rows in made.items():
        connection.execute(insert(model), rows)
    period = {"device": "PC", "started_at": at, "expires_at": at + timedelta(days=180)}
    for number, person in enumerate(sample_workers(citizens)):
        whose = {"municipality_id": number + 1, "person_id": person, "key_hash": fingerprint(key_of(person))}
        connection.execute(insert(SignIn).values(**whose, **period))


def _add_goals(made: dict[Any, list[dict[str, Any]]], citizens: int, citizen: int, at: datetime) -> None:
    """Add two goals with two steps each, numbered on from those that everybody has."""
    municipality = (citizen - 1) % MUNICIPALITIES + 1
    about = {"municipality_id": municipality, "citizen_id": citizen, "citizen_agreed_at": at, "staff_agreed_at": at}

    def new_text(words: dict[str, str]) -> int:
        number = 2 * citizens + 2 + len(made[Text])
        made[Text].append({"id": number, "municipality_id": municipality, "original_language": "da"})
        whose = {"text_id": number, "municipality_id": municipality, "text_version": 1, "made_at": at}
        author = {"author_id": citizens + 1, "author_name": "Medarbejder"}
        for language, body in words.items():
            made[Rendering].append({"language": language, "body": body, "mark": MARKS[language], **whose, **author})
        return number

    for _more in range(2):
        goal = citizens + 1 + len(made[Goal])
        what = {"text_id": new_text(GOAL_WORDS), "status": "agreed", "started_at": at, "changed_at": at}
        made[Goal].append({"id": goal, **about, **what, **GOAL})
        for position in (1, 2):
            step = {"id": citizens + 1 + len(made[SmallStep]), "goal_id": goal, "position": position}
            made[SmallStep].append({**step, "text_id": new_text(STEP_WORDS), "status": "ready", **about, **STEP})
