"""The stack is up, goes on running, can be reached, and comes up again by itself."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from urllib.parse import urljoin, urlsplit

from grader.checks.base import check
from grader.checks.commands import containers, curl
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.edge.hops import REDIRECTS
from grader.probes.greeting import Speaks
from grader.probes.http import GREETING_SECONDS
from grader.probes.stack.entrance import AtEntrances, Entrance, Entrances
from grader.probes.stack.start import IN_A_ROW, LIMIT, ColdStart, Recreate
from grader.probes.stack.steady import ENDED, SETTLE, Member, Members, Steady
from grader.stacks.values import State

NAMED = 3  # findings that a sentence names


@check(
    "stack.stack-up",
    title="Every service of the stack is running",
    rule="every service runs, stays up between two looks, and is healthy where it has a health check; "
    f"jobs have ended with 0 (health checks get {SETTLE:.0f} s to settle)",
    weight=Weight.BLOCKER,
    probe=Steady(),
    source="Compose specification, services; CIS Docker Benchmark 5.27",
    fix="the logs of the service that ends",
)
def stack_up(seen: Members) -> Verdict:
    """A container that ends and is started again looks alive half of the time. Visitors meet the other half.

    Everything else that can be said about a stack starts with its services running and going on to run.
    """
    troubles = [(member, trouble) for member in seen.members if (trouble := _trouble(member))]
    lasting = [member for member in seen.members if not member.one_shot]
    if not troubles and lasting:
        checked = ", ".join(f"{m.name} {m.health or 'running'}" for m in lasting)
        jobs = len(seen.members) - len(lasting)
        return passed(checked + (f"; {jobs} finished with 0" if jobs else ""))
    if not lasting:
        return failed(
            "nothing is meant to go on running here: every service has ended",
            hint="a server must stay in the foreground; what did it say before it ended?",
            reproduce="docker compose logs --tail 60; docker compose ps --services --status running | wc -l",
            shows="^0$",
        )
    member = next((m for m, _ in troubles if not _unwell(m)), troubles[0][0])  # a crash is more than a slow answer
    first = quote(member.service)
    if member.error:
        return failed(
            "; ".join(trouble for _, trouble in troubles[:NAMED]),
            hint="who holds what it asked for? docker ps shows every stack on this machine",
            reproduce=f"docker ps; docker compose up -d {first}",
            shows="Error",
        )
    if _unwell(member):
        verdict = failed(
            "; ".join(trouble for _, trouble in troubles[:NAMED]),
            hint=f"what does the health check of {member.service} ask, and can it be asked there?",
            reproduce="docker inspect -f '{{.State.Health.Status}} {{json .State.Health.Log}}' "
            + containers(member.service),
            shows=f"^{member.health}",
        )
        return replace(verdict, late=True)
    return failed(
        "; ".join(trouble for _, trouble in troubles[:NAMED]),
        hint=f"what did {member.service} say last?",
        reproduce=f"docker compose logs --tail 60 {first}; sleep 5; "
        "docker inspect -f '{{.State.Status}}, exit code {{.State.ExitCode}}, "
        "restarted {{.RestartCount}} times, out of memory {{.State.OOMKilled}}' "
        + containers(member.service, stopped=True),
        shows=_seen_of(member),
    )


def _unwell(member: Member) -> bool:
    """Whether nothing but its health check speaks against an instance."""
    runs = member.state is State.RUNNING and not (member.again or member.oom_killed)
    return runs and member.health in ("unhealthy", "starting")


def _seen_of(member: Member) -> str:
    """What the engine says of an instance that does not run as it should."""
    if member.oom_killed:
        return "out of memory true"
    if member.restarts:
        return "restarted [1-9]"
    return "exit code [1-9]" if member.one_shot else f"^{member.state}"


def _trouble(member: Member) -> str:
    """What is wrong with an instance, or ""."""
    if member.error and member.state is not State.RUNNING:
        return f"{member.name} could not be started: {_cause(member.error)}"
    if member.oom_killed:
        return f"{member.name} ran out of its memory limit and was killed"
    words = f"; its log says: {member.said}" if member.said else ""
    if member.one_shot and member.state is State.EXITED:
        return f"{member.name} ended with exit code {member.exit_code}{words}" if member.exit_code else ""
    if member.again > 0:
        return f"{member.name} was restarted while the grader looked, {member.restarts} times so far{words}"
    if member.state in ENDED:
        again = f", restarted {member.restarts} times" if member.restarts else ""
        return f"{member.name} is {member.state}, exit code {member.exit_code}{again}{words}"
    if member.state is not State.RUNNING:
        return f"{member.name} is {member.state}"
    if member.health == "starting":
        return f"the health check of {member.name} still says starting after {SETTLE:.0f} s"
    said = f": {member.said}" if member.said else ""
    return f"{member.name} runs, but its health check says unhealthy{said}" if member.health == "unhealthy" else ""


def _cause(error: str) -> str:
    """The end of the engine's chain of words, which names the cause: `Bind for … failed: port is already allocated`."""
    return ": ".join(error.split(": ")[-2:])[-160:]


