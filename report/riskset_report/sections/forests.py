"""What the sections with a forest plot share: the favours below the axis, and figures before tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.design import Column
from riskset.results import ResultEntry
from riskset_report.blocks import Block, Figure, Shown, Text
from riskset_report.cells import Cell, Place
from riskset_report.figures.forest_figure import ForestFigure, IntervalCells, Told
from riskset_report.figures.forest_pages import paged
from riskset_report.figures.forest_plot import Mark
from riskset_report.not_reported import clause
from riskset_report.sections.section import Context

Blocks = Callable[[Sequence[ResultEntry], Context], Sequence[Block]]
EMPTY = Told(())


def with_figures(figures: Callable[[Sequence[ResultEntry], Context], Iterable[Figure]], blocks: Blocks) -> Blocks:
    """Returns the blocks of a section with its figures before them."""
    return lambda entries, context: [*figures(entries, context), *blocks(entries, context)]


def pages(figure: ForestFigure, context: Context) -> tuple[ForestFigure, ...]:
    """Returns the figure, or its parts where it is taller than a page."""
    return paged(figure, continued=context.say("report.forest.continued", title=figure.title))


def favours(arm: Column, context: Context) -> tuple[str, str]:
    """Returns which arm a hazard ratio below 1 favours, and which one above 1: the event is what nobody wants."""
    below, above = (context.labels.arm(arm.variable, level) for level in (arm.level, arm.reference))
    return context.say("report.forest.favours_below", arm=below), context.say("report.forest.favours_above", arm=above)


def interval(
    at: Place, mark: Mark, keys: tuple[str, str, str], level: str | None = None, error: str = ""
) -> IntervalCells:
    """Returns the interval of three quantities: estimate, or an empty text, and the limits."""
    estimate, lower, upper, of_error = (key and at.of(key, level=level).id for key in (*keys, error))
    return IntervalCells(mark, estimate, lower, upper, of_error)


def why(end: Result, cells: Sequence[Cell], context: Context) -> Text:
    """Returns why a row has no estimate, as it stands below the figure. The sentence goes with the numbers in it, which
    are those of `cells`."""
    if isinstance(end, RefusedByRule):
        finding = clause(end.message, context.language)
        return (context.say("report.forest.refused", rule=end.rule, reason=finding),)
    assert isinstance(end, NotEstimable), "a result without an estimate says why"
    text, ids = clause(end.message, context.language), tuple(cell.id for cell in cells)
    return (Shown("words", ids, text),) if ids else (text,)
