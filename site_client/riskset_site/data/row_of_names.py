"""Whether the row of the column names is a patient's: an export without names loses its first patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.spec import DateVariable
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.faults import Unreadable
from riskset_site.data.mapped_forms import writing_of
from riskset_site.data.site_mapping import DateWhere, YearsBetween
from riskset_site.data.value_kinds import date_kind

_SHOWN = 12


def patient_as_names(rows: ExportRows) -> Iterator[Problem]:
    """Yields a problem where a column of dates has a date for its name."""
    for name, variable in rows.study.read_variables.items():
        read = date_kind(writing_of(rows.site.mapped(name), variable, rows)).read
        for header in _of_dates(name, rows):
            with suppress(Unreadable):
                read(header)
                detail = say("data.detail.header", names=rows.table.headers[:_SHOWN])
                where = say("data.where.export", file=rows.site.source.path.name)
                yield Problem(where, say("data.export.patient_as_names"), say("data.export.with_names"), detail=detail)
                return


def _of_dates(name: str, rows: ExportRows) -> tuple[str, ...]:
    """Returns the columns that are read as dates."""
    mapped = rows.site.mapped(name)
    if isinstance(mapped, YearsBetween):
        return mapped.years_between
    if isinstance(mapped, DateWhere):
        return (mapped.date,)
    return mapped.columns if isinstance(rows.study.variables[name], DateVariable) else ()
