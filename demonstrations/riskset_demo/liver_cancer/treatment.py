"""What the second line did to the made-up patients: best response and adverse events.

They are drawn from a stream of their own, so that what was drawn before them keeps every value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset_demo.liver_cancer import assumptions as assumed

STREAM = 1
"""Which stream of a seed is used."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Treatment:
    """Of n patients."""

    recist: NDArray[np.str_]
    """(n,), of BEST_RESPONSES."""
    mrecist: NDArray[np.str_]
    grades: dict[str, NDArray[np.int64]]
    """The worst grade of each adverse event, 0 to 3, (n,)."""


def treated(seed: int, has_lenvatinib: NDArray[np.bool_], controlled: Floats) -> Treatment:
    """Returns the responses and events of patients whose disease is controlled for so many months, (n,)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAM,)))
    recist = np.empty(len(controlled), np.dtype("<U2"))
    better = rng.random(len(controlled))
    noise, unseen = assumed.RESPONSE_NOISE * rng.standard_normal(len(controlled)), rng.random(len(controlled))
    mrecist = recist.copy()
    for arm, chosen in (("lenvatinib", has_lenvatinib), ("sorafenib", ~has_lenvatinib)):
        recist[chosen] = _best(-np.log(controlled[chosen]) + noise[chosen], unseen[chosen], assumed.RESPONSE[arm])
        responds = chosen & (recist == "SD") & (better < assumed.BETTER_BY_MRECIST[arm])
        mrecist[chosen] = np.where(responds[chosen], "PR", recist[chosen])
    return Treatment(recist, mrecist, _grades(rng, has_lenvatinib))


def _best(order: Floats, unseen: Floats, shares: Sequence[float]) -> NDArray[np.str_]:
    """Returns the best responses of one arm: the first in the order have the best."""
    *assessed, not_evaluable = shares
    if not len(order):
        return np.array([], np.dtype("<U2"))
    rank = (np.argsort(np.argsort(order)) + 1) / len(order)
    limits = np.cumsum(assessed) / (1 - not_evaluable)
    level = np.minimum((rank[:, None] > limits).sum(axis=1), len(assessed) - 1)
    return np.where(unseen < not_evaluable, "NE", np.array(assumed.BEST_RESPONSES)[level])


def _grades(rng: np.random.Generator, has_lenvatinib: NDArray[np.bool_]) -> dict[str, NDArray[np.int64]]:
    n = len(has_lenvatinib)
    prone = assumed.PRONE_SD * rng.standard_normal(n)
    found = {}
    for name, shares in assumed.ADVERSE_EVENTS.items():
        of_any, severe = np.where(has_lenvatinib, *np.array(shares)[:, :, None])
        has_it = rng.random(n) < 1 / (1 + np.exp(-(assumed.PRONE_SHARES * np.log(of_any / (1 - of_any)) + prone)))
        is_severe, is_second = rng.random(n) < severe / of_any, rng.random(n) < assumed.GRADE_2
        found[name] = has_it * np.where(is_severe, 3, 1 + is_second)
    return found
