"""What the rules say of a hospital's own rows where a table describes a number: how far a patient stands out in an arm,
whether enough are in an interval that is halved, and whether two numbers are one. Findings never leave (`own_rows`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from riskset.analyses.admission import spreads
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.spreads import InArm, Spread
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.cohort import AnySet
from riskset.analyses.design import Column
from riskset.disclosure import cells, span
from riskset.disclosure.policy import Policy

_ONE_ORDER: Final = 0.9
"""Kendall's tau-b from which two numbers count as one. Of different numbers, even closely related ones, it is less."""
_ORDERED: Final = 20
"""Fewer patients than this may be in one order by chance."""
_COMPARED: Final = 1000
"""As many patients tell whether all are in one order."""


def in_arms(policy: Policy, live: Live, own: Own, spread: Mapping[InArm, Spread] | None) -> Iterator[Judged]:
    """R4: no patient makes up much of the spread of a table's number within an arm. `spread` are those of all
    hospitals, None for this one's own. Over all arms each number is judged with the columns of the models."""
    for analysis in live:
        for one in spreads.of_analysis(analysis):
            values = one.values(own.cohort)
            rows, total = (Spread.of(values) if spread is None else spread[one]).shares(values)
            for finding in span.design(policy, "R4.leverage", rows, total, [(analysis.id, [0])]):
                yield analysis.id, finding


def halves(policy: Policy, id_: str, inside: Sequence[int]) -> Iterator[Judged]:
    """R4 in the local column: the hospital's own patients in each interval of which half is to be counted."""
    if policy.column == "local" and "R4.halved" in policy.values:
        yield id_, cells.halved(policy, id_, min((n for n in inside if n), default=0))


def orders(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R4 in both columns: two numbers that order the patients alike are one number, halved at other places."""
    if "R4.same_order" not in policy.values:
        return
    kept: list[tuple[AnySet, Column]] = []
    for analysis in live:
        for column in analysis.exposure.halved:
            rows = own.cohort.analysis_sets[analysis.analysis_set]
            alike = sum(_have_one_order(rows, column, *other) for other in kept if other[1].variable != column.variable)
            finding = cells.same_order(policy, analysis.id, alike)
            yield analysis.id, finding
            if finding.passes:
                kept.append((rows, column))


def _have_one_order(rows: AnySet, column: Column, others: AnySet, other: Column) -> bool:
    """Whether nearly all patients are in one order by the two numbers, or in opposite orders."""
    _, i, j = np.intersect1d(rows.patients, others.patients, return_indices=True)
    if len(i) < _ORDERED:
        return False
    a, b = (np.sign(x[:, None] - x) for x in (column.values(rows)[i][:_COMPARED], other.values(others)[j][:_COMPARED]))
    return bool(abs((a * b).sum()) >= _ONE_ORDER * np.sqrt((a * a).sum() * (b * b).sum()) > 0)
