"""A hospital's export in the study's terms: every variable's values, and every problem with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, Problem, did_you_mean
from riskset.file_errors import reason_of
from riskset.study.spec import CategoryVariable, Study
from riskset.study.truth import Columns
from riskset_site.data.column_reading import VariableColumn
from riskset_site.data.dates import EXCEL_DAY
from riskset_site.data.derived import with_derived
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.latest_day import latest_day
from riskset_site.data.one_row_per_patient import perhaps_without_key, same_times, twins, without_key
from riskset_site.data.other_units import other_units, unit_columns
from riskset_site.data.patient_numbers import doubtful_keys, of_keys, only_key
from riskset_site.data.row_of_names import patient_as_names
from riskset_site.data.several_rows import by_patient, with_patients
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_mapping import MappedColumn
from riskset_site.data.site_source import Source
from riskset_site.data.sources.encodings import delimiter_that_shows, encoding_hint, encodings_with_texts
from riskset_site.data.sources.reading import read_source
from riskset_site.data.sources.table import SourceTable, TextColumn
from riskset_site.data.text_meanings import folded
from riskset_site.data.variables import event_in_full, read_variable

_HEADERS = 40
"""Of the export, that are shown where one is missing."""


@dataclass(frozen=True)
class Export:
    """All n rows of the export, in its order; where a patient has several, one each."""

    row_numbers: NDArray[np.int64]
    columns: Mapping[str, VariableColumn]
    """Every variable of the study, by name."""
    problems: tuple[Problem, ...]
    """Those of the file, of its key and of every column."""
    keys: Sequence[str] | None = None
    """(n,) patient numbers, where the site file names their column."""
    texts: Mapping[str, TextColumn] = field(default_factory=dict)
    """(n,) by header: the cells from which the variables were read."""
    warnings: tuple[Problem, ...] = ()
    rows_of_file: int = 0
    """More than n where a patient has several."""

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


def read_export(site_file: SiteFile, study: Study, today: date) -> Export:
    """Returns the site's export; dates after `today` are problems.

    Raises DataError: with problems where the file is not a table, without where it cannot be opened.
    """
    source, needs = site_file.source, _needs(site_file, study)
    required = _required(site_file, study)
    table = _read(source, required, needs)
    if beside := unit_columns(site_file, study, table.headers):
        table = _read(source, required, [*needs, *beside.values()])  # now with the units of its rows
    latest = latest_day(today, source.exported, study.header.data_cutoff)
    rows = with_patients(ExportRows(site_file, study, table, latest))
    absent = tuple(_absent(site_file, table, required, needs, _of_categories(site_file, study)))
    of_patients, of_order = (rows.patients.problems, rows.patients.warnings) if rows.patients else ((), ())
    columns = {name: read_variable(name, rows) for name in study.read_variables}
    columns = {name: _in_another_encoding(name, column, rows) for name, column in columns.items()}
    rows_of_file, of_units = table.n, tuple(other_units(site_file, study, table))
    columns, rows = _one_row_each(columns, rows)
    of_file, table = (*table.warnings, *of_units, *of_order), rows.table
    columns = with_derived(columns, rows)
    repeated = () if absent and not source.patient else tuple(_repeated_patients(rows, columns, needs))
    of_columns = (_hinted(problem, source) for column in columns.values() for problem in column.problems)
    problems = (
        *_exported_later(source, today),
        *_other_epoch(site_file, table),
        *table.problems,
        *patient_as_names(rows),
        *absent,
        *of_patients,
        *repeated,
        *of_columns,
    )
    warnings = of_file if absent or repeated else (*of_file, *_perhaps_repeated(rows, columns, needs))
    warnings += tuple(warning for column in columns.values() for warning in column.warnings)
    texts = {header: column for header, column in table.columns.items() if header in needs}  # a name is not kept
    return Export(table.row_numbers, columns, problems, _keys(source, table), texts, warnings, rows_of_file)


def table_of(site_file: SiteFile, study: Study) -> SourceTable:
    """Returns the columns of the export that the study needs, as texts. The errors of `read_export`."""
    return _read(site_file.source, _required(site_file, study), _needs(site_file, study))


def _exported_later(source: Source, today: date) -> Iterator[Problem]:
    if source.exported and source.exported > today + timedelta(days=1):
        message = say("data.export.exported_later", day=source.exported.isoformat(), today=today.isoformat())
        yield Problem(say("data.where.exported"), message, say("data.export.exported_hint"))


def _other_epoch(site_file: SiteFile, table: SourceTable) -> Iterator[Problem]:
    """A day number of a workbook that counts from 1904 would be read four years early."""
    if table.counts_from_1904 and "excel" in site_file.date_formats:
        yield Problem(say("data.where.source_dates"), say("data.source.other_epoch"), say("data.source.write_epoch"))


def _hinted(problem: Problem, source: Source) -> Problem:
    """Days of SAS, SPSS and Stata without a format of dates look like those of Excel, and are 60 years away from
    them."""
    if problem.hint == EXCEL_DAY.hint and not source.has_days_of_excel:
        return replace(problem, hint=say("data.source.date_format_hint"))
    return problem


def _one_row_each(columns: dict[str, VariableColumn], rows: ExportRows) -> tuple[dict[str, VariableColumn], ExportRows]:
    if rows.patients is None:
        return columns, rows
    columns, rows = by_patient(columns, rows)
    return {name: event_in_full(name, column, rows) for name, column in columns.items()}, rows


def _in_another_encoding(name: str, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    """Returns a column whose only problem is the encoding, where another one shows the texts that the files expect in
    it."""
    mapped, source = rows.site.mapped(name), rows.site.source
    form, has_fault = source.text_form, bool(column.problems) or column.excluded.any()
    if form is None or not isinstance(mapped, MappedColumn) or not has_fault:
        return column
    expected = (*mapped.recode, *source.missing, *source.no_date, *rows.study.levels_of(name))
    present = rows.table.columns[mapped.column].texts
    shown = encodings_with_texts(source.path, form, mapped.column, expected, present)
    if not shown:
        return column
    where = say("data.where.variable", column=mapped.column, name=name)
    hint = say("data.export.encoding_of_values", encodings=shown)
    problem = Problem(where, say("data.export.other_encoding", encoding=form.encoding), hint)
    return replace(column, problems=(problem,))


def _repeated_patients(
    rows: ExportRows, columns: Mapping[str, VariableColumn], needed: Collection[str]
) -> Iterator[Problem]:
    if rows.site.source.rows:
        return  # what is wrong with their numbers is told of all rows, before one is made of those of a patient
    if rows.site.source.patient:
        yield from of_keys(rows.site.source, rows.table)
    elif rows.table.n:
        yield from without_key(rows, columns, needed)


def _perhaps_repeated(
    rows: ExportRows, columns: Mapping[str, VariableColumn], needed: Collection[str]
) -> Iterator[Problem]:
    if rows.table.n:
        yield from doubtful_keys(rows.site.source, rows.table)
        yield from only_key(rows, needed)
    if rows.site.source.patient:
        yield from twins(rows, needed)
    elif rows.table.n:
        yield from perhaps_without_key(rows, columns)
    yield from same_times(rows, needed)


def _keys(source: Source, table: SourceTable) -> Sequence[str] | None:
    if source.patient is None or source.patient not in table.columns:
        return None
    return table.columns[source.patient].by_row


def _read(source: Source, required: list[str], needs: Collection[str]) -> SourceTable:
    try:
        before = _written(source)
        table = read_source(source, required, needs, every=not source.patient)  # the key may be any of them
        is_same = _written(source) == before
    except OSError as error:
        reason = reason_of(error)
        hint = say("data.export.close_excel") if isinstance(error, PermissionError) else NOTHING
        raise DataError(say("data.export.cannot_read", file=str(source.path), reason=reason), hint) from None
    if not is_same:  # its last value may be the beginning of one: 2024-01-1 of 2024-01-15
        raise DataError(say("data.export.grows", file=source.path.name), say("data.export.grows_hint"))
    return table


def _written(source: Source) -> list[tuple[int, int]]:
    """Returns the size of each file and when it was last written."""
    found = [path.stat() for path in source.files.values()]
    return [(one.st_size, one.st_mtime_ns) for one in found]


def _needs(site_file: SiteFile, study: Study) -> dict[str, list[Message]]:
    """Returns what needs each column, in the study's order."""
    needs: dict[str, list[Message]] = {}
    for name in study.read_variables:
        for header in site_file.mapped(name).columns:
            needs.setdefault(header, []).append(say("data.where.a_variable", name=name))
    for header, what in _of_source(site_file.source).items():
        needs.setdefault(header, []).append(what)
    return needs


