"""Meetings between a citizen and staff, and the citizen's answer to each."""
