"""From an entry of the study file to its Cox models, each with what follows from its fit."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.analysis import Analysis
from riskset.analyses.methods import cox
from riskset.analyses.methods.cox_robust import robust_errors
from riskset.study.asked.cox import CoxEntry
from riskset.study.spec import Study


def planned(study: Study, name: str, entry: CoxEntry) -> Iterator[Analysis]:
    """Yields the models of an entry, each before its companions."""
    for model in cox.planned(study, name, entry):
        yield model
        yield from robust_errors(model)
