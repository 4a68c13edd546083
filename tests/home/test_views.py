"""Today: what a citizen sees first, and what it costs the database, whatever she has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from citizen_app.config import LANGUAGES
from citizen_app.goals import actions
from citizen_app.goals.actions import StepPlan, Wording
from citizen_app.goals.rules import STEPS_LIMIT
from citizen_app.meetings import actions as meetings
from citizen_app.meetings.rules import Interpreter, MeetingFacts
from tests.plan import HTMX, ON_SQLITE, Plan

MOST_SELECTS = 7


def meet(plan: Plan, days: int) -> None:
    start = plan.now + timedelta(days=days)
    facts = MeetingFacts(
        kind="job_talk",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        place="Indgang B",
        language="ti",
        interpreter=Interpreter.BOOKED,
        leave_home_at=None,
        bring="",
    )
    meetings.make_meeting(plan.session, plan.actor("mette"), plan.subject, facts, plan.now)
    plan.session.commit()


def has_much(plan: Plan) -> None:
    """Three goals with twenty steps each, some done, some waiting, reasons, and many meetings."""
    mette, selam = plan.actor("mette"), plan.actor("selam")
    for goal_number in range(3):
        things = (plan.session, mette, plan.subject)
        goal = actions.start_goal(*things, "job", "1F373", Wording(f"Mål {goal_number}", "da"), now=plan.now)
        for number in range(STEPS_LIMIT - 1):
            wording = Wording(f"Trin {goal_number}-{number}", "da")
            helped = StepPlan(day=plan.now.date(), place="Køkkenet", helper_id=plan.cast.jens)
            actions.add_step(*things, goal, "231A", wording, helped, now=plan.now)
        actions.change_words(*things, goal, "why", Wording("Fordi", "da"), seen_version=0, now=plan.now)
        actions.propose(*things, goal, now=plan.now)
        actions.agree(plan.session, selam, plan.subject, goal, seen_version=goal.version, now=plan.now)
        actions.add_step(*things, goal, "231A", Wording(f"Venter {goal_number}", "da"), StepPlan(), now=plan.now)
    plan.session.commit()
    for days in range(1, 9):
        meet(plan, days)


@contextmanager
def statements(app: Flask) -> Iterator[list[Any]]:
    """All that is sent to the database meanwhile: the statement as it was built, and its text."""
    seen: list[Any] = []
    engine = app.extensions["engine"]

    def note(_connection: Any, built: Any, *_more: Any) -> None:
        seen.append(built)

    event.listen(engine, "before_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_execute", note)


@contextmanager
def sent(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []
    engine = app.extensions["engine"]

    def note(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        seen.append(text)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("has", [None, has_much])
def test_today_costs_at_most_seven_selects_whatever_the_citizen_has(
    plan: Plan, app: Flask, selam: FlaskClient, has: Any
) -> None:
    if has:
        has(plan)
    with sent(app) as texts:
        page = selam.get("/")
    assert page.status_code == 200
    selects = [text for text in texts if text.lstrip().startswith("SELECT")]
    assert 0 < len(selects) <= MOST_SELECTS
    assert [text for text in texts if text not in selects and not text.startswith("BEGIN")] == []
    assert ("Trin 0-0" in page.text) is bool(has)


def test_two_more_goals_cost_no_select_more(plan: Plan, app: Flask, selam: FlaskClient) -> None:
    counts = []
    for _ in range(3):
        goal = plan.agreed()
        plan.agreed_step(goal)
        meet(plan, 2)
        with sent(app) as texts:
            selam.get("/")
        counts.append(len(texts))
    assert len(set(counts)) == 1


def test_no_statement_of_today_is_built_for_a_request(plan: Plan, app: Flask, selam: FlaskClient) -> None:
    has_much(plan)
    selam.get("/")
    cache = app.extensions["engine"]._compiled_cache
    compiled = len(cache)
    runs = []
    for _ in range(2):
        with statements(app) as built:
            selam.get("/")
        runs.append([statement for statement in built if not isinstance(statement, str)])
    assert len(cache) == compiled
    assert len(runs[0]) > 3
    assert all(first is second for first, second in zip(*runs, strict=True))


@ON_SQLITE
@pytest.mark.parametrize("language", LANGUAGES)
def test_today_works_in_every_language(plan: Plan, app: Flask, language: str) -> None:
    has_much(plan)
    plan.speak("selam", language)
    page = plan.client(app, "selam").get("/")
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert "Selam" in page.text


def test_the_first_thing_is_the_question_that_waits(plan: Plan, selam: FlaskClient) -> None:
    agreed = plan.agreed()
    plan.agreed_step(agreed, "Jeg møder til tiden")
    goal = plan.proposed(body="Et nyt mål")
    meet(plan, 1)
    page = selam.get("/").text.split("<main")[1]
    assert page.index("A question for you") < page.index("Your small step")
    assert f'href="/goals/{goal.id}"' in page
    plan.do("selam", actions.want_to_talk, goal)
    assert "A question for you" not in selam.get("/").text
    plan.do("mette", actions.change_words, goal, "text", Wording("Lettere ord", "da"), seen_version=1)
    assert "A question for you" in selam.get("/").text


def test_only_the_next_step_of_an_agreed_goal_is_shown(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.proposed()
    plan.step(goal, "Ikke aftalt")
    assert "Your small step" not in selam.get("/").text
    plan.agree("selam", goal)
    page = selam.get("/").text
    assert "Your small step" in page
    assert "Ikke aftalt" in page


def test_a_step_that_staff_suggest_is_asked_about(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    step = plan.step(goal, "Et nyt trin")
    page = selam.get("/").text
    assert "Mette suggests a step" in page
    assert f'href="/goals/steps/{step.id}"' in page


def test_somebody_new_is_asked_what_she_wants(selam: FlaskClient) -> None:
    page = selam.get("/").text
    assert "What do you want?" in page
    assert 'href="/goals/new"' in page
    assert page.count('href="/words/') == 5


def test_easy_reading_leaves_the_words_out(plan: Plan, app: Flask, selam: FlaskClient) -> None:
    assert 'href="/words/' in selam.get("/").text
    plan.speak("selam", "en", easy_reading=True)
    page = plan.client(app, "selam").get("/").text
    assert 'class="citizen is-easy"' in page
    section = page.split("Five words today")[0].rsplit("<section", 1)
    assert "not-easy" in section[1]


@pytest.mark.parametrize(("name", "start"), [("mette", "/staff"), ("jens", "/mentor"), ("bodil", "/staff/accounts")])
def test_others_are_led_to_their_own_first_page(plan: Plan, app: Flask, name: str, start: str) -> None:
    assert plan.client(app, name).get("/").location == start


def test_the_help_of_the_contact_person_stands_on_the_page(selam: FlaskClient) -> None:
    page = selam.get("/", headers=HTMX).text
    assert "Do you need help?" in page
    assert "Mette" in page
