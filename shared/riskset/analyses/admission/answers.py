"""The hospitals that add something to a model without an endpoint. One where all patients have the same answer adds
nothing, whatever its columns are; so rule R12 counts, for each column, those whose patients differ in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.step import Live, Own
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.exposure import total as total_of


def asked(live: Live) -> tuple[tuple[str, Column, Column], ...]:
    """Returns the set, the column and the answer of each, once."""
    return tuple(
        dict.fromkeys(
            (analysis.analysis_set, column, outcome)
            for analysis in live
            if (outcome := analysis.exposure.outcome) is not None
            for column in analysis.exposure.design
            if column != outcome
        )
    )


@dataclass(frozen=True)
class Answers:
    """How many they are: a number for each column, and to each a hospital states whether it is one."""

    def labels(self, live: Live) -> tuple[Label, ...]:
        of = ((Feature(name, column).name, outcome, column) for name, column, outcome in asked(live))
        return tuple(
            total_of(f"hospitals whose patients differ in {name} and in {outcome.name}", column, outcome)
            for name, outcome, column in of
        )

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        return np.array(self.contributes(own, live), np.float64)

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        return tuple(
            all(len(np.unique(one.values(own.cohort.analysis_sets[name]))) > 1 for one in (column, outcome))
            for name, column, outcome in asked(live)
        )

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        users = (
            [a.id for a in live if (a.analysis_set, a.exposure.outcome) == (name, outcome) and column in a.columns]
            for name, column, outcome in asked(live)
        )
        return np.array([refused.issuperset(ids) for ids in users], bool)

    def combine(self, sites: Sequence[int], live: Live) -> dict[tuple[str, Column, Column], int]:
        """Returns the hospitals, from how many state that they are among them."""
        return dict(zip(asked(live), sites, strict=True))


ANSWERS = Answers()
