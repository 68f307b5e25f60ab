"""R2 and R4 for the cells of two levels: what a sum with a third column is about.

A product a b in a model with a column c tells how many patients have all three. Where few have b and c, that is whether
they have a. The counts of each two levels are known by then, so every party can judge them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.blocks import is_joint, pairs_of
from riskset.analyses.admission.features import Feature
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
    """A level in a set of patients, or what one level has beyond another, as a combination of features."""

    name: Message | str
    variables: frozenset[str]
    weights: NDArray[np.float64]


def cells_of_levels(policy: Policy, live: Live, gram: Gram) -> Iterator[tuple[str, Finding]]:
    """Yields what the rules say of the cells of each analysis with products, beside those before it that pass."""
    kept: dict[str, tuple[Column, ...]] = {}
    for analysis in live:
        if not is_joint(analysis):
            continue
        name = analysis.analysis_set
        own = (c for c in analysis.columns if not c.is_number and not c.factors)
        with_it = {**kept, name: tuple(dict.fromkeys((*kept.get(name, ()), *own)))}
        of_columns = _of_columns(policy, with_it, gram) if with_it != kept else ()
        found = [*of_columns, *_of_products(policy, analysis, gram)]
        yield from ((analysis.id, finding) for finding in found)
        if all(finding.passes for finding in found):
            kept = with_it


def _of_columns(policy: Policy, columns: Mapping[str, Sequence[Column]], gram: Gram) -> Iterator[Finding]:
    """R2: any two levels, by the columns of each set, are had together by nobody, or by enough. One finding, on the
    smallest cell."""
    features = [f for name, of in columns.items() for f in (Feature(name), *(Feature(name, column) for column in of))]
    counts = gram(features)
    marks = _levels(features, counts)
    marks += _beyond(marks, counts)
    cells_ = np.triu(_both(marks, counts) * _differ(marks), 1)
    if cells_.any():
        smallest = int(cells_[cells_ > 0].min())
        a, b = (marks[at] for at in np.argwhere(cells_ == smallest)[0])
        yield cells.two_levels(policy, say("rules.subject.both", a=a.name, b=b.name), smallest)


def _both(marks: Sequence[_Mark], counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns how many patients have both of each two marks, (marks, marks)."""
    weights = np.array([mark.weights for mark in marks]).reshape(len(marks), len(counts))  # also of none
    return np.asarray(np.rint(weights @ counts @ weights.T), np.int64)


def _differ(marks: Sequence[_Mark]) -> NDArray[np.bool_]:
    """Returns which two marks are of different variables, (marks, marks)."""
    return np.array([[a.variables.isdisjoint(b.variables) for b in marks] for a in marks], bool)


def _levels(features: Sequence[Feature], counts: NDArray[np.float64]) -> list[_Mark]:
    """Returns every level that some patient has, the references among them."""
    unit = np.eye(len(features))
    found: list[_Mark] = []
    rest: dict[tuple[str, str], _Mark] = {}
    for j, feature in enumerate(features):
        if (column := feature.column) is None:
            continue
        found.append(_Mark(column.name, frozenset([column.variable]), unit[j]))
        key = (feature.cohort, column.variable)
        other = _Mark(
            f"{column.variable} = {column.reference}", found[-1].variables, unit[features.index(Feature(key[0]))]
        )
        rest[key] = replace(rest.get(key, other), weights=rest.get(key, other).weights - unit[j])
    marks = [*found, *rest.values()]
    return [mark for mark, n in zip(marks, np.diag(_both(marks, counts)), strict=True) if n]


def _beyond(marks: Sequence[_Mark], counts: NDArray[np.float64]) -> list[_Mark]:
    """Returns what a level has beyond one that it includes."""
    both = _both(marks, counts)
    size = np.diag(both)
    includes = _differ(marks) & (both == size[None, :]) & (size[None, :] < size[:, None])
    return [
        _Mark(
            say("rules.subject.beyond", whole=marks[i].name, part=marks[j].name),
            marks[i].variables | marks[j].variables,
            marks[i].weights - marks[j].weights,
        )
        for i, j in np.argwhere(includes)
    ]


def _of_products(policy: Policy, analysis: Analysis, gram: Gram) -> Iterator[Finding]:
    """R4: enough patients have each level of one factor with each of the other, which a coefficient compares."""
    name = analysis.analysis_set
    for one, other in pairs_of(analysis):
        if not (one.is_number or other.is_number):
            counts = gram([Feature(name), Feature(name, one), Feature(name, other)])
            (n, a, b), both = np.diag(counts), counts[1, 2]
            cell = [both, a - both] if one == analysis.exposure.within else [both, a - both, b - both, n - a - b + both]
            yield cells.level(policy, f"{one.name}:{other.name}", round(min(cell)), round(n))
