"""The types of array in this package, and the one sum that numpy types loosely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def sum_by(index: Ints, values: Floats, length: int) -> Floats:
    """(length,) sums of `values` (n,) by `index` (n,); indices without a row give 0."""
    return np.asarray(np.bincount(index, weights=values, minlength=length), dtype=np.float64)
