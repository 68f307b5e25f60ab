"""The test of proportional hazards of a Cox model (Grambsch and Therneau, Biometrika 81 (1994) 515): a score test of
coefficients that change with a function g of time, as `cox.zph` of survival 3 and later.

Sent are the score in g x and the information in it, with x and with itself, at the fitted coefficients: sums over all
times. g is centred and scaled by the events of the pooled curve, which changes no test: the weighted information is
then near the model's, so that the share of a patient in it is known before it is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, Result
from riskset.analyses.cohort import ALL, AnalysisSet, Cohort
from riskset.analyses.design import strata_of
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_companions import Companion, scaled_beta, scaled_covariance
from riskset.analyses.methods.cox_fit import CoxFit, PhTest
from riskset.analyses.methods.km import SurvivalCurves
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Label, total
from riskset.stats import shares
from riskset.stats.arrays import symmetric
from riskset.stats.at_events import AtEvents
from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import Curve
from riskset.stats.log_rank import Test
from riskset.stats.tails import chi2_sf
from riskset.study.asked.cox import CoxEntry, Transform

FROM_CURVE: Final = ("km", "rank")
"""The functions of time that follow from the pooled curve, on the study's grid."""
ROUNDING: Final = 1e-9
"""Of g: a standard deviation below this share of the mean is none."""


@dataclass(frozen=True)
class Testing:
    """The state: what all parties know of the model, on the scale of the prepared rows."""

    fit: CoxFit
    information: NDArray[np.float64]
    """Of the coefficients, (k, k)."""


@dataclass(frozen=True)
class Prepared:
    """Never leaves."""

    events: AtEvents
    g: NDArray[np.float64]
    """(events,)"""
    at: list[int]
    """Those of the columns that have a coefficient."""


@dataclass(frozen=True, kw_only=True)
class ProportionalHazards(Companion):
    """The analysis. Summary: score (k), information with x and with itself (upper triangles by rows)."""

    transform: Transform
    curves: str
    """Id of the survival curves by which time is measured: of the same patients or, where these have weights, of all,
    since no curve counts patients with weights once each."""
    grid: Grid

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.ph_test")

    @property
    def needs(self) -> tuple[str, ...]:
        return (*super().needs, self.curves)

    def start(self, inputs: Inputs) -> Testing | NotEstimable:  # type: ignore[override]
        fit: CoxFit = inputs[self.model.id]
        curve = self._curve(inputs)
        if self.transform == "log" and bool((curve.day[curve.events > 0] == 0).any()):
            return NotEstimable("day 0", say("analyses.cox.log_of_day_0"))
        if _moments(curve, self.transform)[1] == 0.0:
            return NotEstimable("one step", say("analyses.cox.one_step"))
        return Testing(fit, self._information(fit, inputs))

    def labels(self, state: Testing) -> tuple[Label, ...]:
        columns, of = [term.column for term in state.fit.terms], f"{self.transform} of time, {self.model.id}"
        pairs = list(combinations_with_replacement(columns, 2))
        return (
            *(total(f"slope in {column.name} x {of}", column) for column in columns),
            *(total(f"curvature in {a.name} and {b.name} x {of}", a, b) for a, b in pairs),
            *(total(f"curvature in {a.name} and {b.name} x squared {of}", a, b) for a, b in pairs),
        )

    def most_numbers(self, sites: int) -> int:
        p = len(self.model.design)
        return p + p * (p + 1)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Prepared:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        fit: CoxFit = inputs[self.model.id]
        rows = self.model.prepare(cohort, inputs)
        events = AtEvents.of(rows, scaled_beta(self.model, fit, moments), self.model.ties)
        own = cohort.outcomes(self.analysis_set)
        g = _standardised(_days_of_events(self.model, own), self._curve(inputs), self.transform, self.grid)
        usable = self.model.usable(moments)
        return Prepared(events, g, [usable.index(term.column) for term in fit.terms])

    def local(self, prepared: Prepared, state: Testing) -> NDArray[np.float64]:
        events, g, at = prepared.events, prepared.g, prepared.at
        upper = np.triu_indices(len(at))
        weighted = [events.information(v)[np.ix_(at, at)][upper] for v in (g, g * g)]
        return np.concatenate([events.score_residuals(g).sum(axis=1)[at], *weighted])

    def largest_share(self, prepared: Prepared, state: Testing, *, of_own: bool) -> float:
        """Returns the largest share in the information in g x, and in the squares of what patients add to the score: of
        both, all directions are told. The model's information is what both are expected to be."""
        events, g, at = prepared.events, prepared.g, prepared.at
        scores, squares = events.score_residuals(g)[at], g * g
        own = [events.information(squares)[np.ix_(at, at)], scores @ scores.T] if of_own else [state.information] * 2
        of_information, of_scores = map(shares.whitener, own)
        blocks = (events.parts_of_information(squares, block)[:, at][:, :, at] for block in events.rows.blocks)
        in_information = max((shares.of_matrices(block, of_information) for block in blocks), default=0.0)
        return max(in_information, shares.of_vectors(scores, of_scores))

    def combine(self, total: Sequence[float], state: Testing) -> PhTest | NotEstimable:
        k = len(state.fit.terms)
        size = k * (k + 1) // 2
        score, cross, own = np.array(total[:k]), total[k : k + size], total[k + size :]
        mixed = symmetric(np.array(cross), k)
        whole = np.block([[state.information, mixed], [mixed, symmetric(np.array(own), k)]])
        columns = [term.column for term in state.fit.terms]
        try:
            terms = tuple((column, _test(whole, score, [i])) for i, column in enumerate(columns))
            names = dict.fromkeys(column.variable for column in columns)
            of = {name: [i for i, column in enumerate(columns) if column.variable == name] for name in names}
            variables = tuple((name, _test(whole, score, at)) for name, at in of.items())
            return PhTest(terms, variables, _test(whole, score, list(range(k))))
        except (np.linalg.LinAlgError, ValueError):
            return NotEstimable("singular", say("analyses.cox.ph_singular"))

    def joined(self, fit: CoxFit, end: Result) -> CoxFit:
        return replace(fit, ph_tests={**fit.ph_tests, self.transform: end})

    def _curve(self, inputs: Inputs) -> Curve:
        curves: SurvivalCurves = inputs[self.curves]
        return curves.overall.curve

    def _information(self, fit: CoxFit, inputs: Inputs) -> NDArray[np.float64]:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        usable = self.model.usable(moments)
        at = [usable.index(term.column) for term in fit.terms]
        return np.asarray(np.linalg.inv(scaled_covariance(self.model, fit, moments)[np.ix_(at, at)]))


