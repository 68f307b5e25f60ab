"""The weighted log-rank test: the robust score test of a weighted Cox model of the arm alone, with the model's strata
(Lin and Wei, JASA 84 (1989) 1074; `summary(coxph(..., weights = w))$robscore`).

Chi-square is the squared score at 0 over the sum of squared score residuals at 0, of patients, or of matched sets where
the errors of the model are clustered by these. The score is known from the fit's first evaluation, so one number is
sent: the sum of squares in units of the information at 0, which is known too, so that the share of a patient is known
before it is opened.
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
from riskset.analyses.methods.cox_companions import At
from riskset.analyses.methods.cox_fit import CoxFit, WeightedLogRank
from riskset.analyses.methods.cox_robust import SquaresOfOne
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Label, total
from riskset.stats.at_events import AtEvents
from riskset.stats.log_rank import Test
from riskset.stats.tails import chi2_sf


@dataclass(frozen=True, kw_only=True)
class RobustScore(SquaresOfOne):
    """The analysis. Summary: one sum of squares."""

    @property
    def reveals(self) -> Message:
        return say(f"analyses.reveals.robust_score_{self.over}")

    def labels(self, state: At) -> tuple[Label, ...]:
        return (total(f"squared scores ({self.over}) in {self.column.name} at 0 in {self.model.id}", self.column),)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        """Returns the score residual of each row at 0 in units of the root of the information there, (n,); of each
        matched set where they are clustered."""
        fit: CoxFit = inputs[self.model.id]
        moments: Moments = inputs[moments_id(self.analysis_set)]
        assert fit.null_information is not None
        rows, scale = self.model.prepare(cohort, inputs), moments.columns[self.column].sd
        events = AtEvents.of(rows, [0.0], self.model.ties)
        (residuals,) = events.score_residuals(np.ones(len(events.u)))
        return self.clustered(residuals * (scale / sqrt(fit.null_information)), cohort, rows)

    def combine(self, total: Sequence[float], state: At) -> WeightedLogRank | NotEstimable:
        if not total[0] > 0.0:
            return NotEstimable("no influence", say("analyses.cox.no_influence", column=self.column.name))
        chi2 = state.fit.score.chi2 / total[0]
        return WeightedLogRank(Test(chi2, 1, chi2_sf(chi2, 1)))

    def joined(self, fit: CoxFit, end: Result) -> CoxFit:
        return replace(fit, weighted_log_rank=end)


def weighted_log_ranks(model: CoxModel, arm: str | None) -> Iterator[RobustScore]:
    """Yields one for a weighted model of the arm alone, in two levels, if the study has robust errors of it."""
    (column, *others), over = model.design, model.robust
    is_of_arm = column.variable == arm and not column.is_number and not others
    if model.has_weights and is_of_arm and over in ("patient", "matched-set"):
        yield RobustScore.beside(model, "robust_score", column=column, over=over)
