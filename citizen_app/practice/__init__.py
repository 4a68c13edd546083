"""A citizen's practice: her answers, which cards are due, and the words she has used at work."""
