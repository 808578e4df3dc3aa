"""The command that tells the engine whether the app is well: does it ask, and does it understand the answer?"""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import containers, inside
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.health_command import (
    LONGEST,
    Command,
    Compared,
    Ended,
    HealthRun,
    Hung,
    RunBesideStandIn,
    RunHealthCheck,
    RunWhileHung,
)
from grader.probes.stack.headroom import too_noisy

# The engine's own account of the last times that it ran the health check.
RESULTS = "{{range .State.Health.Log}}exit code {{.ExitCode}}: {{.Output}}{{println}}{{end}}"
OFTEN = 30  # seconds between two health checks, at most
NOT_THERE = (126, 127)  # what a shell, and the engine, say of a program that they cannot start


@check(
    "health.healthcheck-defined",
    title="The app container has a working health check",
    rule=f"a health check is defined for the app, asked at least every {OFTEN} s; it ends with 0 within its own "
    f"timeout ({LONGEST:.0f} s at most), and the engine calls the app healthy",
    weight=Weight.MAJOR,
    probe=RunHealthCheck(),
    needs=("stack.stack-up",),
    source="Compose specification, healthcheck; CIS Docker Benchmark 4.6 and 5.27",
    fix="a healthcheck whose program is in the image: Python is",
)
def healthcheck_defined(seen: HealthRun) -> Verdict:
    """An engine sees processes, not service. Without a health check, "running" is all that it knows.

    `docker compose up --wait`, proxies and orchestrators act on what the health check says.
    """
    inspect = "docker inspect -f '{{json .Config.Healthcheck}}' " + containers(seen.service)
    again = f"docker inspect -f '{RESULTS}' {containers(seen.service)}"
    if seen.command is None or seen.ended is None:
        how = "is switched off" if seen.off else "is not defined"
        return failed(
            f"a health check for {seen.service} {how}",
            hint="which command would tell that your app serves visitors, and who should run it?",
            reproduce=inspect,
            shows="^null|NONE",
        )
    if seen.ended.code in NOT_THERE:
        return failed(
            f"the program of the health check is not in the image: {seen.ended.output}",
            hint="slim images have neither curl nor wget; what do they have?",
            reproduce=again,
            shows="exit code (-1|12[67])",
        )
    if seen.baseline and seen.baseline.noisy:  # it did not end well, or the engine says so
        return too_noisy(seen.baseline)
    if seen.ended.code != 0:
        return failed(
            f"the health check {_how(seen.ended, seen.command)} although the app is up: {seen.ended.output}",
            hint="run it by hand inside of the container: what does it ask, and what is answered?",
            reproduce=again,
            shows="exit code (-|[1-9])",
        )
    if seen.command.interval > OFTEN:
        return failed(
            f"the health check is asked every {seen.command.interval:g} s; {OFTEN} s is the limit",
            hint="for how long may your visitors meet a hung app before anybody notices?",
            reproduce=inspect,
            shows=f'"Interval":{seen.command.interval * 1e9:.0f}',
        )
    if seen.status != "healthy":
        return failed(
            f"the health check ends with 0, but the engine calls {seen.service} {seen.status or 'neither'}",
            hint="docker inspect shows the last results, with their output",
            reproduce="docker inspect -f '{{json .State.Health}}' " + containers(seen.service),
            shows=f'"Status":"{re.escape(seen.status)}"' if seen.status else "^(null|<nil>)",
        )
    return passed(f"asked every {seen.command.interval:g} s, ended with 0 after {seen.ended.seconds:.1f} s; healthy")


def _how(ended: Ended, command: Command) -> str:
    if ended.code is None:
        return f"had not ended after {command.limit:g} s"
    return f"ended with {ended.code} after {ended.seconds:.1f} s"


