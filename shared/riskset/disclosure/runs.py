"""R13: over all runs that used the same patients, which sites' sums can be isolated by adding and subtracting totals.

A run gives the total over its participants: one row of zeros and ones. A combination of rows supported on one or two
sites is the sum of those sites. Some combination is supported on the sites S exactly when the columns S of a basis of
the null space are linearly dependent (one site: its column is zero; two: their columns are proportional), or,
equivalently, when deleting the columns S of the runs lowers the rank. Fractions keep the computation exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def separable(runs: Iterable[frozenset[str]], most: int = 2) -> list[tuple[str, ...]]:
    """Returns the smallest sets, of at most `most` sites, whose sum some combination of the runs' totals gives.

    The work grows with the number of runs, not with its square: each is reduced once by a basis of at most as many rows
    as there are sites.
    """
    different = set(runs)
    sites = sorted(frozenset().union(*different))
    basis = _Basis(len(sites))
    for run in different:
        if basis.is_full:
            break
        basis.add([int(site in run) for site in sites])
    columns = dict(zip(sites, basis.null_space(), strict=True))
    found: list[tuple[str, ...]] = []
    for size in range(1, most + 1):
        for names in combinations(sites, size):
            if not any(set(known) <= set(names) for known in found) and _are_dependent(
                [columns[name] for name in names]
            ):
                found.append(names)
    return found


Row = list[int | Fraction]


class _Basis:
    """The reduced row echelon form of the rows added so far."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._rows: dict[int, Row] = {}
        """By pivot column, where no other row has anything."""

    @property
    def is_full(self) -> bool:
        """True where every row is a combination of those added."""
        return len(self._rows) == self._width

    def add(self, row: Row) -> bool:
        """Returns whether the row is none of the combinations of the rows before it."""
        for pivot, known in self._rows.items():
            if row[pivot]:
                row = _less(row, row[pivot], known)
        pivot = next((j for j, x in enumerate(row) if x), -1)
        if pivot < 0:
            return False
        row = row if row[pivot] == 1 else [x and Fraction(x) / row[pivot] for x in row]
        for other, known in self._rows.items():
            if known[pivot]:
                self._rows[other] = _less(known, known[pivot], row)
        self._rows[pivot] = row
        return True

    def null_space(self) -> list[Row]:
        """Returns, for each column, its coordinates in a basis of the null space."""
        free = [j for j in range(self._width) if j not in self._rows]
        return [
            [-self._rows[j][f] for f in free] if j in self._rows else [int(j == f) for f in free]
            for j in range(self._width)
        ]


def _less(row: Row, factor: int | Fraction, other: Row) -> Row:
    return [x - factor * y if y else x for x, y in zip(row, other, strict=True)]


def _are_dependent(columns: Sequence[Row]) -> bool:
    basis = _Basis(len(columns[0]))
    return not all(basis.add(column) for column in columns)
