"""`kind = "subgroup"`: the arms compared within each level of variables, and whether the levels differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import field_validator

from riskset.catalogue import Message, say
from riskset.study.entry import EndpointEntry, arms_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, Names, each_once
from riskset.study.variables import NumberVariable

if TYPE_CHECKING:
    from riskset.study.spec import Study


class SubgroupEntry(EndpointEntry):
    """Cox models of the arm within each level of each variable, and the test of its interaction with the variable."""

    kind: Literal["subgroup"]
    by: Names
    """Categories and booleans."""
    adjusted: tuple[Name, ...] = ()
    """Covariates of every model besides."""
    ties: Literal["efron", "breslow"] = "efron"

    @field_validator("by", "adjusted")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def covariates(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.by, *self.adjusted)))

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        by, adjusted = (tuple(name for name in names if name != covariate) for names in (self.by, self.adjusted))
        return self.model_copy(update={"by": by, "adjusted": adjusted}) if by else None

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.covariates((*path, "by"), self.by, self.endpoints, ("boolean", "category"))
        yield from draft.covariates((*path, "adjusted"), self.adjusted, self.endpoints)
        for position, name in enumerate(self.adjusted):
            number = draft.variables.get(name)
            if isinstance(number, NumberVariable) and number.is_derived:
                hint = say("study.subgroup.terms_instead")
                yield Complaint((*path, "adjusted", position), say("study.subgroup.formula", name=name), hint)
        arm = None if draft.comparison is None else draft.comparison.arm
        variable = draft.variables.get(arm or "")
        if arm is None or (variable is not None and len(variable.kind.levels) != 2):
            yield Complaint((*path, "kind"), say("study.subgroup.two_arms"))
        for key, names in (("by", self.by), ("adjusted", self.adjusted)):
            for position, name in enumerate(names):
                if name == arm:
                    yield Complaint((*path, key, position), say("study.subgroup.arm", name=name))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        variables = tuple(map(study.label_of, self.by))
        yield say("study.subgroup.compared", endpoints=self.labels(study), variables=variables, **arms_of(study))
        if self.adjusted:
            yield say("study.subgroup.adjusted", covariates=tuple(map(study.label_of, self.adjusted)))

    def facts(self, study: Study) -> dict[str, Any]:
        return {"by": list(self.by), "adjusted": list(self.adjusted), "ties": self.ties}

    def lines(self, study: Study) -> list[Message | str]:
        return [say("study.subgroup.line", kind=self.kind, endpoints=self.endpoints, variables=self.by)]
