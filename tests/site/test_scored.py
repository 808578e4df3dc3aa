"""What Lighthouse says of what is in a page. How fast it is depends on the machine: `make bench` measures that."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.scored import BAR, PAGES, lost, production, report, scores

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(mkdocs_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert os.environ.get("LIGHTHOUSE"), "no Lighthouse: name in LIGHTHOUSE what scripts/lighthouse prints"
    copy = shutil.copytree(mkdocs_site, tmp_path_factory.mktemp("production") / "site")
    with production(copy) as url:
        yield url


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_used_by_everybody_is_well_made_and_can_be_found(address: str, page: str) -> None:
    found = report(address + PAGES[page])

    reached = scores(found)
    low = {name: score for name, score in reached.items() if name != "performance" and score < BAR}
    assert low == {}, lost(found)
    assert set(reached) == {"performance", "accessibility", "best-practices", "seo"}
