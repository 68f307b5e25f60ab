"""Balance: means and variances of the covariates of a propensity score by arm, before and after adjustment by it.

Before adjustment are all patients of the score's set, those of hospitals with one arm too. A matched population is
judged as Table 1 is: numbers and levels by arm. Where patients have weights, sums of w and w x leave, which the rules
judge as those of a model: variances, which need w^2 and w x^2 by arm, are then not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import AskedOnce, Inputs, NotEstimable, Result
from riskset.analyses.cohort import ALL, Cohort, SetId
from riskset.analyses.design import columns_of, level_columns
from riskset.analyses.methods.cox_fit import named
from riskset.analyses.methods.propensity import set_of_score
from riskset.analyses.moments import Moments, moments_id
from riskset.analyses.weights import weights_of
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.stats.balance import ArmSums, Balance, balance
from riskset.stats.two_means import POOLED
from riskset.study.asked.balance import BalanceEntry
from riskset.study.spec import Study

Json = dict[str, Any]
Floats = NDArray[np.float64]
Arms = tuple[ArmSums, ArmSums]
"""Of the arm, and of its reference."""

ID: Final = "balance"
BEFORE: Final = f"{ID}/{ALL}"
"""The id of the balance of all patients."""


@dataclass(frozen=True)
class _Scale:
    """About what, and in what unit, each column is summed; what was before."""

    centre: Floats
    unit: Floats
    before: Arms | None


@dataclass(frozen=True)
class Balanced(Result):
    scale: _Scale
    after: Arms
    """In units of the scale."""

    @property
    def before(self) -> Arms:
        """Returns the sums before adjustment; of all patients, their own."""
        return self.scale.before or self.after

    @cached_property
    def of_before(self) -> list[Balance]:
        return balance(self.before, self.before)

    @cached_property
    def of_after(self) -> list[Balance]:
        return balance(self.before, self.after)


@dataclass(frozen=True, kw_only=True)
class CovariateBalance(AskedOnce):
    """One round. Summary: of each arm the number of patients (or the sum of their weights), and of each column the sum;
    of numbers of patients without weights also the sum of squares. The arm first, then its reference."""

    kind: ClassVar[str] = ID

    covariates: tuple[Column, ...]
    arms: tuple[Column, Column]
    """The arm, and its reference."""
    is_weighted: bool

    @cached_property
    def exposure(self) -> Exposure:
        numbers = tuple(column for column in self.covariates if column.is_number)
        levels = tuple(column for column in self.covariates if not column.is_number)
        arm = self.arms[0]
        return Exposure(
            design=(*self.covariates, arm) if self.is_weighted else (),
            tables=() if self.is_weighted else (arm, *levels),
            in_time=None,
            weights=self.is_weighted,
            is_iterative=False,
            per_site=False,
            patients=not self.is_weighted,
            numbers=() if self.is_weighted else numbers,
            outcome=arm if self.is_weighted else None,
        )

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set) if self.population == ALL else BEFORE,)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.weighted_means_by_arm") if self.is_weighted else say("analyses.reveals.balance")

    def start(self, inputs: Inputs) -> _Scale | NotEstimable:
        if self.population != ALL:
            before: Balanced = inputs[BEFORE]
            return _Scale(before.scale.centre, before.scale.unit, before.after)
        moments: Moments = inputs[moments_id(self.analysis_set)]
        if moments.n == 0:
            return NotEstimable("no patients", say("analyses.no_patients"))
        found = [(column, moments.columns[column]) for column in self.covariates]
        centre = [of.mean if column.is_number else 0.0 for column, of in found]
        unit = [(of.sd or column.half_range) if column.is_number else 1.0 for column, of in found]
        return _Scale(np.array(centre), np.array(unit), None)

    def labels(self, state: _Scale) -> tuple[Label, ...]:
        return tuple(label for arm in self.arms for label in self._labels(arm))

    def _labels(self, arm: Column) -> Iterator[Label]:
        what = "weights" if self.is_weighted else "patients"
        yield total(f"{arm.level}: {what}", arm)
        for column in self.covariates:
            of = f"sum of {column.name}" if column.is_number else f"{what} with {column.name}"
            yield total(f"{arm.level}: {of}", column, arm)
        for column in self._squared:
            yield total(f"{arm.level}: sum of squares of {column.name}", column, column, arm)

    @cached_property
    def _squared(self) -> tuple[Column, ...]:
        """Returns the columns whose squares are added up; a level is its own square."""
        return () if self.is_weighted else tuple(column for column in self.covariates if column.is_number)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> tuple[Floats, Floats]:
        """Returns the columns, (n, p), and the weights of the patients of each arm, (2, n)."""
        rows = cohort.analysis_sets[self.analysis_set]
        x = np.column_stack([column.values(rows) for column in self.covariates])
        return x, np.stack([arm.values(rows) for arm in self.arms]) * weights_of(rows)

    def local(self, prepared: tuple[Floats, Floats], state: _Scale) -> Floats:
        x, arms = prepared
        y = (x - state.centre) / state.unit
        squared = y[:, [self.covariates.index(column) for column in self._squared]] ** 2
        return np.asarray(arms @ np.column_stack([np.ones(len(y)), y, squared])).ravel()

    def combine(self, total: Sequence[float], state: _Scale) -> Result:
        after = tuple(self._read(sums) for sums in np.array(total).reshape(2, -1))
        if not all(arm.weight > 0.0 for arm in after):
            return NotEstimable("no patients", say("analyses.balance.one_arm"))
        return Balanced(state, (after[0], after[1]))

    def _read(self, sums: Floats) -> ArmSums:
        p = len(self.covariates)
        weight, first = float(sums[0]), sums[1 : 1 + p]
        if self.is_weighted:  # variances need the squares of the weights too: as of nobody, they are not known
            return ArmSums(0, weight, 0.0, first, first)
        squares = dict(zip(self._squared, sums[1 + p :].tolist(), strict=True))
        second = [squares.get(column, of) for column, of in zip(self.covariates, first.tolist(), strict=True)]
        return ArmSums(round(weight), weight, weight, first, np.array(second))

    def question_json(self) -> Json:
        return {"arm": named(self.arms[0]), "denominator": f"{POOLED} before adjustment"}

    def result_json(self, result: Balanced) -> Json:
        is_adjusted = self.population != ALL
        pairs = zip(self.covariates, result.of_before, result.of_after, strict=True)
        variables = [
            {
                "variable": column.variable,
                "level": column.level,
                "before": _of_column(before, is_weighted=False),
                "after": _of_column(after, is_weighted=self.is_weighted) if is_adjusted else None,
            }
            for column, before, after in pairs
        ]
        found = [one.differences[POOLED] for one in result.of_after]
        largest = max((abs(smd) for smd in found if smd is not None), default=None)
        return {"variables": variables, "largest_smd": largest, "matched": self._matched_json(result)}

    def _matched_json(self, result: Balanced) -> Json | None:
        if self.population == ALL or self.is_weighted:
            return None
        treated, control = (arm.n for arm in result.after)
        return {"treated": treated, "control": control, "unmatched": result.before[0].n - treated}


def _of_column(found: Balance, *, is_weighted: bool) -> Json:
    values: Json = {"smd": found.differences[POOLED], "variance_ratio": found.variance_ratio}
    if None in values.values():
        are_weights = is_weighted and values["smd"] is not None
        weights = NotEstimable("weights", say("analyses.balance.weights"))
        no_spread = NotEstimable("no spread", say("analyses.balance.no_spread"))
        values["reason"] = (weights if are_weights else no_spread).reason_json()
    return values


def planned(study: Study, name: str, entry: BalanceEntry) -> Iterator[CovariateBalance]:
    """Yields the balance of all patients, then that of each population."""
    propensity, comparison = study.propensity, study.comparison
    assert propensity is not None
    assert comparison is not None
    reference, arm = sorted(level_columns(study, comparison.arm), key=lambda column: column.level != column.reference)
    of_score = set_of_score(study)
    for population in (ALL, *entry.populations):
        yield CovariateBalance(
            id=f"{ID}/{population}",
            name=name,
            set_id=SetId(None, population, of_score.complete_in),
            covariates=columns_of(study, propensity.covariates),
            arms=(arm, reference),
            is_weighted=study.is_weighted(population),
        )
