"""What tables of one variable over several sets tell together: each two sets may differ in many patients, and a sum of
tables be that of one patient, or of one patient of an arm. None of it leaves the hospital.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Feature, matrix
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged, apart_of
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.disclosure import cells, span
from riskset.disclosure.added_up import combinations_of, fewest
from riskset.disclosure.exact_rank import independent
from riskset.disclosure.exposure import Column
from riskset.disclosure.policy import Policy


def own_sets(policy: Policy, live: Live, own: Own, figures: Figures, arm: str | None) -> Iterator[Judged]:
    """R2 for sets of which nothing is told but tables, with all sets that tell something of the same variable: no sum
    of them leaves a few patients. The sets of models and curves among themselves are judged with their columns."""
    for users in _of_variables(live, own.cohort, arm):
        ids = {analysis.id for analysis in users if analysis.exposure.is_one_way}
        names = list(dict.fromkeys(analysis.analysis_set for analysis in users))
        if ids and len(names) > 1:
            rows = matrix(own.cohort, [Feature(name) for name in names])
            gram = rows.T @ rows if policy.column == "local" else in_both(figures, names)
            of = [(analysis.id, [names.index(analysis.analysis_set)]) for analysis in users]
            found = zip((id_ for id_, _ in of), span.design(policy, "R2.leverage", rows, gram, of), strict=True)
            yield from ((id_, finding) for id_, finding in found if id_ in ids)


def own_sets_of_site(policy: Policy, live: Live, own: Own, figures: Figures, arm: str | None) -> Iterator[Judged]:
    """R2 for sets whose sums can be added: those of models and curves in which patients count alike, and all that tell
    something of one variable. No sum of them is of this hospital's patients alone. It would be one where the
    memberships of all patients have a higher rank than those of the other hospitals' patients."""
    if policy.column == "local":
        return
    crossed: dict[str | None, list[Analysis]] = {}
    for analysis in live:
        if analysis.exposure.weights or not analysis.exposure.is_one_way:
            crossed.setdefault(analysis.exposure.weighted_as, []).append(analysis)
    of_tables = (
        of for of in _of_variables(live, own.cohort, arm) if any(analysis.exposure.is_one_way for analysis in of)
    )
    for users in (*crossed.values(), *of_tables):
        passing = _not_of_site(users, own, figures)
        for analysis in users:
            name = analysis.analysis_set
            yield analysis.id, cells.apart_at_site(policy, name, is_alone=name not in passing)


def _not_of_site(users: Live, own: Own, figures: Figures) -> frozenset[str]:
    """Returns the sets of which, with those before them, no sum is of the hospital's patients alone."""
    names = list(dict.fromkeys(analysis.analysis_set for analysis in users))
    rows = matrix(own.cohort, [Feature(name) for name in names])
    every = in_both(figures, names)
    others, kept = every - rows.T @ rows, list(range(len(names)))
    if _is_separate(every, others, kept):
        kept = []
        for j in range(len(names)):
            kept += [] if _is_separate(every, others, [*kept, j]) else [j]
    return frozenset(names[j] for j in kept)


def _is_separate(every: NDArray[np.float64], others: NDArray[np.float64], of: Sequence[int]) -> bool:
    chosen = np.ix_(of, of)
    return len(independent(every[chosen])) > len(independent(others[chosen]))


def own_sets_of_arms(policy: Policy, live: Live, own: Own, figures: Figures, arm: str | None) -> Iterator[Judged]:
    """R2 for tables by arm, with whatever tells something of the same variable by arm: nor does a sum of the sets leave
    a few patients of an arm. How many of an arm are in two sets at all hospitals is not counted, only how many are in
    each; where that is not enough, it must be none of a hospital's own, or as many as it may tell apart."""
    arms = _Arms(policy, live, own, figures, arm)
    for users in _of_variables([analysis for analysis in live if arms.tells(analysis)], own.cohort, arm):
        tables: set[str] = set()
        own_tables: set[str] = set()  # of which each hospital's can be computed from the sum
        kept: dict[str, None] = {}
        for analysis in users:
            name, passes, is_table = analysis.analysis_set, True, not arms.is_crossed(analysis)
            is_own = analysis.exposure.per_site
            for several in combinations_of([other for other in kept if other != name]):
                if is_table or not tables.isdisjoint(several):  # all else is judged by leverages
                    left = arms.fewest((name, *several), is_own=is_own and own_tables.issuperset(several))
                    finding = cells.apart_in_arm(policy, " and ".join(several), name, left)
                    passes = passes and finding.passes
                    yield analysis.id, finding
            if passes:
                kept[name] = None
                tables |= {name} if is_table else set()
                own_tables |= {name} if is_own else set()


