"""What a section of the report is, one for each kind of analysis; and the section of a kind that brings none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from riskset.analyses.analysis import LEVEL
from riskset.catalogue import ENGLISH, say
from riskset.results import ResultEntry, Results
from riskset_report.blocks import Block, Format, Row, Shown, Table, Text, Why, worded
from riskset_report.cells import Cells, Place
from riskset_report.labels import Labels
from riskset_report.missing_numbers import sentence
from riskset_report.not_reported import not_reported
from riskset_report.notation import Words
from riskset_report.sections.analysed import analysed_notes
from riskset_report.sentences import beside


@dataclass(frozen=True)
class Context:
    """What a section may use besides the entries of its kind."""

    results: Results
    labels: Labels
    cells: Cells
    """The numbers. A section refers to cells and prints none: their values may be replaced before printing."""
    language: str = ENGLISH
    """In which the report is built."""
    is_released: bool = False
    """Whether it is of what is published: curves that the release gate made, with two digits."""
    has_exact_curves: bool = False
    """Whether a curve of what is published has its exact steps, as an exception that was signed for."""

    @property
    def words(self) -> Words:
        return Words(self.language)

    @property
    def notices(self) -> str:
        """Returns what a reader must know first, in the report's language."""
        return beside(self.results.notices, self.language)

    @property
    def probability(self) -> Format:
        """How a point of a curve is printed."""
        return "whole_percent_with_limits" if self.is_released else "percent_with_limits"

    def released_curves(self) -> tuple[Text, ...]:
        """Returns what a figure of released curves must say; nothing of others."""
        if self.has_exact_curves:
            return (self.worded("report.figure.exact"),)
        least = self.results.study.disclosure.min_cell
        return (self.worded("report.figure.released", n=least),) if self.is_released else ()

    @property
    def interval(self) -> str:
        """Returns `95% CI`."""
        return self.words.confidence(LEVEL)

    def units(self, n: float = 2) -> str:
        """Returns the study's unit of time as it is counted: `months`, `month` for 1."""
        return self.say(f"report.unit.{self.results.study.time.unit}", n=n)

    def say(self, code: str, /, **values: Any) -> str:  # noqa: ANN401 - whatever a template prints
        """Returns the sentence of a code of the catalogue, in the report's language."""
        return say(code, **values).in_language(self.language)

    def worded(self, code: str, /, **values: Any) -> Text:  # noqa: ANN401 - whatever a template prints
        """Returns the same as pieces, where a value may be `Shown`."""
        return worded(say(code, **values), self.language)

    def because(self, reason: Mapping[str, Any] | None) -> Text:
        """Returns the footnote of a reason of results.json, in the report's language; nothing without one."""
        if not reason:
            return ()
        return (Why((sentence(reason.get("rule", ""), reason["message"], self.language),)),)

    def explained(self, row: Row) -> Row:
        """Returns a row in which a footnote says of each missing number why it is missing."""
        return replace(row, cells=tuple((*text, *self._whys(text)) for text in row.cells))

    def _whys(self, text: Text) -> Text:
        """The reason of the first number that is missing; the footnote gives it away, and so refers to it."""
        ids = (id_ for piece in text if isinstance(piece, Shown) for id_ in piece.cells)
        missing = [self.cells[id_] for id_ in ids if self.cells[id_].value is None]
        if not missing:
            return ()
        why = sentence(missing[0].rule, missing[0].message, self.language)
        return (Why((Shown("words", tuple(cell.id for cell in missing), why),)),)


@dataclass(frozen=True)
class Section:
    """How a kind of analysis is reported."""

    heading: str
    """A message, which is printed in the report's language; or a text as it is."""
    blocks: Callable[[Sequence[ResultEntry], Context], Sequence[Block]]
    """Takes the entries of the kind in the study's order; returns figures, tables and boxes in the page's order."""


def own_title(title: str, entry: ResultEntry, context: Context) -> str:
    """Returns a title, with the analysis' name if another analysis of this kind has the same patients."""
    names = {other.analysis.name for other in context.results.entries if _asks_about(other) == _asks_about(entry)}
    return context.say("report.caption.named", title=title, name=entry.analysis.name) if len(names) > 1 else title


def _asks_about(entry: ResultEntry) -> tuple[str, str | None, str]:
    return entry.kind, entry.analysis.endpoint, entry.analysis.population


def tabulated(
    table: Callable[[ResultEntry, Context], Table], title: Callable[[ResultEntry, Context], str]
) -> Callable[[Sequence[ResultEntry], Context], Sequence[Block]]:
    """Returns the blocks of a section that has one table for each result, then a box for each without numbers."""

    def blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
        tables = [table(entry, context) for entry in entries if entry.status == "ok"]
        return [*tables, *(not_reported(e, title(e, context), context) for e in entries if e.status != "ok")]

    return blocks


def plain_section(kind: str) -> Section:
    """Returns a section, with the kind's name as heading, that prints all numbers of each result in a table."""
    return Section(kind, tabulated(_plain_table, lambda entry, context: entry.id))


def _plain_table(entry: ResultEntry, context: Context) -> Table:
    rows = tuple(
        Row(_label(cell.place, context), ((Shown("digits", (cell.id,)),),)) for cell in context.cells.of(entry.id)
    )
    notes = analysed_notes(entry, context)
    return Table(
        id=f"table {entry.id}",
        title=entry.id,
        columns=(context.say("report.plain.value"),),
        rows=rows,
        notes=tuple(notes),
    )


def _label(place: Place, context: Context) -> str:
    """`arms.n, arm: new, day 14`."""
    named = [": ".join(filter(None, (place.variable, place.level)))]
    return ", ".join(
        filter(None, (place.quantity, *named, context.say("report.plain.day", day=place.day) if place.day else ""))
    )
