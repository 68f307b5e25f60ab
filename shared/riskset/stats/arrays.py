"""The array types of this package, sums by index, symmetric matrices, and which floats are finite."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def sum_by(index: Ints, values: Floats, length: int) -> Floats:
    """Returns the sums of `values` (n,) by `index` (n,), (length,); an index without rows gives 0."""
    return np.asarray(np.bincount(index, weights=values, minlength=length), dtype=np.float64)


def symmetric(upper: Floats | Sequence[float], m: int) -> Floats:
    """Returns the symmetric matrix (m, m) with this upper triangle, by rows."""
    full = np.zeros((m, m))
    full[np.triu_indices(m)] = upper
    return full + np.triu(full, 1).T


def finite(value: float | None) -> float | None:
    """Returns `value`, or None where it is undefined (nan) or beyond the floats (inf)."""
    return float(value) if value is not None and isfinite(value) else None
