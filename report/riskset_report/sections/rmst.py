"""Restricted mean survival time in the report: a table for each endpoint, population and tau."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.analyses.methods.rmst import RestrictedMean, RestrictedMeans
from riskset.analyses.methods.rmst_weighted import WeightedRestrictedMean
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report.blocks import Format, Row, Shown, Table, Text
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.arms import Arm, arms_of, counted_rows, grid_in_words, row
from riskset_report.sections.section import Context, Section, own_title, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    analysis, time = cast(RestrictedMean | WeightedRestrictedMean, entry.analysis), context.results.study.time
    tau = analysis.tau_days / time.days_per_unit
    title = context.say(
        "report.rmst.title",
        endpoint=context.labels.endpoint(analysis.endpoint),
        population=population_of(entry, context),
        tau=f"{tau:g}",
        units=context.units(tau),
    )
    return own_title(title, entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    """One column per arm, then all patients; the mean, and the comparisons with the reference."""
    analysis = cast(RestrictedMean | WeightedRestrictedMean, entry.analysis)
    arms = arms_of(entry, analysis.counts, context)
    mean = context.say("report.rmst.mean", units=context.units(), interval=context.interval)
    rows = [
        *counted_rows(arms, context, are_of_all=analysis.exposure.weights),
        context.explained(row(mean, arms, "mean_with_limits", "rmst_days", "lower", "upper")),
        *_comparisons(entry, arms, context),
    ]
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=tuple(arm.label for arm in arms),
        rows=tuple(rows),
        notes=(*_notes(entry, arms, context), *analysed_notes(entry, context)),
    )


def _comparisons(entry: ResultEntry, arms: Sequence[Arm], context: Context) -> Iterator[Row]:
    """Difference and ratio, each in the column of its arm, and P values."""
    result = cast(RestrictedMeans, entry.result)
    compared = {one.level for one in result.comparisons}
    if not compared:
        return
    forms: tuple[tuple[str, str, Format], ...] = (
        ("differences", "difference", "difference_with_limits"),
        ("ratios", "ratio", "ratio"),
        ("rmtl_ratios", "ratio_lost", "ratio"),
    )
    for quantity, name, form in forms:
        label = context.say(f"report.rmst.{name}", units=context.units(), interval=context.interval)
        yield context.explained(Row(label, tuple(_compared(arm, compared, quantity, form, context) for arm in arms)))
        of_test = tuple(_compared(arm, compared, quantity, "p_value", context) for arm in arms)
        yield Row(context.say("report.rows.p"), of_test, is_inner=True)


def _compared(arm: Arm, compared: set[str], quantity: str, form: Format, context: Context) -> Text:
    if arm.place.quantity != "arms":
        return ("",)
    if arm.place.level not in compared:
        return (context.say("report.rows.reference"),) if form != "p_value" else ("",)
    keys = ("p",) if form == "p_value" else ("estimate", "lower", "upper")
    place = arm.place
    cells = tuple(place.of(f"{quantity}.{key}", level=place.level).id for key in keys)
    return (Shown(form, cells),)


def _notes(entry: ResultEntry, arms: Sequence[Arm], context: Context) -> Iterator[Text]:
    analysis, result = (
        cast(RestrictedMean | WeightedRestrictedMean, entry.analysis),
        cast(RestrictedMeans, entry.result),
    )
    yield context.worded("report.rmst.note", grid=grid_in_words(analysis.counts))
    if analysis.exposure.weights:
        yield context.worded("report.rmst.averaged")
    for arm, mean in zip(arms, (*result.arms, result.overall), strict=True):
        if mean.last_day is not None:
            day = Shown("digits", (arm.cell("last_day"),))
            yield context.worded("report.rmst.short_follow_up", arm=arm.label, day=day)


SECTION = Section(say("report.heading.rmst"), tabulated(_table, _title))
