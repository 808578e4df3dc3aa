"""Writes down a run with every probe's answer, so that grader.stacks.recorded can answer again without a stack."""

from __future__ import annotations

import json

from grader.model import Reason, Result, Role
from grader.stacks.codec import CONVERTER, RECORDING, encode
from grader.stacks.values import ServiceFacts


def recording(
    project: str, services: tuple[ServiceFacts, ...], roles: tuple[Role, ...], results: tuple[Result, ...]
) -> str:
    """The text of a recording: services, roles and every probe's answer. Values of the environment are not in it."""
    answers = {}
    for result in results:
        key = repr(result.check.probe)
        if result.evidence is not None:
            answers[key] = {"evidence": encode(result.evidence)}
        elif result.verdict.reason is not Reason.BLOCKED:
            answers[key] = {"verdict": CONVERTER.unstructure(result.verdict)}
    data = {
        "schema": RECORDING,
        "project": project,
        "services": [CONVERTER.unstructure(service) for service in services],
        "roles": [CONVERTER.unstructure(role) for role in roles],
        "answers": answers,
    }
    return json.dumps(data, indent=1, sort_keys=True) + "\n"
