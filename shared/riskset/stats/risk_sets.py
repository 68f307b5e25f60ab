"""One hospital's rows in the order the partial likelihood needs: sorted once, traversed once per evaluation.

A Cox model needs sums over those at risk at each event time. Times are whole days, so there are few event times,
however many patients. Rows are therefore put in *bins*: bin k of a stratum has the rows that exit at its k-th event
time or later, but before the next one; events come first, then censored rows. Summing within bins and then over bins
gives every risk set, and no array is cumulated patient by patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskset.stats.arrays import Bools, Floats, Ints, sum_by

_BLOCK_ROWS = 8192
"""Rows per block: a block and its scaled copy stay in the cache (the fastest size at 10, 30 and 100 columns)."""
_SAMPLE = 4096
"""Rows sampled to place a stratum's anchor; any anchor is exact, and a central one loses fewer digits."""


@dataclass(frozen=True)
class RiskSets:
    """The rows of one hospital, by stratum, then day, then events before censorings. Stays at the hospital.

    n rows, p columns, K bins. Each stratum begins with a bin without an event time, for rows that exit (or enter)
    before its first event. A part of a bin is its events or its censorings; only parts with rows are listed.
    """

    X: Floats
    """(p, n), in units of `scale`, from an anchor of the stratum; a column constant within a stratum is exactly 0."""
    weights: Floats | None
    """(n,); None where every weight is 1."""
    part_start: Ints
    """(parts,) first row of each part."""
    part_bin: Ints
    """(parts,) the bin of each part, increasing."""
    part_is_event: Bools
    """(parts,) True for events."""
    bin_stratum: Ints
    """(K,) stratum of each bin, 0, 1, ... increasing."""
    deaths: Ints
    """(K,) number of events, m."""
    mean_weight: Floats
    """(K,) mean weight of the events, 0 without events; `survival` weights a tied time so."""
    stratum_start: Ints
    """(strata,) first row of each stratum."""
    event_weight: Floats
    """(strata,) total weight of the events."""
    event_sum: Floats
    """(p,) weighted sum of the events' columns."""
    entry_bin: Ints | None
    """(n,) last bin at whose event time the row was not yet at risk; None without left truncation."""
    order: Ints
    """(n,) the place that each row had when it was given."""

    @property
    def n(self) -> int:
        return int(self.X.shape[1])

    @property
    def p(self) -> int:
        return int(self.X.shape[0])

    @property
    def K(self) -> int:
        return len(self.bin_stratum)

    @cached_property
    def event_bins(self) -> Ints:
        """(times,) bins with an event time: all but each stratum's first."""
        return np.flatnonzero(self.deaths)

    @cached_property
    def event_parts(self) -> Ints:
        """(times,) the parts that are events, one per event time, in the order of `event_bins`."""
        return np.flatnonzero(self.part_is_event)

    @cached_property
    def censored_parts(self) -> Ints:
        """The other parts, at most one per bin."""
        return np.flatnonzero(~self.part_is_event)

    @cached_property
    def stratum_length(self) -> Ints:
        """(strata,) rows of each stratum."""
        return np.diff(self.stratum_start, append=self.n)

    @cached_property
    def bins_after(self) -> Ints:
        """(K,) later bins of the same stratum."""
        return later_in_run(self.bin_stratum)

    @cached_property
    def bins_before(self) -> Ints:
        """(K,) earlier bins of the same stratum."""
        return later_in_run(self.bin_stratum[::-1])[::-1]

    @cached_property
    def part_length(self) -> Ints:
        """(parts,) rows of each part."""
        return np.diff(self.part_start, append=self.n)

    @property
    def blocks(self) -> list[slice]:
        """The rows in blocks that fit the cache."""
        return [slice(start, min(start + _BLOCK_ROWS, self.n)) for start in range(0, self.n, _BLOCK_ROWS)]


