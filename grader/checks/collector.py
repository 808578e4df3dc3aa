"""What containers say arrives in one place, can be found there, and is still what they said."""

from __future__ import annotations

import re
from shlex import quote
from urllib.parse import urljoin

from grader.checks.base import check
from grader.checks.commands import containers, curl, inside
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.collector.found import LIMIT, Collect, Collected
from grader.probes.collector.odd import LONG, Odd, OddLines, SayOddLines
from grader.probes.collector.records import Kept, has_time, kept, names
from grader.probes.collector.request import Follow, Followed

HELLO = "w=hello-$RANDOM"
PLACES = '$(ls -d /* | grep -vE "^/(proc|sys|dev)$")'
NAMED = 3  # findings that a sentence names
NEAR = 60.0  # seconds that a record's time may differ from now


def beside(service: str, options: str) -> str:
    """Runs what follows beside a service: not every image has a shell."""
    return f"docker run --rm {options}:$(docker compose ps -q {quote(service)} | head -1) debian:trixie-slim"


def say_by_hand(service: str, command: str = 'echo "$w"') -> str:
    """Says what a shell command prints in a service's name: its process 1's standard output is what the engine reads.

    `$w` is a word that was not said before (HELLO); the command has no single quotes in it.
    """
    return f"{beside(service, '-e w=$w --cap-add SYS_PTRACE --pid container')} sh -c '({command}) > /proc/1/fd/1'"


def look_by_hand(collector: str, how: str = 'grep -arhs "$w" $PLACES') -> str:
    """Looks for `$w` in all files of the collector, wherever it may keep them."""
    return inside(collector, f"sh -c '{how.replace('$PLACES', PLACES)}'", "-e w=$w")


@check(
    "collector.finds-request",
    title="A request is found in the collector, at the edge and in the app",
    rule=f"within {LIMIT:.0f} s of its answer, lines of the edge and of the app with the id of a request are in the "
    "files of one other service",
    weight=Weight.BLOCKER,
    probe=Follow(),
    needs=("stack.edge-reachable",),
    source="The Twelve-Factor App, XI Logs; OWASP Logging Cheat Sheet, Event collection",
    fix="the `logging:` of the services that a request passes through",
)
def finds_request(seen: Followed) -> Verdict:
    """Somebody writes: it did not work, at ten past nine. With several machines, and containers that come and go, you
    cannot look into each of them. One place has to have it all, and one id has to lead through it."""
    if not seen.collector:
        return failed(
            "no service of this stack keeps what the others say",
            hint="is there a service that receives lines, and does the engine send them there?",
            reproduce="docker inspect -f '{{.Name}} {{json .HostConfig.LogConfig}}' " + containers(),
            shows=NotShown("a collector can be any program: only looking into all of them tells that there is none"),
        )
    what = f"the id {seen.word} of {seen.header}" if seen.header else f"the word {seen.word} of its path"
    missing = [trace for trace in seen.traces if not trace.record]
    if not missing:
        return passed(f"{what} is in {seen.collector}, from " + " and ".join(trace.service for trace in seen.traces))
    first, site = missing[0], urljoin(seen.url, "/")
    asked = f"{HELLO}; {curl(site)}$w >/dev/null"
    if seen.header:
        sent = f"{curl(site, '-i')} | grep -i {quote(f'^{seen.header}:')}"
        asked = f"w=$({sent} | cut -d ' ' -f 2 | tr -d '\\r')"
    asked += f"; sleep {LIMIT:.0f}"
    if not first.lines:
        return failed(
            f"{first.service} ({first.role}) wrote no line with {what}",
            hint="the id has to be in every line before it can be found in all of them: lab 5",
            reproduce=f'{asked}; docker compose logs {quote(first.service)} | grep -c "$w"',
            shows="^0$",
        )
    return failed(
        f"{first.service} ({first.role}) wrote a line with {what}, and {seen.collector} has none after {LIMIT:.0f} s",
        hint=f"where does the engine send the lines of {first.service}?",
        reproduce=f"{asked}; {look_by_hand(seen.collector)} | wc -l",
        shows="^[01]$",  # the edge's line or the app's, and not both
    )


