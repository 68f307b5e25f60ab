"""The propensity score in the report: odds ratios of its covariates, and how well it tells the arms apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from riskset.analyses.design import Column
from riskset.analyses.methods.propensity import PropensityScore
from riskset.analyses.methods.propensity_fit import PropensityFit
from riskset.catalogue import say
from riskset.results import ResultEntry, entry_json
from riskset_report.blocks import Block, Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.sections.analysed import analysed_notes
from riskset_report.sections.overlap import overlap_figure_of
from riskset_report.sections.preference import preference_block
from riskset_report.sections.ratios import no_ratio, ratio_of
from riskset_report.sections.section import Context, Section, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    arm = cast(PropensityScore, entry.analysis).arm
    return context.say("report.propensity.title", arm=context.labels.arm(arm.variable, arm.level))


def _table(entry: ResultEntry, context: Context) -> Table:
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=(context.say("report.propensity.ratio", interval=context.interval), context.say("report.rows.p")),
        rows=tuple(_rows(entry, context)),
        notes=(*_notes(entry, context), *analysed_notes(entry, context)),
    )


def _rows(entry: ResultEntry, context: Context) -> Iterator[Row]:
    """One row for a number; for a category a heading, the reference, and the other levels."""
    labels, covariates = context.labels, cast(PropensityScore, entry.analysis).covariates
    for variable, of in groupby(covariates, key=lambda column: column.variable):
        columns = list(of)
        if columns[0].is_number:
            yield Row(labels.variable(variable), _cells(entry, columns[0], context))
            continue
        yield Row(labels.variable(variable))
        yield Row(
            labels.level(variable, columns[0].reference or ""), ((context.say("report.rows.one"),), ()), is_inner=True
        )
        for column in columns:
            yield Row(labels.level(variable, column.level or ""), _cells(entry, column, context), is_inner=True)


def _cells(entry: ResultEntry, column: Column, context: Context) -> tuple[Text, Text]:
    fit = cast(PropensityFit, entry.result)
    if column not in {term.column for term in fit.terms.terms}:
        return no_ratio(fit.terms, column, context), ()
    place = Place(entry.id, variable=column.variable)
    ratio = ratio_of(entry, column, "odds_ratio")
    return (Shown("ratio", ratio),), (Shown("p_value", (place.of("terms.p", level=column.level).id,)),)


def _notes(entry: ResultEntry, context: Context) -> Iterator[Text]:
    site = "profiled" if cast(PropensityScore, entry.analysis).has_own_intercepts else "none"
    yield (context.say(f"report.propensity.{site}"),)
    n, auc = Shown("count", (Place(entry.id, "n").id,)), Shown("three_digits", (Place(entry.id, "auc").id,))
    yield context.worded("report.propensity.auc", n=n, auc=auc)
    for at, gate in enumerate(entry_json(entry).get("preference", {}).get("gates", ())):
        least, found = (
            Shown("three_digits", (Place(entry.id, f"preference.gates[{at}].{key}").id,)) for key in ("limit", "found")
        )
        if gate["found"] is None:
            yield context.worded("report.propensity.gate_unknown", least=least)
        else:
            ended = "passed" if gate["passed"] else "failed"
            yield context.worded(f"report.propensity.gate_{ended}", least=least, share=found)


def _blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
    parts = (block(entry, context) for entry in entries for block in (overlap_figure_of, preference_block))
    return [*tabulated(_table, _title)(entries, context), *(block for block in parts if block is not None)]


SECTION = Section(say("report.heading.propensity"), _blocks)
