"""Kaplan-Meier curves of a weighted population: those of `survfit` with weights that are averages over blocks.

Sums of patients' weights by step of time could be decoded, since the weights follow from the score. So weights are
rounded and added up over blocks of patients who leave one arm in the same way at about the same time, and each patient
counts with the average of the block. The blocks follow from the curve of all patients, which was opened before;
who of these has no weight counts as 0 in the sum, and not by himself. Errors are in `km_weighted_errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite, nan, prod
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, NotEstimable, Result, reason_of
from riskset.analyses.cohort import Cohort
from riskset.analyses.counts_in_time import CountsInTime
from riskset.analyses.methods.km import ArmCurve, KaplanMeier, SurvivalCurves, answer_json
from riskset.analyses.moments import Moments, moments_id
from riskset.analyses.quartiles import quartiles_of
from riskset.analyses.weights import weights_of
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import CENSORED, EVENT, Column, Exposure, Label, counted
from riskset.stats.arrays import finite
from riskset.stats.averaged_weights import IN_NONE, Blocks, averages, blocks
from riskset.stats.kaplan_meier import Landmark, LimitsKind, product_limit, survival_at

PARTS: Final = 8
"""Steps of a rounded weight in the population's mean weight."""
OF_ARMS_ONLY: Final = NotEstimable("by arm only", say("analyses.km.errors_of_arms"))
"""Why a figure of all patients has no error."""
_AT_LANDMARKS_ONLY: Final = NotEstimable("limits at landmarks only", say("analyses.km.landmarks_only"))
_BY_MODEL: Final = NotEstimable("weighted", say("analyses.km.no_weighted_log_rank"))
_STATUSES: Final = (EVENT, CENSORED)
_PRINTED: Final = {EVENT: "events", CENSORED: "censored"}


@dataclass(frozen=True)
class InBlocks:
    """The state: who leaves when, of all patients, and the blocks in which weights are added up."""

    counts: tuple[NDArray[np.int64], ...]
    """Of all patients, for each arm (statuses, steps)."""
    blocks: tuple[Blocks, ...]
    """For each arm."""
    mean: float
    """Mean weight of the population."""


@dataclass(frozen=True)
class WeightedCurves(SurvivalCurves):
    """Curves by averaged weights. Errors and limits are known at landmarks of arms only."""

    of: InBlocks = field(kw_only=True)
    averaged: tuple[NDArray[np.float64], ...] = field(kw_only=True)
    """For each arm (statuses, steps)."""
    without_error: Mapping[tuple[str | None, float], Result] = field(default_factory=dict, kw_only=True)
    """By arm and day of a landmark: why it has no error."""

    def weighted(self, arm: int) -> NDArray[np.float64]:
        """Returns the weights that leave an arm, (statuses, steps)."""
        return np.asarray(self.of.counts[arm] * self.averaged[arm])

    def survival(self, arm: int, day: float) -> float:
        """Returns the survival of an arm after a day."""
        curve = self.arms[arm].curve
        at = int(np.searchsorted(curve.day, day, side="right")) - 1
        return float(curve.survival[at]) if at >= 0 else 1.0


