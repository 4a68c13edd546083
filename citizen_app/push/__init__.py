"""Phones that can be reached by web push: what we know of each, and how a message gets to it."""
