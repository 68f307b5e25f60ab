"""R4 on a hospital's own rows for one column at a time: alone, in the strata of a model, and for products of two.
None of it leaves the hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from riskset.analyses.admission.blocks import products_of, products_with
from riskset.analyses.admission.features import Feature, in_design, matrix
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.of_columns import in_strata, modelled, models, stratified
from riskset.analyses.admission.step import Live, Own
from riskset.disclosure import span
from riskset.disclosure.policy import Policy


def own_columns(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4 for each column alone, before its products with others are sent: where one patient makes up nearly all of its
    spread, they are that patient's row."""
    for feature in modelled(live):
        if feature.is_weighted:
            yield from _alone(policy, own, feature, figures.within[feature], [a for a in live if in_design(a, feature)])
        elif feature.column is not None:
            within = figures.moments[feature.cohort].columns[feature.column].within
            yield from _alone(policy, own, feature, within, [a for a in live if in_design(a, feature)])
    yield from own_strata(policy, live, own, figures.within)


def own_strata(policy: Policy, live: Live, own: Own, within: Mapping[Feature, float] | None) -> Iterator[Judged]:
    """R4 for each column alone within the strata of its model: a column may be all but constant there. `within` are the
    sums of squares of all hospitals, None for this one's own."""
    for feature in stratified(live):
        total = None if within is None else within[feature]
        yield from _alone(policy, own, feature, total, [a for a in models(live) if in_strata(a, feature)])


def _alone(policy: Policy, own: Own, feature: Feature, total: float | None, users: Live) -> Iterator[Judged]:
    """R4 for one column, of the analyses that use it; `total` is its sum of squares, None for this hospital's own."""
    rows = matrix(own.cohort, [feature], centred=True)
    gram = rows.T @ rows if total is None else np.array([[total]])
    for analysis in users:
        found = span.design(policy, "R4.leverage", rows, gram, [(analysis.id, [0])])
        yield from ((analysis.id, finding) for finding in found)


def own_products(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4 for each product of columns alone, in strata and levels too, as `own_columns`."""
    of_each = [(analysis, products_with(analysis)) for analysis in models(live)]
    for feature in (*products_of(live), *(f for f in figures.within if f.is_joint)):
        users = [analysis for analysis, products in of_each if feature in products]
        if feature.within:
            yield from _alone(policy, own, feature, figures.within[feature], users)
        elif feature.column is not None and feature.column in figures.moments[feature.cohort].columns:
            within = figures.moments[feature.cohort].columns[feature.column].within
            yield from _alone(policy, own, feature, within, users)
