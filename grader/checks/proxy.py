"""The proxy while the app is frozen, gone, restarted or moved: what visitors get, and whether it recovers by itself."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.commands import curl, status, timed, words, written_by_hand
from grader.model import Verdict, Weight, failed, passed
from grader.probes.app.down import AppDown, Down
from grader.probes.app.frozen import BACK, Frozen, FrozenApp
from grader.probes.app.moved import AppMoved, Moved
from grader.probes.app.outage import RETURN, Comeback, Reply

GATEWAY_ERRORS = (502, 503, 504)
LONGEST_WAIT = 20  # seconds for a page of an app that stands still
QUICK = 5  # seconds for an error page when the app is gone
BROKEN_DOWN = "^(000|4[0-9]{2}|5[0-9]{2})"  # a status, as curl prints it, that is no page of the app
SMALL = 64 * 1024  # bytes of an error page
BROKEN = "GET / HTTP/1.1\\r\\n\\r\\n"  # names no host: whoever speaks HTTP refuses that at once, without asking anybody
RECOVERY = 15  # seconds after the app listens again


@check(
    "proxy.proxy-in-front",
    title="A reverse proxy stands between clients and the app",
    rule="While the app is frozen, somebody still answers clients in HTTP",
    weight=Weight.BLOCKER,
    probe=Frozen(),
    needs=("stack.app-identity",),
    source="Gunicorn docs, Deploying Gunicorn; Flask docs, Deploying to Production",
    fix="publish the proxy's port, and let the proxy pass requests on to the app",
)
def proxy_in_front(frozen: FrozenApp) -> Verdict:
    """An app server is made to run your code, not to face the internet. A proxy in front keeps slow clients, broken
    requests and static files away from it, and has an answer for your visitors when the app has none."""
    seen = [("a file", file.reply) for file in frozen.files if file.reply.status]
    seen += [("a broken request", frozen.rubbish)] if frozen.rubbish.status else []
    seen += [("a page", frozen.waiting)] if frozen.waiting.status else []
    if seen:
        what, reply = seen[0]
        return passed(f"with the app frozen, clients that asked for {what} got {reply.seen}")
    return failed(
        f"with the app frozen, nothing answered at {frozen.site}: a page got {frozen.waiting.seen}",
        hint="clients talk to the app server itself: which service publishes the port, and does it speak HTTP?",
        reproduce=f"{frozen.freeze}; {written_by_hand(BROKEN, frozen.site, wait=2)} | grep -c HTTP/; {frozen.thaw}",
        shows="^0$",
    )


@check(
    "proxy.upstream-timeout-bounded",
    title="A frozen app leads to a timeout, not an endless wait",
    rule=f"While the app is frozen, a page ends with 502, 503 or 504 within {LONGEST_WAIT} s, and works again after",
    weight=Weight.MAJOR,
    probe=Frozen(),
    needs=("proxy.proxy-in-front",),
    source="nginx docs, ngx_http_proxy_module, proxy_read_timeout",
    fix="look at how long the proxy waits for an answer",
)
def upstream_timeout_bounded(frozen: FrozenApp) -> Verdict:
    """A hung app holds every visitor for as long as the proxy is willing to wait. Few people wait a minute; their
    connections do, and pile up until the proxy has none left for anybody."""
    reply = frozen.waiting
    reproduce = f"{frozen.freeze}; {timed(frozen.site + frozen.page, LONGEST_WAIT)}; {frozen.thaw}"
    if reply.status == 0 or reply.seconds > LONGEST_WAIT:
        return failed(
            f"with the app frozen, a page got {reply.seen}; {LONGEST_WAIT} s is the limit",
            hint="how long does the proxy wait for the app before it gives up?",
            reproduce=reproduce,
            shows=f"^000|after (2[{LONGEST_WAIT % 10}-9]|[3-9][0-9])",
        )
    if reply.status not in GATEWAY_ERRORS and not reply.app:
        return failed(
            f"with the app frozen, a page got {reply.seen}, which does not tell clients that something is wrong",
            hint="an error page must keep the status of the error",
            reproduce=reproduce,
            shows=f"^{reply.status} ",
        )
    if frozen.back < 0:
        return failed(
            f"{BACK:.0f} s after the app went on, the site still did not answer",
            hint="look at what proxy and app log after a timeout",
            reproduce=f"{reproduce}; sleep {BACK:.0f}; {_asked(frozen.site, frozen.page)}",
            shows=f"{BROKEN_DOWN}$",
        )
    return passed(f"with the app frozen, a page got {reply.seen}; the site was back {frozen.back:.1f} s after the thaw")


@check(
    "proxy.bad-gateway-fast",
    title="When the app is down, clients get a quick error",
    rule=f"While the app is stopped, a page ends with 502, 503 or 504 within {QUICK} s, in at most {SMALL // 1024} KB",
    weight=Weight.MAJOR,
    probe=Down(),
    needs=("proxy.proxy-in-front",),
    source="nginx docs, ngx_http_proxy_module, proxy_connect_timeout",
    fix="look at how long the proxy tries to connect to the app",
)
def bad_gateway_fast(down: AppDown) -> Verdict:
    """Apps go down: for a deployment, after a crash. A visitor who gets a clear error page at once comes back; one
    whose browser hangs for a minute does not. An app that has just gone refuses nothing: it swallows connections."""
    services = words(down.services)
    bad = next((reply for reply in down.replies if _wrong(reply, down)), None)
    after = [reply for reply in down.replies if reply.at > down.gone]
    if bad is not None:
        once = timed(down.site + down.page, QUICK)
        asked = f" & for i in $(seq 20); do {once} & sleep 0.2; done; wait"
        before = ""
        if bad.at > down.gone:  # each process of a proxy may remember the app for itself: so several visits, not one
            before = f"for i in $(seq 20); do {curl(down.site + down.page, '-o /dev/null')}; done; "
            asked = f"; for i in 1 2 3; do {once}; done"
        return failed(
            _wrong(bad, down),
            hint="how long does the proxy try to connect, and what does it send when it gives up?",
            reproduce=f"{before}docker compose stop {services}{asked}; docker compose start {services}",
            shows=f"^000|after ([{QUICK}-9]|1[0-9])" if bad.length <= SMALL else f"^{bad.status} ",
        )
    errors = [reply for reply in down.replies if reply.status in GATEWAY_ERRORS]
    slowest = max((reply.seconds for reply in errors), default=0.0)
    kinds = ", ".join(str(status) for status in sorted({reply.status for reply in errors})) or "a cached page"
    return passed(f"{len(after)} requests after the app was stopped: {kinds}, the slowest in {slowest:.1f} s")


def _wrong(reply: Reply, down: AppDown) -> str:
    """What is wrong with an answer while the app was stopping or gone; "" when nothing is."""
    gone = reply.at > down.gone
    said = "with the app stopped, a page" if gone else "with the app stopping, a page"
    if reply.status == 0 or reply.seconds > QUICK:
        return f"{said} got {reply.seen}; {QUICK} s is the limit"
    if reply.length > SMALL:
        return f"{said} got {reply.length} bytes; {SMALL} is the limit"
    stale = reply.sha256 == down.usual.sha256  # a copy of the real page, kept for such times
    if reply.status in GATEWAY_ERRORS or stale or (reply.app and not gone):
        return ""
    return f"{said} got {reply.status}, which does not tell clients that something is wrong"


@check(
    "proxy.recovers-after-app-restart",
    title="The site recovers by itself when the app returns",
    rule=f"The site works again within {RECOVERY} s after a stopped app listens again, without anybody's help",
    weight=Weight.BLOCKER,
    probe=Down(),
    needs=("proxy.bad-gateway-fast",),
    source="nginx docs, ngx_http_upstream_module, max_fails and fail_timeout",
    fix="look at how long the proxy avoids an app that has failed, and at the proxy's own restart policy",
)
def recovers_after_app_restart(down: AppDown) -> Verdict:
    """Every deployment stops the app for a moment. A proxy that remembers the failure for minutes, or that needs a
    reload, turns one second without an app into an outage."""
    text, asked, services = _late(down.comeback), _asked(down.site, down.page), words(down.services)
    if text:
        return failed(
            text,
            hint="how long does the proxy leave an app alone after it failed once?",
            reproduce=f"docker compose stop {services}; for i in 1 2 3; do {asked} >/dev/null; done; "
            f"docker compose start {services}; sleep {RECOVERY}; {asked}",
            shows=f"{BROKEN_DOWN}$",
        )
    waited = max(down.comeback.back - down.comeback.listening, 0.0)
    return passed(f"the site worked {waited:.1f} s after the app listened again")


@check(
    "proxy.follows-app-ip",
    title="The proxy follows the app to a new address",
    rule=f"The site works within {RECOVERY} s after the app listens at another IP address",
    weight=Weight.MAJOR,
    probe=Moved(),
    needs=("proxy.recovers-after-app-restart",),
    source="nginx docs, ngx_http_proxy_module, proxy_pass; ngx_http_core_module, resolver",
    fix="look at when the proxy looks the app's name up",
)
def follows_app_ip(moved: AppMoved) -> Verdict:
    """A re-created container gets whatever address is free. A proxy that looked the app's name up once, at its start,
    goes on talking to the old address: to nobody, or to another service that lives there now."""
    there = f"from {', '.join(moved.old)} to {', '.join(moved.new)}"
    text, services = _late(moved.comeback), words(moved.services)
    if text:
        strangers = f"; a stranger at the old address got {moved.comeback.strangers} of its requests"
        broken = "" if moved.well else f"; {moved.site} is still broken, restart the proxy"
        return failed(
            f"the app moved {there}: {text}{strangers if moved.comeback.strangers else ''}{broken}",
            hint="when does the proxy ask for the address that belongs to the app's name?",
            reproduce=f"i=$(docker compose images -q {services} | head -1); docker compose stop {services}; "
            f"docker run -d --name stranger --network {quote(moved.network)} --entrypoint sleep $i 60; "
            f"docker compose start {services}; sleep {RECOVERY}; {_asked(moved.site, moved.page)}; "
            f"docker rm -f stranger; docker compose restart {services}",
            shows=f"{BROKEN_DOWN}$",
        )
    if moved.fixed:
        return passed("the app has an address of its own that nobody else can take: it does not move")
    waited = max(moved.comeback.back - moved.comeback.listening, 0.0)
    return passed(f"the app moved {there}; the site worked {waited:.1f} s after it listened there")


def _late(comeback: Comeback) -> str:
    """What is wrong with a return; "" when nothing is."""
    if comeback.listening < 0:
        return f"the app did not listen again within {RETURN:.0f} s after it was started"
    if comeback.back < 0 or comeback.back - comeback.listening > RECOVERY:
        return f"{RECOVERY} s after the app listened again, a page still got {comeback.last.seen}"
    return ""


def _asked(site: str, page: str) -> str:
    return status(site + page, "-m 5")
