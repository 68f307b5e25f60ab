"""Every command line that the README and the documents show exists, with the options shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from riskset.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs").glob("??/*.md"))]
SHOWN = re.compile(r"`(riskset [a-z]+ [^`]+)`|^ *(riskset (?:study|site|server|run|demo) [^\n]+)$", re.MULTILINE)


def name_of(page):
    return page.relative_to(ROOT).as_posix()


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
        assert (page.parent / target).exists(), f"{name_of(page)} links to {target}"