def _days_of_events(model: CoxModel, rows: AnalysisSet) -> NDArray[np.int64]:
    """Returns the days of the events by stratum and day, as `AtEvents` has them."""
    stratum, days = strata_of(model.strata, rows)[rows.event], rows.days[rows.event]
    return days[np.lexsort((days, stratum))]


def _standardised(days: NDArray[np.int64], curve: Curve, transform: Transform, grid: Grid) -> NDArray[np.float64]:
    """Returns g of days, less its mean over all events and in units of their standard deviation."""
    middle, spread = _moments(curve, transform)
    on_curve = grid.days[grid.exit_steps(days)] if transform in FROM_CURVE else days
    return (_raw(on_curve, curve, transform) - middle) / spread


def _moments(curve: Curve, transform: Transform) -> tuple[float, float]:
    """Returns mean and standard deviation of g over the events of the curve; 0 where g does not differ but by rounding,
    or nobody has an event on the grid."""
    at = curve.events > 0
    if not at.any():
        return 0.0, 0.0
    g, events = _raw(curve.day[at], curve, transform), curve.events[at]
    n = float(events.sum())
    middle = float(events @ g) / n
    spread = sqrt(float(events @ (g - middle) ** 2) / n)
    return middle, spread if spread > ROUNDING * max(abs(middle), 1.0) else 0.0


def _raw(days: NDArray[np.int64], curve: Curve, transform: Transform) -> NDArray[np.float64]:
    """Returns g: 1 - S just before the day, the mean rank of the day among all, the day, or its logarithm."""
    if transform == "identity":
        return days.astype(np.float64)
    if transform == "log":
        return np.log(days)
    step = np.minimum(np.searchsorted(curve.day, days), len(curve.day) - 1)
    if transform == "km":
        return 1.0 - np.concatenate([[1.0], curve.survival])[step]
    leaving = curve.events + curve.censored
    return np.asarray((np.cumsum(leaving) - leaving)[step] + (leaving[step] + 1.0) / 2.0)


def _test(whole: NDArray[np.float64], score: NDArray[np.float64], tested: Sequence[int]) -> Test:
    """Returns the score test of these coefficients of x g, beside those of x: `whole` is the information of both."""
    k = len(score)
    kept = [*range(k), *(k + i for i in tested)]
    slope = np.concatenate([np.zeros(k), score[list(tested)]])
    chi2 = float(slope @ np.linalg.solve(whole[np.ix_(kept, kept)], slope))
    return Test(chi2, len(tested), chi2_sf(chi2, len(tested)))


def ph_tests(model: CoxModel, entry: CoxEntry, grid: Grid) -> Iterator[ProportionalHazards]:
    """Yields one for each function of time that the study asks for."""
    for transform in entry.ph_test:
        yield ProportionalHazards.beside(
            model,
            f"ph_test/{transform}",
            transform=transform,
            curves=f"km/{model.endpoint}/{ALL if model.has_weights else model.population}",
            grid=grid,
        )
