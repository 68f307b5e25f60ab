"""Below a table of Cox models: how they were made, who is in them, and what was found beside the terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.analyses.methods.cox_answer import e_values
from riskset.analyses.methods.cox_firth import FirthModel
from riskset.analyses.methods.cox_fit import CoxFit, Separated
from riskset.analyses.methods.cox_matched_sets import MatchedSetModel
from riskset.catalogue import Message, say
from riskset.study.entry import as_printed
from riskset_report.blocks import Shown, Text, worded
from riskset_report.sections.analysed import analysed_notes
from riskset_report.sections.cox_beside import beside, concordances
from riskset_report.sections.cox_model import Model, term_label
from riskset_report.sections.ratios import ratio_of
from riskset_report.sections.section import Context


def how(models: Sequence[Model], context: Context, *, in_figure: bool = False) -> Iterator[Text]:
    """Yields how the models were made, and what is shown of them; in a figure with the abbreviations."""
    fitted = [model for model in models if model.fit]
    shown = [model for model in models if model.is_shown]
    yield worded(_what_is_shown(shown, in_figure=in_figure), context.language)
    if any(isinstance(model.analysis, FirthModel) for model in fitted):
        yield context.worded("report.cox.firth")
    if strata := dict.fromkeys(column.variable for model in models for column in model.analysis.strata):
        yield (context.say("report.cox.strata", variables=tuple(map(context.labels.plain_variable, strata))),)
    yield from _weights(fitted, context)
    if (day := models[0].analysis.set_id.landmark_days) is not None:
        yield context.worded("report.cox.landmark", day=day)
    if any(model.limit for model in shown):
        yield context.worded("report.cox.separated")


def notes(models: Sequence[Model], context: Context) -> Iterator[Text]:
    """Yields the notes of a table, without its signs and why a number is missing."""
    fitted = [model for model in models if model.fit]
    yield from how(models, context)
    yield from _analysed([model for model in models if not model.is_refused], context)
    of_several = [model for model in fitted if not model.is_univariable or len(model.analysis.design) > 1]
    for model in of_several:
        if not model.has_robust_errors:
            yield context.worded("report.cox.tests", model=model.name(context), **_tests(model))
    if any(model.has_robust_errors for model in of_several):
        yield (context.say("report.cox.no_joint_tests"),)
    for model in fitted:
        yield from beside(model.name(context), model.entry, context)
    yield from concordances([(model.name(context), model.entry) for model in fitted], context)
    yield from _e_values(fitted, context)
    if left_out := _not_in_multivariable(models):
        covariates = tuple(context.labels.plain_variable(variable) for variable in left_out)
        yield (context.say("report.cox.not_in_multivariable", covariates=covariates),)
    yield from _at_limits(models, context)
    yield from _of_splines(fitted, context)


def _what_is_shown(shown: Sequence[Model], *, in_figure: bool) -> Message:
    if any(isinstance(model.analysis, MatchedSetModel) for model in shown):  # all are of one entry
        return say("report.cox.by_matched_set") if in_figure else say("report.cox.made_by_matched_set")
    each = {model.analysis.ties for model in shown}
    ties = say(f"report.cox.ties.{each.pop() if len(each) == 1 else 'both'}")
    return say("report.cox.note", ties=ties) if in_figure else say("report.cox.made", ties=ties)


def _weights(models: Sequence[Model], context: Context) -> Iterator[Text]:
    """As how many patients and events those of weighted models count: once for each set of patients."""
    of_sets = {model.analysis.analysis_set: model for model in reversed(models) if model.is_weighted}
    for model in reversed(list(of_sets.values())):
        by = model.analysis.set_id.weighted_by
        population = say("report.population.weights", name=model.analysis.population)
        weights = context.labels.plain_variable(by) if by else population
        cells = {key: Shown("count", (model.cell(f"effective_{key}"),)) for key in ("n", "events")}
        yield context.worded("report.cox.weights", weights=weights, **cells)


def _analysed(models: Sequence[Model], context: Context) -> Iterator[Text]:
    """Who is analysed: once if all models have the same patients, otherwise for each set of patients."""
    of_sets = {model.analysis.analysis_set: model for model in reversed(models)}
    for model in reversed(list(of_sets.values())):
        for note in analysed_notes(model.entry, context):
            yield note if len(of_sets) == 1 else (context.say("report.cox.of_model", model=model.name(context)), *note)


def _tests(model: Model) -> dict[str, Shown]:
    return {
        test: Shown("chi_square", tuple(model.cell(f"tests.{test}.{part}") for part in ("chi2", "df", "p")))
        for test in ("likelihood_ratio", "wald", "score")
    }


def _e_values(models: Sequence[Model], context: Context) -> Iterator[Text]:
    for model in models:
        fit = cast(CoxFit, model.fit)
        for column, value in e_values(fit) if model.analysis.with_e_value else ():
            estimate, limit = model.of_column(column, "e_value.estimate", "e_value.limit")
            yield context.worded(
                "report.cox.e_value",
                model=model.kind(context),
                term=term_label(column, context.labels),
                outcome=say(f"report.cox.outcome.{value.outcome}"),
                estimate=Shown("three_digits", (estimate,)),
                limit=Shown("three_digits", (limit,)),
            )


def _not_in_multivariable(models: Sequence[Model]) -> list[str]:
    """Returns the variables of univariable models that the multivariable one does not have; none without one."""
    together = {column.variable for model in models if not model.is_univariable for column in model.analysis.design}
    alone = dict.fromkeys(column.variable for model in models for column in model.analysis.design)
    return [variable for variable in alone if variable not in together] if together else []


def _at_limits(models: Sequence[Model], context: Context) -> Iterator[Text]:
    """The other hazard ratios of a model with one separated column, with that column at its limit."""
    for model in models:
        end = model.entry.result
        for term in (end.rest or ()) if isinstance(end, Separated) else ():
            ratio = ratio_of(model.entry, term.column, of="under_separation.terms")
            p = model.of_column(term.column, "under_separation.terms.p")
            of = {"model": model.kind(context), "term": term_label(term.column, context.labels)}
            shown = {"hr": Shown("ratio_95", ratio), "p": Shown("p_value", p)}
            yield context.worded("report.cox.at_limit", **of, **shown)


def _of_splines(models: Sequence[Model], context: Context) -> Iterator[Text]:
    """The test that a number's effect is linear, for each spline."""
    for model in models:
        for spline in () if model.has_robust_errors else model.analysis.splines:
            variable = spline.number.variable
            if any(model.has_estimate(part) for part in spline.parts):
                test = model.of_variable(variable, *(f"splines.linearity.{key}" for key in ("chi2", "df", "p")))
                of = {"model": model.name(context), "variable": context.labels.plain_variable(variable)}
                knots = tuple(as_printed(spline.knots))
                yield context.worded("report.cox.linearity", **of, knots=knots, test=Shown("chi_square", test))
