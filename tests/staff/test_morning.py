"""The morning list: only what needs a member of staff today, with the most pressing reason and where to go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from citizen_app.goals import actions
from citizen_app.goals.actions import Wording
from citizen_app.goals.models import Goal, SmallStep
from tests.plan import Plan

ClientOf = Callable[[str], FlaskClient]
NOTHING = "Nothing needs you right now."


@pytest.fixture
def goal(plan: Plan) -> Goal:
    """An agreed goal with an agreed next step: nothing to do for staff."""
    goal = plan.agreed(body="Jeg vil arbejde i et køkken")
    plan.agreed_step(goal)
    return goal


@pytest.mark.usefixtures("goal")
def test_a_plan_on_its_way_needs_nobody(mette: FlaskClient) -> None:
    assert NOTHING in mette.get("/staff").text


def lets_it_lie(plan: Plan, goal: Goal) -> None:
    plan.session.execute(update(Goal).filter_by(id=goal.id).values(changed_at=datetime.now(UTC) - timedelta(days=15)))
    plan.session.commit()


def finishes(plan: Plan, goal: Goal) -> None:
    for card in steps_of(plan, goal):
        plan.do("selam", actions.finish_step, goal, card, face=3, words="")


def steps_of(plan: Plan, goal: Goal) -> list[SmallStep]:
    found = list(plan.session.query(SmallStep).filter_by(goal_id=goal.id))
    plan.session.commit()
    return found


def says_too_big(plan: Plan, goal: Goal) -> None:
    plan.do("selam", actions.too_big, goal, steps_of(plan, goal)[0])


def adds_a_step(plan: Plan, goal: Goal) -> None:
    plan.step(goal, "Et trin til", "selam")


def writes_new_words(plan: Plan, goal: Goal) -> None:
    plan.do("selam", actions.change_words, goal, "text", Wording("ሓድሽ", "ti"), seen_version=1)


def is_asked_again(plan: Plan, goal: Goal) -> None:
    plan.do("mette", actions.change_words, goal, "text", Wording("Nye ord", "da"), seen_version=1)


def wants_to_talk(plan: Plan, goal: Goal) -> None:
    is_asked_again(plan, goal)
    plan.do("selam", actions.want_to_talk, goal)


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (lets_it_lie, "Nothing has moved for 14 days"),
        (finishes, "Has no next step ready"),
        (says_too_big, "A step is too big: split it together"),
        (adds_a_step, "Has added a step and waits for your yes"),
        (writes_new_words, "Has proposed a goal and waits for your yes"),
        (is_asked_again, "Has not answered your proposal yet"),
        (wants_to_talk, "Wants to talk about the goal before saying yes"),
    ],
)
def test_what_needs_staff_is_told_with_its_reason(
    plan: Plan, goal: Goal, mette: FlaskClient, happens: Callable[[Plan, Goal], None], sentence: str
) -> None:
    happens(plan, goal)
    page = mette.get("/staff").text
    assert NOTHING not in page
    assert sentence in page
    assert "Selam Tesfay" in page
    assert f'href="/staff/goals/{goal.id}"' in page


def test_drafts_and_closed_goals_need_nobody(plan: Plan, goal: Goal, mette: FlaskClient) -> None:
    plan.draft("selam", body="Selams kladde")
    plan.do("mette", actions.put_aside, goal)
    page = mette.get("/staff").text
    assert NOTHING in page
    assert "Selams kladde" not in page


@pytest.mark.parametrize("name", ["anders"])
def test_others_citizens_are_not_on_the_list(plan: Plan, goal: Goal, client_of: ClientOf, name: str) -> None:
    wants_to_talk(plan, goal)
    plan.speak(name, "en")
    page = client_of(name).get("/staff").text
    assert NOTHING in page
    assert "Selam" not in page


@pytest.mark.parametrize("name", ["selam", "jens", "bodil"])
def test_only_staff_have_a_morning_list(client_of: ClientOf, name: str) -> None:
    assert client_of(name).get("/staff").status_code == 403
