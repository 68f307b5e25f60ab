"""Cox models in the report: a forest plot, a table, and what follows from the fitted models; or boxes of refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report.blocks import Block, Box, Figure, Table
from riskset_report.not_reported import not_reported
from riskset_report.sections import cox_forest
from riskset_report.sections.analysed import population_of
from riskset_report.sections.cox_beside import tests_of_time
from riskset_report.sections.cox_log_log import log_log_figures
from riskset_report.sections.cox_model import Model
from riskset_report.sections.cox_notes import how, notes
from riskset_report.sections.cox_spline import spline_figures
from riskset_report.sections.cox_table import CoxTable
from riskset_report.sections.section import Context, Section, own_title


def _blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
    """One table per analysis, endpoint and population with a fitted model; otherwise one box per refusal."""
    groups: dict[tuple[str, str | None, str], list[Model]] = {}
    for entry in entries:
        analysis = entry.analysis
        groups.setdefault((analysis.name, analysis.endpoint, analysis.population), []).append(Model(entry))
    shown = [models for models in groups.values() if any(model.is_shown for model in models)]
    hidden = [models for models in groups.values() if models not in shown]
    given = (block for models in shown for block in _of_group(models, context))
    return [*given, *(b for models in hidden for b in _boxes(models, context))]


SECTION: Final = Section(say("report.heading.cox"), _blocks)


def _of_group(models: Sequence[Model], context: Context) -> Iterator[Block]:
    entries, first = [model.entry for model in models], models[0].analysis
    title = _title(entries[0], context)
    yield from cox_forest.figures(title, entries, tuple(how(models, context, in_figure=True)), context)
    id_ = f"table cox/{first.endpoint}/{first.population}/{first.name}"
    yield CoxTable(tuple(models), context).table(id_, title, tuple(notes(models, context)))
    yield from _beside(title, models, context)


def _beside(title: str, models: Sequence[Model], context: Context) -> Iterator[Figure | Table]:
    """The figures and tables of what follows from the fitted models."""
    fitted = [(model.name(context), model.entry) for model in models if model.fit]
    yield from spline_figures([entry for _, entry in fitted], context)
    yield from tests_of_time(title, fitted, context)
    yield from log_log_figures([entry for _, entry in fitted], context)


def _boxes(models: Sequence[Model], context: Context) -> list[Box]:
    """One per refusal, even if several models have it."""
    refused = (model.entry for model in models if model.is_refused)
    return list(dict.fromkeys(not_reported(entry, _title(entry, context), context) for entry in refused))


def _title(entry: ResultEntry, context: Context) -> str:
    endpoint = context.labels.endpoint(entry.analysis.endpoint)
    title = context.say("report.cox.title", endpoint=endpoint, population=population_of(entry, context))
    return own_title(title, entry, context)
