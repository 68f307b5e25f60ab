"""Kaplan-Meier curves by arm on the study's time grid, the pooled log-rank test, and the log-rank tests stratified by
site, and by site and further variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations_with_replacement
from math import nan
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Inputs, RefusedByRule, Result
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.counts_in_time import CountedInTime
from riskset.analyses.level_counts import EventsOf
from riskset.analyses.quartiles import no_patients_json, quartiles_json, quartiles_of
from riskset.disclosure.exposure import EVENT, Column, Exposure, Label, counted
from riskset.stats.arrays import finite, symmetric
from riskset.stats.kaplan_meier import (
    Curve,
    Landmark,
    LimitsKind,
    Quantile,
    at_risk_before,
    cumulative_hazard,
    cumulative_hazard_at,
    limits,
    survival_at,
)
from riskset.stats.log_rank import LogRank, from_counts, log_rank


@dataclass(frozen=True)
class ArmCurve:
    """The curve of one arm, or of all patients."""

    level: str | None
    n: int
    events: int
    curve: Curve
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    quartiles: tuple[Quantile, ...]
    landmarks: tuple[Landmark, ...]


@dataclass(frozen=True)
class SurvivalCurves(Result):
    overall: ArmCurve
    arms: tuple[ArmCurve, ...]
    """Empty where the study compares no arms."""
    log_rank: LogRank | None
    """On the grid, one stratum."""
    log_rank_by_site: LogRank | None
    """On each hospital's exact days, one stratum per hospital."""
    log_rank_by_strata: LogRank | None = None
    """As `log_rank_by_site`, each hospital divided by the levels of further variables; None without these."""


