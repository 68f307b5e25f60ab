"""What `results.json` says of Kaplan-Meier curves, in the shape of docs/results.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskset.stats.arrays import finite
from riskset.stats.kaplan_meier import Landmark, Quantile
from riskset.stats.log_rank import LogRank

if TYPE_CHECKING:
    from riskset.analyses.methods.km import ArmCurve, KaplanMeier, SurvivalCurves

Json = dict[str, Any]


def question(analysis: KaplanMeier) -> Json:
    """Returns what is known before there is a result."""
    return {"variable": analysis.counts.arm, "reference": analysis.counts.reference}


def answer(analysis: KaplanMeier, curves: SurvivalCurves, level: float) -> Json:
    """Returns the keys of curves that were estimated; `level` is that of their limits."""
    return {
        "grid": analysis.counts.grid_json(),
        "limits": analysis.limits_kind,
        "level": level,
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
        "median_days": _quantile(arm.quartiles[1]),
        "quartiles": [{"probability": quantile.probability, **_quantile(quantile)} for quantile in arm.quartiles],
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
    }


def _quantile(quantile: Quantile) -> Json:
    """null is "not reached"."""
    return {"estimate": quantile.estimate, "lower": quantile.lower, "upper": quantile.upper}


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
