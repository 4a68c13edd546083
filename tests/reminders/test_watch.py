"""Health and figures for those who watch: green while reminders go out, red when they are late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.reminders.models import Reminder, WorkerBeat
from tests.cast import Cast
from tests.due import reminder_row


def due(session: Session, cast: Cast, age: timedelta) -> None:
    moment = datetime.now(UTC) - age
    session.add(Reminder(**reminder_row(cast.solby, cast.selam, moment, kind="test")))
    session.commit()


def test_health_is_ok_while_nothing_is_due(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    expected = {"status": "ok", "database": "ok", "worker": "missing", "oldest_due_seconds": 0}
    assert (answer.status_code, answer.json) == (200, expected)


def test_health_tells_of_a_living_worker(client: FlaskClient, session: Session) -> None:
    session.add(WorkerBeat(name="one", started_at=datetime.now(UTC), at=datetime.now(UTC)))
    session.commit()
    assert client.get("/healthz").json["worker"] == "ok"  # type: ignore[index]


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 503)])
def test_health_turns_red_when_reminders_are_five_minutes_late(
    client: FlaskClient, session: Session, cast: Cast, minutes: int, status: int
) -> None:
    due(session, cast, timedelta(minutes=minutes))
    answer = client.get("/healthz")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["oldest_due_seconds"] >= 60 * minutes


def test_health_says_when_the_database_is_away(settings: Settings, tmp_path: Path) -> None:
    away = f"sqlite:///{tmp_path / 'missing' / 'citizen_app.db'}"
    app = create_app(Settings(database_url=away, secret_key=settings.secret_key))
    answer = app.test_client().get("/healthz")
    expected = {"status": "database unreachable", "database": "unreachable"}
    assert (answer.status_code, answer.json) == (503, expected)


def test_figures_say_what_waits_and_what_was_sent(client: FlaskClient, session: Session, cast: Cast) -> None:
    due(session, cast, timedelta(minutes=1))
    text = client.get("/metrics").text
    assert 'reminders{state="waiting"} 1.0' in text
    assert "reminders_due 1.0" in text
    assert 'reminder_texts_missing{language="da"} 0.0' in text


def test_figures_are_for_this_machine_or_for_who_has_the_token(client: FlaskClient, settings: Settings) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.7"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 404
    guarded = create_app(replace(settings, metrics_token="a token for those who watch")).test_client()
    assert guarded.get("/metrics").status_code == 404
    right = {"Authorization": "Bearer a token for those who watch"}
    assert guarded.get("/metrics", headers=right).status_code == 200
    assert guarded.get("/metrics", headers={"Authorization": "Bearer å"}).status_code == 404
