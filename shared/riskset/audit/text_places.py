"""The texts of a report's file, each with its place: what a person reads in it, without how it is drawn.

Files come from a bundle that somebody may have made to deceive: an archive is read to a bound, and nothing is parsed
that could grow.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import PurePosixPath
from typing import Final

from riskset.audit.json_values import are_close
from riskset.catalogue import Message, say

MOST_PART_BYTES: Final = 2**26
"""Of one part of a Word document, unpacked; the text of 202 analyses has 3 MB."""
_TEXT_PARTS: Final = re.compile(r"word/.*\.xml|docProps/core\.xml")
_DRAWING: Final = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_TAG: Final = re.compile(r"<[^<>]*>")
_FLOAT: Final = re.compile(r"-?[0-9]+(\.[0-9]+|(\.[0-9]+)?e[+-]?[0-9]{1,3})")
"""A number that is not whole: a whole one must be the same."""

Texts = list[tuple[Message, str]]
"""Each text after its place."""


def texts_of(path: str, content: bytes) -> Texts | None:
    """Returns the texts of a file; None of one that is only a drawing. Raises ValueError where the file is not of the
    kind that its name says."""
    read = _READERS.get(PurePosixPath(path).suffix)
    return None if read is None else list(read(content))


def are_alike(path: str, expected: str, found: str) -> bool:
    """Whether two texts of a file are the same; numbers of a list for programs, up to `CLOSEST`."""
    are_numbers = path.endswith(".csv") and _FLOAT.fullmatch(expected) and _FLOAT.fullmatch(found)
    return expected == found or (bool(are_numbers) and are_close(float(expected), float(found)))


def _cells(content: bytes) -> Iterator[tuple[Message, str]]:
    """How many cells each row has, and each cell."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    try:
        for row, cells in enumerate(rows, 1):
            yield say("audit.report.row", row=row), str(len(cells))
            for column, cell in enumerate(cells, 1):
                yield say("audit.report.cell", row=row, column=column), cell
    except csv.Error as wrong:
        raise ValueError from wrong


def _lines(content: bytes) -> Iterator[tuple[Message, str]]:
    for number, line in enumerate(content.decode().split("\n"), 1):
        yield say("audit.report.line", line=number), line


def _page(content: bytes) -> Iterator[tuple[Message, str]]:
    """Everything but what is inside a drawing, whose lines are counted."""
    page = _DRAWING.sub(lambda drawing: "<svg>" + "\n" * drawing[0].count("\n"), content.decode())
    for number, line in enumerate(page.split("\n"), 1):
        if line.strip():
            yield say("audit.report.line", line=number), line.strip()


def _document(content: bytes) -> Iterator[tuple[Message, str]]:
    """The paragraphs of each part of a Word document that has text, without what lies between their tags."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if _TEXT_PARTS.fullmatch(name):
                    yield from _paragraphs(name, _part(archive, name))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as wrong:
        raise ValueError from wrong


def _part(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as part:
        content = part.read(MOST_PART_BYTES + 1)
    if len(content) > MOST_PART_BYTES:
        raise ValueError("too large")
    return content.decode()


def _paragraphs(part: str, xml: str) -> Iterator[tuple[Message, str]]:
    for number, paragraph in enumerate(xml.split("</w:p>"), 1):
        if text := unescape(_TAG.sub("", paragraph)).strip():
            yield say("audit.report.paragraph", part=part, paragraph=number), text


_READERS: Final[Mapping[str, Callable[[bytes], Iterator[tuple[Message, str]]]]] = {
    ".csv": _cells,
    ".md": _lines,
    ".html": _page,
    ".docx": _document,
}
