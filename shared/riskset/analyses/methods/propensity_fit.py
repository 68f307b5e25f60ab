"""A propensity score, in progress and fitted: what every party knows of it, and what a hospital computes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import NotEstimable, Result
from riskset.analyses.cohort import ALL, AnySet, SetId
from riskset.analyses.design import Column, matrix
from riskset.analyses.methods.cox_fit import CoxFit, Fitting, names_of
from riskset.analyses.moments import ColumnMoments, Moments
from riskset.catalogue import say
from riskset.disclosure.exposure import HasVariables
from riskset.stats import auc, logistic, logistic_firth
from riskset.stats.balancing_weights import kept, truncated, weights
from riskset.study.spec import Study, Weighting

ID: Final = "propensity"
"""Of the score among the results."""


def set_of_score(study: Study) -> SetId:
    """Returns the patients of the score: those with a value of all its covariates. Those of a hospital with one arm
    have none where each hospital has an intercept of its own."""
    assert study.propensity is not None
    assert study.comparison is not None
    return SetId(None, ALL, (study.comparison.arm, *study.propensity.covariates))


@dataclass(frozen=True)
class _Intercept(Column):
    """A column of ones: the intercept that all hospitals share."""

    __hash__ = Column.__hash__

    def values(self, rows: HasVariables) -> NDArray[np.float64]:
        return np.ones(len(next(iter(rows.variables.values()))))


INTERCEPT: Final = _Intercept("(intercept)")


def scaled_for(moments: Moments) -> Moments:
    """Returns the moments that scale a score with a common intercept: it, and columns that vary between hospitals only,
    have a scale too."""
    columns = {c: replace(of, sd=of.sd or c.half_range) for c, of in moments.columns.items()}
    return replace(moments, columns={**columns, INTERCEPT: ColumnMoments(1.0, is_constant=False, within=0.0)})


@dataclass(frozen=True)
class Model:
    """The columns of a score that can be estimated, and their scale; the same at every party."""

    usable: tuple[Column, ...]
    scale: tuple[float, ...]
    """One unit of each coefficient, in the column's own unit."""
    arm: Column
    has_own_intercepts: bool
    last: tuple[tuple[float, ...], ...] | None = None
    """By Firth's likelihood: the inverse of the information at the last point, on which intercepts depend."""

    def only(self, kept: Sequence[int]) -> Model:
        """Returns the model of some of the columns."""
        last = None if self.last is None else tuple(tuple(self.last[i][j] for j in kept) for i in kept)
        return replace(
            self, usable=tuple(self.usable[j] for j in kept), scale=tuple(self.scale[j] for j in kept), last=last
        )

    def scores(self, rows: logistic.Rows, beta: Sequence[float]) -> logistic.Scores | None:
        """Returns the scores of a hospital's rows; None where they have no intercept. They never leave."""
        if self.last is None:
            return logistic.scores(rows, beta)
        return logistic_firth.scores(rows, beta, np.array(self.last))

    def rows(self, of: AnySet) -> logistic.Rows:
        """Returns a hospital's rows for `logistic.evaluate`. They never leave."""
        arm = self.arm.values(of) == 1.0
        x = matrix(self.usable, of)
        return logistic.rows(x, arm, has_own_intercept=self.has_own_intercepts, scale=np.array(self.scale))


@dataclass(frozen=True)
class Scored:
    """A fit that has converged: sums over the scores are asked next."""

    fit: Fitting
    model: Model
    """Of all usable columns."""

    @property
    def beta(self) -> tuple[float, ...]:
        return self.fit.beta


@dataclass(frozen=True)
class PropensityFit(Result):
    """A fitted score, and what is told of all scores together. None of it is of a single patient."""

    model: Model
    beta: tuple[float, ...]
    """In units of the scale; a common intercept first."""
    terms: CoxFit
    """The coefficients as log odds, on the columns' own scales."""
    n: int
    treated: int
    null_log_likelihood: float
    """Of the intercepts alone."""
    sd_logit: float
    """Over all patients of all hospitals, divisor n - 1."""
    sd_probability: float
    pairs: auc.Pairs
    mean_weight: Mapping[str, float] = field(default_factory=dict)
    """Of each weighted population with a limit that is a multiple of it."""

    @property
    def treated_share(self) -> float:
        return self.treated / self.n

    def most(self, name: str, asked: Weighting) -> float | None:
        """Returns the limit of the weights of a population; None where they have none."""
        return None if asked.truncate is None else asked.truncate * self.mean_weight[name]

    def weighted(self, name: str, asked: Weighting, of: AnySet) -> NDArray[np.float64] | None:
        """Returns the weights of a hospital's patients in a population, 0 for those who are trimmed, (n,); None where
        they have no score. They never leave."""
        scores = self.scores(of)
        if scores is None:
            return None
        found = weights(asked.estimand, self.model.arm.values(of) == 1.0, scores.logit, self.treated_share)
        if asked.truncate is not None:
            found = truncated(found, asked.truncate, self.mean_weight[name])
        return np.where(is_kept(asked, scores), found, 0.0)

    def scores(self, of: AnySet) -> logistic.Scores | None:
        """Returns the scores of a hospital's patients; None where they have no intercept. They never leave."""
        return self.model.scores(self.model.rows(of), self.beta) if of.n else None


def is_kept(asked: Weighting, scores: logistic.Scores) -> NDArray[np.bool_]:
    """Returns who of a hospital's patients is not trimmed, (n,)."""
    if asked.trim is None:
        return np.ones(len(scores.logit), bool)
    return kept(scores.probability, *asked.trim)


@dataclass(frozen=True)
class NoScore(NotEstimable):
    """No score: `columns` separate the arms."""

    columns: tuple[Column, ...]

    def reason_json(self) -> dict[str, Any]:
        return super().reason_json() | {"columns": [{"variable": c.variable, "level": c.level} for c in self.columns]}


def no_score(columns: Sequence[Column]) -> NoScore:
    """Returns the end of a fit in which these columns separate the arms."""
    return NoScore("separated", say("analyses.propensity.separated", columns=names_of(columns)), tuple(columns))


def spread(n: float, first: float, second: float) -> float:
    """Returns the standard deviation, divisor n - 1, from a sum and a sum of squares; 0 for one patient."""
    return sqrt(max(second - first * first / n, 0.0) / (n - 1)) if n > 1 else 0.0
