"""`kind = "propensity"`: the score of `[propensity]`. A study with that table has this entry, listed or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from riskset.catalogue import Message, say
from riskset.study.entry import AnalysisEntry, arms_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class PropensityEntry(AnalysisEntry):
    """The logistic regression of the arm on the covariates of the score."""

    kind: Literal["propensity"]

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        if not draft.has_propensity:
            yield Complaint(path, say("study.propensity.no_table"))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        if (propensity := study.propensity) is not None:
            covariates = tuple(map(study.label_of, propensity.covariates))
            yield say(f"study.propensity.score.{propensity.site}", covariates=covariates, **arms_of(study))
            if propensity.firth:
                yield say("study.propensity.firth")
            if propensity.asks_preference:
                yield say("study.propensity.preference")
            for name in sorted(propensity.adjustments):
                yield propensity.adjustments[name].sentence(name)
            if (gates := propensity.gates) is not None and gates.equipoise_min is not None:
                yield say(f"study.propensity.equipoise.{gates.on_fail}", least=gates.equipoise_min)

    def facts(self, study: Study) -> dict[str, Any]:
        if study.propensity is None:
            return {}
        return {"covariates": list(study.propensity.covariates), "adjustments": sorted(study.propensity.adjustments)}

    def lines(self, study: Study) -> list[Message | str]:
        if study.propensity is None:
            return []
        return [say("study.propensity.line", kind=self.kind, covariates=study.propensity.covariates)]
