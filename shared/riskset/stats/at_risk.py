"""From sums over those who leave (and enter) in each bin to sums over those at risk.

A bin is an event time with all who leave from it up to the next one; see `risk_sets`. All arrays are (..., K), K bins
in runs, a run being a stratum.
"""

from __future__ import annotations

import numpy as np

from riskset.stats.arrays import Bools, Floats, Ints


def cumulate_back(values: Floats, later: Ints) -> Floats:
    """Each bin's value and all later ones of its run; `later` (K,) is how many those are.

    By doubling, so that runs do not mix (a total less another loses a small stratum's digits) and no run needs a loop.
    """
    total = values.copy()
    step, longest = 1, int(later.max(initial=0))
    while step <= longest:
        total[..., :-step] += np.where(later[:-step] >= step, total[..., step:], 0.0)
        step *= 2
    return total


def cumulate(values: Floats, earlier: Ints) -> Floats:
    """Each bin's value and all earlier ones of its run; `earlier` (K,) is how many those are."""
    return cumulate_back(values[..., ::-1], earlier[::-1])[..., ::-1]


def nearer_start(leaving: Floats, entering: Floats, earlier: Ints, later: Ints) -> Bools:
    """(K,) where fewer have entered before the bin than leave from it on, by hazard.

    With left truncation those at risk are who leaves from now on less who enters from now on, or who entered before
    less who left before. Where few are at risk, one of the two is a small difference of large sums.
    """
    entered_before = cumulate(entering, earlier) - entering
    return np.less(entered_before, cumulate_back(leaving, later))


def at_risk(
    leaving: Floats,
    entering: Floats | None,
    from_start: Bools | None,
    earlier: Ints,
    later: Ints,
) -> Floats:
    """Sums over those at risk at each bin's event time, counted from the start where `from_start`, else from the end.

    `entering` holds a row's value in the last bin whose event time it had not yet entered for; None without left
    truncation.
    """
    if entering is None or from_start is None:
        return cumulate_back(leaving, later)
    net = leaving - entering
    return np.where(from_start, net - cumulate(net, earlier), cumulate_back(net, later))
