"""The study's Cox models fitted to one site's rows alone, by lifelines. They are not the study's results: a site has
fewer patients, and one baseline hazard."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, inf
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet, Cohort, chosen
from riskset.analyses.design import matrix, strata_of
from riskset.analyses.plan import plan
from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure.exposure import Column
from riskset.study.propensity import ALL
from riskset.study.spec import Study

if TYPE_CHECKING:
    import pandas as pd

_EXACT = {"precision": 1e-20, "r_precision": 0.0, "max_steps": 100}
"""lifelines' defaults stop some 1e-6 standard errors before convergence."""
_Z = NormalDist().inv_cdf(0.975)
FEW_EVENTS = 10
"""For each coefficient: with fewer, estimates and their limits are hardly to be trusted."""
_UNBOUNDED = 10.0
"""Of a coefficient in standard deviations of its column: a hazard ratio of 22,000 is none."""


@dataclass(frozen=True)
class LocalTerm:
    """One coefficient of a model, with its standard error."""

    name: str
    coef: float
    se: float

    @property
    def hr(self) -> tuple[float, float, float]:
        """The hazard ratio and its limits."""
        return exp(self.coef), _exp(self.coef - _Z * self.se), _exp(self.coef + _Z * self.se)

    @property
    def p(self) -> float:
        return 2 * NormalDist().cdf(-abs(self.coef) / self.se)


@dataclass(frozen=True)
class LocalModel:
    """A model of the study, fitted to this site's rows or not."""

    id: str
    endpoint: str
    n: int
    events: int
    terms: tuple[LocalTerm, ...]
    """Empty where it could not be fitted."""
    why_not: Message = NOTHING
    notes: tuple[Message, ...] = ()
    """What to bear in mind of the fit."""

    @property
    def has_few_events(self) -> bool:
        """Whether the estimates and their limits are hardly to be trusted."""
        return self.events < FEW_EVENTS * len(self.terms)


def local_models(cohort: Cohort, study: Study) -> Iterator[LocalModel]:
    """Yields each Cox model of the study that one site can fit, in the study's order."""
    for analysis in plan(study).reported:
        if analysis.kind == "cox" and analysis.part_of is None and is_local(analysis):
            yield local_model(analysis, cohort)


def is_local(analysis: Analysis) -> bool:
    """Whether its patients are known to a site: a matched or weighted population follows from all sites' sums."""
    return analysis.population == ALL and analysis.exposure.from_fit is None


def local_model(analysis: Analysis, cohort: Cohort) -> LocalModel:
    """Returns a model as fitted to one site's rows; without terms, and why, where that cannot be done."""
    rows = _rows(analysis, cohort)
    columns, flat = _usable(analysis.exposure.design, rows)
    model = LocalModel(analysis.id, analysis.set_id.endpoint or "", rows.n, int(rows.event.sum()), ())
    notes = (*_notes(analysis, rows), *(say("explore.cox.flat", column=column.name) for column in flat))
    if why := _nothing_to_fit(model, columns):
        return replace(model, why_not=why, notes=notes)
    notes += tuple(_separating(columns, rows))
    fit = _fitted(rows, columns, strata_of(analysis.exposure.conditions, rows))
    if isinstance(fit, Message):
        return replace(model, why_not=fit, notes=notes)
    return replace(model, terms=fit, notes=notes)


def _rows(analysis: Analysis, cohort: Cohort) -> AnalysisSet:
    rows = cohort.outcomes(analysis.set_id.name)
    if (within := analysis.exposure.within) is None:
        return rows
    part = chosen(rows, within.values(rows) == 1)
    assert isinstance(part, AnalysisSet)  # a part of such a set is one
    return part


def _usable(columns: Sequence[Column], rows: AnalysisSet) -> tuple[list[Column], list[Column]]:
    """Returns the columns that differ between the rows, and those that do not."""
    differs = {column: rows.n > 0 and bool(np.ptp(column.values(rows)) > 0) for column in columns}
    return [one for one in columns if differs[one]], [one for one in columns if not differs[one]]


def _notes(analysis: Analysis, rows: AnalysisSet) -> Iterator[Message]:
    """Yields in what the fit differs from what the study asks."""
    asked = analysis.question_json()
    if asked.get("ties") == "breslow":
        yield say("explore.cox.breslow")
    if asked.get("firth"):
        yield say("explore.cox.firth")
    if rows.weights is not None:
        yield say("explore.cox.weights")


def _nothing_to_fit(model: LocalModel, columns: Sequence[Column]) -> Message:
    if model.n == 0:
        return say("explore.cox.no_patient")
    if model.events == 0:
        return say("explore.cox.no_event")
    return NOTHING if columns else say("explore.cox.no_covariate")


def _separating(columns: Sequence[Column], rows: AnalysisSet) -> Iterator[Message]:
    """Yields each level in which nobody, or everybody with an event, is: its hazard ratio has no bound."""
    for column in columns:
        values = column.values(rows)
        if column.level is None or not np.isin(values, (0, 1)).all():
            continue
        of_events = values[rows.event]
        if not of_events.any():
            yield say("explore.cox.none_in_level", level=column.name)
        elif of_events.all():
            yield say("explore.cox.all_in_level", level=column.name)


def _fitted(rows: AnalysisSet, columns: Sequence[Column], strata: NDArray[np.int64]) -> tuple[LocalTerm, ...] | Message:
    """Returns the coefficients, or why there are none. What lifelines warns of is said in words of ours: its own name
    columns of a frame."""
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    design = matrix(columns, rows)
    frame, how = _frame(rows, design, strata)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the coefficients are examined below
        try:
            fitter = CoxPHFitter().fit(frame, "days", "event", fit_options=_EXACT, **how)
        except ConvergenceError:
            return say("explore.cox.not_converged")
    coef, se = fitter.params_.to_numpy(), fitter.standard_errors_.to_numpy()
    if not np.isfinite([coef, se]).all() or (np.abs(coef) * design.std(axis=0) > _UNBOUNDED).any():
        return say("explore.cox.unbounded")
    of = zip(columns, coef.tolist(), se.tolist(), strict=True)
    return tuple(LocalTerm(column.name, *values) for column, *values in of)


def _frame(
    rows: AnalysisSet, design: NDArray[np.float64], strata: NDArray[np.int64]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Returns the rows as lifelines takes them, with the names of what they have besides days and events."""
    import pandas as pd

    frame = pd.DataFrame(design, columns=[f"x{j}" for j in range(design.shape[1])])
    frame["days"], frame["event"] = rows.days, rows.event
    how: dict[str, Any] = {}
    if strata.any():
        frame["stratum"], how["strata"] = strata, ["stratum"]
    if rows.entry_days is not None:
        frame["entry"], how["entry_col"] = rows.entry_days, "entry"
    if rows.weights is not None:
        frame["weight"], how["weights_col"] = rows.weights, "weight"
    return frame, how


def _exp(value: float) -> float:
    return exp(value) if value < 700 else inf
