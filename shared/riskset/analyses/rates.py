"""What a study asks of a response: which levels are a rate, and who is left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.counts_in_tables import CountsInTables


@dataclass(frozen=True)
class Asked:
    """What an entry asks of one variable."""

    variable: str
    rates: tuple[str, ...]
    """`orr`, `dcr`, in the order of the levels of the tables; after them come the levels that are left out, if any
    are."""
    as_no_response: tuple[str, ...]
    left_out: tuple[str, ...]

    def by_arm(self, counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns patients with each rate (rates, arms) and patients (arms,) from counts (arms, 1 + levels)."""
        out = counts[:, 1 + len(self.rates) :].sum(axis=1)
        return counts[:, 1 : 1 + len(self.rates)].T, counts[:, 0] - out

    def pairs(self, tables: CountsInTables) -> tuple[tuple[int, int, int], ...]:
        """Returns indices of each rate, of an arm and of the reference."""
        reference = tables.arms.at_reference
        arms = [i for i in range(len(tables.arms.columns)) if i != reference]
        return tuple((rate, arm, reference) for rate, arm in product(range(len(self.rates)), arms))

    def question_json(self, tables: CountsInTables) -> dict[str, Any]:
        return {
            "outcome": self.variable,
            "variable": tables.arms.variable,
            "reference": tables.arms.reference,
            "not_evaluable": {"as_no_response": list(self.as_no_response), "left_out": list(self.left_out)},
        }
