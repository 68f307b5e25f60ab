"""The area under the ROC curve of a score, from pairs of a treated patient and another one of the same hospital.

The share of the pairs in which the treated patient has the higher score; equal scores count one half. Pairs of patients
of two hospitals are left out, since no hospital has both scores: where sites differ in how often they treat, the area
over all pairs is usually larger, as `concordance(arm ~ score)` gives it; this one is that of `strata(site)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskset.stats.arrays import Bools, Floats
from riskset.stats.matching import comparable


@dataclass(frozen=True)
class Pairs:
    """Pairs of a treated patient and another one, by who has the higher score. `+` adds hospitals.

    Reveals, if it leaves: of a hospital with one treated patient, the rank of that one's score.
    """

    compared: int
    concordant: int
    tied: int

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(self.compared + other.compared, self.concordant + other.concordant, self.tied + other.tied)

    @property
    def auc(self) -> float | None:
        """None where no hospital has a pair."""
        return (self.concordant + self.tied / 2) / self.compared if self.compared else None


def pairs(score: Floats, arm: Bools) -> Pairs:
    """Returns the pairs of one hospital; `score` (n,), `arm` (n,) True for the treated. n log n steps.

    Scores are compared as `matching` does: give logits, since different small probabilities are nearly equal.
    """
    units = comparable(score)
    others = np.sort(units[~arm])
    below = np.searchsorted(others, units[arm], side="left")
    upto = np.searchsorted(others, units[arm], side="right")
    return Pairs(len(others) * int(arm.sum()), int(below.sum()), int((upto - below).sum()))
