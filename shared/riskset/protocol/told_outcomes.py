"""The outcomes that a site's earlier runs told, over the patients of the present one (rule R14).

The scores of two models at 0 differ by the columns of the patients whom only one of them follows so. R2 compares the
models of one run. Two versions may have two endpoints that differ in one patient, each of which is told in one of them
only; so the days and events of every set are kept with a run. None of it leaves the site.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import rows_within
from riskset.analyses.admission.told_outcome import ToldOutcome
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.protocol.journal import Begun, RowMarks, Sent, followed_in
from riskset.protocol.kept import KeptOutcome
from riskset.protocol.recognised import marked_patients, recognised


def outcomes_to_keep(rows: RowMarks, cohort: Cohort, analyses: Iterable[Analysis]) -> tuple[KeptOutcome, ...]:
    """Returns the outcomes that a run may tell, over patients by their places among the marks; none without marks."""
    patients, kept = marked_patients(rows, cohort), {}
    for analysis in analyses if rows.marks else ():
        if analysis.endpoint is not None and analysis.analysis_set in cohort.analysis_sets:
            of = rows_within(cohort.outcomes(analysis.analysis_set), analysis)
            if isinstance(of, AnalysisSet):
                placed = replace(of, variables={}, patient=np.searchsorted(patients, of.patients))
                kept[analysis.rows_name] = KeptOutcome(analysis.rows_name, analysis.exposure.within is not None, placed)
    return tuple(kept.values())


def told_outcomes(
    contributed: Mapping[str, Begun],
    sent_in: Callable[[str], Iterable[Sent]],
    now: RowMarks,
    cohort: Cohort,
) -> tuple[ToldOutcome, ...]:
    """Returns the outcomes that were told in these runs, over the patients of the cohort; without who was altered
    since: whether there are enough of them, R14 judges by their number at all hospitals.

    `sent_in` returns what this site sent in a run.
    """
    found: list[ToldOutcome] = []
    patients = marked_patients(now, cohort)
    for run, begun in contributed.items():
        events = followed_in(sent_in(run)) if begun.outcomes else {}
        told = [one for one in begun.outcomes if one.rows in events]
        if not told:
            continue
        before, here, altered = recognised(begun.rows, now)
        number = np.full(len(begun.rows.marks), -1)
        number[before[~altered]] = patients[here[~altered]]
        found += (ToldOutcome(run, one.is_of_level, _placed(one.of, number), events[one.rows]) for one in told)
    return tuple(found)


def _placed(rows: AnalysisSet, number: NDArray[np.int64]) -> AnalysisSet:
    """Returns the rows of those patients who have a number, in its order."""
    patients = number[rows.patients]
    order = np.argsort(patients)[int((patients < 0).sum()) :]
    entry, cause = (None if of is None else of[order] for of in (rows.entry_days, rows.cause))
    return AnalysisSet(rows.days[order], rows.event[order], entry, {}, patients[order], cause=cause)
