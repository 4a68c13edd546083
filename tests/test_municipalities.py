"""Two full municipalities in one database never see each other, whatever address anybody opens or sends to.

The addresses come from the app's own list and from the pages' links and forms, so a new room is tried as soon as
it is there. A number that an address calls by a new name must be given in `tests/town.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.routing import MapAdapter, Rule
from werkzeug.routing.converters import AnyConverter, NumberConverter
from werkzeug.test import TestResponse

from citizen_app.app import all_tables
from citizen_app.db import reading_session
from citizen_app.policy import Role
from tests.cast import sign_in
from tests.town import Town, make_town

WITHOUT_MUNICIPALITY = {
    "municipalities": "the municipality itself",
    "failed_sign_ins": "nobody is known yet when a sign-in fails",
    "push_services": "all municipalities share them",
    "worker_beats": "workers serve all municipalities",
}
WORDS = {"key": "hej", "code": "ABCDEFGH", "deck": "core", "language": "uk", "token": "ABCDEFGH"}
"""What stands in addresses for arguments that are no numbers."""
FILLINGS = {"text": "Hej", "textarea": "Hej", "date": "2030-01-02", "time": "10:00", "number": "1"}
REFUSED = {403, 404}
PAGES_LIMIT = 400


@dataclass
class Form:
    address: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.links += [attributes[name] for name in ("href", "hx-get") if attributes.get(name, "").startswith("/")]
        if tag == "form":
            is_post = attributes.get("method", "get").lower() == "post"
            self._open = Form(attributes.get("action", ""))
            self.forms += [self._open] if is_post else []
        elif self._open is not None:
            self._handle_field(self._open, tag, attributes)

    def _handle_field(self, form: Form, tag: str, attributes: Mapping[str, str]) -> None:
        name = attributes.get("name", "")
        kind = attributes.get("type", "text") if tag == "input" else tag
        if tag == "select":
            self._select = name
            form.fields.setdefault(name, "")
        elif tag == "option" and not form.fields.get(self._select):
            form.fields[self._select] = attributes.get("value", "")
        elif tag in {"input", "textarea"} and name not in {"", "csrf_token", "request_id"}:
            form.fields.setdefault(name, attributes.get("value") or FILLINGS.get(kind, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


@dataclass
class Visit:
    """What somebody met on the way through all pages that can be reached."""

    pages: dict[str, str] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    """By endpoint, so that each kind of form is kept once."""


@pytest.fixture
def towns(session: Session) -> tuple[Town, Town]:
    return make_town(session, "Ørby"), make_town(session, "Vestrup")


@pytest.fixture
def adapter(app: Flask) -> MapAdapter:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.url_map.bind("localhost")


def enter(app: Flask, session: Session, town: Town, role: Role) -> FlaskClient:
    client = app.test_client()
    sign_in(client, session, town.people[role])
    return client


def walk(client: FlaskClient, adapter: MapAdapter, start: str = "/") -> Visit:
    """Follow every link, once for each address."""
    visit = Visit()
    waiting = [start]
    alike: Counter[str] = Counter()
    while waiting:
        address = waiting.pop()
        if address in visit.pages or address.startswith("/static/"):
            continue
        rule, arguments = adapter.match(urlsplit(address).path, return_rule=True)
        alike[rule.endpoint] += 1
        if arguments and not number_names(rule) and alike[rule.endpoint] > 3:
            continue  # a hundred words belong to no municipality
        if "?" in address and alike[rule.endpoint] > 10:
            continue  # a calendar has weeks without end
        assert len(visit.pages) < PAGES_LIMIT, "the pages have no end"
        response = client.get(address)
        assert response.status_code in {200, 204, 303}, (address, response.status_code)
        visit.pages[address] = response.text if (response.mimetype or "").startswith("text/") else ""
        page = Page(visit.pages[address])
        waiting += [response.location] if response.location else []
        waiting += [link.split("#")[0] for link in page.links]
        for form in page.forms:
            endpoint, _arguments = adapter.match(urlsplit(form.address or address).path, method="POST")
            visit.forms.setdefault(endpoint, Form(form.address or address, form.fields))
    return visit


def number_names(rule: Rule) -> list[str]:
    return [name for name in sorted(rule.arguments) if isinstance(rule._converters[name], NumberConverter)]


def words_of(rule: Rule) -> Iterator[dict[str, str]]:
    """Every choice of the arguments that are no numbers."""
    names = sorted(rule.arguments - set(number_names(rule)))
    choices = []
    for name in names:
        converter = rule._converters[name]
        choices.append(sorted(converter.items) if isinstance(converter, AnyConverter) else [WORDS[name]])
    for values in product(*choices):
        yield dict(zip(names, values, strict=True))


def foreign_addresses(adapter: MapAdapter, rule: Rule, own: Town, other: Town) -> Iterator[str]:
    """The rule's addresses with at least one number of the other town."""
    names = number_names(rule)
    for towns_of_numbers in product((own, other), repeat=len(names)):
        if other in towns_of_numbers:
            numbers = {name: town.numbers[name] for name, town in zip(names, towns_of_numbers, strict=True)}
            for words in words_of(rule):
                yield adapter.build(rule.endpoint, {**numbers, **words})