def risk_sets(
    X: ArrayLike,
    days: ArrayLike,
    event: ArrayLike,
    *,
    entry_days: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    scale: ArrayLike | None = None,
) -> RiskSets:
    """Returns one hospital's rows, sorted for `cox.evaluate`.

    `X` (n, p) finite; `days` (n,) whole and >= 0; `event` (n,) True where the event occurred; `entry_days` (n,) whole,
    below `days`: the row is at risk from the day after; `weights` (n,) positive; `strata` (n,) whole codes; `scale`
    (p,) one unit of each coefficient, 1 by default. Rows in any order; n may be 0. There is nothing to centre: the
    partial likelihood does not change when a column is shifted within a stratum, so each stratum is measured from one
    of its own rows, and a column that is constant there has an information of exactly 0.

    ValueError for another shape, type or value.
    """
    x, t, d = np.asarray(X, dtype=np.float64), _whole("days", days), np.asarray(event)
    e = None if entry_days is None else _whole("entry_days", entry_days)
    w = None if weights is None else np.asarray(weights, dtype=np.float64)
    s = np.zeros(len(t), dtype=np.int64) if strata is None else _codes(_whole("strata", strata))
    units = np.ones(x.shape[-1]) if scale is None else np.asarray(scale, dtype=np.float64)
    _check(x, t, d, e, w, s, units)
    order = _order(s, t, ~d)
    s, t, d, w = s[order], t[order], d[order], None if w is None else w[order]
    bins = _bins(s, t, d)
    columns = _columns(x, order, bins.stratum_start, units)
    return _assemble(columns, s, d, w, bins, None if e is None else _entry_bins(bins, s, e[order]), order)


@dataclass(frozen=True)
class _Bins:
    """Where bins, parts and strata begin among the sorted rows."""

    of_row: Ints
    stratum: Ints
    day: Ints  # the bin's event time; -1 for the bin before the first
    part_start: Ints
    stratum_start: Ints


def _bins(s: Ints, t: Ints, d: Bools) -> _Bins:
    new_stratum = np.ones(len(s), dtype=bool)
    new_stratum[1:] = s[1:] != s[:-1]
    new_day = new_stratum.copy()
    new_day[1:] |= t[1:] != t[:-1]
    event_time = new_day & d  # events come first in their day
    of_row = np.cumsum(event_time) + s  # every stratum begins with a bin without event time: this one and the s before
    opens = event_time | new_stratum
    part = opens.copy()
    part[1:] |= d[1:] != d[:-1]
    n_strata = int(s[-1]) + 1 if len(s) else 0
    first = np.flatnonzero(event_time)
    stratum = np.sort(np.concatenate([np.arange(n_strata), s[first]]), kind="stable")
    day = np.full(len(stratum), -1, dtype=np.int64)
    day[of_row[first]] = t[first]
    return _Bins(of_row, stratum, day, np.flatnonzero(part), np.flatnonzero(new_stratum))


def _assemble(x: Floats, s: Ints, d: Bools, w: Floats | None, bins: _Bins, entry: Ints | None, order: Ints) -> RiskSets:
    K, n_strata = len(bins.stratum), len(bins.stratum_start)
    event_bins = bins.of_row[d]
    deaths = np.bincount(event_bins, minlength=K)
    of_events = np.ones(len(event_bins)) if w is None else w[d]
    total = sum_by(event_bins, of_events, K)
    return RiskSets(
        X=x,
        weights=w,
        part_start=bins.part_start,
        part_bin=bins.of_row[bins.part_start],
        part_is_event=d[bins.part_start],
        bin_stratum=bins.stratum,
        deaths=deaths,
        mean_weight=total / np.maximum(deaths, 1),
        stratum_start=bins.stratum_start,
        event_weight=sum_by(s[d], of_events, n_strata),
        event_sum=x @ (d.astype(np.float64) if w is None else np.where(d, w, 0.0)),
        entry_bin=entry,
        order=order,
    )


