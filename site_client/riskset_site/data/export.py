"""A hospital's export in the study's terms: every variable's values, and every problem with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, Problem, did_you_mean
from riskset.study.spec import Study
from riskset.study.truth import Columns
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.site_file import SiteFile, Source
from riskset_site.data.sources.csv import read_csv
from riskset_site.data.sources.encodings import encoding_hint
from riskset_site.data.sources.table import SourceTable, TextColumn
from riskset_site.data.variables import VariableColumn, read_variable

_NO_KEY = Fault("no_key", say("data.hint.no_key"))
_SHARED_KEY = Fault("shared_key", say("data.hint.shared_key"))


@dataclass(frozen=True)
class Export:
    """All n rows of the export, in its order."""

    row_numbers: NDArray[np.int64]
    columns: Mapping[str, VariableColumn]
    """Every variable of the study, by name."""
    problems: tuple[Problem, ...]
    """Those of the file, of its key and of every column."""
    keys: tuple[str, ...] | None = None
    """(n,) patient numbers, where the site file names their column."""
    texts: Mapping[str, TextColumn] = field(default_factory=dict)
    """(n,) by header: the cells from which the variables were read."""

    @property
    def n(self) -> int:
        return len(self.row_numbers)

    @property
    def values(self) -> Columns:
        return {name: column.values for name, column in self.columns.items()}

    @property
    def excluded(self) -> NDArray[np.bool_]:
        """True where a column excludes the row from the study."""
        excluded = np.zeros(self.n, bool)
        for column in self.columns.values():
            excluded |= column.excluded
        return excluded


def read_export(site_file: SiteFile, study: Study) -> Export:
    """Returns the site's export.

    Raises DataError: with problems where the file is not a table, without where it cannot be opened.
    """
    source, needs = site_file.source, _needs(site_file, study)
    required = _required(site_file, study)
    table = _read(source, required, needs)
    columns = {
        name: read_variable(name, variable, site_file.mapped(name), source, table)
        for name, variable in study.variables.items()
    }
    absent = _absent(site_file, table, required, needs)
    of_columns = (problem for column in columns.values() for problem in column.problems)
    problems = (*table.problems, *absent, *_key(source, table), *of_columns)
    return Export(table.row_numbers, columns, problems, _keys(source, table), table.columns)


def _keys(source: Source, table: SourceTable) -> tuple[str, ...] | None:
    if source.key is None or source.key not in table.columns:
        return None
    column = table.columns[source.key]
    return tuple(column.texts[code] for code in column.codes)


def _read(source: Source, required: list[str], needs: Mapping[str, list[Message]]) -> SourceTable:
    try:
        return read_csv(source.csv, required, needs, encoding=source.encoding, delimiter=source.delimiter)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        hint = say("data.export.close_excel") if isinstance(error, PermissionError) else NOTHING
        raise DataError(say("data.export.cannot_read", file=str(source.csv), reason=reason), hint) from None


def _needs(site_file: SiteFile, study: Study) -> dict[str, list[Message]]:
    """Returns what needs each column, in the study's order."""
    needs: dict[str, list[Message]] = {}
    for name in study.variables:
        for header in site_file.mapped(name).columns:
            needs.setdefault(header, []).append(say("data.where.a_variable", name=name))
    if site_file.source.key:
        needs.setdefault(site_file.source.key, []).append(say("data.where.source_key"))
    return needs


def _required(site_file: SiteFile, study: Study) -> list[str]:
    """Returns the columns that must exist: all but those of variables that are neither required nor mapped."""
    headers = [
        header
        for name, variable in study.variables.items()
        if variable.required or name in site_file.map_
        for header in site_file.mapped(name).columns
    ]
    key = site_file.source.key
    return list(dict.fromkeys([*headers, key] if key else headers))


def _absent(
    site_file: SiteFile, table: SourceTable, required: list[str], needs: Mapping[str, list[Message]]
) -> Iterator[Problem]:
    absent = [header for header in required if header not in table.headers]
    encoding = encoding_hint(site_file.source.csv, site_file.source.delimiter, required) if absent else NOTHING
    for header in absent:
        hint = encoding or did_you_mean(header, table.headers) or _how_to_map(table.headers)
        where = say("data.where.needed_column", column=header, needed_by=tuple(needs[header]))
        yield Problem(where, say("data.export.missing_column"), hint)


def _how_to_map(headers: tuple[str, ...]) -> Message:
    return say("data.export.one_name") if len(headers) == 1 else say("data.export.map_column")


def _key(source: Source, table: SourceTable) -> Iterator[Problem]:
    """Yields rows without a key and rows that share one; keys are compared after stripping."""
    if source.key is None or source.key not in table.columns:
        return
    column, where = table.columns[source.key], say("data.where.key", column=source.key)
    distinct = set(column.texts)
    if len(distinct) == table.n and distinct.isdisjoint(["", *source.missing]):
        return  # the usual case; the rest takes seconds on many rows
    texts = ["" if text in source.missing else text for text in column.texts]
    number = {text: i for i, text in enumerate(dict.fromkeys(["", *texts]))}
    keys = np.array([number[text] for text in texts], np.int64)[column.codes]
    empty = keys == 0
    shared = ~empty & (np.bincount(keys, minlength=len(number))[keys] > 1)
    for fault, rows in ((_NO_KEY, empty), (_SHARED_KEY, shared)):
        if rows.any():
            yield problem_in_rows(where, fault, table.row_numbers, rows, column.quoted)
