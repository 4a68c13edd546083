"""The rows of a crowd, each table in one statement from a list of numbers that both databases understand.

Every case worker has fifty citizens, and every fifty are alike whatever the size, so that a page of the large
database shows just what it shows of the small one. They are spread over the whole table, as years would do.
Days are counted from this week's Monday, so that two databases of one week are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    case,
    cast,
    insert,
    literal,
    null,
    select,
)

from citizen_app.db import UtcDateTime
from citizen_app.goals.models import Goal, GoalEvent, SmallStep
from citizen_app.meetings.models import Meeting, Participant
from citizen_app.meetings.rules import Part
from citizen_app.people.models import Municipality, Person, Relation, SignIn
from citizen_app.policy import Role
from citizen_app.texts.models import Rendering, Text

MUNICIPALITIES = 20
CASELOAD = 50
UNIT = MUNICIPALITIES * CASELOAD
"""The number of citizens must be a multiple of this."""

SCAFFOLD = MetaData()
_numbers = Table("bench_numbers", SCAFFOLD, Column("i", Integer, primary_key=True))
_days = Table(
    "bench_days",
    SCAFFOLD,
    Column("k", Integer, primary_key=True),
    *(Column(name, UtcDateTime()) for name in ("coming", "coming_end", "past", "past_end", "touched")),
    Column("day", Date),
)
_i = _numbers.c.i
_number = cast(_i, String)
_municipality = (_i - 1) % MUNICIPALITIES + 1

GOAL_WORDS = {"da": "Jeg vil arbejde i et køkken", "ar": "أريد أن أعمل في مطبخ"}
STEP_WORDS = {"da": "Jeg møder til tiden i morgen", "ar": "أصل غداً في الموعد"}
MARKS = {"da": "own_words", "ar": "checked"}
GOAL = {"track": "job", "picture": "1F373", "started_by": "staff", "started_by_name": "Medarbejder"}
STEP = {"picture": "231A", "proposed_by": "staff", "proposed_by_name": "Medarbejder", "place": "Jobcenter"}
MEETING = {
    "kind": "job_talk",
    "way": "place",
    "place": "Indgang B, 2. sal",
    "language": "ar",
    "interpreter": "booked",
    "bring": "CV",
}
_PERSON = {"family_name": "Havby", "phone": "+45 70 00 00 01"}


def monday() -> date:
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


def fill_scaffold(connection: Connection, citizens: int) -> None:
    """Make the list of numbers that all rows come from, and the days of each place in a caseload."""
    counted = select(literal(1).label("i")).cte("counted", recursive=True)
    counted = counted.union_all(select(counted.c.i + 1).where(counted.c.i < citizens))
    connection.execute(insert(_numbers).from_select(["i"], select(counted.c.i)))
    ten, days, hour = datetime.combine(monday(), time(10), UTC), timedelta(days=1), timedelta(hours=1)
    for k in range(CASELOAD):
        coming, past = ten + (k + 7) * days, ten - (k + 7) * days
        meetings = {"coming": coming, "coming_end": coming + hour, "past": past, "past_end": past + hour}
        connection.execute(insert(_days).values(k=k, touched=ten - k // 3 * days, day=coming.date(), **meetings))


def statements(citizens: int, *, only_meetings: bool = False) -> Iterator[Any]:
    """Return the statements that fill the tables, in an order that keys allow; without goals and texts if so wished."""
    place = (_i - 1) // MUNICIPALITIES
    workers = citizens // UNIT
    worker = citizens + 1 + place % workers * MUNICIPALITIES + (_i - 1) % MUNICIPALITIES
    former = citizens + 1 + (place + 1) % workers * MUNICIPALITIES + (_i - 1) % MUNICIPALITIES
    k = place // workers  # her place in the caseload, 0 to 49
    yield from _people(citizens, k, worker, former)
    if not only_meetings:
        yield from _texts(k, worker)
        yield from _goals(k, worker)
    yield from _meetings(citizens, k, worker)


def _rows(model: Any, k: ColumnElement[int], *, limit: Any = None, **fields: Any) -> Any:
    """Return the statement that makes one row of a table for each number, of that number's municipality."""
    if model is not Municipality:
        fields["municipality_id"] = _municipality
    made = [
        (value if isinstance(value, ColumnElement) else literal(value)).label(name) for name, value in fields.items()
    ]
    chosen = select(*made).select_from(_numbers.join(_days, _days.c.k == k)).order_by(_i)
    return insert(model).from_select(list(fields), chosen if limit is None else chosen.where(_i <= limit))


