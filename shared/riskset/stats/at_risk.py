"""From sums over the patients who exit (and enter) in each bin to sums over those at risk.

A bin is an event time, with every exit from it up to the next one; see `risk_sets`. All arrays are (..., K), K bins
in runs, a run being a stratum.
"""

from __future__ import annotations

import numpy as np

from riskset.stats.arrays import Bools, Floats, Ints


def cumulate_back(values: Floats, later: Ints) -> Floats:
    """Returns for each bin the sum of its value and all later ones of its run; `later` (K,) is how many follow.

    Doubling keeps runs separate (the difference of two totals would lose the digits of a small stratum) without a loop
    over runs.
    """
    total = values.copy()
    step, longest = 1, int(later.max(initial=0))
    while step <= longest:
        total[..., :-step] += np.where(later[:-step] >= step, total[..., step:], 0.0)
        step *= 2
    return total


def cumulate(values: Floats, earlier: Ints) -> Floats:
    """Returns for each bin the sum of its value and all earlier ones of its run; `earlier` (K,) is how many precede."""
    return cumulate_back(values[..., ::-1], earlier[::-1])[..., ::-1]


def nearer_start(exiting: Floats, entering: Floats, earlier: Ints, later: Ints) -> Bools:
    """Returns (K,), True where less hazard has entered before the bin than exits from it on.

    With left truncation those at risk are all who exit from now on minus all who enter from now on, or all who entered
    before minus all who exited before. Where few are at risk, one of the two is a small difference of large sums.
    """
    entered_before = cumulate(entering, earlier) - entering
    return np.less(entered_before, cumulate_back(exiting, later))


def at_risk(
    exiting: Floats,
    entering: Floats | None,
    from_start: Bools | None,
    earlier: Ints,
    later: Ints,
) -> Floats:
    """Returns sums over those at risk at each bin's event time, counted from the start where `from_start`, else from
    the end.

    `entering` has a row's value in the last bin at whose event time the row was not yet at risk; None without left
    truncation.
    """
    if entering is None or from_start is None:
        return cumulate_back(exiting, later)
    net = exiting - entering
    return np.where(from_start, net - cumulate(net, earlier), cumulate_back(net, later))
