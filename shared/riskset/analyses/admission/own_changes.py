"""R14 on a hospital's own patients: what changed since earlier runs, and what these told otherwise. None of it leaves
the hospital."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.admission.figures import Count
from riskset.analyses.admission.judging import Judged, altered
from riskset.analyses.admission.step import Live, Own
from riskset.disclosure import cells
from riskset.disclosure.policy import Policy


def own_changes(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    for run, rows in own.changes.items():
        entered = own.entered.get(run, 0)
        found = cells.changes(policy, run, rows, int(rows > 0)) + cells.entered(policy, run, entered, int(entered > 0))
        yield from ((analysis.id, finding) for finding in found for analysis in live)
        yield from altered(policy, live, {(run, item): Count(n, 1) for item, n in own.altered.get(run, {}).items()})
    yield from own_alike(policy, live, own)


def own_alike(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R14 in both columns: the other hospitals' patients cannot hide those who differ in such a field."""
    for run, rows in own.alike.items():
        finding = cells.alike(policy, run, rows)
        yield from ((analysis.id, finding) for analysis in live)


def own_untold(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R14 in both columns, for columns that an earlier run did not tell."""
    for run, neighbours in own.untold(live).items():
        yield from ((id_, cells.untold(policy, run, rows)) for id_, rows in neighbours.items())


def own_not_compared(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R14 in both columns, for sets of derived populations beside what other runs told meanwhile."""
    names = own.not_compared()
    for analysis in live:
        if (name := analysis.analysis_set) in names:
            yield analysis.id, cells.not_compared(policy, name, is_compared=False)
