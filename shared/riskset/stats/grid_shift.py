"""By how much the steps of a time grid may have moved a median."""

from __future__ import annotations

from math import inf

import numpy as np

from riskset.stats.arrays import Floats, Ints
from riskset.stats.kaplan_meier import FLAT


def most_days_moved(day: Ints, at_risk: Floats, survival: Floats, median: float | None, width_days: int) -> float:
    """Returns by how many days, at most, the median of a curve on a grid is later than that of the exact days.

    `day`, `at_risk` (just before the day) and `survival` are those of the curve, (exits,) each, where nobody enters
    late; `median` is in days, None if it is not reached. The exact days are not known: what is known is how many had
    the event and how many were censored in each step. Within a step the curve on the grid lets the events come first;
    the lowest curve that the same counts permit lets the censorings come first, and falls by n'/(n' + d), with d events
    and n' patients still at risk after the step. The exact curve is between the two at the end of each step, and a day
    is at most `width_days` - 1 before the end of its step. 0 if no permitted curve reaches 0.5; inf if only the lower
    one does.
    """
    if not day.size or width_days == 1:
        return 0.0
    before = np.concatenate([[1.0], survival[:-1]])
    after = np.append(at_risk[1:], 0.0)
    events = np.rint(at_risk * (1.0 - np.divide(survival, before, out=np.ones_like(before), where=before > 0)))
    left = after + events
    lowest = np.multiply.accumulate(np.divide(after, left, out=np.ones_like(left), where=left > 0))
    reached = np.flatnonzero(lowest <= 0.5 + FLAT)
    if not reached.size:
        return 0.0
    if median is None:
        return inf
    earliest = max(float(day[reached[0]]) - (width_days - 1), 0.0)
    return max(median - earliest, 0.0)
