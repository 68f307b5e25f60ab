"""A Cox model fitted to one hospital's rows alone: what the hospital itself can say of its hazard ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from riskset.analyses.analysis import NotEstimable
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, Fitting, Limiting, Separated, Term
from riskset.analyses.moments import Moments, moments_id, pooled, summary
from riskset.stats.cox import RiskSets, evaluate

FAR_OUT: Final = 40.0
"""A log hazard ratio at which a separated likelihood differs from its supremum by less than its rounding."""


@dataclass(frozen=True)
class OwnFit:
    """What one hospital's rows say of the model's first column. Never leaves, but for what it signed."""

    log_likelihood: float
    """Its largest value, or the supremum, where the model has one column; else at coefficients of 0."""
    has_information: bool
    """Whether the likelihood depends on the first column."""
    n: int
    events: int
    term: Term | None
    """The first column's estimate; None where there is none."""


def own_fit(model: CoxModel, cohort: Cohort, together: RiskSets, scale: float) -> OwnFit:
    """Returns the fit to a hospital's rows alone. `together` are the same rows as prepared for the common fit, with the
    first column in units of `scale`."""
    rows = cohort.outcomes(model.analysis_set)
    moments = _own_moments(model, rows)
    inputs = {moments_id(model.analysis_set): moments}
    first = model.start(inputs)
    last, found = _run(model, model.prepare(cohort, inputs), first) if isinstance(first, Fitting) else (None, first)
    if isinstance(found, CoxFit):
        term = next((one for one in found.terms if one.column == model.design[0]), None)
        return OwnFit(found.log_likelihood, term is not None, moments.n, moments.events, term)
    if last is not None and isinstance(found, NotEstimable) and found.code == "not converged":
        largest = last.newton.log_likelihood
        return OwnFit(largest, has_information=True, n=moments.n, events=moments.events, term=None)
    sign = float(np.sign(last.beta[0])) if last is not None and isinstance(found, Limiting | Separated) else 0.0
    beta = np.zeros(together.p)
    if len(model.design) == 1:
        beta[0] = sign * FAR_OUT * scale
    value = evaluate(together, beta, model.ties)
    return OwnFit(value.log_likelihood, sign != 0.0, moments.n, moments.events, None)


def _run(model: CoxModel, prepared: RiskSets, first: Fitting) -> tuple[Fitting, object]:
    """Returns the last point of the fit, and how it ended there."""
    fit: Fitting = first
    while True:
        after = model.combine(model.local(prepared, fit).tolist(), fit)
        if not isinstance(after, Fitting):
            return fit, after
        fit = after


def _own_moments(model: CoxModel, rows: AnalysisSet) -> Moments:
    numbers = {column: summary([column], rows).tolist() for column in model.design}
    values = {column: column.values(rows) for column in model.design}
    varying = [column for column, of in values.items() if rows.n and (of != of[0]).any()]
    return pooled(rows.n, int(rows.event.sum()), numbers, varying)
