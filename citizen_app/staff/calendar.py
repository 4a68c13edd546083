"""Staff's calendar: a week or a month of one's own meetings, when a colleague is busy, and one's open hours.

Of a colleague only times are ever read, so that no name and no kind of meeting of hers can reach a page. Citizens
the reader does not work with are left out the same way: then only the time shows that it is taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.db import AnyRow
from citizen_app.meetings import actions, queries, rules
from citizen_app.meetings.queries import DayEntry
from citizen_app.meetings.rules import Slot
from citizen_app.people.queries import colleagues_of
from citizen_app.policy import Actor, NotFound, Permission, has_role_for
from citizen_app.staff.calendar_forms import HoursForm
from citizen_app.web import access
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, page
from citizen_app.web.locale import current_language
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_calendar", __name__, url_prefix="/staff/meetings")

YEARS = range(2000, 2101)
"""Other years in an address are slips of the keys."""


class Line(NamedTuple):
    """Something in a day: an entry of one's own, or only a time at which the colleague is busy."""

    slot: Slot
    entry: DayEntry | None


class Day(NamedTuple):
    date: date
    holiday: str
    is_today: bool
    lines: Sequence[Line]
    both_free: Sequence[Slot]
    """When neither oneself nor the colleague has anything; empty without a colleague."""


@blueprint.get("/week")
@requires(Permission.SEE_CASELOAD)
def week() -> Response:
    me = access.actor()
    dates = rules.week_of(_date(request.args.get("day", "")))
    span = rules.span_of(dates, me.timezone)
    entries = queries.calendar_of(db(), me, span, now())
    colleagues = colleagues_of(db(), me, access.today())
    colleague = _colleague(colleagues, request.args.get("with", type=int))
    busy = queries.busy_times(db(), me.municipality_id, colleague.id, *span) if colleague else None
    return page(
        "staff/calendar/week.html",
        here="staff_meetings",
        days=_days(me, dates, entries, busy),
        week=dates[0].isocalendar().week,
        colleagues=colleagues,
        colleague=colleague,
        earlier=_week_address(dates[0] - timedelta(days=7), colleague),
        later=_week_address(dates[0] + timedelta(days=7), colleague),
        this=_week_address(access.today(), colleague),
        may_hold_meetings=has_role_for(me, Permission.HOLD_MEETINGS),
    )


@blueprint.get("/month")
@requires(Permission.SEE_CASELOAD)
def month() -> Response:
    me = access.actor()
    dates = rules.month_of(_date(request.args.get("month", "") + "-01"))
    entries = queries.calendar_of(db(), me, rules.span_of(dates, me.timezone), now())
    return page(
        "staff/calendar/month.html",
        here="staff_meetings",
        days=_days(me, dates, entries),
        earlier=_month_address(dates[0] - timedelta(days=1)),
        later=_month_address(dates[-1] + timedelta(days=1)),
        this=_month_address(access.today()),
        may_hold_meetings=has_role_for(me, Permission.HOLD_MEETINGS),
    )


@blueprint.route("/hours", methods=["GET", "POST"])
@requires(Permission.HOLD_MEETINGS)
def hours() -> Response:
    me = access.actor()
    form = HoursForm()
    windows = form.windows()
    if windows is not None:
        actions.open_hours(db(), me, windows)
        session["notice"] = _("Your hours are saved.")
        return go(url_for("staff_calendar.hours"))
    if request.method == "GET":
        form.show(queries.open_hours(db(), me.municipality_id, me.person_id))
    return page(
        "staff/calendar/hours.html",
        here="staff_meetings",
        form=form,
        may_hold_meetings=True,
        status=422 if form.errors else 200,
    )


def _date(text: str) -> date:
    """Return the day in an address; today for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return access.today()
    return found if found.year in YEARS else access.today()


def _colleague(colleagues: Iterable[AnyRow], wanted: int | None) -> AnyRow | None:
    """Return the colleague whose times are wanted; raises NotFound for anybody who is none."""
    if wanted is None:
        return None
    found = next((colleague for colleague in colleagues if colleague.id == wanted), None)
    if found is None:
        raise NotFound
    return found


def _days(
    me: Actor, dates: Iterable[date], entries: Iterable[DayEntry], busy: Iterable[Slot] | None = None
) -> list[Day]:
    language, today = current_language(), access.today()
    lines: dict[date, list[Line]] = defaultdict(list)
    for line in (*(Line(entry.slot, entry) for entry in entries), *(Line(slot, None) for slot in busy or ())):
        lines[rules.local_day(line.slot.starts_at, me.timezone)].append(line)
    return [
        Day(
            day,
            holiday := queries.holiday(day, language),
            day == today,
            found := sorted(lines[day], key=lambda line: line.slot),
            [] if busy is None or holiday or day.weekday() > 4 or day < today else _free(me, day, found),
        )
        for day in dates
    ]


def _free(me: Actor, day: date, lines: Iterable[Line]) -> list[Slot]:
    return rules.gaps((line.slot for line in lines if not _is_cancelled(line)), day, me.timezone)


def _is_cancelled(line: Line) -> bool:
    listed = line.entry.listed if line.entry else None
    return listed is not None and listed.meeting.cancelled_at is not None


def _week_address(day: date, colleague: AnyRow | None) -> str:
    return url_for("staff_calendar.week", day=day.isoformat(), **{"with": colleague.id} if colleague else {})


def _month_address(day: date) -> str:
    return url_for("staff_calendar.month", month=f"{day:%Y-%m}")
