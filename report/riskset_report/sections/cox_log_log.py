"""The log-log plot beside the tests of proportional hazards, from the Kaplan-Meier curves of the arms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from riskset.analyses.methods.km import ArmCurve, KaplanMeier, SurvivalCurves
from riskset.results import ResultEntry
from riskset_report.figures.log_log_figure import LogLogFigure
from riskset_report.figures.survival_figure import CurveCells
from riskset_report.sections.analysed import population_of
from riskset_report.sections.arm_models import models_of_arm
from riskset_report.sections.arms import Arm, arms_of, grid_in_words, time_axis
from riskset_report.sections.section import Context

_FEWEST: Final = 2
"""Arms; a curve alone is parallel to nothing."""


def log_log_figures(models: Sequence[ResultEntry], context: Context) -> Iterator[LogLogFigure]:
    """Yields the figure of the endpoint and population of an analysis' fitted models, if they are the first of the
    arms, and there are curves of the arms in which each patient counts once."""
    curves = next((entry for entry in context.results.entries if models and _has_curves_of(models[0], entry)), None)
    if curves is None:
        return
    first = next(iter(models_of_arm(curves, cast(KaplanMeier, curves.analysis).counts.arm, context.results)), None)
    if first is not None and first.id in {model.id for model in models}:
        yield _figure(curves, first, context)


def _has_curves_of(model: ResultEntry, entry: ResultEntry) -> bool:
    asked, of = model.analysis, entry.analysis
    return (
        isinstance(of, KaplanMeier)
        and isinstance(entry.result, SurvivalCurves)
        and (of.endpoint, of.population) == (asked.endpoint, asked.population)
        and len(entry.result.arms) >= _FEWEST
    )


def _figure(entry: ResultEntry, model: ResultEntry, context: Context) -> LogLogFigure:
    analysis, found = cast(KaplanMeier, entry.analysis), cast(SurvivalCurves, entry.result)
    arms, labels = arms_of(entry, analysis.counts, context)[:-1], context.labels
    pairs = zip(arms, found.arms, strict=True)
    named = {"endpoint": labels.endpoint(analysis.endpoint), "population": population_of(entry, context)}
    return LogLogFigure(
        result=f"cox/{analysis.endpoint}/{analysis.population}/{model.analysis.name}/log-log",
        title=context.say("report.log_log.title", **named),
        curves=tuple(_curve(arm, one, is_reference=one.level == analysis.counts.reference) for arm, one in pairs),
        x_label=context.say("report.log_log.axis", time=time_axis(analysis.endpoint, context)),
        y_label=context.say("report.log_log.transformed"),
        footnotes=(
            context.worded("report.log_log.footnote", grid=grid_in_words(analysis.counts)),
            *context.released_curves(),
        ),
        notices=context.notices,
        description=context.say("report.log_log.alt"),
        ticks=context.results.study.time.ticks,
    )


def _curve(arm: Arm, found: ArmCurve, *, is_reference: bool) -> CurveCells:
    days = [int(day) for day in found.curve.day]
    survival, at_risk = (tuple(arm.cell(f"curve.{name}", day) for day in days) for name in ("survival", "at_risk"))
    return CurveCells(arm.label, is_reference, tuple(days), survival, (), (), at_risk, median=())
