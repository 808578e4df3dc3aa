"""What visitors see when something fails."""

from __future__ import annotations
