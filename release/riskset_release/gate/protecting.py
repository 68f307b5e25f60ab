"""Chooses the counts to hold back, so that no small cell can be told: at the least cost, block by block.

For each small cell there must be two further tables that agree with everything printed, in which it differs by k. A
mixed-integer program chooses what is held back so that there are (Fischetti and Salazar 2001, without their cuts: the
cells are protected one after the other, those held back already cost nothing). Then a reader who also knows the rule is
tried on every small cell, and where it still learns one, more is held back. A block that is not solved is held back
whole.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from riskset_release.gate.reader import NODES, NotSolved, range_of
from riskset_release.gate.system import CountSystem


@dataclass(frozen=True)
class Pattern:
    """Which counts are held back."""

    held_back: frozenset[str]
    whole: tuple[frozenset[str], ...] = ()
    """The blocks that were held back whole, since their search was given up or nothing less protects them."""
    told_before: frozenset[str] = frozenset()
    """The small cells that earlier releases tell on their own; nothing that is held back now protects them."""


def protected(system: CountSystem, least: int, nodes: int = NODES) -> Pattern:
    """Returns what is held back so that every small cell, of 1 to `least` - 1, may have values that lie `least` apart.

    The same system gives the same pattern. It is recorded with a release, and checked; never computed again."""
    held, whole, before = set[str](), list[frozenset[str]](), set[str]()
    for block in system.blocks():
        told = _told_before(block, least, nodes)
        before |= told
        small = [name for name in block.small(least) if name not in told]
        if not small:
            continue
        try:
            held |= _of_block(block, small, least, nodes)
        except NotSolved:
            held |= block.printed
            whole.append(block.printed)
    return Pattern(frozenset(held), tuple(whole), frozenset(before))


def _told_before(block: CountSystem, least: int, nodes: int) -> set[str]:
    """Returns the small cells that a reader can tell who has the earlier releases and nothing else of the block."""
    if not block.fixed:
        return set()
    told, largest = set[str](), _largest(block, least)
    for name in block.small(least):
        with suppress(NotSolved):
            if name in block.fixed or range_of(block, name, (), largest, nodes=nodes).width < least:
                told.add(name)
    return told


def _of_block(block: CountSystem, small: list[str], least: int, nodes: int) -> set[str]:
    held = {name for name in small if name in block.printed}
    largest = _largest(block, least)
    for name in sorted(small, key=lambda one: (block.values[one], one)):
        held |= _protecting(block, name, held, least, largest, nodes)
    added = list[str]()
    while told := [name for name in small if not _is_protected(block, name, held, least, largest, nodes)]:
        further = _further(block, told, held)
        if further is None:
            raise NotSolved
        added.append(further)
        held.add(further)
        small = [*told, *(name for name in small if name not in told)]  # what was told last is tried first
    for name in added:  # one after the other was too many, perhaps
        if all(_is_protected(block, one, held - {name}, least, largest, nodes) for one in small):
            held.remove(name)
    return held


def _largest(block: CountSystem, least: int) -> int:
    return max(block.values.values()) + 2 * least


def _is_protected(block: CountSystem, name: str, held: AbstractSet[str], least: int, largest: int, nodes: int) -> bool:
    known = block.printed - held
    return range_of(block, name, known, largest, least, nodes=nodes).width >= least


def _further(block: CountSystem, told: list[str], held: AbstractSet[str]) -> str | None:
    """Returns the cheapest printed count that a relation links with what a reader can tell; None where none is left."""
    near = [relation for relation in block.relations if any(name in relation for name in told)]
    linked = {name for relation in near for name in relation if name in block.printed and name not in held}
    rest = linked or {name for name in block.printed if name not in held}
    cost = block.weights
    return min(rest, key=lambda name: (cost.get(name, 1.0), -block.values[name], name), default=None)


def _protecting(
    block: CountSystem, target: str, held: AbstractSet[str], least: int, largest: int, nodes: int
) -> set[str]:
    """Returns the printed counts that have to be held back, besides `held`, so that `target` may have two values that
    lie `least` apart: in tables that differ by 2 `least` at most from the true one where that is enough. A search with
    smaller numbers is quicker, and rounds less: HiGHS 1.12 prints a line, whatever it is told, when it has to mend what
    it rounded (ERGO-Code/HiGHS, issue 2783)."""
    found = _within(block, target, held, least, min(2 * least, largest), nodes)
    if found is None:
        found = _within(block, target, held, least, largest, nodes)
    if found is None:
        raise NotSolved
    return found


def _within(
    block: CountSystem, target: str, held: AbstractSet[str], least: int, most: int, nodes: int
) -> set[str] | None:
    """Returns the same for tables that differ by `most` from the true one at most; None where it is not found.
    Variables: two tables' differences from the true one, and for each printed count whether it is held back."""
    names = list(block.values)
    at = {name: i for i, name in enumerate(names)}
    printed = [name for name in names if name in block.printed]
    n, m = len(names), len(printed)
    down = -np.minimum([block.values[name] for name in names], float(most))
    rows = np.array([[relation.get(name, 0) for name in names] for relation in block.relations], float)
    rows = rows.reshape(-1, n)
    zero, choose = np.zeros_like(rows), np.zeros((len(rows), m))
    constraints = [LinearConstraint(np.block([[rows, zero, choose], [zero, rows, choose]]), 0, 0)] if len(rows) else []
    limit = np.zeros((4 * m, 2 * n + m))
    for j, name in enumerate(printed):
        for table in range(2):
            for sign in range(2):
                row = 4 * j + 2 * table + sign
                limit[row, table * n + at[name]] = 1 if sign else -1
                limit[row, 2 * n + j] = -most if sign else down[at[name]]
    apart = np.zeros((1, 2 * n + m))
    apart[0, at[target]], apart[0, n + at[target]] = 1, -1
    constraints += [LinearConstraint(limit, -np.inf, 0), LinearConstraint(apart, least, np.inf)]
    cost = [0.0 if name in held else block.weights.get(name, 1.0) for name in printed]
    is_held = np.array([1.0 if name in held else 0.0 for name in printed])
    up = np.full(n, float(most))
    for name in block.fixed:
        down[at[name]] = up[at[name]] = 0.0
    bounds = Bounds(np.concatenate([down, down, is_held]), np.concatenate([up, up, np.ones(m)]))
    found = milp(
        np.concatenate([np.zeros(2 * n), cost]),
        constraints=constraints,
        bounds=bounds,
        integrality=np.ones(2 * n + m),
        options={"node_limit": nodes},
    )
    if found.status != 0 or found.x is None:
        return None
    return {name for j, name in enumerate(printed) if round(found.x[2 * n + j]) == 1}