def _of_source(source: Source) -> dict[str, Message]:
    """Returns the columns that [source] names itself, and under which key."""
    named = {source.patient: say("data.where.source_key")} if source.patient else {}
    order = source.rows.order if source.rows else None
    return {**named, **({order: say("data.where.source_order")} if order else {})}


def _required(site_file: SiteFile, study: Study) -> list[str]:
    """Returns the columns that must exist: all but those of variables that are neither required nor mapped."""
    headers = [
        header
        for name, variable in study.read_variables.items()
        if variable.required or name in site_file.map_
        for header in site_file.mapped(name).columns
    ]
    return list(dict.fromkeys([*headers, *_of_source(site_file.source)]))


def _absent(
    site_file: SiteFile,
    table: SourceTable,
    required: list[str],
    needs: Mapping[str, list[Message]],
    categories: Collection[str],
) -> Iterator[Problem]:
    absent = [header for header in required if header not in table.headers]
    found = say("data.detail.header", names=table.headers[:_HEADERS]) if absent else ""
    elsewhere = _read_otherwise(site_file.source, table.headers, required) if absent else NOTHING
    if len(absent) == len(required) > 1:
        where = say("data.where.export", file=site_file.source.path.name)
        message = say("data.export.no_column", n=len(absent))
        yield Problem(where, message, elsewhere or _how_to_map(table.headers), detail=found)
        return
    for header in absent:
        hint = (
            elsewhere
            or _near(header, table.headers)
            or (_how_to_map(table.headers, needs[header], header in categories))
        )
        where = say("data.where.needed_column", column=header, needed_by=tuple(needs[header]))
        yield Problem(where, say("data.export.missing_column"), hint, detail=found)
        found = ""  # once


