"""Filters for templates: ui for text, states and links, times for moments.

Each takes a value and returns text; none reads the database.
Sentences about single sign-on are made in `sso.wording`.
"""