@dataclass(frozen=True, kw_only=True)
class KaplanMeier(CountedInTime):
    """The analysis: one round. Summary: the counts of each arm in each step of the grid; then, where arms are compared,
    the hospital's observed, expected and variance (upper triangle) of the log-rank statistic, of one stratum and, with
    further strata, summed over these."""

    kind: ClassVar[str] = "km"
    counts_all_events: ClassVar[bool] = False  # later than the grid they are censored

    limits_kind: LimitsKind
    landmarks: tuple[tuple[float, float], ...]
    """(time in the study's unit, the same time in days), ascending."""
    rho: float = 0.0
    """Weights S(t-)^rho of all log-rank tests."""
    strata: tuple[Column, ...] = ()
    """The levels of the variables that divide each hospital in a further log-rank test, without the first of each."""
    strata_refusal: RefusedByRule | None = None
    """Why there is no such test, where the study asks for it."""

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        if self.strata:  # a rare level of a stratum takes the arms with it only where they fail by themselves
            return replace(self, strata=(), strata_refusal=refusal)
        return super().without_arms(refusal)

    @cached_property
    def exposure(self) -> Exposure:
        return replace(super().exposure, conditions=self.strata)

    def events_by_level(self, result: SurvivalCurves) -> EventsOf:
        arm = self.counts.arm
        return {(arm, of.level): (of.n, of.events) for of in result.arms if arm and of.level is not None}

    @property
    def strata_variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column.variable for column in self.strata))

    def labels(self, state: None) -> tuple[Label, ...]:
        if not self.counts.arm:
            return self.counts.labels
        of_strata = self._log_rank_labels("log-rank by strata") if self.strata else ()
        return (*self.counts.labels, *self._log_rank_labels("log-rank"), *of_strata)

    def _log_rank_labels(self, test: str) -> Iterator[Label]:
        arms = self.counts.levels
        yield from (counted(f"{test} observed of {arm.level}", EVENT, None, arm) for arm in arms)
        yield from (counted(f"{test} expected of {arm.level}", EVENT, None, arm) for arm in arms)
        for a, b in combinations_with_replacement(arms, 2):
            yield counted(f"{test} variance of {a.level} and {b.level}", EVENT, None, a, b)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        counts, rows = super().prepare(cohort, inputs), cohort.outcomes(self.analysis_set)
        if not self.counts.arm:
            return counts
        of_strata = [self._own_log_rank(rows, self._stratum(rows))] if self.strata else []
        return np.concatenate([counts, self._own_log_rank(rows, None), *of_strata])

    def _own_log_rank(self, rows: AnalysisSet, strata: NDArray[np.int64] | None) -> NDArray[np.float64]:
        k, arm, entry = len(self.counts.levels), self.counts.codes(rows), rows.entry_days
        own = log_rank(rows.days, rows.event, arm, k, entry_days=entry, strata=strata, rho=self.rho)
        return np.concatenate([own.observed, own.expected, own.variance[np.triu_indices(k)]])

    def _stratum(self, rows: AnalysisSet) -> NDArray[np.int64]:
        """Returns a code for each combination of levels that occurs, (n,)."""
        values = np.stack([rows.variables[name] for name in self.strata_variables])
        return np.asarray(np.unique(values, axis=1, return_inverse=True)[1].reshape(rows.n), np.int64)

    def question_json(self) -> dict[str, Any]:
        tests = {"rho": self.rho, "strata": list(self.strata_variables)}
        refused = {} if self.strata_refusal is None else {"strata_reason": self.strata_refusal.reason_json()}
        return super().question_json() | tests | refused

    def result_json(self, result: SurvivalCurves) -> dict[str, Any]:
        return answer_json(self, result)

    def from_counts(self, counts: NDArray[np.float64], rest: NDArray[np.float64]) -> SurvivalCurves:
        overall = self._curve(None, counts.sum(axis=0))
        if not self.counts.arm:
            return SurvivalCurves(overall, (), None, None)
        arms = tuple(self._curve(arm.level, part) for arm, part in zip(self.counts.levels, counts, strict=True))
        size = len(rest) // 2 if self.strata else len(rest)
        by_strata = self._by_site(rest[size:]) if self.strata else None
        return SurvivalCurves(overall, arms, self._pooled_log_rank(counts), self._by_site(rest[:size]), by_strata)

    def _curve(self, level: str | None, counts: NDArray[np.float64]) -> ArmCurve:
        events, censored = counts[0], counts[1]
        curve = self.counts.curve(counts)
        lower, upper = limits(curve, self.limits_kind, LEVEL)
        return ArmCurve(
            level=level,
            n=round(float(events.sum() + censored.sum())),
            events=round(float(events.sum())),
            curve=curve,
            lower=lower,
            upper=upper,
            quartiles=quartiles_of(curve, lower, upper),
            landmarks=self._marks(curve, lower, upper),
        )

    def _marks(self, curve: Curve, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> tuple[Landmark, ...]:
        days = [day for _, day in self.landmarks]
        if len(curve.day) == 0:  # an arm without patients has no survival, not a survival of 1
            return tuple(Landmark(day, 0.0, nan, nan, nan, nan) for day in days)
        return survival_at(curve, lower, upper, days)

    def _pooled_log_rank(self, counts: NDArray[np.float64]) -> LogRank:
        at_risk = at_risk_before(counts[:, 0], counts[:, 1], counts[:, 2] if self.counts.has_entry else None)
        return from_counts(at_risk, counts[:, 0], self.rho)

    def _by_site(self, part: NDArray[np.float64]) -> LogRank:
        k = len(self.counts.levels)
        return LogRank(part[:k], part[k : 2 * k], symmetric(part[2 * k :], k))


Json = dict[str, Any]


def answer_json(analysis: KaplanMeier, curves: SurvivalCurves) -> Json:
    """Returns the curves as written to results.json."""
    return {
        "grid": analysis.counts.grid_json(),
        "limits": analysis.limits_kind,
        "level": LEVEL,
        "overall": _arm(analysis, curves.overall),
        "arms": [_arm(analysis, arm) for arm in curves.arms],
        "log_rank": _log_rank(curves.log_rank),
        "log_rank_by_site": _log_rank(curves.log_rank_by_site),
        "log_rank_by_strata": _log_rank(curves.log_rank_by_strata),
    }


def _arm(analysis: KaplanMeier, arm: ArmCurve) -> Json:
    curve = arm.curve
    hazard, hazard_error = cumulative_hazard(curve)
    return {
        "level": arm.level,
        "n": arm.n,
        "events": arm.events,
        **quartiles_json(arm.quartiles),
        "landmarks": [
            _landmark(time, day, mark, curve)
            for (time, day), mark in zip(analysis.landmarks, arm.landmarks, strict=True)
        ],
        "curve": {
            "day": _whole(curve.day),
            "at_risk": _whole(curve.at_risk),
            "events": _whole(curve.events),
            "censored": _whole(curve.censored),
            "survival": _numbers(curve.survival),
            "std_error": _numbers(curve.std_error),
            "lower": _numbers(arm.lower),
            "upper": _numbers(arm.upper),
            "cumulative_hazard": _numbers(hazard),
            "cumulative_hazard_std_error": _numbers(hazard_error),
        },
        **no_patients_json(arm.n),
    }


def _landmark(time: float, day: float, mark: Landmark, curve: Curve) -> Json:
    hazard, hazard_error = cumulative_hazard_at(curve, day)
    return {
        "time": time,
        "day": day,
        "at_risk": round(float(mark.at_risk)),
        "survival": finite(mark.survival),
        "std_error": finite(mark.std_error),
        "lower": finite(mark.lower),
        "upper": finite(mark.upper),
        "cumulative_hazard": finite(hazard),
        "cumulative_hazard_std_error": finite(hazard_error),
    }


def _log_rank(statistic: LogRank | None) -> Json | None:
    if statistic is None:
        return None
    test = statistic.test()
    return {
        "chi2": finite(test.chi2),
        "df": test.df,
        "p": finite(test.p),
        "observed": _numbers(statistic.observed),
        "expected": _numbers(statistic.expected),
        "variance": [_numbers(row) for row in statistic.variance],
    }


def _numbers(values: NDArray[Any]) -> list[float | None]:
    return [finite(float(value)) for value in values]


def _whole(values: NDArray[Any]) -> list[int]:
    return [int(value) for value in np.rint(values)]
