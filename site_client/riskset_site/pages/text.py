"""A page in a terminal. Plain ASCII but for the site's and the study's own words: not every console prints more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from riskset.visible_text import visible
from riskset_site.pages.page import Folded, Page, PagePart, PageTable

_WIDTH_OF_A_FILE = 120  # where standard output has no width


def page_text(page: Page) -> str:
    """Returns the page, with colours where standard output is a terminal."""
    return printed(_parts(page))


def printed(parts: Iterable[RenderableType]) -> str:
    """Returns the parts one below the other, with colours where standard output is a terminal."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    with console.capture() as page:
        console.print(Group(*parts))
    return "".join(f"{line.rstrip()}\n" for line in page.get().splitlines())


def grid(table: PageTable) -> Table:
    """Returns the rows under their columns, without lines or caption."""
    found = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in table.columns:
        found.add_column(visible(column), justify="right" if column in table.numeric else "left", overflow="fold")
    for row in table.rows:
        found.add_row(*map(visible, row))
    return found


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


def _facts(page: Page) -> Table:
    facts = Table.grid(padding=(0, 3, 0, 0))
    for name, value in page.facts.items():
        facts.add_row(visible(name), Text(visible(value), overflow="fold"))
    return facts


def _part(part: PagePart) -> Iterator[RenderableType]:
    match part:
        case str():
            yield visible(part)
        case tuple():
            for item in part:
                line = Table.grid(padding=(0, 1, 0, 0))
                line.add_row("-", Text(visible(item), overflow="fold"))
                yield line
        case PageTable():
            if part.caption:
                yield Text(visible(part.caption), style="italic")
            yield grid(part)
        case Folded():
            yield visible(part.summary)