@check(
    "collector.every-service",
    title="Every service's lines arrive in the collector",
    rule=f"a line that any lasting service writes to its standard output is in the collector within {LIMIT:.0f} s",
    weight=Weight.MAJOR,
    probe=Collect(),
    needs=("collector.finds-request",),
    source="The Twelve-Factor App, XI Logs; Docker docs, Configure logging drivers",
    fix="the `logging:` of each service, those of other Compose files too",
)
def every_service(seen: Collected) -> Verdict:
    """The line that explains an outage is often from a service that nobody thought of: the one that renews the
    certificate, the one that was only there to help. What is not collected is missed on the day it is needed."""
    missing = [one for one in seen.deliveries if not one.record]
    if not missing:
        slowest = max((one.seconds for one in seen.deliveries), default=0.0)
        services = ", ".join(one.service for one in seen.deliveries)
        return passed(f"{services}: each line was in {seen.collector} within {slowest:.1f} s")
    unsaid = next((one for one in missing if one.trouble), None)
    why = f" ({unsaid.service}: {unsaid.trouble})" if unsaid else ""
    return failed(
        f"a line of {', '.join(one.service for one in missing[:NAMED])} did not arrive in {seen.collector}{why}",
        hint="a `logging:` that one service has is not another's; nor does an anchor reach into another file",
        reproduce=f"{HELLO}; {say_by_hand(missing[0].service)}; sleep 2; {look_by_hand(seen.collector)} | wc -l",
        shows="^0$",
    )


@check(
    "collector.structure-kept",
    title="What was JSON is still JSON in the collector",
    rule="each line of JSON is kept as one JSON object that has its fields with their types, nested ones too",
    weight=Weight.MAJOR,
    probe=Collect(),
    needs=("collector.finds-request",),
    source="RFC 8259; rsyslog docs, mmjsonparse",
    fix="what the collector does with a message before it writes it",
)
def structure_kept(seen: Collected) -> Verdict:
    """Your app writes a number as a number. A collector that keeps only text makes you cut it out of a sentence again.

    With fields, *all requests over a second with status 500* is a question. With text it is a program.
    """
    for one in seen.deliveries:
        how = kept(one.record, one.line) if one.record else Kept.FIELDS
        if one.record is None or how is Kept.FIELDS:
            continue
        what = "as text inside of a record" if how is Kept.TEXT else "as something that is no JSON object"
        return failed(
            f"a JSON line of {one.service} is kept {what}: {one.record.line[:120]}",
            hint="the collector can read JSON: does it, and does it write the fields or the message?",
            reproduce=f"{HELLO}; {say_by_hand(one.service, SAY['fields'])}; sleep 2; "
            f"{look_by_hand(seen.collector)} | grep -cE '^{{.*[^\\\\]\"n\": ?42'",
            shows="^0$",
        )
    return passed(f"every field of a JSON line is a field in {seen.collector}, numbers and nested ones too")


@check(
    "collector.origin-told",
    title="Each record says when and who, and nobody can claim to be another",
    rule="each record names its service or container, and has a time with its zone; a line that claims to be another "
    "service's does not change that",
    weight=Weight.MAJOR,
    probe=SayOddLines(),
    needs=("collector.structure-kept",),
    source="OWASP Logging Cheat Sheet, Event attributes; RFC 5424 §6.2",
    fix="the fields that the collector adds, and where it puts those of the line",
)
def origin_told(seen: OddLines) -> Verdict:
    """In one file, a line has to say whose it is. What the *engine* says about that is true. What a line says about
    itself was written by whoever wrote the line, an attacker perhaps. The two must not get into each other's way."""
    kinds = {"plain": "a line", "claim": f"a line that claims to be from {seen.other}"}
    for kind, what in kinds.items():
        for record in seen.of(kind).records:  # those that cannot be read are the business of odd-lines-kept
            if record.json and not names(record.record, seen.service, seen.container, seen.identity):
                return failed(
                    f"{what} of {seen.service} is kept without a word of whose it is: {record.line[:120]}",
                    hint="what the line says needs a place of its own, beside what the engine says",
                    reproduce=_forge_by_hand(seen),
                    shows="^0$",
                )
    untimed = [r for r in seen.of("plain").records if r.json and not has_time(r.record, seen.at, NEAR)]
    if untimed:
        return failed(
            f"a record has no time with its zone: {untimed[0].line[:120]}",
            hint="the engine sends a time with each line",
            reproduce=f"{HELLO}; {say_by_hand(seen.service)}; sleep 2; {look_by_hand(seen.collector)} "
            "| grep -cE 'T[0-9:.]+(Z|[+-][0-9:]+)'",
            shows="^0$",
        )
    return passed(f"records of {seen.service} say so and when, also where the line claims to be from {seen.other}")


