"""Whatever a mentor opens or presses, nothing stands there that is not a mentor's to know.

A whole town is built, and then every free text in the database is overwritten by its table's and column's name, but
for those in `OPEN`. So a new column is secret from the day it is made, and a new page is tried as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, Table, cast, literal, select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from citizen_app.agreements.models import AgreementLine
from citizen_app.app import all_tables
from citizen_app.learning.models import ClosingWord, FocusPoint, ReadyStep
from citizen_app.placements.models import MentorLink
from citizen_app.placements.rules import link_token
from citizen_app.policy import Role
from citizen_app.texts.models import Rendering
from tests.cast import actor_for, sign_in
from tests.conftest import SECRET_KEY
from tests.town import Town, make_town

MARK = "zzz"
FREE_TEXT = 60
"""Columns of so many letters hold what people write; shorter ones are codes, which make no sense when overwritten."""
OPEN = {
    "municipalities": "whom to ask",
    "workplaces": "his own workplace",
    "people.given_name": "first names are all he has",
    "people.username": "a key",
    "people.password_hash": "a key",
    "own_words": "words of his workplace, which he brings in",
    "word_meanings": "what words mean",
    "recordings": "how words sound",
    "sign_ins": "keys and devices",
    "handled_requests": "keys",
    "focus_words": "what he and she say of what they practise",
    "ready_steps": "what a step has taught",
    "agreement_talks": "his own wish",
    "agreement_yeses": "who has said yes, by first names",
}
KEYS = ("_key", "_hash", "digest", "branches", "endpoint", "p256dh", "next_path", "location")
PLAIN = {"verb": "face"}


def _is_secret(table: Table, column: str) -> bool:
    return not {table.name, f"{table.name}.{column}"} & OPEN.keys() and not column.endswith(KEYS)


def _overwrite(session: Session) -> list[str]:
    """Write its own name into every secret text; returns the names."""
    names = []
    for table in all_tables().sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, String) and (kind.length or 0) >= FREE_TEXT and _is_secret(table, column.name):
                name = f"{MARK}{table.name}.{column.name}"
                is_unique = column.name == "external_id"
                value = literal(name).concat(cast(table.c.id, String)) if is_unique else literal(name[: kind.length])
                statement = update(table).values({column.name: value})
                if table.name == "renderings":
                    statement = statement.where(table.c.text_id.not_in(_texts_he_reads(session)))
                session.execute(statement)
                names.append(name)
    session.commit()
    return names


def _texts_he_reads(session: Session) -> list[int]:
    """Return the texts a mentor may read: what he helps with and what he wrote himself."""
    lines = select(AgreementLine.text_id).where(
        (AgreementLine.question != "support") | AgreementLine.is_shared.is_(True)
    )
    own = select(ClosingWord.text_id).filter_by(side="mentor")
    return [
        *session.scalars(lines),
        *session.scalars(own),
        *session.scalars(select(FocusPoint.text_id)),
        *session.scalars(select(ReadyStep.text_id)),
    ]


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session, "Havby")


@pytest.fixture
def token(session: Session, town: Town) -> str:
    link = session.scalars(select(MentorLink).filter_by(placement_id=town.numbers["placement_id"])).one()
    found = link_token(SECRET_KEY, link.placement_id, link.person_id, link.nonce)
    session.commit()
    return found


def _rules(app: Flask) -> Iterator[Rule]:
    """Return all that a mentor's rooms answer, and the pages every account has."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("mentor") or rule.rule in {"/settings", "/words", "/words/new"}:
            yield rule


def _answers(client: FlaskClient, app: Flask, town: Town, token: str) -> Iterator[tuple[str, str]]:
    adapter = app.url_map.bind("localhost")
    values = {**town.numbers, **PLAIN, "token": token}
    for rule in _rules(app):
        address = adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=None)
        for headers in ({}, {"HX-Request": "true"}):
            if "GET" in (rule.methods or ()):
                yield f"GET {address}", client.get(address, headers=headers).text
            if "POST" in (rule.methods or ()):
                for data in ({}, {"id": uuid4().hex, "said": "came", "face": "3", "words": "x" * 999}):
                    yield f"POST {address}", client.post(address, data=data, headers=headers).text
                    yield f"POST {address}", client.post(address, json={"statements": [data]}, headers=headers).text


def test_no_page_and_no_fragment_tells_a_mentor_what_is_not_his(
    app: Flask, client: FlaskClient, session: Session, town: Town, token: str
) -> None:
    sign_in(client, session, town.people[Role.MENTOR])
    secrets = _overwrite(session)
    assert {f"{MARK}people.family_name", f"{MARK}renderings.body", f"{MARK}week_words.words"} <= set(secrets)
    seen = dict.fromkeys(secrets, "")
    count = 0
    for what, text in _answers(client, app, town, token):
        count += 1
        for name in secrets:
            if name in text:
                seen[name] = what
    assert {name: what for name, what in seen.items() if what} == {}
    assert count > 80


def test_the_secrets_are_there_to_be_found(client: FlaskClient, session: Session, town: Town) -> None:
    """Staff's page of the same placement shows what a mentor's does not, so the test above can fail."""
    _overwrite(session)
    sign_in(client, session, town.people[Role.CASE_WORKER])
    assert actor_for(session, town.people[Role.CASE_WORKER]).is_staff
    session.commit()
    pages = [f"/staff/placements/{town.numbers['placement_id']}{more}" for more in ("", "/agreement", "/learning")]
    shown = "".join(client.get(page).text for page in pages)
    assert {name for name in ("people.family_name", "renderings.body", "people.phone") if MARK + name in shown} == {
        "people.family_name",
        "renderings.body",
    }
    assert session.scalar(select(Rendering.body).where(Rendering.body.startswith(MARK)).limit(1))
