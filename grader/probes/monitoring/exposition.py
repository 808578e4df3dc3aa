"""A page of metrics, read strictly: what Prometheus would refuse, or would count twice, is no page of metrics."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from grader.text import clean

LINES = 50_000  # of one page, at most
LINE = 65_536  # characters of one line, at most
TEXT, OPEN = "text/plain", "application/openmetrics-text"
COUNTING = ("_total", "_count")  # how names end that count something, where nobody says of which type they are
# What processes and runtimes say about themselves: it grows whether anybody asks for a page or not.
OWN = ("process_", "python_", "go_", "promhttp_", "scrape_")


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a page. `type` is that of its family: counter, gauge, histogram, summary, unknown."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    type: str

    @property
    def counts(self) -> bool:
        """Whether it only ever grows, by one for each event: a counter, or how much a histogram has seen."""
        if self.name.startswith(OWN) or self.name.endswith(("_created", "_sum", "_bucket")):
            return False
        return self.type == "counter" or (self.type != "gauge" and self.name.endswith(COUNTING))


@dataclass(frozen=True, slots=True)
class Page:
    """What was read, or in `error` why it is no page of metrics. `lines` counts all lines, also when it is none."""

    samples: tuple[Sample, ...] = field(default=())
    lines: int = 0
    error: str = ""


def read(body: bytes, kind: str, only: tuple[str, ...] = ()) -> Page:
    """A page of the content type `kind`. With `only`, nothing but the families whose names begin like one of these."""
    lines = body.count(b"\n")
    trouble = _not_metrics(body, kind) or _too_much(body, lines)
    if trouble:
        return Page(lines=lines, error=trouble)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return Page(lines=lines, error="it is not UTF-8")
    if only:
        text = _part(text, only)
    try:
        samples = _samples(text, openly=kind.startswith(OPEN))
    except Exception as refused:  # noqa: BLE001 - a parser of somebody else's, on text of somebody else's
        return Page(lines=lines, error=f"it cannot be read: {clean(str(refused), limit=120)}")
    return Page(samples, lines, _impossible(samples))


def _not_metrics(body: bytes, kind: str) -> str:
    start = body.lstrip()[:1]
    if start == b"<":
        return "it is an HTML page"
    if start in (b"{", b"["):
        return "it is JSON"
    if not body.strip():
        return "it is empty"
    if not kind.startswith((TEXT, OPEN)):
        return f"its Content-Type is {clean(kind, limit=60) or 'missing'}, which Prometheus 3 refuses"
    return "" if body.endswith(b"\n") else "it ends in the middle of a line"


def _too_much(body: bytes, lines: int) -> str:
    if lines > LINES:
        return f"it has {lines} lines; {LINES} is the limit"
    longest = max(map(len, body.split(b"\n")))
    return f"a line has {longest} characters; {LINE} is the limit" if longest > LINE else ""


def _part(text: str, only: tuple[str, ...]) -> str:
    about = tuple(f"# {word} {name}" for name in only for word in ("TYPE", "HELP"))
    kept = (line for line in text.splitlines() if line.startswith((*only, *about, "# EOF")))
    return "\n".join(kept) + "\n"


def _samples(text: str, *, openly: bool) -> tuple[Sample, ...]:
    # Imported here: it takes a tenth of a second, which `grader --help` need not wait for.
    from prometheus_client import parser
    from prometheus_client.openmetrics import parser as open_parser

    families = (open_parser if openly else parser).text_string_to_metric_families(text)
    return tuple(
        Sample(sample.name, tuple(sorted(sample.labels.items())), float(sample.value), family.type)
        for family in families
        for sample in family.samples
    )


def _impossible(samples: tuple[Sample, ...]) -> str:
    """What no page may say, though each of its lines can be read."""
    twice = [key for key, times in Counter((s.name, s.labels) for s in samples).items() if times > 1]
    if twice:
        name, labels = twice[0]
        more = f", and {len(twice) - 1} more" if len(twice) > 1 else ""
        return f"the series {shown(name, labels)} is there twice{more}"
    for sample in samples:
        if sample.counts and not (math.isfinite(sample.value) and sample.value >= 0):
            return f"{shown(sample.name, sample.labels)} is {sample.value}, and counters begin at 0 and grow"
    return ""


def shown(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    """A series as Prometheus writes it."""
    inside = ",".join(f'{key}="{value}"' for key, value in labels)
    return clean(f"{name}{{{inside}}}" if inside else name, limit=120)
