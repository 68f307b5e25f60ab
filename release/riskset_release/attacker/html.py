"""Reads a page: its rows, its texts, and what it says where nobody looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_OF_LAYOUT: Final = frozenset({"class", "style", "scope", "colspan", "rowspan", "span", "charset", "lang"})
_EMPTY: Final = frozenset({"br", "wbr", "col", "meta"})


@dataclass
class Page(HTMLParser):
    """A page that was read."""

    rows: list[list[str]] = field(default_factory=list)
    """Of tables: the cells of each row but the one with its name."""
    texts: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    _open: list[tuple[str, bool]] = field(default_factory=list)
    """Elements that have begun, and whether what is in them is hidden."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += [f"{tag} {name}={value}" for name, value in attrs if name not in _OF_LAYOUT]
        style = dict(attrs).get("style") or ""
        is_hidden = "hidden" in dict(attrs) or "display" in style or "visibility" in style or "opacity" in style
        if tag not in _EMPTY:
            self._open.append((tag, is_hidden or any(hidden for _, hidden in self._open)))
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if "style" in tags:
            return
        if self._open and self._open[-1][1]:
            self.unseen.append(f"hidden: {data}")
        elif data.strip():
            self.texts.append(data)
        if "td" in tags:
            self.rows[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        self.unseen.append(f"comment: {data}")


def read_html(data: bytes) -> Page:
    """Returns a page with its rows and texts."""
    page = Page()
    page.feed(data.decode())
    page.close()
    return page
