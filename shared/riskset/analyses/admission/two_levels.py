"""R2 and R4 for the cells of two levels: what a sum with a third column is about.

A product a b in a model with a column c tells how many patients have all three. Where few have b and c, that is whether
they have a. The counts of each two levels are known by then, so every party can judge them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.joint import is_joint, pairs_of
from riskset.analyses.admission.step import Live
from riskset.analyses.analysis import Analysis
from riskset.catalogue import Message, say
from riskset.disclosure import cells
from riskset.disclosure.exposure import Column
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import Policy

Gram = Callable[[Sequence[Feature]], NDArray[np.float64]]
"""Returns the counts of patients who have both of each two features, (m, m)."""


@dataclass(frozen=True)
class _Mark:
    """A level, or what one level has beyond another, as a combination of columns."""

    name: Message | str
    variables: frozenset[str]
    weights: NDArray[np.float64]


def cells_of_levels(policy: Policy, live: Live, gram: Gram) -> Iterator[tuple[str, Finding]]:
    """Yields what the rules say of the cells of each analysis with products, beside those before it that pass."""
    kept: dict[str, list[Column]] = {}
    for analysis in live:
        if not is_joint(analysis):
            continue
        name = analysis.analysis_set
        columns = list(dict.fromkeys([*kept.get(name, ()), *_levels(analysis)]))
        found = [*_of_columns(policy, name, columns, gram), *_of_products(policy, analysis, gram)]
        yield from ((analysis.id, finding) for finding in found)
        if all(finding.passes for finding in found):
            kept[name] = columns


def _levels(analysis: Analysis) -> list[Column]:
    return [column for column in analysis.columns if not column.is_number and not column.factors]


def _of_columns(policy: Policy, name: str, columns: Sequence[Column], gram: Gram) -> Iterator[Finding]:
    """R2: any two levels are had together by nobody, or by enough. One finding, on the smallest cell."""
    if not columns:
        return
    counts = gram([Feature(name), *(Feature(name, column) for column in columns)])
    marks = _marks(columns, counts)
    sizes = [(_both(a, b, counts), a, b) for a, b in combinations(marks, 2) if _differ(a, b)]
    if some := [cell for cell in sizes if cell[0]]:
        rows, a, b = min(some, key=lambda cell: cell[0])
        yield cells.two_levels(policy, say("rules.subject.both", a=a.name, b=b.name), rows)


def _both(a: _Mark, b: _Mark, counts: NDArray[np.float64]) -> int:
    return round(float(a.weights @ counts @ b.weights))


def _differ(a: _Mark, b: _Mark) -> bool:
    return a.variables.isdisjoint(b.variables)


def _marks(columns: Sequence[Column], counts: NDArray[np.float64]) -> list[_Mark]:
    """Returns every level, the references among them, and what a level has beyond one that it includes."""
    by_variable: dict[str, list[int]] = {}
    for j, column in enumerate(columns, start=1):
        by_variable.setdefault(column.variable, []).append(j)
    unit = np.eye(len(columns) + 1)
    marks = [_Mark(c.name, frozenset([c.variable]), unit[j]) for j, c in enumerate(columns, start=1)]
    for variable, of in by_variable.items():
        rest = f"{variable} = {columns[of[0] - 1].reference}"
        marks.append(_Mark(rest, frozenset([variable]), unit[0] - unit[of].sum(axis=0)))
    marks = [mark for mark in marks if _both(mark, mark, counts)]  # no rest where the reference is a column itself
    beyond = []
    for whole, part in permutations(marks, 2):
        own, both = _both(part, part, counts), _both(whole, part, counts)
        if _differ(whole, part) and both == own < _both(whole, whole, counts):
            name = say("rules.subject.beyond", whole=whole.name, part=part.name)
            beyond.append(_Mark(name, whole.variables | part.variables, whole.weights - part.weights))
    return [*marks, *beyond]


def _of_products(policy: Policy, analysis: Analysis, gram: Gram) -> Iterator[Finding]:
    """R4: enough patients have each level of one factor with each of the other, which a coefficient compares."""
    name = analysis.analysis_set
    for one, other in pairs_of(analysis):
        if not (one.is_number or other.is_number):
            counts = gram([Feature(name), Feature(name, one), Feature(name, other)])
            (n, a, b), both = np.diag(counts), counts[1, 2]
            cell = [both, a - both] if one == analysis.exposure.within else [both, a - both, b - both, n - a - b + both]
            yield cells.level(policy, f"{one.name}:{other.name}", round(min(cell)), round(n))
