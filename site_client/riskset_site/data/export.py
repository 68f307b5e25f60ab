"""A hospital's export in the study's terms: every variable's values, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.errors import DataError, Problem, did_you_mean
from riskset.study.spec import Study
from riskset.study.truth import Columns
from riskset_site.data.columns import Column
from riskset_site.data.problem_rows import Fault, problem_in_rows
from riskset_site.data.site_file import SiteFile, Source
from riskset_site.data.sources.csv import read_csv
from riskset_site.data.sources.encodings import encoding_hint
from riskset_site.data.sources.table import Table
from riskset_site.data.variables import read_variable

_NO_KEY = Fault("has no key", "have no key", "fill it in, or take key out of [source]", noun="row")
_SHARED_KEY = Fault("shares its key with another", "share their key with another", "keep one row a patient", noun="row")


@dataclass(frozen=True)
class Export:
    """All rows of the export, n of them, in its order."""

    row_numbers: NDArray[np.int64]
    columns: Mapping[str, Column]
    """By name of the study's variable; every one is there."""
    problems: tuple[Problem, ...]
    """Of the file, of its key and of every column."""
    keys: tuple[str, ...] | None = None
    """(n,) each patient's own number, where the site file names its column."""

    @property
    def n(self) -> int:
        return len(self.row_numbers)

    @property
    def values(self) -> Columns:
        return {name: column.values for name, column in self.columns.items()}

    @property
    def excluded(self) -> NDArray[np.bool_]:
        """True where some column sends the row out of the study."""
        excluded = np.zeros(self.n, bool)
        for column in self.columns.values():
            excluded |= column.excluded
        return excluded


def read_export(site_file: SiteFile, study: Study) -> Export:
    """Returns the site's export.

    Raises DataError: with problems where the file is no table at all, without where it cannot be opened.
    """
    source, users = site_file.source, _users(site_file, study)
    required = _required(site_file, study)
    table = _read(source, required, users)
    columns = {
        name: read_variable(name, variable, site_file.mapped(name), source, table)
        for name, variable in study.variables.items()
    }
    absent = _absent(site_file, table, required, users)
    of_columns = (problem for column in columns.values() for problem in column.problems)
    problems = (*table.problems, *absent, *_key(source, table), *of_columns)
    return Export(table.row_numbers, columns, problems, _keys(source, table))


def _keys(source: Source, table: Table) -> tuple[str, ...] | None:
    if source.key is None or source.key not in table.columns:
        return None
    column = table.columns[source.key]
    return tuple(column.texts[code] for code in column.codes)


def _read(source: Source, required: list[str], users: Mapping[str, list[str]]) -> Table:
    try:
        return read_csv(source.csv, required, users, encoding=source.encoding, delimiter=source.delimiter)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        hint = "close it in Excel, which lets nobody else read it" if isinstance(error, PermissionError) else ""
        raise DataError(f"cannot read the export {str(source.csv)!r}: {reason}", hint) from None


def _users(site_file: SiteFile, study: Study) -> dict[str, list[str]]:
    """Returns what needs each header, in the study's order."""
    users: dict[str, list[str]] = {}
    for name in study.variables:
        for header in site_file.mapped(name).columns:
            users.setdefault(header, []).append(f"variable {name}")
    if site_file.source.key:
        users.setdefault(site_file.source.key, []).append("[source] key")
    return users


def _required(site_file: SiteFile, study: Study) -> list[str]:
    """Returns the headers that must be there: all but those of variables that are neither required nor mapped."""
    headers = [
        header
        for name, variable in study.variables.items()
        if variable.required or name in site_file.map_
        for header in site_file.mapped(name).columns
    ]
    key = site_file.source.key
    return list(dict.fromkeys([*headers, key] if key else headers))


def _absent(
    site_file: SiteFile, table: Table, required: list[str], users: Mapping[str, list[str]]
) -> Iterator[Problem]:
    absent = [header for header in required if header not in table.headers]
    encoding = encoding_hint(site_file.source.csv, site_file.source.delimiter, required) if absent else ""
    for header in absent:
        hint = encoding or did_you_mean(header, table.headers) or _how_to_map(table.headers)
        yield Problem(f"column {header!r} ({', '.join(users[header])})", "is not in the export", hint)


def _how_to_map(headers: tuple[str, ...]) -> str:
    if len(headers) == 1:
        return "the header is one single name: is [source] delimiter right?"
    return "write in [map] which column holds it"


def _key(source: Source, table: Table) -> Iterator[Problem]:
    """Yields rows without a key and rows that share one; keys are met after stripping."""
    if source.key is None or source.key not in table.columns:
        return
    column, where = table.columns[source.key], f"column {source.key!r} ([source] key)"
    distinct = set(column.texts)
    if len(distinct) == table.n and distinct.isdisjoint(["", *source.missing]):
        return  # as nearly always; what follows takes seconds where rows are many
    texts = ["" if text in source.missing else text for text in column.texts]
    number = {text: i for i, text in enumerate(dict.fromkeys(["", *texts]))}
    keys = np.array([number[text] for text in texts], np.int64)[column.codes]
    empty = keys == 0
    shared = ~empty & (np.bincount(keys, minlength=len(number))[keys] > 1)
    for fault, rows in ((_NO_KEY, empty), (_SHARED_KEY, shared)):
        if rows.any():
            yield problem_in_rows(where, fault, table.row_numbers, rows, column.quoted)
