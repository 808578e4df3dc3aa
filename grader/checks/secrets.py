"""The key that signs sessions is a secret, and stays one."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import python
from grader.checks.image import in_layers
from grader.model import Verdict, Weight, failed, passed, skipped
from grader.probes.app.image import Contents, Kind, Lock, LookInside
from grader.probes.app.keys import WORDS, Guess, GuessKey

NAMED = 3  # findings that a sentence names


@check(
    "secrets.secret-key-not-guessable",
    title="The session secret is not a default",
    rule=f"neither one of {len(WORDS)} usual words, nor a string of the starter's code, nor a name in the stack "
    "is the key that signs the session cookie",
    weight=Weight.BLOCKER,
    probe=GuessKey(),
    needs=("stack.contract-endpoints",),
    source="Flask docs, Configuration Handling: SECRET_KEY",
    fix="SECRET_KEY: a long random value that comes from outside",
)
def secret_key_not_guessable(seen: Guess) -> Verdict:
    """Flask keeps the login in a cookie and signs it with SECRET_KEY. Whoever has the key can sign in as anyone.

    Trying some ten thousand keys on a cookie takes a second, far away from your server, and nobody notices.
    """
    if not seen.signed:
        return passed("the session cookie carries no signature of Flask's: sessions are kept elsewhere")
    if seen.found is None:
        return passed(f"none of {seen.tried} keys that everybody would try signs the session cookie")
    return failed(
        f"a guess found the key: {seen.length} characters that begin with “{seen.found}”",
        hint="where does SECRET_KEY come from in the running app? A default in the code wins when nothing else is set",
        reproduce=python(seen.service, "from wsgi import app; print(len(app.secret_key), app.secret_key[:4])"),
        shows=f"^{seen.length} .*{re.escape(seen.found)}",
    )


@check(
    "secrets.secret-not-in-image",
    title="The session secret is not in the image",
    rule="no string in any layer, setting or build step of the app's image is the key that signs the session cookie, "
    "and no layer holds a private key",
    weight=Weight.BLOCKER,
    probe=LookInside(),
    needs=("secrets.secret-key-not-guessable",),
    source="CIS Docker Benchmark 4.10; OWASP Docker Security Cheat Sheet",
    fix="what is copied into the image, and what ENV and ARG leave in it",
)
def secret_not_in_image(seen: Contents) -> Verdict:
    """An image is handed around: to a registry, to colleagues, to every machine that runs it. Its files go along.

    A later layer that deletes a file only hides it. Whoever has the image can unpack the earlier layer.
    """
    keys = [junk for junk in seen.junk if junk.kind is Kind.KEY]
    if seen.leaks:
        places = [_place(leak.path, hidden=leak.hidden) for leak in seen.leaks]
        return failed(
            f"the image {seen.image} holds the key that signs sessions: {', '.join(places[:NAMED])}",
            hint="how did it get there? A secret comes to the container when it starts, not to the image that is built",
            reproduce=_look(seen.image, seen.leaks[0].path),
            shows=re.escape(seen.leaks[0].path) or "SECRET",
        )
    if keys:
        places = [_place(junk.path, hidden=junk.hidden) for junk in keys]
        return failed(
            f"the image {seen.image} holds a private key: {', '.join(places[:NAMED])}",
            hint="which COPY brought it along? A key comes to the container when it starts",
            reproduce=_look(seen.image, keys[0].path),
            shows=re.escape(keys[0].path),
        )
    if seen.lock is Lock.NONE:
        return skipped("nobody could sign in, so there is no cookie to try the strings of the image on")
    if seen.lock is Lock.OPAQUE:
        return passed(f"the session cookie is not signed by Flask, and {seen.files} files hold no private key")
    return passed(f"none of {seen.tried} strings in {seen.files} files and the image's settings is the key")


def _place(path: str, *, hidden: bool) -> str:
    if not path:
        return "its settings or build history"
    return f"/{path} (hidden by a later layer)" if hidden else f"/{path}"


def _look(image: str, path: str) -> str:
    if path:
        return in_layers(image, path)
    return f"docker history --no-trunc {quote(image)}; docker image inspect -f '{{{{.Config}}}}' {quote(image)}"
