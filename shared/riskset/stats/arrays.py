"""The types of array in this package, the one sum that numpy types loosely, and which floats are numbers."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def sum_by(index: Ints, values: Floats, length: int) -> Floats:
    """(length,) sums of `values` (n,) by `index` (n,); indices without a row give 0."""
    return np.asarray(np.bincount(index, weights=values, minlength=length), dtype=np.float64)


def finite(value: float | None) -> float | None:
    """`value`, or None where it is not defined (nan) or beyond the floats (inf)."""
    return float(value) if value is not None and isfinite(value) else None
