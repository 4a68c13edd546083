"""The meetings that calendars show are those of the meetings' own tests."""

from __future__ import annotations

from tests.meetings.conftest import signed_in, stage

__all__ = ["signed_in", "stage"]
