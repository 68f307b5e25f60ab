"""`kind = "km"`: Kaplan-Meier curves for all patients and by arm, and the log-rank test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from riskset.catalogue import Message, say
from riskset.study.entry import EndpointEntry, Limits, Positive, arms_of, as_printed, ascending, grid_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class KaplanMeierEntry(EndpointEntry):
    """Curves on the grid, for all patients and by arm; with a comparison, the log-rank test."""

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

    def sentences(self, study: Study) -> Iterator[Message | str]:
        endpoints, arms = self.labels(study), arms_of(study)
        code = "curves_by_arm" if arms else "curves"
        yield say(f"study.km.{code}", endpoints=endpoints, **arms, **grid_of(study))
        if self.landmarks:
            yield say("study.km.landmarks", times=as_printed(self.landmarks), unit=study.time.unit)
        if arms:
            yield say("study.km.log_rank", endpoints=endpoints)

    def facts(self, study: Study) -> dict[str, Any]:
        return {"landmarks": list(self.landmarks), "unit": study.time.unit, "limits": self.limits}

    def lines(self, study: Study) -> list[Message | str]:
        if not self.landmarks:
            return super().lines(study)
        times = as_printed(self.landmarks)
        return [say("study.km.line", kind=self.kind, endpoints=self.endpoints, times=times, unit=study.time.unit)]
