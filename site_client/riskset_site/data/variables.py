"""One variable of the study from the texts of the export, read as the site file maps it, and judged by the study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskset.catalogue import Message, say
from riskset.study.spec import DateVariable, NumberVariable
from riskset_site.data.column_reading import VariableColumn, absent, known, rows_holding
from riskset_site.data.dates import is_partial
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.mapped_forms import kind_of, read_mapped, writing_of
from riskset_site.data.partial_dates import PARTIAL, is_january_or_october, says_october
from riskset_site.data.rows_where import rows_where
from riskset_site.data.site_mapping import FirstOf, MappedColumn, YearsBetween
from riskset_site.data.time_units import is_dated_event, is_event, is_whole_days
from riskset_site.data.width import in_one_width

_ROUNDING = 1e-12
"""Of a value and a step in decimals, as a part of their ratio: 3.3 / 0.1 is not quite 33."""
_EVENT_WITHOUT_DAY = Fault("event_without_day", say("data.hint.event_without_day"))
_PERHAPS_OCTOBER = Fault("perhaps_october", say("data.hint.perhaps_october"))
_ONE_MEANING = Fault("one_meaning", say("data.hint.one_meaning"))


def read_variable(name: str, rows: ExportRows) -> VariableColumn:
    """Returns the variable's values in all rows; all missing where the table lacks one of its columns."""
    variable, mapped = rows.study.variables[name], rows.site.mapped(name)
    if not set(mapped.columns) <= set(rows.table.columns):
        return absent(kind_of(name, mapped, rows), rows.table.n)
    column = _with_doubtful_months(name, read_mapped(name, mapped, rows), rows)
    where = _where(name, mapped.columns)
    if isinstance(variable, DateVariable):
        return rows.not_too_late(where, _with_days(name, column, rows))
    if rows.patients is None:
        column = event_in_full(name, column, rows)
    return allowed_numbers(where, name, variable, column, rows) if isinstance(variable, NumberVariable) else column


def _with_days(name: str, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    """Returns the dates of an event with those that are left missing for want of their day as a problem: the patient
    would be without the event."""
    mapped = rows.site.mapped(name)
    if not is_dated_event(name, rows.study) or not isinstance(mapped, MappedColumn | FirstOf):
        return column
    undated = np.zeros(rows.table.n, bool)
    for header in mapped.columns[: 1 if isinstance(mapped, MappedColumn) else None]:
        texts = rows.table.columns[header]
        undated |= rows_holding(texts, [code for code, text in enumerate(texts.texts) if is_partial(text)])
    if isinstance(mapped, MappedColumn) and mapped.where:
        undated &= rows_where(mapped.where, rows).counts
    where = _where(name, mapped.columns)
    return rows.in_rows(column, where, _EVENT_WITHOUT_DAY, undated & column.missing, has_value=False)


def _with_doubtful_months(name: str, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    """Returns the column with a warning where all its Octobers may have become Januaries, as in a file that a
    spreadsheet has saved."""
    mapped, writing = rows.site.mapped(name), writing_of(rows.site.mapped(name), rows.study.variables[name], rows)
    of_dates = isinstance(rows.study.variables[name], DateVariable) or isinstance(mapped, YearsBetween)
    if not of_dates or PARTIAL.keys().isdisjoint(writing.dates):
        return column
    warnings = []
    for header in mapped.columns:
        texts = rows.table.columns[header]
        plain = {code: in_one_width(text) for code, text in enumerate(texts.texts) if code not in texts.numbers}
        said = {*rows.site.source.missing, *getattr(mapped, "recode", ())}
        tenths = [c for c, text in plain.items() if is_january_or_october(text) and text not in said]
        if tenths and not any(map(says_october, plain.values())):
            chosen = rows_holding(texts, tenths)
            where, numbers = _where(name, (header,)), rows.table.row_numbers
            warnings.append(problem_in_rows(where, _PERHAPS_OCTOBER, numbers, chosen, texts.quoted))
    return replace(column, warnings=(*column.warnings, *warnings))


def event_in_full(name: str, column: VariableColumn, rows: ExportRows) -> VariableColumn:
    """Returns a column of events with its missing values as a problem where all others mean the same, since they may
    mean the other; not those that the site file recodes to missing. Other columns are returned as they are."""
    mapped = rows.site.mapped(name)
    if not isinstance(mapped, MappedColumn) or not is_event(name, rows.study):
        return column
    if len(np.unique(column.values[known(column.values)])) != 1:
        return column
    texts = rows.table.columns[mapped.column]
    recoded = [code for code, text in enumerate(texts.texts) if text in mapped.recode]
    unsaid = column.missing & ~rows_holding(texts, recoded)
    return rows.in_rows(column, _where(name, mapped.columns), _ONE_MEANING, unsaid, has_value=False)


def allowed_numbers(
    where: Message, name: str, variable: NumberVariable, column: VariableColumn, rows: ExportRows
) -> VariableColumn:
    """Returns the column with its values outside the study's range, and between its steps, as problems."""
    low, high = variable.range
    hint = say("data.hint.computed_range") if variable.is_derived else say("data.hint.range")
    limits = (("low", low), ("high", high))
    fault = Fault("outside_range", hint, limits)
    if variable.unit:
        fault = Fault("outside_range_in_unit", hint, (*limits, ("unit", variable.unit)))
    column = rows.in_rows(column, where, fault, (column.values < low) | (column.values > high))
    if variable.step is None:
        return column
    steps = column.values / variable.step
    between = np.abs(steps - np.rint(steps)) > np.maximum(1.0, np.abs(steps)) * _ROUNDING
    hint = say("data.hint.whole_days") if is_whole_days(name, rows.study) else say("data.hint.step")
    fault = Fault("between_steps", hint, (("step", variable.step),))
    return rows.in_rows(column, where, fault, between)


def _where(name: str, columns: tuple[str, ...]) -> Message:
    if len(columns) == 1:
        return say("data.where.variable", column=columns[0], name=name)
    return say("data.where.several_columns", columns=columns, name=name)
