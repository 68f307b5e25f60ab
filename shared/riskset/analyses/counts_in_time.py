"""Patients of each arm, counted by step of the time grid: every curve is computed from these counts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import AnalysisSet, Cohort, SetId
from riskset.analyses.design import level_columns
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import CENSORED, COMPETING, ENTRY, EVENT, Column, Exposure, InTime, Label, counted
from riskset.stats.competing_risks import count_causes
from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import Curve, exits, product_limit
from riskset.study.spec import DaysEndpoint, Study

_PRINTED = {EVENT: "events", CENSORED: "censored", ENTRY: "entries"}


@dataclass(frozen=True)
class CountsInTime:
    """Events (of each kind) and censorings (and entries) of each arm in each step of the grid, in this order."""

    levels: tuple[Column, ...]
    """A column for each level of the arm in the study's order, including the reference; empty without an arm."""
    grid: Grid
    has_entry: bool
    competing: tuple[str, ...] = ()
    """The competing events that are counted apart; without any, they count as censorings."""

    @property
    def arm(self) -> str | None:
        return self.levels[0].variable if self.levels else None

    @property
    def reference(self) -> str | None:
        return self.levels[0].reference if self.levels else None

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables that must not be missing for a patient to be counted."""
        return (self.arm,) if self.arm else ()

    @property
    def statuses(self) -> tuple[str, ...]:
        kinds = (EVENT, *COMPETING[: len(self.competing)], CENSORED)
        return (*kinds, ENTRY) if self.has_entry else kinds

    @property
    def shape(self) -> tuple[int, int, int]:
        """(arms, statuses, steps)."""
        return max(len(self.levels), 1), len(self.statuses), self.grid.n_steps

    def exposure(self, set_id: SetId) -> Exposure:
        """Returns what the counts of these patients disclose."""
        split = tuple(column for column in self.levels if column.level != column.reference)
        in_time = InTime(set_id.endpoint or "", split, frozenset(self.statuses), self.grid)
        return Exposure(
            design=(),
            tables=(),
            in_time=in_time,
            weights=False,
            is_iterative=False,
            per_site=False,
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        """What each count is, arm by arm, (arms x statuses x steps,)."""
        return _labels_of(self)

    def codes(self, rows: AnalysisSet) -> NDArray[np.int64]:
        """Returns the index of each patient's arm among `levels`, (n,)."""
        return rows.variables[self.arm].astype(np.int64) if self.arm else np.zeros(rows.n, np.int64)

    def of(self, rows: AnalysisSet) -> NDArray[np.float64]:
        """Returns a hospital's counts, (arms x statuses x steps,)."""
        if self.competing:
            return self._of_causes(rows)
        counts = exits(rows.days, rows.event, self.codes(rows), self.shape[0], self.grid, entry_days=rows.entry_days)
        return counts.ravel().astype(np.float64)

    def _of_causes(self, rows: AnalysisSet) -> NDArray[np.float64]:
        if rows.cause is None:
            raise TypeError("the rows do not say which kind of event occurred")
        arms, n_causes, n_steps = self.shape[0], 1 + len(self.competing), self.shape[2]
        codes, at = self.codes(rows), self.grid.exit_steps(rows.days)
        cause = np.where(self.grid.is_within(rows.days), rows.cause, 0)
        if rows.entry_days is None:
            return count_causes(cause, codes, arms, n_causes, at, n_steps).ravel().astype(np.float64)
        seen = rows.entry_days < self.grid.max_days
        counts = count_causes(cause[seen], codes[seen], arms, n_causes, at[seen], n_steps)
        entries = exits(rows.days, rows.event, codes, arms, self.grid, entry_days=rows.entry_days)[:, 2:]
        return np.concatenate([counts, entries], axis=1).ravel().astype(np.float64)

    def split_total(self, total: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the counts (arms, statuses, steps) at the start of a total, and the rest of it."""
        pooled = np.array(total)
        size = int(np.prod(self.shape))
        return pooled[:size].reshape(self.shape), pooled[size:]

    def curve(self, counts: NDArray[np.float64]) -> Curve:
        """Returns the Kaplan-Meier curve of one arm's counts (statuses, steps)."""
        return product_limit(counts[0], counts[1], counts[2] if self.has_entry else None, self.grid.days)

    def grid_json(self) -> dict[str, Any]:
        """Returns the resolution of a curve, as written to results.json."""
        grid = self.grid
        is_rounded = self.has_entry and grid.width_days > 1  # late entries count from the beginning of their step
        return {"width_days": grid.width_days, "max_days": grid.max_days, "approximate": is_rounded}


@lru_cache(maxsize=64)
def _labels_of(counts: CountsInTime) -> tuple[Label, ...]:
    """Returns the labels once for all analyses that count alike: there are thousands."""
    arms: Sequence[tuple[str, tuple[Column, ...]]] = [(str(c.level), (c,)) for c in counts.levels] or [("all", ())]
    printed = _PRINTED | dict(zip(COMPETING, counts.competing, strict=False))
    return tuple(
        counted(f"{name}: {printed[status]} to day {day:g}", status, step, *columns)
        for name, columns in arms
        for status in counts.statuses
        for step, day in enumerate(counts.grid.days)
    )


def counts_of(study: Study, endpoint: str) -> CountsInTime:
    """Returns the counts for an endpoint, by the study's arms and on its grid."""
    specified = study.endpoints[endpoint]
    return CountsInTime(
        levels=level_columns(study, study.comparison.arm) if study.comparison else (),
        grid=Grid(study.time.grid.width_days, study.time.grid.max_days),
        has_entry=isinstance(specified, DaysEndpoint) and specified.entry is not None,
    )


@dataclass(frozen=True, kw_only=True)
class CountedInTime(AskedOnce):
    """An analysis that needs the counts and nothing else: one round, in which each hospital sends them."""

    counts: CountsInTime

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        if not self.counts.levels:
            return None
        return replace(self, counts=replace(self.counts, levels=()), arms_refusal=refusal)

    @cached_property
    def exposure(self) -> Exposure:
        return self.counts.exposure(self.set_id)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.counts_in_time")

    def labels(self, state: None) -> tuple[Label, ...]:
        return self.counts.labels

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        return self.counts.of(cohort.outcomes(self.analysis_set))

    def combine(self, total: Sequence[float], state: None) -> Result:
        counts, rest = self.counts.split_total(total)
        if not counts.any():
            return NotEstimable("no patients", say("analyses.no_patients"))
        return self.from_counts(counts, rest)

    @abstractmethod
    def from_counts(self, counts: NDArray[np.float64], rest: NDArray[np.float64]) -> Result:
        """Returns the result from the pooled counts (arms, statuses, steps), which are not all 0, and from the totals
        of whatever a subclass sends after them."""

    def question_json(self) -> dict[str, Any]:
        by = {"variable": self.counts.arm, "reference": self.counts.reference}
        return by | self.arms_reason_json()
