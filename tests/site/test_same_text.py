"""Material for MkDocs reaches its end of life in 2027. Its successor reads the same sources and says the same."""

from pathlib import Path

from tests.site.pages import read_all


def test_both_builders_give_the_same_pages_text_and_anchors(mkdocs_site: Path, zensical_site: Path) -> None:
    ours, theirs = read_all(mkdocs_site), read_all(zensical_site)
    assert set(ours) == set(theirs)
    for name, page in ours.items():
        assert page.text == theirs[name].text, name
        assert page.headings == theirs[name].headings, name
    assert len(ours["labs/lab1-flask-run/index.html"].text) > 20_000, "the text is really there to compare"
