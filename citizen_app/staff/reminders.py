"""Reminders for staff: how a citizen is reached and what went out to her, whom to call, and the municipality's rules.

What went out is told by kind, channel and language, never in the words of the message.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, StringField, TimeField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from citizen_app.config import Settings
from citizen_app.people.actions import log_access
from citizen_app.people.queries import KnownCitizen, citizen_of_worker
from citizen_app.policy import Permission, can, check
from citizen_app.reminders import actions, queries
from citizen_app.reminders.rules import RULED, ReminderKind, Rule
from citizen_app.texts.rules import has_cpr_number, one_line
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import go, page
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_reminders", __name__, url_prefix="/staff")

REASON_LENGTH = 200
FIELDS = {
    ReminderKind.WEEK: ("days_before", "at"),
    ReminderKind.EVENING: ("days_before", "at"),
    ReminderKind.MORNING: ("minutes_before",),
    ReminderKind.GOAL: ("at",),
    ReminderKind.NUDGE: ("at",),
    ReminderKind.HOURS: ("at",),
}
"""What of a kind can be chosen besides on and off."""


class PauseForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    reason = StringField(
        lazy_gettext("Why? The citizen reads it."),
        [
            DataRequired(lazy_gettext("Write in a few words why.")),
            Length(max=REASON_LENGTH, message=lazy_gettext("This is too long. Write at most %(max)d letters.")),
        ],
        filters=[one_line],
    )

    def validate_reason(self, field: Any) -> None:
        if has_cpr_number(field.data or ""):
            raise ValidationError(str(lazy_gettext("This looks like a CPR number. Leave it out.")))


class RuleForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no type hints
    is_on = BooleanField(lazy_gettext("Send it"))
    days_before = IntegerField(
        lazy_gettext("Days before"),
        [NumberRange(1, 14, lazy_gettext("Write a number from 1 to 14.")), InputRequired()],
    )
    at = TimeField(lazy_gettext("At"), [InputRequired(lazy_gettext("Write a time."))])
    minutes_before = IntegerField(
        lazy_gettext("Minutes before leaving home"),
        [NumberRange(10, 240, lazy_gettext("Write a number from 10 to 240.")), InputRequired()],
    )

    @classmethod
    def of(cls, kind: ReminderKind, rule: Rule | None = None) -> RuleForm:
        """Return the form with the fields that this kind has; without a rule, as it was sent."""
        form = cls(prefix=kind.value) if rule is None else cls(formdata=None, obj=rule, prefix=kind.value)
        for name in {"days_before", "at", "minutes_before"} - set(FIELDS.get(kind, ())):
            delattr(form, name)
        return form

    def rule(self, kind: ReminderKind) -> Rule:
        chosen = {name: self[name].data for name in FIELDS.get(kind, ())}
        return Rule(is_on=bool(self.is_on.data), **chosen)


# --- One citizen --------------------------------------------------------------------------------------------


@blueprint.get("/citizens/<int:citizen_id>/reminders")
@requires(Permission.SEE_CITIZEN, writes=True)
def of_citizen(citizen_id: int) -> Response:
    known = citizen_of_worker(db(), actor(), citizen_id, today())
    check(actor(), Permission.SEE_CITIZEN, known.subject)
    log_access(db(), actor(), citizen_id, "reminders", now())
    return _citizen_page(known, PauseForm(formdata=None))


@blueprint.post("/citizens/<int:citizen_id>/reminders/pause")
@requires(Permission.PAUSE_REMINDERS)
def pause(citizen_id: int) -> Response:
    known = citizen_of_worker(db(), actor(), citizen_id, today())
    form = PauseForm()
    if not form.validate_on_submit():
        check(actor(), Permission.PAUSE_REMINDERS, known.subject)
        return _citizen_page(known, form, status=422)
    actions.pause(db(), actor(), known.subject, form.reason.data or "", now())
    session["notice"] = _("The reminders are off. %(name)s can see it now.", name=known.row.given_name)
    return go(url_for("staff_reminders.of_citizen", citizen_id=citizen_id))


@blueprint.post("/citizens/<int:citizen_id>/reminders/resume")
@requires(Permission.PAUSE_REMINDERS)
def resume(citizen_id: int) -> Response:
    known = citizen_of_worker(db(), actor(), citizen_id, today())
    actions.resume(db(), actor(), known.subject, now())
    session["notice"] = _("The reminders are on again.")
    return go(url_for("staff_reminders.of_citizen", citizen_id=citizen_id))


def _citizen_page(known: KnownCitizen, form: PauseForm, *, status: int = 200) -> Response:
    me, citizen = actor(), known.row
    return page(
        "staff/reminders/citizen.html",
        status=status,
        here="citizens",
        citizen=citizen,
        reach=queries.reaches(db(), me.municipality_id, [citizen.id], now(), today())[citizen.id],
        pause=queries.pause_of(db(), me.municipality_id, citizen.id),
        coming=queries.waiting(db(), me.municipality_id, citizen.id),
        gone_out=queries.gone_out(db(), me.municipality_id, citizen.id, size=50),
        may_pause=can(me, Permission.PAUSE_REMINDERS, known.subject),
        form=form,
    )


# --- Whom to call -------------------------------------------------------------------------------------------


@blueprint.get("/reach")
@requires(Permission.SEE_CASELOAD)
def reach() -> Response:
    return page(
        "staff/reminders/reach.html",
        here="citizens",
        calls=queries.calls_to_make(db(), actor(), now(), today()),
        unsure=queries.unsure_citizens(db(), actor(), now(), today()),
    )


@blueprint.post("/reach/<int:reminder_id>/called")
@requires(Permission.SEE_CASELOAD)
def called(reminder_id: int) -> Response:
    reminder = queries.call_to_end(db(), actor(), reminder_id, today())
    actions.mark_called(db(), reminder, now())
    session["notice"] = _("Thank you. The call is noted.")
    return go(url_for("staff_reminders.reach"))


# --- The municipality's rules -------------------------------------------------------------------------------


@blueprint.get("/reminders")
@requires(Permission.SET_REMINDERS)
def index() -> Response:
    return _rules_page()


@blueprint.post("/reminders/<any(booked, week, evening, morning, missed, goal, words, nudge, hours):name>")
@requires(Permission.SET_REMINDERS)
def change(name: str) -> Response:
    kind = ReminderKind(name)
    form = RuleForm.of(kind)
    if not form.validate_on_submit():
        return _rules_page(kind, form, status=422)
    actions.set_rule(db(), actor(), kind, form.rule(kind))
    actions.plan_municipality(db(), actor().municipality_id, now())
    session["notice"] = _("Saved. It holds for all reminders from now on.")
    return go(url_for("staff_reminders.index"))


def _rules_page(changed: ReminderKind | None = None, form: RuleForm | None = None, *, status: int = 200) -> Response:
    own = queries.own_rules(db(), actor().municipality_id)
    usual = queries.default_rules()
    settings: Settings = current_app.config["SETTINGS"]
    forms = {kind.value: RuleForm.of(kind, own.get(kind, usual[kind])) for kind in RULED}
    if changed is not None and form is not None:
        forms[changed.value] = form
    return page(
        "staff/reminders/index.html",
        status=status,
        here="reminders",
        forms=forms,
        usual={kind.value: usual[kind] for kind in RULED},
        own={kind.value for kind in own},
        outbox=queries.own_outbox(db(), actor().municipality_id, settings.outbox) if settings.outbox else None,
    )
