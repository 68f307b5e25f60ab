"""`kind = "balance"`: how alike the arms are in the covariates of the propensity score, before and after adjustment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from riskset.catalogue import Message, say
from riskset.study.entry import AnalysisEntry, arms_of
from riskset.study.propensity import ALL
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Names, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study


class BalanceEntry(AnalysisEntry):
    """Standardised differences and ratios of variances of the covariates of `[propensity]`."""

    kind: Literal["balance"]
    populations: Names
    """Adjustments of `[propensity]`."""

    @field_validator("populations")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def of_populations(self) -> tuple[str, ...]:
        return self.populations

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        if not draft.has_propensity:
            yield Complaint(path, say("study.propensity.no_table"))
        elif ALL in self.populations:
            yield Complaint((*path, "populations", self.populations.index(ALL)), say("study.balance.all"))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        if study.propensity is not None:
            covariates = tuple(map(study.label_of, study.propensity.covariates))
            yield say("study.balance.sentence", covariates=covariates, populations=self.populations, **arms_of(study))

    def facts(self, study: Study) -> dict[str, Any]:
        return {"populations": list(self.populations)}

    def lines(self, study: Study) -> list[Message | str]:
        return [say("study.balance.line", kind=self.kind, populations=self.populations)]
