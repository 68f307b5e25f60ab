"""The pages as a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from riskset.catalogue import say
from riskset.error_pages import ErrorPage, page_names, page_of
from riskset.error_pages.markdown import headings

_WIDTH_OF_A_FILE = 100  # where standard output has no width


def printed_list(language: str) -> str:
    """Returns the titles of all pages with their codes."""
    return _printed(_list(language))


def printed_page(page: ErrorPage, language: str) -> str:
    """Returns a page in the language that it is in."""
    return _printed(_page(page, language))


def _list(language: str) -> Iterator[RenderableType]:
    yield _plain(say("cli.explain.about").in_language(language))
    for name in page_names():
        if page := page_of(name, language):
            yield Text(f"\n{page.title}")
            yield from _indented(page.codes)


def _page(page: ErrorPage, language: str) -> Iterator[RenderableType]:
    said = {part: heading.in_language(language) for part, heading in headings().items()}
    yield Text(page.title, style="bold")
    yield Text(f"\n{_plain(page.means)}")
    for part in ("expected", "found", "where"):
        yield Text(_plain(f"\n{said[part]} {getattr(page, part)}"))
    yield Text(f"\n{said['next']}")
    yield from (_step(step) for step in page.next)
    if page.site_toml:
        yield Text(f"\n{said['site_toml']}")
        yield from _indented(page.site_toml.splitlines())
    yield Text(f"\n{said['codes']}")
    yield from _indented(page.codes)


def _step(step: str) -> Table:
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_row(" -", Text(_plain(step), overflow="fold"))
    return line


def _indented(lines: Iterable[str]) -> Iterator[Text]:
    return (Text(f"   {line}", no_wrap=True) for line in lines)


def _plain(text: str) -> str:
    """Returns a text without the backticks, which only a page of Markdown shows as code."""
    return text.replace("`", "")


def _printed(parts: Iterable[RenderableType]) -> str:
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    with console.capture() as printed:
        for part in parts:
            is_copied = isinstance(part, Text) and bool(part.no_wrap)  # lines to be copied are not wrapped
            console.print(part, soft_wrap=is_copied)
    return "".join(f"{line.rstrip()}\n" for line in printed.get().splitlines())
