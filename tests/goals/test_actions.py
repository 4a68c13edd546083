"""What citizen and staff do with a goal: who has said yes to what, and that nothing is overwritten or lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from citizen_app.db import writing_session
from citizen_app.goals import actions
from citizen_app.goals.actions import (
    GoalClosed,
    StepChanged,
    StepPlan,
    TooManyGoals,
    TooManySteps,
    Wording,
    WordsChanged,
)
from citizen_app.goals.models import Goal, GoalEvent, SmallStep
from citizen_app.goals.queries import goal_card, goal_to_change, open_goals, step_to_change
from citizen_app.goals.rules import OPEN_GOALS_LIMIT, STEPS_LIMIT, GoalStatus, Side
from citizen_app.policy import Actor, Forbidden, NotFound
from citizen_app.texts.actions import StaleText
from citizen_app.texts.queries import past_wordings
from tests.plan import Plan

SIDES = [("mette", "selam"), ("selam", "mette")]


def card(plan: Plan, goal: Goal, name: str = "selam") -> Any:
    actor = plan.actor(name)
    found = goal_card(plan.session, actor, goal.id, actor.reading_languages)
    plan.session.commit()
    return found


# --- Yes and not yet ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), SIDES)
def test_a_goal_goes_from_draft_to_proposed_to_agreed_from_either_side(plan: Plan, first: str, second: str) -> None:
    goal = plan.draft(first)
    assert (goal.status, goal.citizen_agreed_at, goal.staff_agreed_at) == ("draft", None, None)
    plan.do(first, actions.propose, goal)
    assert goal.status == "proposed"
    assert not card(plan, goal, first).is_ours
    assert card(plan, goal, second).waits_for == (Side.CITIZEN if second == "selam" else Side.STAFF)
    plan.agree(second, goal)
    assert goal.status == "agreed"
    assert card(plan, goal).is_ours
    assert goal.staff_agreed_name == "Mette"


@pytest.mark.parametrize("name", ["selam", "mette"])
def test_one_sides_yes_again_is_not_the_others(plan: Plan, name: str) -> None:
    goal = plan.proposed(name)
    before = goal.version
    plan.agree(name, goal)
    plan.do(name, actions.propose, goal)
    assert (goal.status, goal.version) == ("proposed", before)
    assert not card(plan, goal).is_ours


def test_a_yes_to_words_that_have_changed_is_refused(plan: Plan) -> None:
    goal = plan.proposed()
    seen = goal.version
    plan.do("mette", actions.change_words, goal, "text", Wording("Andre ord", "da"), seen_version=1)
    with pytest.raises(WordsChanged):
        plan.do("selam", actions.agree, goal, seen_version=seen)
    assert plan.fresh(goal).citizen_agreed_at is None


def test_a_yes_does_not_count_for_a_step_that_was_not_read(plan: Plan) -> None:
    goal = plan.proposed()
    seen = goal.version
    plan.step(goal, "Jeg ringer til alle virksomheder i byen")
    with pytest.raises(WordsChanged):
        plan.do("selam", actions.agree, goal, seen_version=seen)


def test_a_yes_to_a_goal_is_a_yes_to_its_steps(plan: Plan) -> None:
    goal = plan.draft()
    first, second = plan.step(goal, "Først"), plan.step(goal, "Så")
    plan.do("mette", actions.propose, goal)
    plan.agree("selam", goal)
    assert card(plan, goal).next_step.id == first.id
    assert all(plan.fresh(step).citizen_agreed_at for step in (first, second))


@pytest.mark.parametrize(("writer", "reader"), SIDES)
def test_new_words_take_the_other_sides_yes_back(plan: Plan, writer: str, reader: str) -> None:
    goal = plan.agreed()
    plan.do(writer, actions.change_words, goal, "text", Wording("Nye ord", "da"), seen_version=1)
    assert goal.status == "proposed"
    assert not card(plan, goal, reader).is_ours
    assert card(plan, goal).next_step is None
    plan.agree(reader, goal)
    assert card(plan, goal).is_ours


def test_a_reason_or_a_translation_takes_no_yes_back(plan: Plan) -> None:
    goal = plan.agreed()
    plan.do("selam", actions.change_words, goal, "why", Wording("ስድራቤተይ", "ti"), seen_version=0)
    plan.do("mette", actions.say_in_language, goal, goal.text_id, Wording("ኣብ ክሽነ", "ti"))
    assert card(plan, goal).is_ours
    assert card(plan, goal).text.main.body == "ኣብ ክሽነ"
    assert card(plan, goal).why.main.body == "ስድራቤተይ"


def test_staffs_new_words_stand_under_the_name_of_who_wrote_them(plan: Plan) -> None:
    goal = plan.agreed()
    plan.session.execute(update(Goal).values(staff_agreed_name="Birgit"))
    plan.do("mette", actions.change_words, plan.fresh(goal), "text", Wording("Nye ord", "da"), seen_version=1)
    assert goal.staff_agreed_name == "Mette"


def test_wanting_to_talk_waits_until_there_are_new_words_or_a_yes(plan: Plan) -> None:
    goal = plan.proposed()
    plan.do("selam", actions.want_to_talk, goal)
    assert plan.fresh(goal).wants_to_talk_at == plan.now
    plan.do("mette", actions.change_words, goal, "text", Wording("Lettere ord", "da"), seen_version=1)
    assert goal.wants_to_talk_at is None
    plan.do("selam", actions.want_to_talk, goal)
    plan.agree("selam", goal)
    assert goal.wants_to_talk_at is None


def test_who_has_said_yes_cannot_put_it_off_any_more(plan: Plan) -> None:
    goal = plan.agreed()
    plan.do("selam", actions.want_to_talk, goal)
    assert goal.wants_to_talk_at is None


def test_the_same_words_again_are_no_change(plan: Plan) -> None:
    goal = plan.agreed(body="Jeg vil arbejde")
    before = plan.history(goal)
    plan.do("mette", actions.change_words, goal, "text", Wording("Jeg vil arbejde", "da"), seen_version=1)
    assert goal.status == "agreed"
    assert plan.history(goal) == before


def test_writing_over_newer_words_is_refused_and_both_wordings_stay(plan: Plan) -> None:
    goal = plan.agreed()
    plan.do("selam", actions.change_words, goal, "text", Wording("ብትግርኛ", "ti"), seen_version=1)
    with pytest.raises(StaleText) as refused:
        plan.do("mette", actions.change_words, goal, "text", Wording("Mettes", "da"), seen_version=1)
    assert (refused.value.theirs_body, refused.value.mine) == ("ብትግርኛ", "Mettes")
    plan.do("mette", actions.change_words, goal, "text", Wording("Mettes", "da"), seen_version=2)
    plan.do("selam", actions.change_words, goal, "text", Wording("ሓድሽ", "ti"), seen_version=3)
    kept = past_wordings(plan.session, plan.cast.solby, [goal.text_id])
    assert [wording.body for wording in kept] == ["Jeg vil arbejde i et køkken", "ብትግርኛ"]


def test_two_reasons_at_once_are_both_shown(plan: Plan) -> None:
    goal = plan.draft()
    plan.do("mette", actions.change_words, goal, "why", Wording("Fordi A", "da"), seen_version=0)
    with pytest.raises(StaleText) as refused:
        plan.do("mette", actions.change_words, goal, "why", Wording("Fordi B", "da"), seen_version=0)
    assert (refused.value.theirs_body, refused.value.mine) == ("Fordi A", "Fordi B")


# --- Drafts and strangers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("writer", "reader"), SIDES)
def test_an_unshared_draft_is_invisible_to_the_other_side(plan: Plan, writer: str, reader: str) -> None:
    goal = plan.draft(writer)
    actor = plan.actor(reader)
    assert open_goals(plan.session, actor, plan.cast.selam, ("da",)) == []
    with pytest.raises(NotFound):
        goal_card(plan.session, actor, goal.id, ("da",))
    with pytest.raises(NotFound):
        goal_to_change(plan.session, actor, goal.id, plan.now.date())
    assert len(open_goals(plan.session, plan.actor(writer), plan.cast.selam, ("da",))) == 1


def test_a_draft_opened_together_is_seen_by_both(plan: Plan) -> None:
    goal = plan.draft()
    plan.do("mette", actions.open_together, goal)
    assert card(plan, goal, "selam").id == goal.id


@pytest.mark.parametrize("name", ["yusuf", "anders", "olena"])
def test_a_goal_of_a_stranger_is_not_found(plan: Plan, name: str) -> None:
    goal = plan.agreed()
    step = plan.step(goal)
    with pytest.raises(NotFound):
        goal_to_change(plan.session, plan.actor(name), goal.id, plan.now.date())
    with pytest.raises(NotFound):
        step_to_change(plan.session, plan.actor(name), step.id, plan.now.date())


def test_a_reader_may_not_write(plan: Plan) -> None:
    goal = plan.proposed()
    with pytest.raises(Forbidden):
        plan.agree("karen", goal)
    with pytest.raises(Forbidden):
        plan.draft("karen")


def test_a_helper_of_another_municipality_is_refused(plan: Plan) -> None:
    goal = plan.draft()
    with pytest.raises(NotFound):
        plan.step(goal, helper_id=plan.cast.anders)
    step = plan.step(goal, helper_id=plan.cast.jens)
    with pytest.raises(NotFound):
        change(plan, goal, step, "Ord", helper_id=plan.cast.olena)


def test_a_text_of_another_goal_is_not_found(plan: Plan) -> None:
    goal, other = plan.agreed(), plan.agreed()
    with pytest.raises(NotFound):
        plan.do("mette", actions.say_in_language, goal, other.text_id, Wording("x", "ti"))
    with pytest.raises(NotFound):
        plan.do("mette", actions.vouch_for, goal, other.text_id, "da")


# --- Three goals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["selam", "mette"])
def test_a_fourth_open_goal_is_refused(plan: Plan, name: str) -> None:
    goals = [plan.draft(name) for _ in range(OPEN_GOALS_LIMIT)]
    with pytest.raises(TooManyGoals):
        plan.draft(name)
    plan.do(name, actions.put_aside, goals[0])
    plan.draft(name)
    with pytest.raises(TooManyGoals):
        plan.do(name, actions.open_again, goals[0])
    assert plan.fresh(goals[0]).status == "put_aside"


def test_of_two_goals_at_once_only_one_is_the_third(plan: Plan, engine: Engine) -> None:
    for _ in range(OPEN_GOALS_LIMIT - 1):
        plan.draft()

    def begin(session: Session, actor: Actor) -> None:
        actions.start_goal(session, actor, plan.subject, "job", "1F373", Wording("Et mål", "da"), now=plan.now)

    outcomes = both_at_once(plan, engine, begin)
    assert sorted(outcomes) == ["TooManyGoals", "made"]
    assert plan.all(select(func.count()).select_from(Goal)) == [(OPEN_GOALS_LIMIT,)]


def both_at_once(plan: Plan, engine: Engine, act: Callable[[Session, Actor], None]) -> list[str]:
    """Let both sides act in two transactions that begin together; return what came of each."""
    together = Barrier(2)

    def run(actor: Actor) -> str:
        together.wait(timeout=20)
        with writing_session(engine) as session:
            try:
                act(session, actor)
                session.commit()
            except Exception as error:
                return type(error).__name__
        return "made"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, [plan.actor("selam"), plan.actor("mette")]))


def test_of_two_new_wordings_at_once_one_is_told_of_the_other(plan: Plan, engine: Engine) -> None:
    goal = plan.agreed()

    def write(session: Session, actor: Actor) -> None:
        row, subject = goal_to_change(session, actor, goal.id, plan.now.date())
        wording = Wording(f"Ord af {actor.given_name}", "da")
        actions.change_words(session, actor, subject, row, "text", wording, seen_version=1, now=plan.now)

    assert sorted(both_at_once(plan, engine, write)) == ["StaleText", "made"]
    assert plan.text_version(goal) == 2


# --- Small steps --------------------------------------------------------------------------------------------


def change(plan: Plan, goal: Goal, step: SmallStep, body: str | None, name: str = "mette", **more: Any) -> None:
    seen = more.pop("seen_version", step.version)
    wording = Wording(body, "da") if body else None
    things = (goal, step, step.picture, wording, StepPlan(**more))
    plan.do(name, actions.change_step, *things, seen_version=seen)


def bodies(plan: Plan, goal: Goal) -> list[str]:
    return [step.text.main.body for step in card(plan, goal).steps]


def test_steps_stand_in_the_order_they_came(plan: Plan) -> None:
    goal = plan.agreed()
    for body in ("A", "B", "C"):
        plan.agreed_step(goal, body)
    assert bodies(plan, goal) == ["A", "B", "C"]
    assert card(plan, goal).next_step.text.main.body == "A"


@pytest.mark.parametrize(("adder", "other"), SIDES)
def test_a_step_added_to_an_agreed_goal_waits_for_the_other_side(plan: Plan, adder: str, other: str) -> None:
    goal = plan.agreed()
    step = plan.step(goal, "Et nyt trin", adder)
    assert card(plan, goal).next_step is None
    assert card(plan, goal).is_ours
    assert card(plan, goal).steps[0].waits_for == (Side.CITIZEN if other == "selam" else Side.STAFF)
    plan.do(other, actions.agree_step, goal, step)
    assert card(plan, goal).next_step.id == step.id


def test_a_step_is_done_with_a_face_and_can_be_taken_again(plan: Plan) -> None:
    goal = plan.agreed()
    step, later = plan.agreed_step(goal, "A"), plan.agreed_step(goal, "B")
    plan.do("selam", actions.finish_step, goal, step, face=3, words="Det gik godt")
    assert (step.status, step.face, step.done_at) == ("done", 3, plan.now)
    assert card(plan, goal).next_step.id == later.id
    plan.do("selam", actions.take_step_again, goal, step)
    assert (step.status, step.face, step.done_at) == ("ready", None, None)
    assert card(plan, goal).next_step.id == step.id


def test_a_second_press_on_done_changes_only_the_face(plan: Plan) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    plan.do("selam", actions.finish_step, goal, step, face=1, words="")
    version, done_at = goal.version, step.done_at
    plan.do("selam", actions.finish_step, goal, step, face=1, words="")
    assert goal.version == version
    plan.do("selam", actions.finish_step, goal, step, face=2, words="")
    assert (step.face, step.done_at) == (2, done_at)


def test_not_today_changes_nothing_but_the_history(plan: Plan) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    before = step.version
    plan.do("selam", actions.not_today, goal, step, reason="sick")
    assert (step.status, step.version) == ("ready", before)
    assert plan.all(select(GoalEvent.what, GoalEvent.reason).filter_by(reason="sick")) == [("step_not_today", "sick")]


def test_a_step_that_is_too_big_is_split_in_its_place(plan: Plan) -> None:
    goal = plan.agreed()
    for body in ("A", "B", "C"):
        plan.agreed_step(goal, body)
    big = plan.fresh(plan.session.get_one(SmallStep, card(plan, goal).steps[1].id))
    plan.do("selam", actions.too_big, goal, big)
    assert big.too_big_at == plan.now
    plan.do("selam", actions.split_step, goal, big, [Wording(words, "da") for words in ("B1", "B2", "B3")])
    assert bodies(plan, goal) == ["A", "B1", "B2", "B3", "C"]
    assert (big.status, big.too_big_at) == ("put_aside", None)
    assert [step.waits_for for step in card(plan, goal).steps] == [None, *[Side.STAFF] * 3, None]
    places = [step.position for step in card(plan, goal).steps]
    assert places == sorted(set(places))


def test_a_goal_holds_so_many_open_steps_however_they_came(plan: Plan) -> None:
    goal = plan.draft()
    steps = [plan.step(goal, f"Trin {number}") for number in range(STEPS_LIMIT)]
    with pytest.raises(TooManySteps):
        plan.step(goal)
    with pytest.raises(TooManySteps):
        plan.do("mette", actions.split_step, goal, steps[0], [Wording("A", "da"), Wording("B", "da")])


def test_new_words_for_a_step_take_the_other_sides_yes_back(plan: Plan) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    change(plan, goal, step, "Nye ord")
    assert card(plan, goal).steps[0].waits_for is Side.CITIZEN
    assert card(plan, goal).next_step is None


def test_another_day_or_place_takes_no_yes_back(plan: Plan) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal, "Jeg møder")
    change(plan, goal, step, "Jeg møder", place="Indgang B", day=plan.now.date())
    change(plan, goal, step, None, place="Indgang C", day=plan.now.date())
    assert card(plan, goal).next_step.place == "Indgang C"
    assert bodies(plan, goal) == ["Jeg møder"]


def test_changing_a_step_that_has_changed_meanwhile_is_refused(plan: Plan) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    seen = step.version
    change(plan, goal, step, "Selams ord", "selam", seen_version=seen)
    with pytest.raises(StepChanged):
        change(plan, goal, step, "Mettes ord", seen_version=seen)
    assert bodies(plan, goal) == ["Selams ord"]
    change(plan, goal, step, "Selams ord", seen_version=seen)


@pytest.mark.parametrize("gone", ["done", "put_aside"])
@pytest.mark.parametrize("verb", ["agree", "change", "not_today", "too_big", "split", "finish"])
def test_nothing_is_done_with_a_step_that_is_no_longer_open(plan: Plan, gone: str, verb: str) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    verbs: dict[str, Callable[[], Any]] = {
        "agree": lambda: plan.do("selam", actions.agree_step, goal, step),
        "change": lambda: change(plan, goal, step, "Nye ord"),
        "not_today": lambda: plan.do("selam", actions.not_today, goal, step, reason="sick"),
        "too_big": lambda: plan.do("selam", actions.too_big, goal, step),
        "split": lambda: plan.do("selam", actions.split_step, goal, step, [Wording("A", "da"), Wording("B", "da")]),
        "finish": lambda: plan.do("selam", actions.finish_step, goal, step, face=1, words=""),
    }
    if gone == "done":
        plan.do("selam", actions.finish_step, goal, step, face=1, words="")
    else:
        plan.do("selam", actions.put_step_aside, goal, step)
    before = plan.history(goal)
    if (gone, verb) == ("done", "finish"):
        verbs[verb]()
    else:
        with pytest.raises(StepChanged):
            verbs[verb]()
    assert plan.history(goal) == before
    assert plan.fresh(step).status == gone


# --- Closing, history, versions -----------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "status"), [(actions.reach, "reached"), (actions.put_aside, "put_aside")])
def test_a_closed_goal_takes_no_changes_until_it_is_opened_again(plan: Plan, verb: Any, status: str) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    plan.do("selam", verb, goal)
    plan.do("selam", verb, goal)
    assert (goal.status, plan.history(goal).count(status)) == (status, 1)
    for refused in (
        lambda: plan.step(goal),
        lambda: plan.do("mette", actions.change_words, goal, "text", Wording("x", "da"), seen_version=1),
        lambda: plan.do("selam", actions.finish_step, goal, step, face=1, words=""),
        lambda: plan.do("selam", actions.put_aside if verb is actions.reach else actions.reach, goal),
    ):
        with pytest.raises(GoalClosed):
            refused()
    plan.do("mette", actions.open_again, goal)
    assert goal.status == "agreed"


@pytest.mark.parametrize(
    ("make", "status"),
    [("draft", GoalStatus.DRAFT), ("proposed", GoalStatus.PROPOSED), ("agreed", GoalStatus.AGREED)],
)
def test_an_opened_goal_is_as_it_was(plan: Plan, make: str, status: GoalStatus) -> None:
    goal = getattr(plan, make)()
    plan.do("mette", actions.put_aside, goal)
    plan.do("mette", actions.open_again, goal)
    assert plan.fresh(goal).status == status


def test_every_verb_leaves_one_line_in_the_history_and_a_new_version(plan: Plan) -> None:
    goal = plan.draft()
    step = plan.step(goal, "A")
    other = plan.step(goal, "B")
    words = Wording("Nye ord", "da")
    story: list[tuple[str, Callable[[], Any]]] = [
        ("proposed", lambda: plan.do("mette", actions.propose, goal)),
        ("wants_to_talk", lambda: plan.do("selam", actions.want_to_talk, goal)),
        ("changed", lambda: plan.do("mette", actions.change_words, goal, "text", words, seen_version=1)),
        ("agreed", lambda: plan.agree("selam", goal)),
        ("translated", lambda: plan.do("mette", actions.say_in_language, goal, goal.text_id, Wording("ti", "ti"))),
        ("step_changed", lambda: change(plan, goal, step, "Nyt trin")),
        ("step_agreed", lambda: plan.do("selam", actions.agree_step, goal, step)),
        ("step_not_today", lambda: plan.do("selam", actions.not_today, goal, step, reason="other")),
        ("step_too_big", lambda: plan.do("selam", actions.too_big, goal, step)),
        ("step_done", lambda: plan.do("selam", actions.finish_step, goal, step, face=2, words="")),
        ("step_again", lambda: plan.do("selam", actions.take_step_again, goal, step)),
        ("step_split", lambda: plan.do("selam", actions.split_step, goal, step, [words, words])),
        ("step_put_aside", lambda: plan.do("selam", actions.put_step_aside, goal, other)),
        ("changed", lambda: plan.do("selam", actions.change_words, goal, "text", Wording("t", "ti"), seen_version=2)),
        ("translated", lambda: plan.do("mette", actions.vouch_for, goal, goal.text_id, "da")),
        ("reached", lambda: plan.do("selam", actions.reach, goal)),
        ("opened_again", lambda: plan.do("selam", actions.open_again, goal)),
        ("put_aside", lambda: plan.do("selam", actions.put_aside, goal)),
    ]
    assert plan.history(goal) == ["started", "step_added", "step_added"]
    for what, act in story:
        version, before = goal.version, plan.history(goal)
        act()
        assert plan.history(goal) == [*before, what]
        assert goal.version == version + 1, what
    versions = [version for (version,) in plan.all(select(GoalEvent.goal_version).order_by(GoalEvent.id))]
    assert versions == list(range(1, len(versions) + 1))


def test_presence_changes_no_version(plan: Plan) -> None:
    goal = plan.draft()
    plan.do("mette", actions.open_together, goal)
    before = goal.version
    actions.citizen_is_here(plan.session, goal, now=plan.now)
    assert goal.version == before


def test_pauses_while_typing_make_one_line_of_history_and_lose_no_wording(plan: Plan) -> None:
    goal = plan.draft("mette")
    for number, body in enumerate(("Jeg vil lære", "Jeg vil lære dansk", "Jeg vil lære dansk her"), start=1):
        plan.do("mette", actions.change_words, goal, "text", Wording(body, "da"), seen_version=number)
    lines = plan.session.scalars(select(GoalEvent).filter_by(goal_id=goal.id, what="changed")).all()
    assert [line.words for line in lines] == ["Jeg vil lære dansk her"]
    kept = past_wordings(plan.session, plan.cast.solby, [goal.text_id])
    assert "Jeg vil lære dansk" in {wording.body for wording in kept}
