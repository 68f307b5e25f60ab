"""Length of follow-up in the report: a table for each endpoint and population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.analyses.methods.follow_up import ReverseKaplanMeier
from riskset.analyses.quartiles import QUARTILES
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report.blocks import Row, Table, worded
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.arms import INTERVAL, Arm, arms_of, grid_in_words, of_quantile, row
from riskset_report.sections.section import Context, Section, own_title, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    labels, analysis = context.labels, entry.analysis
    title = f"{labels.endpoint(analysis.endpoint)}, {population_of(entry, context)}: length of follow-up"
    return own_title(title, entry, context.results)


def _table(entry: ResultEntry, context: Context) -> Table:
    """One column per arm, then all patients."""
    analysis = cast(ReverseKaplanMeier, entry.analysis)
    arms, unit = arms_of(entry, analysis.counts, context), context.results.study.time.unit
    note = say("report.follow_up.note", grid=grid_in_words(analysis.counts), limits=analysis.limits_kind)
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=tuple(arm.label for arm in arms),
        rows=(
            row("Patients", arms, "count", "n"),
            row("Censored", arms, "count", "censored"),
            Row(f"{unit.capitalize()}s until follow-up has ended ({INTERVAL})"),
            *_quartiles(arms),
        ),
        notes=(worded(note, context.language), *analysed_notes(entry, context)),
    )


def _quartiles(arms: Sequence[Arm]) -> Iterator[Row]:
    for probability in QUARTILES:
        label = f"for {100 * probability:g}%{' (median)' if probability == 0.5 else ''}"
        yield row(label, arms, "time_with_limits", *of_quantile(probability), is_inner=True)


SECTION = Section("Follow-up", tabulated(_table, _title))
