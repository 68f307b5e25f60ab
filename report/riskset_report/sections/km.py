"""Kaplan-Meier curves in the report: one figure and one table for each result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.km import ArmCurve, KaplanMeier, SurvivalCurves
from riskset.analyses.methods.km_weighted import WeightedKaplanMeier
from riskset.analyses.quartiles import QUARTILES
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report import notation
from riskset_report.blocks import Block, Format, Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.figures.survival_figure import CurveCells, OffGrid, SurvivalFigure
from riskset_report.not_reported import not_reported
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.arm_models import models_of_arm, variables_of
from riskset_report.sections.arms import (
    Arm,
    arms_of,
    at_time,
    beyond_follow_up,
    counted_rows,
    grid_in_words,
    limits_in_words,
    of_quantile,
    row,
    time_axis,
)
from riskset_report.sections.section import Context, Section, own_title
from riskset_report.sentences import lines_beside


def _blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
    given = [_Curves.of(entry, context) for entry in entries if entry.status == "ok"]
    boxes = [not_reported(e, _title(e, context), context) for e in entries if e.status != "ok"]
    return [*(block for curves in given for block in (_figure(curves), _table(curves))), *boxes]


SECTION = Section(say("report.heading.km"), _blocks)


def _title(entry: ResultEntry, context: Context) -> str:
    endpoint = context.labels.endpoint(entry.analysis.endpoint)
    title = context.say("report.km.title", endpoint=endpoint, population=population_of(entry, context))
    return own_title(title, entry, context)


@dataclass(frozen=True)
class _Group(Arm):
    """An arm with its curve."""

    curve: ArmCurve
    is_reference: bool
    time: Format = "time_with_limits"
    """How its quartiles are printed."""

    @property
    def median(self) -> Text:
        if self.is_empty:
            return (notation.NO_VALUE,)
        return (Shown(self.time, tuple(map(self.cell, of_quantile(0.5)))),)


@dataclass(frozen=True)
class _Curves:
    """A result with its groups and the context in which it is printed."""

    entry: ResultEntry
    analysis: KaplanMeier | WeightedKaplanMeier
    groups: tuple[_Group, ...]
    """The arms, then all patients."""
    context: Context

    @classmethod
    def of(cls, entry: ResultEntry, context: Context) -> _Curves:
        analysis = cast(KaplanMeier | WeightedKaplanMeier, entry.analysis)
        result, is_weighted = cast(SurvivalCurves, entry.result), analysis.exposure.weights
        reference, curves = analysis.counts.reference, (*result.arms, result.overall)
        groups = (
            _Group(
                arm.label,
                arm.place,
                curve,
                curve.level is not None and curve.level == reference,
                time="time" if is_weighted else "time_with_limits",
                is_empty=arm.is_empty,
            )
            for arm, curve in zip(arms_of(entry, analysis.counts, context), curves, strict=True)
        )
        return cls(entry, analysis, tuple(groups), context)

    @property
    def overall(self) -> _Group:
        return self.groups[-1]

    @property
    def drawn(self) -> tuple[_Group, ...]:
        """The arms; all patients if the study compares no arms."""
        return self.groups[:-1] or self.groups

    @property
    def of_patients(self) -> KaplanMeier | None:
        """The analysis, where each patient counts once."""
        return None if isinstance(self.analysis, WeightedKaplanMeier) else self.analysis

    @property
    def unit(self) -> str:
        return self.context.results.study.time.unit

    def test(self, name: str, *keys: str) -> tuple[str, ...]:
        """Returns the cells of a log-rank test; empty if there is no test."""
        result = cast(SurvivalCurves, self.entry.result)
        has_it = getattr(result, name) is not None
        place = self.overall.place
        return tuple(place.of(f"{name}.{key}").id for key in keys) if has_it else ()


def _figure(curves: _Curves) -> SurvivalFigure:
    context, analysis, model = curves.context, curves.analysis, _model_of_arm(curves)
    of_median = {"units": context.units(), "interval": context.interval}
    return SurvivalFigure(
        result=curves.entry.id,
        title=_title(curves.entry, curves.context),
        x_label=time_axis(analysis.endpoint, context),
        y_label=context.say("report.axis.percent", what=context.labels.endpoint(analysis.endpoint)),
        curves=tuple(_curve(group) for group in curves.drawn),
        medians_title=context.say(f"report.km.medians{'' if curves.of_patients else '_alone'}", **of_median),
        medians=tuple((g.label, g.median) for g in curves.drawn),
        comparison=(*_hazard_ratios(curves, model), *_log_rank(curves)),
        footnote=_footnote(curves, model, "patients" if curves.of_patients else "averages"),
        notices=curves.context.notices,
        off_grid=_off_grid(curves, model),
        ticks=context.results.study.time.ticks,
    )


def _off_grid(curves: _Curves, model: ResultEntry | None) -> OffGrid | None:
    """Of late entries and averaged weights it is not known how far the grid moves a median."""
    counts = curves.analysis.counts
    if curves.of_patients is None or counts.has_entry:
        return None
    return OffGrid(_footnote(curves, model, "patients_off_grid"), counts.grid.width_days)


def _curve(group: _Group) -> CurveCells:
    days = [int(day) for day in group.curve.curve.day]
    survival, lower, upper, at_risk = (
        tuple(group.cell(f"curve.{name}", day) for day in days) for name in ("survival", "lower", "upper", "at_risk")
    )
    median = (group.cell("median_days.estimate"), group.cell("quartiles[0.5].estimate"))
    return CurveCells(group.label, group.is_reference, tuple(days), survival, lower, upper, at_risk, median)


def _model_of_arm(curves: _Curves) -> ResultEntry | None:
    """The Cox model of the same patients that has the arm's hazard ratio: a univariable one if there is one, else an
    adjusted one; of several analyses the study's first."""
    of_arm = models_of_arm(curves.entry, curves.analysis.counts.arm, curves.context.results)
    return min(of_arm, key=_univariable_first, default=None)


