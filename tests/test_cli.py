"""Commands that belong to no single room."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.mark.parametrize(
    "command", ["migrate", "assets", "worker", "people import", "people set-password", "words sounds"]
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
