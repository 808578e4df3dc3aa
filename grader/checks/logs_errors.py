"""What an error leaves in the log, what must never get there, and what a client can do to it."""

from __future__ import annotations

from grader.checks.base import check
from grader.checks.commands import curl
from grader.checks.logs import WORD, cut_short, lines_of
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.app.errors import CANARY
from grader.probes.logs.asked import ESCAPES, FILE_NAME, MESSAGE, PATH, QUOTES, USER_NAME
from grader.probes.logs.errors import LONGEST, ErrorLogged, Event, FindError, SeekSecrets, Sought
from grader.probes.logs.form import BROKEN, CONTROL, FIELD, LINE, Forge, Forgeries

SIGN_IN = "-d 'user=ada&password=find-me-password'"
BREAK = "%0a%7B%22level%22:%22CRITICAL%22%7D"  # a line break, and the beginning of a line
SECRETS = "-H 'Authorization: Bearer find-me-token' -H 'Cookie: session=find-me-cookie'"
# What is sent to try it: curl's words, and the path.
TRIES = {
    PATH: ("", f"/find-me{BREAK}"),
    QUOTES: ("-A 'find-me\" \\'", "/find-me"),
    ESCAPES: ("-A \"$(printf 'find-me\\033[31m')\"", "/find-me"),
    USER_NAME: (f"-d 'user=find-me{BREAK}&password=x'", "/login"),
    FILE_NAME: ("", f"/static/find-me{BREAK}"),
    MESSAGE: ("", f"/bench/log?m=find-me{BREAK}&level=warning"),
}
FORGED = {
    LINE: r'^(\^\[\[2K)?\{"level":"CRITICAL"\}',
    FIELD: r'^.*"level":"CRITICAL"',
    CONTROL: r"\^\[\[31m",
    BROKEN: 'find-me" |^[^{]*find-me',
}  # as `cat -v` prints it; Compose may begin each line with an escape sequence of its own


@check(
    "logs.error-logged-once",
    title="An unhandled error is logged once, with its traceback",
    rule="One request that fails leaves exactly one report at level error or above: with the kind of the error, its "
    "message, its traceback, and the request's method and path or its id",
    weight=Weight.MAJOR,
    probe=FindError(),
    needs=("logs.logs-on-stdout",),
    source="Flask docs, Logging; Python docs, logging, Logger.propagate; OWASP Error Handling Cheat Sheet",
    fix="let Flask log it, and let one handler write it: look at what else handles the same record",
)
def error_logged_once(seen: ErrorLogged) -> Verdict:
    """Visitors get to see no details, so the log has to hold them all. Twice is no better than once: whoever counts
    errors, or is woken up by them, counts double."""
    lines = lines_of(seen.services, 9)
    asked = f'{WORD}; {curl(seen.site + seen.path)}"?m=$w" >/dev/null; sleep 1; {lines}'
    if not seen.events:
        if seen.cut:
            return cut_short(seen.cut)
        return failed(
            f"{seen.path} failed with {seen.status}, and no line at level error has the message of the error",
            hint="who catches the error, and does that one write down what it caught?",
            reproduce=f'{asked} | grep -c "Error.*$w"',
            shows="^0$",
        )
    if len(seen.events) > 1:
        services = " and ".join(event.service for event in seen.events[:2])
        return failed(
            f"one error was reported {len(seen.events)} times, by {services}: `{seen.events[1].line}`",
            hint="a record goes to the handlers of its logger, and then to those of every logger above",
            reproduce=f'{asked} | grep -c "Error.*$w"',
            shows="^[2-9]",
        )
    lacks = _lacks(seen.events[0])
    if lacks:
        return failed(
            f"the report of the error has no {lacks}: `{seen.events[0].line}`",
            hint="what would you want to know of an error that happened while you slept?",
            reproduce=f"{asked} | grep -c {_lacking(seen.events[0])}",
            shows="^0$",
        )
    return passed(f"one report in the log of {seen.events[0].service}, with traceback and request")


def _lacking(event: Event) -> str:
    """What to search the lines for, of which the report has nothing."""
    return '"Error.*$w"' if not event.kind else "Traceback" if not event.traceback else "-E '(GET|method).*boom'"


def _lacks(event: Event) -> str:
    parts = (("kind of error", event.kind), ("traceback", event.traceback), ("method and path, or id", event.request))
    return ", no ".join(name for name, there in parts if not there)


@check(
    "logs.log-no-secrets",
    title="Passwords, tokens and cookies are not logged",
    rule="No log of any service has the password of a sign-in, the token of an Authorization header, the value of a "
    f"session cookie, the session key or a local variable of the code, but for at most {LONGEST} characters of it",
    weight=Weight.BLOCKER,
    probe=SeekSecrets(),
    needs=("logs.logs-on-stdout",),
    source="OWASP Logging Cheat Sheet, Data to exclude",
    fix="name the fields that are logged, one by one: never all headers, a whole form or the variables of a frame",
)
def log_no_secrets(seen: Sought) -> Verdict:
    """Logs are copied, kept for months, and read by more people than any database. A password in a log is a password
    that was published, and you find out last."""
    if seen.leaks:
        leak = seen.leaks[0]
        return failed(
            f"{leak.what} is in the log of {leak.service}: `{leak.line}`",
            hint="does somebody log all headers, a whole form, or the variables around an error?",
            reproduce=f"{curl(f'{seen.site}/login', SECRETS, SIGN_IN)} >/dev/null; "
            f"{curl(f'{seen.site}/bench/boom', SECRETS)} >/dev/null; sleep 1; "
            f"{lines_of((leak.service,), 9)} | grep -oE 'find-me-[a-z]+|{CANARY}'",
            shows=NotShown("the key itself is shown nowhere") if "key" in leak.what else ".",
        )
    if seen.cut:
        return cut_short(seen.cut)
    note = f"; the log of {', '.join(seen.queries)} has the queries of URLs, in which people send tokens"
    return passed(f"{len(seen.sought)} secrets were looked for{note if seen.queries else ''}")


@check(
    "logs.log-injection-safe",
    title="A client cannot forge or break log lines",
    rule="Whatever a client sends in paths, headers, forms and file names, no line of any log begins where the client "
    "wants, takes a level from it, holds control characters, or stops being JSON",
    weight=Weight.MAJOR,
    probe=Forge(),
    needs=("logs.logs-json",),
    source="OWASP Logging Cheat Sheet, Event collection; CWE-117; nginx docs, log_format escape=json",
    fix="let an encoder write the line: json.dumps in the app, escape=json in Nginx; look at the proxy's error log too",
)
def log_injection_safe(seen: Forgeries) -> Verdict:
    """A line break in a user name ends one line and begins another, which says whatever the client likes: that somebody
    else signed in, say. An escape sequence rewrites what you see on the terminal on which you read the log."""
    if seen.found:
        forgery = seen.found[0]
        how, path = TRIES[forgery.request]
        return failed(
            f"{forgery.request} put {forgery.what} into the log of {forgery.service}: `{forgery.line}`",
            hint="who wrote this line, and what does that one do with line breaks, quotes and control characters?",
            reproduce=f"{curl(seen.site + path, *([how] if how else []))} >/dev/null; sleep 1; "
            f"{lines_of((forgery.service,), 5)} | cat -v",
            shows=FORGED[forgery.what],
        )
    if seen.cut:
        return cut_short(seen.cut)
    return passed(f"{len(seen.tried)} requests that try to break lines left only whole ones")
