"""`kind = "site-heterogeneity"`: the hazard ratio of the arm at each site, and whether it differs between sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator

from riskset.catalogue import Message, say
from riskset.study.entry import EndpointEntry, arms_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study


class SiteHeterogeneityEntry(EndpointEntry):
    """A Cox model of the arm by itself or with covariates, at each site that lets its own estimate be told; these
    combined; a test of treatment by site; on request the model without each such site."""

    kind: Literal["site-heterogeneity"]
    listed: Annotated[tuple[Name, ...], Field(alias="covariates", min_length=1)]
    """The arm first, then the covariates for which it is adjusted."""
    leave_one_out: bool = False
    ties: Literal["efron", "breslow"] = "efron"

    @field_validator("listed")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def covariates(self) -> tuple[str, ...]:
        return self.listed

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        if covariate not in self.covariates:
            return self
        if covariate == self.covariates[0]:
            return None
        return self.model_copy(update={"listed": tuple(name for name in self.covariates if name != covariate)})

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.covariates((*path, "covariates"), self.covariates, self.endpoints)
        at, comparison = (*path, "covariates", 0), draft.comparison
        if comparison is None:
            yield Complaint((*path, "kind"), say("study.site_heterogeneity.no_arms"))
        elif self.covariates[0] != comparison.arm:
            yield Complaint(at, say("study.site_heterogeneity.arm_first"))
        elif (arm := draft.variables.get(comparison.arm)) and len(arm.kind.levels) != 2:
            yield Complaint(at, say("study.site_heterogeneity.two_arms", arm=comparison.arm))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        endpoints, arms = self.labels(study), arms_of(study)
        adjusted = tuple(map(study.label_of, self.covariates[1:]))
        code = "adjusted" if adjusted else "alone"
        yield say(f"study.site_heterogeneity.{code}", endpoints=endpoints, covariates=adjusted, **arms)
        yield say("study.site_heterogeneity.signed")
        if self.leave_one_out:
            yield say("study.site_heterogeneity.leave_one_out")

    def facts(self, study: Study) -> dict[str, Any]:
        return {"covariates": list(self.covariates), "leave_one_out": self.leave_one_out, "ties": self.ties}

    def lines(self, study: Study) -> list[Message | str]:
        of = {"endpoints": self.endpoints, "covariates": self.covariates}
        return [say("study.site_heterogeneity.line", kind=self.kind, **of)]
