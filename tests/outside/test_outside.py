"""Stacks as other people have them: the audit finds the roles, and each verdict is the one that was argued for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.stacks import STACKS, Outside, audited, build_image, disagreements, running

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def image() -> None:
    build_image()


@pytest.fixture(params=STACKS)
def outside(request: pytest.FixtureRequest, image: None, tmp_path: Path) -> Iterator[Outside]:
    with running(request.param, tmp_path) as stack:
        yield stack


def test_the_audit_says_of_a_stack_from_outside_what_is_argued_in_its_file(outside: Outside) -> None:
    told = outside.told
    if "question" in told:
        asked = outside.audit("--format", "json")
        assert (asked.returncode, asked.stdout) == (3, ""), asked.stdout[-3000:]
        assert f"which service is the {told['question']}?" in asked.stderr

    assert disagreements(outside, audited(outside)) == {}
