"""From `[source]` of a site file to the table of texts that its reader returns."""

from __future__ import annotations

from collections.abc import Collection

from riskset.catalogue import say
from riskset.errors import DataError
from riskset_site.data.site_source import Source
from riskset_site.data.source_kinds import (
    CsvSource,
    ExcelSource,
    FeatherSource,
    ParquetSource,
    SasSource,
    SpssSource,
    StataSource,
)
from riskset_site.data.source_systems import DatabaseSource, OmopSource, RedcapSource
from riskset_site.data.sources.csv import read_csv, refuse_other_header
from riskset_site.data.sources.instants import days_of_texts, told_of_one_time
from riskset_site.data.sources.table import SourceTable


def read_source(
    source: Source, required: Collection[str], optional: Collection[str], *, every: bool = False
) -> SourceTable:
    """Returns the columns of `required` and `optional` that the export has; with `every`, all that it has.

    Raises DataError: with problems where the export is not a table, without where it cannot be opened; and OSError.
    """
    try:
        return _read(source, required, optional, every)
    except ModuleNotFoundError as missing:
        hint = say("cli.install_extra", extra=source.extra)
        raise DataError(say("data.source.needs_package", package=str(missing.name)), hint) from None


def _read(source: Source, required: Collection[str], optional: Collection[str], every: bool) -> SourceTable:
    asked = [*required, *optional]
    match source:  # each library is imported where an export of its kind is read
        case CsvSource():
            table = read_csv(source.path, source.text_form, required, optional, every=every)
            if len(set(required) & set(table.headers)) * 2 <= len(set(required)):
                refuse_other_header(source.path, source.text_form, required)
            return days_of_texts(told_of_one_time(table, asked), source.zone, asked)
        case ExcelSource():
            from riskset_site.data.sources.excel import read_excel

            how = (source.sheet, source.header, source.footer, source.missing)
            table = read_excel(source.path, *how, required, optional, every=every)
            return days_of_texts(told_of_one_time(table, asked), source.zone, asked)
        case ParquetSource():
            from riskset_site.data.sources.arrow import read_parquet

            table = read_parquet(source.path, required, optional, every=every, zone=source.zone)
            return days_of_texts(table, source.zone, asked)
        case FeatherSource():
            from riskset_site.data.sources.arrow import read_feather

            table = read_feather(source.path, required, optional, every=every, zone=source.zone)
            return days_of_texts(table, source.zone, asked)
        case SasSource() | SpssSource() | StataSource():
            from riskset_site.data.sources.statistics_files import read_statistics_file

            labels = not isinstance(source, SasSource) and source.labels
            read = read_statistics_file
            return read(source.kind, source.path, source.encoding, labels, required, optional, every=every)
        case DatabaseSource():
            from riskset_site.data.sources.database import read_database

            where = (source.path, source.address, source.query)
            zone = source.zone
            table = read_database(*where, required, optional, every=every, zone=zone, dates=source.dates)
            return days_of_texts(table, zone, asked)
        case OmopSource():
            from riskset_site.data.sources.omop import read_omop

            return read_omop(source.path, source.cdm, required, optional, every=every)
        case RedcapSource():
            from riskset_site.data.sources.redcap import read_redcap_api, read_redcap_file

            form = source.text_form
            if form is None or source.dictionary is None:
                return read_redcap_api(source.path, source.redcap, source.how, required, optional)
            return read_redcap_file(source.path, source.dictionary, form, source.how, required, optional, every=every)
    raise TypeError(type(source).__name__)