@dataclass(frozen=True, kw_only=True)
class WeightedKaplanMeier(AskedOnce):
    """The analysis: one round, after that of the curves of all patients. Summary: for each block the sum of its
    patients' weights, each rounded to a whole number of eighths of the population's mean weight."""

    kind: ClassVar[str] = "km"

    of_all: KaplanMeier
    """The curves of all patients."""
    least: int
    """Fewest patients of a block."""
    followed: int
    """Fewest patients who are followed beyond a landmark with an error, and who have the event between two such."""

    @cached_property
    def exposure(self) -> Exposure:
        of_counts = self.counts.exposure(self.set_id)
        assert of_counts.in_time is not None
        in_time = replace(of_counts.in_time, are_blocks=True)
        return replace(of_counts, in_time=in_time, weights=True, squares="patient")

    @property
    def counts(self) -> CountsInTime:
        return self.of_all.counts

    @property
    def limits_kind(self) -> LimitsKind:
        return self.of_all.limits_kind

    @property
    def landmarks(self) -> tuple[tuple[float, float], ...]:
        return self.of_all.landmarks

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set), self.of_all.id)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.weights_in_blocks", least=self.least)

    def following(self, renamed: Mapping[str, str]) -> Self:
        of_all = self.of_all.renamed(renamed.get(self.of_all.id, self.of_all.id))
        return replace(super().following(renamed), of_all=of_all)

    def start(self, inputs: Inputs) -> InBlocks | NotEstimable:
        curves: SurvivalCurves = inputs[self.of_all.id]
        moments: Moments = inputs[moments_id(self.analysis_set)]
        if not curves.arms:
            return NotEstimable("no arms", say("analyses.km.no_arms"))
        if moments.weights is None or not moments.weights.total > 0.0:
            return NotEstimable("no patients", say("analyses.no_patients"))
        counts = tuple(self._leaving(arm) for arm in curves.arms)
        of_arms = tuple(blocks(of, self.least) for of in counts)
        if not all(of.sizes for of in of_arms):
            return NotEstimable("few patients", say("analyses.km.few_in_blocks", least=self.least))
        return InBlocks(counts, of_arms, moments.weights.total / moments.n)

    def _leaving(self, arm: ArmCurve) -> NDArray[np.int64]:
        """Returns how many of all patients leave an arm, (statuses, steps), from its curve."""
        found = np.zeros((len(_STATUSES), self.counts.grid.n_steps), np.int64)
        steps = self.counts.grid.exit_steps(arm.curve.day)
        found[:, steps] = np.rint([arm.curve.events, arm.curve.censored])
        return found

    def labels(self, state: InBlocks) -> tuple[Label, ...]:
        return tuple(
            self._label(arm, *np.nonzero(of.of == block))
            for arm, of in zip(self.counts.levels, state.blocks, strict=True)
            for block in range(len(of.sizes))
        )

    def most_numbers(self, sites: int) -> int:
        """Returns as many as there are steps, of each arm and way to leave: a block has one or more."""
        return prod(self.counts.shape)

    def _label(self, arm: Column, at: NDArray[np.int64], steps: NDArray[np.int64]) -> Label:
        """Returns the label of a block of an arm, of these steps."""
        status, days = _STATUSES[at[0]], self.counts.grid.days
        when = f"day {days[steps[0]]} to {days[steps[-1]]}"
        text = f"weights, in eighths of their mean, of {arm.level}: {_PRINTED[status]} {when}"
        return counted(text, status, int(steps[-1]), arm)

    def in_blocks(self, state: InBlocks) -> tuple[int, ...]:
        return tuple(size for of in state.blocks for size in of.sizes)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Leaving:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        assert moments.weights is not None
        return Leaving.of(self, cohort, moments.weights.total / moments.n)

    def local(self, prepared: Leaving, state: InBlocks) -> NDArray[np.float64]:
        at = prepared.block(state)
        size = sum(len(of.sizes) for of in state.blocks)
        is_in = at != IN_NONE
        return np.asarray(np.bincount(at[is_in], prepared.parts[is_in], minlength=size), np.float64)

    def largest_share(self, prepared: Leaving, state: InBlocks, *, of_own: bool) -> float:
        """Returns the largest share of a patient in what the weights of the block are expected to add up to: as many
        mean weights as it has patients."""
        at = prepared.block(state)
        parts, at = prepared.parts[at != IN_NONE], at[at != IN_NONE]
        sizes = np.array(self.in_blocks(state), np.float64)
        expected = np.bincount(at, parts, minlength=len(sizes)) if of_own else PARTS * sizes
        return float(np.max(parts[parts > 0] / expected[at[parts > 0]], initial=0.0))

    def combine(self, total: Sequence[float], state: InBlocks) -> Result:
        if not any(total):
            return NotEstimable("no patients", say("analyses.no_patients"))
        sums, averaged = np.array(total) * (state.mean / PARTS), []
        for of in state.blocks:
            averaged.append(averages(of, sums[: len(of.sizes)]))
            sums = sums[len(of.sizes) :]
        weighted = [of * own for of, own in zip(state.counts, averaged, strict=True)]
        arms = (
            self._curve(str(column.level), of, own)
            for column, of, own in zip(self.counts.levels, state.counts, weighted, strict=True)
        )
        overall = self._curve(None, sum(state.counts[1:], state.counts[0]), np.sum(weighted, axis=0))
        return WeightedCurves(overall, tuple(arms), None, None, of=state, averaged=tuple(averaged))

    def _curve(self, level: str | None, counts: NDArray[np.int64], weighted: NDArray[np.float64]) -> ArmCurve:
        curve = product_limit(weighted[0], weighted[1], None, self.counts.grid.days)
        unknown = np.full(len(curve.day), nan)
        curve = replace(curve, std_error=unknown)
        marks = survival_at(curve, unknown, unknown, [day for _, day in self.landmarks]) if len(curve.day) else ()
        return ArmCurve(
            level=level,
            n=int(counts.sum()),
            events=int(counts[0].sum()),
            curve=curve,
            lower=unknown,
            upper=unknown,
            quartiles=quartiles_of(curve, unknown, unknown),
            landmarks=tuple(replace(mark, std_error=nan, lower=nan, upper=nan) for mark in marks)
            or tuple(Landmark(day, 0.0, nan, nan, nan, nan) for _, day in self.landmarks),
        )

    def completed(self, result: Any, parts: Sequence[tuple[Any, Result]]) -> Any:  # noqa: ANN401
        for part, end in parts:
            result = part.joined(result, end)
        return result

    def question_json(self) -> dict[str, Any]:
        weights = {"averaged_over": self.least, "rounded_to": 1 / PARTS}
        by = {"variable": self.counts.arm, "reference": self.counts.reference}
        return by | {"weighted": True, "weights": weights, "rho": 0.0, "strata": []}

    def result_json(self, result: WeightedCurves) -> dict[str, Any]:
        answer = answer_json(self.of_all, result)
        for arm, of in zip((result.overall, *result.arms), (answer["overall"], *answer["arms"]), strict=True):
            for key in ("at_risk", "events", "censored"):
                of["curve"][key] = [finite(x) for x in getattr(arm.curve, key).tolist()]
            of["curve"]["cumulative_hazard_std_error"] = [None] * len(arm.curve.day)
            of["limits_reason"] = reason_of(_AT_LANDMARKS_ONLY)
            for mark, written in zip(arm.landmarks, of["landmarks"], strict=True):
                written |= {"at_risk": finite(mark.at_risk), "cumulative_hazard_std_error": None}
                if why := _why_no_error(arm, mark, result):
                    written["reason"] = why
        return answer | {"log_rank_reason": reason_of(_BY_MODEL)}


