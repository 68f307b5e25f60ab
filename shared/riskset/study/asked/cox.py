"""`kind = "cox"`: Cox models with one baseline hazard per site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Tag, field_validator, model_validator

from riskset.study.entry import EndpointEntry
from riskset.study.references import Draft
from riskset.study.sentences import covariate_in_words, endpoints_in_words, listed
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Names, complain, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study


def _univariable_form(value: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever the file holds
    return "<list>" if isinstance(value, list | tuple) else "<flag>"


Univariable = Annotated[
    Annotated[bool, Tag("<flag>")] | Annotated[Names, Tag("<list>")],
    Discriminator(_univariable_form),
]


class CoxEntry(EndpointEntry):
    """One model of each covariate alone, one of all together, or both."""

    kind: Literal["cox"]
    baseline: Literal["site"] = "site"
    ties: Literal["efron", "breslow"] = "efron"
    univariable: Univariable = False
    """True: each covariate of `multivariable` alone."""
    multivariable: Names | None = None

    @field_validator("univariable", "multivariable")
    @classmethod
    def _distinct(cls, value: bool | tuple[str, ...] | None) -> bool | tuple[str, ...] | None:
        return each_once(value) if isinstance(value, tuple) else value

    @model_validator(mode="after")
    def _some_model(self) -> CoxEntry:
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
        return tuple(dict.fromkeys((*(self.multivariable or ()), *self.univariable_covariates)))

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.covariates((*path, "multivariable"), self.multivariable or (), self.endpoints)
        if isinstance(self.univariable, tuple):
            yield from draft.covariates((*path, "univariable"), self.univariable, self.endpoints)

    def sentences(self, study: Study) -> Iterator[str]:
        of, alone, together = endpoints_in_words(self.endpoints, study), self.univariable_covariates, self.multivariable
        if together:
            covariates = listed([covariate_in_words(name, study) for name in together])
            at_once = " together" if len(together) > 1 else ""
            yield f"Cox models of {of} with {covariates}{at_once}; every hospital has a baseline hazard of its own."
        if alone and set(alone) == set(together or ()):
            yield f"Cox models of {of} with each of these covariates alone."
        elif alone:
            yield f"Cox models of {of} with {listed([covariate_in_words(name, study) for name in alone])}, each alone."

    def facts(self, study: Study) -> dict[str, Any]:
        return {
            "univariable": list(self.univariable_covariates),
            "multivariable": list(self.multivariable or ()),
            "baseline": self.baseline,
            "ties": self.ties,
        }

    def lines(self, study: Study) -> list[str]:
        (of,) = super().lines(study)
        ways = {"univariable": self.univariable_covariates, "multivariable": self.multivariable or ()}
        return [f"{of}, {way}: {', '.join(names)}" for way, names in ways.items() if names]
