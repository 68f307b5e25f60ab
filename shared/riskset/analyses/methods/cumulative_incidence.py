"""Cumulative incidence of competing events by arm on the study's time grid, and Gray's test of each kind of event.

The hospitals' counts of each kind of event tell what curves of one kind, of two, and of any tell together, and rule R9
compares them as these (`analyses/leaving.py`). A Fine-Gray model is an analysis of its own, in `fine_gray`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Analysis, NotEstimable, Result
from riskset.analyses.cohort import set_of
from riskset.analyses.counts_in_time import CountedInTime, counts_of
from riskset.analyses.design import columns_of
from riskset.analyses.methods.fine_gray import FineGray
from riskset.analyses.quartiles import no_patients_json
from riskset.catalogue import Message, say
from riskset.stats.arrays import finite
from riskset.stats.competing_risks import Incidence, aalen_johansen, gray
from riskset.stats.kaplan_meier import LimitsKind, limits_of
from riskset.stats.log_rank import Test
from riskset.study.asked.cumulative_incidence import CumulativeIncidenceEntry
from riskset.study.spec import Study

KIND = "cumulative-incidence"


@dataclass(frozen=True)
class ArmIncidence:
    """Of one arm, or of all patients."""

    level: str | None
    n: int
    incidence: Incidence
    lower: NDArray[np.float64]
    """(causes, exits), as `upper`."""
    upper: NDArray[np.float64]


@dataclass(frozen=True)
class Incidences(Result):
    overall: ArmIncidence
    arms: tuple[ArmIncidence, ...]
    """Empty where the study compares no arms."""
    gray: tuple[Test, ...] | None
    """One for each cause; empty where the study compares no arms, None with late entry."""


@dataclass(frozen=True, kw_only=True)
class CumulativeIncidence(CountedInTime):
    """The analysis: one round. Summary: the counts of each arm, of each kind of event, in each step of the grid."""

    kind: ClassVar[str] = KIND

    causes: tuple[str, ...]
    """Names of the kinds of event, the endpoint's own first."""
    limits_kind: LimitsKind
    landmarks: tuple[tuple[float, float], ...]
    """(time in the study's unit, the same time in days), ascending."""

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.causes_in_time")

    def from_counts(self, counts: NDArray[np.float64], rest: NDArray[np.float64]) -> Incidences:
        overall = self._of(None, counts.sum(axis=0))
        if not self.counts.arm:
            return Incidences(overall, (), ())
        arms = tuple(self._of(arm.level, part) for arm, part in zip(self.counts.levels, counts, strict=True))
        if self.counts.has_entry:
            return Incidences(overall, arms, None)
        events, censored = counts[:, :-1], counts[:, -1]
        tests = (
            gray(events[:, cause], np.delete(events, cause, axis=1).sum(axis=1), censored)
            for cause in range(len(self.causes))
        )
        return Incidences(overall, arms, tuple(tests))

    def _of(self, level: str | None, counts: NDArray[np.float64]) -> ArmIncidence:
        exits, entries = (counts[:-1], counts[-1]) if self.counts.has_entry else (counts, None)
        found = aalen_johansen(exits[:-1], exits[-1], self.counts.grid.days, entries)
        lower, upper = limits_of(found.estimate, found.std_error, self.limits_kind, LEVEL)
        return ArmIncidence(level, round(float(exits.sum())), found, lower, upper)

    def question_json(self) -> dict[str, Any]:
        return super().question_json() | {"causes": list(self.causes)}

    def result_json(self, result: Incidences) -> dict[str, Any]:
        return {
            "grid": self.counts.grid_json(),
            "limits": self.limits_kind,
            "level": LEVEL,
            "overall": self._arm_json(result.overall),
            "arms": [self._arm_json(arm) for arm in result.arms],
            "gray": [self._gray_json(at, result.gray) for at in range(len(self.causes) if result.arms else 0)],
        }

    def _gray_json(self, cause: int, tests: Sequence[Test] | None) -> dict[str, Any]:
        of = {"cause": self.causes[cause]}
        if tests is None:
            why = NotEstimable("late entry", say("analyses.gray_of_late_entry"))
            return of | {"chi2": None, "df": None, "p": None, "reason": why.reason_json()}
        return of | {"chi2": finite(tests[cause].chi2), "df": tests[cause].df, "p": finite(tests[cause].p)}

    def _arm_json(self, arm: ArmIncidence) -> dict[str, Any]:
        causes = [self._cause_json(arm, at) for at in range(len(self.causes))]
        return {"level": arm.level, "n": arm.n, "causes": causes, **no_patients_json(arm.n)}

    def _cause_json(self, arm: ArmIncidence, cause: int) -> dict[str, Any]:
        found = arm.incidence
        columns = {
            "estimate": found.estimate[cause],
            "std_error": found.std_error[cause],
            "lower": arm.lower[cause],
            "upper": arm.upper[cause],
        }
        counts = {"day": found.day, "at_risk": found.at_risk, "events": found.events[cause]}
        curve: dict[str, Any] = {key: [round(float(value)) for value in values] for key, values in counts.items()}
        curve |= {key: [finite(float(value)) for value in values] for key, values in columns.items()}
        return {
            "cause": self.causes[cause],
            "events": round(float(found.events[cause].sum())),
            "curve": curve,
            "landmarks": [self._landmark_json(time, day, found, columns) for time, day in self.landmarks],
        }

    def _landmark_json(
        self, time: float, day: float, found: Incidence, columns: dict[str, NDArray[np.float64]]
    ) -> dict[str, Any]:
        """Returns the curve at a day: 0 before the first exit, its last value beyond the last."""
        head: dict[str, Any] = {"time": time, "day": day}
        if len(found.day) == 0:  # an arm without patients has no incidence, not one of 0
            return head | {"at_risk": 0} | dict.fromkeys(columns)
        at = int(np.searchsorted(found.day, day, side="right")) - 1
        next_exit = int(np.searchsorted(found.day, day, side="left"))
        at_risk = round(float(np.append(found.at_risk, 0.0)[next_exit]))
        before = {"estimate": 0.0, "std_error": 0.0, "lower": None, "upper": None}
        values = before if at < 0 else {key: finite(float(column[at])) for key, column in columns.items()}
        return head | {"at_risk": at_risk, **values}


def planned(study: Study, name: str, entry: CumulativeIncidenceEntry) -> Iterator[Analysis]:
    """Yields the curves of an entry of the study file, for each endpoint and population, and its Fine-Gray model."""
    for endpoint, population in product(entry.endpoints, entry.populations):
        specified = study.endpoints[endpoint]
        counts = replace(counts_of(study, endpoint), competing=specified.competing)
        id_ = f"{KIND}/{endpoint}/{population}"
        yield CumulativeIncidence(
            id=id_,
            name=name,
            set_id=set_of(entry, endpoint, population, counts.variables),
            counts=counts,
            causes=specified.causes,
            limits_kind=entry.limits,
            landmarks=tuple((time, time * study.days_per_unit) for time in entry.landmarks),
        )
        if entry.fine_gray:
            yield FineGray(
                id=f"{id_}/fine-gray",
                name=name,
                set_id=set_of(entry, endpoint, population, entry.fine_gray),
                design=columns_of(study, entry.fine_gray),
                ties=entry.ties,
                model="multivariable",
                cause=specified.causes[0],
                curves=id_,
            )
