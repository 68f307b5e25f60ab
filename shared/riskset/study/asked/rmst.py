"""`kind = "rmst"`: restricted mean survival time by arm, with difference and ratio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from riskset.catalogue import Message, say
from riskset.study.entry import EndpointEntry, Positive, arms_of, as_printed, ascending, grid_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class RestrictedMeanEntry(EndpointEntry):
    """The mean event-free time up to `tau`, for all patients and by arm; with a comparison, difference and ratio."""

    takes_weights = True
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
        yield from self._of_weighted(draft, path)

    def _of_weighted(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        """Yields what is wrong with means of a weighted population, which follow from its curves."""
        curves = [one for one in draft.analyses.values() if one is not None and one.kind == "km"]
        known = {(e, p) for one in curves for e in one.outcome_endpoints for p in one.of_populations}
        for population in draft.weighted(self.populations):
            if self.missing != "complete":
                yield Complaint((*path, "missing"), say("study.rmst.weighted_by_model", name=population))
            for name in self.endpoints:
                if (name, population) not in known:
                    needs = say("study.rmst.weighted_needs_curve", name=population, endpoint=name)
                    yield Complaint((*path, "populations"), needs)

    def sentences(self, study: Study) -> Iterator[Message | str]:
        arms = arms_of(study)
        code = "means_by_arm" if arms else "means"
        times = {"times": as_printed(self.tau), "unit": study.time.unit_in_words}
        yield say(f"study.rmst.{code}", endpoints=self.labels(study), **times, **arms, **grid_of(study))
        for name in filter(study.is_weighted, self.populations):
            yield say("study.rmst.weighted_means", name=name)

    def facts(self, study: Study) -> dict[str, Any]:
        return {"tau": list(self.tau), "unit": study.time.unit}

    def lines(self, study: Study) -> list[Message | str]:
        times = as_printed(self.tau)
        return [
            say("study.rmst.line", kind=self.kind, endpoints=self.endpoints, times=times, unit=study.time.unit_in_words)
        ]