def _univariable_first(model: ResultEntry) -> tuple[bool, int]:
    return cast(CoxModel, model.analysis).model != "univariable", len(variables_of(model))


def _hazard_ratios(curves: _Curves, model: ResultEntry | None) -> Iterator[Text]:
    if model is None:
        return
    fit, context = cast(CoxFit, model.result), curves.context
    name = context.say(f"report.km.{'' if len(variables_of(model)) == 1 else 'adjusted_'}hr")
    estimated = {term.column for term in fit.terms}
    columns = [c for c in cast(CoxModel, model.analysis).design if c.variable == curves.analysis.counts.arm]
    for column in columns:
        label = curves.context.labels.arm(column.variable, column.level)
        place = Place(model.id, variable=column.variable)
        cells = tuple(place.of(f"terms.{key}", level=column.level).id for key in ("hr", "lower", "upper"))
        value = Shown("ratio_95", cells) if column in estimated else context.words.not_estimable
        yield (f"{name} " if len(columns) == 1 else f"{context.say('report.km.hr_of', hr=name, arm=label)} ", value)


def _log_rank(curves: _Curves) -> Iterator[Text]:
    for name in ("log_rank", "log_rank_by_site"):
        if cells := curves.test(name, "p"):
            yield curves.context.worded(f"report.km.in_figure.{name}", p=Shown("p_phrase", cells))


def _footnote(curves: _Curves, model: ResultEntry | None, of: str) -> Text:
    """How the figure was made: numbers, grid, limits, and the model of the hazard ratio. `of` is a sentence's code."""
    context = curves.context
    n, events = (Shown("count", (curves.overall.cell(key),)) for key in ("n", "events"))
    grid, limits = grid_in_words(curves.analysis.counts), limits_in_words(curves.analysis.limits_kind)
    values = {"n": n, "events": events, "grid": grid, "interval": context.interval, "limits": limits}
    how = context.worded(f"report.km.footnote.{of}", **values)
    notes = [how, *analysed_notes(curves.entry, curves.context, has_advice=False, is_counted=True)]
    notes += context.released_curves()
    if model is not None:
        is_univariable = len(variables_of(model)) == 1
        kind = "hazard_ratio" if is_univariable else "adjusted_hazard_ratio"
        notes.append(context.worded(f"report.km.{kind}"))
    return lines_beside(notes, context.language)


def _table(curves: _Curves) -> Table:
    """One column per arm, then all patients; patients, events, quartiles, landmarks."""
    groups, context = curves.groups, curves.context
    limits = "with_limits" if curves.of_patients else "without_limits"
    falls_to = {"units": context.units().capitalize(), "interval": context.interval}
    rows = [
        *counted_rows(groups, context, are_of_all=curves.of_patients is None),
        Row(context.say(f"report.km.falls_to_{limits}", **falls_to)),
        *_quantile_rows(groups, context),
    ]
    if curves.analysis.landmarks:
        rows += [Row(context.say("report.km.survival", interval=context.interval)), *_landmark_rows(curves)]
    return Table(
        id=f"table {curves.entry.id}",
        title=_title(curves.entry, context),
        columns=tuple(group.label for group in groups),
        rows=tuple(rows),
        notes=(*_log_rank_notes(curves), *context.released_curves(), *analysed_notes(curves.entry, context)),
    )


def _quantile_rows(groups: Sequence[_Group], context: Context) -> Iterator[Row]:
    """Quartiles, highest survival first: at 75% a quarter of the patients have had the event."""
    for probability in QUARTILES:
        percent = f"{100 * (1 - probability):g}%"
        label = context.say("report.rows.median_at", percent=percent) if probability == 0.5 else percent
        yield row(label, groups, groups[-1].time, *of_quantile(probability), is_inner=True)


def _landmark_rows(curves: _Curves) -> Iterator[Row]:
    for time, day in curves.analysis.landmarks:
        label = at_time(time, curves.context)
        keys = [f"landmarks.{key}" for key in ("survival", "lower", "upper")]
        of_day = row(label, curves.groups, curves.context.probability, *keys, day=day, is_inner=True)
        explained = curves.context.explained(of_day)
        yield beyond_follow_up(explained, curves.groups, ("landmarks",), "survival", day, 0.0, curves.context)


def _log_rank_notes(curves: _Curves) -> Iterator[Text]:
    context = curves.context
    if isinstance(curves.analysis, WeightedKaplanMeier):
        yield context.worded("report.km.averaged", n=curves.analysis.least)
        return
    rho, strata = curves.analysis.rho, tuple(map(context.labels.plain_variable, curves.analysis.strata_variables))
    for name in ("log_rank", "log_rank_by_site", "log_rank_by_strata"):
        if cells := curves.test(name, "chi2", "df", "p"):
            yield context.worded(f"report.km.{name}", test=Shown("chi_square", cells), strata=strata)
    if rho and curves.test("log_rank", "p"):
        yield context.worded("report.km.weighted", rho=f"{rho:g}")
    if (refusal := curves.analysis.strata_refusal) is not None:
        yield context.worded("report.km.no_strata", rule=refusal.rule, reason=refusal.message)
