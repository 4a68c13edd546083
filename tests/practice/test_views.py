"""The learner's pages: how far she is, a session with and without script, her phone's pack, and the tick "used"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from citizen_app.practice.models import WordAnswer, WordCard
from citizen_app.practice.queries import learning, wishes_of
from citizen_app.words.actions import Brought, suggest_word
from citizen_app.words.queries import shipped, shipped_deck
from tests.plan import HTMX, ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]


def pack_of(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/practice/pack")
    assert answer.status_code == 200
    assert isinstance(answer.json, dict)
    return answer.json


def send(client: FlaskClient, *answers: Any) -> int:
    return client.post("/practice/answers", json=list(answers)).status_code


def one(number: int = 1, word: str = "spand", **more: Any) -> dict[str, Any]:
    at = int(datetime.now(UTC).timestamp() * 1000)
    return {"id": f"abcdef00{number:02}", "word": word, "knew": True, "exercise": "see", "at": at} | more


def make_due(plan: Plan) -> None:
    for card in plan.session.scalars(select(WordCard)):
        card.due_at = plan.now - timedelta(days=1)
        card.answered_at = plan.now - timedelta(days=3)
        card.begun_at = plan.now - timedelta(days=5)
    plan.session.commit()


# --- Pages --------------------------------------------------------------------------------------------------


def test_the_own_page_offers_practice_and_shows_two_layers(selam: FlaskClient) -> None:
    page = selam.get("/practice").text
    assert 'href="/practice/session"' in page
    assert "You know 0 words." in page
    assert "You have used 0 words at work." in page
    assert page.count('<i class="bead') == 100
    assert not re.search(r"\d\s*%|score|streak", page)


def test_what_is_known_and_used_is_coloured(selam: FlaskClient, plan: Plan) -> None:
    send(selam, one())
    selam.post("/practice/used/kost", data={"used": "yes"})
    card = plan.session.scalars(select(WordCard)).one()
    card.known_since = plan.now
    plan.session.commit()
    page = selam.get("/practice").text
    assert (page.count('class="bead bead-known"></i>'), page.count('class="bead bead-used"></i>')) == (1, 1)
    assert "You know 1 word." in page


def test_when_all_is_done_the_page_says_so_and_gives_no_number(selam: FlaskClient) -> None:
    send(selam, *(one(number, key) for number, key in enumerate(pack_of(selam)["today"])))
    page = selam.get("/practice").text
    assert "That was today&#39;s practice." in page
    assert 'href="/practice/session"' not in page.split("</main>")[0]


def test_a_line_of_work_brings_its_deck(selam: FlaskClient, plan: Plan) -> None:
    form = {"branches": ["kitchen", "care"], "new_a_day": "3", "likes_writing": "y"}
    assert selam.post("/practice/wishes", data=form).location == "/practice"
    wishes = wishes_of(plan.session, plan.cast.solby, plan.cast.selam)
    assert (wishes.branches, wishes.new_a_day, wishes.due_a_day, wishes.likes_writing) == (
        ("kitchen", "care"),
        3,
        6,
        True,
    )
    page = selam.get("/practice").text
    assert page.count('<i class="bead') == 152
    assert len(pack_of(selam)["today"]) == 3


@ON_SQLITE
@pytest.mark.parametrize("form", [{"branches": "banking", "new_a_day": "5"}, {"new_a_day": "500"}, {}])
def test_wishes_that_do_not_exist_are_refused(selam: FlaskClient, form: dict[str, str]) -> None:
    assert selam.post("/practice/wishes", data=form).status_code == 422


@pytest.mark.parametrize("name", ["mette", "jens", "bodil"])
@pytest.mark.parametrize("address", ["/practice", "/practice/session", "/practice/pack", "/practice/wishes"])
def test_the_learners_pages_are_for_citizens(client_of: ClientOf, name: str, address: str) -> None:
    assert client_of(name).get(address).status_code == 403


def test_today_shows_the_words_of_the_next_session(selam: FlaskClient) -> None:
    today = selam.get("/").text
    for key in pack_of(selam)["today"][:5]:
        assert f'href="/words/{key}"' in today


# --- A session without script -------------------------------------------------------------------------------


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split("<word-practice")[1]))


def test_without_script_a_session_goes_card_by_card_to_its_end(selam: FlaskClient, plan: Plan) -> None:
    seen = []
    for _card in range(5):
        page = selam.get("/practice/session").text
        form = fields(page)
        seen.append(form["word"])
        answer = selam.post("/practice/answers", data=form | {"knew": "yes"})
        assert (answer.status_code, answer.location) == (303, "/practice/session")
    assert seen == [word.key for word in shipped_deck("core")[:5]]
    assert "That was today&#39;s practice." in selam.get("/practice/session").text.split("<template")[0]
    assert plan.all(select(WordAnswer.exercise).distinct()) == [("card",)]


def test_a_form_sent_twice_is_one_answer(selam: FlaskClient, plan: Plan) -> None:
    form = fields(selam.get("/practice/session").text) | {"knew": "no"}
    for _time in range(2):
        assert selam.post("/practice/answers", data=form).status_code == 303
    assert len(plan.all(select(WordAnswer))) == 1


def test_the_card_hides_the_meaning_until_it_is_wanted(selam: FlaskClient) -> None:
    page = selam.get("/practice/session").text.split("<word-practice")[1].split("</word-practice>")[0]
    first = shipped_deck("core")[0]
    assert first.meaning("en").text in page.split("<details>")[1]
    assert (
        first.meaning("en").text not in page.split("<details>")[0].replace(f'value="{first.key}"', "").split("<h2")[0]
    )


# --- Answers ------------------------------------------------------------------------------------------------


def test_a_phone_sends_many_answers_at_once(selam: FlaskClient, plan: Plan) -> None:
    answer = selam.post("/practice/answers", json=[one(1), one(2, "kost"), one(1)])
    assert (answer.status_code, answer.json) == (200, {"new": 2})
    assert set(learning(plan.session, plan.cast.solby, plan.cast.selam).cards) == {"spand", "kost"}


def test_a_replayed_answer_changes_nothing(selam: FlaskClient, plan: Plan) -> None:
    answer = one()
    send(selam, answer)
    before = plan.all(select(WordCard.due_at, WordCard.stability))
    assert selam.post("/practice/answers", json=[answer]).json == {"new": 0}
    assert plan.all(select(WordCard.due_at, WordCard.stability)) == before


def test_answers_to_foreign_words_are_not_found_and_nothing_is_kept(selam: FlaskClient, plan: Plan) -> None:
    karen = plan.actor("karen")
    subject = plan.subject.__class__(plan.cast.solby, plan.cast.yusuf, frozenset({plan.cast.karen}))
    row = suggest_word(plan.session, karen, subject, Brought("symaskine"), plan.now)
    plan.session.commit()
    assert send(selam, one(1), one(2, row.key)) == 404
    assert send(selam, one(1, "unknown")) == 404
    assert plan.all(select(WordAnswer)) == []


@ON_SQLITE
@pytest.mark.parametrize(
    "sent",
    [
        "text",
        {"id": "abcdef0001"},
        [1],
        [one() | {"knew": "yes"}],
        [one() | {"knew": None}],
        [one() | {"exercise": "guess"}],
        [one() | {"id": "'; drop table"}],
        [one() | {"id": 5}],
        [one() | {"word": ""}],
        [one() | {"word": "x" * 61}],
        [one()] * 501,
    ],
)
def test_what_is_no_answer_is_refused(selam: FlaskClient, plan: Plan, sent: Any) -> None:
    answer = selam.post("/practice/answers", data=json.dumps(sent), content_type="application/json")
    assert answer.status_code == 400
    assert plan.all(select(WordAnswer)) == []


@ON_SQLITE
@pytest.mark.parametrize("at", [None, "now", -1, 10**20, 1.5, True])
def test_a_time_that_is_no_time_loses_no_answer(selam: FlaskClient, plan: Plan, at: Any) -> None:
    assert send(selam, one(at=at)) == 200
    (answered,) = plan.all(select(WordAnswer.answered_at))[0]
    assert abs(answered - datetime.now(UTC)) < timedelta(minutes=1)


# --- The pack -----------------------------------------------------------------------------------------------


def test_the_pack_holds_the_own_decks_with_all_that_a_card_needs(selam: FlaskClient, plan: Plan) -> None:
    pack = pack_of(selam)
    assert pack["learner"] == plan.cast.selam
    assert [word["key"] for word in pack["words"]] == [word.key for word in shipped_deck("core")]
    spand = next(word for word in pack["words"] if word["key"] == "spand")
    assert (spand["article"], spand["lemma"], spand["forms"]) == ("en", "spand", ["spanden"])
    assert (spand["language"], spand["meaning"]) == ("en", shipped()["spand"].meaning("en").text)
    assert spand["exampleMeaning"] == shipped()["spand"].meaning("en").example
    assert len(spand["wrong"]) == 6
    assert spand["card"] is None
    for address in (spand["picture"], *(spand["sounds"][kind] for kind in ("opus", "mp3", "slow_opus", "slow_mp3"))):
        assert address.startswith("/static/")


def test_the_pack_tells_what_is_due_and_how_far_off_each_answer_puts_it(selam: FlaskClient, plan: Plan) -> None:
    send(selam, one())
    make_due(plan)
    pack = pack_of(selam)
    assert "spand" in pack["today"]
    card = next(word["card"] for word in pack["words"] if word["key"] == "spand")
    knew, missed = card["days"]
    assert knew > missed >= 1
    assert pack["fresh"][0] >= pack["fresh"][1] >= 1


def test_the_pack_holds_nothing_of_anybody_else(selam: FlaskClient, client_of: ClientOf) -> None:
    send(client_of("yusuf"), one())
    assert all(word["card"] is None for word in pack_of(selam)["words"])


def test_a_session_starts_with_four_statements(selam: FlaskClient, plan: Plan, app: Any) -> None:
    send(selam, *(one(number, word.key) for number, word in enumerate(shipped_deck("core")[:60])))
    make_due(plan)
    engine: Engine = app.extensions["engine"]
    for address, most in (("/practice/session", 4), ("/practice/pack", 3)):
        sent: list[str] = []

        def note(_c: Any, _k: Any, statement: str, *_more: Any, sent: list[str] = sent) -> None:
            sent.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        assert selam.get(address).status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        selects = [statement for statement in sent if statement.lstrip().upper().startswith(("SELECT", "WITH", "("))]
        assert len(selects) <= most, sent


def test_the_pocket_page_is_public_and_holds_nothing_of_anybody(client: FlaskClient, selam: FlaskClient) -> None:
    for phone in (client, selam):
        answer = phone.get("/practice/pocket", headers={"Accept-Language": "en"})
        assert answer.status_code == 200
        assert "Selam" not in answer.text
        assert "csrf" not in answer.text
    assert client.get("/practice/pocket", headers={"Accept-Language": "ar"}).headers["Content-Language"] == "ar"


# --- Used at work -------------------------------------------------------------------------------------------


def test_a_word_is_ticked_and_unticked(selam: FlaskClient, plan: Plan) -> None:
    assert 'aria-pressed="false"' in selam.get("/words/kost").text.split('id="used"')[1]
    assert selam.post("/practice/used/kost", data={"used": "yes"}).location == "/words/kost"
    assert 'aria-pressed="true"' in selam.get("/words/kost").text.split('id="used"')[1]
    piece = selam.post("/practice/used/kost", data={"used": "no"}, headers=HTMX).text
    assert piece.lstrip().startswith('<form class="row" id="used"')
    assert learning(plan.session, plan.cast.solby, plan.cast.selam).used == {}


def test_a_word_that_is_not_there_cannot_be_ticked(selam: FlaskClient) -> None:
    assert selam.post("/practice/used/unknown", data={"used": "yes"}).status_code == 404


def test_nobody_else_has_the_tick_on_a_words_page(mette: FlaskClient) -> None:
    assert 'id="used"' not in mette.get("/words/kost").text


def test_a_word_approved_today_is_first_in_the_five(selam: FlaskClient, plan: Plan) -> None:
    row = suggest_word(plan.session, plan.actor("mette"), plan.subject, Brought("piskeris"), plan.now)
    plan.session.commit()
    assert pack_of(selam)["today"][0] == row.key
    assert f'href="/words/{row.key}"' in selam.get("/").text
