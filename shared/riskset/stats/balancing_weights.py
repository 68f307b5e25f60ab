"""Weights from a propensity score, and how many patients they are worth.

With p the probability of the arm a patient is in (Li, Morgan and Zaslavsky, JASA 113 (2018) 390, table 1; matching
weights are of Li and Greene, International Journal of Biostatistics 9 (2013) 215):

    ate         1 / p                    everybody
    ate_stab    share of the arm / p     everybody, the arms of their own size
    att         1; p of the other / p    the treated
    overlap     1 - p                    those who might be in either arm; means are balanced exactly
    matching    min(p, 1 - p) / p        as pairs would be

They are computed from the logit, so that a probability near 1 costs no digits. A weight is a patient's own number: its
sums may leave a hospital where the rules let them, never the largest.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np

from riskset.stats.arrays import Bools, Floats

Estimand = Literal["ate", "ate_stab", "att", "overlap", "matching"]
ESTIMANDS: Final[tuple[Estimand, ...]] = get_args(Estimand)


def weights(estimand: Estimand, arm: Bools, logit: Floats, treated_share: float | None = None) -> Floats:
    """Returns the weights (n,), positive, of patients with `logit` (n,) the fitted logit of the treated arm.

    `treated_share` is that of all patients, for `ate_stab` only. ValueError for an unknown estimand, a share that is
    missing or not between 0 and 1, or a logit so far out that a weight is beyond the floats.
    """
    odds_against = np.where(arm, -logit, logit)  # logit of the other arm
    with np.errstate(over="ignore", under="ignore"):
        match estimand:
            case "ate":
                found = 1.0 + np.exp(odds_against)
            case "ate_stab":
                if treated_share is None or not 0.0 < treated_share < 1.0:
                    raise ValueError("stabilised weights need the share of the treated, between 0 and 1")
                found = np.where(arm, treated_share, 1.0 - treated_share) * (1.0 + np.exp(odds_against))
            case "att":
                found = np.where(arm, 1.0, np.exp(logit))
            case "overlap":
                found = np.exp(-np.logaddexp(0.0, -odds_against))
            case "matching":
                found = np.minimum(1.0, np.exp(odds_against))
            case _:
                raise ValueError(f"weights are one of {', '.join(ESTIMANDS)}, not {estimand!r}")
    if not (np.isfinite(found) & (found > 0.0)).all():
        raise ValueError("a weight is beyond the floats")
    return np.asarray(found, np.float64)


def kept(probability: Floats, low: float, high: float) -> Bools:
    """Returns who stays where scores are trimmed: those from `low` to `high`, both included, (n,). These are fixed
    numbers of the study: a quantile rests on few patients."""
    return (probability >= low) & (probability <= high)


def truncated(found: Floats, multiple: float, mean: float) -> Floats:
    """Returns the weights, none above `multiple` times `mean`, the mean weight of all patients (of an arm), (n,)."""
    return np.minimum(found, multiple * mean)


def effective_size(weight: float, squares: float) -> float:
    """Returns the number of patients of equal weight whose mean is as precise, (sum of w)^2 / sum of w^2 (Kish 1965);
    0 for nobody."""
    return weight * weight / squares if squares > 0.0 else 0.0
