"""What --format and --output mean together, and what is refused before a run rather than after it."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from grader.report_options import shown_and_written

HTML, JSON = Path("a.html"), Path("B.JSON")


@pytest.mark.parametrize(
    ("form", "output", "shown", "files"),
    (
        (None, (), "terminal", ()),
        ("json", (), "json", ()),
        (None, (HTML, JSON), "terminal", (("html", HTML), ("json", JSON))),
        ("junit", (HTML,), "", (("junit", HTML),)),
    ),
)
def test_files_come_on_top_unless_their_form_is_named(
    form: str | None, output: tuple[Path, ...], shown: str, files: tuple[tuple[str, Path], ...]
) -> None:
    assert shown_and_written(form, output) == (shown, files)


def test_a_place_that_may_not_be_written_to_is_said_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(path))
    (tmp_path / "there.html").touch()

    for name in ("there.html", "new.html"):
        with pytest.raises(click.UsageError, match=f"{name}: you may not write there"):
            shown_and_written(None, (tmp_path / name,))
    assert asked == [tmp_path / "there.html", tmp_path]
