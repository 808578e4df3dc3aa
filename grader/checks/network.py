"""Who listens where, and who can reach it."""

from __future__ import annotations
