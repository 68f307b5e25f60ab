"""Reads a Word document: all its parts, also those that Word does not show."""

from __future__ import annotations

import io
import xml.etree.ElementTree as Xml
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SHOWN: Final = ("word/document.xml", "word/footer1.xml")
_OF_LAYOUT: Final = frozenset(
    {
        *("[Content_Types].xml", "word/fontTable.xml", "word/numbering.xml", "word/settings.xml", "word/styles.xml"),
        *("word/stylesWithEffects.xml", "word/theme/theme1.xml", "word/webSettings.xml"),
    }
)
"""Parts of which only texts between elements are read: their attributes are the library's."""


@dataclass(frozen=True)
class Document:
    rows: tuple[tuple[str, ...], ...]
    """Of its tables: the cells of each row."""
    texts: tuple[str, ...]
    unseen: tuple[str, ...]
    """Properties, descriptions of pictures, hidden runs, comments, and parts of no known kind."""


def read_word(data: bytes) -> Document:
    """Returns the document of a .docx file. BadZipFile or ParseError where it is none."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    roots = {name: Xml.fromstring(part) for name, part in parts.items() if name.endswith((".xml", ".rels"))}
    body = roots["word/document.xml"]
    rows = tuple(tuple(map(_text, row.findall(f"{_WORD}tc"))) for row in body.iter(f"{_WORD}tr"))
    texts = tuple(_text(one) for name in _SHOWN if name in roots for one in roots[name].iter(f"{_WORD}p"))
    unseen = [f"{name}: no part of a text" for name in parts if name not in roots]
    unseen += [said for name, root in roots.items() for said in _unseen(name, root)]
    return Document(rows, texts, tuple(unseen))


def _text(element: Xml.Element) -> str:
    return "".join(one.text or "" for one in element.iter(f"{_WORD}t"))


def _unseen(name: str, root: Xml.Element) -> Iterator[str]:
    for element in root.iter():
        kind = element.tag.rpartition("}")[2]
        if element.text and element.text.strip() and not (name in _SHOWN and element.tag == f"{_WORD}t"):
            yield f"{name}: {kind} {element.text.strip()}"
        if kind in ("vanish", "comment", "del", "ins"):
            yield f"{name}: {kind}"
        if kind in ("docPr", "tblCaption", "tblDescription") or (name not in (*_SHOWN, *_OF_LAYOUT)):
            yield from (f"{name}: {kind} {value}" for value in element.attrib.values())
