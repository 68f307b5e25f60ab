"""Numbers of which the export itself says that they are in another unit than the study's: in the column's name, its
label, its number format, or in a column of units beside it. Warnings, since only the site knows which of the two is
right; an entry of [map] with `unit` has said it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import NumberVariable, Study
from riskset_site.data.column_reading import codes_of, rows_holding
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_mapping import FirstOf, MappedColumn
from riskset_site.data.sources.table import SourceTable
from riskset_site.data.time_units import unit_days
from riskset_site.data.time_words import time_unit
from riskset_site.data.unit_words import are_other, time_named, unit_named

_BESIDE = ("unit", "units", "단위", "단위코드", "単位")
_BETWEEN = re.compile(r"[\s_.()/-]+")
_CDISC = re.compile(r"[A-Z]{3,8}")


def unit_columns(site: SiteFile, study: Study, headers: tuple[str, ...]) -> dict[str, str]:
    """Returns for each column that is read as a number the column of the export that has the units of its rows."""
    found = {}
    for name in study.read_variables:
        for column in _number_columns(site, study, name):
            beside = unit_column(headers, column)
            if beside is not None and beside not in site.mapped(name).columns:
                found[column] = beside
    return found


def unit_column(headers: Iterable[str], column: str) -> str | None:
    """Returns the column with the units of another column's rows; None where there is none."""
    return next((header for header in headers if _is_unit_of(header, column)), None)


def units_named(texts: Iterable[str], shown_with: Iterable[str], expected: str) -> Iterator[str]:
    """Yields the units that a column's name and label, and the texts beside its numbers, have; `expected` says whether
    it is a time."""
    for text in (*texts, *(f"({text})" for text in shown_with)):
        if found := time_named(text) if time_unit(expected) else unit_named(text):
            yield found


def other_units(site: SiteFile, study: Study, table: SourceTable) -> Iterator[Problem]:
    """Yields a warning for each column of numbers that names another unit than the one in which it is read."""
    beside = unit_columns(site, study, table.headers)
    for name in study.read_variables:
        for column in _number_columns(site, study, name):
            mapped, where = site.mapped(name), say("data.where.variable", column=column, name=name)
            said = getattr(mapped, "unit", None)
            expected = said or getattr(study.variables[name], "unit", "") or _unit_of_days(name, study)
            if said is None and (found := _named(column, table, expected)):
                message = say("data.warning.other_unit", found=found, expected=expected)
                yield Problem(where, message, say("data.hint.other_unit", found=found, expected=expected))
            if column in table.columns and beside.get(column) in table.columns:
                yield from _of_rows(site, table, column, beside[column], expected)


def _number_columns(site: SiteFile, study: Study, name: str) -> tuple[str, ...]:
    """Returns the columns in which a number is, where its unit is known."""
    variable, mapped = study.variables[name], site.mapped(name)
    has_unit = isinstance(variable, NumberVariable) and (variable.unit or unit_days(name, study))
    if not has_unit or not isinstance(mapped, MappedColumn | FirstOf):
        return ()
    return (mapped.column,) if isinstance(mapped, MappedColumn) else mapped.first_of


def _unit_of_days(name: str, study: Study) -> str:
    """Returns the unit of a time that says none: an endpoint takes days."""
    days = unit_days(name, study)
    return next((unit for unit, length in DAYS_PER_UNIT.items() if length == days), "")


def _named(column: str, table: SourceTable, expected: str) -> str:
    """Returns the other unit that a column names; empty where it names none."""
    texts, beside = (column, table.labels.get(column, "")), table.shown_with.get(column, ())
    return next((one for one in units_named(texts, beside, expected) if are_other_units(one, expected)), "")


def are_other_units(found: str, expected: str) -> bool:
    """True where both are known units, of time or another, and not the same."""
    of_time = time_unit(found.removesuffix(".")), time_unit(expected)
    return of_time[0] != of_time[1] if all(of_time) else are_other(found, expected)


def _of_rows(site: SiteFile, table: SourceTable, column: str, beside: str, expected: str) -> Iterator[Problem]:
    units, numbers = table.columns[beside], table.columns[column]
    missing = ("", *site.source.missing)
    has_number: NDArray[np.bool_] = ~rows_holding(numbers, codes_of(numbers, missing))
    others = [code for code, text in enumerate(units.texts) if are_other_units(text, expected)]
    chosen = rows_holding(units, others) & has_number
    if chosen.any():
        found = dict.fromkeys(units.texts[code] for code in others)
        hint = say("data.hint.unit_beside", column=beside, expected=expected)
        fault = Fault("unit_beside", hint, (("column", beside), ("found", tuple(found)), ("expected", expected)))
        where = say("data.where.column", column=column)
        yield problem_in_rows(where, fault, table.row_numbers, chosen, units.quoted)


def _is_unit_of(header: str, column: str) -> bool:
    """True for AFP_단위 of AFP, and for the LBSTRESU and AVALU of CDISC."""
    if _CDISC.fullmatch(column) and header in (f"{column}U", f"{column.removesuffix('N')}U"):
        return True
    own, other = (_BETWEEN.sub("", text.casefold()) for text in (column, header))
    return other != own and other in {own + word for word in _BESIDE}
