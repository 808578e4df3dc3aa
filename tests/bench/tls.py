"""Our TLS checks and testssl.sh on the same four servers in the same run: what each finds, and how long it takes."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.checks.certificates import cert_chain, cert_dates, cert_key_strength, cert_name
from grader.checks.tls import tls_legacy_off
from grader.model import Outcome
from grader.probes.tls.agreed import AgreeTo
from grader.probes.tls.certificate import ServedCertificate
from grader.probes.tls.oldserver import incapable
from grader.stacks.dealings import Address
from grader.stacks.throwaway import free_port
from tests.probes.listening import NAME
from tests.probes.zoo import Issued, door, issue, key_pem, pem

IMAGE = "nginx:1.28"
CONTAINER = "bench-tls"
READY = 20.0  # seconds until the servers answer
STRONG = "ECDHE+AESGCM:ECDHE+CHACHA20"
OLD, WEAK = "DEFAULT:@SECLEVEL=0", "ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0"
# Faults by one name for both: a version, a kind of cipher (testssl.sh's names), or what is wrong with the certificate.
NULL, ANONYMOUS, OBSOLETE = "NULL ciphers", "anonymous ciphers", "obsolete ciphers"
CHAIN, CERTIFICATE = "incomplete chain", "certificate"
KINDS = {
    "no encryption": NULL,
    "no proof of who the server is": ANONYMOUS,
    "CBC mode": OBSOLETE,
    "no forward secrecy": OBSOLETE,
}
IDS = {
    "SSLv3": "SSL 3.0",
    "TLS1": "TLS 1.0",
    "TLS1_1": "TLS 1.1",
    "cipherlist_NULL": NULL,
    "cipherlist_aNULL": ANONYMOUS,
    "cipherlist_OBSOLETED": OBSOLETE,
    "cert_chain_of_trust": CHAIN,
    "cert_trust": CERTIFICATE,
    "cert_signatureAlgorithm": CERTIFICATE,
    "cert_keySize": CERTIFICATE,
}
HARMLESS = ("OK", "INFO", "WARN")


@dataclass(frozen=True)
class Server:
    """A way to serve TLS, and all that is wrong with it."""

    name: str
    versions: str
    ciphers: str
    chain: bool
    faults: frozenset[str]


SERVERS = (
    Server("good", "TLSv1.2 TLSv1.3", STRONG, True, frozenset()),
    Server("TLS 1.0", "TLSv1 TLSv1.1 TLSv1.2", OLD, True, frozenset({"TLS 1.0", "TLS 1.1", OBSOLETE})),
    Server("missing intermediate", "TLSv1.2 TLSv1.3", STRONG, False, frozenset({CHAIN})),
    Server("weak ciphers", "TLSv1.2", WEAK, True, frozenset({NULL, ANONYMOUS, OBSOLETE})),
)


@dataclass(frozen=True)
class Found:
    true: int
    false: tuple[str, ...]
    seconds: float


class NotRun(Exception):
    """testssl.sh gave up, and says why: what it did not find then says nothing about it."""


def rows() -> list[tuple[str, str, str]]:
    """Rows of the bench's table. TESTSSL names the program."""
    program, total = os.environ.get("TESTSSL", ""), sum(len(server.faults) for server in SERVERS)
    with serving() as (folder, ports):
        mine = [_ours(server, port, folder) for server, port in zip(SERVERS, ports, strict=True)]
        table = [_row("ours", mine, total, "")]
        if not program:
            return [*table, ("TLS of 4 servers, testssl.sh", "-", "not measured: TESTSSL=/path/to/testssl.sh")]
        try:
            theirs = [_testssl(program, server, port, folder) for server, port in zip(SERVERS, ports, strict=True)]
        except NotRun as why:
            return [*table, ("TLS of 4 servers, testssl.sh", "-", f"not measured: {why}")]
    ratio = sum(one.seconds for one in mine) / sum(one.seconds for one in theirs)
    return [*table, _row("testssl.sh", theirs, total, f"; ours takes {ratio:.3f} of its time")]


def _row(who: str, found: list[Found], total: int, more: str) -> tuple[str, str, str]:
    false = [word for one in found for word in one.false]
    note = f"{sum(one.true for one in found)} of {total} faults, {len(false)} wrong ones {', '.join(false)}".rstrip()
    return (f"TLS of {len(found)} servers, {who}", f"{sum(one.seconds for one in found):.1f} s", note + more)


