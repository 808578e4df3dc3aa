"""Nothing of a developer's workshop is left running in production."""

from __future__ import annotations