def _people(
    citizens: int, k: ColumnElement[int], worker: ColumnElement[int], former: ColumnElement[int]
) -> Iterator[Any]:
    first, since, before = literal(0, Integer), monday() - timedelta(days=400), monday() - timedelta(days=900)
    yield _rows(Municipality, first, limit=MUNICIPALITIES, id=_i, key="by" + _number, name="By " + _number)
    citizen = {"role": Role.CITIZEN.value, "given_name": "Borger " + cast(k, String), **_PERSON}
    yield _rows(Person, k, id=_i, external_id="b-" + _number, language="ar", second_language="en", **citizen)
    staff = {"role": Role.CASE_WORKER.value, "given_name": "Medarbejder", "language": "da", **_PERSON}
    limit = citizens // CASELOAD
    yield _rows(Person, first, limit=limit, id=_i + citizens, external_id="m-" + _number, **staff)
    around = {"citizen_id": _i, "role": "case_worker"}
    yield _rows(Relation, k, **around, person_id=worker, is_contact=True, started_on=since)
    yield _rows(Relation, k, **around, person_id=former, is_contact=False, started_on=before, ended_on=since)
    period = {"started_at": _days.c.past, "expires_at": datetime.combine(monday(), time(), UTC) + timedelta(days=180)}
    yield _rows(SignIn, k, person_id=_i, key_hash="x" + _number, device="Android", **period)


def _texts(k: ColumnElement[int], worker: ColumnElement[int]) -> Iterator[Any]:
    """Text 2i is citizen i's goal, text 2i + 1 her step."""
    author = {"author_id": worker, "author_name": "Medarbejder", "made_at": _days.c.touched, "text_version": 1}
    for offset, words in ((0, GOAL_WORDS), (1, STEP_WORDS)):
        yield _rows(Text, k, id=2 * _i + offset, original_language="da")
        for language, body in words.items():
            said = {"language": language, "body": body, "mark": MARKS[language]}
            yield _rows(Rendering, k, text_id=2 * _i + offset, **said, **author)


def _goals(k: ColumnElement[int], worker: ColumnElement[int]) -> Iterator[Any]:
    """One goal and one step each; every fourth waits for the citizen, every fifth has no next step."""
    touched = _days.c.touched
    yes = {"citizen_agreed_at": case((k % 4 == 0, null()), else_=touched), "staff_agreed_at": touched}
    status = case((k % 4 == 0, "proposed"), else_="agreed")
    times = {"started_at": _days.c.past, "changed_at": touched}
    yield _rows(Goal, k, id=_i, citizen_id=_i, text_id=2 * _i, status=status, **yes, **times, **GOAL)
    status = case((k % 5 == 1, "done"), else_="ready")
    plan = {"citizen_id": _i, "goal_id": _i, "position": 1, "day": _days.c.day, "helper_id": worker}
    yield _rows(SmallStep, k, id=_i, text_id=2 * _i + 1, status=status, **plan, **yes, **STEP)
    by = {"by_id": worker, "by_name": "Medarbejder", "by_side": "staff", "at": touched}
    yield _rows(GoalEvent, k, goal_id=_i, goal_version=1, what="proposed", **by)


def _meetings(citizens: int, k: ColumnElement[int], worker: ColumnElement[int]) -> Iterator[Any]:
    """Meeting i has been and is answered, meeting citizens + i is coming; citizen i and her worker are in both."""
    for offset, when, answer in ((0, "past", "coming"), (citizens, "coming", None)):
        starts_at = {"starts_at": _days.c[when]}
        times = {**starts_at, "ends_at": _days.c[f"{when}_end"], "made_at": _days.c.past, "settled_at": _days.c.past}
        yield _rows(Meeting, k, id=_i + offset, host_id=worker, made_by_id=worker, **times, **MEETING)
        about = {"meeting_id": _i + offset, **starts_at}
        said = literal(answer, String)
        yield _rows(Participant, k, person_id=_i, part=Part.CITIZEN.value, answer=said, **about)
        yield _rows(Participant, k, person_id=worker, part=Part.HOST.value, **about)
