"""Which columns of whole numbers are combinations of others, exactly.

Yes-no columns can be chosen so that a combination with very large coefficients singles out a patient while, in floating
point, the columns look dependent. Their counts are whole numbers, so whether they are can be computed without rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PRIME = 2**61 - 1
"""Elimination is modulo a prime. The rank can only come out too small, and does only if the prime divides a certain
minor; the numbers are counts of patients, which nobody can choose so in practice."""


def independent(matrix: NDArray[np.float64]) -> list[int]:
    """Returns the columns that are no combination of the columns before them, of whole numbers below 2^53.

    Of a Gram matrix they are those of the columns that it is made of.
    """
    rows = [[int(x) % PRIME for x in row] for row in matrix.tolist()]
    found: list[int] = []
    for j in range(matrix.shape[1]):
        top = next((i for i in range(len(found), len(rows)) if rows[i][j]), None)
        if top is None:
            continue
        rows[len(found)], rows[top] = rows[top], rows[len(found)]
        _clear_below(rows, len(found), j)
        found.append(j)
    return found


def _clear_below(rows: list[list[int]], top: int, j: int) -> None:
    inverse = pow(rows[top][j], -1, PRIME)
    for i in range(top + 1, len(rows)):
        if rows[i][j]:
            factor = rows[i][j] * inverse % PRIME
            rows[i] = [(x - factor * y) % PRIME for x, y in zip(rows[i], rows[top], strict=True)]
