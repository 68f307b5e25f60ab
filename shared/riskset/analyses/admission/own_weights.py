"""R4 and R8 on a hospital's own patients where they count by weights of their own: the weights beside sets of patients,
and one patient's share of an arm. None of it leaves the hospital."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.own_columns import by_a_score
from riskset.analyses.admission.own_sets import in_both
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.admission.weighings import counting, crossed, shares
from riskset.disclosure import models as of_models
from riskset.disclosure import span
from riskset.disclosure.policy import Policy
from riskset.stats import shares as shares_of


def own_weighted_sets(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4 in both columns, before any column of a weighted set is told: no sum of sets, in some of which patients count
    by their weights, singles out a patient. Where all weights are alike, a weighted set less another is a few. And R8:
    no such sum is mostly of this hospital's patients. Weighted sets are judged after the others, wherever the study
    lists them."""
    of_weighted = {analysis.analysis_set for analysis in crossed(live)}
    if not of_weighted:
        return
    every = sorted((a for a in live if not a.exposure.is_one_way), key=lambda a: a.exposure.weights)
    names = list(dict.fromkeys(a.analysis_set for a in every))
    rows = counting(own.cohort, names, live)
    gram = rows.T @ rows if policy.column == "local" else _of_sets(figures, names, of_weighted)
    users = [(a.id, [names.index(a.analysis_set)]) for a in every]
    ids = {a.id for a in every if a.exposure.weights}
    following = by_a_score(every)
    found = zip(
        (id_ for id_, _ in users),
        span.design(policy, "R4.leverage", rows, gram, users, following=following),
        strict=True,
    )
    yield from ((id_, finding) for id_, finding in found if id_ in ids)
    if policy.column == "pooled":
        yield from _share_of_sets(policy, users, ids, rows, gram, following)


def _share_of_sets(
    policy: Policy,
    users: Sequence[tuple[str, Sequence[int]]],
    ids: Collection[str],
    rows: NDArray[np.float64],
    gram: NDArray[np.float64],
    following: Collection[str],
) -> Iterator[Judged]:
    here = rows.T @ rows

    def share(of: Sequence[int]) -> float:
        chosen = np.ix_(of, of)
        return shares_of.of_sums(here[chosen], gram[chosen])

    kept = list(dict.fromkeys(j for id_, columns in users if id_ not in ids for j in columns))
    before = share(kept)
    for id_, columns in users:
        if id_ in ids:
            with_it = list(dict.fromkeys([*kept, *columns]))
            found = share(with_it)
            # what sets without weights tell of the hospital is judged by their memberships
            own_share = found if found > before + 1e-9 else 0.0
            finding = of_models.site_weight(policy, id_, own_share, follows=id_ in following)
            yield id_, finding
            if finding.passes:
                kept, before = with_it, found


def _of_sets(figures: Figures, names: Sequence[str], of_weighted: Collection[str]) -> NDArray[np.float64]:
    """Returns the sums of products of what patients of all hospitals count in each two sets, (sets, sets)."""
    plain = [name for name in names if name not in of_weighted]
    gram = np.zeros((len(names), len(names)))
    gram[: len(plain), : len(plain)] = in_both(figures, plain)
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            if a in of_weighted:
                gram[i, j] = gram[j, i] = figures.shared_weights.get((a, b), figures.shared_weights.get((b, a), 0.0))
    return gram


def own_weights(policy: Policy, live: Live, own: Own, figures: Figures, arm: str | None) -> Iterator[Judged]:
    """R8: no patient makes up a large part of the weight of an arm; in the local column, of this hospital's own."""
    for analysis in crossed(live):
        rows = own.cohort.analysis_sets[analysis.analysis_set]
        known = None if policy.column == "local" else (figures.weights, figures.levels)
        largest = max(shares(analysis, rows, arm, known))
        yield analysis.id, of_models.weight(policy, analysis.id, largest)
