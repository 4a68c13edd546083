"""The pages of goals and steps as different people meet them, with script and without, with good and bad input."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from citizen_app.config import LANGUAGES
from citizen_app.goals import actions
from citizen_app.goals.actions import Wording
from citizen_app.goals.models import Goal, SmallStep, WritingTogether
from citizen_app.goals.rules import GOAL_LENGTH, OPEN_GOALS_LIMIT, STEPS_LIMIT
from citizen_app.people.models import AccessLogEntry
from citizen_app.texts.models import Rendering
from citizen_app.texts.queries import phrase_bank
from tests.plan import HTMX, ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]
PAGES = ("/goals/{goal}", "/goals/{goal}/history", "/goals/{goal}/text", "/goals/{goal}/why", "/goals/{goal}/steps/new")
STEP_PAGES = ("", "/edit", "/done", "/not-today", "/split")


def addresses(goal: Goal, step: SmallStep) -> list[str]:
    return [
        *(page.format(goal=goal.id) for page in PAGES),
        *(f"/goals/steps/{step.id}{page}" for page in STEP_PAGES),
    ]


def count(plan: Plan, table: Any) -> int:
    return int(plan.all(select(func.count()).select_from(table))[0][0])


# --- Who sees what ------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_works_in_every_language(plan: Plan, client_of: ClientOf, language: str) -> None:
    plan.speak("selam", language)
    goal = plan.agreed()
    step = plan.agreed_step(goal, day=plan.now.date(), helper_id=plan.cast.jens, place="Indgang B")
    selam = client_of("selam")
    for address in ["/goals", "/goals/new", *addresses(goal, step)]:
        page = selam.get(address)
        assert page.status_code == 200, address
        direction = "rtl" if language in {"ar", "fa"} else "ltr"
        assert f'<html lang="{language}" dir="{direction}"' in page.text


def test_a_citizen_reads_a_ready_goal_in_her_own_language_with_danish_under_it(plan: Plan, client_of: ClientOf) -> None:
    phrase = phrase_bank()["make_friends"]
    goal = plan.do("mette", actions.start_goal, "network", "1F91D", Wording(phrase.bodies["da"], "da", phrase.key))
    plan.do("mette", actions.propose, goal)
    page = client_of("selam").get(f"/goals/{goal.id}").text
    assert f'lang="ti"><bdi dir="ltr">{phrase.bodies["ti"]}</bdi>' in page
    assert phrase.bodies["da"] in page
    assert page.index(phrase.bodies["ti"]) < page.index(phrase.bodies["da"])


@pytest.mark.parametrize("name", ["yusuf", "olena", "anders"])
def test_a_stranger_finds_none_of_the_pages(plan: Plan, client_of: ClientOf, name: str) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    client = client_of(name)
    for address in addresses(goal, step):
        expected = 403 if name == "anders" and address == f"/goals/{goal.id}" else 404
        assert client.get(address).status_code == expected, address


@pytest.mark.parametrize("name", ["jens", "bodil"])
def test_mentors_and_administrators_have_no_goal_pages(plan: Plan, client_of: ClientOf, name: str) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    client = client_of(name)
    assert {client.get(address).status_code for address in ["/goals", *addresses(goal, step)]} == {403}
    assert client.post(f"/goals/{goal.id}/agree").status_code == 403


def test_a_reader_sees_steps_and_history_but_may_not_write(plan: Plan, client_of: ClientOf) -> None:
    plan.speak("karen", "en")
    goal = plan.agreed()
    step = plan.agreed_step(goal, "Jeg møder til tiden")
    karen = client_of("karen")
    page = karen.get(f"/goals/steps/{step.id}").text
    assert "Jeg møder til tiden" in page
    assert "<form" not in page.split('<main class="stack"')[1].split("</main>")[0]
    assert karen.get(f"/goals/{goal.id}/history").status_code == 200
    writes = [
        *(f"/goals/{goal.id}/{verb}" for verb in ("propose", "talk", "reach", "put-aside", "open-again", "agree")),
        *(f"/goals/{goal.id}/{page}" for page in ("text", "why", "steps/new")),
        *(f"/goals/steps/{step.id}/{page}" for page in ("agree", "too-big", "again", "put-aside")),
        *(f"/goals/steps/{step.id}/{page}" for page in ("edit", "done", "not-today", "split")),
        f"/goals/{goal.id}/texts/{goal.text_id}/vouch",
    ]
    before = plan.history(goal)
    for address in writes:
        assert karen.post(address, data={"body": "x"}).status_code == 403, address
    assert plan.history(goal) == before


def test_nobody_sees_a_page_without_signing_in(plan: Plan, app: Flask) -> None:
    goal = plan.agreed()
    client = app.test_client()
    assert client.get(f"/goals/{goal.id}").location == "/sign-in"
    piece = client.get(f"/goals/{goal.id}", headers=HTMX)
    assert (piece.status_code, piece.headers["HX-Redirect"]) == (401, "/sign-in")


def test_an_unshared_draft_of_staff_is_not_found_by_the_citizen(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.draft()
    assert selam.get(f"/goals/{goal.id}").status_code == 404
    assert selam.get(f"/goals/{goal.id}/live?since={goal.version}").status_code == 404
    assert selam.get(f"/goals/{goal.id}/history").status_code == 404
    assert "Jeg vil arbejde" not in selam.get("/goals").text
    assert selam.post(f"/goals/{goal.id}/put-aside").status_code == 404


def test_a_sign_that_no_text_can_hold_is_left_out(plan: Plan, selam: FlaskClient) -> None:
    assert selam.post("/goals/new", data={"track": "job", "body": "\x00", "request_id": "\x00"}).status_code == 422
    assert selam.post("/goals/new", data={"track": "job", "body": "A\x00B", "request_id": "\x00"}).status_code == 303
    assert plan.all(select(Rendering.body)) == [("AB",)]


@ON_SQLITE
@pytest.mark.parametrize("number", ["0", "999999", "2147483647", "99999999999999999999999999"])
def test_goals_and_steps_that_do_not_exist_are_not_found(selam: FlaskClient, number: str) -> None:
    assert selam.get(f"/goals/{number}").status_code == 404
    assert selam.get(f"/goals/steps/{number}").status_code == 404
    assert selam.post(f"/goals/steps/{number}/done").status_code == 404


# --- Agreeing -----------------------------------------------------------------------------------------------


def seen_version(page: str) -> str:
    found: list[str] = re.findall(r'name="seen_version" value="(\d+)"', page)
    return found[0]


def test_a_citizen_says_yes_without_script(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.proposed()
    page = selam.get(f"/goals/{goal.id}").text
    assert "Waits for your yes" in page
    assert "Agreed together" not in page
    answer = selam.post(f"/goals/{goal.id}/agree", data={"seen_version": seen_version(page)})
    assert (answer.status_code, answer.location) == (303, f"/goals/{goal.id}")
    assert "Agreed together" in selam.get(answer.location).text


def test_htmx_gets_only_the_goal(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.proposed()
    answer = selam.post(f"/goals/{goal.id}/agree", data={"seen_version": goal.version}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="goal"')
    assert "<html" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]
    assert "Agreed together" in answer.text


@pytest.mark.parametrize("headers", [None, HTMX])
def test_a_yes_to_older_words_shows_the_new_ones_and_says_why(plan: Plan, selam: FlaskClient, headers: Any) -> None:
    goal = plan.proposed()
    seen = seen_version(selam.get(f"/goals/{goal.id}").text)
    plan.do("mette", actions.change_words, goal, "text", Wording("Helt andre ord", "da"), seen_version=1)
    answer = selam.post(f"/goals/{goal.id}/agree", data={"seen_version": seen}, headers=headers)
    assert answer.status_code == 409
    assert "The words have just been changed." in answer.text
    assert "Helt andre ord" in answer.text
    assert plan.fresh(goal).citizen_agreed_at is None
    again = selam.post(f"/goals/{goal.id}/agree", data={"seen_version": seen_version(answer.text)}, headers=headers)
    assert again.status_code in {200, 303}


@ON_SQLITE
@pytest.mark.parametrize("seen", ["", "x", "-1", "99999999999999999999"])
def test_a_yes_to_no_words_at_all_is_refused(plan: Plan, selam: FlaskClient, seen: str) -> None:
    goal = plan.proposed()
    assert selam.post(f"/goals/{goal.id}/agree", data={"seen_version": seen}).status_code == 409


def test_staff_say_yes_to_a_citizens_goal_and_are_led_back_to_their_own_page(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.proposed("selam")
    page = mette.get(f"/staff/goals/{goal.id}").text
    assert "Waits for staff" in page
    form = page.split("Say yes to the goal")[0].rsplit("<form", 1)[1]
    answer = mette.post(f"/goals/{goal.id}/agree", data={"seen_version": seen_version(form)})
    assert answer.location == f"/staff/goals/{goal.id}"
    assert plan.fresh(goal).status == "agreed"


def test_let_us_talk_shows_on_both_sides(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.proposed()
    answer = selam.post(f"/goals/{goal.id}/talk", headers=HTMX)
    assert "We talk about it first" in answer.text


def test_reaching_and_opening_a_goal_again(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    assert "Reached" in selam.post(f"/goals/{goal.id}/reach", headers=HTMX).text
    assert "Earlier goals" in selam.get("/goals").text
    refused = selam.post(f"/goals/{goal.id}/put-aside")
    assert refused.status_code == 409
    assert "This goal is closed." in refused.text
    assert "Agreed together" in selam.post(f"/goals/{goal.id}/open-again", headers=HTMX).text


# --- A new goal ---------------------------------------------------------------------------------------------


def test_a_pressed_ready_goal_is_proposed_in_all_languages(plan: Plan, selam: FlaskClient) -> None:
    page = selam.get("/goals/new?track=network").text
    assert 'value="make_friends"' in page
    answer = selam.post("/goals/new", data={"track": "network", "phrase": "make_friends"})
    assert answer.status_code == 303
    shown = selam.get(answer.location).text
    assert phrase_bank()["make_friends"].bodies["en"] in shown
    assert "Your goal is sent." in shown
    assert count(plan, Rendering) == len(LANGUAGES)
    assert "Your goal is sent." not in selam.get(answer.location).text


@pytest.mark.parametrize(
    "words",
    [
        "Jeg vil 😀👩\u200d🍳",
        "<script>alert(1)</script>",
        "\u202bأريد عملا\u202c",
        "x" * GOAL_LENGTH,
        "  two\r\n lines\t ",
        "100 % {{ 7*7 }} %(name)s",
    ],
)
def test_own_words_are_kept_as_text_whatever_they_are(plan: Plan, selam: FlaskClient, words: str) -> None:
    answer = selam.post("/goals/new", data={"track": "job", "body": words})
    assert answer.status_code == 303
    page = selam.get(answer.location).text
    assert "<script>alert" not in page
    body = plan.all(select(Rendering.body))[0][0]
    assert body == " ".join(words.replace("\u202b", "").replace("\u202c", "").split())


@ON_SQLITE
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "Write a few words."),
        ("   \n", "Write a few words."),
        ("\u200f\u202e", "Write a few words."),
        ("\u200c \u200d", "Write a few words."),
        ("x" * (GOAL_LENGTH + 1), "This is too long. Use at most 200 letters."),
        ("Mit nummer er 010100-0000", "Please do not write a CPR number here."),
    ],
)
def test_words_that_cannot_be_saved_are_answered_beside_the_field(
    plan: Plan, selam: FlaskClient, words: str, message: str
) -> None:
    answer = selam.post("/goals/new", data={"track": "job", "body": words})
    assert answer.status_code == 422
    assert 'id="body-error">' in answer.text
    assert answer.text.count(message) == 2  # on top, and beside the field
    assert 'aria-invalid="true"' in answer.text
    kept = answer.text.split("<textarea")[1].split("</textarea>")[0]
    assert words.replace("\x00", "").strip("\u200f\u202e\u200c\u200d \n") in kept
    assert count(plan, Goal) == 0


def test_a_track_that_does_not_exist_is_refused_in_the_readers_language(plan: Plan, client_of: ClientOf) -> None:
    answer = client_of("selam").post("/goals/new", data={"track": "money", "body": "ቃላት"})
    assert answer.status_code == 422
    assert "Not a valid choice" not in answer.text
    assert "ቃላት" in answer.text
    assert count(plan, Goal) == 0


def test_a_fourth_goal_is_refused_with_what_was_typed(plan: Plan, selam: FlaskClient) -> None:
    for _ in range(OPEN_GOALS_LIMIT):
        plan.proposed()
    answer = selam.post("/goals/new", data={"track": "job", "body": "A fourth wish"})
    assert answer.status_code == 409
    assert "There are three open goals already." in answer.text
    assert "A fourth wish" in answer.text.split("<textarea")[1]
    assert "You have three goals." in selam.get("/goals").text


# --- New words ----------------------------------------------------------------------------------------------


def test_a_citizen_says_it_in_her_own_words(plan: Plan, client_of: ClientOf) -> None:
    goal = plan.agreed()
    selam = client_of("selam")
    seen = seen_version(selam.get(f"/goals/{goal.id}/text").text)
    answer = selam.post(f"/goals/{goal.id}/text", data={"body": "ኣብ ክሽነ ክሰርሕ", "seen_version": seen})
    assert answer.location == f"/goals/{goal.id}"
    page = selam.get(answer.location).text
    assert 'lang="ti"><bdi dir="ltr">ኣብ ክሽነ ክሰርሕ' in page
    assert plan.fresh(goal).status == "proposed"


@pytest.mark.parametrize("field", ["text", "why"])
def test_words_over_newer_ones_show_both_and_keep_what_was_typed(plan: Plan, selam: FlaskClient, field: str) -> None:
    goal = plan.agreed()
    plan.do("mette", actions.change_words, goal, "why", Wording("Fordi", "da"), seen_version=0)
    seen = seen_version(selam.get(f"/goals/{goal.id}/{field}").text)
    plan.do("mette", actions.change_words, goal, field, Wording("Mettes nye", "da"), seen_version=1)
    answer = selam.post(f"/goals/{goal.id}/{field}", data={"body": "What I typed", "seen_version": seen})
    assert answer.status_code == 409
    assert "Mettes nye" in answer.text
    assert "What I typed" in answer.text.split("<textarea")[1]
    assert "Mette has just written something new." in answer.text
    newer = seen_version(answer.text)
    saved = selam.post(f"/goals/{goal.id}/{field}", data={"body": "What I typed", "seen_version": newer})
    assert saved.status_code == 303
    assert "What I typed" in selam.get(f"/goals/{goal.id}").text


def test_a_message_about_the_words_does_not_hide_that_newer_ones_came(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    seen = seen_version(selam.get(f"/goals/{goal.id}/text").text)
    plan.do("mette", actions.change_words, goal, "text", Wording("Mettes nye", "da"), seen_version=1)
    refused = selam.post(f"/goals/{goal.id}/text", data={"body": "x" * 201, "seen_version": seen})
    assert refused.status_code == 422
    again = selam.post(f"/goals/{goal.id}/text", data={"body": "Shorter", "seen_version": seen_version(refused.text)})
    assert again.status_code == 409


def test_older_words_of_ones_own_are_not_the_start_of_new_ones(plan: Plan, client_of: ClientOf) -> None:
    goal = plan.agreed(body="Gamle danske ord")
    plan.do("selam", actions.change_words, goal, "text", Wording("ሓድሽ", "ti"), seen_version=1)
    page = client_of("mette").get(f"/goals/{goal.id}/text").text
    assert "Gamle danske ord" not in page.split("<textarea")[1].split("</textarea>")[0]


@ON_SQLITE
@pytest.mark.parametrize("seen", ["", "x", "-1"])
def test_words_without_the_version_that_was_read_are_refused(plan: Plan, selam: FlaskClient, seen: str) -> None:
    goal = plan.agreed()
    answer = selam.post(f"/goals/{goal.id}/text", data={"body": "Mine", "seen_version": seen})
    assert answer.status_code == 422
    assert "Mine" in answer.text
    assert plan.text_version(goal) == 1


def test_words_for_a_goal_that_was_put_aside_are_kept_on_the_page(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    plan.do("mette", actions.put_aside, goal)
    answer = selam.post(f"/goals/{goal.id}/text", data={"body": "What I typed", "seen_version": 1})
    assert answer.status_code == 409
    assert "This goal is closed." in answer.text
    assert "What I typed" in answer.text.split("<textarea")[1]


@ON_SQLITE
@pytest.mark.parametrize("language", ["", "xx", "\x00", "DA"])
def test_vouching_for_an_unknown_language_is_not_found(plan: Plan, mette: FlaskClient, language: str) -> None:
    goal = plan.agreed()
    address = f"/goals/{goal.id}/texts/{goal.text_id}/vouch"
    assert mette.post(address, data={"language": language}).status_code == 404


# --- Small steps --------------------------------------------------------------------------------------------


def test_a_citizen_adds_a_step_and_it_waits_for_staff(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    typed = {"body": "Take the bus", "day": "2026-12-01", "at": "08:15", "place": "Bus 4", "helper_id": plan.cast.jens}
    answer = selam.post(f"/goals/{goal.id}/steps/new", data=typed)
    assert answer.location == f"/goals/{goal.id}"
    page = selam.get(answer.location).text
    assert "Take the bus" in page
    assert "Waits for staff" in page
    step = plan.all(select(SmallStep.id))[0][0]
    shown = selam.get(f"/goals/steps/{step}").text
    for fact in ("1 December", "08:15", "Bus 4", "Jens helps"):
        assert fact in shown


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"body": ""},
        {"body": "x" * 201},
        {"day": "31/12"},
        {"day": "2026-02-30"},
        {"at": "25:00", "day": "2026-12-01"},
        {"at": "08:15", "day": ""},
        {"place": "x" * 121},
        {"place": "010100-0000"},
        {"helper_id": "one"},
        {"helper_id": "999999"},
        {"seen_version": "x"},
    ],
)
def test_a_wrong_step_is_shown_again_with_what_was_typed(plan: Plan, selam: FlaskClient, wrong: dict[str, str]) -> None:
    goal = plan.agreed()
    typed = {"body": "Take the bus", "day": "2026-12-01", "place": "Bus 4", **wrong}
    answer = selam.post(f"/goals/{goal.id}/steps/new", data=typed)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Not a valid" not in answer.text
    for value in {**typed, "helper_id": "", "seen_version": ""}.values():
        assert value in answer.text
    assert count(plan, SmallStep) == 0


def test_a_step_too_many_is_refused_with_what_was_typed(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.draft("selam")
    for number in range(STEPS_LIMIT):
        plan.step(goal, f"Trin {number}")
    answer = selam.post(f"/goals/{goal.id}/steps/new", data={"body": "One more step"})
    assert answer.status_code == 409
    assert "This goal has many steps already." in answer.text
    assert "One more step" in answer.text.split("<textarea")[1]


def test_a_step_is_done_with_a_face_and_words(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    answer = selam.post(f"/goals/steps/{step.id}/done", data={"face": "3", "words": "It went well"})
    assert answer.location == f"/goals/{goal.id}"
    assert "Well done." in selam.get(answer.location).text
    page = selam.get(f"/goals/steps/{step.id}").text
    assert "You can take a step again. That is normal." in page
    again = selam.post(f"/goals/steps/{step.id}/again", headers=HTMX)
    assert again.text.lstrip().startswith('<div id="step"')
    history = selam.get(f"/goals/{goal.id}/history").text
    assert "Selam finished a step." in history
    assert "Good" in history
    assert "It went well" in history
    assert "We take a step again." in history


@ON_SQLITE
@pytest.mark.parametrize("wrong", [{"face": "4"}, {"face": "x"}, {"face": "3", "words": "x" * 401}])
def test_a_wrong_face_or_too_many_words_are_told(plan: Plan, selam: FlaskClient, wrong: dict[str, str]) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    answer = selam.post(f"/goals/steps/{step.id}/done", data=wrong)
    assert answer.status_code == 422
    assert wrong.get("words", "") in answer.text
    assert ("checked" in answer.text) is (wrong["face"] == "3")
    assert plan.fresh(step).status == "ready"


def test_not_today_is_all_right_and_staff_read_why(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    assert selam.post(f"/goals/steps/{step.id}/not-today").status_code == 422
    assert selam.post(f"/goals/steps/{step.id}/not-today", data={"reason": "lazy"}).status_code == 422
    answer = selam.post(f"/goals/steps/{step.id}/not-today", data={"reason": "family"})
    assert "That is all right." in selam.get(answer.location).text
    assert "My family needs me" in selam.get(f"/goals/{goal.id}/history").text


def test_too_big_leads_to_a_split(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal, "Finde et job")
    piece = selam.post(f"/goals/steps/{step.id}/too-big", headers=HTMX).text
    assert f'href="/goals/steps/{step.id}/split"' in piece
    assert selam.post(f"/goals/steps/{step.id}/split", data={"first": "Only one"}).status_code == 422
    answer = selam.post(f"/goals/steps/{step.id}/split", data={"first": "Look", "second": "Ask", "third": "\u200f"})
    page = selam.get(answer.location).text
    assert page.index("Look") < page.index("Ask")
    assert "Finde et job" not in page
    assert selam.get(f"/goals/steps/{step.id}").status_code == 404
    assert selam.get(f"/goals/steps/{step.id}/split").status_code == 404


@ON_SQLITE
@pytest.mark.parametrize("page", ["done", "not-today", "split", "edit"])
def test_a_step_that_was_taken_away_meanwhile_is_told(plan: Plan, selam: FlaskClient, page: str) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    plan.do("mette", actions.put_step_aside, goal, step)
    data = {"face": "1", "reason": "sick", "first": "a", "second": "b", "body": "c", "seen_version": "1"}
    answer = selam.post(f"/goals/steps/{step.id}/{page}", data=data)
    assert answer.status_code in {404, 409}
    assert 'role="alert"' in answer.text
    assert plan.fresh(step).status == "put_aside"


def test_a_step_changed_meanwhile_is_shown_with_what_was_typed(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal, "Jeg møder")
    seen = seen_version(selam.get(f"/goals/steps/{step.id}/edit").text)
    things = (goal, step, step.picture, Wording("Jeg møder kl. 8", "da"), actions.StepPlan())
    plan.do("mette", actions.change_step, *things, seen_version=step.version)
    answer = selam.post(f"/goals/steps/{step.id}/edit", data={"body": "I come at nine", "seen_version": seen})
    assert answer.status_code == 409
    assert "Somebody has just changed this step." in answer.text
    assert "Jeg møder kl. 8" in answer.text
    assert "I come at nine" in answer.text.split("<textarea")[1]
    newer = seen_version(answer.text)
    assert newer != seen
    saved = selam.post(f"/goals/steps/{step.id}/edit", data={"body": "I come at nine", "seen_version": newer})
    assert saved.status_code == 303


def test_staff_change_the_day_of_a_step_without_touching_the_citizens_words(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.agreed()
    step = plan.do("selam", actions.add_step, goal, "1F68C", Wording("ብኣውቶቡስ", "ti"), actions.StepPlan())
    seen = seen_version(mette.get(f"/goals/steps/{step.id}/edit").text)
    typed = {"body": "", "day": "2026-12-01", "seen_version": seen}
    assert mette.post(f"/goals/steps/{step.id}/edit", data=typed).status_code == 303
    assert plan.fresh(step).day.isoformat() == "2026-12-01"
    assert plan.all(select(Rendering.body).filter_by(text_id=step.text_id)) == [("ብኣውቶቡስ",)]
    assert step.citizen_agreed_at is not None


# --- Twice and at once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [None, HTMX])
def test_a_double_press_changes_nothing_and_leads_to_the_same_place(
    plan: Plan, selam: FlaskClient, headers: Any
) -> None:
    typed = {"track": "job", "body": "My goal", "request_id": "once"}
    first, second = (selam.post("/goals/new", data=typed, headers=headers) for _ in range(2))
    name = "HX-Redirect" if headers else "Location"
    assert first.status_code == second.status_code == (204 if headers else 303)
    assert first.headers[name] == second.headers[name]
    assert count(plan, Goal) == 1


def test_two_presses_at_the_same_moment_make_one_goal(plan: Plan, app: Flask) -> None:
    clients = [plan.client(app, "selam") for _ in range(2)]
    together = Barrier(2)

    def press(client: FlaskClient) -> Any:
        together.wait(timeout=20)
        return client.post("/goals/new", data={"track": "job", "body": "My goal", "request_id": "once"})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, clients))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert count(plan, Goal) == 1


# --- Together -----------------------------------------------------------------------------------------------


def test_the_citizens_phone_hears_of_new_words_only_when_there_are_some(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.draft()
    plan.do("mette", actions.open_together, goal)
    page = selam.get(f"/goals/{goal.id}").text
    address = re.findall(r'hx-get="([^"]+)"', page)[0]
    assert selam.get(address, headers=HTMX).status_code == 204
    plan.do("mette", actions.change_words, goal, "text", Wording("Nye ord", "da"), seen_version=1)
    piece = selam.get(address, headers=HTMX)
    assert piece.text.lstrip().startswith('<div id="goal"')
    assert "Nye ord" in piece.text
    assert selam.get(re.findall(r'hx-get="([^"]+)"', piece.text)[0], headers=HTMX).status_code == 204


def test_asking_for_news_says_that_the_citizen_is_here(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.draft()
    plan.do("mette", actions.open_together, goal)
    selam.get(f"/goals/{goal.id}/live?since={goal.version}", headers=HTMX)
    seen = plan.all(select(WritingTogether.citizen_seen_at))[0][0]
    assert seen is not None
    assert abs(seen - plan.now) < timedelta(minutes=5)
    assert plan.fresh(goal).version == goal.version


def test_the_screens_stop_asking_once_both_have_said_yes(plan: Plan, selam: FlaskClient) -> None:
    goal = plan.proposed()
    plan.do("mette", actions.open_together, goal)
    assert 'hx-trigger="every 2s"' in selam.get(f"/goals/{goal.id}").text
    plan.agree("selam", goal)
    assert 'hx-trigger="every 2s"' not in selam.get(f"/goals/{goal.id}").text


def test_an_agreed_goal_can_be_opened_together_again(plan: Plan, selam: FlaskClient) -> None:
    old = Plan(plan.session, plan.cast, plan.now - timedelta(days=7))
    goal = old.agreed()
    old.do("mette", actions.open_together, goal)
    assert 'hx-trigger="every 2s"' not in selam.get(f"/goals/{goal.id}").text
    plan.do("mette", actions.open_together, goal)
    assert 'hx-trigger="every 2s"' in selam.get(f"/goals/{goal.id}").text


def test_a_citizens_own_reading_is_not_logged_but_staffs_is(plan: Plan, app: Flask, selam: FlaskClient) -> None:
    goal = plan.agreed()
    step = plan.agreed_step(goal)
    for address in addresses(goal, step):
        selam.get(address)
    assert count(plan, AccessLogEntry) == 0
    mette = plan.client(app, "mette")
    for address in addresses(goal, step)[1:]:
        assert mette.get(address).status_code == 200
        assert plan.all(select(AccessLogEntry.reader_id, AccessLogEntry.what))[-1] == (plan.cast.mette, "goal")
    assert count(plan, AccessLogEntry) == len(addresses(goal, step)) - 1
