"""Draws the figures of a report."""

from __future__ import annotations

from dataclasses import replace

from riskset_report.blocks import Figure
from riskset_report.cells import Cells
from riskset_report.printing import FigureFiles, Printer


def drawn(figure: Figure, printer: Printer) -> dict[int, FigureFiles]:
    """Returns a figure's files by its width in mm, the widest first: the same bytes for the same numbers.

    It gets the cells that it names, and no others, so that it draws no number that its cells do not tell of. Raises
    KeyError where it asks for another one.
    """
    own = replace(printer, cells=Cells(printer.cells[id_] for id_ in dict.fromkeys(figure.cells)))
    return {width: figure.drawn(own, width) for width in figure.widths}
