"""Length of follow-up in the report: a table for each endpoint and population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.analyses.methods.follow_up import ReverseKaplanMeier
from riskset.analyses.quartiles import QUARTILES
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report.blocks import Row, Table
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.arms import Arm, arms_of, grid_in_words, limits_in_words, of_quantile, row
from riskset_report.sections.section import Context, Section, own_title, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    labels, analysis = context.labels, entry.analysis
    title = context.say(
        "report.follow_up.title",
        endpoint=labels.endpoint(analysis.endpoint),
        population=population_of(entry, context),
    )
    return own_title(title, entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    """One column per arm, then all patients."""
    analysis = cast(ReverseKaplanMeier, entry.analysis)
    arms, limits = arms_of(entry, analysis.counts, context), limits_in_words(analysis.limits_kind)
    note = context.worded("report.follow_up.note", grid=grid_in_words(analysis.counts), limits=limits)
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=tuple(arm.label for arm in arms),
        rows=(
            row(context.say("report.rows.counted.patients"), arms, "count", "n"),
            row(context.say("report.follow_up.censored"), arms, "count", "censored"),
            Row(context.say("report.follow_up.until", units=context.units().capitalize(), interval=context.interval)),
            *_quartiles(arms, context),
        ),
        notes=(note, *analysed_notes(entry, context)),
    )


def _quartiles(arms: Sequence[Arm], context: Context) -> Iterator[Row]:
    for probability in QUARTILES:
        which = "median" if probability == 0.5 else "share"
        label = context.say(f"report.follow_up.of.{which}", percent=f"{100 * probability:g}%")
        yield row(label, arms, "time_with_limits", *of_quantile(probability), is_inner=True)


SECTION = Section(say("report.heading.follow-up"), tabulated(_table, _title))
