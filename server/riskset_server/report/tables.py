"""The tables of the report as rows of text; this one is survival by arm, `cox_table` the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskset_server.report import notation
from riskset_server.report.labels import Labels

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[str, ...] = ()
    """One a column; none at all in a heading."""
    is_inner: bool = False
    """Whether it stands under a heading: a level of a variable."""


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[str, ...]
    """Names of the cells' columns; the column of labels has none."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def survival_table(result: Result, time: Mapping[str, Any], labels: Labels) -> Table:
    """One `km` result: a column an arm, then all patients; patients, events, quartiles, landmarks."""
    groups = [*result["arms"], result["overall"]]
    unit, interval = time["unit"], notation.confidence(result["level"])
    rows = [
        Row("Patients", tuple(notation.count(group["n"]) for group in groups)),
        Row("Events", tuple(notation.count(group["events"]) for group in groups)),
        Row(f"{unit.capitalize()}s until survival falls to ({interval})"),
        *_quantile_rows(groups, unit, time["days_per_unit"]),
    ]
    if result["overall"]["landmarks"]:
        rows += [Row(f"Survival, % ({interval})"), *_landmark_rows(groups, unit)]
    return Table(
        title=f"{labels.endpoint(result['endpoint'])} by Kaplan-Meier",
        columns=tuple(labels.arm(result.get("variable"), group["level"]) for group in groups),
        rows=tuple(rows),
        notes=tuple(_log_rank_notes(result)),
    )


def _quantile_rows(groups: Sequence[Result], unit: str, days_per_unit: float) -> list[Row]:
    """Quartile by quartile, from the highest survival: a quarter of the patients has had the event at 75%."""
    by_probability = zip(*(group["quartiles"] for group in groups), strict=True)
    return [
        Row(
            f"{100 * (1 - same[0]['probability']):g}%" + (" (median)" if same[0]["probability"] == 0.5 else ""),
            tuple(notation.time_with_limits(quantile, unit, days_per_unit) for quantile in same),
            is_inner=True,
        )
        for same in by_probability
    ]


def _landmark_rows(groups: Sequence[Result], unit: str) -> list[Row]:
    by_time = zip(*(group["landmarks"] for group in groups), strict=True)
    return [
        Row(
            f"at {same[0]['time']:g} {unit if same[0]['time'] == 1 else unit + 's'}",
            tuple(notation.percent_with_limits(mark["survival"], mark["lower"], mark["upper"]) for mark in same),
            is_inner=True,
        )
        for same in by_time
    ]


def _log_rank_notes(result: Result) -> list[str]:
    notes = []
    if result.get("log_rank"):
        notes.append(f"Log-rank test on the grid: {notation.chi_square(result['log_rank'])}.")
    if result.get("log_rank_by_site"):
        notes.append(f"Log-rank test stratified by site: {notation.chi_square(result['log_rank_by_site'])}.")
    return notes
