"""Pages of goals and small steps. Citizen and staff press the same buttons; each is led back to her own page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.config import LANGUAGES
from citizen_app.goals import actions, queries
from citizen_app.goals.forms import (
    REASON_NAMES,
    REASON_PICTURES,
    TRACK_PICTURES,
    TRACKS,
    DoneForm,
    GoalForm,
    NotTodayForm,
    OtherWordsStepForm,
    SplitForm,
    StepForm,
    WhyForm,
    WordsForm,
    ready_goals,
)
from citizen_app.goals.models import Goal, SmallStep
from citizen_app.goals.rules import OPEN_GOALS_LIMIT, Side, StepStatus, side_of
from citizen_app.people.actions import log_access
from citizen_app.people.queries import own_subject, people_around, subject_for
from citizen_app.policy import NotFound, Permission, can
from citizen_app.texts.actions import StaleText
from citizen_app.texts.queries import phrase_bank
from citizen_app.texts.rules import phrases_for
from citizen_app.web import errors
from citizen_app.web.access import actor, requires, today
from citizen_app.web.fragments import answer, go, page
from citizen_app.web.session import begin_writing, db, now

blueprint = Blueprint("goals", __name__, url_prefix="/goals")

errors.explain(
    actions.TooManyGoals,
    lazy_gettext("There are three open goals already. Finish one or put one aside first."),
)
errors.explain(actions.TooManySteps, lazy_gettext("This goal has many steps already. Finish some of them first."))
errors.explain(
    actions.WordsChanged,
    lazy_gettext("The words have just been changed. Read them again before you say yes."),
)
errors.explain(
    actions.StepChanged,
    lazy_gettext("Somebody has just changed this step. Look at it again. Nothing was lost."),
)
errors.explain(actions.GoalClosed, lazy_gettext("This goal is closed. Open it again to change it."))

PRESENCE_SECONDS = 10
TOGETHER_HOURS = 3


# --- Reading ------------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    me = actor()
    return page(
        "goals/index.html",
        here="goals",
        goals=queries.open_goals(db(), me, me.person_id, me.reading_languages),
        closed=queries.closed_goals(db(), me, me.person_id, me.reading_languages),
        limit=OPEN_GOALS_LIMIT,
    )


@blueprint.get("/<int:goal_id>")
@requires(Permission.SEE_OWN_PAGES)
def show(goal_id: int) -> Response:
    return show_goal(goal_id)


@blueprint.get("/<int:goal_id>/live")
@requires(Permission.SEE_OWN_PAGES)
def live(goal_id: int) -> Response:
    """Answer the citizen's phone while she and staff write together: nothing new, or the new piece."""
    state = queries.live_state(db(), actor(), goal_id)
    subject_for(db(), actor(), state.citizen_id, today())
    seen = state.citizen_seen_at
    if state.opened_at and (seen is None or (now() - seen).total_seconds() >= PRESENCE_SECONDS):
        goal, _subject = queries.goal_to_change(begin_writing(), actor(), goal_id, today())
        actions.citizen_is_here(db(), goal, now=now())
    if request.args.get("since", type=int) == state.version:
        return Response(status=204)
    return show_goal(goal_id)


@blueprint.get("/<int:goal_id>/history")
@requires(Permission.SEE_CITIZEN, writes=True)
def history(goal_id: int) -> Response:
    goal = _readable_goal(goal_id)
    return page(
        "goals/history.html",
        here="goals",
        goal=goal,
        events=queries.history_of(db(), actor(), goal_id),
        steps={step.id: step for step in goal.steps},
        reasons=REASON_NAMES,
        back_address=home_of(goal.id),
        side=side_of(actor()),
    )


@blueprint.get("/steps/<int:step_id>")
@requires(Permission.SEE_CITIZEN, writes=True)
def show_step(step_id: int) -> Response:
    return _step_page(step_id)


