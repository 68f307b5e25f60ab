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
    low, high = _limits(part, known, largest, between or {})
    rows = [[relation.get(name, 0) for name in names] for relation in part.relations]
    constraints = [LinearConstraint(np.array(rows, float), 0, 0)] if rows else []
    bounds, objective = Bounds(low, high), np.zeros(len(names))
    if least:
        few = _unexplained(part, known, least)
        constraints, bounds, objective = _with_rule(constraints, names, unknown, low, high, least, few)
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


def _limits(
    part: CountSystem, known: Collection[str], largest: int, between: Mapping[str, tuple[int, int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the least and the largest value of each count that a reader thinks possible before it computes."""
    low, high = np.zeros(len(part.values)), np.full(len(part.values), float(largest))
    for i, (name, value) in enumerate(part.values.items()):
        if name in known:
            low[i] = high[i] = value
            continue
        low[i], high[i] = between.get(name, (0, largest))
        low[i] = max(low[i], part.at_least.get(name, 0))
    return low, high


def _unexplained(part: CountSystem, known: Collection[str], least: int) -> list[list[str]]:
    """Returns the unknown counts of each set of which one is less than `least`, unless it is one that is known."""
    return [
        [name for name in few if name not in known]
        for few in part.few
        if not any(name in known and part.values[name] < least for name in few)
    ]


def _with_rule(
    constraints: list[LinearConstraint],
    names: list[str],
    unknown: list[str],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    least: int,
    few: list[list[str]],
) -> tuple[list[LinearConstraint], Bounds, NDArray[np.float64]]:
    """Adds a yes-no variable for each unknown count: where it is yes the count is of 1 to `least` - 1; one is. And of
    each set of `few` one is of 0 to `least` - 1."""
    n, m, of_few = len(names), len(unknown), [name for of in few for name in of]
    f = len(of_few)
    wide = [
        LinearConstraint(np.hstack([one.A, np.zeros((one.A.shape[0], m + f))]), one.lb, one.ub) for one in constraints
    ]
    at = [names.index(name) for name in [*unknown, *of_few]]
    small, limits = np.zeros((m + f, n + m + f)), np.zeros(m + f)
    for j, i in enumerate(at):  # x <= least - 1 where yes
        small[j, i], small[j, n + j], limits[j] = 1, max(high[i] - (least - 1), 0), max(high[i], least - 1)
    positive = np.zeros((m, n + m + f))
    for j, i in enumerate(at[:m]):  # x >= 1 where yes
        positive[j, i], positive[j, n + j] = -1, 1
    wide += [LinearConstraint(small, -np.inf, limits)] if m + f else []
    wide += [LinearConstraint(positive, -np.inf, 0)] if m else []
    start, groups = n + m, [(n, m)]
    for of in few:
        groups.append((start, len(of)))
        start += len(of)
    for first, size in groups:
        one = np.zeros((1, n + m + f))
        one[0, first : first + size] = 1
        wide.append(LinearConstraint(one, 1, size))
    return (
        wide,
        Bounds(np.concatenate([low, np.zeros(m + f)]), np.concatenate([high, np.ones(m + f)])),
        np.zeros(n + m + f),
    )
