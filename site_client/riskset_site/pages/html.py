"""A page as one HTML file that loads nothing else: no script, no font, no address.

Only `_element` makes markup, and it escapes every text, since a study's labels come from outside. There is no template
engine: a site installs as little as possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from riskset.visible_text import visible
from riskset_site.pages.page import Folded, Page, PagePart, PageSection, PageTable

_VERDICTS = {"pass", "review", "fail"}
_ONE_LINE = 12
"""Characters that are never broken over two lines: dates, versions, names."""
_BRIEF = 15
"""Rows of a table that is not divided in print."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def page_html(page: Page) -> str:
    """Returns the whole file."""
    style = files("riskset_site.pages").joinpath("page.css").read_text(encoding="utf-8")
    head = _element(
        "head",
        [
            Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            _element("title", [page.title]),
            Markup(f"<style>\n{style}</style>"),
        ],
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n{head}\n{_element("body", _body(page))}\n</html>\n'


def _body(page: Page) -> Iterator[Markup]:
    yield _element("h1", [page.title])
    yield from (_element("p", [warning], kind="warning") for warning in page.warnings)
    yield _element(
        "dl",
        (_element(tag, [text]) for fact in page.facts.items() for tag, text in zip(("dt", "dd"), fact, strict=True)),
    )
    yield from (_section(section) for section in page.sections)
    if page.footer:
        yield _element("footer", [page.footer])


def _section(section: PageSection) -> Markup:
    return _element("section", [_element("h2", [section.heading]), *map(_part, section.parts)])


def _part(part: PagePart) -> Markup:
    match part:
        case str():
            return _element("p", [part])
        case PageTable():
            return _table(part)
        case Folded():
            return _element("details", [_element("summary", [part.summary]), _table(part.table)])
        case _:
            return _element("ul", (_element("li", [item]) for item in part))


def _table(table: PageTable) -> Markup:
    kinds = ["number" if column in table.numeric else "" for column in table.columns]
    heads = _element(
        "tr", (_element("th", [column], kind=kind) for column, kind in zip(table.columns, kinds, strict=True))
    )
    rows = (_element("tr", (_cell(text, kind) for text, kind in zip(row, kinds, strict=True))) for row in table.rows)
    caption = [_element("caption", [table.caption])] if table.caption else []
    grid = _element("table", [*caption, _element("thead", [heads]), _element("tbody", rows)])
    return _element("div", [grid], kind="scroll brief" if len(table.rows) <= _BRIEF else "scroll")


def _cell(text: str, kind: str) -> Markup:
    kind = kind or ("short" if len(text) <= _ONE_LINE else "")
    return _element("td", [_element("span", [text], kind=text)] if text in _VERDICTS else [_breakable(text)], kind=kind)


def _breakable(text: str) -> Markup:
    """Returns the text with places at which a long id such as `cox/os/all/univariable/afp` may go on in a new line, so
    that no table is wider than its page."""
    long_words = re.sub(r"\S{30,}", lambda word: word[0].replace("_", "_\N{ZERO WIDTH SPACE}"), visible(text))
    written = re.sub(r"(?<=\w)/(?=\w)", "/\N{ZERO WIDTH SPACE}", long_words)
    return Markup(escape(written).replace("\N{ZERO WIDTH SPACE}", "<wbr>"))  # `visible` leaves no such sign of others


def _element(name: str, inside: Iterable[str], kind: str = "") -> Markup:
    written = "".join(part if isinstance(part, Markup) else escape(visible(part)) for part in inside)
    return Markup(f'<{name} class="{kind}">{written}</{name}>' if kind else f"<{name}>{written}</{name}>")
