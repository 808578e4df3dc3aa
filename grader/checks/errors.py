"""What visitors see when something fails."""

from __future__ import annotations

from grader.checks.base import check
from grader.checks.commands import curl
from grader.model import Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.contract import BOOM
from grader.probes.app.errors import MARKS, ErrorPage, ErrorPages, GoWrong

LIMIT = 64 * 1024  # bytes of an error page
EXTRA = ("the message of the error", "names of environment variables")
KINDS = (*(kind for kind, _ in MARKS), *EXTRA)


@check(
    "errors.errors-generic",
    title="Error pages do not give anything away",
    rule=f"no answer to a request that goes wrong is longer than {LIMIT // 1024} KiB or shows {', '.join(KINDS[:-1])} "
    f"or {KINDS[-1]}",
    weight=Weight.BLOCKER,
    probe=GoWrong(),
    needs=("stack.app-identity",),
    source="OWASP Error Handling Cheat Sheet",
    fix="the app's error handlers: a constant text for the visitor, the details for the log",
)
def errors_generic(seen: ErrorPages) -> Verdict:
    """An error page is read by whoever provoked the error. A traceback tells them your paths, libraries and queries.

    You need the same details, but in the log. The visitor needs to know that it was not their fault, and what to do.
    """
    if not any(page.status for page in seen.pages):
        return unknown(Reason.UNREACHABLE, f"none of {len(seen.pages)} requests that go wrong was answered at all")
    for page in seen.pages:
        if page.leaks:
            return failed(
                f"{page.name} is answered with {page.status}, and the page shows {', '.join(page.leaks)}",
                hint="what does the error handler put into its answer? The details belong into the log",
                reproduce=_see(seen.site, page),
                shows=_sign(page),
            )
        if page.length > LIMIT:
            return failed(
                f"{page.name} is answered with a page of {page.length // 1024} KiB",
                hint="a page that says sorry needs few words: what else is in it?",
                reproduce=f"{_see(seen.site, page)} | tail -c +{LIMIT + 1} | wc -c",
                shows="^[1-9]",
            )
    statuses = ", ".join(sorted({str(page.status) for page in seen.pages if page.status}))
    unseen = "" if seen.boom else "; no endpoint fails on purpose here, so an error of the code was not seen"
    return passed(f"{len(seen.pages)} answers ({statuses}) give nothing away{unseen}")


def _see(site: str, page: ErrorPage) -> str:
    path = f"{BOOM}?m=find-me" if page.path.startswith(BOOM) else page.path
    return curl(site + path)


def _sign(page: ErrorPage) -> str:
    """What gives the page away: the first of its leaks."""
    signs = {kind: mark.pattern for kind, mark in MARKS} | {EXTRA[0]: "find-me", EXTRA[1]: r"\b[A-Z]+_[A-Z_]+\b"}
    return signs[page.leaks[0]]
