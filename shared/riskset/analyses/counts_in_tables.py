"""Patients of each arm who have a level: one-way tables, from which proportions are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, RefusedByRule
from riskset.analyses.cohort import AnySet, Cohort
from riskset.analyses.patients_by_arm import Arms
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.study.spec import Study


@dataclass(frozen=True)
class CountsInTables:
    """The patients of each arm, and those of them who have each level, in this order."""

    arms: Arms
    levels: tuple[Column, ...]
    """What is counted: indicators, each with its own complement."""

    def exposure(self, *, per_site: bool = False, is_iterative: bool = False) -> Exposure:
        """Returns what the tables disclose; with `per_site`, those of each hospital."""
        return Exposure(
            design=(),
            tables=(*self.arms.exposed, *self.levels),
            in_time=None,
            weights=False,
            is_iterative=is_iterative,
            per_site=per_site,
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        """What each count is, arm by arm, (arms x (1 + levels),)."""
        return tuple(
            label
            for name, columns in self.arms.labelled
            for label in (
                total(f"{name}: patients", *columns),
                *(total(f"{name}: patients with {level.name}", level, *columns) for level in self.levels),
            )
        )

    def of(self, rows: AnySet) -> NDArray[np.float64]:
        """Returns a hospital's counts, (arms, 1 + levels)."""
        having = np.column_stack([np.ones(rows.n), *(level.values(rows) for level in self.levels)])
        return np.asarray(self.arms.indicators(rows).T @ having)

    def split_total(self, total: Sequence[float]) -> NDArray[np.float64]:
        """Returns a total as counts, (arms, 1 + levels)."""
        return np.array(total).reshape(len(self.arms.names), 1 + len(self.levels))


def tables_of(study: Study, levels: Sequence[Column]) -> CountsInTables:
    """Returns the counts of these levels by the study's arms."""
    return CountsInTables(Arms.of(study), tuple(levels))


@dataclass(frozen=True, kw_only=True)
class CountedInTables(AskedOnce):
    """An analysis that needs such counts and nothing else: one round, in which each hospital sends them."""

    tables: CountsInTables

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        if not self.tables.arms.columns:
            return None
        return replace(self, tables=replace(self.tables, arms=Arms(())), arms_refusal=refusal)

    @cached_property
    def exposure(self) -> Exposure:
        return self.tables.exposure()

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.counts_in_tables")

    def labels(self, state: None) -> tuple[Label, ...]:
        return self.tables.labels

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        return self.tables.of(cohort.analysis_sets[self.analysis_set]).ravel()
