"""Below a table of Cox models: what each model's companions found, and which of them have no result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.design import Column
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset.study.asked.cox import FEWEST_CLUSTERS
from riskset_server.report.blocks import Text
from riskset_server.report.labels import Labels
from riskset_server.report.not_reported import sentence
from riskset_server.report.sections.section import Context


def beside(name: str, entry: ResultEntry, context: Context) -> Iterator[Text]:
    """Yields the notes of one fitted model, which is called `name`."""
    model, fit = cast(CoxModel, entry.analysis), cast(CoxFit, entry.result)
    yield from _robust(name, model, fit, context)


def _robust(name: str, model: CoxModel, fit: CoxFit, context: Context) -> Iterator[Text]:
    """From which errors the limits are, and which terms have no such error."""
    if model.robust == "none":
        return
    sites = len(context.results.sites)
    if any(term.robust_se is not None for term in fit.terms):
        yield (str(say(f"report.cox.robust.{model.robust}", model=name, n=sites)),)
    if model.robust == "site" and sites < FEWEST_CLUSTERS:
        yield (str(say("report.cox.few_clusters", most=FEWEST_CLUSTERS)),)
    for term in fit.terms:
        if term.column in fit.not_robust:
            of = {"term": _term(term.column, context.labels), "reason": why_not(fit.not_robust[term.column])}
            yield (str(say("report.cox.not_robust", model=name, **of)),)


def why_not(end: Result) -> str:
    """Returns why a companion has no result."""
    if isinstance(end, RefusedByRule):
        return sentence(end.rule, str(end.message))
    return sentence(end.code, str(end.message)) if isinstance(end, NotEstimable) else ""


def _term(column: Column, labels: Labels) -> str:
    level = "" if column.level is None else f" {labels.level(column.variable, column.level)}"
    return f"{labels.variable(column.variable)}{level}"
