"""A love plot before it is laid out: absolute standardised differences before and after adjustment. Only values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class LoveRow:
    label: str
    values: tuple[float | None, ...]
    """The absolute difference in each set of patients, those before adjustment first; None where it is not known."""


@dataclass(frozen=True)
class LovePlot:
    """Everything that is drawn or printed in one figure."""

    sets: tuple[str, ...]
    """The sets of patients, as the legend names them."""
    rows: tuple[LoveRow, ...]
    limits: tuple[tuple[float, str], ...]
    """Where a line is drawn, and what it is."""
    x_label: str
    footnote: tuple[str, ...]
    """Paragraphs."""
    notices: str = ""

    @property
    def values(self) -> Iterator[float]:
        return (value for row in self.rows for value in row.values if value is not None)
