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

MOST_WORK: Final = 150_000_000
"""Bundles times ways to fill a column, in one column: a second or two. A larger table is not tested."""
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
    rows = sorted(counts, key=sum)  # the last, and largest, row follows from the others, and so does the last column
    columns = sorted(zip(*rows, strict=True), key=sum)
    network = _Network(tuple(sum(row) for row in rows), tuple(sum(column) for column in columns))
    if network.work > MOST_WORK:
        return None
    return network.p_value(sum(_log_multinomial(column) for column in columns) + log(AS_LIKELY))


class _Network:
    """All tables with these margins."""

    def __init__(self, rows: Sequence[int], columns: Sequence[int]) -> None:
        self._rows, self._columns = rows, columns
        self._shape = tuple(row + 1 for row in rows[:-1])
        if self.work <= MOST_WORK:
            self._most, self._least = self._extremes()

    @property
    def work(self) -> int:
        """Of the bounds: places times ways to fill the largest of the columns between the first and the last."""
        largest = max(self._columns[1:-1], default=0)
        return prod(self._shape) * prod(min(row, largest) + 1 for row in self._rows[:-1])

    def p_value(self, threshold: float) -> float | None:
        every = _log_multinomial(self._rows)
        start = int(np.ravel_multi_index(self._rows[:-1], self._shape))
        bundles, found = _Bundles(np.array([start]), np.zeros(1), np.ones(1)), 0.0
        for j, column in enumerate(self._columns):
            ways = list(self._ways(column))
            if len(ways) * len(bundles.left) > MOST_WORK:
                return None
            kept: list[_Bundles] = []
            left = np.array(np.unravel_index(bundles.left, self._shape))
            last = sum(self._columns[j + 1 :]) - left.sum(axis=0)
            rest = self._log_rest(j + 1) - every
            for way, log_ways in ways:
                fits = self._fits(left, last, way)
                index = bundles.left[fits] - int(np.ravel_multi_index(way, self._shape))
                log_weight = bundles.log_weight[fits] + log_ways
                surely = log_weight + self._most[j + 1][index] <= threshold
                maybe = ~surely & (log_weight + self._least[j + 1][index] <= threshold)
                tables = bundles.tables[fits]
                found += float(np.sum(tables[surely] * np.exp(log_weight[surely] + rest[index[surely]])))
                kept.append(_Bundles(index[maybe], log_weight[maybe], tables[maybe]))
            bundles = _merged(kept)
        return min(found, 1.0)

    def _fits(self, left: Ints, last: Ints, way: Sequence[int]) -> Bools:
        """Whether the column can be filled so, (m,): the rows have as many `left`, (rows - 1, m), and the last row,
        which has `last` more than the others leave it, (m,), has room for what follows."""
        room = last + sum(way)
        return np.asarray((left >= np.array(way)[:, None]).all(axis=0) & (room >= 0) & (room <= self._rows[-1]))

    def _ways(self, column: int) -> Iterator[tuple[tuple[int, ...], float]]:
        """Yields the counts of a column in all rows but the last, with the logarithm of its multinomial coefficient."""
        for way in np.ndindex(*(min(row, column) + 1 for row in self._rows[:-1])):
            if (last := column - sum(way)) >= 0 and last <= self._rows[-1]:
                yield way, _log_multinomial((*way, last))

    def _log_rest(self, j: int) -> Floats:
        """Returns the logarithm of the weight of all ways to fill the columns from j on, by what is left of the rows,
        (places,)."""
        rows = np.indices(self._shape).reshape(len(self._shape), -1)
        n = sum(self._columns[j:])
        every = np.vstack([rows, np.maximum(n - rows.sum(axis=0), 0)])
        return np.asarray(lgamma(n + 1) - _log_factorials(max(n, *self._rows))[every].sum(axis=0))

    def _extremes(self) -> tuple[list[Floats], list[Floats]]:
        """Returns the largest and the smallest log weight with which the columns from j on can be filled, by j and by
        what is left of the rows, (places,) each. From the first column on they are not needed, and left empty."""
        most, least = ([np.full(prod(self._shape), none)] for none in (-np.inf, np.inf))
        most[0][0] = least[0][0] = 0.0
        for extremes, none in ((most, -np.inf), (least, np.inf)):
            last = np.full(self._shape, none)
            for way, log_ways in self._ways(self._columns[-1]):
                last[way] = log_ways
            extremes.append(last.ravel())
        for column in reversed(self._columns[1:-1]):
            most.append(self._best(most[-1], column, np.maximum, -np.inf))
            least.append(self._best(least[-1], column, np.minimum, np.inf))
        return [np.zeros(0), *most[::-1]], [np.zeros(0), *least[::-1]]

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
