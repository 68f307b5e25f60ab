"""R4 on the cells of a hospital's own tables, where others can see its counts or compute them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.judging import Judged, nested
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet, AnySet
from riskset.catalogue import say
from riskset.disclosure import cells
from riskset.disclosure.exposure import Column
from riskset.disclosure.policy import Policy


def own_tables(policy: Policy, live: Live, own: Own, arm: str | None) -> Iterator[Judged]:
    """R4: the cells of this hospital's own tables, where others can see its counts, or compute them from a total of
    hospitals' terms."""
    if "R4.cell" not in policy.values:
        return
    if policy.column == "local":
        yield from _own_boxes(policy, live, own, arm)
    for analysis in live:
        exposure, rows = analysis.exposure, own.cohort.analysis_sets[analysis.analysis_set]
        if policy.column == "local" or exposure.per_site:
            everyone, of_arm = np.zeros(rows.n), _of_arm(analysis, rows, arm)
            for column in exposure.tables:
                by = everyone if column.variable == arm else of_arm
                smallest = _smallest_cell(column.values(rows), by)
                yield analysis.id, cells.cell(policy, column.name, smallest, is_ranked=bool(exposure.ranked))
            for column in exposure.events_of:
                yield analysis.id, cells.cell(policy, column.name, _fewest_events(column, rows))
            if exposure.ranked:  # the reference arm has no column
                yield analysis.id, cells.cell(policy, arm or "", _smallest_cell(everyone, of_arm), is_ranked=True)
    for analysis, part, whole in nested(live):
        rows = own.cohort.analysis_sets[analysis.analysis_set]
        if policy.column == "local" or analysis.exposure.per_site:
            found = _smallest_cell(whole.values(rows) - part.values(rows), _of_arm(analysis, rows, arm))
            yield analysis.id, cells.cell(policy, whole.name, found)


def _fewest_events(column: Column, rows: AnySet) -> int:
    """Returns how many patients with an event have a level or do not have it, whichever are fewer, but not 0."""
    assert isinstance(rows, AnalysisSet)
    return int(min(np.unique(column.values(rows)[rows.event], return_counts=True)[1], default=0))


def _of_arm(analysis: Analysis, rows: AnySet, arm: str | None) -> NDArray[np.float64]:
    """Returns the arm of each patient, 0 for all where tables are not by arm, (n,)."""
    is_by_arm = arm is not None and any(column.variable == arm for column in analysis.exposure.tables)
    return rows.variables[arm or ""] if is_by_arm else np.zeros(rows.n)


def _own_boxes(policy: Policy, live: Live, own: Own, arm: str | None) -> Iterator[Judged]:
    """R4: what one table of patients has beyond another set is a table of the patients in whom they differ."""
    sets: dict[str, None] = {}
    for analysis in live:
        name = analysis.analysis_set
        for other in sets if analysis.exposure.is_one_way else ():
            for part, whole in ((name, other), (other, name)):
                beyond = _of_arms(own, whole, arm)[~np.isin(_patients(own, whole), _patients(own, part))]
                found = min(np.unique(beyond, return_counts=True)[1], default=0)
                yield analysis.id, cells.cell(policy, say("rules.subject.two_sets", a=other, b=name), int(found))
        sets[name] = None


def _patients(own: Own, name: str) -> NDArray[np.int64]:
    return own.cohort.analysis_sets[name].patients


def _of_arms(own: Own, name: str, arm: str | None) -> NDArray[np.float64]:
    """Returns the arm of each patient of a set, 0 for all where it is not counted by arm, (n,)."""
    rows = own.cohort.analysis_sets[name]
    return rows.variables.get(arm or "", np.zeros(rows.n))


def _smallest_cell(having: NDArray[np.float64], of_arm: NDArray[np.float64]) -> int:
    """Returns the smallest count of patients with or without a level in an arm, other than 0; 0 where all are 0."""
    counts = np.unique(np.column_stack([having, of_arm]), axis=0, return_counts=True)[1]
    return int(min(counts, default=0))
