"""A report as it is printed: each block with its texts, its number and the name of its files. Renderers read no more.

Numbering and names are decided here, so that the page, Word, the files of tables and numbers.csv agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from riskset.catalogue import in_language, say
from riskset.study.load import study_hash
from riskset_report.blocks import PAGE_MM, Block, Box, Figure, Table
from riskset_report.methods.text import PrintedMethods, methods_of, printed_methods
from riskset_report.missing_numbers import FULL_STOPS
from riskset_report.printing import FigureFiles, PrintedBox, PrintedRow, PrintedTable, Printer
from riskset_report.provenance import Recorded, time_text
from riskset_report.report import Report, ReportPart
from riskset_report.symbols import is_footnote

_LONGEST_NAME = 100
_SEVERAL = 3
"""Tables of a part of which common notes are told once; below two they are nearer to the reader."""
_FIELD = "\N{BLACK SQUARE}"
"""Around the name of a value while its sentence is made; no sentence of a report has the character."""


@dataclass(frozen=True)
class NumberedFigure:
    number: int
    name: str
    """Of its files, without folder, width and extension."""
    figure: Figure
    alternative: str
    """What stands for the drawing where it cannot be seen."""

    @property
    def title(self) -> str:
        """Its caption, without a full stop."""
        return self.figure.title


@dataclass(frozen=True)
class NumberedTable:
    number: int
    name: str
    """Of its files, without folder and extension."""
    id: str
    """Of the block that it prints."""
    table: PrintedTable
    told_once: tuple[str, ...] = ()
    """Of its notes those that its part tells once for all its tables."""

    @property
    def title(self) -> str:
        return self.table.title

    @property
    def notes(self) -> tuple[str, ...]:
        """What stands below it in its part; a file of its own has the whole foot."""
        return tuple(note for note in self.table.foot if note not in self.told_once)


PrintedBlock = NumberedFigure | NumberedTable | PrintedBox


@dataclass(frozen=True)
class PrintedPart:
    """The figures and tables of one kind of analysis."""

    kind: str
    heading: str
    blocks: tuple[PrintedBlock, ...]
    notes: str = ""
    """Those of all its tables, which are told once; empty where there are none, or few tables."""


@dataclass(frozen=True)
class PrintedReport:
    """Everything that a reader sees, in order."""

    language: str
    title: str
    subject: str
    """The study's id and version."""
    ended_at: str | None
    """When the run ended, by the record; None of a rehearsal."""
    study_hash: str
    facts: tuple[tuple[str, str], ...]
    """Name and value: which study, run and sites."""
    notices: tuple[str, ...]
    parts: tuple[PrintedPart, ...]
    """Those with blocks."""
    missing: PrintedTable | None
    """Results without numbers, with status and reason; None where there are none."""
    methods: PrintedMethods
    """What was done, as the text of a paper."""

    def say(self, code: str, /, **values: Any) -> str:  # noqa: ANN401 - whatever a template prints
        """Returns the sentence of a code of the catalogue, in the report's language."""
        return say(code, **values).in_language(self.language)

    @property
    def figures(self) -> list[NumberedFigure]:
        return [block for part in self.parts for block in part.blocks if isinstance(block, NumberedFigure)]

    @property
    def tables(self) -> list[NumberedTable]:
        return [block for part in self.parts for block in part.blocks if isinstance(block, NumberedTable)]


Drawings = Mapping[str, Mapping[int, FigureFiles]]
"""The files of each figure, by its name and its width in mm, the widest first."""


def field_of(name: str) -> str:
    """Returns what stands in a sentence for a value that is put in later."""
    return f"{_FIELD}{name}{_FIELD}"


def in_fields(sentence: str) -> list[str]:
    """Returns a sentence in pieces: text, the name of a value that is put in later, text, and so on."""
    return re.split(f"{_FIELD}(\\w+){_FIELD}", sentence)


def figure_files(name: str, drawings: Mapping[int, FigureFiles]) -> dict[str, bytes]:
    """Returns the files of a figure by their path in the folder; one that is narrower than a page says so."""
    return {
        f"figures/{name}{'' if width == PAGE_MM else f'-{width}mm'}.{form}": content
        for width, files in drawings.items()
        for form, content in asdict(files).items()
    }


def printer_of(report: Report) -> Printer:
    """Returns what prints the report's cells, times in the study's unit."""
    study = report.results.study
    return Printer(report.cells, study.time.unit, study.days_per_unit, report.language, report.labels.names)


def printed_report(report: Report, printer: Printer, recorded: Recorded | None) -> PrintedReport:
    """Returns the report's texts; `recorded` is what the coordinator's record says of the run, None of a rehearsal."""
    study, numbered = report.results.study, _Numbered(printer)
    subject = printer.say("report.fact.study_version", id=study.id, version=study.version)
    parts = [_part(part, numbered) for part in report.parts if part.blocks]
    return PrintedReport(
        language=report.language,
        title=study.title_in(report.language),
        subject=subject,
        ended_at=recorded.ended_at if recorded else None,
        study_hash=study_hash(study),
        facts=((printer.say("report.fact.study"), subject), *_facts(report, printer, recorded)),
        notices=tuple(in_language(notice, report.language) for notice in report.results.notices),
        parts=tuple(parts),
        missing=_missing(report, printer),
        methods=printed_methods(methods_of(report, recorded), printer),
    )


