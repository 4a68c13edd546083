"""The co-author's page: what staff write, what the citizen sees of it, and that neither overwrites the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from citizen_app.goals import actions
from citizen_app.goals.actions import Wording
from citizen_app.goals.models import Goal, SmallStep, WritingTogether
from citizen_app.people.models import AccessLogEntry, ConnectCode
from citizen_app.texts.models import Rendering
from citizen_app.texts.queries import phrase_bank
from tests.plan import HTMX, ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]


def field_of(page: str, name: str) -> str:
    """What stands in a text field of the page."""
    found: list[str] = re.findall(rf'<textarea[^>]*id="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return found[0].strip()


def write(client: FlaskClient, goal: Goal, body: str, seen: Any, headers: Any = HTMX, field: str = "text") -> Any:
    data = {"body": body, "seen_version": seen}
    return client.post(f"/staff/goals/{goal.id}/{field}", data=data, headers=headers)


def test_a_case_worker_begins_a_draft_that_only_staff_see(plan: Plan, mette: FlaskClient, client_of: ClientOf) -> None:
    answer = mette.post(f"/staff/citizens/{plan.cast.selam}/goals/new", data={"track": "job", "body": "Et mål"})
    assert answer.status_code == 303
    page = mette.get(answer.location).text
    assert "A draft: nobody has agreed yet" in page
    assert field_of(page, "text") == "Et mål"
    assert "Et mål" not in client_of("selam").get("/goals").text


def test_a_ready_goal_stands_in_the_citizens_language_beside(plan: Plan, mette: FlaskClient) -> None:
    data = {"track": "network", "phrase": "make_friends"}
    answer = mette.post(f"/staff/citizens/{plan.cast.selam}/goals/new", data=data)
    page = mette.get(answer.location).text
    assert field_of(page, "text") == phrase_bank()["make_friends"].bodies["da"]
    assert phrase_bank()["make_friends"].bodies["ti"] in page.split('id="twin"')[1]


def test_a_fourth_goal_is_refused_with_what_was_typed(plan: Plan, mette: FlaskClient) -> None:
    for _ in range(3):
        plan.draft()
    answer = mette.post(f"/staff/citizens/{plan.cast.selam}/goals/new", data={"track": "job", "body": "Nummer fire"})
    assert answer.status_code == 409
    assert "There are three open goals already." in answer.text
    assert "Nummer fire" in answer.text.split("<textarea")[1]


@ON_SQLITE
@pytest.mark.parametrize("body", ["", "x" * 201, "\u200f", "010100-0000"])
def test_bad_words_for_a_new_goal_are_shown_again(plan: Plan, mette: FlaskClient, body: str) -> None:
    answer = mette.post(f"/staff/citizens/{plan.cast.selam}/goals/new", data={"track": "job", "body": body})
    assert answer.status_code == 422
    assert 'id="body-error"' in answer.text
    assert plan.all(select(func.count()).select_from(Goal)) == [(0,)]


@pytest.mark.parametrize("name", ["anders", "bodil", "jens", "selam"])
def test_others_have_no_co_author_page(plan: Plan, client_of: ClientOf, name: str) -> None:
    goal = plan.agreed()
    client = client_of(name)
    expected = 404 if name in {"anders", "selam"} else 403
    for address in ("", "/live"):
        assert client.get(f"/staff/goals/{goal.id}{address}", headers=HTMX).status_code == expected
    assert client.get(f"/staff/citizens/{plan.cast.selam}/goals/new").status_code == expected


def test_a_reader_sees_the_goal_but_may_not_write(plan: Plan, client_of: ClientOf) -> None:
    plan.speak("karen", "en")
    goal = plan.agreed(body="Jeg vil arbejde")
    plan.do("selam", actions.change_words, goal, "text", Wording("ክሰርሕ", "ti"), seen_version=1)
    karen = client_of("karen")
    page = karen.get(f"/staff/goals/{goal.id}").text
    assert "ክሰርሕ" in page
    assert "<form" not in page.split('<main class="stack"')[1].split("</main>")[0]
    before = plan.history(goal)
    assert write(karen, goal, "Karens", 2).status_code == 403
    for address in (f"goals/{goal.id}/steps", f"goals/{goal.id}/together", f"goals/{goal.id}/languages"):
        assert karen.post(f"/staff/{address}", data={"body": "Karens"}).status_code == 403
    new = f"/staff/citizens/{plan.cast.selam}/goals/new"
    assert karen.get(new).status_code == karen.post(new, data={"body": "x"}).status_code == 403
    assert plan.history(goal) == before


def test_words_save_themselves_with_their_readability(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    answer = write(mette, goal, "Jeg vil ud at gå", 1)
    assert answer.text.lstrip().startswith('<div id="text_state"')
    assert "easy to read" in answer.text
    assert "Saved" in answer.text
    hard = "Jeg koordinerer virksomhedspraktikken tilfredsstillende gennem hele kommunens samarbejdsnetværk"
    assert "try shorter words" in write(mette, goal, hard, 2).text
    long = "jeg går op og ned ad den lange gade hver dag uden stop"
    assert "a sentence has 13 words" in write(mette, goal, long, 3).text


def test_words_are_saved_without_script_too(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    answer = write(mette, goal, "Fordi jeg kan", 0, headers=None, field="why")
    assert answer.location == f"/staff/goals/{goal.id}"
    assert field_of(mette.get(answer.location).text, "why") == "Fordi jeg kan"


@pytest.mark.parametrize("headers", [None, HTMX])
def test_words_over_the_citizens_newer_ones_show_both(plan: Plan, mette: FlaskClient, headers: Any) -> None:
    goal = plan.agreed()
    plan.do("selam", actions.change_words, goal, "text", Wording("ሓድሽ", "ti"), seen_version=1)
    answer = write(mette, goal, "Mettes ord", 1, headers)
    assert answer.status_code == 409
    assert "ሓድሽ" in answer.text
    assert "Mettes ord" in answer.text
    assert "Selam has just written something new." in answer.text
    if headers is None:
        assert field_of(answer.text, "text") == "Mettes ord"


def test_own_words_can_be_chosen_without_script(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.agreed()
    plan.do("selam", actions.change_words, goal, "text", Wording("ሓድሽ", "ti"), seen_version=1)
    page = write(mette, goal, "Mettes ord", 1, headers=None).text
    form = page.split(f'action="/staff/goals/{goal.id}/text"')[1].split("</form>")[0]
    pressed = re.findall(r'name="seen_version" value="(\d+)"', form)
    assert pressed == ["2", "1"]  # the button first: a form reads the first of two values
    assert write(mette, goal, "Mettes ord", pressed, headers=None).status_code == 303
    assert plan.text_version(goal) == 3


@ON_SQLITE
@pytest.mark.parametrize(("body", "message"), [("", "Write a few words."), ("x" * 201, "This is too long.")])
def test_bad_words_are_told_beside_the_field_and_not_saved(
    plan: Plan, mette: FlaskClient, body: str, message: str
) -> None:
    goal = plan.draft()
    answer = write(mette, goal, body, 1)
    assert answer.status_code == 422
    assert message in answer.text
    assert field_of(write(mette, goal, body, 1, headers=None).text, "text") == body
    assert plan.text_version(goal) == 1


def test_a_lost_answer_does_not_swallow_what_was_typed_after_it(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    typed = {"request_id": "once", "seen_version": 1}
    for body in ("Jeg vil", "Jeg vil"):
        mette.post(f"/staff/goals/{goal.id}/text", data={**typed, "body": body}, headers=HTMX)
    assert plan.text_version(goal) == 2
    answer = mette.post(f"/staff/goals/{goal.id}/text", data={**typed, "body": "Jeg vil arbejde"}, headers=HTMX)
    assert answer.status_code == 409  # her own earlier words count as newer, and both are shown
    assert "Jeg vil arbejde" in answer.text


def test_a_repeated_save_leads_back_to_the_goal(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    data = {"request_id": "once", "body": "Trin et"}
    mette.post(f"/staff/goals/{goal.id}/steps", data=data, headers=HTMX)
    again = mette.post(f"/staff/goals/{goal.id}/steps", data=data, headers=HTMX)
    assert (again.status_code, again.headers["HX-Redirect"]) == (204, f"/staff/goals/{goal.id}")
    assert plan.all(select(func.count()).select_from(SmallStep)) == [(1,)]


def test_staff_who_read_english_still_write_from_the_danish_words(plan: Plan, mette: FlaskClient) -> None:
    phrase = phrase_bank()["make_friends"]
    goal = plan.do("mette", actions.start_goal, "network", "1F91D", Wording(phrase.bodies["da"], "da", phrase.key))
    assert field_of(mette.get(f"/staff/goals/{goal.id}").text, "text") == phrase.bodies["da"]


def test_the_citizens_words_are_not_put_into_the_danish_field(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.proposed("selam", body="ክሰርሕ እደሊ", language="ti")
    page = mette.get(f"/staff/goals/{goal.id}").text
    assert field_of(page, "text") == ""
    assert "ክሰርሕ እደሊ" in page.split('id="twin"')[1]


def test_a_step_is_added_by_one_press_or_by_words(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    address = f"/staff/goals/{goal.id}/steps"
    piece = mette.post(address, data={"phrase": "meet_on_time"}, headers=HTMX).text
    assert piece.lstrip().startswith('<section class="card" id="steps"')
    assert phrase_bank()["meet_on_time"].bodies["da"] in piece
    assert mette.post(address, data={"body": "Jeg tager bussen"}).location == f"/staff/goals/{goal.id}"
    refused = mette.post(address, data={"body": "x" * 201}, headers=HTMX)
    assert refused.status_code == 422
    assert "x" * 201 in refused.text
    assert "This is too long." in refused.text


def test_staffs_screen_hears_what_the_citizen_sees_only_when_it_changed(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    page = mette.get(f"/staff/goals/{goal.id}").text
    address = re.findall(r'hx-get="(/staff/[^"]+live[^"]*)"', page)[0]
    assert mette.get(address, headers=HTMX).status_code == 204
    plan.do("mette", actions.open_together, goal)
    plan.do("selam", actions.change_words, goal, "why", Wording("ምኽንያት", "ti"), seen_version=0)
    piece = mette.get(address, headers=HTMX)
    assert piece.text.lstrip().startswith('<section id="twin"')
    assert "ምኽንያት" in piece.text
    assert mette.get(address).location == f"/staff/goals/{goal.id}"


def test_the_screen_tells_when_the_citizen_is_there_and_when_she_has_gone(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    plan.do("mette", actions.open_together, goal)
    address = f"/staff/goals/{goal.id}/live"
    assert "Selam is here" not in mette.get(address, headers=HTMX).text
    actions.citizen_is_here(plan.session, goal, now=datetime.now(UTC))
    plan.session.commit()
    assert "Selam is here" in mette.get(address, headers=HTMX).text
    plan.session.execute(update(WritingTogether).values(citizen_seen_at=datetime.now(UTC) - timedelta(minutes=1)))
    plan.session.commit()
    assert "Selam is here" not in mette.get(address, headers=HTMX).text


@pytest.mark.parametrize("headers", [None, HTMX])
def test_the_code_leads_the_citizens_phone_to_the_goal(
    plan: Plan, mette: FlaskClient, app: Flask, headers: Any
) -> None:
    goal = plan.draft()
    page = mette.post(f"/staff/goals/{goal.id}/together", headers=headers).text
    assert ("<html" in page) is (headers is None)
    assert "<svg" in page.split('class="qr"')[1]
    first, last = re.findall(r'class="code"><bdi dir="ltr">(\w{4}) (\w{4})</bdi>', page)[0]
    phone = app.test_client()
    assert phone.post("/connect", data={"code": f"{first} {last}"}).location == f"/goals/{goal.id}"
    shown = phone.get(f"/goals/{goal.id}")
    assert shown.status_code == 200
    assert "Jeg vil arbejde" in shown.text
    assert 'hx-trigger="every 2s"' in shown.text


def test_a_repeated_press_makes_no_second_code_and_leads_to_the_goal(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.draft()
    answers = [mette.post(f"/staff/goals/{goal.id}/together", data={"request_id": "once"}) for _ in range(2)]
    assert answers[0].status_code == 200
    assert (answers[1].status_code, answers[1].location) == (303, f"/staff/goals/{goal.id}")
    assert plan.all(select(func.count()).select_from(ConnectCode)) == [(1,)]


def test_older_danish_words_can_be_vouched_for(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.agreed()
    plan.do("selam", actions.change_words, goal, "text", Wording("ሓድሽ", "ti"), seen_version=1)
    page = mette.get(f"/staff/goals/{goal.id}").text
    assert "They still say the same" in page
    address = f"/goals/{goal.id}/texts/{goal.text_id}/vouch"
    assert address in page
    assert mette.post(address, data={"language": "da"}).location == f"/staff/goals/{goal.id}"
    assert "They still say the same" not in mette.get(f"/staff/goals/{goal.id}").text
    marks = plan.all(select(Rendering.mark).filter_by(text_id=goal.text_id, language="da"))
    assert marks == [("checked",)]


def test_an_interpreters_words_are_written_down_line_by_line(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.agreed()
    address = f"/staff/goals/{goal.id}/languages"
    page = mette.get(address).text
    assert "Tigrinya" in page
    assert page.count("<textarea") == 1
    answer = mette.post(address, data={"text_id": goal.text_id, "body": "ክሰርሕ እደሊ"})
    assert answer.location == address
    assert "ክሰርሕ እደሊ" in mette.get(address).text
    assert plan.fresh(goal).status == "agreed"


@ON_SQLITE
@pytest.mark.parametrize("body", ["", "\u200f", "x" * 401, "010100-0000"])
def test_a_line_that_cannot_be_saved_is_shown_again_beside_its_field(plan: Plan, mette: FlaskClient, body: str) -> None:
    goal = plan.agreed()
    answer = mette.post(f"/staff/goals/{goal.id}/languages", data={"text_id": goal.text_id, "body": body})
    assert answer.status_code == 422
    assert 'id="body-error"' in answer.text
    assert field_of(answer.text, f"text-{goal.text_id}") == body.strip("\u200f")


def test_the_citizens_own_words_cannot_be_said_again_for_her(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.proposed("selam", body="ክሰርሕ እደሊ", language="ti")
    address = f"/staff/goals/{goal.id}/languages"
    page = mette.get(address).text
    assert "ክሰርሕ እደሊ" in page
    assert "<textarea" not in page
    assert mette.post(address, data={"text_id": goal.text_id, "body": "ካልእ"}).status_code == 409
    assert plan.all(select(Rendering.body)) == [("ክሰርሕ እደሊ",)]


@ON_SQLITE
@pytest.mark.parametrize("text_id", ["", "x", "0", "999999"])
def test_a_line_of_no_text_of_this_goal_is_not_found(plan: Plan, mette: FlaskClient, text_id: str) -> None:
    goal = plan.agreed()
    answer = mette.post(f"/staff/goals/{goal.id}/languages", data={"text_id": text_id, "body": "ቃላት"})
    assert answer.status_code == 404


def test_reading_a_goal_is_logged_and_the_screens_asking_for_news_is_not(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.agreed()
    mette.get(f"/staff/goals/{goal.id}")
    for _ in range(2):
        mette.get(f"/staff/goals/{goal.id}/live", headers=HTMX)
    logged = plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged == [(plan.cast.selam, plan.cast.mette, "goal")]


def test_a_closed_goal_can_only_be_opened_again(plan: Plan, mette: FlaskClient) -> None:
    goal = plan.agreed()
    plan.do("mette", actions.put_aside, goal)
    page = mette.get(f"/staff/goals/{goal.id}").text
    assert "Open the goal again" in page
    assert "<textarea" not in page
    assert write(mette, goal, "x", 1).status_code == 409
