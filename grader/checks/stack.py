"""The stack is up, it can be reached, and the thing that answers is the app."""

from __future__ import annotations
