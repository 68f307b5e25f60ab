"""What an analysis lets others compute about patients, and whether every number it sends is of that.

The rules ask the exposure and never the class of an analysis: what bound a class would let the next one pass unseen.
What a rule of this version cannot place is refused by that rule (`unplaced`), and a number whose label the exposure
does not cover never leaves (`uncovered`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.disclosure.finding import Finding, cannot_judge
from riskset.disclosure.policy import Policy

EVENT: Final = "event"
CENSORED: Final = "censored"
ENTRY: Final = "entry"
STATUSES: Final = frozenset({EVENT, CENSORED, ENTRY})
"""What R9 of this version lets be counted by step of the time grid: one kind of event."""


class HasVariables(Protocol):
    """Rows of a hospital, as far as a column of a design needs them."""

    @property
    def variables(self) -> Mapping[str, NDArray[np.float64]]: ...


@dataclass(frozen=True)
class Column:
    """One column of a design: a number, or the indicator of a level against its reference."""

    variable: str
    level: str | None = None
    """None for a number."""
    reference: str | None = None
    code: int | None = None
    """Index of the level among the study's levels; None for a number."""
    middle: float = 0.0
    half_range: float = 1.0
    """The study's range of a number after its transform: (value - middle) / half_range lies in [-1, 1]."""

    @property
    def name(self) -> str:
        return self.variable if self.level is None else f"{self.variable} = {self.level}"

    @property
    def is_number(self) -> bool:
        return self.code is None

    def values(self, rows: HasVariables) -> NDArray[np.float64]:
        """Returns the column for a hospital's rows, (n,), in its own unit."""
        values = rows.variables[self.variable]
        return values if self.code is None else (values == self.code).astype(np.float64)


@dataclass(frozen=True)
class InTime:
    """Patients counted by step of the time grid."""

    clock: str
    """The endpoint whose days are counted."""
    split: tuple[Column, ...]
    """Levels, but the reference, of the variable by which patients are split; empty where all are counted together."""
    status: frozenset[str]
    """What is counted in a step: `EVENT`, `CENSORED`, `ENTRY`."""


@dataclass(frozen=True)
class Exposure:
    """What the sums of an analysis open. No field has a default: an analysis that does not answer cannot be written."""

    design: tuple[Column, ...]
    """Columns whose sums of products leave, over all patients at once: R2 to R7."""
    tables: tuple[Column, ...]
    """Levels that are counted one way, or by arm: R2, R4, R12."""
    in_time: InTime | None
    """Counts by step of time: R9, R11, and R2, R4, R12 of its split."""
    weights: bool
    """True where patients' own weights enter: R8."""
    is_iterative: bool
    """True where it is asked again at a point that follows from totals: R5, R7."""
    per_site: bool
    """True where a site has a slot of its own, which totals do not hide: R12."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Returns every column, each once: those whose levels R2, R4 and R12 look at."""
        split = self.in_time.split if self.in_time else ()
        return tuple(dict.fromkeys((*self.design, *self.tables, *split)))

    @property
    def opens_nothing(self) -> bool:
        return not self.columns and self.in_time is None


def of_admission(exposures: Iterable[Exposure]) -> Exposure:
    """Returns what the rounds of admission open of analyses with these exposures: counts of patients, and how their
    columns, of whatever analysis, go together."""
    columns = tuple(dict.fromkeys(column for exposure in exposures for column in exposure.columns))
    patients = InTime(clock="", split=(), status=frozenset())
    return Exposure(design=columns, tables=(), in_time=patients, weights=False, is_iterative=False, per_site=False)


@dataclass(frozen=True)
class Label:
    """What one number of a summary is."""

    text: str
    """As a hospital reads it in its ledger."""
    columns: tuple[Column, ...]
    """The columns it is a count, a sum or a sum of products of; empty for a total over all rows."""
    step: int | None
    """Step of the time grid in which it counts; None for a total over all times."""
    status: str | None
    """What is counted in time; None for what no time enters but through risk sets."""
    slot: str | None
    """The one site it is of; None for what is added over sites."""


def total(text: str, *columns: Column) -> Label:
    """Returns the label of a number over all rows and times: a count, a sum, or a sum of products of the columns."""
    return Label(text, columns, step=None, status=None, slot=None)


