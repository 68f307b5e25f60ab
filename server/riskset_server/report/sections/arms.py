"""What sections that print one column for each arm share: who the arms are, and where their cells are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from riskset.analyses.counts_in_time import CountsInTime
from riskset.results import ResultEntry
from riskset_server.report.blocks import Format, Row, Shown
from riskset_server.report.cells import Place
from riskset_server.report.sections.section import Context


@dataclass(frozen=True)
class Arm:
    """One arm, or all patients."""

    label: str
    place: Place
    """Of `arms` or `overall` in its result, at the arm's level."""

    def cell(self, quantity: str) -> str:
        """Returns the id of one of the arm's cells."""
        return self.place.of(f"{self.place.quantity}.{quantity}", level=self.place.level).id


def arms_of(entry: ResultEntry, counts: CountsInTime, context: Context) -> tuple[Arm, ...]:
    """Returns the arms in the study's order, then all patients."""
    at = Place(entry.id, variable=counts.arm or "")
    labels = context.labels
    arms = (Arm(labels.arm(counts.arm, level.level), at.of("arms", level=level.level)) for level in counts.levels)
    return (*arms, Arm(labels.arm(counts.arm, None), at.of("overall")))


def row(label: str, arms: Iterable[Arm], shown: Format, *quantities: str, is_inner: bool = False) -> Row:
    """Returns a row with one entry for each arm, made of its cells of these quantities."""
    entries = tuple((Shown(shown, tuple(arm.cell(quantity) for quantity in quantities)),) for arm in arms)
    return Row(label, entries, is_inner=is_inner)


def grid_in_words(counts: CountsInTime) -> str:
    """Returns on what the patients were counted: `a grid of 7 days, up to day 1095`."""
    grid = counts.grid
    width = "whole days" if grid.width_days == 1 else f"a grid of {grid.width_days} days"
    is_rounded = counts.has_entry and grid.width_days > 1
    return (
        f"{width}{', late entries rounded down to it (approximate)' if is_rounded else ''}, up to day {grid.max_days}"
    )
