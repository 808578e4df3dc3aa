"""The key that signs sessions is a secret, and stays one."""

from __future__ import annotations
