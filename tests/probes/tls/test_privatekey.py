"""Given files that may hold a private key, when the site's is looked for, then it is known by its public half."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from grader.probes.tls.privatekey import addresses_of, is_key, key_blocks, may_be_key
from grader.probes.tls.x509 import public_of, read
from grader.stacks import search
from tests.probes.zoo import Issued, issue, key_pem

SITE, OTHER = issue("site"), issue("other")
PUBLIC = public_of(SITE.key.public_key())


def encrypted(issued: Issued) -> bytes:
    return issued.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


def traditional(issued: Issued) -> bytes:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return issued.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


@pytest.mark.parametrize(
    ("content", "found"),
    (
        (key_pem(SITE.key).encode(), True),
        (traditional(SITE), True),
        (SITE.pem.encode() + key_pem(SITE.key).encode(), True),  # as HAProxy wants it
        (key_pem(OTHER.key).encode() + key_pem(SITE.key).encode(), True),
        (b"# a comment\r\n" + key_pem(SITE.key).replace("\n", "\r\n").encode(), True),
        (key_pem(OTHER.key).encode(), False),
        (SITE.pem.encode(), False),
        (encrypted(SITE), False),  # worth nothing without its passphrase
        (key_pem(SITE.key).encode()[:-40], False),
        (b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n", False),
        (b"-----BEGIN " * 1000 + b"PRIVATE KEY-----", False),
        (b"", False),
    ),
)
def test_a_key_is_known_by_its_public_half(content: bytes, found: bool) -> None:
    assert is_key(content, PUBLIC) is found


def test_certificate_and_key_have_the_same_public_half() -> None:
    certificate = read(SITE.certificate.public_bytes(serialization.Encoding.DER))
    assert certificate.public == PUBLIC
    assert len(list(key_blocks(SITE.pem.encode() + key_pem(SITE.key).encode()))) == 1


def test_a_file_is_asked_for_wherever_it_might_be_on_the_site() -> None:
    assert addresses_of("/srv/static/certs/key.pem") == (
        "/srv/static/certs/key.pem",
        "/static/certs/key.pem",
        "/certs/key.pem",
        "/key.pem",
        "/static/key.pem",
    )


@pytest.mark.parametrize(
    ("path", "size", "looked_into"),
    (
        ("etc/nginx/certs/site", 1700, True),
        ("srv/site.bin", 1700, True),
        ("usr/share/nginx/html/key.pem", 1700, True),
        ("usr/share/nginx/html/index.html", 1700, False),
        ("usr/local/lib/python3.13/site-packages/trustme/key.pem", 1700, False),
        ("etc/nginx/certs/site", 2_000_000, False),
        ("etc/nginx/certs/.wh.key.pem", 0, False),  # the mark of a file that was deleted
    ),
)
def test_what_may_be_a_key_in_an_image(path: str, size: int, looked_into: bool) -> None:
    assert may_be_key(path, size) is looked_into


def test_the_search_finds_keys_and_follows_no_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "etc/live", root / "usr/lib/tests", root / "srv/site-packages", outside):
        folder.mkdir(parents=True)
    (root / "etc/key.pem").write_text(key_pem(SITE.key))
    (root / "etc/key.pem").chmod(0o640)
    (root / "etc/live/key.pem").symlink_to("../key.pem")
    (root / "etc/away").symlink_to(outside)
    (root / "etc/cert.pem").write_text(SITE.pem)
    os.mkfifo(root / "srv/pipe")
    (root / "srv/large").write_text(key_pem(OTHER.key) * 100)
    for elsewhere in (root / "usr/lib/tests", root / "srv/site-packages", outside):
        (elsewhere / "key.pem").write_text(key_pem(OTHER.key))
    (found,), whole = search.keys_below(str(root))
    assert whole
    assert (found["path"], found["mode"]) == ("/etc/key.pem", 0o640)
    assert base64.b64decode(found["content"]).decode() == key_pem(SITE.key)


def test_the_search_ends_though_there_are_files_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "KEYS_CAP", 3)
    for number in range(9):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "key.pem").write_text(key_pem(OTHER.key))
    found, whole = search.keys_below(str(tmp_path))
    assert (len(found), whole) == (3, False)
