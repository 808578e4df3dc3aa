"""Settings come from outside of the image."""

from __future__ import annotations
