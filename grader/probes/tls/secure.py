"""Whether the app behind the TLS server knows that its visitors come over HTTPS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.session import LOGIN, SignedIn, SignIn, jar_of, log_in
from grader.probes.base import Probe
from grader.probes.edge.clients import KNOWS
from grader.probes.edge.forwarded import REDIRECT
from grader.probes.edge.hops import front_door
from grader.probes.http import Entry, send, site
from grader.probes.topology import require_bench, whoami
from grader.stacks.base import Stack

FOLDER = "/bench/dir"  # the framework redirects it to /bench/dir/


@dataclass(frozen=True, slots=True)
class Links:
    """What the app makes of a request over HTTPS: the scheme that it sees, a link that it builds, and where its
    redirects lead (as written: "" for none, and a relative one keeps the scheme)."""

    site: str
    scheme: str
    url: str
    locations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BuildLinks(Probe[Links]):
    """Asks the bench for the scheme, and the app for three redirects."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Links:
        require_bench(stack, KNOWS)
        to = stack.ask(Entry())
        who = whoami(stack, to)
        asked = [(f"GET {path}", send(stack, to, path)) for path in (REDIRECT, FOLDER)]
        asked.append((f"POST {LOGIN}", log_in(stack, to).answer))
        locations = tuple((what, got.header("Location")) for what, got in asked)
        return Links(site(stack, to), who.scheme, who.url_external, locations)


@dataclass(frozen=True, slots=True)
class Cookies:
    """A login over HTTPS, and the names of the cookies that the plain port sets for the same request."""

    login: SignedIn
    plain: str
    over_plain: tuple[str, ...]


@dataclass(frozen=True)
class SignInOverBoth(Probe[Cookies]):
    """Signs in over HTTPS, and tries it over plain HTTP."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Cookies:
        login, plain = stack.ask(SignIn()), front_door(stack)
        if plain is None:
            return Cookies(login, "", ())
        names = tuple(name for name, _ in jar_of(log_in(stack, plain).answer))
        return Cookies(login, site(stack, plain), names)
