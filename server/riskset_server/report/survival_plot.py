"""What is drawn and written on a Kaplan-Meier figure, every number taken from the cells; nothing of how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlottedCurve:
    """One arm. One entry a step of the grid at which somebody left, in increasing order."""

    label: str
    is_reference: bool
    days: Floats
    survival: Floats
    """Just after the day, 0 to 1; nan where it is held back, in the limits also where they are not defined."""
    lower: Floats
    upper: Floats
    at_risk: tuple[str, ...]
    """Just before the day, as printed."""
    median_days: float | None
    """None where it is not reached."""

    def steps(self, values: Floats) -> Floats:
        """`values` (survival, or a limit) as steps from (0, 1) to the last day: (2 n + 1, 2), day and value."""
        days = np.repeat(np.concatenate([[0.0], self.days]), 2)[1:]
        return np.column_stack([days, np.repeat(np.concatenate([[1.0], values]), 2)[:-1]])

    def at_risk_before(self, day: float) -> str:
        """Nobody leaves between the steps, so it is the number at risk of the next step."""
        step = int(np.searchsorted(self.days, day))
        return self.at_risk[step] if step < len(self.at_risk) else "0"

    @property
    def widest_at_risk(self) -> str:
        """The longest text below the axis."""
        return max((self.at_risk_before(0), *self.at_risk), key=len)


@dataclass(frozen=True)
class SurvivalPlot:
    """All that is drawn and written on one figure."""

    title: str
    x_label: str
    y_label: str
    unit: str
    days_per_unit: float
    curves: tuple[PlottedCurve, ...]
    statistics: tuple[str, ...]
    """Lines of the text box: medians, hazard ratios, log-rank tests."""
    footnote: str
    notices: str = ""
    """What must be shown with the figure, also where it is copied from the page."""

    def at_risk(self, curve: PlottedCurve, time: float) -> str:
        """Just before `time`, which is in the unit, as landmarks count it."""
        return curve.at_risk_before(time * self.days_per_unit)