def counted(text: str, status: str, step: int | None, *columns: Column) -> Label:
    """Returns the label of a count in one step of time, or of a total over all steps."""
    return Label(text, columns, step=step, status=status, slot=None)


def uncovered(exposure: Exposure, label: Label, arm: str | None) -> str:
    """Returns why the exposure does not cover a number with this label; empty where it does.

    `arm` is the variable by which tables may be split."""
    if label.slot is not None and not exposure.per_site:
        return f"{label.text!r} is of one site, and the analysis declares no slot of a site's own"
    if label.status is not None or label.step is not None:
        return _uncovered_in_time(exposure, label)
    if exposure.opens_nothing:
        return f"{label.text!r} is a number of an analysis that declares to open nothing"
    if len(label.columns) <= 2 and set(label.columns) <= set(exposure.design):
        return ""
    if _is_one_way(label.columns, arm) and _are_levels_of(label.columns, exposure.tables):
        return ""
    return f"{label.text!r} is of columns that the analysis does not declare together"


def _is_one_way(columns: Sequence[Column], arm: str | None) -> bool:
    """Whether it is a level, or a level by arm: levels of two variables are never crossed."""
    variables = [column.variable for column in columns]
    return len(variables) == 1 or (len(variables) == 2 and variables.count(arm or "") == 1)


def _uncovered_in_time(exposure: Exposure, label: Label) -> str:
    in_time = exposure.in_time
    if in_time is None:
        return f"{label.text!r} is counted in time, and the analysis declares no counts in time"
    if label.status not in in_time.status:
        return f"{label.text!r} counts {label.status!r} in time, which the analysis does not declare"
    most = 1 if label.step is not None else 2  # a variance over all times is of two arms
    if len(label.columns) > most or not _are_levels_of(label.columns, in_time.split):
        return f"{label.text!r} is counted in time by columns that the analysis does not declare as its split"
    return ""


def _are_levels_of(columns: Sequence[Column], declared: Sequence[Column]) -> bool:
    """Whether each column is declared, or is the reference level of a variable whose other levels are."""
    references = {(column.variable, column.reference) for column in declared}
    return all(
        column in declared or (column.level == column.reference and (column.variable, column.level) in references)
        for column in columns
    )


def unplaced(policy: Policy, subject: str, exposure: Exposure, endpoint: str | None) -> Iterator[Finding]:
    """Yields a finding, which does not pass, for each part of an exposure that no rule of this version can judge.

    `endpoint` is that of the analysis, None where it has none."""
    for rule, what, remedy in _beyond_the_rules(exposure, endpoint):
        yield cannot_judge(policy, rule, subject, what, remedy)


def _beyond_the_rules(exposure: Exposure, endpoint: str | None) -> Iterator[tuple[str, str, str]]:
    update = "no rule of this version can judge it; a later one may"
    if exposure.opens_nothing:
        yield "R2", "it declares to open nothing, and sends numbers", "declare what its numbers are of"
    if exposure.weights:
        yield "R8", "patients' own weights enter its sums", update
    if exposure.per_site:
        yield "R12", "a site has a slot of its own in it", update
    if exposure.design and endpoint is None:
        yield "R3", "it is a model of no endpoint, whose events could be counted", update
    if exposure.is_iterative and (exposure.tables or exposure.in_time or not exposure.design):
        yield "R5", "it asks for other numbers than those of a model again and again", update
    if any(column.is_number for column in exposure.tables):
        yield "R4", "it counts a number like a level", "count the levels of a category or of a yes-no variable"
    if exposure.in_time is not None:
        yield from _beyond_the_curves(exposure.in_time, endpoint)


def _beyond_the_curves(in_time: InTime, endpoint: str | None) -> Iterator[tuple[str, str, str]]:
    if any(column.is_number for column in in_time.split):
        yield "R9", "a number splits its counts in time", "split by the arm, or by nothing"
    if in_time.clock != endpoint:
        yield "R9", "it counts in time by days that are not those of its endpoint", "count by the endpoint's own days"
    if odd := sorted(in_time.status - STATUSES):
        yield "R9", f"it counts {', '.join(odd)} in time", "count events, censorings and entries"