# --- Goals --------------------------------------------------------------------------------------------------


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.SEE_OWN_PAGES)
def new() -> Response:
    """Propose a goal: press a ready one, or write own words."""
    me, subject = actor(), own_subject(actor())
    form = GoalForm.read(me.language)
    status = 200
    if form.validate_on_submit():
        wording = form.wording(me.language)
        try:
            goal = actions.start_goal(db(), me, subject, form.track.data, form.picture, wording, now=now())
        except actions.TooManyGoals as refusal:
            status = errors.say_beside(form, refusal)
        else:
            actions.propose(db(), me, subject, goal, now=now())
            session["notice"] = _("Your goal is sent. Now your contact person reads it.")
            return go(home_of(goal.id))
    return page(
        "goals/new.html",
        here="goals",
        form=form,
        tracks=TRACKS,
        track_pictures=TRACK_PICTURES,
        phrases=ready_goals(form.track.data),
        status=422 if form.errors and status == 200 else status,
    )


VERBS: dict[str, Callable[..., None]] = {
    "propose": actions.propose,
    "talk": actions.want_to_talk,
    "reach": actions.reach,
    "put-aside": actions.put_aside,
    "open-again": actions.open_again,
}


@blueprint.post("/<int:goal_id>/<any('propose', 'talk', 'reach', 'put-aside', 'open-again'):verb>")
@requires(Permission.WRITE_GOALS)
def press(goal_id: int, verb: str) -> Response:
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    VERBS[verb](db(), actor(), subject, goal, now=now())
    return back_to(goal)


@blueprint.post("/<int:goal_id>/agree")
@requires(Permission.WRITE_GOALS)
def agree(goal_id: int) -> Response:
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    seen = request.form.get("seen_version", type=int) or 0
    try:
        actions.agree(db(), actor(), subject, goal, seen_version=seen, now=now())
    except actions.WordsChanged as refusal:
        if actor().is_staff:
            raise
        return show_goal(goal_id, alert=errors.sentence_for(refusal), status=refusal.status)
    return back_to(goal)


@blueprint.route("/<int:goal_id>/<any('text', 'why'):field>", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS, writes=True)
def words(goal_id: int, field: str) -> Response:
    """Write the goal or its reason in one's own language."""
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    card = _readable_goal(goal_id)
    reading = card.text if field == "text" else card.why
    kind = WordsForm if field == "text" else WhyForm
    own = reading.current_words(actor().writing_language) if reading else ""
    form = kind(body=own, seen_version=reading.version if reading else 0)
    theirs, status = None, 200
    if form.validate_on_submit():
        try:
            actions.change_words(
                db(),
                actor(),
                subject,
                goal,
                field,
                form.wording(actor().writing_language),
                seen_version=form.seen_version.data or 0,
                now=now(),
            )
        except StaleText as stale:
            theirs, status = stale, stale.status
        except actions.GoalClosed as refusal:
            status = errors.say_beside(form, refusal)
        else:
            session["notice"] = _("Saved.")
            return go(home_of(goal_id))
    return page(
        "goals/words.html",
        here="goals",
        goal=card,
        field=field,
        form=form,
        theirs=theirs,
        reading=reading,
        back_address=home_of(goal_id),
        writing=actor().writing_language,
        status=422 if form.errors and status == 200 else status,
    )


@blueprint.post("/<int:goal_id>/texts/<int:text_id>/vouch")
@requires(Permission.WRITE_GOALS)
def vouch(goal_id: int, text_id: int) -> Response:
    """Say that older words in a language still say the same."""
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise NotFound
    actions.vouch_for(db(), actor(), subject, goal, text_id, language, now=now())
    return back_to(goal)


# --- Small steps --------------------------------------------------------------------------------------------


