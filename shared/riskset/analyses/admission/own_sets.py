"""What the tables of one variable over several sets tell together: each two sets may differ in many patients, and a sum
of tables be that of one patient. None of it leaves the hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Feature, matrix
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged, apart_of
from riskset.analyses.admission.step import Live, Own
from riskset.disclosure import span
from riskset.disclosure.policy import Policy


def own_sets(policy: Policy, live: Live, own: Own, figures: Figures, arm: str | None) -> Iterator[Judged]:
    """R2 for sets of which nothing is told but tables, with all sets that tell something of the same variable: no sum
    of them leaves a few patients. The sets of models and curves among themselves are judged with their columns."""
    of_variables = dict.fromkeys(column.variable for analysis in live for column in analysis.columns)
    judged: dict[tuple[str, ...], None] = {}
    for variable in (name for name in of_variables if name != arm):
        users = [a for a in live if any(column.variable == variable for column in a.columns)]
        ids = tuple(analysis.id for analysis in users if analysis.exposure.is_one_way)
        if ids and ids not in judged:
            yield from ((id_, finding) for id_, finding in _together(policy, users, own, figures) if id_ in ids)
            judged[ids] = None


def _together(policy: Policy, users: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    names = list(dict.fromkeys(analysis.analysis_set for analysis in users))
    rows = matrix(own.cohort, [Feature(name) for name in names])
    gram = rows.T @ rows if policy.column == "local" else _in_both(figures, names)
    of = [(analysis.id, [names.index(analysis.analysis_set)]) for analysis in users]
    yield from zip((id_ for id_, _ in of), span.design(policy, "R2.leverage", rows, gram, of), strict=True)


def _in_both(figures: Figures, names: Sequence[str]) -> NDArray[np.float64]:
    """Returns how many patients of all hospitals are in each two sets, by how many are in only one, (sets, sets)."""
    sizes = np.array([figures.rows[name].rows for name in names])
    apart = np.array([[0 if a == b else apart_of(figures, a, b).rows for b in names] for a in names])
    return np.asarray((sizes[:, None] + sizes - apart) / 2)
