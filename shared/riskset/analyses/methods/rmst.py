"""Restricted mean survival time: the area under each arm's Kaplan-Meier curve up to tau, and how arms differ in it.

Royston and Parmar (2013). The curve is that of `km`, on the study's grid; the mean and its error are those of
`survfit`'s `rmean`, without the factor n/(n-1) that some programs add. Beyond the last day of an arm its curve keeps
its last value; the result says on which day that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Result
from riskset.analyses.counts_in_time import CountedInTime, CountsInTime
from riskset.catalogue import say
from riskset.stats.contrast import Contrast, difference, ratio
from riskset.stats.kaplan_meier import Curve, restricted_mean
from riskset.stats.tails import two_sided_z


@dataclass(frozen=True)
class Mean:
    """Of one arm, or of all patients. Days; None in an arm of nobody."""

    level: str | None
    n: int
    events: int
    """Up to the end of the grid."""
    mean: float | None
    se: float | None
    lower: float | None
    """Normal limits."""
    upper: float | None
    last_day: float | None
    """The last day with somebody at risk, where it is before tau and the curve has not come down to 0."""


@dataclass(frozen=True)
class MeanComparison:
    """An arm against the reference; None where one of them has no mean, or neither varies."""

    level: str
    difference: Contrast | None
    """In days."""
    ratio: Contrast | None
    lost_ratio: Contrast | None
    """Of the mean times lost before tau, tau minus each mean."""


@dataclass(frozen=True)
class RestrictedMeans(Result):
    """The means up to tau."""

    overall: Mean
    arms: tuple[Mean, ...]
    """Empty where the study compares no arms."""
    comparisons: tuple[MeanComparison, ...]
    """Of every arm but the reference, in the study's order."""


@dataclass(frozen=True, kw_only=True)
class RestrictedMean(CountedInTime):
    """The analysis: one round. Summary: the counts of each arm in each step of the grid."""

    kind: ClassVar[str] = "rmst"

    tau_days: float

    def from_counts(self, counts: NDArray[np.float64], rest: NDArray[np.float64]) -> RestrictedMeans:
        overall = self._mean(None, counts.sum(axis=0))
        if not self.counts.arm:
            return RestrictedMeans(overall, (), ())
        arms = {
            str(arm.level): self._mean(arm.level, part) for arm, part in zip(self.counts.levels, counts, strict=True)
        }
        of_arms = tuple(arms.values())
        return RestrictedMeans(overall, of_arms, compared(of_arms, self.counts.reference, self.tau_days))

    def _mean(self, level: str | None, counts: NDArray[np.float64]) -> Mean:
        curve = self.counts.curve(counts)
        n, events = round(float(counts[0].sum() + counts[1].sum())), round(float(counts[0].sum()))
        return mean_of(level, n, events, curve, self.tau_days)

    def question_json(self) -> dict[str, Any]:
        return {**super().question_json(), "tau_days": self.tau_days}

    def result_json(self, result: RestrictedMeans) -> dict[str, Any]:
        return answer_json(self.counts, result)


def mean_of(level: str | None, n: int, events: int, curve: Curve, tau: float) -> Mean:
    """Returns the mean of these patients up to a day, with normal limits, from their curve."""
    if len(curve.day) == 0:
        return Mean(level, n, events, None, None, None, None, None)
    mean, se = restricted_mean(curve, tau)
    last, survival = float(curve.day[-1]), float(curve.survival[-1])
    ends_before = last < tau and survival > 0.0
    return with_error(Mean(level, n, events, mean, None, None, None, last if ends_before else None), se)


def with_error(mean: Mean, se: float) -> Mean:
    """Returns a mean that is known with its error and normal limits."""
    assert mean.mean is not None
    margin = two_sided_z(LEVEL) * se
    return replace(mean, se=se, lower=mean.mean - margin, upper=mean.mean + margin)


def compared(arms: Sequence[Mean], reference: str | None, tau: float) -> tuple[MeanComparison, ...]:
    """Returns each arm but the reference compared with it."""
    (against,) = (arm for arm in arms if arm.level == reference)
    return tuple(_compared(arm, against, tau) for arm in arms if arm is not against)


def _compared(arm: Mean, reference: Mean, tau: float) -> MeanComparison:
    level = str(arm.level)
    if arm.mean is None or arm.se is None or reference.mean is None or reference.se is None:
        return MeanComparison(level, None, None, None)
    a, b, se, other_se = arm.mean, reference.mean, arm.se, reference.se
    of_lost = ratio(tau - a, se, tau - b, other_se, LEVEL)
    return MeanComparison(level, difference(a, se, b, other_se, LEVEL), ratio(a, se, b, other_se, LEVEL), of_lost)


def answer_json(counts: CountsInTime, result: RestrictedMeans) -> dict[str, Any]:
    """Returns the means as written to results.json."""
    against = counts.reference
    differences = [_contrast_json(one.level, against, one.difference) for one in result.comparisons]
    ratios = [_contrast_json(one.level, against, one.ratio) for one in result.comparisons]
    lost = [_contrast_json(one.level, against, one.lost_ratio) for one in result.comparisons]
    return {
        "grid": counts.grid_json(),
        "limits": "plain",
        "level": LEVEL,
        "overall": _mean_json(result.overall),
        "arms": [_mean_json(arm) for arm in result.arms],
        "difference": differences[0] if len(differences) == 1 else None,
        "ratio": ratios[0] if len(ratios) == 1 else None,
        "rmtl_ratio": lost[0] if len(lost) == 1 else None,
        "differences": differences,
        "ratios": ratios,
        "rmtl_ratios": lost,
    }


def _mean_json(mean: Mean) -> dict[str, Any]:
    found = asdict(mean)
    found["rmst_days"] = found.pop("mean")
    reason = {"code": "no patients", "message": say("analyses.arm.no_patients")}
    return found if mean.mean is not None else found | {"reason": reason}


def _contrast_json(level: str, against: str | None, contrast: Contrast | None) -> dict[str, Any]:
    head = {"level": level, "against": against}
    if contrast is None:
        reason = {"code": "no information", "message": say("analyses.rmst.no_comparison")}
        return head | dict.fromkeys(("estimate", "se", "lower", "upper", "p")) | {"reason": reason}
    return head | asdict(contrast)
