"""How a stack is configured, as texts: what is read, and that none of it is a secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.model import Kept, Part, Reason, Role
from grader.probes.stack.configuration import Configuration, config_files, nginx_files, running
from grader.stacks.base import CouldNotLook, NotApplicable
from grader.stacks.dealings import Ran
from grader.stacks.redaction import MARK, Redactor
from grader.stacks.values import HealthCheck, Mount, Process, Published, ServiceFacts, Socket, Sockets
from tests.probes.service import SERVICE, process

KEY = b"k" * 32
HIDDEN = "open5esame"
MASTER = process(1, 0, argv=("/usr/local/bin/python3", "/usr/local/bin/gunicorn", "--env", f"TOKEN={HIDDEN}", "w:app"))
NGINX = Process(1, 0, "S", 1, 1, 0, "nginx", ("nginx: master process nginx -g daemon off; -c /etc/my.conf",))
PROXY = replace(SERVICE, id="decaf", service="proxy", argv=("nginx",), image="sha256:abcdef0123456789")
DUMP = f"""nginx: [warn] a warning in between
# configuration file /etc/my.conf:
http {{
    # a comment
    server_tokens off; # said why
    proxy_set_header Authorization "Basic {HIDDEN}";
    include /etc/nginx/conf.d/*.conf;
}}

# configuration file 2026/11/28 16:45:01 [warn] 7#7: another one
/etc/nginx/conf.d/site.conf:
listen 80;
"""
COMPOSE: dict[str, Any] = {
    "name": "lab",
    "services": {
        "app": {
            "build": {"context": ".", "args": {"PIP_PASS": HIDDEN}},
            "command": ["serve", "--password", HIDDEN],
            "environment": {"SECRET_KEY": HIDDEN, "WEB_CONCURRENCY": "2"},
            "ports": [{"target": 80, "published": "8080", "host_ip": "127.0.0.1"}],
            "init": True,
            "entrypoint": None,
        },
    },
    "configs": {"page": {"content": f"hello {HIDDEN}"}},
    "volumes": {"data": {"name": "lab_data"}},
}
CONF = f'workers = 4  # cores\nraw_env = ["TOKEN={HIDDEN}"]\n'


class Stack:
    """A stack of an app and a proxy, as far as the probe asks for it."""

    def __init__(self, **instead: Callable[..., Any]) -> None:
        self.instead = instead
        self.ran: list[tuple[str, ...]] = []
        self.edge = "proxy"

    def redactor(self, key: bytes) -> Redactor:
        return Redactor(key, {SERVICE.id: {"SECRET_KEY": HIDDEN}, PROXY.id: {}})

    def services(self) -> tuple[ServiceFacts, ...]:
        return SERVICE, replace(SERVICE, id="c0ffee2", name="lab-app-2"), PROXY

    def roles(self) -> tuple[Role, ...]:
        return Role("edge", (self.edge,), ""), Role("app", ("app",), "")

    def compose(self, *words: str, seconds: float) -> tuple[int, str]:
        if "compose" in self.instead:
            return self.instead["compose"]()  # type: ignore[no-any-return]
        return 0, json.dumps(COMPOSE) + 'time="…" level=warning msg="the attribute `version` is obsolete"'

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        if service.service == "app":
            return MASTER, replace(MASTER, pid=2, ppid=1)
        return self.instead["processes"]() if "processes" in self.instead else (NGINX, process(2))

    def run(self, service: ServiceFacts, argv: tuple[str, ...], *, seconds: float) -> Ran:
        self.ran.append((service.service, *argv))
        return self.instead["run"]() if "run" in self.instead else Ran(0, DUMP, 0.1)

    def sockets(self, service: ServiceFacts) -> Sockets:
        return Sockets((Socket("0.0.0.0", 8000, "", (1,)),), ())

    def inside(self, service: ServiceFacts, op: str, *, pid: int, path: str = "") -> object:
        files = {"/app/gunicorn.conf.py": CONF, "/etc/haproxy.cfg": "stats auth ada:" + HIDDEN}
        folders = {
            "/usr/local/lib": ["python3.13", "terminfo"],
            "/usr/local/lib/python3.13/site-packages": ["flask", "flask-3.1.0.dist-info"],
        }
        if op == "cwd":
            return "/app"
        if op == "list_dir" and path in folders:
            return folders[path]
        if op == "read_file" and path in files:
            return base64.b64encode(files[path].encode()).decode()
        raise CouldNotLook(Reason.UNREACHABLE, f"no {path}")


def texts(stack: Stack) -> dict[str, Kept]:
    return {kept.name: kept for kept in Configuration(KEY).ask(stack)}  # type: ignore[arg-type]


def plain(kept: Kept) -> list[str]:
    return MARK.sub("", kept.text).splitlines()


def test_every_part_is_read_and_no_secret_is_in_any() -> None:
    found = texts(Stack())

    assert list(found) == [
        "app, as Compose resolves it",
        "the rest of the Compose file",
        "app, as it runs",
        "app, image",
        "proxy, as it runs",
        "proxy, image",
        "proxy, /etc/my.conf",
        "proxy, /etc/nginx/conf.d/site.conf",
        "app, command line of its server",
        "app, /app/gunicorn.conf.py",
        "app, Python packages",
    ]
    assert HIDDEN not in repr(found)
    assert KEY.decode() not in repr(Configuration(KEY))


def test_a_compose_file_becomes_lines_that_need_no_neighbours() -> None:
    found = texts(Stack())

    assert plain(found["app, as Compose resolves it"]) == [
        "build.args.PIP_PASS: [masked]",
        "build.context: .",
        "command: serve --password [masked]",
        "environment.SECRET_KEY: [masked]",
        "environment.WEB_CONCURRENCY: 2",
        "init: true",
        "ports: host_ip=127.0.0.1 published=8080 target=80",
    ]
    assert plain(found["the rest of the Compose file"]) == [
        "configs.page.content: [masked]",
        "volumes.data.name: lab_data",
    ]


def test_nginx_is_asked_with_the_file_that_it_was_started_with_and_its_warnings_are_no_configuration() -> None:
    stack = Stack()
    found = texts(stack)

    assert stack.ran == [("proxy", "nginx", "-c", "/etc/my.conf", "-qT")]
    assert plain(found["proxy, /etc/my.conf"]) == [
        "http {",
        "    server_tokens off;",
        "    proxy_set_header Authorization [masked];",
        "    include /etc/nginx/conf.d/*.conf;",
        "}",
    ]
    assert found["proxy, /etc/nginx/conf.d/site.conf"].text == "listen 80;"


def test_nginx_behind_another_proxy_is_asked_too() -> None:
    stack = Stack()
    stack.edge = "tls"
    found = texts(stack)

    assert stack.ran == [("proxy", "nginx", "-qT")]
    assert found["proxy, /etc/nginx/conf.d/site.conf"].text == "listen 80;"


def test_a_proxy_that_names_its_file_is_read_there_and_runs_nothing() -> None:
    haproxy = process(1, 0, argv=("haproxy", "-W", "-f", "/etc/haproxy.cfg"))
    stack = Stack(processes=lambda: (haproxy, replace(haproxy, pid=2)))
    found = texts(stack)

    assert stack.ran == []
    assert plain(found["proxy, /etc/haproxy.cfg"]) == ["stats auth [masked]"]


def test_a_server_is_told_by_its_command_line_its_file_and_its_packages() -> None:
    found = texts(Stack())

    assert plain(found["app, command line of its server"]) == [
        "/usr/local/bin/python3 /usr/local/bin/gunicorn --env TOKEN=[masked] w:app"
    ]
    assert plain(found["app, /app/gunicorn.conf.py"]) == ["workers = 4", 'raw_env = ["TOKEN=[masked]']
    assert plain(found["app, Python packages"]) == ["python3.13", "flask 3.1.0"]


def no_folder() -> tuple[int, str]:
    raise NotApplicable("the folder is not on this machine")


@pytest.mark.parametrize(
    ("instead", "missing"),
    (
        ({"compose": no_folder}, Part.COMPOSE),
        ({"compose": lambda: (15, "no such file")}, Part.COMPOSE),
        ({"compose": lambda: (0, '{"services": {"app": ')}, Part.COMPOSE),
        ({"run": lambda: Ran(1, DUMP, 0.1)}, Part.PROXY),
        ({"run": lambda: Ran(None, DUMP, 3.0)}, Part.PROXY),
        ({"run": lambda: Ran(127, "nginx: not found", 0.1)}, Part.PROXY),
    ),
)
def test_what_cannot_be_read_is_left_out_and_the_rest_is_there(
    instead: dict[str, Callable[..., Any]], missing: Part
) -> None:
    parts = {kept.part for kept in texts(Stack(**instead)).values()}

    assert parts == set(Part) - {missing}


@pytest.mark.parametrize(
    ("argv", "expected"),
    (
        (("caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"), ("/etc/caddy/Caddyfile",)),
        (("haproxy", "-f", "/a.cfg", "-f", "/b.cfg"), ("/a.cfg", "/b.cfg")),
        (("gunicorn", "--config=file:conf.py", "wsgi:app"), ("conf.py",)),
        (("uwsgi", "--ini", "app.ini"), ("app.ini",)),
        (("gunicorn", "wsgi:app", "-c"), ()),
    ),
)
def test_a_command_line_says_where_the_configuration_is(argv: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert config_files(argv) == expected


def test_nginx_that_printed_no_file_has_none() -> None:
    assert nginx_files("nginx: [emerg] host not found in upstream\n") == {}


def test_the_settings_of_a_container_are_those_that_are_on() -> None:
    fact = replace(
        SERVICE,
        memory_limit=64,
        read_only=True,
        published=(Published("127.0.0.1", 8080, 80),),
        health_check=HealthCheck(("curl", "--user", f"ada:{HIDDEN}"), 5.0, 4.0, 3),
        mounts=(Mount("volume", "ab" * 32, "/data", True),),
        labels=(("com.docker.compose.config-hash", "1234567890abcdef"),),
    )
    lines = list(running(fact, Redactor(KEY, {SERVICE.id: {"PASSWORD": HIDDEN}})))

    assert [MARK.sub("", line) for line in lines] == [
        "Compose entry: [masked]",
        "command: gunicorn",
        "restart: unless-stopped",
        "memory: 64",
        "read_only: True",
        "stop: SIGTERM, then 10 s",
        "healthcheck: curl --user ada:[masked], every 5 s, 4 s long",
        "port: 127.0.0.1:8080 leads to 80",
        "network: lab_default",
        "volume: without a name at /data, to write",
        "environment.PASSWORD: [masked]",
    ]


def test_a_file_that_is_mounted_to_be_read_is_told_by_a_mark_only(tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    said = []
    for text in (HIDDEN, HIDDEN, "other"):
        path.write_text(text)
        fact = replace(SERVICE, mounts=(Mount("bind", str(path), "/etc/p.yml", False),))
        said += [line for line in running(fact, Redactor(KEY, {})) if line.startswith("bind")]

    assert said[0] == said[1] != said[2]
    assert MARK.sub("", said[0]) == f"bind: {path} at /etc/p.yml, to read, content [masked]"
    assert HIDDEN not in said[0]
