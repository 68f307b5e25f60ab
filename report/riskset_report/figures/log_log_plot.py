"""The curves and texts of a log-log plot, every number taken from the cells; `log_log` draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskset_report.figures.survival_plot import Floats, PlottedCurve


@dataclass(frozen=True)
class LogLogPlot:
    """Everything that is drawn or printed in one figure."""

    curves: tuple[PlottedCurve, ...]
    legend: tuple[str, ...]
    days_per_unit: float
    x_label: str
    y_label: str
    footnotes: tuple[str, ...]
    notices: str = ""
    ticks: tuple[float, ...] = ()
    """Of the time axis, in the unit, as the study names them; empty for customary ones."""

    def steps(self, curve: PlottedCurve) -> Floats:
        """Returns the curve as steps of (time in the unit, log(-log S)), (n, 2): from the first day after day 0 on
        which survival is below 1, to the last that is drawn, or to the last before survival is 0."""
        days, survival = curve.steps(curve.survival).T
        is_defined = (days > 0) & (survival > 0) & (survival < 1)
        return np.column_stack([days[is_defined] / self.days_per_unit, np.log(-np.log(survival[is_defined]))])
