"""Draws which variables are missing together: a row for each variable, a column for each combination."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from riskset_report.figures.frame import Frame, Key, framed
from riskset_report.figures.style import COLOURS

_LINE = 0.28
"""Height of a line, in inches."""
_FEWEST = 16
"""Columns, so that few are no wider than many."""
_WIDEST = 10_000


@dataclass(frozen=True)
class MissingGrid:
    """Everything that is drawn or printed."""

    variables: tuple[str, ...]
    """From top to bottom."""
    patterns: tuple[tuple[frozenset[str], int], ...]
    """What is missing, and in how many rows; from left to right."""
    missing_label: str
    known_label: str
    x_label: str


def draw(plot: MissingGrid, width_mm: int) -> Figure:
    """Returns the drawing, in the fonts that are set when it is called."""
    missing: dict[str, Any] = {"facecolor": COLOURS[1], "linewidth": 0}
    known: dict[str, Any] = {"facecolor": "#E6E6E6", "linewidth": 0}
    frame = Frame(
        notices="",
        legend=(Key(plot.missing_label, bar=missing), Key(plot.known_label, bar=known)),
        x_label=plot.x_label,
        y_label="",
        x_ticks=tuple(_counts([n for _, n in plot.patterns])),
        y_ticks=plot.variables,
        footnotes=(),
    )
    made = framed(frame, width_mm, _LINE * len(plot.variables))
    height = len(plot.variables)
    made.axes.set_xlim(-0.5, max(_FEWEST, len(plot.patterns)) - 0.5)
    made.axes.set_ylim(-0.5, height - 0.5)
    for column, (blank, _) in enumerate(plot.patterns):
        for row, name in enumerate(plot.variables):
            style = missing if name in blank else known
            made.axes.bar(column, 0.84, 0.84, bottom=height - 1 - row - 0.42, **style)
    made.axes.set_xticks(range(len(plot.patterns)), frame.x_ticks)
    made.axes.set_yticks(range(height), plot.variables[::-1])
    made.axes.tick_params(length=0)
    made.axes.spines[["left", "bottom"]].set_visible(False)
    return made.figure


def _counts(counts: Sequence[int]) -> Iterator[str]:
    """Yields counts as they are printed: where one is wider than its column, all in percent."""
    if max(counts) < _WIDEST:
        yield from map(str, counts)
        return
    whole = sum(counts)
    yield from (f"{n / whole:.1%}" for n in counts)
