"""Draws the figures of a report, in several processes where there are many; `__main__` is one of them.

A process of its own, and not a pool's: a pool imports the program that calls it again, which a script does not expect.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from riskset_report.blocks import Figure
from riskset_report.cells import Cells
from riskset_report.printing import FigureFiles, Printer

WORTH_A_PROCESS: Final = 4
"""Figures that take longer to draw than a process takes to begin."""

Sizes = dict[int, FigureFiles]


@dataclass(frozen=True)
class Task:
    """A figure to draw."""

    figure: Figure
    printer: Printer
    """With the cells of this figure alone, so that it draws no other number."""

    def sizes(self) -> Sizes:
        """Returns its files by their width in mm."""
        return {width: self.figure.drawn(self.printer, width) for width in self.figure.widths}


def drawn(figures: Sequence[Figure], printer: Printer) -> list[Sizes]:
    """Returns the files of each figure by its width in mm, in the order of the figures. They are the same bytes
    whichever process draws them."""
    tasks = [Task(figure, replace(printer, cells=_own_cells(figure, printer))) for figure in figures]
    processes = max(min(os.cpu_count() or 1, len(tasks) // WORTH_A_PROCESS), 1)
    own, *others = (tasks[first::processes] for first in range(processes))
    with ThreadPoolExecutor(max(len(others), 1)) as beside:
        waiting = [beside.submit(_drawn_elsewhere, part) for part in others]
        parts = [drawn_here(own), *(one.result() for one in waiting)]
    return [parts[number % processes][number // processes] for number in range(len(tasks))]


def _own_cells(figure: Figure, printer: Printer) -> Cells:
    return Cells(printer.cells[id_] for id_ in dict.fromkeys(figure.cells))


def drawn_here(tasks: Sequence[Task]) -> list[Sizes]:
    """Returns the files of each figure, drawn in this process."""
    return [task.sizes() for task in tasks]


def _drawn_elsewhere(tasks: Sequence[Task]) -> list[Sizes]:
    """Draws in another process, or here where that fails: an error is then raised where it is understood."""
    command = [sys.executable, "-m", "riskset_report.figures"]
    try:
        done = subprocess.run(command, input=pickle.dumps(tasks), stdout=subprocess.PIPE, check=True)
        found: list[Sizes] = pickle.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, pickle.PickleError, EOFError):
        return drawn_here(tasks)
    return found
