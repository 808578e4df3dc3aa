"""Nothing of a developer's workshop is left running in production."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.commands import curl, inside, python
from grader.model import Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.contract import BOOM
from grader.probes.app.debugger import ASSET, CONSOLE, Boom, Debugger, Explode, Sighting, Sightings
from grader.probes.app.reloader import WATCH, Reloading, TouchCode

SHOWS = "__debugger__"  # what only the debugger's own pages and script have in them


@check(
    "debug.debugger-off",
    title="The Werkzeug debugger is not reachable",
    rule=f"neither the edge nor any port of the app serves the debugger's script, opens {CONSOLE}, "
    "or answers an error with the debugger's page",
    weight=Weight.BLOCKER,
    probe=Debugger(),
    needs=("stack.app-identity",),
    source="Werkzeug docs, Debugging Applications; GHSA-2g68-c3qc-8985",
    fix="what switches debug mode on: an option of the command, a variable, or code that wraps the app",
)
def debugger_off(seen: Sightings) -> Verdict:
    """The debugger runs whatever Python is typed into the browser, on your server, with your app's rights.

    Its PIN is all that stands between a visitor and your data, and it was made for a developer's own machine.
    """
    for sighting in seen.seen:
        if how := _sighted(sighting):
            return failed(
                f"at {sighting.place}, {how}",
                hint="which option, variable or line of code switches debug mode on in production?",
                reproduce=_look(seen, sighting),
                shows=SHOWS,
            )
    places = ", ".join(sighting.place for sighting in seen.seen)
    return passed(f"no sign of the debugger at {places}")


def _sighted(sighting: Sighting) -> str:
    if sighting.asset:
        return "the debugger hands out its own script to everybody"
    if sighting.console:
        return f"{CONSOLE} opens an interactive console (Host: {sighting.console})"
    return "an unhandled error is answered with the debugger's page" if sighting.page else ""


def _look(seen: Sightings, sighting: Sighting) -> str:
    """Asks for the script, the console or the page, whichever was there."""
    path = ASSET if sighting.asset else CONSOLE if sighting.console else BOOM
    host = sighting.console if path == CONSOLE else "localhost"
    if sighting.edge:
        named = ("-H", quote(f"Host: {host}")) if path == CONSOLE else ()
        return f"{curl(seen.site + path, *named)} | grep -o {SHOWS} | head -1"
    return python(
        seen.service,
        f"import http.client as h; c = h.HTTPConnection('localhost', {seen.port}); "
        f"c.request('GET', {path!r}, headers={{'Host': {host!r}}}); page = c.getresponse().read().decode(); "
        f"print('{SHOWS}' if '{SHOWS}' in page else 'no debugger')",
    )


@check(
    "debug.debug-mode-off",
    title="Debug mode is off, so your own error pages work",
    rule="on the app's own port, an unhandled error is answered 500 by the app's own handler (X-App-Error: 1)",
    weight=Weight.BLOCKER,
    probe=Explode(),
    needs=("stack.app-identity",),
    source="Flask docs, Configuration Handling: DEBUG, PROPAGATE_EXCEPTIONS",
    fix="FLASK_DEBUG, TESTING and PROPAGATE_EXCEPTIONS, wherever they may be set",
)
def debug_mode_off(boom: Boom) -> Verdict:
    """In debug mode, Flask passes errors on to a debugger instead of to your error handler.

    Where there is no debugger, the server's bare error page comes back: no traceback, but not your page either.
    """
    if boom.status == 500 and boom.own:
        return passed("an unhandled error was answered by the app's own handler")
    code = f"import http.client as h; c = h.HTTPConnection('localhost', {boom.port}); c.request('GET', '{BOOM}'); "
    code += "r = c.getresponse(); print(r.status, 'X-App-Error:', r.headers['X-App-Error'])"
    answer = f"{boom.status}, but not by the app's own handler" if boom.status else boom.error or "nothing"
    return failed(
        f"on port {boom.port} of {boom.service}, an unhandled error was answered with {answer}: "
        f"{boom.length} bytes of {boom.kind.partition(';')[0] or 'no type'}",
        hint="Flask skips your handler when errors are set to propagate: which setting does that, and who sets it?",
        reproduce=python(boom.service, code),
        shows="X-App-Error: None",
    )


@check(
    "debug.reloader-off",
    title="The code is not reloaded by itself",
    rule=f"no process of the app is replaced within {WATCH:g} s after its files got a new time",
    weight=Weight.MINOR,
    probe=TouchCode(),
    needs=("stack.app-identity",),
    source="Gunicorn docs, Settings: reload; Flask docs, Development Server",
    fix="the options --reload and --debug of the server",
)
def reloader_off(seen: Reloading) -> Verdict:
    """A reloader restarts the app whenever a file changes: in the middle of an update, or of a request.

    It also watches every file all the time, and some reloaders run a second process for that.
    """
    if not seen.touched:
        return failed(
            f"{seen.signs[0]} in {seen.service}",
            hint="which option makes the server watch its files?",
            reproduce=f"{inside(seen.service, 'cat /proc/1/cmdline')} | tr '\\0' ' '; {inside(seen.service, 'env')}",
            shows="--debug|reload|FLASK_DEBUG",
        )
    if not seen.replaced:
        return passed(f"{len(seen.touched)} files got a new time, and {seen.watched:g} s later every process was there")
    if seen.control:
        return unknown(
            Reason.NOISY_HOST,
            f"{seen.replaced} processes ended after files were touched, but {seen.control} also when nothing was done",
        )
    return failed(
        f"{seen.touched[0]} got a new time, and within {seen.watched:g} s {seen.replaced} of the app's processes ended",
        hint="which option makes the server watch its files?",
        reproduce=f"{inside(seen.service, f'touch {quote(seen.touched[0])}', '-u 0')}; sleep 3; "
        f"docker compose logs --since 5s {quote(seen.service)}",
        shows="[Rr]eload",
    )