@dataclass(frozen=True)
class Leaving:
    """How a hospital's patients with weights leave, (n,) each. Never leaves the hospital."""

    arm: NDArray[np.int64]
    status: NDArray[np.int64]
    step: NDArray[np.int64]
    parts: NDArray[np.float64]
    """Weights as whole numbers of eighths of the population's mean."""
    part: float
    """An eighth of the population's mean weight."""

    @property
    def weights(self) -> NDArray[np.float64]:
        """Returns the rounded weights."""
        return self.parts * self.part

    @classmethod
    def of(cls, curves: WeightedKaplanMeier, cohort: Cohort, mean: float) -> Leaving:
        rows, grid = cohort.outcomes(curves.analysis_set), curves.counts.grid
        has_event = rows.event & grid.is_within(rows.days)
        part = mean / PARTS
        parts = np.rint(weights_of(rows) / part)
        return cls(curves.counts.codes(rows), (~has_event).astype(np.int64), grid.exit_steps(rows.days), parts, part)

    def block(self, state: InBlocks) -> NDArray[np.int64]:
        """Returns the block of each patient over all arms, (n,); `IN_NONE` where the weight is not added up."""
        before = np.cumsum([0, *(len(of.sizes) for of in state.blocks[:-1])])
        of_arms = zip(state.blocks, before.tolist(), strict=True)
        every = np.stack([np.where(of.of == IN_NONE, IN_NONE, of.of + n) for of, n in of_arms])
        return np.asarray(every[self.arm, self.status, self.step])


def _why_no_error(arm: ArmCurve, mark: Landmark, result: WeightedCurves) -> dict[str, Any] | None:
    """Returns the reason for which the survival at a landmark has no error or limits; None where it has."""
    if isfinite(mark.std_error):
        return None
    return reason_of(result.without_error.get((arm.level, mark.day), OF_ARMS_ONLY))
