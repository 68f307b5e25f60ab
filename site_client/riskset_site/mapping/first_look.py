"""The first look at an export: its rows as texts, before anybody has said where its table begins."""

from __future__ import annotations

import codecs
import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from riskset.catalogue import NOTHING, say
from riskset.errors import DataError
from riskset_site.data.sources.encodings import CANDIDATES

ROWS = 100_000
"""Rows from which a proposal is made; of a longer export the last ones too."""
_LAST = 30
_SHAPE = 200
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class RawRow:
    """One row of the export as it is written."""

    number: int
    """As a spreadsheet counts, from 1."""
    fields: tuple[str, ...]
    """Stripped."""

    @property
    def is_empty(self) -> bool:
        return not any(self.fields)


@dataclass(frozen=True)
class RawRows:
    """The rows of an export; of a long one the first and the last."""

    rows: tuple[RawRow, ...]
    is_whole: bool


@dataclass(frozen=True)
class EncodingCandidate:
    """One encoding, and what speaks for it."""

    encoding: str
    words: int
    """Words of the study, and of the field in its languages, that appear under it."""
    example: tuple[str, ...]
    """Texts of the export that are not in plain letters, as they are under it."""


def encodings_of(path: Path, known: frozenset[str]) -> tuple[EncodingCandidate, ...]:
    """Returns the encodings under which the whole export decodes, the one with the most of the `known` plain words
    first. Raises DataError where there is none, or the file is no text."""
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data:
        raise DataError(say("data.export.zero_bytes"), say("data.export.save_as_csv"))
    found = [_candidate(encoding, data, known) for encoding in CANDIDATES]
    decoding = [candidate for candidate in found if candidate is not None]
    if not decoding:
        raise DataError(say("site.map.no_encoding", file=path.name), say("data.export.ask_for_encoding"))
    return tuple(sorted(decoding, key=lambda candidate: -candidate.words))


def _candidate(encoding: str, data: bytes, known: frozenset[str]) -> EncodingCandidate | None:
    from riskset_site.mapping.words import plain

    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    fields = Counter(field.strip().strip('"') for field in _fields(text))
    words = sum(1 for field in fields if plain(field) in known)
    foreign = tuple(islice((field for field in fields if field and not field.isascii()), 4))
    return EncodingCandidate(encoding, words, foreign)


def _fields(text: str) -> Iterator[str]:
    """Yields the fields of all lines, whichever the delimiter: good enough to look for words."""
    for line in text.splitlines():
        yield from line.replace(";", ",").replace("\t", ",").replace("|", ",").split(",")


def delimiter_of(path: Path, encoding: str) -> tuple[str, bool]:
    """Returns the delimiter, and whether a first line `sep=;` says it. Without that line it is the one that divides the
    most rows into the same number of fields, more than one."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = list(islice(file, _SHAPE))
    first = lines[0].strip().strip('"').lower() if lines else ""
    if first.startswith("sep=") and len(lines[0].strip().strip('"')) == 5:
        return lines[0].strip().strip('"')[4], True
    return max(_DELIMITERS, key=lambda one: _evenness(lines, one)), False


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Returns how many lines have the commonest number of fields, and that number; nothing where that is one."""
    try:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if any(map(str.strip, row)))
    except csv.Error:
        return 0, 0
    wide = {width: n for width, n in widths.items() if width > 1}
    if not wide:
        return 0, 0
    width = max(wide, key=lambda width: (wide[width], width))
    return wide[width], width


def csv_rows(path: Path, encoding: str, delimiter: str) -> RawRows:
    """Returns the rows of a CSV file; without the line `sep=`. Raises DataError where it is no such file."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            return _first_and_last(csv.reader(file, delimiter=delimiter))
    except UnicodeDecodeError:
        raise DataError(say("data.export.other_encoding", encoding=encoding), NOTHING) from None
    except csv.Error as error:
        message = say("data.export.not_csv", reason=str(error))
        raise DataError(message, say("data.export.double_quotation")) from None


def _first_and_last(rows: Iterable[Sequence[str]]) -> RawRows:
    numbered = (
        RawRow(number, tuple(field.strip().lstrip("\ufeff") for field in row)) for number, row in enumerate(rows, 1)
    )
    first = list(islice(numbered, ROWS))
    if first and len(first[0].fields) and first[0].fields[0].lower().startswith("sep="):
        del first[0]
    last = deque(numbered, _LAST)
    is_whole = len(last) < _LAST
    return RawRows((*first, *last), is_whole)
