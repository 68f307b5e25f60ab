"""A translated page follows the English one: as many headings, the same blocks of code, tables and links to files."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [page for page in sorted(DOCS.glob("??/*.md")) if page.name != "index.md"]
"""`index.md` is a start page of its own."""
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ ", re.MULTILINE)
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)


def name_of(page):
    return f"{page.parent.name}/{page.name}"


def outline(text):
    """Returns the levels of the headings, the number of rows of tables, and the blocks of code."""
    blocks = [(kind, code) for _, kind, code in BLOCK.findall(text)]
    prose = BLOCK.sub("", text)
    return [len(hashes.strip()) for hashes in HEADING.findall(prose)], len(ROW.findall(prose)), blocks


def in_code(text):
    """Returns the commands and options that the prose names."""
    return {word for word in re.findall(r"`([^`\n]+)`", BLOCK.sub("", text)) if re.match(r"(riskset |--)", word)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_translated_page_has_the_outline_and_the_code_of_the_english_one(page):
    english = (DOCS / page.name).read_text(encoding="utf-8")
    translated = page.read_text(encoding="utf-8")
    assert outline(translated) == outline(english)
    assert in_code(translated) == in_code(english)


def test_a_language_with_pages_has_a_start_page():
    assert {page.parent for page in PAGES} == {page.parent for page in DOCS.glob("??/index.md")}
