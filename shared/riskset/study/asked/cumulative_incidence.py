"""`kind = "cumulative-incidence"`: incidence of each of several competing events by arm, Gray's tests, Fine-Gray
models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import field_validator

from riskset.catalogue import Message, say
from riskset.study.endpoints import DaysEndpoint
from riskset.study.entry import EndpointEntry, Limits, Positive, arms_of, as_printed, ascending, grid_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study


class CumulativeIncidenceEntry(EndpointEntry):
    """Cumulative incidence of an endpoint's event and of each competing one, for all patients and by arm; with a
    comparison, Gray's test of each; on request a Fine-Gray model of the event."""

    kind: Literal["cumulative-incidence"]
    landmarks: tuple[Positive, ...] = ()
    """Times at which the incidence is reported, in `time.unit`, ascending."""
    limits: Limits = "log-log"
    fine_gray: tuple[Name, ...] = ()
    """Covariates of a Fine-Gray model of the event; none without."""
    ties: Literal["efron", "breslow"] = "efron"

    @field_validator("landmarks")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return ascending("landmarks", value)

    @field_validator("fine_gray")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def covariates(self) -> tuple[str, ...]:
        return self.fine_gray

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        return self.model_copy(update={"fine_gray": tuple(name for name in self.fine_gray if name != covariate)})

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.within_grid((*path, "landmarks"), self.landmarks)
        yield from draft.covariates((*path, "fine_gray"), self.fine_gray, self.endpoints)
        for position, name in enumerate(self.endpoints):
            at, endpoint = (*path, "endpoints", position), draft.endpoints.get(name)
            if endpoint is not None and not endpoint.competing:
                hint = say("study.cumulative_incidence.name_competing")
                yield Complaint(at, say("study.cumulative_incidence.no_competing", endpoint=name), hint)
            if self.fine_gray and _enters_late(endpoint):
                yield Complaint((*path, "fine_gray"), say("study.cumulative_incidence.entry", endpoint=name))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        endpoints, arms = self.labels(study), arms_of(study)
        code = "curves_by_arm" if arms else "curves"
        yield say(f"study.cumulative_incidence.{code}", endpoints=endpoints, **arms, **grid_of(study))
        if self.landmarks:
            yield say(
                "study.cumulative_incidence.landmarks", times=as_printed(self.landmarks), unit=study.time.unit_in_words
            )
        if arms and not all(_enters_late(study.endpoints[name]) for name in self.endpoints):
            yield say("study.cumulative_incidence.gray")
        if self.fine_gray:
            covariates = tuple(map(study.label_of, self.fine_gray))
            yield say("study.cumulative_incidence.fine_gray", endpoints=endpoints, covariates=covariates)

    def facts(self, study: Study) -> dict[str, Any]:
        facts = {"landmarks": list(self.landmarks), "unit": study.time.unit, "limits": self.limits}
        return facts | {"fine_gray": list(self.fine_gray), "ties": self.ties}

    def lines(self, study: Study) -> list[Message | str]:
        found = super().lines(study)
        if self.landmarks:
            of = {"times": as_printed(self.landmarks), "unit": study.time.unit_in_words}
            found = [say("study.cumulative_incidence.line", kind=self.kind, endpoints=self.endpoints, **of)]
        if self.fine_gray:
            of = {"endpoints": self.endpoints, "covariates": self.fine_gray}
            found.append(say("study.cumulative_incidence.fine_gray_line", kind=self.kind, **of))
        return found


def _enters_late(endpoint: object) -> bool:
    return isinstance(endpoint, DaysEndpoint) and endpoint.entry is not None
