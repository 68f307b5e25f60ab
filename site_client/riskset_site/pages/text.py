"""A page in a terminal. Plain ASCII but for the site's and the study's own words: not every console prints more."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from riskset_site.pages.page import Folded, Page, Part, Table, visible

_WIDTH_OF_A_FILE = 120  # where nobody has told how wide the page is


def page_text(page: Page) -> str:
    """Returns the page, with colours where standard output is a terminal."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    with console.capture() as printed:
        console.print(Group(*_parts(page)))
    return "".join(f"{line.rstrip()}\n" for line in printed.get().splitlines())


def _parts(page: Page) -> Iterator[RenderableType]:
    yield Text(visible(page.title), style="bold")
    for warning in page.warnings:
        yield from ("", Text(f"! {visible(warning)}", style="bold"))
    if page.facts:
        yield from ("", _facts(page))
    for section in page.sections:
        yield from ("", Text(f"== {visible(section.heading)} ==", style="bold"))
        for part in section.parts:
            yield from ("", *_part(part))
    if page.footer:
        yield from ("", visible(page.footer))


def _facts(page: Page) -> Grid:
    grid = Grid.grid(padding=(0, 3, 0, 0))
    for name, value in page.facts.items():
        grid.add_row(visible(name), Text(visible(value), overflow="fold"))
    return grid


def _part(part: Part) -> Iterator[RenderableType]:
    match part:
        case str():
            yield visible(part)
        case tuple():
            for item in part:
                grid = Grid.grid(padding=(0, 1, 0, 0))
                grid.add_row("-", visible(item))
                yield grid
        case Table():
            yield from _table(part)
        case Folded():
            yield visible(part.summary)


def _table(table: Table) -> Iterator[RenderableType]:
    if table.caption:
        yield Text(visible(table.caption), style="italic")
    grid = Grid(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in table.columns:
        grid.add_column(visible(column), justify="right" if column in table.numeric else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*map(visible, row))
    yield Padding(grid, (0, 0, 0, 0))
