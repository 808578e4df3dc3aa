"""Alerts: quiet while all is well, true when it is not, delivered to somebody, and over when it is over."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.commands import ask_server, curl
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, skipped, unknown
from grader.probes.monitoring.drill import CLEAR, DELIVERY, ONE_SLOW, PATIENCE, QUIET, SPARE, TIMES, Drill, Drilled
from grader.probes.monitoring.timeline import Course

TRUE = '"state":"(pending|firing)"'  # what Prometheus says of a rule whose query has a result
WINDOW = f"{TIMES} × (scrape interval + evaluation interval) + {SPARE:.0f} s"
SHORTEST = 4  # scrapes that a window is taken to hold where a rule does not say how far it looks back
DRILL = Drill()


@check(
    "alerts.alerts-quiet-when-healthy",
    title="No alert fires on a healthy stack",
    rule="there is an alerting rule, every one can be computed, and none is true on a healthy stack, also not after a "
    f"single request of {ONE_SLOW:g} s (unless its `for` outlasts that); one rule may be vector(1) on purpose",
    weight=Weight.MAJOR,
    probe=DRILL,
    needs=("metrics.prometheus-scrapes",),
    source="Google SRE book, Practical Alerting; Prometheus docs, Alerting practices",
    fix="the threshold: what would you get up for at night?",
)
def alerts_quiet_when_healthy(seen: Drilled) -> Verdict:
    """An alert that is always on is a lamp that nobody sees any more. After the third false alarm people mute it, and
    the fourth one was true."""
    again = rules_command(seen)
    if not seen.courses:
        return failed(
            f"{seen.prometheus} has no alerting rule",
            hint="are your rules in a file, and does Prometheus read that file (rule_files)?",
            reproduce=f"{again} | grep -c state",
            shows="^0$",
        )
    broken = next((course for course in seen.courses if course.error), None)
    if broken is not None:
        return failed(
            f"the rule {broken.name} cannot be computed: {broken.error}",
            hint="try its query in Prometheus by hand",
            reproduce=again,
            shows='"lastError":"[^"]',
        )
    noisy = next((course for course in seen.courses if course.noisy), None)
    if noisy is not None and seen.left_over:
        return unknown(
            Reason.TIMED_OUT,
            f"{noisy.name} is true for {seen.left_over}, which {seen.prometheus} does not ask any more: after a "
            "restart it believes the last word of an old target for five minutes",
            hint="check again in five minutes; the next time, let it read its file again instead (SIGHUP)",
        )
    if noisy is not None and noisy.window > QUIET:
        return unknown(
            Reason.TIMED_OUT,
            f"{noisy.name} was true from the start and looks back over {noisy.window:g} s: errors of a while ago, some "
            f"of them the grader's, are still in there after {seen.waited:.0f} s",
            hint="leave the stack alone for as long, and check again",
        )
    if noisy is not None:
        return _false_alarm(seen, f"{noisy.name} was true for {seen.waited:.0f} s on a healthy stack: {noisy.query}")
    # What the outage left at the edge has long left such a window.
    lasting = next((course for course in seen.courses if course.lasting and course.window <= CLEAR / 2), None)
    if lasting is not None:
        return _false_alarm(
            seen, f"{lasting.name} was still true {CLEAR:.0f} s after all was well again: {lasting.query}"
        )
    hasty = next((course for course in seen.courses if course.single and _would_fire(course, seen.interval)), None)
    if hasty is not None:
        quick, slow = (curl(f"{seen.site}/bench/slow?seconds={n:g}", "-o /dev/null") for n in (0, ONE_SLOW))
        known = seen.interval + seen.evaluation + 1  # seconds until the rules know of an answer
        return failed(
            f"{hasty.name} turned true because of one request of {ONE_SLOW:g} s: {hasty.query}",
            hint="on a quiet site one request is a large part of all: how many slow ones are trouble?",
            reproduce=f"{quick}; sleep {known:.0f}; {slow}; sleep {known:.0f}; {again}",
            shows=TRUE,
        )
    if seen.overlooked:
        return unknown(
            Reason.TIMED_OUT,
            f"one answer of {ONE_SLOW:g} s did not come, or did not reach the rules of {seen.prometheus} within "
            f"{seen.limit:.0f} s: what they make of it is not known",
            hint="is the machine busy? check again when it is quiet",
        )
    names = ", ".join(course.name for course in seen.courses[:4])
    calm = seen.single and not any(course.single for course in seen.courses)
    single = ", also not after one slow request" if calm else ""
    return passed(f"{len(seen.courses)} alerting rules ({names}); none was true{single}")


def _false_alarm(seen: Drilled, because: str) -> Verdict:
    return failed(
        because,
        hint="which number does it compare, and what is that number when all is well?",
        reproduce=f"{curl(f'{seen.site}/?[1-9]')} >/dev/null; sleep 15; {rules_command(seen)}",
        shows=TRUE,
    )


def _would_fire(course: Course, interval: float) -> bool:
    """Whether what made a rule true once stays in its window for longer than the rule waits."""
    return course.patience <= (course.window or SHORTEST * interval)


@check(
    "alerts.alert-error-rate",
    title="An alert reacts to a burst of 5xx",
    rule=f"a rule that was not true turns true within {WINDOW} while half of the requests get a 500",
    weight=Weight.MAJOR,
    probe=DRILL,
    needs=("alerts.alerts-quiet-when-healthy", "metrics.metrics-red"),
    source="Google SRE book, Practical Alerting; Prometheus docs, Alerting practices",
    fix="the part of requests that fail: a rate of those with a 5xx status, divided by the rate of all",
)
def alert_error_rate(seen: Drilled) -> Verdict:
    """Visitors who get errors leave without a word. Half of them did in this drill: somebody has to hear of it."""
    if not seen.errors:
        return skipped("needs an endpoint that fails, as the course's bench has (PINBOARD_BENCH=1)")
    found = next((course for course in seen.courses if course.errors >= 0 and not course.noisy), None)
    if found is not None:
        return passed(
            f"{found.name} turned true {found.errors:.0f} s after the first of {seen.errors} errors{_rest(found)}"
        )
    return _silent(
        seen,
        f"{seen.errors} requests got a 500 in {seen.limit:.0f} s, and no rule turned true",
        hint="ask Prometheus for your rule's query while errors happen: which status does it look for, how far back?",
        cause=f"for i in $(seq 100); do {curl(f'{seen.site}/bench/boom', '-o /dev/null')}; sleep 0.2; done",
    )


@check(
    "alerts.alert-latency",
    title="An alert reacts to slow responses",
    rule=f"a rule that was not true turns true within {WINDOW} while every request takes 1.5 s",
    weight=Weight.MINOR,
    probe=DRILL,
    needs=("alerts.alerts-quiet-when-healthy", "metrics.metrics-red"),
    source="Google SRE book, The Four Golden Signals; Prometheus docs, Histograms and summaries",
    fix="histogram_quantile over the rate of the buckets, compared in the histogram's own unit",
)
def alert_latency(seen: Drilled) -> Verdict:
    """Slow is the new down: a page that takes seconds is a page that nobody waits for. The average hides it: look at
    the slowest part of your requests."""
    if not seen.slow:
        return skipped("needs an endpoint that is slow: name one as slow_path in grader.toml")
    found = next((course for course in seen.courses if course.slow >= 0 and not course.noisy), None)
    if found is not None:
        return passed(f"{found.name} turned true {found.slow:.0f} s after requests became slow{_rest(found)}")
    slow = curl(f"{seen.site}/bench/slow?seconds=1.5", "-o /dev/null")
    return _silent(
        seen,
        f"requests took 1.5 s for {seen.limit:.0f} s, and no rule turned true",
        hint="how large can your quantile become at all? It ends at the last boundary of the histogram",
        cause=f"for i in $(seq 50); do {slow} & sleep 0.5; done; wait",
    )


@check(
    "alerts.alert-app-down",
    title="An alert reacts when the app is down",
    rule=f"a rule turns true within {WINDOW} after the app was stopped, and is false again within {CLEAR:.0f} s after "
    f"it is back; its alert fires where its `for` is at most {PATIENCE:.0f} s",
    weight=Weight.MAJOR,
    probe=DRILL,
    needs=("alerts.alerts-quiet-when-healthy",),
    source="Prometheus docs, Alerting practices; Google SRE book, Practical Alerting",
    fix="up, which is 0 when a target cannot be read, and absent() for one that is gone",
)
def alert_app_down(seen: Drilled) -> Verdict:
    """The one alert that every service needs. It has to come from outside: an app that is down reports nothing."""
    name = quote(seen.service)
    stop, start = f"docker compose stop {name}; sleep {seen.limit:.0f}", f"docker compose start {name}"
    found = [course for course in seen.courses if course.down >= 0 and not course.noisy]
    if not found:
        return _silent(
            seen,
            f"the app was down for {seen.limit:.0f} s, and no rule turned true",
            hint="ask Prometheus for `up` while the app is stopped: which labels does your app's series have?",
            cause=stop,
            after=f"; {start}",
        )
    over = [course for course in found if course.gone >= 0]
    if not over:
        return failed(
            f"{found[0].name} turned true when the app was down, and was still true {CLEAR:.0f} s after it was back",
            hint="what has to happen for its query to have no result any more?",
            reproduce=f"{stop}; {start}; sleep {CLEAR:.0f}; {rules_command(seen)}",
            shows=TRUE,
        )
    best = max(over, key=lambda course: (course.fired >= 0, course.patience <= PATIENCE))
    if best.fired < 0 and best.patience <= PATIENCE:
        if seen.cut:
            return _too_rare(seen, f"{best.name} turned true, and was not seen to fire")
        waited = PATIENCE + seen.evaluation + SPARE
        return failed(
            f"{best.name} turned true, but did not fire in the {waited:.0f} s after that (for: {best.patience:g} s)",
            hint="does its query have a result all the time, or only now and then? Look at its graph",
            reproduce=f"{stop}; {rules_command(seen)}; {start}",
            shows=NotShown("its state comes and goes"),
        )
    return passed(f"{best.name} turned true {best.down:.0f} s after the app was stopped{_rest(best)}")


def _rest(course: Course) -> str:
    """What became of an alert after its query was true."""
    fired = f", fired {course.fired:.0f} s later" if course.fired >= 0 else ""
    waits = f", was not seen to fire (for: {course.patience:g} s)" if course.fired < 0 else ""
    gone = f", and was over {course.gone:.0f} s after its cause" if course.gone >= 0 else ", and was not seen to end"
    return fired + waits + gone


def _too_rare(seen: Drilled, what: str) -> Verdict:
    """The rules are computed too seldom for this drill: that is the owner's choice, and nobody can tell."""
    return unknown(
        Reason.TIMED_OUT,
        f"{what}; but with {seen.interval:g} s between scrapes and {seen.evaluation:g} s between evaluations it may "
        "take longer",
        hint="choose shorter intervals for this lab",
    )


