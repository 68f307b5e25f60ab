"""What Table 1 says of one variable: levels counted by arm, or a number's sum and sum of squares in each arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan, sqrt
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.moments import Moments, moments_id
from riskset.analyses.patients_by_arm import Arms
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.stats.contingency import ChiSquare, chi_square
from riskset.stats.fisher import fisher_2x2
from riskset.stats.fisher_tables import fisher_p
from riskset.stats.two_means import Group, TTest, standardised, student, welch, yang_dalton

Json = dict[str, Any]

YANG_DALTON: Final = "yang-dalton"
_ROUNDING: Final = 1e-13
"""A sum of squares about the mean, below this share of that about the centre, is rounding."""


@dataclass(frozen=True, kw_only=True)
class OfVariable(AskedOnce):
    """A part of Table 1 that is about one variable."""

    kind: ClassVar[str] = "table1"

    variable: str
    arms: Arms
    is_one_way: bool

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        return replace(self, arms=Arms(()), arms_refusal=refusal) if self.arms.columns else None

    def question_json(self) -> Json:
        return {"variable": self.variable}

    def result_json(self, result: Any) -> Json:  # noqa: ANN401 - each part has its own type
        return {"arms": result.arms_json()}


@dataclass(frozen=True)
class Counts(Result):
    """Patients of each arm with each level."""

    levels: tuple[str, ...]
    by_arm: tuple[tuple[int, ...], ...]
    """(arms, levels)."""
    reference: int
    """Place of the arm with which others are compared."""

    @property
    def every(self) -> tuple[int, ...]:
        """Returns all patients with each level."""
        return tuple(map(sum, zip(*self.by_arm, strict=True)))

    def arm_json(self, counts: Sequence[int]) -> Json:
        n = sum(counts)
        levels = [
            {"level": level, "n": of, "percent": 100 * of / n if n else None}
            for level, of in zip(self.levels, counts, strict=True)
        ]
        return {"levels": levels}

    def sizes(self) -> tuple[int, ...]:
        """Returns the patients of each arm, then all."""
        return (*(sum(counts) for counts in self.by_arm), sum(self.every))

    def arms_json(self) -> list[Json]:
        return [self.arm_json(counts) for counts in (*self.by_arm, self.every)]

    def none_json(self) -> Json:
        """Returns what is known of an arm that is not told."""
        return {"levels": [{"level": level, "n": None, "percent": None} for level in self.levels]}

    def smd(self, arm: int) -> dict[str, float | None]:
        return {YANG_DALTON: yang_dalton(self.by_arm[arm], self.by_arm[self.reference])}

    @cached_property
    def tests(self) -> dict[str, Json | NotEstimable]:
        """Returns each test, or why there is none."""
        few = NotEstimable("nothing to compare", say("analyses.table1.one_row"))
        many = NotEstimable("too large", say("analyses.table1.too_large"))
        is_2x2 = len(self.levels) == len(self.by_arm) == 2
        corrected = chi_square(self.by_arm, is_corrected=True) if is_2x2 else None
        found = chi_square(self.by_arm)
        no_yates = few if is_2x2 else NotEstimable("not 2 x 2", say("analyses.table1.not_2x2"))
        p = fisher_p(self.by_arm) if found is not None else None
        return {
            "chi2": few if found is None else _chi2_json(found),
            "chi2_yates": no_yates if corrected is None else _chi2_json(corrected),
            "fisher": few if found is None else many if p is None else self._fisher_json(p, is_2x2=is_2x2),
        }

    def _fisher_json(self, p: float, *, is_2x2: bool) -> Json:
        if not is_2x2:
            return {"p": p, "odds_ratio": None, "lower": None, "upper": None}
        other, reference = self.by_arm[1 - self.reference], self.by_arm[self.reference]
        exact = fisher_2x2(other[1], other[0], reference[1], reference[0])
        values = {"odds_ratio": exact.odds_ratio, "lower": exact.lower, "upper": exact.upper}
        return {"p": exact.p} | {key: value if np.isfinite(value) else None for key, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class CountsOfLevels(OfVariable):
    """One round. Summary: patients of each arm with each level."""

    levels: tuple[Column, ...]
    """One for each level in the study's order, including the reference."""

    @cached_property
    def exposure(self) -> Exposure:
        levels = tuple(column for column in self.levels if column.level != column.reference)
        return Exposure(
            design=(),
            tables=(*self.arms.exposed, *levels),
            in_time=None,
            weights=False,
            is_iterative=False,
            per_site=False,
            is_one_way=self.is_one_way,
        )

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.levels_by_arm")

    def labels(self, state: None) -> tuple[Label, ...]:
        return tuple(
            total(f"{name}: patients with {level.name}", level, *columns)
            for name, columns in self.arms.labelled
            for level in self.levels
        )

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        rows = cohort.analysis_sets[self.analysis_set]
        having = np.column_stack([level.values(rows) for level in self.levels])
        return np.asarray(self.arms.indicators(rows).T @ having).ravel()

    def combine(self, total: Sequence[float], state: None) -> Result:
        counts = np.rint(np.array(total)).astype(int).reshape(-1, len(self.levels))
        if not counts.any():
            return NotEstimable("no patients", say("analyses.no_patients"))
        names = tuple(str(level.level) for level in self.levels)
        return Counts(names, tuple(map(tuple, counts.tolist())), self.arms.at_reference)


