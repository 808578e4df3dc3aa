"""Following redirects from one of the site's ports to another, as a browser would, and no further than the site."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from grader.probes.greeting import Speaks
from grader.probes.http import Entry, Greetings, HttpAnswer, send
from grader.stacks.base import Stack
from grader.stacks.dealings import Address

MOST = 5  # redirects that are followed: a visitor's browser follows 20, and none is needed
REDIRECTS = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Hop:
    """A URL that was asked for, and what it answered. `location` is where it redirects to, as an absolute URL."""

    url: str
    status: int
    error: str
    location: str


def follow(stack: Stack, url: str) -> tuple[tuple[Hop, ...], HttpAnswer | None]:
    """The hops from `url`, and the last answer: None when the last hop leads away from the site, or in a circle."""
    hops: list[Hop] = []
    while len(hops) < MOST:
        to = place_of(stack, url)
        if to is None:
            return tuple(hops), None
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        got = send(stack, to, path, host=parts.netloc)
        target = got.header("Location") if got.status in REDIRECTS else ""
        hops.append(Hop(url, got.status, got.error, joined(url, target)))
        if not target:
            return tuple(hops), got
        url = hops[-1].location
    return tuple(hops), None


def joined(url: str, target: str) -> str:
    """Where a Location leads from `url`; the target itself where it is no URL."""
    try:
        return urljoin(url, target) if target else ""
    except ValueError:
        return target


def place_of(stack: Stack, url: str) -> Address | None:
    """The published port of the site that a URL leads to; None when it leads elsewhere.

    The usual port counts as the site's own: it may be another one outside than the published one.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if (parts.hostname or "") not in stack.settings.hosts:
        return None
    entry = stack.ask(Entry())
    if parts.scheme == "https":
        return entry if entry.tls and port in (entry.port, PORTS["https"]) else None
    plain = front_door(stack)
    if plain and port == PORTS["http"]:
        return plain
    return next((one.to for one in stack.ask(Greetings()) if one.speaks is Speaks.HTTP and one.to.port == port), None)


def front_door(stack: Stack) -> Address | None:
    """The published port at which visitors arrive who type no https: of several, the one that sends them on."""
    plain = [greeting for greeting in stack.ask(Greetings()) if greeting.speaks is Speaks.HTTP]
    return max(plain, key=lambda greeting: greeting.doorman).to if plain else None


def circular(hops: tuple[Hop, ...]) -> bool:
    """Whether redirects led back to a page that had been asked for, or there was no end to them."""
    back = any(hop.location in {one.url for one in hops[: number + 1]} for number, hop in enumerate(hops))
    return back or (len(hops) == MOST and bool(hops[-1].location))
