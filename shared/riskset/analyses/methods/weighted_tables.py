"""Tables of a weighted population: the weights of each level by arm, or a number's weighted sums in each arm.

Weights are rounded to a 64th of about their mean before they are added up. A hospital's sums with a level, or with a
number, are rounded as well: each is one of many, and an exact one could be decoded. Levels of two variables may differ
in one patient of an arm, whose weight the difference of two sums would be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.design import columns_of, level_columns
from riskset.analyses.moments import Moments, moments_id, scaled
from riskset.analyses.patients_by_arm import Arms
from riskset.analyses.weights import PARTS_IN_TABLES, fine, unit, weights_of
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.stats.balance import ArmSums
from riskset.stats.two_means import Group
from riskset.study.spec import NumberVariable, Study
from riskset.study.variables import values_of

Json = dict[str, Any]
Floats = NDArray[np.float64]

SUMS: Final = 64
"""Steps of a hospital's sum of a number's weighted values in one mean weight and half the number's range."""
CELLS: Final = 4
"""Steps of a hospital's sum of the weights of a level in one mean weight; so of a number that is as good as a level."""
_DECIMALS: Final = 6
"""Of a step, to which a sum is rounded first: a sum that lies half way between two steps goes to the even one, whatever
the order of its addends does to its last digits."""
_FEW: Final = 10
"""Values that a number may have, as the study declares it, up to which it is as good as a level."""


@dataclass(frozen=True)
class Unit:
    """The state: about the mean weight."""

    weight: float

    @property
    def step(self) -> float:
        """Returns the step to which a weight is rounded."""
        return self.weight / PARTS_IN_TABLES


@dataclass(frozen=True)
class Weighted(Result):
    """Of each arm the weighted sums, in the study's order."""

    by_arm: tuple[ArmSums, ...]
    """Of each level, or of the number on a scale. `n` is as how many whole patients the arm counts."""
    levels: tuple[str, ...] = ()
    """Of a number none."""
    scale: tuple[float, float] = (0.0, 1.0)
    """Of a number: what is 0, and one unit."""

    @property
    def with_all(self) -> tuple[ArmSums, ...]:
        """Returns the sums of each arm, then of all patients."""
        every = self.by_arm[0]
        for of in self.by_arm[1:]:
            every += of
        return (*self.by_arm, replace(every, n=int(every.effective_size)))

    def groups(self, level: str | None) -> tuple[Group, ...]:
        """Returns the patients of each arm, of whom the level, or the number, has this mean and variance."""
        return self.groups_with_all(level)[:-1]

    def groups_with_all(self, level: str | None) -> tuple[Group, ...]:
        """Returns the same of each arm, then of all patients."""
        j = 0 if level is None else self.levels.index(level)
        zero, one = self.scale
        return tuple(
            Group(of.n, zero + one * float(of.mean[j]), one**2 * float(of.variance[j])) for of in self.with_all
        )


@dataclass(frozen=True, kw_only=True)
class WeightsByArm(AskedOnce):
    """One round. Summary: the weights of each arm, and their squares."""

    kind: ClassVar[str] = "balance"

    arms: Arms
    is_one_way: bool = True

    @property
    def weighed(self) -> tuple[Column, ...]:
        """The columns whose weights are added up by arm."""
        return ()

    @property
    def names(self) -> tuple[str, ...]:
        """The levels."""
        return ()

    @property
    def scale(self) -> tuple[float, float]:
        return 0.0, 1.0

    @cached_property
    def exposure(self) -> Exposure:
        return Exposure(
            design=(),
            tables=self.arms.exposed,
            in_time=None,
            weights=True,
            is_iterative=False,
            per_site=False,
            is_one_way=self.is_one_way,
            weighted_as=self.weighted_as,
            weighed=self.weighed,
        )

    weighted_as: str | None = None
    """As in an exposure."""

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set),)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.weights_by_arm")

    def start(self, inputs: Inputs) -> Any:  # noqa: ANN401 - the unit, unless a method needs more
        found = self.unit(inputs)
        return NotEstimable("no patients", say("analyses.no_patients")) if found is None else found

    def unit(self, inputs: Inputs) -> Unit | None:
        """Returns about the mean weight of the set; None where nobody has one."""
        moments: Moments = inputs[moments_id(self.analysis_set)]
        has_any = moments.weights is not None and moments.weights.total > 0.0
        return Unit(unit(moments.weights.total / max(moments.n, 1))) if has_any and moments.weights else None

    def without_arms(self, refusal: RefusedByRule) -> None:
        """Nothing is left to compare."""
        return

    def labels(self, state: object) -> tuple[Label, ...]:
        return tuple(
            total(text, arm, *columns) for arm in self.arms.columns for text, *columns in self._of_arm(str(arm.level))
        )

    def _of_arm(self, name: str) -> Iterator[tuple[str, *tuple[Column, ...]]]:
        """Yields the text of each number of an arm, and its columns besides the arm."""
        yield (f"{name}: weights, in steps",)
        yield (f"{name}: squares of weights, in steps",)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Floats:
        """Returns what is added up over the patients of each arm, (arms, numbers)."""
        state, rows = self.unit(inputs), cohort.analysis_sets[self.analysis_set]
        assert state is not None
        steps = np.rint(fine(weights_of(rows), state.weight) / state.step)
        arms = self.arms.indicators(rows)
        of_arms = np.rint(arms.T @ np.column_stack([steps, steps * steps]))
        return np.column_stack([of_arms, *self._columns(rows, steps, arms, of_arms[:, 0])])

    def _columns(self, rows: Any, steps: Floats, arms: Floats, of_arms: Floats) -> Iterator[Floats]:  # noqa: ANN401
        """Yields the hospital's further sums, (arms,) each: of a set of patients, their weights in steps, the arms they
        are in, and the sums of the weights of each arm."""
        yield from ()

    def local(self, prepared: Floats, state: object) -> Floats:
        return prepared.ravel()

    def combine(self, total: Sequence[float], state: Any) -> Result:  # noqa: ANN401 - as `start`
        of_arms = np.array(total).reshape(len(self.arms.columns), -1)
        if not of_arms[:, 0].all():
            return NotEstimable("no patients", say("analyses.no_patients"))
        return Weighted(tuple(self._sums(of.tolist(), state) for of in of_arms), self.names, self.scale)

    def _sums(self, of: Sequence[float], state: Unit) -> ArmSums:
        weight, squares, *rest = of
        first, second = self._moments(rest)
        n = int(weight * weight / squares)
        return ArmSums(n, weight * state.step, squares * state.step**2, first * state.step, second * state.step)

    def _moments(self, rest: Sequence[float]) -> tuple[Floats, Floats]:
        """Returns the sums of the columns and of their squares, in steps."""
        return np.zeros(0), np.zeros(0)

    def question_json(self) -> Json:
        return {}

    def result_json(self, result: Weighted) -> Json:
        return {}


