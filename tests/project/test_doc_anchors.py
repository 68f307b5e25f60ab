"""A link to a part of a page leads to one, in every language."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs").glob("??/*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]*)#([^)]+)\)")


def anchors(page):
    """Returns the anchors that a page sets, and those of its headings, as GitHub makes them."""
    text = page.read_text(encoding="utf-8")
    headings = (re.sub(r"[^\w -]", "", heading.lower()) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE))
    return {*re.findall(r'<a id="([^"]+)"', text), *(heading.replace(" ", "-") for heading in headings)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_link_to_an_anchor_leads_to_one(page):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        assert anchor in anchors(page.parent / target if target else page), f"{target}#{anchor}"