def _part(part: ReportPart, numbered: _Numbered) -> PrintedPart:
    """Returns a part; where it has several tables, the notes that all of them have are told once, before them."""
    printer, blocks = numbered.printer, tuple(map(numbered.block, part.blocks))
    tables = [block.table for block in blocks if isinstance(block, NumberedTable)]
    if len(tables) < _SEVERAL:
        return PrintedPart(part.kind, part.heading, blocks)
    common = tuple(n for n in tables[0].foot if not is_footnote(n) and all(n in table.foot for table in tables))
    with_own = (replace(block, told_once=common) if isinstance(block, NumberedTable) else block for block in blocks)
    notes = printer.say("report.page.of_all_tables", notes=printer.sentences(common)) if common else ""
    return PrintedPart(part.kind, part.heading, tuple(with_own), notes)


def places_of(report: Report, printed: PrintedReport) -> dict[str, list[str]]:
    """Returns, for each cell that is printed, the tables and figures that show it, by the names of their files."""
    names = {table.id: f"tables/{table.name}" for table in printed.tables}
    names |= {figure.figure.id: f"figures/{figure.name}" for figure in printed.figures}
    places: dict[str, list[str]] = {}
    for part in report.parts:
        for block in (block for block in part.blocks if not isinstance(block, Box)):
            for id_ in dict.fromkeys(block.seen if isinstance(block, Figure) else block.cells):
                places.setdefault(id_, []).append(names[block.id])
    return places


@dataclass
class _Numbered:
    """Numbers blocks in the order of the page and gives each a name of its own."""

    printer: Printer
    figures: int = 0
    tables: int = 0
    _taken: set[str] = field(default_factory=set)

    def block(self, block: Block) -> PrintedBlock:
        if isinstance(block, Box):
            return self.printer.box(block)
        if isinstance(block, Table):
            self.tables += 1
            name = self._name("table", block.id.removeprefix("table "))
            return NumberedTable(self.tables, name, block.id, self.printer.table(block))
        self.figures += 1
        name = self._name("figure", block.id.removeprefix("figure "))
        alternative = self.printer.say(
            "report.caption.alternative", title=block.alt.rstrip(FULL_STOPS), file=f"figures/{name}"
        )
        return NumberedFigure(self.figures, name, block, alternative)

    def _name(self, kind: str, id_: str) -> str:
        """As `file_name`; a name that a file system may take for another one gets a number."""
        plain = file_name(id_) or kind
        name, n = plain, 1
        while f"{kind} {name}".casefold() in self._taken:
            n += 1
            name = f"{plain}-{n}"
        self._taken.add(f"{kind} {name}".casefold())
        return name


def file_name(id_: str) -> str:
    """`km/pfs/all` as `km-pfs-all`; what a file system may reject becomes an underscore."""
    return re.sub(r"[^\w.-]", "_", id_.replace("/", "-")).lstrip(".")[:_LONGEST_NAME]


def _facts(report: Report, printer: Printer, recorded: Recorded | None) -> Iterator[tuple[str, str]]:
    results, study = report.results, report.results.study
    sites = [report.labels.site(site) for site in results.sites]
    yield printer.say("report.fact.hash"), study_hash(study)
    yield printer.say("report.fact.run"), results.run
    yield printer.say("report.fact.sites", n=len(sites)), printer.say("report.between_items").join(sites)
    if not report.is_released:
        yield _opened(report, printer)
    ended = time_text(recorded.ended_at) if recorded else printer.say("report.fact.no_record")
    yield printer.say("report.fact.ended"), ended


def _opened(report: Report, printer: Printer) -> tuple[str, str]:
    """Returns how many numbers the run opened, of how many patients."""
    results = report.results
    opened = results.opened
    of = {"numbers": opened.numbers, "patients": opened.patients, "columns": opened.columns}
    later = {"before": results.opened_before} if results.opened_before else {}
    said = printer.say(f"report.opened.{'later' if later else 'first'}", **of, **later)
    return printer.say("report.fact.opened"), said


def _missing(report: Report, printer: Printer) -> PrintedTable | None:
    rows = [(ids, (printer.say(f"report.status.{status}"), printer.text(why))) for ids, status, why in report.missing]
    if not rows:
        return None
    columns = (printer.say("report.page.status"), printer.say("report.page.reason"))
    title = printer.say("report.page.not_reported")
    printed = tuple(PrintedRow(ids, cells, is_inner=False) for ids, cells in rows)
    return PrintedTable(title, columns, printed, (), is_prose=True)
