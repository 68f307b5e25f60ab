"""The preference score: a propensity as it were if both treatments were equally common, in ten fixed bins.

logit of the preference = logit of the propensity - logit of the share of the treated (Walker et al., Comparative
Effectiveness Research 3 (2013) 11). Patients between 0.3 and 0.7 might have had either treatment; where half of each
arm is there, the treatments are in empirical equipoise. The bins are fixed, and wide, since counts in narrow ones would
give the scores of nearly everybody.
"""

from __future__ import annotations

from math import log
from typing import Final

import numpy as np

from riskset.stats.arrays import Bools, Floats, Ints

BINS: Final = 10
EQUIPOISE: Final = slice(3, 7)
"""The bins from 0.3 to 0.7."""


def preference(logit: Floats, treated: int, others: int) -> Floats:
    """Returns the preference scores, (n,); `logit` (n,) of the propensity, `treated` and `others` the numbers of all
    patients in the arms."""
    return np.asarray(np.exp(-np.logaddexp(0.0, log(treated / others) - logit)), np.float64)


def bins(score: Floats) -> Ints:
    """Returns the bin of each patient, (n,): from i/10 to below (i + 1)/10, 1 in the last."""
    return np.asarray(np.minimum((score * BINS).astype(np.int64), BINS - 1), np.int64)


def by_bin(score: Floats, arm: Bools) -> Ints:
    """Returns how many of the others and of the treated are in each bin, (2, BINS). Bins add over hospitals.

    Reveals, if it leaves: in which tenth of the score a patient alone in arm and bin is.
    """
    at = bins(score)
    return np.stack([np.bincount(at[chosen], minlength=BINS) for chosen in (~arm, arm)]).astype(np.int64)


def equipoise(bins: Ints) -> list[float | None]:
    """Returns the share of the others and of the treated who are in equipoise; None where an arm has nobody."""
    return [float(arm[EQUIPOISE].sum() / arm.sum()) if arm.sum() else None for arm in bins]
