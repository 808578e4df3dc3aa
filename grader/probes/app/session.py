"""Signing in as a visitor does. The value of a cookie never enters evidence: whoever has it is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from grader.model import Reason
from grader.probes.base import Probe
from grader.probes.http import Entry, HttpAnswer, json_of, send, site, text_of
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import HOST, Address, From, Vantage

USER, PASSWORD = "ada", "pinboard"  # Pinboard's demo account: its sign-in page prints both
LOGIN, ME = "/login", "/me"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
# Where every worker has a key of its own, only some know the visitor: so many answers tell "never" from "sometimes".
TRIES = 40


@dataclass(frozen=True, slots=True)
class Cookie:
    """One Set-Cookie header without its value (RFC 6265bis §5.6). An absent attribute is "".

    `keeps_login` says that this cookie alone makes the app know the visitor.
    """

    name: str
    http_only: bool
    secure: bool
    same_site: str
    domain: str
    keeps_login: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """How signing in went: status of POST /login, and the user that /me names afterwards ("" when nobody)."""

    site: str
    host: str
    status: int
    user: str
    cookies: tuple[Cookie, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """A fresh login with the live cookies: for probes, never for evidence."""

    answer: HttpAnswer
    jar: tuple[tuple[str, str], ...]  # what a browser would keep, as names and values

    @property
    def header(self) -> str:
        """The value of the Cookie header that a browser would send; "" when the app set none."""
        return "; ".join(f"{name}={value}" for name, value in self.jar)


def log_in(stack: Stack, to: Address, *, via: Vantage = HOST, password: str = PASSWORD) -> Login:
    """Posts the sign-in form, as the demo user, on a connection of its own."""
    form = urlencode({"user": USER, "password": password}).encode()
    answered = send(stack, to, LOGIN, via=via, method="POST", headers=FORM, body=form)
    # Who asks from inside the stack stands where the proxy stands, and knows that the visitor came over TLS.
    return Login(answered, jar_of(answered, plain=via.kind is From.HOST and not to.tls))


def jar_of(answered: HttpAnswer, *, plain: bool = False) -> tuple[tuple[str, str], ...]:
    """Names and values of all cookies; a later one of the same name replaces an earlier.

    With `plain`, only what a browser takes over plain HTTP: nothing that is Secure (RFC 6265bis §5.7).
    """
    headers = [header for header in answered.all("Set-Cookie") if not (plain and cookie(header, "").secure)]
    pairs = (header.split(";", 1)[0].partition("=") for header in headers)
    return tuple({name.strip(): value.strip() for name, _, value in pairs}.items())


def user_of(stack: Stack, to: Address, cookie: str, *, via: Vantage = HOST) -> str:
    """Whom /me names to the bearer of `cookie` (a Cookie header's value); "" when nobody."""
    answered = send(stack, to, ME, via=via, headers=(("Cookie", cookie),))
    return text_of(json_of(answered).get("user")) if answered.status == 200 else ""


def live_cookie(stack: Stack) -> str:
    """The Cookie header of a fresh login through the edge.

    NotApplicable where there is nothing to sign in to; CouldNotLook where the demo account is refused.
    """
    return entered(log_in(stack, stack.ask(Entry()))).header


def entered(login: Login) -> Login:
    """`login`, if the app let the demo user in."""
    status = login.answer.status
    if status == 0:
        raise CouldNotLook(Reason.UNREACHABLE, f"POST {LOGIN}: {login.answer.seen}")
    if status in (404, 405, 501):
        raise NotApplicable(f"this app has no sign-in form at {LOGIN}")
    if status in (400, 401, 403, 422):
        raise CouldNotLook(
            Reason.NO_PERMISSION,
            f"{LOGIN} refuses the demo account {USER} with {status}",
            hint=f"while you grade, set PINBOARD_USER={USER} and PINBOARD_PASSWORD={PASSWORD}",
        )
    return login


@dataclass(frozen=True)
class SignIn(Probe[SignedIn]):
    """A login through the edge, and which of its cookies makes /me name the user."""

    seconds: ClassVar[float] = 1.0

    def ask(self, stack: Stack, /) -> SignedIn:
        to = stack.ask(Entry())
        login = entered(log_in(stack, to))
        user = _known(stack, to, login.header) if login.jar else ""
        keeper = _keeper(stack, to, login) if user else ""
        cookies = tuple(cookie(header, keeper) for header in login.answer.all("Set-Cookie"))
        return SignedIn(site(stack, to), stack.settings.hosts[0], login.answer.status, user, cookies)


def _known(stack: Stack, to: Address, header: str) -> str:
    return next(filter(None, (user_of(stack, to, header) for _ in range(TRIES))), "")


def _keeper(stack: Stack, to: Address, login: Login) -> str:
    """The name of the cookie that alone keeps the login; "" when it takes several."""
    names = [name for name, _ in login.jar]
    if len(names) == 1:
        return names[0]
    return next((name for name, value in login.jar if _known(stack, to, f"{name}={value}")), "")


def cookie(header: str, keeper: str) -> Cookie:
    """The attributes of a Set-Cookie header; where one is repeated, the last counts (RFC 6265bis §5.6)."""
    pair, *words = header.split(";")
    name = pair.partition("=")[0].strip()
    attributes = {key.strip().lower(): value.strip() for key, _, value in (word.partition("=") for word in words)}
    return Cookie(
        name=name,
        http_only="httponly" in attributes,
        secure="secure" in attributes,
        same_site=attributes.get("samesite", ""),
        domain=attributes.get("domain", ""),
        keeps_login=name == keeper,
    )
