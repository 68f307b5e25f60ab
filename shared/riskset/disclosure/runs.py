"""R13: over all runs that used the same patients, which sites' sums can be isolated by adding and subtracting totals.

A run gives the total over its participants: one row of zeros and ones. A combination of rows supported on one or two
sites is the sum of those sites. Some combination is supported on the sites S exactly when the columns S of a basis of
the null space are linearly dependent (one site: its column is zero; two: their columns are proportional), or,
equivalently, when deleting the columns S of the runs lowers the rank. Fractions keep the computation exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import ceil

from riskset.catalogue import say
from riskset.disclosure.finding import Finding, judge
from riskset.disclosure.policy import Policy


def participants(
    policy: Policy,
    earlier: Sequence[frozenset[str]],
    now: frozenset[str],
    may_be_subtracted: frozenset[str] = frozenset(),
) -> Finding:
    """R13: a run of the sites `now` after the runs `earlier` of the same patients, in any study.

    A run counts from its first masked contribution, finished or not. The figure is the size of the smallest set of
    sites whose sum could be isolated, leaving out sets of sites that all signed `may_be_subtracted`. ValueError for a
    run without participants.
    """
    if not now:
        raise ValueError("a run has participants")
    subject = say("rules.subject.first_run", sites=len(now))
    if earlier:
        subject = say("rules.subject.later_run", sites=len(now), n=len(earlier))
    every = ceil(policy.values["R13.sites"])
    if all(run == now for run in earlier):  # nothing to subtract, even for two sites, which R12 judges
        return judge(policy, "R13.sites", subject, max(every, len(now)))
    found = [names for names in separable([*earlier, now], every - 1) if not may_be_subtracted.issuperset(names)]
    if not found:
        return judge(policy, "R13.sites", subject, every)
    fewest = min(found, key=len)
    remedy = say("rules.remedy.participants", sites=fewest)
    subject = say("rules.subject.separated", run=subject, sites=fewest)
    return judge(policy, "R13.sites", subject, len(fewest), remedy=remedy)


def separable(runs: Sequence[frozenset[str]], most: int = 2) -> list[tuple[str, ...]]:
    """Returns the smallest sets, of at most `most` sites, whose sum some combination of the runs' totals gives."""
    sites = sorted(frozenset().union(*runs))
    columns = dict(
        zip(sites, _null_space([[int(site in run) for site in sites] for run in dict.fromkeys(runs)]), strict=True)
    )
    found: list[tuple[str, ...]] = []
    for size in range(1, most + 1):
        for names in combinations(sites, size):
            if not any(set(known) <= set(names) for known in found) and _are_dependent(
                [columns[name] for name in names]
            ):
                found.append(names)
    return found


def _null_space(rows: list[list[int]]) -> list[list[Fraction]]:
    """Returns, for each column of the matrix, its coordinates in a basis of the null space."""
    reduced, pivots = _reduced([[Fraction(x) for x in row] for row in rows])
    width = len(rows[0])
    free = [j for j in range(width) if j not in pivots]
    return [
        [-reduced[pivots.index(j)][f] for f in free] if j in pivots else [Fraction(j == f) for f in free]
        for j in range(width)
    ]


def _are_dependent(columns: list[list[Fraction]]) -> bool:
    return not columns[0] or len(_reduced(columns)[1]) < len(columns)


def _reduced(rows: list[list[Fraction]]) -> tuple[list[list[Fraction]], list[int]]:
    """Returns the reduced row echelon form and its pivot columns."""
    rows = list(rows)
    pivots: list[int] = []
    for j in range(len(rows[0])):
        top = len(pivots)
        found = next((i for i in range(top, len(rows)) if rows[i][j]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        rows[top] = [x / rows[top][j] for x in rows[top]]
        for i, row in enumerate(rows):
            if i != top and row[j]:
                rows[i] = [x - row[j] * y for x, y in zip(row, rows[top], strict=True)]
        pivots.append(j)
    return rows, pivots
