"""What a site keeps of the outcomes and sets of a run, beside its marks of patients. Never leaves the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet


class KeptOutcome(NamedTuple):
    """The days and events of patients, as a run that tells them is asked."""

    rows: str
    """The name of the analysis set, or of those of its patients with a level."""
    is_of_level: bool
    of: AnalysisSet
    """Without variables; `patient` is each one's place among the marks."""

    def to_json(self) -> dict[str, Any]:
        """Returns what `read_outcome` reads, for the sealed part of a journal."""
        of = self.of
        arrays = {"patient": of.patient, "days": of.days, "entry": of.entry_days, "cause": of.cause}
        numbers = {name: array.tolist() for name, array in arrays.items() if array is not None}
        events = np.flatnonzero(of.event).tolist()
        return {"rows": self.rows, "is_of_level": self.is_of_level, "event": events, **numbers}


def read_outcome(content: Mapping[str, Any]) -> KeptOutcome:
    """Returns the outcome of `KeptOutcome.to_json`."""
    days, entry, patient, cause = (
        np.array(content[name], np.int64) if name in content else None for name in ("days", "entry", "patient", "cause")
    )
    event = np.zeros(len(content["days"]), bool)
    event[content["event"]] = True
    of = AnalysisSet(np.asarray(days), event, entry, {}, patient, cause=cause)
    return KeptOutcome(content["rows"], content["is_of_level"], of)


class KeptSet(NamedTuple):
    """Who is in an analysis set of a derived population."""

    patient: NDArray[np.int64]
    """Each one's place among the marks, (m,)."""
    weights: NDArray[np.float64]
    """How much each counts, (m,): 1 where nobody has a weight."""
