"""Rank tests of a number between arms, from ranks within each hospital."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.table1_parts import OfVariable
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.stats.arrays import symmetric
from riskset.stats.contingency import ChiSquare
from riskset.stats.rank_sums import RankSums, rank_sums

Json = dict[str, Any]

RANK_TESTS: Final = {"van_elteren": True, "kruskal_wallis_by_site": False}
"""By name, whether a hospital counts by the inverse of its patients plus one."""


@dataclass(frozen=True)
class RankTests(Result):
    found: tuple[ChiSquare | None, ...]
    """In the order of `RANK_TESTS`; None where no hospital has patients of two arms who differ."""

    def tests_json(self) -> dict[str, Json | NotEstimable]:
        none = NotEstimable("nothing to compare", say("analyses.table1.no_ranks"))
        return {
            name: none if test is None else {"chi2": test.chi2, "df": test.df, "p": test.p}
            for name, test in zip(RANK_TESTS, self.found, strict=True)
        }


@dataclass(frozen=True, kw_only=True)
class RanksOfNumber(OfVariable):
    """One round. Summary, for each test: the sum of the ranks of each arm minus its mean, and the covariances of these
    sums under every order of a hospital's patients, upper triangle by rows; ranks are within the hospital."""

    column: Column

    def without_arms(self, refusal: RefusedByRule) -> None:
        """Nothing is left to compare."""
        return

    @cached_property
    def exposure(self) -> Exposure:
        return Exposure(
            design=(),
            tables=self.arms.exposed,
            in_time=None,
            weights=False,
            is_iterative=False,
            per_site=True,
            ranked=(self.column,),
            is_one_way=self.is_one_way,
        )

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.ranks_by_arm")

    def labels(self, state: None) -> tuple[Label, ...]:
        x, arms = self.column, self.arms.labelled
        return tuple(
            label
            for test in RANK_TESTS
            for label in (
                *(total(f"{test}: sum of ranks of {x.name}, {name}", x, *columns) for name, columns in arms),
                *(
                    total(f"{test}: covariance of ranks of {x.name}, {one} and {other}", x, *columns)
                    for (one, columns), (other, _) in combinations_with_replacement(arms, 2)
                ),
            )
        )

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        rows = cohort.analysis_sets[self.analysis_set]
        values, arm = self.column.values(rows), self.arms.indicators(rows).argmax(axis=1)
        n_arms = len(self.arms.levels)
        upper = np.triu_indices(n_arms)
        sums = (rank_sums(values, arm, n_arms, is_weighted=is_weighted) for is_weighted in RANK_TESTS.values())
        return np.concatenate([part for of in sums for part in (of.excess, of.variance[upper])])

    def combine(self, total: Sequence[float], state: None) -> Result:
        n_arms = len(self.arms.levels)
        return RankTests(
            tuple(
                RankSums(of[:n_arms], symmetric(of[n_arms:].tolist(), n_arms)).test()
                for of in np.split(np.array(total), len(RANK_TESTS))
            )
        )
