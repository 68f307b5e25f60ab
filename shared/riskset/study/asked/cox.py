"""`kind = "cox"`: Cox models with one baseline hazard per site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Discriminator, Tag, field_validator, model_validator

from riskset.catalogue import Message, say
from riskset.study.entry import EndpointEntry
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, Names, Since, complain, each_once
from riskset.study.variables import NumberVariable

if TYPE_CHECKING:
    from riskset.study.spec import Study


def _univariable_form(value: Any) -> str:  # noqa: ANN401 - pydantic passes whatever the file contains
    return "<list>" if isinstance(value, list | tuple) else "<flag>"


Univariable = Annotated[
    Annotated[bool, Tag("<flag>")] | Annotated[Names, Tag("<list>")],
    Discriminator(_univariable_form),
]


class CoxEntry(EndpointEntry):
    """Univariable models, one for each covariate; a multivariable model; or both."""

    kind: Literal["cox"]
    baseline: Literal["site"] = "site"
    ties: Literal["efron", "breslow"] = "efron"
    univariable: Univariable = False
    """True: each covariate of `multivariable` alone."""
    multivariable: Names | None = None
    strata: Annotated[tuple[Name, ...], Since("0.2.0")] = ()
    """Categories and booleans: each combination of their levels has a baseline hazard of its own in each hospital."""
    e_value: Annotated[bool, Since("0.2.0")] = False

    @field_validator("univariable", "multivariable", "strata")
    @classmethod
    def _distinct(cls, value: bool | tuple[str, ...] | None) -> bool | tuple[str, ...] | None:
        return each_once(value) if isinstance(value, tuple) else value

    @model_validator(mode="after")
    def _some_model(self) -> CoxEntry:
        if self.univariable is True and self.multivariable is None:
            complain(say("study.cox.nothing_alone"))
        if self.univariable is False and self.multivariable is None:
            complain(say("study.cox.no_covariates"))
        return self

    @property
    def univariable_covariates(self) -> tuple[str, ...]:
        """The covariates that have a univariable model, in order."""
        if isinstance(self.univariable, tuple):
            return self.univariable
        return (self.multivariable or ()) if self.univariable else ()

    @property
    def covariates(self) -> tuple[str, ...]:
        """Those of the models, and the variables of the strata, without which a patient is in no risk set."""
        return tuple(dict.fromkeys((*(self.multivariable or ()), *self.univariable_covariates, *self.strata)))

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        together = self.multivariable or ()
        if not alone and (covariate not in together or len(together) == 1):
            return None
        if covariate not in self.covariates:
            return self
        if covariate in self.strata:
            return self.model_copy(update={"strata": tuple(name for name in self.strata if name != covariate)})
        rest = tuple(name for name in together if name != covariate) or None
        by_itself = tuple(name for name in self.univariable_covariates if name != covariate or not alone)
        if rest is None and not by_itself:
            return None
        follows = self.univariable is True and by_itself == rest
        return self.model_copy(update={"multivariable": rest, "univariable": follows or by_itself or False})

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.covariates((*path, "multivariable"), self.multivariable or (), self.endpoints)
        if isinstance(self.univariable, tuple):
            yield from draft.covariates((*path, "univariable"), self.univariable, self.endpoints)
        yield from draft.covariates((*path, "strata"), self.strata, self.endpoints)
        covariates = {*(self.multivariable or ()), *self.univariable_covariates}
        for position, name in enumerate(self.strata):
            if isinstance(draft.variables.get(name), NumberVariable):
                yield from draft.use((*path, "strata", position), name, "boolean", "category")
            if name in covariates:
                yield Complaint((*path, "strata", position), say("study.cox.stratum_is_covariate", name=name))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        endpoints, alone, together = self.labels(study), self.univariable_covariates, self.multivariable
        if together:
            covariates = tuple(_covariate(name, study) for name in together)
            yield say("study.cox.multivariable", endpoints=endpoints, covariates=covariates, n=len(covariates))
        if alone and set(alone) == set(together or ()):
            yield say("study.cox.each_of_these", endpoints=endpoints)
        elif alone:
            covariates = tuple(_covariate(name, study) for name in alone)
            yield say("study.cox.univariable", endpoints=endpoints, covariates=covariates)
        if self.strata:
            yield say("study.cox.strata", variables=tuple(_covariate(name, study) for name in self.strata))
        if self.e_value:
            yield say("study.cox.e_value")

    def facts(self, study: Study) -> dict[str, Any]:
        return {
            "univariable": list(self.univariable_covariates),
            "multivariable": list(self.multivariable or ()),
            "baseline": self.baseline,
            "ties": self.ties,
            "strata": list(self.strata),
        }

    def lines(self, study: Study) -> list[Message | str]:
        models = {"univariable": self.univariable_covariates, "multivariable": self.multivariable or ()}
        return [
            say("study.cox.line", kind=self.kind, endpoints=self.endpoints, model=model, covariates=names)
            for model, names in models.items()
            if names
        ]


def _covariate(name: str, study: Study) -> Message:
    """Returns a covariate with its unit and scale, or with its levels."""
    variable, label = study.variables[name], study.label_of(name)
    if isinstance(variable, NumberVariable):
        with_unit = f"{label} [{variable.unit}]" if variable.unit else label
        return say(f"study.covariate.{variable.transform or 'number'}", label=with_unit)
    return say("study.covariate.levels", label=label, levels=study.levels_of(name))
