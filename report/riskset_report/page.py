"""The report as files: one self-contained page, its figures, and numbers.csv."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from riskset.catalogue import Message, say
from riskset.private_files import create_file
from riskset.results import Results
from riskset.study.load import study_hash
from riskset_report.blocks import PAGE_MM, Block, Figure, Table
from riskset_report.cells import numbers_csv
from riskset_report.printing import FigureFiles, PrintedBox, PrintedTable, Printer
from riskset_report.report import Report
from riskset_report.table_width import pieces


def write_report(report: Report, folder: Path, *, made_at: str) -> list[Path]:
    """Writes `report.html`, `numbers.csv` and `figures/*.{svg,pdf,png}` into `folder` and returns their paths.

    `made_at` is printed unchanged. Each notice of the results is a warning at the top of the page. The files are
    renamed into place when all of them are written, and replace those of an earlier report.
    """
    study = report.results.study
    printer = Printer(report.cells, study.time.unit, study.days_per_unit, report.language)
    figures = [block for part in report.parts for block in part.blocks if isinstance(block, Figure)]
    drawn = {figure.id: _drawn(figure, number, printer) for number, figure in enumerate(figures, 1)}
    contents = {
        "report.html": _page(report, printer, drawn, made_at).encode(),
        "numbers.csv": numbers_csv(report.cells),
    }
    for figure in drawn.values():
        contents |= figure.contents
    return _write_all({folder / name: content for name, content in contents.items()})


@dataclass(frozen=True)
class _Drawn:
    """A figure with its files. `file` is their path in the report's folder, without the extension."""

    number: int
    title: str
    alt: str
    file: str
    sizes: Mapping[int, FigureFiles]
    """By width in mm, the widest first."""

    @property
    def svg(self) -> Markup:
        widest = next(iter(self.sizes.values()))
        return _inline(widest.svg.decode(), self.file, self.alt)

    @property
    def contents(self) -> dict[str, bytes]:
        """Each file with its content; a drawing that is narrower than the page says so in its name."""
        return {
            f"{self.file}{'' if width == PAGE_MM else f'-{width}mm'}.{form}": content
            for width, files in self.sizes.items()
            for form, content in asdict(files).items()
        }


def _drawn(figure: Figure, number: int, printer: Printer) -> _Drawn:
    sizes = {width: figure.drawn(printer, width) for width in figure.widths}
    return _Drawn(number, figure.title, figure.alt, f"figures/{_file_name(figure.result)}", sizes)


def _file_name(result_id: str) -> str:
    """`km/pfs/all` as `km-pfs-all`; characters that a file system may reject become underscores."""
    return re.sub(r"[^\w.-]", "_", result_id.replace("/", "-"))


def _inline(svg: str, name: str, title: str) -> Markup:
    """The drawing as an element of the page; a prefix keeps its ids distinct from those of other drawings."""
    prefix = re.sub(r"\W", "-", name)
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", element)
    return Markup(element.replace("<svg", Markup('<svg role="img" aria-label="{}"').format(title), 1))


def _page(report: Report, printer: Printer, drawn: Mapping[str, _Drawn], made_at: str) -> str:
    template = files("riskset_report").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["unbroken"] = _unbroken
    return environment.from_string(template).render(
        language=report.language,
        title=report.results.study.title_in(report.language),
        facts=_facts(report, made_at),
        notices=report.results.notices,
        parts=[(part.heading, [_printed(block, printer, drawn) for block in part.blocks]) for part in report.parts],
        not_reported=[(id_, status, printer.text(why)) for id_, status, why in report.missing],
        texts=_texts(),
    )


def _unbroken(cell: str) -> Markup:
    """A cell's pieces as elements that stay on one line."""
    first, *others = pieces(cell)
    if not others:
        return Markup.escape(first)
    return Markup(" ").join(Markup("<span>{}</span>").format(piece) for piece in (first, *others))


def _texts() -> dict[str, str]:
    link = Markup('<a href="numbers.csv">numbers.csv</a>')
    return {
        "not_reported": str(say("report.page.not_reported")),
        "would_pass": str(say("report.page.would_pass")),
        "numbers": Markup(str(say("report.page.numbers", file=link))),
        "abbreviations": str(say("report.page.abbreviations")),
    }


def _facts(report: Report, made_at: str) -> dict[str, str]:
    results, study = report.results, report.results.study
    sites = [report.labels.site(site) for site in results.sites]
    return {
        "Study": f"{study.id}, version {study.version}",
        "Study's SHA-256": study_hash(study),
        "Run": results.run,
        f"Sites ({len(sites)})": ", ".join(sites),
        "Opened by models and tables": _opened(results),
        "Made": made_at,
    }


def _opened(results: Results) -> Message:
    opened = results.opened
    of = {"numbers": opened.numbers, "patients": opened.patients, "columns": opened.columns}
    if results.opened_before:
        return say("report.opened.later", **of, before=results.opened_before)
    return say("report.opened.first", **of)


def _printed(
    block: Block, printer: Printer, drawn: Mapping[str, _Drawn]
) -> tuple[str, _Drawn | PrintedTable | PrintedBox]:
    """Returns the name of a block's macro, and its argument."""
    if isinstance(block, Figure):
        return "figure", drawn[block.id]
    if isinstance(block, Table):
        return "table", printer.table(block)
    return "box", printer.box(block)


def _write_all(contents: Mapping[Path, bytes]) -> list[Path]:
    """Writes each file under a temporary name beside its place; renames them when the last one is written."""
    waiting = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path in contents}
    try:
        for path, content in contents.items():
            create_file(waiting[path], content)
        for path, temporary in waiting.items():
            os.replace(temporary, path)
    finally:
        for temporary in waiting.values():
            temporary.unlink(missing_ok=True)
    return list(contents)
