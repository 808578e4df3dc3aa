"""The collector as a service: nobody but the engine writes to it, nobody waits for it, and it keeps what it has."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.collector import HELLO, beside, look_by_hand, say_by_hand
from grader.checks.commands import ADDRESSES, containers, timed
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.collector.away import BACK, LINES, POUR, POURING, Away, TakeAway
from grader.probes.collector.doors import Doors, TryDoors
from grader.probes.collector.flood import FLOOD, MIB, Flood, Flooded
from grader.probes.collector.found import Collect, Collected

BOUND = 16 * MIB  # bytes that the files may grow by when FLOOD bytes arrive
SLOW = 2.0  # seconds: an answer that takes longer was kept waiting
DRIVERS = "{{.HostConfig.LogConfig.Type}} {{.Id}}"
DRIVER = "docker inspect --format '{{.Name}} {{json .HostConfig.LogConfig}}' $(docker compose ps --quiet)"


@check(
    "collector.only-the-engine-writes",
    title="Nobody but the engine can write to the collector",
    rule="it is not reachable from other machines, and takes no line that is sent to it from beside another service",
    weight=Weight.MAJOR,
    probe=TryDoors(),
    needs=("collector.finds-request",),
    source="OWASP Logging Cheat Sheet, Attacks on logs; RFC 5424 §8.5; CIS Docker Benchmark 5.9",
    fix="the address that the port is published on, and the networks that the collector is on",
)
def only_the_engine_writes(seen: Doors) -> Verdict:
    """Syslog asks nobody for a name. Whoever reaches the port can write anything, in anybody's name: to hide a deed
    among a million lines, or to blame somebody else. An app that was broken into is such a sender."""
    if seen.public:
        return failed(
            f"{seen.collector} is published to other machines: {', '.join(seen.public)}",
            hint="the engine is on this machine: which address is enough for it?",
            reproduce=f"docker compose ps {quote(seen.collector)}",
            shows="(0\\.0\\.0\\.0|::):[0-9]+->",
        )
    taken = next((knock for knock in seen.knocks if knock.taken), None)
    if taken:
        option = " --udp" if taken.protocol == "udp" else " --tcp"
        return failed(
            f"a forged line from {taken.service} was taken by {seen.collector} at {taken.address}:{taken.port}"
            f" ({taken.protocol})",
            hint="the engine sends from the host: does the collector need to be on the services' network?",
            reproduce=f"{HELLO}; for a in $(docker inspect -f '{ADDRESSES}' {containers(seen.collector)}); do "
            f"{beside(taken.service, '--network container')} timeout 3 logger{option} --server $a --port {taken.port} "
            f"$w; done; sleep 2; {look_by_hand(seen.collector)} | wc -l",
            shows="^[1-9]",
        )
    if not seen.listens:
        return passed(f"{seen.collector} listens on nothing: it fetches its lines itself")
    asked = sorted({knock.service for knock in seen.knocks})
    return passed(f"{', '.join(seen.listens)} of {seen.collector} takes nothing from {', '.join(asked)}")


@check(
    "collector.outage-harmless",
    title="A collector that hangs or is down harms nobody",
    rule=f"while it stands still and while it is down, every request is answered within {SLOW:.0f} s; a service can be "
    f"started, and can write {POUR // MIB} MiB within {POURING:.0f} s",
    weight=Weight.BLOCKER,
    probe=TakeAway(),
    needs=("collector.finds-request",),
    source="Docker docs, Configure logging drivers: delivery mode; moby issue 21966",
    fix="the protocol and the delivery mode of the logging driver",
)
def outage_harmless(seen: Away) -> Verdict:
    """Logs are there for the site, not the site for the logs. A container that waits until its line is taken stands
    still when the collector does; one that must reach it first does not start again after a crash."""
    logs = quote(seen.collector)
    for fared in seen.fared:
        if fared.started.error:
            return failed(
                f"while {seen.collector} is down, no service with the logging of {fared.service} can be started: "
                f"{fared.started.error}",
                hint="does the driver have to connect before a container may start? Not every protocol connects",
                reproduce=f"docker compose kill {logs}; docker compose restart {quote(fared.service)}; "
                f"docker compose start {logs} {quote(fared.service)}",
                shows="Error.*logging driver",
            )
        if not fared.poured.ended:
            return failed(
                f"while {seen.collector} stands still, a service with the logging of {fared.service} hangs: it could "
                f"not write {POUR // MIB} MiB in {POURING:.0f} s",
                hint="who waits for whom when a line cannot be delivered? The driver has a mode for that",
                reproduce=DRIVER,
                shows=NotShown("it takes a service that writes a flood, and hangs with it"),
            )
    for window, what in ((seen.frozen, "stands still"), (seen.down, "is down")):
        if window.failed or window.slowest > SLOW:
            first = window.first or f"one answer took {window.slowest:.1f} s"
            return failed(
                f"{window.failed} of {window.sent} requests failed while {seen.collector} {what}; {first}",
                hint="what does the site wait for?",
                reproduce=f"docker compose pause {logs}; {timed(f'{seen.site}/', 5)}; docker compose unpause {logs}",
                shows=f"^000|^5|after ([{SLOW:.0f}-9]|1[0-9])",
            )
    asked = seen.frozen.sent + seen.down.sent
    slowest = max(seen.frozen.slowest, seen.down.slowest)
    return passed(f"{asked} requests meanwhile, the slowest took {slowest:.2f} s; services start and write as ever")


@check(
    "collector.resumes-after-crash",
    title="After a crash of the collector, lines arrive again by themselves",
    rule=f"it was killed; {BACK:.0f} s after its start new lines arrive, and nothing else was restarted",
    weight=Weight.MAJOR,
    probe=TakeAway(),
    needs=("collector.outage-harmless",),
    source="The Twelve-Factor App, IX Disposability",
    fix="what the collector leaves behind when it is killed, and what it expects to find",
)
def resumes_after_crash(seen: Away) -> Verdict:
    """A collector that has to be woken by hand collects nothing until somebody misses it. Mostly that is the day
    when somebody looks for a line."""
    logs = quote(seen.collector)
    if seen.back is not None:
        return passed(f"{seen.back:.1f} s after it was started, lines of {seen.service} arrived again")
    return failed(
        f"{BACK:.0f} s after {seen.collector} was started again, no new line has arrived; it is {seen.state}",
        hint="what did it say when it started? Did the crash leave something behind?",
        reproduce=f"docker compose kill {logs}; docker compose start {logs}; sleep {BACK:.0f}; {HELLO}; "
        f"{say_by_hand(seen.service)}; sleep 2; {look_by_hand(seen.collector)} 2>/dev/null | wc -l",
        shows="^0$",
    )


@check(
    "collector.outage-lines-kept",
    title="Lines that were written while the collector was down are not lost",
    rule=f"each of {LINES} lines that a service writes then is in `docker logs` at once, or in the collector later",
    weight=Weight.MAJOR,
    probe=TakeAway(),
    needs=("collector.finds-request",),
    source="Docker docs, Use docker logs with remote logging drivers",
    fix="the copy that the engine keeps, and when it is written",
)
def outage_lines_kept(seen: Away) -> Verdict:
    """What went wrong while the collector was down went wrong with everything: those lines are wanted. They need not
    be where the others are. But you have to know where."""
    if not seen.lost:
        late = f", {seen.there} of them in {seen.collector}" if seen.there else f", none of them in {seen.collector}"
        return passed(f"{seen.here} of {seen.said} lines of {seen.service} are in docker logs{late}")
    logs, said = quote(seen.collector), f'for i in $(seq {LINES}); do echo "$w $i"; sleep 0.1; done'
    return failed(
        f"{seen.lost} of {seen.said} lines that {seen.service} wrote while {seen.collector} was down are nowhere",
        hint="the engine keeps a copy of what it could hand over: what does it do when it could not?",
        reproduce=f"{HELLO}; docker compose kill {logs}; {say_by_hand(seen.service, said)}; "
        f"(docker compose logs --since 9s {quote(seen.service)} 2>/dev/null; docker compose start {logs}; "
        f'sleep 5; {look_by_hand(seen.collector)}) | grep -c "$w"',
        shows=f"^([0-9]|1[0-{LINES - 11}])$",
    )


@check(
    "collector.store-durable",
    title="The records outlive the collector's container",
    rule="the files with the records lie on a volume, or in a folder of the host",
    weight=Weight.MAJOR,
    probe=Collect(),
    needs=("collector.finds-request",),
    source="Docker docs, Volumes",
    fix="where the collector writes, and what is mounted there",
)
def store_durable(seen: Collected) -> Verdict:
    """An update of the collector makes a new container. What the old one wrote into itself is gone with it, and with
    it the days before the update, which you want to compare with."""
    if seen.durable:
        return passed(f"{seen.folder} of {seen.collector} is mounted: it outlives the container")
    speaker = next((one.service for one in seen.deliveries if one.record), "")
    return failed(
        f"{seen.collector} keeps its records in {seen.folder}, inside of its container",
        hint="which other data of this stack has to outlive its container, and how does it?",
        reproduce=f"{HELLO}; {say_by_hand(speaker)}; sleep 2; "
        + look_by_hand(seen.collector, 'df -h "$(grep -arls "$w" $PLACES | head -1)"'),
        shows="overlay",
    )


@check(
    "collector.store-bounded",
    title="The collector cannot fill the disk",
    rule=f"when one service writes {FLOOD // MIB} MiB of lines, the files grow by at most {BOUND // MIB} MiB "
    "(asked of a copy of the collector)",
    weight=Weight.MAJOR,
    probe=Flood(),
    needs=("collector.finds-request",),
    source="rsyslog docs, omfile: rotation.sizeLimit; logrotate(8)",
    fix="what happens to a file that has become large, and to the oldest ones",
)
def store_bounded(seen: Flooded) -> Verdict:
    """One service with a bug writes the same error a thousand times a second, all night. When the disk is full, the
    database stops, not the bug. The records of one service have to have an end, and it must be the oldest that go."""
    grew, took = seen.grew / MIB, seen.took / MIB
    if seen.grew <= BOUND:
        return passed(f"{took:.0f} MiB of lines came, and the files of {seen.collector} grew by {grew:.1f} MiB")
    size = look_by_hand(seen.collector, "du -smc $PLACES 2>/dev/null | tail -1 | cut -f 1")
    # Slowly, and more than is needed: what comes too fast over UDP is dropped on the way.
    flood = (
        f'for i in $(seq {2 * FLOOD // MIB}); do head -c {MIB} /dev/zero | tr "\\0" x | fold -w 1000; sleep 0.4; done'
    )
    speaker = f"docker inspect -f '{DRIVERS}' {containers()} | grep -vE '^(json-file|local|none) '"
    return failed(
        f"{took:.0f} MiB of lines came, and the files of {seen.collector} grew by {grew:.0f} MiB",
        hint="by size or by age: something has to close a file, and something has to delete the oldest",
        reproduce=f"s=$({speaker} | head -1 | cut -d ' ' -f 2); n() {{ {size}; }}; a=$(n); "
        f"docker run --rm --cap-add SYS_PTRACE --pid container:$s debian:trixie-slim sh -c '({flood}) > /proc/1/fd/1'; "
        "sleep 3; echo it grew by $(($(n) - a)) MB",
        shows=f"grew by (1[{BOUND // MIB % 10}-9]|[2-9][0-9])",
    )
