"""What every entry of `[analyses]` has: the questions that the rest of the program asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator

from riskset.catalogue import Message, say
from riskset.study.propensity import ALL
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Names, Since, TomlTable, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study

Positive = Annotated[float, Field(gt=0)]
Limits = Literal["log-log", "log", "plain"]
"""Scales on which confidence limits of a survival curve are computed."""


class AnalysisEntry(TomlTable):
    """Base of the entries; `kind` names the method.

    Sentences and lines are texts, not messages, where another package provides the method.
    """

    inner: ClassVar[Mapping[str, type[TomlTable]]] = {}
    """Keys that hold a table of their own, and what it is."""
    takes_weights: ClassVar[bool] = False
    """Whether it counts patients by weights of their own: of a weighted population, or of sets of one with several. A
    kind that does not is refused there."""
    takes_score_strata: ClassVar[bool] = False
    """Whether it can be of a population that is stratified by the score."""
    kind: str
    missing: Annotated[Literal["complete", "by_model"], Since("0.2.0")] = "complete"
    """Whose rows are analysed: those complete in every covariate that a model of the endpoint names, or those complete
    in what each model or curve of this entry needs."""

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every covariate that the entry names, each once, in order."""
        return ()

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        """Returns the entry that does not use the covariate, or with `alone` False only not together with others; None
        where no model remains, or there is none of several covariates."""
        return self if alone else None

    @property
    def outcome_endpoints(self) -> tuple[str, ...]:
        """The endpoints that it analyses; empty for an analysis without one."""
        return ()

    @property
    def of_populations(self) -> tuple[str, ...]:
        """The populations that it analyses."""
        return (ALL,)

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        """Yields what is wrong between the entry, which is at `path`, and the rest of the study file."""
        raise NotImplementedError

    def sentences(self, study: Study) -> Iterator[Message | str]:
        """Yields what is computed, in sentences for an ethics committee."""
        raise NotImplementedError

    def facts(self, study: Study) -> dict[str, Any]:
        """Returns the keys that `riskset study check --json` prints for it, beside `kind` and `endpoints`."""
        return {}

    def lines(self, study: Study) -> list[Message | str]:
        """Returns the lines that `riskset study check` prints for it, one for each thing it computes."""
        return [say("study.analysis.line", kind=self.kind, endpoints=self.outcome_endpoints)]


class EndpointEntry(AnalysisEntry):
    """An entry that analyses endpoints."""

    endpoints: Names
    populations: Names = (ALL,)
    """`all`, and adjustments of `[propensity]`."""

    @field_validator("endpoints", "populations")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def outcome_endpoints(self) -> tuple[str, ...]:
        return self.endpoints

    @property
    def of_populations(self) -> tuple[str, ...]:
        return self.populations

    def labels(self, study: Study) -> tuple[str, ...]:
        """Returns its endpoints as printed."""
        return tuple(map(study.endpoint_label, self.endpoints))


def as_printed(times: tuple[float, ...]) -> tuple[str, ...]:
    """Returns times as a sentence prints them."""
    return tuple(f"{time:g}" for time in times)


def arms_of(study: Study) -> dict[str, Any]:
    """Returns the values `arm` and `levels` of a sentence; empty where the study compares no arms."""
    if study.comparison is None:
        return {}
    arm = study.comparison.arm
    return {"arm": study.label_of(arm), "levels": study.levels_of(arm)}


def grid_of(study: Study) -> dict[str, Any]:
    """Returns the values of a sentence about the grid: `n`, its width in days, and `last`, its last day."""
    return {"n": study.time.grid.width_days, "last": study.time.grid.max_days}
