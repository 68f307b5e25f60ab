"""The curves and texts of a Kaplan-Meier figure, every number taken from the cells; `figures` draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST: Final = 10
"""A curve is drawn to the last day before which so many are at risk: after it, each patient moves it too far."""


def n_drawn(at_risk: Floats) -> int | None:
    """Returns how many steps of a curve are drawn: up to the last with `FEWEST` at risk just before it, or with nan, a
    number that is held back, since what is not known ends no curve. None where there are never so many: the curve is
    then drawn to its end."""
    followed = np.flatnonzero(~(at_risk < FEWEST))
    return int(followed[-1]) + 1 if followed.size else None


@dataclass(frozen=True)
class PlottedCurve:
    """One arm. One entry per grid step at which a patient exits, in increasing order."""

    label: str
    days: Floats
    survival: Floats
    """Just after the day, 0 to 1; nan where it is held back, and in the limits where they are not defined."""
    lower: Floats
    upper: Floats
    at_risk: tuple[str, ...]
    """Just before the day, as printed."""
    median_days: float | None
    """None if it is not reached, or there is none."""
    start: float = 1.0
    """The height on day 0: 0 for an incidence, which rises."""
    n_drawn: int | None = None
    """How many of the steps are drawn; None for all, of an arm in which few are at risk from the start."""
    at_risk_after: str = "0"
    """As printed after the last step: nobody, unless that is held back."""

    def steps(self, values: Floats) -> Floats:
        """`values` (survival, or a limit) as steps from (0, `start`) to the last day that is drawn: (2 n + 1, 2), day
        and value."""
        drawn = slice(self.n_drawn)
        days = np.repeat(np.concatenate([[0.0], self.days[drawn]]), 2)[1:]
        return np.column_stack([days, np.repeat(np.concatenate([[self.start], values[drawn]]), 2)[:-1]])

    @property
    def last_day(self) -> float:
        """The last that is drawn; 0 if nobody exits."""
        return float(self.days[: self.n_drawn][-1]) if self.days.size else 0.0

    @property
    def is_small(self) -> bool:
        """Whether few are at risk from the start."""
        return self.n_drawn is None and bool(self.days.size)

    @property
    def is_cut(self) -> bool:
        """Whether it ends before its last step."""
        return self.n_drawn is not None and self.n_drawn < self.days.size

    @property
    def drawn_median(self) -> float | None:
        """The median in days, if the curve is drawn so far."""
        reached = self.median_days
        return reached if reached is not None and reached <= self.last_day else None

    def at_risk_before(self, day: float) -> str:
        """The number at risk of the next step, since nobody exits between steps."""
        step = int(np.searchsorted(self.days, day))
        return self.at_risk[step] if step < len(self.at_risk) else self.at_risk_after

    @property
    def widest_at_risk(self) -> str:
        """The longest text below the axis."""
        return max((self.at_risk_before(0), *self.at_risk), key=len)


@dataclass(frozen=True)
class SurvivalPlot:
    """Everything that is drawn or printed in one figure."""

    x_label: str
    y_label: str
    risk_title: str
    """Above the numbers at risk."""
    unit: str
    days_per_unit: float
    curves: tuple[PlottedCurve, ...]
    legend: tuple[str, ...]
    """The name of each curve."""
    statistics: tuple[str, ...]
    """Lines of the text box: medians, hazard ratios, log-rank tests."""
    footnote: str
    notices: str = ""
    """Printed in the figure itself, so that they stay with it when it is copied from the page."""
    ticks: tuple[float, ...] = ()
    """Of the time axis, in the unit, as the study names them; empty for customary ones."""

    def at_risk(self, curve: PlottedCurve, time: float) -> str:
        """The number at risk just before `time`, which is in the study's unit."""
        return curve.at_risk_before(time * self.days_per_unit)
