"""Co-authoring: staff write a goal beside what the citizen sees in her language, alone or together in the meeting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.goals import actions, queries
from citizen_app.goals.forms import TRACK_PICTURES, TRACKS, GoalForm, StepForm, WhyForm, WordsForm, ready_goals
from citizen_app.goals.models import Goal
from citizen_app.people.actions import log_access, show_connect_code
from citizen_app.people.queries import citizen_of_worker, people_around
from citizen_app.policy import Permission, Subject, can, check
from citizen_app.staff.citizens import qr
from citizen_app.texts.actions import StaleText
from citizen_app.texts.queries import phrase_bank
from citizen_app.texts.rules import Reading, phrases_for, readability
from citizen_app.web import errors
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import answer, go, is_piece_wanted, leads_to, page
from citizen_app.web.session import db, now

blueprint = Blueprint("staff_goals", __name__, url_prefix="/staff")

IS_HERE = timedelta(seconds=25)
"""The phone asks every two seconds and is written down every ten; after this it has gone."""


@blueprint.route("/citizens/<int:citizen_id>/goals/new", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS)
def new(citizen_id: int) -> Response:
    citizen = citizen_of_worker(db(), actor(), citizen_id, today())
    check(actor(), Permission.WRITE_GOALS, citizen.subject)
    form = GoalForm.read("da")
    status = 200
    if form.validate_on_submit():
        wording, subject = form.wording("da"), citizen.subject
        try:
            goal = actions.start_goal(db(), actor(), subject, form.track.data, form.picture, wording, now=now())
        except actions.TooManyGoals as refusal:
            status = errors.say_beside(form, refusal)
        else:
            return go(f"/staff/goals/{goal.id}")
    return page(
        "staff/goals/new.html",
        here="citizens",
        citizen=citizen.row,
        form=form,
        tracks=TRACKS,
        track_pictures=TRACK_PICTURES,
        phrases=ready_goals(form.track.data),
        status=422 if form.errors and status == 200 else status,
    )


@blueprint.get("/goals/<int:goal_id>")
@requires(Permission.SEE_CITIZEN, writes=True)
def show(goal_id: int) -> Response:
    return _co_author_page(goal_id)


@blueprint.get("/goals/<int:goal_id>/live")
@requires(Permission.SEE_CITIZEN)
def live(goal_id: int) -> Response:
    """Answer the staff's screen every two seconds: nothing new, or what the citizen sees now."""
    state = queries.live_state(db(), actor(), goal_id)
    citizen_of_worker(db(), actor(), state.citizen_id, today())
    if not is_piece_wanted():
        return go(f"/staff/goals/{goal_id}")
    if request.args.get("since") == _stamp(state.version, _is_here(state.citizen_seen_at)):
        return Response(status=204)
    return _co_author_page(goal_id, "twin")


@blueprint.post("/goals/<int:goal_id>/<any('text', 'why'):field>")
@requires(Permission.WRITE_GOALS)
def write(goal_id: int, field: str) -> Response:
    """Save the words while they are typed; what the citizen wrote meanwhile is never overwritten."""
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    form = WordsForm() if field == "text" else WhyForm()
    theirs = None
    if form.validate_on_submit():
        try:
            wording, seen = form.wording("da"), form.seen_version.data or 0
            actions.change_words(db(), actor(), subject, goal, field, wording, seen_version=seen, now=now())
        except StaleText as stale:
            theirs = stale
    status = 409 if theirs else 422 if form.errors else 200
    told: dict[str, Any] = {"status": status, "form": form, "theirs": theirs, "saved_field": field}
    if status != 200:
        return _co_author_page(goal_id, f"{field}_state", **told)
    return answer(f"/staff/goals/{goal_id}", lambda: _co_author_page(goal_id, f"{field}_state", **told))


@blueprint.post("/goals/<int:goal_id>/steps")
@requires(Permission.WRITE_GOALS)
def add_step(goal_id: int) -> Response:
    """Add a ready step by one press, or a step in own words; day and place can follow."""
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    form = StepForm.read("da", people_around(db(), goal.municipality_id, goal.citizen_id, today()))
    if not form.validate_on_submit():
        return _co_author_page(goal_id, "steps", status=422, step_form=form)
    picture, wording = form.picture_for(goal.track), form.wording("da")
    actions.add_step(db(), actor(), subject, goal, picture, wording, form.plan(), now=now())
    return answer(f"/staff/goals/{goal_id}", lambda: _co_author_page(goal_id, "steps"))


