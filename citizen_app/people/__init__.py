"""Everybody in the house: accounts, roles, sign-in, languages, relations and the log of who has looked."""
