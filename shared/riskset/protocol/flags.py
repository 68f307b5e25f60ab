"""The flags before a round's numbers: 0, or noise where a site's own rows forbid an analysis.

The noise of cause c, counted from 0, is uniform among the multiples of 2^(12 c) modulo 2^128. A sum of such noise is
again uniform among the multiples for the smallest c in it: it shows that cause, up to one reading in 4,096, and not how
many sites have it. Masked, a flag is as uniform as every other number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from riskset.secure.fixed_point import Vector
from riskset.secure.masks import noise

SINCE: Final = 3
"""The protocol from which flags show a cause."""
BITS: Final = 12
"""Of the nine causes that a phase has at most, the last keeps 2^32 multiples, of which one is 0 and shows nothing: the
site's numbers are noise all the same, and it refuses to go on with the analysis."""


def raised(causes: Sequence[int | None]) -> Vector:
    """Returns the flags, (2, n): noise of each cause; 0 for None. Noise is drawn for all: it takes no time that shows a
    refusal."""
    drawn = noise(len(causes))
    numbers = [high << 64 | low for low, high in zip(drawn[0].tolist(), drawn[1].tolist(), strict=True)]
    shifted = [number << BITS * (cause or 0) for number, cause in zip(numbers, causes, strict=True)]
    flags = np.array([[n & _LIMB, n >> 64 & _LIMB] for n in shifted], np.uint64).reshape(-1, 2).T
    return np.where([cause is not None for cause in causes], flags, np.uint64(0))


def read(total: Vector) -> list[int | None]:
    """Returns the cause that each flag of a sum shows; None where no site raised it."""
    numbers = [high << 64 | low for low, high in zip(total[0].tolist(), total[1].tolist(), strict=True)]
    return [((n & -n).bit_length() - 1) // BITS if n else None for n in numbers]


_LIMB: Final = 2**64 - 1
