"""From `[source]` of a site file to the table of texts that its reader returns."""

from __future__ import annotations

from collections.abc import Collection

from riskset_site.data.site_source import CsvSource, ExcelSource, Source
from riskset_site.data.sources.csv import read_csv, refuse_other_header
from riskset_site.data.sources.table import SourceTable


def read_source(
    source: Source, required: Collection[str], optional: Collection[str], *, every: bool = False
) -> SourceTable:
    """Returns the columns of `required` and `optional` that the export has; with `every`, all that it has.

    Raises DataError: with problems where the export is not a table, without where it cannot be opened; and OSError.
    """
    match source:
        case CsvSource():
            table = read_csv(source.path, source.text_form, required, optional, every=every)
            if not set(required) & set(table.headers):
                refuse_other_header(source.path, source.text_form, required)
            return table
        case ExcelSource():
            from riskset_site.data.sources.excel import read_excel  # openpyxl takes a while to import

            how = (source.sheet, source.header, source.footer, source.missing)
            return read_excel(source.path, *how, required, optional, every=every)
    raise TypeError(type(source).__name__)
