"""What a citizen sees of her hours and what her word does, with script and without."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.placed import Placed, placed
from tests.plan import HTMX, ON_SQLITE, Plan

__all__ = ["placed"]


def test_smoke(placed: Placed, selam: FlaskClient) -> None:
    placed.says("jens", "late", -1, minutes=15)
    page = selam.get("/attendance")
    assert page.status_code == 200
    print(page.text)
