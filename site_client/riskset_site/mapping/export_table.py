"""The table of an export, of whichever kind: what was found of its form, and its rows as texts."""

from __future__ import annotations

from pathlib import Path

from riskset.catalogue import say
from riskset.errors import DataError
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.first_look import csv_rows, delimiter_of, encodings_of
from riskset_site.mapping.layout import Table, table_of
from riskset_site.mapping.proposal import TableProposal

KINDS = {".csv": "csv", ".txt": "csv", ".tsv": "csv"}


def table_proposal(
    export: Path, words: frozenset[str], names: frozenset[str], answers: Answers
) -> tuple[TableProposal, Table]:
    """Returns the form of the export and its table. Raises DataError where it cannot be read, or has no rows."""
    kind = KINDS.get(export.suffix.lower())
    if kind is None:
        raise DataError(say("site.map.unknown_kind", file=export.name), say("site.map.known_kinds", kinds=tuple(KINDS)))
    try:
        encodings = encodings_of(export, words)
        encoding = answers.encoding or encodings[0].encoding
        found, has_sep_line = delimiter_of(export, encoding)
        delimiter = answers.delimiter or found
        table = table_of(csv_rows(export, encoding, delimiter), names, answers.header, answers.footer)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise DataError(say("data.export.cannot_read", file=str(export), reason=reason)) from None
    if not table.rows:
        raise DataError(say("site.map.no_rows", file=export.name), say("site.map.no_rows_hint"))
    left_out = tuple(" ".join(filter(None, row.fields)) for row in table.left_out)
    return TableProposal(
        kind=kind,
        encodings=encodings,
        encoding=encoding,
        delimiter=delimiter,
        has_sep_line=has_sep_line,
        sheets=(),
        sheet="",
        header=table.header,
        footer=table.footer,
        left_out=left_out,
        headers=table.headers,
        rows=len(table.rows),
        is_whole=table.is_whole,
    ), table
