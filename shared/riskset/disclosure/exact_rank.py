"""Which columns of a Gram matrix of counts are combinations of those before them, without rounding.

Yes-no columns can be chosen so that a combination with very large coefficients singles out a patient while, in floating
point, the columns look dependent. Their sums of products are counts, so dependence is computed in whole numbers: L D L'
modulo a prime, a column at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import Final

import numpy as np
from numpy.typing import NDArray

PRIME: Final = 2**61 - 1
"""The rank can only come out too small, and only if the prime divides a certain minor; the numbers are counts of
patients, which in practice nobody can choose that way."""


@dataclass(frozen=True)
class Independent:
    """Columns of which none is a combination of the others."""

    lower: tuple[tuple[int, ...], ...] = ()
    """The rows of L left of its diagonal of ones."""
    inverses: tuple[int, ...] = ()
    """Of the diagonal of D."""

    def with_column(self, products: Sequence[int], square: int) -> Independent | None:
        """Returns them with one more, of which `products` (r,) are its sums of products with them and `square` the sum
        of its squares; None where it is a combination of them."""
        left: list[int] = []
        for row, product in zip(self.lower, products, strict=True):
            left.append((product - sum(map(mul, row, left))) % PRIME)
        own = tuple(of * inverse % PRIME for of, inverse in zip(left, self.inverses, strict=True))
        rest = (square - sum(map(mul, own, left))) % PRIME
        return Independent((*self.lower, own), (*self.inverses, pow(rest, -1, PRIME))) if rest else None


def independent(gram: NDArray[np.float64]) -> list[int]:
    """Returns the columns of the design behind a Gram matrix (m, m) of whole numbers below 2^53 that are not a
    combination of the columns before them."""
    counts = [[int(x) for x in row] for row in gram.tolist()]
    known, found = Independent(), list[int]()
    for j, row in enumerate(counts):
        after = known.with_column([row[i] for i in found], row[j])
        if after is not None:
            known = after
            found.append(j)
    return found
