"""Evidence as JSON and back: how recordings and tests keep what a probe brought home."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass
from typing import Any

from cattrs.preconf.json import make_converter

RECORDING = 1  # version of the form in which a run is recorded
CONVERTER = make_converter()
TUPLE = "tuple"
HOME = "grader."  # evidence is only ever built from classes of ours


def encode(evidence: object) -> dict[str, Any]:
    """{"type": "module:Class", "value": …} of a dataclass, a list of those of a tuple; TypeError for anything else."""
    if isinstance(evidence, tuple):
        return {"type": TUPLE, "value": [encode(item) for item in evidence]}
    if not is_dataclass(evidence) or isinstance(evidence, type):
        raise TypeError(f"evidence must be a dataclass, not {type(evidence).__name__}")
    kind = type(evidence)
    return {"type": f"{kind.__module__}:{kind.__qualname__}", "value": CONVERTER.unstructure(evidence)}


def decode(data: dict[str, Any]) -> Any:
    """The evidence that `encode` was given. ValueError when the type is none of ours or the value does not fit."""
    if data["type"] == TUPLE:
        return tuple(decode(item) for item in data["value"])
    module, _, name = str(data["type"]).partition(":")
    if not module.startswith(HOME):
        raise ValueError(f"{data['type']}: not a type of the grader's evidence")
    kind = getattr(importlib.import_module(module), name, None)
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise ValueError(f"{data['type']}: no such evidence")
    try:
        return CONVERTER.structure(data["value"], kind)
    except Exception as trouble:  # cattrs raises groups of anything; the caller gets one kind
        raise ValueError(f"{data['type']}: the recorded value does not fit: {trouble}") from trouble
