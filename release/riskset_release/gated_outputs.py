"""The outputs of a gated run: each table, figure and text, with what the gate found and what a reader could compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from riskset.catalogue import Message, say
from riskset_release.gate.gated import FEW, FOLLOWS, NOT_KNOWN, NOT_PUBLISHED, SMALL, Gated
from riskset_release.gate.reader import NotSolved, range_of
from riskset_release.outputs import Output, Verdict
from riskset_report.figures.drawings import drawn
from riskset_report.methods import markdown
from riskset_report.page import table_page
from riskset_report.printed import NumberedFigure, NumberedTable, figure_files, places_of, printed_report, printer_of
from riskset_report.provenance import Recorded
from riskset_report.table_files import files_of_tables

METHODS: Final = "text-methods"
_WHY: Final = (SMALL, FOLLOWS, FEW, NOT_PUBLISHED, NOT_KNOWN)
_MOST_TOLD: Final = 12
"""The most ranges that are listed for one output; the others are counted."""


def outputs_of(gated: Gated, recorded: Recorded, language: str | None = None) -> list[Output]:
    """Returns what may be published of a run, in the order of the report; every file is made of the gated cells."""
    report = gated.report(language=language)
    printer = printer_of(report)
    printed = printed_report(report, printer, recorded)
    places = places_of(report, printed)
    of_tables = files_of_tables(printed)
    found = []
    for block in [block for part in printed.parts for block in part.blocks]:
        if isinstance(block, NumberedTable):
            path = f"tables/{block.name}"
            files = {name: content for name, content in of_tables.items() if name.rpartition(".")[0] == path}
            html = _body(table_page(printed, block))
            id_, kind = f"table-{block.name}", "table"
        elif isinstance(block, NumberedFigure):
            path = f"figures/{block.name}"
            files = figure_files(block.name, drawn(block.figure, printer))
            html = _drawing(files[f"{path}.svg"], block.alternative)
            id_, kind = f"figure-{block.name}", "figure"
        else:
            continue
        cells = [cell for cell, names in places.items() if path in names]
        verdicts, told = _verdicts(gated, cells), _told(gated, cells)
        asked = str(say("release.asked", title=block.title))
        title = f"{printer.say(f'report.caption.{kind}', number=block.number)} {block.title}"
        found.append(Output(id_, kind, title, asked, html, files, verdicts, told))  # type: ignore[arg-type]
    text = markdown.methods_md(printed.methods).encode()
    title = printer.say("release.methods")
    found.append(Output(METHODS, "text", title, title, f"<pre>{_escaped(text)}</pre>", {markdown.NAME: text}))
    return found


def _verdicts(gated: Gated, cells: Sequence[str]) -> list[Verdict]:
    """Returns for each reason how many of the numbers of an output are held back for it."""
    n = Counter(gated.held_back[cell] for cell in cells if cell in gated.held_back)
    shown = len(cells) - n.total()
    verdicts = [Verdict("release", say("release.found.shown", n=shown), passes=True)]
    held_back = [Verdict(why.replace("_", " "), _found(why, n[why]), passes=False) for why in _WHY if n[why]]
    return [*verdicts, *held_back]


def _found(why: str, n: int) -> Message:
    return {
        SMALL: say("release.found.small", n=n),
        FOLLOWS: say("release.found.follows", n=n),
        FEW: say("release.found.few", n=n),
        NOT_PUBLISHED: say("release.found.not_published", n=n),
        NOT_KNOWN: say("release.found.not_known", n=n),
    }[why]


def _told(gated: Gated, cells: Sequence[str]) -> list[Message]:
    """Returns what a reader of everything can say of the counts of an output that are held back."""
    counts = dict.fromkeys(
        gated.counted.cells[cell]
        for cell in cells
        if gated.held_back.get(cell) == SMALL and cell in gated.counted.cells
    )
    told = list(_ranges(gated, list(counts)[:_MOST_TOLD]))
    if len(counts) > _MOST_TOLD:
        told.append(say("release.told.more", n=len(counts) - _MOST_TOLD))
    return told or [say("release.told.nothing")]


def _ranges(gated: Gated, counts: Sequence[str]) -> Iterator[Message]:
    system, least = gated.counted.system, gated.results.study.disclosure.min_cell
    known = system.printed - gated.pattern.held_back
    largest = max(system.values.values(), default=0) + 2 * least
    for name in counts:
        try:
            of = range_of(system, name, known, largest, least)
        except NotSolved:
            yield say("release.told.unknown", count=name)
            continue
        yield say("release.told.range", count=name, least=of.least, largest=min(of.largest, largest))


def _body(page: str) -> str:
    return page.partition("<body>")[2].partition("</body>")[0]


def _drawing(svg: bytes, alternative: str) -> str:
    text = svg.decode()
    label = _escaped(alternative.encode())
    return text[text.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _escaped(text: bytes) -> str:
    return escape(text.decode())
