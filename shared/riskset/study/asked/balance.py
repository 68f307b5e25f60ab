"""`kind = "balance"`: how far the arms differ in the covariates of the score, before and after matching. A study with a
matched population has this entry, listed or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from riskset.catalogue import Message, say
from riskset.study.entry import AnalysisEntry
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class BalanceEntry(AnalysisEntry):
    """Standardised differences and variance ratios of each covariate of the score, for every matched population."""

    kind: Literal["balance"]

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        if not draft.has_propensity:
            yield Complaint(path, say("study.propensity.no_table"))
        elif draft.propensity is not None and not draft.propensity.balanced:
            yield Complaint(path, say("study.balance.nobody_adjusted"))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        if (propensity := study.propensity) is not None:
            covariates = tuple(map(study.label_of, propensity.covariates))
            yield say("study.balance.by_arm", covariates=covariates, populations=propensity.balanced)
            if (gates := propensity.gates) is not None and gates.smd_max is not None:
                yield say(f"study.balance.{gates.on_fail}", most=gates.smd_max)

    def facts(self, study: Study) -> dict[str, Any]:
        return {} if study.propensity is None else {"populations": list(study.propensity.balanced)}

    def lines(self, study: Study) -> list[Message | str]:
        if study.propensity is None:
            return []
        return [say("study.balance.line", kind=self.kind, populations=study.propensity.balanced)]
