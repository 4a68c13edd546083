"""The work agreement on a mentor's phone, by link and by account: one press, and nothing that she keeps to herself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from citizen_app.agreements.models import AgreementLine, AgreementTalk
from citizen_app.people.models import AccessLogEntry
from citizen_app.placements import actions as placements
from tests.agreed import SECRET, Agreed, agreed, draft
from tests.home.test_views import sent
from tests.placed import placed
from tests.plan import ON_SQLITE

__all__ = ["agreed", "draft", "placed"]

ClientOf = Callable[[str], FlaskClient]
MOST_STATEMENTS = 8
MOST_BYTES = 30_000
KEY = "0123456789abcdef"


class Way:
    """A mentor's way in: by link on a strange phone, or signed in."""

    def __init__(self, client: FlaskClient, address: str) -> None:
        self.client, self.address = client, address

    def read(self) -> str:
        answer = self.client.get(self.address)
        assert answer.status_code == 200
        return answer.text

    def post(self, verb: str, **fields: str) -> tuple[int, str]:
        answer = self.client.post(f"{self.address}/{verb}", data=fields)
        return answer.status_code, answer.text


@pytest.fixture(params=["link", "account"])
def way(request: pytest.FixtureRequest, app: Flask, agreed: Agreed, client_of: ClientOf) -> Way:
    agreed.plan.speak("jens", "en")
    if request.param == "link":
        return Way(app.test_client(), f"/m/{agreed.placed.link()}/agreement")
    return Way(client_of("jens"), f"/mentor/placements/{agreed.number}/agreement")


def need_of(agreed: Agreed) -> AgreementLine:
    line: AgreementLine = agreed.plan.all(select(AgreementLine).filter_by(question="support"))[0][0]
    return line


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


def test_he_reads_it_in_his_language_and_agrees_with_one_press(agreed: Agreed, way: Way) -> None:
    page = way.read()
    assert "Work agreement of Selam" in page
    assert "I want to learn the work" in page
    assert "et bestik" in page
    assert "Torvet 1" in page
    for secret in ("Tesfay", "+45", SECRET):
        assert secret not in page
    for _time in range(2):
        assert way.post("yes", seen=seen_on(page))[0] == 303
    assert agreed.versions() == [(1, "staff"), (1, "mentor")]
    assert "I agree" not in way.read()


def test_what_she_needs_reaches_him_only_after_she_has_said_so(agreed: Agreed, way: Way) -> None:
    need = need_of(agreed)
    agreed.say_in(need, "en", "My back hurts")
    agreed.yes("jens")
    for words in (SECRET, "My back hurts", "What helps?"):
        assert words not in way.read()
    agreed.share(need)
    page = way.read()
    assert "My back hurts" in page
    assert SECRET in page
    assert "We wait for your yes." in page
    agreed.share(need, is_shared=False)
    assert "My back hurts" not in way.read()


def test_a_yes_to_an_older_page_is_asked_again(agreed: Agreed, way: Way) -> None:
    page = way.read()
    agreed.add("support", "Nyt")
    seen = seen_on(way.read())
    assert seen == seen_on(page), "what he cannot read asks him nothing"
    agreed.add("place", "Bagdøren")
    status, text = way.post("yes", seen=seen)
    assert status == 409
    assert "The agreement has just been changed." in text
    assert "Bagdøren" in text
    assert way.post("yes")[0] == 409
    assert way.post("yes", seen=seen_on(text))[0] == 303


def test_he_talks_first(agreed: Agreed, way: Way) -> None:
    for _time in range(2):
        assert way.post("talk", id=KEY, words="Onsdag er svær")[0] == 303
    assert [talk[:2] for talk in agreed.talks()] == [("mentor", "Onsdag er svær")]
    assert "You want to talk first." in way.read()
    assert way.post("yes", seen=seen_on(way.read()))[0] == 303
    assert agreed.plan.all(select(AgreementTalk.settled_at.is_not(None))) == [(True,)]


@ON_SQLITE
@pytest.mark.parametrize("words", ["x" * 301, "Ring 010190-1234"])
def test_a_wish_that_cannot_be_taken_keeps_its_words(agreed: Agreed, way: Way, words: str) -> None:
    status, text = way.post("talk", id=KEY, words=words)
    assert (status, words in text) == (422, True)
    assert way.post("talk", id="x", words="")[0] == 422
    assert way.post("talk")[0] == 422
    assert agreed.talks() == []


def test_he_does_not_read_what_she_wants_to_talk_about(agreed: Agreed, way: Way) -> None:
    agreed.talk("selam", "ሰዓታት")
    page = way.read()
    assert "ሰዓታት" not in page
    assert "You want to talk first." not in page


