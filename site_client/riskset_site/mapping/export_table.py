"""The table of an export, of whichever kind: its form, and its columns as the reader of that kind returns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from riskset.catalogue import NOTHING, say
from riskset.errors import DataError
from riskset.study.spec import Study
from riskset.visible_text import unseen
from riskset_site.data.site_source import Source
from riskset_site.data.source_kinds import SOURCES, CsvSource, ExcelSource
from riskset_site.data.source_systems import RedcapSource
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.database import DUCKDB, SQLITE
from riskset_site.data.sources.reading import read_source
from riskset_site.data.sources.table import SourceTable
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.contents import known_names, known_words
from riskset_site.mapping.first_look import (
    EncodingCandidate,
    RawRow,
    check_encoding,
    csv_rows,
    delimiter_of,
    encodings_of,
    first_and_last,
)
from riskset_site.mapping.layout import TITLES, is_of_a_patient, known_in, proposed_footer, proposed_header
from riskset_site.mapping.proposal import TableProposal
from riskset_site.mapping.redcap_export import RedcapProject, redcap_project

KINDS: Final = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".mer": "csv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
    ".parquet": "parquet",
    ".feather": "feather",
    ".sas7bdat": "sas",
    ".xpt": "sas",
    ".sav": "spss",
    ".zsav": "spss",
    ".dta": "stata",
}
_DATABASES: Final = {
    ".duckdb": DUCKDB,
    ".ddb": DUCKDB,
    ".sqlite": SQLITE,
    ".sqlite3": SQLITE,
}
"""Files of which a query reads the rows, by their suffixes."""
_WITH_LABELS = ("spss", "stata")


class Table:
    """The columns of an export, as their reader returns them."""

    def __init__(self, source: SourceTable, project: RedcapProject | None = None) -> None:
        self.headers = source.headers
        self.labels: Mapping[str, str] = {**source.labels, **(project.labels if project else {})}
        """By column what the file or REDCap's dictionary says of it: of a checkbox its choice."""
        self.shown_with = source.shown_with
        """By column the texts that a workbook shows beside its numbers."""
        self.field_labels: Mapping[str, str] = project.field_labels if project else {}
        """By field of REDCap."""
        self.alike_sheets = source.alike_sheets
        """Other sheets with the same columns."""
        self.n = source.n
        self.counts_from_1904 = source.counts_from_1904
        self._columns = source.columns
        self._counted: dict[str, dict[str, int]] = {}

    def called(self, header: str) -> tuple[str, ...]:
        """Returns the column's name and, where there is one, its label: either may be one of the field's words."""
        return (header, self.labels[header]) if self.labels.get(header) else (header,)

    def texts(self, header: str) -> list[str]:
        """Returns the column's text in every row."""
        column = self._columns[header]
        return [column.texts[code] for code in column.codes]

    def counts(self, header: str) -> dict[str, int]:
        """Returns the column's texts with the number of their rows, the most frequent first."""
        if header not in self._counted:
            column, found = self._columns[header], dict[str, int]()
            for text, rows in zip(column.texts, np.bincount(column.codes, minlength=len(column.texts)), strict=True):
                if rows:
                    found[text] = found.get(text, 0) + int(rows)
            self._counted[header] = dict(sorted(found.items(), key=lambda item: -item[1]))
        return self._counted[header]


@dataclass(frozen=True)
class _Form:
    """What was found of the form of an export, besides its path."""

    keys: Mapping[str, Any]
    """Of [source]."""
    encodings: tuple[EncodingCandidate, ...] = ()
    sheets: tuple[str, ...] = ()
    project: RedcapProject | None = None
    left_out: tuple[RawRow, ...] = ()


