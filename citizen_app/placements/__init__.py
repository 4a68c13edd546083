"""Placements at workplaces: where, with which mentors, on which days."""
