"""A Cox model with one baseline hazard per hospital: each sends log likelihood, score and information of its strata.

The sums are those of `coxph(... + strata(site))` on the pooled rows (docs/methods/cox.md), so the fit is that fit. No
patient's time leaves a hospital. Columns enter in units of the pooled within-hospital standard deviation (a shift
within a hospital changes nothing, so there is nothing to centre); results are on the original scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import combinations_with_replacement, product
from math import isfinite
from typing import Any, ClassVar, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort, set_of
from riskset.analyses.design import Column, columns_of, matrix, strata_of
from riskset.analyses.methods import score_strata
from riskset.analyses.methods.cox_answer import fit_json
from riskset.analyses.methods.cox_fit import (
    CoxFit,
    Fitting,
    Limiting,
    NotUsed,
    Separated,
    cut_short,
    fitted,
    names_of,
    reasons,
    seems_separated,
    separated_alone,
    separated_together,
    unfitted,
)
from riskset.analyses.methods.cox_splines import Spline, splines_json, splines_of
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, FromFit, Label, total
from riskset.disclosure.models import numbers_sent
from riskset.stats import newton, profile_limit
from riskset.stats.cox import Derivatives, RiskSets, Ties, evaluate, risk_sets
from riskset.stats.linear import SINGULAR
from riskset.stats.profile_limit import at
from riskset.study.asked.cox import CoxEntry, Robust
from riskset.study.asked.cox_terms import main_effects
from riskset.study.spec import Study

State = Fitting | Limiting
M = TypeVar("M", bound="CoxModel")
UNREACHABLE: Final = -1e12
"""Sent in place of a log likelihood that is not finite: worse than any, so that every party halves the step."""


@dataclass(frozen=True, kw_only=True)
class CoxModel(Analysis):
    """The analysis. Summary: log likelihood, score (p), information (upper triangle by rows), p usable columns."""

    kind: ClassVar[str] = "cox"

    design: tuple[Column, ...]
    ties: Ties
    model: Literal["univariable", "multivariable"]
    strata: tuple[Column, ...] = ()
    """Levels, without references, of the variables whose combinations have baseline hazards of their own in each
    hospital."""
    within: Column | None = None
    """The level whose patients alone it is of; None for all patients."""
    with_e_value: bool = False
    robust: Robust = "none"
    has_weights: bool = False
    """Whether patients count by weights of their own."""
    weighted_as: str | None = None
    """What the weights follow from."""
    splines: tuple[Spline, ...] = ()
    from_fit: FromFit | None = None
    """Where the score of a propensity model makes strata."""

    @cached_property
    def exposure(self) -> Exposure:
        return Exposure(
            design=self.design,
            tables=(),
            in_time=None,
            weights=self.has_weights,
            weighted_as=self.weighted_as,
            is_iterative=True,
            per_site=False,
            conditions=self.strata,
            within=self.within,
            ties=self.ties,
            from_fit=self.from_fit,
        )

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.cox")

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set),)

    @property
    def judged_last(self) -> bool:
        # columns of models by themselves can leave no room for the model that a study is made for
        return self.model == "univariable"

    @property
    def counted_levels(self) -> tuple[Column, ...]:
        return () if self.exposure.weights else self.design

    def n_events(self, result: Result) -> int | None:
        return result.events if isinstance(result, CoxFit | Separated) else None

    @property
    def curved(self) -> frozenset[str]:
        return frozenset(spline.number.variable for spline in self.splines)

    def start(self, inputs: Inputs) -> Fitting | NotEstimable:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        if moments.n == 0:
            return NotEstimable("no patients", say("analyses.no_patients"))
        if moments.weight_of_events == 0.0:
            return NotEstimable("no events", say("analyses.no_events"))
        if lost := tuple(column for column in self.design if moments.columns[column].is_lost):
            return NotEstimable("range", say("analyses.range", columns=names_of(lost)))
        not_used = {column: reason for column in self.design if (reason := flat(moments, column))}
        usable = self.usable(moments)
        if not usable:
            return NotEstimable("no covariate", reasons(not_used))
        return Fitting(moments, usable, not_used, newton.start(len(usable), SINGULAR * moments.weight_of_events))

    def labels(self, state: State) -> tuple[Label, ...]:
        pairs = combinations_with_replacement(state.usable, 2)
        return (
            total("log likelihood"),
            *(total(f"slope in {column.name}", column) for column in state.usable),
            *(total(f"curvature in {a.name} and {b.name}", a, b) for a, b in pairs),
        )

    def most_numbers(self, sites: int) -> int:
        return numbers_sent(len(self.design))

    def evaluations(self, state: State) -> int:
        fit = state.fit if isinstance(state, Limiting) else state
        beyond = state.search.evaluations if isinstance(state, Limiting) else 0
        return fit.newton.evaluations + beyond

    def out_of_evaluations(self, state: State) -> Result:
        return cut_short(state, say("analyses.cox.evaluations_allowed", n=self.evaluations(state)))

    def refused(self, state: State, refusal: RefusedByRule) -> Result:
        # a diverging fit is reported as separated: far out, every hospital's linear predictor exceeds any limit
        if seems_separated(state):
            return cut_short(state, say("analyses.cox.evaluations", n=self.evaluations(state)))
        return refusal

    def linear_predictor(self, prepared: RiskSets, state: State) -> NDArray[np.float64]:
        eta = np.asarray(state.beta) @ prepared.X
        return np.asarray(eta - eta.mean() if len(eta) else eta, np.float64)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> RiskSets:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        rows = cohort.outcomes(self.analysis_set)
        usable = self.usable(moments)
        return risk_sets(
            matrix(usable, rows),
            rows.days,
            rows.event,
            entry_days=rows.entry_days,
            strata=strata_of(self.strata, rows),
            scale=np.array([moments.columns[c].sd for c in usable]),
            weights=rows.weights,
        )

    def usable(self, moments: Moments) -> tuple[Column, ...]:
        """Returns the columns that vary within hospitals."""
        return tuple(column for column in self.design if not flat(moments, column))

    def local(self, prepared: RiskSets, state: State) -> NDArray[np.float64]:
        return _vector(evaluate(prepared, state.beta, self.ties))

    def question_json(self) -> dict[str, Any]:
        covariates = list(dict.fromkeys(column.variable for column in self.design if column not in self._curved))
        landmark = self.set_id.landmark_days
        asked: dict[str, Any] = {} if landmark is None else {"landmark_days": landmark}
        if self.set_id.weighted_by is not None:
            asked["weights"] = self.set_id.weighted_by
        strata = list(dict.fromkeys(column.variable for column in self.strata))
        return asked | {
            "model": self.model,
            "baseline": "site",
            "ties": self.ties,
            "covariates": covariates,
            "strata": strata,
        }

    def result_json(self, result: CoxFit) -> dict[str, Any]:
        answer = fit_json(self.design, result, with_e_value=self.with_e_value, robust=self.robust)
        return answer | splines_json(self.splines, result)

    def completed(self, result: Any, parts: Sequence[tuple[Any, Result]]) -> Any:  # noqa: ANN401
        for part, end in parts:
            result = part.joined(result, end)
        return result

    @property
    def _curved(self) -> frozenset[Column]:
        return frozenset(part for spline in self.splines for part in spline.parts)

    def combine(self, total: Sequence[float], state: State) -> State | CoxFit | NotEstimable:
        p = len(state.usable)
        here = at(state.beta, total[0], total[1 : 1 + p], total[1 + p :])
        if isinstance(state, Limiting):
            return _searched(Limiting(state.fit, profile_limit.advance(state.search, here)))
        now = newton.advance(state.newton, total[0], total[1 : 1 + p], total[1 + p :])
        after = replace(state, newton=now, known=(*state.known, here))
        return self.solved(after) if now.status == "ok" else _advanced(after)

    def become(self, kind: type[M], **more: Any) -> M:  # noqa: ANN401 - fields of any type
        """Returns the same model as another kind of it, with `more` fields of its own or changed."""
        return kind(**({field.name: getattr(self, field.name) for field in fields(self)} | more))

    def solved(self, state: Fitting) -> Any:  # noqa: ANN401 - another model may go on
        """Returns the end of a fit that has converged."""
        return fitted(state)


def planned(study: Study, name: str, entry: CoxEntry) -> Iterator[CoxModel]:
    """Yields the models of an entry of the study file: each covariate by itself, then all together."""
    for endpoint, population in product(entry.endpoints, entry.populations):
        stem = f"cox/{endpoint}/{population}"
        asked: list[tuple[str, Literal["univariable", "multivariable"], Sequence[str]]] = [
            (f"{stem}/univariable/{covariate}", "univariable", [covariate])
            for covariate in entry.univariable_covariates
        ]
        if entry.multivariable:
            asked.append((f"{stem}/multivariable", "multivariable", entry.multivariable))
        for id_, model, covariates in asked:
            yield CoxModel(
                id=id_,
                name=name,
                set_id=replace(
                    set_of(entry, endpoint, population, (*main_effects(covariates), *entry.strata, *entry.weighted_by)),
                    landmark_days=entry.landmark_days(study.days_per_unit),
                    weighted_by=entry.weights,
                ),
                design=columns_of(study, covariates, entry.splines),
                ties=entry.ties,
                model=model,
                splines=splines_of(study, covariates, entry.splines),
                strata=(*columns_of(study, entry.strata), *score_strata.levels_of(study, population)),
                from_fit=score_strata.fit_behind(study, population),
                with_e_value=entry.e_value,
                robust=entry.errors_of(study, population),
                has_weights=entry.weights is not None or study.is_weighted(population),
                weighted_as=f"variable {entry.weights}" if entry.weights else study.weighted_as(population),
            )


def _advanced(state: Fitting) -> State | NotEstimable:
    found = state.newton
    if found.status == "going":
        return state
    if found.status != "separated":
        return unfitted(state)
    if len(found.separated) > 1:
        return separated_together(state)
    return _searched(Limiting(state, profile_limit.start(found.separated[0], found.estimable, state.known)))


def _searched(state: Limiting) -> Limiting | NotEstimable:
    return state if state.search.is_going else separated_alone(state)


def _vector(value: Derivatives) -> NDArray[np.float64]:
    log_likelihood = value.log_likelihood if isfinite(value.log_likelihood) else UNREACHABLE
    return np.concatenate([[log_likelihood], value.score, value.upper_triangle])


def flat(moments: Moments, column: Column) -> NotUsed | None:
    """Returns why a column has no information within hospitals; None where it has. It depends on pooled figures only,
    so all parties agree."""
    seen = moments.columns[column]
    if seen.is_constant:
        return NotUsed("constant", say("analyses.not_used.constant", column=column.name))
    if seen.sd == 0.0:
        return NotUsed("aliased", say("analyses.not_used.aliased", column=column.name))
    return None
