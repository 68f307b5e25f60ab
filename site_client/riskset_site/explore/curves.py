"""Curves by arm, of one endpoint at one site, by lifelines: survival, and length of follow-up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet
from riskset.stats.arrays import Floats
from riskset.stats.kaplan_meier import Curve, Quantile, quantile

LEVEL = 0.95


@dataclass(frozen=True)
class LocalCurve:
    """A curve at the days on which patients exit, ascending; arrays (exits,)."""

    level: str
    """Of the arm; empty for all patients."""
    n: int
    events: int
    days: NDArray[np.float64]
    estimate: NDArray[np.float64]
    """Survival, or incidence, just after the day."""
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    """Just before the day."""
    median: float | None
    """In days, None where it is not reached; with its limits."""
    median_limits: tuple[float | None, float | None]


@dataclass(frozen=True)
class LocalCurves:
    """The curves of an endpoint, and the test that they are one."""

    endpoint: str
    survival: tuple[LocalCurve, ...]
    follow_up: tuple[LocalCurve, ...]
    """Of time to censoring, in which events end observation: reverse Kaplan-Meier."""
    log_rank_p: float | None
    """None where there are not two arms with patients, or patients enter late."""
    has_entry: bool
    """Whether patients enter late."""


def local_curves(endpoint: str, rows: AnalysisSet, arm: str | None, levels: Sequence[str]) -> LocalCurves:
    """Returns the curves of each arm that has patients, in the study's order; of all together without an arm."""
    codes = rows.variables[arm].astype(np.int64) if arm else np.zeros(rows.n, np.int64)
    named = tuple(levels) if arm else ("",)
    has_end = rows.event if rows.cause is None else rows.cause > 0
    return LocalCurves(
        endpoint,
        tuple(_curves(rows, rows.event, codes, named)),
        tuple(_curves(rows, ~has_end, codes, named)),
        _log_rank(rows, codes),
        rows.entry_days is not None,
    )


def _curves(
    rows: AnalysisSet, event: NDArray[np.bool_], codes: NDArray[np.int64], levels: Sequence[str]
) -> Iterator[LocalCurve]:
    for code, level in enumerate(levels):
        if (chosen := codes == code).any():
            entry = None if rows.entry_days is None else rows.entry_days[chosen]
            yield _curve(level, rows.days[chosen], event[chosen], entry)


def _curve(
    level: str, days: NDArray[np.int64], event: NDArray[np.bool_], entry: NDArray[np.int64] | None
) -> LocalCurve:
    from lifelines import KaplanMeierFitter  # with pandas: only who looks at data loads it

    enters = None if entry is None else np.maximum(entry, 0)  # before the origin everybody is at risk
    fitter = KaplanMeierFitter(alpha=1 - LEVEL).fit(days, event, entry=enters)
    table = fitter.event_table
    exits = table[table["removed"] > 0]
    entering = exits["entrance"].where(exits.index > 0, 0)  # lifelines lists them at risk, but does not count them
    limits = fitter.confidence_interval_
    survival = fitter.survival_function_.loc[exits.index].to_numpy()[:, 0]
    lower, upper = np.where(survival > 0, limits.loc[exits.index].to_numpy().T, nan)  # lifelines has 0 where none is
    days_of_exits, at_risk = exits.index.to_numpy(np.float64), (exits["at_risk"] - entering).to_numpy(np.int64)
    median = _median(days_of_exits, survival, lower, upper)
    return LocalCurve(
        level=level,
        n=len(days),
        events=int(event.sum()),
        days=days_of_exits,
        estimate=survival,
        lower=lower,
        upper=upper,
        at_risk=at_risk,
        median=median.estimate,
        median_limits=(median.lower, median.upper),
    )


def _median(days: Floats, survival: Floats, lower: Floats, upper: Floats) -> Quantile:
    """Returns the median as the study's report prints it: where a curve is flat at one half, lifelines takes one end or
    the other, as it rounds."""
    nothing = np.full(len(days), nan)
    return quantile(Curve(days.astype(np.int64), nothing, nothing, nothing, survival, nothing), lower, upper, 0.5)


def _log_rank(rows: AnalysisSet, codes: NDArray[np.int64]) -> float | None:
    from lifelines.statistics import multivariate_logrank_test

    if rows.entry_days is not None or len(np.unique(codes)) < 2 or not rows.event.any():
        return None
    p = float(multivariate_logrank_test(rows.days, codes, rows.event).p_value)
    return p if isfinite(p) else None
