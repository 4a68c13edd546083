"""How many SELECTs Today costs, whatever the citizen has, and whether one of them is built while she waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from bench.figures import Figure
from bench.load import Visit
from bench.stage import Stage


def measure(stage: Stage) -> Iterator[Figure]:
    app = stage.make_app()
    seen = [_seen(app, visit) for visit in (stage.town.citizens["ar"], stage.town.newcomer)]
    selects, built = (max(numbers) for numbers in zip(*seen, strict=True))
    yield Figure("SELECTs of Today", selects, most=7, note=f"with a full plan {seen[0][0]}, with nothing {seen[1][0]}")
    yield Figure("statements built per request", built, most=0, note="objects that were not there a request before")


def _seen(app: Flask, visit: Visit) -> tuple[int, int]:
    """Open the page thrice; returns what the last time cost: SELECTs, and statements that are new objects."""
    client = app.test_client()
    client.set_cookie("session", visit.cookie)
    engine: Engine = app.extensions["engine"]
    sent: list[str] = []
    statements: list[Any] = []
    kept: list[Any] = []  # so that no later statement can have the same id

    def note_sent(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    def note_statement(_connection: Any, statement: Any, *_more: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note_sent)
    event.listen(engine, "before_execute", note_statement)
    try:
        for _time in range(3):
            kept += statements
            sent.clear()
            statements.clear()
            response = client.get(visit.path)
            assert response.status_code == 200, response.status
    finally:
        event.remove(engine, "before_cursor_execute", note_sent)
        event.remove(engine, "before_execute", note_statement)
    selects = sum(statement.lstrip().upper().startswith(("SELECT", "WITH")) for statement in sent)
    known = {id(statement) for statement in kept}
    return selects, sum(id(statement) not in known for statement in statements)
