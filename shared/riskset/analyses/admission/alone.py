"""The hospitals that tell nothing of their own rows alone, of an analysis for which others tell their own estimates.

Whoever knows a total, and what some hospitals told of theirs, knows what the others have together. So before anything
is told these are judged as a set of patients whose sums can be known: first how many hospitals they are (R13), then,
once these are enough, how many patients and events they have (R1, R3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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


def _hides(own: Own, analysis: Analysis) -> bool:
    """Whether the hospital has patients and tells nothing of them alone, now or before."""
    has_patients = own.cohort.analysis_sets[analysis.analysis_set].n > 0
    return has_patients and not own.tells(analysis) and not own.has_told


@dataclass(frozen=True)
class Hospitals:
    """How many they are: a number for each analysis, and to each a hospital states whether it is one."""

    def labels(self, live: Live) -> tuple[Label, ...]:
        return tuple(total_of(f"hospitals that tell nothing alone of {analysis.id}") for analysis in asked(live))

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        return np.array(self.contributes(own, live), np.float64)

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        return tuple(_hides(own, analysis) for analysis in asked(live))

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        return np.array([analysis.id in refused for analysis in asked(live)], bool)

    def combine(self, sites: Sequence[int], live: Live) -> dict[str, Rest]:
        """Returns the hospitals by id, from how many state that they are among them."""
        return {analysis.id: Rest(n) for analysis, n in zip(asked(live), sites, strict=True)}


@dataclass(frozen=True)
class Patients:
    """How many patients and events they have: two numbers for each analysis."""

    def labels(self, live: Live) -> tuple[Label, ...]:
        what = ("patients", "events")
        of = ((analysis, one) for analysis in asked(live) for one in what)
        return tuple(total_of(f"{one} of hospitals that tell nothing alone of {analysis.id}") for analysis, one in of)

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        counts: list[float] = []
        for analysis in asked(live):
            rows = own.cohort.outcomes(analysis.analysis_set)
            counts += [rows.n, rows.event.sum()] if _hides(own, analysis) else [0.0, 0.0]
        return np.array(counts, np.float64)

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        return np.repeat(HOSPITALS.silent(live, refused), 2)

    def combine(self, total: Sequence[float], live: Live, known: Mapping[str, Rest]) -> dict[str, Rest]:
        """Returns the hospitals by id, with their patients and events."""
        counts = zip(asked(live), total[::2], total[1::2], strict=True)
        return {a.id: replace(known[a.id], rows=round(rows), events=round(events)) for a, rows, events in counts}


HOSPITALS = Hospitals()
PATIENTS = Patients()
