"""Metrics: there, complete whichever worker answers, and with what is needed to see rate, errors and duration."""

from __future__ import annotations

from shlex import quote
from urllib.parse import urljoin

from grader.checks.base import check
from grader.checks.commands import curl, fetched_inside, inside, python
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.monitoring.counting import STRANGERS, CountAll, Counted
from grader.probes.monitoring.exposition import LINES
from grader.probes.monitoring.metrics import Expose, Exposed
from grader.probes.monitoring.red import ALL, EACH, ERRORS, MISSING, SLOW, WELL, Duration, Mixed, SendMix
from grader.probes.monitoring.scraping import CAP, SECONDS
from grader.probes.monitoring.series import KillBusyWorker, Survived

REQUESTS = 60  # that must all be counted
LOOKS_BEFORE, LOOKS_AFTER = 8, 12
NUMBERS = 6  # of a counter's looks that a sentence shows
LEAST, MOST = 0.1, 1.0  # seconds: a boundary of the histogram must lie between these
SUM = "awk '!/^#/ {s += $NF} END {print int(s)}'"
SLACK = 0.5  # seconds that the durations may exceed what clients measured


@check(
    "metrics.metrics-exposed",
    title="The app exposes Prometheus metrics",
    rule=f"the metrics page answers 200 within {SECONDS:.0f} s, in the text format of Prometheus or OpenMetrics, with "
    f"at most {LINES} lines and {CAP // 2**20} MB, no series twice, and a counter that grows with requests",
    weight=Weight.BLOCKER,
    probe=Expose(),
    needs=("stack.app-identity",),
    source="Prometheus docs, Exposition formats; prometheus_client docs",
    fix="prometheus_client's generate_latest(), and a counter of requests",
)
def metrics_exposed(seen: Exposed) -> Verdict:
    """What nobody counts, nobody can watch. Prometheus comes by every few seconds and reads a page of numbers.

    One line that it cannot read, or one series that is there twice, and it throws the whole page away.
    """
    again = fetched_inside(seen.service, seen.url)
    if seen.error:
        return failed(
            f"{seen.url}: {seen.error}",
            hint="what does that page answer, and with which Content-Type? grader.toml can name another one (metrics)",
            reproduce=again,
            shows="Error"
            if seen.status != 200
            else NotShown("which of all the lines the format does not allow is said above"),
        )
    if not seen.grown:
        what = f"its counters are {', '.join(seen.names)}" if seen.names else "it has no counter of its own"
        return failed(
            f"{seen.url} has {seen.lines} lines, but nothing on it grew while requests were sent: {what}",
            hint="process_* and python_* come by themselves; who counts the requests?",
            reproduce=f"{again} | grep -i request",
            shows=NotShown("a page without a counter of requests looks like any other"),
        )
    more = f"; {seen.others} more instances have one too" if seen.others else ""
    return passed(f"{seen.url}: {seen.lines} lines; {', '.join(seen.grown[:3])} grew with the requests{more}")


