"""Who is eligible: the study's rules in their order, each a box of the flow chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.study.eligibility import parse_rule
from riskset.study.flow_chart import ENROLLED, READ, origins_in_period
from riskset.study.spec import Study
from riskset.study.truth import Columns, Truth
from riskset_site.data.column_reading import known


@dataclass(frozen=True)
class FlowStep:
    """One box of the flow chart."""

    id: str
    label: str
    """The study's own text, but for the two steps that are not rules of the study."""
    excluded: int
    """Rows that do not meet it."""
    undecided: int
    """Rows for which it is unknown, because a value is missing."""
    remaining: int


Reached = Mapping[str, NDArray[np.bool_]]
"""Who has reached a box of the study's flow chart, (n,), by its id, in order."""


def flow(study: Study, columns: Columns, excluded: NDArray[np.bool_]) -> tuple[Reached, tuple[FlowStep, ...]]:
    """Returns who has reached each box, of which the last holds the eligible rows, and the steps; `excluded` (n,) are
    the rows that the site file excludes, which are not in the first box."""
    eligible = ~excluded
    reached = {READ: eligible}
    steps = []
    if excluded.any():
        n = int(excluded.sum())
        steps.append(FlowStep("mapped values", say("data.flow.mapped_values"), n, 0, len(excluded) - n))
    for name, label, claim in _steps(study, columns):
        refused, undecided = eligible & claim.false, eligible & ~claim.true & ~claim.false
        eligible = eligible & claim.true
        reached[name] = eligible
        steps.append(FlowStep(name, label, int(refused.sum()), int(undecided.sum()), int(eligible.sum())))
    return reached, tuple(steps)


def _steps(study: Study, columns: Columns) -> Iterator[tuple[str, str, Truth]]:
    if origins := origins_in_period(study):
        yield ENROLLED, say("data.flow.enrolled"), _enrolled(study, [columns[name] for name in origins])
    for rule in study.eligibility:
        yield rule.id, rule.label or rule.rule, parse_rule(rule.rule, study.kinds).claim.truth(columns)


def _enrolled(study: Study, origins: list[NDArray[np.datetime64]]) -> Truth:
    """Returns whether all origins of a row are in the enrolment period and not after the data cut-off.

    Without an enrolment period a missing origin excludes no row here; its endpoint counts it under no follow-up.
    """
    enrolled = study.header.enrolled
    first = enrolled.from_ if enrolled else None
    lasts = [day for day in (enrolled.to if enrolled else None, study.header.data_cutoff) if day]
    outside = np.logical_or.reduce([_outside(origin, first, lasts) for origin in origins])
    undecided = np.logical_or.reduce([~known(origin) for origin in origins]) & ~outside & (enrolled is not None)
    return Truth(true=~outside & ~undecided, false=outside)


def _outside(origin: NDArray[np.datetime64], first: date | None, lasts: list[date]) -> NDArray[np.bool_]:
    outside = np.zeros(len(origin), bool)
    if first:
        outside |= origin < np.datetime64(first)
    for last in lasts:
        outside |= origin > np.datetime64(last)
    return outside
