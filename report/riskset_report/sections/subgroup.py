"""Subgroups in the report: a table for each endpoint, population and variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.subgroup import Subgroups
from riskset.analyses.methods.subgroup_answer import Answer, NoFit, OfLevel, answer_json, compared
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report import notation
from riskset_report.blocks import Row, Shown, Table, Text, Why
from riskset_report.cells import Place
from riskset_report.missing_numbers import sentence
from riskset_report.not_reported import missing_word
from riskset_report.sections import subgroup_forest
from riskset_report.sections.analysed import analysed_notes, is_of_all, population_of
from riskset_report.sections.forests import with_figures
from riskset_report.sections.section import Context, Section, own_title, tabulated

_RATIO = ("hr", "lower", "upper")
_RATIOS = ("hazard_ratio", "by_interaction")


def _title(entry: ResultEntry, context: Context) -> str:
    analysis, labels = cast(Subgroups, entry.analysis), context.labels
    endpoint, variable = labels.endpoint(analysis.endpoint), labels.plain_variable(analysis.variable)
    of = {"endpoint": endpoint, "population": population_of(entry, context), "variable": variable}
    return own_title(context.say("report.subgroup.title", **of), entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    """A row for all patients and for each level: events and patients of each arm, and the hazard ratio of the arms."""
    analysis, answer, labels = cast(Subgroups, entry.analysis), cast(Answer, entry.result), context.labels
    everyone = (
        labels.arm(compared(analysis.arms).variable, None)
        if is_of_all(entry)
        else context.say("report.analysed.heading")
    )
    at = Place(entry.id, variable=analysis.variable)
    levels = [
        Row(
            labels.level(analysis.variable, level),
            _of_level(at, level, end, answer.interaction, context),
            is_inner=True,
        )
        for level, end in answer.levels
    ]
    rows = (
        Row(everyone, (*_counts(at, "overall", None), *_ratio(at, "overall", None, answer.overall, context), ("",))),
        Row(labels.variable(analysis.variable)),
        *levels,
    )
    arms = tuple(
        context.say("report.subgroup.events", arm=labels.arm(arm.variable, arm.level)) for arm in analysis.arms
    )
    notes = (*_notes(entry, at, context), *analysed_notes(entry, context))
    ratio, by_model = (context.say(f"report.rows.{name}", interval=context.interval) for name in _RATIOS)
    columns = (*arms, ratio, context.say("report.rows.p"), by_model)
    return Table(f"table {entry.id}", _title(entry, context), columns, rows, notes)


def _of_level(at: Place, level: str, end: Result, crossed: Result, context: Context) -> tuple[Text, ...]:
    if isinstance(end, OfLevel | NoFit):
        own = (*_counts(at, "levels", level), *_ratio(at, "levels", level, end.end, context))
    else:
        own = ((notation.NO_VALUE,), (notation.NO_VALUE,), *_ratio(at, "levels", level, end, context))
    return (*own, _ratio(at, "levels.interaction_model", level, crossed, context)[0])


def _counts(at: Place, quantity: str, level: str | None) -> tuple[Text, ...]:
    """Returns events and patients of both arms."""

    def of(arm: int, what: str) -> Shown:
        return Shown("count", (at.of(f"{quantity}.by_arm[{arm}].{what}", level=level).id,))

    return tuple((of(arm, "events"), "/", of(arm, "n")) for arm in range(2))


def _ratio(at: Place, quantity: str, level: str | None, end: Result, context: Context) -> tuple[Text, Text]:
    """Returns a hazard ratio with its limits, and its P value; in their place why there is none."""
    if not isinstance(end, CoxFit):
        why = (Why((_reason(end.reason_json(), context),)),) if isinstance(end, NotEstimable | RefusedByRule) else ()
        return (missing_word(end, context), *why), ("",)
    cells = tuple(at.of(f"{quantity}.{key}", level=level).id for key in _RATIO)
    return (Shown("ratio", cells),), (Shown("p_value", (at.of(f"{quantity}.p", level=level).id,)),)


def _notes(entry: ResultEntry, at: Place, context: Context) -> Iterator[Text]:
    analysis, answer = cast(Subgroups, entry.analysis), cast(Answer, entry.result)
    found = answer_json(answer, compared(analysis.arms))["interaction"]
    if found["wald"]:
        tests = {name: Shown("p_phrase", (at.of(f"interaction.{name}.p").id,)) for name in ("likelihood_ratio", "wald")}
        yield context.worded("report.subgroup.interaction", df=found["wald"]["df"], **tests)
    else:
        yield (context.say("report.subgroup.no_interaction", reason=_reason(found["reason"], context)),)
    if analysis.adjusted:
        covariates = tuple(map(context.labels.plain_variable, analysis.adjusted))
        yield (context.say("report.subgroup.adjusted", covariates=covariates),)
    yield (context.say("report.subgroup.note"),)


def _reason(reason: dict[str, str], context: Context) -> str:
    return sentence(reason.get("rule", reason.get("code", "")), reason["message"], context.language)


SECTION = Section(say("report.heading.subgroup"), with_figures(subgroup_forest.figures, tabulated(_table, _title)))
