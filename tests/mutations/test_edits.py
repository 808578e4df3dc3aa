"""Given a configuration file, when it is broken systematically, then each statement is left out, each value turned."""

from __future__ import annotations

import pytest

from grader.catalog import load, root
from tests.mutations.edits import edits

NGINX = """server {
    listen 80;
    server_tokens off; # says nothing
    location /static/ {
        expires 1h;
    }
    proxy_read_timeout 10s;
}
"""
COMPOSE = """services:
  app:
    build: .
    init: true
    command: [gunicorn, --workers=2, "--preload", "wsgi:app"]
    healthcheck:
      test: [CMD, true]
      interval: 5s
volumes:
  data:
"""


def names(file: str, text: str) -> list[str]:
    return [edit.name.partition(": ")[2] for edit in edits(file, text)]


def test_of_nginx_each_directive_and_each_block_is_left_out_once_and_each_value_turned_round() -> None:
    assert names("nginx/site.conf", NGINX) == [
        "without `listen 80;`",
        "without `server_tokens off; # says nothing`",
        "`server_tokens off; # says nothing` as `server_tokens on; # says nothing`",
        "without `location /static/ { expires 1h; }`",
        "without `expires 1h;`",
        "`expires 1h;` as `expires 100h;`",
        "without `proxy_read_timeout 10s;`",
        "`proxy_read_timeout 10s;` as `proxy_read_timeout 1000s;`",
    ]


def test_of_a_compose_file_each_key_goes_with_all_below_it() -> None:
    found = names("compose.yaml", COMPOSE)

    assert "without `healthcheck: test: [CMD, true] interval: 5s`" in found
    assert "`init: true` as `init: false`" in found
    assert "`command: [gunicorn, --workers=2, \"--preload\", \"wsgi:app\"]` as `command: [gunicorn, \"--preload\", \"wsgi:app\"]`" in found  # fmt: skip # noqa: E501
    assert not [name for name in found if name.startswith("without `services")]


def test_of_settings_in_python_each_line_is_left_out() -> None:
    assert names("gunicorn.conf.py", 'import os\nworkers = 2\n\ndef post_fork():\n    x = 1\n') == [
        "without `workers = 2`",
        "`workers = 2` as `workers = 200`",
    ]  # fmt: skip


def test_of_a_dockerfile_each_instruction_is_left_out_whole() -> None:
    assert names("Dockerfile", "FROM python:3.13-slim\nRUN one \\\n    && two\nUSER app\n") == [
        "without `RUN one \\ && two`",
        "without `USER app`",
    ]


def test_equal_lines_are_told_apart() -> None:
    assert names("a.conf", "etag off;\netag off;\n")[::2] == ["without `etag off;`", "without `etag off;` (2)"]


def test_what_an_earlier_lab_says_in_the_same_words_is_not_broken_again() -> None:
    assert [edit.name for edit in edits("a.conf", "etag off;\nexpires max;\n", before="etag off;\n")] == [
        "a.conf: without `expires max;`"
    ]


def test_an_edit_of_another_text_is_refused() -> None:
    (edit,) = edits("a.conf", "gzip_vary yes;\n")

    assert edit.applied("gzip_vary yes;\n") == ""
    with pytest.raises(ValueError, match=r"a\.conf, line 1: not the text"):
        edit.applied("something else;\n")


def test_every_edit_of_the_solutions_changes_its_file_and_has_a_name_of_its_own() -> None:
    for lab in load().labs:
        folder = root() / "solutions" / lab.id
        found = []
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                mine = edits(path.relative_to(folder).as_posix(), text)
                assert all(edit.applied(text) != text for edit in mine)
                found += [edit.name for edit in mine]
        assert len(found) == len(set(found))
