"""A page in a terminal. In English plain ASCII but for the site's and the study's own words: not every console prints
more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from riskset.catalogue import ENGLISH, in_language
from riskset.visible_text import visible
from riskset_site.pages.page import Drawing, Folded, Gallery, Page, PagePart, PageTable

_WIDTH_OF_A_FILE = 120  # where standard output has no width


def page_text(page: Page, language: str = ENGLISH) -> str:
    """Returns the page in a language that has a catalogue, with colours where standard output is a terminal."""
    return printed(_parts(page, language))


def printed(parts: Iterable[RenderableType]) -> str:
    """Returns the parts one below the other, with colours where standard output is a terminal."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    with console.capture() as page:
        console.print(Group(*parts))
    return "".join(f"{line.rstrip()}\n" for line in page.get().splitlines())


def shown(text: str, language: str) -> str:
    """Returns a text of a page as it is printed."""
    return visible(in_language(text, language))


def grid(table: PageTable, language: str = ENGLISH) -> Table:
    """Returns the rows under their columns, without lines or caption."""
    found = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in table.columns:
        justify: JustifyMethod = "right" if column in table.numeric else "left"
        found.add_column(shown(column, language), justify=justify, overflow="fold")
    for row in table.rows:
        found.add_row(*(shown(text, language) for text in row))
    return found


def _parts(page: Page, language: str) -> Iterator[RenderableType]:
    if page.banner:
        yield from (Text(shown(page.banner, language), style="bold"), "")
    yield Text(shown(page.title, language), style="bold")
    for warning in page.warnings:
        yield from ("", Text(f"! {shown(warning, language)}", style="bold"))
    if page.facts:
        yield from ("", _facts(page, language))
    for section in page.sections:
        yield from ("", Text(f"== {shown(section.heading, language)} ==", style="bold"))
        for part in section.parts:
            yield from ("", *_part(part, language))
    if page.footer:
        yield from ("", shown(page.footer, language))


def _facts(page: Page, language: str) -> Table:
    facts = Table.grid(padding=(0, 3, 0, 0))
    for name, value in page.facts.items():
        facts.add_row(shown(name, language), Text(shown(value, language), overflow="fold"))
    return facts


def _part(part: PagePart, language: str) -> Iterator[RenderableType]:
    match part:
        case str():
            yield shown(part, language)
        case tuple():
            for item in part:
                line = Table.grid(padding=(0, 1, 0, 0))
                line.add_row("-", Text(shown(item, language), overflow="fold"))
                yield line
        case PageTable():
            if part.caption:
                yield Text(shown(part.caption, language), style="italic")
            yield grid(part, language)
        case Folded():
            yield shown(part.summary, language)
        case Drawing():
            yield shown(part.description, language)
        case Gallery():
            yield from (shown(drawing.description, language) for drawing in part.drawings)
