"""Backends: what a stack is made of, and the only place where Docker is known."""