@contextmanager
def serving() -> Iterator[tuple[Path, tuple[int, ...]]]:
    """The four servers, in one Nginx; the folder holds root.pem. Everything is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="bench-tls-") as name:
        folder = Path(name)
        _certificates(folder)
        ports = tuple(free_port() for _ in SERVERS)
        (folder / "default.conf").write_text("".join(_block(number, one) for number, one in enumerate(SERVERS)))
        published = [word for number, port in enumerate(ports) for word in ("-p", f"127.0.0.1:{port}:{8000 + number}")]
        mount = ["-v", f"{folder}:/etc/nginx/conf.d:ro"]
        _docker("run", "--detach", "--rm", "--name", CONTAINER, *published, *mount, IMAGE)
        try:
            _wait(ports)
            yield folder, ports
        finally:
            _docker("rm", "--force", CONTAINER)


def _certificates(folder: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    root = issue("Bench Root", ca=True, key=rsa.generate_private_key(65537, 2048))
    between = issue("Bench Intermediate", root, ca=True, key=rsa.generate_private_key(65537, 2048))
    # Longer than a month, and with both kinds of key: what a server can do depends on its key.
    kinds: tuple[Issued, ...] = (
        issue(NAME, between, names=(NAME,), key=rsa.generate_private_key(65537, 2048)),
        issue(NAME, between, names=(NAME,)),
    )
    (folder / "root.pem").write_text(root.pem)
    for number, one in enumerate(kinds):
        (folder / f"{number}.key").write_text(key_pem(one.key))
        (folder / f"{number}.leaf").write_text(one.pem)
        (folder / f"{number}.full").write_text(one.pem + "".join(pem(above) for above in one.above))


def _block(number: int, server: Server) -> str:
    kind = "full" if server.chain else "leaf"
    pairs = "".join(f"ssl_certificate conf.d/{key}.{kind}; ssl_certificate_key conf.d/{key}.key;\n" for key in (0, 1))
    return (
        f"server {{ listen {8000 + number} ssl; server_name {NAME}; return 200 hello;\n{pairs}"
        f"ssl_protocols {server.versions}; ssl_ciphers {server.ciphers}; }}\n"
    )


def _docker(*words: str) -> None:
    subprocess.run(["docker", *words], check=True, capture_output=True, timeout=60)


def _wait(ports: tuple[int, ...]) -> None:
    deadline = time.monotonic() + READY
    for port in ports:
        while True:
            try:
                AgreeTo().ask(door(Address("127.0.0.1", port, tls=NAME)))
                ServedCertificate().ask(door(Address("127.0.0.1", port, tls=NAME)))
                break
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def _ours(server: Server, port: int, folder: Path) -> Found:
    stack = door(Address("127.0.0.1", port, tls=NAME), workspace=folder, ca="root.pem")
    incapable.cache_clear()  # each server pays for the proof that old versions can be offered
    begun = time.monotonic()
    served, agreed = ServedCertificate().ask(stack), AgreeTo().ask(stack)
    seconds = time.monotonic() - begun
    found = {KINDS.get(weak.why, weak.why) for weak in agreed.weak}
    found |= {one.what for one in agreed.legacy if one.accepted}
    found |= {CHAIN} if cert_chain.judge(served).outcome is Outcome.FAIL else set()
    others = (cert_name, cert_dates, cert_key_strength)
    found |= {CERTIFICATE} if any(check.judge(served).outcome is Outcome.FAIL for check in others) else set()
    if tls_legacy_off.judge(agreed).outcome is Outcome.UNKNOWN:
        raise SystemExit(f"{server.name}: {agreed.incapable}")
    return _found(server, found, seconds)


def _testssl(program: str, server: Server, port: int, folder: Path) -> Found:
    """Its protocols, ciphers and server defaults only: the rest is about what ours does not ask."""
    report, data = folder / f"{port}.json", Path(program).with_name("etc")
    begun = time.monotonic()
    subprocess.run(
        [program, "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--ip", "127.0.0.1",
         "--add-ca", str(folder / "root.pem"), "--jsonfile", str(report), "-p", "-s", "-S", f"{NAME}:{port}"],
        env={**os.environ, **({"TESTSSL_INSTALL_DIR": str(data)} if data.is_dir() else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,  # its exit code counts findings
        timeout=300,
    )  # fmt: skip
    seconds = time.monotonic() - begun
    said = json.loads(report.read_text(encoding="utf-8"))
    fatal = next((one["finding"] for one in said if one["severity"] == "FATAL"), "")
    if fatal:
        raise NotRun(fatal)
    found = {IDS[name] for one in said if one["severity"] not in HARMLESS and (name := one["id"].split(" ")[0]) in IDS}
    return _found(server, found, seconds)


def _found(server: Server, found: set[str], seconds: float) -> Found:
    return Found(len(found & server.faults), tuple(sorted(found - server.faults)), seconds)
