"""The hospitals that tell nothing of their own rows alone, of an analysis for which others tell their own estimates.

Whoever knows a total, and what some hospitals told of theirs, knows what the others have together. So these are counted
before anything is told, and judged as a set of patients whose sums can be known (R13, R1, R3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.figures import Rest
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.analysis import Analysis
from riskset.disclosure.exposure import Label
from riskset.disclosure.exposure import total as total_of


def asked(live: Live) -> tuple[Analysis, ...]:
    """Returns the analyses for which hospitals tell their own estimates."""
    return tuple(analysis for analysis in live if analysis.exposure.alone)


def labels(live: Live) -> tuple[Label, ...]:
    """Returns two labels for each: patients, to which a hospital states whether it contributes, and events."""
    return tuple(
        total_of(f"{what} of hospitals that tell nothing alone of {analysis.id}")
        for analysis in asked(live)
        for what in ("patients", "events")
    )


def local(own: Own, live: Live) -> NDArray[np.float64]:
    """Returns the hospital's two counts for each; 0 where it tells its estimate, or has told one before."""
    counts: list[float] = []
    for analysis in asked(live):
        rows = own.cohort.outcomes(analysis.analysis_set)
        counts += [0.0, 0.0] if own.tells(analysis) or own.has_told else [rows.n, rows.event.sum()]
    return np.array(counts, np.float64)


def silent(live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
    """Returns which of the numbers belong to refused analyses."""
    return np.repeat(np.array([analysis.id in refused for analysis in asked(live)], bool), 2)


def contributes(own: Own, live: Live) -> tuple[bool, ...]:
    """Returns whether the hospital contributes to the patients of each."""
    return tuple(bool(rows > 0) for rows in local(own, live)[::2])


def combine(total: Sequence[float], sites: Sequence[int], live: Live) -> dict[str, Rest]:
    """Returns, by id, the hospitals that tell nothing alone."""
    counts = zip(asked(live), sites, total[::2], total[1::2], strict=True)
    return {analysis.id: Rest(n, round(rows), round(events)) for analysis, n, rows, events in counts}
