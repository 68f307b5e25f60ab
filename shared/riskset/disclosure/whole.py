"""The rank of a matrix of whole numbers, exactly.

Yes-no columns can be chosen so that a combination with very large coefficients singles out a patient while, in floating
point, the columns look dependent. Their counts are whole numbers, so whether they are can be computed without rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PRIME = 2**61 - 1
"""Elimination is modulo a prime. The rank can only come out too small, and does only if the prime divides a certain
minor; the numbers are counts of patients, which nobody can choose so in practice."""


def rank(matrix: NDArray[np.float64]) -> int:
    """Returns the rank of a matrix of whole numbers below 2^53."""
    rows = [[int(x) % PRIME for x in row] for row in matrix.tolist()]
    found = 0
    for j in range(matrix.shape[1]):
        top = next((i for i in range(found, len(rows)) if rows[i][j]), None)
        if top is None:
            continue
        rows[found], rows[top] = rows[top], rows[found]
        _clear_below(rows, found, j)
        found += 1
    return found


def _clear_below(rows: list[list[int]], top: int, j: int) -> None:
    inverse = pow(rows[top][j], -1, PRIME)
    for i in range(top + 1, len(rows)):
        if rows[i][j]:
            factor = rows[i][j] * inverse % PRIME
            rows[i] = [(x - factor * y) % PRIME for x, y in zip(rows[i], rows[top], strict=True)]
