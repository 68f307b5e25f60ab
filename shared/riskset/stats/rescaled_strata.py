"""Strata whose hazards are too far apart for one scale, cut in time into more strata, each with its own scale.

Where a coefficient diverges, the hazards of one stratum span more than a float can represent, and late risk sets
vanish beside early ones. The partial likelihood is a product over event times, so a stratum may be cut in time: each
piece has the rows at risk in it, and rows that outlast it are censored at its end. The log likelihood, score and
information stay the same.
"""

from __future__ import annotations

import numpy as np

from riskset.stats.arrays import Bools, Floats, Ints
from riskset.stats.risk_sets import RiskSets, risk_sets

_SPAN = 250.0
"""Largest span of the log hazard within a piece: exp(-250) squared is still a float."""
_MOST_PIECES = 1000
"""A step that would need more pieces was too long."""
_MOST_ROWS = 20_000_000
"""Largest number of elements of X over all pieces; about 160 MB."""


def cut_in_time(rows: RiskSets, log_hazard: Floats) -> RiskSets | None:
    """Returns `rows` cut wherever the largest log hazard (n,) of rows still to exit has fallen by another 250.

    None where nothing needs a cut, the pieces would be too many or too large, or a log hazard is not finite.
    """
    if not np.isfinite(log_hazard).all():
        return None
    bin_of_row = np.repeat(rows.part_bin, rows.part_length)
    piece_of_bin = _pieces(rows, bin_of_row, log_hazard)
    first, last = _reach(rows, bin_of_row, piece_of_bin)
    copies = np.maximum(last - first + 1, 0)
    n_pieces = int(piece_of_bin.max(initial=0)) + 1
    is_cut = n_pieces > int(rows.bin_stratum.max(initial=0)) + 1
    if not is_cut or n_pieces > _MOST_PIECES or int(copies.sum()) * rows.p > _MOST_ROWS:
        return None
    return _assemble(rows, bin_of_row, piece_of_bin, first, copies)


def _pieces(rows: RiskSets, bin_of_row: Ints, log_hazard: Floats) -> Ints:
    """Returns the piece of each bin, (K,): 0, 1, ... increasing; no piece spans two strata."""
    highest = np.full(rows.K, -np.inf)
    np.maximum.at(highest, bin_of_row, log_hazard)
    cut = np.ones(rows.K, dtype=bool)
    for s in range(int(rows.bin_stratum.max(initial=-1)) + 1):
        own = np.flatnonzero(rows.bin_stratum == s)
        still = np.maximum.accumulate(highest[own][::-1])[::-1]
        steps = np.floor((still[0] - still) / _SPAN)
        cut[own[1:]] = steps[1:] > steps[:-1]
    return np.cumsum(cut) - 1


def _reach(rows: RiskSets, bin_of_row: Ints, piece_of_bin: Ints) -> tuple[Ints, Ints]:
    """Returns the first and last piece with an event time at which a row may be at risk, (n,) each."""
    last = piece_of_bin[bin_of_row]
    if rows.entry_bin is None:
        start = np.searchsorted(rows.bin_stratum, np.arange(len(rows.stratum_start)))
        return np.repeat(piece_of_bin[start], rows.stratum_length), last
    is_seen = rows.entry_bin < bin_of_row
    first = piece_of_bin[np.minimum(rows.entry_bin + 1, rows.K - 1)]
    return np.where(is_seen, first, last + 1), last


def _assemble(rows: RiskSets, bin_of_row: Ints, piece_of_bin: Ints, first: Ints, copies: Ints) -> RiskSets:
    """Returns the pieces as strata: a row appears in each piece in which it is at risk, and a bin's number, from 1, is
    its day."""
    row = np.repeat(np.arange(rows.n), copies)
    piece = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(copies) - copies, copies)
    is_last = piece == piece_of_bin[bin_of_row[row]]
    end_of_piece = np.searchsorted(piece_of_bin, piece, side="right") - 1
    event: Bools = np.repeat(rows.part_is_event, rows.part_length)
    return risk_sets(
        rows.X.T[row],
        np.where(is_last, bin_of_row[row], end_of_piece) + 1,
        event[row] & is_last,
        entry_days=None if rows.entry_bin is None else rows.entry_bin[row] + 1,
        weights=None if rows.weights is None else rows.weights[row],
        strata=piece,
    )
