"""The work agreement on staff's side: writing it, showing it, who has said yes, versions, paper, the morning list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from citizen_app.agreements import actions
from citizen_app.agreements.models import AgreementLine, AgreementVersion, WorkAgreement
from citizen_app.agreements.queries import SILENCE
from citizen_app.agreements.rules import Question
from citizen_app.people.models import AccessLogEntry
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import MentorFacts
from citizen_app.placements.models import Placement, PlacementMentor
from tests.agreed import SECRET, Agreed, agreed, draft
from tests.placed import Placed, placed
from tests.plan import ON_SQLITE

__all__ = ["agreed", "draft", "placed"]

ClientOf = Callable[[str], FlaskClient]
MOST_STATEMENTS = 13


def address(agreed: Agreed, more: str = "") -> str:
    return f"/staff/placements/{agreed.number}/agreement{more}"


def need_of(agreed: Agreed) -> AgreementLine:
    line: AgreementLine = agreed.plan.all(select(AgreementLine).filter_by(question="support"))[0][0]
    return line


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


# --- Writing ------------------------------------------------------------------------------------------------


def test_an_agreement_is_written_shown_and_read(placed: Placed, mette: FlaskClient) -> None:
    new = Agreed(placed)
    page = mette.get(address(new)).text
    assert "A draft" in page
    assert "1. What is the work here for?" in page
    refused = mette.post(address(new, "/show"), data={"seen": seen_on(page)})
    assert refused.status_code == 409
    assert "The agreement needs a purpose and a task." in refused.text
    for question in Question:
        fields = {"body": f"Ord om {question.value}"}
        answer = mette.post(address(new, f"/new/{question.value}"), data=fields)
        assert (answer.status_code, answer.location) == (303, f"{address(new)}#question-{question.value}")
    mette.post(address(new, "/new/task"), data={"phrase": "wash_up"})
    mette.post(address(new, "/new/task"), data={"body": "Jeg dækker bord", "word_key": "bestik"})
    page = mette.get(address(new)).text
    for words in (
        "Ord om purpose",
        "Ord om follow_up",
        "Jeg vasker op",
        "et bestik",
        '<span class="soft" lang="ti">',
        "LIX",
    ):
        assert words in page
    shown = mette.post(address(new, "/show"), data={"seen": seen_on(page)})
    assert shown.status_code == 303
    page = mette.get(address(new)).text
    assert "<bdi>Mette</bdi> said yes on" in page
    assert "Waits for an answer" in mette.get(f"/staff/placements/{new.number}").text
    new.everybody_agrees()
    assert "Agreed by everybody" in mette.get(address(new)).text
    assert "Agreed by everybody" in mette.get(f"/staff/placements/{new.number}").text


@ON_SQLITE
@pytest.mark.parametrize(
    ("question", "fields", "sentence"),
    [
        ("place", {"body": ""}, "Write a few words."),
        ("place", {"body": "x" * 601}, "This is too long. Use at most 300 letters."),
        ("place", {"body": "Ring til 010190-1234"}, "Please do not write a CPR number here."),
        ("place", {"phrase": "speak_slowly"}, "Write a few words."),
        ("task", {"body": "Jeg vasker", "word_key": "kniv"}, "We did not understand this answer."),
        ("task", {"body": "Jeg vasker", "word_key": "'; drop"}, "We did not understand this answer."),
        ("place", {"body": "Døren", "word_key": "bestik"}, "We did not understand this answer."),
    ],
)
def test_what_cannot_be_taken_is_said_and_kept(
    draft: Agreed, mette: FlaskClient, question: str, fields: dict[str, str], sentence: str
) -> None:
    answer = mette.post(address(draft, f"/new/{question}"), data=fields)
    assert answer.status_code == 422
    assert fields.get("body", "") in answer.text
    assert "<details open>" in answer.text
    assert len(draft.standing().content.lines) == 3
    if question == "task" or "word_key" not in fields:
        assert sentence in answer.text


def test_an_unknown_question_is_no_page(draft: Agreed, mette: FlaskClient) -> None:
    assert mette.post(address(draft, "/new/salary"), data={"body": "x"}).status_code == 404


def test_two_who_write_at_once_see_both_texts(agreed: Agreed, mette: FlaskClient) -> None:
    need = need_of(agreed)
    page = address(agreed, f"/lines/{need.id}")
    assert SECRET in mette.get(page).text
    agreed.change(need, "Pauser, tak", "selam")
    answer = mette.post(page, data={"body": "Giv hende pauser", "seen_version": "1"})
    assert answer.status_code == 409
    assert "Pauser, tak" in answer.text
    assert "Giv hende pauser" in answer.text
    assert mette.post(page, data={"body": "Giv hende pauser", "seen_version": "2"}).status_code == 303
    assert "Giv hende pauser" in mette.get(address(agreed)).text
    assert mette.post(address(agreed, f"/lines/{need.id}/remove")).status_code == 303
    assert mette.get(page).status_code == 404


def test_staff_cannot_share_what_is_hers(agreed: Agreed, mette: FlaskClient) -> None:
    for verb in ("share", "keep"):
        assert mette.post(address(agreed, f"/lines/{need_of(agreed).id}/{verb}")).status_code == 404
        assert mette.post(f"/agreements/{agreed.number}/lines/{need_of(agreed).id}/{verb}").status_code == 403
    assert need_of(agreed).is_shared is False


def test_the_lines_are_said_in_her_language_with_an_interpreter(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.plan.speak("mette", "en")
    mette, need = client_of("mette"), need_of(agreed)
    page = address(agreed, "/languages")
    assert SECRET in mette.get(page).text
    said = {"text_id": str(need.text_id), "seen_version": "1", "body": "ሕቖይ የሕምመኒ"}
    assert mette.post(page, data=said).status_code == 303
    assert "ሕቖይ የሕምመኒ" in mette.get(address(agreed)).text
    agreed.change(need, "Jeg løfter ikke")
    assert "Older words" in mette.get(address(agreed)).text
    vouch = address(agreed, f"/lines/{need.id}/vouch")
    assert mette.post(vouch, data={"language": "ti", "seen_version": "2"}).status_code == 303
    assert "Older words" not in mette.get(address(agreed)).text
    assert mette.post(vouch, data={"language": "xx", "seen_version": "2"}).status_code == 404
    assert mette.post(vouch, data={"language": "pl", "seen_version": "2"}).status_code == 404
    for body in ("", "010190-1234", "x" * 401):
        refused = mette.post(page, data=said | {"seen_version": "2", "body": body})
        assert (refused.status_code, body in refused.text) == (422, True)
    assert mette.post(page, data=said | {"text_id": "999999"}).status_code == 404


def test_an_interpreters_words_for_older_words_are_asked_again(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.plan.speak("mette", "en")
    mette, need = client_of("mette"), need_of(agreed)
    agreed.say_in(need, "ti", "ሕቖይ")
    said = {"text_id": str(need.text_id), "seen_version": "1", "body": "ሕቖይ የሕምመኒ"}
    agreed.change(need, "Jeg løfter ikke")
    for fields in (said, said | {"seen_version": "x"}, {**said, "seen_version": ""}):
        stale = mette.post(address(agreed, "/languages"), data=fields)
        assert stale.status_code == 409
        for words in (
            "ሕቖይ የሕምመኒ</textarea>",
            "Jeg løfter ikke",
            "Mette has just written something new.",
            'name="seen_version" value="2"',
        ):
            assert words in stale.text
    vouched = mette.post(address(agreed, f"/lines/{need.id}/vouch"), data={"language": "ti", "seen_version": "1"})
    assert vouched.status_code == 409
    assert "The words have just been changed." in vouched.text
    assert "Older words" in mette.get(address(agreed)).text
    assert mette.post(address(agreed, "/languages"), data=said | {"seen_version": "2"}).status_code == 303
    assert "Older words" not in mette.get(address(agreed)).text


def test_her_own_words_get_danish_ones(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.plan.speak("mette", "en")
    mette, need = client_of("mette"), agreed.add("support", "ዕረፍቲ", "selam")
    page = mette.get(address(agreed, "/languages")).text
    assert 'rows="2" maxlength="400" required lang="da"' in page
    said = {"text_id": str(need.text_id), "seen_version": "1", "body": "Giv mig pauser"}
    assert mette.post(address(agreed, "/languages"), data=said).status_code == 303
    for more in ("", "/languages"):
        page = mette.get(address(agreed, more)).text
        assert "Giv mig pauser" in page
        assert "ዕረፍቲ" in page
    assert agreed.text_version(need) == 1


def test_staffs_words_for_what_was_taken_out_meanwhile_can_be_added_again(agreed: Agreed, mette: FlaskClient) -> None:
    need = need_of(agreed)
    agreed.do("selam", actions.remove_line, need.id)
    fields = {"body": "Giv hende pauser", "seen_version": "1"}
    answer = mette.post(address(agreed, f"/lines/{need.id}"), data=fields)
    assert answer.status_code == 409
    assert "This was taken out meanwhile." in answer.text
    assert ">Giv hende pauser</textarea>" in answer.text
    assert "<details open>" in answer.text
    assert mette.post(address(agreed, "/lines/999999"), data=fields).status_code == 404


# --- Agreeing -----------------------------------------------------------------------------------------------


def test_staffs_own_yes_is_asked_again_after_a_change(agreed: Agreed, mette: FlaskClient) -> None:
    agreed.everybody_agrees()
    agreed.add("support", "ዕረፍቲ", "selam")
    page = mette.get(address(agreed)).text
    assert "Say yes to it as it stands" in page
    agreed.add("support", "ሓገዝ", "selam")
    stale = mette.post(address(agreed, "/agree"), data={"seen": seen_on(page)})
    assert stale.status_code == 409
    assert "ሓገዝ" in stale.text
    assert mette.post(address(agreed, "/agree"), data={"seen": seen_on(stale.text)}).status_code == 303
    assert agreed.waits_for == "citizen"
    assert mette.post(address(agreed, "/agree"), data={}).status_code == 303


def test_after_a_stale_press_a_draft_is_still_a_draft(draft: Agreed, mette: FlaskClient) -> None:
    seen = seen_on(mette.get(address(draft)).text)
    draft.add("place", "Bagdøren")
    stale = mette.post(address(draft, "/show"), data={"seen": seen})
    assert stale.status_code == 409
    assert "Say yes and show it" in stale.text
    assert "A draft" in stale.text
    assert draft.agreement_row().shown_at is None


def test_a_draft_cannot_be_agreed_to(draft: Agreed, mette: FlaskClient) -> None:
    assert mette.post(address(draft, "/agree"), data={"seen": draft.seen("mette")}).status_code == 409
    assert draft.versions() == []


def change_last_day(agreed: Agreed, mette: FlaskClient) -> None:
    day = agreed.placed.placement.last_day - timedelta(days=3)
    fields = {"last_day": str(day), "seen": "1"}
    assert mette.post(f"/staff/placements/{agreed.number}/last-day", data=fields).status_code == 303


def take_mentor_off(agreed: Agreed, mette: FlaskClient) -> None:
    jens = agreed.plan.cast.jens
    assert mette.post(f"/staff/placements/{agreed.number}/mentors/{jens}/remove").status_code == 303


def add_mentor(agreed: Agreed, mette: FlaskClient) -> None:
    fields = {"mentor_id": "0", "person_id": "0", "given_name": "Nadia", "kind": "language_mentor", "language": "da"}
    assert mette.post(f"/staff/placements/{agreed.number}/mentors", data=fields).status_code == 303


def move_workplace(agreed: Agreed, mette: FlaskClient) -> None:
    fields = {"name": "Cafe Solsikken", "branch": "kitchen", "address": "Havnen 2", "places": "1", "seen": "1"}
    assert mette.post(f"/staff/workplaces/{agreed.placed.workplace.id}", data=fields).status_code == 303


@pytest.mark.parametrize("happens", [change_last_day, take_mentor_off, add_mentor, move_workplace])
def test_what_staff_change_of_the_placement_asks_everybody_again(
    agreed: Agreed, mette: FlaskClient, happens: Callable[[Agreed, FlaskClient], None]
) -> None:
    agreed.everybody_agrees()
    happens(agreed, mette)
    assert agreed.waits_for == "mentor citizen staff"
    assert "The citizen has not said yes yet." in mette.get(address(agreed)).text


def test_without_a_mentor_the_page_says_that_nobody_can_say_yes(agreed: Agreed, mette: FlaskClient) -> None:
    agreed.everybody_agrees()
    take_mentor_off(agreed, mette)
    assert "There is no mentor yet, so nobody can say yes for the workplace." in mette.get(address(agreed)).text


def test_wishes_to_talk_are_read_and_settled(agreed: Agreed, mette: FlaskClient) -> None:
    key = agreed.talk("selam", "ሰዓታት")
    agreed.talk("jens", "Vi har travlt")
    page = mette.get(address(agreed)).text
    assert "ሰዓታት" in page
    assert "Vi har travlt" in page
    assert mette.post(address(agreed, f"/talks/{key}/settle")).status_code == 303
    assert "ሰዓታት" not in mette.get(address(agreed)).text
    for odd in ("unknown", "a%00bcdefgh", "%F0%9F%98%80" * 8, "x" * 5000):
        assert mette.post(address(agreed, f"/talks/{odd}/settle")).status_code == 404


# --- Versions and paper -------------------------------------------------------------------------------------


def test_an_older_version_is_read_as_it_was(agreed: Agreed, mette: FlaskClient) -> None:
    need = need_of(agreed)
    agreed.everybody_agrees()
    agreed.change(need, "Noget nyt")
    take_mentor_off(agreed, mette)
    agreed.yes("mette")
    first, second = (row[0] for row in agreed.plan.all(select(AgreementVersion.id).order_by(AgreementVersion.number)))
    old = mette.get(address(agreed, f"/versions/{first}")).text
    assert SECRET in old
    assert "Jens" in old
    assert "<bdi>Selam</bdi> said yes on" in old
    new = mette.get(address(agreed, f"/versions/{second}")).text
    assert "Noget nyt" in new
    assert SECRET not in new
    assert "There is no mentor yet." in new
    paper = mette.get(address(agreed, "/print?version=1")).text
    assert SECRET in paper
    assert "Udgave 1" in paper
    for number in ("3", "-1", "99999999999999999999"):
        assert mette.get(address(agreed, f"/print?version={number}")).status_code in {200, 404}
    assert mette.get(address(agreed, "/versions/999999")).status_code == 404


def test_paper_for_the_mentor_is_without_what_she_keeps_to_herself(agreed: Agreed, mette: FlaskClient) -> None:
    assert SECRET in mette.get(address(agreed, "/print")).text
    assert SECRET not in mette.get(address(agreed, "/print?for=mentor")).text
    assert SECRET not in mette.get(address(agreed, "/print?for=mentor&version=1")).text
    agreed.share(need_of(agreed))
    assert SECRET in mette.get(address(agreed, "/print?for=mentor")).text
    assert SECRET not in mette.get(address(agreed, "/print?for=mentor&version=1")).text


def test_after_the_last_day_staff_read_what_was_agreed(agreed: Agreed, mette: FlaskClient) -> None:
    plan = agreed.plan
    plan.session.get_one(Placement, agreed.number).last_day = agreed.placed.today - timedelta(days=1)
    plan.session.commit()
    for name in ("mette", "selam", "jens"):
        agreed.yes(name)
    move_workplace(agreed, mette)
    take_mentor_off(agreed, mette)
    page = mette.get(address(agreed)).text
    assert "Agreed by everybody" in page
    assert "Say yes to it as it stands" not in page


# --- Who may ------------------------------------------------------------------------------------------------


def test_a_reader_sees_what_the_mentor_sees_and_writes_nothing(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.plan.speak("karen", "en")
    karen, need = client_of("karen"), need_of(agreed)
    for more in ("", "/print", "/print?version=1"):
        page = karen.get(address(agreed, more))
        assert page.status_code == 200
        assert "Jeg skærer grøntsager" in page.text
        assert SECRET not in page.text
    read = karen.get(address(agreed)).text
    assert '<form method="post"' not in read.split("<main")[1]
    assert "We wait for your yes." not in read
    assert "The mentor has not said yes yet." in read
    (version,) = agreed.plan.all(select(AgreementVersion.id))[0]
    for more in (f"/versions/{version}", f"/lines/{need.id}", "/languages"):
        assert karen.get(address(agreed, more)).status_code == 403, more
    for more in ("/new/place", "/show", "/agree", f"/lines/{need.id}/remove", f"/lines/{need.id}/vouch"):
        assert karen.post(address(agreed, more), data={"body": "x", "seen": "x"}).status_code == 403, more


def test_a_reader_prints_no_need_that_she_has_taken_out(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.share(need_of(agreed))
    agreed.yes("jens")
    karen = client_of("karen")
    assert SECRET in karen.get(address(agreed, "/print?version=2")).text
    agreed.do("selam", actions.remove_line, need_of(agreed).id)
    assert SECRET not in karen.get(address(agreed, "/print?version=2")).text


def test_strangers_find_nothing(agreed: Agreed, client_of: ClientOf) -> None:
    for name, status in (("anders", 404), ("selam", 403), ("jens", 403), ("bodil", 403)):
        client = client_of(name)
        for more in ("", "/print", "/languages", f"/lines/{need_of(agreed).id}"):
            assert client.get(address(agreed, more)).status_code == status, (name, more)
        for more in ("/new/place", "/show", "/agree"):
            assert client.post(address(agreed, more), data={"body": "x", "seen": "x"}).status_code == status


def test_each_look_is_logged(agreed: Agreed, mette: FlaskClient) -> None:
    for more in ("", "/print", "/languages"):
        mette.get(address(agreed, more))
    logged = agreed.plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.what))
    assert [tuple(row) for row in logged] == [(agreed.plan.cast.selam, "agreement")] * 3


def test_a_look_is_logged_also_when_the_press_is_refused(agreed: Agreed, mette: FlaskClient) -> None:
    need = need_of(agreed)
    agreed.add("place", "Bagdøren")
    for status, more, fields in (
        (422, "/new/place", {"body": ""}),
        (409, "/agree", {"seen": "x"}),
        (422, f"/lines/{need.id}", {"body": "", "seen_version": "1"}),
        (409, f"/lines/{need.id}", {"body": "Nyt", "seen_version": "0"}),
        (422, "/languages", {"text_id": str(need.text_id), "seen_version": "1", "body": ""}),
        (409, "/languages", {"text_id": str(need.text_id), "seen_version": "0", "body": "x"}),
    ):
        before = len(agreed.plan.all(select(AccessLogEntry.id)))
        for _time in range(2):
            answer = mette.post(address(agreed, more), data={"request_id": "the-same", **fields})
            assert (answer.status_code, SECRET in answer.text) == (status, True), (more, fields)
        logged = agreed.plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.what).order_by(AccessLogEntry.id))
        assert [tuple(row) for row in logged[before:]] == [(agreed.plan.cast.selam, "agreement")] * 2, (more, fields)
    assert need_of(agreed).removed_at is None
    assert agreed.text_version(need) == 1


def test_the_page_costs_the_same_whatever_stands_in_it(agreed: Agreed, app: Flask, mette: FlaskClient) -> None:
    sent: list[str] = []
    event.listen(app.extensions["engine"], "before_cursor_execute", lambda _c, _cu, text, *_: sent.append(text))
    counts = []
    for number in range(2):
        sent.clear()
        mette.get(address(agreed))
        counts.append(len([text for text in sent if not text.startswith("BEGIN")]))
        agreed.add("place", f"Sted {number}")
        agreed.yes("selam")
        agreed.talk("jens")
    assert counts[0] == counts[1] <= MOST_STATEMENTS


# --- The morning list ---------------------------------------------------------------------------------------


def lie_still(agreed: Agreed) -> None:
    long_ago = agreed.plan.now - SILENCE - timedelta(hours=1)
    agreed.plan.session.execute(update(WorkAgreement).values(changed_at=long_ago))
    agreed.plan.session.commit()


def test_the_morning_list_tells_who_wants_to_talk_and_who_is_silent(agreed: Agreed, mette: FlaskClient) -> None:
    def asks() -> list[str]:
        page = mette.get("/staff").text
        sentences = (
            "Wants to talk about the agreement",
            "The mentor wants to talk",
            "Has not said yes to the agreement",
            "The mentor has not said yes yet",
            "There is no mentor yet",
            "Waits for your yes to the agreement",
        )
        return [sentence for sentence in sentences if sentence in page]

    assert asks() == []
    agreed.talk("jens")
    assert asks() == ["The mentor wants to talk"]
    agreed.talk("selam")
    assert asks() == ["Wants to talk about the agreement"]
    agreed.yes("jens")
    assert asks() == ["Wants to talk about the agreement"]
    agreed.yes("selam")
    lie_still(agreed)
    assert asks() == []
    agreed.add("place", "Bagdøren")
    assert asks() == ["Waits for your yes to the agreement"]
    agreed.yes("mette")
    assert asks() == []
    lie_still(agreed)
    assert asks() == ["Has not said yes to the agreement"]
    agreed.yes("selam")
    lie_still(agreed)
    assert asks() == ["The mentor has not said yes yet"]
    agreed.plan.session.execute(update(PlacementMentor).values(ended_at=agreed.plan.now))
    agreed.plan.session.commit()
    assert asks() == ["There is no mentor yet"]
    agreed.plan.session.execute(update(PlacementMentor).values(ended_at=None))
    agreed.plan.session.commit()
    agreed.add("place", "Hoveddøren")
    agreed.yes("selam")
    agreed.yes("jens")
    assert agreed.waits_for == "staff"
    assert asks() == ["Waits for your yes to the agreement"]
    agreed.yes("mette")
    assert asks() == []


def test_the_morning_list_of_others_is_theirs(agreed: Agreed, client_of: ClientOf) -> None:
    agreed.talk("selam")
    agreed.plan.speak("anders", "en")
    assert "Wants to talk" not in client_of("anders").get("/staff").text


def test_a_new_mentor_is_asked_from_the_day_he_comes(agreed: Agreed) -> None:
    agreed.everybody_agrees()
    plan = agreed.plan
    about = (plan.session, plan.actor("mette"), plan.subject, agreed.number)
    placements.add_mentor(*about, MentorFacts("Ole"), MentorKind.VOLUNTEER, today=agreed.placed.today)
    plan.session.commit()
    assert agreed.seen("jens") not in {yes.digest for yes in agreed.standing().yeses.values()}
