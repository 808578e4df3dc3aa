"""The cookie that keeps a visitor signed in."""

from __future__ import annotations
