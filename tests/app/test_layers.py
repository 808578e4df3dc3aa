"""What each lab's solution changes in the app, and what its starter leaves wrong."""

import re
import runpy
import stat

import pytest
from werkzeug.test import Client, TestResponse

from tests.app.conftest import LAB1, LAB2, LAB3, ROOT, Lay

LABS = ("lab1-flask-run", "lab2-gunicorn", "lab3-nginx", "lab4-https", "lab5-logging", "lab6-monitoring")
SIGN_IN = {"user": "ada", "password": "pinboard"}


def test_the_author_left_a_guessable_key_a_fixed_greeting_and_a_talkative_error(
    lay: Lay, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = lay()
    monkeypatch.setenv("SECRET_KEY", "from-outside")
    monkeypatch.setenv("APP_GREETING", "from-outside")
    app = workspace.start()
    client = app.test_client()

    assert app.secret_key == "dev"
    assert "from-outside" not in client.get("/").text
    assert "SameSite" not in client.post("/login", data=SIGN_IN).headers["Set-Cookie"]
    assert "Traceback" in client.get("/bench/boom?m=marker").text


def test_lab1_takes_settings_from_the_environment(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay(*LAB1)
    monkeypatch.setenv("SECRET_KEY", "from-outside")
    monkeypatch.setenv("APP_GREETING", "greeting from outside")
    app = workspace.start()

    assert app.secret_key == "from-outside"
    assert "<h1>greeting from outside</h1>" in app.test_client().get("/").text
    assert not (workspace.data / "secret_key").exists()


def test_lab1_makes_a_key_for_each_deployment_that_only_the_app_can_read(lay: Lay) -> None:
    workspace = lay(*LAB1)
    key = workspace.start().secret_key
    file = workspace.data / "secret_key"

    assert isinstance(key, str)
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    assert file.read_text() == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_lab1_keeps_the_cookie_from_scripts_and_other_sites(lay: Lay) -> None:
    cookie = lay(*LAB1).start().test_client().post("/login", data=SIGN_IN).headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("accept", ("text/html", "application/json"))
def test_lab1_says_the_same_about_every_error(lay: Lay, accept: str) -> None:
    answer = lay(*LAB1).start().test_client().get("/bench/boom?m=marker", headers={"Accept": accept})

    assert (answer.status_code, answer.json) == (500, {"error": "internal"})
    assert answer.headers["X-App-Error"] == "1"


def test_lab2_numbers_fit_together(lay: Lay) -> None:
    workspace = lay(*LAB2)
    conf = runpy.run_path(str(workspace.folder / "gunicorn.conf.py"))
    grace = re.search(r"stop_grace_period: (\d+)s", (workspace.folder / "compose.yaml").read_text())

    assert grace
    assert conf["workers"] >= 3
    assert conf["graceful_timeout"] < int(grace[1])
    # 1500 requests over all workers: one of them must get enough to be replaced.
    assert conf["workers"] * (conf["max_requests"] + conf["max_requests_jitter"]) <= 1500


def test_lab2_workers_can_be_changed_from_outside(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay(*LAB2)
    monkeypatch.setenv("WEB_CONCURRENCY", "7")

    assert runpy.run_path(str(workspace.folder / "gunicorn.conf.py"))["workers"] == 7


def whoami(lay: Lay, layers: tuple[str, ...], headers: dict[str, str]) -> TestResponse:
    client = Client(lay(*layers).start())
    return client.get("/bench/whoami", headers=headers, environ_overrides={"REMOTE_ADDR": "172.18.0.3"})


def test_lab2_believes_no_forwarded_header(lay: Lay) -> None:
    me = whoami(lay, LAB2, {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}).get_json()

    assert (me["remote_addr"], me["scheme"]) == ("172.18.0.3", "http")


def test_lab3_believes_the_last_hop_and_no_other_header(lay: Lay) -> None:
    headers = {
        "X-Forwarded-For": "203.0.113.7, 192.0.2.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "6666",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=203.0.113.7;host=evil.example",
        "X-Real-IP": "203.0.113.7",
    }
    me = whoami(lay, LAB3, headers).get_json()

    assert (me["remote_addr"], me["scheme"]) == ("192.0.2.1", "https")
    assert (me["url_external"], me["script_root"]) == ("https://localhost/bench/whoami", "")


@pytest.mark.parametrize("lab", LABS)
def test_the_compose_project_is_named_like_its_lab(lab: str) -> None:
    files = [folder / lab / "compose.yaml" for folder in (ROOT / "labs", ROOT / "solutions")]
    texts = [file.read_text() for file in files if file.exists()]

    assert texts
    assert all(text.startswith(f"name: {lab}\n") for text in texts)
    assert not any("container_name" in text for text in texts), "two stacks could not run side by side"


@pytest.mark.parametrize("lab", LABS)
def test_a_solution_holds_only_files_that_differ(lab: str) -> None:
    """Walk the layers below the solution; a file that is the same as the one it replaces says nothing."""
    below = ["labs/app"]
    for name in LABS[: LABS.index(lab)]:
        below += [f"labs/{name}", f"solutions/{name}"]
    below.append(f"labs/{lab}")
    solution = ROOT / "solutions" / lab
    for file in (file for file in solution.rglob("*") if file.is_file() and "__pycache__" not in file.parts):
        hidden = [ROOT / layer / file.relative_to(solution) for layer in below]
        present = [path for path in hidden if path.exists()]
        assert not present or present[-1].read_bytes() != file.read_bytes(), file


def test_lab5_starts_where_lab4_ended() -> None:
    starter, ended = ROOT / "labs/lab5-logging/compose.yaml", ROOT / "solutions/lab4-https/compose.yaml"

    assert starter.read_text() == ended.read_text().replace("name: lab4-https", "name: lab5-logging")


@pytest.mark.parametrize("name", ("compose.yaml", "nginx/default.conf"))
def test_lab5_adds_to_what_lab4_has_and_takes_nothing_away(name: str) -> None:
    before = (ROOT / "solutions/lab4-https" / name).read_text().replace("name: lab4-https", "name: lab5-logging")
    after = iter((ROOT / "solutions/lab5-logging" / name).read_text().splitlines())

    missing = [line for line in before.splitlines() if line not in after]  # each is looked for after the one before
    assert missing == []