@blueprint.route("/<int:goal_id>/steps/new", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS, writes=True)
def new_step(goal_id: int) -> Response:
    goal, subject = queries.goal_to_change(db(), actor(), goal_id, today())
    form = _step_form(StepForm, goal)
    status = 200
    if form.validate_on_submit():
        picture, wording = form.picture_for(goal.track), form.wording(actor().writing_language)
        try:
            actions.add_step(db(), actor(), subject, goal, picture, wording, form.plan(), now=now())
        except (actions.TooManySteps, actions.GoalClosed) as refusal:
            status = errors.say_beside(form, refusal)
        else:
            return go(home_of(goal_id))
    return page(
        "goals/step_form.html",
        here="goals",
        goal=_readable_goal(goal_id),
        form=form,
        step=None,
        phrases=phrases_for(phrase_bank().values(), "step", goal.track),
        back_address=home_of(goal_id),
        writing=actor().writing_language,
        status=422 if form.errors and status == 200 else status,
    )


@blueprint.route("/steps/<int:step_id>/edit", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS, writes=True)
def edit_step(step_id: int) -> Response:
    goal, step, subject = queries.step_to_change(db(), actor(), step_id, today())
    card, step_card = _readable_step(step)
    language = actor().writing_language
    own = step_card.text.current_words(language)
    form = _step_form(
        StepForm if own else OtherWordsStepForm,
        goal,
        body=own,
        day=step.day,
        at=step.at,
        place=step.place,
        helper_id=step.helper_id or "",
        seen_version=step.version,
    )
    status = 200
    if form.validate_on_submit():
        try:
            actions.change_step(
                db(),
                actor(),
                subject,
                goal,
                step,
                step.picture,
                form.wording(language) if form.body.data else None,
                form.plan(),
                seen_version=form.seen_version.data or 0,
                now=now(),
            )
        except (actions.StepChanged, actions.GoalClosed) as refusal:
            status = errors.say_beside(form, refusal)
        else:
            session["notice"] = _("Saved.")
            return go(f"/goals/steps/{step_id}")
    return page(
        "goals/step_form.html",
        here="goals",
        goal=card,
        form=form,
        step=step_card,
        phrases=[],
        back_address=f"/goals/steps/{step_id}",
        writing=language,
        status=422 if form.errors and status == 200 else status,
    )


STEP_VERBS: dict[str, Callable[..., None]] = {
    "agree": actions.agree_step,
    "too-big": actions.too_big,
    "again": actions.take_step_again,
    "put-aside": actions.put_step_aside,
}


@blueprint.post("/steps/<int:step_id>/<any('agree', 'too-big', 'again', 'put-aside'):verb>")
@requires(Permission.WRITE_GOALS)
def press_step(step_id: int, verb: str) -> Response:
    goal, step, subject = queries.step_to_change(db(), actor(), step_id, today())
    STEP_VERBS[verb](db(), actor(), subject, goal, step, now=now())
    if verb == "put-aside":
        return go(home_of(goal.id))
    return answer(f"/goals/steps/{step_id}", lambda: _step_page(step_id))


@blueprint.route("/steps/<int:step_id>/done", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS, writes=True)
def finish_step(step_id: int) -> Response:
    goal, step, subject = queries.step_to_change(db(), actor(), step_id, today())
    form = DoneForm()
    if form.validate_on_submit():
        face = form.face.data if isinstance(form.face.data, int) else None
        actions.finish_step(db(), actor(), subject, goal, step, face=face, words=form.words.data or "", now=now())
        session["notice"] = _("Well done. The step is finished.")
        return go(home_of(goal.id))
    card, step_card = _readable_step(step)
    return page(
        "goals/done.html",
        here="goals",
        goal=card,
        step=step_card,
        form=form,
        status=422 if form.errors else 200,
    )


@blueprint.route("/steps/<int:step_id>/not-today", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS, writes=True)
def not_today(step_id: int) -> Response:
    goal, step, subject = queries.step_to_change(db(), actor(), step_id, today())
    form = NotTodayForm()
    if form.validate_on_submit():
        actions.not_today(db(), actor(), subject, goal, step, reason=form.reason.data, now=now())
        session["notice"] = _("That is all right. The step waits for you.")
        return go(home_of(goal.id))
    card, step_card = _readable_step(step)
    return page(
        "goals/not_today.html",
        here="goals",
        goal=card,
        step=step_card,
        form=form,
        pictures=REASON_PICTURES,
        status=422 if form.errors else 200,
    )


