"""What the rules say of a hospital's own rows at a point of evaluation: R5 and R7 for what a model sends there, R4 for
what is halved, and R8 for sums of squares. The findings never leave the hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission import own_numbers
from riskset.analyses.admission.features import rows_within
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.step import Own
from riskset.analyses.analysis import Analysis
from riskset.catalogue import say
from riskset.disclosure import models as of_models
from riskset.disclosure.finding import Finding, cannot_judge
from riskset.disclosure.policy import Policy


class Evaluated(Protocol):
    """An analysis at the next point of evaluation."""

    @property
    def analysis(self) -> Analysis: ...

    @property
    def evaluations(self) -> int:
        """How many totals led to this point."""

    def linear_predictor(self) -> NDArray[np.float64]: ...

    def largest_share(self, *, of_own: bool) -> float | None: ...
    def halved_here(self) -> Sequence[int]: ...


def own_findings_of_squares(policy: Policy, evaluated: Sequence[Evaluated]) -> list[Judged]:
    """As `own_rows.own_findings`, before sums of squares of patients' own figures leave: R8."""
    return [(one.analysis.id, _own_squares(policy, one)) for one in evaluated]


def own_findings_of_points(policy: Policy, own: Own, evaluated: Sequence[Evaluated]) -> list[Judged]:
    """As `own_rows.own_findings`, before analyses are evaluated at points that follow from totals."""
    return [*_own_evaluations(policy, own, evaluated)]


def _own_evaluations(policy: Policy, own: Own, evaluated: Sequence[Evaluated]) -> Iterator[Judged]:
    """R7 at the requested points and, in the local column, R5 on this hospital's rows."""
    for one in evaluated:
        if one.analysis.exposure.halved:
            yield from own_numbers.halves(policy, one.analysis.id, one.halved_here())
            continue
        id_, n = one.analysis.id, rows_within(own.cohort.analysis_sets[one.analysis.analysis_set], one.analysis).n
        eta = one.linear_predictor()
        if eta.shape != (n,):
            why, remedy = say("rules.beyond.no_linear_predictor"), say("rules.remedy.no_linear_predictor")
            yield id_, cannot_judge("R7", id_, why, remedy)
        yield from ((id_, finding) for finding in of_models.linear_predictor(policy, id_, eta))
        if policy.column == "local" and n:
            exposure = one.analysis.exposure
            points = one.evaluations // exposure.rounds_of_a_point + 1
            of = n, len(exposure.design), exposure.held, exposure.slopes, exposure.predictors
            asked = of_models.evaluations(policy, id_, points, *of)
            yield from ((id_, finding) for finding in asked)


def _own_squares(policy: Policy, one: Evaluated) -> Finding:
    """R8: the largest share of a patient, of a matched set, or of the hospital as one, in a sum of squares. The sum of
    all hospitals is not known before it is opened: what it is expected to be stands for it. Where others can see this
    hospital's own sum, it is that of which a patient must not be the most."""
    analysis, share = one.analysis, one.largest_share(of_own=policy.column == "local")
    if share is None:
        return cannot_judge("R8", analysis.id, say("rules.beyond.no_shares"), say("rules.remedy.no_linear_predictor"))
    judged = of_models.site_influence if analysis.exposure.squares == "site" else of_models.influence
    return judged(policy, analysis.id, share)
