"""`kind = "table1"`: the patients at baseline, variable by variable, in all and by arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import field_validator

from riskset.catalogue import Message, say
from riskset.study.entry import AnalysisEntry, arms_of
from riskset.study.propensity import ALL
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Names, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study


class Table1Entry(AnalysisEntry):
    """A row for each variable: counts of its levels, or mean, standard deviation and quartiles; with a comparison,
    standardised differences and tests."""

    kind: Literal["table1"]
    takes_weights = True

    missing: Literal["complete", "by_model"] = "by_model"
    """Whose rows are described: for each variable those who have it, or those who have all of them."""
    variables: Names
    populations: Names = (ALL,)
    """`all`, and populations of `[propensity]`; of a weighted one neither counts, tests nor quartiles."""
    tests: bool = True
    """Whether the arms are compared by tests."""

    @field_validator("variables", "populations")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def of_populations(self) -> tuple[str, ...]:
        return self.populations

    @property
    def covariates(self) -> tuple[str, ...]:
        return self.variables

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        if not alone or covariate not in self.variables:
            return super().without(covariate, alone=alone)
        rest = tuple(name for name in self.variables if name != covariate)
        return self.model_copy(update={"variables": rest}) if rest else None

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        arm = draft.comparison.arm if draft.comparison else None
        for position, name in enumerate(self.variables):
            at = (*path, "variables", position)
            yield from draft.use(at, name, "number", "boolean", "category")
            if name == arm:
                yield Complaint(at, say("study.table1.arm", name=name), say("study.table1.no_arm"))
            elif draft.propensity is not None and name not in draft.propensity.covariates:
                for population in draft.weighted(self.populations):
                    yield Complaint(at, say("study.table1.not_of_score", name=name, population=population))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        arms, variables = arms_of(study), tuple(map(study.label_of, self.variables))
        code = "table_by_arm" if arms else "table"
        yield say(f"study.table1.{code}", variables=variables, **arms)
        if arms and self.tests:
            yield say("study.table1.tests")
        if of := tuple(name for name in self.populations if study.is_weighted(name)):
            yield say("study.table1.weighted", populations=of)

    def facts(self, study: Study) -> dict[str, Any]:
        return {"variables": list(self.variables), "tests": self.tests}

    def lines(self, study: Study) -> list[Message | str]:
        return [say("study.table1.line", kind=self.kind, variables=self.variables)]
