"""A cohort from a table of texts in memory, whose columns have the study's own names: for a design that is tried on
rows before any site file exists. Values are read and judged as those of an export are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskset.analyses.cohort import Cohort
from riskset.catalogue import NOTHING, say
from riskset.errors import DataError
from riskset.joining.expiry import today_utc
from riskset.study.spec import Study
from riskset_site.data.cohort import cohort_of, prepared_from
from riskset_site.data.derived import with_derived
from riskset_site.data.export import Export
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.latest_day import latest_day
from riskset_site.data.site_file import SiteFile
from riskset_site.data.source_kinds import CsvSource
from riskset_site.data.sources.table import SourceTable
from riskset_site.data.variables import read_variable


def cohort_of_table(table: SourceTable, site: str, study: Study, today: date | None = None) -> Cohort:
    """Returns the site's cohort; rows keep the order of the table, each is another patient, and an empty text is
    missing. Every variable that the study requires has a column.

    Raises DataError with every problem of the values. `today` is the clock's where it is not given; no date can be
    later.
    """
    latest = latest_day(today or today_utc(), None, study.header.data_cutoff)
    rows = ExportRows(_under_own_names(site, study), study, table, latest)
    columns = with_derived({name: read_variable(name, rows) for name in study.read_variables}, rows)
    problems = tuple(problem for column in columns.values() for problem in column.problems)
    prepared = prepared_from(Export(table.row_numbers, columns, problems), study)
    if prepared.problems:
        raise DataError(say("data.cohort.does_not_fit"), NOTHING, prepared.problems)
    return cohort_of(prepared, site, study)


def _under_own_names(site: str, study: Study) -> SiteFile:
    """Returns what a site file says of columns that are named as the study's variables; there is no export."""
    return SiteFile(schema=1, study=study.id, site=site, source=CsvSource(csv=Path(), missing=("",)))
