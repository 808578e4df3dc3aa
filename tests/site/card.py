"""Draws the picture that stands for a link to the course elsewhere: `python -m tests.site.card` writes card.png.

1200 by 630 pixels is what the sites that show such pictures ask for. It needs Chromium (scripts/browser).
"""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.site.conftest import ARGUMENTS, REPO

ASSETS = REPO / "docs/assets"
SIZE = {"width": 1200, "height": 630}
PAGE = """<!doctype html><meta charset="utf-8"><style>
@font-face {{ font-family: Display; src: url({display}); font-weight: 200 800 }}
@font-face {{ font-family: Text; src: url({text}); font-weight: 200 800 }}
@font-face {{ font-family: Mono; src: url({mono}); font-weight: 200 800 }}
body {{ margin: 0; width: 1200px; height: 630px; background: #fdfcf8; color: #17262b; font: 30px/1.4 Text;
  display: grid; grid-template-columns: 1fr 470px; gap: 56px; padding: 64px 72px; box-sizing: border-box;
  align-items: center; border-bottom: 14px solid #b5391a }}
header {{ display: flex; gap: 18px; align-items: center; font: 700 28px Display; margin-bottom: 34px }}
header img {{ width: 56px }}
h1 {{ font: 760 68px/1.03 Display; letter-spacing: -0.012em; margin: 0 0 28px }}
em {{ color: #b5391a; font-style: normal; white-space: nowrap }}
p {{ margin: 0; color: #4a5a5e }}
ol {{ margin: 0; padding: 30px 34px; list-style: none; background: #14232a; color: #e7ece6; border-radius: 14px;
  font: 25px/1.9 Mono }}
b {{ color: #7ee2a8; display: inline-block; width: 112px; font-weight: 700 }}
</style><div><header><img src="{logo}" alt="">Flask in Production</header>
<h1>From <em>flask run</em> to a stack you can prove is ready.</h1>
<p>Six labs in real containers, and a grader that looks at what is running.</p></div>
<ol><li><b>lab 1</b>flask run</ol>
"""
LABS = ("flask run", "Gunicorn", "Nginx", "HTTPS", "logging", "monitoring")


def data(path: Path, kind: str) -> str:
    """A file as an address that needs no request."""
    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"


def page() -> str:
    """The card as a page of its own, with our type in it."""
    fonts = {
        "display": "bricolage-grotesque-latin-wght-normal.woff2",
        "text": "atkinson-hyperlegible-next-latin-wght-normal.woff2",
        "mono": "atkinson-hyperlegible-mono-latin-wght-normal.woff2",
    }
    addresses = {name: data(ASSETS / "fonts" / file, "font/woff2") for name, file in fonts.items()}
    lines = "".join(f"<li><b>lab {number}</b>{lab}" for number, lab in enumerate(LABS, 1))
    whole = PAGE.replace("<li><b>lab 1</b>flask run", lines)
    return whole.format(logo=data(ASSETS / "images/logo.svg", "image/svg+xml"), **addresses)


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        sheet = browser.new_page(viewport={"width": SIZE["width"], "height": SIZE["height"]})
        sheet.set_content(page())
        sheet.evaluate("document.fonts.ready")
        sheet.screenshot(path=ASSETS / "images/card.png")
        browser.close()
    sys.stdout.write("docs/assets/images/card.png\n")


if __name__ == "__main__":
    main()
