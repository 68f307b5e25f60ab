"""The concordance of a Cox model within its strata, with its error: `concordance()` of a fit with `strata(site)`.

Sent are the numbers of concordant, discordant and tied pairs, and three sums of squares of patients' numbers of pairs
in units of all patients, from which the error follows once the pooled concordance is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_companions import At, Companion, scaled_beta
from riskset.analyses.methods.cox_fit import Concordance as Found
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Label, total
from riskset.stats.concordance import Pairs, pairs
from riskset.study.asked.cox import CoxEntry


@dataclass(frozen=True, kw_only=True)
class Concordance(Companion):
    """The analysis. Summary: three numbers of pairs; three sums of squares and products."""

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.concordance")

    def labels(self, state: At) -> tuple[Label, ...]:
        of = f"in {self.model.id}"
        return (
            *(total(f"{which} pairs {of}") for which in ("concordant", "discordant", "tied")),
            total(f"squared concordant less discordant pairs of a patient {of}"),
            total(f"product of concordant less discordant, and all, pairs of a patient {of}"),
            total(f"squared pairs of a patient {of}"),
        )

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Pairs:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        rows, beta = self.model.prepare(cohort, inputs), scaled_beta(self.model, inputs[self.model.id], moments)
        eta = np.zeros(rows.n)
        for b, x in zip(beta, rows.X, strict=True):
            eta += b * x  # row by row alike, so that equal patients are tied
        return pairs(rows, eta)

    def local(self, prepared: Pairs, state: At) -> NDArray[np.float64]:
        c, d, n = prepared.concordant, prepared.discordant, prepared.compared
        more, squares = c - d, state.fit.n**2
        of_pairs = [of.sum() / 2 for of in (c, d, n - c - d)]
        return np.array([*of_pairs, *(of.sum() / squares for of in (more * more, more * n, n * n))])

    def largest_share(self, prepared: Pairs, state: At, *, of_own: bool) -> float:
        """Returns the largest share in the hospital's own sum of n^2 whatever others see: no other is known before."""
        squares = prepared.compared**2
        return float(squares.max(initial=0.0) / squares.sum()) if squares.any() else 0.0

    def combine(self, total: Sequence[float], state: At) -> Found | NotEstimable:
        if not sum(total[:3]):
            return NotEstimable("no pairs", say("analyses.cox.no_pairs"))
        return concordance_of(total[:3], total[3:], state.fit.n)

    def joined(self, fit: CoxFit, end: Result) -> CoxFit:
        return replace(fit, concordance=end)


def concordance_of(of_pairs: Sequence[float], squares: Sequence[float], n: int) -> Found:
    """Returns the concordance of `n` patients from the numbers of concordant, discordant and tied pairs, and the sums
    of squares in units of n^2."""
    concordant, discordant, tied = of_pairs
    compared = concordant + discordant + tied
    somers = (concordant - discordant) / compared
    of_more, mixed, of_all = (n**2 * of for of in squares)
    variance = max(of_more - 2 * somers * mixed + somers**2 * of_all, 0.0) / compared**2
    return Found((somers + 1) / 2, sqrt(variance) / 2, round(compared))


def concordances(model: CoxModel, entry: CoxEntry) -> Iterator[Concordance]:
    """Yields the concordance of the model, where the study asks for it."""
    if entry.concordance:
        yield Concordance.beside(model, "concordance")