@blueprint.route("/goals/<int:goal_id>/together", methods=["POST"])
@requires(Permission.WRITE_GOALS)
def together(goal_id: int) -> Response:
    """Open the draft on both screens: share it, and show a code that leads the citizen's phone to it."""
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    actions.open_together(db(), actor(), subject, goal, now=now())
    code = _code_to(goal, subject)
    leads_to(f"/staff/goals/{goal_id}")
    return _co_author_page(goal_id, "together", **qr(code))


@blueprint.route("/goals/<int:goal_id>/languages", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS, writes=True)
def languages(goal_id: int) -> Response:
    """Every text of a goal beside its rendering in the citizen's language, to write down with an interpreter."""
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    check(actor(), Permission.WRITE_GOALS, subject)
    citizen = citizen_of_worker(db(), actor(), goal.citizen_id, today())
    form, text_id = WhyForm(), request.form.get("text_id", 0, type=int)
    is_refused = request.method == "POST" and not form.body.validate(form)
    if request.method == "POST" and not is_refused:
        wording = form.wording(citizen.row.language)
        actions.say_in_language(db(), actor(), subject, goal, text_id, wording, now=now())
        session["notice"] = _("Saved.")
        return go(f"/staff/goals/{goal_id}/languages")
    log_access(db(), actor(), goal.citizen_id, "goal", now())
    card = queries.goal_card(db(), actor(), goal_id, (citizen.row.language, "da"))
    return page(
        "staff/goals/languages.html",
        here="citizens",
        goal=card,
        texts=[text for text in (card.text, card.why, *(step.text for step in card.steps)) if text],
        citizen=citizen.row,
        form=form,
        refused_id=text_id if is_refused else None,
        status=422 if is_refused else 200,
    )


def _code_to(goal: Goal, subject: Subject) -> str:
    return show_connect_code(db(), actor(), subject, now=now(), next_path=f"/goals/{goal.id}")


def _co_author_page(goal_id: int, block: str | None = None, *, status: int = 200, **more: Any) -> Response:
    me = actor()
    goal = queries.goal_card(db(), me, goal_id, (me.writing_language,))
    citizen = citizen_of_worker(db(), me, goal.citizen_id, today())
    if request.method == "GET" and block is None:
        log_access(db(), me, goal.citizen_id, "goal", now())
    languages = tuple(filter(None, (citizen.row.language, citizen.row.second_language, "da")))
    state = queries.live_state(db(), me, goal_id)
    words = {"text": _words_in(me.writing_language, goal.text), "why": _words_in(me.writing_language, goal.why)}
    typed = more.get("form")
    if isinstance(typed, WordsForm):
        words[str(more["saved_field"])] = typed.body.data or ""
    context = {
        "goal": goal,
        "twin": queries.goal_card(db(), me, goal_id, languages),
        "citizen": citizen.row,
        "may_write": can(me, Permission.WRITE_GOALS, citizen.subject),
        "phrases": phrases_for(phrase_bank().values(), "step", goal.track),
        "words": words,
        "readability": {field: readability(body) for field, body in words.items()},
        "is_here": _is_here(state.citizen_seen_at),
        "stamp": _stamp(goal.version, _is_here(state.citizen_seen_at)),
        "form": None,
        "theirs": None,
        "saved_field": "",
        "step_form": None,
        "code": None,
    }
    return page("staff/goals/show.html", block, here="citizens", status=status, **(context | more))


def _words_in(language: str, text: Reading | None) -> str:
    """Return what stands in the field: another language's words must not be saved as this one's."""
    return text.main.body if text and text.main.language == language else ""


def _is_here(seen_at: datetime | None) -> bool:
    return seen_at is not None and now() - seen_at < IS_HERE


def _stamp(version: int, is_here: bool) -> str:
    return f"{version}-{int(is_here)}"
