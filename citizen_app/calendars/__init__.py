"""Meetings in people's own calendar programmes."""
