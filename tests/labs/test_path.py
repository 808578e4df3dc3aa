"""Given a learner who goes on from their own workspace, when they build each lab, then each one is complete."""

from pathlib import Path

import pytest

from tests.labs.path import path, walk

pytestmark = pytest.mark.docker


def test_the_path_can_be_walked_from_ones_own_workspaces(tmp_path: Path) -> None:
    wrong = {lab.id: said for lab, _, code, said in walk(tmp_path / "my path é", "--quick") if code}

    assert wrong == {}


def test_it_leads_from_the_first_lab_to_the_last() -> None:
    assert [lab.id.partition("-")[0] for lab in path()] == ["lab1", "lab2", "lab3", "lab4", "lab5", "lab6"]
