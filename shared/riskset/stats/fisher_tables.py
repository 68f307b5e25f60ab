"""Fisher's exact test of a table of any size: two-sided, of all tables with its margins that are no likelier.

The tables are gone through column by column, as a network (Mehta and Patel, Journal of the American Statistical
Association 78 (1983) 427). Tables that agree in what is left of each row, and in the likelihood so far, are one bundle;
it is counted or dropped as soon as the likeliest or the least likely way to fill the rest decides it. As R's
`fisher.test`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lgamma, log, prod
from typing import Final

import numpy as np

from riskset.stats.arrays import Bools, Floats, Ints
from riskset.stats.contingency import Counts, without_empty
from riskset.stats.fisher import AS_LIKELY

MOST_WORK: Final = 30_000_000
"""Bundles times ways to fill a column, in one column: about a second. A larger table is not tested."""
_SAME: Final = 10
"""Decimals of the logarithm to which two likelihoods are the same; the test allows for 7 (`AS_LIKELY`)."""


@dataclass(frozen=True)
class _Bundles:
    """Tables filled up to some column, (m,) each."""

    left: Ints
    """Index of what is left of each row but the last."""
    log_weight: Floats
    tables: Floats


def fisher_p(table: Counts) -> float | None:
    """Returns the P value of a table of counts, (rows, columns); 1 where its margins allow one table, None where it has
    more tables than can be gone through.

    The weight of a table is the product over columns of the multinomial coefficient of the column.
    """
    counts = without_empty(table)
    if len(counts) < 2 or len(counts[0]) < 2:
        return 1.0
    if len(counts) > len(counts[0]):
        counts = tuple(zip(*counts, strict=True))
    columns = sorted(zip(*counts, strict=True), key=sum)  # the last, and largest, column follows from the others
    network = _Network(tuple(sum(row) for row in counts), tuple(sum(column) for column in columns))
    if network.work > MOST_WORK:
        return None
    return network.p_value(sum(_log_multinomial(column) for column in columns) + log(AS_LIKELY))


class _Network:
    """All tables with these margins."""

    def __init__(self, rows: Sequence[int], columns: Sequence[int]) -> None:
        self._rows, self._columns = rows, columns
        self._shape = tuple(row + 1 for row in rows[:-1])
        self._most, self._least = self._extremes()

    @property
    def work(self) -> int:
        """Of the bounds: places times ways to fill the largest of the columns."""
        return prod(self._shape) * prod(min(row, max(self._columns)) + 1 for row in self._rows[:-1])

    def p_value(self, threshold: float) -> float | None:
        every = _log_multinomial(self._rows)
        start = int(np.ravel_multi_index(self._rows[:-1], self._shape))
        bundles, found = _Bundles(np.array([start]), np.zeros(1), np.ones(1)), 0.0
        for j, column in enumerate(self._columns):
            ways = list(self._ways(column))
            if len(ways) * len(bundles.left) > MOST_WORK:
                return None
            kept: list[_Bundles] = []
            for way, log_ways in ways:
                after = self._filled(bundles, way, j + 1)
                log_weight = after.log_weight + log_ways
                surely = log_weight + self._most[j + 1][after.left] <= threshold
                maybe = ~surely & (log_weight + self._least[j + 1][after.left] <= threshold)
                rest = self._log_rest(after.left[surely], j + 1)
                found += float(np.sum(after.tables[surely] * np.exp(log_weight[surely] + rest - every)))
                kept.append(_Bundles(after.left[maybe], log_weight[maybe], after.tables[maybe]))
            bundles = _merged(kept)
        return min(found, 1.0)

    def _filled(self, bundles: _Bundles, way: Sequence[int], j: int) -> _Bundles:
        """Returns the bundles for which the column can be filled so, with what is left after it."""
        left = np.array(np.unravel_index(bundles.left, self._shape)) - np.array(way)[:, None]
        fits = (left >= 0).all(axis=0) & self._has_room(left, j)
        index = np.ravel_multi_index(tuple(left[:, fits]), self._shape)
        return _Bundles(np.asarray(index), bundles.log_weight[fits], bundles.tables[fits])

    def _has_room(self, left: Ints, j: int) -> Bools:
        """Whether the last row has, after column j, what the columns from j on need beside the other rows."""
        last = sum(self._columns[j:]) - left.sum(axis=0)
        return np.asarray((last >= 0) & (last <= self._rows[-1]))

    def _ways(self, column: int) -> Iterator[tuple[tuple[int, ...], float]]:
        """Yields the counts of a column in all rows but the last, with the logarithm of its multinomial coefficient."""
        for way in np.ndindex(*(min(row, column) + 1 for row in self._rows[:-1])):
            if (last := column - sum(way)) >= 0 and last <= self._rows[-1]:
                yield way, _log_multinomial((*way, last))

    def _log_rest(self, left: Ints, j: int) -> Floats:
        """Returns the logarithm of the weight of all ways to fill the columns from j on, (n,)."""
        rows = np.array(np.unravel_index(left, self._shape))
        n = sum(self._columns[j:])
        every = np.vstack([rows, n - rows.sum(axis=0)])
        return np.asarray(lgamma(n + 1) - _log_factorials(max(n, *self._rows))[every].sum(axis=0))

    def _extremes(self) -> tuple[list[Floats], list[Floats]]:
        """Returns the largest and the smallest log weight with which the columns from j on can be filled, by j and by
        what is left of the rows, (places,) each."""
        most, least = ([np.zeros(prod(self._shape))] for _ in range(2))
        most[0][1:], least[0][1:] = -np.inf, np.inf
        if self.work <= MOST_WORK:
            for column in reversed(self._columns):
                most.append(self._best(most[-1], column, np.maximum, -np.inf))
                least.append(self._best(least[-1], column, np.minimum, np.inf))
        return most[::-1], least[::-1]

    def _best(self, after: Floats, column: int, better: np.ufunc, none: float) -> Floats:
        grid = after.reshape(self._shape)
        found = np.full(self._shape, none)
        for way, log_ways in self._ways(column):
            to = tuple(slice(x, None) for x in way)
            of = tuple(slice(None, size - x) for x, size in zip(way, self._shape, strict=True))
            better(found[to], grid[of] + log_ways, out=found[to])
        return found.ravel()


def _merged(parts: Sequence[_Bundles]) -> _Bundles:
    """Returns the bundles, those with the same rest and likelihood as one."""
    left = np.concatenate([part.left for part in parts])
    log_weight = np.concatenate([part.log_weight for part in parts])
    tables = np.concatenate([part.tables for part in parts])
    keys = np.column_stack([left, np.round(log_weight, _SAME)])
    _, first, into = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    together = np.asarray(np.bincount(into.ravel(), tables, len(first)), np.float64)
    return _Bundles(left[first], log_weight[first], together)


def _log_multinomial(counts: Sequence[int]) -> float:
    return lgamma(sum(counts) + 1) - sum(lgamma(count + 1) for count in counts)


def _log_factorials(n: int) -> Floats:
    return np.array([lgamma(i + 1) for i in range(n + 1)])