@check(
    "stack.edge-reachable",
    title="The site answers on its published port",
    rule=f"at least one published port answers with an HTTP status or a TLS handshake within {GREETING_SECONDS:.0f} s, "
    "and the first page does not redirect in a circle",
    weight=Weight.BLOCKER,
    probe=AtEntrances(),
    needs=("stack.stack-up",),
    source="Compose specification, ports; Flask docs, Deploying to Production",
    fix="the `ports:` of the service that visitors talk to, and the address its server listens on",
)
def edge_reachable(seen: Entrances) -> Verdict:
    """A published port is a promise: somebody inside must listen there. Docker accepts the connection either way.

    It hands the connection to the container, and when nobody listens there it is closed without a word.
    """
    answering = [entrance for entrance in seen.entrances if entrance.speaks is not Speaks.SILENCE]
    if answering and all(_circles(entrance, answering, seen.hosts) for entrance in answering):
        door = answering[-1]
        return failed(
            f"the first page of port {door.host_port} redirects to {door.location}, and so on without end",
            hint="who redirects? It does not notice that the visitor is where it sends all visitors to",
            reproduce="curl -ks -o /dev/null -L --max-redirs 5 -w '%{num_redirects} redirects\\n' "
            + quote(urljoin(_front(door), door.location)),
            shows="^5 redirects",
        )
    if answering:
        return passed("; ".join(_said(entrance) for entrance in answering[:NAMED]))
    if not seen.entrances:
        return failed(
            f"no service publishes a port (running: {', '.join(seen.running) or 'none'})",
            hint="which service do visitors talk to? Give it `ports:`, on 127.0.0.1 for this machine only. Where "
            "a proxy of another stack leads to it, name it as entry (http://SERVICE:PORT)",
            reproduce="docker compose ps; docker compose ps | grep -c -e '->'",
            shows="^0$",
        )
    silent = seen.entrances[0]
    hint = f"inside {silent.service}, nothing listens on port {silent.port}"
    if silent.inside:
        hint = f"inside {silent.service}, port {silent.port} is open on {', '.join(silent.inside)}: who can reach that?"
    return failed(
        f"{silent.address}:{silent.host_port} leads to port {silent.port} of {silent.service}, "
        f"and there is no answer: {silent.error or 'silence'}",
        hint=hint,
        reproduce=curl(f"http://localhost:{silent.host_port}/", f"-Si -m {GREETING_SECONDS:.0f}"),
        shows="^curl: ",
    )


def _circles(entrance: Entrance, answering: list[Entrance], hosts: tuple[str, ...]) -> bool:
    """Whether the first page of an entrance leads, from first page to first page, back to one that was asked for."""
    asked: list[Entrance] = []
    while entrance not in asked:
        asked.append(entrance)
        target = _first_page_after(entrance, answering, hosts)
        if target is None:
            return False
        entrance = target
    return True


def _here(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether a name leads to this site: names below localhost always lead to this machine (RFC 6761 §6.3)."""
    return host in (*hosts, "localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def _first_page_after(entrance: Entrance, answering: list[Entrance], hosts: tuple[str, ...]) -> Entrance | None:
    """The entrance to whose first page an entrance's first page redirects; None when it does not."""
    if entrance.status not in REDIRECTS or not entrance.location:
        return None
    try:
        url = urlsplit(urljoin(_front(entrance), entrance.location))
        port = url.port
    except ValueError:  # no URL at all
        return None
    if url.path not in ("", "/") or url.query or not _here(url.hostname or "", hosts):
        return None
    scheme = Speaks.TLS if url.scheme == "https" else Speaks.HTTP
    # Without a port in it, the one port of its kind: it is another one outside than inside.
    there = [one for one in answering if one.speaks is scheme and port in (one.host_port, None)]
    return there[0] if len(there) == 1 else None


def _front(entrance: Entrance) -> str:
    return f"{'https' if entrance.speaks is Speaks.TLS else 'http'}://localhost:{entrance.host_port}/"


def _said(entrance: Entrance) -> str:
    what = f"HTTP {entrance.status}" if entrance.speaks is Speaks.HTTP else "TLS"
    return f"{entrance.address}:{entrance.host_port} ({entrance.service}) answers {what}"


@check(
    "stack.cold-start",
    title="The stack comes up from nothing with one command",
    rule=f"after `docker compose up --force-recreate`, {IN_A_ROW} good answers in a row within {LIMIT:.0f} s, "
    "and no error after the first",
    weight=Weight.MAJOR,
    probe=Recreate(),
    needs=("stack.stack-up",),
    source="The Twelve-Factor App, IX Disposability; Compose specification, depends_on",
    fix="what a service expects to find when it starts",
    deep=True,
)
def cold_start(seen: ColdStart) -> Verdict:
    """A machine is rebooted at night, or dies and is replaced. Nobody is there to run the command that was forgotten.

    What you did by hand, somebody must do by hand again. What a service does when it starts is never forgotten.
    """
    if seen.exit_code:
        said = "".join(seen.output.strip().splitlines()[-1:])
        return failed(
            f"`docker compose up` ended with {seen.exit_code}: {said}",
            hint="which container did not start, and what did it miss?",
            reproduce="docker compose up -d --force-recreate; echo exit code $?; docker compose ps -a",
            shows="exit code [1-9]",
        )
    if not seen.ready:
        down = f"; {', '.join(seen.states[:NAMED])}" if seen.states else ""
        return failed(
            f"{seen.path} was not ready {seen.seconds:.0f} s after all containers were made anew: {seen.last}{down}",
            hint="which thing done by hand do the new containers miss, or which leftover of the old do they trip over?",
            reproduce="docker compose up -d --force-recreate --wait; echo exit code $?; docker compose ps -a; "
            "docker compose logs -n 20",
            shows="exit code [1-9]",
        )
    if seen.relapses:
        return failed(
            f"{seen.path} was ready, and then failed {seen.relapses} more times before it was ready for good",
            hint="something lets visitors in before the rest is there",
            reproduce="docker compose up -d --force-recreate; docker compose logs --tail 50",
            shows=NotShown("the errors come in moments after a start, to whom asks just then"),
        )
    return passed(f"ready {seen.seconds:.1f} s after all containers were made anew")
