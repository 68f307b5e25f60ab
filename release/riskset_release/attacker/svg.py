"""Reads an SVG: what is drawn, and everything in the file that is not."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from typing import Final

from riskset_release.attacker.drawing import Drawing, Line, Point, Word

_NAME: Final = re.compile(r"\{[^}]*\}")
_POINT: Final = re.compile(r"[ML] (\S+) (\S+)")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_DRAWN: Final = frozenset({"svg", "g", "path", "use", "text", "tspan", "rect", "clipPath", "defs", "style"})
_OF_DRAWING: Final = frozenset(
    {
        *("d", "x", "y", "width", "height", "transform", "style", "viewBox", "version", "clip-path", "font-family"),
        *("href", "type"),
    }
)
_HIDDEN: Final = re.compile(r"display:\s*none|visibility:\s*hidden|opacity:\s*0(;|$)")


def read_svg(data: bytes) -> Drawing:
    """Returns the drawing of an SVG file. ParseError where it is none."""
    text = data.decode()
    root = Xml.fromstring(text)
    unseen = [*_COMMENT.findall(text), *_unseen(root)]
    shapes = {one.get("id", ""): _points(one) for one in root.iter() if _local(one) == "path"}
    items = (item for element in root.iter() for item in _items(element, shapes))
    return Drawing(tuple(items), tuple(unseen))


def _local(element: Xml.Element) -> str:
    return _NAME.sub("", element.tag)


def _points(path: Xml.Element) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in _POINT.findall(path.get("d", "")))


def _items(element: Xml.Element, shapes: dict[str, tuple[Point, ...]]) -> Iterator[Line | Word]:
    style = element.get("style", "")
    if _local(element) == "path" and not element.get("id"):
        yield Line(_points(element), "fill: none" not in style, element.get("clip-path") is not None)
    elif _local(element) == "use":
        href = next(value for name, value in element.attrib.items() if _NAME.sub("", name) == "href")
        x, y = float(element.get("x", "0")), float(element.get("y", "0"))
        yield Line(tuple((x + dx, y + dy) for dx, dy in shapes[href.removeprefix("#")]), is_clipped=False)
    elif _local(element) == "text":
        yield Word("".join(element.itertext()), float(element.get("x", "0")), float(element.get("y", "0")))


def _unseen(root: Xml.Element) -> Iterator[str]:
    """Yields the names of groups and shapes, attributes that draw nothing, elements of other kinds with their texts,
    and what is hidden."""
    for element in root.iter():
        kind = _local(element)
        if kind not in _DRAWN:
            yield f"<{kind}> {' '.join([*element.attrib.values(), element.text or '']).strip()}"
            continue
        for name, value in element.attrib.items():
            if _NAME.sub("", name) not in _OF_DRAWING:
                yield f"{kind} {_NAME.sub('', name)}={value}"
        if _HIDDEN.search(element.get("style", "")):
            yield f"hidden: {kind} {''.join(element.itertext()).strip()}"
