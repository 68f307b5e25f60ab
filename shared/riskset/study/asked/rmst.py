"""`kind = "rmst"`: restricted mean survival time by arm, with difference and ratio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from riskset.study.entry import EndpointEntry, Positive, ascending
from riskset.study.references import Draft
from riskset.study.sentences import by_arm, counted_on_grid, endpoints_in_words, listed
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class RestrictedMeanEntry(EndpointEntry):
    """The mean time to the event up to `tau`, of all patients and by arm; with a comparison, difference and ratio."""

    kind: Literal["rmst"]
    tau: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """Times up to which the mean is taken, in `time.unit`, ascending."""

    @field_validator("tau")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return ascending("tau", value)

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.within_grid((*path, "tau"), self.tau)

    def sentences(self, study: Study) -> Iterator[str]:
        of, times = endpoints_in_words(self.endpoints, study), listed([f"{time:g}" for time in self.tau])
        yield (
            f"Restricted mean survival time of {of} up to {times} {study.time.unit}s, of all patients{by_arm(study)}, "
            f"from patients {counted_on_grid(study)}."
        )

    def facts(self, study: Study) -> dict[str, Any]:
        return {"tau": list(self.tau), "unit": study.time.unit}

    def lines(self, study: Study) -> list[str]:
        (of,) = super().lines(study)
        return [f"{of}, up to {', '.join(f'{time:g}' for time in self.tau)} {study.time.unit}s"]
