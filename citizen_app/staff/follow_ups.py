"""The follow-up of a placement: what has come of it so far, on one page, and the meeting it becomes.

Citizen, mentor and staff talk at the workplace, on day 21 as a rule. What stands on this page the citizen reads on her
own pages, too, and the mentor what a mentor may read; so nobody comes to the talk better prepared than the others.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from flask import Blueprint, request
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.attendance.queries import language_minutes_of
from citizen_app.db import LARGEST_NUMBER, AnyRow
from citizen_app.learning.forms import shown
from citizen_app.learning.queries import learning_of
from citizen_app.ledger.queries import weeks_of
from citizen_app.ledger.rules import WEEK, monday_of
from citizen_app.people.actions import log_access
from citizen_app.placements import queries
from citizen_app.placements.actions import HasFollowUp
from citizen_app.placements.rules import Side, follow_up_on
from citizen_app.policy import Actor, NotFound, Permission, Subject, can
from citizen_app.practice.queries import learning as words_learnt
from citizen_app.staff.placements import NAMES, placement_of
from citizen_app.web import access, errors
from citizen_app.web.access import requires
from citizen_app.web.fragments import page
from citizen_app.web.session import db, now
from citizen_app.words.queries import said

blueprint = Blueprint("staff_follow_ups", __name__)

errors.explain(HasFollowUp, lazy_gettext("This follow-up is a meeting already, or the placement is over."))

BEGINS, ENDS = time(10), time(10, 30)
"""What the form of the meeting proposes."""


@blueprint.get("/staff/placements/<int:placement_id>/follow-up")
@requires(Permission.SEE_CASELOAD, writes=True)
def show(placement_id: int) -> Response:
    """Everything to talk about, before the talk."""
    me, known = placement_of(placement_id)
    row, today = known.row, access.today()
    here = (db(), me.municipality_id)
    learning = learning_of(*here, row.id, me.reading_languages)
    monday = monday_of(min(today, row.last_day))
    weeks = weeks_of(*here, row.citizen_id, max(monday - 8 * WEEK, monday_of(row.starts_on)), monday)
    log_access(db(), me, row.citizen_id, "placement", now())
    return page(
        "staff/placements/follow_up.html",
        here="placements",
        placement=row,
        citizen=known.citizen.row,
        may_change=known.may_change,
        is_over=row.last_day < today,
        day=follow_up_on(row.starts_on, row.follow_up_day),
        mentors=queries.mentors_of(*here, row.id, today),
        weeks=[week for week in weeks.weeks if week.places or week.kinds],
        this_monday=monday_of(today),
        language_used=language_minutes_of(*here, [row.id]).get(row.id, 0),
        **shown(learning, Side.STAFF, "", today, writing=me.writing_language, may_write=False),
        names=NAMES,
        words=_words_used(me, row) if can(me, Permission.SEE_WORDS, known.citizen.subject) else (),
    )


def _words_used(me: Actor, row: AnyRow) -> list[Any]:
    """Return the words she has used at work since the placement began."""
    here = (db(), me.municipality_id)
    used = words_learnt(*here, row.citizen_id).used
    words = said(*here, ("da", me.language), row.citizen_id)
    found = [words.word(key) for key, day in used.items() if day >= row.starts_on]
    return sorted((word for word in found if word is not None), key=lambda word: str(word.with_article))


# --- The meeting it becomes ---------------------------------------------------------------------------------


def wanted_placement(me: Actor, subject: Subject) -> AnyRow | None:
    """Return the placement whose follow-up a new meeting is to be, as address or form say.

    Raises NotFound, and HasFollowUp when there is no follow-up to be found a time for.
    """
    number = request.values.get("placement", 0, type=int)
    if not number:
        return None
    if not 0 < number <= LARGEST_NUMBER:
        raise NotFound
    row = queries.placement(db(), me.municipality_id, number)
    if row.citizen_id != subject.citizen_id:
        raise NotFound
    if row.follow_up_meeting_id or row.last_day < access.today():
        raise HasFollowUp
    return row


def proposal(me: Actor, row: AnyRow) -> dict[str, Any]:
    """Return what the form of a follow-up proposes: its day, the workplace, and the mentors."""
    mentors = queries.mentors_of(db(), me.municipality_id, row.id, access.today())
    return {
        "kind": "follow_up",
        "placement": row.id,
        "day": _working_day(max(follow_up_on(row.starts_on, row.follow_up_day), access.today() + timedelta(days=1))),
        "start": BEGINS,
        "end": ENDS,
        "place": f"{row.workplace}, {row.address}"[:120] if row.address else row.workplace,
        "how_to_find": row.how_to_find,
        "people": [str(mentor.id) for mentor in mentors],
    }


def _working_day(day: date) -> date:
    """Return this day, or the next one that is neither in a weekend nor a holiday."""
    while day.weekday() >= 5 or queries.closed_days(day, day):
        day += timedelta(days=1)
    return day
