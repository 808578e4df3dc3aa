"""Records what the pages show: runs docs/_recorded/<lab>/<state>.<name>.cmd and writes the .txt beside it.

    python -m tests.site.record lab1-flask-run [name ...]

`state` is the workspace that the command runs in, `starter` or `solution` of that lab. Every command starts from the
same place: the files as laid out, the stack up. Only standard output is kept, as Compose reports its progress on
standard error. Port and project get the names that a learner sees. Where grader.toml names a certificate authority,
curl believes its root, as a learner's does then. A command that says `grader trust` itself starts without.
"""

import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import suppress
from pathlib import Path

from grader.stacks.throwaway import FURTHER_PORTS, PLAIN_PORT, TLS_PORT, free_ports

REPO = Path(__file__).parents[2]
RECORDED = REPO / "docs/_recorded"
BIN = REPO / ".venv/bin"
BUILDS = Path(tempfile.gettempdir()) / "docker-build.lock"  # one build at a time on a machine
PLAIN, TLS = ":8080", ":8443"  # the ports that a learner sees, and those of what watches the site
WATCHING = ("localhost:9090", "localhost:9093", "localhost:9095", "localhost:5514", "localhost:7890")
USUAL = dict(zip((PLAIN_PORT, TLS_PORT, *FURTHER_PORTS), (PLAIN, TLS, *WATCHING), strict=True))  # by its variable
NAME = "pinboard.localhost"  # a host name that every lab's stack answers to
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Workspace:
    """A lab laid out in a folder of its own, its stack under a project name and a port of its own."""

    def __init__(self, lab: str, state: str, folder: Path) -> None:
        self.lab, self.state = lab, state
        self.folder, self.pristine, self.root = folder / lab, folder / "pristine", folder / "root.pem"
        self.project = f"site-{lab}-{state}"
        ports = free_ports()
        self.ports = {usual: ports[variable] for variable, usual in USUAL.items()}
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        self.env = os.environ | {
            "PATH": path,
            "COMPOSE_PROJECT_NAME": self.project,
            **{variable: str(port) for variable, port in ports.items()},
            "COLUMNS": "80",
        }

    def lay_out(self) -> None:
        solution = ["--solution"] if self.state == "solution" else []
        self.run("grader", "start", self.lab, "--into", str(self.folder), *solution, cwd=REPO)
        shutil.copytree(self.folder, self.pristine)
        self.reset()

    def reset(self) -> None:
        """The files as laid out, their images again (a command may have built others), and a stack without a past."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.pristine, self.folder)
        self.down()
        self.run("flock", str(BUILDS), "docker", "compose", "build", "--quiet")
        self.run("docker", "compose", "up", "--detach", "--wait")
        self.wait_ready()
        self.take_root()

    def take_root(self) -> None:
        """The root of the lab's own authority, which makes a new one at every start."""
        settings = self.folder / "grader.toml"
        if not settings.exists() or "ca" not in tomllib.loads(settings.read_text(encoding="utf-8")):
            return
        deadline = time.monotonic() + 30  # the authority may still be starting
        while True:
            try:
                self.root.write_bytes(self.run("grader", "trust", "--show"))
                return
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def wait_ready(self) -> None:
        """The starters have no health check: Compose calls them up before they answer."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                site = http.client.HTTPConnection("127.0.0.1", self.ports[PLAIN], timeout=2)
                site.request("GET", "/healthz", headers={"Host": NAME})
                site.getresponse()  # a redirect to HTTPS will do
                return
            time.sleep(0.2)
        raise SystemExit(f"{self.project} does not answer")

    def down(self, *more: str) -> None:
        self.run("docker", "compose", "--profile", "*", "down", "--volumes", *more)

    def run(self, *command: str, cwd: Path | None = None) -> bytes:
        return subprocess.run(command, cwd=cwd or self.folder, env=self.env, check=True, capture_output=True).stdout

    def answer(self, command: str) -> str:
        """What `command` prints, as a learner would see it."""
        here = command
        for usual, port in self.ports.items():
            here = here.replace(usual, usual.rpartition(":")[0] + f":{port}")
        trust = {} if "grader trust" in command or not self.root.exists() else {"CURL_CA_BUNDLE": str(self.root)}
        done = subprocess.run(
            ["bash", "-c", here], cwd=self.folder, env=self.env | trust, capture_output=True, text=True, timeout=300
        )
        text = ESCAPES.sub("", done.stdout).replace("\r", "")
        for usual, port in self.ports.items():
            text = text.replace(f":{port}", ":" + usual.rpartition(":")[2])
        text = text.replace(str(self.folder), f"work/{self.lab}").replace(self.project, self.lab)
        if not text.strip():
            raise SystemExit(f"nothing was printed (exit code {done.returncode}): {done.stderr}")
        return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


def record(lab: str, names: list[str]) -> None:
    known = {path.stem: path for path in sorted((RECORDED / lab).glob("*.cmd"))}
    unknown = set(names) - set(known)
    if unknown or not known:
        raise SystemExit(f"docs/_recorded/{lab} has no command {', '.join(sorted(unknown)) or 'at all'}")
    commands = [path for name, path in known.items() if not names or name in names]
    for state in sorted({path.name.partition(".")[0] for path in commands}):
        with tempfile.TemporaryDirectory(prefix="site-") as folder:
            workspace = Workspace(lab, state, Path(folder))
            workspace.lay_out()
            try:
                for path in (path for path in commands if path.name.startswith(f"{state}.")):
                    workspace.reset()
                    path.with_suffix(".txt").write_text(workspace.answer(path.read_text()))
                    sys.stdout.write(f"{path.with_suffix('.txt').relative_to(RECORDED)}\n")
            finally:
                workspace.down("--rmi", "local")


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2:])
