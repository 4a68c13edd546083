"""The mentor's pages: first names and languages of own people, the words they learn, and not a word more."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from citizen_app.meetings.actions import make_meeting
from citizen_app.people.models import AccessLogEntry, Person, Relation
from citizen_app.policy import Subject
from citizen_app.practice.actions import GivenAnswer, mark_used, record_answers
from citizen_app.practice.models import WordUse
from citizen_app.web.locale import local_date
from citizen_app.words.actions import Brought, suggest_word
from citizen_app.words.models import OwnWord
from citizen_app.words.queries import said, shipped_deck
from tests.cast import SINCE, Cast, sign_in
from tests.meetings.conftest import facts
from tests.plan import Plan

ClientOf = Callable[[str], FlaskClient]
SAFETY = [word.key for word in shipped_deck("core") if word.theme == "safety"]
"""What a beginner begins with."""


@pytest.fixture
def jens(plan: Plan, client_of: ClientOf) -> FlaskClient:
    """Jens's phone, in English, so that the tests can be read."""
    plan.speak("jens", "en")
    return client_of("jens")


@pytest.fixture
def address(plan: Plan) -> str:
    return f"/mentor/people/{plan.cast.selam}/words"


# --- My people ----------------------------------------------------------------------------------------------


def test_a_mentor_sees_first_names_and_languages_only(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.jens)
    response = client.get("/mentor")
    assert response.status_code == 200
    assert f'href="/mentor/people/{cast.selam}/words"' in response.text
    assert "Selam" in response.text
    assert "ትግርኛ" in response.text
    for hidden in ("Tesfay", "+45", "Yusuf", "Olena"):
        assert hidden not in response.text


