"""The bars and texts of a figure of propensity overlap, every number taken from the cells; `overlap` draws them."""

from __future__ import annotations

from dataclasses import dataclass

Interval = tuple[float, float]


@dataclass(frozen=True)
class OverlapArm:
    """One arm, with an entry for each interval."""

    label: str
    percents: tuple[float | None, ...]
    """Of the arm's patients; None where it is held back."""
    counts: tuple[str, ...]
    """Patients as printed, or a mark."""


@dataclass(frozen=True)
class OverlapPlot:
    """Everything that is drawn or printed in one figure."""

    upper: OverlapArm
    lower: OverlapArm
    intervals: tuple[Interval, ...]
    """Of the preference score, side by side."""
    band: Interval
    """In which the arms are in equipoise."""
    band_label: str
    x_label: str
    y_label: str
    footnotes: tuple[str, ...]
    notices: str = ""
