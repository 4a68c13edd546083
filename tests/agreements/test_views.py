"""The citizen's work agreement: she reads it, says yes, talks first, and decides what her mentor may read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from citizen_app.agreements import actions
from citizen_app.agreements.models import AgreementLine
from citizen_app.placements.models import Placement, Workplace
from tests.agreed import SECRET, Agreed, agreed, draft
from tests.home.test_views import MOST_SELECTS, sent
from tests.placed import placed
from tests.plan import HTMX, ON_SQLITE

__all__ = ["agreed", "draft", "placed"]

ClientOf = Callable[[str], FlaskClient]
MOST_STATEMENTS = 8
LONG = "ord " * 151


def address(agreed: Agreed, more: str = "") -> str:
    return f"/agreements/{agreed.number}{more}"


def line_of(agreed: Agreed, question: str) -> AgreementLine:
    line: AgreementLine = agreed.plan.all(select(AgreementLine).filter_by(question=question))[0][0]
    return line


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


def count(app: Flask, client: FlaskClient, path: str) -> int:
    with sent(app) as texts:
        assert client.get(path).status_code == 200
    return len([text for text in texts if not text.startswith("BEGIN")])


# --- Reading ------------------------------------------------------------------------------------------------


def test_she_reads_the_seven_questions_with_their_facts(agreed: Agreed, selam: FlaskClient) -> None:
    page = selam.get(address(agreed)).text
    assert re.findall(r'id="question-(\w+)"', page) == (
        "purpose task colleague place support milestone follow_up".split()
    )
    for words in ("I want to learn the work", "et bestik", SECRET, "Cafe Solsikken", "Torvet 1", "Jens", "00:00"):
        assert words in page
    assert "<bdi>Mette</bdi> said yes on" in page
    assert "We wait for your yes." in page
    assert "The mentor has not said yes yet." in page


def test_a_draft_is_not_there_for_her_and_she_is_told_kindly(draft: Agreed, selam: FlaskClient) -> None:
    page = selam.get(address(draft)).text
    assert "The agreement is not ready yet." in page
    assert SECRET not in page
    for more in ("/print", "/new/support", f"/lines/{line_of(draft, 'support').id}"):
        assert selam.get(address(draft, more)).status_code == 404
    assert selam.post(address(draft, "/yes"), data={"seen": draft.seen("selam")}).status_code == 409
    assert draft.versions() == []
    assert address(draft) not in selam.get("/").text


def test_it_is_nobody_elses(agreed: Agreed, client_of: ClientOf) -> None:
    line = line_of(agreed, "support").id
    for name, status in (("yusuf", 404), ("olena", 404), ("mette", 403), ("jens", 403), ("bodil", 403)):
        client = client_of(name)
        for more in ("", "/print", "/new/support", f"/lines/{line}"):
            assert client.get(address(agreed, more)).status_code == status, (name, more)
        for more in ("/yes", f"/lines/{line}/share", f"/lines/{line}/remove"):
            assert client.post(address(agreed, more), data={"seen": "x"}).status_code == status, (name, more)
    assert line_of(agreed, "support").is_shared is False


def test_the_page_costs_at_most_eight_statements(agreed: Agreed, app: Flask, selam: FlaskClient) -> None:
    few = count(app, selam, address(agreed))
    assert few <= MOST_STATEMENTS
    for number in range(6):
        agreed.add("place", f"Sted {number}")
        agreed.add("support", f"Hjælp {number}")
    agreed.talk("selam", "ሰዓታት")
    assert count(app, selam, address(agreed)) == few


def test_today_asks_and_still_costs_seven_selects(agreed: Agreed, app: Flask, selam: FlaskClient) -> None:
    with sent(app) as texts:
        page = selam.get("/").text
    assert "Do you agree to your work agreement?" in page
    assert f'href="{address(agreed)}"' in page
    assert len([text for text in texts if text.startswith("SELECT")]) <= MOST_SELECTS
    agreed.talk("selam")
    assert "Do you agree" not in selam.get("/").text
    agreed.yes("selam")
    assert "Do you agree" not in selam.get("/").text
    agreed.add("place", "Bagdøren")
    assert "Do you agree" in selam.get("/").text


def test_her_hours_lead_to_it(agreed: Agreed, selam: FlaskClient) -> None:
    assert f'href="{address(agreed)}"' in selam.get("/attendance").text


# --- Saying yes, or talking first ---------------------------------------------------------------------------


def test_she_says_yes_without_script(agreed: Agreed, selam: FlaskClient) -> None:
    page = selam.get(address(agreed)).text
    for _time in range(2):
        answer = selam.post(address(agreed, "/yes"), data={"seen": seen_on(page), "request_id": "twice"})
        assert (answer.status_code, answer.location) == (303, address(agreed))
    assert agreed.versions() == [(1, "staff"), (1, "citizen")]
    after = selam.get(address(agreed)).text
    assert "<bdi>Selam</bdi> said yes on" in after
    assert "I agree" not in after


def test_a_yes_to_an_older_page_is_asked_again(agreed: Agreed, selam: FlaskClient) -> None:
    seen = seen_on(selam.get(address(agreed)).text)
    agreed.add("place", "Bagdøren")
    answer = selam.post(address(agreed, "/yes"), data={"seen": seen})
    assert answer.status_code == 409
    assert "The agreement has just been changed." in answer.text
    assert "Bagdøren" in answer.text
    assert agreed.versions() == [(1, "staff")]
    assert selam.post(address(agreed, "/yes"), data={"seen": seen_on(answer.text)}).status_code == 303
    for bad in ({}, {"seen": ""}, {"seen": "x" * 5000}):
        agreed.add("milestone", f"Nyt {len(str(bad))}")
        assert selam.post(address(agreed, "/yes"), data=bad).status_code == 409


def test_she_talks_first(agreed: Agreed, selam: FlaskClient) -> None:
    fields = {"id": "0123456789abcdef", "words": "  Tiden om\nmorgenen "}
    for _time in range(2):
        assert selam.post(address(agreed, "/talk"), data=fields).status_code == 303
    assert [talk[:2] for talk in agreed.talks()] == [("citizen", "Tiden om morgenen")]
    page = selam.get(address(agreed)).text
    assert "You want to talk first." in page
    assert "I agree" in page


@ON_SQLITE
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": "x" * 301}, "This is too long. Use at most 300 letters."),
        ({"words": "Ring om 010190-1234"}, "Please do not write a CPR number here."),
    ],
)
def test_a_wish_that_cannot_be_taken_keeps_its_words(
    agreed: Agreed, selam: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    answer = selam.post(address(agreed, "/talk"), data={"id": "0123456789abcdef", **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert fields["words"] in answer.text
    assert agreed.talks() == []
    assert selam.post(address(agreed, "/talk"), data={"id": "'; drop", "words": ""}).status_code == 422


# --- What she needs -----------------------------------------------------------------------------------------


def test_she_decides_what_her_mentor_may_read(agreed: Agreed, selam: FlaskClient) -> None:
    line = line_of(agreed, "support").id
    press = address(agreed, f"/lines/{line}")
    assert "Your mentor cannot read this." in selam.get(address(agreed)).text
    assert selam.post(f"{press}/share", data={"seen_version": "1"}).location == address(agreed)
    assert line_of(agreed, "support").is_shared is True
    piece = selam.post(f"{press}/keep", headers=HTMX)
    assert piece.status_code == 200
    assert piece.text.strip().startswith('<div id="agreement"')
    assert "Your mentor cannot read this." in piece.text
    assert line_of(agreed, "support").is_shared is False


def test_words_that_she_has_not_seen_are_not_shared_from_an_older_page(agreed: Agreed, selam: FlaskClient) -> None:
    need = line_of(agreed, "support")
    press = address(agreed, f"/lines/{need.id}/share")
    assert 'name="seen_version" value="1"' in selam.get(address(agreed)).text
    agreed.change(need, "Jeg har en diagnose")
    for headers in ({}, HTMX):
        for fields in ({"seen_version": "1"}, {}, {"seen_version": "x"}, {"seen_version": "9" * 30}):
            answer = selam.post(press, data=fields, headers=headers)
            assert answer.status_code == 409
            assert "The words have just been changed. Read them before you share them." in answer.text
            assert "Jeg har en diagnose" in answer.text
            assert 'name="seen_version" value="2"' in answer.text
            assert agreed.plan.fresh(need).is_shared is False
    assert selam.post(press, data={"seen_version": "2"}).status_code == 303
    assert agreed.plan.fresh(need).is_shared is True


def test_she_adds_by_picture_and_in_her_own_words(agreed: Agreed, selam: FlaskClient) -> None:
    assert "Speak slowly to me" in selam.get(address(agreed, "/new/support")).text
    assert selam.post(address(agreed, "/new/support"), data={"phrase": "speak_slowly"}).status_code == 303
    assert selam.post(address(agreed, "/new/milestone"), data={"body": "I cook alone"}).status_code == 303
    page = selam.get(address(agreed)).text
    assert "Speak slowly to me" in page
    assert "I cook alone" in page
    assert "I agree" in page
    rows = agreed.plan.all(select(AgreementLine.question, AgreementLine.is_shared).filter_by(added_by_side="citizen"))
    assert {tuple(row) for row in rows} == {("support", False), ("milestone", True)}


@ON_SQLITE
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"body": ""}, "Write a few words."),
        ({"body": LONG}, "This is too long. Use at most 300 letters."),
        ({"body": "Mit nummer er 010190 1234"}, "Please do not write a CPR number here."),
        ({"phrase": "wash_up"}, "Write a few words."),
        ({"phrase": "nothing"}, "Write a few words."),
    ],
)
def test_what_cannot_be_taken_is_said_and_kept(
    agreed: Agreed, selam: FlaskClient, fields: dict[str, Any], sentence: str
) -> None:
    answer = selam.post(address(agreed, "/new/support"), data=fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert fields.get("body", "").strip() in answer.text
    assert len(agreed.standing().content.lines) == 3


def test_a_ninth_answer_is_kindly_refused(agreed: Agreed, selam: FlaskClient) -> None:
    for number in range(8):
        agreed.add("milestone", f"Mål {number}")
    assert "/new/milestone" not in selam.get(address(agreed)).text
    answer = selam.post(address(agreed, "/new/milestone"), data={"body": "One more"})
    assert answer.status_code == 409
    assert "This question has eight answers." in answer.text
    assert "One more" in answer.text


def test_only_three_questions_are_hers(agreed: Agreed, selam: FlaskClient) -> None:
    for question in ("task", "place", "nonsense"):
        assert selam.post(address(agreed, f"/new/{question}"), data={"body": "x"}).status_code == 404
    task = line_of(agreed, "task").id
    assert selam.get(address(agreed, f"/lines/{task}")).status_code == 404
    assert selam.post(address(agreed, f"/lines/{task}/remove")).status_code == 403
    assert selam.post(address(agreed, "/lines/999999/share")).status_code == 404


def test_her_new_words_and_staffs_stand_side_by_side(agreed: Agreed, selam: FlaskClient) -> None:
    need = line_of(agreed, "support")
    page = selam.get(address(agreed, f"/lines/{need.id}"))
    assert 'name="seen_version" value="1"' in page.text
    agreed.change(need, "Giv mig pauser")
    answer = selam.post(address(agreed, f"/lines/{need.id}"), data={"body": "I need rest", "seen_version": "1"})
    assert answer.status_code == 409
    assert "Giv mig pauser" in answer.text
    assert "I need rest" in answer.text
    assert 'name="seen_version" value="2"' in answer.text
    saved = selam.post(address(agreed, f"/lines/{need.id}"), data={"body": "I need rest", "seen_version": "2"})
    assert saved.status_code == 303
    assert "I need rest" in selam.get(address(agreed)).text
    assert selam.post(address(agreed, f"/lines/{need.id}"), data={"body": "x"}).status_code == 422


def test_words_for_what_was_taken_out_meanwhile_can_be_added_again(agreed: Agreed, selam: FlaskClient) -> None:
    need = line_of(agreed, "support")
    page = address(agreed, f"/lines/{need.id}")
    agreed.do("mette", actions.remove_line, need.id)
    assert selam.get(page).status_code == 404
    answer = selam.post(page, data={"body": "I need rest", "seen_version": "1"})
    assert answer.status_code == 409
    assert "This was taken out meanwhile." in answer.text
    assert ">I need rest</textarea>" in answer.text.replace("\r\n", "")
    assert f'action="{address(agreed, "/new/support")}"' in answer.text
    assert selam.post(address(agreed, "/new/support"), data={"body": "I need rest"}).status_code == 303
    task = agreed.add("task", "Vaske")
    agreed.do("mette", actions.remove_line, task.id)
    assert selam.post(address(agreed, f"/lines/{task.id}"), data={"body": "x", "seen_version": "1"}).status_code == 404
    assert selam.post(address(agreed, "/lines/999999"), data={"body": "x", "seen_version": "1"}).status_code == 404


def test_she_takes_out_what_is_hers_but_not_the_last_purpose(agreed: Agreed, selam: FlaskClient) -> None:
    need, purpose = line_of(agreed, "support").id, line_of(agreed, "purpose").id
    assert selam.post(address(agreed, f"/lines/{need}/remove")).status_code == 303
    assert SECRET not in selam.get(address(agreed)).text
    refused = selam.post(address(agreed, f"/lines/{purpose}/remove"))
    assert refused.status_code == 409
    assert "The agreement needs a purpose and a task." in refused.text


def test_after_the_last_day_an_agreement_stays_as_it_was_agreed(agreed: Agreed, selam: FlaskClient) -> None:
    plan = agreed.plan
    plan.session.get_one(Placement, agreed.number).last_day = agreed.placed.today - timedelta(days=1)
    plan.session.commit()
    for name in ("mette", "selam", "jens"):
        agreed.yes(name)
    plan.session.get_one(Workplace, agreed.placed.workplace.id).address = "Havnen 2"
    plan.session.commit()
    page = selam.get(address(agreed)).text
    assert "<bdi>Selam</bdi> said yes on" in page
    assert "We wait for your yes." not in page
    assert "I agree" not in page


# --- Paper --------------------------------------------------------------------------------------------------


def test_her_paper_has_danish_beside_her_language(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.plan.speak("selam", "ar")
    page = client_of("selam").get(address(agreed, "/print")).text
    assert '<th scope="col" lang="ar" dir="rtl">' in page
    assert SECRET in page
    assert "Jeg vil lære arbejdet" in page
    other = client_of("selam").get(address(agreed, "/print?language=pl")).text
    assert '<th scope="col" lang="pl" dir="ltr">' in other
    for odd in ("da", "xx", "../etc"):
        assert client_of("selam").get(address(agreed, f"/print?language={odd}")).status_code == 200


def test_a_danish_reader_gets_a_second_language_anyway(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.plan.speak("selam", "da", second_language=None)
    assert '<th scope="col" lang="en"' in client_of("selam").get(address(agreed, "/print")).text


def test_after_a_change_she_is_asked_again(agreed: Agreed, selam: FlaskClient) -> None:
    agreed.everybody_agrees()
    agreed.do("mette", actions.remove_line, line_of(agreed, "support").id)
    page = selam.get(address(agreed)).text
    assert "We wait for your yes." in page
    assert "I agree" in page
