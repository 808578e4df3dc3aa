"""Given networks and answers, when it is asked what the app believes, then the evidence says just that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.probes.edge.clients import SPOOFS, plain_address, ways_of
from grader.probes.edge.forwarded import ForeignHosts, How, believed_of, host_spoofs, scheme_spoofs
from grader.probes.topology import Whoami
from grader.stacks.base import CouldNotLook
from grader.stacks.values import Attached, Published, ServiceFacts, State
from tests.probes.site import response, stack


def edge(**changes: Any) -> ServiceFacts:  # Any: each test changes the few fields that it is about
    facts = ServiceFacts(
        "1", "proxy", "p-1", "h", State.RUNNING, 0, 0, False, 0.0, "", "no", "", (), "i", "i", "SIGTERM", 10, "n",
        (Published("0.0.0.0", 8080, 80),), (), (), 0, 0, False, False, False, (), (), False,
    )  # fmt: skip
    return replace(facts, **changes)


@pytest.mark.parametrize(
    ("text", "plain"),
    (
        ("172.18.0.5", "172.18.0.5"),
        ("::ffff:172.18.0.5", "172.18.0.5"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("unknown", "unknown"),
        ("172.18.0.5:4711", "172.18.0.5:4711"),
        ("", ""),
    ),
)
def test_addresses_are_compared_in_their_usual_spelling(text: str, plain: str) -> None:
    assert plain_address(text) == plain


def test_a_client_comes_from_a_network_without_the_app_if_there_is_one() -> None:
    both = edge(networks=(Attached("back", "10.0.1.2", ""), Attached("front", "10.0.2.2", "")))
    (way,) = ways_of(both, frozenset({"back"}), {})
    assert (way.network, way.to.host, way.to.port) == ("front", "10.0.2.2", 80)
    (way,) = ways_of(replace(both, networks=both.networks[:1]), frozenset({"back"}), {})
    assert way.network == "back"


def test_every_published_port_is_a_way_in_once() -> None:
    ports = (Published("0.0.0.0", 8080, 80), Published("::", 8080, 80), Published("0.0.0.0", 8081, 81))
    ways = ways_of(edge(published=ports, networks=(Attached("n", "10.0.0.2", ""),)), frozenset(), {81: "a.test"})
    assert [(way.to.port, way.to.tls) for way in ways] == [(80, ""), (81, "a.test")]


def test_an_edge_without_a_network_of_its_own_has_no_way_in() -> None:
    assert ways_of(edge(networks=(Attached("host", "", ""),)), frozenset(), {}) == ()


def test_spoofed_addresses_and_names_belong_to_nobody() -> None:
    values = " ".join(value for headers in SPOOFS for _, value in headers)
    assert all(part.startswith(("203.0.113.", "198.51.100.")) for part in values.replace("for=", "").split(", ")[:1])
    assert {mark for _, _, mark in host_spoofs("localhost")} == {"evil.example", ":6666", "/evil"}


def test_a_client_claims_the_scheme_that_it_does_not_use() -> None:
    assert {mark for _, _, mark in scheme_spoofs("http")} == {"https:"}
    assert {mark for _, _, mark in scheme_spoofs("https")} == {"http:", "ftp:"}
    for transport in ("http", "https"):
        told = " ".join(f"{name}: {value}" for name, value, _ in scheme_spoofs(transport))
        assert ("Proto: https" in told) is (transport == "http")


def test_an_answer_that_is_not_the_benchs_is_no_200() -> None:
    seen = believed_of("Host", "x", "", Whoami(False, status=200), "")
    assert (seen.status, seen.error) == (0, "not the bench's answer")
    refused = believed_of("Host", "x", "", Whoami(False, status=400), "")
    assert (refused.status, refused.error) == (400, "not the bench's answer")
    closed = believed_of("Host", "x", "", Whoami(False, status=0, error="no answer"), "")
    assert (closed.status, closed.error) == (0, "no answer")


PAGE = b"<title>Pinboard</title>\n" + b"\n".join(b"<p>note %d</p>" % number for number in range(20))


def hosts(request: bytes) -> list[bytes]:
    return [line[5:].strip() for line in request.split(b"\r\n") if line.lower().startswith(b"host:")]


def test_a_site_that_knows_its_name_serves_no_stranger() -> None:
    def answer(target: str, request: bytes) -> bytes:
        if target.startswith("http://") or len(hosts(request)) != 1:
            return response(400)
        return response(200, PAGE) if hosts(request) == [b"localhost"] else b""

    seen = {one.how: one for one in stack(answer).ask(ForeignHosts()).tried}
    assert {one.status for one in seen.values()} == {0, 400}
    assert seen[How.NAMED].error == "no answer"


def test_a_site_that_answers_to_every_name_is_seen_to() -> None:
    def answer(target: str, request: bytes) -> bytes:
        name = target.split("/")[2].encode() if target.startswith("http://") else hosts(request)[-1]
        page = b'{"url": "http://%s/bench/whoami"}' % name if "whoami" in target else PAGE.replace(b"note 7", name)
        return response(200, page)

    seen = {one.how: one for one in stack(answer).ask(ForeignHosts()).tried}
    assert all(seen[how].same for how in (How.NAMED, How.EMPTY, How.TWICE))
    assert (seen[How.ABSOLUTE].same, seen[How.ABSOLUTE].named) == (False, True)


def test_a_page_for_strangers_is_not_the_site() -> None:
    def answer(target: str, request: bytes) -> bytes:
        return response(200, PAGE) if hosts(request) == [b"localhost"] else response(200, b"<p>nobody here</p>")

    assert not any(one.same for one in stack(answer).ask(ForeignHosts()).tried)


def test_without_a_page_of_its_own_the_site_cannot_be_compared() -> None:
    with pytest.raises(CouldNotLook, match="under its own name"):
        stack(lambda target, request: response(404)).ask(ForeignHosts())
