"""Which encoding an export is in: told to a person, never chosen silently.

A Korean (cp949) file decodes without complaint as Japanese (cp932) into wrong text. So an encoding is recognised by the
headers it makes appear, and the site writes it down.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection
from pathlib import Path

CANDIDATES = ("utf-8-sig", "cp932", "cp949")
NARROWER = {"shift_jis": "cp932", "euc_kr": "cp949", "ascii": "utf-8-sig", "utf-8": "utf-8-sig"}
"""Encodings that real exports outgrow, and the one that holds them: the vendor's extra characters, the mark at the
beginning that Excel writes."""


def canonical_encoding(name: str) -> str:
    """Returns Python's own name of a text encoding; raises LookupError for an unknown one."""
    codec = codecs.lookup(name).name
    "".encode(codec)  # refuses what is a codec but no text encoding, such as base64
    return codec


def read_headers(path: Path, encoding: str, delimiter: str) -> tuple[str, ...]:
    """Returns the stripped headers, with replacement characters where the bytes do not fit; none for an empty file."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        try:
            return tuple(text.strip() for text in next(csv.reader(file, delimiter=delimiter), ()))
        except csv.Error:
            return ()


def encodings_that_show(path: Path, delimiter: str, headers: Collection[str]) -> tuple[str, ...]:
    """Returns the candidates under which every one of `headers` appears and the whole file decodes."""
    return tuple(
        encoding
        for encoding in CANDIDATES
        if set(headers) <= set(read_headers(path, encoding, delimiter)) and _decodes(path, encoding)
    )


def encoding_hint(path: Path, delimiter: str, headers: Collection[str]) -> str:
    """Say which candidates would show every header; empty where none would."""
    shown = encodings_that_show(path, delimiter, headers)
    if not shown:
        return ""
    return f"every mapped column appears with encoding = {' or '.join(repr(name) for name in shown)} in [source]"


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True
