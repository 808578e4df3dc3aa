"""Given what the app said of requests, when the forwarded checks judge it, then only a believed lie is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import forwarded
from grader.model import Outcome, Reason
from grader.probes.edge.clients import FAKE, OTHER_FAKE, AddressesTold, AddressTold, ClientSeen, ClientsSeen
from grader.probes.edge.forwarded import Beliefs, Believed, HostsKept, How, Stranger, Strangers

SITE = "http://localhost:8080"
PROXY, CLIENT = "172.18.0.2", "172.18.0.5"


def seen_as(*taken: str) -> ClientsSeen:
    clients = tuple(ClientSeen(80, f"172.18.0.{5 + n}", address) for n, address in enumerate(taken))
    return ClientsSeen(clients, "proxy", (PROXY,), SITE)


@pytest.mark.parametrize(
    ("taken", "outcome", "word"),
    (
        (("172.18.0.5", "172.18.0.6"), Outcome.PASS, "172.18.0.5"),
        (("172.18.0.5", "172.18.0.5"), Outcome.FAIL, "172.18.0.6"),  # right for one of them by chance
        ((PROXY, PROXY), Outcome.FAIL, "the proxy itself"),  # no ProxyFix, or one hop too many
        (("10.1.1.1", "10.1.1.1"), Outcome.FAIL, "10.1.1.1"),  # an inner proxy
        (("", ""), Outcome.FAIL, "nobody"),  # a unix socket without any header
        (("unknown", "unknown"), Outcome.FAIL, "unknown"),
    ),
)
def test_the_app_must_see_each_client_for_who_it_is(taken: tuple[str, ...], outcome: Outcome, word: str) -> None:
    verdict = forwarded.real_client_ip.judge(seen_as(*taken))
    assert verdict.outcome is outcome
    assert word in verdict.because
    assert (verdict.reproduce == "") is (outcome is Outcome.PASS)


def told(taken: str, *, plain: str = CLIENT, status: int = 200, error: str = "") -> AddressesTold:
    harmless = AddressTold(80, (("X-Real-IP", FAKE),), plain, plain, 200, "")
    tried = AddressTold(80, (("X-Forwarded-For", f"{OTHER_FAKE}, {FAKE}"),), plain, taken, status, error)
    return AddressesTold((harmless, tried), SITE)


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    (
        (told(CLIENT), Outcome.PASS),
        (told(PROXY, plain=PROXY), Outcome.PASS),  # a missing ProxyFix is red in real-client-ip only
        (told("", plain=""), Outcome.PASS),  # no address at all: likewise
        (told("", status=400), Outcome.PASS),  # the request is refused
        (told("", status=0, error="no answer"), Outcome.PASS),  # the connection is closed
        (told(FAKE), Outcome.FAIL),
        (told(OTHER_FAKE), Outcome.FAIL),
        (told(PROXY), Outcome.FAIL),  # not the spoofed value, and still changed by the client
        (told(""), Outcome.FAIL),  # an answer that is not the bench's
        (told("", status=500), Outcome.FAIL),
        (told("", status=404), Outcome.FAIL),
        (told("", status=0, error="timed out"), Outcome.UNKNOWN),
    ),
)
def test_a_made_up_address_must_not_change_whom_the_app_sees(evidence: AddressesTold, outcome: Outcome) -> None:
    assert forwarded.xff_spoof_rejected.judge(evidence).outcome is outcome


def test_the_command_sends_the_very_header_that_was_believed() -> None:
    verdict = forwarded.xff_spoof_rejected.judge(told(FAKE))
    assert f"-H 'X-Forwarded-For: {OTHER_FAKE}, {FAKE}' {SITE}/bench/whoami" in verdict.reproduce


PLAIN = Believed("", "", "", 200, "", "http", "http://localhost/bench/whoami", "", "http://localhost/bench/dir/")
HOST = replace(PLAIN, header="X-Forwarded-Host", value="evil.example", mark="evil.example")
PREFIX = replace(PLAIN, header="X-Forwarded-Prefix", value="/evil", mark="/evil")
PROTO = replace(PLAIN, header="X-Forwarded-Proto", value="https", mark="https:")
GONE = {"url": "", "location": "", "scheme": ""}


def beliefs(*told: Believed, plain: Believed = PLAIN) -> Beliefs:
    return Beliefs("http", plain, told, SITE)


@pytest.mark.parametrize(
    ("one", "outcome"),
    (
        (HOST, Outcome.PASS),
        (replace(HOST, status=400, **GONE), Outcome.PASS),
        (replace(HOST, status=0, error="connection reset", **GONE), Outcome.PASS),
        (replace(HOST, url="http://evil.example/bench/whoami"), Outcome.FAIL),
        (replace(HOST, location="http://evil.example/bench/dir/"), Outcome.FAIL),
        (replace(HOST, status=302, url="", location="https://evil.example/"), Outcome.FAIL),  # the proxy believes it
        (replace(PREFIX, root="/evil", url="http://localhost/evil/bench/whoami"), Outcome.FAIL),
        (replace(PREFIX, root="/evil"), Outcome.FAIL),
        (replace(PREFIX, status=404, **GONE), Outcome.FAIL),  # another page came back: the path was believed
        (replace(HOST, status=502, **GONE), Outcome.FAIL),
        (replace(HOST, status=0, error="not the bench's answer", **GONE), Outcome.FAIL),
        (replace(HOST, status=0, error="timed out", **GONE), Outcome.UNKNOWN),
    ),
)
def test_a_made_up_host_or_prefix_must_not_reach_links(one: Believed, outcome: Outcome) -> None:
    verdict = forwarded.forwarded_host_spoof.judge(beliefs(HOST, one))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert f"-H '{one.header}: {one.value}'" in verdict.reproduce


@pytest.mark.parametrize(
    ("one", "outcome"),
    (
        (PROTO, Outcome.PASS),
        (replace(PROTO, status=400, **GONE), Outcome.PASS),  # contradictory headers are refused
        (replace(PROTO, status=301, url="", scheme="", location="https://localhost/"), Outcome.PASS),  # the proxy's own
        (replace(PROTO, scheme="https", url="https://localhost/bench/whoami"), Outcome.FAIL),
        (replace(PROTO, location="https://localhost/bench/dir/"), Outcome.FAIL),
        (replace(PROTO, scheme=""), Outcome.FAIL),
        (replace(PROTO, status=0, error="timed out", **GONE), Outcome.UNKNOWN),
    ),
)
def test_a_made_up_scheme_must_not_be_believed(one: Believed, outcome: Outcome) -> None:
    assert forwarded.forwarded_proto_spoof.judge(beliefs(one)).outcome is outcome


SECURE = replace(PLAIN, scheme="https", url="https://localhost/bench/whoami", location="https://localhost/bench/dir/")
# What an app says that the proxy does not tell: forwarded.app-knows-https is red then, and one red is enough.
UNTOLD = replace(SECURE, scheme="http", url="http://localhost/", location="http://localhost/")
DOWN = replace(SECURE, header="X-Forwarded-Proto", value="http", mark="http:")


@pytest.mark.parametrize(
    ("one", "plain", "outcome"),
    (
        (DOWN, SECURE, Outcome.PASS),
        (replace(DOWN, status=400, **GONE), SECURE, Outcome.PASS),
        (replace(DOWN, scheme="http", url="http://localhost/bench/whoami"), SECURE, Outcome.FAIL),
        (replace(DOWN, location="http://localhost/bench/dir/"), SECURE, Outcome.FAIL),
        (replace(DOWN, status=301, **GONE), SECURE, Outcome.FAIL),  # sends a visitor over TLS to TLS
        (replace(DOWN, value="ftp", mark="ftp:", scheme="ftp"), SECURE, Outcome.FAIL),
        (replace(DOWN, scheme="http", url="http://localhost/", location="http://localhost/"), UNTOLD, Outcome.PASS),
        (replace(DOWN, value="ftp", mark="ftp:", scheme="ftp"), UNTOLD, Outcome.FAIL),
    ),
)
def test_over_tls_a_client_must_not_be_able_to_claim_less(one: Believed, plain: Believed, outcome: Outcome) -> None:
    verdict = forwarded.forwarded_proto_spoof.judge(Beliefs("https", plain, (one,), "https://localhost:8443"))
    assert verdict.outcome is outcome
    assert ("https://localhost:8443/bench/" in verdict.reproduce) is (outcome is Outcome.FAIL)


@pytest.mark.parametrize("scheme", ("https", ""))
def test_the_scheme_must_be_right_without_any_header(scheme: str) -> None:
    verdict = forwarded.forwarded_proto_spoof.judge(beliefs(PROTO, plain=replace(PLAIN, scheme=scheme)))
    assert verdict.outcome is Outcome.FAIL
    assert "over http" in verdict.because


def kept(asked: str, url: str, location: str = "/bench/dir/", status: int = 200) -> HostsKept:
    one = replace(PLAIN, header="Host", value=asked, status=status, url=url, location=location)
    return HostsKept((one,), 8080, SITE)


@pytest.mark.parametrize(
    ("asked", "url", "outcome"),
    (
        ("localhost", "http://localhost/bench/whoami", Outcome.PASS),  # $host
        ("localhost:8080", "http://localhost:8080/bench/whoami", Outcome.PASS),  # $http_host
        ("localhost:8080", "http://localhost/bench/whoami", Outcome.PASS),  # the port is dropped
        ("localhost", "http://localhost:80/bench/whoami", Outcome.PASS),  # $host:$server_port
        ("localhost", "http://localhost:8080/bench/whoami", Outcome.PASS),  # SERVER_NAME with the published port
        ("App.Lab.Test", "http://app.lab.test/bench/whoami", Outcome.PASS),
        ("localhost", "http://app:8000/bench/whoami", Outcome.FAIL),  # the proxy's default
        ("localhost", "http://pinboard_upstream/bench/whoami", Outcome.FAIL),
        ("localhost", "http://localhost:8000/bench/whoami", Outcome.FAIL),  # the app's port
        ("localhost", "http://localhost:eight/bench/whoami", Outcome.FAIL),
    ),
)
def test_links_must_name_the_host_that_was_asked_for(asked: str, url: str, outcome: Outcome) -> None:
    assert forwarded.host_preserved.judge(kept(asked, url)).outcome is outcome
    assert forwarded.host_preserved.judge(kept(asked, f"http://{asked}/", location=url)).outcome is outcome


def test_a_name_of_the_site_that_is_not_served_is_red() -> None:
    verdict = forwarded.host_preserved.judge(kept("localhost:8080", "", status=404))
    assert verdict.outcome is Outcome.FAIL
    assert "404" in verdict.because


def stranger(how: How = How.NAMED, status: int = 0, error: str = "", location: str = "", **said: bool) -> Stranger:
    return Stranger(how, "abc.example", status, error, location, said.get("same", False), said.get("named", False))


@pytest.mark.parametrize(
    ("one", "outcome"),
    (
        (stranger(error="no answer"), Outcome.PASS),  # 444
        (stranger(status=404), Outcome.PASS),
        (stranger(status=421), Outcome.PASS),
        (stranger(status=301, location="https://www.pinboard.test/"), Outcome.PASS),  # to the canonical name
        (stranger(status=200), Outcome.PASS),  # a page for strangers
        (stranger(status=404, named=True), Outcome.PASS),  # "abc.example is not here"
        (stranger(status=200, same=True), Outcome.FAIL),
        (stranger(How.ABSOLUTE, status=200, named=True), Outcome.FAIL),
        (stranger(How.ABSOLUTE, status=200), Outcome.PASS),  # answered as the site that the Host header names
        (stranger(status=302, location="/login"), Outcome.FAIL),  # the app's own redirect
        (stranger(status=302, location="http://abc.example/login"), Outcome.FAIL),
        (stranger(status=500), Outcome.FAIL),
        (stranger(error="timed out"), Outcome.UNKNOWN),
    ),
)
def test_a_foreign_name_must_not_be_served(one: Stranger, outcome: Outcome) -> None:
    verdict = forwarded.unknown_host_rejected.judge(Strangers("/", 200, (stranger(How.EMPTY, status=400), one), SITE))
    assert verdict.outcome is outcome
    assert verdict.reason is (Reason.TIMED_OUT if outcome is Outcome.UNKNOWN else None)


@pytest.mark.parametrize("how", How)
def test_every_kind_of_stranger_can_be_seen_by_hand(how: How) -> None:
    one = stranger(how, status=200, same=True, named=True)
    verdict = forwarded.unknown_host_rejected.judge(Strangers("/", 200, (one,), SITE))
    assert "localhost:8080" in verdict.reproduce
    assert how is How.EMPTY or one.name in verdict.reproduce


@pytest.mark.parametrize("how", How)
def test_over_tls_every_kind_of_stranger_can_be_seen_by_hand_too(how: How) -> None:
    one = stranger(how, status=200, same=True, named=True)
    site = "https://pinboard.localhost:8443"
    command = forwarded.unknown_host_rejected.judge(Strangers("/", 200, (one,), site)).reproduce
    assert site in command or "openssl s_client -quiet -no_ign_eof -connect localhost:8443 " in command
    assert "http://" not in command
    assert how is not How.TWICE or "Host: pinboard.localhost\\r\\nHost: abc.example" in command
