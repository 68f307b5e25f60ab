"""Tables as the report prints them: of a rehearsal they are made when one is asked for; of a run that was read they are
the files beside its results.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, Protocol

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.results import Results
from riskset_report import report_of, write_report
from riskset_report.page import caption, table_page
from riskset_report.printed import NumberedTable, PrintedReport, file_name, printed_report, printer_of
from riskset_report.table_files import table_csv
from riskset_report.word import table_docx

Form = Literal["docx", "html", "csv"]
_OF: Final = "table "
"""Before a result's id, in the id of the table that is its own."""


class Tables(Protocol):
    """Where the tables of a run are."""

    def content(self, result: str, form: Form) -> bytes:
        """Returns the file of the result's own table. Raises DataError where there is none."""
        ...

    def write(self, folder: Path) -> list[Path]:
        """Writes the folder of the run, and returns the paths of its files. Raises DataError where it is read from
        one."""
        ...


@dataclass(frozen=True)
class TablesOfResults:
    """The tables of typed results."""

    results: Results

    @cached_property
    def _printed(self) -> PrintedReport:
        report = report_of(self.results)
        return printed_report(report, printer_of(report), None)

    def write(self, folder: Path) -> list[Path]:
        """As of `Tables`; also raises it where the folder has the results of another run."""
        return write_report(report_of(self.results), folder)

    def content(self, result: str, form: Form) -> bytes:
        """As of `Tables`."""
        tables = {table.id.removeprefix(_OF): table for table in self._printed.tables}
        if result not in tables:
            hint = did_you_mean(result, tables) or say("notebook.table.known", ids=tuple(tables))
            raise DataError(say("notebook.table.none", id=result), hint)
        write: Mapping[Form, Callable[[NumberedTable], bytes]] = {
            "docx": lambda table: table_docx(self._printed, table),
            "html": lambda table: table_page(table.table, caption(table)).encode(),
            "csv": lambda table: table_csv(table.table),
        }
        return write[form](tables[result])


@dataclass(frozen=True)
class TablesInFolder:
    """The tables of a report in the folder of a run."""

    folder: Path

    def write(self, folder: Path) -> list[Path]:
        """As of `Tables`: raises DataError."""
        raise DataError(say("notebook.run.written", folder=str(self.folder)), say("notebook.run.copy_it"))

    def content(self, result: str, form: Form) -> bytes:
        """As of `Tables`."""
        path = self.folder / "tables" / f"{file_name(result)}.{form}"
        try:
            return path.read_bytes()
        except OSError:
            there = tuple(sorted(file.name for file in path.parent.glob(f"*.{form}")))
            hint = say("notebook.table.files", files=there) if there else say("notebook.table.write_report")
            raise DataError(say("notebook.table.no_file", id=result, file=str(path)), hint) from None
