"""The mentor's screens."""