def test_a_mentors_look_is_logged(client: FlaskClient, session: Session, cast: Cast) -> None:
    sign_in(client, session, cast.jens)
    client.get("/mentor")
    logged = session.execute(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged.all() == [(cast.selam, cast.jens, "name")]


def test_a_person_stands_once_however_many_kinds_of_mentor_one_is(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    keys = {"municipality_id": cast.solby, "citizen_id": cast.selam, "person_id": cast.jens}
    session.add(Relation(**keys, role="workplace_mentor", started_on=date(2025, 1, 1)))
    sign_in(client, session, cast.jens)
    assert client.get("/mentor").text.count("Selam") == 1


def test_somebody_whose_mentoring_has_ended_is_not_shown(client: FlaskClient, session: Session, cast: Cast) -> None:
    session.execute(update(Relation).filter_by(person_id=cast.jens).values(ended_on=date(2025, 1, 1)))
    sign_in(client, session, cast.jens)
    response = client.get("/mentor")
    assert response.status_code == 200
    assert "Selam" not in response.text


@pytest.mark.parametrize("name", ["selam", "mette", "karen", "bodil"])
def test_only_mentors_have_this_page(client: FlaskClient, session: Session, cast: Cast, name: str) -> None:
    sign_in(client, session, getattr(cast, name))
    assert client.get("/mentor").status_code == 403


# --- Their words --------------------------------------------------------------------------------------------


def offered(page: str) -> list[str]:
    keys: list[str] = re.findall(r'name="word" value="([^"]+)"', page)
    return keys


def ticked(page: str) -> list[str]:
    keys: list[str] = re.findall(r'name="word" value="([^"]+)" checked', page)
    return keys


def uses(plan: Plan) -> list[tuple[str, int]]:
    """Which words were used, and who says so."""
    rows = plan.all(select(WordUse.word_key, WordUse.said_by_id).order_by(WordUse.word_key, WordUse.said_by_id))
    return [tuple(row) for row in rows]


def today() -> date:
    return local_date(datetime.now(UTC), "Europe/Copenhagen")


def word_at_work(plan: Plan, citizen: str, lemma: str) -> OwnWord:
    """Let staff bring a word of a citizen's workplace in, which holds at once."""
    subject = Subject(plan.cast.solby, getattr(plan.cast, citizen), frozenset({plan.cast.karen}))
    word = suggest_word(plan.session, plan.actor("karen"), subject, Brought(lemma), plan.now)
    plan.session.commit()
    return word


def use(plan: Plan, name: str, key: str, day: date) -> None:
    everything = said(plan.session, plan.cast.solby, ("da",), plan.cast.selam)
    plan.do(name, mark_used, key, everything, day=day, is_used=True)


def test_a_mentor_sees_the_words_of_the_workplace_those_begun_and_those_to_come(
    plan: Plan, jens: FlaskClient, address: str
) -> None:
    assert offered(jens.get(address).text) == SAFETY[:10]
    own = word_at_work(plan, "selam", "piskeris")
    word_at_work(plan, "yusuf", "symaskine")
    selam = plan.actor("selam")
    everything = said(plan.session, plan.cast.solby, ("da",), plan.cast.selam)
    moments = [plan.now - timedelta(days=days) for days in (30, 10)]
    answers = [GivenAnswer(f"abcdef-{at:%d}", "spand", True, "see", at) for at in moments]
    record_answers(plan.session, selam, answers, everything, plan.now)
    plan.session.commit()
    page = jens.get(address).text
    assert offered(page) == [own.key, "spand", *SAFETY[:9]]
    assert "<strong>en spand</strong>" in page
    assert "symaskine" not in page
    assert page.count(">known</span>") == 1
    assert ticked(page) == []


def test_ticks_are_kept_for_today_and_can_be_taken_back(plan: Plan, jens: FlaskClient, address: str) -> None:
    first, second = SAFETY[:2]
    use(plan, "selam", second, today())
    answer = jens.post(address, data={"word": [first, second]})
    assert (answer.status_code, answer.location) == (303, address)
    page = jens.get(address).text
    assert "Saved. Thank you." in page
    assert ticked(page) == [first, second]
    assert page.count(">used</span>") == 2
    own, hers = plan.cast.jens, plan.cast.selam
    assert sorted(uses(plan)) == sorted([(first, own), (second, own), (second, hers)])
    assert plan.all(select(WordUse.used_on).distinct()) == [(today(),)]
    jens.post(address, data={})
    assert ticked(jens.get(address).text) == []
    assert uses(plan) == [(second, hers)]


def test_the_ticks_of_another_day_stay(plan: Plan, jens: FlaskClient, address: str) -> None:
    use(plan, "jens", SAFETY[0], today() - timedelta(days=1))
    page = jens.get(address).text
    assert ticked(page) == []
    assert page.count(">used</span>") == 1
    jens.post(address, data={})
    assert uses(plan) == [(SAFETY[0], plan.cast.jens)]


def test_a_word_that_is_not_in_the_list_is_not_ticked(plan: Plan, jens: FlaskClient, address: str) -> None:
    foreign = word_at_work(plan, "yusuf", "symaskine")
    answer = jens.post(address, data={"word": ["nothing", "kold", foreign.key, "", SAFETY[0]]})
    assert answer.status_code == 303
    assert uses(plan) == [(SAFETY[0], plan.cast.jens)]


def test_a_mentor_brings_a_word_in_from_the_workplace(plan: Plan, jens: FlaskClient, address: str) -> None:
    new = f"/words/new/{plan.cast.selam}"
    assert f'href="{new}"' in jens.get(address).text
    answer = jens.post(new, data={"lemma": "piskeris"})
    assert (answer.status_code, answer.location) == (303, address)
    assert plan.all(select(OwnWord.lemma, OwnWord.status, OwnWord.citizen_id)) == [
        ("piskeris", "suggested", plan.cast.selam)
    ]
    assert "piskeris" not in jens.get(address).text


@pytest.mark.parametrize(
    ("name", "citizen", "status"),
    [
        ("jens", "yusuf", 404),
        ("jens", "olena", 404),
        ("jens", "mette", 404),
        ("selam", "selam", 403),
        ("mette", "selam", 403),
        ("karen", "selam", 403),
        ("bodil", "selam", 403),
        ("anders", "olena", 403),
    ],
)
def test_the_words_of_a_stranger_are_not_found(
    plan: Plan, client_of: ClientOf, name: str, citizen: str, status: int
) -> None:
    client = client_of(name)
    address = f"/mentor/people/{getattr(plan.cast, citizen)}/words"
    assert client.get(address).status_code == status
    assert client.post(address, data={"word": SAFETY[0]}).status_code == status
    assert uses(plan) == []
    assert plan.all(select(func.count()).select_from(AccessLogEntry)) == [(0,)]


def test_a_mentor_of_nobody_finds_nobody(plan: Plan, jens: FlaskClient, address: str) -> None:
    plan.session.execute(update(Relation).filter_by(person_id=plan.cast.jens).values(ended_on=SINCE))
    plan.session.commit()
    assert "You are not a mentor for anybody yet." in jens.get("/mentor").text
    assert jens.get(address).status_code == 404
    assert jens.post(address, data={"word": SAFETY[0]}).status_code == 404
    assert uses(plan) == []


def test_no_page_of_a_mentor_says_more_of_a_citizen_than_her_first_name_and_words(
    plan: Plan, jens: FlaskClient, address: str
) -> None:
    goal = plan.agreed(body="Jeg vil arbejde i et køkken")
    plan.agreed_step(goal, "Jeg møder til tiden")
    plan.do("mette", make_meeting, facts(plan.now))
    plan.session.execute(update(Person).filter_by(id=plan.cast.selam).values(email="selam@example.org"))
    plan.session.commit()
    for page in (jens.get(each).text for each in ("/mentor", address, f"/words/new/{plan.cast.selam}")):
        for hidden in ("Tesfay", "70 00 00", "example.org", "x-selam", "arbejde i et", "til tiden", "Indgang B"):
            assert hidden not in page
    for closed in (f"/goals/{goal.id}", "/goals", "/meetings", f"/staff/citizens/{plan.cast.selam}"):
        assert jens.get(closed).status_code in {403, 404}


def test_reading_somebodys_words_is_logged(plan: Plan, jens: FlaskClient, address: str) -> None:
    jens.get(address)
    logged = plan.all(select(AccessLogEntry.citizen_id, AccessLogEntry.reader_id, AccessLogEntry.what))
    assert logged == [(plan.cast.selam, plan.cast.jens, "words")]
