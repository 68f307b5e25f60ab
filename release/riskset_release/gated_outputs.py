"""The outputs of a gated run: each table, figure and text, with what the gate found and what a reader could compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import Final

from riskset.catalogue import Message, say
from riskset_release.asked import asked_of, asked_with
from riskset_release.changes import Changes
from riskset_release.count_in_words import count_in_words
from riskset_release.gate.earlier import Earlier
from riskset_release.gate.gated import CHANGED, FEW, FOLLOWS, NOT_KNOWN, NOT_PUBLISHED, SMALL, Gated
from riskset_release.gate.reader import NotSolved, range_of
from riskset_release.outputs import Output, OutputKind, Verdict
from riskset_report.blocks import cells_in
from riskset_report.figures.drawings import drawn
from riskset_report.methods import markdown, methods_of
from riskset_report.page import table_page
from riskset_report.printed import (
    NumberedTable,
    PrintedReport,
    figure_files,
    places_of,
    printed_report,
    printer_of,
)
from riskset_report.printing import PrintedBox, Printer
from riskset_report.provenance import Recorded
from riskset_report.table_files import files_of_tables

METHODS: Final = "text-methods"
_WHY: Final = (SMALL, FOLLOWS, FEW, CHANGED, NOT_PUBLISHED, NOT_KNOWN)
_MOST_TOLD: Final = 12
"""The most ranges that are listed for one output; the others are counted."""


def outputs_of(
    gated: Gated, recorded: Recorded, language: str | None = None, earlier: Sequence[Earlier] = ()
) -> list[Output]:
    """Returns what may be published of a run, in the order of the report; every file is made of the gated cells."""
    report = gated.report(language=language)
    printer = printer_of(report)
    printed = printed_report(report, printer, recorded)
    places = places_of(report, printed)
    of_tables, changes, found = files_of_tables(printed), Changes(gated.exact, earlier), list[Output]()
    study = gated.results.study
    for block in [block for part in printed.parts for block in part.blocks]:
        if isinstance(block, PrintedBox):
            continue
        kind: OutputKind = "table" if isinstance(block, NumberedTable) else "figure"
        path = f"{kind}s/{block.name}"
        if isinstance(block, NumberedTable):
            files = {name: content for name, content in of_tables.items() if name.rpartition(".")[0] == path}
            of_block, html = block.id, _body(table_page(printed, block))
        else:
            files = figure_files(block.name, drawn(block.figure, printer))
            of_block, html = block.figure.id, drawing_html(files[f"{path}.svg"], block.figure.alt)
        cells = [cell for cell, names in places.items() if path in names]
        asked, of = asked_with(study, of_block, block.title), asked_of(study, of_block)
        title = f"{printer.say(f'report.caption.{kind}', number=block.number)} {block.title}"
        output = Output(f"{kind}-{block.name}", kind, title, asked, html, files, asked_of=of)
        found.append(_judged(gated, cells, changes, output))
    methods = _methods(printed, printer)
    paragraphs = (text for part in methods_of(report, recorded).parts for text in part.paragraphs)
    return [*found, with_shown(methods, gated, cells_in(*paragraphs))]


def _methods(printed: PrintedReport, printer: Printer) -> Output:
    text = markdown.methods_md(printed.methods).encode()
    title, html = printer.say("release.methods"), f"<pre>{_escaped(text)}</pre>"
    return Output(METHODS, "text", title, say("release.asked.methods"), html, {markdown.NAME: text})


def _judged(gated: Gated, cells: Sequence[str], changes: Changes, output: Output) -> Output:
    """Returns an output with what the gate found, what a reader could compute, and what has changed."""
    verdicts, told = verdicts_of(gated, cells), _told(gated, cells)
    judged = replace(output, verdicts=verdicts, told=told, changed=[*changes.of(cells)])
    return with_shown(judged, gated, cells)


def with_shown(output: Output, gated: Gated, cells: Iterable[str]) -> Output:
    """Returns an output that names the counts, and the results, of which its cells show something."""
    shown = [id_ for id_ in cells if id_ not in gated.held_back]
    counts = frozenset(id_ for id_ in shown if id_ in gated.counted.cells or id_ in gated.counted.tells)
    return replace(output, counts=counts, results=frozenset(gated.cells[id_].place.result for id_ in shown))


def verdicts_of(gated: Gated, cells: Sequence[str]) -> list[Verdict]:
    """Returns for each reason how many of the numbers of an output are held back for it."""
    n = Counter(gated.held_back[cell] for cell in cells if cell in gated.held_back)
    shown = len(cells) - n.total()
    verdicts = [Verdict(_rule("release"), say("release.found.shown", n=shown), passes=True)]
    held_back = [Verdict(_rule(why), _found(why, n[why]), passes=False) for why in _WHY if n[why]]
    return [*verdicts, *held_back]


def _rule(name: str) -> Message:
    return say(f"release.rule.{name}")


def _found(why: str, n: int) -> Message:
    return {
        SMALL: say("release.found.small", n=n),
        FOLLOWS: say("release.found.follows", n=n),
        FEW: say("release.found.few", n=n),
        CHANGED: say("release.found.changed", n=n),
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
        count = count_in_words(gated.counted.counts[name], gated.results.study)
        try:
            of = range_of(system, name, known, largest, least)
        except NotSolved:
            yield say("release.told.unknown", count=count)
            continue
        yield say("release.told.range", count=count, least=of.least, largest=min(of.largest, largest))


def _body(page: str) -> str:
    return page.partition("<body>")[2].partition("</body>")[0]


def drawing_html(svg: bytes, alternative: str) -> str:
    """Returns a drawing as a page has it, with its text for readers who cannot see it."""
    text = svg.decode()
    label = _escaped(alternative.encode())
    return text[text.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _escaped(text: bytes) -> str:
    return escape(text.decode())
