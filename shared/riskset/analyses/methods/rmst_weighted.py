"""Restricted mean survival times of a weighted population: areas under its curves by averaged weights (`km_weighted`).

The means follow from the curves that the study asks for, so nothing is counted or added up again. The robust error of
each arm is one further sum, an analysis of its own that is refused alone, as those at landmarks are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, Result, reason_of
from riskset.analyses.cohort import Cohort
from riskset.analyses.counts_in_time import CountsInTime
from riskset.analyses.methods.km import ArmCurve
from riskset.analyses.methods.km_weighted import OF_ARMS_ONLY, WeightedCurves, WeightedKaplanMeier
from riskset.analyses.methods.km_weighted_errors import ErrorFound, ErrorOfArm
from riskset.analyses.methods.rmst import Mean, RestrictedMeans, answer_json, compared, mean_of, with_error
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label
from riskset.stats.averaged_weights import influences_on_mean


@dataclass(frozen=True)
class WeightedMeans(RestrictedMeans):
    """The means by averaged weights, and why one has no error."""

    without_error: Mapping[str | None, Result] = field(default_factory=dict)
    """By arm."""


@dataclass(frozen=True, kw_only=True)
class WeightedRestrictedMean(AskedOnce):
    """The analysis. It ends as it begins, with what the curves tell: no number is sent."""

    kind: ClassVar[str] = "rmst"

    curves: WeightedKaplanMeier
    tau_days: float

    @cached_property
    def exposure(self) -> Exposure:
        return self.curves.exposure

    @property
    def counts(self) -> CountsInTime:
        return self.curves.counts

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.curves.id,)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.weighted_means", curves=self.curves.id)

    def start(self, inputs: Inputs) -> WeightedMeans:
        curves: WeightedCurves = inputs[self.curves.id]
        arms = tuple(map(self._mean, curves.arms))
        comparisons = compared(arms, self.counts.reference, self.tau_days)
        return WeightedMeans(self._mean(curves.overall), arms, comparisons)

    def _mean(self, arm: ArmCurve) -> Mean:
        mean = mean_of(arm.level, arm.n, arm.events, arm.curve, self.tau_days)
        return replace(mean, se=None, lower=None, upper=None)  # Greenwood's is of patients who count once each

    def labels(self, state: NoReturn) -> tuple[Label, ...]:
        """Returns nothing: no round has this analysis."""
        return ()

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        """Returns nothing: no round has this analysis."""
        return np.zeros(0)

    def combine(self, total: Sequence[float], state: NoReturn) -> NoReturn:
        raise TypeError("restricted means of a weighted population follow from its curves; no number of them is added")

    def completed(self, result: Any, parts: Sequence[tuple[Any, Result]]) -> Any:  # noqa: ANN401
        for part, end in parts:
            result = part.joined(result, end)
        return replace(result, comparisons=compared(result.arms, self.counts.reference, self.tau_days))

    def question_json(self) -> dict[str, Any]:
        of_curves = self.curves.question_json()
        kept = ("variable", "reference", "weighted", "weights")
        return {key: of_curves[key] for key in kept} | {"tau_days": self.tau_days}

    def result_json(self, result: WeightedMeans) -> dict[str, Any]:
        answer = answer_json(self.counts, result)
        for mean, of in zip((result.overall, *result.arms), (answer["overall"], *answer["arms"]), strict=True):
            if mean.mean is not None and mean.se is None:
                of["reason"] = reason_of(result.without_error.get(mean.level, OF_ARMS_ONLY))
        return answer


@dataclass(frozen=True, kw_only=True)
class MeanError(ErrorOfArm):
    """The robust error of the mean of an arm; `day` is tau."""

    kind: ClassVar[str] = "rmst"

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.error_of_mean")

    @property
    def figure(self) -> str:
        return f"the mean up to day {self.day:g}"

    def influences(self, curves: WeightedCurves) -> NDArray[np.float64]:
        return influences_on_mean(curves.weighted(self.at), self.curves.counts.grid.days, self.day)

    def joined(self, means: WeightedMeans, end: Result) -> WeightedMeans:
        """Returns the means with how this ended."""
        if not isinstance(end, ErrorFound):
            return replace(means, without_error={**means.without_error, self.arm.level: end})
        arms = [with_error(mean, end.std_error) if mean.level == self.arm.level else mean for mean in means.arms]
        return replace(means, arms=tuple(arms))


def weighted_means(
    curves: WeightedKaplanMeier, id_: str, name: str, tau_days: float, days: tuple[float, ...]
) -> Iterator[AskedOnce]:
    """Yields the means up to a day, from the curves, and the error of each arm's; `days` are those of all means of
    these patients."""
    yield WeightedRestrictedMean(id=id_, name=name, set_id=curves.set_id, curves=curves, tau_days=tau_days)
    for arm in curves.counts.levels:
        yield MeanError(
            id=f"{id_}/error/{arm.level}",
            name=name,
            set_id=curves.set_id,
            part_of=id_,
            curves=curves,
            arm=arm,
            day=tau_days,
            days=days,
        )
