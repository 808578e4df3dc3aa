"""Given the files of an image's layers, when they are searched, then what does not belong there is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest

from grader.model import Reason, Role
from grader.probes.app import image
from grader.probes.app.image import Contents, Kind, Lock, LookInside, candidates, is_system, kind_of
from grader.probes.app.keys import Seal, seal_of
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.values import ImageFacts, ImageFile, ServiceFacts
from tests.probes.app.test_session import flask_cookie
from tests.probes.service import SERVICE

SECRET = "5b7f0e9c2a4d4b0f8c1d3e5f7a9b1c3d"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{'A' * 64}\n-----END RSA PRIVATE KEY-----\n"
CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{'A' * 64}\n-----END CERTIFICATE-----\n"


class Image:
    """A stack whose app has an image with these files and settings."""

    def __init__(self, files: dict[str, str], strings: tuple[str, ...] = ()) -> None:
        self._files, self._strings = files, strings

    def roles(self) -> tuple[Role, ...]:
        return (Role("app", ("app",), ""),)

    def services(self) -> tuple[ServiceFacts, ...]:
        return (SERVICE,)

    def image(self, service: ServiceFacts) -> ImageFacts:
        return ImageFacts("sha256:0", 1000, self._strings)

    def image_files(self, service: ServiceFacts, wanted: Callable[[str, int], bool]) -> Iterator[ImageFile]:
        for number, (path, text) in enumerate(self._files.items()):
            data = text.encode()
            if wanted(path, len(data)):
                yield ImageFile(number, path, len(data), lambda data=data: data)  # type: ignore[misc]  # bound now


def search(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], strings: tuple[str, ...] = (), key: str = SECRET
) -> Contents:
    seal = seal_of(flask_cookie(key, user="ada"))
    assert seal is not None
    monkeypatch.setattr(image, "live_seals", lambda stack: (seal,))
    return LookInside().ask(cast("Stack", Image(files, strings)))


@pytest.mark.parametrize(
    ("path", "found"),
    (
        ("app/.env", ("app/.env", Kind.SETTINGS)),
        ("app/.env.production", ("app/.env.production", Kind.SETTINGS)),
        ("app/.git/config", ("app/.git/", Kind.VCS)),
        ("srv/.git/objects/ab/cd", ("srv/.git/", Kind.VCS)),
        ("root/.ssh/authorized_keys", ("root/.ssh/", Kind.CREDENTIALS)),
        ("root/.aws/credentials", ("root/.aws/", Kind.CREDENTIALS)),
        ("app/deploy/id_ed25519", ("app/deploy/id_ed25519", Kind.KEY)),
        ("app/instance/pinboard.sqlite", ("app/instance/pinboard.sqlite", Kind.DATABASE)),
        ("app/.env.example", None),
        ("app/.env/bin/activate", None),  # a virtual environment of that name
        ("app/id_ed25519.pub", None),
        ("app/.gitignore", None),
        ("var/lib/misc/things.db", None),
        ("app/pinboard/db.py", None),
    ),
)
def test_a_path_tells_junk_from_what_belongs_there(path: str, found: tuple[str, Kind] | None) -> None:
    assert kind_of(path) == found


@pytest.mark.parametrize(
    ("path", "system"),
    (
        ("./usr/lib/python3/x.py", True),
        ("usr/share/doc/readme", True),
        ("app/.venv/lib/python3.13/site-packages/certifi/tests/server.key", True),
        ("etc/ssl/certs/ca.pem", True),
        ("etc/ssl/private/server.key", False),
        ("usr/local/bin/entrypoint.sh", False),
        ("usr/src/app/config.py", False),
        ("app/wsgi.py", False),
    ),
)
def test_the_system_and_packages_are_left_alone(path: str, system: bool) -> None:
    assert is_system(path) is system


@pytest.mark.parametrize(
    "text",
    (
        f"SECRET_KEY={SECRET}",
        f"export SECRET_KEY='{SECRET}'  # do not tell",
        f'    SECRET_KEY="{SECRET}",',
        f"secret_key: {SECRET}",
        f'{{"SECRET_KEY": "{SECRET}"}}',
        f"{SECRET}\n",
        f"RUN |1 SECRET_KEY={SECRET} /bin/sh -c make",
    ),
)
def test_a_key_is_found_however_it_is_written(text: str) -> None:
    assert SECRET in set(candidates(text))


@pytest.mark.parametrize(
    ("files", "strings", "places"),
    (
        ({"app/.env": f"SECRET_KEY={SECRET}\n"}, (), ["app/.env"]),
        ({"app/.env": f"A={SECRET}\n", "app/.wh..env": ""}, (), ["app/.env"]),
        ({"app/a.py": f"K = '{SECRET}'\n", "b.txt": f"x {SECRET} y\n"}, (), ["app/a.py", "b.txt"]),
        ({}, (SECRET,), [""]),  # the value of ENV
        ({}, (f"/bin/sh -c echo {SECRET} > /tmp/x",), [""]),  # build history
        ({"app/config.py": "SECRET_KEY = os.environ['SECRET_KEY']\n", "app/.env.example": "SECRET_KEY=me\n"}, (), []),
        ({"usr/lib/x.conf": f"A={SECRET}\n"}, (), []),
    ),
)
def test_the_live_key_is_found_in_every_layer(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], strings: tuple[str, ...], places: list[str]
) -> None:
    seen = search(monkeypatch, files, strings)
    assert [leak.path for leak in seen.leaks] == places
    assert seen.lock is Lock.SIGNED


def test_a_key_that_contains_spaces_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "correct horse battery staple"
    seen = search(monkeypatch, {"app/c.py": f"KEY = '{words}'\n"}, key=words)
    assert [leak.path for leak in seen.leaks] == ["app/c.py"]


@pytest.mark.parametrize(
    ("whiteout", "hidden"),
    (("app/.wh..env", True), ("app/.wh..wh..opq", True), (".wh.app", True), ("app/.wh.x", False)),
)
def test_a_file_that_a_later_layer_deletes_is_reported_as_hidden(
    monkeypatch: pytest.MonkeyPatch, whiteout: str, hidden: bool
) -> None:
    seen = search(monkeypatch, {"app/.env": "A=1\n", whiteout: ""})
    assert [(junk.path, junk.hidden) for junk in seen.junk] == [("app/.env", hidden)]


def test_a_private_key_is_known_by_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"app/tls/a.txt": PEM, "app/tls/b.pem": CERTIFICATE, "app/how.md": "paste -----BEGIN PRIVATE KEY----- here"}
    assert [(junk.path, junk.kind) for junk in search(monkeypatch, files).junk] == [("app/tls/a.txt", Kind.KEY)]


def test_data_that_is_no_text_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert search(monkeypatch, {"app/blob": f"\0\0SECRET_KEY={SECRET}"}).leaks == ()


@pytest.mark.parametrize("trouble", (NotApplicable("no form"), CouldNotLook(Reason.UNREACHABLE, "no answer")))
def test_junk_is_found_where_nobody_can_sign_in(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def refuse(stack: Stack) -> tuple[Seal, ...]:
        raise trouble

    monkeypatch.setattr(image, "live_seals", refuse)
    seen = LookInside().ask(cast("Stack", Image({"app/.env": f"SECRET_KEY={SECRET}"})))
    assert seen.lock is Lock.NONE
    assert [junk.path for junk in seen.junk] == ["app/.env"]
    assert seen.leaks == ()
