"""`kind = "km"`: Kaplan-Meier curves of all patients and by arm, and the log-rank test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from riskset.study.entry import EndpointEntry, Limits, Positive, ascending
from riskset.study.references import Draft
from riskset.study.sentences import by_arm, counted_on_grid, endpoints_in_words, listed
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class KaplanMeierEntry(EndpointEntry):
    """Curves by arm, and of all, on the grid; with a comparison, the log-rank test."""

    kind: Literal["km"]
    landmarks: tuple[Positive, ...] = ()
    """Times at which survival is reported, in `time.unit`, ascending."""
    limits: Limits = "log-log"

    @field_validator("landmarks")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return ascending("landmarks", value)

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.within_grid((*path, "landmarks"), self.landmarks)

    def sentences(self, study: Study) -> Iterator[str]:
        of = endpoints_in_words(self.endpoints, study)
        yield f"Survival curves (Kaplan-Meier) of {of}, of all patients{by_arm(study)}, {counted_on_grid(study)}."
        if self.landmarks:
            times = listed([f"{time:g}" for time in self.landmarks])
            yield f"Survival at {times} {study.time.unit}s, read from these curves."
        if study.comparison:
            yield f"Log-rank tests of {of} between the arms."

    def facts(self, study: Study) -> dict[str, Any]:
        return {"landmarks": list(self.landmarks), "unit": study.time.unit, "limits": self.limits}

    def lines(self, study: Study) -> list[str]:
        (of,) = super().lines(study)
        at = ", ".join(f"{time:g}" for time in self.landmarks)
        return [f"{of}, survival at {at} {study.time.unit}s" if at else of]
