"""How many patients of a set each arm has: what a table of patients begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, Result
from riskset.analyses.cohort import AnySet, Cohort
from riskset.analyses.design import level_columns
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.study.spec import Study

EVERYBODY = "all"
"""The column of all patients, beside the arms."""


@dataclass(frozen=True)
class Patients(Result):
    by_arm: tuple[int, ...]
    """By level of the arm, in the study's order; of a study without arms, all patients."""

    @property
    def n(self) -> int:
        return sum(self.by_arm)


@dataclass(frozen=True)
class Arms:
    """The levels by which patients are counted."""

    columns: tuple[Column, ...]
    """One for each level of the arm in the study's order, including the reference; empty for a study without arms."""

    @classmethod
    def of(cls, study: Study) -> Arms:
        return cls(level_columns(study, study.comparison.arm) if study.comparison else ())

    @property
    def variable(self) -> str | None:
        return self.columns[0].variable if self.columns else None

    @property
    def variables(self) -> tuple[str, ...]:
        """What must not be missing for a patient to be counted."""
        return () if self.variable is None else (self.variable,)

    @property
    def reference(self) -> str | None:
        return self.columns[0].reference if self.columns else None

    @property
    def levels(self) -> tuple[str, ...]:
        return tuple(str(column.level) for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The arms, or all patients where there are none."""
        return self.levels or (EVERYBODY,)

    @property
    def with_all(self) -> tuple[str, ...]:
        """Returns the columns of a table: the arms, then all patients."""
        return (*self.levels, EVERYBODY)

    @property
    def at_reference(self) -> int:
        """Returns the place of the reference among the levels."""
        return next((i for i, column in enumerate(self.columns) if column.level == column.reference), 0)

    @property
    def exposed(self) -> tuple[Column, ...]:
        """What an exposure names of them: the levels but the reference."""
        return tuple(column for column in self.columns if column.level != column.reference)

    @property
    def labelled(self) -> tuple[tuple[str, tuple[Column, ...]], ...]:
        """The name of each arm, and the column with which a number of it is labelled."""
        return tuple((str(c.level), (c,)) for c in self.columns) or ((EVERYBODY, ()),)

    def indicators(self, rows: AnySet) -> NDArray[np.float64]:
        """Returns who is in which arm, (n, arms)."""
        if not self.columns:
            return np.ones((rows.n, 1))
        return np.column_stack([column.values(rows) for column in self.columns])

    def question_json(self) -> dict[str, str | None]:
        return {"variable": self.variable, "reference": self.reference}


@dataclass(frozen=True, kw_only=True)
class PatientsByArm(AskedOnce):
    """One round. Summary: the patients of each arm."""

    arms: Arms
    is_one_way: bool = False
    """As in an exposure."""

    @cached_property
    def exposure(self) -> Exposure:
        return Exposure(
            design=(),
            tables=self.arms.exposed,
            in_time=None,
            weights=False,
            is_iterative=False,
            per_site=False,
            patients=True,
            is_one_way=self.is_one_way,
        )

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.patients_by_arm")

    def labels(self, state: None) -> tuple[Label, ...]:
        return tuple(total(f"{name}: patients", *columns) for name, columns in self.arms.labelled)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        return np.asarray(self.arms.indicators(cohort.analysis_sets[self.analysis_set]).sum(axis=0))

    def combine(self, total: Sequence[float], state: None) -> Result:
        return Patients(tuple(round(n) for n in total))

    def question_json(self) -> dict[str, str | None]:
        return self.arms.question_json()
