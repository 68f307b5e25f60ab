"""The curve and texts of a spline, every number taken from the cells; `spline` draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SplinePlot:
    """Everything that is drawn or printed in one figure. Arrays have one entry per point, (n,)."""

    at: Floats
    """The number, in its own unit, increasing."""
    hr: Floats
    """Hazard ratio against the reference; nan where it is held back or not defined."""
    lower: Floats
    upper: Floats
    knots: tuple[float, ...]
    reference: float
    curve_label: str
    band_label: str
    knots_label: str
    x_label: str
    y_label: str
    footnotes: tuple[str, ...]
    notices: str = ""
