"""The server that runs the app: which kind it is, how much it does at a time, where it keeps its heartbeat."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import inside, python, status
from grader.model import Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.server import (
    AT_ONCE,
    SLOW,
    Doors,
    HeartbeatFiles,
    Heartbeats,
    Knock,
    SideBySide,
    SlowAtOnce,
)
from grader.probes.stack.headroom import too_noisy

# What gives a development server away: Python's http.server answers nonsense with this page, whatever it calls itself.
STDLIB_PAGE = ("<title>Error response</title>", "Error code:")
DEV_SERVERS = ("Werkzeug/", "WSGIServer/", "SimpleHTTP/", "BaseHTTP/")
QUICK = 1.7  # times one request: half-way between all at once (1) and two after another (2), a little generous
IN_MEMORY = ("tmpfs", "ramfs")


@check(
    "server.prod-wsgi-server",
    title="A production server runs the app, not the development server",
    rule=f"no socket of the app answers with the error page of Python's http.server or as {', '.join(DEV_SERVERS)}",
    weight=Weight.BLOCKER,
    probe=Knock(),
    needs=("stack.app-identity",),
    source="Flask docs, Deploying to Production; Werkzeug docs, Serving WSGI Applications",
    fix="the command that starts the app: `flask run` and app.run() are made for your desk",
)
def prod_wsgi_server(doors: Doors) -> Verdict:
    """The development server is made for one developer: it is not efficient, not stable and not secure.

    Its authors say so in the first line that it prints. It has no workers that can be replaced and no limits that hold.
    """
    for door in doors.found:
        program = next((name for name in DEV_SERVERS if door.server.startswith(name)), "")
        if program:
            return failed(
                f"on {door.where}, {door.service} answers as Server: {door.server}",
                hint="which command does the container run? A WSGI server such as Gunicorn belongs there",
                reproduce=_said(door.service, door.where, "GET / HTTP/1.0"),
                shows=f"^Server: {program}",
            )
        if any(all(sign in reply for sign in STDLIB_PAGE) for reply in door.replies):
            return failed(
                f"on {door.where}, {door.service} answers nonsense with the error page of Python's own http.server, "
                "which the development server is built on",
                hint="the Server header may say what it likes: which command does the container run?",
                reproduce=_said(door.service, door.where, "GARBAGE"),
                shows="Error response",
            )
    seen = ", ".join(f"{door.where} {door.server or 'without a Server header'}" for door in doors.found)
    return passed(f"no sign of a development server: {seen}")


def _said(service: str, where: str, words: str) -> str:
    """Shows what the app itself answers to a line, with the Python that it has to have."""
    port = where.removeprefix("port ")
    family, to = ("AF_INET", f"('127.0.0.1', {port})") if port.isdigit() else ("AF_UNIX", repr(where))
    code = f"import socket as s; c = s.socket(s.{family}); c.connect({to}); c.send(b'{words}\\r\\n\\r\\n'); "
    return python(service, f"{code}print(c.makefile('rb').read(9999).decode())")


@check(
    "server.concurrent-requests",
    title="Slow requests do not hold each other up",
    rule=f"{AT_ONCE} requests of {SLOW:g} s, sent together, are all answered within {QUICK:g} times that",
    weight=Weight.BLOCKER,
    probe=SlowAtOnce(QUICK),
    needs=("stack.contract-endpoints",),
    source="Gunicorn docs, Design: How Many Workers?",
    fix="the number of workers, or of threads in each",
)
def concurrent_requests(found: SideBySide) -> Verdict:
    """One worker serves one request at a time. While somebody waits for a slow report, everybody else waits too.

    A handful of workers or threads is enough to keep one slow page from stopping the whole site.
    """
    bad = next((seen for seen in found.seen if not seen.startswith("2")), "")
    again = f"time (for i in $(seq {AT_ONCE}); do {status(found.site + found.path)} & done; wait)"
    late = int(QUICK * found.one) + 1  # whole seconds
    if bad:
        return failed(
            f"of {AT_ONCE} requests for {found.path} sent together, one was answered with {bad}",
            hint="look at the log of the app at that moment: docker compose logs --tail 60",
            reproduce=again,
            shows="^[^2][0-9][0-9]$",
        )
    if found.shortest < found.one / 2:
        return unknown(
            Reason.UNREACHABLE,
            f"{found.path} took {found.shortest:.2f} s now and {found.one:.2f} s before: it is not slow every time",
            hint="name an endpoint in grader.toml (slow_path) that takes a second each time",
        )
    if found.wall < QUICK * found.one:
        return passed(f"{AT_ONCE} requests of {found.one:.1f} s took {found.wall:.2f} s together")
    if found.baseline is not None and found.baseline.noisy:
        return too_noisy(found.baseline)
    return failed(
        f"{AT_ONCE} requests of {found.one:.1f} s took {found.wall:.2f} s together: some waited for others",
        hint="how many requests can the server work on at the same time? Count its workers times their threads",
        reproduce=again,
        shows=f"real\\s+([1-9][0-9]*m|0m([{min(late, 9)}-9]|[1-9][0-9])\\.)",
    )


@check(
    "server.heartbeat-on-tmpfs",
    title="Workers keep their heartbeat in memory",
    rule=f"the heartbeat file of every worker is on {' or '.join(IN_MEMORY)}",
    weight=Weight.MINOR,
    probe=HeartbeatFiles(),
    needs=("server.prod-wsgi-server",),
    source="Gunicorn docs, Settings: worker_tmp_dir; FAQ: How do I avoid Gunicorn excessively blocking in os.fchmod?",
    fix="Gunicorn's worker_tmp_dir",
)
def heartbeat_on_tmpfs(hearts: Heartbeats) -> Verdict:
    """A worker of Gunicorn shows that it lives by touching a file. When the disk under that file stands still, so does
    the worker, and the master kills it as hung although nothing is wrong with it.
    """
    on_disk = next((heart for heart in hearts.found if heart.filesystem not in IN_MEMORY), None)
    if on_disk is None:
        first = hearts.found[0]
        return passed(f"workers keep their heartbeat in {first.folder}, which is {first.filesystem}")
    return failed(
        f"worker {on_disk.pid} keeps its heartbeat file in {on_disk.folder}, which is "
        f"{on_disk.filesystem or 'on no known mount'}, not memory",
        hint="which folder of a container is always in memory? /dev/shm is one",
        reproduce=f"{inside(hearts.service, f'df -hT {quote(on_disk.folder)}')}; "
        + inside(hearts.service, "sh -c 'ls -l /proc/[0-9]*/fd | grep deleted'"),
        shows=f"{re.escape(on_disk.folder)}/.* \\(deleted\\)",
    )