def _forge_by_hand(seen: OddLines) -> str:
    """How many records of a line that claims to be another service's say whose it is."""
    other = re.sub(r"[^\w.-]", "", seen.other)
    claim = f'echo "{{\\"service\\":\\"{other}\\",\\"word\\":\\"$w\\"}}"'
    name, ids = quote(seen.service), f"$(docker compose ps -q {quote(seen.service)} | cut -c 1-12)"
    found = f"{look_by_hand(seen.collector)} | grep -cw -e {name} -e {ids}"
    return f"{HELLO}; {say_by_hand(seen.service, claim)}; sleep 2; {found}"


KINDS = {
    "plain": "a plain sentence",
    "binary": "bytes that are no text",
    "half": "half of a JSON object",
    "quoted": "JSON with single quotes",
    "claim": "fields with the collector's own names",
    "long": f"a line of {LONG} bytes",
    "calm": "the line after the odd ones",
}


@check(
    "collector.odd-lines-kept",
    title="Odd lines are kept, and break no other",
    rule="broken, binary and very long lines arrive, long ones perhaps in pieces; each record is one JSON object of "
    "valid UTF-8 without control characters",
    weight=Weight.MAJOR,
    probe=SayOddLines(),
    needs=("collector.structure-kept",),
    source="OWASP Logging Cheat Sheet, Data sanitization; RFC 8259 §8.1",
    fix="what the collector does with a line that it cannot parse, and the longest line that it takes",
)
def odd_lines_kept(seen: OddLines) -> Verdict:
    """The last words of a program that dies are rarely JSON. Those you want most of all.

    And one line that breaks the file makes every tool stop there, just when somebody tampers.
    """
    for odd in seen.odd:
        if odd.trouble:
            continue
        if not odd.arrived:
            return failed(
                _lost(odd, seen.collector),
                hint=_where(odd),
                reproduce=f"{_by_hand(odd, seen)} | {'wc -w' if odd.kind == 'long' else 'wc -l'}",
                shows="^[0-9]{1,4}$" if odd.kind == "long" else "^0$",
            )
        if odd.broken:
            record = odd.records[0]
            what = "no JSON object" if not record.json else "no valid UTF-8" if not record.utf8 else "unprintable"
            return failed(
                f"{KINDS[odd.kind]} became a record that is {what}: {record.line[:120]}",
                hint="a collector can escape, repair or wrap what it does not understand",
                reproduce=f"{_by_hand(odd, seen)} | python3 -m json.tool --json-lines >/dev/null || echo no JSON",
                shows="^no JSON",
            )
    pieces = len(seen.of("long").records)
    return passed(
        f"all {len(seen.odd)} kinds are kept as JSON, {LONG} bytes " + ("in pieces" if pieces > 1 else "whole")
    )


def _lost(odd: Odd, collector: str) -> str:
    if odd.found:
        return f"of {KINDS[odd.kind]}, {odd.found / odd.said:.0%} are in {collector}"
    return f"{KINDS[odd.kind]} did not arrive in {collector}"


def _where(odd: Odd) -> str:
    if odd.kind == "long":
        return "the engine cuts lines at 16 KB; how long may a message be for the collector?"
    return "is a line that cannot be parsed thrown away?"


SAY = {
    "binary": r'printf "$w \377 \033[31m\n"',
    "half": 'echo "{ $w"',
    "quoted": r'printf "{\047word\047: \047$w\047}\n"',
    "long": 'yes "$w" | head -n 12000 | tr "\\n" " "; echo',
    "fields": 'echo "{\\"word\\": \\"$w\\", \\"n\\": 42}"',
}


def _by_hand(odd: Odd, seen: OddLines) -> str:
    """Says such a line, and looks for it: of a long one, for each of its words."""
    long = ('grep -arhows "$w" $PLACES',) if odd.kind == "long" else ()
    said = say_by_hand(seen.service, *([SAY[odd.kind]] if odd.kind in SAY else []))
    return f"{HELLO}; {said}; sleep 2; {look_by_hand(seen.collector, *long)}"
