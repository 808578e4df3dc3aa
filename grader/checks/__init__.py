"""Judges: pure functions from evidence to a verdict, one module a topic."""
