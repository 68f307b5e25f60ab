"""What a section of the report is: one for each kind of analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from riskset.results import ResultEntry, Results
from riskset_server.report.blocks import Block
from riskset_server.report.cells import Cells
from riskset_server.report.labels import Labels


@dataclass(frozen=True)
class Context:
    """What a section may look at beside the entries of its kind."""

    results: Results
    labels: Labels
    cells: Cells
    """Which numbers there are. A section names cells and prints none: their values may be replaced before printing."""


@dataclass(frozen=True)
class Section:
    """How a kind of analysis is reported."""

    heading: str
    blocks: Callable[[Sequence[ResultEntry], Context], Sequence[Block]]
    """From the entries of the kind, in the study's order, to figures, tables and boxes, in the page's."""


def own_title(title: str, entry: ResultEntry, results: Results) -> str:
    """Returns a title, with the analysis' name where another analysis of this kind is of the same patients."""
    names = {other.analysis.name for other in results.entries if _asks_about(other) == _asks_about(entry)}
    return f"{title} ({entry.analysis.name})" if len(names) > 1 else title


def _asks_about(entry: ResultEntry) -> tuple[str, str | None, str]:
    return entry.kind, entry.analysis.endpoint, entry.analysis.population