def _read_otherwise(source: Source, headers: tuple[str, ...], required: list[str]) -> Message:
    """Returns a hint that names the encoding, or the delimiter, under which all columns appear; NOTHING where there is
    none."""
    form = source.text_form
    if form is None:
        return NOTHING
    delimiter = delimiter_that_shows(source.path, form, required) if len(headers) == 1 else None
    if delimiter:
        return say("data.export.delimiter", delimiter=json.dumps(delimiter))  # as TOML writes a tab
    return encoding_hint(source.path, form, required)


def _near(header: str, headers: Collection[str]) -> Message:
    """Returns a hint that names a header of the export that is much the same, or looks the same and is composed in
    another way, as on a Mac; NOTHING where there is none."""
    alike = [other for other in headers if folded(other) == folded(header)]
    return did_you_mean(header, headers) or (say("data.export.alike_column", name=alike[0]) if alike else NOTHING)


def _of_categories(site_file: SiteFile, study: Study) -> frozenset[str]:
    """Returns the columns of categories, which an export may spread over checkboxes."""
    names = (name for name, variable in study.read_variables.items() if isinstance(variable, CategoryVariable))
    return frozenset(header for name in names for header in site_file.mapped(name).columns)


def _how_to_map(headers: tuple[str, ...], needed_by: Sequence[Message] = (), is_category: bool = False) -> Message:
    if len(headers) == 1:
        return say("data.export.one_name")
    if is_category:
        return say("data.hint.map_boxes")
    is_key = list(needed_by) == [say("data.where.source_key")]
    return say("data.export.name_key") if is_key else say("data.export.map_column")
