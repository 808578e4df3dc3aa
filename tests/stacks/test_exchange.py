"""Given servers that do what servers do, when one exchange is made with them, then it ends as they meant, in time."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from grader.probes.http import parse
from grader.stacks.dealings import Address, Exchange
from grader.stacks.exchange import exchange, final_from, response_ends
from tests.probes.listening import NAME, TLS12, TLS13, Handler, head_of, listening, server_context
from tests.probes.site import response

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = 20 * 1024 * 1024  # bytes: more than the kernels on the way keep
TRANSPORTS = {"plain": None, "TLSv1.2": TLS12, "TLSv1.3": TLS13}


def ask(
    to: Address, data: bytes = ASK, *, seconds: float = 10.0, cap: int = 2**21, head_only: bool = False
) -> Exchange:
    return Exchange(**exchange(to.host, to.port, data, seconds, cap, head_only, to.tls))


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def serving(handle: Handler, transport: str) -> Iterator[Address]:
    version = TRANSPORTS[transport]
    with listening(handle, tls=server_context(version) if version else None) as to:
        yield to


def test_an_answer_comes_back_whole(transport: str) -> None:
    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(response(200, b"hello"))
        connection.recv(1)  # stays open: the answer says itself where it ends

    with serving(serve, transport) as to:
        got = ask(to)
    assert (got.raw, got.error, got.cut, got.closed) == (response(200, b"hello"), "", False, False)
    assert got.tls == ("" if transport == "plain" else transport)
    assert 0 < got.first <= got.total < 5


@pytest.mark.parametrize("hangs_up", (False, True))
def test_a_refusal_that_arrives_while_the_request_is_still_being_sent_is_read(transport: str, hangs_up: bool) -> None:
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(response(413))
        if not hangs_up:
            over.wait(10)

    data = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % LARGE + bytes(LARGE)
    with serving(serve, transport) as to:
        got = ask(to, data)
        over.set()
    assert (got.raw, got.error) == (response(413), "")
    assert got.total < 5


def test_a_huge_body_arrives_as_it_was_sent_and_the_answer_after_it(transport: str) -> None:
    body = bytes(range(256)) * (LARGE // 256)

    def serve(connection: socket.socket) -> None:
        digest, left = hashlib.sha256(), len(body)
        while left and (chunk := connection.recv(min(left, 50_000))):
            digest.update(chunk)
            left -= len(chunk)
        connection.sendall(response(200, digest.hexdigest().encode()))

    with serving(serve, transport) as to:
        got = ask(to, body)
    assert got.raw.endswith(hashlib.sha256(body).hexdigest().encode())


def test_a_server_that_speaks_while_it_listens_is_heard_at_the_same_time(transport: str) -> None:
    half = b"x" * (LARGE // 2)

    def serve(connection: socket.socket) -> None:
        """Says as much as it hears: whoever does one after the other waits for ever."""
        connection.sendall(b"HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n" % len(half))
        with ThreadPoolExecutor(1) as other:
            if isinstance(connection, ssl.SSLSocket):  # one thread at a time: by turns
                left = len(half)
                for start in range(0, len(half), 16_384):
                    connection.sendall(half[start : start + 16_384])
                    left -= len(connection.recv(16_384))
                while left and (chunk := connection.recv(65_536)):
                    left -= len(chunk)
                return
            said = other.submit(connection.sendall, half)
            left = len(half)
            while left and (chunk := connection.recv(65_536)):
                left -= len(chunk)
            said.result()

    with serving(serve, transport) as to:
        got = ask(to, half, cap=2 * LARGE)
    assert got.raw.endswith(b"\r\n\r\n" + half)


def test_an_answer_that_drips_is_read_to_its_end(transport: str) -> None:
    def serve(connection: socket.socket) -> None:
        head_of(connection)
        for byte in response(200, b"slow"):
            connection.sendall(bytes([byte]))
            time.sleep(0.001)

    with serving(serve, transport) as to:
        assert ask(to).raw == response(200, b"slow")


def test_an_answer_that_drips_for_ever_ends_with_the_deadline(transport: str) -> None:
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 x\r\n\r\n")
        while not over.wait(0.05):
            connection.sendall(b"x")

    with serving(serve, transport) as to:
        got = ask(to, seconds=0.5)
        over.set()
    assert (got.error, got.cut) == ("timed out", True)
    assert got.raw.startswith(b"HTTP/1.1 200")
    assert 0.5 <= got.total < 2


def test_what_is_too_long_is_cut(transport: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 x\r\n\r\n" + bytes(100_000))

    with serving(serve, transport) as to:
        got = ask(to, cap=1000)
    assert (len(got.raw), got.cut, got.error) == (1000, True, "")


@pytest.mark.parametrize("goodbye", (True, False))
def test_the_end_of_the_connection_ends_a_response_without_a_length(transport: str, goodbye: bool) -> None:
    whole = b"HTTP/1.0 200 x\r\n\r\nuntil the end"

    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(whole)
        if goodbye and isinstance(connection, ssl.SSLSocket):
            connection.unwrap()

    with serving(serve, transport) as to:
        got = ask(to)
    assert (got.raw, got.error, got.closed, got.cut) == (whole, "", True, False)


def test_hanging_up_without_a_word_is_no_error_and_a_reset_is_one(transport: str) -> None:
    def leave(connection: socket.socket) -> None:
        head_of(connection)

    def slam(connection: socket.socket) -> None:
        head_of(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(leave, transport) as to:
        got = ask(to)
    assert (got.raw, got.error, got.closed) == (b"", "", True)
    with serving(slam, transport) as to:
        got = ask(to)
    assert (got.raw, got.error, got.closed) == (b"", "connection reset", True)


def test_an_answer_to_head_has_no_body(transport: str) -> None:
    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\n\r\n")
        connection.recv(1)

    with serving(serve, transport) as to:
        assert ask(to, head_only=True).error == ""


def test_many_exchanges_at_once_do_not_disturb_each_other(transport: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(response(200, head_of(connection)))

    with serving(serve, transport) as to, ThreadPoolExecutor(16) as crowd:
        sent = [b"GET /%d HTTP/1.1\r\n\r\n" % number for number in range(64)]
        assert [got.raw for got in crowd.map(lambda data: ask(to, data), sent)] == [response(200, s) for s in sent]


# --- TLS alone ------------------------------------------------------------------------------------------------------


def test_the_server_is_asked_for_by_its_name() -> None:
    names: list[str | None] = []
    context = server_context()
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    with listening(lambda connection: connection.sendall(response(200)), tls=context) as to:
        ask(to)
    assert names == [NAME]


@pytest.mark.parametrize("version", (TLS12, TLS13))
def test_a_key_that_is_too_short_is_no_reason_to_see_nothing(version: ssl.TLSVersion) -> None:
    weak = server_context(version, weak=True)
    with listening(lambda connection: connection.sendall(response(200)), tls=weak) as to:
        assert ask(to).raw == response(200)


def refuse_name(sock: Any, name: Any, context: Any) -> int:
    return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


def test_a_refused_handshake_says_why() -> None:
    context = server_context()
    context.sni_callback = refuse_name
    with listening(lambda connection: None, tls=context) as to:
        got = ask(to)
    assert (got.raw, got.tls) == (b"", "")
    assert got.error.startswith("TLS handshake failed: ")
    assert "unrecognized name" in got.error


@pytest.mark.parametrize(
    ("says", "why"),
    (
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "wrong version number"),
        (b"", "connection closed"),
    ),
)
def test_a_server_that_speaks_no_tls_is_told_from_one_that_does(says: bytes, why: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(says)

    with listening(serve) as to:
        got = ask(Address(to.host, to.port, tls=NAME))
    assert (got.raw, got.tls, got.cut) == (b"", "", False)
    assert got.error == f"TLS handshake failed: {why}"


def test_a_tls_server_that_answers_plain_http_in_plain_words_is_heard() -> None:
    words = response(400, b"The plain HTTP request was sent to HTTPS port")

    def serve(connection: socket.socket) -> None:
        if connection.recv(3) != b"\x16\x03\x01":
            connection.sendall(words)

    with listening(serve) as to:
        assert ask(to).raw == words


def test_a_handshake_that_is_never_answered_ends_with_the_deadline() -> None:
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        over.wait(10)

    with listening(serve) as to:
        got = ask(Address(to.host, to.port, tls=NAME), seconds=0.3)
        over.set()
    assert (got.error, got.cut, got.tls) == ("timed out", True, "")
    assert 0.3 <= got.total < 2


@pytest.mark.parametrize(("version", "starts"), ((TLS12, "TLS handshake failed: "), (TLS13, "TLS failed: ")))
def test_a_server_that_wants_to_know_its_client_refuses_in_words(version: ssl.TLSVersion, starts: str) -> None:
    context = server_context(version)
    context.verify_mode = ssl.CERT_REQUIRED
    with listening(lambda connection: None, tls=context) as to:
        got = ask(to)
    assert got.error.startswith(starts)
    assert "alert" in got.error


@pytest.mark.parametrize("name", ("a" * 70, ".", "ü" * 300))
def test_a_name_that_no_server_can_have_is_an_error_and_no_crash(name: str) -> None:
    with listening(lambda connection: None, tls=server_context()) as to:
        assert ask(Address(to.host, to.port, tls=name)).error.startswith("TLS handshake failed: ")


@pytest.mark.parametrize("tls", ("", NAME))
def test_a_port_where_nobody_listens_refuses(tls: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert ask(Address("127.0.0.1", port, tls=tls)).error == "connection refused"


def test_a_unix_socket_is_an_address_too(tmp_path: Any) -> None:
    path = str(tmp_path / "app.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(response(200, head_of(connection)))

        thread = threading.Thread(target=serve)
        thread.start()
        got = Exchange(**exchange(path, 0, ASK, 5.0, 2**16, False))
        thread.join()
    assert got.raw == response(200, ASK)


@pytest.mark.parametrize(
    ("raw", "ends"),
    (
        (b"", False),
        (b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n", False),
        (b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\no", False),
        (b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nok", True),
        (b"HTTP/1.1 200 x\r\n\r\nok", False),  # it ends with the connection
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n", True),
        (b"HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", True),
        (b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", False),
        (b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
    ),
)
def test_a_response_says_where_it_ends(raw: bytes, ends: bool) -> None:
    assert response_ends(bytearray(raw), False) is ends


EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


@pytest.mark.parametrize("interim", (b"", EARLY, b"HTTP/1.1 100 Continue\r\n\r\n" + EARLY * 3))
def test_the_final_answer_is_the_one_that_counts(interim: bytes) -> None:
    final = response(200, b"hello")

    assert response_ends(bytearray(interim + final), False)
    assert final_from(interim + final) == len(interim)
    assert parse(interim + final)[::2] == (200, b"hello")


def test_a_switch_of_protocols_is_final() -> None:
    raw = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"

    assert final_from(raw) == 0
    assert parse(raw)[0] == 101


def test_interim_answers_without_end_are_no_answer() -> None:
    for flood in (EARLY * 50, EARLY * 50 + EARLY[:-9]):
        assert not response_ends(bytearray(flood), False)
        assert parse(flood)[0] == 0


def test_a_handshake_that_always_has_one_more_byte_ends_in_time() -> None:
    # A whole ServerHello (TLS 1.2), and then a Certificate that does not come to its end.
    hello = b"\x02\x00\x00\x2d\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00\x00\x05\xff\x01\x00\x01\x00"
    start = b"\x16\x03\x03\x00\x31" + hello + b"\x16\x03\x03\x40\x00\x0b\x01\x00\x00"

    def drip(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            connection.sendall(start)
            for _ in range(16_000):
                connection.sendall(b"\x00")
                time.sleep(0.0002)

    with listening(drip) as to:
        got = ask(replace(to, tls=NAME), seconds=0.5)
    assert got.error == "timed out"
    assert got.total < 3