@dataclass(frozen=True)
class Sums(Result):
    """Number, mean and variance in each arm, and of all patients."""

    by_arm: tuple[Group, ...]
    every: Group
    reference: int
    """As in `Counts`."""

    def sizes(self) -> tuple[int, ...]:
        return (*(group.n for group in self.by_arm), self.every.n)

    def arms_json(self) -> list[Json]:
        return [_group_json(group) for group in (*self.by_arm, self.every)]

    def none_json(self) -> Json:
        """Returns what is known of an arm that is not told."""
        return {"mean": None, "sd": None}

    def smd(self, arm: int) -> dict[str, float | None]:
        return standardised(self.by_arm[arm], self.by_arm[self.reference])

    @cached_property
    def tests(self) -> dict[str, Json | NotEstimable]:
        """Returns each test, or why there is none."""
        if len(self.by_arm) != 2:
            many = NotEstimable("not two arms", say("analyses.table1.not_two_arms"))
            return {"t": many, "welch": many}
        flat = NotEstimable("nothing to compare", say("analyses.table1.no_spread"))
        pair = self.by_arm[1 - self.reference], self.by_arm[self.reference]
        found = {"t": student(*pair), "welch": welch(*pair)}
        return {key: flat if test is None else _t_json(test) for key, test in found.items()}


@dataclass(frozen=True)
class _Centre:
    """About what, and in what unit, values are summed, so that nothing cancels."""

    centre: float
    unit: float


@dataclass(frozen=True, kw_only=True)
class SumsOfNumber(OfVariable):
    """One round, after the number's pooled mean is known. Summary: of each arm the number of patients, and sum and sum
    of squares of (x - pooled mean) / pooled standard deviation."""

    column: Column

    @cached_property
    def exposure(self) -> Exposure:
        return Exposure(
            design=(),
            tables=self.arms.exposed,
            in_time=None,
            weights=False,
            is_iterative=False,
            per_site=False,
            numbers=(self.column,),
            is_one_way=self.is_one_way,
        )

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set),)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.sums_by_arm")

    def start(self, inputs: Inputs) -> _Centre | NotEstimable:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        if moments.n == 0:
            return NotEstimable("no patients", say("analyses.no_patients"))
        found = moments.columns[self.column]
        return _Centre(found.mean, found.sd if found.sd > 0.0 else self.column.half_range)

    def labels(self, state: _Centre) -> tuple[Label, ...]:
        x = self.column
        return tuple(
            label
            for name, columns in self.arms.labelled
            for label in (
                total(f"{name}: patients with a value of {x.name}", *columns),
                total(f"{name}: sum of {x.name}", x, *columns),
                total(f"{name}: sum of squares of {x.name}", x, x, *columns),
            )
        )

    def prepare(self, cohort: Cohort, inputs: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = cohort.analysis_sets[self.analysis_set]
        return self.column.values(rows), self.arms.indicators(rows)

    def local(self, prepared: tuple[NDArray[np.float64], NDArray[np.float64]], state: _Centre) -> NDArray[np.float64]:
        values, arms = prepared
        y = (values - state.centre) / state.unit
        return np.asarray(arms.T @ np.column_stack([np.ones(len(y)), y, y * y])).ravel()

    def combine(self, total: Sequence[float], state: _Centre) -> Result:
        sums = np.array(total).reshape(-1, 3)
        groups = tuple(_group(of.tolist(), state) for of in sums)
        return Sums(groups, _group(sums.sum(axis=0).tolist(), state), self.arms.at_reference)


def _group(sums: Sequence[float], state: _Centre) -> Group:
    n, first, second = sums
    if round(n) == 0:
        return Group(0, nan, nan)
    spread = second - first * first / n
    spread = spread if spread > _ROUNDING * second else 0.0
    variance = state.unit**2 * spread / (n - 1) if round(n) > 1 else nan
    return Group(round(n), state.centre + state.unit * (first / n), variance)


def _group_json(group: Group) -> Json:
    has_sd = group.n > 1
    return {"mean": group.mean if group.n else None, "sd": sqrt(group.variance) if has_sd else None}


def _chi2_json(test: ChiSquare) -> Json:
    return {"chi2": test.chi2, "df": test.df, "p": test.p}


def _t_json(test: TTest) -> Json:
    return {"t": test.t, "df": test.df, "p": test.p}
