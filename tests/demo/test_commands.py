"""`flask demo load` and `flask demo accounts`, and the sign-in page with what they print."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.db import Base
from citizen_app.policy import Role


def run(app: Flask, *arguments: str, **environment: str) -> Any:
    return app.test_cli_runner().invoke(args=["demo", *arguments], env=environment)


def listed_accounts(app: Flask, **environment: str) -> list[dict[str, str]]:
    result = run(app, "accounts", "--json", **environment)
    assert result.exit_code == 0
    found: list[dict[str, str]] = json.loads(result.output)
    return found


def rows_by_table(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def test_loading_again_changes_nothing(app: Flask, engine: Engine) -> None:
    assert run(app, "load", "--if-empty").output == "The demo municipality is loaded.\n"
    before = rows_by_table(engine)
    assert before["people"] == 21
    again = run(app, "load", "--if-empty")
    assert (again.exit_code, again.output) == (0, "A municipality is there already, so no demo was loaded.\n")
    refused = run(app, "load")
    assert refused.exit_code == 1
    assert "is there already" in refused.output
    assert rows_by_table(engine) == before


def test_a_server_for_real_people_refuses_the_demo(settings: Settings, engine: Engine) -> None:
    app = create_app(replace(settings, secure_cookies=True))
    refused = run(app, "load", "--if-empty")
    assert refused.exit_code == 1
    assert "SECURE_COOKIES" in refused.output
    assert rows_by_table(engine).keys() <= {"alembic_version"}
    assert run(app, "load", "--force").exit_code == 0
    assert rows_by_table(engine)["municipalities"] == 1
    app.extensions["engine"].dispose()


def test_without_a_demo_the_list_of_accounts_is_empty(app: Flask) -> None:
    assert listed_accounts(app) == []
    assert "No demo municipality is loaded" in run(app, "accounts").output


def test_every_listed_account_signs_in(app: Flask) -> None:
    run(app, "load")
    accounts = listed_accounts(app, HOST="127.0.0.1", PORT="8123")
    assert len(accounts) == 21
    assert all(account.keys() == {"role", "name", "language", "username", "password", "url"} for account in accounts)
    assert [account["role"] for account in accounts[: len(Role)]] == [role.value for role in Role]
    for account in accounts:
        client = app.test_client()
        assert account["url"] == "http://localhost:8123/sign-in"
        form = client.get("/sign-in").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert token is not None
        typed = {"username": account["username"], "password": account["password"], "csrf_token": token[1]}
        assert client.post("/sign-in", data=typed).status_code == 303
        page = client.get("/", follow_redirects=True)
        assert page.status_code == 200
        assert f'<html lang="{account["language"]}"' in page.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_printed_list_has_one_sign_in_for_each_role_first(app: Flask) -> None:
    run(app, "load")
    lines = run(app, "accounts", PORT="8123", HOST="127.0.0.1").output.splitlines()
    assert lines[0] == "Sign in at http://localhost:8123/sign-in with the password sammen-2026 as"
    names = [line.split()[0] for line in lines[2 : 2 + len(Role)]]
    assert names == ["amina", "mette", "peter", "kirsten", "sofie", "nadia", "bente", "jens", "ole"]
