"""The STROBE checklist of a run: to each item, which paragraphs, tables, figures and files of the folder answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from riskset.catalogue import Message, say
from riskset.study.spec import CategoryVariable, Study
from riskset_report.methods.strobe_items import SECTIONS, Item, Topic
from riskset_report.printed import NumberedFigure, NumberedTable, PrintedReport
from riskset_report.printing import PrintedRow, PrintedTable


@dataclass(frozen=True)
class Checklist:
    """The checklist as it is printed."""

    title: str
    notes: tuple[str, ...]
    """What the pointers mean, and whose wording this is."""
    table: PrintedTable


def checklist(printed: PrintedReport, study: Study) -> Checklist:
    """Returns the checklist of a printed report, in its language."""
    columns = tuple(printed.say(f"strobe.column.{name}") for name in ("topic", "recommendation", "where"))
    rows: list[PrintedRow] = []
    for section in SECTIONS:
        rows.append(PrintedRow(printed.say(f"strobe.section.{section.code}"), (), is_inner=False))
        for topic in section.topics:
            rows += _rows(topic, printed, study)
    notes = [printed.say("strobe.note.pointers"), printed.say("strobe.note.groups"), printed.say("strobe.note.source")]
    title = printed.say("strobe.title")
    return Checklist(title, tuple(notes), PrintedTable(title, columns, tuple(rows), (), is_prose=True))


def _rows(topic: Topic, printed: PrintedReport, study: Study) -> Iterator[PrintedRow]:
    """Yields a row for each item; the first has the topic."""
    for at, item in enumerate(topic.items):
        named = "" if at else printed.say(f"strobe.topic.{topic.code}")
        recommendation = printed.say(f"strobe.item.{item.code}")
        where = _where(item, printed, study).in_language(printed.language)
        yield PrintedRow(item.number, (named, recommendation, where), is_inner=False)


def _where(item: Item, printed: PrintedReport, study: Study) -> Message:
    if not _applies(item, study):
        return say(f"strobe.not_applicable.{item.applies}")
    found = tuple(_found(item, printed))
    if not found:
        return say("strobe.authors")
    return say(f"strobe.found.{'whole' if item.is_whole else 'part'}", where=found)


def _applies(item: Item, study: Study) -> bool:
    if item.applies == "matched":
        return study.propensity is not None and bool(study.propensity.matched)
    if item.applies == "cut":
        return any(isinstance(of, CategoryVariable) and of.cut for of in study.variables.values())
    return True


def _found(item: Item, printed: PrintedReport) -> Iterator[Message]:
    """Yields the pointers: parts of the methods, tables, figures, files."""
    if headings := tuple(part.heading for part in printed.methods.parts if part.code in item.parts):
        yield say("strobe.where.methods", headings=headings)
    blocks = [block for part in printed.parts if part.kind in item.kinds for block in part.blocks]
    tables = [block.number for block in blocks if isinstance(block, NumberedTable)]
    figures = [block.number for block in blocks if isinstance(block, NumberedFigure)]
    if tables and item.only != "figures":
        yield say("strobe.where.tables", n=len(tables), numbers=ranges(tables))
    if figures:
        yield say("strobe.where.figures", n=len(figures), numbers=ranges(figures))
    for file in item.files:
        yield say(f"strobe.where.file.{file}")


def ranges(numbers: Sequence[int]) -> tuple[str, ...]:
    """Returns numbers as people list them: `3`, `5-9`."""
    runs: list[list[int]] = []
    for number in sorted({*numbers}):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return tuple(str(run[0]) if len(run) == 1 else f"{run[0]}\N{EN DASH}{run[-1]}" for run in runs)
