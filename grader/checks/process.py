"""The processes of the stack: whose they are and how they end."""

from __future__ import annotations
