"""Settings come from outside of the image."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.app.copy import NAMES, PATIENCE, Copied, RunCopy


@check(
    "config.config-from-env",
    title="The same image runs with other settings",
    rule=f"a copy of the app that is started with another {NAMES[0]} shows it on its first page "
    f"(it has {PATIENCE:.0f} s to answer)",
    weight=Weight.MAJOR,
    probe=RunCopy(),
    needs=("stack.app-identity",),
    source="The Twelve-Factor App, III Config; Flask docs, Configuration Handling",
    fix="where the app reads its settings from: the environment wins over what is in the image",
)
def config_from_env(seen: Copied) -> Verdict:
    """You ship what you tested only if it is the same image. So what differs between two places is no part of it.

    An image with its settings built in must be built again for every place, and that one has been tested by nobody.
    """
    copy = f"a copy of {seen.service} that was started with another {seen.setting}"
    if seen.status == 200 and seen.shown:
        return passed(f"{copy} shows it, {seen.seconds:.1f} s after its start")
    return failed(
        f"{copy} does not show it on its first page ({seen.status})",
        hint=f"where does the greeting come from: the code, a file in the image, or the variable {seen.setting}?",
        reproduce=f"docker compose run --rm --no-deps -e {quote(seen.setting)}=find-me {quote(seen.service)} "
        "python -c \"from wsgi import app; print(b'find-me' in app.test_client().get('/').data)\"",
        shows="^False",
    )
