"""How a hospital's patients leave the curves of a study: what R9 compares. Never leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.disclosure.curves import NOT_SPLIT, Curve
from riskset.disclosure.exposure import COMPETING


def curves_of(cohort: Cohort, analyses: Iterable[Analysis]) -> tuple[Curve, ...]:
    """Returns the curves of each analysis that counts patients in steps of time, in their order; none for a population
    that is not known yet. Arrays (n_patients,).

    An analysis that counts m kinds of event tells what m curves tell on the same days, each of whose events include
    those of the one before: the first kind, the first or second, any. Its counts are the differences of theirs.
    """
    return tuple(curve for analysis in analyses for curve in _curves(cohort, analysis))


def _curves(cohort: Cohort, analysis: Analysis) -> Iterator[Curve]:
    in_time = analysis.exposure.in_time
    # who has a weight is not told, and weights of an earlier run need not be the same: they count by who could have one
    set_id = analysis.set_id.of_all if in_time is not None and in_time.are_blocks else analysis.set_id
    if in_time is None or in_time.grid is None or set_id.name not in cohort.analysis_sets:
        return
    rows = cohort.outcomes(set_id.name)
    if in_time.are_blocks:
        curve = Curve(analysis.id, in_time.grid, rows.days, rows.event, np.full(rows.n, NOT_SPLIT), rows.entry_days)
        yield replace(curve.placed(rows.patients, cohort.n_patients), weighted=analysis.population)
        return
    level = np.full(rows.n, NOT_SPLIT)
    if in_time.split:
        level = rows.variables[in_time.split[0].variable].astype(np.int64)
    events = [rows.event]
    if rows.cause is not None:
        kinds = 1 + len(in_time.status.intersection(COMPETING))
        events += [(rows.cause > 0) & (rows.cause <= last) for last in range(2, kinds + 1)]
    for event in events:
        curve = Curve(analysis.id, in_time.grid, rows.days, event, level, rows.entry_days)
        yield curve.placed(rows.patients, cohort.n_patients)