def _silent(seen: Drilled, what: str, *, hint: str, cause: str, after: str = "") -> Verdict:
    """No rule turned true; where the drill was shorter than the rules need, nobody can tell."""
    if seen.cut:
        return _too_rare(seen, what)
    names = ", ".join(course.name for course in seen.courses[:4]) or "there is none"
    return failed(
        f"{what} (rules: {names})",
        hint=hint,
        reproduce=f"{cause}; {rules_command(seen)} | grep -cE '{TRUE}'{after}",
        shows="^0$",
    )


@check(
    "alerts.alert-delivered",
    title="An alert that fires reaches somebody",
    rule="an alert that fires in the drill is known to an Alertmanager, and a receiver takes a message about it within "
    f"{DELIVERY:.0f} s",
    weight=Weight.MAJOR,
    probe=DRILL,
    needs=("alerts.alert-app-down",),
    source="Prometheus docs, Alertmanager: configuration",
    fix="alerting in Prometheus, a route and a receiver in Alertmanager",
)
def alert_delivered(seen: Drilled) -> Verdict:
    """Prometheus only notices. Whether anybody hears of it is decided by two more hands that have to hold the message:
    Alertmanager, and whoever it passes it on to."""
    fired = [course.name for course in seen.courses if course.fired >= 0]
    post = seen.delivery
    known = ask_server(seen.service, post.service, post.port, post.host_port, "/api/v2/alerts")
    name = quote(seen.service)
    stop, start = f"docker compose stop {name}", f"docker compose start {name}"
    drill = f"{stop}; sleep {seen.limit + PATIENCE:.0f}; {known}; {start}"
    if not fired:
        return skipped(f"no alert of yours fires within {PATIENCE:.0f} s: there was nothing to deliver")
    if post.error or not post.addressees:
        why = post.error or "it knows no Alertmanager"
        return failed(
            f"{fired[0]} fired, and {seen.prometheus} told nobody: {why}",
            hint="where does Prometheus send alerts (alerting), and does anybody listen there?",
            reproduce=ask_server(seen.service, seen.prometheus, seen.port, seen.host_port, "/api/v1/alertmanagers"),
            shows='"activeAlertmanagers":\\[\\]'
            if not post.addressees
            else NotShown("whether anybody listens at an address is not for Prometheus to say"),
        )
    if not post.known:
        return failed(
            f"{fired[0]} fired, and {post.service} never heard of it; {seen.prometheus} sends to {post.addressees[0]}",
            hint="is that the address of your Alertmanager, as seen from Prometheus?",
            reproduce=drill,
            shows="^\\[\\]",
        )
    receivers = ", ".join(post.receivers) or "nobody"
    if post.sent <= 0:
        refused = f" ({post.refused} messages were refused)" if post.refused else ""
        return failed(
            f"{post.service} knew of {post.known[0]}, meant for {receivers}, and no message got through{refused}",
            hint="what does that receiver consist of, and what does Alertmanager's log say about it?",
            reproduce=f"{drill}; docker compose logs --tail 20 {quote(post.service)}",
            shows="Notify .*failed" if post.refused else NotShown("a message that is not sent leaves no trace"),
        )
    return passed(f"{', '.join(post.known)}: {post.service} told {receivers}, in {post.sent} messages that were taken")


def rules_command(seen: Drilled) -> str:
    """Shows the name and the state of every rule."""
    asked = ask_server(seen.service, seen.prometheus, seen.port, seen.host_port, "/api/v1/rules?type=alert")
    return f'{asked} | grep -oE \'"(state|name|lastError)":"[^"]*"\''
