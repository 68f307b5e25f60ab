"""The folder of a run: results.json, the report and its tables, figures and lists, all of them or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from riskset_report import page
from riskset_report.curves import curves_csv
from riskset_report.figures.drawings import drawn
from riskset_report.figures.fonts import fonts_used
from riskset_report.figures.style import text_as_paths
from riskset_report.held_back import results_without_marked
from riskset_report.in_place import PROVENANCE, RESULTS, put_in_place
from riskset_report.methods import markdown
from riskset_report.methods.strobe import checklist
from riskset_report.numbers import numbers_csv
from riskset_report.printed import figure_files, places_of, printed_report, printer_of
from riskset_report.provenance import FigureFonts, Recorded, provenance
from riskset_report.report import Report
from riskset_report.table_files import files_of_tables
from riskset_report.terms import terms_csv
from riskset_report.word import report_docx, strobe


def write_report(
    report: Report, folder: Path, recorded: Recorded | None = None, *, are_texts_paths: bool = False
) -> list[Path]:
    """Writes the whole folder of a run and returns the paths of its files, results.json first.

    `recorded` is what the coordinator's record says of the run; None of a rehearsal, which has no record.
    `are_texts_paths`: texts of figures are outlines in SVG and PDF, which then need no font. The same
    report gives the same bytes, on the same machine with the same versions and fonts. The files are put in place when
    all of them are written, and replace those of an earlier report of the same run. Raises DataError where the folder
    has the results of another run.
    """
    return put_in_place(contents_of(report, recorded, are_texts_paths=are_texts_paths), folder, report.results.run)


def contents_of(report: Report, recorded: Recorded | None, *, are_texts_paths: bool) -> dict[str, bytes]:
    """Returns the files of the folder by their path in it, provenance.json last; arguments as of `write_report`."""
    printer = printer_of(report)
    printed = printed_report(report, printer, recorded)
    with text_as_paths(are_texts_paths):
        drawings = {one.name: drawn(one.figure, printer) for one in printed.figures}
    contents = _each_once(
        {
            RESULTS: results_without_marked(report),
            page.NAME: page.page(printed, drawings).encode(),
            "numbers.csv": numbers_csv(report.cells, places_of(report, printed)),
            "terms.csv": terms_csv(report, printer),
            "curves.csv": curves_csv(report, printer),
            "report.docx": report_docx(printed, drawings),
            strobe.NAME: strobe.strobe_docx(printed, checklist(printed, report.results.study)),
            markdown.NAME: markdown.methods_md(printed.methods).encode(),
        },
        *(figure_files(name, of) for name, of in drawings.items()),
        files_of_tables(printed),
    )
    fonts = FigureFonts(fonts_used(), are_texts_paths)
    return {**contents, PROVENANCE: provenance(report, recorded, fonts, contents)}


def _each_once(*parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Returns the files of all parts; ValueError where two have one name, of which only one would be written."""
    names = Counter(name.casefold() for part in parts for name in part)
    if again := [name for name, n in names.items() if n > 1]:
        raise ValueError(f"several figures or tables have one file: {', '.join(again)}")
    return {name: content for part in parts for name, content in part.items()}
