"""Tables as the report prints them: of a rehearsal they are made when one is asked for; of a run that was read they are
the files beside its results.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, Protocol

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.results import Results
from riskset_report import report_of, write_report
from riskset_report.printed import PrintedReport, file_name, printed_report, printer_of
from riskset_report.table_files import files_of_tables

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

    @cached_property
    def _files(self) -> Mapping[str, bytes]:
        return files_of_tables(self._printed)

    def write(self, folder: Path) -> list[Path]:
        """As of `Tables`; also raises it where the folder has the results of another run."""
        return write_report(report_of(self.results), folder)

    def content(self, result: str, form: Form) -> bytes:
        """As of `Tables`."""
        names = {table.id.removeprefix(_OF): table.name for table in self._printed.tables}
        if result not in names:
            hint = did_you_mean(result, names) or say("notebook.table.known", ids=tuple(names))
            raise DataError(say("notebook.table.none", id=result), hint)
        return self._files[f"tables/{names[result]}.{form}"]


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
