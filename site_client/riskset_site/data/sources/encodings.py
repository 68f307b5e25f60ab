"""Which encoding an export is in: suggested to a person, never chosen silently.

A Korean file (cp949) decodes as Japanese (cp932) without an error, into wrong text. An encoding is therefore recognised
by the column names that appear under it, and a person writes it into the site file.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection
from dataclasses import replace
from itertools import islice
from pathlib import Path

from riskset.catalogue import NOTHING, Message, say
from riskset_site.data.sources.csv_form import DELIMITERS, RARER_DELIMITERS, CsvForm, header_rows
from riskset_site.data.sources.headers import joined

CANDIDATES = ("utf-8-sig", "cp932", "cp949")
RARER = ("euc_jp", "iso2022_jp", "iso2022_jp_ext", "gb18030", "big5", "johab", "cp1252", "iso8859-1", "iso8859-15")
"""Suggested where no candidate shows the names, and these have letters by which an encoding is known."""
NARROWER = {"shift_jis": "cp932", "euc_kr": "cp949", "ascii": "utf-8-sig", "utf-8": "utf-8-sig"}
"""Encodings too narrow for real exports, and the wider one to use: it has the vendor's extra characters, or reads the
byte-order mark that Excel writes."""

READ = (*CANDIDATES, *NARROWER, *RARER)
"""The encodings that are read, by Python's own names. Each keeps a comma a comma: UTF-16 does not, and under UTF-7 or
punycode a text says something else than its letters."""


def canonical_encoding(name: str) -> str:
    """Returns Python's own name of an encoding that is read; raises LookupError for every other one."""
    codec = codecs.lookup(name).name
    if codec not in READ:
        raise LookupError(name)
    return codec


def encodings_that_show(path: Path, form: CsvForm, headers: Collection[str]) -> tuple[str, ...]:
    """Returns the candidates under which every one of `headers` appears and the whole file decodes; if there is none,
    the first of the rarer encodings."""

    def shows(encoding: str) -> bool:
        return set(headers) <= set(replace(form, encoding=encoding).names(path)) and _decodes(path, encoding)

    rarer = () if "".join(headers).isascii() else RARER
    return tuple(filter(shows, CANDIDATES)) or tuple(islice(filter(shows, rarer), 1))


def delimiter_that_shows(path: Path, form: CsvForm, headers: Collection[str]) -> str | None:
    """Returns the delimiter under which every one of `headers` appears; None where there is none."""
    every = (*DELIMITERS, *RARER_DELIMITERS)
    return next((one for one in every if set(headers) <= set(replace(form, delimiter=one).names(path))), None)


def encoding_hint(path: Path, form: CsvForm, headers: Collection[str]) -> Message:
    """Returns a hint naming the candidates under which every header appears; NOTHING where there is none."""
    shown = encodings_that_show(path, form, headers)
    return say("data.export.encoding", encodings=shown) if shown else NOTHING


def encodings_with_texts(
    path: Path, form: CsvForm, header: str, texts: Collection[str], present: Collection[str]
) -> tuple[str, ...]:
    """Returns the candidates under which a column contains one of `texts` that are not ASCII; none where `present`, its
    texts as they were read, already do. The header may be ASCII and show nothing of the encoding."""
    wanted = {text for text in texts if not text.isascii()}
    if not wanted or not wanted.isdisjoint(present):
        return ()
    forms = (replace(form, encoding=one) for one in CANDIDATES)
    return tuple(one.encoding for one in forms if not wanted.isdisjoint(_column(path, one, header)))


def _column(path: Path, form: CsvForm, header: str) -> set[str]:
    """Returns the stripped texts of a column; none where the file is not in this encoding."""
    try:
        with form.rows(path) as rows:
            names = joined(header_rows(rows, form.header))
            if header not in names:
                return set()
            at = names.index(header)
            return {row[at].strip() for row in rows if len(row) > at}
    except (UnicodeDecodeError, csv.Error):
        return set()


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True
