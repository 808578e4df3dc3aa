"""Whether lines get out of the containers, in time, in a form that programs read, and within bounds."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import containers, curl, inside
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.logs.burst import ARRIVAL, FLUSH
from grader.probes.logs.form import AppLines, Flawed, ReadAppLines
from grader.probes.logs.found import AppLog, EdgeLog, FindAppLog, FindEdgeLog, FindPrint, Kept, Printed
from grader.probes.logs.growth import REQUESTS, Bounds, Grow, Growth
from grader.probes.logs.lines import SKEW

AT_ONCE = 1.0  # seconds
PER_REQUEST = 128  # bytes that a request may leave on disk, outside of what the engine keeps
KEEPS_ALL = ("", "-1", "0")  # a max-size of json-file that is none
INSPECT = "docker compose ps --quiet | xargs docker inspect"
SHOWN = 3  # seconds of lines that a command shows
WORD = "w=find-me-$RANDOM"  # a word that no line has yet: `$w` in what follows


def cut_short(services: tuple[str, ...]) -> Verdict:
    """What is looked for may be in the part that was not read."""
    return unknown(
        Reason.TIMED_OUT,
        f"{', '.join(services)} printed more than the grader reads, so that what it looked for may be in the rest",
        hint="what prints so much? `docker compose logs --tail 20` shows the latest lines",
    )


def says(site: str, level: str) -> str:
    """Makes the app log and print a word of its own, `$w`."""
    return f'{WORD}; {curl(f"{site}/bench/log")}"?m=$w&level={level}" >/dev/null'


def lines_of(services: tuple[str, ...], seconds: int = 0) -> str:
    """The lines of some services as they wrote them; only the latest, where `seconds` says how old they may be."""
    since = f" --since {seconds}s" if seconds else ""
    return f"docker compose logs --no-log-prefix{since} {' '.join(map(quote, services))}"


def _missing(what: str, kept: Kept, hint: str, reproduce: str) -> Verdict:
    """A line that was awaited and is not there."""
    if kept.refused:
        return failed(
            f"the engine has no log of {', '.join(kept.services)}: {kept.refused}",
            hint="which logging driver does the service have, and can its log be read again?",
            reproduce=f"{lines_of(kept.services)} 2>&1 >/dev/null",
            shows="support reading|Error",
        )
    if kept.cut:
        return cut_short(kept.services)
    return failed(f"{what}; {kept.lines} other lines of it are there", hint=hint, reproduce=reproduce, shows="^0$")


@check(
    "logs.logs-on-stdout",
    title="What the app logs arrives in `docker compose logs`",
    rule=f"What the app logs at level warning can be read in the engine's log within {ARRIVAL:g} s, and at level info "
    "too, unless the app's environment names a level for its log",
    weight=Weight.BLOCKER,
    probe=FindAppLog(),
    needs=("stack.contract-endpoints",),
    source="The Twelve-Factor App, XI. Logs; Python docs, logging",
    fix="the handler and the level of Python's root logger: to standard output, and never into a file of the container",
)
def logs_on_stdout(seen: AppLog) -> Verdict:
    """A container's files go with the container, and nobody looks for them there. What a process prints, the engine
    collects, keeps and passes on: the same way for every service, whatever it is written in."""
    services = seen.kept.services
    if seen.warning < 0:
        return _missing(
            f"a warning that the app logged did not show up within {ARRIVAL:g} s",
            seen.kept,
            "where does the handler of the app's logger write to, and from which level on?",
            f'{says(seen.site, "warning")}; sleep {ARRIVAL:g}; {lines_of(services)} | grep -c "log $w"',
        )
    if seen.info < 0 and not seen.level_named:
        return failed(
            "warnings show up, but what the app logs at level info is lost, and nobody has chosen that",
            hint="without a handler of your own, Python prints warnings and worse. Who sets the level here?",
            reproduce=f'{says(seen.site, "info")}; sleep {ARRIVAL:g}; {lines_of(services)} | grep -c "log $w"',
            shows="^0$",
        )
    if not seen.bench:
        return passed(f"requests leave lines in the log of {', '.join(services)}")
    quiet = " (level info is switched off by the environment)" if seen.info < 0 else ""
    return passed(f"a warning of the app was in the log of {', '.join(services)} after {seen.warning:g} s{quiet}")


@check(
    "logs.proxy-logs-on-stdout",
    title="What the proxy logs arrives in `docker compose logs`",
    rule=f"A request for a missing page and one for a static file show up in the engine's log within {ARRIVAL:g} s "
    f"({FLUSH:g} s for a proxy that collects its lines)",
    weight=Weight.MAJOR,
    probe=FindEdgeLog(),
    needs=("proxy.proxy-in-front",),
    source="nginx docs, ngx_http_log_module; The Twelve-Factor App, XI. Logs",
    fix="the access log of the proxy: to standard output, for static files too",
)
def proxy_logs_on_stdout(seen: EdgeLog) -> Verdict:
    """Only the proxy sees every request: those for static files, those it refuses, and those that no app answers."""
    services = seen.kept.services
    if seen.missing < 0 and not seen.elsewhere:
        return _missing(
            f"a request for a missing page left no line within {FLUSH:g} s",
            seen.kept,
            "where does the proxy write its access log, and does it write each line at once?",
            f'{WORD}; {curl(seen.site)}/$w >/dev/null; sleep {FLUSH:g}; {lines_of(services)} | grep -c "$w"',
        )
    if seen.static and seen.static_seen < 0 and not seen.elsewhere:
        return failed(
            f"a request for a missing page left a line, one for {seen.static} did not",
            hint="is the access log switched off where static files are served?",
            reproduce=f"sleep 2; {curl(seen.site + seen.static, '-o /dev/null')}; sleep 1; "
            f"{lines_of(services, 2)} | grep -cF {quote(seen.static)}",
            shows="^0$",
        )
    if seen.missing < 0:
        return passed(f"the proxy's lines are in the log of {', '.join(seen.elsewhere)}")
    late = " (it collects them for a while first)" if max(seen.missing, seen.static_seen) > ARRIVAL else ""
    return passed(f"{2 if seen.static else 1} requests left lines in the log of {', '.join(services)}{late}")


@check(
    "logs.logs-unbuffered",
    title="What the app prints appears at once",
    rule=f"What the app prints can be read within {AT_ONCE:g} s, while the app goes on running",
    weight=Weight.MAJOR,
    probe=FindPrint(),
    needs=("logs.logs-on-stdout",),
    source="Python docs, PYTHONUNBUFFERED and sys.stdout",
    fix="look at how Python buffers its standard output when it is no terminal",
)
def logs_unbuffered(seen: Printed) -> Verdict:
    """Python keeps what is printed until some kilobytes have come together, unless it prints to a terminal. The lines
    that explain a crash are then the ones that you never get to see."""
    if seen.seen < 0 or seen.seen > AT_ONCE:
        when = f"after {seen.seen:g} s" if seen.seen >= 0 else f"not within {ARRIVAL:g} s"
        return _missing(
            f"what the app printed appeared {when}",
            seen.kept,
            "a variable of the environment switches Python's buffer off",
            f'{says(seen.site, "debug")}; sleep {AT_ONCE:g}; {lines_of(seen.kept.services)} | grep -c "$w-print"',
        )
    return passed(f"what the app printed was there after {seen.seen:g} s")


@check(
    "logs.logs-json",
    title="Programs can read the app's lines",
    rule="Every line that the app prints during a burst of requests is one JSON object (or logfmt) with a level, a "
    f"message, and a time that tells its offset from UTC and is right within {SKEW:g} s",
    weight=Weight.MAJOR,
    probe=ReadAppLines(),
    needs=("logs.logs-on-stdout",),
    source="RFC 8259; RFC 3339; OWASP Logging Cheat Sheet",
    fix="one formatter for all loggers: the root's, and those of the server that runs the app",
)
def logs_json(seen: AppLines) -> Verdict:
    """Text is for one reader and one file. With a million lines from ten services you ask questions: all errors of
    the last hour, all lines of this request. Fields can be asked for, sentences cannot."""
    if seen.flawed:
        example = seen.examples[0]
        command, shows = _no_json(example, seen.site)
        return failed(
            f"{seen.flawed} of {seen.judged} lines of {example.service} are not: {', '.join(example.flaws)} in "
            f"`{example.line}`",
            hint="who wrote that line: the app, the server that runs it, or a bare print()?",
            reproduce=command,
            shows=shows,
        )
    if not seen.judged:
        return unknown(Reason.UNREACHABLE, f"{', '.join(seen.services)} printed no line about any request of ours")
    return passed(f"{seen.judged} lines of {', '.join(seen.services)}, each with time, level and message")


def _no_json(example: Flawed, site: str) -> tuple[str, str | NotShown]:
    """Shows lines that no program can read: the very one, or what one more request makes the app print."""
    if example.word:
        return f"{lines_of((example.service,))} | grep -F {example.word}", example.word
    # At first it waits until what others have printed is older than what is shown.
    made = f"sleep {SHOWN}; {curl(f'{site}/find-me')} >/dev/null; sleep 1"
    command = f"{made}; {lines_of((example.service,), SHOWN)} | grep -v '{{'"
    if "no JSON" in example.flaws:
        return command, "."
    return command, NotShown("which words of a line are its time, level and message is for your eyes to see")


@check(
    "logs.log-bounded",
    title="Logs cannot fill the disk",
    rule="The engine keeps the output of every service within a bound, and no service writes more than "
    f"{PER_REQUEST} bytes a request to its own layer or into a log file ({REQUESTS} requests are sent)",
    weight=Weight.MAJOR,
    probe=Grow(),
    needs=("stack.stack-up",),
    source="Docker docs, Configure logging drivers; JSON File and Local file logging drivers",
    fix="the logging driver of each service, or its option max-size; and log files inside of containers",
)
def log_bounded(seen: Growth) -> Verdict:
    """Docker's usual driver keeps every line for ever. A disk that is full stops everything that writes: the database
    first, and the service that was so talkative last."""
    for bounds in seen.services:
        file = max(bounds.files, key=lambda grown: grown.bytes, default=None)
        if file is not None and file.bytes >= PER_REQUEST * seen.requests:
            return failed(
                f"{bounds.service}: {file.path} grew by {file.bytes} bytes for {seen.requests} requests",
                hint="the engine keeps and rotates what goes to standard output; who looks after this file?",
                reproduce=_grew(inside(bounds.service, f"stat -c %s {quote(file.path)}"), seen.site),
                shows="grew by [1-9]",
            )
        if bounds.layer >= PER_REQUEST * seen.requests:
            return failed(
                f"{bounds.service} wrote {bounds.layer} bytes into its own layer for {seen.requests} requests",
                hint="what writes files inside the container for each request?",
                reproduce=_grew(
                    f"docker inspect -sf {{{{.SizeRw}}}} {containers(bounds.service)} | head -1", seen.site
                ),
                shows="grew by [1-9][0-9]{4}",
            )
    endless = [bounds for bounds in seen.services if not _bounded(bounds)]
    if endless:
        size = f" with max-size {endless[0].max_size}" if endless[0].max_size else " without max-size"
        return failed(
            f"the engine keeps all that {', '.join(sorted({one.service for one in endless}))} will ever print "
            f"({endless[0].driver}{size})",
            hint="a driver that rotates, or a bound for the one there is; Compose can say it once for all services",
            reproduce=f"{INSPECT} -f '{{{{.Name}}}} {{{{json .HostConfig.LogConfig}}}}'"
            + ("" if endless[0].max_size else " | grep -v max-size"),
            shows=f'"max-size":"{re.escape(endless[0].max_size)}"' if endless[0].max_size else f'"{endless[0].driver}"',
        )
    services = ", ".join(sorted({bounds.service for bounds in seen.services}))
    drivers = ", ".join(sorted({bounds.driver for bounds in seen.services if bounds.driver}))
    return passed(f"the engine keeps the output of {services} within bounds ({drivers}), and no log file grows in them")


def _grew(size: str, site: str) -> str:
    """Shows by how much something grows with requests; `size` prints its size."""
    look = f"s() {{ {size}; }}; a=$(s)"
    return f"{look}; {curl(f'{site}/find-me?[1-{REQUESTS}]')} >/dev/null; sleep 1; echo grew by $(($(s) - a))"


def _bounded(bounds: Bounds) -> bool:
    """`local` rotates unless it is told not to, json-file only when it is told to; other drivers keep nothing here."""
    endless = re.sub(r"[a-z]+$", "", bounds.max_size.strip().lower()) in KEEPS_ALL
    if bounds.driver == "json-file":
        return not endless
    return bounds.driver != "local" or not bounds.max_size or not endless
