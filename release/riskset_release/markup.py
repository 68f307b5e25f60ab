"""An output's HTML as the desk shows it: a closed list of elements, and every drawing as an image of its own.

The HTML comes from a bundle, that is from the coordinator: it could imitate the desk's own words, or end its elements.
So it is written again from what a parser finds in it, and what is not on the list is named and not shown. A drawing
becomes an image, in which a browser runs no script and follows no link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final

from markupsafe import Markup

from riskset_release.outputs import Output

_ELEMENTS: Final = frozenset(
    {
        *(
            "div",
            "section",
            "p",
            "span",
            "strong",
            "em",
            "b",
            "i",
            "sub",
            "sup",
            "br",
            "wbr",
            "code",
            "pre",
            "h3",
            "h4",
        ),
        *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
        *("ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption"),
    }
)
_EMPTY: Final = frozenset({"br", "wbr", "col"})
_CLASSES: Final = frozenset(
    {
        *("scroll", "whole", "broken", "tall", "prose", "heading", "inner", "note", "short", "number"),
        *("not-reported", "would-pass", "references"),
    }
)
"""Of the report's tables: none that the desk's own style sheet gives a meaning, such as that a proof holds."""
_NUMBERS: Final = frozenset({"colspan", "rowspan", "span"})
_SCOPES: Final = frozenset({"row", "col", "rowgroup", "colgroup"})
_TYPE_SIZE: Final = re.compile(r"--type-size: \d\.\d{3}")
"""How much smaller the report prints a wide table; the desk lets it scroll instead."""
_DRAWING: Final = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL | re.IGNORECASE)
_LABEL: Final = re.compile(r'<svg\b[^>]*?\saria-label="([^"]*)"', re.IGNORECASE)
_NAMESPACE: Final = 'xmlns="http://www.w3.org/2000/svg"'
_LINKS: Final = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


@dataclass(frozen=True)
class Drawing:
    """A drawing of an output, as an image."""

    svg: bytes
    alternative: str


@dataclass(frozen=True)
class Shown:
    """What a page shows of an output."""

    parts: tuple[Markup | Drawing, ...]
    refused: tuple[str, ...]
    """What is on no list: elements, attributes, or ends without a beginning. Then nothing is shown."""

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        return tuple(part for part in self.parts if isinstance(part, Drawing))


@lru_cache(256)
def rewritten(html: str, title: str) -> Shown:
    """Returns HTML for a page, with its drawings apart; `title` stands for a drawing that has no text of its own."""
    parts, refused, unclosed = list[Markup | Drawing](), list[str](), list[str]()
    for piece in _pieces(html):
        if isinstance(piece, re.Match):
            parts.append(_drawing(piece[0], title))
        else:
            parser = _Rewriting(refused, unclosed)
            parser.feed(piece)
            parser.close()
            parts.append(Markup("".join(parser.written)))  # each part was written by _Rewriting
    refused += [f"<{name}>" for name in unclosed]
    return Shown((), tuple(dict.fromkeys(refused))) if refused else Shown(tuple(parts), ())


def shown(output: Output) -> Shown:
    """Returns an output's HTML for a page, with its drawings apart."""
    return rewritten(output.html, output.title)


def _pieces(html: str) -> Iterator[str | re.Match[str]]:
    at = 0
    for found in _DRAWING.finditer(html):
        yield html[at : found.start()]
        yield found
        at = found.end()
    yield html[at:]


def _drawing(element: str, title: str) -> Drawing:
    start, end = element.split(">", 1)
    for namespace in (_NAMESPACE, _LINKS):
        if namespace.partition("=")[0] + "=" not in start:
            start += f" {namespace}"
    label = _LABEL.match(element)
    return Drawing(f"{start}>{end}".encode(), unescape(label[1]) if label else title)


@dataclass
class _Rewriting(HTMLParser):
    """Writes what it reads again, as far as it is on the list."""

    refused: list[str]
    open: list[str]
    """Elements that have begun and not ended: also those of an earlier piece."""
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self.refused.append(f"<{tag}>")
            return
        kept = (self._attribute(tag, name, value or "") for name, value in attrs)
        self.written.append(f"<{tag}{''.join(kept)}>")
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
            self.written.append(f"</{tag}>")
        else:
            self.refused.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.written.append(escape(data))

    def handle_comment(self, data: str) -> None:
        self.refused.append("<!-- -->")

    def handle_decl(self, decl: str) -> None:
        self.refused.append("<!>")

    def handle_pi(self, data: str) -> None:
        self.refused.append("<?>")

    def unknown_decl(self, data: str) -> None:
        self.refused.append("<![>")

    def _attribute(self, tag: str, name: str, value: str) -> str:
        is_known = (
            (name == "class" and _CLASSES.issuperset(value.split()))
            or (name in _NUMBERS and re.fullmatch(r"[1-9]\d?", value))
            or (name == "scope" and value in _SCOPES)
            or (name == "lang" and re.fullmatch(r"[a-z]{2}", value))
        )
        if is_known:
            return f' {name}="{value}"'
        if not (name == "style" and _TYPE_SIZE.fullmatch(value)):
            self.refused.append(f"<{tag} {name}>")
        return ""