@check(
    "metrics.metrics-all-workers",
    title="Metrics count requests from every worker",
    rule=f"a counter of requests says the same in {LOOKS_BEFORE} looks before and in {LOOKS_AFTER} looks after "
    f"{REQUESTS} requests, and grows by exactly as many (by up to {STRANGERS} more where it does not tell pages "
    "apart); several instances are added up",
    weight=Weight.BLOCKER,
    probe=CountAll(REQUESTS, LOOKS_BEFORE, LOOKS_AFTER),
    needs=("metrics.metrics-exposed",),
    source="prometheus_client docs, Multiprocess Mode (Gunicorn)",
    fix="PROMETHEUS_MULTIPROC_DIR, and a registry with a MultiProcessCollector for each look",
)
def metrics_all_workers(seen: Counted) -> Verdict:
    """Each worker is a process with a memory of its own. Counters in that memory are a worker's, not the app's.

    Prometheus meets another worker at each visit: the numbers jump up and down, and every rate that is computed from
    them is wrong.
    """
    word = seen.path.rpartition("/")[2] if seen.own else seen.name
    look = f"{fetched_inside(seen.service, seen.url)} | grep -m1 {quote(f'^{seen.name}.*{word}')}"
    who = f"{seen.sent} requests to {seen.processes or 'some'} of {seen.workers} processes"
    if seen.exact:
        return passed(f"{who}: {seen.name} grew by {seen.rise:.0f}, and says the same in every look")
    if not seen.steady:
        return failed(
            f"{seen.name} depends on who is asked: {_looks(seen.before)} before and {_looks(seen.after)} after {who}",
            hint="each look is answered by some worker: whose requests does that worker know of?",
            reproduce=f"{curl(f'{seen.site}{seen.path}?[1-20]')} >/dev/null; "
            f"for i in $(seq 12); do {look}; done | sort | uniq -c | nl",
            shows="^ *2",
        )
    shared = seen.instances > 1 and seen.rise == seen.sent * seen.instances
    return failed(
        f"{who}: {seen.name} grew by {seen.rise:.0f}" + (f" over {seen.instances} instances" if shared else ""),
        hint="do several instances write into one folder, and each shows the sum?"
        if shared
        else "which requests are not counted, or are counted more than once?",
        reproduce=f"n() {{ {look} | grep -oE '[0-9.]+$' | cut -d . -f 1; }}; a=$(n); "
        f"{curl(f'{seen.site}{seen.path}?[1-20]')} >/dev/null; b=$(n); echo 20 requests, counted $((b - a))",
        shows="counted (?!20$)",
    )


def _looks(values: tuple[float, ...]) -> str:
    """The numbers of a row of looks, without repetitions in a row."""
    short = [f"{now:g}" for last, now in zip((None, *values), values, strict=False) if now != last]
    return ", ".join(short[:NUMBERS]) + (" …" if len(short) > NUMBERS else "")


@check(
    "metrics.metrics-red",
    title="Rate, errors and duration can be computed",
    rule=f"of {WELL} good, {ERRORS} failing, {MISSING} lost and {SLOW} slow requests, a counter has counted all {ALL}, "
    f"exactly {ERRORS} of them as server errors, and a histogram or summary {ALL} durations of at least "
    f"{SLOW * EACH:.1f} s together; a histogram has a boundary between {LEAST:g} and {MOST:g} s",
    weight=Weight.MAJOR,
    probe=SendMix(),
    needs=("metrics.metrics-all-workers",),
    source="Google SRE book, The Four Golden Signals; Prometheus docs, Instrumentation",
    fix="count in after_request (it runs after error handlers, too), with the status; observe the time in a Histogram",
)
def metrics_red(seen: Mixed) -> Verdict:
    """Rate, errors, duration: with these three you see how your visitors fare. Without them you see a process.

    Errors are where counting is forgotten first: an exception takes another way out of your code.
    """
    page = fetched_inside(seen.service, seen.url)
    boom = curl(f"{seen.site}/bench/boom", "-o /dev/null")
    if seen.total is None or seen.total.by < ALL:
        counter = seen.total.name if seen.total else ".*_total"
        parts = ", ".join(f"{part.label} {part.by:g}" for part in seen.parts) or "nothing else"
        grown = f"{seen.total.name} grew by {seen.total.by:g} ({parts})" if seen.total else "no counter grew"
        return failed(
            f"{ALL} requests were answered, {ERRORS} of them with 500, and {grown}",
            hint="which of your requests are not counted? Send one of each kind and look",
            reproduce=f"{boom}; {page} | grep -cE {quote(f'^{counter}.*boom')}",
            shows=NotShown("the requests of this kind that were counted and those that were not look alike")
            if any("boom" in part.label for part in seen.parts)
            else "^0$",
        )
    if seen.errors is None or seen.errors.by != ERRORS:
        near = f"{seen.errors.name}{{{seen.errors.label}}} grew by {seen.errors.by:g}" if seen.errors else "no label"
        return failed(
            f"{ERRORS} of {ALL} requests got a 500, and {near if seen.errors else 'no counter tells that from a 200'}",
            hint="which label says how a request ended, and is it set for exceptions, too?",
            reproduce=f"{boom}; {page} | grep -cE 'total.*(5[0-9x]{{2}}|error)'",
            shows=NotShown("it takes the number of all errors so far") if seen.errors else "^0$",
        )
    counted = f"{seen.total.name} grew by {seen.total.by:g}, {seen.errors.name}{{{seen.errors.label}}} by {ERRORS}"
    return _durations(seen, counted, page)


