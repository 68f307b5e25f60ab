"""The one door out of a hospital. Only the gate makes `Released`, and only `Released` can be put into a message.

This version judges the shape of a summary alone; the disclosure rules are composed here when they are built, and no
caller changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from riskset.errors import Refused

LARGEST = 2.0**53
"""Counts stay exact below it, and sums of up to 1,000 sites stay inside the fixed-point range."""


@final
@dataclass(frozen=True)
class Released:
    """Numbers of one analysis that passed the gate."""

    analysis: str
    values: NDArray[np.float64]


class Gate:
    """Judges each summary on its way out."""

    def release(self, analysis: str, values: NDArray[np.float64], size: int) -> Released:
        """Returns the numbers, released; Refused where they are not the `size` finite numbers the analysis names."""
        if values.shape != (size,):
            raise Refused("gate", f"{analysis} has {values.size} numbers; it names {size}")
        if not np.isfinite(values).all() or (np.abs(values) > LARGEST).any():
            raise Refused("gate", f"{analysis} gave a number that is not finite or too large to add exactly")
        return Released(analysis, values)
