"""What the image carries along."""

from __future__ import annotations
