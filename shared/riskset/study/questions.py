"""What a study may ask in this version: Kaplan-Meier curves and Cox models, of all patients."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from riskset.study.part import Names, Part, complain, each_once


class KaplanMeierAnalysis(Part):
    """Curves by arm, and of all, on the grid; with a comparison, the log-rank test."""

    kind: Literal["km"]
    endpoints: Names
    populations: tuple[Literal["all"], ...] = Field(default=("all",), min_length=1, max_length=1)
    landmarks: tuple[Annotated[float, Field(gt=0)], ...] = ()
    """Times at which survival is told, in `time.unit`, ascending."""
    limits: Literal["log-log", "log", "plain"] = "log-log"

    @field_validator("endpoints")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @field_validator("landmarks")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(later <= earlier for earlier, later in pairwise(value)):
            complain("landmarks stand in ascending order, each once")
        return value


def _univariable_form(value: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever the file holds
    return "<list>" if isinstance(value, list | tuple) else "<flag>"


Univariable = Annotated[
    Annotated[bool, Tag("<flag>")] | Annotated[Names, Tag("<list>")],
    Discriminator(_univariable_form),
]


class CoxAnalysis(Part):
    """Cox models with one baseline hazard per site: one of each covariate alone, one of all together, or both."""

    kind: Literal["cox"]
    endpoints: Names
    populations: tuple[Literal["all"], ...] = Field(default=("all",), min_length=1, max_length=1)
    baseline: Literal["site"] = "site"
    ties: Literal["efron", "breslow"] = "efron"
    univariable: Univariable = False
    """True: each covariate of `multivariable` alone."""
    multivariable: Names | None = None

    @field_validator("endpoints", "univariable", "multivariable")
    @classmethod
    def _distinct(cls, value: bool | tuple[str, ...] | None) -> bool | tuple[str, ...] | None:
        return each_once(value) if isinstance(value, tuple) else value

    @model_validator(mode="after")
    def _some_model(self) -> CoxAnalysis:
        if self.univariable is True and self.multivariable is None:
            complain("univariable = true means each covariate of multivariable, and there is none: give a list instead")
        if self.univariable is False and self.multivariable is None:
            complain("a Cox analysis needs covariates: multivariable = [...], univariable = [...], or both")
        return self

    @property
    def univariable_covariates(self) -> tuple[str, ...]:
        """The covariates that have a model of their own, in order."""
        if isinstance(self.univariable, tuple):
            return self.univariable
        return (self.multivariable or ()) if self.univariable else ()

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every covariate that a model here names, each once, in order."""
        return tuple(dict.fromkeys((*(self.multivariable or ()), *self.univariable_covariates)))


Analysis = Annotated[KaplanMeierAnalysis | CoxAnalysis, Field(discriminator="kind")]
