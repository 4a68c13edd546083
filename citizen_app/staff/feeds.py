"""Staff's meetings in their own calendar programme: one meeting as a file, and the secret address for all.

A worker's computer shows her calendar to many, so the words are neutral until she chooses otherwise, and even then
name nobody but the one citizen, by her first name.
"""

from __future__ import annotations

from flask import Blueprint, make_response, url_for
from werkzeug.wrappers import Response

from citizen_app.calendars import actions, queries, rules
from citizen_app.calendars.forms import FeedForm
from citizen_app.calendars.rules import FeedWish
from citizen_app.meetings.queries import kind_name, meeting_for_workers_calendar
from citizen_app.people.actions import log_access
from citizen_app.policy import Permission
from citizen_app.web import access
from citizen_app.web.access import requires
from citizen_app.web.fragments import go, page, provided
from citizen_app.web.locale import current_language
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_feeds", __name__)


@blueprint.get("/staff/meetings/<int:meeting_id>/meeting.ics")
@requires(Permission.SEE_CASELOAD, writes=True)
def file(meeting_id: int) -> Response:
    me, language = access.actor(), current_language()
    meeting = meeting_for_workers_calendar(db(), me, meeting_id, now())
    if meeting.citizen_id is not None:
        log_access(db(), me, meeting.citizen_id, "meeting", now())
    feed = queries.own_feed(db(), me, now())
    entry = rules.entry_for_worker(
        meeting,
        kind_name(meeting.kind, language),
        provided("neutral_telling")(language),
        tells_more=feed is not None and feed.tells_more,
    )
    response = make_response(rules.calendar_file([entry], me.timezone, provided("calendar_name")(language), now()))
    response.content_type = rules.CALENDAR_TYPE
    response.headers["Content-Disposition"] = rules.CALENDAR_DISPOSITION
    return response


@blueprint.route("/staff/meetings/calendar", methods=["GET", "POST"])
@requires(Permission.SEE_CASELOAD)
def calendar() -> Response:
    me = access.actor()
    form = FeedForm()
    if form.validate_on_submit():
        actions.change_feed(db(), me, FeedWish(form.wish.data or ""), now())
        return go(url_for("staff_feeds.calendar"))
    feed = queries.own_feed(db(), me, now())
    return page(
        "staff/feeds/calendar.html",
        here="staff_meetings",
        feed=feed,
        address=provided("feed_address")(feed),
        status=422 if form.errors else 200,
    )
