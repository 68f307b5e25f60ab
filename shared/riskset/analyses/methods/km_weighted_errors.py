"""The robust errors of curves of a weighted population: of one figure of the curve of one arm, each an analysis of its
own that is refused alone.

The error is the root of the sum of squared influences on the figure, with each patient's own rounded weight, since
averages over blocks make it too small (docs/methods/km.md)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, AskedOnce, Inputs, NotEstimable, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.km import ArmCurve
from riskset.analyses.methods.km_weighted import Leaving, WeightedCurves, WeightedKaplanMeier
from riskset.analyses.moments import moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import EVENT, Column, Exposure, Label, counted
from riskset.stats.averaged_weights import apart, influences
from riskset.stats.kaplan_meier import Landmark, limits_of

SHARES: Final = 64
"""Steps of a hospital's sum of squared influences in what that of all hospitals is expected to be. A sum told to 15
digits could be decoded, since influences of patients who leave at different times have no common measure. With 1024
steps the difference of two such sums still tells the weight of a patient who leaves between their times."""


@dataclass(frozen=True)
class At:
    """The state: the curves, whose errors are asked for."""

    curves: WeightedCurves


@dataclass(frozen=True)
class ErrorFound(Result):
    std_error: float


@dataclass(frozen=True, kw_only=True)
class ErrorOfArm(AskedOnce):
    """The robust error of a figure that follows from the curve of an arm up to a day. Summary: the sum over the arm's
    patients of their squared influences on it, with their own weights, in parts of what is expected by the averaged
    weights, rounded."""

    curves: WeightedKaplanMeier
    arm: Column
    day: float
    days: tuple[float, ...]
    """Those of all errors of such figures that the study asks of the arm."""

    @property
    @abstractmethod
    def figure(self) -> str:
        """What the error is of, as the ledger has it."""

    @abstractmethod
    def influences(self, curves: WeightedCurves) -> NDArray[np.float64]:
        """Returns the derivative of the figure by the weight of a patient of the arm, by how and when the patient
        leaves, (statuses, steps)."""

    @cached_property
    def exposure(self) -> Exposure:
        return self.curves.exposure

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((moments_id(self.analysis_set), self.curves.id, *filter(None, [self.part_of]))))

    @property
    def at(self) -> int:
        """The place of the arm among all."""
        return self.curves.counts.levels.index(self.arm)

    @property
    def last(self) -> int:
        """The last step that ends by the day."""
        return self._last(self.day)

    def _last(self, day: float) -> int:
        return int(np.searchsorted(self.curves.counts.grid.days, day, side="right")) - 1

    def following(self, renamed: Mapping[str, str]) -> Self:
        curves = self.curves.following(renamed)
        return replace(super().following(renamed), curves=curves.renamed(renamed.get(curves.id, curves.id)))

    def start(self, inputs: Inputs) -> At | Result:
        curves: WeightedCurves = inputs[self.curves.id]
        if not self._has_followed(curves, self.day):
            return NotEstimable("few at risk", say("analyses.km.few_at_risk", least=self.curves.followed))
        if not self._has_events(curves, self.day):
            return ErrorFound(0.0)
        if self.day not in self._apart(curves):
            return NotEstimable("few between", say("analyses.km.few_between", least=self.curves.followed))
        return At(curves)

    def _has_followed(self, curves: WeightedCurves, day: float) -> bool:
        """Returns whether enough of the arm leave after a day, and with a weight."""
        after = self._last(day) + 1
        is_weighted = bool(curves.weighted(self.at)[:, after:].any())
        return is_weighted and int(curves.of.counts[self.at][:, after:].sum()) >= self.curves.followed

    def _has_events(self, curves: WeightedCurves, day: float) -> bool:
        return bool(curves.weighted(self.at)[0, : self._last(day) + 1].any())

    def _apart(self, curves: WeightedCurves) -> set[float]:
        """Returns the days of the errors that may be told: two of them differ in who leaves between their days, so
        that enough of the arm must have the event there. This follows from the counts of all patients, not from what
        hospitals refuse."""
        asked = sorted(set(self.days))
        days = [day for day in asked if self._has_followed(curves, day) and self._has_events(curves, day)]
        events = [int(curves.of.counts[self.at][0, : self._last(day) + 1].sum()) for day in days]
        return {days[at] for at in apart(events, self.curves.followed)}

    def labels(self, state: At) -> tuple[Label, ...]:
        return (counted(f"squared influences on {self.figure} of {self.arm.level}", EVENT, None, self.arm),)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        """Returns the squared influence of each patient of the arm, in what the sum is expected to be, (n,)."""
        curves: WeightedCurves = inputs[self.curves.id]
        own, each = Leaving.of(self.curves, cohort, curves.of.mean), self.influences(curves)
        of_arm = own.arm == self.at
        influence = own.weights[of_arm] * each[own.status[of_arm], own.step[of_arm]]
        return np.asarray(influence**2 / self._expected(curves))

    def _expected(self, curves: WeightedCurves) -> float:
        """Returns the sum of squared influences of all patients of the arm, if each has the averaged weight."""
        squares = (curves.averaged[self.at] * self.influences(curves)) ** 2
        return float((curves.of.counts[self.at] * squares).sum())

    def local(self, prepared: NDArray[np.float64], state: At) -> NDArray[np.float64]:
        return np.asarray(np.rint(prepared.sum(keepdims=True) * SHARES), np.float64)

    def largest_share(self, prepared: NDArray[np.float64], state: At, *, of_own: bool) -> float:
        total = float(prepared.sum()) if of_own else 1.0
        return float(prepared.max(initial=0.0)) / total if total else 0.0

    def combine(self, total: Sequence[float], state: At) -> Result:
        return ErrorFound(sqrt(max(total[0], 0.0) / SHARES * self._expected(state.curves)))

    def question_json(self) -> dict[str, Any]:
        return {}

    def result_json(self, result: Result) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True)
class LandmarkError(ErrorOfArm):
    """That of the survival at a landmark."""

    kind: ClassVar[str] = "km"

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.error_at_landmark")

    @property
    def figure(self) -> str:
        return f"survival after day {self.day:g}"

    def influences(self, curves: WeightedCurves) -> NDArray[np.float64]:
        survival = curves.survival(self.at, self.day)
        return influences(curves.weighted(self.at), survival, self.last)

    def joined(self, curves: WeightedCurves, end: Result) -> WeightedCurves:
        """Returns the curves with how this ended."""
        if not isinstance(end, ErrorFound):
            why = {**curves.without_error, (self.arm.level, self.day): end}
            return replace(curves, without_error=why)
        arm = curves.arms[self.at]
        marks = tuple(self._with(mark, end.std_error, arm) if mark.day == self.day else mark for mark in arm.landmarks)
        arms = (*curves.arms[: self.at], replace(arm, landmarks=marks), *curves.arms[self.at + 1 :])
        return replace(curves, arms=arms)

    def _with(self, mark: Landmark, std_error: float, arm: ArmCurve) -> Landmark:
        if not (arm.curve.day <= mark.day).any():  # before anybody leaves, as of other curves and of `survfit`
            return replace(mark, std_error=std_error, lower=1.0, upper=1.0)
        of = np.array([mark.survival]), np.array([std_error])
        (lower,), (upper,) = limits_of(*of, self.curves.limits_kind, LEVEL)
        return replace(mark, std_error=std_error, lower=float(lower), upper=float(upper))


def errors_at_landmarks(curves: WeightedKaplanMeier, days: tuple[float, ...]) -> Iterator[LandmarkError]:
    """Yields one for each landmark of each arm; `days` are the landmarks of all curves of these patients."""
    for arm in curves.counts.levels:
        for _, day in curves.landmarks:
            yield LandmarkError(
                id=f"{curves.id}/error/{arm.level}/{day:g}",
                name=curves.name,
                set_id=curves.set_id,
                part_of=curves.id,
                curves=curves,
                arm=arm,
                day=day,
                days=days,
            )
