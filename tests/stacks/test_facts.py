"""Given what the engine says of a container, then the facts are those that a learner needs to hear."""

from __future__ import annotations

import pytest

from grader.stacks.facts import _health_said


@pytest.mark.parametrize(
    ("health", "said"),
    (
        ({}, ""),
        ({"Log": None}, ""),
        ({"Log": [{"ExitCode": 0, "Output": "fine"}]}, ""),
        ({"Log": [{"ExitCode": 2, "Output": "cannot open x\n"}, {"ExitCode": 0, "Output": ""}]}, "cannot open x"),
        ({"Log": [{"ExitCode": 1, "Output": "old"}, {"ExitCode": 1, "Output": "new"}]}, "new"),
        ({"Log": [{"ExitCode": -1}]}, ""),
    ),
)
def test_the_last_failure_of_a_health_check_is_quoted(health: dict[str, object], said: str) -> None:
    assert _health_said(health) == said
