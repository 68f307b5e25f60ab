"""R2: how few patients are left of sets of patients, or of events, that are added and subtracted, where each two of
them differ in many. Only sums with weights of 1 are tried, of up to four sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

_MOST: Final = 12
"""Other sets with which one is compared; with more it does not pass."""
_SIGNS: Final = {n: np.array(list(product((1,), *[(-1, 1)] * n))[:-1]) for n in (1, 2, 3)}
"""Of a set and n others, of which at least one is subtracted, the signs, (ways, 1 + n)."""
_T = TypeVar("_T")


def combinations_of(others: Sequence[_T]) -> Iterator[tuple[_T, ...]]:
    """Yields one to three of the others, with which a set may be added up; all of them where these are too many."""
    if len(others) > _MOST:
        yield tuple(others)
        return
    yield from (of for n in _SIGNS for of in combinations(others, n))


def fewest(k: int, own: Sequence[Bools], totals: Sequence[int], also: Bools | None = None) -> int:
    """Returns the fewest patients of a hospital that are left in a sum of its sets `own`, each (patients,), and those
    of `also`, who differ otherwise; 0 where nobody is left, or certainly k of all hospitals, and 1 where there are too
    many sets.

    `totals` are the sizes of the sets at all hospitals; zeros where the hospital's own patients must do.
    """
    members, sizes = np.array(own, np.int64), np.array(totals)
    if len(own) - 1 not in _SIGNS:
        return 1
    found = 0
    for signs in _SIGNS[len(own) - 1]:
        if _may_be_few(k, signs, sizes):
            left = signs @ members != 0
            rows = int((left if also is None else left | also).sum())
            found = min(found or rows, rows) if rows else found
    return found


def _may_be_few(k: int, signs: NDArray[np.int64], sizes: NDArray[np.int64]) -> bool:
    """Whether fewer than k patients of all hospitals may be left. One patient adds at most 1 for each set that is
    added, and takes away at most 1 for each that is subtracted."""
    total = int(signs @ sizes)
    return abs(total) < k * int((signs == (1 if total >= 0 else -1)).sum())
