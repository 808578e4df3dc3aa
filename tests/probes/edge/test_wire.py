"""Given servers that keep or bend the rules of HTTP, when the wire is looked at, then the evidence tells."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest

from grader.probes.edge.banners import AllBanners
from grader.probes.edge.bodies import ALLOWED, TOO_LARGE, NormalUpload, OversizedUpload, chunked, uploaded
from grader.probes.edge.smuggling import converse, doubts, statuses
from grader.probes.edge.wire import Said, said_by
from grader.probes.http import HttpAnswer
from grader.stacks.base import NotApplicable
from grader.stacks.dealings import Address
from tests.probes.listening import TLS12, TLS13, listening, server_context
from tests.probes.site import response, stack


@pytest.mark.parametrize(
    ("raw", "expected"),
    (
        (b"", ()),
        (b"no HTTP at all", ()),
        (response(400), (400,)),
        (response(200, b"HTTP/1.1 404 quoted in a body"), (200,)),
        (response(200, b"ok") + response(404, b"no"), (200, 404)),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + response(200), (200,)),
        (b"HTTP/1.1 204 x\r\n\r\n" + response(404), (204, 404)),
        (b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + response(404), (200, 404)),
        (b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + response(404), (200, 404)),
        (b"HTTP/1.0 200 x\r\n\r\nuntil the end HTTP/1.1 404 x", (200,)),
        (b"HTTP/1.1 200 x\r\nContent-Len", (200,)),  # cut in the head
    ),
)
def test_responses_are_counted_where_they_start(raw: bytes, expected: tuple[int, ...]) -> None:
    assert statuses(raw) == expected


@pytest.mark.parametrize("close", (True, False))
@pytest.mark.parametrize("tls", (None, TLS12, TLS13))
def test_a_conversation_holds_every_response(tls: ssl.TLSVersion | None, close: bool) -> None:
    both, over = response(200, b"ok") + response(404, b"no"), threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(both)
        if not close:
            over.wait(5)

    with listening(serve, tls=server_context(tls) if tls else None) as to:
        assert (
            converse(to, b"GET / HTTP/1.1\r\n\r\n", 1.0) == both
        )  # the silence that ends it: long, for a busy machine
        over.set()


def test_a_port_where_nobody_listens_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        to = Address("127.0.0.1", free.getsockname()[1])
    assert converse(to, b"GET / HTTP/1.1\r\n\r\n", 0.2) == b""


def test_each_doubt_hides_the_inner_request_in_its_body() -> None:
    inner = b"GET /hidden HTTP/1.1\r\n\r\n"
    for doubt in doubts(inner):
        assert doubt.body.endswith(inner)
        assert doubt.headers.endswith(b"\r\n")
        assert inner not in doubt.headers


def test_chunks_add_up_to_the_body() -> None:
    assert chunked(b"") == b"0\r\n\r\n"
    assert chunked(b"ab") == b"2\r\nab\r\n0\r\n\r\n"
    assert chunked(bytes(70_000)).startswith(b"10000\r\n")


def answered(body: str, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, (), body, len(body), "", 0.0)


@pytest.mark.parametrize(
    ("body", "length", "intact"),
    (
        ('{"length": 3, "sha256": "aa"}', 3, True),
        ('{"length": 3, "sha256": "bb"}', 3, False),
        ('{"length": "3"}', -1, False),
        ("<h1>413</h1>", -1, False),
        ("", -1, False),
    ),
)
def test_an_upload_counts_as_the_app_says(body: str, length: int, intact: bool) -> None:
    seen = uploaded("in chunks", answered(body), "aa")
    assert (seen.length, seen.intact) == (length, intact)


def test_what_the_app_saw_needs_the_apps_own_answer() -> None:
    said = answered('{"method": "PUT", "path": "/a", "query": "x", "sha256": "aa"}')
    assert said_by(said) == Said("PUT", "/a", "x", "aa")
    assert said_by(answered("<h1>Not found</h1>", 404)) is None
    assert said_by(answered('{"method": "PUT"}')) is None


def test_an_upload_is_announced_expected_and_sent_in_chunks() -> None:
    heads: list[bytes] = []

    def answer(target: str, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        heads.append(b"%d %b" % (len(body), head))
        return response(413) if b"POST" in head else response(200)

    seen = stack(answer, bench=True).ask(OversizedUpload())
    assert (seen.path, seen.announced.status, seen.streamed.status, seen.after) == ("/bench/upload", 413, 413, 200)
    announced = [head for head in heads if b"Content-Length: %d" % TOO_LARGE in head]
    assert len(announced) == 2
    assert all(head.startswith(b"0 ") for head in announced)
    assert sum(b"Expect: 100-continue" in head for head in announced) == 1
    assert any(b"Transfer-Encoding: chunked" in head and int(head.split(b" ")[0]) > TOO_LARGE for head in heads)


@pytest.mark.parametrize(("status", "judged"), ((413, True), (400, True), (404, False), (405, False)))
def test_without_the_bench_only_the_proxys_own_limit_can_be_seen(status: int, judged: bool) -> None:
    site = stack(lambda target, request: response(status if b"POST" in request else 200))
    if judged:
        assert site.ask(OversizedUpload()).path == "/"
    else:
        with pytest.raises(NotApplicable):
            site.ask(OversizedUpload())


def test_a_normal_upload_is_as_large_as_it_says() -> None:
    sizes: list[int] = []

    def answer(target: str, request: bytes) -> bytes:
        sizes.append(len(request))
        return response(200, b"{}")

    seen = stack(answer, bench=True).ask(NormalUpload())
    assert [upload.how for upload in seen.uploads] == ["with Content-Length", "in chunks"]
    assert all(size > ALLOWED for size in sizes)


def test_banners_keep_headers_and_the_text_of_error_pages_only() -> None:
    def answer(target: str, request: bytes) -> bytes:
        if not target:
            return b"Bad request"
        if target == "/":
            return response(200, b"<p>we like nginx/1.2</p><link href='/static/a.css'>", Server="front")
        if target == "/static/none.css":
            return response(404, b"<center>nginx/1.26.3</center><img alt='jquery/3.2.1'>")
        return response(404)

    seen = {one.what: one for one in stack(answer).ask(AllBanners()).answers}
    assert seen["the home page"].headers == (("Server", "front"),)
    assert seen["the home page"].text == ""
    assert seen["a missing static file"].text == "nginx/1.26.3"
    assert seen["nonsense"].text == "Bad request"