@blueprint.route("/steps/<int:step_id>/split", methods=["GET", "POST"])
@requires(Permission.WRITE_GOALS, writes=True)
def split_step(step_id: int) -> Response:
    goal, step, subject = queries.step_to_change(db(), actor(), step_id, today())
    form = SplitForm()
    language = actor().writing_language
    status = 200
    if form.validate_on_submit():
        bodies = [body for body in (form.first.data, form.second.data, form.third.data) if body]
        wordings = [actions.Wording(body, language) for body in bodies]
        try:
            actions.split_step(db(), actor(), subject, goal, step, wordings, now=now())
        except (actions.TooManySteps, actions.GoalClosed) as refusal:
            status = errors.say_beside(form, refusal)
        else:
            session["notice"] = _("The step is split into smaller ones.")
            return go(home_of(goal.id))
    card, step_card = _readable_step(step)
    return page(
        "goals/split.html",
        here="goals",
        goal=card,
        step=step_card,
        form=form,
        writing=language,
        back_address=f"/goals/steps/{step_id}",
        status=422 if form.errors and status == 200 else status,
    )


# --- Answers --------------------------------------------------------------------------------------------------


def home_of(goal_id: int) -> str:
    """Return the goal's page of the actor's own side."""
    return f"/staff/goals/{goal_id}" if actor().is_staff else f"/goals/{goal_id}"


def back_to(goal: Goal) -> Response:
    """Answer a press on a goal: the citizen's phone gets the new piece, staff their page."""
    if actor().is_staff:
        return go(home_of(goal.id))
    return answer(home_of(goal.id), lambda: show_goal(goal.id))


def show_goal(goal_id: int, *, alert: Any = None, status: int = 200) -> Response:
    goal = _readable_goal(goal_id)
    state = queries.live_state(db(), actor(), goal_id)
    return page(
        "goals/show.html",
        "goal",
        status=status,
        here="goals",
        goal=goal,
        is_live=is_live(goal, state.opened_at),
        side=Side.CITIZEN,
        alert=alert,
    )


def is_live(goal: queries.GoalCard, opened_at: Any) -> bool:
    """Say whether two screens show the goal side by side: until both have said yes, for three hours at most."""
    if opened_at is None or (now() - opened_at).total_seconds() >= TOGETHER_HOURS * 3600:
        return False
    yeses = (goal.citizen_agreed_at, goal.staff_agreed_at)
    return any(yes is None for yes in yeses) or all(yes and yes < opened_at for yes in yeses)


def _step_form(kind: type[StepForm], goal: Goal, **values: Any) -> StepForm:
    helpers = people_around(db(), goal.municipality_id, goal.citizen_id, today())
    return kind.read(actor().writing_language, helpers, **values)


def _readable_goal(goal_id: int) -> queries.GoalCard:
    """Return a goal the actor may read, and log it when the reader is not the citizen."""
    goal = queries.goal_card(db(), actor(), goal_id, actor().reading_languages)
    subject_for(db(), actor(), goal.citizen_id, today())
    if request.method == "GET":
        log_access(db(), actor(), goal.citizen_id, "goal", now())
    return goal


def _readable_step(step: SmallStep) -> tuple[queries.GoalCard, queries.StepCard]:
    card = _readable_goal(step.goal_id)
    for step_card in card.steps:
        if step_card.id == step.id:
            return card, step_card
    raise NotFound


def _step_page(step_id: int) -> Response:
    row = db().get(SmallStep, step_id)
    if row is None or row.municipality_id != actor().municipality_id:
        raise NotFound
    goal, step = _readable_step(row)
    subject = subject_for(db(), actor(), goal.citizen_id, today())
    return page(
        "goals/step.html",
        "step",
        here="goals",
        goal=goal,
        step=step,
        is_next=goal.next_step is not None and goal.next_step.id == step.id,
        may_write=can(actor(), Permission.WRITE_GOALS, subject),
        is_done=step.status == StepStatus.DONE,
        side=side_of(actor()),
        back_address=home_of(goal.id),
    )
