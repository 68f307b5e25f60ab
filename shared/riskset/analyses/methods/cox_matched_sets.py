"""A Cox model of the arm in which each matched set of two has a baseline hazard of its own: `coxph(... +
strata(subclass))`.

Within a set only the order of events counts: the likelihood is that of b sets in which the patient of the arm has the
first event, and c in which that of the reference has; where both have it on one day, the set counts in both, by
Efron's approximation as by Breslow's. So the hazard ratio is b / c. The set of patients is followed as long as both
of a matched set are at risk (`within_sets`), so that its events are b + c, and b alone is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, expm1, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, Separated, SeparationLimit, names_of, term_of
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label, total
from riskset.stats.log_rank import Test
from riskset.stats.tails import chi2_sf, two_sided_z


@dataclass(frozen=True)
class Known:
    """The state: patients, and their events while both of a set are at risk."""

    n: int
    events: int


@dataclass(frozen=True, kw_only=True)
class MatchedSetModel(CoxModel):
    """The analysis, in one round. Summary: the events of patients of the arm."""

    @cached_property
    def exposure(self) -> Exposure:
        return replace(super().exposure, is_iterative=False, ties=None, events_of=self.design)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.matched_set_events")

    def start(self, inputs: Inputs) -> Any:  # noqa: ANN401 - its state is no fit in progress
        moments: Moments = inputs[moments_id(self.analysis_set)]
        if moments.n == 0:
            return NotEstimable("no patients", say("analyses.no_patients"))
        if moments.events == 0:
            return NotEstimable("no events", say("analyses.no_events"))
        return Known(moments.n, moments.events)

    def labels(self, state: Any) -> tuple[Label, ...]:  # noqa: ANN401
        (arm,) = self.design
        return (total(f"matched sets in which {arm.level} has the first event", arm),)

    def most_numbers(self, sites: int) -> int:
        return 1

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Any:  # noqa: ANN401
        rows, (arm,) = cohort.outcomes(self.analysis_set), self.design
        return np.array([float(arm.values(rows)[rows.event].sum())])

    def local(self, prepared: NDArray[np.float64], state: Any) -> NDArray[np.float64]:  # type: ignore[override]  # noqa: ANN401
        return prepared

    def linear_predictor(self, prepared: Any, state: Any) -> NDArray[np.float64]:  # noqa: ANN401
        """Returns nothing: no point is asked for."""
        return np.zeros(0)

    def combine(self, total: Sequence[float], state: Any) -> Any:  # noqa: ANN401
        first, others = round(total[0]), state.events - round(total[0])
        return self._fit(first, others, state.n) if first and others else self._separated(first, others)

    def evaluations(self, state: Any) -> int:  # noqa: ANN401
        return 1

    def out_of_evaluations(self, state: Any) -> Result:  # noqa: ANN401
        return NotEstimable("not converged", say("analyses.asked_twice"))

    def refused(self, state: Any, refusal: RefusedByRule) -> Result:  # noqa: ANN401
        return refusal

    def _fit(self, first: int, others: int, n: int) -> CoxFit:
        (arm,), events = self.design, first + others
        coef, variance = log(first / others), 1 / first + 1 / others
        at_0, at_end = -events * log(2), first * log(first / events) + others * log(others / events)
        tests = (2 * (at_end - at_0), coef**2 / variance, (first - others) ** 2 / events)
        ratio, wald, score = (Test(chi2, 1, chi2_sf(chi2, 1)) for chi2 in tests)
        return CoxFit(
            n=n,
            events=events,
            iterations=1,
            null_log_likelihood=at_0,
            log_likelihood=at_end,
            terms=(term_of(arm, coef, variance**0.5),),
            not_used={},
            covariance=((variance,),),
            likelihood_ratio=ratio,
            wald=wald,
            score=score,
        )

    def _separated(self, first: int, others: int) -> Separated:
        """Returns the end where all first events are of one arm: the log likelihood is -m log(1 + e^-|b|), and at the
        limit twice that is the chi-square of the level."""
        (arm,), events = self.design, first + others
        distance = -log(expm1(two_sided_z(LEVEL) ** 2 / 2 / events))
        coef = distance if first else -distance
        limit = SeparationLimit(arm, "lower" if first else "upper", coef, exp(coef))
        code = "separated_above" if first else "separated_below"
        message = say(f"analyses.cox.{code}", column=names_of((arm,))[0], hr=exp(coef))
        return Separated("separated", message, (arm,), limit, events)

    def question_json(self) -> dict[str, Any]:
        return super().question_json() | {"baseline": "matched-set"}


def by_matched_set(model: CoxModel) -> MatchedSetModel:
    """Returns the same model with a baseline hazard for each matched set."""
    return model.become(MatchedSetModel, set_id=replace(model.set_id, within_sets=True))
