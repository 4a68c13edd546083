"""The tools that judge the code, each as one test, so that one command and one summary show them all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from citizen_app.config import PROJECT_ROOT

BIN = Path(sys.executable).parent


def accepts(tool: str, *arguments: str) -> None:
    """Fail with the tool's own words if it finds something."""
    done = subprocess.run([str(BIN / tool), *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"{tool} {' '.join(arguments)}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff_finds_no_mistake() -> None:
    accepts("ruff", "check", "--quiet")


def test_code_is_laid_out_by_ruff() -> None:
    accepts("ruff", "format", "--check", "--quiet")


def test_types_hold() -> None:
    # From scratch: with its cache, mypy 2.4 goes on missing a module that was written after it first looked.
    accepts("mypy", "--no-error-summary", "--no-incremental")


def test_rooms_stand_on_the_ladder() -> None:
    accepts("lint-imports", "--no-logo")


def test_templates_are_well_formed() -> None:
    accepts("djlint", "templates", "--lint", "--quiet")
