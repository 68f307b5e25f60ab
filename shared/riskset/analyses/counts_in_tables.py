"""Patients of each arm who have a level: one-way tables, from which proportions are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, RefusedByRule
from riskset.analyses.cohort import AnySet, Cohort
from riskset.analyses.design import level_columns
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.study.spec import Study


@dataclass(frozen=True)
class CountsInTables:
    """The patients of each arm, and those of them who have each level, in this order."""

    arms: tuple[Column, ...]
    """A column for each level of the arm in the study's order, including the reference; empty without an arm."""
    levels: tuple[Column, ...]
    """What is counted: indicators, each with its own complement."""

    @property
    def arm(self) -> str | None:
        return self.arms[0].variable if self.arms else None

    @property
    def reference(self) -> str | None:
        return self.arms[0].reference if self.arms else None

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables that must not be missing for a patient to be counted by arm."""
        return (self.arm,) if self.arm else ()

    def exposure(self, *, per_site: bool = False, is_iterative: bool = False) -> Exposure:
        """Returns what the tables disclose; with `per_site`, those of each hospital."""
        arms = tuple(column for column in self.arms if column.level != column.reference)
        return Exposure(
            design=(),
            tables=(*arms, *self.levels),
            in_time=None,
            weights=False,
            is_iterative=is_iterative,
            per_site=per_site,
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        """What each count is, arm by arm, (arms x (1 + levels),)."""
        arms: Sequence[tuple[str, tuple[Column, ...]]] = [(str(c.level), (c,)) for c in self.arms] or [("all", ())]
        return tuple(
            label
            for name, columns in arms
            for label in (
                total(f"{name}: patients", *columns),
                *(total(f"{name}: patients with {level.name}", level, *columns) for level in self.levels),
            )
        )

    def of(self, rows: AnySet) -> NDArray[np.float64]:
        """Returns a hospital's counts, (arms, 1 + levels)."""
        having = np.column_stack([np.ones(rows.n), *(level.values(rows) for level in self.levels)])
        of_arm = np.column_stack([arm.values(rows) for arm in self.arms]) if self.arms else np.ones((rows.n, 1))
        return np.asarray(of_arm.T @ having)

    def split_total(self, total: Sequence[float]) -> NDArray[np.float64]:
        """Returns a total as counts, (arms, 1 + levels)."""
        return np.array(total).reshape(max(len(self.arms), 1), 1 + len(self.levels))


def tables_of(study: Study, levels: Sequence[Column]) -> CountsInTables:
    """Returns the counts of these levels by the study's arms."""
    return CountsInTables(level_columns(study, study.comparison.arm) if study.comparison else (), tuple(levels))


@dataclass(frozen=True, kw_only=True)
class CountedInTables(AskedOnce):
    """An analysis that needs such counts and nothing else: one round, in which each hospital sends them."""

    tables: CountsInTables

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        if not self.tables.arms:
            return None
        return replace(self, tables=replace(self.tables, arms=()), arms_refusal=refusal)

    @property
    def exposure(self) -> Exposure:
        return self.tables.exposure()

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.counts_in_tables")

    def labels(self, state: None) -> tuple[Label, ...]:
        return self.tables.labels

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        return self.tables.of(cohort.analysis_sets[self.analysis_set]).ravel()

    def local(self, prepared: NDArray[np.float64], state: None) -> NDArray[np.float64]:
        return prepared
