"""Commands about accounts."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from citizen_app.people.actions import is_password
from citizen_app.people.models import Person
from tests.cast import PASSWORD, Cast


def set_password(app: Flask, username: str, *lines: str, stdin: bool = True) -> tuple[int, str]:
    arguments = ["people", "set-password", username, *(["--password-stdin"] if stdin else [])]
    done = app.test_cli_runner().invoke(args=arguments, input="".join(f"{line}\n" for line in lines))
    return done.exit_code, done.output


@pytest.mark.parametrize("stdin", [True, False])
def test_a_password_is_set(app: Flask, session: Session, cast: Cast, stdin: bool) -> None:
    typed = ["a new long password"] * (1 if stdin else 2)
    code, output = set_password(app, "mette", *typed, stdin=stdin)
    assert code == 0
    assert "a new long password" not in output
    session.expire_all()
    mette = session.get_one(Person, cast.mette)
    assert is_password(mette, "a new long password")
    assert not is_password(mette, PASSWORD)


@pytest.mark.parametrize(
    ("username", "password", "sentence"),
    [
        ("nobody", "a new long password", "Nobody has this user name."),
        ("mette", "short", "10 to 200 characters"),
        ("mette", "", "10 to 200 characters"),
        ("mette", "x" * 201, "10 to 200 characters"),
    ],
)
def test_a_wrong_password_or_name_changes_nothing(
    app: Flask, session: Session, cast: Cast, username: str, password: str, sentence: str
) -> None:
    code, output = set_password(app, username, password)
    assert code == 1
    assert sentence in output
    assert is_password(session.get_one(Person, cast.mette), PASSWORD)
