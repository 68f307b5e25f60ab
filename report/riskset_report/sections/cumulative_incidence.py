"""Cumulative incidence in the report: a figure for each kind of event, a table, and the table of a Fine-Gray model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.cumulative_incidence import CumulativeIncidence, Incidences
from riskset.analyses.methods.fine_gray import FineGray
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report.blocks import Block, Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.figures.survival_figure import CurveCells, SurvivalFigure
from riskset_report.not_reported import not_reported
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.arms import (
    Arm,
    arms_of,
    at_time,
    beyond_follow_up,
    grid_in_words,
    limits_in_words,
    row,
    time_axis,
)
from riskset_report.sections.ratios import no_ratio, ratio_of
from riskset_report.sections.section import Context, Section, own_title
from riskset_report.sentences import lines_beside


def _blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
    blocks: list[Block] = []
    for entry in (entry for entry in entries if entry.status == "ok"):
        if isinstance(entry.analysis, FineGray):
            blocks.append(_model(entry, context))
        else:
            causes = range(len(cast(CumulativeIncidence, entry.analysis).causes))
            blocks += [*(_figure(entry, cause, context) for cause in causes), _table(entry, context)]
    return [*blocks, *(not_reported(e, _title(e, context), context) for e in entries if e.status != "ok")]


SECTION = Section(say("report.heading.cumulative-incidence"), _blocks)


def _title(entry: ResultEntry, context: Context) -> str:
    labels, analysis = context.labels, entry.analysis
    what = "model_title" if isinstance(analysis, FineGray) else "title"
    of = {"endpoint": labels.endpoint(analysis.endpoint), "population": population_of(entry, context)}
    title = context.say(f"report.cumulative_incidence.{what}", **of)
    return own_title(title, entry, context)


def _cause(name: str, context: Context) -> str:
    """Returns the label of a cause, which is a variable or several."""
    names = tuple(map(context.labels.plain_variable, name.split(" or ")))
    return context.say("report.cumulative_incidence.any_of", names=names)


def _figure(entry: ResultEntry, cause: int, context: Context) -> SurvivalFigure:
    analysis, result = cast(CumulativeIncidence, entry.analysis), cast(Incidences, entry.result)
    arms = arms_of(entry, analysis.counts, context)
    shown = list(zip(arms, (*result.arms, result.overall), strict=True))[: -1 if result.arms else None]
    name = _cause(analysis.causes[cause], context)
    days = [[int(day) for day in arm.incidence.day] for _, arm in shown]
    n, events = (Shown("count", (arms[-1].cell(key),)) for key in ("n", f"causes[{cause}].events"))
    how = {
        "grid": grid_in_words(analysis.counts),
        "interval": context.interval,
        "limits": limits_in_words(analysis.limits_kind),
    }
    footnote = context.worded("report.cumulative_incidence.footnote", n=n, events=events, **how)
    tests: tuple[Text, ...] = ()
    if result.gray:
        p = Shown("p_phrase", (_test_cell(entry, analysis, cause, "p"),))
        tests = (context.worded("report.cumulative_incidence.gray_in_figure", p=p),)
    return SurvivalFigure(
        result=f"{entry.id}/{cause + 1}",
        title=context.say("report.cumulative_incidence.title_of", title=_title(entry, context), cause=name),
        x_label=time_axis(analysis.endpoint, context),
        y_label=context.say("report.axis.cumulative_incidence", cause=name),
        curves=tuple(
            _curve(arm, cause, own, analysis.counts.reference, found.level)
            for (arm, found), own in zip(shown, days, strict=True)
        ),
        medians_title="",
        medians=(),
        comparison=tests,
        footnote=lines_beside([footnote, *context.released_curves()], context.language),
        notices=context.notices,
        ticks=context.results.study.time.ticks,
    )


def _curve(arm: Arm, cause: int, days: Sequence[int], reference: str | None, level: str | None) -> CurveCells:
    estimate, lower, upper, at_risk = (
        tuple(arm.cell(f"causes[{cause}].curve.{key}", day) for day in days)
        for key in ("estimate", "lower", "upper", "at_risk")
    )
    is_reference = level is not None and level == reference
    return CurveCells(arm.label, is_reference, tuple(days), estimate, lower, upper, at_risk, median=(), start=0.0)


def _test_cell(entry: ResultEntry, analysis: CumulativeIncidence, cause: int, key: str) -> str:
    return Place(entry.id, variable=analysis.counts.arm or "").of(f"gray[{cause}].{key}").id


def _table(entry: ResultEntry, context: Context) -> Table:
    """One column per arm, then all patients; of each cause its events and the landmarks."""
    analysis, result = cast(CumulativeIncidence, entry.analysis), cast(Incidences, entry.result)
    arms = arms_of(entry, analysis.counts, context)
    rows = [row(context.say("report.rows.counted.patients"), arms, "count", "n")]
    stems = [f"causes[{cause}].landmarks" for cause in range(len(analysis.causes))]
    for cause, name in enumerate(analysis.causes):
        counted = context.say("report.rows.counted.events")
        rows += [Row(_cause(name, context)), row(counted, arms, "count", f"causes[{cause}].events", is_inner=True)]
        for time, day in analysis.landmarks:
            label = context.say("report.rows.percent_at", time=at_time(time, context), interval=context.interval)
            keys = [f"causes[{cause}].landmarks.{key}" for key in ("estimate", "lower", "upper")]
            of_day = row(label, arms, context.probability, *keys, day=day, is_inner=True)
            rows.append(beyond_follow_up(of_day, arms, stems, "estimate", day, 1.0, context))
    how = {"grid": grid_in_words(analysis.counts), "limits": limits_in_words(analysis.limits_kind)}
    notes: list[Text] = [context.worded("report.cumulative_incidence.note", **how)]
    if result.gray is None:
        notes.append((context.say("report.cumulative_incidence.no_gray", reason=say("analyses.gray_of_late_entry")),))
    for cause in range(len(result.gray or ())):
        cells = tuple(_test_cell(entry, analysis, cause, key) for key in ("chi2", "df", "p"))
        of = {"cause": _cause(analysis.causes[cause], context), "test": Shown("chi_square", cells)}
        notes.append(context.worded("report.cumulative_incidence.gray", **of))
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=tuple(arm.label for arm in arms),
        rows=tuple(rows),
        notes=(*notes, *context.released_curves(), *analysed_notes(entry, context)),
    )


def _model(entry: ResultEntry, context: Context) -> Table:
    analysis, fit = cast(FineGray, entry.analysis), cast(CoxFit, entry.result)
    n, events = (Shown("count", (Place(entry.id, key).id,)) for key in ("n", "events"))
    of = {"cause": _cause(analysis.cause, context), "ties": say(f"report.cox.ties.{analysis.ties}")}
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=(
            context.say("report.cumulative_incidence.ratio", interval=context.interval),
            context.say("report.rows.p"),
        ),
        rows=tuple(_term(entry, fit, column, context) for column in analysis.design),
        notes=(
            context.worded("report.cumulative_incidence.fine_gray", n=n, events=events, **of),
            *analysed_notes(entry, context),
        ),
    )


def _name(column: Column, context: Context) -> str:
    labels = context.labels
    if column.level is None:
        return labels.variable(column.variable)
    level, reference = (labels.level(column.variable, one) for one in (column.level, column.reference or ""))
    named = {"variable": labels.variable(column.variable), "level": level, "reference": reference}
    return context.say("report.cumulative_incidence.against", **named)


def _term(entry: ResultEntry, fit: CoxFit, column: Column, context: Context) -> Row:
    if not any(term.column == column for term in fit.terms):
        return Row(_name(column, context), (no_ratio(fit, column, context), ("",)))
    place = Place(entry.id, variable=column.variable)
    p = place.of("terms.p", level=column.level).id
    return Row(_name(column, context), ((Shown("ratio", ratio_of(entry, column)),), (Shown("p_value", (p,)),)))