@check(
    "health.healthcheck-detects-hang",
    title="The health check notices a hung app",
    rule="while all processes of the app's server stand still, the health check fails, or takes longer than its "
    f"timeout ({LONGEST:.0f} s at most); when they go on, it ends with 0",
    weight=Weight.MAJOR,
    probe=RunWhileHung(),
    needs=("health.healthcheck-defined",),
    source="Docker docs, HEALTHCHECK",
    fix="an HTTP request to the app, with a timeout",
)
def healthcheck_detects_hang(seen: Hung) -> Verdict:
    """A hung app still has its processes, and the kernel still accepts connections in its name.

    Whoever looks for a process or an open port sees nothing wrong. Only a question that wants an answer finds out.
    """
    service = seen.command.service
    wait = f"sleep {2 * seen.command.interval + seen.command.limit + 1:.0f}"  # the last result is then one of now
    # Three times: a worker that was just being started would answer for all of them. And nothing without a parent in
    # the container: a health check that is being asked just now would stand still, and look like one that noticed.
    stopped = 'kill -STOP $(grep -L "PPid:.0$" /proc/[0-9]*/status | cut -d/ -f3)'
    stop = inside(service, f"sh -c 'for i in 1 2 3; do {stopped}; sleep 1; done'")
    go_on = inside(service, "sh -c 'kill -CONT -1'")
    results = f"docker inspect -f '{RESULTS}' {containers(service)}"
    last = f"{results} | grep exit | tail -1"
    # Not the last one: a server that replaces hung workers may be well again by then.
    bad = f"{results} | grep -cE 'exit code (-|[1-9])'"
    if seen.during.code == 0:
        return failed(
            f"all {seen.stopped} processes of the server stood still, and the health check ended with 0 after "
            f"{seen.during.seconds:.1f} s",
            hint="what does it wait for: a process, a connection, or an answer?",
            reproduce=f"{stop}; {wait}; {bad}; {go_on}",
            shows="^0$",
        )
    if seen.after.code != 0:
        return failed(
            f"the server went on, but the health check {_how(seen.after, seen.command)}: {seen.after.output}",
            hint="does it remember something of the time when the app stood still?",
            reproduce=f"{stop}; {wait}; {go_on}; {wait}; {last}",
            shows="exit code (-|[1-9])",
        )
    return passed(
        f"while {seen.stopped} processes stood still, the health check {_how(seen.during, seen.command)}; then 0 again"
    )


@check(
    "health.healthcheck-detects-5xx",
    title="The health check notices error responses",
    rule="beside a server that answers every request with 500 the health check fails; beside one that answers as the "
    "app does, it ends with 0",
    weight=Weight.MAJOR,
    probe=RunBesideStandIn(),
    needs=("health.healthcheck-defined",),
    source="curl docs, --fail; Docker docs, HEALTHCHECK",
    fix="a client that fails on an error status: urlopen does, curl needs --fail",
)
def healthcheck_detects_5xx(seen: Compared) -> Verdict:
    """An app that answers everything with "Internal Server Error" is quick, polite and useless. A health check that
    takes any answer for a good one keeps it in service."""
    again = (
        f"errors=$(docker compose run -d --rm --no-deps --entrypoint python {quote(seen.command.service)} "
        f"-m http.server -d /tmp {seen.ports[0] if seen.ports else 8000}); "
        f"sleep {seen.command.interval + seen.command.limit + 1:.0f}; "
        f"docker inspect -f '{RESULTS}' $errors; docker stop -t 0 $errors"
    )
    if seen.on_error.code == 0:
        what = f"asked {seen.asked[0].partition(' HTTP/')[0]} and got 500" if seen.asked else "asked the app nothing"
        return failed(
            f"the health check {what}, and ended with 0",
            hint="does your client end with an error when the answer is one? Some print the page and are content",
            reproduce=again,
            shows="exit code 0",
        )
    if not seen.asked:
        return failed(
            "the health check fails without a server to look at, but it never asked the app anything",
            hint="what can it know of the answers that visitors get?",
            reproduce=again,
            shows=NotShown("whether it asked is known to the server that it should have asked"),
        )
    if seen.on_success.code != 0:
        return unknown(
            Reason.UNREACHABLE,
            f"the health check fails ({_code(seen.on_success)}) beside a server that answers as the app does: it needs "
            "more than the app",
        )
    return passed(f"it asked {seen.asked[0].partition(' HTTP/')[0]}: {_code(seen.on_error)} on 500, 0 on 200")


def _code(ended: Ended) -> str:
    return "no end" if ended.code is None else f"exit code {ended.code}"
