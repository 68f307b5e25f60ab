"""Every command line that the README and the documents show exists, with the options shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from riskset.catalogue import languages
from riskset.cli import app

ROOT = Path(__file__).parents[2]
TRANSLATED = [page for language in languages() for page in sorted((ROOT / "docs" / language).glob("*.md"))]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *TRANSLATED]
SHOWN = re.compile(r"`(riskset [a-z]+ [^`]+)`|^ *(riskset (?:study|site|server|run|demo) [^\n]+)$", re.MULTILINE)


def name_of(page):
    return str(page.relative_to(ROOT))


def shown_commands():
    for page in PAGES:
        for inline, block in SHOWN.findall(page.read_text(encoding="utf-8")):
            if "|" not in (inline or block) and "..." not in (inline or block):
                yield pytest.param(inline or block, id=f"{name_of(page)}: {inline or block}")


@pytest.mark.parametrize("line", list(shown_commands()))
def test_a_command_shown_is_a_command(line):
    command: click.Command = typer.main.get_command(app)
    words = shlex.split(line, comments=True)[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"there is no {name!r} in {line!r}"
        command = found
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options | {"--help"}


def test_the_pages_show_commands():
    assert len(list(shown_commands())) > 10


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_link_to_a_file_leads_to_one(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def parts(page):
    """Returns what a translation leaves as it is: code blocks, levels of headings, commands and rows of tables."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```.*?^ *```$", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return {
        "blocks": blocks,
        "headings": re.findall(r"^#+(?= )", prose, re.MULTILINE),
        "rows": len(re.findall(r"^\|", prose, re.MULTILINE)),
        "commands": sorted(set(re.findall(r"`(riskset [^`]+|--[a-z-]+[^`]*)`", re.sub(r"\s*\n\s*", " ", prose)))),
    }


@pytest.mark.parametrize("page", [page for page in TRANSLATED if page.name != "index.md"], ids=name_of)
def test_a_translated_page_is_not_behind_the_english_one(page):
    english, translated = parts(ROOT / "docs" / page.name), parts(page)
    for of, found in english.items():
        assert translated[of] == found, of


def anchors(page):
    """Returns the anchors of a page: those that it sets, and those of headings, as GitHub makes them."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = (re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings)
    return {*re.findall(r'<a id="([^"]+)"', text), *made}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_link_to_an_anchor_leads_to_one(page):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        assert anchor in anchors(page.parent / target if target else page), f"{name_of(page)}: {target}#{anchor}"
