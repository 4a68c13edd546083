"""The factory: settings, database, web kit, rooms, commands, in this order."""

from __future__ import annotations

import os
from datetime import timedelta

from flask import Flask
from flask_compress import Compress
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from citizen_app import cli
from citizen_app.agreements import models as _agreement_tables
from citizen_app.agreements import views as agreements
from citizen_app.attendance import models as _attendance_tables
from citizen_app.attendance import views as attendance
from citizen_app.calendars import models as _calendar_tables
from citizen_app.calendars import views as calendars
from citizen_app.config import PROJECT_ROOT, Settings
from citizen_app.db import Base, make_engine
from citizen_app.goals import models as _goal_tables
from citizen_app.goals import views as goals
from citizen_app.home import views as home
from citizen_app.learning import models as _learning_tables
from citizen_app.learning import views as learning
from citizen_app.ledger import models as _ledger_tables
from citizen_app.ledger import views as ledger
from citizen_app.meetings import models as _meeting_tables
from citizen_app.meetings import views as meetings
from citizen_app.mentor import agreements as mentor_agreements
from citizen_app.mentor import learning as mentor_learning
from citizen_app.mentor import views as mentor
from citizen_app.people import actor
from citizen_app.people import models as _people_tables
from citizen_app.people import views as people
from citizen_app.placements import models as _placement_tables
from citizen_app.placements import views as placements
from citizen_app.practice import models as _practice_tables
from citizen_app.practice import views as practice
from citizen_app.push import models as _push_tables
from citizen_app.push import views as push
from citizen_app.reminders import actions as reminder_actions
from citizen_app.reminders import models as _reminder_tables
from citizen_app.reminders import views as reminders
from citizen_app.sounds import models as _sound_tables
from citizen_app.staff import accounts as staff_accounts
from citizen_app.staff import agreements as staff_agreements
from citizen_app.staff import calendar as staff_calendar
from citizen_app.staff import citizens as staff_citizens
from citizen_app.staff import feeds as staff_feeds
from citizen_app.staff import figures as staff_figures
from citizen_app.staff import follow_ups as staff_follow_ups
from citizen_app.staff import goals as staff_goals
from citizen_app.staff import learning as staff_learning
from citizen_app.staff import ledger as staff_ledger
from citizen_app.staff import meetings as staff_meetings
from citizen_app.staff import minutes as staff_minutes
from citizen_app.staff import morning as staff_morning
from citizen_app.staff import placement_days as staff_placement_days
from citizen_app.staff import placements as staff_placements
from citizen_app.staff import places as staff_places
from citizen_app.staff import recordings as staff_recordings
from citizen_app.staff import reminders as staff_reminders
from citizen_app.staff import word_files as staff_word_files
from citizen_app.staff import words as staff_words
from citizen_app.staff import workplaces as staff_workplaces
from citizen_app.texts import models as _text_tables
from citizen_app.web import errors, fragments, headers, locale, navigation, pwa, replay, session
from citizen_app.words import models as _word_tables
from citizen_app.words import views as words

TABLES = (
    _people_tables,
    _text_tables,
    _goal_tables,
    _learning_tables,
    _ledger_tables,
    _meeting_tables,
    _placement_tables,
    _agreement_tables,
    _attendance_tables,
    _calendar_tables,
    _word_tables,
    _sound_tables,
    _practice_tables,
    _push_tables,
    _reminder_tables,
    replay,
)
"""Modules that declare tables; naming them here is what makes `all_tables` complete."""

ROOMS = (
    home,
    people,
    words,
    practice,
    meetings,
    calendars,
    goals,
    push,
    reminders,
    placements,
    attendance,
    agreements,
    learning,
    ledger,
    mentor,
    mentor_agreements,
    mentor_learning,
    staff_morning,
    staff_citizens,
    staff_goals,
    staff_meetings,
    staff_calendar,
    staff_feeds,
    staff_figures,
    staff_reminders,
    staff_minutes,
    staff_places,
    staff_workplaces,
    staff_placements,
    staff_follow_ups,
    staff_placement_days,
    staff_agreements,
    staff_learning,
    staff_ledger,
    staff_accounts,
    staff_words,
    staff_recordings,
    staff_word_files,
    pwa,
)


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or Settings.from_environment(os.environ)
    app = Flask("citizen_app", static_folder=None, template_folder=str(PROJECT_ROOT / "templates"))
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SETTINGS=settings,
        CHECK_TEMPLATES=settings.check_templates,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=180),
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        COMPRESS_ALGORITHM=["gzip"],  # brotli saves a few hundred bytes and costs half as much again
        COMPRESS_MIMETYPES=["text/html", "application/json"],
        WTF_CSRF_TIME_LIMIT=None,  # nothing times out while somebody types
    )
    navigation.init_app(app)
    session.init_app(app, make_engine(settings.database_url))
    reminder_actions.listen(Session)
    locale.init_app(app)
    actor.init_app(app)
    csrf = CSRFProtect(app)
    reminders.exempt(csrf)
    mentor.exempt(csrf)
    mentor_agreements.exempt(csrf)
    mentor_learning.exempt(csrf)
    errors.init_app(app)
    headers.init_app(app)
    fragments.init_app(app)
    Compress(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    for room in ROOMS:
        app.register_blueprint(room.blueprint)
    cli.init_app(app)
    return app


def all_tables() -> MetaData:
    """Return the tables of every room; importing this module has declared them."""
    return Base.metadata
