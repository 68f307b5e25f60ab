"""A page as one HTML file that loads nothing else: no script, no font, no address.

Only `_element` makes markup, and it escapes every text, since a study's labels come from outside. There is no template
engine: a site installs as little as possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from riskset.catalogue import ENGLISH, in_language
from riskset.visible_text import columns_of, visible
from riskset_site.pages.page import Drawing, Folded, Gallery, Page, PagePart, PageSection, PageTable

_VERDICTS = {"pass", "review", "fail"}
_ONE_LINE = 12
"""Columns of text that are never broken over two lines: dates, versions, names."""
_BRIEF = 15
"""Rows of a table that is not divided in print."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def page_html(page: Page, language: str = ENGLISH) -> str:
    """Returns the whole file, in a language that has a catalogue."""
    return _Html(language).file(page)


def body_html(page: Page, language: str = ENGLISH) -> str:
    """Returns what is in the body of the file, for a page around it."""
    return "".join(_Html(language).body(page))


def table_html(table: PageTable, language: str = ENGLISH) -> str:
    """Returns one table, for a page around it."""
    return _Html(language).table(table)


@dataclass(frozen=True)
class _Html:
    language: str

    def file(self, page: Page) -> str:
        style = files("riskset_site.pages").joinpath("page.css").read_text(encoding="utf-8")
        head = self._element(
            "head",
            [
                Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
                self._element("title", [page.title]),
                Markup(f"<style>\n{style}{self._on_every_sheet(page.banner)}</style>"),
            ],
        )
        body = self._element("body", self.body(page))
        return f'<!DOCTYPE html>\n<html lang="{escape(self.language)}">\n{head}\n{body}\n</html>\n'

    def _on_every_sheet(self, banner: str) -> str:
        """Returns the rule that prints the banner in the upper margin of each sheet; nothing in the text can end the
        string or the style."""
        if not banner:
            return ""
        text = "".join(
            sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} "
            for sign in in_language(banner, self.language)
        )
        return f'@page {{ @top-center {{ content: "{text}"; color: #b3261e; font-weight: 700; }} }}\n'

    def body(self, page: Page) -> Iterator[Markup]:
        if page.banner:
            yield self._element("p", [page.banner], kind="banner")
        yield self._element("h1", [page.title])
        yield from (self._element("p", [warning], kind="warning") for warning in page.warnings)
        facts = (pair for fact in page.facts.items() for pair in zip(("dt", "dd"), fact, strict=True))
        yield self._element("dl", (self._element(tag, [text]) for tag, text in facts))
        yield from (self._section(section) for section in page.sections)
        if page.footer:
            yield self._element("footer", [page.footer])

    def _section(self, section: PageSection) -> Markup:
        return self._element("section", [self._element("h2", [section.heading]), *map(self._part, section.parts)])

    def _part(self, part: PagePart) -> Markup:
        match part:
            case str():
                return self._element("p", [part])
            case PageTable():
                return self.table(part)
            case Folded():
                return self._element("details", [self._element("summary", [part.summary]), self.table(part.table)])
            case Drawing():
                return self._drawing(part)
            case Gallery():
                return self._element("div", map(self._drawing, part.drawings), kind="gallery")
            case _:
                return self._element("ul", (self._element("li", [item]) for item in part))

    def table(self, table: PageTable) -> Markup:
        kinds = ["number" if column in table.numeric else "" for column in table.columns]
        heads = zip(table.columns, kinds, strict=True)
        head = self._element("tr", (self._element("th", [column], kind=kind) for column, kind in heads))
        rows = (
            self._element("tr", (self._cell(text, kind) for text, kind in zip(row, kinds, strict=True)))
            for row in table.rows
        )
        caption = [self._element("caption", [table.caption])] if table.caption else []
        grid = self._element("table", [*caption, self._element("thead", [head]), self._element("tbody", rows)])
        return self._element("div", [grid], kind="scroll brief" if len(table.rows) <= _BRIEF else "scroll")

    def _drawing(self, drawing: Drawing) -> Markup:
        """Returns the picture; a prefix keeps its ids distinct from those of the page's other pictures."""
        element = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{drawing.name}-", drawing.svg)
        words = escape(visible(in_language(drawing.description, self.language)))
        named = element.replace("<svg ", f'<svg role="img" aria-label="{words}" ', 1)
        return self._element("figure", [Markup(named)])

    def _cell(self, text: str, kind: str) -> Markup:
        told = in_language(text, self.language)
        kind = kind or ("short" if columns_of(told) <= _ONE_LINE else "")
        inside = self._element("span", [told], kind=str(text)) if text in _VERDICTS else _breakable(told)
        return self._element("td", [inside], kind=kind)

    def _element(self, name: str, inside: Iterable[str], kind: str = "") -> Markup:
        written = "".join(
            part if isinstance(part, Markup) else escape(visible(in_language(part, self.language))) for part in inside
        )
        return Markup(f'<{name} class="{kind}">{written}</{name}>' if kind else f"<{name}>{written}</{name}>")


def _breakable(text: str) -> Markup:
    """Returns the text with places at which a long id such as `cox/os/all/univariable/afp` may go on in a new line, so
    that no table is wider than its page."""
    long_words = re.sub(r"\S{30,}", lambda word: word[0].replace("_", "_\N{ZERO WIDTH SPACE}"), visible(text))
    written = re.sub(r"(?<=\w)/(?=\w)", "/\N{ZERO WIDTH SPACE}", long_words)
    return Markup(escape(written).replace("\N{ZERO WIDTH SPACE}", "<wbr>"))  # `visible` leaves no such sign of others