@dataclass(frozen=True, kw_only=True)
class WeightsOfLevels(WeightsByArm):
    """Of each arm besides: the weights of the patients with each level."""

    variable: str
    levels: tuple[Column, ...]
    """As in Table 1: one for each level, including the reference."""

    @property
    def weighed(self) -> tuple[Column, ...]:
        return tuple(column for column in self.levels if column.level != column.reference)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(level.level) for level in self.levels)

    def _of_arm(self, name: str) -> Iterator[tuple[str, *tuple[Column, ...]]]:
        yield from super()._of_arm(name)
        yield from ((f"{name}: weights with {level.name}, in steps", level) for level in self.levels)

    def _columns(self, rows: Any, steps: Floats, arms: Floats, of_arms: Floats) -> Iterator[Floats]:  # noqa: ANN401
        """The reference has what the other levels leave of the arm, so that it tells nothing more."""
        size = PARTS_IN_TABLES / CELLS
        others = {
            level: np.rint(arms.T @ (steps * level.values(rows)) / size) * size
            for level in self.levels
            if level.level != level.reference
        }
        rest = of_arms - np.sum([*others.values()], axis=0)
        yield from (others.get(level, rest) for level in self.levels)

    def _moments(self, rest: Sequence[float]) -> tuple[Floats, Floats]:
        return np.array(rest), np.array(rest)


@dataclass(frozen=True, kw_only=True)
class WeightedNumber(WeightsByArm):
    """Of each arm besides: the sums of the number and of its square, each times the weight."""

    variable: str
    column: Column
    steps: int = SUMS
    """Of a hospital's sums in one mean weight and half the range."""

    @property
    def weighed(self) -> tuple[Column, ...]:
        return (self.column,)

    def _of_arm(self, name: str) -> Iterator[tuple[str, *tuple[Column, ...]]]:
        yield from super()._of_arm(name)
        x, scale = self.column, f"in steps of 1/{self.steps}"
        yield f"{name}: weighted sum of {x.name}, {scale}", x
        yield f"{name}: weighted sum of squares of {x.name}, {scale}", x, x

    def _columns(self, rows: Any, steps: Floats, arms: Floats, of_arms: Floats) -> Iterator[Floats]:  # noqa: ANN401
        z = scaled(self.column, rows)
        sums = (arms.T @ (steps * z**power) * (self.steps / PARTS_IN_TABLES) for power in (1, 2))
        yield from (np.rint(np.round(of, _DECIMALS)) for of in sums)

    def _moments(self, rest: Sequence[float]) -> tuple[Floats, Floats]:
        first, second = (x * (PARTS_IN_TABLES / self.steps) for x in rest)
        return np.array([first]), np.array([second])

    @property
    def scale(self) -> tuple[float, float]:
        return self.column.middle, self.column.half_range


def table_of(
    study: Study,
    levels: type[WeightsOfLevels],
    number: type[WeightedNumber],
    *,
    variable: str,
    **common: Any,  # noqa: ANN401 - the fields of an analysis
) -> WeightsOfLevels | WeightedNumber:
    """Returns the table of a variable: of one of these kinds, as it has levels or is a number."""
    of = study.variables[variable]
    if not isinstance(of, NumberVariable):
        return levels(variable=variable, levels=level_columns(study, variable), **common)
    (column,) = columns_of(study, [variable])
    return number(variable=variable, column=column, steps=steps_of(values_of(of)), **common)


def steps_of(values: int) -> int:
    """Returns the steps of the sums of a number that may have so many values."""
    return SUMS if values > _FEW else CELLS
