"""R4 on a hospital's own rows for one column at a time: alone, in the strata of a model, and for products of two.
None of it leaves the hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.blocks import products_of, products_with
from riskset.analyses.admission.features import Feature, in_design, matrix
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.of_columns import in_strata, modelled, models, steps_of, stratified, weighted
from riskset.analyses.admission.step import Live, Own
from riskset.disclosure import span
from riskset.disclosure.policy import Policy


def own_columns(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4 for each column alone, before its products with others are sent: where one patient makes up nearly all of its
    spread, they are that patient's row."""
    for feature in modelled(live):
        if feature.column is not None and not feature.is_weighted:
            within = figures.moments[feature.cohort].columns[feature.column].within
            yield from _alone(policy, own, feature, within, [a for a in live if in_design(a, feature)])
    yield from own_strata(policy, live, own, figures.within)


def own_weighted_columns(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """The same for the columns of weighted sets, whose spread is told a round later; also in strata."""
    for feature in weighted(live):
        users = [a for a in live if (in_strata if feature.within else in_design)(a, feature)]
        errors = errors_of([feature], own, figures)
        yield from _alone(policy, own, feature, figures.within[feature], users, errors)


def own_strata(policy: Policy, live: Live, own: Own, within: Mapping[Feature, float] | None) -> Iterator[Judged]:
    """R4 for each column alone within the strata of its model: a column may be all but constant there. `within` are the
    sums of squares of all hospitals, without those of weighted sets; None for this one's own."""
    for feature in stratified(live):
        if within is None or not feature.is_weighted:
            total = None if within is None else within[feature]
            yield from _alone(policy, own, feature, total, [a for a in models(live) if in_strata(a, feature)])


def errors_of(features: Sequence[Feature], own: Own, figures: Figures) -> NDArray[np.float64] | None:
    """Returns how far the sums of products of these features over all hospitals may be from the exact ones, (m, m);
    None where none is weighted."""
    if not any(feature.is_weighted for feature in features):
        return None
    hospitals = max(figures.rows[feature.cohort].sites for feature in features)
    return hospitals * steps_of(features, own.units) / 2


def _alone(
    policy: Policy,
    own: Own,
    feature: Feature,
    total: float | None,
    users: Live,
    errors: NDArray[np.float64] | None = None,
) -> Iterator[Judged]:
    """R4 for one column, of the analyses that use it; `total` is its sum of squares, None for this hospital's own."""
    rows = matrix(own.cohort, [feature], centred=True)
    gram = rows.T @ rows if total is None else np.array([[total]])
    for analysis in users:
        found = span.design(
            policy, "R4.leverage", rows, gram, [(analysis.id, [0])], errors=errors, following=by_a_score([analysis])
        )
        yield from ((analysis.id, finding) for finding in found)


def by_a_score(of: Live) -> frozenset[str]:
    """Returns the ids of those whose patients have weights that follow from a score."""
    return frozenset(analysis.id for analysis in of if analysis.exposure.weights_follow)


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
