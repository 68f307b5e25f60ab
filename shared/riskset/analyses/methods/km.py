"""Kaplan-Meier curves by arm on the study's time grid, the pooled log-rank test, and the log-rank test stratified by
site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import nan
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Inputs, Result
from riskset.analyses.cohort import Cohort, set_of
from riskset.analyses.counts_in_time import CountedInTime, counts_of
from riskset.analyses.quartiles import no_patients_json, quartiles_json, quartiles_of
from riskset.disclosure.exposure import EVENT, Label, counted
from riskset.stats.arrays import finite, symmetric
from riskset.stats.kaplan_meier import (
    Curve,
    Landmark,
    LimitsKind,
    Quantile,
    at_risk_before,
    limits,
    survival_at,
)
from riskset.stats.log_rank import LogRank, from_counts, log_rank
from riskset.study.asked.km import KaplanMeierEntry
from riskset.study.spec import Study


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


@dataclass(frozen=True, kw_only=True)
class KaplanMeier(CountedInTime):
    """The analysis: one round. Summary: the counts of each arm in each step of the grid; then, where arms are compared,
    the hospital's observed, expected and variance (upper triangle) of the log-rank statistic."""

    kind: ClassVar[str] = "km"

    limits_kind: LimitsKind
    landmarks: tuple[tuple[float, float], ...]
    """(time in the study's unit, the same time in days), ascending."""

    def labels(self, state: None) -> tuple[Label, ...]:
        if not self.counts.arm:
            return self.counts.labels
        arms = self.counts.levels
        pairs = combinations_with_replacement(arms, 2)
        return (
            *self.counts.labels,
            *(counted(f"log-rank observed of {arm.level}", EVENT, None, arm) for arm in arms),
            *(counted(f"log-rank expected of {arm.level}", EVENT, None, arm) for arm in arms),
            *(counted(f"log-rank variance of {a.level} and {b.level}", EVENT, None, a, b) for a, b in pairs),
        )

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        counts, rows = super().prepare(cohort, inputs), cohort.outcomes(self.analysis_set)
        if not self.counts.arm:
            return counts
        k = len(self.counts.levels)
        own = log_rank(rows.days, rows.event, self.counts.codes(rows), k, entry_days=rows.entry_days)
        return np.concatenate([counts, own.observed, own.expected, own.variance[np.triu_indices(k)]])

    def result_json(self, result: SurvivalCurves) -> dict[str, Any]:
        return _answer(self, result)

    def from_counts(self, counts: NDArray[np.float64], rest: NDArray[np.float64]) -> SurvivalCurves:
        overall = self._curve(None, counts.sum(axis=0))
        if not self.counts.arm:
            return SurvivalCurves(overall, (), None, None)
        arms = tuple(self._curve(arm.level, part) for arm, part in zip(self.counts.levels, counts, strict=True))
        return SurvivalCurves(overall, arms, self._pooled_log_rank(counts), self._by_site(rest))

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
        return from_counts(at_risk, counts[:, 0])

    def _by_site(self, part: NDArray[np.float64]) -> LogRank:
        k = len(self.counts.levels)
        return LogRank(part[:k], part[k : 2 * k], symmetric(part[2 * k :], k))


def planned(study: Study, name: str, entry: KaplanMeierEntry) -> Iterator[KaplanMeier]:
    """Yields the curves of an entry of the study file, one analysis per endpoint and population."""
    for endpoint, population in product(entry.endpoints, entry.populations):
        counts = counts_of(study, endpoint)
        yield KaplanMeier(
            id=f"km/{endpoint}/{population}",
            name=name,
            set_id=set_of(entry, endpoint, population, counts.variables),
            counts=counts,
            limits_kind=entry.limits,
            landmarks=tuple((time, time * study.days_per_unit) for time in entry.landmarks),
        )


Json = dict[str, Any]


def _answer(analysis: KaplanMeier, curves: SurvivalCurves) -> Json:
    return {
        "grid": analysis.counts.grid_json(),
        "limits": analysis.limits_kind,
        "level": LEVEL,
        "overall": _arm(analysis, curves.overall),
        "arms": [_arm(analysis, arm) for arm in curves.arms],
        "log_rank": _log_rank(curves.log_rank),
        "log_rank_by_site": _log_rank(curves.log_rank_by_site),
    }


def _arm(analysis: KaplanMeier, arm: ArmCurve) -> Json:
    curve = arm.curve
    return {
        "level": arm.level,
        "n": arm.n,
        "events": arm.events,
        **quartiles_json(arm.quartiles),
        "landmarks": [
            _landmark(time, day, mark) for (time, day), mark in zip(analysis.landmarks, arm.landmarks, strict=True)
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
        },
        **no_patients_json(arm.n),
    }


def _landmark(time: float, day: float, mark: Landmark) -> Json:
    return {
        "time": time,
        "day": day,
        "at_risk": round(float(mark.at_risk)),
        "survival": finite(mark.survival),
        "std_error": finite(mark.std_error),
        "lower": finite(mark.lower),
        "upper": finite(mark.upper),
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
