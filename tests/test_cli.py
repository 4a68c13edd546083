"""Commands that belong to no single room."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from citizen_app import cli
from citizen_app.config import checked_vapid_key


@pytest.mark.parametrize(
    "command", ["migrate", "assets", "worker", "people import", "people set-password", "words sounds", "push keys"]
)
def test_every_command_explains_itself(app: Flask, command: str) -> None:
    done = app.test_cli_runner().invoke(args=[*command.split(), "--help"])
    assert done.exit_code == 0
    assert "Usage: " in done.output


def test_a_missing_sound_tool_is_named_with_its_package(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = app.test_cli_runner().invoke(args=["words", "sounds"])
    assert done.exit_code == 1
    assert "apt-get install espeak-ng" in done.output


def test_a_push_key_is_made_once_and_never_overwritten(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "PROJECT_ROOT", tmp_path)
    done = app.test_cli_runner().invoke(args=["push", "keys"])
    kept = tmp_path / "var" / "vapid.pem"
    assert done.exit_code == 0
    assert "VAPID_PRIVATE_KEY" in done.output
    assert kept.stat().st_mode & 0o777 == 0o600
    made = kept.read_text()
    assert checked_vapid_key(made) == made.strip()
    again = app.test_cli_runner().invoke(args=["push", "keys"])
    assert again.exit_code == 1
    assert kept.read_text() == made
