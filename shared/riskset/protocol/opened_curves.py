"""The curves of a site's earlier runs, over the patients of the present one (rule R9).

Curves are kept with a run and known by its patients' marks, so that a later study can be compared with them whatever it
calls its endpoints. None of it leaves the site.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.analyses.leaving import curves_of
from riskset.disclosure.curves import Curve, Ints
from riskset.protocol.journal import Begun, RowMarks
from riskset.protocol.recognised import marked_patients, recognised
from riskset.protocol.same_content import are_aligned


def curves_to_keep(rows: RowMarks, cohort: Cohort, analyses: Iterable[Analysis]) -> tuple[Curve, ...]:
    """Returns the curves that a run may open, over the patients in the order of their marks; none without marks, since
    then no later run could recognise a patient."""
    patients = marked_patients(rows, cohort)
    return tuple(curve.of(patients) for curve in curves_of(cohort, analyses)) if rows.marks else ()


def opened_curves(
    contributed: Mapping[str, Begun],
    answered: Callable[[str], Mapping[str, int]],
    now: RowMarks,
    cohort: Cohort,
) -> tuple[Curve, ...]:
    """Returns the curves that were answered in these runs, over the patients of the cohort (R9), with who was altered
    or is gone since: whether there are enough of them, R14 judges.

    Without patient keys, one who was corrected looks like one who left and another who entered. Where at most half as
    many did both as are recognised, they are taken for corrected.
    """
    kept = {run: begun for run, begun in contributed.items() if begun.curves}
    if not kept:
        return ()
    found: list[Curve] = []
    patients, n = marked_patients(now, cohort), cohort.n_patients
    for run, begun in kept.items():
        before, here, altered = recognised(begun.rows, now)
        numbers, is_altered = answered(run), np.zeros(n, bool)
        is_altered[patients[here]] = altered
        kinds = Counter(curve.name for curve in begun.curves)  # an analysis has a curve for each kind of event
        answered_curves = [curve for curve in begun.curves if curve.name in numbers]
        opened = [curve.opened_by(numbers[curve.name], kinds[curve.name]) for curve in answered_curves]
        gone, entered = _gone(opened, before), np.setdiff1d(patients, patients[here])
        are_corrected = not are_aligned(begun.rows, now) and 0 < min(gone, len(entered)) <= len(here) / 2
        for curve in opened:
            one = replace(curve.of(before).placed(patients[here], n), run=run, altered=is_altered)
            found.append(one.left_out(entered) if are_corrected else replace(one, gone=_gone([curve], before)))
    return tuple(found)


def _gone(curves: Sequence[Curve], recognised: Ints) -> int:
    """Returns how many patients of the curves are not among those who are recognised."""
    counted = np.logical_or.reduce([curve.is_in for curve in curves]) if curves else np.zeros(0, bool)
    return int(counted.sum()) - int(counted[recognised].sum()) if curves else 0