class _Arms:
    """The patients of each arm in each set: a hospital's own, and how many at all hospitals."""

    def __init__(self, policy: Policy, live: Live, own: Own, figures: Figures, arm: str | None) -> None:
        self._policy, self._figures, self._arm = policy, figures, arm
        self._levels = tuple(dict.fromkeys(c for a in live for c in a.columns if c.variable == arm))
        crossed = [analysis for analysis in live if self.is_crossed(analysis)]
        self._is_crossed_with_arm = any(column.variable == arm for a in crossed for column in a.columns)
        self._in_arms = _in_arms(own.cohort, self._levels)
        names = dict.fromkeys(analysis.analysis_set for analysis in live)
        self._members = {name: matrix(own.cohort, [Feature(name)])[:, 0] == 1.0 for name in names}

    def is_crossed(self, analysis: Analysis) -> bool:
        """Whether its columns are told with those of other analyses."""
        exposure = analysis.exposure
        return bool(exposure.design or exposure.split or exposure.conditions)

    def tells(self, analysis: Analysis) -> bool:
        """Whether something of its columns is told by arm."""
        if self.is_crossed(analysis):
            return self._is_crossed_with_arm
        return any(column.variable == self._arm for column in analysis.columns)

    def fewest(self, names: Sequence[str], *, is_own: bool) -> int:
        """Returns the fewest of the hospital's patients of an arm who are left in a sum of sets. Those of other
        hospitals hide them, but where `is_own`."""
        nobody = [0] * len(self._in_arms)
        sizes = zip(*(nobody if is_own else self._sizes(name) for name in names), strict=True)
        members = [self._members[name] for name in names]
        left = (
            fewest(self._policy.k, [of & has for of in members], totals)
            for has, totals in zip(self._in_arms, sizes, strict=True)
        )
        return min((rows for rows in left if rows), default=0)

    def _sizes(self, name: str) -> list[int]:
        """Returns how many patients of each arm a set has at all hospitals, the reference last; zeros where that is not
        known, or others would know the rest."""
        known = self._figures.columns
        counts = [known.get(Feature(name, level)) for level in self._levels]
        if self._policy.column == "local" or None in counts:
            return [0] * (len(counts) + 1)
        rows = [count.rows for count in counts if count is not None]
        return [*rows, self._figures.rows[name].rows - sum(rows)]


def _in_arms(cohort: Cohort, levels: Sequence[Column]) -> list[NDArray[np.bool_]]:
    """Returns which patients have each level of the arm, and which have none of them, (patients,) each."""
    found = [np.zeros(cohort.n_patients, bool) for _ in levels]
    for rows in cohort.analysis_sets.values():
        for level, has in zip(levels, found, strict=True):
            if level.variable in rows.variables:
                has[rows.patients] = level.values(rows) == 1.0
    return [*found, ~np.any([np.zeros(cohort.n_patients, bool), *found], axis=0)]


def _of_variables(live: Live, cohort: Cohort, arm: str | None) -> list[Sequence[Analysis]]:
    """Returns, for each variable but the arm, the analyses that tell something of it, or of another one that is nearly
    the same by its values; the same analyses once."""
    live = [analysis for analysis in live if not analysis.exposure.weighs_tables]  # R4 and R8 judge their weights
    variables = dict.fromkeys(c.variable for analysis in live for c in analysis.columns if c.variable != arm)
    alike = (cohort.alike.get(name, {name}) for name in variables)
    found = ([a for a in live if any(c.variable in names for c in a.columns)] for names in alike)
    return list({tuple(a.id for a in users): users for users in found}.values())


def in_both(figures: Figures, names: Sequence[str]) -> NDArray[np.float64]:
    """Returns how many patients of all hospitals are in each two sets, by how many are in only one, (sets, sets)."""
    sizes = np.array([figures.rows[name].rows for name in names])
    apart = np.array([[0 if a == b else apart_of(figures, a, b).rows for b in names] for a in names])
    return np.asarray((sizes[:, None] + sizes - apart) / 2)
