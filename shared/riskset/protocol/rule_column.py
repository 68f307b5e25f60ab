"""Which column of the rules a run falls under. It stands alone, so that whoever reads limits loads nothing else."""

from __future__ import annotations

from typing import Final

from riskset.disclosure.rules import RuleColumn
from riskset.study.spec import Disclosure

LEAST_MASKED: Final = 3
"""The number of participants from which a sum hides each of them from every other."""


def column_for(asked: Disclosure, sites: int) -> RuleColumn:
    """Returns the column for so many sites. With two, or without the secure sum, a party sees each site's sums."""
    return "pooled" if asked.secure_sum == "required" and sites >= LEAST_MASKED else "local"
