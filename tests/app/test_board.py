"""What people see on the board, and what they may pin."""

import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PAGES = ("/", "/login", "/report", "/nowhere")


def pin(who: FlaskClient, text: str, colour: str = "sky", picture: bytes | None = None) -> TestResponse:
    form: dict[str, object] = {"text": text, "colour": colour}
    if picture is not None:
        form["picture"] = (io.BytesIO(picture), "holiday.png")
    return who.post("/notes", data=form)


def notes(who: FlaskClient) -> list[str]:
    return re.findall(r'<p class="note-text">(.*?)</p>\s*<p class="note-meta">\s*<span', who.get("/").text)


class Tags(HTMLParser):
    """The tags of a page with their attributes, and the ids that labels point to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def test_the_first_page_greets_and_shows_the_first_notes(client: FlaskClient) -> None:
    page = client.get("/")

    assert page.status_code == 200
    assert "<h1>What made you smile today?</h1>" in page.text
    assert len(page.data) >= 2048
    assert len(notes(client)) == 11
    assert "Welcome!" in notes(client)[0]


def test_every_file_that_a_page_asks_for_exists_and_is_ours(client: FlaskClient) -> None:
    wanted: set[str] = set()
    for path in PAGES:
        tags = Tags(client.get(path).text)
        wanted |= {a[key] or "" for a in tags.all("img", "script", "link") for key in ("src", "href") if a.get(key)}

    assert any(path.endswith(".css") for path in wanted)
    assert any(path.startswith("/pictures/") for path in wanted)
    for path in wanted:
        assert path.startswith("/"), f"{path} leaves the origin"
        with client.get(path) as answer:
            assert answer.status_code == 200, path


def test_style_and_script_ask_no_other_origin_for_anything(app: Flask) -> None:
    static = Path(app.static_folder or "")
    for file in (*static.glob("*.css"), *static.glob("*.js")):
        assert not re.search(r"@import|url\(|https?:|fetch\(", file.read_text()), file.name


def test_static_files_are_of_the_sizes_that_the_labs_need(app: Flask) -> None:
    static = Path(app.static_folder or "")
    (script,) = static.glob("app.*.js")

    assert (static / "app.css").stat().st_size >= 20 * 1024
    assert (static / "img/cover.png").stat().st_size >= 1_000_000
    assert script.name == f"app.{hashlib.sha256(script.read_bytes()).hexdigest()[:8]}.js"


@pytest.mark.parametrize("path", PAGES)
def test_pages_can_be_used_without_seeing_them(client: FlaskClient, path: str) -> None:
    client.post("/login", data={"user": "ada", "password": "pinboard"})
    page = client.get(path).text
    tags = Tags(page)
    labelled = {a.get("for") for a in tags.all("label")}

    assert [a.get("lang") for a in tags.all("html")] == ["en"]
    assert len(tags.all("h1")) == len(tags.all("main")) == len(tags.all("title")) == 1
    assert all("alt" in a for a in tags.all("img"))
    assert all(a.get("id") in labelled for a in tags.all("input", "textarea") if a.get("type") != "radio")
    assert len(re.findall(r"<label[^>]*>\s*<input type=.radio", page)) == len(
        [a for a in tags.all("input") if a.get("type") == "radio"]
    )


def test_a_note_of_somebody_signed_in_is_pinned_first(ada: FlaskClient) -> None:
    answer = pin(ada, "Lost: one umbrella.")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert notes(ada)[0] == "Lost: one umbrella."


def test_a_note_is_text_never_markup(ada: FlaskClient) -> None:
    pin(ada, "<script>alert(1)</script>")

    assert notes(ada)[0] == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_nobody_pins_without_signing_in(client: FlaskClient) -> None:
    answer = pin(client, "Hello")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "Hello" not in notes(client)


@pytest.mark.parametrize(("text", "colour"), (("", "sky"), ("   ", "sky"), ("x" * 281, "sky"), ("fine", "neon")))
def test_a_note_that_does_not_fit_is_refused(ada: FlaskClient, text: str, colour: str) -> None:
    answer = pin(ada, text, colour)

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert len(notes(ada)) == 11


def test_a_picture_comes_back_unchanged(ada: FlaskClient) -> None:
    assert pin(ada, "Look", picture=PNG).status_code == 303

    (first, *_) = re.findall(r'class="note-picture" src="(/pictures/[0-9a-f]{24}\.png)"', ada.get("/").text)
    with ada.get(first) as picture:
        assert (picture.data, picture.mimetype) == (PNG, "image/png")


def test_the_same_picture_is_kept_once(app: Flask, ada: FlaskClient) -> None:
    folder = app.config["DATA"] / "pictures"
    before = len(list(folder.iterdir()))

    pin(ada, "one", picture=PNG)
    pin(ada, "two", picture=PNG)

    assert len(list(folder.iterdir())) == before + 1


def test_a_file_is_a_picture_by_its_bytes_not_by_its_name(app: Flask, ada: FlaskClient) -> None:
    before = sorted((app.config["DATA"] / "pictures").iterdir())

    assert pin(ada, "Look", picture=b"<html>").status_code == 400
    assert sorted((app.config["DATA"] / "pictures").iterdir()) == before


@pytest.mark.parametrize(
    "path", ("/pictures/../pinboard.sqlite", "/pictures/%2e%2e/pinboard.sqlite", "/pictures/none.png")
)
def test_only_pictures_are_given_away(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
