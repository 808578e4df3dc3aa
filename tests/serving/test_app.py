"""The server answers to its own pages and to nobody else, and nothing that it is sent makes it do more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from grader import events, site
from grader.events import Telling
from grader.incidents import Record, keep
from grader.serving.app import BODY, STREAMS, Live
from grader.serving.board import Board
from grader.serving.server import records
from grader.serving.started import Started
from tests.render import hostile
from tests.serving.test_board import LAB, result, workspace

TOKEN = "the token of this start"
HOST = "127.0.0.1:8000"
OWN = {"Origin": f"http://{HOST}", "X-Course-Token": TOKEN}


class Buttons(Started):
    """Only keeps what is asked of the checks that a button starts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.free = True

    def start(self, key: str, lab: str, folder: Path) -> bool:
        self.asked.append(("start", lab, str(folder)))
        return self.free

    def end(self, key: str) -> bool:
        self.asked.append(("end", key))
        return not self.free


class Served:
    def __init__(self, base: Path) -> None:
        pages = base / "site"
        (pages / "assets/js").mkdir(parents=True)
        (pages / "index.html").write_text("<script>let a = 1</script><h1>Home</h1>")
        (pages / "assets/js/served.js").write_text("export const served = false;\n")
        (base / "secret.txt").write_text("not yours")
        self.folder = workspace(base / "work" / LAB)
        self.board = Board(base, events.folder(), (LAB,))
        self.board.look()
        self.buttons = Buttons()
        self.alive = True
        app = Live(
            site.served(pages),
            self.board,
            self.buttons,
            port=8000,
            token=TOKEN,
            alive=lambda: self.alive,
            records=lambda: records(base / "work"),
        )
        self.client = Client(app)
        self.key = self.board.open({}).get_nowait()["workspaces"][0]["key"]

    def get(self, path: str, host: str = HOST, **headers: str) -> TestResponse:
        return self.client.get(path, headers={"Host": host, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def post(self, path: str, body: Any = None, **changed: str | None) -> TestResponse:
        """With all that a page of its own sends, but for what is `changed`."""
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        headers = {"Host": HOST, "Content-Type": "application/json", **OWN, **named}
        data = body if isinstance(body, bytes) else json.dumps({"workspace": self.key} if body is None else body)
        return self.client.post(path, data=data, headers={k: v for k, v in headers.items() if v is not None})


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Served(tmp_path)


def read(stream: Iterator[Any]) -> dict[str, Any]:
    """The next message of a stream."""
    while True:
        chunk = next(stream)
        if chunk.startswith(b"data: "):
            message: dict[str, Any] = json.loads(chunk[6:])
            return message


def test_the_site_is_there_and_says_what_it_may_load(served: Served) -> None:
    page = served.get("/")
    text = page.text
    page.close()

    assert page.status_code == 200
    assert "<h1>Home</h1>" in text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'sha256-LAfYd7pbFUgwfQu8b4q135PeTG2z+/coPEUYCd74eCQ='" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("host", ("evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:81", "0.0.0.0:8000", ""))
@pytest.mark.parametrize("path", ("/", "/assets/js/served.js", "/-/events", "/-/check"))
def test_another_host_gets_nothing(served: Served, host: str, path: str) -> None:
    answer = served.get(path, host=host)

    assert answer.status_code == 421
    assert "http://127.0.0.1:8000/ or http://localhost:8000/" in answer.text


@pytest.mark.parametrize(
    "headers",
    (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://localhost:8000"},  # another name is another origin
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ),
)
@pytest.mark.parametrize("path", ("/assets/js/served.js", "/-/events"))
def test_a_page_of_another_origin_gets_nothing(served: Served, headers: dict[str, str], path: str) -> None:
    assert served.client.get(path, headers={"Host": HOST, **headers}).status_code == 403
    assert served.post("/-/check", **headers).status_code == 403
    assert served.buttons.asked == []


def test_no_answer_allows_another_origin(served: Served) -> None:
    answers = [served.get("/"), served.get("/-/events"), served.get("/assets/js/served.js"), served.post("/-/check")]
    answers.append(served.client.options("/-/check", headers={"Host": HOST, "Origin": "http://evil.example"}))

    assert [name for one in answers for name, _ in one.headers if name.startswith("Access-Control")] == []
    assert answers[-1].status_code == 403
    answers[0].close()


def test_pages_learn_that_they_are_served(served: Served) -> None:
    answer = served.get("/assets/js/served.js", Sec_Fetch_Site="same-origin")

    assert answer.text == "export const served = true;\n"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_button_starts_the_check_of_a_workspace_that_was_found(served: Served) -> None:
    assert served.post("/-/check").status_code == 202
    assert served.buttons.asked == [("start", LAB, str(served.folder))]


@pytest.mark.parametrize(
    ("changed", "status"),
    (
        ({"X_Course_Token": None}, 403),
        ({"X_Course_Token": "guessed"}, 403),
        ({"X_Course_Token": "\xe9"}, 403),
        ({"Origin": None}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ),
)
@pytest.mark.parametrize("path", ("/-/check", "/-/end"))
def test_an_action_needs_the_token_the_origin_and_json(
    served: Served, path: str, changed: dict[str, str | None], status: int
) -> None:
    assert served.post(path, **changed).status_code == status
    assert served.buttons.asked == []


@pytest.mark.parametrize(
    ("body", "status"),
    (
        (b"", 411),
        (b"nonsense", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * BODY, 400),
        ({"other": "x"}, 400),
        ({"workspace": "../../etc"}, 404),
        ({"workspace": ["a"]}, 404),
        (b" " * (BODY + 1), 413),
    ),
)
def test_no_other_body_starts_anything(served: Served, body: Any, status: int) -> None:
    answer = served.post("/-/check", body)

    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert served.buttons.asked == []


def test_a_body_of_unknown_length_is_not_read(served: Served) -> None:
    environ = {"HTTP_HOST": HOST, "HTTP_ORIGIN": OWN["Origin"], "HTTP_X_COURSE_TOKEN": TOKEN}
    answer = served.client.post(
        "/-/check", content_type="application/json", environ_overrides={**environ, "CONTENT_LENGTH": ""}
    )

    assert answer.status_code == 411


def test_one_check_at_a_time_runs_in_a_workspace(served: Served) -> None:
    served.buttons.free = False
    answer = served.post("/-/check")

    assert answer.status_code == 409
    assert "running in this workspace already" in answer.text


def test_only_a_check_that_runs_can_be_ended(served: Served) -> None:
    assert served.post("/-/end").status_code == 409
    served.buttons.free = False
    assert served.post("/-/end").status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "status"),
    (
        ("GET", "/-/check", 405),
        ("POST", "/-/events", 405),
        ("POST", "/-/records", 405),
        ("GET", "/-/", 404),
        ("GET", "/-/other", 404),
    ),
)
def test_nothing_else_is_at_these_addresses(served: Served, method: str, path: str, status: int) -> None:
    assert served.client.open(path, method=method, headers={"Host": HOST, **OWN}).status_code == status


def test_pages_get_the_reader_s_incidents_and_nothing_that_gives_one_away(served: Served) -> None:
    work = served.folder.parent
    keep(work, Record(1, "a1b2c3", LAB, 100.0, {"PINBOARD_PORT": 8001}, hints=1, solved=160.0))

    said = served.get("/-/records", **OWN).get_json()

    assert said["incidents"] == [
        {"number": 1, "lab": LAB, "hints": 1, "started": 100.0, "solved": 160.0, "revealed": 0.0, "ended": 0.0}
    ]
    assert said["ladder"]["rows"] == []


def test_a_record_that_cannot_be_read_costs_only_itself(served: Served) -> None:
    (served.folder.parent / "incidents.json").write_text("{")

    assert "incidents" not in served.get("/-/records", **OWN).get_json()
    assert "ladder" in served.get("/-/records", **OWN).get_json()


@pytest.mark.parametrize(
    "path",
    ("/../secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "//etc/passwd", "/%2e%2e/secret.txt", "/\x00"),
)
def test_no_path_leaves_the_site(served: Served, path: str) -> None:
    answer = served.get(path)

    assert answer.status_code in (302, 404)
    assert "not yours" not in answer.text


def test_a_stream_begins_with_all_and_goes_on_with_every_change(served: Served) -> None:
    stream = iter(served.get("/-/events").response)
    everything = read(stream)
    told = Telling(LAB, str(served.folder), "x")
    told.began("lab1", ["a.one"])
    told.result(result("a.one"))
    served.board.look()

    assert everything["token"] == TOKEN
    assert [one["name"] for one in everything["workspaces"]] == [f"work/{LAB}"]
    assert read(stream)["running"] is True
    assert read(stream)["result"]["id"] == "a.one"


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_a_stack_s_text_stays_within_its_message(served: Served, text: str) -> None:
    answer = served.get("/-/events")
    stream = iter(answer.response)
    read(stream)
    told = Telling(LAB, str(served.folder), "x")
    told.began(text, ["a.one"])
    told.result({**result("a.one"), "because": text})
    served.board.look()
    next(stream)
    chunk = next(stream)

    assert isinstance(chunk, bytes)
    assert chunk.isascii()
    assert chunk.count(b"\n") == 2
    assert json.loads(chunk[6:])["result"]["because"] == text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_streams_are_limited_and_a_closed_one_makes_room(served: Served) -> None:
    pages = [served.get("/-/events") for _ in range(STREAMS)]
    assert {page.status_code for page in pages} == {200}
    assert served.get("/-/events").status_code == 503

    pages[0].close()
    pages[0].close()  # a server may say it twice
    assert served.get("/-/events").status_code == 200
    assert served.get("/-/events").status_code == 503


def test_a_stream_ends_with_the_server(served: Served) -> None:
    stream = iter(served.get("/-/events").response)
    read(stream)
    served.alive = False

    assert list(stream) == []