def test_another_placement_and_a_guessed_line_are_not_found(agreed: Agreed, client_of: ClientOf) -> None:
    plan, need = agreed.plan, need_of(agreed)
    jens = client_of("jens")
    for more in ("share", "keep", "remove"):
        assert jens.post(f"/agreements/{agreed.number}/lines/{need.id}/{more}").status_code == 403
        assert jens.post(f"/mentor/placements/{agreed.number}/agreement/lines/{need.id}/{more}").status_code == 404
    assert jens.get("/mentor/placements/999999/agreement").status_code == 404
    address = f"/mentor/placements/{agreed.number}/agreement"
    about = (plan.session, plan.actor("mette"), plan.subject, agreed.number, plan.cast.jens)
    placements.end_mentor(*about, today=agreed.placed.today, now=plan.now)
    plan.session.commit()
    assert jens.get(address).status_code == 404
    for verb in ("yes", "talk"):
        assert jens.post(f"{address}/{verb}", data={"seen": "x", "id": KEY}).status_code == 404
    for name, status in (("selam", 403), ("mette", 403), ("anders", 403)):
        assert client_of(name).get(address).status_code == status


def test_a_closed_link_opens_no_agreement(agreed: Agreed, app: Flask) -> None:
    token, client = agreed.placed.link(), app.test_client()
    page = client.get(f"/m/{token}/agreement").text
    agreed.placed.link()
    assert client.get(f"/m/{token}/agreement").status_code == 404
    assert client.post(f"/m/{token}/agreement/yes", data={"seen": seen_on(page)}).status_code == 404
    assert client.post(f"/m/{token}/agreement/talk", data={"id": KEY}).status_code == 404
    assert agreed.versions() == [(1, "staff")]
    assert agreed.talks() == []


def test_before_it_is_shown_he_is_told_kindly(draft: Agreed, app: Flask, client_of: ClientOf) -> None:
    draft.plan.speak("jens", "en")
    link = Way(app.test_client(), f"/m/{draft.placed.link()}/agreement")
    account = Way(client_of("jens"), f"/mentor/placements/{draft.number}/agreement")
    for way in (link, account):
        page = way.read()
        assert "The agreement is not ready yet." in page
        assert "et bestik" not in page
        assert way.post("yes", seen=draft.seen("jens"))[0] == 409
        assert way.post("talk", id=KEY)[0] == 409


def test_the_link_is_light_secret_and_without_cookie(agreed: Agreed, app: Flask) -> None:
    client, address = app.test_client(), f"/m/{agreed.placed.link()}/agreement"
    with sent(app) as texts:
        answer = client.get(address)
    assert len([text for text in texts if not text.startswith("BEGIN")]) <= MOST_STATEMENTS
    assert len(answer.data) <= MOST_BYTES
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    posted = client.post(f"{address}/yes", data={"seen": seen_on(answer.text)})
    assert (posted.status_code, posted.location) == (303, address)
    assert posted.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in posted.headers


def test_the_account_page_costs_at_most_eight_statements(agreed: Agreed, app: Flask, client_of: ClientOf) -> None:
    jens = client_of("jens")
    with sent(app) as texts:
        assert jens.get(f"/mentor/placements/{agreed.number}/agreement").status_code == 200
    assert len([text for text in texts if not text.startswith("BEGIN")]) <= MOST_STATEMENTS


def test_a_look_is_logged_once_a_day(agreed: Agreed, way: Way) -> None:
    for _time in range(2):
        way.read()
    logged = agreed.plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged == [(agreed.plan.cast.selam, agreed.plan.cast.jens, "agreement")]


def test_a_look_is_logged_also_when_his_press_is_refused(agreed: Agreed, way: Way) -> None:
    assert way.post("yes", seen="x")[0] == 409
    assert way.post("talk", id="x")[0] == 422
    logged = agreed.plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged == [(agreed.plan.cast.selam, agreed.plan.cast.jens, "agreement")]


def test_his_days_lead_to_it(agreed: Agreed, app: Flask, client_of: ClientOf) -> None:
    token = agreed.placed.link()
    assert f'href="/m/{token}/agreement"' in app.test_client().get(f"/m/{token}").text
    assert f'href="/mentor/placements/{agreed.number}/agreement"' in client_of("jens").get("/mentor").text


def test_two_mentors_share_one_side(agreed: Agreed, way: Way) -> None:
    page = way.read()
    agreed.yes("jens", now=agreed.plan.now + timedelta(seconds=1))
    assert way.post("yes", seen=seen_on(page))[0] == 303
    assert [side for _number, side in agreed.versions()] == ["staff", "mentor"]