class ExportFile:
    """An export, which is read once for each form that somebody tries."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[tuple[str, ...], tuple[TableProposal, Table]] = {}

    def table(self, study: Study, answers: Answers) -> tuple[TableProposal, Table]:
        """Returns the form of the export and its table. Raises DataError where it cannot be read."""
        of_table = ("encoding", "dictionary", "delimiter", "sheet", "header", "footer")
        said = tuple(str(getattr(answers, name)) for name in of_table)
        if said not in self._read:
            self._read[said] = _table(self.path, known_words(study), known_names(study), answers)
        return self._read[said]


def _table(export: Path, words: frozenset[str], names: frozenset[str], answers: Answers) -> tuple[TableProposal, Table]:
    """`words` are plain words by which an encoding is known, `names` those of columns."""
    if unseen(export.name):
        raise DataError(say("site.map.unseen_name", file=export.name), say("site.map.unseen_name_hint"))
    kind = KINDS.get(export.suffix.lower())
    if export.suffix.lower() in _DATABASES:
        hint = say("site.map.query_it", address=_DATABASES[export.suffix.lower()] + export.name)
        raise DataError(say("site.map.a_database", file=export.name), hint)
    if kind is None:
        hint = say("site.map.known_kinds", kinds=tuple(KINDS))
        raise DataError(say("site.map.unknown_kind", file=export.name), hint)
    try:
        form = _form(kind, export, words, names, answers)
        kind = "redcap" if form.project else kind
        source: Source = SOURCES[kind].model_validate({kind: str(export), **form.keys})
        table = Table(read_source(source, (), (), every=True), form.project)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        hint = say("data.export.close_excel") if isinstance(error, PermissionError) else NOTHING
        raise DataError(say("data.export.cannot_read", file=str(export), reason=reason), hint) from None
    return _described(kind, form, table, source, answers), table


def _described(kind: str, form: _Form, table: Table, source: Source, answers: Answers) -> TableProposal:
    header, footer = (source.header, source.footer) if isinstance(source, CsvSource | ExcelSource) else ((), 0)
    return TableProposal(
        kind=kind,
        keys=form.keys,
        encodings=form.encodings,
        encoding=source.encoding if isinstance(source, CsvSource | RedcapSource) else "",
        is_encoding_answered=answers.encoding is not None,
        sheets=form.sheets,
        sheet=form.keys.get("sheet", ""),
        alike_sheets=tuple(table.alike_sheets),
        header=header,
        footer=footer,
        left_out=tuple(" ".join(filter(None, row.fields)) for row in form.left_out),
        headers=table.headers,
        rows=table.n,
    )


def _form(kind: str, export: Path, words: frozenset[str], names: frozenset[str], answers: Answers) -> _Form:
    if kind == "csv":
        return _csv_form(export, words, names, answers)
    if kind == "excel":
        return _excel_form(export, names, answers)
    return _Form({"labels": True} if kind in _WITH_LABELS else {})


def _csv_form(export: Path, words: frozenset[str], names: frozenset[str], answers: Answers) -> _Form:
    encodings = encodings_of(export, words, answers.encoding)
    encoding = answers.encoding or encodings[0].encoding
    check_encoding(encoding, encodings)
    if (project := redcap_project(export, answers.dictionary, encoding)) is not None:
        return _Form(_of_redcap(project, encoding), encodings, project=project)
    said = CsvForm(encoding).said_delimiter(export)
    delimiter = answers.delimiter or said or delimiter_of(export, encoding)
    rows = csv_rows(export, CsvForm(encoding, delimiter), encodings)
    keys: dict[str, Any] = {"encoding": encoding} if encoding != "utf-8-sig" else {}
    if delimiter not in (said, ","):
        keys["delimiter"] = delimiter
    of_rows, left_out = _rows(rows, names, answers)
    return _Form({**keys, **of_rows}, encodings, left_out=left_out)


def _of_redcap(project: RedcapProject, encoding: str) -> dict[str, Any]:
    """Returns what [source] says of an export of REDCap: choices are read as their labels, which people know."""
    keys: dict[str, Any] = {"dictionary": project.path, "labels": True}
    keys |= {"holds": project.holds} if project.holds != "codes" else {}
    return keys | ({"encoding": encoding} if encoding != "utf-8-sig" else {})


def _rows(
    rows: tuple[RawRow, ...], names: frozenset[str], answers: Answers
) -> tuple[dict[str, Any], tuple[RawRow, ...]]:
    """Returns `header` and `footer` where they are not the defaults, and the rows of the footer."""
    header = answers.header or proposed_header(rows, names)
    if is_of_a_patient(rows, header, names):
        raise DataError(say("data.export.patient_as_names"), say("data.export.with_names"))
    below = [row for row in rows if row.number > max(header)]
    left_out = proposed_footer(rows, header)
    if answers.footer is not None:
        left_out = tuple(below[len(below) - answers.footer :]) if answers.footer else ()
    keys: dict[str, Any] = {} if header == (1,) else {"header": list(header) if len(header) > 1 else header[0]}
    footer = len(left_out) if answers.footer is None else answers.footer
    return keys | ({"footer": footer} if footer else {}), left_out


def _excel_form(export: Path, names: frozenset[str], answers: Answers) -> _Form:
    from riskset_site.data.sources.workbook import read_sheet  # openpyxl and xlrd are loaded for workbooks alone

    sheets = _sheets(export)
    best, found = "", tuple[RawRow, ...]()
    for name in [answers.sheet] if answers.sheet else sheets or [None]:
        sheet = read_sheet(export, name)
        rows = first_and_last(iter([sheet.texts(row) for row in range(len(sheet.rows))]))
        if not found or _known(rows, names) > _known(found, names):
            best, found = name or "", rows
    keys, left_out = _rows(found, names, answers)
    return _Form(({"sheet": best} if len(sheets) > 1 or answers.sheet else {}) | keys, (), sheets, None, left_out)


def _known(rows: tuple[RawRow, ...], names: frozenset[str]) -> int:
    """Returns the most names of columns that one of the first rows has."""
    return max((known_in(row, names) for row in rows[:TITLES]), default=0)


def _sheets(export: Path) -> tuple[str, ...]:
    """Returns the names of the sheets where several have rows."""
    from riskset_site.data.sources.workbook import read_sheet

    try:
        read_sheet(export, None)
    except DataError as error:
        for problem in error.problems:
            if problem.message.code == "data.source.several_sheets":
                return tuple(dict(problem.hint.values)["names"])
        raise
    return ()
