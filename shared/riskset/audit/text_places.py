"""The texts of a report's file, each with its place: what a person reads in it, without how it is drawn.

Files come from a bundle that somebody may have made to deceive: an archive is read to a bound, and nothing is parsed
that could grow.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import PurePosixPath
from typing import Final

from riskset.audit.json_values import are_close
from riskset.catalogue import Message, say

MOST_BYTES: Final = 2**26
"""Of the parts of a Word document with text, unpacked."""
_TEXT_PARTS: Final = re.compile(r"word/.*\.xml|docProps/core\.xml")
_TAG: Final = re.compile(r"<[^<>]*>")
_FLOAT: Final = re.compile(r"-?[0-9]+(\.[0-9]+|(\.[0-9]+)?e[+-]?[0-9]{1,3})")
"""A number that is not whole: a whole one must be the same."""
_BROKEN: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    KeyError,
)
"""What reading an archive raises that somebody made."""

Where = tuple[int | str, ...]
"""Row and column, a row alone, a line, or part and paragraph; from 1."""
Texts = list[tuple[Where, str]]


def texts_of(path: str, content: bytes) -> Texts | None:
    """Returns the texts of a file, each after where it is; None of one that is only a drawing. Raises ValueError where
    the file is not of the kind that its name says."""
    read = _READERS.get(PurePosixPath(path).suffix)
    return None if read is None else list(read(content))


def place_of(path: str, where: Where) -> Message:
    """Returns the place of a text of a file in words."""
    if path.endswith(".docx"):
        return say("audit.report.paragraph", part=where[0], paragraph=where[1])
    if not path.endswith(".csv"):
        return say("audit.report.line", line=where[0])
    if len(where) == 1:
        return say("audit.report.row", row=where[0])
    return say("audit.report.cell", row=where[0], column=where[1])


def are_alike(path: str, expected: str, found: str) -> bool:
    """Whether two texts of a file are the same; numbers of a list for programs, up to `CLOSEST`."""
    are_numbers = path.endswith(".csv") and _FLOAT.fullmatch(expected) and _FLOAT.fullmatch(found)
    return expected == found or (bool(are_numbers) and are_close(float(expected), float(found)))


def _cells(content: bytes) -> Iterator[tuple[Where, str]]:
    """How many cells each row has, and each cell."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    try:
        for row, cells in enumerate(rows, 1):
            yield (row,), str(len(cells))
            for column, cell in enumerate(cells, 1):
                yield (row, column), cell
    except csv.Error as wrong:
        raise ValueError from wrong


def _lines(content: bytes) -> Iterator[tuple[Where, str]]:
    for number, line in enumerate(content.decode().split("\n"), 1):
        yield (number,), line


def _page(content: bytes) -> Iterator[tuple[Where, str]]:
    """Everything but what is inside a drawing, whose lines are counted."""
    for number, line in enumerate("".join(_without_drawings(content.decode())).split("\n"), 1):
        if line.strip():
            yield (number,), line.strip()


def _without_drawings(page: str) -> Iterator[str]:
    """Yields a page in parts, with the ends of lines of each drawing in its place; each sign is looked at once."""
    at = 0
    while (begin := page.find("<svg", at)) >= 0 and (end := page.find("</svg>", begin)) >= 0:
        yield f"{page[at:begin]}<svg>" + "\n" * page.count("\n", begin, end)
        at = end
    yield page[at:]


def _document(content: bytes) -> Iterator[tuple[Where, str]]:
    """The paragraphs of each part of a Word document that has text, without what lies between their tags."""
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in sorted({*archive.namelist()}):
                if _TEXT_PARTS.fullmatch(name):
                    with archive.open(name) as part:
                        xml = part.read(left + 1)
                    left -= len(xml)
                    if left < 0:
                        raise ValueError("too large")
                    yield from _paragraphs(name, xml.decode())
    except _BROKEN as wrong:
        raise ValueError from wrong


def _paragraphs(part: str, xml: str) -> Iterator[tuple[Where, str]]:
    for number, paragraph in enumerate(xml.split("</w:p>"), 1):
        if text := unescape(_TAG.sub("", paragraph)).strip():
            yield (part, number), text


_READERS: Final[Mapping[str, Callable[[bytes], Iterator[tuple[Where, str]]]]] = {
    ".csv": _cells,
    ".md": _lines,
    ".html": _page,
    ".docx": _document,
}
