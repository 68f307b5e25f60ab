"""Opens every file of a release folder: what it shows, and what it says where nobody looks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from riskset_release.attacker.html import read_html
from riskset_release.attacker.pdf import read_pdf
from riskset_release.attacker.png import unseen_in_png
from riskset_release.attacker.svg import read_svg
from riskset_release.attacker.word import read_word

Said = tuple[list[str], list[str]]
"""Texts that a file shows, and others that it has."""


def said_in(path: str, data: bytes) -> Said:
    """Returns what a file says, shown and unseen. ValueError for a form that nobody here can read: what cannot be read
    cannot be called safe."""
    form = path.rpartition(".")[2]
    if form not in _READERS:
        raise ValueError(f"{path}: a file of this form cannot be read")
    return _READERS[form](data)


def texts(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yields every text of a release folder, shown or not, with the path of its file."""
    for path, data in files.items():
        for said in said_in(path, data):
            yield from ((path, text) for text in said)


def rows_of_csv(data: bytes) -> list[list[str]]:
    """Returns the rows of a CSV file."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def _of_csv(data: bytes) -> Said:
    return [text for row in rows_of_csv(data) for text in row], []


def _of_text(data: bytes) -> Said:
    return data.decode("utf-8-sig").splitlines(), []


def _of_html(data: bytes) -> Said:
    page = read_html(data)
    return page.texts, page.unseen


def _of_word(data: bytes) -> Said:
    document = read_word(data)
    return list(document.texts), list(document.unseen)


def _of_svg(data: bytes) -> Said:
    drawing = read_svg(data)
    return [word.text for word in drawing.words], list(drawing.unseen)


def _of_pdf(data: bytes) -> Said:
    drawing = read_pdf(data)
    return [word.text for word in drawing.words], list(drawing.unseen)


def _of_png(data: bytes) -> Said:
    return [], [*unseen_in_png(data)]


def _of_json(data: bytes) -> Said:
    found = list[str]()
    json.loads(data, object_pairs_hook=lambda pairs: found.extend(f"{key}: {value}" for key, value in pairs))
    return found, []


_READERS: Final[Mapping[str, Callable[[bytes], Said]]] = {
    "csv": _of_csv,
    "md": _of_text,
    "html": _of_html,
    "docx": _of_word,
    "svg": _of_svg,
    "pdf": _of_pdf,
    "png": _of_png,
    "json": _of_json,
}