def _columns(x: Floats, order: Ints, stratum_start: Ints, units: Floats) -> Floats:
    """Returns the sorted columns (p, n), from the stratum's anchor, in units; by blocks of rows, so that the
    transposition stays in the cache."""
    n, p = x.shape
    out = np.empty((p, n))
    anchors = _anchors(x, order, stratum_start)
    stratum = np.repeat(np.arange(len(stratum_start)), np.diff(stratum_start, append=n))
    taken = np.empty((min(n, _BLOCK_ROWS), p))  # reused: fresh memory costs more than the arithmetic
    for start in range(0, n, _BLOCK_ROWS):
        stop = min(n, start + _BLOCK_ROWS)
        block = np.take(x, order[start:stop], axis=0, out=taken[: stop - start], mode="clip")  # "raise" would copy
        first, last = stratum[start], stratum[stop - 1]
        block -= anchors[first] if first == last else anchors[stratum[start:stop]]
        np.divide(block.T, units[:, None], out=out[:, start:stop])
    return out


def _anchors(x: Floats, order: Ints, stratum_start: Ints) -> Floats:
    """Returns an anchor near the mean of each stratum, (strata, p), from a sample; exactly the value where a column is
    constant there."""
    if len(order) == 0:
        return np.empty((0, x.shape[1]))
    first = x[order[stratum_start]]
    sample = np.union1d(stratum_start, np.arange(0, len(order), max(1, len(order) // _SAMPLE)))
    runs = np.searchsorted(sample, stratum_start)
    stratum = np.repeat(np.arange(len(runs)), np.diff(runs, append=len(sample)))
    from_first = np.add.reduceat(x[order[sample]] - first[stratum], runs, axis=0)
    return first + from_first / np.diff(runs, append=len(sample))[:, None]


def _entry_bins(bins: _Bins, s: Ints, entry: Ints) -> Ints:
    """Returns the last bin of the stratum whose event time is at or before the entry, or its first bin."""
    span = int(bins.day.max(initial=0)) + 2
    keys = bins.stratum * span + bins.day + 1
    wanted = s * span + np.clip(entry, -1, span - 2) + 1
    return np.searchsorted(keys, wanted, side="right") - 1


def _order(s: Ints, t: Ints, censored: Bools) -> Ints:
    """Returns the order by stratum and day, events first. numpy sorts 16-bit digits stably by radix, in linear time."""
    order = np.argsort(censored, kind="stable")
    for key in (t, s):
        for shift in range(0, int(key.max(initial=0)).bit_length(), 16):
            digit = (key >> shift).astype(np.uint16)
            order = order[np.argsort(digit[order], kind="stable")]
    return order


def later_in_run(labels: Ints) -> Ints:
    """Returns, for each element, how many later ones belong to the same run of equal labels."""
    if len(labels) == 0:
        return np.empty(0, dtype=np.int64)
    ends = np.append(np.flatnonzero(labels[1:] != labels[:-1]), len(labels) - 1)
    return np.repeat(ends, np.diff(ends, prepend=-1)) - np.arange(len(labels))


def _codes(strata: Ints) -> Ints:
    return np.unique(strata, return_inverse=True)[1].astype(np.int64)


def _whole(name: str, values: ArrayLike) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one element per row")
    if len(array) and array.dtype.kind not in "iub":
        raise ValueError(f"{name} must be whole numbers, not {array.dtype}")
    return array.astype(np.int64)


def _check(
    x: Floats, t: Ints, d: NDArray[np.generic], e: Ints | None, w: Floats | None, s: Ints, units: Floats
) -> None:
    if x.ndim != 2 or d.dtype != np.bool_:
        raise ValueError("X must be (n, p) and event boolean")
    if any(len(v) != len(x) for v in (t, d, s)) or any(v is not None and v.shape != t.shape for v in (e, w)):
        raise ValueError("X, days, event, entry_days, weights and strata must have as many rows")
    if not np.isfinite(x).all() or (t < 0).any():
        raise ValueError("X must be finite and days not negative")
    if e is not None and (e >= t).any():
        raise ValueError("a row must enter before the day on which it exits")
    if w is not None and not (np.isfinite(w) & (w > 0)).all():
        raise ValueError("weights must be positive: a row of weight 0 does not belong to the cohort")
    if units.shape != x.shape[1:] or not (np.isfinite(units) & (units > 0)).all():
        raise ValueError("scale must have one positive number per column; give 1 for a column without spread")
