"""Length of follow-up by the reverse Kaplan-Meier method: a censoring ends it, an event only hides how long it would
have been.

Schemper and Smith (1996). The counts are those of `km` with events and censorings exchanged, so that quartiles and
limits are those of `survfit(Surv(time, 1 - status) ~ arm)`. At the last step of the grid some are counted whom the
hospital followed longer; they are followed at least until then, so nothing ends there, and a quartile that lies there
is not reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Result
from riskset.analyses.cohort import set_of
from riskset.analyses.counts_in_time import CountedInTime, counts_of
from riskset.analyses.quartiles import no_patients_json, quartiles_json, quartiles_of
from riskset.stats.kaplan_meier import LimitsKind, Quantile, limits
from riskset.study.asked.follow_up import FollowUpEntry
from riskset.study.spec import Study


@dataclass(frozen=True)
class Followed:
    """Of one arm, or of all patients."""

    level: str | None
    n: int
    censored: int
    """Patients whose follow-up ended without the event, or at the end of the grid."""
    quartiles: tuple[Quantile, ...]
    """Days by which follow-up had ended for 25, 50 and 75% of the patients; None where that is not reached."""


@dataclass(frozen=True)
class FollowUpTimes(Result):
    """Length of follow-up."""

    overall: Followed
    arms: tuple[Followed, ...]
    """Empty where the study compares no arms."""


@dataclass(frozen=True, kw_only=True)
class ReverseKaplanMeier(CountedInTime):
    """The analysis: one round. Summary: the counts of each arm in each step of the grid."""

    kind: ClassVar[str] = "follow-up"

    limits_kind: LimitsKind

    def from_counts(self, counts: NDArray[np.float64], rest: NDArray[np.float64]) -> FollowUpTimes:
        arms = (self._followed(arm.level, part) for arm, part in zip(self.counts.levels, counts, strict=False))
        return FollowUpTimes(self._followed(None, counts.sum(axis=0)), tuple(arms))

    def _followed(self, level: str | None, counts: NDArray[np.float64]) -> Followed:
        reverse = counts.copy()
        reverse[0], reverse[1] = counts[1], counts[0]
        reverse[1, -1] += reverse[0, -1]  # followed at least to the end of the grid
        reverse[0, -1] = 0.0
        curve = self.counts.curve(reverse)
        lower, upper = limits(curve, self.limits_kind, LEVEL)
        return Followed(
            level=level,
            n=round(float(counts[:2].sum())),
            censored=round(float(counts[1].sum())),
            quartiles=quartiles_of(curve, lower, upper),
        )

    def result_json(self, result: FollowUpTimes) -> dict[str, Any]:
        return {
            "grid": self.counts.grid_json(),
            "limits": self.limits_kind,
            "level": LEVEL,
            "overall": _followed_json(result.overall),
            "arms": [_followed_json(arm) for arm in result.arms],
        }


def _followed_json(followed: Followed) -> dict[str, Any]:
    return {
        "level": followed.level,
        "n": followed.n,
        "censored": followed.censored,
        **quartiles_json(followed.quartiles),
        **no_patients_json(followed.n),
    }


def planned(study: Study, name: str, entry: FollowUpEntry) -> Iterator[ReverseKaplanMeier]:
    """Yields an analysis for each endpoint and population of an entry of the study file."""
    for endpoint, population in product(entry.endpoints, entry.populations):
        counts = counts_of(study, endpoint)
        yield ReverseKaplanMeier(
            id=f"follow-up/{endpoint}" if population == "all" else f"follow-up/{endpoint}/{population}",
            name=name,
            set_id=set_of(entry, endpoint, population, counts.variables),
            counts=counts,
            limits_kind=entry.limits,
        )
