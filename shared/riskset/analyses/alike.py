"""Which of a hospital's variables are nearly the same by their values. It never leaves the hospital."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_ALIKE: Final = 0.8
"""Share of the variance of one variable that another explains, from which they are taken for one."""
_FEWEST: Final = 10
"""Of fewer patients, or of fewer for each value, it says nothing."""


def are_alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether one variable says nearly all of the other: the same one turned round, shifted or in another unit, or a
    category beside its levels merged."""
    both = np.isfinite(one) & np.isfinite(other)
    a, b = one[both], other[both]
    return len(a) >= _FEWEST and max(_explained(a, b), _explained(b, a)) > _ALIKE


def _explained(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Returns the share of the variance of b that a line in a explains, or where a has few values, the mean at each."""
    values, codes, counts = np.unique(a, return_inverse=True, return_counts=True)
    rest = b - b.mean()
    total, of_line = float(rest @ rest), float(rest @ a) ** 2 / (float((a - a.mean()) @ a) or 1.0)
    means = np.bincount(codes, rest) / counts if len(a) >= _FEWEST * len(values) else np.zeros(len(values))
    return max(of_line, float(counts @ means**2)) / total if total else 0.0
