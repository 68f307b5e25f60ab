"""Concordance of a Cox model within strata: whether, of two patients, the one with the higher hazard has the event
first.

A pair can be compared if one has the event while the other is at risk, and stays so on that day (a patient censored on
it does, one with an event does not). Harrell's C is the share of concordant pairs; pairs that are tied in the linear
predictor count one half. Its error is the infinitesimal jackknife of `survival::concordance`: with c, d and n a
patient's concordant, discordant and all pairs, and Somers' s = (C - D) / N over all pairs, the root of the sum of
squares of (c - d - s n) / N, and half of it for Harrell's C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskset.stats.arrays import Floats, Ints
from riskset.stats.risk_sets import RiskSets


@dataclass(frozen=True)
class Pairs:
    """Pairs of each patient, (n,), the rows as `RiskSets` sorts them. Never leaves the hospital: with one event, it is
    who has a lower hazard."""

    concordant: Floats
    discordant: Floats
    compared: Floats


def pairs(rows: RiskSets, eta: Floats) -> Pairs:
    """Returns the pairs of each row within its stratum; `eta` (n,) is the linear predictor. n log n steps."""
    rank = np.unique(eta, return_inverse=True)[1].reshape(-1).astype(np.int64)
    exit_bin, died = np.repeat(rows.part_bin, rows.part_length), np.repeat(rows.part_is_event, rows.part_length)
    begins = np.repeat(rows.part_start, rows.part_length)
    stratum_end = np.repeat(rows.stratum_start + rows.stratum_length, rows.stratum_length)
    events = np.flatnonzero(died)
    bins = exit_bin[events]
    ends = begins[events] + np.repeat(rows.part_length, rows.part_length)[events]
    first = _Counts(rank, rows.n).around(ends, stratum_end[events], rank[events])  # the other leaves later
    if rows.entry_bin is not None:  # but enters later still
        order = np.argsort(rows.entry_bin, kind="stable")
        start = np.searchsorted(rows.entry_bin[order], bins)
        first = first - _Counts(rank[order], rows.n).around(start, _ends(rows, bins), rank[events])
    # events before the row leaves, and after it enters
    entered = _first_bins(rows) if rows.entry_bin is None else rows.entry_bin
    before = np.concatenate([[0], np.cumsum(died)])[begins]
    since = np.searchsorted(bins, entered, side="right")
    last = _Counts(rank[events], rows.n).around(since, np.maximum(before, since), rank)
    concordant, discordant, compared = last[1].copy(), last[0].copy(), last.sum(axis=0)
    concordant[events] += first[0]
    discordant[events] += first[1]
    compared[events] += first.sum(axis=0)
    return Pairs(concordant, discordant, compared)


def _first_bins(rows: RiskSets) -> Ints:
    """Returns the first bin, which has no event, of each row's stratum."""
    starts = np.flatnonzero(np.diff(rows.bin_stratum, prepend=-1))
    return np.repeat(starts, rows.stratum_length)


def _ends(rows: RiskSets, bins: Ints) -> Ints:
    """Returns how many rows enter by the end of the stratum of each of these bins: entries are sorted by bin."""
    return (rows.stratum_start + rows.stratum_length)[rows.bin_stratum[bins]]


class _Counts:
    """Counts of smaller, larger and equal numbers in ranges of a sequence of whole numbers: a wavelet matrix (Claude,
    Navarro and Ordonez, Information Systems 47 (2015) 15)."""

    def __init__(self, sequence: Ints, size: int) -> None:
        """`sequence` holds numbers from 0 to `size` - 1."""
        self._bits = range(size.bit_length() - 1, -1, -1)
        self._zeros: list[Ints] = []
        for bit in self._bits:
            is_zero = (sequence >> bit & 1) == 0
            self._zeros.append(np.concatenate([[0], np.cumsum(is_zero)]))
            sequence = np.concatenate([sequence[is_zero], sequence[~is_zero]])

    def around(self, start: Ints, stop: Ints, value: Ints) -> Floats:
        """Returns how many numbers of each range are below, above and equal to its value, (3, ranges)."""
        below, upto = self._below(start, stop, value), self._below(start, stop, value + 1)
        return np.stack([below, stop - start - upto, upto - below]).astype(np.float64)

    def _below(self, start: Ints, stop: Ints, value: Ints) -> Ints:
        found = np.zeros(len(value), np.int64)
        for bit, zeros in zip(self._bits, self._zeros, strict=True):
            from_, to, is_one = zeros[start], zeros[stop], (value >> bit & 1) == 1
            found += np.where(is_one, to - from_, 0)
            start = np.where(is_one, zeros[-1] + start - from_, from_)
            stop = np.where(is_one, zeros[-1] + stop - to, to)
        return found
