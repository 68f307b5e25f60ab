"""What a reader of everything that is published can compute: the least and the largest value that a count may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from riskset_release.gate.system import CountSystem

NODES: Final = 20_000
"""A search is given up after so many nodes; what is not solved is held back whole."""
_SOLVED: Final = 0


class NotSolved(Exception):
    """The search was given up: nothing is known of the count."""


@dataclass(frozen=True)
class Range:
    """The values that a count may have, as far as a reader can tell."""

    least: int
    largest: int

    @property
    def width(self) -> int:
        return self.largest - self.least


def range_of(
    system: CountSystem,
    count: str,
    known: Collection[str],
    largest: int,
    least: int = 0,
    between: Mapping[str, tuple[int, int]] | None = None,
    nodes: int = NODES,
) -> Range:
    """Returns the values that a count may have where a reader knows the values of the counts `known`, and of those that
    were printed before, and that no count is more than `largest`.

    With `least` (k of the rule) the reader also knows why counts are held back: among the others at least one is of 1
    to k - 1. `between` has what is known of further counts, as of a rounded percentage: the least and largest value.
    Raises NotSolved where the search is given up.
    """
    known = {*known, *system.fixed}
    part = next(one for one in system.blocks(known) if count in one.values)
    names = list(part.values)
    unknown = [name for name in names if name not in known]
    n = len(names)
    low, high = np.zeros(n), np.full(n, float(largest))
    for i, name in enumerate(names):
        if name in known:
            low[i] = high[i] = part.values[name]
        elif between and name in between:
            low[i], high[i] = between[name]
    rows = [[relation.get(name, 0) for name in names] for relation in part.relations]
    constraints = [LinearConstraint(np.array(rows, float), 0, 0)] if rows else []
    bounds, objective = Bounds(low, high), np.zeros(n)
    if least:
        constraints, bounds, objective = _with_rule(constraints, names, unknown, low, high, least)
    ends = []
    for sign in (1.0, -1.0):
        objective[names.index(count)] = sign
        found = milp(
            objective,
            constraints=constraints,
            bounds=bounds,
            integrality=np.ones(len(objective)),
            options={"node_limit": nodes},
        )
        if found.status != _SOLVED or found.x is None:
            raise NotSolved
        ends.append(round(found.x[names.index(count)]))
    return Range(*ends)


def _with_rule(
    constraints: list[LinearConstraint],
    names: list[str],
    unknown: list[str],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    least: int,
) -> tuple[list[LinearConstraint], Bounds, NDArray[np.float64]]:
    """Adds a yes-no variable for each unknown count: where it is yes the count is of 1 to `least` - 1; one is."""
    n, m = len(names), len(unknown)
    wide = [LinearConstraint(np.hstack([one.A, np.zeros((one.A.shape[0], m))]), one.lb, one.ub) for one in constraints]
    at = [names.index(name) for name in unknown]
    small = np.zeros((2 * m, n + m))
    limits = np.zeros(2 * m)
    for j, i in enumerate(at):
        small[2 * j, i], small[2 * j, n + j] = 1, high[i] - (least - 1)  # x <= least - 1 where yes
        limits[2 * j] = high[i]
        small[2 * j + 1, i], small[2 * j + 1, n + j] = -1, 1  # x >= 1 where yes
    one = np.concatenate([np.zeros(n), np.ones(m)])[None, :]
    wide += [LinearConstraint(small, -np.inf, limits), LinearConstraint(one, 1, m)]
    return wide, Bounds(np.concatenate([low, np.zeros(m)]), np.concatenate([high, np.ones(m)])), np.zeros(n + m)
