"""The first look at an export: its rows as texts, before anybody has said where its table begins."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from riskset.catalogue import say
from riskset.errors import DataError
from riskset_site.data.sources.csv_form import DELIMITERS, RARER_DELIMITERS, CsvForm
from riskset_site.data.sources.encodings import CANDIDATES, RARER
from riskset_site.data.sources.headers import plain_name
from riskset_site.mapping.words import plain

_FIRST, _LAST = 1000, 50
"""Rows of an export from which it is found where its table is."""
_SHAPE, _LOOKED_AT = 200, 1_000_000
"""Lines by which a delimiter is known, and characters in which words are looked for."""
_MANY_WORDS = 3
_ESCAPE = re.compile("\x1b[$(]")
"""Left where ISO-2022-JP, which has plain letters alone, is read as another encoding."""
_BETWEEN = re.compile("[" + re.escape("".join((*DELIMITERS, *RARER_DELIMITERS))) + "]")


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
class EncodingCandidate:
    """One encoding, and what speaks for it."""

    encoding: str
    words: int
    """Words of the study, and of the field in its languages, that appear under it."""
    example: tuple[str, ...]
    """Texts of the export that are not in plain letters, as they are under it."""
    foreign_words: int = 0
    """Of the words, those that are not in plain letters: only these tell encodings apart."""


def encodings_of(path: Path, known: frozenset[str], named: str | None = None) -> tuple[EncodingCandidate, ...]:
    """Returns the encodings under which the whole export decodes, the one with the most of the `known` plain words
    first: the one that a person has `named`, the usual ones, and where none of these shows a word in other letters than
    plain ones, the rarer that do. Raises DataError where there is none, or the file is no text."""
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data:
        raise DataError(say("data.export.zero_bytes"), say("data.export.save_as_csv"))
    tried = dict.fromkeys([*CANDIDATES, *filter(None, [named])])
    found = [one for encoding in tried if (one := _candidate(encoding, data, known)) is not None]
    if any(one.foreign_words for one in found) or (found and _is_plain(data)):
        return _best_first(found)
    rarer = (_candidate(encoding, data, known) for encoding in RARER if encoding not in tried)
    found += [one for one in rarer if one is not None and one.foreign_words]
    _refuse_nearly(path, data, known, named, found)
    return _best_first(found)


def _best_first(found: Sequence[EncodingCandidate]) -> tuple[EncodingCandidate, ...]:
    return tuple(sorted(found, key=lambda candidate: -candidate.words))


def _is_plain(data: bytes) -> bool:
    return data.isascii() and not _ESCAPE.search(data.decode("ascii"))


def _candidate(encoding: str, data: bytes, known: frozenset[str], errors: str = "strict") -> EncodingCandidate | None:
    try:
        text = data.decode(encoding, errors)
    except UnicodeDecodeError:
        return None
    if text.isascii() and _ESCAPE.search(text):
        return None
    fields = dict.fromkeys(field.strip().strip('"') for field in _fields(text[:_LOOKED_AT]))
    words = [field for field in fields if plain(field) in known]
    foreign = tuple(islice((field for field in fields if field and not field.isascii()), 4))
    return EncodingCandidate(encoding, len(words), foreign, sum(not word.isascii() for word in words))


def _refuse_nearly(
    path: Path, data: bytes, known: frozenset[str], named: str | None, found: Sequence[EncodingCandidate]
) -> None:
    """Raises DataError where nothing decodes the export, or the encoding that shows by far the most words does not
    decode all of it: it is damaged, or has the signs of a vendor (① in EUC-JP)."""
    least = max((one.foreign_words for one in found), default=0) + _MANY_WORDS
    failing = [one for one in (*CANDIDATES, *RARER) if one not in {candidate.encoding for candidate in found}]
    begin = data[:_LOOKED_AT]
    nearly = [one for encoding in failing if (one := _candidate(encoding, begin, known, "replace")) is not None]
    best = max(nearly, key=lambda one: one.foreign_words, default=None)
    if best is not None and best.foreign_words >= least:
        try:
            data.decode(best.encoding)
        except UnicodeDecodeError as error:
            row = data[: error.start].count(b"\n") + 1
            message = say("site.map.nearly", file=path.name, encoding=best.encoding, row=row)
            raise DataError(message, say("site.map.nearly_hint")) from None
    if not found:
        message = say("site.map.no_encoding", file=path.name)
        message = message if named is None else say("data.export.other_encoding", encoding=named)
        raise DataError(message, say("data.export.ask_for_encoding"))


def _fields(text: str) -> Iterator[str]:
    """Yields the fields of all lines, whichever the delimiter: good enough to look for words."""
    for line in text.splitlines():
        yield from _BETWEEN.split(line)


def delimiter_of(path: Path, encoding: str) -> str:
    """Returns the delimiter that divides the most rows into the same number of fields, more than one; a rarer one where
    the others divide less than half of the rows. Raises DataError where none divides any of several rows."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = [line for line in islice(file, _SHAPE) if line.strip()]
    best = max(DELIMITERS, key=lambda one: _evenness(lines, one))
    if _evenness(lines, best)[0] * 2 < len(lines):
        best = max((best, *RARER_DELIMITERS), key=lambda one: _evenness(lines, one))
    if len(lines) > 1 and not _evenness(lines, best)[0]:
        raise DataError(say("site.map.no_delimiter", file=path.name), say("site.map.no_delimiter_hint"))
    return best


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


def first_and_last(rows: Iterator[Sequence[str]]) -> tuple[RawRow, ...]:
    """Returns the first and the last rows of an export, numbered."""
    numbered = enumerate(rows, 1)
    kept = [*islice(numbered, _FIRST), *deque(numbered, _LAST)]
    found = (RawRow(number, tuple(map(plain_name, row))) for number, row in kept)
    return tuple(row for row in found if not row.is_empty)


def check_encoding(named: str, found: Sequence[EncodingCandidate]) -> None:
    """Raises DataError for an encoding, named by a person, under which far fewer known words appear than under
    another."""
    words = {one.encoding: one.words for one in found}
    if named in words and words[named] <= found[0].words - _MANY_WORDS:
        raise _other_encoding(named, found)


def csv_rows(path: Path, form: CsvForm, found: Sequence[EncodingCandidate]) -> tuple[RawRow, ...]:
    """Returns the first and the last rows of a CSV file. Raises DataError where it is none, or is in another
    encoding: one of those that were `found`."""
    try:
        with form.rows(path) as rows:
            return first_and_last(iter(rows))
    except UnicodeDecodeError:
        raise _other_encoding(form.encoding, found) from None
    except csv.Error as error:
        message = say("data.export.not_csv", reason=str(error))
        raise DataError(message, say("data.export.double_quotation")) from None


def _other_encoding(named: str, found: Sequence[EncodingCandidate]) -> DataError:
    best = tuple(one.encoding for one in found if one.words == found[0].words)
    return DataError(say("data.export.other_encoding", encoding=named), say("site.map.encodings", encodings=best))
