"""Bringing a municipality's people in from a file: citizens, staff, mentors and who works with whom."""
