"""One row per patient from an export that has several: of a registry with a row a visit, or an event.

Every variable is read in all rows first; then one of the patient's values is taken, never an empty one where another
row has a value. Values that differ are a problem unless the site file says which counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.errors import Problem
from riskset_site.data.clock_times import part_of_day
from riskset_site.data.column_reading import VariableColumn, known, read_column, rows_holding
from riskset_site.data.export_rows import ExportRows, blanked, where_of
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.number_forms import number_reader
from riskset_site.data.partial_dates import names_a_month
from riskset_site.data.patient_numbers import DITTO_KEY, ROUNDED_KEY, is_ditto, is_rounded
from riskset_site.data.patients import Patients
from riskset_site.data.site_mapping import Take
from riskset_site.data.site_source import Rows
from riskset_site.data.sources.table import SourceTable, TextColumn
from riskset_site.data.text_meanings import Reading
from riskset_site.data.value_kinds import ValueKind, date_kind
from riskset_site.data.width import in_one_width

_NO_KEY = Fault("no_key", say("data.hint.no_key"))
_ROWS_DIFFER = Fault("rows_differ", say("data.hint.rows_differ"))
_SAME_ORDER = Fault("same_order", say("data.hint.same_order"))
_UNORDERED = Fault("unordered", say("data.hint.unordered"))
_NO_ORDER = Fault("no_order", say("data.hint.no_order"))
_ORDER_OF_PARTS = Fault("order_of_parts", say("data.hint.order_of_parts"))
_ONE_DECIMAL, _TWO_DECIMALS = re.compile(r"\d+[.,][1-9]"), re.compile(r"\d+[.,]([1-9]\d)")
_LATE_MONTHS = frozenset({"10", "11", "12"})
_YEAR_LAST = re.compile(
    r"(?:(?:0?[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:19|20)\d\d"
)
"""Day, month and year, or month, day and year, in digits alone."""


def patients_of(said: Rows, rows: ExportRows) -> Patients:
    """Returns whose rows those of the export are. Rows without a patient number are a problem, and so is a row whose
    place in the order is unknown."""
    column, table = rows.table.columns[said.one_per], rows.table
    texts = np.array([in_one_width(text) for text in column.texts], object)[column.codes]
    empty = np.isin(texts, ["", *rows.site.source.missing])
    _, first, of_row = np.unique(texts.astype(str), return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    rounded, ditto = (
        np.array([is_odd(in_one_width(text)) for text in column.texts], bool)[column.codes]
        for is_odd in (is_rounded, is_ditto)
    )
    problems, warnings, where = list[Problem](), tuple[Problem, ...](), say("data.where.key", column=said.one_per)
    for fault, wrong in ((_NO_KEY, empty), (ROUNDED_KEY, rounded), (DITTO_KEY, ditto & ~empty)):
        if wrong.any():
            problems.append(problem_in_rows(where, fault, table.row_numbers, wrong, column.quoted))
    place = np.arange(table.n, dtype=np.float64)
    if said.order is not None:
        ordered = _ordered(said.order, rows)
        place, problems, warnings = ordered.values, [*problems, *ordered.problems], ordered.warnings
    return Patients(rank[of_row.reshape(-1)], np.sort(first), place, tuple(problems), warnings)


def _ordered(header: str, rows: ExportRows) -> VariableColumn:
    """Returns the column of the order as numbers: days and times where all texts are dates in the formats of the site
    file, else the numbers that they are. `01022021` is both, and as a number later than 15 January. Months are no
    numbers: as one, 2022.10 comes before 2022.9."""
    source, column = rows.site.source, rows.table.columns[header]
    reading, where = Reading(source.missing, {}), say("data.where.order", column=header)
    numbers = ValueKind(number_reader(source.writing.numbers), "float64", np.nan)
    found = read_column(column, date_kind(source.writing), reading, where, rows.table.row_numbers)
    found = replace(found, values=_moments(found.values, column, source.date_formats))
    if found.problems and not _are_dates(column, source.missing):
        as_numbers = read_column(column, numbers, reading, where, rows.table.row_numbers)
        warnings = tuple(_parts_as_numbers(column, where, rows))
        found = found if as_numbers.problems else replace(as_numbers, warnings=warnings)
    return rows.in_rows(found, where, _NO_ORDER, found.missing, has_value=False)


def _moments(days: NDArray[Any], column: TextColumn, formats: Sequence[str]) -> NDArray[np.float64]:
    """Returns days (n,) as numbers, with the part of the day that is over."""
    dated = known(days)
    moments = np.where(dated, days.astype("datetime64[D]").astype(np.float64), np.nan)
    if dated.any():
        moments += np.array([part_of_day(text, formats) for text in column.texts])[column.codes]
    return moments


def _are_dates(column: TextColumn, missing: Collection[str]) -> bool:
    """True for months, and for days whose year comes last, which as numbers would be in another order."""
    texts = [in_one_width(text) for text in column.texts if text and text not in missing]
    return bool(texts) and any(all(map(is_one, texts)) for is_one in (names_a_month, _YEAR_LAST.fullmatch))


def _parts_as_numbers(column: TextColumn, where: Message, rows: ExportRows) -> Iterator[Problem]:
    """Yields the warning of an order in which 1.10 may be the tenth part of 1, but is read as a number before 1.9."""
    texts = [in_one_width(text) for text in column.texts]
    ends = {match[1] for text in texts if (match := _TWO_DECIMALS.fullmatch(text))}
    are_parts = any(end.endswith("0") for end in ends) or ends <= _LATE_MONTHS
    if are_parts and any(map(_ONE_DECIMAL.fullmatch, texts)):
        tenth = rows_holding(column, [code for code, text in enumerate(texts) if _TWO_DECIMALS.fullmatch(text)])
        if tenth.any():
            yield problem_in_rows(where, _ORDER_OF_PARTS, rows.table.row_numbers, tenth, column.quoted)


@dataclass(frozen=True)
class _Taken:
    """What counts of each patient; arrays (patients,)."""

    values: NDArray[Any]
    excluded: NDArray[np.bool_]
    problems: tuple[Problem, ...]
    """Of patients whose rows say different things."""
    warnings: tuple[Problem, ...]
    """Of such patients, where nothing but the order of the file says which row is first or last."""


def one_row_each(name: str, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    """Returns the variable's values by patient; where a patient's rows say different things and the site file does not
    say which counts, they are a problem."""
    taken = _taken(name, column, rows)
    return replace(
        column,
        values=taken.values,
        missing=~_patients(rows).in_any(~column.missing),
        excluded=taken.excluded,
        problems=(*column.problems, *taken.problems),
        warnings=(*column.warnings, *taken.warnings),
    )


def spread_over_rows(name: str, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    """Returns the column with a patient's value in all of the patient's rows; as it is where each row is a patient."""
    if rows.patients is None:
        return column
    taken, of_row = _taken(name, column, rows), rows.patients.of_row
    missing = ~rows.patients.in_any(~column.missing)[of_row]
    return replace(
        column,
        values=taken.values[of_row],
        missing=missing,
        problems=(*column.problems, *taken.problems),
        warnings=(*column.warnings, *taken.warnings),
    )


def _taken(name: str, column: VariableColumn, rows: ExportRows) -> _Taken:
    """Returns what counts of each patient. A text that excludes its row is something that the row says: of a patient
    whose first line of treatment counts, the second excludes nobody."""
    patients, mapped = _patients(rows), rows.site.mapped(name)
    take: Take = mapped.take or _rows_of(rows).take
    values, says = column.values, known(column.values) | column.excluded
    chosen = patients.chosen(values, says, take)
    at = np.maximum(chosen, 0)
    taken = np.where(chosen >= 0, values[at], blanked(values[:1], np.ones(1, bool))).astype(values.dtype)
    excluded = (chosen >= 0) & column.excluded[at]
    other_value = ~column.excluded & (values != taken[patients.of_row])
    differ = says & (other_value | (column.excluded != excluded[patients.of_row]))
    header, problems, warnings = mapped.columns[0], list[Problem](), list[Problem]()
    where = where_of(name, header)
    if take == "only" and differ.any():
        problems.append(_in_rows_of(differ, _ROWS_DIFFER, where, header, rows))
    if take in ("first", "last"):
        tied = differ & (patients.place == patients.place[at][patients.of_row])
        if tied.any():
            problems.append(_in_rows_of(tied, _SAME_ORDER, where, header, rows))
        if _rows_of(rows).order is None and differ.any():
            warnings.append(_in_rows_of(differ, _UNORDERED, where, header, rows))
    return _Taken(taken, excluded, tuple(problems), tuple(warnings))


def _patients(rows: ExportRows) -> Patients:
    if rows.patients is None:
        raise TypeError("each row is another patient")
    return rows.patients


def _rows_of(rows: ExportRows) -> Rows:
    if rows.site.source.rows is None:
        raise TypeError("the site file has no rows in [source]")
    return rows.site.source.rows


def _in_rows_of(wrong: NDArray[np.bool_], fault: Fault, where: Message, header: str, rows: ExportRows) -> Problem:
    """Returns the problem with all rows of the patients concerned, by patient number and text."""
    of_row = _patients(rows).of_row
    key, texts = rows.table.columns[_rows_of(rows).one_per], rows.table.columns[header]

    def told(row: int) -> str:
        return say("data.detail.of_patient", patient=key.quoted(row), value=texts.quoted(row))

    return problem_in_rows(where, fault, rows.table.row_numbers, np.isin(of_row, of_row[wrong]), told)


def table_of_patients(table: SourceTable, patients: Patients) -> SourceTable:
    """Returns the table with one row a patient: of every column, the patient's different texts in their order."""
    columns = {header: _joined(column, patients) for header, column in table.columns.items()}
    return replace(table, row_numbers=table.row_numbers[patients.first_row], columns=columns)


