"""The sums over the scores of all patients that are asked once a propensity score is fitted.

They give the spread, by which a caliper is measured, how many pairs of patients of a hospital the score orders rightly,
and the mean of weights that have a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.design import Column
from riskset.analyses.methods.propensity_fit import spread
from riskset.analyses.weights import n_means
from riskset.disclosure.exposure import Label, total
from riskset.stats import auc, logistic
from riskset.stats.balancing_weights import weights
from riskset.study.spec import Weighting

Floats = NDArray[np.float64]
_NOISE: Final = 1e-9
"""Of a sum of squares: below it what is left of its spread is rounding."""


@dataclass(frozen=True)
class ScoreSums:
    arm: Column
    limited: tuple[tuple[str, Weighting], ...]
    """The weighted populations, by name, with a limit that is a multiple of the mean weight."""
    is_penalised: bool = False
    """Whether the likelihood is: then the scores add up to another number than that of the patients of the arm."""

    @property
    def _before_weights(self) -> int:
        """How many sums there are before those of weights."""
        return 8 + self.is_penalised

    def labels(self) -> tuple[Label, ...]:
        return (
            total("patients with a score"),
            total("patients of the arm with a score", self.arm),
            total("sum of the logits of the scores"),
            total("sum of squares of the logits of the scores"),
            total("sum of squares of the scores"),
            *([total("sum of the scores")] if self.is_penalised else []),
            total("pairs of a patient of each arm at a site", self.arm),
            total("pairs that the score orders rightly", self.arm),
            total("pairs with equal scores", self.arm),
            *(
                total(f"weights of {name} in {column.name}, before they are trimmed or limited", self.arm)
                for name, _ in self.limited
                for column in (replace(self.arm, level=self.arm.reference), self.arm)
            ),
        )

    def local(self, rows: logistic.Rows, scores: logistic.Scores | None) -> Floats:
        """Returns a hospital's sums, (size,). Of weights it tells their mean, rounded, as often as it has patients: the
        weights after limits and trims are added up too, and exact sums of both would tell those of the few who are
        limited. Stabilised weights are added up before they are multiplied by the share of the arm, which is not known
        yet."""
        if scores is None or not rows.n:
            return np.zeros(self._before_weights + 2 * len(self.limited))
        logit, p, pairs = scores.logit, scores.probability, auc.pairs(scores.logit, rows.arm)
        of_pairs = (pairs.compared, pairs.concordant, pairs.tied)
        of_weights = [n_means(w) for _, asked in self.limited for w in _in_arms(rows, scores, asked)]
        of_p = [p @ p, p.sum()] if self.is_penalised else [p @ p]
        sums = [rows.n, rows.arm.sum(), logit.sum(), logit @ logit, *of_p, *of_pairs, *of_weights]
        return np.array(sums, np.float64)

    def largest_share(self, rows: logistic.Rows, scores: logistic.Scores | None, n: int | None) -> float:
        """Returns the largest share of one of a hospital's patients in a sum of weights: of what those of all n
        patients are expected to add up to in an arm; without n, of the hospital's own."""
        if scores is None or not rows.n:
            return 0.0
        shares = [0.0]
        for _, asked in self.limited:
            for w in _in_arms(rows, scores, asked):
                # of ATE as many as there are patients, of the others as many as are in an arm, or fewer
                expected = w.sum() if n is None else n / (1 if asked.method == "ate" else 4)
                shares.append(float(w.max(initial=0.0)) / expected if expected else 0.0)
        return max(shares)

    def read(self, totals: Sequence[float]) -> dict[str, Any] | None:
        """Returns what the totals come to, as `PropensityFit` names it; None where they cannot be of any scores."""
        n, treated, first, second, squares, *rest = totals[: self._before_weights]
        # by maximum likelihood the scores of a hospital, or of all, add up to the number of its patients in the arm
        scores, pairs = (rest[0], rest[1:]) if self.is_penalised else (treated, rest)
        if n > 0 and any(sq - s * s / n < -_NOISE * abs(sq) for s, sq in ((first, second), (scores, squares))):
            return None
        return {
            "n": round(n),
            "treated": round(treated),
            "sd_logit": spread(n, first, second),
            "sd_probability": spread(n, scores, squares),
            "pairs": auc.Pairs(*map(round, pairs)),
            "mean_weight": self._means(totals[self._before_weights :], n, treated / n if n else 0.0),
        }

    def _means(self, sums: Sequence[float], n: float, treated_share: float) -> dict[str, float]:
        found = {}
        for at, (name, asked) in enumerate(self.limited):
            of_others, of_treated = sums[2 * at : 2 * at + 2]
            if asked.estimand == "ate_stab":
                of_others, of_treated = of_others * (1 - treated_share), of_treated * treated_share
            found[name] = (of_others + of_treated) / n if n else 0.0
        return found


def _in_arms(rows: logistic.Rows, scores: logistic.Scores, asked: Weighting) -> tuple[Floats, Floats]:
    """Returns the weights of the patients of the reference, and of the arm, without any limit. Those who are trimmed
    are among them: sums with and without them would differ by the weights of a few."""
    estimand = "ate" if asked.estimand == "ate_stab" else asked.estimand
    found = weights(estimand, rows.arm, scores.logit)
    return found[~rows.arm], found[rows.arm]
