"""How a hospital's patients leave the curves of a study: what R9 compares. Never leaves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.disclosure.curves import NOT_SPLIT, Curve


def curves_of(cohort: Cohort, analyses: Iterable[Analysis]) -> tuple[Curve, ...]:
    """Returns a curve for each analysis that counts patients in steps of time, in their order; none for a population
    that is not known yet. Arrays (n_patients,)."""
    return tuple(curve for analysis in analyses if (curve := _curve(cohort, analysis)) is not None)


def _curve(cohort: Cohort, analysis: Analysis) -> Curve | None:
    in_time = analysis.exposure.in_time
    if in_time is None or in_time.grid is None or analysis.analysis_set not in cohort.analysis_sets:
        return None
    rows = cohort.outcomes(analysis.analysis_set)
    level = np.full(rows.n, NOT_SPLIT)
    if in_time.split:
        level = rows.variables[in_time.split[0].variable].astype(np.int64)
    curve = Curve(analysis.id, in_time.grid, rows.days, rows.event, level, rows.entry_days)
    return curve.placed(rows.patients, cohort.n_patients)