def _joined(column: TextColumn, patients: Patients) -> TextColumn:
    order = np.argsort(patients.of_row, kind="stable")
    texts: list[dict[str, None]] = [{} for _ in range(patients.n)]
    for patient, code in zip(patients.of_row[order].tolist(), column.codes[order].tolist(), strict=True):
        if text := column.texts[code]:
            texts[patient][text] = None
    codes: dict[str, int] = {}
    joined = [codes.setdefault("; ".join(one), len(codes)) for one in texts]
    return TextColumn(np.array(joined, np.int32), tuple(codes))


def with_patients(rows: ExportRows) -> ExportRows:
    """Returns the rows with whose they are, where the site file says that a patient has several, and the export has the
    columns that it names."""
    said = rows.site.source.rows
    if said is None or not {said.one_per, said.order or said.one_per} <= set(rows.table.columns):
        return rows
    return replace(rows, patients=patients_of(said, rows))


def by_patient(columns: Mapping[str, VariableColumn], rows: ExportRows) -> tuple[dict[str, VariableColumn], ExportRows]:
    """Returns the variables by patient, and the rows that are then one a patient."""
    if rows.patients is None:
        return dict(columns), rows
    found = {
        name: one_row_each(name, column, rows) if column.is_present else _absent(column, rows.patients.n)
        for name, column in columns.items()
    }
    return found, replace(rows, table=table_of_patients(rows.table, rows.patients), patients=None)


def _absent(column: VariableColumn, n: int) -> VariableColumn:
    blank = np.repeat(blanked(column.values[:1], np.ones(1, bool)), n)
    return replace(column, values=blank, missing=np.ones(n, bool), excluded=np.zeros(n, bool))
