"""What a `docker compose run` leaves behind is no part of the stack; one that still runs is."""

from __future__ import annotations

import pytest

from grader.stacks.facts import is_spent

ONE_OFF = {"com.docker.compose.oneoff": "True"}


@pytest.mark.parametrize(
    ("labels", "state", "spent"),
    (
        (ONE_OFF, "exited", True),
        (ONE_OFF, "dead", True),
        (ONE_OFF, "running", False),
        ({"com.docker.compose.oneoff": "False"}, "exited", False),
        (None, "exited", False),
    ),
)
def test_only_an_ended_one_off_is_spent(labels: dict[str, str] | None, state: str, spent: bool) -> None:
    assert is_spent({"Config": {"Labels": labels}, "State": {"Status": state}}) is spent
