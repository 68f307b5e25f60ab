"""Kaplan-Meier curves by arm on the study's time grid, the pooled log-rank test, and the log-rank test stratified by
site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses import km_json
from riskset.analyses.analysis import Inputs, NotEstimable, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column
from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import (
    Curve,
    Landmark,
    LimitsKind,
    Quantile,
    at_risk_before,
    exits,
    limits,
    product_limit,
    quantile,
    survival_at,
)
from riskset.stats.log_rank import LogRank, from_counts, log_rank

LEVEL = 0.95
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class ArmCurve:
    """One arm's curve, or everybody's."""

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
    """On each hospital's own days, one stratum a hospital."""


@dataclass(frozen=True)
class KaplanMeier:
    """The analysis: one round. Summary: for each arm, events and censorings (and entries) at each step of the grid;
    then, where arms are compared, the hospital's observed, expected and variance (upper triangle) of the log-rank
    statistic."""

    id: str
    name: str
    endpoint: str
    population: str
    arm: str | None
    levels: tuple[str, ...]
    """The arm's levels in the study's order; one empty level where there is no arm."""
    grid: Grid
    limits_kind: LimitsKind
    landmarks: tuple[tuple[float, float], ...]
    """(time in the study's unit, the same in days), ascending."""
    has_entry: bool
    columns: tuple[Column, ...] = ()
    """The arms but the reference, as the rules look at them."""
    needs: tuple[str, ...] = ()
    reveals: str = "how many patients of each arm had the event or were censored in each step of the time grid"

    @property
    def _parts(self) -> int:
        return 3 if self.has_entry else 2

    @property
    def _counts(self) -> int:
        return len(self.levels) * self._parts * self.grid.n_steps

    @property
    def _log_rank_size(self) -> int:
        k = len(self.levels)
        return 2 * k + k * (k + 1) // 2 if self.arm else 0

    def start(self, inputs: Inputs) -> None:
        return None

    def size(self, state: None) -> int:
        return self._counts + self._log_rank_size

    def labels(self, state: None) -> tuple[str, ...]:
        parts = ("events", "censored", "entries")[: self._parts]
        counts = (
            f"{level or 'all'}: {part} to day {day:g}"
            for level in self.levels
            for part in parts
            for day in self.grid.days
        )
        if not self.arm:
            return tuple(counts)
        pairs = zip(*np.triu_indices(len(self.levels)), strict=True)
        variances = (f"log-rank variance of {self.levels[i]} and {self.levels[j]}" for i, j in pairs)
        sums = (f"log-rank {what} of {level}" for what in ("observed", "expected") for level in self.levels)
        return (*counts, *sums, *variances)

    def evaluations(self, state: None) -> int:
        return 0

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        rows = cohort.analysis_sets[self.endpoint]
        k = len(self.levels)
        arm = rows.variables[self.arm].astype(np.int64) if self.arm else np.zeros(rows.n, np.int64)
        counts = exits(rows.days, rows.event, arm, k, self.grid, entry_days=rows.entry_days)
        if not self.arm:
            return counts.ravel().astype(np.float64)
        own = log_rank(rows.days, rows.event, arm, k, entry_days=rows.entry_days)
        upper = own.variance[np.triu_indices(k)]
        return np.concatenate([counts.ravel().astype(np.float64), own.observed, own.expected, upper])

    def local(self, prepared: NDArray[np.float64], state: None) -> NDArray[np.float64]:
        return prepared

    def question_json(self) -> dict[str, Any]:
        return km_json.question(self)

    def result_json(self, result: SurvivalCurves) -> dict[str, Any]:
        return km_json.answer(self, result, LEVEL)

    def combine(self, total: Sequence[float], state: None) -> SurvivalCurves | NotEstimable:
        pooled = np.array(total)
        counts = pooled[: self._counts].reshape(len(self.levels), self._parts, self.grid.n_steps)
        if not counts.any():
            return NotEstimable("no patients", "no patient of any site is in the analysis set")
        overall = self._curve(None, counts.sum(axis=0))
        if not self.arm:
            return SurvivalCurves(overall, (), None, None)
        arms = tuple(self._curve(level, part) for level, part in zip(self.levels, counts, strict=True))
        return SurvivalCurves(overall, arms, self._pooled_log_rank(counts), self._by_site(pooled[self._counts :]))

    def _curve(self, level: str | None, counts: NDArray[np.float64]) -> ArmCurve:
        events, censored = counts[0], counts[1]
        curve = product_limit(events, censored, counts[2] if self.has_entry else None, self.grid.days)
        lower, upper = limits(curve, self.limits_kind, LEVEL)
        return ArmCurve(
            level=level,
            n=round(float(events.sum() + censored.sum())),
            events=round(float(events.sum())),
            curve=curve,
            lower=lower,
            upper=upper,
            quartiles=tuple(quantile(curve, lower, upper, probability) for probability in QUARTILES),
            landmarks=self._marks(curve, lower, upper),
        )

    def _marks(self, curve: Curve, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> tuple[Landmark, ...]:
        days = [day for _, day in self.landmarks]
        if len(curve.day) == 0:  # nobody is in the arm, and nobody survives for certain
            return tuple(Landmark(day, 0.0, nan, nan, nan, nan) for day in days)
        return survival_at(curve, lower, upper, days)

    def _pooled_log_rank(self, counts: NDArray[np.float64]) -> LogRank:
        at_risk = at_risk_before(counts[:, 0], counts[:, 1], counts[:, 2] if self.has_entry else None)
        return from_counts(at_risk, counts[:, 0])

    def _by_site(self, part: NDArray[np.float64]) -> LogRank:
        k = len(self.levels)
        variance = np.zeros((k, k))
        variance[np.triu_indices(k)] = part[2 * k :]
        return LogRank(part[:k], part[k : 2 * k], variance + np.triu(variance, 1).T)
