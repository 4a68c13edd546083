"""Meetings in one's own calendar programme: one as a file, or all by a secret address."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, current_app, make_response, request, url_for
from werkzeug.wrappers import Response

from citizen_app.calendars import actions, queries, rules
from citizen_app.calendars.forms import FeedForm
from citizen_app.calendars.rules import FeedWish, Telling
from citizen_app.db import AnyRow
from citizen_app.meetings.queries import kind_name, meeting_for_calendar, meetings_in_feed
from citizen_app.meetings.rules import Way
from citizen_app.policy import STAFF, NotFound, Permission, Role
from citizen_app.web import access
from citizen_app.web.access import public, requires
from citizen_app.web.fragments import go, page, provide
from citizen_app.web.locale import catalogue, local_date, staff_language
from citizen_app.web.session import db, now

blueprint = Blueprint("calendars", __name__)


@blueprint.get("/meetings/<int:meeting_id>/meeting.ics")
@requires(Permission.SEE_OWN_PAGES)
def file(meeting_id: int) -> Response:
    """Give one meeting to the phone's calendar, with as many words as she has chosen for her address."""
    me = access.actor()
    meeting = meeting_for_calendar(db(), me, meeting_id)
    feed = queries.own_feed(db(), me, now())
    entry = _entry_for_citizen(meeting, me.language, tells_more=feed is not None and feed.tells_more)
    response = make_response(rules.calendar_file([entry], me.timezone, _calendar_name(me.language), now()))
    response.content_type = rules.CALENDAR_TYPE
    response.headers["Content-Disposition"] = rules.CALENDAR_DISPOSITION
    return response


@blueprint.route("/calendar", methods=["GET", "POST"])
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    me = access.actor()
    form = FeedForm()
    if form.validate_on_submit():
        actions.change_feed(db(), me, FeedWish(form.wish.data or ""), now())
        return go(url_for("calendars.index"))
    feed = queries.own_feed(db(), me, now())
    status = 422 if form.errors else 200
    return page("calendars/index.html", here="meetings", feed=feed, address=_feed_address(feed), status=status)


@blueprint.get("/calendar/<token>.ics")
@public
def feed(token: str) -> Response:
    """Give a calendar to whoever has its secret address, since calendar programmes cannot sign in."""
    claimed = queries.feed_claimed(db(), rules.person_of_token(token) or 0, now())
    person_id, nonce = (claimed.person_id, claimed.nonce) if claimed else (0, "")
    if not rules.is_feed_token(token, current_app.config["SECRET_KEY"], person_id, nonce) or claimed is None:
        raise NotFound
    if claimed.role not in STAFF | {Role.CITIZEN}:
        raise NotFound
    language = claimed.language if claimed.role == Role.CITIZEN else staff_language(claimed.language)
    entry_for = _entry_for_citizen if claimed.role == Role.CITIZEN else _entry_for_worker
    entries = [entry_for(meeting, language, tells_more=claimed.tells_more) for meeting in _in_feed(claimed)]
    name = _calendar_name(language)
    tag = rules.calendar_tag(entries, claimed.timezone, name)
    is_known = request.if_none_match.contains_weak(tag)
    content = b"" if is_known else rules.calendar_file(entries, claimed.timezone, name, now())
    response = make_response(content, 304 if is_known else 200)
    response.content_type = rules.CALENDAR_TYPE
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _in_feed(claimed: AnyRow) -> Sequence[AnyRow]:
    moment = now()
    span = (moment - rules.FEED_PAST, moment + rules.FEED_AHEAD)
    return meetings_in_feed(db(), claimed, *span, local_date(moment, claimed.timezone))


def _entry_for_citizen(meeting: AnyRow, language: str, *, tells_more: bool) -> rules.Entry:
    return rules.entry_of(meeting, meeting.answer, _full(meeting, language) if tells_more else _neutral(language))


def _entry_for_worker(meeting: AnyRow, language: str, *, tells_more: bool) -> rules.Entry:
    kind = kind_name(meeting.kind, language)
    return rules.entry_for_worker(meeting, kind, _neutral(language), tells_more=tells_more)


def _full(meeting: AnyRow, language: str) -> Telling:
    """Say what a citizen needs to get there and be ready."""
    say = catalogue(language).gettext
    link = meeting.link
    if meeting.way == Way.PHONE and not link:
        link = say("%(name)s calls you. Keep your phone near.") % {"name": meeting.host_given_name}
    bring = say("Bring: %(things)s") % {"things": meeting.bring} if meeting.bring else ""
    kind = kind_name(meeting.kind, language)
    notes = "\n".join(note for note in (meeting.how_to_find, link, bring) if note)
    return Telling(f"{kind} · {meeting.host_given_name}", meeting.place, notes)


def _neutral(language: str) -> Telling:
    """Say nothing that others who see the calendar should not know."""
    _ = catalogue(language).gettext
    return Telling(_("Appointment"), notes=_("You find more in the app."))


def _calendar_name(language: str) -> str:
    return catalogue(language).gettext("My appointments")


def _feed_address(feed: AnyRow | None) -> str:
    """Return the secret address of the reader's own calendar; nothing while there is none."""
    if feed is None:
        return ""
    token = rules.feed_token(current_app.config["SECRET_KEY"], feed.person_id, feed.nonce)
    return url_for("calendars.feed", token=token, _external=True)


provide("neutral_telling", _neutral)
provide("calendar_name", _calendar_name)
provide("feed_address", _feed_address)