def rows_of(engine: Engine, town: Town) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the database has of a town."""
    with reading_session(engine) as session:
        return {
            name: sorted(
                (
                    tuple(row)
                    for row in session.execute(select(table).where(table.c.municipality_id == town.municipality_id))
                ),
                key=repr,
            )
            for name, table in all_tables().tables.items()
            if "municipality_id" in table.c
        }


def text_of(response: TestResponse) -> str:
    """What can be read in an answer, also in one that is a picture or a package."""
    return response.get_data().decode(errors="replace")


def shows(response: TestResponse, town: Town) -> bool:
    """Whether anything of a town can be seen in an answer."""
    return town.mark in text_of(response) + str(response.headers)


def test_every_row_belongs_to_a_municipality() -> None:
    tables = all_tables().tables
    assert {name for name, table in tables.items() if "municipality_id" not in table.c} == set(WITHOUT_MUNICIPALITY)
    columns = [table.c.municipality_id for name, table in tables.items() if name not in WITHOUT_MUNICIPALITY]
    assert not any(column.nullable for column in columns)


def test_every_number_in_an_address_has_a_name_that_a_town_knows(app: Flask, towns: tuple[Town, Town]) -> None:
    known = set(towns[0].numbers)
    unknown = {name: rule.rule for rule in app.url_map.iter_rules() for name in number_names(rule) if name not in known}
    assert unknown == {}, "give a number of this name in tests/town.py"


@pytest.mark.parametrize("role", list(Role))
def test_nobody_sees_or_changes_anything_of_the_other_municipality(
    app: Flask, engine: Engine, adapter: MapAdapter, session: Session, towns: tuple[Town, Town], role: Role
) -> None:
    own, other = towns
    client = enter(app, session, own, role)
    visit = walk(client, adapter)
    assert [address for address, text in visit.pages.items() if other.mark in text] == []
    assert [address for address, text in visit.pages.items() if own.mark in text], "the walk saw nothing at all"
    before = rows_of(engine, other)
    try_foreign_addresses(app, client, adapter, visit, own, other)
    assert rows_of(engine, other) == before
    try_foreign_numbers(client, visit, other)
    assert rows_of(engine, other) == before
    assert pointers_between_towns(engine) == []


def try_foreign_addresses(
    app: Flask, client: FlaskClient, adapter: MapAdapter, visit: Visit, own: Town, other: Town
) -> None:
    """Open and send to every address of the app with numbers of the other town, with the fields of one's own forms."""
    for rule in app.url_map.iter_rules():
        for address in foreign_addresses(adapter, rule, own, other):
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                fields = visit.forms.get(rule.endpoint, Form("")).fields if method == "POST" else None
                for headers in ({}, {"HX-Request": "true"}):
                    response = client.open(address, method=method, data=fields, headers=headers)
                    assert response.status_code in REFUSED, (method, address, headers, response.status_code)
                    assert not shows(response, other), (method, address, headers)


def try_foreign_numbers(client: FlaskClient, visit: Visit, other: Town) -> None:
    """Put the other town's numbers where one's own pages have numbers: behind the question mark and in forms."""
    queries = {(urlsplit(page).path, name) for page in visit.pages for name, _value in parse_qsl(urlsplit(page).query)}
    for (path, name), number in product(sorted({*queries, ("/staff/accounts", "after")}), set(other.numbers.values())):
        response = client.get(path, query_string={name: number})
        assert response.status_code < 500, (path, name)
        assert not shows(response, other), (path, name)
    for form in visit.forms.values():
        for name in (name for name in form.fields if name.endswith("_id")):
            data = {**form.fields, name: str(other.numbers.get(name, other.people[Role.CASE_WORKER]))}
            response = client.post(form.address, data=data)
            assert response.status_code < 500, (form.address, name)
            assert not shows(response, other), (form.address, name)


def opens(response: TestResponse) -> bool:
    """Whether a page was shown, or another page of the same person."""
    return response.status_code in {200, 204} or (response.status_code == 303 and response.location != "/sign-in")


def pointers_between_towns(engine: Engine) -> list[str]:
    """Foreign keys from a row of one municipality to a row of another."""
    found = []
    with reading_session(engine) as session:
        for table in all_tables().tables.values():
            for key in table.foreign_keys:
                there = key.column.table.alias()
                if "municipality_id" in table.c and "municipality_id" in there.c:
                    crossing = (
                        select(table.c.municipality_id)
                        .join(there, there.c[key.column.name] == key.parent)
                        .where(there.c.municipality_id != table.c.municipality_id)
                    )
                    found += [f"{table.name}.{key.parent.name}" for _row in session.execute(crossing)]
    return found


def test_every_page_about_something_opens_for_somebody_of_its_own_municipality(
    app: Flask, adapter: MapAdapter, session: Session, towns: tuple[Town, Town]
) -> None:
    """Without this, a wrong number in a town would make all the refusals above worthless."""
    own, _other = towns
    closed = {
        adapter.build(rule.endpoint, {**{name: own.numbers[name] for name in number_names(rule)}, **words})
        for rule in app.url_map.iter_rules()
        if number_names(rule) and "GET" in (rule.methods or set())
        for words in words_of(rule)
    }
    for role in Role:
        client = enter(app, session, own, role)
        closed -= {address for address in closed if opens(client.get(address))}
    assert closed == set()