def _durations(seen: Mixed, counted: str, page: str) -> Verdict:
    """The part of the verdict that is about time; `counted` says that the rest was well."""
    complete = [d for d in seen.durations if d.count >= ALL]
    whole = [d for d in complete if SLOW * EACH <= d.seconds <= seen.spent + SLACK]
    if not whole:
        instead = f"; {seen.gauge} is a gauge, which only knows the last request" if seen.gauge else ""
        near = (complete or list(seen.durations))[:1]
        what = "".join(f": {d.name} has {d.count:g} durations, {d.seconds:g} s together" for d in near)
        return failed(
            f"{ALL} requests took {seen.spent:.1f} s, and no histogram or summary says so{what or instead}",
            hint="what is observed once for each request, in which unit, and also when the request fails?",
            reproduce=f"{page} | grep -cE '_(sum|count)[{{ ]'",
            shows=NotShown("it takes the time of all requests so far") if near else "^0$",
        )
    best = next((d for d in whole if _useful(d)), None)
    if best is None:
        bounds = ", ".join(f"{bound:g}" for bound in whole[0].buckets)
        return failed(
            f"{whole[0].name} has the boundaries {bounds} s: none between {LEAST:g} and {MOST:g} s, where slow begins",
            hint="a quantile is only as exact as the boundaries around it: where do your visitors lose patience?",
            reproduce=f"{page} | grep {quote(f'^{whole[0].name}_bucket')} | grep -oE 'le=\"[0-9.]+' "
            f"| cut -c 5- | sort -un | awk '$1 >= {LEAST:g} && $1 <= {MOST:g}' | wc -l",
            shows="^0$",
        )
    return passed(f"{counted}; {best.name} by {best.count:g} durations of {best.seconds:.1f} s together")


def _useful(duration: Duration) -> bool:
    return not duration.buckets or any(LEAST <= bound <= MOST for bound in duration.buckets)


@check(
    "metrics.metrics-survive-worker-death",
    title="Counters do not go backwards when a worker dies",
    rule="after a busy worker was killed and replaced, no counter is below what it was, and no gauge still counts "
    "requests that have ended",
    weight=Weight.MINOR,
    probe=KillBusyWorker(),
    needs=("metrics.metrics-all-workers",),
    source="prometheus_client docs, Multiprocess Mode (Gunicorn): child_exit",
    fix="mark_process_dead() in child_exit; empty the folder when the server starts, never when a worker does",
)
def metrics_survive_worker_death(seen: Survived) -> Verdict:
    """Workers come and go, after so many requests or in an accident. What they have counted stays true.

    A counter that falls looks like a restart to Prometheus; a gauge of a dead worker stays as it was for ever.
    """
    pids = f"/proc/{seen.master}/task/{seen.master}/children"
    kill = inside(seen.service, f"sh -c 'kill -KILL $(cut -d\" \" -f1 {pids})'")
    page = fetched_inside(seen.service, seen.url)
    visit = f"import urllib.request as u; [u.urlopen({urljoin(seen.url, '/')!r}).read() for i in range(40)]"
    visits = python(seen.service, visit)  # so that each worker has counted something
    if seen.fell:
        return failed(
            f"worker {seen.killed} was killed, and {seen.fell} fell from {seen.was:g} to {seen.now:g}",
            hint="what happens to the files of all workers when a new one starts?",
            reproduce=f"n() {{ {page} | grep -F {quote(seen.fell)} | {SUM}; }}; "
            f"{visits}; a=$(n); {kill}; sleep 2; b=$(n); [ $b -lt $a ] && echo it fell from $a to $b",
            shows="it fell",
        )
    if seen.stuck:
        return failed(
            f"worker {seen.killed} was killed in the middle of a request, and {seen.stuck} stays at {seen.left:g} "
            f"although nothing is under way ({seen.rest:g} before)",
            hint="who tells the metrics that a worker is dead?",
            reproduce=f"{page} | grep -F {quote(seen.stuck)}",
            shows=f" {seen.left:g}(\\.0)?$",
        )
    return passed(f"one of {seen.workers} workers was killed at work; none of {seen.counters} counters fell")
