"""What every entry of `[analyses]` has: the questions that generic rooms ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Names, Since, TomlTable, complain, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study

Positive = Annotated[float, Field(gt=0)]
Limits = Literal["log-log", "log", "plain"]
"""Scales on which confidence limits of a survival curve are computed."""


class AnalysisEntry(TomlTable):
    """Base of the entries; `kind` says which method is asked for."""

    kind: str
    missing: Annotated[Literal["complete", "by_model"], Since("0.2.0")] = "complete"
    """Whose rows are analysed: those complete in every covariate that a model of the endpoint names, or those complete
    in what each model or curve of this entry needs."""

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every covariate that the entry names, each once, in order."""
        return ()

    @property
    def outcome_endpoints(self) -> tuple[str, ...]:
        """The endpoints it asks about; empty for an analysis without one."""
        return ()

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        """Yields what is wrong between the entry, which is at `path`, and the rest of the study file."""
        raise NotImplementedError

    def sentences(self, study: Study) -> Iterator[str]:
        """Yields what is computed, in sentences that a committee reads."""
        raise NotImplementedError

    def facts(self, study: Study) -> dict[str, Any]:
        """Returns the keys that `riskset study check --json` prints of it, beside `kind` and `endpoints`."""
        return {}

    def lines(self, study: Study) -> list[str]:
        """Returns what `riskset study check` prints of it, a line for each thing it asks."""
        return [f"{self.kind} of {', '.join(self.outcome_endpoints)}"]


class EndpointEntry(AnalysisEntry):
    """An entry that asks about endpoints."""

    endpoints: Names
    populations: tuple[Literal["all"], ...] = Field(default=("all",), min_length=1, max_length=1)

    @field_validator("endpoints")
    @classmethod
    def _distinct_endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def outcome_endpoints(self) -> tuple[str, ...]:
        return self.endpoints


def ascending(what: str, value: tuple[float, ...]) -> tuple[float, ...]:
    """Returns `value`, unless it is not strictly ascending."""
    if any(later <= earlier for earlier, later in pairwise(value)):
        complain(f"expected {what} in ascending order, each once")
    return value
