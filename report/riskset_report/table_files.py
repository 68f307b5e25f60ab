"""Each table of a report as files of its own: for programs, to copy from a page, and for Word."""

from __future__ import annotations

from collections.abc import Iterator

from riskset_report.csv_file import csv_file
from riskset_report.page import table_page
from riskset_report.printed import PrintedReport
from riskset_report.printing import PrintedTable
from riskset_report.word import table_documents


def files_of_tables(printed: PrintedReport) -> dict[str, bytes]:
    """Returns the files of all tables by their path in the folder."""
    files: dict[str, bytes] = {}
    for table, (name, document) in zip(printed.tables, table_documents(printed), strict=True):
        path = f"tables/{name}"
        files[f"{path}.csv"] = table_csv(table.table, printed.say("report.table.note"))
        files[f"{path}.html"] = table_page(printed, table).encode()
        files[f"{path}.docx"] = document
    return files


def table_csv(table: PrintedTable, note: str) -> bytes:
    """Returns a table's printed texts: a level has its heading in the first column and its own name in the second.
    Below the rows, each note is a row that begins with the word `note`; notes say why a number is missing."""
    return csv_file(("", "", *table.columns), _rows(table, note))


def _rows(table: PrintedTable, note: str) -> Iterator[tuple[str, ...]]:
    heading = ""
    for row in table.rows:
        if row.is_inner:
            yield heading, row.label, *row.cells
            continue
        heading = row.label
        if row.cells:
            yield row.label, "", *row.cells
    yield from ((note, text) for text in table.foot)
